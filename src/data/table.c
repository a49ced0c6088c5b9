/* Tables: what they hold, read by column and row. Nothing here changes a table, so any thread may read. */
#include "data/table.h"

#include "data/table_form.h"

#include <assert.h>
#include <string.h>

const char *vouch_type_name(vouch_type type)
{
    static const char *const name[] = { "number", "integer", "flag", "text", "date", "time" };
    return (size_t)type < sizeof name / sizeof *name ? name[type] : "?";
}

size_t vouch_table_rows(const vouch_table *table) { return table->rows; }

size_t vouch_table_cols(const vouch_table *table) { return table->cols; }

const char *vouch_table_name(const vouch_table *table, size_t col)
{
    assert(col < table->cols);
    return table->col[col].name;
}

vouch_type vouch_table_type(const vouch_table *table, size_t col)
{
    assert(col < table->cols);
    return table->col[col].type;
}

size_t vouch_table_find(const vouch_table *table, const char *name)
{
    size_t low = 0, high = table->cols;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(name, table->col[table->by_name[mid]].name);
        if (order == 0)
            return table->by_name[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return SIZE_MAX;
}

const char *vouch__table_nearest(vouch_ctx *ctx, const vouch_table *table, const char *name)
{
    size_t mark = vouch__scratch_mark(ctx);
    const char **names = vouch__scratch(ctx, table->cols + 1, sizeof *names), *near = NULL;
    for (size_t j = 0; names && j < table->cols; j++)
        names[j] = table->col[j].name;
    if (names)
        near = vouch__nearest(name, names, table->cols);
    vouch__scratch_reset(ctx, mark);
    return near;
}

vouch_status vouch_table_column(vouch_ctx *ctx, const vouch_table *table, const char *name, size_t *out_col)
{
    *out_col = vouch_table_find(table, name);
    if (*out_col != SIZE_MAX)
        return VOUCH_OK;
    const char *near = vouch__table_nearest(ctx, table, name);
    return vouch__fail(ctx, VOUCH_E_NOTFOUND, "no column '%.60s'%s", name, vouch__did_you_mean(near).text);
}

size_t vouch_table_categories(const vouch_table *table, size_t col)
{
    assert(col < table->cols);
    return table->col[col].n_categories;
}

const char *vouch_table_category(const vouch_table *table, size_t col, size_t code)
{
    assert(col < table->cols && code < table->col[col].n_categories);
    return table->col[col].category[code];
}

void vouch_table_read(const vouch_table *table, size_t col, size_t begin, size_t end, double *out)
{
    assert(col < table->cols && begin <= end && end <= table->rows);
    while (begin < end) {
        size_t block = begin >> VOUCH__BLOCK_BITS;
        size_t edge = (block + 1) << VOUCH__BLOCK_BITS;
        size_t n = (end < edge ? end : edge) - begin;
        vouch__block_read(&table->col[col].block[block], begin & (VOUCH__BLOCK - 1), n, out);
        begin += n;
        out += n;
    }
}

/* row[k] is row[0] + k throughout. */
static bool are_neighbours(const uint32_t *row, size_t n)
{
    uint32_t odd = 0;
    if (row[n - 1] - row[0] != n - 1)
        return false;
    for (size_t k = 0; k < n; k++) /* without a way out, so that many are compared at once */
        odd |= row[k] - row[0] - (uint32_t)k;
    return odd == 0;
}

void vouch__table_gather(const vouch_table *table, size_t col, size_t n, const uint32_t *row, double *out)
{
    assert(col < table->cols);
    for (size_t i = 0, run; i < n; i += run) {
        uint32_t block = row[i] >> VOUCH__BLOCK_BITS, base = block << VOUCH__BLOCK_BITS;
        const vouch__block *from = &table->col[col].block[block];
        assert(row[i] < table->rows);
        run = VOUCH__BLOCK - (row[i] - base);
        run = n - i < run ? n - i : run;
        if (are_neighbours(row + i, run)) { /* as training rows often are */
            vouch__block_read(from, row[i] - base, run, out + i);
            continue;
        }
        for (run = 1; i + run < n && row[i + run] >> VOUCH__BLOCK_BITS == block;)
            run++;
        vouch__block_gather(from, base, run, row + i, out + i);
    }
}

vouch_table *vouch_table_ref(const vouch_table *table)
{
    vouch_table *shared = (vouch_table *)table; /* only the count changes */
    (void)atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
    return shared;
}

void vouch_table_unref(const vouch_table *table)
{
    if (!table)
        return;
    vouch_table *last = (vouch_table *)table;
    if (atomic_fetch_sub_explicit(&last->refs, 1, memory_order_acq_rel) != 1)
        return;
    vouch_alloc alloc = last->alloc;
    for (size_t j = 0; last->col && j < last->cols; j++) {
        vouch__table_col *col = &last->col[j];
        for (size_t b = 0; col->block && b < last->blocks; b++)
            vouch__free(&alloc, col->block[b].at);
        vouch__free(&alloc, col->block);
        vouch__free(&alloc, col->category);
        vouch__free(&alloc, col->text);
        vouch__free(&alloc, col->name);
    }
    vouch__free(&alloc, last->col);
    vouch__free(&alloc, last->by_name);
    vouch__free(&alloc, last);
}

/* Row hashes, ids as text. */
#include "data/check_tools.h"

#include "base/parallel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRAIN = 16384 };

typedef struct job {
    const vouch_table *table;
    size_t n_cols;
    const size_t *col;
    uint64_t *out;
} job;

static uint64_t stir(uint64_t hash, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits); /* a table's zeros are +0 and its NaNs one NaN */
    hash = (hash ^ bits) * UINT64_C(0x9FB21C651E98DF25);
    hash ^= hash >> 35;
    hash *= UINT64_C(0xD6E8FEB86659FD93);
    return hash ^ (hash >> 32);
}

static vouch_status hash_rows(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const job *j = arg;
    size_t mark = vouch__scratch_mark(worker);
    double *x = vouch__scratch(worker, end - begin, sizeof *x);
    (void)chunk;
    if (!x)
        return vouch__oom(worker);
    for (size_t i = begin; i < end; i++)
        j->out[i] = UINT64_C(0x766F756368);
    for (size_t c = 0; c < j->n_cols; c++) {
        vouch_table_read(j->table, j->col[c], begin, end, x);
        for (size_t i = begin; i < end; i++)
            j->out[i] = stir(j->out[i], x[i - begin]);
    }
    vouch__scratch_reset(worker, mark);
    return VOUCH_OK;
}

vouch_status vouch__check_hashes(vouch_ctx *ctx, const vouch_table *table, size_t n_cols, const size_t *col,
                                 uint64_t *out)
{
    job j = { .table = table, .n_cols = n_cols, .col = col };
    j.out = out;
    return vouch__parallel(ctx, vouch_table_rows(table), GRAIN, hash_rows, &j);
}

static int by_key(const void *a, const void *b)
{
    const vouch__keyed *x = a, *y = b;
    if (x->key != y->key)
        return x->key > y->key ? 1 : -1;
    return (x->row > y->row) - (x->row < y->row);
}

void vouch__check_sort(size_t n, vouch__keyed *keyed)
{
    if (n > 0)
        qsort(keyed, n, sizeof *keyed, by_key);
}

void vouch__check_bad(const vouch_table *table, const vouch__data_spec *spec, uint8_t *out)
{
    size_t n = vouch_table_rows(table);
    double x[1024];
    memset(out, VOUCH__BAD_UNKNOWN, n);
    if (spec->target == SIZE_MAX)
        return;
    for (size_t begin = 0; begin < n; begin += sizeof x / sizeof *x) {
        size_t end = n - begin < sizeof x / sizeof *x ? n : begin + sizeof x / sizeof *x;
        vouch_table_read(table, spec->target, begin, end, x);
        for (size_t i = begin; i < end; i++)
            out[i] = isnan(x[i - begin]) ? VOUCH__BAD_UNKNOWN
                     : spec->is_above    ? x[i - begin] > spec->bad
                                         : x[i - begin] == spec->bad;
    }
}

void vouch__check_cell(vouch_ctx *ctx, const vouch_table *table, size_t col, size_t row, size_t size,
                       char *out)
{
    vouch__buf cell;
    vouch__buf_init(ctx, &cell, 0);
    vouch__table_cell(table, col, row, &cell);
    size_t len = cell.len < size - 1 ? cell.len : size - 1;
    while (len > 0 && len < cell.len && ((unsigned char)cell.at[len] & 0xC0) == 0x80)
        len--; /* not inside a character */
    if (len > 0)
        memcpy(out, cell.at, len);
    out[len] = '\0';
    vouch__buf_free(&cell);
}

void vouch__check_id(vouch_ctx *ctx, const vouch_table *table, size_t id, size_t row, size_t size, char *out)
{
    if (id == SIZE_MAX)
        (void)snprintf(out, size, "row %zu", row + 1);
    else
        vouch__check_cell(ctx, table, id, row, size, out);
}

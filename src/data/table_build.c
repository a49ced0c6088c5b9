/* Building a table. Rows gather in one pending block of doubles per column; a full block is stored in its
 * narrowest form. Texts get codes in order of arrival from a hash table per column; when the table ends the
 * codes are exchanged for ranks among the sorted texts, so that they depend on content only. */
#include "data/table_form.h"

#include "base/parallel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROWS = 256, FIRST_SLOTS = 64, MAX_COLS = 32768 };
#define MAX_ROWS ((size_t)UINT32_MAX - 1)

typedef struct words { /* the distinct texts of one column, in order of arrival */
    char *text;        /* NUL-terminated, one after another */
    size_t len, cap;
    size_t *at; /* [n] where each begins */
    size_t n, max;
    uint32_t *slot; /* [slots] code + 1, 0 empty */
    size_t slots;
} words;

struct vouch__table_builder {
    vouch_alloc alloc;
    vouch_table *table;
    size_t pending, cap, blocks_cap;
    double **value; /* [cols][cap] the block being filled */
    words *words;   /* [cols] */
};

static uint64_t hash_text(const char *text, size_t len)
{
    uint64_t h = 0x9E3779B97F4A7C15u ^ len;
    for (; len >= 8; text += 8, len -= 8) {
        uint64_t word;
        memcpy(&word, text, 8);
        h = (h ^ word) * 0xD6E8FEB86659FD93u;
        h ^= h >> 32;
    }
    uint64_t tail = 0;
    memcpy(&tail, text, len);
    h = (h ^ tail) * 0xD6E8FEB86659FD93u;
    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93u;
    return h ^ (h >> 29);
}

/* Double the slots (or make the first) and put every text back. */
static bool words_spread(const vouch_alloc *alloc, words *w)
{
    size_t slots = w->slots ? w->slots * 2 : FIRST_SLOTS;
    uint32_t *slot = vouch__resize(alloc, NULL, slots, sizeof *slot);
    if (!slot)
        return false;
    for (size_t code = 0; code < w->n; code++) {
        const char *text = w->text + w->at[code];
        size_t i = hash_text(text, strlen(text)) & (slots - 1);
        while (slot[i])
            i = (i + 1) & (slots - 1);
        slot[i] = (uint32_t)code + 1;
    }
    vouch__free(alloc, w->slot);
    w->slot = slot;
    w->slots = slots;
    return true;
}

/* Room for one more text of len bytes. */
static bool words_reserve(const vouch_alloc *alloc, words *w, size_t len)
{
    if (w->n == w->max) {
        size_t max = w->max ? w->max * 2 : FIRST_SLOTS / 2;
        size_t *at = vouch__resize(alloc, w->at, max, sizeof *at);
        if (!at)
            return false;
        w->at = at;
        w->max = max;
    }
    if (w->cap - w->len <= len) {
        size_t cap = w->cap * 2 + len + 1 + FIRST_SLOTS;
        char *text = vouch__resize(alloc, w->text, cap, 1);
        if (!text)
            return false;
        w->text = text;
        w->cap = cap;
    }
    return 2 * w->n < w->slots || words_spread(alloc, w);
}

vouch_status vouch__table_intern(vouch_ctx *ctx, vouch__table_builder *builder, size_t col, const char *text,
                                 size_t len, double *out_code)
{
    words *w = &builder->words[col];
    if (memchr(text, 0, len))
        return vouch__fail(ctx, VOUCH_E_FORMAT, "table: column '%s' holds a text with a NUL byte",
                           builder->table->col[col].name);
    if (!words_reserve(&builder->alloc, w, len))
        return vouch__oom(ctx);
    size_t i = hash_text(text, len) & (w->slots - 1);
    for (; w->slot[i]; i = (i + 1) & (w->slots - 1)) {
        const char *known = w->text + w->at[w->slot[i] - 1];
        if (!strncmp(known, text, len) && !known[len]) {
            *out_code = w->slot[i] - 1;
            return VOUCH_OK;
        }
    }
    if (w->n == UINT32_MAX - 1)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "table: column '%s' has over %zu distinct texts",
                           builder->table->col[col].name, w->n);
    memcpy(w->text + w->len, text, len);
    w->text[w->len + len] = '\0';
    w->at[w->n] = w->len;
    w->len += len + 1;
    *out_code = (double)w->n;
    w->slot[i] = (uint32_t)++w->n;
    return VOUCH_OK;
}

typedef struct entry {
    const char *text;
    size_t at;
} entry;

static int by_text(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static vouch_status sort_names(vouch_ctx *ctx, vouch_table *table)
{
    vouch_status status = VOUCH_OK;
    size_t mark = vouch__scratch_mark(ctx);
    entry *e = vouch__scratch(ctx, table->cols, sizeof *e);
    if (!e)
        return vouch__oom(ctx);
    for (size_t j = 0; j < table->cols; j++)
        e[j] = (entry){ table->col[j].name, j };
    qsort(e, table->cols, sizeof *e, by_text);
    for (size_t j = 0; j < table->cols && !status; j++) {
        table->by_name[j] = (uint32_t)e[j].at;
        if (j > 0 && !strcmp(e[j].text, e[j - 1].text))
            status = vouch__fail(ctx, VOUCH_E_DATA, "table: two columns are called '%s'", e[j].text);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status table_new(vouch_ctx *ctx, size_t cols, const char *const *name, const vouch_type *type,
                              vouch_table **out_table)
{
    vouch_table *table = vouch__alloc(ctx, 1, sizeof *table);
    if (!table)
        return vouch__oom(ctx);
    *out_table = table; /* half built is fine: the builder frees it */
    table->alloc = *vouch__allocator(ctx);
    atomic_init(&table->refs, 1);
    atomic_init(&table->hashed, 0);
    table->cols = cols;
    table->col = vouch__alloc(ctx, cols ? cols : 1, sizeof *table->col);
    table->by_name = vouch__alloc(ctx, cols ? cols : 1, sizeof *table->by_name);
    if (!table->col || !table->by_name)
        return vouch__oom(ctx);
    for (size_t j = 0; j < cols; j++) {
        table->col[j].name = vouch__strdup(ctx, name[j]);
        table->col[j].type = type[j];
        if (!table->col[j].name)
            return vouch__oom(ctx);
    }
    return sort_names(ctx, table);
}

vouch_status vouch__table_builder_new(vouch_ctx *ctx, size_t cols, const char *const *name,
                                      const vouch_type *type, vouch__table_builder **out_builder)
{
    if (cols > MAX_COLS)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "table: %zu columns, at most %d are taken", cols, MAX_COLS);
    vouch__table_builder *builder = vouch__alloc(ctx, 1, sizeof *builder);
    if (!builder)
        return vouch__oom(ctx);
    builder->alloc = *vouch__allocator(ctx);
    vouch_status status = table_new(ctx, cols, name, type, &builder->table);
    if (status)
        goto done;
    builder->value = vouch__alloc(ctx, cols ? cols : 1, sizeof *builder->value);
    builder->words = vouch__alloc(ctx, cols ? cols : 1, sizeof *builder->words);
    if (!builder->value || !builder->words) {
        status = vouch__oom(ctx);
        goto done;
    }
    *out_builder = builder;
    builder = NULL;
done:
    vouch__table_builder_free(builder);
    return status;
}

void vouch__table_builder_free(vouch__table_builder *builder)
{
    if (!builder)
        return;
    vouch_alloc alloc = builder->alloc;
    size_t cols = builder->table ? builder->table->cols : 0;
    for (size_t j = 0; j < cols && builder->value; j++)
        vouch__free(&alloc, builder->value[j]);
    for (size_t j = 0; j < cols && builder->words; j++) {
        vouch__free(&alloc, builder->words[j].text);
        vouch__free(&alloc, builder->words[j].at);
        vouch__free(&alloc, builder->words[j].slot);
    }
    vouch_table_unref(builder->table);
    vouch__free(&alloc, builder->value);
    vouch__free(&alloc, builder->words);
    vouch__free(&alloc, builder);
}

/* Can the column's type hold every one of these? */
static vouch_status check_values(vouch_ctx *ctx, const vouch__table_col *col, size_t n, const double *x)
{
    const bool is_time = col->type ==
                         VOUCH_TIME; /* the year 9999 is beyond 2^53, and still exact in whole seconds */
    double most = col->type == VOUCH_DATE ? 0x1p31 - 1 : is_time ? 0x1p62 : 0x1p53;
    if (col->type == VOUCH_NUMBER || col->type == VOUCH_TEXT)
        return VOUCH_OK;
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            continue;
        if (col->type == VOUCH_FLAG && x[i] != 0 && x[i] != 1)
            return vouch__fail(ctx, VOUCH_E_DATA, "table: flag column '%s' holds a value that is not 0 or 1",
                               col->name);
        if (!(fabs(x[i]) <= most) || nearbyint(x[i]) != x[i])
            return vouch__fail(ctx, VOUCH_E_DATA,
                               "table: %s column '%s' holds a value that is not a whole number within %s",
                               vouch_type_name(col->type), col->name,
                               col->type == VOUCH_DATE ? "2^31"
                               : is_time               ? "2^62"
                                                       : "2^53");
    }
    return VOUCH_OK;
}

static vouch_status store_column(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const vouch__table_builder *builder = arg;
    vouch_table *table = builder->table;
    (void)begin, (void)end;
    return vouch__block_make(worker, builder->pending, builder->value[chunk],
                             &table->col[chunk].block[table->blocks - 1]);
}

/* Store the pending block of every column. */
static vouch_status flush(vouch_ctx *ctx, vouch__table_builder *builder)
{
    vouch_table *table = builder->table;
    if (table->blocks == builder->blocks_cap) {
        size_t cap = builder->blocks_cap ? builder->blocks_cap * 2 : 4;
        for (size_t j = 0; j < table->cols; j++) {
            vouch__block *grown = vouch__resize(&builder->alloc, table->col[j].block, cap, sizeof *grown);
            if (!grown)
                return vouch__oom(ctx);
            table->col[j].block = grown;
        }
        builder->blocks_cap = cap;
    }
    table->blocks++; /* first: what follows may stop half way, and is freed by this count */
    if (builder->pending == VOUCH__BLOCK) {
        vouch_status status = vouch__parallel(ctx, table->cols, 1, store_column, builder);
        if (status)
            return status;
    } else { /* the last, and in a small table the only one: not worth waking threads for */
        for (size_t j = 0; j < table->cols; j++) {
            vouch_status status = store_column(ctx, j, 0, 0, builder);
            if (status)
                return status;
        }
    }
    builder->pending = 0;
    return VOUCH_OK;
}

static vouch_status reserve(vouch_ctx *ctx, vouch__table_builder *builder, size_t need)
{
    size_t cap = builder->cap ? builder->cap : FIRST_ROWS;
    while (cap < need)
        cap *= 2;
    if (cap == builder->cap)
        return VOUCH_OK;
    for (size_t j = 0; j < builder->table->cols; j++) {
        double *grown = vouch__resize(&builder->alloc, builder->value[j], cap, sizeof *grown);
        if (!grown)
            return vouch__oom(ctx);
        builder->value[j] = grown;
    }
    builder->cap = cap;
    return VOUCH_OK;
}

/* Put n values (or texts) of column j behind the pending ones. */
static vouch_status add_column(vouch_ctx *ctx, vouch__table_builder *builder, size_t j, size_t n,
                               const double *value, const char *const *text)
{
    double *to = builder->value[j] + builder->pending;
    if (!text) {
        vouch_status status = check_values(ctx, &builder->table->col[j], n, value);
        memcpy(to, value, n * sizeof *to);
        return status;
    }
    for (size_t i = 0; i < n; i++) {
        to[i] = NAN;
        vouch_status status = text[i] ? vouch__table_intern(ctx, builder, j, text[i], strlen(text[i]), &to[i])
                                      : VOUCH_OK;
        if (status)
            return status;
    }
    return VOUCH_OK;
}

vouch_status vouch__table_builder_add(vouch_ctx *ctx, vouch__table_builder *builder, size_t n,
                                      const double *const *value, const char *const *const *text)
{
    vouch_table *table = builder->table;
    if (n > MAX_ROWS - table->rows)
        return vouch__fail(ctx, VOUCH_E_DATA, "table: over %zu rows", MAX_ROWS);
    for (size_t begin = 0, step; begin < n; begin += step) {
        size_t room = VOUCH__BLOCK - builder->pending;
        step = n - begin < room ? n - begin : room;
        vouch_status status = reserve(ctx, builder, builder->pending + step);
        for (size_t j = 0; j < table->cols && !status; j++) {
            const char *const *texts = table->col[j].type == VOUCH_TEXT && text && text[j] ? text[j] + begin
                                                                                           : NULL;
            status = add_column(ctx, builder, j, step, texts ? NULL : value[j] + begin, texts);
        }
        if (status)
            return status;
        builder->pending += step;
        table->rows += step;
        if (builder->pending == VOUCH__BLOCK)
            status = flush(ctx, builder);
        if (status)
            return status;
    }
    return VOUCH_OK;
}

/* Exchange the codes of one column, in place, slice by slice through a block of doubles. */
static vouch_status recode(vouch_ctx *ctx, vouch_table *table, size_t j, const double *rank)
{
    size_t mark = vouch__scratch_mark(ctx);
    double *x = vouch__scratch(ctx, VOUCH__BLOCK, sizeof *x);
    vouch_status status = VOUCH_OK;
    if (!x)
        return vouch__oom(ctx);
    for (size_t b = 0; b < table->blocks && !status; b++) {
        size_t begin = b << VOUCH__BLOCK_BITS;
        size_t n = table->rows - begin < VOUCH__BLOCK ? table->rows - begin : VOUCH__BLOCK;
        vouch__block old = table->col[j].block[b];
        vouch__block_read(&old, 0, n, x);
        for (size_t i = 0; i < n; i++)
            x[i] = isnan(x[i]) ? (double)NAN : rank[(size_t)x[i]];
        status = vouch__block_make(ctx, n, x, &table->col[j].block[b]);
        if (!status)
            vouch__free(&table->alloc, old.at);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* Sort a text column's categories and hand them to the table. */
static vouch_status settle(vouch_ctx *ctx, vouch__table_builder *builder, size_t j)
{
    words *w = &builder->words[j];
    vouch__table_col *col = &builder->table->col[j];
    size_t mark = vouch__scratch_mark(ctx);
    entry *e = vouch__scratch(ctx, w->n, sizeof *e);
    double *rank = vouch__scratch(ctx, w->n, sizeof *rank);
    char *text = vouch__resize(&builder->alloc, w->text, w->len ? w->len : 1, 1);
    vouch_status status = VOUCH_OK;
    col->category = vouch__alloc(ctx, w->n ? w->n : 1, sizeof *col->category);
    if (text)
        w->text = text;
    if (!e || !rank || !text || !col->category) {
        status = vouch__oom(ctx);
        goto done;
    }
    for (size_t code = 0; code < w->n; code++)
        e[code] = (entry){ text + w->at[code], code };
    qsort(e, w->n, sizeof *e, by_text);
    for (size_t i = 0; i < w->n; i++) {
        col->category[i] = e[i].text;
        rank[e[i].at] = (double)i;
    }
    status = recode(ctx, builder->table, j, rank);
    if (status)
        goto done;
    col->n_categories = w->n;
    col->text = text;
    w->text = NULL;
done:
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__table_builder_end(vouch_ctx *ctx, vouch__table_builder *builder, vouch_table **out_table)
{
    vouch_table *table = builder->table;
    vouch_status status = builder->pending ? flush(ctx, builder) : VOUCH_OK;
    for (size_t j = 0; j < table->cols && !status; j++) {
        vouch__free(&builder->alloc, builder->value[j]); /* before the sort needs room of its own */
        builder->value[j] = NULL;
        if (table->col[j].type == VOUCH_TEXT)
            status = settle(ctx, builder, j);
    }
    if (status)
        return status;
    builder->table = NULL;
    for (size_t j = 0; j < table->cols; j++) { /* without its table the builder no longer knows how many */
        vouch__free(&builder->alloc, builder->words[j].text);
        vouch__free(&builder->alloc, builder->words[j].at);
        vouch__free(&builder->alloc, builder->words[j].slot);
        builder->words[j] = (words){ .n = 0 };
    }
    *out_table = table;
    return VOUCH_OK;
}

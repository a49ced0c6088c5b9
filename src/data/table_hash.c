/* The fingerprint of a table. Each column's blocks are hashed apart, in parallel, as little-endian doubles
 * (missing as one NaN, text as its rank among the sorted distinct texts); the table's hash is over the names,
 * types, texts and block hashes in order. The text "vouch table 1" in front numbers this recipe. */
#include "data/table_form.h"

#include "base/parallel.h"

#include <string.h>

enum { SLICE = 4096 };

typedef struct job {
    const vouch_table *table;
    uint8_t (*digest)[VOUCH__HASH]; /* [cols * blocks] */
} job;

static void add_number(vouch__sha256 *hash, uint64_t n)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(n >> (8 * i));
    vouch__sha256_add(hash, bytes, sizeof bytes);
}

static void add_text(vouch__sha256 *hash, const char *text)
{
    size_t len = strlen(text);
    add_number(hash, len);
    vouch__sha256_add(hash, text, len);
}

static vouch_status hash_block(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const job *j = arg;
    const vouch_table *table = j->table;
    size_t col = chunk / table->blocks;
    size_t at = (chunk % table->blocks) << VOUCH__BLOCK_BITS;
    size_t stop = table->rows - at < VOUCH__BLOCK ? table->rows : at + VOUCH__BLOCK;
    double x[SLICE];
    vouch__sha256 hash;
    (void)begin, (void)end;
    vouch_status status = vouch__sha256_init(worker, &hash);
    if (status)
        return status;
    for (; at < stop; at += SLICE) {
        size_t n = stop - at < SLICE ? stop - at : SLICE;
        vouch_table_read(table, col, at, at + n, x);
        vouch__sha256_add(&hash, x, n * sizeof *x);
    }
    vouch__sha256_end(&hash, j->digest[chunk]);
    return VOUCH_OK;
}

static vouch_status hash_table(vouch_ctx *ctx, const job *j, char out_hex[VOUCH__HEX])
{
    const vouch_table *table = j->table;
    uint8_t digest[VOUCH__HASH];
    vouch__sha256 hash;
    vouch_status status = vouch__sha256_init(ctx, &hash);
    if (status)
        return status;
    add_text(&hash, "vouch table 1");
    add_number(&hash, table->rows);
    add_number(&hash, table->cols);
    for (size_t c = 0; c < table->cols; c++) {
        const vouch__table_col *col = &table->col[c];
        add_text(&hash, col->name);
        add_text(&hash, vouch_type_name(col->type));
        add_number(&hash, col->n_categories);
        for (size_t k = 0; k < col->n_categories; k++)
            add_text(&hash, col->category[k]);
        vouch__sha256_add(&hash, j->digest[c * table->blocks], table->blocks * sizeof *j->digest);
    }
    vouch__sha256_end(&hash, digest);
    vouch__hex(digest, sizeof digest, out_hex);
    return VOUCH_OK;
}

vouch_status vouch__table_fingerprint(vouch_ctx *ctx, const vouch_table *table, char out_hex[VOUCH__HEX])
{
    vouch_table *keeper = (vouch_table *)table; /* only what is kept changes, and once */
    if (atomic_load_explicit(&keeper->hashed, memory_order_acquire) == 2) {
        memcpy(out_hex, table->fingerprint, VOUCH__HEX);
        return VOUCH_OK;
    }
    size_t mark = vouch__scratch_mark(ctx);
    job j = { .table = table };
    j.digest = vouch__scratch(ctx, table->cols * table->blocks + 1, sizeof *j.digest);
    if (!j.digest)
        return vouch__oom(ctx);
    char hex[VOUCH__HEX];
    vouch_status status = vouch__parallel(ctx, table->cols * table->blocks, 1, hash_block, &j);
    if (!status)
        status = hash_table(ctx, &j, hex);
    vouch__scratch_reset(ctx, mark);
    if (status)
        return status;
    memcpy(out_hex, hex, sizeof hex);
    int no = 0;
    if (atomic_compare_exchange_strong(&keeper->hashed, &no, 1)) { /* others compute their own meanwhile */
        memcpy(keeper->fingerprint, hex, sizeof hex);
        atomic_store_explicit(&keeper->hashed, 2, memory_order_release);
    }
    return VOUCH_OK;
}

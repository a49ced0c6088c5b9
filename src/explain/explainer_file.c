/* The saved form of an explainer: counts, from which the tables are made again by the same code, so that a
 * loaded explainer gives the same bits. Little-endian:
 *   1. "VXPL"                          4 bytes
 *   2. version, 1                      u32
 *   3. the model's fingerprint         64 hex digits
 *   4. background rows                 u64
 *   5. leaves, characteristics or sums u64
 *   6. a leaf: how many patterns were seen, then for each, ascending, the gap since the last and the count,
 *      all LEB128; a characteristic: its sum of points, i64; a sum: f64
 * The shape comes from the model, so a file can ask for no more memory than its model does. */
#include "explain/explainer.h"

#include <math.h>
#include <string.h>

#define MAGIC "VXPL"
enum { VERSION = 1, PRINT = VOUCH__HEX - 1 };

static void put(vouch__buf *out, uint64_t value, unsigned bytes)
{
    uint8_t b[8];
    for (unsigned i = 0; i < bytes; i++)
        b[i] = (uint8_t)(value >> (8 * i));
    vouch__buf_add(out, b, bytes);
}

static void put_leb(vouch__buf *out, uint64_t value)
{
    uint8_t b[10];
    size_t n = 0;
    do {
        b[n] = (uint8_t)((value & 127) | (value > 127 ? 128 : 0));
        value >>= 7;
        n++;
    } while (value);
    vouch__buf_add(out, b, n);
}

static void save_leaf(const vouch__tree_tables *t, const vouch__leaf *leaf, vouch__buf *out)
{
    uint64_t pattern, next = 0, seen = 0;
    uint32_t rows;
    for (size_t at = 0; vouch__leaf_next(t, leaf, &at, &pattern, &rows);)
        seen++;
    put_leb(out, seen);
    for (size_t at = 0; vouch__leaf_next(t, leaf, &at, &pattern, &rows); next = pattern + 1) {
        put_leb(out, pattern - next);
        put_leb(out, rows);
    }
}

void vouch__explainer_save(const vouch_explainer *explainer, vouch__buf *out)
{
    vouch__buf_add(out, MAGIC, 4);
    put(out, VERSION, 4);
    vouch__buf_add(out, vouch_model_fingerprint(explainer->model), PRINT);
    put(out, explainer->n, 8);
    if (explainer->card) {
        put(out, explainer->card->n, 8);
        for (size_t c = 0; c < explainer->card->n; c++)
            put(out, (uint64_t)explainer->sum[c], 8);
        return;
    }
    if (explainer->moment) {
        size_t n = explainer->model->kind->n_moments(explainer->model->state);
        put(out, n, 8);
        for (size_t i = 0; i < n; i++) {
            uint64_t bits;
            memcpy(&bits, &explainer->moment[i], sizeof bits);
            put(out, bits, 8);
        }
        return;
    }
    put(out, explainer->tables.n_leaves, 8);
    for (size_t l = 0; l < explainer->tables.n_leaves; l++)
        save_leaf(&explainer->tables, &explainer->tables.leaf[l], out);
}

typedef struct reader {
    const uint8_t *at, *end;
    bool is_bad; /* sticks */
} reader;

static uint64_t get(reader *r, unsigned bytes)
{
    uint64_t value = 0;
    if (r->is_bad || (size_t)(r->end - r->at) < bytes) {
        r->is_bad = true;
        return 0;
    }
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)r->at[i] << (8 * i);
    r->at += bytes;
    return value;
}

/* At most 64 bits, in the shortest form only, so that equal explainers have equal bytes. */
static uint64_t get_leb(reader *r)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint64_t b = get(r, 1);
        if (shift == 63 && b > 1)
            break;
        value |= (b & 127) << shift;
        if (b < 128) {
            r->is_bad = r->is_bad || (b == 0 && shift > 0);
            return value;
        }
    }
    r->is_bad = true;
    return 0;
}

static vouch_status load_leaf(vouch_ctx *ctx, reader *r, vouch__tree_tables *t, const vouch__leaf *leaf,
                              uint64_t n)
{
    uint64_t last = leaf->d < 64 ? ((uint64_t)1 << leaf->d) - 1 : UINT64_MAX, seen = get_leb(r), sum = 0,
             pattern = 0;
    vouch_status status = VOUCH_OK;
    for (uint64_t i = 0; i < seen && !r->is_bad && !status; i++) {
        uint64_t gap = get_leb(r), count = get_leb(r), least = i ? pattern + 1 : 0;
        if (r->is_bad || least > last || (i && least == 0) || gap > last - least || count == 0 || count > n) {
            r->is_bad = true;
            return VOUCH_OK;
        }
        pattern = least + gap;
        status = vouch__tree_tables_add(ctx, t, leaf, pattern, (uint32_t)count);
        sum += count;
    }
    r->is_bad = r->is_bad || sum != n;
    return status;
}

/* A sum that n rows can have. */
static void load_characteristic(reader *r, vouch_explainer *explainer, size_t c, uint64_t n)
{
    const vouch__card_input *at = &explainer->card->at[c];
    int64_t sum = (int64_t)get(r, 8), low = INT32_MAX, high = INT32_MIN;
    for (size_t b = 0; b < at->n_bins; b++) {
        low = at->bin[b].points < low ? at->bin[b].points : low;
        high = at->bin[b].points > high ? at->bin[b].points : high;
    }
    r->is_bad = r->is_bad || sum < low * (int64_t)n || sum > high * (int64_t)n;
    explainer->sum[c] = sum;
}

static void load_moment(reader *r, double *out)
{
    uint64_t bits = get(r, 8);
    memcpy(out, &bits, sizeof bits);
    r->is_bad = r->is_bad || !isfinite(*out);
}

static vouch_status load_counts(vouch_ctx *ctx, reader *r, vouch_explainer *explainer, uint64_t n)
{
    vouch_status status = VOUCH_OK;
    size_t parts = explainer->card     ? explainer->card->n
                   : explainer->moment ? explainer->model->kind->n_moments(explainer->model->state)
                                       : explainer->tables.n_leaves;
    r->is_bad = get(r, 8) != parts || r->is_bad;
    for (size_t i = 0; i < parts && !r->is_bad && !status; i++) {
        if (explainer->card)
            load_characteristic(r, explainer, i, n);
        else if (explainer->moment)
            load_moment(r, &explainer->moment[i]);
        else
            status = load_leaf(ctx, r, &explainer->tables, &explainer->tables.leaf[i], n);
    }
    r->is_bad = r->is_bad || r->at != r->end;
    return status;
}

vouch_status vouch__explainer_load(vouch_ctx *ctx, const vouch_model *model, const void *bytes, size_t len,
                                   vouch_explainer **out_explainer)
{
    vouch_explainer *explainer = NULL;
    reader r = { .at = bytes, .end = (const uint8_t *)bytes + len };
    if (len < 8 + PRINT || memcmp(r.at, MAGIC, 4) != 0)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "explainer: not an explainer");
    r.at += 4;
    uint64_t version = get(&r, 4);
    if (version != VERSION)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "explainer: version is %u, must be %d", (unsigned)version,
                           VERSION);
    if (memcmp(r.at, vouch_model_fingerprint(model), PRINT) != 0)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "explainer: made for another model than %s",
                           vouch_model_fingerprint(model));
    r.at += PRINT;
    uint64_t n = get(&r, 8);
    if (r.is_bad || n == 0 || n >= UINT32_MAX)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "explainer: no reference rows, or over 2^32 - 2");
    vouch_status status = vouch__explainer_shape(ctx, model, &explainer);
    if (!explainer)
        return status;
    status = load_counts(ctx, &r, explainer, n);
    if (status)
        goto done;
    if (r.is_bad) {
        status = vouch__fail(ctx, VOUCH_E_FORMAT, "explainer: the counts do not fit the model");
        goto done;
    }
    status = vouch__explainer_finish(ctx, explainer, n);
    if (status)
        goto done;
    *out_explainer = explainer;
    explainer = NULL;
done:
    vouch_explainer_free(explainer);
    return status;
}

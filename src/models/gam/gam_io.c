/* The saved form of a gam, version 1 (little-endian, after the model file's own header)
 *    1  u8 loss · f64 power, intercept · u32 1 + input of offset, of exposure (0: none) · f64 their means
 *    2  8 x f64: the facts, in the order of their struct
 *    3  u32 inputs; for each: u32 bins (0: none). If any: u8 curve · u32 cuts and f64 each, or of a category
 * a byte for each code · bins x (f64 value, error, weight, point · u8 apart) · f64 low, high · u8 1 and bins
 * x f64 as fitted, or u8 0 4  u32 pairs; for each: u32 inputs a, b, coarse bins of a, of b · f64 strength · a
 * byte for each bin of a, of b · cells x (f64 value, error, weight) 5  text: the log of edits, canonical
 * JSON; empty: none What is read is checked until scoring needs no checks. */
#include "models/gam/gam.h"
#include "models/wire.h"

#include <math.h>

enum { FACTS = sizeof(vouch__gam_facts) / sizeof(double) };

static void put_numbers(vouch__buf *out, size_t n, const double *x)
{
    for (size_t k = 0; k < n; k++)
        vouch__put_f64(out, x[k]);
}

static void save_shape(const vouch__gam_shape *s, vouch__buf *out)
{
    size_t n = s->bins.n_bins;
    vouch__put_u32(out, (uint32_t)n);
    if (!n)
        return;
    vouch__put_u8(out, (uint8_t)s->curve);
    if (s->bins.is_category) {
        vouch__buf_add(out, s->bins.bin_of, s->bins.n_codes);
    } else {
        vouch__put_u32(out, (uint32_t)(n - 2));
        put_numbers(out, n - 2, s->bins.cut);
    }
    for (size_t b = 0; b < n; b++) {
        vouch__put_f64(out, s->value[b]);
        vouch__put_f64(out, s->error[b]);
        vouch__put_f64(out, s->weight[b]);
        vouch__put_f64(out, s->at[b]);
        vouch__put_u8(out, s->apart[b]);
    }
    vouch__put_f64(out, s->low);
    vouch__put_f64(out, s->high);
    vouch__put_u8(out, s->fitted != NULL);
    if (s->fitted)
        put_numbers(out, n, s->fitted);
}

/* The log's text, whose length comes first and is known last. */
static void save_edits(const vouch__doc *log, vouch__buf *out)
{
    size_t at = out->len;
    vouch__put_u32(out, 0);
    if (!log)
        return;
    vouch__json_write(out, vouch__doc_root(log));
    for (size_t i = 0; i < 4 && !out->status; i++)
        out->at[at + i] = (char)((out->len - at - 4) >> (8 * i) & 0xff);
}

void vouch__gam_save(const void *state, vouch__buf *out)
{
    const vouch__gam *gam = state;
    double facts[FACTS];
    memcpy(facts, &gam->facts, sizeof facts);
    vouch__put_u8(out, (uint8_t)gam->loss);
    vouch__put_f64(out, gam->power);
    vouch__put_f64(out, gam->intercept);
    vouch__put_u32(out, gam->offset == SIZE_MAX ? 0 : (uint32_t)gam->offset + 1);
    vouch__put_u32(out, gam->exposure == SIZE_MAX ? 0 : (uint32_t)gam->exposure + 1);
    vouch__put_f64(out, gam->offset_mean);
    vouch__put_f64(out, gam->exposure_mean);
    put_numbers(out, FACTS, facts);
    vouch__put_u32(out, (uint32_t)gam->n_inputs);
    for (size_t j = 0; j < gam->n_inputs; j++)
        save_shape(&gam->shape[j], out);
    vouch__put_u32(out, (uint32_t)gam->n_pairs);
    for (size_t p = 0; p < gam->n_pairs; p++) {
        const vouch__gam_pair *pair = &gam->pair[p];
        vouch__put_u32(out, (uint32_t)pair->a);
        vouch__put_u32(out, (uint32_t)pair->b);
        vouch__put_u32(out, (uint32_t)pair->n_a);
        vouch__put_u32(out, (uint32_t)pair->n_b);
        vouch__put_f64(out, pair->strength);
        vouch__buf_add(out, pair->to_a, gam->shape[pair->a].bins.n_bins);
        vouch__buf_add(out, pair->to_b, gam->shape[pair->b].bins.n_bins);
        for (size_t c = 0; c < pair->n_a * pair->n_b; c++) {
            vouch__put_f64(out, pair->value[c]);
            vouch__put_f64(out, pair->error[c]);
            vouch__put_f64(out, pair->weight[c]);
        }
    }
    save_edits(gam->log, out);
}

/* ---- reading ---- */

static vouch_status wrong(vouch_ctx *ctx, const char *what)
{
    return vouch__fail(ctx, VOUCH_E_FORMAT, "gam file: %s", what);
}

static bool is_error(double x) { return isnan(x) || (x >= 0.0 && isfinite(x)); }

static bool load_bins(vouch__wire *in, vouch__gam_shape *s)
{
    size_t n = s->bins.n_bins;
    for (size_t i = 0; i < VOUCH__GAM_BINS; i++)
        s->bins.cut[i] = INFINITY;
    if (s->bins.is_category) {
        const uint8_t *of = vouch__get_bytes(in, s->bins.n_codes);
        for (size_t code = 0; of && code < s->bins.n_codes; code++) {
            if (of[code] >= n)
                return false;
            s->bins.bin_of[code] = of[code];
        }
        return true;
    }
    if (n < 2 || vouch__get_u32(in) != n - 2)
        return false;
    for (size_t k = 0; k < n - 2; k++) {
        s->bins.cut[k] = vouch__get_f64(in);
        if (!isfinite(s->bins.cut[k]) || (k && !(s->bins.cut[k] > s->bins.cut[k - 1])))
            return false;
    }
    return true;
}

static bool load_values(vouch__wire *in, vouch__gam_shape *s)
{
    for (size_t b = 0; b < s->bins.n_bins; b++) {
        s->value[b] = vouch__get_f64(in);
        s->error[b] = vouch__get_f64(in);
        s->weight[b] = vouch__get_f64(in);
        s->at[b] = vouch__get_f64(in);
        s->apart[b] = vouch__get_u8(in);
        if (!isfinite(s->value[b]) || !is_error(s->error[b]) ||
            !(s->weight[b] >= 0.0 && s->weight[b] < 1e300) || !isfinite(s->at[b]) || s->apart[b] > 1 ||
            (b == 0 && !s->apart[b]))
            return false;
    }
    s->low = vouch__get_f64(in);
    s->high = vouch__get_f64(in);
    return (isnan(s->low) && isnan(s->high)) || s->low <= s->high;
}

static vouch_status load_shape(vouch_ctx *ctx, vouch__wire *in, const vouch__input *input,
                               vouch__gam_shape *s)
{
    enum { BIN_BYTES = 33 };
    size_t n = vouch__get_count(in, BIN_BYTES);
    if (!n)
        return VOUCH_OK;
    uint8_t curve = vouch__get_u8(in);
    if (in->is_short || n > VOUCH__GAM_BINS || curve > VOUCH__GAM_CONCAVE || (curve && input->is_category))
        return wrong(ctx, "a shape has too many bins or no known curve");
    s->bins.n_bins = n;
    s->bins.is_category = input->is_category;
    s->bins.n_codes = input->n_categories;
    s->curve = (vouch__gam_curve)curve;
    vouch_status status = vouch__gam_shape_memory(ctx, s);
    if (status)
        return status;
    if (!load_bins(in, s) || !load_values(in, s))
        return wrong(ctx, "a shape's bins or values are out of range");
    uint8_t is_edited = vouch__get_u8(in);
    if (is_edited > 1 || in->is_short)
        return wrong(ctx, "a shape is cut short");
    if (!is_edited)
        return VOUCH_OK;
    s->fitted = vouch__alloc(ctx, n, sizeof *s->fitted);
    if (!s->fitted)
        return vouch__oom(ctx);
    for (size_t b = 0; b < n; b++) {
        s->fitted[b] = vouch__get_f64(in);
        if (!isfinite(s->fitted[b]))
            return wrong(ctx, "a shape's fitted values are out of range");
    }
    return VOUCH_OK;
}

static bool load_places(vouch__wire *in, size_t n_bins, size_t n, uint8_t *to)
{
    const uint8_t *from = vouch__get_bytes(in, n_bins);
    for (size_t b = 0; from && b < n_bins; b++) {
        to[b] = from[b];
        if (to[b] >= n)
            return false;
    }
    return true;
}

static vouch_status load_pair(vouch_ctx *ctx, vouch__wire *in, vouch__gam *gam)
{
    vouch__gam_pair *pair = &gam->pair[gam->n_pairs++];
    pair->a = vouch__get_u32(in);
    pair->b = vouch__get_u32(in);
    pair->n_a = vouch__get_u32(in);
    pair->n_b = vouch__get_u32(in);
    pair->strength = vouch__get_f64(in);
    if (in->is_short || pair->a >= pair->b || pair->b >= gam->n_inputs || !gam->shape[pair->a].bins.n_bins ||
        !gam->shape[pair->b].bins.n_bins || pair->n_a - 1 >= VOUCH__GAM_SIDE ||
        pair->n_b - 1 >= VOUCH__GAM_SIDE || !(pair->strength >= 0.0) || in->left / 24 < pair->n_a * pair->n_b)
        return wrong(ctx, "a pair's head is cut short or out of range");
    vouch_status status = vouch__gam_pair_memory(ctx, gam, pair);
    if (status)
        return status;
    if (!load_places(in, gam->shape[pair->a].bins.n_bins, pair->n_a, pair->to_a) ||
        !load_places(in, gam->shape[pair->b].bins.n_bins, pair->n_b, pair->to_b))
        return wrong(ctx, "a pair's bins are out of range");
    for (size_t c = 0; c < pair->n_a * pair->n_b; c++) {
        pair->value[c] = vouch__get_f64(in);
        pair->error[c] = vouch__get_f64(in);
        pair->weight[c] = vouch__get_f64(in);
        if (!isfinite(pair->value[c]) || !is_error(pair->error[c]) ||
            !(pair->weight[c] >= 0.0 && pair->weight[c] < 1e300))
            return wrong(ctx, "a pair's values are out of range");
    }
    return VOUCH_OK;
}

static bool input_at(const vouch__inputs *inputs, uint32_t at, size_t *out)
{
    *out = at ? at - 1 : SIZE_MAX;
    return at == 0 || (*out < inputs->n && !inputs->at[*out].is_category);
}

static vouch_status load_head(vouch_ctx *ctx, vouch__wire *in, const vouch__inputs *inputs, vouch__gam *gam)
{
    double facts[FACTS];
    uint8_t loss = vouch__get_u8(in);
    gam->power = vouch__get_f64(in);
    gam->intercept = vouch__get_f64(in);
    bool is_named = input_at(inputs, vouch__get_u32(in), &gam->offset);
    is_named &= input_at(inputs, vouch__get_u32(in), &gam->exposure);
    gam->offset_mean = vouch__get_f64(in);
    gam->exposure_mean = vouch__get_f64(in);
    for (size_t k = 0; k < FACTS; k++)
        facts[k] = vouch__get_f64(in);
    memcpy(&gam->facts, facts, sizeof facts);
    if (in->is_short || loss > VOUCH__LOSS_TWEEDIE || !(gam->power > 1.0 && gam->power < 2.0) ||
        !isfinite(gam->intercept) || !isfinite(gam->offset_mean) || !isfinite(gam->exposure_mean) ||
        !is_named || vouch__get_u32(in) != inputs->n)
        return wrong(ctx, "its head is cut short or out of range");
    gam->loss = (vouch__gbdt_loss_id)loss;
    return VOUCH_OK;
}

/* The log is told as it stands, so it must be what an edit writes: a list in canonical form. */
static vouch_status load_edits(vouch_ctx *ctx, vouch__wire *in, vouch__gam *gam)
{
    size_t len = vouch__get_count(in, 1);
    const uint8_t *bytes = vouch__get_bytes(in, len);
    vouch__doc *doc = NULL;
    vouch__buf again;
    if (!bytes || in->left || len > VOUCH__GAM_LOG_MAX)
        return wrong(ctx, "the log of edits is cut short, too long or not the end");
    if (len == 0)
        return VOUCH_OK;
    vouch_status status = vouch__json_read(ctx, "gam file", (const char *)bytes, len, VOUCH__GAM_LOG_MAX,
                                           &doc);
    if (status)
        return status == VOUCH_E_NOMEM ? status : wrong(ctx, "the log of edits is not JSON");
    vouch__buf_init(ctx, &again, 0);
    vouch__json_write(&again, vouch__doc_root(doc));
    status = vouch__buf_status(ctx, &again);
    if (!status && (again.len != len || memcmp(again.at, bytes, len) != 0 ||
                    vouch__doc_root(doc)->type != VOUCH__JSON_ARRAY))
        status = wrong(ctx, "the log of edits is no list in canonical form");
    vouch__buf_free(&again);
    if (status)
        vouch__doc_free(doc);
    else
        gam->log = doc;
    return status;
}

static vouch_status load_all(vouch_ctx *ctx, vouch__wire *in, const vouch__inputs *inputs, vouch__gam *gam)
{
    enum { PAIR_BYTES = 4 * 4 + 8 + 2 + 24 };
    vouch_status status = load_head(ctx, in, inputs, gam);
    if (status)
        return status;
    gam->n_inputs = inputs->n;
    gam->shape = vouch__alloc(ctx, inputs->n + 1, sizeof *gam->shape);
    if (!gam->shape)
        return vouch__oom(ctx);
    for (size_t j = 0; j < inputs->n && !status; j++) {
        status = load_shape(ctx, in, &inputs->at[j], &gam->shape[j]);
        bool is_offset = j == gam->offset || j == gam->exposure;
        if (!status && (is_offset ? gam->shape[j].bins.n_bins != 0 : gam->shape[j].bins.n_bins == 0))
            status = wrong(ctx, "an input has no shape, or the offset has one");
    }
    if (status)
        return status;
    size_t n = vouch__get_count(in, PAIR_BYTES);
    if (in->is_short || n > VOUCH__GAM_PAIRS_MAX)
        return wrong(ctx, "the number of pairs is out of range");
    gam->pair = vouch__alloc(ctx, n + 1, sizeof *gam->pair);
    if (!gam->pair)
        return vouch__oom(ctx);
    while (gam->n_pairs < n && !status)
        status = load_pair(ctx, in, gam);
    return status ? status : load_edits(ctx, in, gam);
}

vouch_status vouch__gam_load(vouch_ctx *ctx, const vouch__inputs *inputs, const void *bytes, size_t len,
                             void **state)
{
    vouch__wire in = { bytes, len, false };
    vouch__gam *gam = vouch__alloc(ctx, 1, sizeof *gam);
    if (!gam)
        return vouch__oom(ctx);
    gam->alloc = *vouch__allocator(ctx);
    vouch_status status = load_all(ctx, &in, inputs, gam);
    if (!status && in.is_short)
        status = wrong(ctx, "it is cut short");
    if (status)
        vouch__gam_free(&gam->alloc, gam);
    else
        *state = gam;
    return status;
}

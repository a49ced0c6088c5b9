/* The saved form of a scorecard: the numbered list in scorecard.h. What is read is checked until the card
 * keeps every promise of card.h, so that scoring needs no checks: a value always has a bin, totals fit an
 * integer, factor and offset are those of the scaling. */
#include "models/scorecard/binning.h"
#include "models/scorecard/scorecard.h"
#include "models/wire.h"

#include "num/special.h"

#include <math.h>
#include <string.h>

enum { BINS_MAX = 65535, TOTAL_MAX = 1000000000, RECORD_MAX = 1 << 24 };

static void save_bin(vouch__buf *out, const vouch__bin *bin)
{
    bool is_set = bin->type == VOUCH__BIN_SET;
    vouch__put_u8(out, (uint8_t)bin->type);
    vouch__put_f64(out, bin->low);
    vouch__put_f64(out, bin->high);
    vouch__put_f64(out, bin->n_good);
    vouch__put_f64(out, bin->n_bad);
    vouch__put_f64(out, bin->woe);
    vouch__put_u32(out, (uint32_t)bin->points);
    for (size_t w = 0; is_set && w < (size_t)bin->high; w++)
        vouch__put_u32(out, bin->bits[w]);
}

void vouch__card_save(const void *state, vouch__buf *out)
{
    const vouch__card *card = &((const vouch__scorecard *)state)->card;
    vouch__put_u32(out, (uint32_t)card->n_inputs);
    vouch__put_f64(out, card->intercept);
    vouch__put_f64(out, card->intercept_error);
    vouch__put_f64(out, card->pdo);
    vouch__put_f64(out, card->base_score);
    vouch__put_f64(out, card->base_odds);
    vouch__put_f64(out, card->factor);
    vouch__put_f64(out, card->offset);
    vouch__put_u32(out, (uint32_t)card->base_points);
    vouch__put_u32(out, (uint32_t)card->n);
    for (size_t c = 0; c < card->n; c++) {
        const vouch__card_input *at = &card->at[c];
        vouch__put_u32(out, (uint32_t)at->input);
        vouch__put_u32(out, (uint32_t)at->otherwise);
        vouch__put_f64(out, at->iv);
        vouch__put_f64(out, at->coefficient);
        vouch__put_f64(out, at->error);
        vouch__put_u32(out, (uint32_t)at->n_bins);
        for (size_t b = 0; b < at->n_bins; b++)
            save_bin(out, &at->bin[b]);
    }
    for (size_t c = 0; c < card->n; c++)
        vouch__put_f64(out, card->at[c].vif);
    vouch__put_text(out, card->record ? card->record : "");
}

static vouch_status wrong(vouch_ctx *ctx, const char *what)
{
    return vouch__fail(ctx, VOUCH_E_FORMAT, "scorecard file: %s", what);
}

static vouch_status load_bin(vouch_ctx *ctx, vouch__wire *in, const vouch__input *input, vouch__bin *bin)
{
    size_t words = (input->n_categories + 31) / 32;
    uint8_t type = vouch__get_u8(in);
    bin->low = vouch__get_f64(in);
    bin->high = vouch__get_f64(in);
    bin->n_good = vouch__get_f64(in);
    bin->n_bad = vouch__get_f64(in);
    bin->woe = vouch__get_f64(in);
    bin->points = (int32_t)vouch__get_u32(in);
    if (in->is_short || type > VOUCH__BIN_MISSING)
        return wrong(ctx, "a bin is cut short or of an unknown type");
    bin->type = (vouch__bin_type)type;
    if (!(bin->n_good >= 0.0 && bin->n_good < INFINITY && bin->n_bad >= 0.0 && bin->n_bad < INFINITY) ||
        !isfinite(bin->woe) || bin->points > VOUCH__CARD_POINTS_MAX || bin->points < -VOUCH__CARD_POINTS_MAX)
        return wrong(ctx, "a bin's counts, WoE or points are out of range");
    if (bin->type != VOUCH__BIN_SET)
        return VOUCH_OK;
    if (!(bin->high == (double)words) || in->left / 4 < words)
        return wrong(ctx, "a set does not match the input's categories");
    bin->bits = vouch__alloc(ctx, words ? words : 1, sizeof *bin->bits);
    if (!bin->bits)
        return vouch__oom(ctx);
    for (size_t w = 0; w < words; w++)
        bin->bits[w] = vouch__get_u32(in);
    return VOUCH_OK;
}

/* Every category is in exactly one set, and no bit stands for none. */
static bool sets_partition(const vouch__input *input, const vouch__card_input *c, size_t sets)
{
    for (size_t w = 0; w < (input->n_categories + 31) / 32; w++) {
        size_t left = input->n_categories - 32 * w;
        uint32_t seen = 0, all = left >= 32 ? UINT32_MAX : ((uint32_t)1 << left) - 1;
        for (size_t b = 0; b < sets; b++) {
            if (seen & c->bin[b].bits[w])
                return false;
            seen |= c->bin[b].bits[w];
        }
        if (seen != all)
            return false;
    }
    return true;
}

static bool ranges_partition(const vouch__card_input *c, size_t ranges)
{
    for (size_t b = 0; b < ranges; b++) {
        const vouch__bin *bin = &c->bin[b];
        if (!(bin->low == (b == 0 ? -INFINITY : c->bin[b - 1].high)) ||
            !((b == 0 || bin->low < bin->high) && (bin->high == INFINITY) == (b + 1 == ranges)))
            return false;
    }
    return true;
}

static bool is_whole(const vouch__input *input, const vouch__card_input *c)
{
    size_t special = input->is_category ? 0 : input->n_special, body;
    double rows = 0.0;
    if (c->n_bins < special + 2)
        return false;
    body = c->n_bins - special - 1;
    for (size_t b = 0; b < c->n_bins; b++) {
        const vouch__bin *bin = &c->bin[b];
        vouch__bin_type want = b < body            ? input->is_category ? VOUCH__BIN_SET : VOUCH__BIN_RANGE
                               : b + 1 < c->n_bins ? VOUCH__BIN_SPECIAL
                                                   : VOUCH__BIN_MISSING;
        if (bin->type != want || (want == VOUCH__BIN_SPECIAL && !(bin->low == input->special[b - body])))
            return false;
        rows += bin->n_good + bin->n_bad;
    }
    return rows > 0.0 && c->otherwise < body &&
           (input->is_category ? sets_partition(input, c, body) : ranges_partition(c, body));
}

static vouch_status load_input(vouch_ctx *ctx, vouch__wire *in, const vouch__inputs *inputs,
                               vouch__card_input *c)
{
    enum { BIN_BYTES = 1 + 5 * 8 + 4 };
    c->input = vouch__get_u32(in);
    c->otherwise = vouch__get_u32(in);
    c->iv = vouch__get_f64(in);
    c->coefficient = vouch__get_f64(in);
    c->error = vouch__get_f64(in);
    size_t n = vouch__get_count(in, BIN_BYTES);
    if (in->is_short || c->input >= inputs->n || n < 2 || n > BINS_MAX || !isfinite(c->iv) ||
        !isfinite(c->coefficient) || isinf(c->error))
        return wrong(ctx, "a characteristic is cut short or out of range");
    c->bin = vouch__alloc(ctx, n, sizeof *c->bin);
    if (!c->bin)
        return vouch__oom(ctx);
    for (c->n_bins = 0; c->n_bins < n;) {
        vouch_status status = load_bin(ctx, in, &inputs->at[c->input], &c->bin[c->n_bins++]);
        if (status)
            return status;
    }
    return is_whole(&inputs->at[c->input], c) ? VOUCH_OK
                                              : wrong(ctx, "bins leave a gap, overlap or are missing");
}

static bool near(double a, double b) { return fabs(a - b) <= 1e-12 * fmax(1.0, fabs(b)); }

static vouch_status load_scaling(vouch_ctx *ctx, vouch__wire *in, const vouch__inputs *inputs,
                                 vouch__card *card)
{
    card->n_inputs = vouch__get_u32(in);
    card->intercept = vouch__get_f64(in);
    card->intercept_error = vouch__get_f64(in);
    card->pdo = vouch__get_f64(in);
    card->base_score = vouch__get_f64(in);
    card->base_odds = vouch__get_f64(in);
    card->factor = vouch__get_f64(in);
    card->offset = vouch__get_f64(in);
    card->base_points = (int32_t)vouch__get_u32(in);
    if (in->is_short || card->n_inputs != inputs->n || !isfinite(card->intercept) ||
        isinf(card->intercept_error) || !isfinite(card->base_score) ||
        !(card->pdo > 0.0 && card->pdo < INFINITY && card->base_odds >= 1.0 && card->base_odds < INFINITY) ||
        card->base_points > VOUCH__CARD_POINTS_MAX || card->base_points < -VOUCH__CARD_POINTS_MAX)
        return wrong(ctx, "the scaling is cut short or out of range");
    if (!near(card->factor, card->pdo / vouch__log(2.0)) ||
        !near(card->offset, card->base_score - card->factor * vouch__log(card->base_odds)))
        return wrong(ctx, "factor and offset are not those of pdo, base_score and base_odds");
    return VOUCH_OK;
}

/* What version 2 added. */
static vouch_status load_rest(vouch_ctx *ctx, vouch__wire *in, vouch__card *card)
{
    for (size_t c = 0; c < card->n; c++)
        card->at[c].vif = NAN;
    if (in->left == 0)
        return VOUCH_OK;
    for (size_t c = 0; c < card->n; c++) {
        card->at[c].vif = vouch__get_f64(in);
        if (isinf(card->at[c].vif))
            return wrong(ctx, "a variance inflation is out of range");
    }
    size_t len = vouch__get_count(in, 1);
    const void *text = vouch__get_bytes(in, len);
    if (in->is_short || in->left > 0)
        return wrong(ctx, in->is_short ? "the record is cut short" : "bytes follow the record");
    if (len == 0)
        return VOUCH_OK;
    vouch_status status = vouch__json_read(ctx, "the record of a scorecard file", text, len, RECORD_MAX,
                                           &card->told);
    if (status)
        return status;
    card->record = vouch__alloc(ctx, len + 1, 1);
    if (!card->record)
        return vouch__oom(ctx);
    memcpy(card->record, text, len);
    return VOUCH_OK;
}

static vouch_status load_card(vouch_ctx *ctx, vouch__wire *in, const vouch__inputs *inputs, vouch__card *card)
{
    enum { INPUT_BYTES = 3 * 4 + 3 * 8 };
    int64_t widest = 0;
    vouch_status status = load_scaling(ctx, in, inputs, card);
    if (status)
        return status;
    size_t n = vouch__get_count(in, INPUT_BYTES);
    if (in->is_short || n == 0 || n > inputs->n)
        return wrong(ctx, "the number of characteristics is out of range");
    card->at = vouch__alloc(ctx, n, sizeof *card->at);
    if (!card->at)
        return vouch__oom(ctx);
    while (card->n < n) {
        vouch__card_input *c = &card->at[card->n++];
        int64_t most = 0;
        status = load_input(ctx, in, inputs, c);
        if (status)
            return status;
        if (card->n > 1 && c->input <= card->at[card->n - 2].input)
            return wrong(ctx, "characteristics are not in the order of the inputs");
        for (size_t b = 0; b < c->n_bins; b++) {
            int64_t points = c->bin[b].points < 0 ? -(int64_t)c->bin[b].points : c->bin[b].points;
            most = points > most ? points : most;
        }
        widest += most;
    }
    if (widest > TOTAL_MAX)
        return wrong(ctx, "points may add up beyond what an integer holds");
    return load_rest(ctx, in, card);
}

vouch_status vouch__card_load(vouch_ctx *ctx, const vouch__inputs *inputs, const void *bytes, size_t len,
                              void **state)
{
    vouch__wire in = { bytes, len, false };
    vouch__scorecard *s = vouch__alloc(ctx, 1, sizeof *s);
    if (!s)
        return vouch__oom(ctx);
    s->alloc = *vouch__allocator(ctx);
    vouch_status status = load_card(ctx, &in, inputs, &s->card);
    if (status) {
        vouch__card_free(&s->alloc, s);
        return status;
    }
    *state = s;
    return VOUCH_OK;
}

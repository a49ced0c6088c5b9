/* Supervised monotone binning of one input: the cells and cuts of src/bins, by information value, laid out as
 * the card has them. Special codes and missing values never enter the ranges: each has a bin of its own.
 *
 * WoE is ln(share of goods / share of bads), so positive is safer. A bin with fewer than min_events rows of a
 * class (possible only where the bin was not chosen: special, missing, or the one bin that is left) gets
 * min_events further cases at the population's odds, which draws it towards 0; an empty bin is exactly 0. */
#include "models/scorecard/binning.h"

#include "bins/bin_cells.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

enum { CELLS = 50, WORD = 32, SUMS = VOUCH__SUM_CLASS };

static const vouch__worth binary = { .target = VOUCH__BIN_BINARY, .stride = SUMS, .max_weight = INFINITY };

vouch_status vouch__bins_new(vouch_ctx *ctx, size_t n, vouch__card_input *out)
{
    out->bin = vouch__alloc(ctx, n, sizeof *out->bin);
    if (!out->bin)
        return vouch__oom(ctx);
    out->n_bins = n;
    return VOUCH_OK;
}

void vouch__card_input_clear(const vouch_alloc *alloc, vouch__card_input *c)
{
    for (size_t b = 0; c->bin && b < c->n_bins; b++)
        vouch__free(alloc, c->bin[b].bits);
    vouch__free(alloc, c->bin);
    c->bin = NULL;
    c->n_bins = 0;
}

size_t vouch__card_input_bin(const vouch__card_input *c, double x)
{
    size_t last = c->n_bins - 1, code = x >= 0.0 && x < 4294967296.0 ? (size_t)x : SIZE_MAX;
    if (isnan(x))
        return last;                  /* missing is always the last bin */
    for (size_t b = last; b-- > 0;) { /* special codes stand after the ranges and win over them */
        const vouch__bin *bin = &c->bin[b];
        switch (bin->type) {
        case VOUCH__BIN_SPECIAL:
            if (x == bin->low)
                return b;
            break;
        case VOUCH__BIN_RANGE:
            if (x > bin->low || b == 0)
                return b;
            break;
        case VOUCH__BIN_SET:
            if (code / WORD < (size_t)bin->high && bin->bits[code / WORD] >> code % WORD & 1)
                return b;
            break;
        case VOUCH__BIN_MISSING: break;
        }
    }
    return c->otherwise;
}

/* WoE and IV of every bin, from the sums [n_bins x SUMS] of what fills them. */
static void weigh(vouch__card_input *out, const double *sums, const double *all, size_t min_events)
{
    double rows = all[VOUCH__SUM_W], all_bad = all[VOUCH__SUM_Y], all_good = rows - all_bad;
    out->iv = 0.0;
    for (size_t b = 0; b < out->n_bins; b++) {
        vouch__bin *bin = &out->bin[b];
        const double *s = sums + b * SUMS;
        double n = s[VOUCH__SUM_ROWS], n_bad = s[VOUCH__SUM_EVENTS];
        double least = (double)min_events, few = n - n_bad < least || n_bad < least ? least : 0.0;
        bin->n_bad = s[VOUCH__SUM_Y];
        bin->n_good = s[VOUCH__SUM_W] - bin->n_bad;
        double good = (bin->n_good + few * all_good / rows) / all_good;
        double bad = (bin->n_bad + few * all_bad / rows) / all_bad;
        bin->woe = n == 0.0 ? 0.0 : vouch__log(good / bad);
        out->iv += (bin->n_good / all_good - bin->n_bad / all_bad) * bin->woe;
    }
}

static size_t n_special(const vouch__input *input) { return input->is_category ? 0 : input->n_special; }

/* Without pooled categories a text never seen before is put where it says least: the bin with WoE nearest 0.
 */
size_t vouch__neutral_bin(const vouch__card_input *c)
{
    size_t best = 0;
    for (size_t b = 1; b + 1 < c->n_bins; b++)
        if (fabs(c->bin[b].woe) < fabs(c->bin[best].woe))
            best = b;
    return best;
}

/* The best runs of cells in the direction that is asked for, else in the better one; rising on a tie. No cell
 * is one empty bin. */
static vouch_status cut(vouch_ctx *ctx, const vouch__worth *worth, const vouch__cells *cells, size_t max_bins,
                        int direction, size_t *out_runs, size_t *out_end)
{
    size_t n = cells->n, runs;
    vouch__run *run = vouch__scratch(ctx, n * (n + 1) + 1, sizeof *run);
    size_t *end = vouch__scratch(ctx, max_bins, sizeof *end);
    double best = NAN, value;
    if (!run || !end)
        return vouch__oom(ctx);
    *out_runs = 1;
    out_end[0] = n;
    vouch_status status = vouch__cells_runs(ctx, worth, cells, NULL, 0, run);
    for (int at = 1; at >= -1 && !status && n > 1; at -= 2) {
        vouch__cut_task task = { .n = n,
                                 .run = run,
                                 .trend = at > 0 ? VOUCH__TREND_RISING : VOUCH__TREND_FALLING,
                                 .max_bins = max_bins,
                                 .max_p = 1.0 };
        if (direction == -at)
            continue;
        status = vouch__cut_runs(ctx, &task, &runs, end, &value);
        if (status || !(value > best || isnan(best)))
            continue;
        best = value;
        *out_runs = runs;
        memcpy(out_end, end, runs * sizeof *end);
    }
    return status;
}

static vouch_status lay_out(vouch_ctx *ctx, const vouch__input *input, const vouch__cells *cells, size_t runs,
                            const size_t *end, vouch__card_input *out)
{
    size_t words = (input->n_categories + WORD - 1) / WORD, tail = n_special(input) + 1;
    vouch_status status = vouch__bins_new(ctx, runs + tail, out);
    for (size_t b = 0; !status && b < runs; b++) {
        vouch__bin *bin = &out->bin[b];
        bin->type = input->is_category ? VOUCH__BIN_SET : VOUCH__BIN_RANGE;
        bin->low = input->is_category || b > 0 ? 0.0 : -INFINITY;
        bin->high = input->is_category ? (double)words : b + 1 < runs ? cells->top[end[b] - 1] : INFINITY;
        if (!input->is_category && b > 0)
            bin->low = out->bin[b - 1].high;
        if (input->is_category)
            bin->bits = vouch__alloc(ctx, words ? words : 1, sizeof *bin->bits);
        if (input->is_category && !bin->bits)
            return vouch__oom(ctx);
    }
    for (size_t k = 0; !status && k < input->n_categories; k++) {
        size_t b = 0;
        while (cells->of[k] >= end[b])
            b++;
        out->bin[b].bits[k / WORD] |= (uint32_t)1 << k % WORD;
        if (cells->of[k] == cells->pool)
            out->otherwise = b;
    }
    for (size_t t = 0; !status && t < tail; t++) {
        vouch__bin *bin = &out->bin[runs + t];
        bin->type = t + 1 == tail ? VOUCH__BIN_MISSING : VOUCH__BIN_SPECIAL;
        bin->low = bin->high = t + 1 == tail ? NAN : input->special[t];
    }
    return status;
}

/* out: zeroed */
static vouch_status sum_all(vouch_ctx *ctx, const vouch__bin_rows *rows, double out[SUMS])
{
    size_t mark = vouch__scratch_mark(ctx);
    uint16_t *of = vouch__scratch(ctx, rows->n + 1, sizeof *of);
    if (!of)
        return vouch__oom(ctx);
    memset(of, 0, rows->n * sizeof *of);
    vouch__worth_add(&binary, rows->n, of, rows->y, rows->w, out);
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

static vouch_status bin_input(vouch_ctx *ctx, const vouch__input *input, const vouch__bin_rule *rule,
                              const vouch__bin_rows *rows, vouch__card_input *out)
{
    vouch__worth worth = binary;
    vouch__cells cells;
    size_t runs = 1, tail = n_special(input) + 1, size = (rule->max_bins + tail) * SUMS;
    size_t *end = vouch__scratch(ctx, rule->max_bins, sizeof *end);
    double all[SUMS] = { 0 }, *sums = vouch__scratch(ctx, size, sizeof *sums);
    if (!end || !sums)
        return vouch__oom(ctx);
    vouch_status status = sum_all(ctx, rows, all);
    if (status)
        return status;
    worth.all = all;
    worth.min_rows = ceil(rule->min_share * (double)rows->n);
    worth.min_events = (double)rule->min_events;
    if (all[VOUCH__SUM_EVENTS] == 0.0 || all[VOUCH__SUM_EVENTS] == all[VOUCH__SUM_ROWS])
        return vouch__fail(ctx, VOUCH_E_DATA, "binning: every training row has the same outcome");
    const vouch__cell_rule how = { .max_cells = CELLS, .least_rows = fmax(1.0, worth.min_rows) };
    status = vouch__cells_make(ctx, &worth, rows, &how, &cells);
    if (!status)
        status = cut(ctx, &worth, &cells, rule->max_bins, input->is_category ? 1 : input->monotone, &runs,
                     end);
    if (!status)
        status = lay_out(ctx, input, &cells, runs, end, out);
    if (status)
        return status;
    memset(sums, 0, size * sizeof *sums);
    for (size_t c = 0, b = 0; c < cells.n + tail; c++) {
        b += b < runs && c >= end[b];
        vouch__worth_join(&worth, sums + (c < cells.n ? b : runs + c - cells.n) * SUMS,
                          cells.sums + c * SUMS);
    }
    weigh(out, sums, all, rule->min_events);
    if (cells.pool == SIZE_MAX)
        out->otherwise = input->is_category ? vouch__neutral_bin(out) : 0;
    return VOUCH_OK;
}

vouch_status vouch__bin_weigh(vouch_ctx *ctx, const vouch__bin_rule *rule, size_t n, const double *x,
                              const double *bad, const double *weight, vouch__card_input *c)
{
    size_t mark = vouch__scratch_mark(ctx);
    const vouch__bin_rows rows = { .n = n, .x = x, .y = bad, .w = weight };
    double all[SUMS] = { 0 }, *sums = vouch__scratch(ctx, c->n_bins * SUMS, sizeof *sums);
    uint16_t *bin = vouch__scratch(ctx, n + 1, sizeof *bin);
    if (!sums || !bin)
        return vouch__oom(ctx);
    vouch_status status = sum_all(ctx, &rows, all);
    if (status)
        return status;
    memset(sums, 0, c->n_bins * SUMS * sizeof *sums);
    for (size_t i = 0; i < n; i++)
        bin[i] = (uint16_t)vouch__card_input_bin(c, x[i]);
    vouch__worth_add(&binary, n, bin, bad, weight, sums);
    weigh(c, sums, all, rule->min_events);
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

vouch_status vouch__bin_input(vouch_ctx *ctx, const vouch__input *input, const vouch__bin_rule *rule,
                              size_t n, const double *x, const double *bad, const double *weight,
                              vouch__card_input *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    const vouch__bin_rows rows = { .n = n,
                                   .n_categories = input->is_category ? input->n_categories : 0,
                                   .x = x,
                                   .y = bad,
                                   .w = weight,
                                   .special = input->special,
                                   .n_special = n_special(input) };
    memset(out, 0, sizeof *out);
    vouch_status status = bin_input(ctx, input, rule, &rows, out);
    if (status)
        vouch__card_input_clear(vouch__allocator(ctx), out);
    vouch__scratch_reset(ctx, mark);
    return status;
}

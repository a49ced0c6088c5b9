/* Supervised monotone binning of one input.
 *
 * Values are first put into at most CELLS cells: runs of equal or adjacent values with about the same number
 * of rows, or categories in order of their bad rate with the rare ones pooled. Bins are runs of cells, chosen
 * by vouch__cut_cells. Special codes and missing values never enter the ranges: each has a bin of its own.
 *
 * WoE is ln(share of goods / share of bads), so positive is safer. A bin with fewer than min_events rows of a
 * class (possible only where the bin was not chosen: special, missing, or the one bin that is left) gets
 * min_events further cases at the population's odds, which draws it towards 0; an empty bin is exactly 0. */
#include "models/scorecard/binning.h"

#include "num/rank.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

enum { CELLS = 50, WORD = 32 };

typedef struct sample {
    size_t n;
    const double *x, *bad, *weight;
} sample;

static void cell_add(vouch__cell *cell, const sample *s, size_t i)
{
    double w = s->weight ? s->weight[i] : 1.0;
    bool is_bad = s->bad[i] > 0.5;
    cell->good += is_bad ? 0.0 : w;
    cell->bad += is_bad ? w : 0.0;
    cell->n_good += !is_bad;
    cell->n_bad += is_bad;
}

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

static void bin_count(vouch__bin *bin, const vouch__cell *cell)
{
    bin->n_good = cell->good;
    bin->n_bad = cell->bad;
}

/* WoE and IV of every bin, from the cells that filled them. */
static void weigh(vouch__card_input *out, const vouch__cell *cell, const vouch__cell *all, size_t min_events)
{
    double rows = all->good + all->bad;
    out->iv = 0.0;
    for (size_t b = 0; b < out->n_bins; b++) {
        vouch__bin *bin = &out->bin[b];
        double few = cell[b].n_good < min_events || cell[b].n_bad < min_events ? (double)min_events : 0.0;
        double good = (cell[b].good + few * all->good / rows) / all->good;
        double bad = (cell[b].bad + few * all->bad / rows) / all->bad;
        bin_count(bin, &cell[b]);
        bin->woe = cell[b].n_good + cell[b].n_bad == 0 ? 0.0 : vouch__log(good / bad);
        out->iv += (cell[b].good / all->good - cell[b].bad / all->bad) * bin->woe;
    }
}

static bool special_code(const vouch__input *input, double x, size_t *out_at)
{
    for (size_t k = 0; !input->is_category && k < input->n_special; k++)
        if (x == input->special[k]) {
            *out_at = k;
            return true;
        }
    return false;
}

static size_t n_special(const vouch__input *input) { return input->is_category ? 0 : input->n_special; }

/* Rows with a special code or a missing value are counted in tail[n_special + 1]; the indices of the others
 * come back in row. */
static size_t set_apart(const vouch__input *input, const sample *s, uint32_t *row, vouch__cell *tail)
{
    size_t n = 0, at;
    memset(tail, 0, (n_special(input) + 1) * sizeof *tail);
    for (size_t i = 0; i < s->n; i++) {
        if (isnan(s->x[i]) || (input->is_category && s->x[i] < 0.0))
            cell_add(&tail[n_special(input)], s, i);
        else if (special_code(input, s->x[i], &at))
            cell_add(&tail[at], s, i);
        else
            row[n++] = (uint32_t)i;
    }
    return n;
}

/* Cells of about equal size over the values in order; top[c] is the largest value of cell c. */
static vouch_status number_cells(vouch_ctx *ctx, const sample *s, size_t n, const uint32_t *row,
                                 vouch__cell *cell, double *top, size_t *out_n)
{
    double *x = vouch__scratch(ctx, n, sizeof *x);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!x || !order)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++)
        x[i] = s->x[row[i]];
    vouch_status status = vouch__order(ctx, n, x, order);
    if (status)
        return status;
    size_t distinct = n > 0;
    for (size_t i = 1; i < n && distinct <= CELLS; i++)
        distinct += x[order[i]] != x[order[i - 1]];
    size_t cells = 0, cut = 0; /* a cell closes where a value ends and cut * n / CELLS rows have gone by */
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || (x[order[i]] != x[order[i - 1]] && (distinct <= CELLS || i * CELLS >= cut * n))) {
            memset(&cell[cells++], 0, sizeof *cell);
            cut = i * CELLS / n + 1;
        }
        cell_add(&cell[cells - 1], s, row[order[i]]);
        top[cells - 1] = x[order[i]];
    }
    *out_n = cells;
    return VOUCH_OK;
}

static vouch_status number_bins(vouch_ctx *ctx, const vouch__input *input, const vouch__cut_rule *rule,
                                const sample *s, size_t n, const uint32_t *row, vouch__cell *out_cell,
                                vouch__card_input *out)
{
    vouch__cell cell[CELLS + 1] = { 0 };
    double top[CELLS + 1] = { 0 }, iv = NAN, rival = NAN;
    size_t *end = vouch__scratch(ctx, 2 * rule->max_bins, sizeof *end), *other, cells = 0, runs = 1, m = 1;
    if (!end)
        return vouch__oom(ctx);
    other = end + rule->max_bins;
    vouch_status status = number_cells(ctx, s, n, row, cell, top, &cells);
    if (status)
        return status;
    end[0] = cells;
    if (cells > 1) {
        status = vouch__cut_cells(ctx, cells, cell, rule, input->monotone < 0 ? -1 : 1, &runs, end, &iv);
        if (!status && input->monotone == 0)
            status = vouch__cut_cells(ctx, cells, cell, rule, -1, &m, other, &rival);
        if (status)
            return status;
        if (rival > iv) { /* a tie keeps the rising one */
            end = other;
            runs = m;
        }
    }
    status = vouch__bins_new(ctx, runs + n_special(input) + 1, out);
    if (status)
        return status;
    for (size_t b = 0, c = 0; b < runs; b++) {
        vouch__bin *bin = &out->bin[b];
        bin->type = VOUCH__BIN_RANGE;
        bin->low = b == 0 ? -INFINITY : out->bin[b - 1].high;
        for (memset(&out_cell[b], 0, sizeof *out_cell); c < end[b]; c++)
            vouch__cell_join(&out_cell[b], &cell[c]);
        bin->high = b + 1 == runs ? INFINITY : top[c - 1];
    }
    return VOUCH_OK;
}

/* ---- categories ---- */

typedef struct category_cells {
    size_t n;          /* cells */
    uint32_t *of;      /* [categories] -> cell, before ordering */
    vouch__cell *cell; /* [categories + 1], in order of bad rate after ordering */
    uint32_t *place;   /* [cells] -> position in that order */
    size_t pool;       /* the cell of the pooled categories; SIZE_MAX when none is */
} category_cells;

/* Categories under the smallest share, and those beyond the CELLS - 1 largest, share a cell. */
static vouch_status pool_rare(vouch_ctx *ctx, size_t n_categories, const vouch__cell *count, size_t min_rows,
                              category_cells *g)
{
    double *size = vouch__scratch(ctx, n_categories, sizeof *size);
    uint32_t *order = vouch__scratch(ctx, n_categories, sizeof *order);
    if (!size || !order)
        return vouch__oom(ctx);
    for (size_t k = 0; k < n_categories; k++)
        size[k] = -(double)(count[k].n_good + count[k].n_bad);
    vouch_status status = vouch__order(ctx, n_categories, size, order);
    if (status)
        return status;
    g->pool = SIZE_MAX;
    for (size_t at = 0; at < n_categories; at++) {
        size_t k = order[at];
        bool common = at < CELLS - 1 && -size[k] >= (double)min_rows;
        if (!common && g->pool == SIZE_MAX)
            g->pool = g->n++;
        else if (common)
            g->n++;
        size_t cell = common ? g->n - 1 : g->pool;
        g->of[k] = (uint32_t)cell;
        vouch__cell_join(&g->cell[cell], &count[k]);
    }
    return VOUCH_OK;
}

/* Put the cells in order of bad rate, drawn towards the population's by one case so that small cells do not
 * take the ends by chance. */
static vouch_status order_cells(vouch_ctx *ctx, category_cells *g)
{
    double *rate = vouch__scratch(ctx, g->n, sizeof *rate);
    uint32_t *order = vouch__scratch(ctx, g->n, sizeof *order);
    vouch__cell *copy = vouch__scratch(ctx, g->n, sizeof *copy), all = { 0 };
    if (!rate || !order || !copy)
        return vouch__oom(ctx);
    for (size_t c = 0; c < g->n; c++) {
        copy[c] = g->cell[c];
        vouch__cell_join(&all, &copy[c]);
    }
    double mean = all.bad / (all.good + all.bad);
    for (size_t c = 0; c < g->n; c++)
        rate[c] = (copy[c].bad + mean) / (copy[c].good + copy[c].bad + 1.0);
    vouch_status status = vouch__order(ctx, g->n, rate, order);
    for (size_t at = 0; !status && at < g->n; at++) {
        g->cell[at] = copy[order[at]];
        g->place[order[at]] = (uint32_t)at;
    }
    return status;
}

static vouch_status set_bins(vouch_ctx *ctx, const vouch__input *input, size_t runs, const size_t *end,
                             const category_cells *g, vouch__cell *out_cell, vouch__card_input *out)
{
    size_t words = (input->n_categories + WORD - 1) / WORD;
    vouch_status status = vouch__bins_new(ctx, runs + 1, out);
    for (size_t b = 0, c = 0; !status && b < runs; b++) {
        vouch__bin *bin = &out->bin[b];
        bin->type = VOUCH__BIN_SET;
        bin->high = (double)words; /* so that a bin can be read without the inputs */
        bin->bits = vouch__alloc(ctx, words ? words : 1, sizeof *bin->bits);
        if (!bin->bits)
            return vouch__oom(ctx);
        for (memset(&out_cell[b], 0, sizeof *out_cell); c < end[b]; c++)
            vouch__cell_join(&out_cell[b], &g->cell[c]);
    }
    for (size_t k = 0; !status && k < input->n_categories; k++) {
        size_t b = 0;
        while (g->place[g->of[k]] >= end[b])
            b++;
        out->bin[b].bits[k / WORD] |= (uint32_t)1 << k % WORD;
        if (g->of[k] == g->pool)
            out->otherwise = b;
    }
    return status;
}

static vouch_status category_bins(vouch_ctx *ctx, const vouch__input *input, const vouch__cut_rule *rule,
                                  const sample *s, size_t n, const uint32_t *row, vouch__cell *out_cell,
                                  bool *out_pooled, vouch__card_input *out)
{
    size_t cats = input->n_categories, room = cats + 1, runs = 1;
    double iv;
    category_cells g = { .of = vouch__scratch(ctx, room, sizeof *g.of),
                         .cell = vouch__scratch(ctx, room, sizeof *g.cell),
                         .place = vouch__scratch(ctx, room, sizeof *g.place) };
    vouch__cell *count = vouch__scratch(ctx, room, sizeof *count);
    size_t *end = vouch__scratch(ctx, rule->max_bins, sizeof *end);
    if (!g.of || !g.cell || !g.place || !count || !end)
        return vouch__oom(ctx);
    memset(count, 0, room * sizeof *count);
    memset(g.cell, 0, room * sizeof *g.cell);
    for (size_t i = 0; i < n; i++)
        if (s->x[row[i]] < (double)cats)
            cell_add(&count[(size_t)s->x[row[i]]], s, row[i]);
    vouch_status status = pool_rare(ctx, cats, count, rule->min_rows, &g);
    if (!status && g.n > 0)
        status = order_cells(ctx, &g);
    end[0] = g.n;
    if (!status && g.n > 1)
        status = vouch__cut_cells(ctx, g.n, g.cell, rule, 1, &runs, end, &iv);
    *out_pooled = g.pool != SIZE_MAX;
    return status ? status : set_bins(ctx, input, runs, end, &g, out_cell, out);
}

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

static vouch_status bin_input(vouch_ctx *ctx, const vouch__input *input, const vouch__bin_rule *rule,
                              const sample *s, vouch__card_input *out)
{
    size_t tail_n = n_special(input) + 1;
    uint32_t *row = vouch__scratch(ctx, s->n, sizeof *row);
    vouch__cell *cell = vouch__scratch(ctx, rule->max_bins + tail_n, sizeof *cell), all = { 0 };
    vouch__cell *tail = vouch__scratch(ctx, tail_n, sizeof *tail);
    bool pooled = true;
    if (!row || !cell || !tail)
        return vouch__oom(ctx);
    for (size_t i = 0; i < s->n; i++)
        cell_add(&all, s, i);
    if (all.n_good == 0 || all.n_bad == 0)
        return vouch__fail(ctx, VOUCH_E_DATA, "binning: every training row has the same outcome");
    size_t n = set_apart(input, s, row, tail);
    double fewest = ceil(rule->min_share * (double)s->n);
    vouch__cut_rule cut = { rule->max_bins, fewest > 1.0 ? (size_t)fewest : 1, rule->min_events, all.good,
                            all.bad };
    vouch_status status = input->is_category ? category_bins(ctx, input, &cut, s, n, row, cell, &pooled, out)
                                             : number_bins(ctx, input, &cut, s, n, row, cell, out);
    if (status)
        return status;
    for (size_t t = 0; t < tail_n; t++) {
        size_t b = out->n_bins - tail_n + t;
        cell[b] = tail[t];
        out->bin[b].type = t + 1 == tail_n ? VOUCH__BIN_MISSING : VOUCH__BIN_SPECIAL;
        out->bin[b].low = out->bin[b].high = t + 1 == tail_n ? NAN : input->special[t];
    }
    weigh(out, cell, &all, rule->min_events);
    if (!pooled)
        out->otherwise = vouch__neutral_bin(out);
    return VOUCH_OK;
}

vouch_status vouch__bin_weigh(vouch_ctx *ctx, const vouch__bin_rule *rule, size_t n, const double *x,
                              const double *bad, const double *weight, vouch__card_input *c)
{
    size_t mark = vouch__scratch_mark(ctx);
    sample s = { n, x, bad, weight };
    vouch__cell *cell = vouch__scratch(ctx, c->n_bins, sizeof *cell), all = { 0 };
    if (!cell)
        return vouch__oom(ctx);
    memset(cell, 0, c->n_bins * sizeof *cell);
    for (size_t i = 0; i < n; i++) {
        cell_add(&cell[vouch__card_input_bin(c, x[i])], &s, i);
        cell_add(&all, &s, i);
    }
    weigh(c, cell, &all, rule->min_events);
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

vouch_status vouch__bin_input(vouch_ctx *ctx, const vouch__input *input, const vouch__bin_rule *rule,
                              size_t n, const double *x, const double *bad, const double *weight,
                              vouch__card_input *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    sample s = { n, x, bad, weight };
    memset(out, 0, sizeof *out);
    vouch_status status = bin_input(ctx, input, rule, &s, out);
    if (status)
        vouch__card_input_clear(vouch__allocator(ctx), out);
    vouch__scratch_reset(ctx, mark);
    return status;
}

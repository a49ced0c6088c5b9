/* Is a feature a stand-in for a protected group?
 *
 * The question is how well the feature alone tells the group from everybody else. A feature may do so in any
 * shape (a high and a low end, single categories, being missing), so its values are put into bins, the bins
 * in order of the group's share, and the AUC of that order is taken. An order learnt from the rows it is
 * measured on finds structure in noise; so rows are halved by a hash, each half is measured in the order
 * learnt from the other, and the two are put together. Where feature and group are unrelated the order
 * carries nothing, and the rank-sum of each half has its exact mean and variance (ties corrected). The two
 * are not independent, though: what by chance agrees between the halves raises both. So the standard
 * deviation of their sum is taken as the sum of theirs, which no dependence can exceed. */
#include "base/parallel.h"
#include "evidence/test.h"
#include "fairness/groups.h"
#include "fairness/rows/fair_rows.h"
#include "num/rank.h"
#include "num/rng.h"
#include "num/special.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BINS = 20, TEXT_BINS = 50, SHOWN = 25 };
#define LEVEL 0.05

typedef struct association {
    size_t feature, group; /* positions in data->feature and in the groups */
    double auc, low, high, p, holm;
} association;

/* Bins of a feature: ranges up to edge[k], or a text's code when it is among the most frequent; the last bin
 * is for missing. */
typedef struct binner {
    bool is_text;
    size_t n, n_edges;
    double edge[BINS];
    uint16_t *of_code;
} binner;

static size_t bin_of(const binner *b, double x)
{
    size_t k = 0;
    if (isnan(x))
        return b->n - 1;
    if (b->is_text)
        return b->of_code[(size_t)x];
    while (k < b->n_edges && x > b->edge[k])
        k++;
    return k;
}

/* Each value its own bin while there are at most BINS, else cuts at equal shares. */
static vouch_status number_bins(vouch_ctx *ctx, size_t n, const double *x, binner *b)
{
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    size_t kept = 0, distinct = 0;
    if (!order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, n, x, order);
    if (status)
        return status;
    while (kept < n && !isnan(x[order[kept]]))
        kept++;
    for (size_t i = 0; i < kept && distinct <= BINS; i++)
        distinct += i == 0 || x[order[i]] != x[order[i - 1]];
    for (size_t i = 0; i + 1 < kept && b->n_edges < BINS - 1; i++) {
        bool ends = x[order[i + 1]] != x[order[i]];
        if (ends && (distinct <= BINS || (i + 1) * BINS >= (b->n_edges + 1) * kept))
            b->edge[b->n_edges++] = x[order[i]];
    }
    b->n = b->n_edges + 2;
    return VOUCH_OK;
}

/* The most frequent texts have bins of their own; the others share one. */
static vouch_status text_bins(vouch_ctx *ctx, size_t n, const double *x, size_t cats, binner *b)
{
    double *size = vouch__scratch(ctx, cats + 1, sizeof *size);
    uint32_t *order = vouch__scratch(ctx, cats + 1, sizeof *order);
    b->of_code = vouch__scratch(ctx, cats + 1, sizeof *b->of_code);
    if (!size || !order || !b->of_code)
        return vouch__oom(ctx);
    b->is_text = true;
    memset(size, 0, (cats + 1) * sizeof *size);
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            size[(size_t)x[i]] -= 1.0;
    vouch_status status = vouch__order(ctx, cats, size, order);
    for (size_t at = 0; !status && at < cats; at++)
        b->of_code[order[at]] = (uint16_t)(at < TEXT_BINS ? at : TEXT_BINS);
    b->n = (cats < TEXT_BINS ? cats : TEXT_BINS + 1) + 1;
    return status;
}

/* ---- one feature against one group, from counts ---- */

typedef struct tally { /* of one half */
    double in, out;
} tally;

typedef struct half_result {
    double pairs, won, variance_null, variance;
} half_result;

/* Mann-Whitney's count of the bins in the order given, its variance without association, and DeLong's
 * variance of the AUC. */
static half_result rank_half(size_t n, const tally *count, const uint32_t *order)
{
    half_result r = { 0 };
    double in = 0, out = 0, below = 0, above, ties = 0, s_in = 0, s_out = 0;
    for (size_t b = 0; b < n; b++) {
        in += count[b].in;
        out += count[b].out;
    }
    above = in;
    r.pairs = in * out;
    for (size_t k = 0; k < n; k++) {
        const tally *c = &count[order[k]];
        double t = c->in + c->out;
        r.won += c->in * (below + 0.5 * c->out);
        ties += t * t * t - t;
        below += c->out;
    }
    if (!(r.pairs > 0))
        return r;
    double all = in + out, auc = r.won / r.pairs;
    r.variance_null = r.pairs / 12 * (all + 1 - ties / (all * (all - 1)));
    below = 0;
    for (size_t k = 0; k < n; k++) { /* placements: of those in among those out, and the other way */
        const tally *c = &count[order[k]];
        double v_in = (below + 0.5 * c->out) / out - auc, v_out = (above - 0.5 * c->in) / in - auc;
        s_in += c->in * v_in * v_in;
        s_out += c->out * v_out * v_out;
        below += c->out;
        above -= c->in;
    }
    r.variance = (in > 1 ? s_in / (in - 1) / in : 0) + (out > 1 ? s_out / (out - 1) / out : 0);
    return r;
}

/* Bins in order of the group's share in the other half, drawn towards its overall share by one case. */
static vouch_status order_by_share(vouch_ctx *ctx, size_t n, const tally *other, double *share, uint32_t *out)
{
    double in = 0, all = 0;
    for (size_t b = 0; b < n; b++) {
        in += other[b].in;
        all += other[b].in + other[b].out;
    }
    for (size_t b = 0; b < n; b++)
        share[b] = (other[b].in + (all > 0 ? in / all : 0)) / (other[b].in + other[b].out + 1);
    return vouch__order(ctx, n, share, out);
}

static vouch_status associate(vouch_ctx *ctx, size_t bins, const tally *half[2], association *out)
{
    half_result r[2];
    double *share = vouch__scratch(ctx, bins, sizeof *share);
    uint32_t *order = vouch__scratch(ctx, bins, sizeof *order);
    if (!share || !order)
        return vouch__oom(ctx);
    for (size_t h = 0; h < 2; h++) {
        vouch_status status = order_by_share(ctx, bins, half[1 - h], share, order);
        if (status)
            return status;
        r[h] = rank_half(bins, half[h], order);
    }
    double pairs = r[0].pairs + r[1].pairs, null = sqrt(r[0].variance_null) + sqrt(r[1].variance_null);
    if (!(pairs > 0 && null > 0))
        return VOUCH_OK; /* one bin, or a group that lies in one half: nothing can be said */
    double error = (r[0].pairs * sqrt(r[0].variance) + r[1].pairs * sqrt(r[1].variance)) / pairs;
    double reach = vouch__normal_quantile(1 - 0.5 * LEVEL) * error;
    out->auc = (r[0].won + r[1].won) / pairs;
    out->low = fmax(0, out->auc - reach);
    out->high = fmin(1, out->auc + reach);
    out->p = vouch__normal_sf((r[0].won + r[1].won - 0.5 * pairs) / null);
    return VOUCH_OK;
}

/* ---- one feature against all groups of a column ---- */

typedef struct job {
    const vouch__fair_data *data;
    const vouch__groups *groups;
    const uint8_t *half;  /* [n] */
    const size_t *tested; /* groups compared with the rest */
    size_t n_tested;
    association *out; /* [n_features x n_tested] */
} job;

static vouch_status count_and_test(vouch_ctx *ctx, const job *j, size_t at, const double *x, const binner *b)
{
    const vouch__groups *g = j->groups;
    size_t cells = b->n * g->n_groups;
    double *count = vouch__scratch(ctx, 2 * cells, sizeof *count);
    tally *tallies = vouch__scratch(ctx, 2 * b->n, sizeof *tallies);
    if (!count || !tallies)
        return vouch__oom(ctx);
    memset(count, 0, 2 * cells * sizeof *count);
    for (size_t i = 0; i < g->n; i++)
        count[j->half[i] * cells + bin_of(b, x[i]) * g->n_groups + g->of[i]] += 1;
    for (size_t t = 0; t < j->n_tested; t++) {
        association *out = &j->out[at * j->n_tested + t];
        *out = (association){ at, j->tested[t], NAN, NAN, NAN, NAN, NAN };
        for (size_t k = 0; k < 2 * b->n; k++) {
            tallies[k] = (tally){ 0 };
            for (size_t h = 0; h < g->n_groups; h++)
                if (h == j->tested[t])
                    tallies[k].in += count[k * g->n_groups + h];
                else if (h != g->missing)
                    tallies[k].out += count[k * g->n_groups + h];
        }
        const tally *half[2] = { tallies, tallies + b->n };
        vouch_status status = associate(ctx, b->n, half, out);
        if (status)
            return status;
    }
    return VOUCH_OK;
}

static vouch_status one_feature(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const job *j = arg;
    (void)chunk;
    for (size_t at = begin; at < end; at++) {
        size_t column = j->data->feature[at], n = j->groups->n, mark = vouch__scratch_mark(worker);
        binner b = { .n = 0 };
        double *x = vouch__scratch(worker, n, sizeof *x);
        if (!x)
            return vouch__oom(worker);
        vouch__table_gather(j->data->table, column, n, j->data->split->row[VOUCH__TRAIN], x);
        vouch_status status = vouch_table_type(j->data->table, column) == VOUCH_TEXT
                                  ? text_bins(worker, n, x, vouch_table_categories(j->data->table, column),
                                              &b)
                                  : number_bins(worker, n, x, &b);
        if (!status)
            status = count_and_test(worker, j, at, x, &b);
        if (status)
            return status;
        vouch__scratch_reset(worker, mark);
    }
    return VOUCH_OK;
}

/* ---- all protected columns ---- */

typedef struct column_job {
    vouch__groups groups;
    size_t tested[VOUCH__GROUPS_MAX + 1], n_tested, first; /* first: of its associations in the whole list */
} column_job;

/* Groups large enough, without the missing; of two, one: the other is its mirror. */
static void choose_tested(const vouch__fair_data *data, column_job *c)
{
    size_t named = c->groups.n_groups - (c->groups.missing != SIZE_MAX);
    for (size_t g = 0; g < named; g++)
        if (vouch__group_is_fair(vouch__fair_min_group(data), &c->groups, g) &&
            !(named == 2 && g == c->groups.reference) && named > 1)
            c->tested[c->n_tested++] = g;
}

static int by_auc(const void *a, const void *b)
{
    const association *x = a, *y = b;
    double u = isnan(x->auc) ? -1 : x->auc, v = isnan(y->auc) ? -1 : y->auc;
    if (u != v)
        return u < v ? 1 : -1;
    if (x->feature != y->feature)
        return x->feature > y->feature ? 1 : -1;
    return (x->group > y->group) - (x->group < y->group);
}

static const char *part_of(const vouch__fair_data *data)
{
    return data->is_sample ? data->part_name : "train";
}
#define PROXY_ENTRY(...) VOUCH__TEST_ENTRY(vouch__test_fair_proxy, .part = part_of(data), __VA_ARGS__)

static void feature_table(const vouch__fair_data *data, const column_job *c, size_t n, const association *a,
                          vouch__json *entry, vouch__evidence *list)
{
    bool several = c->n_tested > 1; /* a feature then stands there once a group: the plot names both */
    vouch__json *table = vouch__evidence_table(
        list, entry, "features",
        several ? "feature,group,group_n,auc,low,high,p_value,p_holm,feature_and_group"
                : "feature,group,group_n,auc,low,high,p_value,p_holm");
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        vouch__json *row = vouch__evidence_row(list, table);
        vouch__row_text(list, row, vouch_table_name(data->table, data->feature[a[i].feature]));
        vouch__row_text(list, row, c->groups.label[a[i].group]);
        vouch__row_number(list, row, (double)c->groups.count[a[i].group]);
        vouch__row_number(list, row, a[i].auc);
        vouch__row_number(list, row, a[i].low);
        vouch__row_number(list, row, a[i].high);
        vouch__row_number(list, row, a[i].p);
        vouch__row_number(list, row, a[i].holm);
        if (several)
            (void)vouch__json_push(list->doc, row,
                                   vouch__json_fmt(list->doc, "%s: %s",
                                                   vouch_table_name(data->table, data->feature[a[i].feature]),
                                                   c->groups.label[a[i].group]));
    }
    vouch__evidence_plot(list, entry, "bars", "features", several ? "feature_and_group" : "feature", "auc",
                         "feature", "AUC for the group");
}

static void tell(const vouch__fair_data *data, const column_job *c, association *a, vouch__evidence *list)
{
    size_t n = data->n_features * c->n_tested, top = 0;
    char note[320];
    qsort(a, n, sizeof *a, by_auc);
    while (top < n && !(a[top].holm < LEVEL))
        top++;
    bool found = top < n;
    const association *worst = &a[found ? top : 0];
    const char *name = vouch_table_name(data->table, data->feature[worst->feature]);
    if (found)
        (void)snprintf(note, sizeof note, "%.60s tells %s = %.60s from the rest best of all features.", name,
                       c->groups.column, c->groups.label[worst->group]);
    else
        (void)snprintf(note, sizeof note, "No feature tells any group significantly from the rest.");
    vouch__entry entry = PROXY_ENTRY(.subject = c->groups.column, .n = (double)c->groups.n,
                                     .value = worst->auc, .level = 1 - LEVEL, .low = worst->low,
                                     .high = worst->high, .p_value = worst->holm, .judged = found,
                                     .verdict = VOUCH__PASS, .note = note);
    entry.interval_method = "DeLong";
    if (!found && !vouch__policy_limit(list->policy, entry.id))
        entry.verdict = VOUCH__INFO;
    if (isnan(worst->auc)) {
        entry.verdict = VOUCH__REFUSED;
        entry.note = "No feature varies enough to be tested.";
    }
    feature_table(data, c, n, a, vouch__evidence_add(list, &entry), list);
    vouch__groups_refuse(vouch__fair_min_group(data), &c->groups, "fairness.proxy", entry.title, NULL,
                         part_of(data), list);
}

static vouch_status test_columns(vouch_ctx *ctx, const vouch__fair_data *data, column_job *c,
                                 association **out, size_t *out_n)
{
    const uint32_t *row = data->split->row[VOUCH__TRAIN];
    size_t n = data->split->n[VOUCH__TRAIN], all = 0;
    uint8_t *half = vouch__scratch(ctx, n, 1);
    if (!half)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++)
        half[i] = vouch__mix(data->seed, row[i]) & 1;
    for (size_t p = 0; p < data->n_protected; p++) {
        vouch_status status = vouch__groups_make(ctx, data, data->protected_column[p], n, row, &c[p].groups);
        if (status)
            return status;
        choose_tested(data, &c[p]);
        c[p].first = all;
        all += data->n_features * c[p].n_tested;
    }
    *out_n = all;
    *out = vouch__scratch(ctx, all, sizeof **out);
    if (!*out)
        return vouch__oom(ctx);
    memset(*out, 0, all * sizeof **out);
    for (size_t p = 0; p < data->n_protected; p++) {
        job j = { data, &c[p].groups, half, c[p].tested, c[p].n_tested, *out + c[p].first };
        vouch__progress(ctx, "fairness: proxies", p, data->n_protected);
        vouch_status status = vouch__parallel(ctx, data->n_features, 1, one_feature, &j);
        if (status)
            return status;
    }
    return VOUCH_OK;
}

static vouch_status adjust(vouch_ctx *ctx, size_t n, association *a)
{
    double *p = vouch__scratch(ctx, n, sizeof *p);
    if (!p)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++)
        p[i] = a[i].p;
    vouch_status status = vouch__holm(ctx, n, p, p);
    for (size_t i = 0; !status && i < n; i++)
        a[i].holm = p[i];
    return status;
}

vouch_status vouch__fair_proxy(vouch_ctx *ctx, const vouch__fair_data *data, vouch__evidence *list)
{
    size_t mark = vouch__scratch_mark(ctx), n = 0;
    association *a = NULL;
    column_job *c = vouch__scratch(ctx, data->n_protected + 1, sizeof *c);
    if (!c)
        return vouch__oom(ctx);
    memset(c, 0, (data->n_protected + 1) * sizeof *c);
    vouch_status status = test_columns(ctx, data, c, &a, &n);
    if (!status)
        status = adjust(ctx, n, a);
    for (size_t p = 0; !status && p < data->n_protected; p++) {
        if (a && data->n_features * c[p].n_tested > 0) {
            tell(data, &c[p], a + c[p].first, list);
            continue;
        }
        vouch__entry entry = PROXY_ENTRY(.subject = c[p].groups.column, .n = (double)c[p].groups.n,
                                         .verdict = VOUCH__REFUSED);
        entry.note = "There are not two groups that are large enough, or no features.";
        (void)vouch__evidence_add(list, &entry);
    }
    vouch__scratch_reset(ctx, mark);
    return status ? status : vouch__doc_status(ctx, list->doc);
}

/* What each input has to do with the outcome: through its values, and through being missing. */
#include "data/sample_column.h"
#include "num/rank.h"
#include "num/special.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BINS_MAX = 100 };
#define ALPHA 0.05

typedef struct finding { /* of one column */
    double value, information, iv, p, adjusted;
    double missing, rate_missing, rate_present;
    size_t at;
} finding;

static int by_value(const void *a, const void *b)
{
    const finding *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? 1 : -1;
    return (x->at > y->at) - (x->at < y->at);
}

/* Correct the p-values, sort by value and return how many are significant. NaN values go last. */
static vouch_status settle(vouch_ctx *ctx, size_t n, finding *f, size_t *out_significant)
{
    double *p = vouch__scratch(ctx, n + 1, sizeof *p);
    if (!p)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++)
        p[i] = f[i].p;
    vouch_status status = vouch__holm(ctx, n, p, p);
    *out_significant = 0;
    for (size_t i = 0; i < n && !status; i++) {
        f[i].adjusted = p[i];
        *out_significant += p[i] <= ALPHA;
    }
    qsort(f, n, sizeof *f, by_value);
    return status;
}

/* The largest that is significant; without one, the largest. */
static const finding *worst_of(size_t n, const finding *f)
{
    for (size_t i = 0; i < n; i++)
        if (f[i].adjusted <= ALPHA)
            return &f[i];
    return &f[0];
}

static void judge(const vouch__test_call *call, vouch__entry *entry, const finding *w)
{
    entry->value = w->value;
    entry->p_value = w->adjusted;
    entry->judged = w->adjusted <= ALPHA;
    entry->verdict = vouch__policy_limit(call->list->policy, entry->id) ? VOUCH__PASS : VOUCH__INFO;
}

static const char *name_of(const vouch__sample *s, size_t at)
{
    return vouch_table_name(s->table, s->feature[at]);
}

/* ---- through being missing ---- */

static finding missing_finding(const vouch__sample *s, size_t at, const double *x)
{
    double n = (double)s->n, bad = (double)s->n_bad, gone = 0.0, gone_bad = 0.0;
    for (size_t i = 0; i < s->n; i++) {
        gone += isnan(x[i]) ? 1.0 : 0.0;
        gone_bad += isnan(x[i]) ? (double)s->bad[i] : 0.0;
    }
    finding f = { .at = at, .missing = gone, .value = NAN, .p = NAN };
    double least = fmin(gone, n - gone) * fmin(bad, n - bad) / n; /* the smallest expected count */
    if (least < 5.0)
        return f;
    f.rate_missing = gone_bad / gone;
    f.rate_present = (bad - gone_bad) / (n - gone);
    double cross = gone_bad * (n - gone - bad + gone_bad) - (gone - gone_bad) * (bad - gone_bad);
    f.p = vouch__chi2_sf(n * (cross / (gone * (n - gone))) * (cross / (bad * (n - bad))), 1.0);
    f.value = fabs(f.rate_missing - f.rate_present);
    return f;
}

static vouch_status run_missing(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    finding *f = vouch__scratch(ctx, s->n_features, sizeof *f);
    size_t n = 0, significant = 0, any = 0;
    char note[200];
    if (!f)
        return vouch__oom(ctx);
    for (size_t i = 0; i < s->n_features; i++) {
        size_t mark = vouch__scratch_mark(ctx);
        double *x = vouch__sample_column(ctx, s, s->feature[i]);
        if (!x)
            return vouch__oom(ctx);
        f[n] = missing_finding(s, i, x);
        any += f[n].missing > 0.0;
        n += isnan(f[n].value) ? 0 : 1;
        vouch__scratch_reset(ctx, mark);
    }
    if (n == 0) {
        vouch__test_skip(call,
                         any ? "No input is missing, and there, often enough to compare: 5 cases of each "
                               "kind are expected at least."
                             : "No value is missing.");
        return VOUCH_OK;
    }
    vouch_status status = settle(ctx, n, f, &significant);
    if (status)
        return status;
    const finding *w = worst_of(n, f);
    (void)snprintf(note, sizeof note,
                   "%zu of %zu inputs with missing values differ significantly; most: %.100s.", significant,
                   n, name_of(s, w->at));
    vouch__entry entry = vouch__test_entry(call);
    judge(call, &entry, w);
    entry.note = note;
    vouch__json *table = vouch__evidence_table(
        call->list, vouch__test_add(call, &entry), "columns",
        "column,missing,bad_rate_missing,bad_rate_present,p_value,p_holm");
    for (size_t i = 0; i < n; i++)
        vouch__test_row(call, table, "tnnnnn", name_of(s, f[i].at), f[i].missing, f[i].rate_missing,
                        f[i].rate_present, f[i].p, f[i].adjusted);
    return VOUCH_OK;
}

const vouch_test vouch__test_data_missing_label = {
    .id = "data.missing_label",
    .section = "data",
    .title = "Is being missing related to the outcome?",
    .purpose =
        "What is missing may tell the outcome: because only some were asked, or because a field is filled "
        "in after the fact. A model will use it, whether that is right or not.",
    .mechanism = "For each input the bad rate where it is missing and where it is there, and Pearson's "
                 "chi-square test that they are equal. The value is the largest significant difference.",
    .convention =
        "Without continuity correction; p-values adjusted by Holm. Inputs of which fewer than 5 cases "
        "of a kind would be expected are left out.",
    .high_risk =
        "A large difference for a field that a clerk fills in, or one that is only known of accounts in "
        "trouble: the gap is a trace of the outcome.",
    .strengths =
        "Looks at the one thing that tests of values leave out, column by column, corrected for their "
        "number.",
    .limits =
        "A real difference is no proof of leakage: who leaves a field empty may be riskier. Combinations "
        "of missing fields are not looked at.",
    .source = "Rubin, Biometrika 63 (1976) 581-592; Pearson, Philosophical Magazine 50 (1900) 157-175",
    .null_hypothesis = "the bad rate is the same where the input is missing",
    .unit = "share",
    .needs = VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH,
    .run = run_missing,
};

/* ---- through its values ---- */

/* Bins: quantiles of numbers, each text, one for missing. *out_bins of them; of[n] the case's. */
static vouch_status cut(vouch_ctx *ctx, const vouch__sample *s, size_t col, size_t most, uint32_t *of,
                        size_t *out_bins)
{
    double *x = vouch__sample_column(ctx, s, col), edge[BINS_MAX];
    uint32_t *order = vouch__scratch(ctx, s->n + 1, sizeof *order);
    size_t known = 0, n_edges = 0;
    if (!x || !order)
        return vouch__oom(ctx);
    if (vouch__sample_is_text(s, col)) {
        size_t n = vouch_table_categories(s->table, col);
        for (size_t i = 0; i < s->n; i++)
            of[i] = isnan(x[i]) ? (uint32_t)n : (uint32_t)x[i];
        *out_bins = n + 1;
        return VOUCH_OK;
    }
    vouch_status status = vouch__order(ctx, s->n, x, order);
    if (status)
        return status;
    while (known < s->n && !isnan(x[order[known]]))
        known++;
    for (size_t b = 1; b < most && known; b++) {
        double at = x[order[b * known / most]];
        if (n_edges == 0 || at > edge[n_edges - 1])
            edge[n_edges++] = at;
    }
    for (size_t i = 0; i < s->n; i++) {
        size_t b = 0;
        while (b < n_edges && x[i] >= edge[b])
            b++;
        of[i] = (uint32_t)(isnan(x[i]) ? n_edges + 1 : b);
    }
    *out_bins = n_edges + 2;
    return VOUCH_OK;
}

static vouch_status value_finding(vouch_ctx *ctx, const vouch__sample *s, size_t at, size_t most,
                                  finding *out)
{
    uint32_t *of = vouch__scratch(ctx, s->n + 1, sizeof *of);
    size_t bins = 0, used = 0;
    if (!of)
        return vouch__oom(ctx);
    vouch_status status = cut(ctx, s, s->feature[at], most, of, &bins);
    if (status)
        return status;
    double *n = vouch__scratch(ctx, bins, sizeof *n), *bad = vouch__scratch(ctx, bins, sizeof *bad);
    if (!n || !bad)
        return vouch__oom(ctx);
    memset(n, 0, bins * sizeof *n);
    memset(bad, 0, bins * sizeof *bad);
    for (size_t i = 0; i < s->n; i++) {
        n[of[i]]++;
        bad[of[i]] += s->bad[i];
    }
    double all = (double)s->n, bads = (double)s->n_bad, goods = all - bads, information = 0.0, iv = 0.0;
    for (size_t b = 0; b < bins; b++)
        used += n[b] > 0.0;
    for (size_t b = 0; b < bins; b++) {
        double good = n[b] - bad[b], half = 0.5 * (double)used;
        if (!(n[b] > 0.0))
            continue;
        information += bad[b] > 0.0 ? bad[b] / all * vouch__log(bad[b] * all / (n[b] * bads)) : 0.0;
        information += good > 0.0 ? good / all * vouch__log(good * all / (n[b] * goods)) : 0.0;
        double d = (bad[b] + 0.5) / (bads + half), g = (good + 0.5) / (goods + half);
        iv += (d - g) * vouch__log(d / g);
    }
    double entropy = -bads / all * vouch__log(bads / all) - goods / all * vouch__log(goods / all);
    double df = (double)used - 1.0;
    information = fmax(0.0, information);
    *out = (finding){ .at = at, .information = information, .iv = iv, .p = NAN, .value = NAN };
    if (df < 1.0)
        return VOUCH_OK;
    out->p = vouch__chi2_sf(2.0 * all * information, df);
    out->value = fmax(0.0, information - df / (2.0 * all)) / entropy; /* less what chance gives on average */
    return VOUCH_OK;
}

static vouch_status run_values(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    finding *f = vouch__scratch(ctx, s->n_features, sizeof *f);
    size_t n = 0, significant = 0, most = (size_t)vouch__test_param(call, "bins");
    char note[200];
    vouch_status status = VOUCH_OK;
    if (!f)
        return vouch__oom(ctx);
    for (size_t i = 0; i < s->n_features && !status; i++) {
        size_t mark = vouch__scratch_mark(ctx);
        status = vouch__poll(ctx);
        if (!status)
            status = value_finding(ctx, s, i, most, &f[n]);
        n += !status && !isnan(f[n].value) ? 1 : 0;
        vouch__scratch_reset(ctx, mark);
    }
    if (!status && n == 0) {
        vouch__test_refuse(call, "No input varies.");
        return VOUCH_OK;
    }
    if (!status)
        status = settle(ctx, n, f, &significant);
    if (status)
        return status;
    const finding *w = worst_of(n, f);
    (void)snprintf(note, sizeof note,
                   "%zu of %zu inputs are significantly related to the outcome; most: %.100s.", significant,
                   n, name_of(s, w->at));
    vouch__entry entry = vouch__test_entry(call);
    judge(call, &entry, w);
    entry.note = note;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(
        call->list, object, "columns",
        "column,share_explained,mutual_information,information_value,p_value,p_holm");
    for (size_t i = 0; i < n; i++)
        vouch__test_row(call, table, "tnnnnn", name_of(s, f[i].at), f[i].value, f[i].information, f[i].iv,
                        f[i].p, f[i].adjusted);
    vouch__evidence_plot(call->list, object, "bars", "columns", "column", "share_explained", "input",
                         "share of the outcome's uncertainty");
    return VOUCH_OK;
}

static const vouch__param params[] = {
    { "bins", VOUCH__PARAM_INTEGER, 2, BINS_MAX, 10, NULL, "",
      "Most quantile bins that a number is cut into." },
};

const vouch_test vouch__test_data_association = {
    .id = "data.association",
    .section = "data",
    .title = "What each input tells of the outcome",
    .purpose =
        "Which inputs carry information on the outcome, and does one carry more than it honestly could? "
        "The ranking is where a search for leakage begins.",
    .mechanism =
        "Mutual information of outcome and binned input, as a share of the outcome's entropy, less what "
        "chance gives on average; with the likelihood-ratio (G) test of independence and the "
        "information value.",
    .convention =
        "Natural logarithms. Tenths of numbers, each text, and missing a bin of its own. Chance gives "
        "(bins - 1) / 2n. The information value adds half a case to each cell. p-values by Holm.",
    .high_risk =
        "An input that explains a third of the uncertainty, or has an information value above 0.5: look "
        "for leakage before for joy.",
    .strengths =
        "Sees dependence of any shape, treats numbers, texts and gaps alike, and is on one scale for "
        "all columns.",
    .limits =
        "Each input alone: what two tell together is not seen. Many rare texts flatter a column in small "
        "samples; data.single_auc measures on rows that took no part.",
    .source = "Theil, Economics and Information Theory (1967) (the share); Miller, in Information Theory in "
              "Psychology (1955) (its bias); Siddiqi, Intelligent Credit Scoring (2nd ed., 2017), ch. 6",
    .null_hypothesis = "input and outcome are independent",
    .unit = "share of uncertainty",
    .needs = VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH,
    .params = params,
    .n_params = 1,
    .run = run_values,
};

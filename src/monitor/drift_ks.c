/* Two samples of scores by Kolmogorov and Smirnov. */
#include "evidence/test.h"
#include "num/kolmogorov.h"
#include "num/rank.h"

#include <math.h>

static const double level = 0.95;

/* Largest distance of the two distribution functions; *at: the score where it is first reached. */
static vouch_status distance(vouch_ctx *ctx, const vouch__sample *a, const vouch__sample *b, double *out,
                             double *at)
{
    size_t n = a->n + b->n;
    double *x = vouch__scratch(ctx, n, sizeof *x);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!x || !order)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++)
        x[i] = i < a->n ? a->score[i] : b->score[i - a->n];
    vouch_status status = vouch__order(ctx, n, x, order);
    if (status)
        return status;
    *out = 0.0;
    *at = x[order[0]];
    double below[2] = { 0.0, 0.0 };
    for (size_t i = 0, j = 0; i < n; i = j) {
        for (; j < n && x[order[j]] == x[order[i]]; j++) /* ties move together */
            below[order[j] >= a->n]++;
        double gap = fabs(below[0] / (double)a->n - below[1] / (double)b->n);
        if (gap > *out) {
            *out = gap;
            *at = x[order[i]];
        }
    }
    return VOUCH_OK;
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    double value = 0.0, at = NAN, n = (double)call->now->n, m = (double)call->before->n;
    vouch_status status = distance(ctx, call->now, call->before, &value, &at);
    if (status)
        return status;
    double scale = sqrt(n * m / (n + m));
    vouch__entry entry = vouch__test_entry(call);
    entry.value = value;
    entry.judged = true;
    entry.statistic = scale * value;
    entry.p_value = vouch__kolmogorov_sf(scale * value);
    entry.critical = vouch__kolmogorov_quantile(1.0 - level) / scale;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "samples", "quantity,value");
    vouch__test_row(call, table, "tn", "cases", n);
    vouch__test_row(call, table, "tn", "cases of the reference", m);
    vouch__test_row(call, table, "tn", "score where the distance is reached", at);
    return VOUCH_OK;
}

const vouch_test vouch__test_drift_ks = {
    .id = "drift.ks",
    .section = "monitor",
    .title = "Kolmogorov-Smirnov distance of the score from a reference",
    .purpose = "Do the cases score as the reference did? A shift of the score's distribution moves approval "
               "rates and losses before a single outcome is known.",
    .mechanism = "The largest distance between the distribution functions of the two sets of scores. Without "
                 "drift, sqrt(n m / (n + m)) times the distance follows Kolmogorov's law.",
    .convention =
        "Tied scores move together. p-value and critical value (95 %) are of the limiting law, which "
        "is conservative for scores with ties.",
    .high_risk = "A distance beyond the critical value that is also large: with 100,000 cases a distance of "
                 "0.01 is significant and harmless; with 100 one of 0.15 may be chance and matter.",
    .strengths = "Needs no bins, and finds changes of any shape: level, spread or a new mode.",
    .limits = "Weak in the tails, where cut-offs often lie. It says that the scores moved, not why, and not "
              "whether the ranking suffered.",
    .source = "Smirnov, Annals of Mathematical Statistics 19 (1948) 279-281; Massey, JASA 46 (1951) 68-78",
    .null_hypothesis = "both sets of scores come from one distribution",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_REFERENCE,
    .run = run,
};

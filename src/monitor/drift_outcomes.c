/* Drift of outcomes, once they are known: how many are bad, where on the score, and against what was told. */
#include "evidence/test.h"

#include "monitor/drift_tests.h"
#include "num/special.h"
#include "validate/cases.h"
#include "validate/suite.h"

#include <math.h>
#include <stdio.h>

enum { BANDS = 10 };

static double rate(double k, double n) { return n > 0.0 ? k / n : (double)NAN; }

/* ---- bad rate ---- */

static vouch_status run_bad_rate(vouch_ctx *ctx, const vouch__test_call *call)
{
    double n = (double)call->now->n, m = (double)call->before->n;
    double k = (double)call->now->n_bad, l = (double)call->before->n_bad, p = k / n, q = l / m;
    double se = sqrt(p * (1.0 - p) / n + q * (1.0 - q) / m), margin = vouch__cases_margin(0.95);
    (void)ctx;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = fabs(p - q);
    entry.p_value = vouch__drift_rates(l, m, k, n);
    entry.judged = entry.p_value <= 0.05;
    entry.verdict = vouch__policy_limit(call->list->policy, entry.id) ? VOUCH__PASS : VOUCH__INFO;
    if (se > 0.0) {
        entry.level = 0.95;
        entry.low = fmax(0.0, fabs(p - q) - margin * se);
        entry.high = fmin(1.0, fabs(p - q) + margin * se);
        entry.interval_method = "normal, of the size of the change";
    }
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "samples", "sample,n,n_bad,bad_rate");
    vouch__test_row(call, table, "tnnn", "reference", m, l, q);
    vouch__test_row(call, table, "tnnn", "now", n, k, p);
    return VOUCH_OK;
}

const vouch_test vouch__test_drift_bad_rate = {
    .id = "drift.bad_rate",
    .section = "monitor",
    .title = "Change of the bad rate",
    .purpose = "Do more or fewer cases go bad than did in the reference? Prices and provisions rest on the "
               "rate.",
    .mechanism = "The two rates, and Fisher's exact test that they are equal; the value is the size of the "
                 "change, up or down.",
    .convention = "Two-sided: twice the smaller tail. Judged only when the test is significant at 5 %. Cases "
                  "without an outcome are left out, so young cases bias the rate downwards.",
    .high_risk = "A rise beyond two points of the rate, or a fall that comes from outcomes not yet ripe.",
    .strengths = "Exact at any size, and the first thing that a portfolio manager asks.",
    .limits =
        "Says nothing of why: the mix of cases, the economy, or the model's own cut-off may have moved.",
    .source = "Fisher, J. R. Stat. Soc. 98 (1935) 39-82",
    .null_hypothesis = "both samples have the same bad rate",
    .unit = "share",
    .needs = VOUCH__NEEDS_LABELS | VOUCH__NEEDS_REFERENCE,
    .run = run_bad_rate,
};

/* ---- bands of the score ---- */

typedef struct band {
    double n, bad, expected, square; /* square: sum of p squared */
} band;

static void add(const vouch__sample *s, size_t i, band *b)
{
    b->bad += s->bad[i];
    if (s->probability) {
        b->expected += s->probability[i];
        b->square += s->probability[i] * s->probability[i];
    }
}

static void fill(const vouch__sample *s, size_t n_edges, const double *edge, band *out)
{
    for (size_t i = 0; i < s->n; i++) {
        band *b = &out[vouch__psi_bin(n_edges, edge, s->score[i])];
        b->n++;
        add(s, i, b);
    }
}

static vouch_status run_bands(vouch_ctx *ctx, const vouch__test_call *call)
{
    double edge[BANDS], p[BANDS + 1], adjusted[BANDS + 1], worst = 0.0;
    band was[BANDS + 1] = { { 0 } }, is[BANDS + 1] = { { 0 } };
    size_t n_edges = 0, changed = 0, at = 0;
    char note[200];
    vouch_status status = vouch__psi_edges(ctx, call->before->n, call->before->score, BANDS, edge, &n_edges);
    if (status)
        return status;
    fill(call->before, n_edges, edge, was);
    fill(call->now, n_edges, edge, is);
    for (size_t b = 0; b <= n_edges; b++)
        p[b] = vouch__drift_rates(was[b].bad, was[b].n, is[b].bad, is[b].n);
    status = vouch__holm(ctx, n_edges + 1, p, adjusted);
    if (status)
        return status;
    double smallest = NAN;
    for (size_t b = 0; b <= n_edges; b++) {
        double change = fabs(rate(is[b].bad, is[b].n) - rate(was[b].bad, was[b].n));
        changed += adjusted[b] <= 0.05;
        smallest = fmin(smallest, adjusted[b]);
        if (change > worst) {
            worst = change;
            at = b;
        }
    }
    (void)snprintf(note, sizeof note,
                   "%zu of %zu bands have another bad rate after correction; most changed: "
                   "band %zu.",
                   changed, n_edges + 1, at + 1);
    vouch__entry entry = vouch__test_entry(call);
    entry.value = (double)changed;
    entry.judged = true;
    entry.p_value = smallest;
    entry.note = note;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(
        call->list, object, "bands",
        "band,score_to,reference_share,share,reference_bad_rate,bad_rate,p_value,p_holm");
    for (size_t b = 0; b <= n_edges; b++)
        vouch__test_row(call, table, "nnnnnnnn", (double)(b + 1), b < n_edges ? edge[b] : (double)NAN,
                        was[b].n / (double)call->before->n, is[b].n / (double)call->now->n,
                        rate(was[b].bad, was[b].n), rate(is[b].bad, is[b].n), p[b], adjusted[b]);
    vouch__evidence_plot(call->list, object, "bars", "bands", "band", "reference_bad_rate,bad_rate",
                         "score band, safest to riskiest", "bad rate");
    return VOUCH_OK;
}

const vouch_test vouch__test_drift_bands = {
    .id = "drift.score_bands",
    .section = "monitor",
    .title = "Change of bad rates by score band",
    .purpose =
        "Does a score still mean the risk that it meant? The relation of score and outcome may turn in "
        "one region while the average stays.",
    .mechanism =
        "Bands are the tenths of the reference's score. In each the bad rates of both samples are held "
        "against each other by Fisher's exact test, corrected by Holm; the value counts the bands that "
        "changed.",
    .convention =
        "Edges frozen on the reference, closed on the side of lower risk, ties never cut. Two-sided, "
        "5 % after correction.",
    .high_risk =
        "Bands near the cut-off with a higher bad rate than before; safe bands that are safe no longer.",
    .strengths = "Says where on the score the relation turned, with exact tests that hold in thin bands.",
    .limits = "With few bads per band only large changes are found. Changes within a band are not seen.",
    .source = "Fisher, J. R. Stat. Soc. 98 (1935) 39-82; Holm, Scand. J. Stat. 6 (1979) 65-70",
    .null_hypothesis = "in every band both samples have the same bad rate",
    .unit = "bands",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_REFERENCE,
    .run = run_bands,
};

/* ---- calibration ---- */

static band total(const vouch__sample *s)
{
    band all = { .n = (double)s->n };
    for (size_t i = 0; i < s->n; i++)
        add(s, i, &all);
    return all;
}

static vouch_status run_calibration(vouch_ctx *ctx, const vouch__test_call *call)
{
    band was = total(call->before), is = total(call->now);
    (void)ctx;
    if (!(was.bad > 0.0) || !(was.expected > 0.0) || !(is.expected > 0.0)) {
        vouch__test_refuse(call, "The reference has no bad case, or a sample expects none: there is no ratio "
                                 "to compare.");
        return VOUCH_OK;
    }
    const vouch__drift_odds before = { was.bad, was.expected, was.square };
    const vouch__drift_odds now = { is.bad, is.expected, is.square };
    /* the interval is on the logarithm, by the delta method */
    double change = vouch__log(is.bad / is.expected) - vouch__log(was.bad / was.expected);
    double spread = fmax(0.0, was.expected - was.square) / was.bad / was.bad +
                    fmax(0.0, is.expected - is.square) / is.bad / is.bad;
    double margin = is.bad > 0.0 ? vouch__cases_margin(0.95) * sqrt(spread) : (double)NAN;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = fabs(is.bad / is.expected / (was.bad / was.expected) - 1.0);
    entry.statistic = vouch__drift_ratio(&before, &now, &entry.p_value);
    entry.judged = !(entry.p_value > 0.05);
    entry.verdict = vouch__policy_limit(call->list->policy, entry.id) ? VOUCH__PASS : VOUCH__INFO;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "samples",
                                               "sample,n,observed,expected,observed_over_expected");
    vouch__test_row(call, table, "tnnnn", "reference", was.n, was.bad, was.expected, was.bad / was.expected);
    vouch__test_row(call, table, "tnnnn", "now", is.n, is.bad, is.expected, is.bad / is.expected);
    table = vouch__evidence_table(call->list, object, "change", "quantity,value");
    vouch__test_row(call, table, "tn", "ratio now over ratio of the reference",
                    is.bad / is.expected / (was.bad / was.expected));
    vouch__test_row(call, table, "tn", "lower limit, 95 %", vouch__exp(change - margin));
    vouch__test_row(call, table, "tn", "upper limit, 95 %", vouch__exp(change + margin));
    return VOUCH_OK;
}

const vouch_test vouch__test_drift_calibration = {
    .id = "drift.calibration",
    .section = "monitor",
    .title = "Change of calibration",
    .purpose = "Are the probabilities as right as they were? A model can keep its ranking while every "
               "probability has come to be too low.",
    .mechanism =
        "Observed bads over the sum of probabilities, in the sample and in the reference; the value is "
        "the relative change of that ratio, up or down. The difference of the two ratios is tested over its "
        "error where both samples have the same ratio.",
    .convention =
        "Two-sided normal test; each outcome is a coin of its probability times the ratio of both samples "
        "together. The interval is on the logarithm of the change, by the delta method. Judged only when "
        "significant at 5 %.",
    .high_risk = "A ratio that rose by more than a tenth: losses are understated by as much.",
    .strengths = "Allows for a model that was biased from the start: only the change counts.",
    .limits =
        "Errors that cancel between low and high risk are not seen: read validate.calibration beside it.",
    .source =
        "Breslow & Day, Statistical Methods in Cancer Research II (1987), ch. 2 (observed over expected)",
    .null_hypothesis = "observed over expected is the same in both samples",
    .unit = "relative change",
    .needs = VOUCH__NEEDS_PROBABILITY | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_REFERENCE,
    .run = run_calibration,
};

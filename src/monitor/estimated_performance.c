/* Performance before outcomes are known. If the probabilities are right, each case's outcome is a coin of
 * known bias, so every measure has an expectation and a variance that need no outcome (confidence-based
 * performance estimation). */
#include "evidence/test.h"

#include "monitor/drift_tests.h"
#include "num/rank.h"
#include "num/special.h"
#include "validate/cases.h"

#include <math.h>

typedef struct estimate {
    double value, variance; /* of the measure, over the outcomes that the probabilities allow */
} estimate;

enum { AUC, BAD_RATE, BRIER, LOG_LOSS, ACCURACY, PRECISION, RECALL, SPECIFICITY, MEASURES };
static const char *const names[MEASURES] = { "AUC",      "bad rate",  "Brier score", "log-loss",
                                             "accuracy", "precision", "recall",      "specificity" };

static bool runs_high(double p, double cutoff) { return p > cutoff; }

/* The score, where every case has one; else the probability ranks. */
static const double *ranking(const vouch__sample *s)
{
    for (size_t i = 0; s->score && i < s->n; i++)
        if (isnan(s->score[i]))
            return s->probability;
    return s->score ? s->score : s->probability;
}

/* Expected AUC, and the variance of what will be realised, by each case's influence. A case ties with itself,
 * as in the trapezoids of the expected ROC curve. */
vouch_status vouch__expected_auc(vouch_ctx *ctx, size_t n, const double *score, const double *p,
                                 double *out_auc, double *out_variance)
{
    size_t mark = vouch__scratch_mark(ctx);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    double *won = vouch__scratch(ctx, n, sizeof *won); /* d pairs won / d outcome of a case */
    if (!order || !won)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, n, score, order);
    if (status)
        return status;
    vouch__dd bad = { 0 }, good = { 0 }, pairs = { 0 }, spread = { 0 };
    for (size_t i = 0; i < n; i++) {
        vouch__accumulate(&bad, p[i]);
        vouch__accumulate(&good, 1.0 - p[i]);
    }
    double bads = vouch__accumulated(bad), goods = vouch__accumulated(good);
    vouch__dd bad_below = { 0 }, good_below = { 0 };
    for (size_t i = 0, j; i < n; i = j) {
        vouch__dd here_bad = { 0 }, here_good = { 0 };
        for (j = i; j < n && score[order[j]] == score[order[i]]; j++) {
            vouch__accumulate(&here_bad, p[order[j]]);
            vouch__accumulate(&here_good, 1.0 - p[order[j]]);
        }
        double b = vouch__accumulated(here_bad), g = vouch__accumulated(here_good);
        double gb = vouch__accumulated(good_below) + 0.5 * g;
        double above = bads - vouch__accumulated(bad_below) - 0.5 * b;
        for (size_t k = i; k < j; k++)
            won[order[k]] = gb - above;
        vouch__accumulate(&pairs, b * gb);
        vouch__accumulate(&bad_below, b);
        vouch__accumulate(&good_below, g);
    }
    double all = bads * goods, auc = vouch__accumulated(pairs) / all;
    for (size_t i = 0; i < n; i++) {
        double h = (won[i] - auc * (goods - bads)) / all;
        vouch__accumulate(&spread, p[i] * (1.0 - p[i]) * h * h);
    }
    *out_auc = all > 0.0 ? auc : (double)NAN;
    *out_variance = vouch__accumulated(spread);
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

/* Measures that are sums over cases, and ratios of such. */
static void expected_sums(const vouch__sample *s, double cutoff, estimate out[MEASURES])
{
    double n = (double)s->n, tp = 0.0, tn = 0.0, bads = 0.0, goods = 0.0, high = 0.0;
    double v_rate = 0.0, v_brier = 0.0, v_log = 0.0, v_high = 0.0, v_recall = 0.0, v_spec = 0.0;
    vouch__dd brier = { 0 }, loss = { 0 };
    for (size_t i = 0; i < s->n; i++) {
        double p = s->probability[i], q = fmin(fmax(p, 1e-15), 1.0 - 1e-15);
        bool is_high = runs_high(p, cutoff);
        bads += p;
        goods += 1.0 - p;
        tp += is_high ? p : 0.0;
        tn += is_high ? 0.0 : 1.0 - p;
        high += is_high;
        vouch__accumulate(&brier, p * (1.0 - p));
        vouch__accumulate(&loss, -p * vouch__log(q) - (1.0 - p) * vouch__log1p(-q));
    }
    double recall = tp / bads, specificity = tn / goods;
    for (size_t i = 0; i < s->n; i++) {
        double p = s->probability[i], q = fmin(fmax(p, 1e-15), 1.0 - 1e-15), coin = p * (1.0 - p);
        double odds = vouch__logit(q);
        bool is_high = runs_high(p, cutoff);
        v_rate += coin;
        v_brier += coin * (1.0 - 2.0 * p) * (1.0 - 2.0 * p);
        v_log += coin * odds * odds;
        v_high += is_high ? coin : 0.0;
        v_recall += coin * (is_high - recall) * (is_high - recall);
        v_spec += coin * (!is_high - specificity) * (!is_high - specificity);
    }
    out[BAD_RATE] = (estimate){ bads / n, v_rate / n / n };
    out[BRIER] = (estimate){ vouch__accumulated(brier) / n, v_brier / n / n };
    out[LOG_LOSS] = (estimate){ vouch__accumulated(loss) / n, v_log / n / n };
    out[ACCURACY] = (estimate){ (tp + tn) / n, v_rate / n / n };
    out[PRECISION] = (estimate){ tp / high, v_high / high / high };
    out[RECALL] = (estimate){ recall, v_recall / bads / bads };
    out[SPECIFICITY] = (estimate){ specificity, v_spec / goods / goods };
}

/* The same measures where outcomes are known. false: they are not, or of one kind only. */
static vouch_status realised(vouch_ctx *ctx, const vouch__sample *s, double cutoff, double out[MEASURES],
                             vouch_auc *auc, bool *out_known)
{
    size_t n = 0, n_bad = 0, mark = vouch__scratch_mark(ctx);
    double tp = 0.0, tn = 0.0, high = 0.0;
    *out_known = false;
    const double *rank = s ? ranking(s) : NULL;
    if (!s || !s->bad || !s->target)
        return VOUCH_OK;
    double *score = vouch__scratch(ctx, s->n, sizeof *score), *p = vouch__scratch(ctx, s->n, sizeof *p);
    uint8_t *bad = vouch__scratch(ctx, s->n, 1);
    if (!score || !p || !bad)
        return vouch__oom(ctx);
    for (size_t i = 0; i < s->n; i++) {
        if (isnan(s->target[i]))
            continue;
        score[n] = rank[i];
        p[n] = s->probability[i];
        bad[n] = s->bad[i];
        bool is_high = runs_high(p[n], cutoff);
        n_bad += bad[n];
        tp += is_high && bad[n];
        tn += !is_high && !bad[n];
        high += is_high;
        n++;
    }
    vouch_status status = VOUCH_OK;
    *out_known = n_bad > 0 && n_bad < n;
    if (*out_known)
        status = vouch_validate_auc_delong(ctx, n, score, bad, 0.95, auc);
    if (!status && *out_known)
        status = vouch_validate_brier(ctx, n, p, bad, NULL, &out[BRIER]);
    if (!status && *out_known)
        status = vouch_validate_log_loss(ctx, n, p, bad, NULL, &out[LOG_LOSS]);
    out[AUC] = *out_known && !status ? auc->auc : (double)NAN;
    out[BAD_RATE] = (double)n_bad / (double)n;
    out[ACCURACY] = (tp + tn) / (double)n;
    out[PRECISION] = tp / high;
    out[RECALL] = tp / (double)n_bad;
    out[SPECIFICITY] = tn / (double)(n - n_bad);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    estimate e[MEASURES] = { { NAN, NAN } };
    double was[MEASURES], cutoff = vouch__test_param(call, "cutoff"),
                          level = vouch__test_param(call, "level");
    double margin = vouch__cases_margin(level);
    vouch_auc auc = { .auc = NAN, .variance = NAN };
    bool known = false;
    vouch_status status = vouch__expected_auc(ctx, s->n, ranking(s), s->probability, &e[AUC].value,
                                              &e[AUC].variance);
    if (!status)
        status = realised(ctx, call->before, cutoff, was, &auc, &known);
    if (status)
        return status;
    expected_sums(s, cutoff, e);
    if (isnan(e[AUC].value)) {
        vouch__test_refuse(call, "Every probability is 0, or every one is 1: there is nothing to rank.");
        return VOUCH_OK;
    }
    vouch__entry entry = vouch__test_entry(call);
    double se = sqrt(e[AUC].variance);
    entry.value = e[AUC].value;
    entry.judged = true;
    entry.level = level;
    entry.low = fmax(0.0, entry.value - margin * se);
    entry.high = fmin(1.0, entry.value + margin * se);
    entry.interval_method = "normal; sampling error of the outcomes to come";
    if (known && auc.variance + e[AUC].variance > 0.0) {
        entry.statistic = (auc.auc - e[AUC].value) / sqrt(auc.variance + e[AUC].variance);
        entry.p_value = vouch__normal_sf(entry.statistic);
    } else {
        entry.null_hypothesis = NULL;
    }
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "measures",
                                               "measure,estimated,low,high,realised_on_reference");
    for (int k = 0; k < MEASURES; k++)
        vouch__test_row(call, table, "tnnnn", names[k], e[k].value, e[k].value - margin * sqrt(e[k].variance),
                        e[k].value + margin * sqrt(e[k].variance), known ? was[k] : (double)NAN);
    return VOUCH_OK;
}

static const vouch__param params[] = {
    { "cutoff", VOUCH__PARAM_REAL, 0, 1, 0.5, NULL, "probability",
      "Cases above it are taken to be told bad, for accuracy, precision, recall and specificity." },
    { "level", VOUCH__PARAM_REAL, 0.5, 0.9999, 0.95, NULL, "", "The level of the intervals." },
};

const vouch_test vouch__test_drift_cbpe = {
    .id = "drift.estimated_performance",
    .section = "monitor",
    .title = "Performance without labels (CBPE)",
    .purpose =
        "How well does the model do on cases whose outcomes are not known yet? In credit they come a year "
        "late; this is what can be said today.",
    .mechanism =
        "Every case counts as bad with its own probability and as good with the rest, so each measure "
        "has an expectation; its interval is the spread that the outcomes to come will have about it. "
        "With outcomes on the reference, the fall of the AUC is tested.",
    .convention = "The AUC is the area under the expected ROC curve. p is one-sided, for a fall, from both "
                  "variances, that of the outcomes to come included, so it seldom errs (docs/test_sizes.md); "
                  "above the cut-off means told bad.",
    .high_risk = "An expected AUC below the reference's by more than the interval: the population has become "
                 "harder to tell apart. A rising expected bad rate says the mix has become riskier.",
    .strengths = "Needs no outcome, and its error is stated. It follows every change of the inputs that the "
                 "model's probability sees.",
    .limits =
        "Believes the probabilities. If the relation of inputs and outcome has changed (concept drift) it "
        "cannot know: test calibration on the latest cases that have outcomes.",
    .source = "Guo, Pleiss, Sun & Weinberger, ICML (2017) 1321-1330 (calibration); NannyML 0.13.1 "
              "documentation (2025), "
              "Confidence-based Performance Estimation",
    .null_hypothesis = "the AUC is not lower than it was on the reference",
    .unit = "AUC",
    .needs = VOUCH__NEEDS_PROBABILITY,
    .uses = VOUCH__NEEDS_REFERENCE | VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};

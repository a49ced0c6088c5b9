/* Outcomes of a batch, as far as they are known: does the model still rank, is the bad rate what it was, do
 * probabilities come true? */
#include "monitor/monitor_parts.h"

#include "num/special.h"
#include "num/sum.h"
#include "validate/cases.h"
#include "validate/suite.h"

#include <math.h>

enum { LEAST_BADS = 10 };

typedef struct known { /* rows with an outcome */
    size_t n;
    double n_bad, *raw, *probability;
    uint8_t *bad;
} known;

static vouch_status gather(const vouch__watched *w, known *out)
{
    known k = { .raw = vouch__scratch(w->ctx, w->n + 1, sizeof *k.raw),
                .probability = vouch__scratch(w->ctx, w->n + 1, sizeof *k.probability),
                .bad = vouch__scratch(w->ctx, w->n + 1, 1) };
    if (!k.raw || !k.probability || !k.bad)
        return vouch__oom(w->ctx);
    for (size_t i = 0; i < w->n; i++) {
        if (isnan(w->outcome[i]))
            continue;
        k.raw[k.n] = w->raw[i];
        k.probability[k.n] = w->probability[i];
        k.bad[k.n] = w->outcome[i] != 0.0;
        k.n_bad += k.bad[k.n];
        k.n++;
    }
    *out = k;
    return VOUCH_OK;
}

static vouch__drift *outcome_test(vouch__watched *w, const known *k, const char *id, const char *title,
                                  const char *unit)
{
    vouch__drift *test = vouch__drift_of_outcomes(w, k->n, id, title, unit);
    test->n_bad = k->n_bad;
    return test;
}

/* The AUC itself, and how far it fell; both are judged by the test of the fall. */
static vouch_status watch_ranking(vouch__watched *w, const known *k)
{
    double was = vouch__json_double(vouch__json_get(w->reference, "auc"), NAN);
    double variance = vouch__json_double(vouch__json_get(w->reference, "auc_variance"), NAN);
    bool enough = k->n_bad >= LEAST_BADS && (double)k->n - k->n_bad >= LEAST_BADS;
    vouch_auc auc = { .auc = NAN, .variance = NAN, .low = NAN, .high = NAN };
    if (enough && k->n >= VOUCH__MONITOR_LEAST) {
        vouch_status status = vouch_validate_auc_delong(w->ctx, k->n, k->raw, k->bad, 0.95, &auc);
        if (status)
            return status;
    }
    double error = sqrt(auc.variance + variance), z = error > 0.0 ? (was - auc.auc) / error : NAN;
    for (int fall = 0; fall < 2; fall++) {
        vouch__drift *test = outcome_test(w, k, fall ? "monitor.auc_fall" : "monitor.auc",
                                          fall ? "Fall of discrimination" : "Discrimination on the batch",
                                          "AUC");
        test->purpose = "Does the model still rank bads above goods?";
        test->method =
            "AUC of the batch with DeLong's variance against that of the reference, one-sided z-test of a "
            "fall; the p-value is Holm-adjusted over all tests of the batch.";
        test->convention = "Larger scores are riskier; a tie counts one half.";
        test->source = "DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837-845.";
        test->null_hypothesis = "the AUC has not fallen";
        test->was = was;
        test->is = auc.auc;
        test->value = fall ? was - auc.auc : auc.auc;
        test->low = fall ? NAN : auc.low;
        test->high = fall ? NAN : auc.high;
        test->interval = "DeLong";
        test->statistic = z;
        test->p = isnan(z) ? NAN : vouch__normal_sf(z);
        if (!test->why_not && (!enough || isnan(was))) {
            test->why_not = enough ? "The reference has no AUC." : "Fewer than 10 known outcomes of a class.";
            test->if_not = VOUCH__REFUSED;
        }
    }
    return VOUCH_OK;
}

static void watch_rate(vouch__watched *w, const known *k)
{
    double was = vouch__json_double(vouch__json_get(w->reference, "n_bad"), NAN);
    vouch__drift *test = outcome_test(w, k, "monitor.bad_rate", "Change of the bad rate", "rate");
    test->purpose = "Do as many turn bad as before?";
    test->method =
        "Fisher's exact test of the two rates, two-sided; the p-value is Holm-adjusted over all tests of the "
        "batch.";
    test->convention = "The size of the change, up or down.";
    test->null_hypothesis = "the bad rate is that of the reference";
    test->was = was / w->n_reference;
    test->is = k->n ? k->n_bad / (double)k->n : NAN;
    test->value = fabs(test->is - test->was);
    test->p = vouch__drift_rates(was, w->n_reference, k->n_bad, (double)k->n);
}

/* A standing error of the level is validation's business; here it is whether the level moved. So bads are
 * compared with what the model's probabilities would give at the ratio of observed to predicted that the
 * reference had. */
static void watch_calibration(vouch__watched *w, const known *k)
{
    double was_bad = vouch__json_double(vouch__json_get(w->reference, "n_bad"), NAN);
    double was_sum = vouch__json_double(vouch__json_get(w->reference, "probability_sum"), NAN);
    double was_variance = vouch__json_double(vouch__json_get(w->reference, "probability_variance"), NAN);
    double sum = vouch__sum(k->n, k->probability), expected = was_bad / was_sum * sum;
    const vouch__drift_odds was = { was_bad, was_sum, was_sum - was_variance };
    const vouch__drift_odds is = { k->n_bad, sum, vouch__sum_weighted(k->n, k->probability, k->probability) };
    vouch__drift *test = outcome_test(w, k, "monitor.calibration", "Change of calibration", "relative error");
    test->purpose =
        "Do as many turn bad as the model's probabilities say, as far as they did when it was made?";
    test->method =
        "Number of bads over the sum of probabilities, against the same of the reference; two-sided z-test "
        "at the ratio of both together. The p-value is Holm-adjusted over all tests of the batch.";
    test->convention =
        "The size of observed / expected - 1. Bands are the reference's bins of the score, with 95 % "
        "Jeffreys intervals.";
    test->null_hypothesis = "observed and predicted stand as they stood in the reference";
    test->was = k->n ? expected / (double)k->n : NAN;
    test->is = k->n ? k->n_bad / (double)k->n : NAN;
    test->value = expected > 0.0 ? fabs(k->n_bad / expected - 1.0) : NAN;
    test->statistic = vouch__drift_ratio(&was, &is, &test->p);
    if (!test->why_not && (isnan(test->statistic) || !(expected > 0.0))) {
        test->why_not = "The reference has no bads, or every probability is 0 or 1.";
        test->if_not = VOUCH__REFUSED;
    }
}

static vouch_status count_bands(vouch__watched *w, const known *k)
{
    double edge[VOUCH__MONITOR_BINS];
    size_t n_edges = 0;
    vouch_status status = vouch__reference_array(w->ctx, vouch__json_get(w->reference, "score"), "edges",
                                                 VOUCH__MONITOR_BINS - 1, edge, &n_edges);
    if (status)
        return status;
    w->n_bands = n_edges + 1;
    for (size_t i = 0; i < k->n; i++) {
        size_t b = vouch__psi_bin(n_edges, edge, k->raw[i]);
        w->band_n[b]++;
        w->band_weight[b]++;
        w->band_bad[b] += k->bad[i];
        w->band_sum[b] += k->probability[i];
    }
    return VOUCH_OK;
}

/* Before all outcomes are there: the AUC that the probabilities promise. */
static vouch_status watch_promise(vouch__watched *w)
{
    double was = vouch__json_double(vouch__json_get(w->reference, "auc"), NAN), variance = NAN, auc = NAN;
    double was_variance = vouch__json_double(vouch__json_get(w->reference, "auc_variance"), NAN);
    vouch_status status = vouch__expected_auc(w->ctx, w->n, w->raw, w->probability, &auc, &variance);
    double error = sqrt(variance), both = sqrt(variance + was_variance);
    vouch__drift *test = vouch__drift_add(w);
    test->id = "monitor.estimated_auc";
    test->title = "Discrimination to expect, before outcomes are known";
    test->purpose = "Will the model rank bads above goods among cases whose outcomes have yet to come?";
    test->method =
        "Every case counts as bad with its own probability and as good with the rest; the expected AUC "
        "against "
        "that of the reference, one-sided z-test of a fall with the variance of both. The p-value is "
        "Holm-adjusted over all tests of the batch.";
    test->convention =
        "The area under the expected ROC curve, of every row whether its outcome is known or not. "
        "Believes the probabilities: monitor.calibration says how far that goes.";
    test->source = "NannyML 0.13.1 documentation (2025), Confidence-based Performance Estimation";
    test->null_hypothesis = "the AUC to expect is not lower than that of the reference";
    test->unit = "AUC";
    test->n = (double)w->n;
    test->was = was;
    test->is = test->value = auc;
    test->low = fmax(0.0, auc - vouch__cases_margin(0.95) * error);
    test->high = fmin(1.0, auc + vouch__cases_margin(0.95) * error);
    test->interval = "normal; sampling error of the outcomes to come";
    test->statistic = both > 0.0 ? (was - auc) / both : (double)NAN;
    test->p = isnan(test->statistic) ? (double)NAN : vouch__normal_sf(test->statistic);
    if (isnan(auc) || isnan(was)) {
        test->why_not = isnan(was) ? "The reference has no AUC."
                                   : "Every probability is 0, or every one is 1.";
        test->if_not = VOUCH__REFUSED;
    }
    return status;
}

static bool all_known(const vouch__watched *w)
{
    for (size_t i = 0; w->outcome && i < w->n; i++)
        if (isnan(w->outcome[i]))
            return false;
    return w->outcome != NULL;
}

vouch_status vouch__watch_outcomes(vouch__watched *w)
{
    known k = { 0 };
    if (!w->is_event)
        return w->outcome ? vouch__watch_numbers(w) : VOUCH_OK;
    vouch_status status = all_known(w) ? VOUCH_OK : watch_promise(w);
    if (status || !w->outcome)
        return status;
    status = gather(w, &k);
    if (!status)
        status = watch_ranking(w, &k);
    if (!status) {
        watch_rate(w, &k);
        watch_calibration(w, &k);
        status = count_bands(w, &k);
    }
    return status;
}

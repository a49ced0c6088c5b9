/* Outcomes of a batch that are numbers: are cases still put in order, is the mean what it was, does as much
 * happen as is predicted? */
#include "monitor/monitor_parts.h"

#include "num/special.h"
#include "validate/suite.h"

#include <math.h>

vouch_status vouch__outcome_measure(vouch_ctx *ctx, vouch__yardstick yardstick, size_t n,
                                    const double *actual, const double *expected, const double *weight,
                                    vouch__outcome_sums *out)
{
    vouch__deviance d;
    vouch__lorenz l = { .x = NULL };
    vouch__actual_sum sum = { .n = 0 };
    *out = (vouch__outcome_sums){ NAN, NAN, NAN, NAN, NAN, NAN };
    vouch_status status = vouch__deviance_measure(ctx, yardstick, n, actual, expected, weight, &d);
    if (status)
        return status;
    for (size_t i = 0; i < n; i++)
        vouch__actual_add(&sum, yardstick, actual[i], expected[i], weight ? weight[i] : 1.0);
    status = vouch__lorenz_measure(ctx, n, expected, actual, weight, &l);
    bool has_order = status == VOUCH_OK;
    *out = (vouch__outcome_sums){ .weight = vouch__accumulated(sum.weight),
                                  .actual = vouch__accumulated(sum.seen),
                                  .expected = vouch__accumulated(sum.expected),
                                  .variance = d.dispersion * vouch__accumulated(sum.variance),
                                  .gini = has_order ? l.gini : (double)NAN,
                                  .gini_error = has_order ? l.error : (double)NAN };
    return status == VOUCH_E_DATA ? VOUCH_OK : status;
}

typedef struct known { /* rows with an outcome */
    size_t n;
    double *outcome, *prediction, *weight;
    vouch__outcome_sums is, was;
} known;

static double member(const vouch__watched *w, const char *key)
{
    return vouch__json_double(vouch__json_get(w->reference, key), NAN);
}

static vouch_status gather(vouch__watched *w, known *k)
{
    double edge[VOUCH__MONITOR_BINS];
    size_t n_edges = 0;
    k->outcome = vouch__scratch(w->ctx, w->n + 1, sizeof *k->outcome);
    k->prediction = vouch__scratch(w->ctx, w->n + 1, sizeof *k->prediction);
    k->weight = vouch__scratch(w->ctx, w->n + 1, sizeof *k->weight);
    if (!k->outcome || !k->prediction || !k->weight)
        return vouch__oom(w->ctx);
    vouch_status status = vouch__reference_array(w->ctx, vouch__json_get(w->reference, "score"), "edges",
                                                 VOUCH__MONITOR_BINS - 1, edge, &n_edges);
    w->n_bands = n_edges + 1;
    for (size_t i = 0; i < w->n && !status; i++) {
        if (isnan(w->outcome[i]))
            continue;
        size_t b = vouch__psi_bin(n_edges, edge, w->raw[i]), at = k->n++;
        k->outcome[at] = w->outcome[i];
        k->prediction[at] = w->probability[i];
        k->weight[at] = w->weight ? w->weight[i] : 1.0;
        w->band_n[b]++;
        w->band_weight[b] += k->weight[at];
        w->band_bad[b] += k->weight[at] * k->outcome[at];
        w->band_sum[b] += k->weight[at] * k->prediction[at];
    }
    return status;
}

static void conclude(vouch__drift *test, double difference, double error, const char *why_not)
{
    test->statistic = error > 0.0 ? difference / error : (double)NAN;
    test->p = error > 0.0 ? fmin(1.0, 2.0 * vouch__normal_sf(fabs(test->statistic))) : (double)NAN;
    if (!test->why_not && isnan(test->value + test->p)) {
        test->why_not = why_not;
        test->if_not = VOUCH__REFUSED;
    }
}

static void watch_order(vouch__watched *w, const known *k)
{
    double a = k->is.gini_error, b = k->was.gini_error, error = sqrt(a * a + b * b);
    double fall = k->was.gini - k->is.gini, reach = 1.959963984540054 * a;
    for (int is_fall = 0; is_fall < 2; is_fall++) {
        vouch__drift *test = vouch__drift_of_outcomes(w, k->n, is_fall ? "monitor.gini_fall" : "monitor.gini",
                                                      is_fall ? "Fall of the order" : "Order of the batch",
                                                      "Gini");
        test->purpose = "Do the predictions still put cases in the order of what they cost?";
        test->method =
            "Gini index of the ordered Lorenz curve of the batch against that of the reference, one-sided "
            "z-test of a fall by the jackknife errors of both; the p-value is Holm-adjusted over all "
            "tests of the batch.";
        test->source = "Frees, Meyers & Cummings, JASA 106 (2011) 1085-1098.";
        test->null_hypothesis = "the index has not fallen";
        test->was = k->was.gini;
        test->is = k->is.gini;
        test->value = is_fall ? fall : k->is.gini;
        test->low = is_fall ? (double)NAN : k->is.gini - reach;
        test->high = is_fall ? (double)NAN : k->is.gini + reach;
        conclude(test, fall, error, "There is no order of outcomes that are all 0, or below 0.");
        test->p = isnan(test->p) ? test->p : vouch__normal_sf(test->statistic);
    }
}

static void watch_mean(vouch__watched *w, const known *k)
{
    const vouch__outcome_sums *is = &k->is, *was = &k->was;
    double a = is->variance / (is->weight * is->weight), b = was->variance / (was->weight * was->weight);
    vouch__drift *test = vouch__drift_of_outcomes(w, k->n, "monitor.outcome", "Change of the mean outcome",
                                                  "relative change");
    test->purpose = "Does as much happen as before?";
    test->method =
        "Mean outcomes by weight, two-sided z-test with the variance that the deviance gives both; the "
        "p-value is Holm-adjusted over all tests of the batch.";
    test->convention = "The size of the change, up or down, over the reference's mean.";
    test->null_hypothesis = "the mean outcome is that of the reference";
    test->was = was->actual / was->weight;
    test->is = is->actual / is->weight;
    test->value = fabs((test->is - test->was) / test->was);
    conclude(test, test->is - test->was, sqrt(a + b), "The reference's mean outcome is 0.");
}

/* A standing error of the level is validation's business; here it is whether the level moved. */
static void watch_level(vouch__watched *w, const known *k)
{
    const vouch__outcome_sums *is = &k->is, *was = &k->was;
    double expected = was->actual / was->expected * is->expected, scale = is->expected / was->expected;
    vouch__drift *test = vouch__drift_of_outcomes(w, k->n, "monitor.calibration", "Change of calibration",
                                                  "relative error");
    test->purpose = "Does as much happen as is predicted, as far as it did when the model was made?";
    test->method =
        "The sum of outcomes against the sum of predictions times the reference's own ratio of the two; "
        "two-sided z-test with the variance of both. The p-value is Holm-adjusted over all tests of the "
        "batch.";
    test->convention = "The size of observed / expected - 1. Bands are the reference's bins of the score.";
    test->null_hypothesis = "observed and predicted stand as they stood in the reference";
    test->was = expected / is->weight;
    test->is = is->actual / is->weight;
    test->value = expected > 0.0 ? fabs(is->actual / expected - 1.0) : (double)NAN;
    conclude(test, is->actual - expected, sqrt(is->variance + scale * scale * was->variance),
             "Nothing is expected: the reference's outcomes or predictions add up to no more than 0.");
}

vouch_status vouch__watch_numbers(vouch__watched *w)
{
    double yardstick = member(w, "yardstick");
    known k = { .was = { member(w, "weight"), member(w, "actual"), member(w, "expected"),
                         member(w, "variance"), member(w, "gini"), member(w, "gini_error") } };
    if (!(yardstick >= 0.0 && yardstick < VOUCH__YARDSTICKS))
        return vouch__fail(w->ctx, VOUCH_E_FORMAT, "monitor: the reference's yardstick is none");
    vouch_status status = gather(w, &k);
    k.is = (vouch__outcome_sums){ NAN, NAN, NAN, NAN, NAN, NAN };
    if (!status && k.n > 0)
        status = vouch__outcome_measure(w->ctx, (vouch__yardstick)yardstick, k.n, k.outcome, k.prediction,
                                        k.weight, &k.is);
    if (status)
        return status;
    watch_order(w, &k);
    watch_mean(w, &k);
    watch_level(w, &k);
    return VOUCH_OK;
}

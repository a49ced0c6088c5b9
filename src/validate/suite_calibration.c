/* Calibration: the reliability table with its test, the calibration error, and the calibration line. */
#include "validate/validate_parts.h"

#include "num/special.h"
#include "validate/calibration.h"
#include "validate/cases.h"

#include <math.h>

/* Hosmer and Lemeshow's term of one bin; effective cases stand for n where there are weights. A bin whose
 * probabilities are all 0 or all 1 has no variance: it adds nothing when it is right, and all when not. */
static double hosmer_lemeshow(const vouch__reliability *r)
{
    double p = r->probability / r->n, gap = r->bad / r->n - p, variance = p * (1.0 - p) / r->effective;
    return gap == 0.0 ? 0.0 : variance > 0.0 ? gap * gap / variance : INFINITY;
}

static void calibration(const vouch__suite *suite, const vouch__reliability *r, size_t used)
{
    double outside = 0.0, statistic = 0.0, low[VOUCH__BINS_MAX], high[VOUCH__BINS_MAX];
    for (size_t k = 0; k < used; k++) {
        double mean = r[k].probability / r[k].n, rate = r[k].bad / r[k].n;
        vouch__jeffreys(rate * r[k].effective, r[k].effective, &low[k], &high[k]);
        outside += mean < low[k] || mean > high[k];
        statistic += hosmer_lemeshow(&r[k]);
    }
    vouch__entry entry = vouch__suite_entry(suite, &vouch__test_calibration);
    entry.value = outside;
    entry.judged = true;
    entry.statistic = statistic;
    entry.p_value = vouch__chi2_sf(statistic, (double)used);
    entry.null_hypothesis = "Every probability is right.";
    if (suite->scored->weight)
        entry.note = "Case weights are applied; intervals use Kish's effective number of cases.";
    vouch__json *object = vouch__evidence_add(suite->list, &entry);
    vouch__json *table = vouch__evidence_table(
        suite->list, object, "calibration",
        "bin,rate_from,rate_to,n,n_bad,predicted_rate,bad_rate,rate_low,rate_high");
    for (size_t k = 0; k < used; k++) {
        const double cell[] = { (double)(k + 1),           r[k].low,          r[k].high, r[k].n, r[k].bad,
                                r[k].probability / r[k].n, r[k].bad / r[k].n, low[k],    high[k] };
        vouch__json *row = vouch__evidence_row(suite->list, table);
        for (size_t i = 0; i < sizeof cell / sizeof *cell; i++)
            vouch__row_number(suite->list, row, cell[i]);
    }
    table = vouch__evidence_table(suite->list, object, "hosmer_lemeshow", "quantity,value");
    vouch__suite_quantity(suite, table, "statistic", statistic);
    vouch__suite_quantity(suite, table, "degrees of freedom", (double)used);
    vouch__evidence_plot(suite->list, object, "interval", "calibration", "predicted_rate",
                         "bad_rate,rate_low,rate_high", "mean predicted probability", "observed bad rate");
}

/* Were every probability right, a bin's gap would be about normal with the binomial's variance, and its size
 * a half-normal: mean sqrt(2 / pi), variance 1 - 2 / pi, in units of its standard deviation. */
static void calibration_error(const vouch__suite *suite, const vouch__reliability *r, size_t used)
{
    const double two_over_pi = 0x1.45f306dc9c883p-1;
    double total = 0.0, error = 0.0, expected = 0.0, variance = 0.0;
    for (size_t k = 0; k < used; k++)
        total += r[k].n;
    for (size_t k = 0; k < used; k++) {
        double share = r[k].n / total, p = r[k].probability / r[k].n;
        double sd = share * sqrt(p * (1.0 - p) / r[k].effective);
        error += share * fabs(r[k].bad / r[k].n - p);
        expected += sd * sqrt(two_over_pi);
        variance += sd * sd * (1.0 - two_over_pi);
    }
    vouch__entry entry = vouch__suite_entry(suite, &vouch__test_ece);
    entry.value = error;
    entry.judged = true;
    entry.null_hypothesis = "Every probability is right.";
    entry.critical = expected + vouch__normal_quantile(0.95) * sqrt(variance);
    vouch__json *object = vouch__evidence_add(suite->list, &entry);
    vouch__json *table = vouch__evidence_table(suite->list, object, "a_right_model", "quantity,value");
    vouch__suite_quantity(suite, table, "has on average", expected);
    vouch__suite_quantity(suite, table, "stays below 95 % of the time", entry.critical);
}

static void line_row(const vouch__suite *suite, vouch__json *table, const char *name, double value, double se,
                     double perfect)
{
    double margin = vouch__cases_margin(0.95) * se;
    vouch__json *row = vouch__evidence_row(suite->list, table);
    vouch__row_text(suite->list, row, name);
    vouch__row_number(suite->list, row, value);
    vouch__row_number(suite->list, row, se);
    vouch__row_number(suite->list, row, value - margin);
    vouch__row_number(suite->list, row, value + margin);
    vouch__row_number(suite->list, row, perfect);
}

static vouch_status line(const vouch__suite *suite)
{
    const vouch__scored *s = suite->scored;
    vouch__calibration_line l;
    vouch_status status = vouch__calibration_line_fit(suite->ctx, s->n, s->probability, s->bad, s->weight,
                                                      &l);
    if (status)
        return vouch__suite_excuse(suite, &vouch__test_calibration_line, status);
    double margin = vouch__cases_margin(0.95) * l.slope_se;
    vouch__entry entry = vouch__suite_entry(suite, &vouch__test_calibration_line);
    entry.value = l.slope;
    entry.judged = true;
    entry.level = 0.95;
    entry.low = l.slope - margin;
    entry.high = l.slope + margin;
    entry.interval_method = "Wald";
    entry.null_hypothesis = "Slope 1 and intercept 0.";
    entry.statistic = l.statistic;
    entry.p_value = l.p_value;
    if (s->weight)
        entry.note = "Case weights count as numbers of cases in the errors.";
    vouch__json *object = vouch__evidence_add(suite->list, &entry);
    vouch__json *table = vouch__evidence_table(suite->list, object, "line",
                                               "parameter,estimate,standard_error,low,high,perfect");
    line_row(suite, table, "slope", l.slope, l.slope_se, 1.0);
    line_row(suite, table, "intercept", l.intercept, l.intercept_se, 0.0);
    line_row(suite, table, "intercept at slope 1", l.in_the_large, l.in_the_large_se, 0.0);
    return VOUCH_OK;
}

vouch_status vouch__suite_calibration(const vouch__suite *suite)
{
    const vouch__scored *s = suite->scored;
    vouch__reliability r[VOUCH__BINS_MAX];
    size_t used = 0;
    vouch_status status = vouch__reliability_table(suite->ctx, s->n, s->probability, s->bad, s->weight,
                                                   suite->bins, 1, r, &used);
    if (status)
        return status;
    if (vouch__suite_wants(suite, &vouch__test_calibration))
        calibration(suite, r, used);
    if (vouch__suite_wants(suite, &vouch__test_ece))
        calibration_error(suite, r, used);
    return vouch__suite_wants(suite, &vouch__test_calibration_line) ? line(suite) : VOUCH_OK;
}

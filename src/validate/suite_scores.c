/* Proper scores with their intervals, and what they are worth over the naive baseline. */
#include "validate/validate_parts.h"

#include "num/special.h"
#include "validate/calibration.h"
#include "validate/cases.h"

#include <math.h>

/* The two losses of a case. */
typedef struct losses {
    double brier, log;
} losses;

static losses loss_of(double p, uint8_t bad)
{
    double q = fmin(fmax(p, 1e-15), 1.0 - 1e-15);
    return (losses){ (p - bad) * (p - bad), bad ? -vouch__log(q) : -vouch__log1p(-q) };
}

/* Sums over the cases, for the mean of each loss and, about a first guess of it, for its spread. */
typedef struct moments {
    double brier, log, base_brier, base_log; /* means, of the model and of the constant */
    double brier_se, log_se, skill_se;       /* unweighted only */
} moments;

static moments measure(const vouch__suite *suite)
{
    const vouch__scored *s = suite->scored;
    vouch__dd sum[5] = { { 0 } }, square[3] = { { 0 } };
    for (size_t i = 0; i < s->n; i++) {
        double w = vouch__suite_weight(s, i);
        losses model = loss_of(s->probability[i], s->bad[i]), base = loss_of(suite->train_rate, s->bad[i]);
        const double term[] = { model.brier, model.log, base.brier, base.log, 1.0 };
        for (size_t k = 0; k < 5; k++)
            vouch__accumulate(&sum[k], w * term[k]);
    }
    double total = vouch__accumulated(sum[4]);
    moments m = { .brier = vouch__accumulated(sum[0]) / total,
                  .log = vouch__accumulated(sum[1]) / total,
                  .base_brier = vouch__accumulated(sum[2]) / total,
                  .base_log = vouch__accumulated(sum[3]) / total };
    double ratio = m.brier / m.base_brier;
    for (size_t i = 0; i < s->n; i++) {
        losses model = loss_of(s->probability[i], s->bad[i]), base = loss_of(suite->train_rate, s->bad[i]);
        double d[] = { model.brier - m.brier, model.log - m.log, model.brier - ratio * base.brier };
        for (size_t k = 0; k < 3; k++)
            vouch__accumulate(&square[k], d[k] * d[k]);
    }
    double scale = (double)s->n * ((double)s->n - 1.0);
    m.brier_se = sqrt(vouch__accumulated(square[0]) / scale);
    m.log_se = sqrt(vouch__accumulated(square[1]) / scale);
    m.skill_se = sqrt(vouch__accumulated(square[2]) / scale) / m.base_brier;
    return m;
}

static void with_interval(const vouch__suite *suite, vouch__entry *entry, double se, double lowest,
                          double highest)
{
    if (suite->scored->weight) {
        entry->note =
            "Case weights are applied; the interval, which is for cases that count alike, is left out.";
        return;
    }
    double margin = vouch__cases_margin(0.95) * se;
    entry->level = 0.95;
    entry->low = fmax(lowest, entry->value - margin);
    entry->high = fmin(highest, entry->value + margin);
    entry->interval_method = "normal, mean over cases";
}

static void pair_row(const vouch__suite *suite, vouch__json *table, const char *name, double a, double b)
{
    vouch__json *row = vouch__evidence_row(suite->list, table);
    vouch__row_text(suite->list, row, name);
    vouch__row_number(suite->list, row, a);
    vouch__row_number(suite->list, row, b);
    vouch__row_number(suite->list, row, 1.0 - a / b);
}

static vouch_status brier(const vouch__suite *suite, const moments *m)
{
    const vouch__scored *s = suite->scored;
    vouch__reliability r[VOUCH__BINS_MAX];
    size_t used = 0;
    vouch_status status = vouch__reliability_table(suite->ctx, s->n, s->probability, s->bad, s->weight,
                                                   suite->bins, 1, r, &used);
    if (status)
        return status;
    double reliability = 0.0, resolution = 0.0, within = 0.0, total = 0.0;
    for (size_t k = 0; k < used; k++) {
        double mean = r[k].probability / r[k].n, rate = r[k].bad / r[k].n;
        reliability += r[k].n * (mean - rate) * (mean - rate);
        resolution += r[k].n * (rate - suite->rate) * (rate - suite->rate);
        within += r[k].within;
        total += r[k].n;
    }
    vouch__entry entry = vouch__suite_entry(suite, &vouch__test_brier);
    entry.value = m->brier;
    entry.judged = true;
    with_interval(suite, &entry, m->brier_se, 0.0, 1.0);
    vouch__json *object = vouch__evidence_add(suite->list, &entry);
    vouch__json *table = vouch__evidence_table(suite->list, object, "decomposition", "part,value");
    vouch__suite_quantity(suite, table, "reliability", reliability / total);
    vouch__suite_quantity(suite, table, "resolution", resolution / total);
    vouch__suite_quantity(suite, table, "uncertainty", suite->rate * (1.0 - suite->rate));
    vouch__suite_quantity(suite, table, "within bins", within / total);
    table = vouch__evidence_table(suite->list, object, "skill", "score,model,baseline,skill");
    pair_row(suite, table, "Brier", m->brier, m->base_brier);
    return VOUCH_OK;
}

static void log_loss(const vouch__suite *suite, const moments *m)
{
    vouch__entry entry = vouch__suite_entry(suite, &vouch__test_log_loss);
    entry.value = m->log;
    entry.judged = true;
    with_interval(suite, &entry, m->log_se, 0.0, INFINITY);
    (void)vouch__evidence_add(suite->list, &entry);
}

static void baseline(const vouch__suite *suite, const moments *m)
{
    vouch__entry entry = vouch__suite_entry(suite, &vouch__test_baseline);
    if (!(m->base_brier > 0.0)) {
        vouch__suite_refuse(suite, &vouch__test_baseline,
                            "The baseline is never wrong here, so nothing can be better than it.");
        return;
    }
    entry.value = 1.0 - m->brier / m->base_brier;
    entry.judged = true;
    with_interval(suite, &entry, m->skill_se, -INFINITY, 1.0);
    if (entry.interval_method)
        entry.interval_method = "normal, ratio by the delta method";
    vouch__json *object = vouch__evidence_add(suite->list, &entry);
    vouch__json *table = vouch__evidence_table(suite->list, object, "baseline", "score,model,baseline,skill");
    pair_row(suite, table, "Brier", m->brier, m->base_brier);
    pair_row(suite, table, "log-loss", m->log, m->base_log);
    vouch__json *row = vouch__evidence_row(suite->list, table);
    vouch__row_text(suite->list, row, "probability told");
    vouch__row_number(suite->list, row, NAN);
    vouch__row_number(suite->list, row, suite->train_rate);
    vouch__row_number(suite->list, row, NAN);
}

vouch_status vouch__suite_scores(const vouch__suite *suite)
{
    const moments m = measure(suite);
    vouch_status status = VOUCH_OK;
    if (vouch__suite_wants(suite, &vouch__test_brier))
        status = brier(suite, &m);
    if (!status && vouch__suite_wants(suite, &vouch__test_log_loss))
        log_loss(suite, &m);
    if (!status && vouch__suite_wants(suite, &vouch__test_baseline))
        baseline(suite, &m);
    return status;
}

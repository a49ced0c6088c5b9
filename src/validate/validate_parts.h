/* validate/validate_parts.h: the suite's tests, each in the file of its theme. */
#ifndef VOUCH_VALIDATE_PARTS_H
#define VOUCH_VALIDATE_PARTS_H

#include "evidence/test.h"
#include "num/rates.h"
#include "validate/suite.h"

/* The rows of the suite's tests. */
extern const vouch_test vouch__test_auc, vouch__test_gini, vouch__test_ks, vouch__test_roc, vouch__test_gap,
    vouch__test_gains, vouch__test_bands, vouch__test_baseline, vouch__test_log_loss, vouch__test_brier,
    vouch__test_calibration, vouch__test_ece, vouch__test_calibration_line, vouch__test_psi_score,
    vouch__test_score_distribution;

enum { VOUCH__BANDS = 10, VOUCH__BINS_MAX = 100 };

typedef struct vouch__suite {
    vouch_ctx *ctx;
    const vouch__scored *scored, *train;
    vouch__evidence *list;
    size_t n_bad, train_bad;
    double rate, train_rate; /* bad rates, weighted where there are weights */
    size_t bins;             /* of calibration */
    const vouch_test *only;  /* the one that is wanted; NULL: all */
} vouch__suite;

static inline bool vouch__suite_wants(const vouch__suite *suite, const vouch_test *test)
{
    return !suite->only || suite->only == test;
}
/* Put one part of the suite to a test's cases; only the test that was called adds its entry. Without a
 * reference the cases are their own. */
vouch_status vouch__suite_call(vouch_ctx *ctx, const vouch__test_call *call,
                               vouch_status (*part)(const vouch__suite *suite));

/* An entry with the words of the test and the model, part and sample sizes of the suite; INFO, without a
 * value. */
vouch__entry vouch__suite_entry(const vouch__suite *suite, const vouch_test *test);
/* One that says why there is no number. */
void vouch__suite_refuse(const vouch__suite *suite, const vouch_test *test, const char *why);
/* E_DATA and E_CONVERGE become a refusal that carries the message; other failures pass on. */
vouch_status vouch__suite_excuse(const vouch__suite *suite, const vouch_test *test, vouch_status status);

vouch_status vouch__suite_rank(const vouch__suite *suite);        /* auc, gini, ks, roc, gap */
vouch_status vouch__suite_gains(const vouch__suite *suite);       /* gains */
vouch_status vouch__suite_scores(const vouch__suite *suite);      /* brier, log_loss, baseline */
vouch_status vouch__suite_calibration(const vouch__suite *suite); /* calibration, ece, calibration_line */
vouch_status vouch__suite_bands(const vouch__suite *suite);       /* bands */
vouch_status vouch__suite_psi(const vouch__suite *suite);         /* psi_score */
vouch_status vouch__suite_distribution(const vouch__suite *suite);

static inline double vouch__suite_weight(const vouch__scored *scored, size_t i)
{
    return scored->weight ? scored->weight[i] : 1.0;
}

/* A row of a table of two columns, a quantity's name and its value. */
void vouch__suite_quantity(const vouch__suite *suite, vouch__json *table, const char *name, double value);

/* Jeffreys' 95 % interval of a rate: bad of n, n > 0. */
static inline void vouch__jeffreys(double bad, double n, double *out_low, double *out_high)
{
    vouch__jeffreys_interval(bad, n, 0.95, out_low, out_high);
}

/* Score bands frozen on train's tenths of the raw score, with what fell in them. */
typedef struct vouch__band {
    double from,
        to; /* lowest and highest score of train's cases in it: points where there are, else log-odds */
    double train_n, train_bad, n, bad, effective,
        probability; /* the last two of the part: Kish's n, and a sum */
} vouch__band;
vouch_status vouch__suite_band_table(const vouch__suite *suite, vouch__band out[VOUCH__BANDS], size_t *out_n);

#endif

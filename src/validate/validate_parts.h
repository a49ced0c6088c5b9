/* validate/validate_parts.h: the suite's tests, each in the file of its theme. */
#ifndef VOUCH_VALIDATE_PARTS_H
#define VOUCH_VALIDATE_PARTS_H

#include "validate/suite.h"

typedef enum vouch__test {
    VOUCH__TEST_AUC,
    VOUCH__TEST_GINI,
    VOUCH__TEST_KS,
    VOUCH__TEST_ROC,
    VOUCH__TEST_GAP,
    VOUCH__TEST_GAINS,
    VOUCH__TEST_BANDS,
    VOUCH__TEST_BASELINE,
    VOUCH__TEST_LOG_LOSS,
    VOUCH__TEST_BRIER,
    VOUCH__TEST_CALIBRATION,
    VOUCH__TEST_ECE,
    VOUCH__TEST_LINE,
    VOUCH__TEST_PSI,
    VOUCH__TEST_DISTRIBUTION,
    VOUCH__TESTS
} vouch__test;

typedef struct vouch__suite {
    vouch_ctx *ctx;
    const vouch__scored *scored, *train;
    vouch__evidence *list;
    size_t n_bad, train_bad;
    double rate, train_rate; /* bad rates, weighted where there are weights */
} vouch__suite;

/* An entry with the words of the test and the model, part and sample sizes of the suite; INFO, without a
 * value. */
vouch__entry vouch__suite_entry(const vouch__suite *suite, vouch__test test);
/* One that says why there is no number. */
void vouch__suite_refuse(const vouch__suite *suite, vouch__test test, const char *why);
/* E_DATA and E_CONVERGE become a refusal that carries the message; other failures pass on. */
vouch_status vouch__suite_excuse(const vouch__suite *suite, vouch__test test, vouch_status status);

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

/* Jeffreys' 95 % interval of a rate: bad of n, n > 0; at no bads the lower limit is 0, at all the upper is 1.
 */
void vouch__jeffreys(double bad, double n, double *out_low, double *out_high);

/* Score bands frozen on train's tenths of the raw score, with what fell in them. */
enum { VOUCH__BANDS = 10 };
typedef struct vouch__band {
    double from,
        to; /* lowest and highest score of train's cases in it: points where there are, else log-odds */
    double train_n, train_bad, n, bad, effective,
        probability; /* the last two of the part: Kish's n, and a sum */
} vouch__band;
vouch_status vouch__suite_band_table(const vouch__suite *suite, vouch__band out[VOUCH__BANDS], size_t *out_n);

#endif

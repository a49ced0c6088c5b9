/* validate/suite.h: the validation of one scored part as evidence: discrimination, calibration, stability,
 * gains. */
#ifndef VOUCH_SUITE_H
#define VOUCH_SUITE_H

#include "evidence/evidence.h"
#include "vouch/validate.h"

/* Rows of one part with what a model said of them. */
typedef struct vouch__scored {
    const char *model, *part;
    size_t n;
    const double *raw, *probability;
    const int32_t *points; /* NULL for kinds without */
    const uint8_t *bad;
    const double *weight;   /* or NULL */
    const char *score_name; /* NULL: raw is log-odds */
} vouch__scored;

/* train is the reference for PSI and for the train-test gap; baseline_rate is train's bad rate. Adds:
 * validate.auc, .gini, .ks, .log_loss, .brier (with skill against the baseline), .calibration (table with
 * Jeffreys bands), .ece, .calibration_line (slope and intercept), .gains, .bands (score bands with bad rates,
 * monotone or not), .psi_score, .gap (train AUC - part AUC), .roc (curve, at most 200 points). A part of one
 * class gets refusals, not numbers. */
vouch_status vouch__validate_suite(vouch_ctx *ctx, const vouch__scored *scored, const vouch__scored *train,
                                   vouch__evidence *list);

/* Bin edges for PSI frozen on a reference: at most `bins` quantile bins, ties merged, right-closed; counts
 * per bin with one more bin for missing. Returned through the arrays [bins - 1] and [bins + 1]. */
vouch_status vouch__psi_edges(vouch_ctx *ctx, size_t n, const double *reference, size_t bins,
                              double *out_edge, size_t *out_n_edges);
/* The same of n values that ascend, none missing: how many edges. */
size_t vouch__psi_edges_sorted(size_t n, const double *sorted, size_t bins, double *out_edge);
/* Which bin x falls in: the first edge not below it, n_edges above all, n_edges + 1 where it is missing. */
size_t vouch__psi_bin(size_t n_edges, const double *edge, double x);
void vouch__psi_count(size_t n, const double *x, size_t n_edges, const double *edge, double *out_count);

/* What one bin adds to psi; used: bins that are not empty on both sides. */
double vouch__psi_part(double reference, double current, double n_reference, double n_current, size_t used);

#endif

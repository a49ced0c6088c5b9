/* fairness/rows/fair_rows.h: what the fairness rows of the catalogue share. The groups are those of the
 * sample's protected columns, the decisions are made from the score by the parameters below. */
#ifndef VOUCH_FAIR_ROWS_H
#define VOUCH_FAIR_ROWS_H

#include "evidence/test.h"
#include "fairness/comparison.h"

extern const vouch_test vouch__test_fair_air, vouch__test_fair_smd, vouch__test_fair_error_rates,
    vouch__test_fair_score_proxy, vouch__test_fair_prohibited, vouch__test_fair_flip, vouch__test_fair_proxy;

/* clang-format off */
#define VOUCH__PARAM_MIN_GROUP                                                                               \
    { "min_group", VOUCH__PARAM_INTEGER, 1.0, 1e9, 30.0, NULL, "cases",                                      \
      "smallest group that is compared; smaller ones are refused" }
#define VOUCH__PARAMS_DECISION                                                                               \
    { "declined", VOUCH__PARAM_REAL, 0.0, 1.0, 0.2, NULL, "",                                                \
      "share of the cases that is declined, the riskiest; tied scores are approved together" },              \
    { "cutoff", VOUCH__PARAM_REAL, -1e300, 1e300, 0.5, NULL, "",                                             \
      "where given, in place of the share: scores from here on are declined (larger is riskier)" },          \
    VOUCH__PARAM_MIN_GROUP
/* clang-format on */
#define VOUCH__DECISION_RULE                                                                                 \
    " Declined are the riskiest cases up to the share, or from the cut-off on where one is given; the note " \
    "says which cut-off that is."
#define VOUCH__GROUP_OVER_REFERENCE                                                                          \
    "The reference is the largest group; those under the smallest size are refused, and cases without a "    \
    "value are a group of their own. p two-sided, corrected by Holm over the groups. A number beyond a "     \
    "limit that its test cannot tell from chance is judged one step milder."

/* The cases of a call as what measures of a project take: all rows are TRAIN's. Lives in scratch. */
typedef struct vouch__call_data {
    vouch__fair_data data;
    vouch__split split;
    uint32_t *row;
} vouch__call_data;
vouch_status vouch__call_fair_data(vouch_ctx *ctx, const vouch__test_call *call, vouch__call_data *out);

/* Who is approved. */
typedef struct vouch__decided {
    uint8_t *approve; /* [n], in scratch */
    double cutoff;    /* declined from here on; NaN: nobody */
    size_t declined;
    char rule[160];
} vouch__decided;
vouch_status vouch__call_decide(vouch_ctx *ctx, const vouch__test_call *call, vouch__decided *out);
/* The score from which on at most a share is declined, ties approved together; NaN: nobody.
 * sorted: ascending. */
double vouch__share_cutoff(size_t n, const double *sorted, double share);

/* The outcomes that measures take; decided may be NULL where no decisions are needed. */
vouch__outcomes vouch__call_outcomes(const vouch__test_call *call, const vouch__decided *decided);

/* Groups of a factor, in scratch. Fails E_DATA (too many groups). */
vouch_status vouch__factor_groups(vouch_ctx *ctx, const vouch__factor *factor, size_t n, vouch__groups *out);

/* A measure, for each protected column. */
typedef vouch_status vouch__fair_measure(vouch_ctx *ctx, const vouch__test_call *call,
                                         const vouch__outcomes *o, const vouch__groups *g);
vouch_status vouch__fair_each(vouch_ctx *ctx, const vouch__test_call *call, const vouch__decided *decided,
                              vouch__fair_measure *measure);
/* The same, after the decisions. */
vouch_status vouch__fair_each_decided(vouch_ctx *ctx, const vouch__test_call *call,
                                      vouch__fair_measure *measure);

#endif

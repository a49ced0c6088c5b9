/* validate/rows/yard_rows.h: what the rows that measure by a yardstick share: its parameter, and their needs.
 */
#ifndef VOUCH_YARD_ROWS_H
#define VOUCH_YARD_ROWS_H

#include "evidence/test.h"
#include "validate/actual.h"

/* clang-format off */
#define VOUCH__PARAM_YARDSTICK                                                                               \
    { "deviance", VOUCH__PARAM_CHOICE, 0.0, 4.0, 0.0, VOUCH__YARDSTICK_WORDS, "",                            \
      "what the outcome is: a number (squared), a count (poisson), an amount above 0 (gamma) or that may be "\
      "0 (tweedie, power 1.5), or a share; how far chance takes it follows" }
#define VOUCH__PARAM_WEIGHT_BANDS                                                                            \
    { "bands", VOUCH__PARAM_INTEGER, 2.0, 50.0, 10.0, NULL, "bands", "bands of about equal weight" }
/* clang-format on */
#define VOUCH__YARD_NEEDS (VOUCH__NEEDS_SCORE | VOUCH__NEEDS_TARGET | VOUCH__NEEDS_FINITE)
#define VOUCH__YARD_WEIGHTS                                                                                  \
    "Outcomes and predictions are per unit of the weight (an exposure, a number of claims), one each where " \
    "there is none. "
#define VOUCH__YARD_CHANCE                                                                                   \
    "Chance is what the deviance's variance gives at the prediction, times Pearson's dispersion over all "   \
    "cases; intervals at 95 % are normal on the scale of the logarithm. "

static inline vouch__yardstick vouch__call_yardstick(const vouch__test_call *call)
{
    return (vouch__yardstick)vouch__test_param(call, "deviance");
}

static inline double vouch__case_weight(const vouch__sample *s, size_t i)
{
    return s->weight ? s->weight[i] : 1.0;
}

/* Pearson's dispersion of the call's cases. */
static inline vouch_status vouch__call_dispersion(vouch_ctx *ctx, const vouch__test_call *call, double *out)
{
    const vouch__sample *s = call->now;
    vouch__deviance d;
    vouch_status status = vouch__deviance_measure(ctx, vouch__call_yardstick(call), s->n, s->target, s->score,
                                                  s->weight, &d);
    if (!status)
        *out = d.dispersion;
    return status;
}

#endif

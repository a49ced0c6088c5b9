/* models/scorecard/card_fit.h: a fit of a scorecard, as its stages share it. */
#ifndef VOUCH_CARD_FIT_H
#define VOUCH_CARD_FIT_H

#include "models/scorecard/binning.h"
#include "models/scorecard/card_regress.h"
#include "models/scorecard/scorecard.h"

typedef struct vouch__card_fitting {
    const vouch__fit_data *data;
    const vouch__inputs *inputs;
    const double *value; /* the parameters */
    vouch__doc *doc;
    vouch__json *log;
    vouch__bin_rule rule;
    vouch__card_input *at;        /* [inputs] */
    uint16_t *code;               /* [inputs x rows]: each training row's bin */
    vouch__card_input *automatic; /* [inputs]: the bins that a person has replaced, else without bins */
    const char **why;             /* [inputs]: why it is left out; NULL while kept */
    double *was;                  /* [inputs]: the coefficient it was left out for; NAN */
    size_t n, *kept;              /* characteristics, as inputs, ascending */
    vouch__card_penalty penalty;
    vouch__card_solution solution; /* [inputs + 1] */
} vouch__card_fitting;

/* The kept characteristics' weights of evidence over the training rows. */
vouch__glm_columns vouch__card_columns(const vouch__card_fitting *f);
void vouch__card_drop(vouch__card_fitting *f, size_t c, const char *why);

/* card_steps.c: keep what the criterion keeps, going forward, backward or both; the steps go into the log. */
vouch_status vouch__card_step(vouch_ctx *ctx, vouch__card_fitting *f);

/* card_round.c: integer points, and what rounding did to the training rows. Weighted AUC and log-loss. */
enum { VOUCH__CARD_ROUND_AUC, VOUCH__CARD_ROUND_LOG_LOSS, VOUCH__CARD_ROUND_NEAREST };
typedef struct vouch__card_rounding {
    double largest;             /* change of a row's total, in points */
    double auc[3], log_loss[3]; /* unrounded; to the nearest; as chosen */
    size_t sweeps;
} vouch__card_rounding;
vouch_status vouch__card_round(vouch_ctx *ctx, const vouch__card_fitting *f, vouch__card *card,
                               vouch__card_rounding *out);

/* card_record.c: who decided on which bins, and what it cost, into card->record; nothing without overrides.
 */
vouch_status vouch__card_record(vouch_ctx *ctx, const vouch__card_fitting *f, vouch__card *card);
/* Every override is of an input. */
vouch_status vouch__card_check_overrides(vouch_ctx *ctx, const vouch__card_fitting *f);

/* card_log.c: what the fit has to tell. iv [inputs] */
void vouch__card_log(const vouch__card_fitting *f, const double *iv, const vouch__card *card,
                     const vouch__card_rounding *rounding);

#endif

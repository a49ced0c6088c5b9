/* catalogue/diagnose/probe.h: a model put to the cases of a test, ready to be asked what it would have said
 * of other ones. */
#ifndef VOUCH_PROBE_H
#define VOUCH_PROBE_H

#include "evidence/test.h"
#include "models/model_kind.h"

/* Cases as the model sees them, in scratch. */
typedef struct vouch__probe {
    const vouch_model *model;
    size_t n, cols, n_bad;
    double *x;        /* [n x cols], row-major */
    double *raw, *p;  /* [n], finite; p in [0, 1] */
    uint8_t *bad;     /* [n], or NULL */
    double *loss;     /* [n] log loss, p held to [1e-15, 1 - 1e-15]; or NULL */
    uint64_t seed;    /* of the call */
    double **sorted;  /* [cols] finite values that are no special codes, ascending; categories: codes */
    size_t *n_sorted; /* [cols] */
} vouch__probe;

/* At most `most` cases, chosen by the call's seed. with_outcomes: they are wanted and there.
 * Fails E_DATA (an input is not in the table, a score is not finite or no probability) */
vouch_status vouch__probe_make(vouch_ctx *ctx, const vouch__test_call *call, const vouch__sample *sample,
                               size_t most, bool with_outcomes, vouch__probe *out);

/* Score n rows that fill makes, one by one: row[cols] is written whole. out_p may be NULL. On the context's
 * threads; fill must depend on i alone. Fails E_DATA when a score is not finite. */
typedef void vouch__fill_fn(const void *self, size_t i, double *row);
vouch_status vouch__probe_score(vouch_ctx *ctx, const vouch__probe *probe, size_t n, vouch__fill_fn *fill,
                                const void *self, double *out_raw, double *out_p);

double vouch__probe_loss(double p, bool is_bad);

/* P(bad) of each case on a line of the model's log-odds, in scratch, so that a model that is off as a whole
 * is not off everywhere. Where no line fits (one probability for all, or outcomes that are separated) the
 * model's own. */
vouch_status vouch__probe_recalibrate(vouch_ctx *ctx, const vouch__probe *probe, const double **out);

/* A number that may be moved: finite, of an input that is no category, and no special code of it. */
bool vouch__probe_moves(const vouch__probe *probe, size_t input, double x);

static inline const char *vouch__probe_name(const vouch__probe *probe, size_t input)
{
    return probe->model->inputs.at[input].name;
}
static inline bool vouch__probe_is_category(const vouch__probe *probe, size_t input)
{
    return probe->model->inputs.at[input].is_category;
}

/* The cut-off that the parameters name: "cutoff" where it is given, else that which declines the riskiest
 * share "declined"; 0 when that is everybody. Declined is P(bad) above it. */
vouch_status vouch__probe_cutoff(vouch_ctx *ctx, const vouch__test_call *call, size_t n, const double *p,
                                 double *out);
#define VOUCH__CUTOFF_PARAMS                                                                                 \
    { "cutoff",                                                                                              \
      VOUCH__PARAM_REAL,                                                                                     \
      0,                                                                                                     \
      1,                                                                                                     \
      0.5,                                                                                                   \
      NULL,                                                                                                  \
      "probability",                                                                                         \
      "Declined above it; without it the riskiest share is declined." },                                     \
    {                                                                                                        \
        "declined", VOUCH__PARAM_REAL, 0.001, 0.999, 0.2, NULL, "", "That share."                            \
    }

/* Value, 95 % interval and how it was made, from a figure of n resamples, none of them NaN; to be judged. */
vouch_status vouch__probe_resampled(vouch_ctx *ctx, size_t n, const double *figure, vouch__entry *entry);

/* Pearson's; NaN where one does not vary. */
double vouch__probe_correlation(size_t n, const double *a, const double *b);

/* 0 .. n - 1 in an order that seed and stream decide: Fisher and Yates. */
void vouch__shuffle(uint64_t seed, uint64_t stream, size_t n, uint32_t *out);

#endif

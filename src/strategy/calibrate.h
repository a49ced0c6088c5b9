/* strategy/calibrate.h: maps that put a model's probabilities where they should be: fitted to outcomes, to a
 * central tendency, or to a state of the economy; and master scales. */
#ifndef VOUCH_CALIBRATE_H
#define VOUCH_CALIBRATE_H

#include "models/model_calibration.h"

typedef enum vouch__cal_method {
    VOUCH__CAL_PLATT,    /* logit line fitted to outcomes */
    VOUCH__CAL_BETA,     /* beta map fitted to outcomes */
    VOUCH__CAL_ISOTONIC, /* closest rising steps, straight between */
    VOUCH__CAL_SHIFT,    /* log-odds + a, so that the mean is `to` exactly */
    VOUCH__CAL_SCALE,    /* p x a, at most 1, so that the mean is `to` exactly */
    VOUCH__CAL_PRIOR,    /* log-odds + logit to - logit from: Bayes with another share of bads */
    VOUCH__CAL_PIT,      /* Vasicek: through the cycle -> the state z */
    VOUCH__CAL_TTC,      /* and back */
    VOUCH__CAL_METHODS
} vouch__cal_method;

typedef struct vouch__cal_spec {
    vouch__cal_method method;
    double to, from; /* rates in (0, 1); NAN where not given */
    double rho;      /* asset correlation of PIT and TTC, in (0, 1) */
    double z;        /* their state, below 0 is worse; NAN: the one for which the mean is `to` */
} vouch__cal_spec;

typedef struct vouch__cal_data {
    size_t n;
    const double *p;      /* [n] in [0, 1] */
    const uint8_t *bad;   /* [n], or NULL: no outcomes */
    const double *weight; /* [n] > 0, or NULL; fits to outcomes take none */
} vouch__cal_data;

const char *vouch__cal_name(vouch__cal_method method);  /* "shift" */
const char *vouch__cal_words(vouch__cal_method method); /* what it does, in a sentence */
vouch__cal_method vouch__cal_find(const char *name);    /* VOUCH__CAL_METHODS: none */

/* The map (its points in scratch) and, of PIT and TTC, the state used. data may be NULL for PRIOR, and for
 * PIT and TTC with z.
 * Fails  E_ARG   what the method needs is not given
 *        E_DATA  a probability outside [0, 1], a mean that no map of the kind reaches, one outcome only */
vouch_status vouch__calibrate_fit(vouch_ctx *ctx, const vouch__cal_spec *spec, const vouch__cal_data *data,
                                  vouch__map *out, double *out_z);

/* `grades` PDs in geometric steps from least to most; bounds are the geometric means of neighbours.
 * Fails E_ARG */
vouch_status vouch__scale_geometric(vouch_ctx *ctx, size_t grades, double least, double most,
                                    vouch__calibration *out);
/* Merge grades until each holds min_share of the weight of p: the emptiest with its emptier neighbour, the PD
 * being their mean by weight. */
vouch_status vouch__scale_merge(vouch_ctx *ctx, const vouch__cal_data *data, double min_share,
                                vouch__calibration *scale);

#endif

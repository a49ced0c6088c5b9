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
    VOUCH__CAL_QMM,      /* a + b log-odds, so that mean and implied AUC are as asked (Tasche) */
    VOUCH__CAL_PIT,      /* Vasicek: through the cycle -> the state z */
    VOUCH__CAL_TTC,      /* and back */
    VOUCH__CAL_METHODS
} vouch__cal_method;

typedef struct vouch__cal_spec {
    vouch__cal_method method;
    double to, from; /* rates in (0, 1); NAN where not given */
    double rho;      /* asset correlation of PIT and TTC, in (0, 1) */
    double z;        /* their state, below 0 is worse; NAN: the one for which the mean is `to` */
    double auc;      /* of QMM, in (1/2, 1) */
} vouch__cal_spec;

typedef struct vouch__cal_data {
    size_t n;
    const double *p;      /* [n] in [0, 1] */
    const uint8_t *bad;   /* [n], or NULL: no outcomes */
    const double *weight; /* [n] > 0, or NULL */
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

/* Where f is 0, which rises from below 0 at low to above 0 at high: false position (Illinois), never far from
 * halving. Fails E_DATA there is no such place, E_CANCELLED */
typedef double vouch__rising(const void *self, double at);
vouch_status vouch__zero_of(vouch_ctx *ctx, vouch__rising *f, const void *self, double low, double high,
                            double *out);

/* quasi_moments.c: the map of QMM. Fails E_ARG, E_DATA as vouch__calibrate_fit */
vouch_status vouch__quasi_moments(vouch_ctx *ctx, const vouch__cal_spec *spec, const vouch__cal_data *data,
                                  vouch__map *out);
/* What AUC cases would have if each were bad with probability p: the chance that of a bad and a good case
 * drawn so the bad one has the higher p. p [n] rising. */
double vouch__implied_auc(size_t n, const double *p, const double *weight);

/* `grades` PDs in geometric steps from least to most; bounds are the geometric means of neighbours.
 * Fails E_ARG */
vouch_status vouch__scale_geometric(vouch_ctx *ctx, size_t grades, double least, double most,
                                    vouch__calibration *out);
/* Merge grades until each holds min_share of the weight of p: the emptiest with its emptier neighbour, the PD
 * being their mean by weight. */
vouch_status vouch__scale_merge(vouch_ctx *ctx, const vouch__cal_data *data, double min_share,
                                vouch__calibration *scale);

/* What an optimal scale must keep to. */
typedef struct vouch__scale_rule {
    size_t grades;               /* at most */
    double min_share, max_share; /* of a grade; 0 and 1 or NAN: any */
    double max_herfindahl;       /* of all shares' squares; NAN: any */
    double max_p;                /* of the difference of neighbours' observed rates; NAN: any */
} vouch__scale_rule;
typedef struct vouch__scale_found {
    double information; /* what the grades tell of the outcomes: nats a case, above one grade for all */
    double bound;       /* no scale under the rule tells more */
    double herfindahl;
} vouch__scale_found;
/* The grades that tell most of the outcomes (without: of the probabilities) among all cuts of at most 100
 * cells of even weight, observed rates rising from grade to grade: exact by dynamic programming. A bound on
 * Herfindahl's index is kept by a price on it (a Lagrange multiplier); what that may have cost is
 * found->bound - found->information. PDs are the mean p of the grades. Fails E_ARG; E_DATA no two grades keep
 * to the rule */
vouch_status vouch__scale_optimal(vouch_ctx *ctx, const vouch__cal_data *data, const vouch__scale_rule *rule,
                                  vouch__calibration *out, vouch__scale_found *found);

#endif

/* strategy/reject.h: what is assumed of applicants whose outcome nobody saw, as rows to fit a model on.
 *
 * Every applicant has two rows: i, and n + i, which only fuzzy augmentation uses (a reject counts as part
 * good and part bad). A row that is not used has part VOUCH_PART_NEITHER. */
#ifndef VOUCH_REJECT_H
#define VOUCH_REJECT_H

#include "base/ctx.h"

typedef enum vouch__reject_method {
    VOUCH__REJECT_ACCEPTS,  /* accepted applicants only, as they are: what the rest is compared with */
    VOUCH__REJECT_AUGMENT,  /* accepts count for all of their band of the chance of acceptance (Hsia 1978) */
    VOUCH__REJECT_REWEIGHT, /* accepts count 1 / chance of acceptance, held to floor */
    VOUCH__REJECT_CUTOFF,   /* the riskiest rejects are bad, as many as are expected to be */
    VOUCH__REJECT_PARCEL,   /* in each score band, rejects are drawn bad at the accepts' odds x factor */
    VOUCH__REJECT_FUZZY,    /* each reject is part bad, by its own odds x factor, and part good */
    VOUCH__REJECT_METHODS
} vouch__reject_method;

typedef struct vouch__rejects {
    size_t n;
    const uint8_t *accepted; /* [n] */
    const uint8_t *bad;      /* [n] of accepted ones; else 0 */
    const double *weight;    /* [n] finite and > 0, or NULL */
    const double *pd;        /* [n] P(bad) by the model of the accepts, in (0, 1) */
    const double *chance;    /* [n] of being accepted, in (0, 1) */
    double factor;           /* rejects' odds of bad over those of accepts of the same pd; > 0 */
    double floor;            /* least chance of acceptance that reweighting counts with */
    size_t bands;
    uint64_t seed;
} vouch__rejects;

const char *vouch__reject_name(vouch__reject_method method); /* "parcelling" */
/* What one believes who uses it, in a sentence. */
const char *vouch__reject_assumption(vouch__reject_method method);
vouch__reject_method vouch__reject_find(const char *name); /* VOUCH__REJECT_METHODS: none */

/* p with its odds multiplied. */
double vouch__reject_odds(double p, double factor);

/* target, weight, part: [2 n]. implied [n]: the share of each applicant that counts as bad; NaN for rejects
 * of methods that leave them out. out_held: accepts whose weight floor held.
 * Fails  E_DATA  no reject, no accept, or one outcome only among these */
vouch_status vouch__reject_rows(vouch_ctx *ctx, const vouch__rejects *r, vouch__reject_method method,
                                double *target, double *weight, uint8_t *part, double *implied,
                                size_t *out_held);

#endif

/* run/rejecting.h: reject inference between fitting and telling. */
#ifndef VOUCH_REJECTING_H
#define VOUCH_REJECTING_H

#include "evidence/evidence.h"
#include "strategy/reject.h"
#include "vouch/run.h"

enum { VOUCH__REJECT_FACTORS = 6, VOUCH__REJECT_FITS = VOUCH__REJECT_METHODS + VOUCH__REJECT_FACTORS };
extern const double vouch__reject_factors[VOUCH__REJECT_FACTORS]; /* of the band */

typedef struct vouch__reject_outcome { /* of one refit */
    double rejects_bad, all_bad, auc, auc_true, approved_bad, approved_true, newly, held;
} vouch__reject_outcome;

typedef struct vouch__rejecting {
    vouch_ctx *ctx;
    const vouch_reject_options *o;
    vouch__doc *doc;
    const vouch__json *root, *rejects;
    vouch_table *table, *twice;
    const char *kind, *name;
    const char **input;
    size_t n_inputs, n, n_accepted;
    vouch__buf params;
    double *target, *weight_of, *truth; /* [n]; weight_of and truth NULL without */
    uint8_t *accepted, *bad;
    double *row_target, *row_weight, *implied, *p; /* [2n] [2n] [n] [2n] */
    uint8_t *part;
    vouch__rejects r;
    vouch__reject_method method;
    vouch__reject_outcome result[VOUCH__REJECT_FITS];
    vouch_model *fitted[VOUCH__REJECT_FITS];
    vouch__evidence list;
} vouch__rejecting;

/* Entries about every fit, into work->list; and the texts made of them. */
vouch_status vouch__rejecting_tell(vouch__rejecting *work, vouch_told *out);

#endif

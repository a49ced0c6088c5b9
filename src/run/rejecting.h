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

typedef struct vouch__rejecting vouch__rejecting;
struct vouch__rejecting {
    vouch_ctx *ctx;
    const vouch_reject_options *o; /* of a recipe; else NULL */
    /* How the model is fitted to rows 0 to 2n - 1 of `twice`; NULL: kind and params by vouch_model_fit. */
    vouch_status (*refit)(vouch__rejecting *work, bool is_chosen, vouch_model **out_model);
    void *refit_self;
    const char *run_part; /* of entries, or NULL */
    vouch__doc *doc;
    const vouch__json *root, *rejects;
    vouch_table *table, *twice; /* [n] applicants; those twice, and what a refit needs beside them */
    const char *kind, *name;
    const char **input;
    size_t n_inputs, n, n_accepted;
    bool is_ruled; /* the past decision follows from the inputs */
    vouch__buf params;
    double *target, *weight_of, *truth; /* [n]; weight_of and truth NULL without */
    uint8_t *accepted, *bad;
    double *row_target, *row_weight, *implied, *p; /* [2n] [2n] [n] [2n] */
    uint8_t *part;
    vouch__rejects r;
    vouch__reject_method method;
    vouch__reject_outcome result[VOUCH__REJECT_FITS];
    vouch_model *fitted[VOUCH__REJECT_FITS];
    vouch__evidence *list;
};

/* The mapping `rejects` of a recipe or project: method, factor, bands, floor. Fails E_FORMAT */
vouch_status vouch__rejecting_plan(vouch__rejecting *work, const char *path, const vouch__json *rejects);
/* The value of a column that a key names, as the column holds it. Fails E_FORMAT no row has it */
vouch_status vouch__rejecting_value(vouch_ctx *ctx, const char *path, const vouch_table *table, size_t col,
                                    const vouch__json *at, double *out);
/* Room for n applicants, and `beside` more rows of `twice`, in scratch. */
vouch_status vouch__rejecting_room(vouch__rejecting *work, size_t n, size_t beside);
/* Every method and every factor: work->fitted and work->result. */
vouch_status vouch__rejecting_fits(vouch__rejecting *work);
/* Entries about every fit, into work->list; and with the texts made of them. */
vouch_status vouch__rejecting_entries(vouch__rejecting *work);
vouch_status vouch__rejecting_tell(vouch__rejecting *work, vouch_told *out);

#endif

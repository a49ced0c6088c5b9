/* models/model_conversion.h: a model of exposure at default. What is fitted is a share made of three columns,
 * the exposure at default D and, at the reference date, the drawn balance E and the limit L; what is
 * predicted is turned back into an exposure, never below what is drawn. Part of the model's file. */
#ifndef VOUCH_MODEL_CONVERSION_H
#define VOUCH_MODEL_CONVERSION_H

#include "base/json.h"
#include "models/wire.h"

typedef enum vouch__conversion_form {
    VOUCH__FORM_CCF,     /* (D - E) / (L - E): the conversion factor of the CRR; also called LEQ */
    VOUCH__FORM_EADF,    /* D / L: the limit factor */
    VOUCH__FORM_BALANCE, /* D / E */
    VOUCH__FORMS
} vouch__conversion_form;

typedef enum vouch__conversion_outside { /* shares below 0, and above 1 of CCF and EADF */
                                         VOUCH__OUTSIDE_HOLD, /* become 0 or 1 */
                                         VOUCH__OUTSIDE_KEEP,
                                         VOUCH__OUTSIDE_REFUSE,
                                         VOUCH__OUTSIDES
} vouch__conversion_outside;

typedef struct vouch__conversion {
    uint8_t form, outside;
    double least; /* share of the limit that must be undrawn (CCF) for a row to be fitted */
    double rows, left_out, below, above; /* of the data it was fitted on; left out: the share is undefined */
    char *exposure, *drawn, *limit;      /* names of columns */
    vouch_alloc alloc;
} vouch__conversion;

struct vouch_model;

const char *vouch__conversion_name(vouch__conversion_form form); /* "ccf" */
/* "ccf" (or "leq"), "eadf", "balance"; VOUCH__FORMS: none */
vouch__conversion_form vouch__conversion_find(const char *name);

vouch_status vouch__conversion_new(vouch_ctx *ctx, const char *exposure, const char *drawn, const char *limit,
                                   vouch__conversion **out);
void vouch__conversion_free(vouch__conversion *c); /* NULL is fine */

/* The share as it is; NaN where it has no meaning: nothing drawn, no limit, nothing undrawn. */
double vouch__conversion_share(const vouch__conversion *c, double exposure, double drawn, double limit);
/* The exposure that a share means, at least what is drawn. */
double vouch__conversion_back(const vouch__conversion *c, double share, double drawn, double limit);
/* The targets of a fit, counting into c: share[n]; NaN: not to be fitted. first names rows in messages.
 * Fails E_DATA  a column is missing in a row, a share is outside and refused, or no row is left */
vouch_status vouch__conversion_targets(vouch_ctx *ctx, vouch__conversion *c, size_t n, const double *exposure,
                                       const double *drawn, const double *limit, double *out_share);

void vouch__conversion_describe(const vouch__conversion *c, vouch__doc *doc, vouch__json *object);
void vouch__conversion_save(const vouch__conversion *c, vouch__buf *out);
vouch_status vouch__conversion_load(vouch_ctx *ctx, vouch__wire *in, vouch__conversion **out);
/* Make it part of a model that was just fitted: taken on success, and the file written anew. */
vouch_status vouch__model_convert(vouch_ctx *ctx, struct vouch_model *model, vouch__conversion *c);

#endif

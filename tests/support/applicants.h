/* applicants.h: a few hundred made-up applicants with a known truth, and models fitted to them. Columns:
 * income (number, missing at times), delay (whole, -2 special), region (text, missing at times), owner
 * (flag), noise (number). Risk falls with income, rises with delay, and is highest in the north. */
#ifndef APPLICANTS_H
#define APPLICANTS_H

#include "models/model_kind.h"

enum { APPLICANT_COLUMNS = 5 };

typedef struct applicants {
    vouch_ctx *ctx; /* borrowed */
    size_t n;
    vouch_table *table;
    uint32_t *row; /* 0 .. n - 1 */
    double *bad;
} applicants;

applicants applicants_make(vouch_ctx *ctx, size_t n);
void applicants_free(applicants *a);
/* kind "gbdt" or "scorecard"; income is declared down, delay up. Settings: "key: value" lines of YAML, NULL
 * for the defaults. */
vouch_model *applicants_fit(const applicants *a, const char *kind, const char *settings);

#endif

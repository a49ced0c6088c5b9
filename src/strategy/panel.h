/* strategy/panel.h: a long table, a row an account and month, in order: what vintages and roll rates walk. */
#ifndef VOUCH_PANEL_H
#define VOUCH_PANEL_H

#include "data/calendar.h"
#include "evidence/test.h"

typedef struct vouch__panel {
    size_t n, n_accounts;
    uint32_t *account;   /* [n] from 0, rows of one account together */
    int32_t *month;      /* [n] rising within an account: 12 x year + month - 1 */
    double *status;      /* [n] months past due, or what else grows worse; NaN where missing */
    double *amount;      /* [n] >= 0, or NULL */
    int32_t *opened;     /* [n_accounts] the month it was opened: the column's least, else its first row's */
    int32_t first, last; /* months of the whole table */
    size_t opened_unknown, late; /* accounts without an opening date; opened before their first row */
} vouch__panel;

/* From the call's cases, which have dates. Parameters of the test name the columns: account (else the id),
 * status (else the label) and opened (else the first row). In scratch.
 * Fails  E_DATA  a column that is not there or of the wrong type, two rows of one account in one month, an
 * amount that is negative or infinite */
vouch_status vouch__panel_make(vouch_ctx *ctx, const vouch__test_call *call, vouch__panel *out);

#endif

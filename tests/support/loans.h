/* loans.h: tables of simulated loans without a file between. */
#ifndef LOANS_H
#define LOANS_H

#include "data/checks.h"

/* Columns as vouch_simulate_credit writes them, by the same names. NULL when memory is out. */
vouch_table *simulated_loans(vouch_ctx *ctx, size_t rows, uint64_t seed, const char *fault);

/* What examples/loans/vouch.yaml declares of them: id, target, time, features, one rule with available_at.
 * feature and rule are static; one caller at a time. */
vouch__data_spec simulated_spec(const vouch_table *table, uint64_t seed);

#endif

/* odd_rows.h: a file of rows that are hard to write in other languages (quotes in names and texts, a special
 * code, missing values, a category that is new), and models fitted on its first rows. */
#ifndef ODD_ROWS_H
#define ODD_ROWS_H

#include "models/model_kind.h"

enum { ODD_COLS = 4 }; /* two numbers, one with the special code -2, a text */

/* Write n rows with outcomes bad[n]; from row `split` on there are categories and missing values that the
 * rows before have not. */
void odd_csv(const char *path, size_t n, size_t split, double *bad);
/* A model of the first n rows, where it may not fail; params is YAML. */
vouch_model *odd_fit(vouch_ctx *ctx, const vouch_table *table, size_t n, const double *bad,
                     const char *kind_name, const char *params);

#endif

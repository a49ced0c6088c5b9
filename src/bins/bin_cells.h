/* bins/bin_cells.h: a column's values as a row of cells, from which bins are made. */
#ifndef VOUCH_BIN_CELLS_H
#define VOUCH_BIN_CELLS_H

#include "bins/bin_worth.h"

/* Rows with an outcome. */
typedef struct vouch__bin_rows {
    size_t n, n_categories;  /* n_categories 0: numbers */
    const double *x, *y, *w; /* [n]; w NULL: 1 each */
    const double *special;
    size_t n_special;
} vouch__bin_rows;

typedef struct vouch__cells {
    size_t n, n_tail; /* tail: special codes in order, then missing */
    double *sums;     /* [(n + n_tail) x stride]: cells in order, then the tail */
    double *top;      /* [n]: numbers: the largest value of each cell */
    uint32_t *of;     /* [n_categories]: the cell of each category */
    size_t pool;      /* the cell of pooled categories; SIZE_MAX when none is pooled */
} vouch__cells;       /* all in scratch */

enum { VOUCH__CELLS_MAX = 200 };

/* Numbers: at most max_cells cells of about equal numbers of rows, or with n_splits > 0 the ranges that end
 * at the splits (ascending; a value equal to one lies below it). Categories: one cell each in order of level,
 * those below least_rows pooled. Adds every row to *all (stride sums, 0 at first). */
vouch_status vouch__cells_make(vouch_ctx *ctx, const vouch__worth *worth, const vouch__bin_rows *rows,
                               size_t max_cells, const double *split, size_t n_splits, double least_rows,
                               vouch__cells *out);

#endif

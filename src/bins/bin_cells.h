/* bins/bin_cells.h: a column's values as a row of cells, from which bins are made. */
#ifndef VOUCH_BIN_CELLS_H
#define VOUCH_BIN_CELLS_H

#include "bins/bin_worth.h"

enum { VOUCH__CELLS_MAX = 200, VOUCH__SPECIAL_MAX = 1000 };

typedef struct vouch__bin_rows { /* rows with an outcome */
    size_t n, n_categories;      /* n_categories 0: numbers */
    const double *x, *y, *w;     /* [n]; w NULL: 1 each */
    const double *special;       /* ascending */
    size_t n_special;
} vouch__bin_rows;

typedef struct vouch__cells {
    size_t n, n_tail; /* tail: special codes in order, then missing */
    double *sums;     /* [(n + n_tail) x stride]: cells in order, then the tail */
    double
        *top; /* [n]: numbers: a value is in the first cell whose top is not below it; the last takes all */
    uint32_t *of; /* [n_categories]: the cell of each category */
    size_t pool;  /* the cell of pooled categories; SIZE_MAX when none is pooled */
} vouch__cells;   /* all in scratch */

typedef struct vouch__cell_rule {
    size_t max_cells;    /* at most VOUCH__CELLS_MAX */
    double least_rows;   /* categories with fewer are pooled */
    const double *split; /* [n_splits] ascending: the ranges that end there; 0: as many rows in each cell */
    size_t n_splits;
} vouch__cell_rule;

vouch_status vouch__cells_make(vouch_ctx *ctx, const vouch__worth *worth, const vouch__bin_rows *rows,
                               const vouch__cell_rule *rule, vouch__cells *out);

#endif

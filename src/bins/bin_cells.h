/* bins/bin_cells.h: a column's values as a row of cells, from which bins are made. */
#ifndef VOUCH_BIN_CELLS_H
#define VOUCH_BIN_CELLS_H

#include "bins/bin_worth.h"

enum { VOUCH__CELLS_MAX = 200, VOUCH__SPECIAL_MAX = 1000 };

typedef struct vouch__bin_rows { /* rows with an outcome, and what their values may be */
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
    const double *split; /* [n_splits] ascending: ranges end there; 0: as many rows in each cell, */
    const double *fixed; /* [n_fixed] ascending: and there too. Ignored where there are splits */
    size_t n_splits, n_fixed;
    bool has_rest; /* the last category stands for all that are not listed: it is pooled */
} vouch__cell_rule;

/* Rows in memory: found, and counted. A cell ends at the number with the fewest digits that lies between its
 * largest value and the next larger one. */
vouch_status vouch__cells_make(vouch_ctx *ctx, const vouch__worth *worth, const vouch__bin_rows *rows,
                               const vouch__cell_rule *rule, vouch__cells *out);

/* The same in steps, for rows that come in batches. Cells of numbers from their distinct values, ascending,
 * and how many are at or below each; nothing is counted yet. */
vouch_status vouch__cells_of_values(vouch_ctx *ctx, const vouch__worth *worth, const vouch__bin_rows *rows,
                                    const vouch__cell_rule *rule, size_t points, const double *x,
                                    const double *upto, vouch__cells *out);
/* Cells of categories from the sums of each, and of missing behind them. */
vouch_status vouch__cells_of_categories(vouch_ctx *ctx, const vouch__worth *worth,
                                        const vouch__bin_rows *rows, const vouch__cell_rule *rule,
                                        const double *sums, vouch__cells *out);
/* Where each of the rows is: its cell, or n and its place in the tail. */
void vouch__cells_find(const vouch__cells *cells, const vouch__bin_rows *rows, uint16_t *out_cell);

/* Every run of cells as a bin: run [n x (n + 1)] as vouch__cut_task has it. No run goes beyond a fixed end.
 */
vouch_status vouch__cells_runs(vouch_ctx *ctx, const vouch__worth *worth, const vouch__cells *cells,
                               const double *fixed, size_t n_fixed, vouch__run *run);
/* Does cell c end at one of fixed? */
bool vouch__cell_is_fixed(const vouch__cells *cells, size_t c, const double *fixed, size_t n_fixed);

#endif

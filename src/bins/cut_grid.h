/* bins/cut_grid.h: the best way to cut a grid of cells into rectangles. */
#ifndef VOUCH_CUT_GRID_H
#define VOUCH_CUT_GRID_H

#include "bins/cut_runs.h"

enum { VOUCH__GRID_MAX = 12, VOUCH__GRID_BINS = 50 };

typedef struct vouch__rect { /* columns x0 to x1 - 1 of rows y0 to y1 - 1 */
    uint8_t x0, x1, y0, y1;
} vouch__rect;

typedef struct vouch__grid_task {
    size_t nx, ny;             /* cells each way, 1 to VOUCH__GRID_MAX */
    const vouch__run *run;     /* [vouch__rects(nx, ny)]: each rectangle as a bin, at vouch__rect_at */
    int along_x, along_y;      /* 1: of two bins that touch the one further along is higher; -1: lower; 0 */
    size_t min_bins, max_bins; /* max_bins at most VOUCH__GRID_BINS */
    double min_gap, max_p;     /* of bins that touch, as vouch__cut_task */
    uint64_t max_steps; /* rectangles that are tried before the search is given up; some 10^7 a second */
} vouch__grid_task;

typedef struct vouch__grid_cut {
    size_t n;
    vouch__rect bin[VOUCH__GRID_BINS]; /* by row, then by column, of their first cells */
    double value, bound;               /* no cut has a value above bound */
    bool is_best;                      /* proved: the search ended by itself */
} vouch__grid_cut;

static inline vouch__rect vouch__rect_of(size_t x0, size_t x1, size_t y0, size_t y1)
{
    return (vouch__rect){ (uint8_t)x0, (uint8_t)x1, (uint8_t)y0, (uint8_t)y1 };
}
static inline size_t vouch__spans(size_t n) { return n * (n + 1) / 2; }
static inline size_t vouch__rects(size_t nx, size_t ny) { return vouch__spans(nx) * vouch__spans(ny); }
/* Where the span of cells i to j - 1 of n stands among all. */
static inline size_t vouch__span_at(size_t n, size_t i, size_t j) { return i * n - i * (i + 1) / 2 + j - 1; }
static inline size_t vouch__rect_at(size_t nx, size_t ny, vouch__rect r)
{
    return vouch__span_at(nx, r.x0, r.x1) * vouch__spans(ny) + vouch__span_at(ny, r.y0, r.y1);
}

/* Of all cuts of the grid into rectangles, also those that no sequence of straight cuts makes, the one with
 * the largest sum of values under the constraints: branch and bound over the first cell that is not covered,
 * bounded by prices of cells (Lagrange's dual of covering each once). With max_steps used up: the best that
 * was found, and a bound on all. Ties go to the best strips of one way, else to what is found
 * first in a fixed order. When no cut is allowed the value is NAN and there is one bin.
 * Fails E_SHAPE, E_NOMEM, E_CANCELLED */
vouch_status vouch__cut_grid(vouch_ctx *ctx, const vouch__grid_task *task, vouch__grid_cut *out_cut);

#endif

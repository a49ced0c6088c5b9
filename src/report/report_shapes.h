/* report/report_shapes.h: what a model does with each input, drawn with the population under it. */
#ifndef VOUCH_REPORT_SHAPES_H
#define VOUCH_REPORT_SHAPES_H

#include "report/report_page.h"

/* Of a model that tells "shapes", "pairs" or "relativities" of itself; nothing of others. */
vouch_status vouch__page_shapes(vouch__page *page, const vouch__json *own);

enum { VOUCH__LEVELS = 60 }; /* rows of a plot by level */

/* Rows of one plot by level, or bins of one curve. NaN where there is none. */
typedef struct vouch__levels {
    const char *title, *source, *x_label;
    size_t n;
    const char **label;                  /* [n] */
    double *value, *low, *high, *weight; /* [n] */
    double *fitted;                      /* [n] before edits, or NULL */
    double *from, *to;                   /* [n] of a curve */
    double still;                        /* the value that changes nothing: 0, or 1 of a factor */
} vouch__levels;

void vouch__draw_levels(vouch__buf *out, const vouch__levels *levels, unsigned number);
void vouch__draw_shape(vouch__buf *out, const vouch__levels *bins, const char *y_label, unsigned number);

/* Cells of two inputs. value and weight [n_a x n_b]; names of a go down the side. */
typedef struct vouch__cells {
    const char *title, *source, *a, *b;
    size_t n_a, n_b;
    const char *const *label_a, *const *label_b;
    const double *value, *weight;
} vouch__cells;
void vouch__draw_cells(vouch__buf *out, const vouch__cells *cells, unsigned number);

/* A decision tree: of node k the children left[k] and right[k] (or SIZE_MAX), its test, its rows, risk and
 * the interval of it. The root is 0; children come after their parent. */
typedef struct vouch__tree_picture {
    size_t n;
    size_t *left, *right;
    const char **test;
    double *rows, *risk, *low, *high;
} vouch__tree_picture;
void vouch__draw_tree(vouch__buf *out, const vouch__tree_picture *tree, unsigned number);

#endif

/* report/chart.h: what a plot of an entry draws, taken out of the entry's table as arrays; and the drawings.
 */
#ifndef VOUCH_CHART_H
#define VOUCH_CHART_H

#include "report/svg_axes.h"

enum { VOUCH__SERIES = 6, VOUCH__CHART_ROWS = 4000 };

/* Lives in scratch. Values that can't be drawn are NaN. */
typedef struct vouch__chart {
    const char *type;           /* line | bars | points | steps | heat | waterfall | interval | beeswarm */
    const char *title, *source; /* of the figure; a sentence for those who can't see it */
    const char *x_label, *y_label;
    vouch__number_style x_style, y_style;
    size_t n;           /* rows drawn */
    size_t left_out;    /* rows beyond VOUCH__CHART_ROWS */
    double *x;          /* [n], NULL where label is set */
    const char **label; /* [n]: x as text */
    size_t n_series;
    const char *name[VOUCH__SERIES];
    double *y[VOUCH__SERIES];
    const char **group; /* [n]: the first text column of y, such as the input of a beeswarm */
    double *low, *high; /* bounds of series 0, or NULL */
    const char *band;   /* what lies between them where it is shaded, or NULL */
    bool diagonal;      /* draw where y equals x */
    bool is_listed;     /* one of many small figures: bars down the side, however few, and narrow */
    bool is_sideways;   /* bars down the side, as those of the figures beside it */
    double even;        /* where rows have a line and bars begin: 0, 1 of a ratio, one half of an AUC */
    bool reaches_even;  /* whiskers' axis goes there, however far they are */
} vouch__chart;

/* From one entry. out->n is 0 when it has no plot, or none of a known type over a table that is there. */
vouch_status vouch__chart_make(vouch_ctx *ctx, const vouch__json *entry, vouch__chart *out);
/* A line a series over x = 1..n: learning curves. name[k] and y[k] are set by the caller. */
vouch_status vouch__chart_rounds(vouch_ctx *ctx, size_t n, vouch__chart *chart);

/* A column's name in words, in scratch. */
vouch_status vouch__chart_label(vouch_ctx *ctx, const char *name, size_t len, const char **out);

/* Draw it as <svg>, ids made from number. */
void vouch__chart_draw(vouch__buf *out, const vouch__chart *chart, unsigned number);
bool vouch__chart_is_wide(const vouch__chart *chart);     /* better alone on its line */
bool vouch__chart_is_sideways(const vouch__chart *chart); /* bars with names down the side */

/* The drawings behind vouch__chart_draw, by shape. */
void vouch__draw_curves(vouch__buf *out, const vouch__chart *chart, unsigned number);
void vouch__draw_bars(vouch__buf *out, const vouch__chart *chart, unsigned number);
void vouch__draw_rows(vouch__buf *out, const vouch__chart *chart, unsigned number); /* names down the side */
void vouch__draw_swarm(vouch__buf *out, const vouch__chart *chart, unsigned number);
void vouch__draw_heat(vouch__buf *out, const vouch__chart *chart, unsigned number);

#endif

/* report/svg_axes.h: from numbers to places on paper: round ticks, scales, axes and a plot's frame. */
#ifndef VOUCH_SVG_AXES_H
#define VOUCH_SVG_AXES_H

#include "report/number_format.h"

/* Ticks at i * step for i in [first, last]; step is 1, 2, 2.5 or 5 times a power of ten. */
typedef struct vouch__ticks {
    double step, first, last;
    int decimals;
} vouch__ticks;

/* Ticks that lie in [low, high], about `wanted` of them. low < high, both finite. */
vouch__ticks vouch__ticks_make(double low, double high, int wanted);

typedef struct vouch__scale { /* value -> pixel, linear */
    double low, high, from, to;
    vouch__number_style style;
} vouch__scale;

double vouch__scale_at(const vouch__scale *scale, double value);
/* Widen [*low, *high] so that it isn't empty and, with round, ends at ticks. */
void vouch__range_open(double *low, double *high, bool round);
/* Finite, and small enough that differences stay finite. */
bool vouch__can_draw(double value);

/* The frame of one figure: where the axes stand in the viewBox. */
typedef struct vouch__frame {
    double width, height, left, right, top, bottom;
    vouch__scale x, y;
    bool whole_x; /* x counts: no ticks between whole numbers */
} vouch__frame;

/* Opening tag with title and description (escaped here); ids are made from number. */
void vouch__svg_open(vouch__buf *out, unsigned number, double width, double height, const char *title,
                     const char *description);
void vouch__svg_close(vouch__buf *out);
void vouch__svg_x_axis(vouch__buf *out, const vouch__frame *frame, const char *label, bool grid);
void vouch__svg_y_axis(vouch__buf *out, const vouch__frame *frame, const char *label);
/* " 12.34": a coordinate with a space before it. */
void vouch__svg_number(vouch__buf *out, double value);
/* <line>, and <text> with text cut to max characters (its whole in a <title>). anchor: start | middle | end
 */
void vouch__svg_line(vouch__buf *out, const char *style, double x1, double y1, double x2, double y2);
void vouch__svg_text(vouch__buf *out, const char *style, const char *anchor, double x, double y,
                     const char *text, size_t max);
void vouch__svg_rect(vouch__buf *out, const char *style, double x, double y, double width, double height);
/* Names with a swatch each, just above the frame's top; line: the swatch is a stroke. Its width in pixels. */
double vouch__svg_legend_width(size_t n, const char *const *name, bool line);
void vouch__svg_legend(vouch__buf *out, const vouch__frame *frame, size_t n, const char *const *name,
                       bool line);

#endif

/* Curves and bars: plots with two axes. */
#include "report/chart.h"

#include "report/markup.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 460, HEIGHT = 290 };

static void widen(size_t n, const double *v, double *low, double *high)
{
    for (size_t i = 0; v && i < n; i++)
        if (!isnan(v[i])) {
            *low = fmin(*low, v[i]);
            *high = fmax(*high, v[i]);
        }
}

/* A percent axis needs shares; larger numbers show as they are. */
static vouch__number_style share_style(vouch__number_style style, double low, double high)
{
    return fmax(fabs(low), fabs(high)) > 1.5 ? VOUCH__STYLE_PLAIN : style;
}

static double x_of(const vouch__chart *chart, size_t i) { return chart->x ? chart->x[i] : (double)i; }

static bool is_dotted(const vouch__chart *chart)
{
    return !strcmp(chart->type, "points") || !strcmp(chart->type, "interval");
}

static bool has_lines(const vouch__chart *chart)
{
    return strcmp(chart->type, "bars") != 0 && !is_dotted(chart);
}

static bool all_whole(size_t n, const double *x)
{
    for (size_t i = 0; x && i < n; i++)
        if (!isnan(x[i]) && x[i] != nearbyint(x[i]))
            return false;
    return x != NULL;
}

/* How far the last step goes: as far as the one before. */
static double last_step(const vouch__chart *chart)
{
    bool is_steps = !strcmp(chart->type, "steps") && chart->x && chart->n > 1;
    double wide = is_steps ? chart->x[chart->n - 1] - chart->x[chart->n - 2] : 0.0;
    return wide > 0.0 ? wide : 0.0;
}

static vouch__frame frame_of(const vouch__chart *chart, bool from_zero)
{
    vouch__frame frame = {
        .width = WIDTH, .height = HEIGHT, .left = 48, .right = 14, .top = 26, .bottom = 44
    };
    double low = INFINITY, high = -INFINITY, left = INFINITY, right = -INFINITY;
    for (size_t k = 0; k < chart->n_series; k++)
        widen(chart->n, chart->y[k], &low, &high);
    widen(chart->n, chart->low, &low, &high);
    widen(chart->n, chart->high, &low, &high);
    if (chart->x) {
        widen(chart->n, chart->x, &left, &right);
        right += last_step(chart);
        frame.whole_x = all_whole(chart->n, chart->x);
    } else {
        left = -0.5;
        right = (double)chart->n - 0.5;
    }
    if (chart->diagonal) {
        left = low = fmin(left, low);
        right = high = fmax(right, high);
    }
    if (from_zero || (low > 0 && low < 0.25 * high)) /* a scale that begins just above 0 misleads */
        low = fmin(low, 0.0);
    if (from_zero)
        high = fmax(high, 0.0);
    vouch__range_open(&low, &high, true);
    vouch__range_open(&left, &right, chart->diagonal);
    frame.x = (vouch__scale){ left, right, frame.left, WIDTH - frame.right,
                              share_style(chart->x_style, left, right) };
    frame.y = (vouch__scale){ low, high, HEIGHT - frame.bottom, frame.top,
                              share_style(chart->y_style, low, high) };
    if (chart->n_series > 1) { /* the legend goes under the label when both don't fit in one line */
        bool line = has_lines(chart);
        double label = chart->y_label ? (double)strlen(chart->y_label) * 6.4 : 0.0;
        if (label + vouch__svg_legend_width(chart->n_series, chart->name, line) > WIDTH - 20)
            frame.y.to = frame.top = 42;
    }
    if (frame.y.style != VOUCH__STYLE_PERCENT && fmax(fabs(low), fabs(high)) >= 1e5)
        frame.x.from = frame.left = 66;
    return frame;
}

/* Names along the foot; every k-th where they would run into each other. */
static void band_axis(vouch__buf *out, const vouch__frame *frame, const vouch__chart *chart)
{
    size_t longest = 1;
    for (size_t i = 0; i < chart->n; i++) {
        size_t len = strlen(chart->label[i]);
        longest = len > longest ? len : longest;
    }
    if (longest > 12)
        longest = 12;
    double room = frame->x.to - frame->x.from, foot = frame->height - frame->bottom;
    size_t every = (size_t)ceil((double)chart->n * ((double)longest * 6.4 + 6.0) / room);
    for (size_t i = 0; i < chart->n; i += every ? every : 1)
        vouch__svg_text(out, "lab", "middle", vouch__scale_at(&frame->x, (double)i), foot + 16,
                        chart->label[i], 12);
    vouch__svg_line(out, "ax", frame->left, foot, frame->width - frame->right, foot);
    vouch__svg_text(out, "lab", "middle", (frame->left + frame->width - frame->right) / 2, frame->height - 5,
                    chart->x_label, 70);
}

static void axes(vouch__buf *out, const vouch__frame *frame, const vouch__chart *chart)
{
    vouch__svg_y_axis(out, frame, chart->y_label);
    if (chart->x)
        vouch__svg_x_axis(out, frame, chart->x_label, true);
    else
        band_axis(out, frame, chart);
    if (frame->y.low < 0 && frame->y.high > 0) {
        double zero = vouch__scale_at(&frame->y, 0);
        vouch__svg_line(out, "ax", frame->left, zero, frame->width - frame->right, zero);
    }
    if (chart->n_series > 1)
        vouch__svg_legend(out, frame, chart->n_series, chart->name, has_lines(chart));
}

static void path(vouch__buf *out, const vouch__frame *frame, const vouch__chart *chart, size_t k, bool steps)
{
    bool down = false;
    double last = 0;
    vouch__buf_fmt(out, "<path class=\"l%zu\" d=\"", k);
    for (size_t i = 0; i < chart->n; i++) {
        double value = chart->y[k][i], at = x_of(chart, i);
        if (isnan(value) || isnan(at)) {
            down = false;
            continue;
        }
        double x = vouch__scale_at(&frame->x, at), y = vouch__scale_at(&frame->y, value);
        if (down && steps) {
            vouch__buf_text(out, "L");
            vouch__svg_number(out, x);
            vouch__svg_number(out, last);
        }
        vouch__buf_text(out, down ? "L" : "M");
        vouch__svg_number(out, x);
        vouch__svg_number(out, y);
        last = y;
        down = true;
    }
    if (down && last_step(chart) > 0.0) {
        vouch__buf_text(out, "H");
        vouch__svg_number(out, frame->x.to);
    }
    vouch__buf_text(out, "\"/>");
}

/* The area between the bounds, forth along one and back along the other. */
static void band(vouch__buf *out, const vouch__frame *frame, const vouch__chart *chart)
{
    bool any = false;
    vouch__buf_text(out, "<path class=\"band\" d=\"");
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t j = 0; j < chart->n; j++) {
            size_t i = pass ? chart->n - 1 - j : j;
            double value = pass ? chart->low[i] : chart->high[i], at = x_of(chart, i);
            if (isnan(chart->low[i]) || isnan(chart->high[i]) || isnan(at))
                continue;
            vouch__buf_text(out, any ? "L" : "M");
            vouch__svg_number(out, vouch__scale_at(&frame->x, at));
            vouch__svg_number(out, vouch__scale_at(&frame->y, value));
            any = true;
        }
    vouch__buf_text(out, any ? "Z\"/>" : "\"/>");
}

static void whisker(vouch__buf *out, const vouch__frame *frame, double x, double low, double high)
{
    double a = vouch__scale_at(&frame->y, low), b = vouch__scale_at(&frame->y, high);
    vouch__svg_line(out, "wh", x, a, x, b);
    vouch__svg_line(out, "wh", x - 3, a, x + 3, a);
    vouch__svg_line(out, "wh", x - 3, b, x + 3, b);
}

static void dot(vouch__buf *out, size_t k, double x, double y)
{
    if (k % 2) { /* every second series has squares, so that grey print tells them apart */
        char style[8] = { 'f', (char)('0' + k % 6), '\0' };
        vouch__svg_rect(out, style, x - 2.7, y - 2.7, 5.4, 5.4);
        return;
    }
    vouch__buf_fmt(out, "<circle class=\"f%zu\" r=\"3\" cx=\"", k % 6);
    vouch__buf_fixed(out, x, 2);
    vouch__buf_text(out, "\" cy=\"");
    vouch__buf_fixed(out, y, 2);
    vouch__buf_text(out, "\"/>");
}

static void dots(vouch__buf *out, const vouch__frame *frame, const vouch__chart *chart, size_t k, bool bounds)
{
    for (size_t i = 0; i < chart->n; i++) {
        double value = chart->y[k][i], at = x_of(chart, i);
        if (isnan(value) || isnan(at))
            continue;
        double x = vouch__scale_at(&frame->x, at);
        if (bounds && !isnan(chart->low[i]) && !isnan(chart->high[i]))
            whisker(out, frame, x, chart->low[i], chart->high[i]);
        dot(out, k, x, vouch__scale_at(&frame->y, value));
    }
}

void vouch__draw_curves(vouch__buf *out, const vouch__chart *chart, unsigned number)
{
    vouch__frame frame = frame_of(chart, false);
    bool points = is_dotted(chart);
    bool steps = !strcmp(chart->type, "steps");

    vouch__svg_open(out, number, WIDTH, HEIGHT, chart->title, chart->source);
    axes(out, &frame, chart);
    if (chart->diagonal)
        vouch__svg_line(out, "ref", vouch__scale_at(&frame.x, frame.x.low),
                        vouch__scale_at(&frame.y, frame.x.low), vouch__scale_at(&frame.x, frame.x.high),
                        vouch__scale_at(&frame.y, frame.x.high));
    bool bounds = chart->low && chart->high;
    if (!points && bounds)
        band(out, &frame, chart);
    for (size_t k = 0; k < chart->n_series; k++) {
        if (!points)
            path(out, &frame, chart, k, steps);
        if (points || (!steps && chart->n <= 12))
            dots(out, &frame, chart, k, points && bounds && !k); /* a band shows them already */
    }
    vouch__svg_close(out);
}

void vouch__draw_bars(vouch__buf *out, const vouch__chart *chart, unsigned number)
{
    vouch__chart flat = *chart;
    flat.diagonal = false;
    vouch__frame frame = frame_of(&flat, true);
    double zero = vouch__scale_at(&frame.y, 0);
    double slot = (frame.x.to - frame.x.from) / (double)chart->n;
    double width = slot * (chart->n_series > 1 ? 0.8 : 0.72) / (double)chart->n_series;

    vouch__svg_open(out, number, WIDTH, HEIGHT, chart->title, chart->source);
    axes(out, &frame, &flat);
    for (size_t i = 0; i < chart->n; i++) {
        double middle = vouch__scale_at(&frame.x, (double)i);
        for (size_t k = 0; k < chart->n_series; k++) {
            double value = chart->y[k][i];
            if (isnan(value))
                continue;
            char style[8] = { 'f', (char)('0' + k % 6), '\0' };
            double left = middle + ((double)k - (double)chart->n_series / 2) * width;
            vouch__svg_rect(out, style, left, zero, width * 0.96, vouch__scale_at(&frame.y, value) - zero);
        }
        if (chart->low && chart->high && !isnan(chart->low[i]) && !isnan(chart->high[i]))
            whisker(out, &frame, middle + (0.5 - (double)chart->n_series / 2) * width, chart->low[i],
                    chart->high[i]);
    }
    vouch__svg_close(out);
}

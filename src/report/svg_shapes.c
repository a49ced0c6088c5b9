/* Curves, levels and tables of a model, each with the population that stands behind it: a committee asks of
 * every bend how many cases it rests on. */
#include "report/report_shapes.h"

#include "report/chart.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 460, HEIGHT = 300, STRIP = 44, APART = 46, CELLS = 48, ROW = 19 };

static void widen(size_t n, const double *v, double *low, double *high)
{
    for (size_t i = 0; v && i < n; i++)
        if (vouch__can_draw(v[i])) {
            *low = fmin(*low, v[i]);
            *high = fmax(*high, v[i]);
        }
}

/* A band that is mostly doubt would flatten the curve: it is followed as far as the values themselves reach.
 */
static void widen_by_bands(const vouch__levels *l, size_t n, double *low, double *high)
{
    double reach = fmax(*high - *low, 1e-9), least = *low - reach, most = *high + reach;
    for (size_t i = 0; i < n; i++)
        if (vouch__can_draw(l->low[i]) && vouch__can_draw(l->high[i])) {
            *low = fmin(*low, fmax(l->low[i], least));
            *high = fmax(*high, fmin(l->high[i], most));
        }
}

static double total(size_t n, const double *weight)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += weight[i] > 0.0 ? weight[i] : 0.0;
    return sum;
}

/* What is drawn of an axis: all of it, or where tails of one in a hundred are longer than the rest, without
 * them. */
static void middle(const vouch__levels *b, double *low, double *high)
{
    double sum = 0.0, all = 0.0, first = NAN, last = NAN, lowest = INFINITY, highest = -INFINITY;
    for (size_t i = 0; i < b->n; i++)
        all += isnan(b->from[i]) ? 0.0 : b->weight[i];
    for (size_t i = 0; i < b->n; i++) {
        if (isnan(b->from[i]))
            continue;
        lowest = fmin(lowest, b->from[i]);
        highest = fmax(highest, b->to[i]);
        sum += b->weight[i];
        first = isnan(first) && sum >= 0.01 * all ? b->from[i] : first;
        last = isnan(last) && sum >= 0.99 * all ? b->to[i] : last;
    }
    *low = lowest;
    *high = highest;
    if (first - lowest > 0.5 * (last - first))
        *low = first;
    if (highest - last > 0.5 * (last - first))
        *high = last;
}

static void rect(vouch__buf *out, const char *style, const vouch__frame *f, double x1, double x2, double y1,
                 double y2)
{
    x1 = fmax(f->x.from, vouch__scale_at(&f->x, x1));
    x2 = fmin(f->x.to, vouch__scale_at(&f->x, x2));
    if (x2 > x1)
        vouch__svg_rect(out, style, x1, vouch__scale_at(&f->y, y2), x2 - x1,
                        vouch__scale_at(&f->y, y1) - vouch__scale_at(&f->y, y2));
}

/* One series as steps from bin to bin. */
static void steps(vouch__buf *out, const char *style, const vouch__frame *f, const vouch__levels *b,
                  const double *y)
{
    bool down = false;
    vouch__buf_fmt(out, "<path class=\"%s\" d=\"", style);
    for (size_t i = 0; i < b->n; i++) {
        if (isnan(b->from[i]) || !vouch__can_draw(y[i]) || b->to[i] <= f->x.low || b->from[i] >= f->x.high)
            continue;
        vouch__buf_text(out, down ? "L" : "M");
        vouch__svg_number(out, vouch__scale_at(&f->x, fmax(b->from[i], f->x.low)));
        vouch__svg_number(out, vouch__scale_at(&f->y, y[i]));
        vouch__buf_text(out, "H");
        vouch__svg_number(out, vouch__scale_at(&f->x, fmin(b->to[i], f->x.high)));
        down = true;
    }
    vouch__buf_text(out, "\"/>");
}

static void dot(vouch__buf *out, double x, double y, double r)
{
    vouch__buf_text(out, "<circle class=\"f0\" cx=\"");
    vouch__buf_fixed(out, x, 1);
    vouch__buf_text(out, "\" cy=\"");
    vouch__buf_fixed(out, y, 1);
    vouch__buf_text(out, "\" r=\"");
    vouch__buf_fixed(out, r, 1);
    vouch__buf_text(out, "\"/>");
}

/* Where people are: equal stretches of the axis, a bin's weight spread evenly over it. */
static void population(vouch__buf *out, const vouch__frame *f, const vouch__levels *b, double foot)
{
    double mass[CELLS] = { 0.0 }, none = 0.0, most = 0.0, wide = (f->x.high - f->x.low) / CELLS;
    for (size_t i = 0; i < b->n; i++) {
        if (isnan(b->from[i]))
            continue;
        if (b->to[i] - b->from[i] < 1e-9 * wide) {
            double at = floor((b->to[i] - f->x.low) / wide);
            if (at >= 0.0 && at <= CELLS)
                mass[at < CELLS ? (size_t)at : CELLS - 1] += b->weight[i];
            continue;
        }
        for (size_t k = 0; k < CELLS; k++) {
            double from = fmax(b->from[i], f->x.low + wide * (double)k);
            double to = fmin(b->to[i], f->x.low + wide * (double)(k + 1));
            if (to > from)
                mass[k] += b->weight[i] * (to - from) / (b->to[i] - b->from[i]);
        }
    }
    widen(CELLS, mass, &none, &most);
    for (size_t k = 0; k < CELLS && most > 0.0; k++) {
        double x = f->x.from + (f->x.to - f->x.from) / CELLS * (double)k;
        if (mass[k] > 0.0)
            vouch__svg_rect(out, "pop", x + 0.5, foot - mass[k] / most * (STRIP - 6),
                            (f->x.to - f->x.from) / CELLS - 1.0, mass[k] / most * (STRIP - 6));
    }
}

/* Missing values and special codes: beside the curve, each with its share of the population. */
static void beside(vouch__buf *out, const vouch__frame *f, const vouch__levels *b, double foot)
{
    double x = f->x.to + APART / 2.0 + 4, all = total(b->n, b->weight);
    for (size_t i = 0; i < b->n; i++) {
        if (!isnan(b->from[i]) || !vouch__can_draw(b->value[i]) || x > WIDTH - 10)
            continue;
        double y = vouch__scale_at(&f->y, b->value[i]);
        if (vouch__can_draw(b->low[i]) && vouch__can_draw(b->high[i]))
            vouch__svg_line(out, "wh", x, vouch__scale_at(&f->y, b->low[i]), x,
                            vouch__scale_at(&f->y, b->high[i]));
        dot(out, x, y, 3.0);
        double bar = all > 0.0 ? b->weight[i] / all * (STRIP - 6) : 0.0;
        vouch__svg_rect(out, "pop", x - 8, foot - bar, 16, bar);
        vouch__svg_text(out, "lab", "middle", x, foot + 16, b->label[i], 8);
        x += APART;
    }
}

void vouch__draw_shape(vouch__buf *out, const vouch__levels *b, const char *y_label, unsigned number)
{
    size_t apart = 0;
    double low = b->still, high = b->still, left, right;
    vouch__frame f = { .width = WIDTH, .height = HEIGHT, .left = 48, .right = 14, .top = 26, .bottom = 44 };
    for (size_t i = 0; i < b->n; i++)
        apart += isnan(b->from[i]) ? 1 : 0;
    apart = apart < 4 ? apart : 4;
    middle(b, &left, &right);
    for (size_t i = 0; i < b->n; i++)
        if (b->to[i] <= left || b->from[i] >= right) { /* not drawn, so no part of the scale */
            b->value[i] = b->low[i] = b->high[i] = NAN;
            if (b->fitted)
                b->fitted[i] = NAN;
        }
    widen(b->n, b->value, &low, &high);
    widen(b->n, b->fitted, &low, &high);
    widen_by_bands(b, b->n, &low, &high);
    vouch__range_open(&low, &high, true);
    vouch__range_open(&left, &right, false);
    double foot = HEIGHT - f.bottom, base = foot - STRIP;
    f.right += APART * (double)apart;
    f.x = (vouch__scale){ left, right, f.left, WIDTH - f.right, VOUCH__STYLE_PLAIN };
    f.y = (vouch__scale){ low, high, base - 4, f.top, VOUCH__STYLE_PLAIN };
    vouch__svg_open(out, number, WIDTH, HEIGHT, b->title, b->source);
    vouch__svg_y_axis(out, &f, y_label);
    vouch__svg_x_axis(out, &f, b->x_label, false);
    vouch__svg_line(out, "ax", f.left, vouch__scale_at(&f.y, b->still), WIDTH - f.right,
                    vouch__scale_at(&f.y, b->still));
    for (size_t i = 0; i < b->n; i++)
        if (!isnan(b->from[i]) && vouch__can_draw(b->low[i]) && vouch__can_draw(b->high[i]))
            rect(out, "band", &f, b->from[i], b->to[i], fmax(b->low[i], low), fmin(b->high[i], high));
    if (b->fitted) {
        static const char *const names[] = { "edited", "fitted" };
        steps(out, "l1", &f, b, b->fitted);
        vouch__svg_legend(out, &f, 2, names, true);
    }
    steps(out, "l0", &f, b, b->value);
    population(out, &f, b, foot);
    beside(out, &f, b, foot);
    vouch__svg_close(out);
}

/* ---- by level ---- */

void vouch__draw_levels(vouch__buf *out, const vouch__levels *l, unsigned number)
{
    enum { NAMES = 140, BARS = 78, LETTERS = 18 };
    size_t n = l->n < VOUCH__LEVELS ? l->n : VOUCH__LEVELS;
    double low = l->still, high = l->still, all = total(l->n, l->weight);
    double none = 0.0, most = 0.0;
    vouch__frame f = { .width = WIDTH, .left = NAMES, .right = BARS + 14, .top = 22, .bottom = 40 };
    widen(n, l->value, &low, &high);
    widen(n, l->fitted, &low, &high);
    widen_by_bands(l, n, &low, &high);
    widen(n, l->weight, &none, &most);
    vouch__range_open(&low, &high, true);
    f.height = f.top + f.bottom + ROW * (double)n;
    f.x = (vouch__scale){ low, high, f.left, WIDTH - f.right, VOUCH__STYLE_PLAIN };
    vouch__svg_open(out, number, WIDTH, f.height, l->title, l->source);
    vouch__svg_x_axis(out, &f, l->x_label, true);
    vouch__svg_text(out, "lab", "end", WIDTH, 12, "share of cases", 20);
    double still = vouch__scale_at(&f.x, l->still);
    vouch__svg_line(out, "ax", still, f.top, still, f.height - f.bottom);
    for (size_t i = 0; i < n; i++) {
        double y = f.top + ROW * ((double)i + 0.5), share = all > 0.0 ? l->weight[i] / all : 0.0;
        vouch__svg_text(out, "key", "end", NAMES - 8, y + 4, l->label[i], LETTERS);
        if (vouch__can_draw(l->low[i]) && vouch__can_draw(l->high[i]))
            vouch__svg_line(out, "wh", vouch__scale_at(&f.x, fmax(l->low[i], low)), y,
                            vouch__scale_at(&f.x, fmin(l->high[i], high)), y);
        if (l->fitted && vouch__can_draw(l->fitted[i]))
            vouch__svg_rect(out, "f1", vouch__scale_at(&f.x, l->fitted[i]) - 1, y - 6, 2, 12);
        if (vouch__can_draw(l->value[i]))
            dot(out, vouch__scale_at(&f.x, l->value[i]), y, 3.2);
        if (most > 0.0 && l->weight[i] > 0.0)
            vouch__svg_rect(out, "pop", WIDTH - BARS, y - 5, l->weight[i] / most * (BARS - 38), 10);
        vouch__buf_fmt(out, "<text class=\"lab\" text-anchor=\"end\" x=\"%d\" y=\"", WIDTH - 2);
        vouch__buf_fixed(out, y + 4, 1);
        vouch__buf_text(out, "\">");
        vouch__format_number(out, share,
                             (vouch__number_format){ VOUCH__STYLE_PERCENT, share < 0.0995 ? 1 : 0, false });
        vouch__buf_text(out, "</text>");
    }
    vouch__svg_close(out);
}

/* ---- by cell ---- */

void vouch__draw_cells(vouch__buf *out, const vouch__cells *c, unsigned number)
{
    enum { NAMES = 118, TOP = 40, FOOT = 52, WIDE = WIDTH - NAMES - 12, HIGH = 250 };
    double most = 0.0, low = 0.0, high = 0.0, cell_x = (double)WIDE / (double)c->n_b,
           cell_y = (double)HIGH / (double)c->n_a;
    widen(c->n_a * c->n_b, c->value, &low, &high);
    most = fmax(fmax(-low, high), 1e-12); /* one scale for both sides of 0 */
    vouch__svg_open(out, number, WIDTH, TOP + HIGH + FOOT, c->title, c->source);
    vouch__svg_rect(out, "pop none", NAMES, TOP, WIDE, HIGH);
    for (size_t a = 0; a < c->n_a; a++)
        for (size_t b = 0; b < c->n_b; b++) {
            double v = c->value[a * c->n_b + b];
            if (!(c->weight[a * c->n_b + b] > 0.0) || !vouch__can_draw(v))
                continue;
            vouch__buf_text(out, "<g fill-opacity=\"");
            vouch__buf_fixed(out, fabs(v) / most, 2);
            vouch__buf_text(out, "\">");
            vouch__svg_rect(out, "here", NAMES + cell_x * (double)b, TOP + HIGH - cell_y * (double)(a + 1),
                            cell_x, cell_y);
            vouch__svg_rect(out, v < 0.0 ? "down" : "up", NAMES + cell_x * (double)b,
                            TOP + HIGH - cell_y * (double)(a + 1), cell_x, cell_y);
            vouch__buf_text(out, "</g>");
        }
    size_t every_a = (size_t)ceil(15.0 / cell_y), every_b = (size_t)ceil(92.0 / cell_x);
    for (size_t a = 0; a < c->n_a; a += every_a)
        vouch__svg_text(out, "lab", "end", NAMES - 6, TOP + HIGH - cell_y * ((double)a + 0.5) + 4,
                        c->label_a[a], 17);
    for (size_t b = 0; b < c->n_b; b += every_b)
        vouch__svg_text(out, "lab", "start", NAMES + cell_x * (double)b, TOP + HIGH + 16, c->label_b[b], 14);
    vouch__svg_text(out, "key", "start", 0, TOP - 12, c->a, 24);
    vouch__svg_text(out, "key", "middle", NAMES + WIDE / 2.0, TOP + HIGH + 40, c->b, 50);
    vouch__svg_rect(out, "down", WIDTH - 206, 8, 10, 10);
    vouch__svg_text(out, "lab", "start", WIDTH - 192, 17, "lower", 10);
    vouch__svg_rect(out, "up", WIDTH - 154, 8, 10, 10);
    vouch__svg_text(out, "lab", "start", WIDTH - 140, 17, "higher, at most ", 20);
    vouch__buf_fmt(out, "<text class=\"lab\" x=\"%d\" y=\"17\">", WIDTH - 44);
    vouch__format_number(out, most, vouch__format_for(VOUCH__STYLE_PLAIN, 1, &most));
    vouch__buf_text(out, "</text>");
    vouch__svg_close(out);
}

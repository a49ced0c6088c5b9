/* Drawings with names down the side: horizontal bars, intervals, waterfalls, swarms; and the heat map. */
#include "report/chart.h"

#include "report/markup.h"

#include <math.h>
#include <string.h>

enum { NARROW = 460, WIDTH = 640, ROW = 21, SHOWN = 48, LETTERS = 44, LISTED = 24 };

static vouch__number_style share_style(vouch__number_style style, double low, double high)
{
    return fmax(fabs(low), fabs(high)) > 1.5 ? VOUCH__STYLE_PLAIN : style;
}

static size_t longest(size_t n, const char *const *label)
{
    size_t most = 4;
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(label[i]);
        most = len > most ? len : most;
    }
    return most < LETTERS ? most : LETTERS;
}

/* Few short names fit beside another figure. */
static bool is_narrow(size_t n, size_t letters) { return n <= 12 && letters <= 20; }

/* The place that the longest value takes beside its row. */
static double value_room(const vouch__chart *chart, size_t n)
{
    if (!chart->n_series || !chart->y[0])
        return 0.0;
    vouch__number_format format = vouch__format_for(chart->y_style, n, chart->y[0]);
    double largest = 1.0, is_percent = format.style == VOUCH__STYLE_PERCENT;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(chart->y[0][i]));
    int whole = vouch__decade(largest) + 1 + (is_percent != 0.0);
    int letters = 1 + whole + (format.grouped ? (whole - 1) / 3 : 0) + (int)is_percent;
    letters += format.decimals > 0 ? format.decimals + 1 : 0;
    return 16.0 + 6.4 * letters;
}

static vouch__frame frame_rows(const vouch__chart *chart, size_t n, size_t letters, double low, double high)
{
    letters = chart->is_listed && letters > LISTED ? LISTED : letters;
    bool narrow = (is_narrow(n, letters) || chart->is_listed) && strcmp(chart->type, "waterfall") != 0 &&
                  !chart->group;
    vouch__frame frame = { .width = narrow ? NARROW : WIDTH,
                           .height = 26.0 + (double)(n * ROW) + 44,
                           .left = 12 + (letters < LISTED ? (double)letters * 7.4
                                                          : LISTED * 7.4 + (double)(letters - LISTED) * 6.2),
                           .right = strcmp(chart->type, "interval") != 0 ? 56 : 68,
                           .top = 26,
                           .bottom = 44 };
    if (!chart->group && chart->n_series == 1)
        frame.right = fmax(frame.right, value_room(chart, n));
    frame.x = (vouch__scale){ low, high, frame.left, frame.width - frame.right,
                              share_style(chart->y_style, low, high) };
    return frame;
}

static double row_middle(const vouch__frame *frame, size_t i) { return frame->top + ((double)i + 0.5) * ROW; }

/* The value at the end of its bar. */
static void value_text(vouch__buf *out, double x, double y, const char *anchor, double value,
                       vouch__number_format format)
{
    vouch__buf_fmt(out, "<text class=\"num\" text-anchor=\"%s\" x=\"", anchor);
    vouch__buf_fixed(out, x, 2);
    vouch__buf_text(out, "\" y=\"");
    vouch__buf_fixed(out, y + 4, 2);
    vouch__buf_text(out, "\">");
    vouch__html_number(out, value, format);
    vouch__buf_text(out, "</text>");
}

/* Where each step begins and ends: as the table says, else one after the other from 0. A step without a
 * change of its own is a level: where the walk begins, or what it comes to. */
static void place_steps(const vouch__chart *chart, size_t n, double *from, double *to)
{
    double level = 0.0;
    for (size_t i = 0; i < n; i++) {
        double change = chart->y[0][i];
        bool told = chart->low && chart->high && !isnan(chart->high[i]);
        to[i] = told ? chart->high[i] : isnan(change) ? level : level + change;
        from[i] = isnan(change) ? to[i] : told && !isnan(chart->low[i]) ? chart->low[i] : level;
        level = to[i];
    }
}

static void waterfall(vouch__buf *out, const vouch__chart *chart, size_t n, const vouch__frame *frame,
                      const double *from, const double *to)
{
    vouch__number_format format = vouch__format_for(VOUCH__STYLE_PLAIN, n, to);
    for (size_t i = 0; i < n; i++) {
        bool is_level = isnan(chart->y[0][i]);
        double y = row_middle(frame, i), a = vouch__scale_at(&frame->x, from[i]),
               b = vouch__scale_at(&frame->x, to[i]);
        if (is_level)
            vouch__svg_rect(out, "tot", b - 1.5, y - 8, 3, 16);
        else
            vouch__svg_rect(out, to[i] >= from[i] ? "up" : "down", a, y - 6, b - a, 12);
        if (i + 1 < n)
            vouch__svg_line(out, "ref", b, y + 8, b, y + ROW - 8);
        value_text(out, fmax(a, b) + 6, y, "start", is_level ? to[i] : chart->y[0][i], format);
    }
}

static void row_bars(vouch__buf *out, const vouch__chart *chart, size_t n, const vouch__frame *frame)
{
    double zero = vouch__scale_at(&frame->x, chart->even), height = 13.0 / (double)chart->n_series;
    for (size_t k = 0; k < chart->n_series; k++) {
        vouch__number_format format = vouch__format_for(chart->y_style, n, chart->y[k]);
        for (size_t i = 0; i < n; i++) {
            double value = chart->y[k][i], top = row_middle(frame, i) - 6.5 + (double)k * height;
            if (isnan(value))
                continue;
            char style[8] = { 'f', (char)('0' + k % 6), '\0' };
            double end = vouch__scale_at(&frame->x, value);
            vouch__svg_rect(out, style, zero, top, end - zero, height);
            if (chart->n_series == 1 && !chart->low)
                value_text(out, fmax(zero, end) + 5, row_middle(frame, i), "start", value, format);
        }
    }
}

static void row_whiskers(vouch__buf *out, const vouch__chart *chart, size_t n, const vouch__frame *frame,
                         bool dots)
{
    for (size_t i = 0; i < n; i++) {
        double y = row_middle(frame, i), value = chart->y[0][i];
        if (chart->low && chart->high && !isnan(chart->low[i]) && !isnan(chart->high[i])) {
            double a = vouch__scale_at(&frame->x, chart->low[i]),
                   b = vouch__scale_at(&frame->x, chart->high[i]);
            bool ends_low = a >= frame->x.from, ends_high = b <= frame->x.to;
            a = fmax(a, frame->x.from);
            b = fmin(b, frame->x.to);
            vouch__svg_line(out, "wh", a, y, b, y);
            if (ends_low)
                vouch__svg_line(out, "wh", a, y - 4, a, y + 4);
            if (ends_high)
                vouch__svg_line(out, "wh", b, y - 4, b, y + 4);
        }
        if (dots && !isnan(value)) {
            double x = vouch__scale_at(&frame->x, value);
            vouch__svg_rect(out, "f0", x - 3, y - 3, 6, 6);
            value_text(out, frame->width - frame->right + 10, y, "start", value,
                       vouch__format_for(chart->y_style, n, chart->y[0]));
        }
    }
}

static void range_of(size_t n, const double *v, double *low, double *high)
{
    for (size_t i = 0; v && i < n; i++)
        if (!isnan(v[i])) {
            *low = fmin(*low, v[i]);
            *high = fmax(*high, v[i]);
        }
}

/* How far whiskers may reach beyond the points: no further than four times the median one, or the spread of
 * the points, so that one group of few cases doesn't press all others together. True where one is cut. */
static bool cut_whiskers(size_t n, const double *point, const double *end, double side, double spread,
                         double *edge)
{
    enum { TIMES = 4 };
    double reach[SHOWN], most = -INFINITY;
    size_t known = 0;
    for (size_t i = 0; i < n; i++) {
        double length = side * (end[i] - point[i]);
        if (isnan(length))
            continue;
        size_t at = known++;
        for (; at && reach[at - 1] > length; at--)
            reach[at] = reach[at - 1];
        reach[at] = length;
        most = fmax(most, side * point[i]);
    }
    if (!known)
        return false;
    double limit = most + TIMES * fmax(spread, reach[known / 2]);
    bool is_cut = side * *edge > limit;
    if (is_cut)
        *edge = side * limit;
    return is_cut;
}

/* Rows that are drawn: without a tail of bars of nothing, which a sentence tells as well. */
static size_t rows_drawn(const vouch__chart *chart)
{
    enum { TAIL = 3 };
    size_t n = chart->n, most = n < SHOWN ? n : SHOWN;
    bool is_bars = !strcmp(chart->type, "bars") && !chart->low;
    for (bool nothing = is_bars; nothing && n; n -= nothing)
        for (size_t k = 0; k < chart->n_series; k++)
            nothing = nothing && chart->y[k][n - 1] == 0.0;
    return n && chart->n - n >= TAIL && n < most ? n : most;
}

void vouch__draw_rows(vouch__buf *out, const vouch__chart *chart, unsigned number)
{
    size_t n = rows_drawn(chart);
    bool is_fall = !strcmp(chart->type, "waterfall"), is_bars = !strcmp(chart->type, "bars"), is_cut = false;
    double low = INFINITY, high = -INFINITY, from[SHOWN] = { 0 }, to[SHOWN] = { 0 };

    for (size_t k = 0; !is_fall && k < chart->n_series; k++)
        range_of(n, chart->y[k], &low, &high);
    if (is_fall) {
        place_steps(chart, n, from, to);
        range_of(n, from, &low, &high);
        range_of(n, to, &low, &high);
    } else {
        double spread = high - low;
        range_of(n, chart->low, &low, &high);
        range_of(n, chart->high, &low, &high);
        if (!is_bars && chart->low && chart->high) {
            is_cut = cut_whiskers(n, chart->y[0], chart->low, -1.0, spread, &low);
            is_cut = cut_whiskers(n, chart->y[0], chart->high, 1.0, spread, &high) || is_cut;
        }
    }
    if (is_bars || chart->even != 0.0 || chart->reaches_even) {
        low = fmin(low, chart->even);
        high = fmax(high, chart->even);
    }
    vouch__range_open(&low, &high, true);
    vouch__frame frame = frame_rows(chart, n, longest(n, chart->label), low, high);
    vouch__svg_open(out, number, frame.width, frame.height, chart->title, chart->source);
    vouch__svg_x_axis(out, &frame, chart->y_label, true);
    for (size_t i = 0; i < n; i++)
        vouch__svg_text(out, "key", "end", frame.left - 8, row_middle(&frame, i) + 4, chart->label[i],
                        chart->is_listed ? LISTED : LETTERS);
    if (low <= chart->even && high >= chart->even) {
        double even = vouch__scale_at(&frame.x, chart->even);
        vouch__svg_line(out, "ax", even, frame.top, even, frame.height - frame.bottom);
    }
    if (is_fall)
        waterfall(out, chart, n, &frame, from, to);
    else if (is_bars)
        row_bars(out, chart, n, &frame);
    if (!is_fall)
        row_whiskers(out, chart, n, &frame, !is_bars);
    if (chart->n_series > 1 && is_bars)
        vouch__svg_legend(out, &frame, chart->n_series, chart->name, false);
    if (is_cut)
        vouch__svg_text(out, "lab", "end", frame.width, 12, "whiskers without an end go on beyond the edge",
                        50);
    if (chart->n > n)
        vouch__svg_text(out, "lab", "start", 0, frame.height - 5,
                        n < SHOWN ? "the others have 0" : "more rows in the evidence", 40);
    vouch__svg_close(out);
}

/* From blue (low) over grey to red (high), t in [0, 1]: readable by the colour-blind, and with a key. */
static void shade_as(vouch__buf *out, const char *what, double t)
{
    static const int low[3] = { 47, 111, 163 }, middle[3] = { 196, 200, 206 }, high[3] = { 181, 68, 58 };
    int rgb[3];
    t = fmin(1.0, fmax(0.0, t));
    for (int i = 0; i < 3; i++) {
        const int *a = t < 0.5 ? low : middle, *b = t < 0.5 ? middle : high;
        double u = t < 0.5 ? 2 * t : 2 * t - 1;
        rgb[i] = (int)(a[i] + u * (b[i] - a[i]));
    }
    vouch__buf_fmt(out, " %s=\"#%02x%02x%02x\"", what, (unsigned)rgb[0] & 255u, (unsigned)rgb[1] & 255u,
                   (unsigned)rgb[2] & 255u);
}

static void shade(vouch__buf *out, double t) { shade_as(out, "fill", t); }

/* Rows of one group, in order of first appearance; -1 beyond SHOWN groups. Runs of equal names are common, so
 * the last one found is tried first. */
static int group_of(const char *const *names, size_t *n, const char *name, int last)
{
    if (last >= 0 && names[last] && !strcmp(names[last], name))
        return last;
    for (size_t i = 0; i < *n; i++)
        if (names[i] && !strcmp(names[i], name))
            return (int)i;
    if (*n == SHOWN)
        return -1;
    return (int)(*n)++;
}

/* Dots that share a place are stacked up and down by turns, within the row. */
static double stacked(unsigned char *used, double x)
{
    static const double offset[] = { 0, -2.6, 2.6, -5.2, 5.2, -7.2, 7.2 };
    size_t cell = (size_t)fmax(0.0, fmin(WIDTH - 1, x)) / 3;
    size_t k = used[cell];
    if (used[cell] < 6)
        used[cell]++;
    return offset[k];
}

enum { SHADES = 21 };

/* Dots of one shade are one path of points without length, which round ends make dots: a third of the bytes
 * of a circle each. tone[i]: SHADES where there is no dot. */
static void draw_dots(vouch__buf *out, size_t n, const double *x, const double *y, const uint8_t *tone)
{
    for (size_t k = 0; k < SHADES; k++) {
        bool is_open = false;
        for (size_t i = 0; i < n; i++) {
            if (tone[i] != k)
                continue;
            if (!is_open) {
                vouch__buf_text(out, "<path class=\"dots\"");
                shade_as(out, "stroke", (double)k / (SHADES - 1));
                vouch__buf_text(out, " d=\"");
            }
            is_open = true;
            vouch__buf_text(out, "M");
            vouch__buf_fixed(out, x[i], 1);
            vouch__buf_text(out, " ");
            vouch__buf_fixed(out, y[i], 1);
            vouch__buf_text(out, "h0");
        }
        vouch__buf_text(out, is_open ? "\"/>" : "");
    }
}

/* x: the Shapley value; y: the input (text) and, for colour, the rank of its value in [0, 1]. */
void vouch__draw_swarm(vouch__buf *out, const vouch__chart *chart, unsigned number)
{
    const char *names[SHOWN] = { 0 };
    unsigned char used[SHOWN][WIDTH / 3 + 1] = { 0 };
    double x[VOUCH__CHART_ROWS] = { 0 }, y[VOUCH__CHART_ROWS] = { 0 };
    uint8_t tone[VOUCH__CHART_ROWS] = { 0 };
    size_t n_groups = 0, n_rows = 0;
    bool moves[SHOWN] = { false };
    int last = -1, row[SHOWN];
    double low = INFINITY, high = -INFINITY;

    for (size_t i = 0; i < chart->n; i++) {
        if (n_groups < SHOWN)
            names[n_groups] = chart->group[i]; /* where group_of puts a new one */
        int g = group_of(names, &n_groups, chart->group[i], last);
        last = g;
        if (g >= 0)
            moves[g] = moves[g] || chart->x[i] != 0.0;
    }
    for (size_t g = 0; g < n_groups; g++) /* what moves nothing has no row */
        row[g] = moves[g] ? (int)n_rows++ : -1;
    range_of(chart->n, chart->x, &low, &high);
    vouch__range_open(&low, &high, true);
    vouch__frame frame = frame_rows(chart, n_rows, longest(n_groups, names), low, high);
    frame.x.style = VOUCH__STYLE_PLAIN;
    vouch__svg_open(out, number, frame.width, frame.height, chart->title, chart->source);
    vouch__svg_x_axis(out, &frame, chart->x_label, true);
    double zero = vouch__scale_at(&frame.x, 0);
    if (low <= 0 && high >= 0)
        vouch__svg_line(out, "ax", zero, frame.top, zero, frame.height - frame.bottom);
    for (size_t g = 0; g < n_groups; g++)
        if (row[g] >= 0)
            vouch__svg_text(out, "key", "end", frame.left - 8, row_middle(&frame, (size_t)row[g]) + 4,
                            names[g], LETTERS);
    last = -1;
    for (size_t i = 0; i < chart->n; i++) {
        int g = group_of(names, &n_groups, chart->group[i], last);
        last = g;
        tone[i] = SHADES;
        if (g < 0 || row[g] < 0 || isnan(chart->x[i]))
            continue;
        double colour = chart->n_series && !isnan(chart->y[0][i]) ? chart->y[0][i] : 0.5;
        x[i] = vouch__scale_at(&frame.x, chart->x[i]);
        y[i] = row_middle(&frame, (size_t)row[g]) + stacked(used[g], x[i]);
        tone[i] = (uint8_t)nearbyint(fmin(1.0, fmax(0.0, colour)) * (SHADES - 1));
    }
    draw_dots(out, chart->n, x, y, tone);
    if (chart->n_series) {
        for (int i = 0; i < 30; i++) {
            vouch__buf_fmt(out, "<rect x=\"%d\" y=\"5\" width=\"3\" height=\"8\"", WIDTH - 160 + 3 * i);
            shade(out, i / 29.0);
            vouch__buf_text(out, "/>");
        }
        vouch__svg_text(out, "lab", "end", WIDTH - 165, 13, "low value", 12);
        vouch__svg_text(out, "lab", "start", WIDTH - 64, 13, "high value", 12);
    }
    vouch__svg_close(out);
}

void vouch__draw_heat(vouch__buf *out, const vouch__chart *chart, unsigned number)
{
    const char *down[SHOWN] = { 0 }, *across[SHOWN] = { 0 };
    size_t n_down = 0, n_across = 0;
    double low = INFINITY, high = -INFINITY;
    int row = -1, column = -1;

    for (size_t i = 0; i < chart->n; i++) {
        if (n_down < SHOWN)
            down[n_down] = chart->group[i];
        if (n_across < SHOWN)
            across[n_across] = chart->label[i];
        row = group_of(down, &n_down, chart->group[i], row);
        column = group_of(across, &n_across, chart->label[i], column);
    }
    range_of(chart->n, chart->y[0], &low, &high);
    vouch__range_open(&low, &high, false);
    vouch__frame frame = frame_rows(chart, n_down, longest(n_down, down), 0, 1);
    double cell = (WIDTH - frame.left - frame.right) / (double)n_across;
    vouch__number_format format = vouch__format_for(chart->y_style, chart->n, chart->y[0]);
    vouch__svg_open(out, number, frame.width, frame.height, chart->title, chart->source);
    for (size_t i = 0; i < n_down; i++)
        vouch__svg_text(out, "key", "end", frame.left - 8, row_middle(&frame, i) + 4, down[i], LETTERS);
    size_t letters = (size_t)(cell / 6.5) + 1, every = 1;
    if (cell < 34) { /* every k-th, whole, where they would run into each other */
        letters = longest(n_across, across);
        every = (size_t)ceil(((double)letters * 6.4 + 4.0) / cell);
    }
    for (size_t j = 0; j < n_across; j += every)
        vouch__svg_text(out, "lab", "middle", frame.left + ((double)j + 0.5) * cell, 20, across[j], letters);
    row = column = -1;
    for (size_t i = 0; i < chart->n; i++) {
        row = group_of(down, &n_down, chart->group[i], row);
        column = group_of(across, &n_across, chart->label[i], column);
        double value = chart->y[0][i], left = frame.left + (double)column * cell;
        if (row < 0 || column < 0 || isnan(value))
            continue;
        vouch__buf_text(out, "<rect x=\"");
        vouch__buf_fixed(out, left, 2);
        vouch__buf_fmt(out, "\" y=\"%d\" width=\"", 26 + row * ROW);
        vouch__buf_fixed(out, fmax(1, cell - 1), 2);
        vouch__buf_fmt(out, "\" height=\"%d\" fill-opacity=\".55\"", ROW - 1);
        shade(out, (value - low) / (high - low));
        vouch__buf_text(out, "/>");
        if (cell > 34)
            value_text(out, left + cell / 2, row_middle(&frame, (size_t)row), "middle", value, format);
    }
    vouch__svg_text(out, "lab", "middle", (frame.left + WIDTH - frame.right) / 2, frame.height - 22,
                    chart->x_label, 70);
    vouch__svg_close(out);
}

/* Names too long or too many to stand side by side go down the side. */
static bool needs_rows(const vouch__chart *chart)
{
    enum { BENEATH = 12 }; /* letters of a name that fit under a bar */
    size_t letters = chart->label ? longest(chart->n, chart->label) : 0;
    return letters && !chart->group && (chart->n > 12 || letters > BENEATH || letters * chart->n > 48);
}

static bool starts_numeric(const char *label)
{
    return (*label >= '0' && *label <= '9') ||
           ((*label == '-' || *label == '.') && label[1] >= '0' && label[1] <= '9');
}

/* Bars that go down the side: named by words, too long or too many to stand beside each other. */
bool vouch__chart_is_sideways(const vouch__chart *chart)
{
    if (strcmp(chart->type, "bars") != 0 || !chart->label)
        return false;
    return chart->is_sideways ||
           ((chart->is_listed || needs_rows(chart)) &&
            !(starts_numeric(chart->label[0]) && starts_numeric(chart->label[chart->n - 1])));
}

bool vouch__chart_is_wide(const vouch__chart *chart)
{
    if (vouch__chart_is_sideways(chart) || (!strcmp(chart->type, "interval") && chart->label))
        return !is_narrow(rows_drawn(chart), longest(rows_drawn(chart), chart->label));
    return !strcmp(chart->type, "beeswarm") || !strcmp(chart->type, "waterfall") ||
           !strcmp(chart->type, "heat");
}

void vouch__chart_draw(vouch__buf *out, const vouch__chart *chart, unsigned number)
{
    if (!chart->n)
        return;
    if (!strcmp(chart->type, "beeswarm")) {
        if (chart->x && chart->group)
            vouch__draw_swarm(out, chart, number);
    } else if (!strcmp(chart->type, "heat")) {
        if (chart->group)
            vouch__draw_heat(out, chart, number);
    } else if (!strcmp(chart->type, "waterfall")) {
        vouch__draw_rows(out, chart, number);
    } else if (!strcmp(chart->type, "bars")) {
        if (vouch__chart_is_sideways(chart))
            vouch__draw_rows(out, chart, number);
        else
            vouch__draw_bars(out, chart, number);
    } else if (!strcmp(chart->type, "interval") && chart->label) {
        vouch__draw_rows(out, chart, number);
    } else {
        vouch__draw_curves(out, chart, number);
    }
}

/* Axes. All that is written is fixed to two decimals, so that a figure's bytes don't depend on anything but
 * its numbers. */
#include "report/svg_axes.h"

#include "report/markup.h"

#include <math.h>
#include <string.h>

vouch__ticks vouch__ticks_make(double low, double high, int wanted)
{
    static const double nice[] = { 1.0, 2.0, 2.5, 5.0, 10.0 };
    static const int digits[] = { 0, 0, 1, 0, -1 };
    double raw = (high - low) / (wanted > 0 ? wanted : 1);
    int e = vouch__decade(raw);
    double power = vouch__power_of_ten(e);
    size_t k = 0;
    while (k < 4 && nice[k] * power < raw * (1 - 1e-9))
        k++;
    vouch__ticks ticks = { .step = nice[k] * power };
    ticks.decimals = digits[k] - e;
    if (ticks.decimals < 0)
        ticks.decimals = 0;
    ticks.first = ceil(low / ticks.step - 1e-9);
    ticks.last = floor(high / ticks.step + 1e-9);
    return ticks;
}

bool vouch__can_draw(double value) { return fabs(value) < 1e200; }

void vouch__range_open(double *low, double *high, bool round)
{
    if (!(*low <= *high)) {
        *low = 0.0;
        *high = 1.0;
    }
    double size = fmax(fabs(*low), fabs(*high));
    if (!(*high - *low > size * 1e-9)) {
        double by = size > 1e-100 ? size * 0.1 : 0.5;
        *low -= by;
        *high += by;
    }
    if (round) {
        vouch__ticks ticks = vouch__ticks_make(*low, *high, 5);
        *low = floor(*low / ticks.step + 1e-9) * ticks.step;
        *high = ceil(*high / ticks.step - 1e-9) * ticks.step;
    }
}

double vouch__scale_at(const vouch__scale *scale, double value)
{
    return scale->from + (value - scale->low) / (scale->high - scale->low) * (scale->to - scale->from);
}

void vouch__svg_number(vouch__buf *out, double value)
{
    vouch__buf_text(out, " ");
    vouch__buf_fixed(out, fabs(value) < 0.005 ? 0.0 : fmax(-1e6, fmin(1e6, value)), 2);
}

void vouch__svg_open(vouch__buf *out, unsigned number, double width, double height, const char *title,
                     const char *description)
{
    vouch__buf_text(out, "<svg viewBox=\"0 0");
    vouch__svg_number(out, width);
    vouch__svg_number(out, height);
    vouch__buf_fmt(out, "\" role=\"img\" aria-labelledby=\"t%u d%u\"><title id=\"t%u\">", number, number,
                   number);
    vouch__html_text(out, title);
    vouch__buf_fmt(out, "</title><desc id=\"d%u\">", number);
    vouch__html_text(out, description);
    vouch__buf_text(out, "</desc>");
}

void vouch__svg_close(vouch__buf *out) { vouch__buf_text(out, "</svg>\n"); }

static void attribute(vouch__buf *out, const char *name, double value)
{
    vouch__buf_fmt(out, " %s=\"", name);
    vouch__buf_fixed(out, fabs(value) < 0.005 ? 0.0 : fmax(-1e6, fmin(1e6, value)), 2);
    vouch__buf_text(out, "\"");
}

void vouch__svg_line(vouch__buf *out, const char *style, double x1, double y1, double x2, double y2)
{
    vouch__buf_fmt(out, "<line class=\"%s\"", style);
    attribute(out, "x1", x1);
    attribute(out, "y1", y1);
    attribute(out, "x2", x2);
    attribute(out, "y2", y2);
    vouch__buf_text(out, "/>");
}

void vouch__svg_rect(vouch__buf *out, const char *style, double x, double y, double width, double height)
{
    vouch__buf_fmt(out, "<rect class=\"%s\"", style);
    attribute(out, "x", width < 0 ? x + width : x);
    attribute(out, "y", height < 0 ? y + height : y);
    attribute(out, "width", fabs(width));
    attribute(out, "height", fabs(height));
    vouch__buf_text(out, "/>");
}

void vouch__svg_text(vouch__buf *out, const char *style, const char *anchor, double x, double y,
                     const char *text, size_t max)
{
    size_t len = text ? strlen(text) : 0, cut = len, chars = 0;
    vouch__buf_fmt(out, "<text class=\"%s\" text-anchor=\"%s\"", style, anchor);
    attribute(out, "x", x);
    attribute(out, "y", y);
    vouch__buf_text(out, ">");
    for (size_t i = 0; i < len; i++) {
        chars += ((unsigned char)text[i] & 0xC0) != 0x80;
        if (chars == max && cut == len && len - i > 1)
            cut = i;
    }
    bool is_cut = chars > max && cut < len;
    vouch__html_bytes(out, text, is_cut ? cut : len);
    if (is_cut) {
        vouch__buf_text(out, "\xE2\x80\xA6<title>");
        vouch__html_text(out, text);
        vouch__buf_text(out, "</title>");
    }
    vouch__buf_text(out, "</text>");
}

/* The label of tick i: the number itself, percent where the axis is of shares. */
static void tick_label(vouch__buf *out, const vouch__ticks *ticks, double i, const vouch__scale *scale)
{
    double value = i * ticks->step, largest = fmax(fabs(scale->low), fabs(scale->high));
    vouch__number_format format = { VOUCH__STYLE_PLAIN, ticks->decimals, largest >= 1e4 };
    if (scale->style == VOUCH__STYLE_PERCENT) {
        format.style = VOUCH__STYLE_PERCENT;
        format.decimals = ticks->decimals > 2 ? ticks->decimals - 2 : 0;
    }
    if (largest >= 1e9 || ticks->decimals > 12)
        format.decimals = -1;
    vouch__html_number(out, i == 0.0 ? 0.0 : value, format);
}

static void tick_text(vouch__buf *out, const char *anchor, double x, double y)
{
    vouch__buf_fmt(out, "<text class=\"lab\" text-anchor=\"%s\"", anchor);
    attribute(out, "x", x);
    attribute(out, "y", y);
    vouch__buf_text(out, ">");
}

/* One in so many ticks has its label, so that none runs into the next; 0 has its own. */
static double labelled(vouch__buf *out, const vouch__ticks *ticks, const vouch__scale *scale)
{
    double apart = fabs(vouch__scale_at(scale, ticks->step) - vouch__scale_at(scale, 0.0)), widest = 0.0;
    for (double i = ticks->first; i <= ticks->last && i < ticks->first + 20; i++) {
        size_t from = out->len, letters = 0;
        tick_label(out, ticks, i, scale);
        if (out->status)
            return 1.0;
        for (size_t k = from; k < out->len; k++)
            letters += ((unsigned char)out->at[k] & 0xC0) != 0x80;
        out->at[out->len = from] = '\0';
        widest = fmax(widest, (double)letters * 6.0 + 6.0);
    }
    return fmax(1.0, ceil(widest / apart));
}

void vouch__svg_x_axis(vouch__buf *out, const vouch__frame *frame, const char *label, bool grid)
{
    vouch__ticks ticks = vouch__ticks_make(frame->x.low, frame->x.high, 6);
    double foot = frame->height - frame->bottom;
    if (frame->whole_x && ticks.step < 1.0) /* there is nothing between band 1 and band 2 */
        ticks = (vouch__ticks){ .step = 1.0, .first = ceil(frame->x.low), .last = floor(frame->x.high) };
    double every = labelled(out, &ticks, &frame->x);
    for (double i = ticks.first; i <= ticks.last && i < ticks.first + 20; i++) {
        double x = vouch__scale_at(&frame->x, i * ticks.step);
        if (grid)
            vouch__svg_line(out, "gr", x, frame->top, x, foot);
        vouch__svg_line(out, "ax", x, foot, x, foot + 4);
        if (fmod(i, every) != 0.0)
            continue;
        size_t from = out->len; /* the label first, to know how wide it is */
        tick_label(out, &ticks, i, &frame->x);
        char text[48] = "";
        size_t len = out->status ? 0 : out->len - from;
        if (len < sizeof text && len) {
            memcpy(text, out->at + from, len);
            out->at[out->len = from] = '\0';
            double half = (double)len * 4.0;
            tick_text(out, "middle", fmax(half, fmin(x, frame->width - half)), foot + 16);
            vouch__buf_add(out, text, len);
        }
        vouch__buf_text(out, "</text>");
    }
    vouch__svg_line(out, "ax", frame->left, foot, frame->width - frame->right, foot);
    vouch__svg_text(out, "lab", "middle", (frame->left + frame->width - frame->right) / 2, frame->height - 5,
                    label, 70);
}

void vouch__svg_y_axis(vouch__buf *out, const vouch__frame *frame, const char *label)
{
    vouch__ticks ticks = vouch__ticks_make(frame->y.low, frame->y.high, 5);
    for (double i = ticks.first; i <= ticks.last && i < ticks.first + 20; i++) {
        double y = vouch__scale_at(&frame->y, i * ticks.step);
        vouch__svg_line(out, "gr", frame->left, y, frame->width - frame->right, y);
        tick_text(out, "end", frame->left - 6, y + 4);
        tick_label(out, &ticks, i, &frame->y);
        vouch__buf_text(out, "</text>");
    }
    vouch__svg_text(out, "lab", "start", 0, 11, label, 40); /* over the axis: no reading sideways */
}

/* Letters of a name that are shown, and their mean width. */
static double name_width(const char *name)
{
    size_t len = name ? strlen(name) : 0;
    return (double)(len < 24 ? len : 24) * 6.4;
}

double vouch__svg_legend_width(size_t n, const char *const *name, bool line)
{
    double width = 0.0;
    for (size_t k = 0; k < n; k++)
        width += name_width(name[k]) + (line ? 40 : 28);
    return width;
}

void vouch__svg_legend(vouch__buf *out, const vouch__frame *frame, size_t n, const char *const *name,
                       bool line)
{
    double x = frame->width - frame->right, y = frame->top - 13;
    for (size_t k = n; k-- > 0;) { /* from the right edge leftwards */
        x -= name_width(name[k]);
        char style[8] = { line ? 'l' : 'f', (char)('0' + k % 6), '\0' };
        vouch__svg_text(out, "key", "start", x, y, name[k], 24);
        if (line)
            vouch__svg_line(out, style, x - 24, y - 4, x - 5, y - 4);
        else
            vouch__svg_rect(out, style, x - 15, y - 9, 10, 10);
        x -= line ? 40 : 28;
    }
}

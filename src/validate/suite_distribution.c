/* The score's histogram by outcome, in bins of a round width that both outcomes share. */
#include "validate/validate_parts.h"

#include <math.h>

enum { FINEST = 24, MOST = FINEST + 3 };

/* A width as a fraction, so that edges are decimals without rounding noise: m / d or m x d, m one of 1, 2, 5.
 */
typedef struct width {
    double times, over;
} width;

/* The smallest round width of which FINEST cover the range. */
static width round_width(double range)
{
    static const double step[] = { 1.0, 2.0, 5.0 };
    double over = 1e12, times = 1.0;
    while (times < 1e15) {
        for (size_t k = 0; k < 3; k++)
            if (step[k] * times / over * FINEST >= range)
                return (width){ step[k] * times, over };
        if (over > 1.0)
            over /= 10.0;
        else
            times *= 10.0;
    }
    return (width){ range / FINEST, 1.0 };
}

typedef struct histogram {
    double first; /* number of the first bin: its lower edge is first x width */
    size_t bins;
    width by;
    double count[MOST][2];
} histogram;

static double value_of(const vouch__scored *s, size_t i)
{
    return s->points ? (double)s->points[i] : s->raw[i];
}

static void fill(const vouch__scored *s, histogram *h)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < s->n; i++) {
        double at = value_of(s, i);
        if (fabs(at) < INFINITY) {
            low = fmin(low, at);
            high = fmax(high, at);
        }
    }
    if (low > high) /* nothing finite */
        low = high = 0.0;
    h->by = high > low ? round_width(high - low) : (width){ 1.0, 1.0 };
    h->first = floor(low * h->by.over / h->by.times);
    h->bins = (size_t)fmin(floor(high * h->by.over / h->by.times) - h->first + 1.0, MOST);
    for (size_t i = 0; i < s->n; i++) { /* infinities go to the ends */
        double bin = floor(value_of(s, i) * h->by.over / h->by.times) - h->first;
        size_t at = bin > 0.0 ? (bin < (double)h->bins ? (size_t)bin : h->bins - 1) : 0;
        h->count[at][s->bad[i]] += vouch__suite_weight(s, i);
    }
}

vouch_status vouch__suite_distribution(const vouch__suite *suite)
{
    histogram h = { .bins = 0 };
    double total[2] = { 0.0, 0.0 };
    fill(suite->scored, &h);
    for (size_t k = 0; k < h.bins; k++)
        for (int bad = 0; bad <= 1; bad++)
            total[bad] += h.count[k][bad];
    vouch__entry entry = vouch__suite_entry(suite, &vouch__test_score_distribution);
    entry.unit = suite->scored->points       ? "points"
                 : suite->scored->score_name ? suite->scored->score_name
                                             : "log-odds";
    vouch__json *object = vouch__evidence_add(suite->list, &entry);
    vouch__json *table = vouch__evidence_table(suite->list, object, "distribution",
                                               "score_from,score_to,goods,bads,good_share,bad_share");
    for (size_t k = 0; k < h.bins; k++) {
        double from = (h.first + (double)k) * h.by.times / h.by.over;
        const double cell[] = { from,
                                (h.first + (double)k + 1.0) * h.by.times / h.by.over,
                                h.count[k][0],
                                h.count[k][1],
                                total[0] > 0.0 ? h.count[k][0] / total[0] : NAN,
                                total[1] > 0.0 ? h.count[k][1] / total[1] : NAN };
        vouch__json *row = vouch__evidence_row(suite->list, table);
        for (size_t i = 0; i < sizeof cell / sizeof *cell; i++)
            vouch__row_number(suite->list, row, cell[i]);
    }
    vouch__evidence_plot(suite->list, object, "steps", "distribution", "score_from", "good_share,bad_share",
                         suite->scored->points       ? "points, from"
                         : suite->scored->score_name ? "score, from"
                                                     : "log-odds, from",
                         "share within the outcome");
    return VOUCH_OK;
}

/* Cut-offs of a score: one pass from the safest case up, each distinct score a point. */
#include "num/rank.h"
#include "strategy/accept.h"

#include <math.h>

typedef struct sums { /* over what has been approved so far */
    double all, known, known_square, bad, gain, gain_square, gain_weight;
} sums;

static double gain_of(const vouch__accept_cases *c, const vouch__accept_terms *t, size_t i)
{
    double amount = c->amount ? c->amount[i] : 1.0;
    return (c->outcome[i] == 1.0 ? -t->lgd : t->margin) * amount - t->cost;
}

/* Weights come divided by the largest, so that their squares neither overflow nor vanish together. */
static void add(const vouch__accept_cases *c, const vouch__accept_terms *t, double scale, size_t i, sums *s)
{
    double w = c->weight ? c->weight[i] / scale : 1.0;
    s->all += w;
    if (isnan(c->outcome[i]))
        return;
    double gain = gain_of(c, t, i);
    s->known += w;
    s->known_square += w * w;
    s->bad += w * c->outcome[i];
    s->gain += w * gain;
    s->gain_square += w * w * gain * gain;
    s->gain_weight += w * w * gain;
}

static vouch_status check(vouch_ctx *ctx, const vouch__accept_cases *c, double *out_scale)
{
    size_t known = 0;
    double scale = c->weight ? 0.0 : 1.0;
    for (size_t i = 0; i < c->n; i++) {
        known += isnan(c->outcome[i]) ? 0 : 1;
        if (c->weight)
            scale = fmax(scale, c->weight[i]);
        if (c->amount && !(c->amount[i] >= 0.0 && c->amount[i] < INFINITY))
            return vouch__fail(ctx, VOUCH_E_DATA,
                               "cut-offs: the amount of case %zu is missing, negative or "
                               "infinite",
                               i);
    }
    *out_scale = scale;
    return known ? vouch__poll(ctx) : vouch__fail(ctx, VOUCH_E_DATA, "cut-offs: no case has a known outcome");
}

static vouch__accept_point point_of(const sums *s, const sums *whole, double score)
{
    double mean = s->gain / whole->known;
    double square = s->gain_square - 2.0 * mean * s->gain_weight + mean * mean * whole->known_square;
    return (vouch__accept_point){ .score = score,
                                  .approved = s->all / whole->all,
                                  .known = s->known / whole->known,
                                  .bad = s->bad / whole->known,
                                  .effective = s->known * s->known / s->known_square,
                                  .profit = mean,
                                  .profit_sse = fmax(0.0, square) / (whole->known * whole->known) };
}

vouch_status vouch__accept_make(vouch_ctx *ctx, const vouch__accept_cases *cases,
                                const vouch__accept_terms *terms, vouch__accept_curve *out)
{
    sums whole = { .all = 0.0 }, now = { .all = 0.0 };
    double scale = 1.0, squares = 0.0;
    uint32_t *order = vouch__scratch(ctx, cases->n + 1, sizeof *order);
    vouch__accept_point *point = vouch__scratch(ctx, cases->n + 1, sizeof *point);
    if (!order || !point)
        return vouch__oom(ctx);
    vouch_status status = check(ctx, cases, &scale);
    if (!status)
        status = vouch__order(ctx, cases->n, cases->score, order);
    if (status)
        return status;
    for (size_t k = 0; k < cases->n; k++) {
        double w = cases->weight ? cases->weight[order[k]] / scale : 1.0;
        add(cases, terms, scale, order[k], &whole);
        squares += w * w;
    }
    *out = (vouch__accept_curve){ 0, point, order, whole.all * whole.all / squares };
    point[out->n++] = (vouch__accept_point){ .score = -INFINITY };
    for (size_t k = 0; k < cases->n; k++) {
        double score = cases->score[order[k]];
        add(cases, terms, scale, order[k], &now);
        if (k + 1 == cases->n || cases->score[order[k + 1]] != score)
            point[out->n++] = point_of(&now, &whole, score);
    }
    return VOUCH_OK;
}

size_t vouch__accept_pick(const vouch__accept_curve *c, vouch__accept_rule rule, const vouch__accept_terms *t)
{
    size_t best = 0;
    for (size_t k = 1; k < c->n; k++) {
        const vouch__accept_point *p = &c->point[k];
        if (rule == VOUCH__ACCEPT_PROFIT && p->profit > c->point[best].profit)
            best = k;
        if (rule == VOUCH__ACCEPT_BAD_RATE && p->bad <= t->max_bad_rate * p->known)
            best = k;
        if (rule == VOUCH__ACCEPT_APPROVAL && c->point[best].approved < t->approval_rate)
            best = k;
    }
    return best;
}

double vouch__accept_bad_at(const vouch__accept_curve *c, double share)
{
    size_t low = 0, high = c->n - 1; /* the first point at or beyond share */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c->point[middle].known < share)
            low = middle + 1;
        else
            high = middle;
    }
    const vouch__accept_point *to = &c->point[low], *from = low ? to - 1 : to;
    double wide = to->known - from->known;
    return wide > 0.0 ? from->bad + (to->bad - from->bad) * (share - from->known) / wide : to->bad;
}

static double turn(const vouch__accept_corner *a, const vouch__accept_corner *b,
                   const vouch__accept_corner *c)
{
    return (b->share - a->share) * (c->bad - a->bad) - (b->bad - a->bad) * (c->share - a->share);
}

void vouch__accept_frontier(const vouch__accept_curve *a, const vouch__accept_curve *b,
                            vouch__accept_corner *out, size_t *out_n)
{
    size_t i = 0, j = 0, n = 0;
    while (i < a->n || j < b->n) { /* in order of share, then of bad */
        bool second = i == a->n ||
                      (j < b->n &&
                       (b->point[j].known < a->point[i].known ||
                        (b->point[j].known == a->point[i].known && b->point[j].bad < a->point[i].bad)));
        const vouch__accept_point *p = second ? &b->point[j++] : &a->point[i++];
        vouch__accept_corner next = { p->known, p->bad, second };
        if (n && next.share == out[n - 1].share)
            continue; /* the lower one came first */
        while (n > 1 && turn(&out[n - 2], &out[n - 1], &next) <= 0.0)
            n--;
        out[n++] = next;
    }
    *out_n = n;
}

double vouch__accept_frontier_at(const vouch__accept_corner *corner, size_t n, double share)
{
    size_t k = 1;
    while (k + 1 < n && corner[k].share < share)
        k++;
    if (n < 2)
        return n ? corner[0].bad : (double)NAN;
    const vouch__accept_corner *from = &corner[k - 1], *to = &corner[k];
    return from->bad + (to->bad - from->bad) * (share - from->share) / (to->share - from->share);
}

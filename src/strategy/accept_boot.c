/* Cut-offs chosen again on resamples of the cases, eight resamples side by side. Counts are those of the
 * Poisson bootstrap, a function of seed, resample and row, so every walk over the rows sees the same ones. */
#include "base/parallel.h"
#include "strategy/accept.h"
#include "validate/bootstrap_draw.h"

#include <math.h>
#include <string.h>

enum { LANES = VOUCH__BOOT_LANES };

typedef struct lanes {
    double at[LANES];
} lanes;

typedef struct job {
    const vouch__accept_cases *cases[2];
    const vouch__accept_curve *curve[2];
    const vouch__accept_terms *terms;
    vouch__accept_boot *boot;
} job;

/* counts [n x LANES] of resamples first to first + LANES. */
static void draw(uint64_t seed, uint64_t first, size_t n, uint8_t *counts)
{
    uint32_t block[VOUCH__BOOT_BLOCK][LANES];
    for (size_t from = 0; from < n; from += VOUCH__BOOT_BLOCK) {
        size_t rows = n - from < VOUCH__BOOT_BLOCK ? n - from : VOUCH__BOOT_BLOCK;
        vouch__boot_draw_portable(seed, first, from / VOUCH__BOOT_BLOCK, rows, block);
        for (size_t i = 0; i < rows; i++)
            for (size_t l = 0; l < LANES; l++)
                counts[(from + i) * LANES + l] = (uint8_t)block[i][l];
    }
}

typedef struct walk { /* over one score */
    lanes all, known, bad, gain;
} walk;

static void step(const vouch__accept_cases *c, const vouch__accept_terms *t, const uint8_t *counts, size_t i,
                 walk *w)
{
    double weight = c->weight ? c->weight[i] : 1.0, amount = c->amount ? c->amount[i] : 1.0;
    bool is_known = !isnan(c->outcome[i]);
    double known = is_known ? weight : 0.0, bad = is_known && c->outcome[i] == 1.0 ? weight : 0.0;
    double gain = is_known ? weight * ((bad > 0.0 ? -t->lgd : t->margin) * amount - t->cost) : 0.0;
    for (size_t l = 0; l < LANES; l++) {
        double n = counts[i * LANES + l];
        w->all.at[l] += n * weight;
        w->known.at[l] += n * known;
        w->bad.at[l] += n * bad;
        w->gain.at[l] += n * gain;
    }
}

typedef struct choice {
    double approved, bad_rate, profit, score, here; /* here: profit of the same cut-off on the cases */
    double first;                                   /* profit of what was picked on the cases */
} choice;

static void consider(const job *j, const walk *now, const walk *whole, const vouch__accept_point *point,
                     choice best[VOUCH__ACCEPT_RULES][LANES])
{
    const vouch__accept_terms *t = j->terms;
    for (size_t l = 0; l < LANES; l++) {
        double approved = now->all.at[l] / whole->all.at[l], profit = now->gain.at[l] / whole->known.at[l];
        bool take[] = { [VOUCH__ACCEPT_PROFIT] = profit > best[VOUCH__ACCEPT_PROFIT][l].profit,
                        [VOUCH__ACCEPT_BAD_RATE] = now->bad.at[l] <= t->max_bad_rate * now->known.at[l],
                        [VOUCH__ACCEPT_APPROVAL] = best[VOUCH__ACCEPT_APPROVAL][l].approved <
                                                   t->approval_rate };
        for (size_t r = 0; r < VOUCH__ACCEPT_RULES; r++) {
            double first = point == &j->curve[0]->point[j->boot->pick[r]] ? profit : best[r][l].first;
            best[r][l].first = first;
            if (take[r])
                best[r][l] = (choice){ approved,      now->bad.at[l] / now->known.at[l],
                                       profit,        point->score,
                                       point->profit, first };
        }
    }
}

static void walk_all(const vouch__accept_cases *c, const vouch__accept_terms *t, const uint8_t *counts,
                     walk *out)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < c->n; i++)
        step(c, t, counts, i, out);
}

static void choose(const job *j, size_t first, const uint8_t *counts, const walk *whole)
{
    const vouch__accept_cases *c = j->cases[0];
    const vouch__accept_curve *curve = j->curve[0];
    choice best[VOUCH__ACCEPT_RULES][LANES];
    walk now;
    memset(&now, 0, sizeof now);
    for (size_t r = 0; r < VOUCH__ACCEPT_RULES; r++)
        for (size_t l = 0; l < LANES; l++)
            best[r][l] = (choice){ .bad_rate = NAN, .score = -INFINITY };
    for (size_t k = 0, p = 1; k < c->n; k++) {
        step(c, j->terms, counts, curve->order[k], &now);
        if (k + 1 == c->n || c->score[curve->order[k + 1]] != c->score[curve->order[k]])
            consider(j, &now, whole, &curve->point[p++], best);
    }
    vouch__accept_boot *boot = j->boot;
    for (size_t l = 0; l < LANES && first + l < boot->resamples; l++)
        for (size_t r = 0; r < VOUCH__ACCEPT_RULES; r++) {
            boot->approved[r][first + l] = best[r][l].approved;
            boot->bad_rate[r][first + l] = best[r][l].bad_rate;
            boot->profit[r][first + l] = best[r][l].profit;
            boot->score[r][first + l] = best[r][l].score;
            boot->gain[r][first + l] = best[r][l].profit - best[r][l].first - best[r][l].here +
                                       curve->point[boot->pick[r]].profit;
        }
}

/* out[k][l] = bad among the safest share[k] of a resample, as a share of them; ties in proportion. */
static void rates_at(const job *j, size_t which, const uint8_t *counts, const walk *whole, lanes *out)
{
    const vouch__accept_cases *c = j->cases[which];
    const uint32_t *order = j->curve[which]->order;
    size_t next[LANES] = { 0 }, n_shares = j->boot->n_shares;
    walk now, before;
    memset(&now, 0, sizeof now);
    before = now;
    for (size_t k = 0; k < c->n; k++) {
        step(c, j->terms, counts, order[k], &now);
        if (k + 1 < c->n && c->score[order[k + 1]] == c->score[order[k]])
            continue;
        for (size_t l = 0; l < LANES; l++)
            while (next[l] < n_shares) {
                double wanted = j->boot->share[next[l]] * whole->known.at[l];
                if (now.known.at[l] < wanted && k + 1 < c->n)
                    break;
                double wide = now.known.at[l] - before.known.at[l];
                double part = wide > 0.0 ? (wanted - before.known.at[l]) / wide : 1.0;
                out[next[l]++].at[l] = (before.bad.at[l] + part * (now.bad.at[l] - before.bad.at[l])) /
                                       wanted;
            }
        before = now;
    }
}

static vouch_status group(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const job *j = arg;
    vouch__accept_boot *boot = j->boot;
    size_t n = j->cases[0]->n, mark = vouch__scratch_mark(worker), m = boot->n_shares;
    uint8_t *counts = vouch__scratch(worker, n * LANES + 1, 1);
    lanes *rate = vouch__scratch(worker, 2 * m + 1, sizeof *rate);
    walk whole;
    (void)chunk;
    (void)end;
    if (!counts || !rate)
        return vouch__oom(worker);
    draw(boot->seed, begin, n, counts);
    walk_all(j->cases[0], j->terms, counts, &whole);
    choose(j, begin, counts, &whole);
    for (size_t which = 0; boot->difference && which < 2; which++)
        rates_at(j, which, counts, &whole, rate + which * m);
    for (size_t k = 0; boot->difference && k < m; k++)
        for (size_t l = 0; l < LANES && begin + l < boot->resamples; l++)
            boot->difference[k * boot->resamples + begin + l] = rate[k].at[l] - rate[m + k].at[l];
    vouch__scratch_reset(worker, mark);
    return VOUCH_OK;
}

vouch_status vouch__accept_resample(vouch_ctx *ctx, const vouch__accept_cases *cases,
                                    const vouch__accept_curve *curve, const vouch__accept_cases *second,
                                    const vouch__accept_curve *second_curve, const vouch__accept_terms *terms,
                                    vouch__accept_boot *boot)
{
    job j = { { cases, second }, { curve, second_curve }, terms, boot };
    size_t b = boot->resamples;
    double *room = vouch__scratch(ctx, 5 * VOUCH__ACCEPT_RULES * b + 1, sizeof *room);
    boot->difference = second ? vouch__scratch(ctx, boot->n_shares * b + 1, sizeof *room) : NULL;
    if (!room || (second && !boot->difference))
        return vouch__oom(ctx);
    for (size_t r = 0; r < VOUCH__ACCEPT_RULES; r++, room += 5 * b) {
        boot->approved[r] = room;
        boot->bad_rate[r] = room + b;
        boot->profit[r] = room + 2 * b;
        boot->score[r] = room + 3 * b;
        boot->gain[r] = room + 4 * b;
    }
    return vouch__parallel(ctx, b, LANES, group, &j);
}

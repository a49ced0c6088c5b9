/* Comparisons of AUCs across samples, the distribution of the Kolmogorov-Smirnov distance, and what a desk of
 * limited capacity finds. */
#include "validate/rank_tests.h"

#include "base/ctx.h"
#include "base/text.h"
#include "num/kolmogorov.h"
#include "num/rank.h"
#include "num/rates.h"
#include "num/special.h"

#include <math.h>

enum { EXACT_PATHS = 4000000 };

vouch_auc_pair vouch__auc_unpaired(const vouch_auc *a, const vouch_auc *b, double level)
{
    vouch_auc_pair pair = { .auc_a = a->auc,
                            .auc_b = b->auc,
                            .difference = a->auc - b->auc,
                            .variance = a->variance + b->variance,
                            .z = NAN,
                            .p_value = NAN,
                            .level = level,
                            .low = -1.0,
                            .high = 1.0 };
    if (!(pair.variance > 0.0)) /* too few cases, or two perfect orders, whose error is not known to be 0 */
        return pair;
    double se = sqrt(pair.variance), margin = vouch__cases_margin(level);
    pair.z = pair.difference / se;
    pair.p_value = fmin(1.0, 2.0 * vouch__normal_sf(fabs(pair.z)));
    pair.low = fmax(-1.0, pair.difference - margin * se);
    pair.high = fmin(1.0, pair.difference + margin * se);
    return pair;
}

vouch__decline vouch__auc_decline(double initial, const vouch_auc *current)
{
    vouch__decline d = { .initial = initial, .current = current->auc, .statistic = NAN, .p_value = NAN };
    if (current->variance > 0.0) {
        d.statistic = (initial - current->auc) / sqrt(current->variance);
        d.p_value = vouch__normal_sf(d.statistic);
    }
    return d;
}

typedef struct pooled {
    size_t goods, bads;
    const uint8_t *ends; /* [goods + bads + 1]: is the i-th place the last of a group of ties? */
    double reached;      /* the distance, a hair less, as a difference of counts times counts */
} pooled;

static bool touches(const pooled *q, size_t i, size_t j) /* i goods and j bads passed */
{
    double gap = fabs((double)i * (double)q->bads - (double)j * (double)q->goods);
    return q->ends[i + j] && gap >= q->reached;
}

/* The chance that a path of goods and bads in random order comes to (goods, bads) by way of a place that far
 * from the diagonal. The last step into (i, j) is a good with chance i / (i + j). Chances are added, never
 * subtracted, so small ones keep their digits. */
static double path_chance(const pooled *q, double *row)
{
    for (size_t i = 0; i <= q->goods; i++)
        for (size_t j = 0; j <= q->bads; j++) {
            double share = i + j ? (double)i / (double)(i + j) : 0.0;
            double before = j ? row[j - 1] : 0.0, above = i ? row[j] : 0.0;
            row[j] = touches(q, i, j) ? 1.0 : share * above + (1.0 - share) * before;
        }
    return row[q->bads];
}

static vouch_status exact_p(vouch_ctx *ctx, size_t n, const double *score, size_t n_bad, double ks,
                            double *out_p)
{
    size_t mark = vouch__scratch_mark(ctx);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    uint8_t *ends = vouch__scratch(ctx, n + 1, 1);
    double *row = vouch__scratch(ctx, n_bad + 1, sizeof *row);
    if (!order || !ends || !row) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    vouch_status status = vouch__order(ctx, n, score, order);
    if (!status) {
        ends[0] = 0;
        for (size_t i = 1; i <= n; i++)
            ends[i] = i == n || score[order[i]] != score[order[i - 1]];
        pooled q = { n - n_bad, n_bad, ends, 0.0 };
        q.reached = nearbyint(ks * (double)q.goods * (double)q.bads) - 0.5; /* both are whole numbers */
        *out_p = q.reached < 0.0 ? 1.0 : fmin(1.0, path_chance(&q, row));
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__ks_two_sample(vouch_ctx *ctx, size_t n, const double *score, const uint8_t *bad,
                                  vouch__ks_test *out)
{
    vouch__ks_test test;
    size_t n_bad = 0;
    vouch_status status = vouch_validate_ks(ctx, n, score, bad, NULL, &test.ks, NULL);
    if (status)
        return status;
    for (size_t i = 0; i < n; i++)
        n_bad += bad[i];
    test.is_exact = (double)n_bad * (double)(n - n_bad) <= EXACT_PATHS;
    if (test.is_exact) {
        status = exact_p(ctx, n, score, n_bad, test.ks, &test.p_value);
    } else {
        double goods = (double)(n - n_bad), bads = (double)n_bad;
        test.p_value = vouch__kolmogorov_sf(sqrt(goods * bads / (goods + bads)) * test.ks);
    }
    if (!status)
        *out = test;
    return status;
}

static vouch_status check_capacity(vouch_ctx *ctx, size_t n, const double *amount, size_t capacity)
{
    if (capacity == 0 || capacity > n)
        return vouch__fail(ctx, VOUCH_E_ARG, "capacity: capacity is %zu, must be from 1 to %zu", capacity, n);
    for (size_t i = 0; amount && i < n; i++)
        if (!(amount[i] >= 0.0 && amount[i] < INFINITY)) {
            char text[VOUCH__DOUBLE_MAX];
            (void)vouch__double_text(amount[i], text);
            return vouch__fail(ctx, VOUCH_E_DATA,
                               "capacity: amount[%zu] is %s, must be finite and not below 0", i, text);
        }
    return VOUCH_OK;
}

/* Down the scores, group of ties by group, until the desk is full. */
static vouch__capacity reviewed(size_t n, const uint32_t *order, const double *score, const uint8_t *bad,
                                const double *amount, double capacity)
{
    vouch__capacity c = { .hits = 0.0 };
    vouch__dd hits = { 0 }, value = { 0 };
    double room = capacity;
    for (size_t left = n, to; left > 0 && room > 0.0; left = to) {
        double here = 0.0, worth = 0.0;
        c.score = score[order[left - 1]];
        for (to = left; to > 0 && score[order[to - 1]] == c.score; to--)
            if (bad[order[to - 1]]) {
                here += 1.0;
                worth += amount ? amount[order[to - 1]] : 0.0;
            }
        double part = fmin(1.0, room / (double)(left - to));
        vouch__accumulate(&hits, part * here);
        vouch__accumulate(&value, part * worth);
        room -= (double)(left - to);
    }
    c.hits = vouch__accumulated(hits);
    c.value = vouch__accumulated(value);
    return c;
}

vouch_status vouch__capacity_measure(vouch_ctx *ctx, size_t n, const double *score, const uint8_t *bad,
                                     const double *amount, size_t capacity, double level,
                                     vouch__capacity *out)
{
    size_t n_bad;
    vouch_status status = vouch__cases_level(ctx, "capacity", level);
    if (!status)
        status = vouch__cases_check(ctx, "capacity", n, score, bad, NULL, &n_bad);
    if (!status)
        status = check_capacity(ctx, n, amount, capacity);
    if (!status && n_bad == 0)
        status = vouch__fail(ctx, VOUCH_E_DATA, "capacity: every case is good, so there is nothing to find");
    if (status)
        return status;
    size_t mark = vouch__scratch_mark(ctx);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    status = vouch__order(ctx, n, score, order);
    if (!status) {
        double k = (double)capacity;
        vouch__dd at_stake = { 0 };
        for (size_t i = 0; amount && i < n; i++)
            vouch__accumulate(&at_stake, bad[i] ? amount[i] : 0.0);
        vouch__capacity c = reviewed(n, order, score, bad, amount, k);
        c.precision = c.hits / k;
        c.recall = c.hits / (double)n_bad;
        c.lift = c.precision / ((double)n_bad / (double)n);
        c.alarms_per_hit = c.hits > 0.0 ? (k - c.hits) / c.hits : INFINITY;
        vouch__wilson(c.hits, k, level, &c.low, &c.high);
        double stake = vouch__accumulated(at_stake);
        c.value_recall = amount && stake > 0.0 ? c.value / stake : NAN;
        c.value = amount ? c.value : NAN;
        *out = c;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

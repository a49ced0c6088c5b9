/* Resamples by counts on rows that are sorted once.
 *
 * Rows are put in the order of their scores and cut into runs: a group of ties with both classes, or the
 * longest stretch of goods alone, or of bads alone. Inside a run the order does not matter, to AUC or to KS,
 * and runs are what is summed. Eight resamples go over the rows together, twice: first for the totals,
 * without which distances of distribution functions can't be compared, then along the runs. Counts are drawn
 * anew each time, which is cheaper than keeping them. */
#include "validate/bootstrap.h"

#include "base/ctx.h"
#include "base/parallel.h"
#include "num/rank.h"
#include "num/rng.h"
#include "num/sum.h"
#include "validate/bootstrap_draw.h"

#include <math.h>
#include <string.h>

enum { LANES = VOUCH__BOOT_LANES, BLOCK = VOUCH__BOOT_BLOCK, GROUPS = 3, CELLS = 4 * GROUPS };

typedef struct run {
    uint32_t good, bad; /* rows: its goods come first */
} run;

typedef struct plan {
    size_t n, n_runs;
    const uint8_t *cell; /* [n] in order: class x 6 + group x 2 + favourable */
    const run *runs;
    vouch__boot_draw *draw;
    uint64_t seed;
    double *auc, *ks, *air;
} plan;

typedef struct lanes {
    uint32_t total[CELLS][LANES];
    uint64_t twice_won[LANES],
        apart[LANES]; /* apart: the largest |bads below x goods - goods below x bads| */
    uint32_t class_total[2][LANES];
} lanes;

static void add(uint32_t sum[LANES], const uint32_t count[LANES])
{
    for (int l = 0; l < LANES; l++)
        sum[l] += count[l];
}

static vouch_status totals(vouch_ctx *ctx, const plan *p, uint64_t first, lanes *out)
{
    uint32_t count[BLOCK][LANES];
    for (size_t begin = 0; begin < p->n; begin += BLOCK) {
        size_t rows = p->n - begin < BLOCK ? p->n - begin : BLOCK;
        p->draw(p->seed, first, begin / BLOCK, rows, count);
        for (size_t i = 0; i < rows; i++)
            add(out->total[p->cell[begin + i]], count[i]);
        vouch_status status = begin % (BLOCK * 1024) == 0 ? vouch__poll(ctx) : VOUCH_OK;
        if (status)
            return status;
    }
    for (int cell = 0; cell < CELLS; cell++)
        add(out->class_total[cell / (2 * GROUPS)], out->total[cell]);
    return VOUCH_OK;
}

/* Rows one after the other, drawn a block at a time. */
typedef struct feed {
    const plan *plan;
    uint64_t first, block;
    size_t used; /* of the block */
    uint32_t count[BLOCK][LANES];
} feed;

static void take(feed *f, uint32_t rows, uint32_t sum[LANES])
{
    memset(sum, 0, LANES * sizeof *sum);
    while (rows > 0) {
        if (f->used == BLOCK) {
            size_t left = f->plan->n - (size_t)f->block * BLOCK;
            f->plan->draw(f->plan->seed, f->first, f->block++, left < BLOCK ? left : BLOCK, f->count);
            f->used = 0;
        }
        uint32_t here = rows < BLOCK - f->used ? rows : (uint32_t)(BLOCK - f->used);
        for (uint32_t i = 0; i < here; i++)
            add(sum, f->count[f->used + i]);
        f->used += here;
        rows -= here;
    }
}

static vouch_status walk(vouch_ctx *ctx, const plan *p, uint64_t first, lanes *out)
{
    feed f = { .plan = p, .first = first, .used = BLOCK };
    uint32_t good[LANES], bad[LANES], goods[LANES] = { 0 }, bads[LANES] = { 0 };
    for (size_t r = 0; r < p->n_runs; r++) {
        take(&f, p->runs[r].good, good);
        take(&f, p->runs[r].bad, bad);
        for (int l = 0; l < LANES; l++) {
            out->twice_won[l] += (uint64_t)bad[l] * (2 * (uint64_t)goods[l] + good[l]);
            goods[l] += good[l];
            bads[l] += bad[l];
            int64_t gap = (int64_t)((uint64_t)bads[l] * out->class_total[0][l]) -
                          (int64_t)((uint64_t)goods[l] * out->class_total[1][l]);
            uint64_t size = (uint64_t)(gap < 0 ? -gap : gap);
            out->apart[l] = size > out->apart[l] ? size : out->apart[l];
        }
        vouch_status status = r % 65536 == 0 ? vouch__poll(ctx) : VOUCH_OK;
        if (status)
            return status;
    }
    return VOUCH_OK;
}

/* Of group g: how many, and how many of them favourably. */
static double favour(const lanes *a, int l, int g)
{
    double bad_luck = (double)a->total[2 * g][l] + (double)a->total[2 * GROUPS + 2 * g][l];
    double luck = (double)a->total[2 * g + 1][l] + (double)a->total[2 * GROUPS + 2 * g + 1][l];
    return luck / (luck + bad_luck); /* 0 / 0 is NaN */
}

static vouch_status group_of_lanes(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const plan *p = arg;
    lanes a;
    (void)chunk;
    memset(&a, 0, sizeof a);
    vouch_status status = totals(worker, p, begin, &a);
    if (!status && p->n_runs)
        status = walk(worker, p, begin, &a);
    for (size_t r = begin; r < end && !status; r++) {
        int l = (int)(r - begin);
        double good = a.class_total[0][l], bad = a.class_total[1][l];
        if (p->auc)
            p->auc[r] = (double)a.twice_won[l] / (2.0 * good * bad);
        if (p->ks)
            p->ks[r] = (double)a.apart[l] / (good * bad);
        double reference = p->air ? favour(&a, l, 0) : 0.0;
        if (p->air)
            p->air[r] = reference > 0.0 ? favour(&a, l, 1) / reference : NAN;
    }
    return status;
}

static uint8_t cell_of(const vouch__boot_data *d, size_t i)
{
    int cell = d->bad ? 2 * GROUPS * d->bad[i] : 0;
    return (uint8_t)(d->group && d->favourable ? cell + 2 * d->group[i] + d->favourable[i] : cell);
}

/* Runs, and the cells of rows in their order. */
static size_t lay_out(const vouch__boot_data *d, const uint32_t *order, uint8_t *cell, run *runs)
{
    size_t n_runs = 0, at = 0;
    for (size_t i = 0, j; i < d->n; i = j) {
        run here = { 0, 0 };
        for (j = i; j < d->n && d->score[order[j]] == d->score[order[i]]; j++) {
            here.bad += d->bad[order[j]];
            here.good += !d->bad[order[j]];
        }
        for (uint8_t class = 0; class <= 1; class ++)
            for (size_t k = i; k < j; k++)
                if (d->bad[order[k]] == class)
                    cell[at++] = cell_of(d, order[k]);
        run *last = n_runs ? runs + n_runs - 1 : NULL;
        if (last && !last->bad && !here.bad)
            last->good += here.good;
        else if (last && !last->good && !here.good)
            last->bad += here.bad;
        else
            runs[n_runs++] = here;
    }
    return n_runs;
}

static vouch_status check(vouch_ctx *ctx, const vouch__boot_data *d, size_t resamples)
{
    size_t n_bad;
    if (resamples == 0)
        return vouch__fail(ctx, VOUCH_E_ARG, "bootstrap: no resamples");
    if (d->n > INT32_MAX)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "bootstrap: %zu rows, at most 2147483647", d->n);
    if (d->n == 0)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "bootstrap: no cases");
    if (!d->score != !d->bad || !d->group != !d->favourable)
        return vouch__fail(ctx, VOUCH_E_ARG, "bootstrap: one of a pair of columns is missing");
    vouch_status status = d->score
                              ? vouch__cases_check(ctx, "bootstrap", d->n, d->score, d->bad, NULL, &n_bad)
                              : VOUCH_OK;
    for (size_t i = 0; d->group && d->favourable && i < d->n && !status; i++)
        if (d->group[i] >= GROUPS || d->favourable[i] > 1)
            status = vouch__fail(ctx, VOUCH_E_DATA,
                                 "bootstrap: group[%zu] is %d and favourable %d, must be below 3 and 2", i,
                                 d->group[i], d->favourable[i]);
    return status;
}

static vouch__boot_draw *fastest(bool is_portable)
{
#if defined(__x86_64__)
    if (!is_portable && __builtin_cpu_supports("avx2"))
        return vouch__boot_draw_avx2;
#endif
    (void)is_portable;
    return vouch__boot_draw_portable;
}

vouch_status vouch__bootstrap(vouch_ctx *ctx, const vouch__boot_data *data, size_t resamples, uint64_t seed,
                              double *out_auc, double *out_ks, double *out_air)
{
    vouch_status status = check(ctx, data, resamples);
    if (status)
        return status;
    bool ranks = data->score != NULL;
    size_t mark = vouch__scratch_mark(ctx), n = data->n;
    uint8_t *cell = vouch__scratch(ctx, n, sizeof *cell);
    uint32_t *order = vouch__scratch(ctx, ranks ? n : 1, sizeof *order);
    run *runs = vouch__scratch(ctx, ranks ? n : 1, sizeof *runs);
    if (!cell || !order || !runs) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    plan p = { .n = n, .cell = cell, .runs = runs, .draw = fastest(data->is_portable), .seed = seed };
    if (ranks) {
        p.auc = out_auc;
        p.ks = out_ks;
    }
    if (data->group)
        p.air = out_air;
    if (ranks) {
        status = vouch__order(ctx, n, data->score, order);
        if (!status && (out_auc || out_ks))
            p.n_runs = lay_out(data, order, cell, runs);
        else if (!status)
            ranks = false;
    }
    for (size_t i = 0; i < n && !ranks && !status; i++)
        cell[i] = cell_of(data, i);
    if (!status)
        status = vouch__parallel(ctx, resamples, LANES, group_of_lanes, &p);
    vouch__scratch_reset(ctx, mark);
    return status;
}

void vouch__boot_counts(uint64_t seed, uint64_t r, size_t first, size_t rows, uint32_t *out)
{
    vouch__rng rng = vouch__rng_make(seed, r);
    uint64_t word = 0;
    for (size_t i = 0; i < first + rows; i++) {
        word = i % 2 ? word >> 32 : vouch__rng_next(&rng);
        if (i < first)
            continue;
        out[i - first] = 0;
        for (int j = 0; j < VOUCH__BOOT_STEPS; j++)
            out[i - first] += (uint32_t)word >= vouch__boot_step[j];
    }
}

vouch_status vouch__boot_summary(vouch_ctx *ctx, size_t n, const double *replicate, double estimate,
                                 double level, vouch__boot_interval *out)
{
    enum { FEWEST = 40 };
    vouch_status status = vouch__cases_level(ctx, "bootstrap", level);
    if (status)
        return status;
    size_t mark = vouch__scratch_mark(ctx), used = 0;
    double *sorted = vouch__scratch(ctx, n, sizeof *sorted);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!sorted || !order) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    status = vouch__order(ctx, n, replicate, order);
    if (!status) {
        while (used < n && !isnan(replicate[order[used]])) {
            sorted[used] = replicate[order[used]];
            used++;
        }
        vouch__boot_interval b = {
            .se = NAN, .bias = NAN, .low = NAN, .high = NAN, .used = used, .missing = n - used
        };
        if (used >= FEWEST && 20 * b.missing <= n) {
            b.se = sqrt(vouch__variance(used, sorted, NULL));
            b.bias = vouch__mean(used, sorted, NULL) - estimate;
            b.low = vouch__quantile_sorted(used, sorted, 0.5 - 0.5 * level);
            b.high = vouch__quantile_sorted(used, sorted, 0.5 + 0.5 * level);
        }
        *out = b;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* Resamples by counts on rows that are sorted once.
 *
 * Rows are put in the order of their scores and cut into runs: a group of ties with both classes, or the
 * longest stretch of goods alone, or of bads alone. Inside a run the order does not matter, to AUC or to KS,
 * and runs are what is summed. Eight resamples go over the rows together. Distances of distribution functions
 * can't be compared before their totals are known, so what has been passed after each run is kept for later;
 * where that would be too much, the rows are drawn and walked again. */
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
    bool keeps;
    double *auc, *ks, *air;
} plan;

typedef struct lanes {
    uint32_t total[CELLS][LANES], of_class[2][LANES];
    uint64_t twice_won[LANES],
        apart[LANES]; /* apart: the largest |bads below x goods - goods below x bads| */
} lanes;

/* The counts of one row, added at once; by pointer only. */
typedef uint32_t lane_sum __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* Rows one after the other, drawn a block at a time. */
typedef struct feed {
    const plan *plan;
    uint64_t first, block;
    size_t at, used; /* rows taken; of the block */
    uint32_t count[BLOCK][LANES];
} feed;

static void refill(feed *f)
{
    size_t left = f->plan->n - (size_t)f->block * BLOCK;
    f->plan->draw(f->plan->seed, f->first, f->block++, left < BLOCK ? left : BLOCK, f->count);
    f->used = 0;
}

/* The sum over the next rows; total, where it is not NULL, gets each in the row of its cell. */
static void take(feed *f, uint32_t rows, uint32_t sum[LANES], uint32_t total[CELLS][LANES])
{
    lane_sum all = { 0 };
    while (rows > 0) {
        if (f->used == BLOCK)
            refill(f);
        uint32_t here = rows < BLOCK - f->used ? rows : (uint32_t)(BLOCK - f->used);
        for (uint32_t i = 0; i < here; i++) {
            const lane_sum *count = (const lane_sum *)f->count[f->used + i];
            all += *count;
            if (total)
                *(lane_sum *)total[f->plan->cell[f->at + i]] += *count;
        }
        f->used += here;
        f->at += here;
        rows -= here;
    }
    *(lane_sum *)sum = all;
}

/* Goods and bads passed by the end of a run. */
typedef struct passed {
    uint32_t good[LANES], bad[LANES];
} passed;

static void widen(lanes *out, const passed *p)
{
    for (int l = 0; l < LANES; l++) {
        int64_t gap = (int64_t)((uint64_t)p->bad[l] * out->of_class[0][l]) -
                      (int64_t)((uint64_t)p->good[l] * out->of_class[1][l]);
        uint64_t size = (uint64_t)(gap < 0 ? -gap : gap);
        out->apart[l] = size > out->apart[l] ? size : out->apart[l];
    }
}

/* Along the runs. The first time: wins, totals of classes and, where they are asked for, of cells; kept, if
 * there is room, gets what has been passed after each run. The second time, when totals are known: distances.
 */
static vouch_status walk(vouch_ctx *ctx, const plan *p, uint64_t first, bool is_second, passed *kept,
                         lanes *out)
{
    feed f = { .plan = p, .first = first, .used = BLOCK };
    passed here = { .good = { 0 } };
    for (size_t r = 0; r < p->n_runs; r++) {
        uint32_t good[LANES], bad[LANES];
        take(&f, p->runs[r].good, good, p->air && !is_second ? out->total : NULL);
        take(&f, p->runs[r].bad, bad, p->air && !is_second ? out->total : NULL);
        for (int l = 0; l < LANES; l++) {
            if (!is_second)
                out->twice_won[l] += (uint64_t)bad[l] * (2 * (uint64_t)here.good[l] + good[l]);
            here.good[l] += good[l];
            here.bad[l] += bad[l];
        }
        if (kept)
            kept[r] = here;
        if (is_second)
            widen(out, &here);
        vouch_status status = r % 16384 == 0 ? vouch__poll(ctx) : VOUCH_OK;
        if (status)
            return status;
    }
    memcpy(out->of_class[0], here.good, sizeof here.good);
    memcpy(out->of_class[1], here.bad, sizeof here.bad);
    return VOUCH_OK;
}

static vouch_status ranks_of_lanes(vouch_ctx *worker, const plan *p, uint64_t first, lanes *out)
{
    enum { MOST_KEPT = 1 << 21 }; /* 128 MiB a thread; beyond, rows are drawn again */
    size_t mark = vouch__scratch_mark(worker);
    bool keeps = p->ks && p->keeps && p->n_runs <= MOST_KEPT;
    passed *kept = keeps ? vouch__scratch(worker, p->n_runs, sizeof *kept) : NULL;
    if (keeps && !kept)
        return vouch__oom(worker);
    vouch_status status = walk(worker, p, first, false, kept, out);
    for (size_t r = 0; r < p->n_runs && kept && !status; r++)
        widen(out, &kept[r]);
    if (!status && p->ks && !kept)
        status = walk(worker, p, first, true, NULL, out);
    vouch__scratch_reset(worker, mark);
    return status;
}

static vouch_status cells_of_lanes(vouch_ctx *worker, const plan *p, uint64_t first, lanes *out)
{
    feed f = { .plan = p, .first = first, .used = BLOCK };
    for (size_t left = p->n; left > 0;) {
        uint32_t unused[LANES], rows = left < 64 * BLOCK ? (uint32_t)left : 64 * BLOCK;
        take(&f, rows, unused, out->total);
        left -= rows;
        vouch_status status = vouch__poll(worker);
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
    vouch_status status = p->n_runs ? ranks_of_lanes(worker, p, begin, &a)
                                    : cells_of_lanes(worker, p, begin, &a);
    for (size_t r = begin; r < end && !status; r++) {
        int l = (int)(r - begin);
        double good = a.of_class[0][l], bad = a.of_class[1][l];
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
    plan p = { .n = n,
               .cell = cell,
               .runs = runs,
               .draw = fastest(data->is_portable),
               .seed = seed,
               .keeps = !data->is_portable };
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

/* Gradients and curvatures of the loss at the present scores, as integers.
 *
 * They end as floats. Those of logistic and squared loss are computed so from the start, plainly enough for a
 * compiler to do several at once, with an exponential of our own whose operations are the same on every
 * processor. gbdt_loss.c has the formulas and the other losses.
 *
 * A tree's scale is the largest for which no row passes 16 bits and no sum of any rows passes 32, rounding
 * included. A curvature is at least one unit, so that a child with rows never has none. */
#include "base/parallel.h"
#include "models/gbdt/gbdt_kernels.h"
#include "num/rng.h"

#include <math.h>
#include <string.h>

enum { LANES = 4, PIECE = 1024 };

typedef struct totals {
    double g, h; /* sums of sizes */
    float most_g, most_h, least_h;
    int64_t sum; /* of records */
    size_t n;    /* records */
} totals;

typedef struct grad_job {
    const vouch__gbdt_outcome *outcome;
    const vouch__gbdt_sample *sample;
    uint64_t cut; /* rows whose hash is below it are in the sample; 0: all */
    float scale_g, scale_h;
    vouch__record *record;
    size_t *first; /* [tasks + 1] of each task's records */
    totals *task;  /* [tasks] */
} grad_job;

static void squared(size_t n, const double *score, const double *target, double unit, float *g, float *h)
{
    for (size_t i = 0; i < n; i++) {
        g[i] = (float)((score[i] - target[i]) / unit);
        h[i] = 1.0f;
    }
}

/* Add to the totals, in LANES fixed lanes: more than one addition under way, and always the same order. */
static void add_up(size_t n, const float *g, const float *h, totals *t)
{
    double sum_g[LANES] = { 0.0 }, sum_h[LANES] = { 0.0 };
    int32_t most_g = 0, most_h = 0, least_h = INT32_MAX; /* none is negative: in the order of their bits */
    for (size_t i = 0; i < n; i++) {
        int32_t size = (int32_t)(vouch__bits_of(g[i]) & 0x7fffffffu), mass = (int32_t)vouch__bits_of(h[i]);
        most_g = size > most_g ? size : most_g;
        most_h = mass > most_h ? mass : most_h;
        least_h = mass < least_h ? mass : least_h;
    }
    size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t lane = 0; lane < LANES; lane++) {
            sum_g[lane] += (double)vouch__float_of(vouch__bits_of(g[i + lane]) & 0x7fffffffu);
            sum_h[lane] += (double)h[i + lane];
        }
    for (size_t i = whole; i < n; i++) {
        sum_g[0] += (double)vouch__float_of(vouch__bits_of(g[i]) & 0x7fffffffu);
        sum_h[0] += (double)h[i];
    }
    for (size_t lane = 0; lane < LANES; lane++) {
        t->g += sum_g[lane];
        t->h += sum_h[lane];
    }
    t->most_g = fmaxf(t->most_g, vouch__float_of((uint32_t)most_g));
    t->most_h = fmaxf(t->most_h, vouch__float_of((uint32_t)most_h));
    t->least_h = fminf(t->least_h, vouch__float_of((uint32_t)least_h));
}

static bool is_sampled(const grad_job *job, size_t i)
{
    return !job->cut || vouch__mix(job->sample->seed, job->sample->row[i]) < job->cut;
}

/* The caller's, in blocks; what is no finite number, or a curvature below 0, is refused. */
static vouch_status custom(vouch_ctx *ctx, const vouch__gbdt_outcome *o, size_t begin, size_t n, float *g,
                           float *h)
{
    double wide_g[PIECE], wide_h[PIECE];
    for (size_t at = 0; at < n; at += PIECE) {
        size_t m = n - at < PIECE ? n - at : PIECE;
        o->objective->slopes(o->objective->self, m, o->score + begin + at, o->target + begin + at, wide_g,
                             wide_h);
        for (size_t i = 0; i < m; i++) {
            g[at + i] = (float)(wide_g[i] / o->unit);
            h[at + i] = (float)wide_h[i];
            if (fabsf(g[at + i]) < 1e30f && h[at + i] >= 0.0f && h[at + i] < 1e30f)
                continue;
            (void)vouch__fail(
                ctx, VOUCH_E_DATA,
                "fit: the objective's gradient and curvature of training row %zu must be finite, "
                "and the curvature not negative",
                begin + at + i);
            return VOUCH_E_DATA;
        }
    }
    return VOUCH_OK;
}

vouch_status vouch__gbdt_loss(vouch_ctx *ctx, const vouch__gbdt_outcome *o, size_t begin, size_t n, float *g,
                              float *h)
{
    vouch_status status = VOUCH_OK;
    const float most = 1e30f;
    if (o->loss == VOUCH__LOSS_LOGISTIC)
        o->kernels->logistic(n, o->score + begin, o->target + begin, g, h);
    else if (o->loss == VOUCH__LOSS_SQUARED)
        squared(n, o->score + begin, o->target + begin, o->unit, g, h);
    else if (o->loss == VOUCH__LOSS_CUSTOM)
        status = custom(ctx, o, begin, n, g, h);
    else
        for (size_t i = 0; i < n; i++) {
            double gradient, curvature;
            vouch__gbdt_slopes(o, o->score[begin + i], o->target[begin + i], &gradient, &curvature);
            g[i] = fminf(fmaxf((float)gradient, -most), most);
            h[i] = fminf((float)curvature, most);
        }
    if (status)
        return status;
    for (size_t i = 0; o->weight && i < n; i++) {
        g[i] *= o->weight[begin + i];
        h[i] *= o->weight[begin + i];
    }
    return VOUCH_OK;
}

/* Gradients are made twice, for their sums and for their records: that costs less than to store them. */
static vouch_status gradient_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const grad_job *job = arg;
    totals t = { .n = end - begin, .least_h = INFINITY };
    float g[PIECE], h[PIECE];
    for (size_t at = begin; at < end; at += PIECE) {
        size_t n = end - at < PIECE ? end - at : PIECE;
        vouch_status status = vouch__gbdt_loss(worker, job->outcome, at, n, g, h);
        if (status)
            return status;
        add_up(n, g, h, &t);
    }
    for (size_t i = begin; job->cut && i < end; i++)
        t.n -= !is_sampled(job, i);
    job->task[chunk] = t;
    return VOUCH_OK;
}

static vouch_status record_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const grad_job *job = arg;
    const vouch__gbdt_kernels *kernels = job->outcome->kernels;
    vouch__record *out = job->record + job->first[chunk], piece[PIECE];
    float g[PIECE], h[PIECE];
    int64_t sum = 0;
    for (size_t at = begin; at < end; at += PIECE) {
        size_t n = end - at < PIECE ? end - at : PIECE;
        vouch_status status = vouch__gbdt_loss(worker, job->outcome, at, n, g, h);
        if (status)
            return status;
        if (!job->cut) {
            sum += kernels->records(n, at, g, h, job->scale_g, job->scale_h, out);
            out += n;
            continue;
        }
        (void)kernels->records(n, at, g, h, job->scale_g, job->scale_h, piece);
        for (size_t i = 0; i < n; i++) {
            if (!is_sampled(job, at + i))
                continue;
            sum += ((int64_t)piece[i] >> 48) * 4294967296 + (int64_t)(piece[i] >> 32 & 0xffff);
            *out++ = piece[i];
        }
    }
    job->task[chunk].sum = sum;
    return VOUCH_OK;
}

/* The largest scale under which neither one row nor the sum of all overflows; slack covers rounding. */
static double scale_make(double most, double sum, double most_units, double sum_units)
{
    if (!(most > 0.0))
        return 1.0;
    return fmin(fmin(most_units / most, sum_units * (1.0 - 1e-6) / sum), 1e30);
}

vouch_status vouch__gbdt_gradients(vouch_ctx *ctx, const vouch__gbdt_outcome *outcome,
                                   const vouch__gbdt_sample *sample, vouch__record *record, size_t *out_n,
                                   vouch__gbdt_scale *out_scale)
{
    size_t mark = vouch__scratch_mark(ctx), n = outcome->n, tasks = vouch__chunks(n, VOUCH__GBDT_TILE);
    grad_job job = { .outcome = outcome, .sample = sample };
    totals all = { .least_h = INFINITY };
    vouch__gbdt_scale scale = { .sum = 0 };
    vouch_status status = VOUCH_OK;
    job.record = record;
    if (sample->share < 1.0)
        job.cut = (uint64_t)(sample->share * 0x1p64);
    job.first = vouch__scratch(ctx, tasks + 1, sizeof *job.first);
    job.task = vouch__scratch(ctx, tasks, sizeof *job.task);
    if (!job.first || !job.task) {
        status = vouch__oom(ctx);
        goto done;
    }
    status = vouch__parallel_near(ctx, n, VOUCH__GBDT_TILE, gradient_chunk, &job);
    if (status)
        goto done;
    for (size_t k = 0; k < tasks; k++) {
        const totals *t = &job.task[k];
        job.first[k] = all.n;
        all.n += t->n;
        all.g += t->g;
        all.h += t->h;
        all.most_g = fmaxf(all.most_g, t->most_g);
        all.most_h = fmaxf(all.most_h, t->most_h);
        all.least_h = fminf(all.least_h, t->least_h);
    }
    job.scale_g = (float)scale_make((double)all.most_g, all.g, 32000.0, 0x1p31 - 4096.0 - 0.5 * (double)n);
    job.scale_h = (float)scale_make((double)all.most_h, all.h, 65000.0, 0x1p32 - 4096.0 - (double)n);
    status = vouch__parallel_near(ctx, n, VOUCH__GBDT_TILE, record_chunk, &job);
    if (status)
        goto done;
    for (size_t k = 0; k < tasks; k++)
        scale.sum += job.task[k].sum;
    scale.g = (double)job.scale_g;
    scale.h = (double)job.scale_h;
    scale.least_h = fmax(1.0, (double)vouch__whole(all.least_h * job.scale_h));
    *out_n = all.n;
    *out_scale = scale;
done:
    vouch__scratch_reset(ctx, mark);
    return status;
}

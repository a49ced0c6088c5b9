/* Gradients and curvatures of the loss at the present scores, as integers.
 *
 * Logistic loss with p = 1 / (1 + exp(-score)): gradient w (p - y), curvature w p (1 - p). Squared loss:
 * w (score - y), w. They are computed in float, plainly enough for a compiler to do several at once, with an
 * exponential of our own whose operations are the same on every processor.
 *
 * A tree's scale is the largest for which no row passes 16 bits and no sum of any rows passes 32, rounding
 * included. A curvature is at least one unit, so that a child with rows never has none. */
#include "base/parallel.h"
#include "models/gbdt/gbdt.h"
#include "num/rng.h"

#include <math.h>
#include <string.h>

enum { LANES = 4 };

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

static inline uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* a where mask is all ones, b where it is 0. */
static inline float choose(uint32_t mask, float a, float b)
{
    return float_of((bits_of(a) & mask) | (bits_of(b) & ~mask));
}

/* exp(-x) for 0 <= x <= 87, within 2 units of the last place. */
static inline float exp_minus(float x)
{
    const float shift = 12582912.0f; /* 1.5 x 2^23: adding it rounds to a whole number */
    float rounded = -x * 1.44269504f + shift;
    float k = rounded - shift;
    float r = (-x - k * 0.693359375f) + k * 2.12194440e-4f;
    float p = 1.0f / 5040.0f;
    p = p * r + 1.0f / 720.0f;
    p = p * r + 1.0f / 120.0f;
    p = p * r + 1.0f / 24.0f;
    p = p * r + 1.0f / 6.0f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    return p * float_of((bits_of(rounded) - 0x4B400000u + 127u) << 23); /* x 2^k */
}

/* Choices are made by masks, not branches, so that several rows are done at once. */
static void logistic(size_t n, const double *score, const double *target, float *g, float *h)
{
    const int32_t most = 0x42AE0000; /* 87: positive floats are in the order of their bits */
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = bits_of((float)score[i]);
        uint32_t is_minus = 0u - (bits >> 31), is_bad = 0u - (uint32_t)(int32_t)target[i];
        int32_t size = (int32_t)(bits & 0x7fffffffu);
        size = size < most ? size : most;
        float e = exp_minus(float_of((uint32_t)size)), s = 1.0f / (1.0f + e), q = e * s;
        float p = choose(is_minus, q, s), not_p = choose(is_minus, s, q);
        g[i] = choose(is_bad, -not_p, p);
        h[i] = q * s;
    }
}

static void squared(size_t n, const double *score, const double *target, double unit, float *g, float *h)
{
    for (size_t i = 0; i < n; i++) {
        g[i] = (float)((score[i] - target[i]) / unit);
        h[i] = 1.0f;
    }
}

/* Sums in LANES fixed lanes: more than one addition under way, and always the same order. */
static void add_up(size_t n, const float *g, const float *h, totals *t)
{
    double sum_g[LANES] = { 0.0 }, sum_h[LANES] = { 0.0 };
    int32_t most_g = 0, most_h = 0, least_h = INT32_MAX; /* none is negative: in the order of their bits */
    for (size_t i = 0; i < n; i++) {
        int32_t size = (int32_t)(bits_of(g[i]) & 0x7fffffffu), mass = (int32_t)bits_of(h[i]);
        most_g = size > most_g ? size : most_g;
        most_h = mass > most_h ? mass : most_h;
        least_h = mass < least_h ? mass : least_h;
    }
    size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t lane = 0; lane < LANES; lane++) {
            sum_g[lane] += (double)float_of(bits_of(g[i + lane]) & 0x7fffffffu);
            sum_h[lane] += (double)h[i + lane];
        }
    for (size_t i = whole; i < n; i++) {
        sum_g[0] += (double)float_of(bits_of(g[i]) & 0x7fffffffu);
        sum_h[0] += (double)h[i];
    }
    for (size_t lane = 0; lane < LANES; lane++) {
        t->g += sum_g[lane];
        t->h += sum_h[lane];
    }
    t->most_g = float_of((uint32_t)most_g);
    t->most_h = float_of((uint32_t)most_h);
    t->least_h = float_of((uint32_t)least_h);
}

static bool is_sampled(const grad_job *job, size_t i)
{
    return !job->cut || vouch__mix(job->sample->seed, job->sample->row[i]) < job->cut;
}

static vouch_status gradient_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const grad_job *job = arg;
    const vouch__gbdt_outcome *o = job->outcome;
    totals t = { 0 };
    (void)worker;
    if (o->is_squared)
        squared(end - begin, o->score + begin, o->target + begin, o->unit, o->g + begin, o->h + begin);
    else
        logistic(end - begin, o->score + begin, o->target + begin, o->g + begin, o->h + begin);
    for (size_t i = begin; o->weight && i < end; i++) {
        o->g[i] *= o->weight[i];
        o->h[i] *= o->weight[i];
    }
    add_up(end - begin, o->g + begin, o->h + begin, &t);
    t.n = end - begin;
    if (job->cut) {
        t.n = 0;
        for (size_t i = begin; i < end; i++)
            t.n += is_sampled(job, i);
    }
    job->task[chunk] = t;
    return VOUCH_OK;
}

/* Nearest whole number, ties to even, of a value below 2^22 in size. */
static inline int32_t whole(float x) { return (int32_t)bits_of(x + 12582912.0f) - 0x4B400000; }

static vouch_status record_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const grad_job *job = arg;
    const float *g = job->outcome->g, *h = job->outcome->h;
    vouch__record *out = job->record + job->first[chunk];
    int64_t sum_g = 0, sum_h = 0;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        int32_t units_g = whole(g[i] * job->scale_g), units_h = whole(h[i] * job->scale_h);
        if (!is_sampled(job, i))
            continue;
        units_h = units_h < 1 ? 1 : units_h;
        sum_g += units_g;
        sum_h += units_h;
        *out++ = (uint64_t)(uint16_t)units_g << 48 | (uint64_t)(uint32_t)units_h << 32 | (uint32_t)i;
    }
    job->task[chunk].sum = sum_g * 4294967296 + sum_h;
    return VOUCH_OK;
}

/* The largest scale under which neither one row nor the sum of all overflows; slack covers rounding. */
static double scale_make(double most, double sum, double most_units, double sum_units)
{
    if (!(most > 0.0))
        return 1.0;
    return fmin(most_units / most, sum_units * (1.0 - 1e-6) / sum);
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
    status = vouch__parallel(ctx, n, VOUCH__GBDT_TILE, gradient_chunk, &job);
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
    status = vouch__parallel(ctx, n, VOUCH__GBDT_TILE, record_chunk, &job);
    if (status)
        goto done;
    for (size_t k = 0; k < tasks; k++)
        scale.sum += job.task[k].sum;
    scale.g = (double)job.scale_g;
    scale.h = (double)job.scale_h;
    scale.least_h = fmax(1.0, (double)whole(all.least_h * job.scale_h));
    *out_n = all.n;
    *out_scale = scale;
done:
    vouch__scratch_reset(ctx, mark);
    return status;
}

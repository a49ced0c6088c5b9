/* trees_data.h: made rows to train on, and how well scores rank them.
 *
 * Inputs are mixtures of eight hidden normals: plain, exponential, whole numbers, 0/1, with a heap at zero,
 * to two decimals; some 3 % missing, more among the large. The log-odds has products, waves, steps and kinks
 * in it, and noise. A row depends on the seed and its number alone. */
#ifndef TREES_DATA_H
#define TREES_DATA_H

#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct bench_work {
    const char *name;
    size_t rows, cols, trees, leaves, depth;
} bench_work;

typedef struct bench_data {
    const bench_work *work;
    size_t rows, train;
    float *x, *y; /* x[rows x cols] */
} bench_data;

static inline void bench_require(int holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

static inline uint64_t bench_next(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* Near enough to a normal: the sum of four uniforms. */
static inline float bench_normal(uint64_t *state)
{
    uint64_t r = bench_next(state);
    int sum = (int)(r & 65535) + (int)(r >> 16 & 65535) + (int)(r >> 32 & 65535) + (int)(r >> 48);
    return (float)(sum - 131070) * (1.0f / 37837.0f);
}

enum { BENCH_HIDDEN = 8, BENCH_COLS = 512 };

typedef struct bench_half {
    const bench_data *d;
    uint64_t seed;
    size_t from, to;
    float mix[BENCH_COLS][BENCH_HIDDEN];
    int shape[BENCH_COLS];
} bench_half;

static inline float bench_shaped(int shape, float v)
{
    switch (shape) {
    case 1: return expf(v);
    case 2: return floorf(v * 4);
    case 3: return v > 0.3f ? 1.0f : 0.0f;
    case 4: return v < 0 ? 0.0f : floorf(v * 40) * 0.25f;
    case 5: return roundf(v * 100) / 100;
    default: return v;
    }
}

static inline float bench_odds(const float *v, size_t cols)
{
    float s = -0.9f + 0.8f * v[0] - 0.6f * v[1] + 0.7f * v[2] * v[3] + 0.9f * sinf(1.7f * v[4]) +
              (v[5] > 0.4f ? 0.8f : -0.3f) * (v[6] > 0 ? 1.0f : -0.4f) + 0.35f * v[7] * v[7] -
              0.5f * fabsf(v[8]) + 0.4f * v[9] * (v[10] > 0.2f) - 0.5f * tanhf(2 * v[11] * v[12]) +
              0.3f * v[13] + 0.25f * v[14] * v[15] + 0.2f * v[16] - 0.2f * v[17] + 0.3f * (v[18] > v[19]) +
              0.15f * v[20] * v[21] * v[22];
    for (size_t j = 24; cols > 50 && j < cols; j += 9)
        s += 0.06f * v[j];
    return s;
}

static inline void *bench_half_make(void *arg)
{
    const bench_half *h = arg;
    size_t cols = h->d->work->cols;
    float v[BENCH_COLS], hidden[BENCH_HIDDEN];
    for (size_t i = h->from; i < h->to; i++) {
        uint64_t state = (h->seed << 32) ^ (uint64_t)(i + 1) * 0xABCDEF12345u;
        float *row = h->d->x + i * cols;
        (void)bench_next(&state);
        for (size_t k = 0; k < BENCH_HIDDEN; k++)
            hidden[k] = bench_normal(&state);
        for (size_t j = 0; j < cols; j++) {
            v[j] = 0.7f * bench_normal(&state);
            for (size_t k = 0; k < BENCH_HIDDEN; k++)
                v[j] += h->mix[j][k] * hidden[k];
        }
        float s = bench_odds(v, cols) + 0.6f * bench_normal(&state);
        float u = (float)(bench_next(&state) >> 40) * (1.0f / 16777216.0f);
        h->d->y[i] = u < 1 / (1 + expf(-s)) ? 1.0f : 0.0f;
        for (size_t j = 0; j < cols; j++) {
            double gap = v[j] > 1.5f ? 0.06 : 0.0285;
            row[j] = (double)(bench_next(&state) >> 40) < gap * 16777216.0 ? NAN
                                                                           : bench_shaped(h->shape[j], v[j]);
        }
    }
    return NULL;
}

static inline bench_data bench_data_make(const bench_work *work, uint64_t seed)
{
    static bench_half half[2];
    bench_data d = { .work = work, .rows = work->rows, .train = work->rows / 5 * 4 };
    uint64_t state = 77 * seed + (uint64_t)work->cols;
    pthread_t other;
    d.x = malloc(d.rows * work->cols * sizeof *d.x);
    d.y = malloc(d.rows * sizeof *d.y);
    bench_require(d.x && d.y, "out of memory");
    for (size_t j = 0; j < work->cols; j++) {
        static const int shapes[20] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 4, 5, 5 };
        for (size_t k = 0; k < BENCH_HIDDEN; k++) {
            float a = bench_normal(&state);
            half[0].mix[j][k] = (bench_next(&state) & 3) == 0 ? 0.6f * a : 0.05f * a;
        }
        half[0].shape[j] = shapes[bench_next(&state) % 20];
    }
    half[0].d = &d;
    half[0].seed = seed;
    half[1] = half[0];
    half[0].to = half[1].from = d.rows / 2;
    half[1].to = d.rows;
    bench_require(pthread_create(&other, NULL, bench_half_make, &half[1]) == 0, "a thread");
    (void)bench_half_make(&half[0]);
    (void)pthread_join(other, NULL);
    return d;
}

static inline void bench_data_free(bench_data *d)
{
    free(d->x);
    free(d->y);
}

typedef struct bench_scored {
    double score;
    float bad;
} bench_scored;

static inline int bench_by_score(const void *a, const void *b)
{
    const bench_scored *x = a, *y = b;
    return (x->score > y->score) - (x->score < y->score);
}

static inline double bench_auc(const double *score, const float *bad, size_t n)
{
    bench_scored *at = malloc(n * sizeof *at);
    double goods = 0.0, bads = 0.0, sum = 0.0;
    bench_require(at != NULL, "out of memory");
    for (size_t i = 0; i < n; i++)
        at[i] = (bench_scored){ score[i], bad[i] };
    qsort(at, n, sizeof *at, bench_by_score);
    for (size_t i = 0, j; i < n; i = j) {
        double good = 0.0, one = 0.0;
        for (j = i; j < n && at[j].score == at[i].score; j++)
            at[j].bad > 0.5f ? one++ : good++;
        sum += one * (goods + 0.5 * good);
        goods += good;
        bads += one;
    }
    free(at);
    return sum / (goods * bads);
}

#endif

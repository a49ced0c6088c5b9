/* Blocks of rows, eight at a time: each body is written once and compiled for every path. Only IEEE
 * operations on lanes are used, in one order, so that the paths differ in nothing but speed. */
#include "models/glm/glm_kernel.h"

#include "num/lanes.h"
#include "num/special.h"

#include <math.h>

enum { B = VOUCH__GLM_BLOCK, L = VOUCH__LANES };

typedef vouch__v8 v8;

/* ---- columns ---- */

VOUCH__LANE void predict_body(size_t n, const double *x, const double *beta, double *eta)
{
    for (size_t i = 0; i < B; i += 4 * L) {
        v8 a = VOUCH__AT(eta + i), b = VOUCH__AT(eta + i + L), c = VOUCH__AT(eta + i + 2 * L),
           d = VOUCH__AT(eta + i + 3 * L);
        const double *at = x + i;
        for (size_t j = 0; j < n; j++, at += B) {
            a += VOUCH__AT_CONST(at) * beta[j];
            b += VOUCH__AT_CONST(at + L) * beta[j];
            c += VOUCH__AT_CONST(at + 2 * L) * beta[j];
            d += VOUCH__AT_CONST(at + 3 * L) * beta[j];
        }
        VOUCH__AT(eta + i) = a;
        VOUCH__AT(eta + i + L) = b;
        VOUCH__AT(eta + i + 2 * L) = c;
        VOUCH__AT(eta + i + 3 * L) = d;
    }
}

VOUCH__LANE void dots_body(size_t n, const double *x, const double *u, double *out)
{
    for (size_t j = 0; j < n; j++, x += B) {
        v8 a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };
        for (size_t i = 0; i < B; i += 4 * L) {
            a += VOUCH__AT_CONST(x + i) * VOUCH__AT_CONST(u + i);
            b += VOUCH__AT_CONST(x + i + L) * VOUCH__AT_CONST(u + i + L);
            c += VOUCH__AT_CONST(x + i + 2 * L) * VOUCH__AT_CONST(u + i + 2 * L);
            d += VOUCH__AT_CONST(x + i + 3 * L) * VOUCH__AT_CONST(u + i + 3 * L);
        }
        a = (a + b) + (c + d);
        out[j] = vouch__lane_sum(&a);
    }
}

VOUCH__LANE void scale_body(size_t n, const double *x, const double *w, double *out)
{
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < B; i += L)
            VOUCH__AT(out + j * B + i) = VOUCH__AT_CONST(x + j * B + i) * VOUCH__AT_CONST(w + i);
}

/* Columns j .. j + rows - 1 against k .. k + cols - 1; sizes are constants where this is inlined. */
VOUCH__LANE void tile(size_t rows, size_t cols, const double *x, const double *wx, double *gram,
                      size_t stride)
{
    v8 sum[4][4] = { { { 0 } } };
    for (size_t i = 0; i < B; i += L) {
#pragma GCC unroll 4
        for (size_t a = 0; a < rows; a++) {
            const v8 left = VOUCH__AT_CONST(x + a * B + i);
#pragma GCC unroll 4
            for (size_t b = 0; b < cols; b++)
                sum[a][b] += left * VOUCH__AT_CONST(wx + b * B + i);
        }
    }
#pragma GCC unroll 4
    for (size_t a = 0; a < rows; a++)
#pragma GCC unroll 4
        for (size_t b = 0; b < cols; b++)
            gram[a * stride + b] += vouch__lane_sum(&sum[a][b]);
}

VOUCH__LANE void gram_body(size_t side, size_t n, const double *x, const double *wx, double *gram,
                           size_t stride)
{
    for (size_t j = 0; j < n; j += side)
        for (size_t k = 0; k <= j; k += side)
            tile(side, side, x + j * B, wx + k * B, gram + j * stride + k, stride);
}

/* ---- laws ---- */

VOUCH__LANE void put(vouch__glm_rows *r, const v8 *deviance, const v8 *pearson)
{
    r->deviance = vouch__lane_sum(deviance);
    r->pearson = vouch__lane_sum(pearson);
}

/* y in [0, 1]. The deviance is -2 (y eta - log(1 + e^eta)); with e = exp(-|eta|), one of mu and 1 - mu is
 * 1 / (1 + e), the other e / (1 + e). */
VOUCH__LANE void logit_body(vouch__glm_rows *r)
{
    v8 deviance = { 0 }, pearson = { 0 };
    for (size_t i = 0; i < B; i += L) {
        const v8 eta = VOUCH__AT_CONST(r->eta + i), y = VOUCH__AT_CONST(r->y + i);
        const v8 w = VOUCH__AT_CONST(r->weight + i), zero = { 0 };
        v8 down = VOUCH__SELECT(eta > 0.0, -eta, eta), e, soft;
        vouch__lane_exp(&down, &e);
        const v8 sum = e + 1.0, large = 1.0 / sum, small = e * large;
        vouch__lane_log(&sum, &soft);
        const v8 mu = VOUCH__SELECT(eta > 0.0, large, small), rest = VOUCH__SELECT(eta > 0.0, small, large);
        const v8 miss = y * rest - (1.0 - y) * mu, grip = large * small;
        VOUCH__AT(r->pull + i) = w * miss;
        VOUCH__AT(r->grip + i) = w * grip;
        soft += VOUCH__SELECT(eta > 0.0, eta, zero);
        deviance += w * (soft - y * eta);
        pearson += w * (miss * miss / grip);
    }
    deviance *= 2.0;
    put(r, &deviance, &pearson);
}

VOUCH__LANE void poisson_body(vouch__glm_rows *r)
{
    v8 deviance = { 0 }, pearson = { 0 };
    for (size_t i = 0; i < B; i += L) {
        const v8 eta = VOUCH__AT_CONST(r->eta + i), y = VOUCH__AT_CONST(r->y + i);
        const v8 w = VOUCH__AT_CONST(r->weight + i);
        v8 mu;
        vouch__lane_exp(&eta, &mu);
        const v8 miss = y - mu;
        VOUCH__AT(r->pull + i) = w * miss;
        VOUCH__AT(r->grip + i) = w * mu;
        deviance += w * (mu - y * eta);
        pearson += w * (miss * miss / mu);
    }
    deviance *= 2.0;
    put(r, &deviance, &pearson);
}

/* V = mu^p, log link, p neither 1 nor 2. */
VOUCH__LANE void power_body(double p, vouch__glm_rows *r)
{
    v8 deviance = { 0 }, pearson = { 0 };
    for (size_t i = 0; i < B; i += L) {
        const v8 eta = VOUCH__AT_CONST(r->eta + i), y = VOUCH__AT_CONST(r->y + i);
        const v8 w = VOUCH__AT_CONST(r->weight + i);
        v8 at = eta * (1.0 - p), one, mu;
        vouch__lane_exp(&at, &one); /* mu^(1 - p) */
        vouch__lane_exp(&eta, &mu);
        const v8 two = one * mu, miss = y * one - two;
        VOUCH__AT(r->pull + i) = w * miss;
        VOUCH__AT(r->grip + i) = w * two;
        deviance += w * (two * (1.0 / (2.0 - p)) - y * one * (1.0 / (1.0 - p)));
        pearson += w * (miss * miss / two);
    }
    deviance *= 2.0;
    put(r, &deviance, &pearson);
}

VOUCH__LANE void gamma_body(vouch__glm_rows *r)
{
    v8 deviance = { 0 }, pearson = { 0 };
    for (size_t i = 0; i < B; i += L) {
        const v8 eta = VOUCH__AT_CONST(r->eta + i), y = VOUCH__AT_CONST(r->y + i);
        const v8 w = VOUCH__AT_CONST(r->weight + i);
        v8 back = -eta, e;
        vouch__lane_exp(&back, &e);
        const v8 ratio = y * e, miss = ratio - 1.0;
        VOUCH__AT(r->pull + i) = w * miss;
        VOUCH__AT(r->grip + i) = w;
        deviance += w * (ratio + eta);
        pearson += w * (miss * miss);
    }
    deviance *= 2.0;
    put(r, &deviance, &pearson);
}

VOUCH__LANE void gaussian_body(vouch__glm_rows *r)
{
    v8 deviance = { 0 };
    for (size_t i = 0; i < B; i += L) {
        const v8 w = VOUCH__AT_CONST(r->weight + i);
        const v8 miss = VOUCH__AT_CONST(r->y + i) - VOUCH__AT_CONST(r->eta + i);
        VOUCH__AT(r->pull + i) = w * miss;
        VOUCH__AT(r->grip + i) = w;
        deviance += w * miss * miss;
    }
    put(r, &deviance, &deviance);
}

/* ---- paths ---- */

#define TARGET_portable
#define TARGET_avx2 __attribute__((target("avx2")))
#define TARGET_avx512 __attribute__((target("avx512f,avx512dq")))

#define KERNEL(path, side)                                                                                   \
    TARGET_##path static void predict_##path(size_t n, const double *x, const double *beta, double *eta)     \
    {                                                                                                        \
        predict_body(n, x, beta, eta);                                                                       \
    }                                                                                                        \
    TARGET_##path static void dots_##path(size_t n, const double *x, const double *u, double *out)           \
    {                                                                                                        \
        dots_body(n, x, u, out);                                                                             \
    }                                                                                                        \
    TARGET_##path static void scale_##path(size_t n, const double *x, const double *w, double *out)          \
    {                                                                                                        \
        scale_body(n, x, w, out);                                                                            \
    }                                                                                                        \
    TARGET_##path static void gram_##path(size_t n, const double *x, const double *wx, double *gram,         \
                                          size_t stride)                                                     \
    {                                                                                                        \
        gram_body(side, n, x, wx, gram, stride);                                                             \
    }                                                                                                        \
    TARGET_##path static void logit_##path(const vouch__glm_law *law, vouch__glm_rows *rows)                 \
    {                                                                                                        \
        (void)law;                                                                                           \
        logit_body(rows);                                                                                    \
    }                                                                                                        \
    TARGET_##path static void poisson_##path(const vouch__glm_law *law, vouch__glm_rows *rows)               \
    {                                                                                                        \
        (void)law;                                                                                           \
        poisson_body(rows);                                                                                  \
    }                                                                                                        \
    TARGET_##path static void power_##path(const vouch__glm_law *law, vouch__glm_rows *rows)                 \
    {                                                                                                        \
        power_body(law->family == VOUCH__GLM_TWEEDIE ? law->power : 3.0, rows);                              \
    }                                                                                                        \
    TARGET_##path static void gamma_##path(const vouch__glm_law *law, vouch__glm_rows *rows)                 \
    {                                                                                                        \
        (void)law;                                                                                           \
        gamma_body(rows);                                                                                    \
    }                                                                                                        \
    TARGET_##path static void gaussian_##path(const vouch__glm_law *law, vouch__glm_rows *rows)              \
    {                                                                                                        \
        (void)law;                                                                                           \
        gaussian_body(rows);                                                                                 \
    }                                                                                                        \
    static const vouch__glm_kernel kernel_##path = { #path,          predict_##path, dots_##path,            \
                                                     scale_##path,   gram_##path,    logit_##path,           \
                                                     poisson_##path, power_##path,   gamma_##path,           \
                                                     gaussian_##path };

KERNEL(portable, 2)
#if defined(__x86_64__)
KERNEL(avx2, 2)
KERNEL(avx512, 4)
#endif

const vouch__glm_kernel *vouch__glm_kernel_of(vouch__glm_path path)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (path == VOUCH__GLM_AVX512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") ? &kernel_avx512
                                                                                       : NULL;
    if (path == VOUCH__GLM_AVX2)
        return __builtin_cpu_supports("avx2") ? &kernel_avx2 : NULL;
#endif
    return path == VOUCH__GLM_PORTABLE ? &kernel_portable : NULL;
}

const vouch__glm_kernel *vouch__glm_kernel_best(void)
{
    const vouch__glm_kernel *kernel = NULL;
    for (int path = VOUCH__GLM_PATHS; path-- > 0 && !kernel;)
        kernel = vouch__glm_kernel_of((vouch__glm_path)path);
    return kernel;
}

typedef void rows_fn(const vouch__glm_law *law, vouch__glm_rows *rows);

static rows_fn *kernel_for(const vouch__glm_kernel *kernel, const vouch__glm_law *law)
{
    if (law->family == VOUCH__GLM_BINOMIAL)
        return law->link == VOUCH__GLM_LOGIT ? kernel->logit : NULL;
    if (law->family == VOUCH__GLM_GAUSSIAN)
        return law->link == VOUCH__GLM_IDENTITY ? kernel->gaussian : NULL;
    if (law->link != VOUCH__GLM_LOG)
        return NULL;
    switch (law->family) {
    case VOUCH__GLM_POISSON: return kernel->poisson_log;
    case VOUCH__GLM_GAMMA: return kernel->gamma_log;
    case VOUCH__GLM_INVERSE_GAUSSIAN: return kernel->power_log;
    case VOUCH__GLM_TWEEDIE:
        return fabs(law->power - 1.0) < 1e-3 || fabs(law->power - 2.0) < 1e-3 ? NULL : kernel->power_log;
    default: return NULL;
    }
}

double vouch__glm_rest(const vouch__glm_law *law, double y)
{
    double p = law->power;
    if (!kernel_for(&kernel_portable, law))
        return 0.0;
    switch (law->family) {
    case VOUCH__GLM_BINOMIAL: return 2.0 * vouch__glm_saturated(law, y);
    case VOUCH__GLM_POISSON: return y > 0.0 ? 2.0 * (y * vouch__log(y) - y) : 0.0;
    case VOUCH__GLM_GAMMA: return -2.0 * (1.0 + vouch__log(y));
    case VOUCH__GLM_INVERSE_GAUSSIAN: return 1.0 / y;
    case VOUCH__GLM_TWEEDIE: return y > 0.0 ? 2.0 * vouch__pow(y, 2.0 - p) / ((1.0 - p) * (2.0 - p)) : 0.0;
    default: return 0.0;
    }
}

/* ---- any law, by its definition ---- */

/* - d pull / d eta of weight 1, by a central difference: it only points the way of a step. */
static double bend(const vouch__glm_law *law, double y, double eta)
{
    double h = 1e-5 * fmax(1.0, fabs(eta)), pull[2];
    for (int side = 0; side < 2; side++) {
        double at = side ? eta + h : eta - h, mu = vouch__glm_mean(law, at);
        pull[side] = (y - mu) * (vouch__glm_slope(law, at) / vouch__glm_variance(law, mu));
    }
    return (pull[0] - pull[1]) / (2.0 * h);
}

static void run_defined(const vouch__glm_law *law, vouch__glm_rows *r, bool *out_ok)
{
    r->deviance = r->pearson = 0.0;
    for (size_t i = 0; i < B; i++) {
        double eta = r->eta[i], w = r->weight[i];
        r->pull[i] = r->grip[i] = 0.0;
        if (w <= 0.0)
            continue;
        if (!vouch__glm_is_valid(law, eta)) {
            *out_ok = false;
            continue;
        }
        double mu = vouch__glm_mean(law, eta), slope = vouch__glm_slope(law, eta);
        double spread = vouch__glm_variance(law, mu), miss = r->y[i] - mu;
        r->pull[i] = w * (miss * (slope / spread));
        r->grip[i] = w * (r->is_observed ? bend(law, r->y[i], eta) : slope * (slope / spread));
        r->deviance += w * (vouch__glm_deviance(law, r->y[i], mu) - vouch__glm_rest(law, r->y[i]));
        r->pearson += w * (miss * (miss / spread));
    }
}

void vouch__glm_rows_run(const vouch__glm_kernel *kernel, const vouch__glm_law *law, vouch__glm_rows *rows,
                         bool *out_ok)
{
    rows_fn *run = rows->is_observed ? NULL : kernel_for(kernel, law);
    if (!run) {
        run_defined(law, rows, out_ok);
        return;
    }
    run(law, rows);
    if (!(rows->deviance > -INFINITY && rows->deviance < INFINITY))
        *out_ok = false;
}

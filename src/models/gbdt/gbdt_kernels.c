/* The kernels in plain C, and which kernels a processor runs. */
#include "models/gbdt/gbdt_kernels.h"

static size_t sides(const uint8_t *column, const uint32_t set[VOUCH__GBDT_WORDS], const vouch__record *record,
                    size_t n, uint16_t *side)
{
    uint8_t goes_left[VOUCH__GBDT_BINS];
    size_t left = 0;
    for (size_t b = 0; b < VOUCH__GBDT_BINS; b++)
        goes_left[b] = (uint8_t)(set[b / 32] >> (b % 32) & 1);
    for (size_t at = 0; at < n; at += 16) {
        size_t m = n - at < 16 ? n - at : 16;
        unsigned bits = 0;
        for (size_t i = 0; i < m; i++) {
            unsigned bit = goes_left[column[(uint32_t)record[at + i]]];
            bits |= bit << i;
            left += bit;
        }
        __builtin_prefetch(column + (uint32_t)record[at + 32]);
        side[at / 16] = (uint16_t)bits;
    }
    return left;
}

static void running(int64_t *hist, const int64_t *small, size_t n, int64_t *sum)
{
    int64_t at = 0;
    for (size_t b = 0; small && b < n; b++)
        hist[b] -= small[b];
    for (size_t b = 0; b < n; b++)
        sum[b] = at += hist[b];
}

static size_t next(const vouch__gbdt_screen *s, const int64_t *sum, size_t from, size_t last)
{
    for (size_t b = from; b <= last; b++) {
        int64_t left = sum[b] - s->less;
        double gl = vouch__sum_g(left), hl = vouch__sum_h(left);
        double gr = s->g - gl, hr = s->h - hl, a = hl + s->l2, c = hr + s->l2;
        if (gl * gl * c + gr * gr * a > s->bar * (a * c) && hl >= s->least_h && hr >= s->least_h)
            return b;
    }
    return last + 1;
}

static void logistic(size_t n, const double *score, const double *target, float *g, float *h)
{
    vouch__gbdt_logistic(n, score, target, g, h);
}

static int64_t records(size_t n, size_t row, const float *g, const float *h, float scale_g, float scale_h,
                       vouch__record *record)
{
    return vouch__gbdt_records_of(n, row, g, h, scale_g, scale_h, record);
}

static const vouch__gbdt_kernels portable = {
    sides, vouch__gbdt_move_plain, running, next, logistic, records
};

const vouch__gbdt_kernels *vouch__gbdt_kernels_of(vouch__gbdt_path path)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (path == VOUCH__GBDT_AVX2)
        return __builtin_cpu_supports("avx2") ? &vouch__gbdt_kernels_avx2 : NULL;
    if (path == VOUCH__GBDT_AVX512) {
        bool has_all = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
        return has_all && __builtin_cpu_supports("popcnt") ? &vouch__gbdt_kernels_avx512 : NULL;
    }
#endif
    return path == VOUCH__GBDT_PORTABLE ? &portable : NULL;
}

const vouch__gbdt_kernels *vouch__gbdt_kernels_best(void)
{
    const vouch__gbdt_kernels *kernels = vouch__gbdt_kernels_of(VOUCH__GBDT_AVX512);
    if (!kernels)
        kernels = vouch__gbdt_kernels_of(VOUCH__GBDT_AVX2);
    return kernels ? kernels : &portable;
}

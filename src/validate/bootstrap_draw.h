/* validate/bootstrap_draw.h: Poisson counts of a block of rows for LANES resamples, the part of the bootstrap
 * that has a path of its own for AVX2. */
#ifndef VOUCH_BOOTSTRAP_DRAW_H
#define VOUCH_BOOTSTRAP_DRAW_H

#include <stddef.h>
#include <stdint.h>

enum {
    VOUCH__BOOT_LANES = 8,   /* resamples that are made together */
    VOUCH__BOOT_BLOCK = 256, /* rows drawn at once, a multiple of 4 */
    VOUCH__BOOT_STEPS = 12   /* no row counts more than 12 times: the chance is below 2^-33 */
};

/* Of a word w below 2^32 the count is the number of steps not above w: step j is 2^32 P(Poisson(1) <= j). */
extern const uint32_t vouch__boot_step[VOUCH__BOOT_STEPS];

/* out[i][l] = the count of row block x BLOCK + i in resample first + l, for i below rows (and up to the next
 * multiple of 4). */
typedef void vouch__boot_draw(uint64_t seed, uint64_t first, uint64_t block, uint64_t rows,
                              uint32_t out[VOUCH__BOOT_BLOCK][VOUCH__BOOT_LANES]);
vouch__boot_draw vouch__boot_draw_portable;
#if defined(__x86_64__)
vouch__boot_draw vouch__boot_draw_avx2;
#endif

#endif

/* num/rng.h: counter-based random numbers, Philox 4x32-10 (Salmon et al., SC'11). The
 * k-th number of a stream is a function of (seed, stream, k) alone. */
#ifndef VOUCH_RNG_H
#define VOUCH_RNG_H

#include <stdint.h>

typedef struct vouch__rng {
    uint64_t seed, stream, at; /* at: how many 64-bit numbers have been taken */
    uint64_t spare;            /* second half of the last block */
} vouch__rng;

vouch__rng vouch__rng_make(uint64_t seed, uint64_t stream);
uint64_t vouch__rng_next(vouch__rng *rng);
double vouch__rng_uniform(vouch__rng *rng);             /* in [0, 1), 53 bits */
uint64_t vouch__rng_below(vouch__rng *rng, uint64_t n); /* in [0, n), without bias; n > 0 */
double vouch__rng_normal(vouch__rng *rng);              /* by the inverse of the normal distribution */
double vouch__rng_exponential(vouch__rng *rng);         /* mean 1 */

/* The four words of one block of a stream: numbers 2 block and 2 block + 1, low words first. */
void vouch__philox(uint64_t seed, uint64_t stream, uint64_t block, uint32_t out[4]);

/* One number for one key, without a stream: for sampling rows by id. */
uint64_t vouch__mix(uint64_t seed, uint64_t key);
uint64_t vouch__mix_bytes(uint64_t seed, const void *bytes, uint64_t len);

#endif

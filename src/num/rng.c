/* Philox 4x32-10: ten rounds of multiply and exchange over a 128-bit counter. Here the counter is (block,
 * stream) and the key the seed, so that any number of any stream can be computed without those before it. J.
 * K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11. */
#include "num/rng.h"

#include "num/special.h"

void vouch__philox(uint64_t seed, uint64_t stream, uint64_t block, uint32_t out[4])
{
    uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32);
    uint32_t c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)c0 * 0xD2511F53u, b = (uint64_t)c2 * 0xCD9E8D57u;
        c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)b;
        c3 = (uint32_t)a;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

vouch__rng vouch__rng_make(uint64_t seed, uint64_t stream)
{
    return (vouch__rng){ .seed = seed, .stream = stream };
}

uint64_t vouch__rng_next(vouch__rng *rng)
{
    uint32_t word[4];
    if (rng->at++ & 1)
        return rng->spare;
    vouch__philox(rng->seed, rng->stream, (rng->at - 1) / 2, word);
    rng->spare = (uint64_t)word[3] << 32 | word[2];
    return (uint64_t)word[1] << 32 | word[0];
}

double vouch__rng_uniform(vouch__rng *rng) { return (double)(vouch__rng_next(rng) >> 11) * 0x1p-53; }

/* The upper part of 64 x 64 bits: Lemire's method, which rejects the few products that would favour some
 * results. D. Lemire, ACM Trans. Model. Comput. Simul. 29 (2019). */
uint64_t vouch__rng_below(vouch__rng *rng, uint64_t n)
{
    for (;;) {
        uint64_t x = vouch__rng_next(rng);
        uint64_t xl = (uint32_t)x, xh = x >> 32, nl = (uint32_t)n, nh = n >> 32;
        uint64_t low = xl * nl, mid = xh * nl + (low >> 32), mid2 = xl * nh + (uint32_t)mid;
        uint64_t upper = xh * nh + (mid >> 32) + (mid2 >> 32), rest = x * n;
        if (rest >= n || rest >= (0 - n) % n)
            return upper;
    }
}

double vouch__rng_normal(vouch__rng *rng) /* the middle of each of 2^53 cells: never 0, never 1 */
{
    double cell = (double)(vouch__rng_next(rng) >> 12);
    return vouch__normal_quantile((cell + 0.5) * 0x1p-52);
}

double vouch__rng_exponential(vouch__rng *rng) { return -vouch__log1p(-vouch__rng_uniform(rng)); }

/* The finaliser of splitmix64 (Steele, Lea & Flood 2014), applied to each word as it is taken in. */
static uint64_t stirred(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint64_t vouch__mix(uint64_t seed, uint64_t key)
{
    return stirred(stirred(seed + 0x9E3779B97F4A7C15u) ^ (key * 0x9E3779B97F4A7C15u + 0xD1B54A32D192ED03u));
}

uint64_t vouch__mix_bytes(uint64_t seed, const void *bytes, uint64_t len)
{
    const unsigned char *at = bytes;
    uint64_t state = vouch__mix(seed, len);
    for (uint64_t i = 0; i < len; i += 8) {
        uint64_t word = 0;
        for (uint64_t j = 0; j < 8 && i + j < len; j++)
            word |= (uint64_t)at[i + j] << (8 * j);
        state = vouch__mix(state, word);
    }
    return state;
}

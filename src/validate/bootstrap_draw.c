/* Counts by the portable path, and the table of steps. Philox 4x32-10 as in num/rng.h: block b of stream r
 * gives the four words of rows 4 b to 4 b + 3. */
#include "validate/bootstrap_draw.h"

const uint32_t vouch__boot_step[VOUCH__BOOT_STEPS] = { 1580030169, 3160060337, 3950075422, 4213413783,
                                                       4279248374, 4292415292, 4294609778, 4294923276,
                                                       4294962463, 4294966817, 4294967253, 4294967292 };

static uint32_t count(uint32_t word)
{
    uint32_t k = 0;
    for (int j = 0; j < VOUCH__BOOT_STEPS; j++)
        k += word >= vouch__boot_step[j];
    return k;
}

void vouch__boot_draw_portable(uint64_t seed, uint64_t first, uint64_t block, uint64_t rows,
                               uint32_t out[VOUCH__BOOT_BLOCK][VOUCH__BOOT_LANES])
{
    for (uint64_t i = 0; 4 * i < rows; i++)
        for (uint64_t l = 0; l < VOUCH__BOOT_LANES; l++) {
            uint64_t at = block * (VOUCH__BOOT_BLOCK / 4) + i, stream = first + l;
            uint32_t c0 = (uint32_t)at, c1 = (uint32_t)(at >> 32);
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
            out[4 * i][l] = count(c0);
            out[4 * i + 1][l] = count(c1);
            out[4 * i + 2][l] = count(c2);
            out[4 * i + 3][l] = count(c3);
        }
}

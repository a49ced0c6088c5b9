/* Counts by the portable path, and the table of steps. Philox 4x32-10 as in num/rng.h: block b of stream r
 * gives the four words of rows 4 b to 4 b + 3. */
#include "validate/bootstrap_draw.h"

#include "num/rng.h"

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
            uint32_t word[4];
            vouch__philox(seed, first + l, block * (VOUCH__BOOT_BLOCK / 4) + i, word);
            for (uint64_t k = 0; k < 4; k++)
                out[4 * i + k][l] = count(word[k]);
        }
}

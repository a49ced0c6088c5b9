/* base/pow5_table.h: 128-bit powers of ten, made by tools/make_pow5.py. */
#ifndef VOUCH_POW5_TABLE_H
#define VOUCH_POW5_TABLE_H

#include <stdint.h>

enum { VOUCH__POW5_LOWEST = -344, VOUCH__POW5_HIGHEST = 326 };

extern const uint64_t vouch__pow5[VOUCH__POW5_HIGHEST - VOUCH__POW5_LOWEST + 1][2];

#endif

/* base/bigint.h: unsigned integers of fixed room, for exact decimal conversion: the widest product there is
 * 800 digits times 2^1130, under 3,900 bits. Nothing allocates; passing the room is a bug and is asserted. */
#ifndef VOUCH_BIGINT_H
#define VOUCH_BIGINT_H

#include <stdint.h>

enum { VOUCH__BIGINT_LIMBS = 160 };

typedef struct vouch__bigint {
    unsigned n; /* limbs in use, lowest first; the highest is not 0 */
    uint32_t limb[VOUCH__BIGINT_LIMBS];
} vouch__bigint;

void vouch__bigint_set(vouch__bigint *big, uint64_t value);
void vouch__bigint_multiply(vouch__bigint *big, uint32_t factor, uint32_t add); /* big * factor + add */
void vouch__bigint_pow5(vouch__bigint *big, unsigned power);                    /* big * 5^power */
void vouch__bigint_shift(vouch__bigint *big, unsigned bits);                    /* big * 2^bits */
uint32_t vouch__bigint_divide(vouch__bigint *big, uint32_t by);                 /* returns the remainder */
int vouch__bigint_compare(const vouch__bigint *a, const vouch__bigint *b);      /* -1, 0, 1 */

#endif

/* Schoolbook arithmetic on 32-bit limbs: rarely reached, and small. */
#include "base/bigint.h"

#include <assert.h>
#include <string.h>

static void push(vouch__bigint *big, uint32_t limb)
{
    assert(big->n < VOUCH__BIGINT_LIMBS);
    big->limb[big->n++] = limb;
}

void vouch__bigint_set(vouch__bigint *big, uint64_t value)
{
    big->n = 0;
    for (; value; value >>= 32)
        push(big, (uint32_t)value);
}

void vouch__bigint_multiply(vouch__bigint *big, uint32_t factor, uint32_t add)
{
    uint64_t carry = add;
    for (unsigned i = 0; i < big->n; i++) {
        carry += (uint64_t)big->limb[i] * factor;
        big->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        push(big, (uint32_t)carry);
}

void vouch__bigint_pow5(vouch__bigint *big, unsigned power)
{
    for (; power >= 13; power -= 13)
        vouch__bigint_multiply(big, 1220703125, 0); /* 5^13, the largest in 32 bits */
    uint32_t rest = 1;
    for (; power; power--)
        rest *= 5;
    vouch__bigint_multiply(big, rest, 0);
}

void vouch__bigint_shift(vouch__bigint *big, unsigned bits)
{
    unsigned limbs = bits / 32;
    if (big->n == 0)
        return;
    vouch__bigint_multiply(big, (uint32_t)1 << bits % 32, 0);
    assert(big->n + limbs <= VOUCH__BIGINT_LIMBS);
    memmove(big->limb + limbs, big->limb, big->n * sizeof *big->limb);
    memset(big->limb, 0, limbs * sizeof *big->limb);
    big->n += limbs;
}

uint32_t vouch__bigint_divide(vouch__bigint *big, uint32_t by)
{
    uint64_t left = 0;
    for (unsigned i = big->n; i-- > 0;) {
        left = left << 32 | big->limb[i];
        big->limb[i] = (uint32_t)(left / by);
        left %= by;
    }
    while (big->n && big->limb[big->n - 1] == 0)
        big->n--;
    return (uint32_t)left;
}

int vouch__bigint_compare(const vouch__bigint *a, const vouch__bigint *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (unsigned i = a->n; i-- > 0;)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

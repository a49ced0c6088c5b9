/* Doubles to text.
 *
 * Shortest: Schubfach (Giulietti, "The Schubfach way to render doubles", 2021). The interval of reals that
 * round to the double is scaled by a power of ten so that it holds at most a handful of integers; the
 * candidates with one digit less are tried first. The products with the 128-bit power are kept exact enough
 * by rounding to odd. The layout is that of ECMAScript's Number::toString (and so of RFC 8785), except that
 * -0 keeps its sign.
 *
 * Fixed: the double is m 2^e; with up to 17 decimals its scaled fraction fits in 128 bits, so rounding is
 * exact. */
#include "base/bigint.h"
#include "base/pow5_table.h"
#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

typedef struct decimal {
    uint64_t digits;
    int exponent; /* value = digits * 10^exponent */
} decimal;

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The high part of g * c / 2^128 with its last bit set when anything was cut off. */
static uint64_t round_to_odd(uint64_t g_high, uint64_t g_low, uint64_t c)
{
    uint64_t carry = (uint64_t)((wide)g_low * c >> 64);
    wide y = (wide)g_high * c + carry;
    return (uint64_t)(y >> 64) | ((uint64_t)y > 1);
}

/* c 2^q is the double; is_closer: the double below is half as far away as the one above. */
static decimal shortest(uint64_t c, int q, bool is_closer)
{
    uint64_t odd = c & 1; /* ends of the interval belong to even significands only */
    int k = (q * 1262611 - (is_closer ? 524031 : 0)) >> 22; /* floor(log10(2^q or 3/4 2^q)) */
    int h = q + ((-k * 1741647) >> 19) + 1;                 /* floor(log2(10^-k)) */
    const uint64_t *power = vouch__pow5[-k - VOUCH__POW5_LOWEST];
    bool is_exact = -k >= 0 && -k <= 55;
    uint64_t low = power[1] + !is_exact, high = power[0] + (low < power[1]);

    uint64_t below = round_to_odd(high, low, (4 * c - 2 + is_closer) << h) + odd;
    uint64_t at = round_to_odd(high, low, (4 * c) << h);
    uint64_t above = round_to_odd(high, low, (4 * c + 2) << h) - odd;

    uint64_t s = at / 4;
    if (s >= 10) {
        uint64_t t = s / 10;
        bool down = below <= 40 * t, up = 40 * t + 40 <= above;
        if (down != up)
            return (decimal){ t + up, k + 1 };
    }
    bool down = below <= 4 * s, up = 4 * s + 4 <= above;
    if (down != up)
        return (decimal){ s + up, k };
    bool nearer_up = at > 4 * s + 2 || (at == 4 * s + 2 && (s & 1));
    return (decimal){ s + nearer_up, k };
}

static decimal to_decimal(uint64_t bits)
{
    uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    int biased = (int)(bits >> 52 & 0x7FF);
    uint64_t c = biased ? fraction | (uint64_t)1 << 52 : fraction;
    int q = (biased ? biased : 1) - 1075;
    decimal d;
    if (q <= 0 && q > -53 && (c & (((uint64_t)1 << -q) - 1)) == 0)
        d = (decimal){ c >> -q, 0 }; /* an integer below 2^53 */
    else
        d = shortest(c, q, fraction == 0 && biased > 1);
    while (d.digits % 10 == 0) {
        d.digits /= 10;
        d.exponent++;
    }
    return d;
}

static size_t put(char *out, const char *text)
{
    size_t n = strlen(text);
    memcpy(out, text, n + 1);
    return n;
}

static size_t put_uint(char *out, uint64_t value)
{
    char digits[20];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    for (size_t i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    return n;
}

/* point: where the decimal point stands, counted from before the first digit. */
static size_t lay_out(char *out, const char *digit, int n, int point)
{
    char *p = out;
    if (point > 0 && point <= 21) {
        for (int i = 0; i < n || i < point; i++) {
            if (i == point)
                *p++ = '.';
            *p++ = i < n ? digit[i] : '0';
        }
    } else if (point > -6 && point <= 0) {
        *p++ = '0';
        *p++ = '.';
        for (int i = point; i < 0; i++)
            *p++ = '0';
        memcpy(p, digit, (size_t)n);
        p += n;
    } else {
        *p++ = digit[0];
        if (n > 1)
            *p++ = '.';
        memcpy(p, digit + 1, (size_t)n - 1);
        p += n - 1;
        *p++ = 'e';
        *p++ = point > 0 ? '+' : '-';
        p += put_uint(p, (uint64_t)(point > 0 ? point - 1 : 1 - point));
    }
    *p = '\0';
    return (size_t)(p - out);
}

size_t vouch__double_text(double value, char out[VOUCH__DOUBLE_MAX])
{
    char digit[20];
    size_t sign = 0;
    if (isnan(value))
        return put(out, "nan");
    if (signbit(value))
        out[sign++] = '-';
    if (isinf(value))
        return sign + put(out + sign, "inf");
    if (value == 0)
        return sign + put(out + sign, "0");
    decimal d = to_decimal(bits_of(value) & INT64_MAX);
    int n = (int)put_uint(digit, d.digits);
    return sign + lay_out(out + sign, digit, n, n + d.exponent);
}

/* The integer m 2^e, e >= 0, in decimal. */
static void put_big(vouch__buf *buf, uint64_t m, unsigned e)
{
    vouch__bigint big;
    char digit[320];
    char *p = digit + sizeof digit;
    vouch__bigint_set(&big, m);
    vouch__bigint_shift(&big, e);
    do {
        uint32_t nine = vouch__bigint_divide(&big, 1000000000);
        bool is_last = big.n == 0;
        for (int i = 0; i < 9 && (nine || !is_last); i++) {
            *--p = (char)('0' + nine % 10);
            nine /= 10;
        }
    } while (big.n);
    vouch__buf_add(buf, p, (size_t)(digit + sizeof digit - p));
}

void vouch__buf_fixed(vouch__buf *buf, double value, int decimals)
{
    static const char zeros[] = "00000000000000000";
    assert(decimals >= 0 && decimals <= 17);
    if (!isfinite(value)) {
        vouch__buf_double(buf, value);
        return;
    }
    uint64_t bits = bits_of(value);
    int biased = (int)(bits >> 52 & 0x7FF);
    uint64_t m = bits & (((uint64_t)1 << 52) - 1);
    m = biased ? m | (uint64_t)1 << 52 : m;
    int e = (biased ? biased : 1) - 1075;
    uint64_t scale = 1, whole = e > -64 && e < 0 ? m >> -e : 0, fraction = 0;
    for (int i = 0; i < decimals; i++)
        scale *= 10;
    if (e < 0 && e > -112) { /* smaller ones are below half of the last decimal */
        uint64_t rest = e > -64 ? m - (whole << -e) : m;
        wide scaled = (wide)rest * scale, half = (wide)1 << (-e - 1);
        fraction = (uint64_t)(scaled >> -e);
        wide left = scaled - ((wide)fraction << -e);
        uint64_t last = decimals ? fraction : whole;
        fraction += left > half || (left == half && (last & 1));
        if (fraction == scale) {
            fraction = 0;
            whole++;
        }
    }
    if (signbit(value) && (whole || fraction || e >= 0))
        vouch__buf_text(buf, "-");
    if (e >= 0)
        put_big(buf, m, (unsigned)e);
    else
        vouch__buf_int(buf, (int64_t)whole);
    if (decimals) {
        char text[20];
        size_t n = put_uint(text, fraction);
        vouch__buf_text(buf, ".");
        vouch__buf_add(buf, zeros, (size_t)decimals - n);
        vouch__buf_add(buf, text, n);
    }
}

size_t vouch_number_text(double value, char out[VOUCH__DOUBLE_MAX]) { return vouch__double_text(value, out); }

double vouch__shortest_between(double low, double high)
{
    enum { TENS = 22 }; /* powers of ten that doubles hold exactly: so each quotient is the decimal's own */
    double middle = 0.5 * low + 0.5 * high, power = 1e22;
    if (!isfinite(low) || !isfinite(high) || !(low < high))
        return low;
    for (int k = TENS; k >= -TENS; k--) {
        double steps = k >= 0 ? middle / power : middle * power, below = floor(steps);
        double down = k >= 0 ? below * power : below / power;
        double up = k >= 0 ? (below + 1.0) * power : (below + 1.0) / power;
        bool is_up = up >= low && up < high, is_down = down >= low && down < high;
        if (fabs(below) > 0x1p53)
            return low;
        if (is_up && (!is_down || up - middle < middle - down))
            return up + 0.0;
        if (is_down)
            return down + 0.0; /* not -0 */
        power = k > 0 ? power / 10.0 : power * 10.0;
    }
    return low;
}

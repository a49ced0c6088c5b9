/* Text to doubles and floats, rounded once to nearest-even.
 *
 * Up to 19 digits are kept in 64 bits. Small cases are one exact multiplication or division (Clinger, "How to
 * read floating point numbers accurately", 1990); most others are decided by the high half of the product
 * with a 128-bit power of ten (Lemire, "Number parsing at a gigabyte per second", 2021). What that leaves
 * open (a product too near to half way, more than 19 digits that matter, the ends of the range) is settled by
 * comparing integers: a near candidate is moved until the decimal lies between its half-way points. */
#include "base/bigint.h"
#include "base/pow5_table.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

enum { KEPT = 19, MOST_DIGITS = 800 }; /* a double's half-way point has at most 768 digits */

/* What both formats need to know; a value is m 2^(e), its bits m without the leading one under the exponent.
 */
typedef struct format {
    int fraction_bits, bias, top; /* top: the exponent field of infinity */
} format;

static const format for_double = { 52, 1023, 0x7FF };
static const format for_float = { 23, 127, 0xFF };

static const double power_of_ten[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

typedef struct number {
    bool negative;
    const char *digits; /* where the first significant one stands; a point may be among them */
    size_t span;        /* characters, up to the exponent's letter */
    uint64_t kept;      /* the first 19 significant digits */
    int64_t exponent;   /* value = kept * 10^exponent, about, when is_cut */
    bool is_cut;
    int64_t n_digits; /* significant ones, leading zeros left out */
} number;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* [eE][+-]?digits up to the end. The value is held back at a size nothing comes back from. */
static bool read_exponent(const char *p, const char *end, int64_t *out)
{
    bool negative = p < end && *p == '-';
    int64_t value = 0;
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end)
        return false;
    for (; p < end; p++) {
        if (!is_digit(*p))
            return false;
        if (value < INT64_C(1000000000000))
            value = value * 10 + (*p - '0');
    }
    *out = negative ? -value : value;
    return true;
}

static void take_digit(number *x, const char *at, bool after_point)
{
    if (*at == '0' && x->n_digits == 0) {
        x->exponent -= after_point;
        return;
    }
    if (x->n_digits == 0)
        x->digits = at;
    x->n_digits++;
    if (x->n_digits <= KEPT) {
        x->kept = x->kept * 10 + (uint64_t)(*at - '0');
        x->exponent -= after_point;
    } else {
        x->is_cut = x->is_cut || *at != '0';
        x->exponent += !after_point;
    }
}

/* -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool scan(const char *text, size_t len, number *x)
{
    const char *p = text, *end = text + len;
    *x = (number){ .negative = len && *p == '-' };
    p += x->negative;
    const char *whole = p;
    for (; p < end && is_digit(*p); p++)
        take_digit(x, p, false);
    if (p == whole || (*whole == '0' && p - whole > 1))
        return false;
    if (p < end && *p == '.') {
        const char *point = p++;
        for (; p < end && is_digit(*p); p++)
            take_digit(x, p, true);
        if (p - point == 1)
            return false;
    }
    x->span = x->digits ? (size_t)(p - x->digits) : 0;
    if (p < end) {
        int64_t power;
        if ((*p != 'e' && *p != 'E') || !read_exponent(p + 1, end, &power))
            return false;
        x->exponent += power;
    }
    return true;
}

/* Eisel and Lemire's step: the bits of w 10^q, or false when the product leaves them open. */
static bool from_product(const format *f, uint64_t w, int64_t q, uint64_t *out)
{
    if (w == 0 || q < VOUCH__POW5_LOWEST || q > VOUCH__POW5_HIGHEST)
        return false;
    const uint64_t *power = vouch__pow5[q - VOUCH__POW5_LOWEST];
    int zeros = __builtin_clzll(w), cut = 64 - f->fraction_bits - 3; /* keep one bit more than is stored */
    uint64_t below = ((uint64_t)1 << cut) - 1;
    w <<= zeros;
    int64_t e = ((217706 * q) >> 16) + 64 + f->bias - zeros;
    wide x = (wide)w * power[0];
    uint64_t high = (uint64_t)(x >> 64), low = (uint64_t)x;
    if ((high & below) == below && low + w < w) { /* the cut-off part of the power may carry: look further */
        wide y = (wide)w * power[1];
        uint64_t merged = low + (uint64_t)(y >> 64);
        high += merged < low;
        low = merged;
        if ((high & below) == below && low + 1 == 0 && (uint64_t)y + w < w)
            return false;
    }
    int top = (int)(high >> 63);
    uint64_t m = high >> (top + cut);
    e -= 1 ^ top;
    if (low == 0 && (high & below) == 0 && (m & 3) == 1)
        return false; /* perhaps exactly half way */
    m = (m + (m & 1)) >> 1;
    if (m >> (f->fraction_bits + 1)) {
        m >>= 1;
        e++;
    }
    if (e < 1 || e >= f->top)
        return false;
    *out = (uint64_t)e << f->fraction_bits | (m & (((uint64_t)1 << f->fraction_bits) - 1));
    return true;
}

/* The digits as an integer; what lies beyond MOST_DIGITS can only break a tie, so one more digit stands for
 * it. Returns how many digits of the text are not in it. */
static int64_t all_digits(const number *x, vouch__bigint *out)
{
    int64_t taken = 0;
    bool rest = false;
    vouch__bigint_set(out, 0);
    for (size_t i = 0; i < x->span; i++) {
        char c = x->digits[i];
        if (c == '.')
            continue;
        if (taken < MOST_DIGITS)
            vouch__bigint_multiply(out, 10, (uint32_t)(c - '0'));
        else
            rest = rest || c != '0';
        taken++;
    }
    if (taken <= MOST_DIGITS)
        return 0;
    vouch__bigint_multiply(out, 10, rest);
    return taken - MOST_DIGITS - 1;
}

/* How the decimal compares with the point half way between bits and the next larger value. */
static int against_half(const format *f, const vouch__bigint *digits, int64_t q, uint64_t bits)
{
    vouch__bigint left = *digits, right;
    int64_t biased = (int64_t)(bits >> f->fraction_bits);
    uint64_t m = bits & (((uint64_t)1 << f->fraction_bits) - 1);
    if (biased)
        m |= (uint64_t)1 << f->fraction_bits;
    int64_t e = (biased ? biased : 1) - f->bias - f->fraction_bits - 1 - q; /* twos left over on the right */
    vouch__bigint_set(&right, 2 * m + 1);
    if (q >= 0)
        vouch__bigint_pow5(&left, (unsigned)q);
    else
        vouch__bigint_pow5(&right, (unsigned)-q);
    if (e >= 0)
        vouch__bigint_shift(&right, (unsigned)e);
    else
        vouch__bigint_shift(&left, (unsigned)-e);
    return vouch__bigint_compare(&left, &right);
}

/* Bits that are near, by a double's own arithmetic. */
static uint64_t guess(const format *f, const number *x)
{
    double value = (double)x->kept;
    int64_t q = x->exponent;
    for (; q > 22; q -= 22)
        value *= 1e22;
    for (; q < -22; q += 22)
        value /= 1e22;
    value = q < 0 ? value / power_of_ten[-q] : value * power_of_ten[q];
    uint64_t bits = 0;
    if (f == &for_double) {
        memcpy(&bits, &value, sizeof bits);
    } else {
        float narrow = value < 3.4028234e38 ? (float)value : 3.4028234e38F;
        uint32_t word;
        memcpy(&word, &narrow, sizeof word);
        bits = word;
    }
    uint64_t infinity = (uint64_t)f->top << f->fraction_bits;
    return bits < infinity ? bits : infinity - 1;
}

static uint64_t exactly(const format *f, const number *x)
{
    vouch__bigint digits;
    uint64_t infinity = (uint64_t)f->top << f->fraction_bits, bits = guess(f, x);
    int64_t left_out = all_digits(x, &digits);
    int64_t q = x->exponent - (x->n_digits > KEPT ? x->n_digits - KEPT : 0) + left_out;
    while (bits < infinity) { /* up, while it is past half way to the next */
        int side = against_half(f, &digits, q, bits);
        if (side < 0 || (side == 0 && !(bits & 1)))
            break;
        bits++;
    }
    while (bits > 0) { /* down, while it is short of half way from the last */
        int side = against_half(f, &digits, q, bits - 1);
        if (side > 0 || (side == 0 && !(bits & 1)))
            break;
        bits--;
    }
    return bits;
}

static uint64_t to_bits(const format *f, const number *x)
{
    uint64_t bits, again;
    int64_t first = x->exponent + (x->n_digits < KEPT ? x->n_digits : KEPT); /* 0.d1d2... 10^first */
    if (x->kept == 0 || first < -330)
        return 0;
    if (first > 310)
        return (uint64_t)f->top << f->fraction_bits;
    if (from_product(f, x->kept, x->exponent, &bits) &&
        (!x->is_cut || (from_product(f, x->kept + 1, x->exponent, &again) && again == bits)))
        return bits;
    return exactly(f, x);
}

static bool named(const char *text, size_t len, double *out)
{
    static const struct {
        const char *name;
        double value;
    } known[] = { { "nan", NAN }, { "inf", INFINITY }, { "-inf", -INFINITY } };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i].name) == len && memcmp(known[i].name, text, len) == 0) {
            *out = known[i].value;
            return true;
        }
    return false;
}

bool vouch__double_read(const char *text, size_t len, double *out)
{
    number x;
    double value;
    if (!scan(text, len, &x))
        return named(text, len, out);
    if (x.n_digits <= KEPT && x.kept <= (uint64_t)1 << 53 && x.exponent >= -22 && x.exponent <= 22) {
        value = x.exponent < 0 ? (double)x.kept / power_of_ten[-x.exponent]
                               : (double)x.kept * power_of_ten[x.exponent];
    } else {
        uint64_t bits = to_bits(&for_double, &x);
        memcpy(&value, &bits, sizeof value);
    }
    *out = x.negative ? -value : value;
    return true;
}

bool vouch__float_read(const char *text, size_t len, float *out)
{
    number x;
    double wide_value;
    float value;
    if (!scan(text, len, &x)) {
        if (!named(text, len, &wide_value))
            return false;
        *out = (float)wide_value;
        return true;
    }
    uint32_t bits = (uint32_t)to_bits(&for_float, &x);
    memcpy(&value, &bits, sizeof value);
    *out = x.negative ? -value : value;
    return true;
}

bool vouch__int_read(const char *text, size_t len, int64_t *out)
{
    bool negative = len && *text == '-';
    int64_t value = 0;
    if (len == negative || len > 20 || (text[negative] == '0' && len > 1U + negative))
        return false;
    for (size_t i = negative; i < len; i++) {
        int digit = text[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            (negative ? __builtin_sub_overflow(value, digit, &value)
                      : __builtin_add_overflow(value, digit, &value)))
            return false;
    }
    *out = value;
    return true;
}

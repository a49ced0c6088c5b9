/* base/text.h: bytes that grow, and numbers as text. Shortest digits that read
 * back to the same bits, correctly rounded both ways, whatever the locale. */
#ifndef VOUCH_TEXT_H
#define VOUCH_TEXT_H

#include "base/ctx.h"

#include <stdarg.h>

/* A growing run of bytes, always followed by a NUL that is not counted. Failure
 * sticks: after one append has failed the rest do nothing, and vouch__buf_status
 * tells. Zero-initialise with vouch__buf_init; free with vouch__buf_free. */
typedef struct vouch__buf {
    vouch_alloc alloc;
    char *at;
    size_t len, cap, max; /* max: bytes it may ever hold */
    vouch_status status;
} vouch__buf;

void vouch__buf_init(vouch_ctx *ctx, vouch__buf *buf, size_t max); /* max 0: 1 GiB */
void vouch__buf_free(vouch__buf *buf);
void vouch__buf_clear(vouch__buf *buf); /* keeps the memory */
void vouch__buf_add(vouch__buf *buf, const void *bytes, size_t len);
void vouch__buf_text(vouch__buf *buf, const char *text);
void vouch__buf_fmt(vouch__buf *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3))); /* no %f %g %e */
void vouch__buf_vfmt(vouch__buf *buf, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
void vouch__buf_double(vouch__buf *buf, double value); /* shortest form; nan, inf, -inf as such */
void vouch__buf_fixed(vouch__buf *buf, double value, int decimals); /* rounded half to even, decimals 0..17 */
void vouch__buf_int(vouch__buf *buf, int64_t value);
vouch_status vouch__buf_status(vouch_ctx *ctx, const vouch__buf *buf); /* raises what stuck */
/* Hand the bytes to the caller, who frees them with vouch__free; buf is empty after. */
char *vouch__buf_take(vouch__buf *buf);

/* The shortest decimal that reads back to the same bits; returns the length.
 * Integers below 2^53 in size have no point; exponents look like 1e-7. NaN "nan". */
enum { VOUCH__DOUBLE_MAX = 32 };
size_t vouch__double_text(double value, char out[VOUCH__DOUBLE_MAX]);
/* Of the doubles from low up to, but without, high the one with the fewest decimals, counting whole tens,
 * hundreds ... as fewer still; of several the nearest to the middle, then the lower. low where one of the two
 * is not finite, or nothing between 1e-22 and 1e22 will do. */
double vouch__shortest_between(double low, double high);

/* Read one JSON-style number (also nan, inf, -inf) that fills text[0, len) entirely.
 * Correctly rounded to nearest-even, like strtod in the C locale. false if malformed. */
bool vouch__double_read(const char *text, size_t len, double *out);
/* The same, rounded once to float (what strtof would give). */
bool vouch__float_read(const char *text, size_t len, float *out);
bool vouch__int_read(const char *text, size_t len, int64_t *out); /* false also on overflow */

/* How many leading bytes are whole UTF-8 characters. */
size_t vouch__utf8_prefix(const char *text, size_t len);
/* Write a character, at most four bytes; returns how many. The value of four hex digits, or -1. */
size_t vouch__utf8_put(uint32_t c, char *out);
int32_t vouch__hex4(const char *text);
bool vouch__utf8_valid(const char *text, size_t len); /* strict: no surrogates, no overlongs */

/* The nearest of n names to word, the same but for case or by edit distance; NULL when none is close: for
 * "unknown key 'modles', did you mean 'models'?" */
const char *vouch__nearest(const char *word, const char *const *name, size_t n);
/* What vouch__nearest found, as the end of a message: ", did you mean 'models'?". Empty of NULL. */
typedef struct vouch__meant {
    char text[160];
} vouch__meant;
vouch__meant vouch__did_you_mean(const char *near);

#endif

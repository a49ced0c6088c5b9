/* Bytes that grow by doubling, up to a maximum given when made. The first failure sticks, so that a writer
 * appends without looking and asks once at the end. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BUF_MAX ((size_t)1 << 30)

void vouch__buf_init(vouch_ctx *ctx, vouch__buf *buf, size_t max)
{
    *buf = (vouch__buf){ .alloc = *vouch__allocator(ctx), .max = max ? max : BUF_MAX };
}

void vouch__buf_free(vouch__buf *buf)
{
    vouch__free(&buf->alloc, buf->at);
    buf->at = NULL;
    buf->len = buf->cap = 0;
}

void vouch__buf_clear(vouch__buf *buf)
{
    buf->len = 0;
    buf->status = VOUCH_OK;
    if (buf->at)
        buf->at[0] = '\0';
}

/* Room for more bytes and the NUL; false when the failure has stuck. */
static bool room(vouch__buf *buf, size_t more)
{
    if (buf->status)
        return false;
    if (more > buf->max - buf->len) {
        buf->status = VOUCH_E_LIMIT;
        return false;
    }
    size_t need = buf->len + more + 1;
    if (need <= buf->cap)
        return true;
    size_t cap = buf->cap ? buf->cap : 64;
    while (cap < need)
        cap *= 2;
    char *at = vouch__resize(&buf->alloc, buf->at, cap, 1);
    if (!at) {
        buf->status = VOUCH_E_NOMEM;
        return false;
    }
    buf->at = at;
    buf->cap = cap;
    return true;
}

void vouch__buf_add(vouch__buf *buf, const void *bytes, size_t len)
{
    if (!room(buf, len))
        return;
    if (len)
        memcpy(buf->at + buf->len, bytes, len);
    buf->len += len;
    buf->at[buf->len] = '\0';
}

void vouch__buf_text(vouch__buf *buf, const char *text) { vouch__buf_add(buf, text, strlen(text)); }

void vouch__buf_vfmt(vouch__buf *buf, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    if (n < 0)
        buf->status = buf->status ? buf->status : VOUCH_E_FORMAT;
    else if (room(buf, (size_t)n)) {
        (void)vsnprintf(buf->at + buf->len, (size_t)n + 1, fmt, again);
        buf->len += (size_t)n;
    }
    va_end(again);
}

void vouch__buf_fmt(vouch__buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vouch__buf_vfmt(buf, fmt, args);
    va_end(args);
}

void vouch__buf_double(vouch__buf *buf, double value)
{
    char text[VOUCH__DOUBLE_MAX];
    vouch__buf_add(buf, text, vouch__double_text(value, text));
}

void vouch__buf_int(vouch__buf *buf, int64_t value)
{
    char text[24];
    char *p = text + sizeof text;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        *--p = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (value < 0)
        *--p = '-';
    vouch__buf_add(buf, p, (size_t)(text + sizeof text - p));
}

vouch_status vouch__buf_status(vouch_ctx *ctx, const vouch__buf *buf)
{
    switch (buf->status) {
    case VOUCH_OK: return VOUCH_OK;
    case VOUCH_E_NOMEM: return vouch__oom(ctx);
    case VOUCH_E_LIMIT: return vouch__fail(ctx, VOUCH_E_LIMIT, "text: over its limit of %zu bytes", buf->max);
    default: return vouch__fail(ctx, buf->status, "text: not made");
    }
}

char *vouch__buf_take(vouch__buf *buf)
{
    if (!room(buf, 0)) /* an empty one too is given a NUL */
        return NULL;
    buf->at[buf->len] = '\0';
    char *at = buf->at;
    buf->at = NULL;
    buf->len = buf->cap = 0;
    return at;
}

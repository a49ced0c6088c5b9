/* models/wire.h: the bytes of a model file. Everything is little-endian and unpadded; text is its length
 * (u32) and its bytes. The reader is bounded: past the end it gives zeros and remembers. */
#ifndef VOUCH_WIRE_H
#define VOUCH_WIRE_H

#include "base/ctx.h"
#include "base/text.h"

#include <string.h>

typedef struct vouch__wire {
    const uint8_t *at;
    size_t left;
    bool is_short; /* something was asked for that is not there */
} vouch__wire;

static inline void vouch__put_u8(vouch__buf *out, uint8_t v) { vouch__buf_add(out, &v, 1); }

static inline void vouch__put_u32(vouch__buf *out, uint32_t v)
{
    uint8_t b[4];
    for (int i = 0; i < 4; i++)
        b[i] = (uint8_t)(v >> (8 * i));
    vouch__buf_add(out, b, sizeof b);
}

static inline void vouch__put_u64(vouch__buf *out, uint64_t v)
{
    uint8_t b[8];
    for (int i = 0; i < 8; i++)
        b[i] = (uint8_t)(v >> (8 * i));
    vouch__buf_add(out, b, sizeof b);
}

static inline void vouch__put_f64(vouch__buf *out, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    vouch__put_u64(out, bits);
}

static inline void vouch__put_text(vouch__buf *out, const char *text)
{
    size_t len = strlen(text);
    vouch__put_u32(out, (uint32_t)len);
    vouch__buf_add(out, text, len);
}

/* len bytes, or NULL when there are fewer. */
static inline const uint8_t *vouch__get_bytes(vouch__wire *in, size_t len)
{
    if (in->is_short || len > in->left) {
        in->is_short = true;
        return NULL;
    }
    const uint8_t *p = in->at;
    in->at += len;
    in->left -= len;
    return p;
}

static inline uint64_t vouch__get_uint(vouch__wire *in, unsigned size)
{
    uint64_t v = 0;
    const uint8_t *p = vouch__get_bytes(in, size);
    if (p)
        for (unsigned i = 0; i < size; i++)
            v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static inline uint8_t vouch__get_u8(vouch__wire *in) { return (uint8_t)vouch__get_uint(in, 1); }
static inline uint32_t vouch__get_u32(vouch__wire *in) { return (uint32_t)vouch__get_uint(in, 4); }
static inline uint64_t vouch__get_u64(vouch__wire *in) { return vouch__get_uint(in, 8); }

static inline double vouch__get_f64(vouch__wire *in)
{
    double v;
    uint64_t bits = vouch__get_uint(in, 8);
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* A count of things that take at least size bytes each; more than could follow is short. */
static inline size_t vouch__get_count(vouch__wire *in, size_t size)
{
    size_t n = vouch__get_u32(in);
    if (n > in->left / size)
        in->is_short = true;
    return in->is_short ? 0 : n;
}

/* A text as its own allocation. Fails E_FORMAT cut short, a NUL, or no UTF-8; E_NOMEM */
vouch_status vouch__get_text(vouch_ctx *ctx, vouch__wire *in, char **out_text);

#endif

/* The wire format of protocol buffers: a field is a varint of its number and type, then a varint, 4 or 8
 * bytes, or a length and that many bytes. Groups, long deprecated, are not read. */
#include "models/import/proto.h"

#include <string.h>

vouch__proto vouch__proto_of(const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    return (vouch__proto){ .p = p, .end = p + len };
}

static bool varint(vouch__proto *in, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && in->p < in->end; shift += 7) {
        uint8_t byte = *in->p++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *out = value;
            return shift < 63 || byte < 2;
        }
    }
    return false;
}

static bool fixed(vouch__proto *in, size_t width, uint64_t *out)
{
    if (vouch__proto_len(in) < width)
        return false;
    *out = 0;
    for (size_t i = 0; i < width; i++)
        *out |= (uint64_t)in->p[i] << (8 * i);
    in->p += width;
    return true;
}

static bool bytes(vouch__proto *in, vouch__proto *out)
{
    uint64_t len = 0;
    if (!varint(in, &len) || len > vouch__proto_len(in))
        return false;
    *out = vouch__proto_of(in->p, (size_t)len);
    in->p += len;
    return true;
}

bool vouch__proto_next(vouch__proto *in, vouch__proto_field *out)
{
    uint64_t key = 0;
    if (in->is_bad || in->p == in->end)
        return false;
    *out = (vouch__proto_field){ .number = 0 };
    bool is_read = varint(in, &key) && key >> 3 > 0 && key >> 3 < (uint64_t)1 << 29;
    out->number = (uint32_t)(key >> 3);
    out->type = (int)(key & 7);
    switch (out->type) {
    case VOUCH__PROTO_VARINT: is_read = is_read && varint(in, &out->value); break;
    case VOUCH__PROTO_64: is_read = is_read && fixed(in, 8, &out->value); break;
    case VOUCH__PROTO_BYTES: is_read = is_read && bytes(in, &out->inside); break;
    case VOUCH__PROTO_32: is_read = is_read && fixed(in, 4, &out->value); break;
    default: is_read = false;
    }
    in->is_bad = !is_read;
    return is_read;
}

bool vouch__proto_ints(const vouch__proto_field *field, vouch__buf *out)
{
    vouch__proto in = field->inside;
    uint64_t value = field->value;
    if (field->type == VOUCH__PROTO_VARINT)
        vouch__buf_add(out, &value, sizeof value);
    else if (field->type != VOUCH__PROTO_BYTES)
        return false;
    while (field->type == VOUCH__PROTO_BYTES && in.p < in.end) {
        if (!varint(&in, &value))
            return false;
        vouch__buf_add(out, &value, sizeof value);
    }
    return true;
}

static void add_real(uint64_t bits, bool is_double, vouch__buf *out)
{
    double value;
    if (is_double) {
        memcpy(&value, &bits, sizeof value);
    } else {
        uint32_t narrow = (uint32_t)bits;
        float single;
        memcpy(&single, &narrow, sizeof single);
        value = (double)single;
    }
    vouch__buf_add(out, &value, sizeof value);
}

bool vouch__proto_reals(const vouch__proto_field *field, bool is_double, vouch__buf *out)
{
    vouch__proto in = field->inside;
    uint64_t value = field->value;
    if (field->type == (is_double ? VOUCH__PROTO_64 : VOUCH__PROTO_32))
        add_real(value, is_double, out);
    else if (field->type != VOUCH__PROTO_BYTES)
        return false;
    while (field->type == VOUCH__PROTO_BYTES && in.p < in.end) {
        if (!fixed(&in, is_double ? 8 : 4, &value))
            return false;
        add_real(value, is_double, out);
    }
    return true;
}

bool vouch__proto_is(const vouch__proto *text, const char *word)
{
    size_t len = strlen(word);
    return vouch__proto_len(text) == len && memcmp(text->p, word, len) == 0;
}

bool vouch__proto_fields(vouch__proto in, vouch__proto_field *out, uint32_t n)
{
    vouch__proto_field field;
    memset(out, 0, n * sizeof *out);
    while (vouch__proto_next(&in, &field))
        if (field.number < n)
            out[field.number] = field;
    return !in.is_bad;
}

vouch__proto_text vouch__proto_plain(const vouch__proto *text)
{
    vouch__proto_text out;
    size_t n = 0;
    for (const uint8_t *p = text->p; p < text->end && n < sizeof out.text - 1; p++)
        out.text[n++] = (char)(*p >= 0x20 && *p < 0x7F ? *p : '?');
    out.text[n] = '\0';
    return out;
}

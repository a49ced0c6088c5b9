/* What JSON and UBJSON have in common: messages, conversions and containers. token_json.c and token_ubjson.c
 * read the bytes. */
#include "models/import/tokens.h"

#include "models/import/token_bytes.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { POLL = 65536 };

void vouch__tokens_init(vouch__tokens *in, vouch_ctx *ctx, const char *name, const void *bytes, size_t len,
                        bool is_ubjson)
{
    memset(in, 0, sizeof *in);
    in->ctx = ctx;
    in->name = name;
    in->p = bytes;
    in->end = in->p + len;
    in->is_ubjson = is_ubjson;
    in->level[0].is_first = true;
}

vouch_status vouch__token_next(vouch__tokens *in, vouch__token *out)
{
    *out = (vouch__token){ .type = VOUCH__TOKEN_NULL };
    if (++in->polled % POLL == 0) {
        vouch_status status = vouch__poll(in->ctx);
        if (status)
            return status;
    }
    in->value_depth = in->depth;
    return in->is_ubjson ? vouch__ubjson_next(in, out) : vouch__json_next(in, out);
}

const char *vouch__tokens_key(const vouch__tokens *in) { return in->level[in->value_depth].key; }

vouch_status vouch__token_open(vouch__tokens *in, bool is_object)
{
    if (in->depth + 1 >= VOUCH__TOKEN_DEPTH)
        return vouch__token_refuse(in, "nested deeper than %d", VOUCH__TOKEN_DEPTH - 1);
    in->depth++;
    vouch__level *level = &in->level[in->depth];
    level->is_object = is_object;
    level->is_first = true;
    level->is_counted = false;
    level->type = 0;
    level->left = level->index = 0;
    level->key[0] = '\0';
    return VOUCH_OK;
}

void vouch__token_key(vouch__tokens *in, const void *text, size_t len)
{
    char *key = in->level[in->depth].key;
    size_t n = len < VOUCH__TOKEN_KEY - 1 ? len : VOUCH__TOKEN_KEY - 1;
    memcpy(key, text, n);
    key[n] = '\0';
    for (size_t i = 0; i < n; i++) /* messages are one line of plain text */
        if ((unsigned char)key[i] < 0x20 || (unsigned char)key[i] > 0x7E)
            key[i] = '?';
}

vouch_status vouch__token_skip(vouch__tokens *in, const vouch__token *token)
{
    vouch__token inner;
    if (token->type != VOUCH__TOKEN_ARRAY && token->type != VOUCH__TOKEN_OBJECT)
        return VOUCH_OK;
    size_t depth = in->depth;
    do {
        vouch_status status = vouch__token_next(in, &inner);
        if (status)
            return status;
    } while (in->depth >= depth);
    return VOUCH_OK;
}

static void where(const vouch__tokens *in, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t d = 1; d <= in->depth && n < size; d++) {
        const vouch__level *level = &in->level[d];
        if (!level->index) /* just opened */
            break;
        int more = level->is_object
                       ? snprintf(out + n, size - n, "%s%.40s", n ? "." : "", level->key)
                       : snprintf(out + n, size - n, "[%llu]", (unsigned long long)level->index - 1);
        n += more > 0 ? (size_t)more : 0;
    }
    if (!out[0])
        (void)snprintf(out, size, "the beginning");
}

vouch_status vouch__token_raise(vouch__tokens *in, vouch_status status, const char *fmt, ...)
{
    char place[256], text[256];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    where(in, place, sizeof place);
    return vouch__fail(in->ctx, status, "import: %s: %s: %s", in->name, place, text);
}

vouch_status vouch__token_refuse(vouch__tokens *in, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return vouch__token_raise(in, VOUCH_E_FORMAT, "%s", text);
}

vouch_status vouch__token_double(vouch__tokens *in, const vouch__token *token, double *out)
{
    bool is_text = token->type == VOUCH__TOKEN_STRING || (token->type == VOUCH__TOKEN_NUMBER && token->text);
    if (is_text && vouch__double_read(token->text, token->len, out))
        return VOUCH_OK;
    if (token->type != VOUCH__TOKEN_NUMBER || token->text)
        return vouch__token_refuse(in, "not a number");
    *out = token->number;
    return VOUCH_OK;
}

vouch_status vouch__token_float(vouch__tokens *in, const vouch__token *token, float *out)
{
    bool is_text = token->type == VOUCH__TOKEN_STRING || (token->type == VOUCH__TOKEN_NUMBER && token->text);
    if (is_text && vouch__float_read(token->text, token->len, out))
        return VOUCH_OK;
    if (token->type != VOUCH__TOKEN_NUMBER || token->text)
        return vouch__token_refuse(in, "not a number");
    *out = (float)token->number;
    return VOUCH_OK;
}

vouch_status vouch__token_int(vouch__tokens *in, const vouch__token *token, int64_t lo, int64_t hi,
                              int64_t *out)
{
    double value = token->flag;
    if (token->type != VOUCH__TOKEN_BOOL) {
        vouch_status status = vouch__token_double(in, token, &value);
        if (status)
            return status;
    }
    if (!(value >= (double)lo && value <= (double)hi) || value != floor(value))
        return vouch__token_refuse(in, "not a whole number from %lld to %lld", (long long)lo, (long long)hi);
    *out = (int64_t)value;
    return VOUCH_OK;
}

vouch_status vouch__token_text(vouch__tokens *in, const vouch__token *token, vouch__buf *out)
{
    if (token->type != VOUCH__TOKEN_STRING)
        return vouch__token_refuse(in, "not a text");
    size_t from = out->len;
    if (in->is_ubjson)
        vouch__buf_add(out, token->text, token->len);
    else if (!vouch__json_unescape(token->text, token->len, out))
        return vouch__token_refuse(in, "holds an escape that is not of JSON");
    vouch__buf_add(out, "", 1);
    vouch_status status = vouch__buf_status(in->ctx, out);
    if (status)
        return status;
    const char *text = out->at + from;
    size_t len = out->len - from - 1;
    return memchr(text, 0, len) || !vouch__utf8_valid(text, len) ? vouch__token_refuse(in, "not valid UTF-8")
                                                                 : VOUCH_OK;
}

typedef enum element { ELEMENT_DOUBLE, ELEMENT_FLOAT, ELEMENT_INT } element;

static vouch_status add_element(vouch__tokens *in, const vouch__token *token, element type, vouch__buf *out)
{
    vouch_status status;
    double d;
    float f;
    int64_t i = 0;
    int32_t narrow;
    switch (type) {
    case ELEMENT_DOUBLE:
        status = vouch__token_double(in, token, &d);
        if (!status)
            vouch__buf_add(out, &d, sizeof d);
        return status;
    case ELEMENT_FLOAT:
        status = vouch__token_float(in, token, &f);
        if (!status)
            vouch__buf_add(out, &f, sizeof f);
        return status;
    default:
        status = vouch__token_int(in, token, INT32_MIN, INT32_MAX, &i);
        narrow = (int32_t)i;
        if (!status)
            vouch__buf_add(out, &narrow, sizeof narrow);
        return status;
    }
}

static vouch_status elements(vouch__tokens *in, const vouch__token *token, element type, vouch__buf *out)
{
    vouch__token value;
    vouch_status status;
    if (token->type != VOUCH__TOKEN_ARRAY)
        return vouch__token_refuse(in, "not a list");
    for (;;) {
        status = vouch__token_next(in, &value);
        if (status || value.type == VOUCH__TOKEN_END)
            break;
        status = add_element(in, &value, type, out);
        if (status)
            break;
    }
    return status ? status : vouch__buf_status(in->ctx, out);
}

vouch_status vouch__token_doubles(vouch__tokens *in, const vouch__token *token, vouch__buf *out)
{
    return elements(in, token, ELEMENT_DOUBLE, out);
}

vouch_status vouch__token_floats(vouch__tokens *in, const vouch__token *token, vouch__buf *out)
{
    return elements(in, token, ELEMENT_FLOAT, out);
}

vouch_status vouch__token_ints(vouch__tokens *in, const vouch__token *token, vouch__buf *out)
{
    return elements(in, token, ELEMENT_INT, out);
}

vouch_status vouch__token_texts(vouch__tokens *in, const vouch__token *token, vouch__buf *out, size_t *out_n)
{
    vouch__token value;
    if (token->type != VOUCH__TOKEN_ARRAY)
        return vouch__token_refuse(in, "not a list");
    for (;;) {
        vouch_status status = vouch__token_next(in, &value);
        if (status || value.type == VOUCH__TOKEN_END)
            return status;
        status = vouch__token_text(in, &value, out);
        if (status)
            return status;
        ++*out_n;
    }
}

vouch_status vouch__token_members(vouch__tokens *in, const vouch__token *token, const vouch__member *member,
                                  size_t n, void *self)
{
    vouch__token value;
    uint64_t seen = 0;
    if (token->type != VOUCH__TOKEN_OBJECT)
        return vouch__token_refuse(in, "not an object");
    for (;;) {
        vouch_status status = vouch__token_next(in, &value);
        if (status || value.type == VOUCH__TOKEN_END)
            return status;
        size_t i = 0;
        while (i < n && strcmp(member[i].key, vouch__tokens_key(in)) != 0)
            i++;
        if (i < n && seen >> i & 1)
            return vouch__token_refuse(in, "stands twice");
        if (i < n)
            seen |= (uint64_t)1 << i;
        status = i < n ? member[i].read(in, &value, self) : vouch__token_skip(in, &value);
        if (status)
            return status;
    }
}

vouch_status vouch__token_each(vouch__tokens *in, const vouch__token *token, vouch__token_reader *read,
                               void *self)
{
    vouch__token value;
    if (token->type != VOUCH__TOKEN_ARRAY)
        return vouch__token_refuse(in, "not a list");
    for (;;) {
        vouch_status status = vouch__token_next(in, &value);
        if (status || value.type == VOUCH__TOKEN_END)
            return status;
        status = read(in, &value, self);
        if (status)
            return status;
    }
}

vouch_status vouch__token_read(vouch_ctx *ctx, const vouch__token_file *file, void *self)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__token first;
    for (size_t i = 0; i < file->n_bufs; i++)
        vouch__buf_init(ctx, file->buf[i], (size_t)1 << 34);
    vouch__tokens *in = vouch__scratch(ctx, 1, sizeof *in);
    if (!in)
        return vouch__oom(ctx);
    vouch__tokens_init(in, ctx, file->name, file->bytes, file->len, file->is_ubjson);
    vouch_status status = vouch__token_next(in, &first);
    if (!status)
        status = vouch__token_members(in, &first, file->member, file->n_members, self);
    if (!status)
        status = vouch__tokens_finish(in);
    for (size_t i = 0; !status && i < file->n_bufs; i++)
        status = vouch__buf_status(ctx, file->buf[i]);
    vouch__scratch_reset(ctx, mark);
    return status;
}

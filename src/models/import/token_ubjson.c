/* UBJSON as XGBoost writes it: big-endian, containers with or without a type and a count. */
#include "models/import/token_bytes.h"

#include <string.h>

static bool take(vouch__tokens *in, size_t n, uint64_t *out)
{
    if ((size_t)(in->end - in->p) < n)
        return false;
    *out = 0;
    for (size_t i = 0; i < n; i++)
        *out = *out << 8 | in->p[i];
    in->p += n;
    return true;
}

static vouch_status ends(vouch__tokens *in)
{
    return vouch__token_refuse(in, "the file ends inside a value");
}

/* The bytes of a whole number's type, or 0. */
static size_t int_size(char type)
{
    return type == 'i' || type == 'U' ? 1 : type == 'I' ? 2 : type == 'l' ? 4 : type == 'L' ? 8 : 0;
}

static vouch_status read_int(vouch__tokens *in, char type, int64_t *out)
{
    size_t n = int_size(type);
    uint64_t bits = 0;
    if (!n)
        return vouch__token_refuse(in, "type 0x%02x stands where a whole number must", (unsigned char)type);
    if (!take(in, n, &bits))
        return ends(in);
    if (type != 'U' && n < 8 && bits >> (8 * n - 1))
        *out = (int64_t)bits - ((int64_t)1 << (8 * n));
    else
        *out = (int64_t)bits;
    return VOUCH_OK;
}

static vouch_status read_length(vouch__tokens *in, uint64_t *out)
{
    int64_t value = 0;
    if (in->p == in->end)
        return ends(in);
    char type = (char)*in->p++;
    vouch_status status = read_int(in, type, &value);
    if (!status && value < 0)
        return vouch__token_refuse(in, "a length is below 0");
    *out = (uint64_t)value;
    return status;
}

static vouch_status read_text(vouch__tokens *in, const char **out_text, size_t *out_len)
{
    uint64_t n = 0;
    vouch_status status = read_length(in, &n);
    if (status)
        return status;
    if (n > (uint64_t)(in->end - in->p))
        return ends(in);
    *out_text = (const char *)in->p;
    *out_len = (size_t)n;
    in->p += n;
    return VOUCH_OK;
}

/* The least bytes a value of a container's type takes. */
static size_t least_bytes(char type)
{
    size_t n = type == 'd' ? 4 : type == 'D' ? 8 : int_size(type);
    return n ? n : 1;
}

static vouch_status open_container(vouch__tokens *in, bool is_object)
{
    vouch_status status = vouch__token_open(in, is_object);
    if (status)
        return status;
    vouch__level *level = &in->level[in->depth];
    if (in->end - in->p >= 2 && *in->p == '$') {
        level->type = (char)in->p[1];
        in->p += 2;
        if (in->p == in->end || *in->p != '#')
            return vouch__token_refuse(in, "a typed list has no count");
        if (!strchr("iUIlLdDS", level->type) || !level->type)
            return vouch__token_refuse(in, "a list of type 0x%02x is not read", (unsigned char)level->type);
    }
    if (in->p < in->end && *in->p == '#') {
        in->p++;
        level->is_counted = true;
        status = read_length(in, &level->left);
        size_t least = level->type ? least_bytes(level->type) : 1;
        if (!status && level->left > (uint64_t)(in->end - in->p) / least)
            return ends(in);
    }
    return status;
}

static vouch_status read_float(vouch__tokens *in, char type, double *out)
{
    uint64_t bits = 0;
    if (!take(in, type == 'd' ? 4 : 8, &bits))
        return ends(in);
    if (type == 'D') {
        memcpy(out, &bits, sizeof *out);
    } else {
        uint32_t narrow = (uint32_t)bits;
        float f;
        memcpy(&f, &narrow, sizeof f);
        *out = (double)f;
    }
    return VOUCH_OK;
}

static vouch_status read_value(vouch__tokens *in, char type, vouch__token *out)
{
    int64_t whole = 0;
    vouch_status status;
    switch (type) {
    case '{':
    case '[':
        out->type = type == '{' ? VOUCH__TOKEN_OBJECT : VOUCH__TOKEN_ARRAY;
        return open_container(in, type == '{');
    case 'S': out->type = VOUCH__TOKEN_STRING; return read_text(in, &out->text, &out->len);
    case 'Z': out->type = VOUCH__TOKEN_NULL; return VOUCH_OK;
    case 'T':
    case 'F':
        out->type = VOUCH__TOKEN_BOOL;
        out->flag = type == 'T';
        return VOUCH_OK;
    case 'd':
    case 'D': out->type = VOUCH__TOKEN_NUMBER; return read_float(in, type, &out->number);
    default:
        out->type = VOUCH__TOKEN_NUMBER;
        status = read_int(in, type, &whole);
        out->number = (double)whole;
        return status;
    }
}

vouch_status vouch__ubjson_next(vouch__tokens *in, vouch__token *out)
{
    vouch__level *level = &in->level[in->depth];
    while (!level->is_counted && in->p < in->end && *in->p == 'N') /* no-op */
        in->p++;
    if (in->depth == 0) {
        if (!level->is_first)
            return vouch__token_refuse(in, "a second value");
        level->is_first = false;
    } else if (level->is_counted ? level->left == 0
                                 : in->p < in->end && *in->p == (level->is_object ? '}' : ']')) {
        in->p += !level->is_counted;
        out->type = VOUCH__TOKEN_END;
        in->depth--;
        return VOUCH_OK;
    }
    level->left -= level->is_counted;
    level->index++;
    if (level->is_object) {
        const char *key = NULL;
        size_t len = 0;
        vouch_status status = read_text(in, &key, &len);
        if (status)
            return status;
        vouch__token_key(in, key, len);
    }
    if (level->type)
        return read_value(in, level->type, out);
    if (in->p == in->end)
        return ends(in);
    char type = (char)*in->p++;
    return read_value(in, type, out);
}

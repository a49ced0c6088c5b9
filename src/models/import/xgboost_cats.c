/* enc[feature] is {"offsets": [0, 3, ...], "values": [bytes]} for names, {"values": [numbers]} of numeric
 * labels, and empty for a feature that is a number. A split's category is a place in that list. */
#include "models/import/xgboost_cats.h"

#include <string.h>

#define READ(name) static vouch_status name(vouch__tokens *in, const vouch__token *token, void *self)

void vouch__cats_init(vouch_ctx *ctx, vouch__cats *c)
{
    vouch__buf_init(ctx, &c->text, 0);
    vouch__buf_init(ctx, &c->count, 0);
    vouch__buf_init(ctx, &c->offset, 0);
    vouch__buf_init(ctx, &c->value, 0);
}

void vouch__cats_clear(vouch__cats *c)
{
    vouch__buf_free(&c->text);
    vouch__buf_free(&c->count);
    vouch__buf_free(&c->offset);
    vouch__buf_free(&c->value);
}

READ(read_offsets) { return vouch__token_ints(in, token, &((vouch__cats *)self)->offset); }
READ(read_values) { return vouch__token_doubles(in, token, &((vouch__cats *)self)->value); }

static vouch_status add_names(vouch__tokens *in, vouch__cats *c)
{
    size_t n = VOUCH__LEN(c->offset, int32_t), n_bytes = VOUCH__LEN(c->value, double);
    const int32_t *offset = VOUCH__AT(c->offset, int32_t);
    for (size_t k = 0; k + 1 < n; k++) {
        int32_t from = offset[k], to = offset[k + 1];
        size_t at = c->text.len;
        if (from < 0 || to < from || (size_t)to > n_bytes)
            return vouch__token_refuse(in, "offsets reach beyond values");
        for (int32_t i = from; i < to; i++) {
            double v = VOUCH__AT(c->value, double)[i];
            if (!(v >= -128.0 && v <= 255.0) || v == 0.0)
                return vouch__token_refuse(in, "a name of a category holds a byte that is none");
            uint8_t byte = (uint8_t)(int)v;
            vouch__buf_add(&c->text, &byte, 1);
        }
        vouch__buf_add(&c->text, "", 1);
        if (c->text.status)
            break;
        if (!vouch__utf8_valid(c->text.at + at, c->text.len - at - 1))
            return vouch__token_refuse(in, "a name of a category is not UTF-8");
    }
    return vouch__buf_status(in->ctx, &c->text);
}

/* Numeric labels: the model then sees places in the list, and a table holds labels: only if they are the same
 * is there nothing to translate. */
static vouch_status check_numbers(vouch__tokens *in, vouch__cats *c)
{
    for (size_t i = 0; i < VOUCH__LEN(c->value, double); i++)
        if (VOUCH__AT(c->value, double)[i] != (double)i)
            return vouch__token_refuse(in,
                                       "categories labelled by numbers other than 0, 1, 2 ... are not read");
    return VOUCH_OK;
}

READ(read_feature)
{
    static const vouch__member member[] = { { "offsets", read_offsets }, { "values", read_values } };
    vouch__cats *c = self;
    vouch__buf_clear(&c->offset);
    vouch__buf_clear(&c->value);
    vouch_status status = token->type == VOUCH__TOKEN_OBJECT
                              ? vouch__token_members(in, token, member, 2, self)
                              : vouch__token_skip(in, token);
    size_t n = VOUCH__LEN(c->offset, int32_t);
    uint32_t count = n > 1 ? (uint32_t)(n - 1) : UINT32_MAX;
    if (!status)
        status = n > 1 ? add_names(in, c) : check_numbers(in, c);
    vouch__buf_add(&c->count, &count, sizeof count);
    return status ? status : vouch__buf_status(in->ctx, &c->count);
}

READ(read_enc) { return vouch__token_each(in, token, read_feature, self); }

vouch_status vouch__cats_read(vouch__tokens *in, const vouch__token *token, vouch__cats *c)
{
    static const vouch__member member[] = { { "enc", read_enc } };
    return vouch__token_members(in, token, member, 1, c);
}

/* The node's bits, by place in the file's list, become bits by place among the sorted names. */
static vouch_status sort_set(vouch__maker *m, vouch__node *node, const uint32_t *order, uint32_t n)
{
    uint32_t at = (uint32_t)VOUCH__LEN(m->bits, uint32_t), words = (n + 31) / 32, zero = 0;
    for (uint32_t w = 0; w < words; w++)
        vouch__buf_add(&m->bits, &zero, sizeof zero);
    vouch_status status = vouch__buf_status(m->ctx, &m->bits);
    if (status)
        return status;
    uint32_t *bits = VOUCH__AT(m->bits, uint32_t);
    for (uint32_t i = 0; i < n; i++) {
        bool left = i >= node->n_bits || bits[node->bits_at + i / 32] >> (i % 32) & 1;
        bits[at + order[i] / 32] |= (uint32_t)left << (order[i] % 32);
    }
    node->bits_at = at;
    node->n_bits = n;
    node->rule = VOUCH__RULE_PLAIN;
    return VOUCH_OK;
}

static vouch_status apply_one(vouch__maker *m, size_t input, const char *text, uint32_t n, size_t *out_len)
{
    size_t mark = vouch__scratch_mark(m->ctx), len = 0;
    const char **name = vouch__scratch(m->ctx, n, sizeof *name);
    uint32_t *order = vouch__scratch(m->ctx, n, sizeof *order);
    if (!name || !order)
        return vouch__oom(m->ctx);
    for (uint32_t i = 0; i < n; i++) {
        name[i] = text + len;
        len += strlen(text + len) + 1;
    }
    *out_len = len;
    vouch_status status = vouch__maker_categories(m, input, name, n, order);
    for (size_t i = 0; !status && i < VOUCH__LEN(m->node, vouch__node); i++) {
        vouch__node *node = VOUCH__AT(m->node, vouch__node) + i;
        if (node->left < 0 || node->input != input)
            continue;
        if (!node->is_category)
            status = vouch__maker_refuse(
                m, "feature '%.60s' has names for its categories and is split as a number",
                m->inputs.at[input].name);
        else if (node->rule != VOUCH__RULE_PLAIN)
            status = sort_set(m, node, order, n);
    }
    vouch__scratch_reset(m->ctx, mark);
    return status;
}

vouch_status vouch__cats_apply(vouch__maker *m, vouch__cats *c)
{
    size_t n = VOUCH__LEN(c->count, uint32_t), at = 0;
    vouch_status status = VOUCH_OK;
    if (n == 0)
        return VOUCH_OK;
    if (n != m->inputs.n)
        return vouch__maker_refuse(m, "learner.gradient_booster.model.cats.enc: %zu entries for %zu features",
                                   n, m->inputs.n);
    for (size_t j = 0; !status && j < n; j++) {
        uint32_t count = VOUCH__AT(c->count, uint32_t)[j];
        size_t len = 0;
        if (count == UINT32_MAX)
            continue;
        status = apply_one(m, j, c->text.at + at, count, &len);
        at += len;
    }
    return status;
}

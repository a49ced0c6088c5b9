/* CatBoost models as save_model(format="json") writes them: oblivious trees over float features and one-hot
 * splits of categorical ones. Target statistics (CTR) are not in such a file in a form that could be checked,
 * and are refused.
 *
 * Bit i of a row's leaf is split i: float feature > border, or category == value. */
#include "models/import/catboost.h"
#include "models/import/tokens.h"

#include <math.h>
#include <string.h>

typedef vouch__cat_feature feature;
typedef vouch__cat_split split;
typedef vouch__cat_reading reading;

#define READ(name) static vouch_status name(vouch__tokens *in, const vouch__token *token, void *self)
#define N(table) (sizeof(table) / sizeof *(table))

static bool is_word(const vouch__token *token, const char *word)
{
    return token->type == VOUCH__TOKEN_STRING && token->len == strlen(word) &&
           !memcmp(token->text, word, token->len);
}

/* Each value of a list, which may be null for none. */
static vouch_status each(vouch__tokens *in, const vouch__token *token, vouch__token_reader *read, void *self)
{
    return token->type == VOUCH__TOKEN_NULL ? VOUCH_OK : vouch__token_each(in, token, read, self);
}

/* Features. */

READ(read_flat) { return vouch__token_int(in, token, 0, INT32_MAX - 1, &((reading *)self)->one.flat); }
READ(read_at) { return vouch__token_int(in, token, 0, INT32_MAX - 1, &((reading *)self)->one_at); }

READ(read_nan)
{
    reading *r = self;
    (void)in;
    r->one.nan = is_word(token, "AsTrue")    ? VOUCH__NAN_TRUE
                 : is_word(token, "AsFalse") ? VOUCH__NAN_FALSE
                                             : VOUCH__NAN_AS_IS;
    return VOUCH_OK;
}

READ(read_id)
{
    reading *r = self;
    uint32_t at = (uint32_t)r->names.len;
    if (is_word(token, ""))
        return VOUCH_OK;
    r->is_named = true;
    vouch__buf_add(&r->name_at, &at, sizeof at);
    return vouch__token_text(in, token, &r->names);
}

static vouch_status read_feature(vouch__tokens *in, const vouch__token *token, reading *r, vouch__buf *out)
{
    static const vouch__member member[] = {
        { "flat_feature_index", read_flat },
        { "feature_index", read_at },
        { "nan_value_treatment", read_nan },
        { "feature_id", read_id },
    };
    r->one = (feature){ .flat = -1, .is_category = out == &r->cats };
    r->one_at = -1;
    r->is_named = false;
    vouch_status status = vouch__token_members(in, token, member, N(member), r);
    if (status)
        return status;
    if (r->one.flat < 0 || r->one_at != (int64_t)VOUCH__LEN(*out, feature))
        return vouch__token_refuse(
            in, "feature_index is not the feature's place, or flat_feature_index is not there");
    uint32_t flat = (uint32_t)r->one.flat;
    if (r->is_named)
        vouch__buf_add(&r->name_flat, &flat, sizeof flat);
    vouch__buf_add(out, &r->one, sizeof r->one);
    return vouch__buf_status(in->ctx, out);
}

READ(read_float) { return read_feature(in, token, self, &((reading *)self)->floats); }
READ(read_cat) { return read_feature(in, token, self, &((reading *)self)->cats); }
READ(read_floats) { return each(in, token, read_float, self); }
READ(read_cats) { return each(in, token, read_cat, self); }

READ(refuse_if_any)
{
    vouch__token value;
    (void)self;
    if (token->type != VOUCH__TOKEN_ARRAY && token->type != VOUCH__TOKEN_OBJECT)
        return VOUCH_OK;
    vouch_status status = vouch__token_next(in, &value);
    if (status || value.type == VOUCH__TOKEN_END)
        return status;
    return vouch__token_refuse(
        in, "target statistics (CTR), text and embedding features are not read; train with "
            "one_hot_max_size above the number of categories, or without cat_features");
}

/* Names of categories: [{"hash": 123, "value": "red"}, ...]; a model file keeps the 32-bit hash in its
 * splits. */

READ(read_hash)
{
    reading *r = self;
    int64_t value = 0;
    vouch_status status = vouch__token_int(in, token, INT32_MIN, UINT32_MAX, &value);
    int32_t narrow = (int32_t)(uint32_t)value;
    vouch__buf_add(&r->hash_value, &narrow, sizeof narrow);
    return status;
}

READ(read_hash_text)
{
    reading *r = self;
    uint32_t at = (uint32_t)r->hash_text.len;
    vouch__buf_add(&r->hash_at, &at, sizeof at);
    return vouch__token_text(in, token, &r->hash_text);
}

READ(read_hashed)
{
    static const vouch__member member[] = { { "hash", read_hash }, { "value", read_hash_text } };
    reading *r = self;
    vouch_status status = vouch__token_members(in, token, member, N(member), self);
    if (!status && VOUCH__LEN(r->hash_at, uint32_t) != VOUCH__LEN(r->hash_value, int32_t))
        status = vouch__token_refuse(in, "hash or value is not there");
    return status;
}

READ(read_hashes) { return each(in, token, read_hashed, self); }

READ(read_features_info)
{
    static const vouch__member member[] = {
        { "float_features", read_floats },    { "categorical_features", read_cats },
        { "cat_features_hash", read_hashes }, { "ctrs", refuse_if_any },
        { "text_features", refuse_if_any },   { "embedding_features", refuse_if_any },
    };
    return vouch__token_members(in, token, member, N(member), self);
}

/* Trees. */

READ(read_border) { return vouch__token_double(in, token, &((reading *)self)->cut.border); }
READ(read_value) { return vouch__token_int(in, token, INT32_MIN, UINT32_MAX, &((reading *)self)->cut.value); }
READ(read_float_index) { return vouch__token_int(in, token, 0, INT32_MAX, &((reading *)self)->cut.feature); }

READ(read_cat_index)
{
    reading *r = self;
    r->cut.is_category = true;
    return vouch__token_int(in, token, 0, INT32_MAX, &r->cut.feature);
}

READ(read_type)
{
    reading *r = self;
    r->cut_is_known = is_word(token, "FloatFeature") || is_word(token, "OneHotFeature");
    return r->cut_is_known
               ? VOUCH_OK
               : vouch__token_refuse(in, "only FloatFeature and OneHotFeature splits are read; target "
                                         "statistics (CTR) are not");
}

READ(read_split)
{
    static const vouch__member member[] = {
        { "split_type", read_type },
        { "border", read_border },
        { "float_feature_index", read_float_index },
        { "cat_feature_index", read_cat_index },
        { "value", read_value },
    };
    reading *r = self;
    r->cut = (split){ .feature = -1 };
    r->cut_is_known = false;
    vouch_status status = vouch__token_members(in, token, member, N(member), self);
    if (status)
        return status;
    if (!r->cut_is_known || r->cut.feature < 0 || !isfinite(r->cut.border))
        return vouch__token_refuse(in, "has no split_type, feature index or finite border");
    vouch__buf_add(&r->splits, &r->cut, sizeof r->cut);
    return vouch__buf_status(in->ctx, &r->splits);
}

READ(read_splits) { return each(in, token, read_split, self); }
READ(read_leaves) { return vouch__token_doubles(in, token, &((reading *)self)->leaves); }
READ(read_covers) { return vouch__token_doubles(in, token, &((reading *)self)->covers); }

static void mark_tree(reading *r)
{
    uint32_t at[] = { (uint32_t)VOUCH__LEN(r->splits, split), (uint32_t)VOUCH__LEN(r->leaves, double),
                      (uint32_t)VOUCH__LEN(r->covers, double) };
    vouch__buf_add(&r->tree_splits, &at[0], sizeof at[0]);
    vouch__buf_add(&r->tree_leaves, &at[1], sizeof at[1]);
    vouch__buf_add(&r->tree_covers, &at[2], sizeof at[2]);
}

READ(read_tree)
{
    static const vouch__member member[] = { { "splits", read_splits },
                                            { "leaf_values", read_leaves },
                                            { "leaf_weights", read_covers } };
    reading *r = self;
    vouch_status status = vouch__token_members(in, token, member, N(member), self);
    mark_tree(r);
    return status ? status : vouch__buf_status(in->ctx, &r->tree_covers);
}

READ(read_trees) { return each(in, token, read_tree, self); }

READ(refuse_trees)
{
    (void)token, (void)self;
    return vouch__token_refuse(in, "only oblivious trees (grow_policy=SymmetricTree) are read");
}

/* [scale, [bias, ...]], or [scale, bias] of old. */
READ(read_scale_part)
{
    reading *r = self;
    if (token->type == VOUCH__TOKEN_ARRAY)
        return vouch__token_doubles(in, token, &r->biases);
    double value = 0.0;
    vouch_status status = vouch__token_double(in, token, &value);
    if (r->has_scale)
        vouch__buf_add(&r->biases, &value, sizeof value);
    else
        r->scale = value;
    r->has_scale = true;
    return status;
}

READ(read_scale) { return each(in, token, read_scale_part, self); }

/* "loss_function": {"type": "Logloss", "params": {...}} */
READ(read_loss_type) { return vouch__token_text(in, token, &((reading *)self)->objective); }

READ(read_loss)
{
    static const vouch__member member[] = { { "type", read_loss_type } };
    return vouch__token_members(in, token, member, N(member), self);
}

READ(read_params)
{
    static const vouch__member member[] = { { "loss_function", read_loss } };
    return token->type == VOUCH__TOKEN_OBJECT ? vouch__token_members(in, token, member, N(member), self)
                                              : vouch__token_skip(in, token);
}

/* Many lines about a build; what follows "CatBoost release " is kept. */
READ(read_catboost_version)
{
    static const char word[] = "CatBoost release ";
    reading *r = self;
    vouch_status status = vouch__token_text(in, token, &r->version);
    if (status)
        return status;
    const char *at = strstr(r->version.at, word);
    at = at ? at + sizeof word - 1 : "";
    size_t len = strcspn(at, " \n");
    memmove(r->version.at, at, len);
    r->version.at[len] = '\0';
    r->version.len = len + 1;
    return VOUCH_OK;
}

READ(read_model_info)
{
    static const vouch__member member[] = { { "params", read_params },
                                            { "catboost_version_info", read_catboost_version } };
    return vouch__token_members(in, token, member, N(member), self);
}

vouch_status vouch__import_catboost(vouch__maker *m, const void *bytes, size_t len)
{
    static const vouch__member member[] = {
        { "features_info", read_features_info },
        { "oblivious_trees", read_trees },
        { "trees", refuse_trees },
        { "scale_and_bias", read_scale },
        { "ctr_data", refuse_if_any },
        { "model_info", read_model_info },
    };
    size_t mark = vouch__scratch_mark(m->ctx);
    reading *r = vouch__scratch(m->ctx, 1, sizeof *r);
    if (!r)
        return vouch__oom(m->ctx);
    memset(r, 0, sizeof *r);
    r->m = m;
    vouch__buf *buf[] = { &r->floats,    &r->cats,        &r->names,       &r->name_at,     &r->name_flat,
                          &r->hash_text, &r->hash_at,     &r->hash_value,  &r->splits,      &r->leaves,
                          &r->covers,    &r->tree_splits, &r->tree_leaves, &r->tree_covers, &r->biases,
                          &r->objective, &r->version };
    vouch__token_file file = { m->file, bytes, len, false, member, N(member), buf, N(buf) };
    vouch_status status = vouch__token_read(m->ctx, &file, r);
    if (!status)
        status = vouch__catboost_make(r);
    for (size_t i = 0; i < N(buf); i++)
        vouch__buf_free(buf[i]);
    vouch__scratch_reset(m->ctx, mark);
    return status;
}

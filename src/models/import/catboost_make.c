/* The forest of a CatBoost file: names, categories, and each oblivious tree as a full binary tree. */
#include "models/import/catboost.h"

#include <math.h>
#include <string.h>

enum { DEPTH_MAX = 16 };
#define N(table) (sizeof(table) / sizeof *(table))

typedef vouch__cat_feature feature;
typedef vouch__cat_split split;
typedef vouch__cat_reading reading;

static const feature *feature_of(const reading *r, const split *s)
{
    const vouch__buf *list = s->is_category ? &r->cats : &r->floats;
    return (uint64_t)s->feature < VOUCH__LEN(*list, feature) ? VOUCH__AT(*list, feature) + s->feature : NULL;
}

static vouch_status set_names(reading *r)
{
    vouch__maker *m = r->m;
    size_t n_floats = VOUCH__LEN(r->floats, feature), n_cats = VOUCH__LEN(r->cats, feature),
           n = n_floats + n_cats;
    size_t mark = vouch__scratch_mark(m->ctx);
    vouch__buf names;
    uint32_t *place = vouch__scratch(m->ctx, n + 1, sizeof *place);
    if (!place)
        return vouch__oom(m->ctx);
    memset(place, UINT8_MAX, (n + 1) * sizeof *place);
    for (size_t i = 0; i < n; i++) {
        const feature *f = i < n_floats ? VOUCH__AT(r->floats, feature) + i
                                        : VOUCH__AT(r->cats, feature) + i - n_floats;
        if ((uint64_t)f->flat >= n || place[f->flat] != UINT32_MAX)
            return vouch__maker_refuse(
                m, "features_info: flat_feature_index %lld is not a place of its own among %zu",
                (long long)f->flat, n);
        place[f->flat] = UINT32_MAX - 1;
    }
    for (size_t i = 0; i < VOUCH__LEN(r->name_flat, uint32_t); i++)
        place[VOUCH__AT(r->name_flat, uint32_t)[i]] = VOUCH__AT(r->name_at, uint32_t)[i];
    vouch__buf_init(m->ctx, &names, 0);
    for (size_t j = 0; j < n; j++) {
        if (place[j] == UINT32_MAX - 1)
            vouch__buf_fmt(&names, "f%zu", j);
        else
            vouch__buf_text(&names, r->names.at + place[j]);
        vouch__buf_add(&names, "", 1);
    }
    vouch_status status = vouch__buf_status(m->ctx, &names);
    if (!status)
        status = vouch__maker_inputs(m, n, &names, n);
    vouch__buf_free(&names);
    vouch__scratch_reset(m->ctx, mark);
    return status;
}

static const char *text_of_hash(const reading *r, int32_t hash)
{
    for (size_t k = 0; k < VOUCH__LEN(r->hash_value, int32_t); k++)
        if (VOUCH__AT(r->hash_value, int32_t)[k] == hash)
            return r->hash_text.at + VOUCH__AT(r->hash_at, uint32_t)[k];
    return NULL;
}

/* The categories of a feature are those its splits ask for: any other is as good as one never seen. order[k]
 * is where the k-th different value stands among the sorted names; value[] lists them. */
static vouch_status set_categories(reading *r, size_t at, vouch__buf *value, vouch__buf *order)
{
    vouch__maker *m = r->m;
    size_t mark = vouch__scratch_mark(m->ctx), n = 0;
    vouch__buf_clear(value);
    for (size_t i = 0; i < VOUCH__LEN(r->splits, split); i++) {
        const split *s = VOUCH__AT(r->splits, split) + i;
        int32_t wanted = (int32_t)(uint32_t)s->value;
        bool is_new = s->is_category && (size_t)s->feature == at;
        for (size_t k = 0; is_new && k < n; k++)
            is_new = VOUCH__AT(*value, int32_t)[k] != wanted;
        if (!is_new)
            continue;
        vouch__buf_add(value, &wanted, sizeof wanted);
        n++;
    }
    uint32_t zero = 0;
    vouch__buf_clear(order);
    for (size_t k = 0; k < n; k++)
        vouch__buf_add(order, &zero, sizeof zero);
    const char **text = vouch__scratch(m->ctx, n ? n : 1, sizeof *text);
    if (!text || value->status || order->status)
        return vouch__oom(m->ctx);
    for (size_t k = 0; k < n; k++) {
        text[k] = text_of_hash(r, VOUCH__AT(*value, int32_t)[k]);
        if (!text[k])
            return vouch__maker_refuse(
                m,
                "cat_features_hash: no name for category %d: save the model with pool=, which writes names",
                VOUCH__AT(*value, int32_t)[k]);
    }
    vouch_status status = vouch__maker_categories(m, (size_t)VOUCH__AT(r->cats, feature)[at].flat, text, n,
                                                  VOUCH__AT(*order, uint32_t));
    vouch__scratch_reset(m->ctx, mark);
    return status;
}

/* The node of a split without its children. Left is bit 0: not above the border, or another category. */
static vouch_status split_node(reading *r, const split *s, const vouch__buf *place, vouch__node *out)
{
    vouch__maker *m = r->m;
    const feature *f = feature_of(r, s);
    if (!f)
        return vouch__maker_refuse(m, "oblivious_trees: tree %u splits on feature %lld, which is not there",
                                   m->n_trees, (long long)s->feature);
    *out = (vouch__node){ .input = (uint32_t)f->flat, .is_category = s->is_category };
    if (!s->is_category) {
        out->rule = VOUCH__RULE_FLOAT_UPTO;
        out->threshold = s->border;
        out->default_left = f->nan != VOUCH__NAN_TRUE; /* NaN > border is false as it is */
        return VOUCH_OK;
    }
    const vouch__input *input = &m->inputs.at[f->flat];
    uint32_t words = (uint32_t)((input->n_categories + 31) / 32), word = UINT32_MAX;
    uint32_t code = VOUCH__AT(*place, uint32_t)[s - VOUCH__AT(r->splits, split)];
    out->default_left = true;
    out->n_bits = (uint32_t)input->n_categories;
    out->bits_at = (uint32_t)VOUCH__LEN(m->bits, uint32_t);
    for (uint32_t w = 0; w < words; w++)
        vouch__buf_add(&m->bits, &word, sizeof word);
    vouch_status status = vouch__buf_status(m->ctx, &m->bits);
    if (status)
        return status;
    uint32_t *bits = VOUCH__AT(m->bits, uint32_t) + out->bits_at;
    bits[code / 32] &= ~((uint32_t)1 << (code % 32));
    if (out->n_bits % 32)
        bits[words - 1] &= ((uint32_t)1 << (out->n_bits % 32)) - 1;
    return VOUCH_OK;
}

/* A full tree of depth d, its level 0 the last split, so that leaves stand in the order of their bits: nodes
 * in breadth first order, node i's children 2 i + 1 and 2 i + 2. */
static vouch_status draft_tree(reading *r, const split *s, size_t depth, const double *leaf, size_t stride,
                               const double *cover, const vouch__buf *place)
{
    size_t inner = ((size_t)1 << depth) - 1;
    for (size_t level = 0; level < depth; level++) {
        vouch__node node;
        vouch_status status = split_node(r, &s[depth - 1 - level], place, &node);
        if (status)
            return status;
        for (size_t i = ((size_t)1 << level) - 1; i < ((size_t)2 << level) - 1; i++) {
            node.left = (int32_t)(2 * i + 1);
            node.right = (int32_t)(2 * i + 2);
            vouch__buf_add(&r->m->draft, &node, sizeof node);
        }
    }
    for (size_t k = 0; k <= inner; k++) {
        vouch__node node = { .left = -1, .right = -1, .input = (uint32_t)k, .value = leaf[k * stride] };
        node.cover = cover ? cover[k] : 0.0;
        vouch__buf_add(&r->m->draft, &node, sizeof node);
    }
    vouch_status status = vouch__buf_status(r->m->ctx, &r->m->draft);
    vouch__node *draft = VOUCH__AT(r->m->draft, vouch__node);
    for (size_t i = inner; !status && i-- > 0;)
        draft[i].cover = draft[2 * i + 1].cover + draft[2 * i + 2].cover;
    return status;
}

static vouch_status make_trees(reading *r, const vouch__buf *place)
{
    vouch__maker *m = r->m;
    size_t n = VOUCH__LEN(r->tree_splits, uint32_t), from[3] = { 0, 0, 0 };
    uint32_t groups = m->forest->n_groups;
    for (size_t t = 0; t < n; t++) {
        size_t to[3] = { VOUCH__AT(r->tree_splits, uint32_t)[t], VOUCH__AT(r->tree_leaves, uint32_t)[t],
                         VOUCH__AT(r->tree_covers, uint32_t)[t] };
        size_t depth = to[0] - from[0], leaves = to[1] - from[1], covers = to[2] - from[2];
        if (depth > DEPTH_MAX)
            return vouch__maker_refuse(m, "oblivious_trees[%zu]: %zu splits, at most %d", t, depth,
                                       DEPTH_MAX);
        if (leaves != (size_t)groups << depth)
            return vouch__maker_refuse(m, "oblivious_trees[%zu].leaf_values: %zu values, must be %zu", t,
                                       leaves, (size_t)groups << depth);
        if (covers != (size_t)1 << depth)
            m->forest->has_cover = false;
        const split *s = depth ? VOUCH__AT(r->splits, split) + from[0] : NULL;
        const double *cover = covers == (size_t)1 << depth ? VOUCH__AT(r->covers, double) + from[2] : NULL;
        for (uint32_t g = 0; g < groups; g++) {
            vouch_status status = draft_tree(r, s, depth, VOUCH__AT(r->leaves, double) + from[1] + g, groups,
                                             cover, place);
            if (!status)
                status = vouch__maker_tree(m, g, true);
            if (status)
                return status;
        }
        memcpy(from, to, sizeof from);
    }
    return VOUCH_OK;
}

static vouch_status set_objective(reading *r)
{
    static const struct {
        const char *name;
        vouch__transform transform;
    } known[] = {
        { "Logloss", VOUCH__SIGMOID },    { "CrossEntropy", VOUCH__SIGMOID },
        { "MultiClass", VOUCH__SOFTMAX }, { "MultiClassOneVsAll", VOUCH__SIGMOID },
        { "Poisson", VOUCH__EXP },        { "Tweedie", VOUCH__EXP },
    };
    vouch__forest *f = r->m->forest;
    const char *name = r->objective.len ? r->objective.at : "RMSE";
    size_t n = VOUCH__LEN(r->biases, double);
    f->transform = VOUCH__AS_IS; /* RMSE, MAE, Quantile and the like */
    for (size_t i = 0; i < N(known); i++)
        if (strcmp(known[i].name, name) == 0)
            f->transform = known[i].transform;
    f->source = VOUCH__FROM_CATBOOST;
    f->is_scaled = true;
    f->has_cover = true;
    f->scale = r->has_scale ? r->scale : 1.0;
    if (n > VOUCH__GROUPS_MAX)
        return vouch__maker_refuse(r->m, "scale_and_bias: %zu biases, at most %d", n, VOUCH__GROUPS_MAX);
    f->n_groups = n ? (uint32_t)n : 1;
    f->start = vouch__alloc(r->m->ctx, f->n_groups, sizeof *f->start);
    f->bias = vouch__alloc(r->m->ctx, f->n_groups, sizeof *f->bias);
    f->objective = vouch__strdup(r->m->ctx, name);
    f->version = vouch__strdup(r->m->ctx, r->version.len ? r->version.at : "");
    if (!f->start || !f->bias || !f->objective || !f->version)
        return vouch__oom(r->m->ctx);
    for (size_t g = 0; g < n; g++)
        f->bias[g] = VOUCH__AT(r->biases, double)[g];
    for (uint32_t g = 0; g < f->n_groups; g++)
        if (!isfinite(f->bias[g]) || !isfinite(f->scale))
            return vouch__maker_refuse(r->m, "scale_and_bias: not finite");
    return VOUCH_OK;
}

/* place[i] of a one-hot split i: the code of its category. */
static vouch_status place_categories(reading *r, vouch__buf *place)
{
    vouch__buf value, order;
    vouch_status status = VOUCH_OK;
    uint32_t none = 0;
    size_t n = VOUCH__LEN(r->splits, split);
    vouch__buf_init(r->m->ctx, &value, 0);
    vouch__buf_init(r->m->ctx, &order, 0);
    for (size_t i = 0; i < n; i++)
        vouch__buf_add(place, &none, sizeof none);
    status = vouch__buf_status(r->m->ctx, place);
    for (size_t c = 0; !status && c < VOUCH__LEN(r->cats, feature); c++) {
        status = set_categories(r, c, &value, &order);
        for (size_t i = 0; !status && i < n; i++) {
            const split *s = VOUCH__AT(r->splits, split) + i;
            for (size_t k = 0; s->is_category && (size_t)s->feature == c && k < VOUCH__LEN(value, int32_t);
                 k++)
                if (VOUCH__AT(value, int32_t)[k] == (int32_t)(uint32_t)s->value)
                    VOUCH__AT(*place, uint32_t)[i] = VOUCH__AT(order, uint32_t)[k];
        }
    }
    vouch__buf_free(&value);
    vouch__buf_free(&order);
    return status;
}

vouch_status vouch__catboost_make(reading *r)
{
    vouch__buf place;
    vouch__buf_init(r->m->ctx, &place, 0);
    vouch_status status = set_objective(r);
    if (!status)
        status = set_names(r);
    if (!status)
        status = place_categories(r, &place);
    if (!status)
        status = make_trees(r, &place);
    vouch__buf_free(&place);
    if (status)
        return status;
    size_t found = VOUCH__LEN(r->tree_splits, uint32_t), mark = vouch__scratch_mark(r->m->ctx);
    uint32_t *up_to = vouch__scratch(r->m->ctx, found + 1, sizeof *up_to);
    if (!up_to)
        return vouch__oom(r->m->ctx);
    for (size_t i = 0; i <= found; i++)
        up_to[i] = (uint32_t)i * r->m->forest->n_groups;
    status = vouch__maker_cut(r->m, up_to, found);
    vouch__scratch_reset(r->m->ctx, mark);
    return status;
}

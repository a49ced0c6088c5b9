/* XGBoost models as save_model writes them, JSON or UBJSON, 1.7 to 3.4. Members may stand in any order:
 * everything but the trees is noted first and used at the end. Numbers of JSON are float32 in their shortest
 * digits, rounded once. */
#include "models/forest/source_math.h"
#include "models/import/maker.h"
#include "models/import/tokens.h"
#include "models/import/xgboost_cats.h"

#include <math.h>
#include <string.h>

typedef struct tree { /* the tree being read: arrays by node */
    vouch__buf left, right, input, type, side, value, cover, cats, cat_node, cat_at, cat_n;
    int64_t vector;
} tree;

typedef struct reading {
    vouch__maker *m;
    tree tree;
    vouch__buf group, weight, names, types, objective, base, version, starts, version_parts;
    size_t n_names, n_types;
    int64_t n_classes, n_targets, n_features, n_parallel, best;
    bool has_trees, is_linear_booster;
    vouch__cats cats;
} reading;

#define READ(name) static vouch_status name(vouch__tokens *in, const vouch__token *token, void *self)
#define N(table) (sizeof(table) / sizeof *(table))

/* A tree. */

#define INTS(function, field)                                                                                \
    READ(function) { return vouch__token_ints(in, token, &((reading *)self)->tree.field); }
#define FLOATS(function, field)                                                                              \
    READ(function) { return vouch__token_floats(in, token, &((reading *)self)->tree.field); }
INTS(read_left, left)
INTS(read_right, right)
INTS(read_input, input)
INTS(read_type, type)
INTS(read_side, side)
INTS(read_cats, cats)
INTS(read_cat_node, cat_node)
INTS(read_cat_at, cat_at)
INTS(read_cat_n, cat_n)
FLOATS(read_value, value)
FLOATS(read_cover, cover)

READ(read_vector) { return vouch__token_int(in, token, 0, INT32_MAX, &((reading *)self)->tree.vector); }

READ(read_tree_param)
{
    static const vouch__member member[] = { { "size_leaf_vector", read_vector } };
    return vouch__token_members(in, token, member, N(member), self);
}

static void each_buffer(reading *r, void (*act)(vouch_ctx *, vouch__buf *))
{
    tree *t = &r->tree;
    vouch__buf *buf[] = { &t->left,  &t->right, &t->input,    &t->type,   &t->side, &t->value,
                          &t->cover, &t->cats,  &t->cat_node, &t->cat_at, &t->cat_n };
    for (size_t i = 0; i < N(buf); i++)
        act(r->m->ctx, buf[i]);
}

static void clear_buffer(vouch_ctx *ctx, vouch__buf *buf) { (void)ctx, vouch__buf_clear(buf); }
static void free_buffer(vouch_ctx *ctx, vouch__buf *buf) { (void)ctx, vouch__buf_free(buf); }
static void init_buffer(vouch_ctx *ctx, vouch__buf *buf) { vouch__buf_init(ctx, buf, (size_t)1 << 34); }

/* What is wrong with the lengths of a tree's arrays, or NULL. */
static const char *check_lengths(const tree *t, size_t n)
{
    size_t n_cats = VOUCH__LEN(t->cat_node, int32_t);
    if (VOUCH__LEN(t->right, int32_t) != n)
        return "right_children is of another length than left_children";
    if (VOUCH__LEN(t->input, int32_t) != n)
        return "split_indices is of another length than left_children";
    if (VOUCH__LEN(t->value, float) != n)
        return "split_conditions is of another length than left_children";
    if (VOUCH__LEN(t->side, int32_t) != n)
        return "default_left is of another length than left_children";
    if (t->type.len && VOUCH__LEN(t->type, int32_t) != n)
        return "split_type is of another length than left_children";
    if (t->cover.len && VOUCH__LEN(t->cover, float) != n)
        return "sum_hessian is of another length than left_children";
    if (VOUCH__LEN(t->cat_at, int32_t) != n_cats || VOUCH__LEN(t->cat_n, int32_t) != n_cats)
        return "categories_segments, categories_sizes and categories_nodes are of different lengths";
    return NULL;
}

/* The set that goes right becomes the bits that go left, as many as reach its largest category. */
static const char *put_set(vouch__maker *m, const tree *t, size_t k, vouch__node *node)
{
    int32_t at = VOUCH__AT(t->cat_at, int32_t)[k], n = VOUCH__AT(t->cat_n, int32_t)[k], most = -1;
    const int32_t *cat = VOUCH__AT(t->cats, int32_t);
    if (at < 0 || n < 0 || (uint64_t)at + (uint64_t)n > VOUCH__LEN(t->cats, int32_t))
        return "categories_segments reaches beyond categories";
    for (int32_t i = 0; i < n; i++) {
        if (cat[at + i] < 0 || cat[at + i] >= 1 << 24)
            return "a category is not within 0 to 16777215";
        most = cat[at + i] > most ? cat[at + i] : most;
    }
    node->n_bits = (uint32_t)(most + 1);
    node->bits_at = (uint32_t)VOUCH__LEN(m->bits, uint32_t);
    uint32_t word = UINT32_MAX, words = (node->n_bits + 31) / 32;
    if (m->bits.len + 4 * (size_t)words > m->most_bits)
        return "sets of few large categories take far more memory than the file";
    for (uint32_t w = 0; w < words; w++)
        vouch__buf_add(&m->bits, &word, sizeof word);
    if (m->bits.status || !words)
        return NULL; /* a failure is told at the end of the tree */
    uint32_t *bits = VOUCH__AT(m->bits, uint32_t) + node->bits_at;
    for (int32_t i = 0; i < n; i++)
        bits[cat[at + i] / 32] &= ~((uint32_t)1 << (cat[at + i] % 32));
    if (node->n_bits % 32)
        bits[words - 1] &= ((uint32_t)1 << (node->n_bits % 32)) - 1;
    return NULL;
}

static void draft_node(const tree *t, size_t i, vouch__node *node)
{
    float value = VOUCH__AT(t->value, float)[i];
    *node = (vouch__node){ .left = VOUCH__AT(t->left, int32_t)[i], .right = VOUCH__AT(t->right, int32_t)[i] };
    node->cover = t->cover.len ? (double)VOUCH__AT(t->cover, float)[i] : 0.0;
    if (node->left < 0 && (node->left != -1 || node->right != -1))
        node->left = INT32_MAX; /* half a leaf: a child that is not there */
    if (node->left < 0) {
        node->value = (double)value;
        node->input = (uint32_t)i;
        return;
    }
    node->input = (uint32_t)VOUCH__AT(t->input, int32_t)[i];
    node->default_left = VOUCH__AT(t->side, int32_t)[i] != 0;
    node->is_category = t->type.len && VOUCH__AT(t->type, int32_t)[i] == 1;
    node->rule = node->is_category ? VOUCH__RULE_SET_ELSE_LEFT : VOUCH__RULE_FLOAT_BELOW;
    node->threshold = node->is_category ? 0.0 : (double)value;
}

static const char *draft_tree(reading *r)
{
    tree *t = &r->tree;
    size_t n = VOUCH__LEN(t->left, int32_t);
    vouch__maker *m = r->m;
    const char *wrong = t->vector > 1 ? "leaves of vectors (multi_strategy=multi_output_tree) are not read"
                                      : check_lengths(t, n);
    for (size_t i = 0; !wrong && i < n; i++) {
        vouch__node node;
        int32_t type = t->type.len ? VOUCH__AT(t->type, int32_t)[i] : 0;
        draft_node(t, i, &node);
        if (type < 0 || type > 1)
            wrong = "split_type is neither 0 nor 1";
        vouch__buf_add(&m->draft, &node, sizeof node);
    }
    for (size_t k = 0; !wrong && !m->draft.status && k < VOUCH__LEN(t->cat_node, int32_t); k++) {
        int32_t i = VOUCH__AT(t->cat_node, int32_t)[k];
        vouch__node *node = i >= 0 && (size_t)i < n ? VOUCH__AT(m->draft, vouch__node) + i : NULL;
        if (!node || !node->is_category || node->n_bits)
            wrong = "categories_nodes names a node that splits no categories, or twice";
        else
            wrong = put_set(m, t, k, node);
    }
    return wrong;
}

READ(read_tree)
{
    static const vouch__member member[] = {
        { "left_children", read_left },        { "right_children", read_right },
        { "split_indices", read_input },       { "split_type", read_type },
        { "default_left", read_side },         { "split_conditions", read_value },
        { "sum_hessian", read_cover },         { "categories", read_cats },
        { "categories_nodes", read_cat_node }, { "categories_segments", read_cat_at },
        { "categories_sizes", read_cat_n },    { "tree_param", read_tree_param },
    };
    reading *r = self;
    each_buffer(r, clear_buffer);
    r->tree.vector = 0;
    vouch_status status = vouch__token_members(in, token, member, N(member), self);
    if (status)
        return status;
    const char *wrong = draft_tree(r);
    if (wrong)
        return vouch__token_refuse(in, "%s", wrong);
    return vouch__maker_tree(r->m, 0, false); /* its group is known at the end */
}

READ(read_trees)
{
    reading *r = self;
    if (r->has_trees)
        return vouch__token_refuse(in, "trees stand twice");
    r->has_trees = true;
    return vouch__token_each(in, token, read_tree, self);
}

/* The booster. */

READ(read_group) { return vouch__token_ints(in, token, &((reading *)self)->group); }
READ(read_starts) { return vouch__token_ints(in, token, &((reading *)self)->starts); }
READ(read_weight) { return vouch__token_floats(in, token, &((reading *)self)->weight); }
READ(read_parallel) { return vouch__token_int(in, token, 0, INT32_MAX, &((reading *)self)->n_parallel); }
READ(read_cat_names) { return vouch__cats_read(in, token, &((reading *)self)->cats); }

READ(read_model_param)
{
    static const vouch__member member[] = { { "num_parallel_tree", read_parallel } };
    return vouch__token_members(in, token, member, N(member), self);
}

READ(read_model)
{
    static const vouch__member member[] = {
        { "trees", read_trees },
        { "tree_info", read_group },
        { "iteration_indptr", read_starts },
        { "cats", read_cat_names },
        { "gbtree_model_param", read_model_param },
        { "weight_drop", read_weight },
    };
    return vouch__token_members(in, token, member, N(member), self);
}

READ(read_inner_booster)
{
    static const vouch__member member[] = { { "model", read_model } };
    return vouch__token_members(in, token, member, N(member), self);
}

READ(read_booster_name)
{
    reading *r = self;
    (void)in;
    r->is_linear_booster = token->type == VOUCH__TOKEN_STRING && token->len == 8 &&
                           !memcmp(token->text, "gblinear", 8);
    return VOUCH_OK;
}

READ(read_booster)
{
    static const vouch__member member[] = {
        { "model", read_model },
        { "gbtree", read_inner_booster }, /* of dart before 3.0 */
        { "weight_drop", read_weight },
        { "name", read_booster_name },
    };
    return vouch__token_members(in, token, member, N(member), self);
}

/* The learner. */

READ(read_name) { return vouch__token_text(in, token, &((reading *)self)->objective); }
READ(read_names)
{
    return vouch__token_texts(in, token, &((reading *)self)->names, &((reading *)self)->n_names);
}
READ(read_types)
{
    return vouch__token_texts(in, token, &((reading *)self)->types, &((reading *)self)->n_types);
}
READ(read_base) { return vouch__token_text(in, token, &((reading *)self)->base); }
READ(read_classes)
{
    return vouch__token_int(in, token, 0, VOUCH__GROUPS_MAX, &((reading *)self)->n_classes);
}
READ(read_targets)
{
    return vouch__token_int(in, token, 0, VOUCH__GROUPS_MAX, &((reading *)self)->n_targets);
}
READ(read_features) { return vouch__token_int(in, token, 0, INT32_MAX, &((reading *)self)->n_features); }
READ(read_best) { return vouch__token_int(in, token, 0, INT32_MAX, &((reading *)self)->best); }

READ(read_objective)
{
    static const vouch__member member[] = { { "name", read_name } };
    return vouch__token_members(in, token, member, N(member), self);
}

READ(read_learner_param)
{
    static const vouch__member member[] = {
        { "base_score", read_base },
        { "num_class", read_classes },
        { "num_target", read_targets },
        { "num_feature", read_features },
    };
    return vouch__token_members(in, token, member, N(member), self);
}

READ(read_attributes)
{
    static const vouch__member member[] = { { "best_iteration", read_best } };
    return vouch__token_members(in, token, member, N(member), self);
}

READ(read_learner)
{
    static const vouch__member member[] = {
        { "gradient_booster", read_booster },
        { "objective", read_objective },
        { "learner_model_param", read_learner_param },
        { "feature_names", read_names },
        { "feature_types", read_types },
        { "attributes", read_attributes },
    };
    return vouch__token_members(in, token, member, N(member), self);
}

READ(read_version)
{
    reading *r = self;
    vouch_status status = vouch__token_ints(in, token, &r->version_parts);
    size_t n = VOUCH__LEN(r->version_parts, int32_t);
    for (size_t i = 0; !status && i < n && i < 3; i++)
        vouch__buf_fmt(&r->version, "%s%d", i ? "." : "", VOUCH__AT(r->version_parts, int32_t)[i]);
    return status;
}

/* What was noted, put to use. */

typedef struct objective {
    const char *name;
    vouch__transform transform;
    enum { SAME, LOGIT, LOG } base; /* from base_score to the margin where sums start */
} objective;

static const objective objectives[] = {
    { "binary:logistic", VOUCH__SIGMOID_FLOAT, LOGIT },
    { "reg:logistic", VOUCH__SIGMOID_FLOAT, LOGIT },
    { "binary:logitraw", VOUCH__AS_IS, SAME },
    { "binary:hinge", VOUCH__HINGE, SAME },
    { "multi:softprob", VOUCH__SOFTMAX_FLOAT, SAME },
    { "multi:softmax", VOUCH__ARGMAX, SAME },
    { "reg:squarederror", VOUCH__AS_IS, SAME },
    { "reg:linear", VOUCH__AS_IS, SAME },
    { "reg:squaredlogerror", VOUCH__AS_IS, SAME },
    { "reg:absoluteerror", VOUCH__AS_IS, SAME },
    { "reg:pseudohubererror", VOUCH__AS_IS, SAME },
    { "reg:quantileerror", VOUCH__AS_IS, SAME },
    { "count:poisson", VOUCH__EXP_FLOAT, LOG },
    { "reg:gamma", VOUCH__EXP_FLOAT, LOG },
    { "reg:tweedie", VOUCH__EXP_FLOAT, LOG },
    { "rank:pairwise", VOUCH__AS_IS, SAME },
    { "rank:ndcg", VOUCH__AS_IS, SAME },
    { "rank:map", VOUCH__AS_IS, SAME },
};

static float start_of(const objective *o, float base)
{
    if (o->base == LOG)
        return vouch__source_logf(base);
    if (o->base == SAME)
        return base;
    float odds = 1.0F / base;
    odds = odds - 1.0F;
    return -vouch__source_logf(odds);
}

/* base_score is "0.5" up to 3.0, "[5E-1]" or "[a,b,c]" since; a single one counts for all outputs. */
static vouch_status set_starts(reading *r, const objective *o)
{
    vouch__forest *f = r->m->forest;
    const char *p = r->base.len ? r->base.at : "0.5";
    size_t n = 0;
    f->start = vouch__alloc(r->m->ctx, f->n_groups, sizeof *f->start);
    if (!f->start)
        return vouch__oom(r->m->ctx);
    p += *p == '[';
    while (n < f->n_groups) {
        size_t len = strcspn(p, ",]");
        float base, start;
        if (!vouch__float_read(p, len, &base))
            return vouch__maker_refuse(r->m,
                                       "learner.learner_model_param.base_score: '%.40s' is not a number", p);
        start = start_of(o, base);
        if (!isfinite(start))
            return vouch__maker_refuse(r->m,
                                       "learner.learner_model_param.base_score: %.*s has no finite margin",
                                       len < 40 ? (int)len : 40, p);
        f->start[n++] = (double)start;
        p += len;
        if (*p != ',')
            break;
        p++;
    }
    if (n != 1 && n != f->n_groups)
        return vouch__maker_refuse(r->m, "learner.learner_model_param.base_score: %zu values for %u outputs",
                                   n, f->n_groups);
    for (; n < f->n_groups; n++)
        f->start[n] = f->start[0];
    return VOUCH_OK;
}

static vouch_status set_objective(reading *r)
{
    vouch__forest *f = r->m->forest;
    const objective *o = NULL;
    for (size_t i = 0; r->objective.len && i < N(objectives); i++)
        if (strcmp(objectives[i].name, r->objective.at) == 0)
            o = &objectives[i];
    if (!o)
        return vouch__maker_refuse(r->m, "learner.objective.name: '%.60s' is not one that is read",
                                   r->objective.len ? r->objective.at : "");
    bool is_multi = o->transform == VOUCH__SOFTMAX_FLOAT || o->transform == VOUCH__ARGMAX;
    if (is_multi != (r->n_classes > 1))
        return vouch__maker_refuse(r->m, "learner.learner_model_param.num_class: %lld with objective %s",
                                   (long long)r->n_classes, o->name);
    int64_t groups = r->n_classes > r->n_targets ? r->n_classes : r->n_targets;
    f->n_groups = groups > 1 ? (uint32_t)groups : 1;
    f->transform = o->transform;
    f->objective = vouch__strdup(r->m->ctx, o->name);
    return f->objective ? set_starts(r, o) : vouch__oom(r->m->ctx);
}

static vouch_status set_groups(reading *r)
{
    vouch__maker *m = r->m;
    uint32_t *group = VOUCH__AT(m->group, uint32_t);
    size_t n_info = VOUCH__LEN(r->group, int32_t), n_weight = VOUCH__LEN(r->weight, float);
    if (n_info != m->n_trees)
        return vouch__maker_refuse(m, "learner.gradient_booster.model.tree_info: %zu entries for %u trees",
                                   n_info, m->n_trees);
    for (size_t t = 0; t < n_info; t++) {
        int32_t g = VOUCH__AT(r->group, int32_t)[t];
        if (g < 0 || (uint32_t)g >= m->forest->n_groups)
            return vouch__maker_refuse(m, "learner.gradient_booster.model.tree_info: %d of %u outputs", g,
                                       m->forest->n_groups);
        group[t] = (uint32_t)g;
    }
    if (!n_weight)
        return VOUCH_OK;
    if (n_weight != m->n_trees)
        return vouch__maker_refuse(m, "learner.gradient_booster.weight_drop: %zu weights for %u trees",
                                   n_weight, m->n_trees);
    for (size_t t = 0; t < n_weight; t++)
        if (!isfinite(VOUCH__AT(r->weight, float)[t]))
            return vouch__maker_refuse(m, "learner.gradient_booster.weight_drop: weight %zu is not finite",
                                       t);
    m->forest->weight = (float *)(void *)vouch__buf_take(&r->weight);
    return m->forest->weight ? VOUCH_OK : vouch__oom(m->ctx);
}

/* Trees up to the end of each iteration: as the file says (2.1 and later), or of even size. */
static vouch_status set_iterations(reading *r)
{
    vouch__maker *m = r->m;
    size_t n = VOUCH__LEN(r->starts, int32_t), mark = vouch__scratch_mark(m->ctx);
    const int32_t *start = VOUCH__AT(r->starts, int32_t);
    uint64_t each = (uint64_t)(r->n_parallel > 0 ? r->n_parallel : 1) * m->forest->n_groups;
    bool is_told = n > 0;
    for (size_t i = 0; is_told && i < n; i++)
        if (start[i] < 0 || (uint32_t)start[i] > m->n_trees || (i && start[i] < start[i - 1]))
            return vouch__maker_refuse(m, "learner.gradient_booster.model.iteration_indptr: entry %zu is %d",
                                       i, start[i]);
    if (is_told && (start[0] != 0 || (uint32_t)start[n - 1] != m->n_trees))
        return vouch__maker_refuse(
            m, "learner.gradient_booster.model.iteration_indptr: does not span the trees");
    size_t found = is_told ? n - 1 : (size_t)(m->n_trees / each);
    uint32_t *up_to = vouch__scratch(m->ctx, found + 1, sizeof *up_to);
    if (!up_to)
        return vouch__oom(m->ctx);
    for (size_t i = 0; i <= found; i++)
        up_to[i] = is_told ? (uint32_t)start[i] : (uint32_t)(i * each);
    m->forest->best = (uint32_t)(r->best + 1);
    vouch_status status = vouch__maker_cut(m, up_to, found);
    vouch__scratch_reset(m->ctx, mark);
    return status;
}

static vouch_status put_together(reading *r)
{
    vouch__maker *m = r->m;
    vouch__forest *f = m->forest;
    if (r->is_linear_booster)
        return vouch__maker_refuse(m, "learner.gradient_booster.name: gblinear has no trees");
    if (r->version.len == 0)
        return vouch__maker_refuse(m, "version: it is not there, so this is no model of save_model");
    f->source = VOUCH__FROM_XGBOOST;
    f->is_float = true;
    f->has_cover = true;
    f->version = vouch__strdup(m->ctx, r->version.at);
    vouch_status status = f->version ? set_objective(r) : vouch__oom(m->ctx);
    size_t n = r->n_features ? (size_t)r->n_features : r->n_names;
    if (!status)
        status = vouch__maker_inputs(m, n, &r->names, r->n_names);
    if (!status)
        status = set_groups(r);
    if (!status)
        status = vouch__cats_apply(m, &r->cats);
    for (size_t i = 0; !status && i < VOUCH__LEN(m->node, vouch__node); i++) {
        const vouch__node *node = VOUCH__AT(m->node, vouch__node) + i;
        if (node->left >= 0 && node->input >= n)
            status = vouch__maker_refuse(m, "split_indices: a node splits on feature %u of %zu", node->input,
                                         n);
    }
    return status ? status : set_iterations(r);
}

vouch_status vouch__import_xgboost(vouch__maker *m, const void *bytes, size_t len, bool is_ubjson)
{
    static const vouch__member member[] = { { "learner", read_learner }, { "version", read_version } };
    size_t mark = vouch__scratch_mark(m->ctx);
    reading *r = vouch__scratch(m->ctx, 1, sizeof *r);
    if (!r)
        return vouch__oom(m->ctx);
    memset(r, 0, sizeof *r);
    r->m = m;
    r->best = -1;
    vouch__buf *buf[] = { &r->group, &r->weight,  &r->names,  &r->types,        &r->objective,
                          &r->base,  &r->version, &r->starts, &r->version_parts };
    vouch__token_file file = { m->file, bytes, len, is_ubjson, member, N(member), buf, N(buf) };
    each_buffer(r, init_buffer);
    vouch__cats_init(m->ctx, &r->cats);
    vouch_status status = vouch__token_read(m->ctx, &file, r);
    if (!status)
        status = put_together(r);
    for (size_t i = 0; i < N(buf); i++)
        vouch__buf_free(buf[i]);
    each_buffer(r, free_buffer);
    vouch__cats_clear(&r->cats);
    vouch__scratch_reset(m->ctx, mark);
    return status;
}

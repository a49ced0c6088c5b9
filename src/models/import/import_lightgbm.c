/* LightGBM models as save_model writes them: lines of name=value, a header, trees, an end. */
#include "models/import/maker.h"

#include <math.h>
#include <string.h>

typedef struct slice {
    const char *at;
    size_t len;
} slice;

enum field {
    NUM_LEAVES,
    NUM_CAT,
    SPLIT_FEATURE,
    THRESHOLD,
    DECISION_TYPE,
    LEFT_CHILD,
    RIGHT_CHILD,
    LEAF_VALUE,
    LEAF_COUNT,
    INTERNAL_COUNT,
    CAT_BOUNDARIES,
    CAT_THRESHOLD,
    IS_LINEAR,
    LEAF_CONST,
    NUM_FEATURES,
    LEAF_FEATURES,
    LEAF_COEFF,
    FIELDS
};

static const char *const field_name[FIELDS] = {
    "num_leaves",  "num_cat",    "split_feature", "threshold",      "decision_type",  "left_child",
    "right_child", "leaf_value", "leaf_count",    "internal_count", "cat_boundaries", "cat_threshold",
    "is_linear",   "leaf_const", "num_features",  "leaf_features",  "leaf_coeff",
};

enum header { VERSION, NUM_CLASS, PER_ITERATION, MAX_FEATURE, OBJECTIVE, FEATURE_NAMES, HEADERS };

static const char *const header_name[HEADERS] = {
    "version", "num_class", "num_tree_per_iteration", "max_feature_idx", "objective", "feature_names",
};

typedef struct reading {
    vouch__maker *m;
    const char *p, *end;
    slice header[HEADERS], field[FIELDS];
    bool is_averaged;
    int64_t n_groups, n_features;
    vouch__buf number, coefficient; /* doubles of the fields being read */
} reading;

enum { TREE_BITS_ZERO = 1, TREE_BITS_NAN = 2 };

static bool next_line(reading *r, slice *out)
{
    if (r->p == r->end)
        return false;
    const char *eol = memchr(r->p, '\n', (size_t)(r->end - r->p));
    const char *stop = eol ? eol : r->end;
    *out = (slice){ r->p, (size_t)(stop - r->p) };
    r->p = eol ? eol + 1 : r->end;
    if (out->len && out->at[out->len - 1] == '\r')
        out->len--;
    return true;
}

static bool starts(slice line, const char *word)
{
    size_t n = strlen(word);
    return line.len >= n && memcmp(line.at, word, n) == 0;
}

/* Notes name=value in the table of names. A name twice is refused. */
static vouch_status note(reading *r, slice line, const char *const *name, size_t n, slice *value)
{
    const char *equals = memchr(line.at, '=', line.len);
    if (!equals)
        return VOUCH_OK;
    size_t len = (size_t)(equals - line.at);
    for (size_t i = 0; i < n; i++) {
        if (strlen(name[i]) != len || memcmp(name[i], line.at, len) != 0)
            continue;
        if (value[i].at)
            return vouch__maker_refuse(r->m, "tree %u: %s stands twice", r->m->n_trees, name[i]);
        value[i] = (slice){ equals + 1, line.len - len - 1 };
    }
    return VOUCH_OK;
}

static bool next_word(slice *text, slice *out)
{
    while (text->len && *text->at == ' ') {
        text->at++;
        text->len--;
    }
    if (!text->len)
        return false;
    const char *space = memchr(text->at, ' ', text->len);
    *out = (slice){ text->at, space ? (size_t)(space - text->at) : text->len };
    text->at += out->len;
    text->len -= out->len;
    return true;
}

static vouch_status wrong(reading *r, enum field f, const char *what)
{
    return vouch__maker_refuse(r->m, "tree %u: %s %s", r->m->n_trees, field_name[f], what);
}

static bool read_whole(slice text, int64_t lo, int64_t hi, int64_t *out)
{
    return vouch__int_read(text.at, text.len, out) && *out >= lo && *out <= hi;
}

static bool read_real(slice word, double *out)
{
    if (vouch__double_read(word.at, word.len, out))
        return true;
    bool is_minus = word.len == 4 && word.at[0] == '-';
    slice rest = { word.at + is_minus, word.len - is_minus };
    if (rest.len == 3 && (memcmp(rest.at, "inf", 3) == 0 || memcmp(rest.at, "Inf", 3) == 0)) {
        *out = is_minus ? -INFINITY : INFINITY;
        return true;
    }
    return false;
}

/* The field's numbers, appended to out; exactly n, or any number for SIZE_MAX. */
static vouch_status numbers(reading *r, enum field f, size_t n, vouch__buf *out, size_t *out_at)
{
    slice text = r->field[f], word;
    size_t count = 0;
    *out_at = VOUCH__LEN(*out, double);
    if (!text.at)
        return wrong(r, f, "is not there");
    while (next_word(&text, &word)) {
        double value;
        if (!read_real(word, &value))
            return vouch__maker_refuse(r->m, "tree %u: %s[%zu] is '%.*s', must be a number", r->m->n_trees,
                                       field_name[f], count, word.len < 30 ? (int)word.len : 30, word.at);
        vouch__buf_add(out, &value, sizeof value);
        count++;
    }
    if (n != SIZE_MAX && count != n)
        return vouch__maker_refuse(r->m, "tree %u: %s has %zu values, must have %zu", r->m->n_trees,
                                   field_name[f], count, n);
    return vouch__buf_status(r->m->ctx, out);
}

static bool is_whole(double v, double lo, double hi) { return v >= lo && v <= hi && v == floor(v); }

/* Places of a tree's fields among the numbers read. */
typedef struct places {
    size_t n; /* leaves */
    size_t at[FIELDS];
    bool is_linear, has_sets, has_counts;
} places;

static double value_of(const reading *r, const places *p, enum field f, size_t i)
{
    return VOUCH__AT(r->number, double)[p->at[f] + i];
}

static vouch_status gather(reading *r, places *p)
{
    size_t n = p->n, splits = n - 1;
    const struct {
        size_t n;
        enum field f;
        bool is_read;
    } part[] = {
        { n, LEAF_VALUE, true },
        { n, LEAF_COUNT, p->has_counts },
        { splits, SPLIT_FEATURE, splits > 0 },
        { splits, THRESHOLD, splits > 0 },
        { splits, DECISION_TYPE, splits > 0 },
        { splits, LEFT_CHILD, splits > 0 },
        { splits, RIGHT_CHILD, splits > 0 },
        { splits, INTERNAL_COUNT, splits > 0 && p->has_counts },
        { SIZE_MAX, CAT_BOUNDARIES, p->has_sets },
        { SIZE_MAX, CAT_THRESHOLD, p->has_sets },
        { n, LEAF_CONST, p->is_linear },
        { n, NUM_FEATURES, p->is_linear },
        { SIZE_MAX, LEAF_FEATURES, p->is_linear },
        { SIZE_MAX, LEAF_COEFF, p->is_linear },
    };
    vouch_status status = VOUCH_OK;
    for (size_t i = 0; !status && i < sizeof part / sizeof *part; i++)
        if (part[i].is_read)
            status = numbers(r, part[i].f, part[i].n, &r->number, &p->at[part[i].f]);
    return status;
}

/* The words of a set, from cat_boundaries[c] to cat_boundaries[c + 1], into the maker's bits. */
static vouch_status put_set(reading *r, const places *p, double which, vouch__node *node)
{
    size_t n_boundaries = p->at[CAT_THRESHOLD] - p->at[CAT_BOUNDARIES];
    size_t end = p->is_linear ? p->at[LEAF_CONST] : VOUCH__LEN(r->number, double);
    size_t n_words = end - p->at[CAT_THRESHOLD];
    if (!p->has_sets || n_boundaries < 2 || !is_whole(which, 0.0, (double)n_boundaries - 2.0))
        return wrong(r, THRESHOLD, "names a set of categories that is not there");
    double from = value_of(r, p, CAT_BOUNDARIES, (size_t)which),
           to = value_of(r, p, CAT_BOUNDARIES, (size_t)which + 1);
    if (!is_whole(from, 0.0, (double)n_words) || !is_whole(to, from, (double)n_words))
        return wrong(r, CAT_BOUNDARIES, "reaches beyond cat_threshold");
    if (to - from > 1 << 26)
        return wrong(r, CAT_BOUNDARIES, "has a set of more than 2147483648 categories");
    node->bits_at = (uint32_t)VOUCH__LEN(r->m->bits, uint32_t);
    node->n_bits = 32 * (uint32_t)(to - from);
    for (size_t w = (size_t)from; w < (size_t)to; w++) {
        double word = value_of(r, p, CAT_THRESHOLD, w);
        if (!is_whole(word, 0.0, (double)UINT32_MAX))
            return wrong(r, CAT_THRESHOLD, "holds a word that is not of 32 bits");
        uint32_t bits = (uint32_t)word;
        vouch__buf_add(&r->m->bits, &bits, sizeof bits);
    }
    return VOUCH_OK;
}

/* Inner nodes come first, leaf k of n stands at n - 1 + k. */
static vouch_status draft_split(reading *r, const places *p, size_t i)
{
    vouch__node node = { .cover = p->has_counts ? value_of(r, p, INTERNAL_COUNT, i) : 0.0 };
    double child[] = { value_of(r, p, LEFT_CHILD, i), value_of(r, p, RIGHT_CHILD, i) };
    double feature = value_of(r, p, SPLIT_FEATURE, i), decision = value_of(r, p, DECISION_TYPE, i);
    int32_t to[2];
    for (int side = 0; side < 2; side++) {
        if (!is_whole(child[side], -(double)p->n, (double)p->n - 2.0))
            return wrong(r, side ? RIGHT_CHILD : LEFT_CHILD, "names a node that is not there");
        to[side] = (int32_t)(child[side] >= 0.0 ? child[side] : (double)p->n - 2.0 - child[side]);
    }
    if (!is_whole(feature, 0.0, (double)r->n_features - 1.0))
        return wrong(r, SPLIT_FEATURE, "names a feature that is not there");
    if (!is_whole(decision, 0.0, 15.0) || ((unsigned)decision >> 2) > TREE_BITS_NAN)
        return wrong(r, DECISION_TYPE, "is of no known type");
    unsigned bits = (unsigned)decision, missing = bits >> 2;
    node.left = to[0];
    node.right = to[1];
    node.input = (uint32_t)feature;
    node.is_category = bits & 1;
    node.default_left = !node.is_category && bits & 2;
    node.threshold = value_of(r, p, THRESHOLD, i);
    node.rule = node.is_category            ? VOUCH__RULE_SET_ELSE_RIGHT
                : missing == TREE_BITS_ZERO ? VOUCH__RULE_SNAP_ZERO
                : missing == TREE_BITS_NAN  ? VOUCH__RULE_SNAP_NAN
                                            : VOUCH__RULE_SNAP;
    if (node.is_category) {
        vouch_status status = put_set(r, p, node.threshold, &node);
        if (status)
            return status;
        node.threshold = 0.0;
    }
    vouch__buf_add(&r->m->draft, &node, sizeof node);
    return VOUCH_OK;
}

static vouch_status put_line(reading *r, const places *p, size_t leaf, size_t *term_at, vouch__node *node)
{
    double n = value_of(r, p, NUM_FEATURES, leaf);
    size_t n_terms = p->at[LEAF_COEFF] - p->at[LEAF_FEATURES];
    vouch__leaf_line line = { .constant = value_of(r, p, LEAF_CONST, leaf) };
    if (!is_whole(n, 0.0, (double)(n_terms - *term_at)))
        return wrong(r, NUM_FEATURES, "is more than leaf_features holds");
    if (!isfinite(line.constant))
        return wrong(r, LEAF_CONST, "is not finite");
    line.first = (uint32_t)VOUCH__LEN(r->m->term, vouch__term);
    line.n = (uint32_t)n;
    for (uint32_t k = 0; k < line.n; k++, ++*term_at) {
        double feature = value_of(r, p, LEAF_FEATURES, *term_at), c = value_of(r, p, LEAF_COEFF, *term_at);
        if (!is_whole(feature, 0.0, (double)r->n_features - 1.0) || !isfinite(c))
            return wrong(r, LEAF_FEATURES, "or leaf_coeff is not of a feature, or not finite");
        vouch__term term = { .input = (uint32_t)feature, .coefficient = c };
        vouch__buf_add(&r->m->term, &term, sizeof term);
    }
    vouch__buf_add(&r->m->line, &line, sizeof line);
    node->bits_at = (uint32_t)VOUCH__LEN(r->m->line, vouch__leaf_line);
    return VOUCH_OK;
}

static vouch_status draft_tree(reading *r)
{
    places p = { .has_sets = false };
    int64_t leaves = 0, sets = 0, linear = 0;
    size_t term = 0;
    vouch__buf_clear(&r->number);
    /* a leaf takes at least two bytes of its line */
    if (!read_whole(r->field[NUM_LEAVES], 1, (int64_t)(r->field[LEAF_VALUE].len + 1) / 2, &leaves))
        return wrong(r, NUM_LEAVES, "is not the number of values of leaf_value");
    if (r->field[NUM_CAT].at && !read_whole(r->field[NUM_CAT], 0, INT32_MAX, &sets))
        return wrong(r, NUM_CAT, "is not a whole number");
    if (r->field[IS_LINEAR].at && !read_whole(r->field[IS_LINEAR], 0, 1, &linear))
        return wrong(r, IS_LINEAR, "is neither 0 nor 1");
    p.n = (size_t)leaves;
    p.has_sets = sets > 0;
    p.is_linear = linear && r->field[LEAF_CONST].at;
    p.has_counts = p.n == 1 || (r->field[LEAF_COUNT].len && r->field[INTERNAL_COUNT].len);
    if (p.n == 1 && !r->field[LEAF_COUNT].len)
        p.has_counts = false;
    if (p.n > 1 && !p.has_counts)
        r->m->forest->has_cover = false;
    vouch_status status = gather(r, &p);
    if (!status && p.is_linear &&
        VOUCH__LEN(r->number, double) - p.at[LEAF_COEFF] != p.at[LEAF_COEFF] - p.at[LEAF_FEATURES])
        status = wrong(r, LEAF_COEFF, "is of another length than leaf_features");
    for (size_t i = 0; !status && i + 1 < p.n; i++)
        status = draft_split(r, &p, i);
    for (size_t k = 0; !status && k < p.n; k++) {
        vouch__node node = {
            .left = -1, .right = -1, .input = (uint32_t)k, .value = value_of(r, &p, LEAF_VALUE, k)
        };
        node.cover = p.has_counts ? value_of(r, &p, LEAF_COUNT, k) : 0.0;
        if (p.is_linear)
            status = put_line(r, &p, k, &term, &node);
        vouch__buf_add(&r->m->draft, &node, sizeof node);
    }
    return status ? status : vouch__maker_tree(r->m, r->m->n_trees % (uint32_t)r->n_groups, true);
}

/* "binary sigmoid:1", "multiclass num_class:3", "regression sqrt". */
static vouch_status set_objective(reading *r)
{
    static const struct {
        const char *name;
        vouch__transform transform;
    } known[] = {
        { "binary", VOUCH__SIGMOID },
        { "multiclass", VOUCH__SOFTMAX },
        { "multiclassova", VOUCH__SIGMOID },
        { "regression", VOUCH__AS_IS },
        { "regression_l1", VOUCH__AS_IS },
        { "huber", VOUCH__AS_IS },
        { "fair", VOUCH__AS_IS },
        { "quantile", VOUCH__AS_IS },
        { "mape", VOUCH__AS_IS },
        { "poisson", VOUCH__EXP },
        { "gamma", VOUCH__EXP },
        { "tweedie", VOUCH__EXP },
        { "cross_entropy", VOUCH__SIGMOID },
        { "cross_entropy_lambda", VOUCH__SOFTPLUS },
        { "lambdarank", VOUCH__AS_IS },
        { "rank_xendcg", VOUCH__AS_IS },
        { "custom", VOUCH__AS_IS },
    };
    vouch__forest *f = r->m->forest;
    slice text = r->header[OBJECTIVE].at ? r->header[OBJECTIVE] : (slice){ "custom", 6 }, first, word;
    size_t i = 0, n = sizeof known / sizeof *known;
    if (!next_word(&text, &first))
        first = (slice){ "custom", 6 };
    while (i < n && (strlen(known[i].name) != first.len || memcmp(known[i].name, first.at, first.len) != 0))
        i++;
    if (i == n)
        return vouch__maker_refuse(r->m, "objective: '%.*s' is not one that is read",
                                   first.len < 40 ? (int)first.len : 40, first.at);
    f->transform = known[i].transform;
    while (next_word(&text, &word)) {
        if (starts(word, "sigmoid:") && !vouch__double_read(word.at + 8, word.len - 8, &f->slope))
            return vouch__maker_refuse(r->m, "objective: sigmoid is not a number");
        if (starts(word, "sqrt") && word.len == 4)
            f->transform = VOUCH__SQUARE;
    }
    if (!isfinite(f->slope))
        return vouch__maker_refuse(r->m, "objective: sigmoid is not finite");
    if ((f->transform == VOUCH__SOFTMAX) && f->n_groups < 2)
        return vouch__maker_refuse(r->m, "objective: multiclass with a single class");
    f->objective = vouch__strdup(r->m->ctx, known[i].name);
    return f->objective ? VOUCH_OK : vouch__oom(r->m->ctx);
}

static vouch_status set_names(reading *r)
{
    vouch__buf names;
    slice text = r->header[FEATURE_NAMES], word;
    size_t n = 0;
    vouch_status status = VOUCH_OK;
    vouch__buf_init(r->m->ctx, &names, 0);
    while (!status && text.at && next_word(&text, &word)) {
        if (memchr(word.at, 0, word.len) || !vouch__utf8_valid(word.at, word.len))
            status = vouch__maker_refuse(r->m, "feature_names: name %zu is not UTF-8", n);
        vouch__buf_add(&names, word.at, word.len);
        vouch__buf_add(&names, "", 1);
        n++;
    }
    if (!status)
        status = vouch__buf_status(r->m->ctx, &names);
    if (!status)
        status = vouch__maker_inputs(r->m, (size_t)r->n_features, &names, n);
    vouch__buf_free(&names);
    return status;
}

static vouch_status set_header(reading *r)
{
    vouch__maker *m = r->m;
    vouch__forest *f = m->forest;
    char version[32];
    slice v = r->header[VERSION];
    if (!read_whole(r->header[PER_ITERATION], 1, VOUCH__GROUPS_MAX, &r->n_groups))
        return vouch__maker_refuse(m, "num_tree_per_iteration: it is not there, or not 1 to %d",
                                   VOUCH__GROUPS_MAX);
    if (!read_whole(r->header[MAX_FEATURE], 0, INT32_MAX - 1, &r->n_features))
        return vouch__maker_refuse(m, "max_feature_idx: it is not there, or not a whole number");
    r->n_features++;
    size_t n = v.at && v.len < sizeof version ? v.len : 0;
    memcpy(version, n ? v.at : "", n);
    version[n] = '\0';
    if (strcmp(version, "v2") != 0 && strcmp(version, "v3") != 0 && strcmp(version, "v4") != 0)
        return vouch__maker_refuse(m, "version: must be v2, v3 or v4");
    f->source = VOUCH__FROM_LIGHTGBM;
    f->is_averaged = r->is_averaged;
    f->has_cover = true;
    f->n_groups = (uint32_t)r->n_groups;
    f->version = vouch__strdup(m->ctx, version);
    f->start = vouch__alloc(m->ctx, f->n_groups, sizeof *f->start);
    if (!f->version || !f->start)
        return vouch__oom(m->ctx);
    vouch_status status = set_objective(r);
    return status ? status : set_names(r);
}

/* Blocks: the header, then one a tree, each opened by Tree=; the last by "end of trees". */
static vouch_status read_blocks(reading *r)
{
    slice line;
    bool in_header = true;
    vouch_status status = VOUCH_OK;
    while (!status && next_line(r, &line)) {
        bool is_tree = starts(line, "Tree="), is_end = starts(line, "end of trees");
        if (is_tree || is_end) {
            status = in_header ? set_header(r) : draft_tree(r);
            in_header = false;
            memset(r->field, 0, sizeof r->field);
            if (is_end || status)
                return status;
            status = vouch__poll(r->m->ctx);
        } else if (in_header) {
            r->is_averaged = r->is_averaged || (line.len == 14 && starts(line, "average_output"));
            status = note(r, line, header_name, HEADERS, r->header);
        } else {
            status = note(r, line, field_name, FIELDS, r->field);
        }
    }
    return status ? status : vouch__maker_refuse(r->m, "it ends before 'end of trees'");
}

static vouch_status cut(reading *r)
{
    vouch__maker *m = r->m;
    size_t found = m->n_trees / (size_t)r->n_groups, mark = vouch__scratch_mark(m->ctx);
    if (m->n_trees % (uint32_t)r->n_groups)
        return vouch__maker_refuse(m, "%u trees are not a multiple of num_tree_per_iteration", m->n_trees);
    uint32_t *up_to = vouch__scratch(m->ctx, found + 1, sizeof *up_to);
    if (!up_to)
        return vouch__oom(m->ctx);
    for (size_t i = 0; i <= found; i++)
        up_to[i] = (uint32_t)(i * (size_t)r->n_groups);
    vouch_status status = vouch__maker_cut(m, up_to, found);
    vouch__scratch_reset(m->ctx, mark);
    return status;
}

vouch_status vouch__import_lightgbm(vouch__maker *m, const void *bytes, size_t len)
{
    size_t mark = vouch__scratch_mark(m->ctx);
    reading *r = vouch__scratch(m->ctx, 1, sizeof *r);
    if (!r)
        return vouch__oom(m->ctx);
    memset(r, 0, sizeof *r);
    r->m = m;
    r->p = bytes;
    r->end = r->p + len;
    vouch__buf_init(m->ctx, &r->number, (size_t)1 << 34);
    vouch_status status = read_blocks(r);
    if (!status)
        status = cut(r);
    vouch__buf_free(&r->number);
    vouch__scratch_reset(m->ctx, mark);
    return status;
}

/* How two models differ: their descriptions member by member, and of forests the trees node by node. */
#include "models/forest/forest.h"

#include <stdio.h>
#include <string.h>

enum { LISTED = 50 }; /* differences told one by one; more are counted */

typedef struct diff {
    vouch__doc *doc;
    vouch__json *list;
    size_t n;
} diff;

static void tell(diff *d, const char *path, const vouch__json *a, const vouch__json *b)
{
    if (d->n++ >= LISTED)
        return;
    vouch__json *o = vouch__json_push(d->doc, d->list, vouch__json_object(d->doc));
    vouch__json_set(d->doc, o, "path", vouch__json_text(d->doc, path));
    vouch__json_set(d->doc, o, "a", a ? vouch__json_copy(d->doc, a) : vouch__json_null(d->doc));
    vouch__json_set(d->doc, o, "b", b ? vouch__json_copy(d->doc, b) : vouch__json_null(d->doc));
}

static bool is_same(const vouch__json *a, const vouch__json *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case VOUCH__JSON_BOOL: return a->flag == b->flag;
    case VOUCH__JSON_NUMBER: return a->number == b->number;
    case VOUCH__JSON_STRING: return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
    default: return true;
    }
}

/* Descriptions are nested a few levels; lists are compared place by place. */
static void compare(vouch_ctx *ctx, diff *d, const char *path, const vouch__json *a, const vouch__json *b)
{
    vouch__buf below;
    if (!a || !b || !is_same(a, b)) {
        tell(d, path, a, b);
        return;
    }
    if (a->type != VOUCH__JSON_OBJECT && a->type != VOUCH__JSON_ARRAY)
        return;
    vouch__buf_init(ctx, &below, 0);
    size_t i = 0;
    for (const vouch__json *x = a->first; x; x = x->next, i++) {
        vouch__buf_clear(&below);
        if (a->type == VOUCH__JSON_OBJECT)
            vouch__buf_fmt(&below, "%s%s%s", path, *path ? "." : "", x->key);
        else
            vouch__buf_fmt(&below, "%s[%zu]", path, i);
        if (!below.status)
            compare(ctx, d, below.at, x,
                    a->type == VOUCH__JSON_OBJECT ? vouch__json_get(b, x->key) : vouch__json_at(b, i));
    }
    i = 0;
    for (const vouch__json *y = b->first; y; y = y->next, i++) {
        if (a->type == VOUCH__JSON_OBJECT ? vouch__json_get(a, y->key) != NULL : i < a->len)
            continue;
        vouch__buf_clear(&below);
        if (a->type == VOUCH__JSON_OBJECT)
            vouch__buf_fmt(&below, "%s%s%s", path, *path ? "." : "", y->key);
        else
            vouch__buf_fmt(&below, "%s[%zu]", path, i);
        if (!below.status)
            tell(d, below.at, NULL, y);
    }
    vouch__buf_free(&below);
}

static vouch__json *node_json(vouch__doc *doc, const vouch__node *node)
{
    vouch__json *o = vouch__json_object(doc);
    if (node->left < 0) {
        vouch__json_set(doc, o, "leaf", vouch__json_number(doc, node->value));
    } else {
        vouch__json_set(doc, o, "input", vouch__json_number(doc, node->input));
        if (!node->is_category)
            vouch__json_set(doc, o, "threshold", vouch__json_number(doc, node->threshold));
        vouch__json_set(doc, o, "missing_left", vouch__json_bool(doc, node->default_left));
        vouch__json_set(doc, o, "rule", vouch__json_number(doc, node->rule));
        vouch__json_set(doc, o, "left", vouch__json_number(doc, node->left));
        vouch__json_set(doc, o, "right", vouch__json_number(doc, node->right));
    }
    vouch__json_set(doc, o, "cover", vouch__json_number(doc, node->cover));
    return o;
}

static bool same_bits(const vouch__trees *a, const vouch__node *x, const vouch__trees *b,
                      const vouch__node *y)
{
    size_t words = ((size_t)x->n_bits + 31) / 32;
    return x->n_bits == y->n_bits &&
           (!words || memcmp(a->bits + x->bits_at, b->bits + y->bits_at, 4 * words) == 0);
}

static bool same_node(const vouch__trees *a, const vouch__node *x, const vouch__trees *b,
                      const vouch__node *y)
{
    if ((x->left < 0) != (y->left < 0) || x->cover != y->cover)
        return false;
    if (x->left < 0)
        return x->value == y->value;
    return x->input == y->input && x->left == y->left && x->right == y->right && x->rule == y->rule &&
           x->is_category == y->is_category && x->default_left == y->default_left &&
           x->threshold == y->threshold && (!x->is_category || same_bits(a, x, b, y));
}

static const vouch__trees *trees_of(const vouch_model *model)
{
    return model->kind == &vouch__kind_forest ? &((const vouch__forest *)model->state)->trees
                                              : vouch__model_trees(model);
}

static void compare_trees(diff *d, const vouch__trees *a, const vouch__trees *b)
{
    char path[64];
    size_t n = a->n_trees < b->n_trees ? a->n_trees : b->n_trees;
    for (size_t t = 0; t < n; t++) {
        size_t nodes = a->root[t + 1] - a->root[t], others = b->root[t + 1] - b->root[t];
        for (size_t i = 0; i < nodes && i < others; i++) {
            const vouch__node *x = a->node + a->root[t] + i, *y = b->node + b->root[t] + i;
            if (same_node(a, x, b, y))
                continue;
            (void)snprintf(path, sizeof path, "tree[%zu].node[%zu]", t, i);
            tell(d, path, node_json(d->doc, x), node_json(d->doc, y));
        }
        if (nodes != others) {
            (void)snprintf(path, sizeof path, "tree[%zu].nodes", t);
            tell(d, path, vouch__json_number(d->doc, (double)nodes),
                 vouch__json_number(d->doc, (double)others));
        }
    }
}

static vouch_status read_description(vouch_ctx *ctx, const vouch_model *model, vouch__doc **out_doc)
{
    char *text = NULL;
    vouch_status status = vouch_model_describe(ctx, model, &text);
    if (!status)
        status = vouch__json_read(ctx, "description", text, strlen(text), 0, out_doc);
    vouch_text_free(ctx, text);
    return status;
}

/* What decides the scores is all that follows the envelope; of forests where they came from does not count.
 */
static vouch_status same_scores(vouch_ctx *ctx, const vouch_model *a, const vouch_model *b, bool *out_same)
{
    char one[VOUCH__HEX], two[VOUCH__HEX];
    *out_same = a->file_len == b->file_len && memcmp(a->file, b->file, a->file_len) == 0;
    if (a->kind != &vouch__kind_forest || b->kind != &vouch__kind_forest)
        return VOUCH_OK;
    vouch_status status = vouch__forest_digest(ctx, a->state, &a->inputs, one);
    if (!status)
        status = vouch__forest_digest(ctx, b->state, &b->inputs, two);
    if (!status)
        *out_same = strcmp(one, two) == 0;
    return status;
}

vouch_status vouch_model_diff(vouch_ctx *ctx, const vouch_model *a, const vouch_model *b, char **out_json)
{
    vouch__doc *doc = NULL, *one = NULL, *two = NULL;
    vouch__buf buf;
    bool same = false;
    vouch__buf_init(ctx, &buf, 0);
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (!status)
        status = read_description(ctx, a, &one);
    if (!status)
        status = read_description(ctx, b, &two);
    if (!status)
        status = same_scores(ctx, a, b, &same);
    if (status)
        goto done;
    vouch__json *root = vouch__json_object(doc);
    diff d = { .doc = doc, .list = vouch__json_set(doc, root, "differences", vouch__json_array(doc)) };
    compare(ctx, &d, "", vouch__doc_root(one), vouch__doc_root(two));
    const vouch__trees *x = trees_of(a), *y = trees_of(b);
    if (x && y)
        compare_trees(&d, x, y);
    vouch__json_set(doc, root, "same_scores", vouch__json_bool(doc, same));
    vouch__json_set(doc, root, "n_differences", vouch__json_number(doc, (double)d.n));
    status = vouch__doc_status(ctx, doc);
    if (status)
        goto done;
    vouch__json_write(&buf, root);
    status = vouch__buf_status(ctx, &buf);
    if (!status)
        *out_json = vouch__buf_take(&buf);
done:
    vouch__buf_free(&buf);
    vouch__doc_free(one);
    vouch__doc_free(two);
    vouch__doc_free(doc);
    return status;
}

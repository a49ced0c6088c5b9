/* What a forest needs beside what its file says: how deep it is, what it refuses, and its trees as they are
 * explained: those of the shown group, each leaf as it counts in raw, in double. */
#include "models/forest/forest.h"

#include "models/trees_io.h"

#include <math.h>
#include <string.h>

static void copy_tree(vouch__forest *f, size_t t, double factor)
{
    const vouch__trees *from = &f->trees;
    vouch__trees *to = &f->explained;
    size_t first = from->root[t], n = from->root[t + 1] - first;
    vouch__node *out = to->node + to->n_nodes;
    memcpy(out, from->node + first, n * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        if (out[i].left >= 0)
            continue;
        out[i].input = 0;
        out[i].value = out[i].value * factor;
    }
    to->n_nodes += n;
    to->root[++to->n_trees] = (uint32_t)to->n_nodes;
}

static vouch_status explain(vouch_ctx *ctx, vouch__forest *f)
{
    const vouch__trees *from = &f->trees;
    vouch__trees *to = &f->explained;
    size_t n_trees = 0, n_nodes = 0;
    for (size_t t = 0; t < from->n_trees; t++) {
        bool is_shown = f->group[t] == f->shown;
        n_trees += is_shown;
        n_nodes += is_shown ? from->root[t + 1] - from->root[t] : 0;
    }
    *to = (vouch__trees){ .n_inputs = from->n_inputs, .n_bits = from->n_bits };
    to->root = vouch__alloc(ctx, n_trees + 1, sizeof *to->root);
    to->node = vouch__alloc(ctx, n_nodes ? n_nodes : 1, sizeof *to->node);
    to->bits = vouch__alloc(ctx, from->n_bits ? from->n_bits : 1, sizeof *to->bits);
    if (!to->root || !to->node || !to->bits)
        return vouch__oom(ctx);
    if (from->n_bits)
        memcpy(to->bits, from->bits, from->n_bits * sizeof *to->bits);
    double scale = !f->is_scaled ? 1.0 : f->is_divided ? 1.0 / f->scale : f->scale;
    for (size_t t = 0; t < from->n_trees; t++)
        if (f->group[t] == f->shown)
            copy_tree(f, t, scale * (f->weight ? (double)f->weight[t] : 1.0));
    to->base = f->start[f->shown] * scale + (f->is_scaled ? f->bias[f->shown] : 0.0);
    return VOUCH_OK;
}

static vouch_status measure(vouch_ctx *ctx, vouch__forest *f)
{
    size_t mark = vouch__scratch_mark(ctx), most = 1, node;
    const char *wrong = NULL;
    for (size_t t = 0; t < f->trees.n_trees; t++) {
        size_t n = f->trees.root[t + 1] - f->trees.root[t];
        most = n > most ? n : most;
    }
    uint16_t *depth = vouch__scratch(ctx, most, sizeof *depth);
    if (!depth)
        return vouch__oom(ctx);
    for (size_t t = 0; t < f->trees.n_trees && !wrong; t++) {
        size_t n = f->trees.root[t + 1] - f->trees.root[t];
        size_t deep = vouch__tree_check(f->trees.node + f->trees.root[t], n, depth, &node, &wrong);
        f->deepest = !wrong && deep > f->deepest ? deep : f->deepest;
    }
    vouch__scratch_reset(ctx, mark);
    return wrong ? vouch__fail(ctx, VOUCH_E_FORMAT, "forest: a node %s", wrong) : VOUCH_OK;
}

static vouch_status guard(vouch_ctx *ctx, vouch__forest *f)
{
    size_t n = f->trees.n_inputs;
    f->refuses = vouch__alloc(ctx, n ? n : 1, 1);
    if (!f->refuses)
        return vouch__oom(ctx);
    for (size_t i = 0; i < f->trees.n_nodes && !f->is_lenient; i++) {
        const vouch__node *node = &f->trees.node[i];
        if (node->left < 0)
            continue;
        if (f->source == VOUCH__FROM_XGBOOST)
            f->refuses[node->input] |= VOUCH__NO_INFINITY;
        if (node->rule >= VOUCH__RULE_SET_ELSE_LEFT)
            f->refuses[node->input] |= VOUCH__NO_WIDE_CATEGORY;
    }
    f->suspect = INFINITY;
    for (size_t j = 0; j < n; j++) {
        double least = f->refuses[j] & VOUCH__NO_WIDE_CATEGORY ? 2147483648.0
                                                               : 3.4e38; /* or infinite as float */
        f->suspect = f->refuses[j] && least < f->suspect ? least : f->suspect;
    }
    return VOUCH_OK;
}

vouch_status vouch__forest_finish(vouch_ctx *ctx, vouch__forest *f)
{
    vouch_status status = measure(ctx, f);
    if (!status)
        status = guard(ctx, f);
    if (!status && !f->n_lines && f->deepest <= VOUCH__TREE_DEPTH)
        status = explain(ctx, f);
    vouch__engine_sum sum = { .is_float = f->is_float, .n_outputs = f->n_groups, .start = f->start };
    sum.group = f->group;
    sum.weight = f->weight;
    if (!status && !f->n_lines)
        status = vouch__engine_new(ctx, &f->trees, &sum, &f->engine);
    return status;
}

void vouch__forest_free(const vouch_alloc *alloc, vouch__forest *f)
{
    if (!f)
        return;
    vouch__engine_free(alloc, f->engine);
    vouch__trees_clear(alloc, &f->trees);
    vouch__trees_clear(alloc, &f->explained);
    vouch__free(alloc, f->start);
    vouch__free(alloc, f->bias);
    vouch__free(alloc, f->group);
    vouch__free(alloc, f->weight);
    vouch__free(alloc, f->line_of);
    vouch__free(alloc, f->line);
    vouch__free(alloc, f->term);
    vouch__free(alloc, f->objective);
    vouch__free(alloc, f->version);
    vouch__free(alloc, f->refuses);
    vouch__free(alloc, f);
}

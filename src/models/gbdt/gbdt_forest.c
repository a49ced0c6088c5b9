/* Trees on their way into the forest, and a forest taken up again where it was left. */
#include "base/parallel.h"
#include "models/gbdt/gbdt.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 256 };

static vouch_status bits_append(vouch_ctx *ctx, const vouch__gbdt_bins *bins, const vouch__gbdt_tree *tree,
                                size_t at, vouch__trees *trees, vouch__node *node)
{
    const vouch__gbdt_input *input = &bins->input[node->input];
    size_t words = (input->n_codes + 31) / 32;
    uint32_t *bits = vouch__resize(vouch__allocator(ctx), trees->bits, trees->n_bits + words, sizeof *bits);
    if (!bits)
        return vouch__oom(ctx);
    trees->bits = bits;
    node->bits_at = (uint32_t)trees->n_bits;
    node->n_bits = (uint32_t)input->n_codes;
    for (size_t code = 0; code < input->n_codes; code++) {
        size_t bin = input->bin_of[code];
        if (tree->set[at][bin / 32] >> (bin % 32) & 1)
            bits[trees->n_bits + code / 32] |= 1u << (code % 32);
    }
    trees->n_bits += words;
    return VOUCH_OK;
}

vouch_status vouch__gbdt_append(vouch_ctx *ctx, const vouch__gbdt_bins *bins, const vouch__gbdt_tree *tree,
                                vouch__trees *trees)
{
    const vouch_alloc *alloc = vouch__allocator(ctx);
    uint32_t *root = vouch__resize(alloc, trees->root, trees->n_trees + 2, sizeof *root);
    if (!root)
        return vouch__oom(ctx);
    trees->root = root;
    vouch__node *node = vouch__resize(alloc, trees->node, trees->n_nodes + tree->n_nodes, sizeof *node);
    if (!node)
        return vouch__oom(ctx);
    trees->node = node;
    for (size_t at = 0; at < tree->n_nodes; at++) {
        vouch__node *to = &node[trees->n_nodes + at];
        *to = tree->node[at];
        if (to->left >= 0 && to->is_category) {
            vouch_status status = bits_append(ctx, bins, tree, at, trees, to);
            if (status)
                return status;
        }
    }
    trees->n_nodes += tree->n_nodes;
    trees->root[++trees->n_trees] = (uint32_t)trees->n_nodes;
    return VOUCH_OK;
}

void vouch__gbdt_cut_back(vouch__trees *trees, size_t n)
{
    size_t bits = 0;
    trees->n_trees = n;
    trees->n_nodes = trees->root[n];
    for (size_t i = 0; i < trees->n_nodes; i++)
        bits += (trees->node[i].n_bits + 31) / 32;
    trees->n_bits = bits;
}

/* Taking up. */

static vouch_status differs(vouch_ctx *ctx, const char *what)
{
    return vouch__fail(ctx, VOUCH_E_ARG, "resume: the model was fitted with other %s", what);
}

/* Whether growing on would give what growing without a break gives. */
vouch_status vouch__gbdt_resume_check(vouch_ctx *ctx, const vouch__fit_data *data, const vouch__gbdt *old,
                                      vouch__gbdt_loss_id loss, double base)
{
    const vouch__inputs *now = data->binding->inputs, *then = &data->resume->inputs;
    double weight = 0.0;
    if (old->loss != loss)
        return differs(ctx, "loss");
    if (now->n != then->n)
        return differs(ctx, "inputs");
    for (size_t j = 0; j < now->n; j++) {
        const vouch__input *a = &now->at[j], *b = &then->at[j];
        bool is_same = strcmp(a->name, b->name) == 0 && a->is_category == b->is_category &&
                       a->monotone == b->monotone && a->n_categories == b->n_categories;
        for (size_t k = 0; is_same && k < a->n_categories; k++)
            is_same = strcmp(a->category[k], b->category[k]) == 0;
        if (!is_same)
            return differs(ctx, "inputs");
    }
    for (size_t i = 0; i < data->train.n; i++)
        weight += data->train.weight ? data->train.weight[i] : 1.0;
    if (old->trees.base != base ||
        (old->trees.n_trees && fabs(old->trees.node[0].cover - weight) > 1e-9 * weight))
        return differs(ctx, "training rows, outcomes or weights");
    return VOUCH_OK;
}

vouch_status vouch__gbdt_copy_trees(vouch_ctx *ctx, const vouch__trees *from, vouch__trees *to)
{
    to->root = vouch__resize(vouch__allocator(ctx), to->root, from->n_trees + 1, sizeof *to->root);
    to->node = vouch__alloc(ctx, from->n_nodes + 1, sizeof *to->node);
    to->bits = vouch__alloc(ctx, from->n_bits + 1, sizeof *to->bits);
    if (!to->root || !to->node || !to->bits)
        return vouch__oom(ctx);
    memcpy(to->root, from->root, (from->n_trees + 1) * sizeof *to->root);
    if (from->n_nodes)
        memcpy(to->node, from->node, from->n_nodes * sizeof *to->node);
    if (from->n_bits)
        memcpy(to->bits, from->bits, from->n_bits * sizeof *to->bits);
    to->n_trees = from->n_trees;
    to->n_nodes = from->n_nodes;
    to->n_bits = from->n_bits;
    return VOUCH_OK;
}

typedef struct again {
    const vouch__trees *trees;
    const vouch__binding *binding;
    const vouch__part_rows *part;
    const vouch__gbdt_outcome *outcome;
    double *score; /* [part->n] */
    double *loss;  /* [chunks x trees] or NULL */
} again;

/* A row's sum tree by tree, and the loss after each tree, added in the order in which fitting adds it. */
static vouch_status again_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const again *job = arg;
    const vouch__trees *trees = job->trees;
    size_t cols = trees->n_inputs;
    double *x = vouch__scratch(worker, BLOCK * cols, sizeof *x), *loss = NULL;
    if (!x)
        return vouch__oom(worker);
    if (job->loss) {
        loss = job->loss + chunk * trees->n_trees;
        memset(loss, 0, trees->n_trees * sizeof *loss);
    }
    for (size_t at = begin; at < end; at += BLOCK) {
        size_t n = end - at < BLOCK ? end - at : BLOCK;
        vouch__bound_rows(job->binding, 0, n, job->part->row + at, x);
        for (size_t i = 0; i < n; i++) {
            double sum = trees->base, w = job->part->weight ? job->part->weight[at + i] : 1.0;
            for (size_t t = 0; t < trees->n_trees; t++) {
                sum += trees->node[trees->root[t] + vouch__tree_leaf(trees, t, x + i * cols)].value;
                if (loss)
                    loss[t] += w * vouch__gbdt_loss_of(job->outcome, sum, job->part->target[at + i]);
            }
            job->score[at + i] = sum;
        }
    }
    return VOUCH_OK;
}

vouch_status vouch__gbdt_again(vouch_ctx *ctx, const vouch__trees *trees, const vouch__binding *binding,
                               const vouch__part_rows *part, const vouch__gbdt_outcome *outcome,
                               double *score, double *curve, double weight)
{
    size_t mark = vouch__scratch_mark(ctx), chunks = vouch__chunks(part->n, VOUCH__GBDT_TUNE);
    again job = { .trees = trees, .binding = binding, .part = part, .outcome = outcome };
    vouch_status status = VOUCH_OK;
    job.score = score;
    if (curve) {
        job.loss = vouch__scratch(ctx, chunks * trees->n_trees, sizeof *job.loss);
        if (!job.loss)
            return vouch__oom(ctx);
    }
    status = vouch__parallel(ctx, part->n, VOUCH__GBDT_TUNE, again_chunk, &job);
    for (size_t t = 0; !status && curve && t < trees->n_trees; t++) {
        double loss = 0.0;
        for (size_t c = 0; c < chunks; c++)
            loss += job.loss[c * trees->n_trees + t];
        curve[t] = loss / weight;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

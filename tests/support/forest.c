/* Random forests: a leaf at random is split until there are enough. */
#include "forest.h"

#include "check.h"

#include <math.h>
#include <stdlib.h>

static uint32_t random_word(void) { return (uint32_t)(seeded() * 4294967296.0); }

static void split(vouch__trees *trees, vouch__node *node, size_t n_numeric, size_t left)
{
    node->left = (int32_t)left;
    node->right = (int32_t)left + 1;
    node->input = (uint32_t)seeded_below(trees->n_inputs);
    node->default_left = seeded() < 0.5;
    node->is_category = node->input >= n_numeric;
    node->threshold = (double)seeded_below(8);
    if (!node->is_category)
        return;
    node->n_bits = 1 + (uint32_t)seeded_below(FOREST_CATEGORIES);
    node->bits_at = (uint32_t)trees->n_bits;
    for (uint32_t w = 0; w * 32 < node->n_bits; w++)
        trees->bits[trees->n_bits++] = random_word();
    if (node->n_bits % 32) /* a file with categories past the last is refused */
        trees->bits[trees->n_bits - 1] &= ((uint32_t)1 << node->n_bits % 32) - 1;
}

static void grow(vouch__trees *trees, size_t n_numeric, size_t leaves)
{
    vouch__node *node = trees->node + trees->n_nodes;
    size_t n = 1;
    node[0] = (vouch__node){ .left = -1, .right = -1, .value = seeded_normal(), .cover = 1.0 };
    for (size_t have = 1; have < leaves; have++) {
        size_t at = seeded_below(n);
        while (node[at].left >= 0)
            at = (at + 1) % n;
        split(trees, &node[at], n_numeric, n);
        for (int child = 0; child < 2; child++)
            node[n++] = (vouch__node){ .left = -1, .right = -1, .value = seeded_normal(), .cover = 1.0 };
    }
    trees->n_nodes += n;
}

vouch__trees forest_random(size_t n_numeric, size_t n_category, size_t n_trees, size_t leaves)
{
    size_t nodes = n_trees * (2 * leaves - 1);
    vouch__trees trees = { .n_inputs = n_numeric + n_category, .n_trees = n_trees, .base = seeded_normal() };
    trees.root = calloc(n_trees + 1, sizeof *trees.root);
    trees.node = calloc(nodes, sizeof *trees.node);
    trees.bits = calloc(nodes * 2 + 1, sizeof *trees.bits);
    assert_true(trees.root && trees.node && trees.bits);
    for (size_t t = 0; t < n_trees; t++) {
        trees.root[t] = (uint32_t)trees.n_nodes;
        grow(&trees, n_numeric, 1 + seeded_below(leaves));
    }
    trees.root[n_trees] = (uint32_t)trees.n_nodes;
    return trees;
}

void forest_free(vouch__trees *trees)
{
    free(trees->root);
    free(trees->node);
    free(trees->bits);
}

void forest_rows(const vouch__trees *trees, size_t n_numeric, size_t n, double *x)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < trees->n_inputs; j++) {
            double u = seeded(), *at = &x[i * trees->n_inputs + j];
            if (u < 0.1)
                *at = NAN;
            else if (j < n_numeric)
                *at = u < 0.15 ? INFINITY : u < 0.2 ? -INFINITY : floor(seeded() * 17.0) / 2.0;
            else
                *at = u < 0.2 ? -1.0 : (double)seeded_below(FOREST_CATEGORIES + 5);
        }
}

double forest_raw(const vouch__trees *trees, const double *row)
{
    double raw = trees->base;
    for (size_t t = 0; t < trees->n_trees; t++)
        raw += trees->node[trees->root[t] + vouch__tree_leaf(trees, t, row)].value;
    return raw;
}

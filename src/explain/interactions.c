/* Interactions, leaf by leaf. By cover a leaf's index is the integral over t of the second derivative of its
 * multilinear extension, which has two factors fewer than the leaf has inputs. Against a background a leaf
 * and a pattern of it make a game in which p inputs must be present and b absent; its index is a beta
 * function. */
#include "explain/interactions.h"

#include "models/trees_io.h"

enum { DEEP = VOUCH__TREE_DEPTH };

void vouch__gauss_fill(vouch__gauss *gauss)
{
    for (size_t n = 1; n <= VOUCH__GAUSS_MAX; n++)
        vouch__gauss_legendre(n, gauss->point[n], gauss->weight[n]);
}

/* Half of value to either place. */
static void add_pair(double *out, size_t n, size_t i, size_t j, double value)
{
    out[i * n + j] += 0.5 * value;
    out[j * n + i] += 0.5 * value;
}

typedef struct met {
    size_t input;
    double s, r; /* whether the row satisfies all its splits; the product of their shares */
} met;

typedef struct way {
    const vouch__trees *trees;
    const vouch__node *tree;
    const vouch__gauss *gauss;
    const double *row;
    double *out;
    size_t n;
    met at[DEEP];
} way;

/* All pairs of one leaf at one point: factor[k] is what input k contributes. */
static void add_point(const way *w, double scale, const double *factor)
{
    size_t d = w->n;
    for (size_t i = 0; i + 1 < d; i++) {
        double below = 1.0, after[DEEP + 1];
        after[d] = 1.0;
        for (size_t k = d; k-- > i + 1;)
            after[k] = after[k + 1] * factor[k];
        for (size_t k = 0; k < i; k++)
            below *= factor[k];
        for (size_t j = i + 1; j < d; j++) {
            double rest = below * after[j + 1];
            add_pair(w->out, w->trees->n_inputs, w->at[i].input, w->at[j].input,
                     scale * (w->at[i].s - w->at[i].r) * (w->at[j].s - w->at[j].r) * rest);
            below *= factor[j];
        }
    }
}

static void add_leaf(const way *w, double value)
{
    size_t points = w->n / 2;
    double factor[DEEP];
    for (size_t q = 0; w->n > 1 && q < points; q++) {
        double t = w->gauss->point[points][q];
        for (size_t k = 0; k < w->n; k++)
            factor[k] = t * w->at[k].s + (1.0 - t) * w->at[k].r;
        add_point(w, w->gauss->weight[points][q] * value, factor);
    }
}

static void descend(way *w, const vouch__node *node)
{
    size_t k = 0, n = w->n;
    if (node->left < 0) {
        add_leaf(w, node->value);
        return;
    }
    const vouch__node *child[2] = { w->tree + node->left, w->tree + node->right };
    bool is_left = vouch__node_goes_left(w->trees, node, w->row[node->input]);
    double cover = child[0]->cover + child[1]->cover;
    while (k < n && w->at[k].input != node->input)
        k++;
    if (k == n)
        w->at[w->n++] = (met){ node->input, 1.0, 1.0 };
    const met was = w->at[k];
    for (int side = 0; side < 2; side++) {
        w->at[k].r = was.r * (cover > 0.0 ? child[side]->cover / cover : 0.5);
        w->at[k].s = was.s * (is_left == (side == 0) ? 1.0 : 0.0);
        descend(w, child[side]);
    }
    w->at[k] = was;
    w->n = n;
}

void vouch__interact_by_cover(const vouch__trees *trees, const vouch__gauss *gauss, const double *row,
                              double *out)
{
    way w = { .trees = trees, .gauss = gauss, .row = row };
    w.out = out;
    for (size_t t = 0; t < trees->n_trees; t++) {
        w.tree = trees->node + trees->root[t];
        descend(&w, w.tree);
    }
}

typedef struct against {
    const vouch__tree_tables *t;
    const double *row;
    double *out;
    size_t root;
} against;

/* Inputs of a set, as places among the forest's. */
static size_t places(const uint32_t *input, uint64_t set, uint32_t *out)
{
    size_t n = 0;
    for (; set; set &= set - 1)
        out[n++] = input[__builtin_ctzll(set)];
    return n;
}

static void add_within(const against *a, const uint32_t *at, size_t n, double value)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            add_pair(a->out, a->t->trees->n_inputs, at[i], at[j], value);
}

static void leaf_against(const against *a, const vouch__leaf *leaf, uint64_t failed)
{
    const uint32_t *input = a->t->input + leaf->input;
    uint64_t all = leaf->d < 64 ? ((uint64_t)1 << leaf->d) - 1 : UINT64_MAX, pattern;
    double(*weight)[VOUCH__LEAF_INPUTS + 1] = a->t->weight;
    double scale = a->t->trees->node[leaf->node].value / a->t->m, lost = 0.0;
    uint32_t absent[VOUCH__LEAF_INPUTS], present[VOUCH__LEAF_INPUTS], rows;
    size_t b = places(input, failed, absent);
    for (size_t at = 0; vouch__leaf_next(a->t, leaf, &at, &pattern, &rows);) {
        uint64_t fails = all & ~pattern;
        if (fails & failed)
            continue;
        size_t p = places(input, fails, present);
        double worth = scale * rows;
        if (b > 1)
            lost += worth * weight[p][b - 2];
        if (p > 1)
            add_within(a, present, p, worth * weight[p - 2][b]);
        for (size_t i = 0; b > 0 && i < p; i++)
            for (size_t j = 0; j < b; j++)
                add_pair(a->out, a->t->trees->n_inputs, present[i], absent[j], -worth * weight[p - 1][b - 1]);
    }
    add_within(a, absent, b, lost);
}

static void walk(const against *a, size_t n, uint64_t failed)
{
    const vouch__tree_tables *t = a->t;
    const vouch__node *node = &t->trees->node[a->root + n];
    if (node->left < 0) {
        leaf_against(a, &t->leaf[t->leaf_of[a->root + n]], failed);
        return;
    }
    bool is_left = vouch__node_goes_left(t->trees, node, a->row[node->input]);
    uint64_t bit = (uint64_t)1 << t->slot[a->root + n];
    walk(a, (size_t)node->left, is_left ? failed : failed | bit);
    walk(a, (size_t)node->right, is_left ? failed | bit : failed);
}

void vouch__interact_against(const vouch__tree_tables *tables, const double *row, double *out)
{
    against a = { .t = tables, .row = row };
    a.out = out;
    for (size_t t = 0; t < tables->trees->n_trees; t++) {
        a.root = tables->trees->root[t];
        walk(&a, 0, 0);
    }
}

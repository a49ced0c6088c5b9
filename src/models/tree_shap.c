/* Path-dependent Shapley values, by the multilinear extension (Owen, 1972).
 *
 * On the way to a leaf of value v each of the d inputs met has a number s, 1 if the row satisfies all its
 * splits there and else 0, and a number r, the product of the shares of cover that its splits' sides hold.
 * With every input present independently with probability t the leaf is worth
 *
 *     f(t) = v prod_j (t s_j + (1 - t) r_j),
 *
 * and input i's Shapley value is the integral over t in [0, 1] of df / dx_i
 *     = v (s_i - r_i) prod_{j != i} (t s_j + (1 - t) r_j),
 *
 * a polynomial of degree d - 1, which ceil(d / 2) Gauss-Legendre points integrate exactly. Nothing is
 * divided, so nothing is lost to small shares. The products that leave one input out are made from products
 * of those before it and of those after it. */
#include "models/tree_shap.h"

#include "models/trees_io.h"

#include <math.h>

enum { DEEP = VOUCH__TREE_DEPTH };

/* The inputs met on the way to a node, each once. */
typedef struct path {
    size_t n;
    struct met {
        size_t input;
        double s, r;
    } at[DEEP];
} path;

typedef struct work {
    const vouch__trees *trees;
    const vouch__node *tree;
    const double *row;
    double *out;
    path way[DEEP + 1]; /* by depth */
    double point[VOUCH__GAUSS_MAX][VOUCH__GAUSS_MAX], weight[VOUCH__GAUSS_MAX][VOUCH__GAUSS_MAX];
} work;

void vouch__gauss_legendre(size_t n, double *point, double *weight)
{
    const double pi = 3.14159265358979323846;
    for (size_t i = 0; i < (n + 1) / 2; i++) { /* roots on [-1, 1] come in pairs; the largest first */
        double angle = pi * ((double)i + 0.75) / ((double)n + 0.5), slope = 1.0;
        double x = (pi * pi - 4.0 * angle * angle) / (pi * pi + angle * angle); /* near cos(angle) */
        for (int step = 0; step < 20; step++) {
            double before = 1.0, here = x;
            for (size_t k = 2; k <= n; k++) {
                double after = ((double)(2 * k - 1) * x * here - (double)(k - 1) * before) / (double)k;
                before = here;
                here = after;
            }
            slope = (double)n * (x * here - before) / (x * x - 1.0);
            x -= here / slope;
        }
        point[i] = 0.5 * (1.0 - x);
        point[n - 1 - i] = 0.5 * (1.0 + x);
        weight[i] = weight[n - 1 - i] = 1.0 / ((1.0 - x * x) * slope * slope);
    }
}

static void add_leaf(work *w, const path *way, double value)
{
    size_t d = way->n, points = (d + 1) / 2;
    double before[DEEP + 1];
    for (size_t q = 0; d > 0 && q < points; q++) {
        double t = w->point[points - 1][q], scale = w->weight[points - 1][q] * value, after = 1.0;
        before[0] = 1.0;
        for (size_t j = 0; j < d; j++)
            before[j + 1] = before[j] * (t * way->at[j].s + (1.0 - t) * way->at[j].r);
        for (size_t j = d; j-- > 0;) {
            const struct met *m = &way->at[j];
            w->out[m->input] += scale * (m->s - m->r) * before[j] * after;
            after *= t * m->s + (1.0 - t) * m->r;
        }
    }
}

/* way[depth] is the way to node; the ways of its children are made from it. */
static void descend(work *w, const vouch__node *node, size_t depth)
{
    const path *way = &w->way[depth];
    if (node->left < 0) {
        add_leaf(w, way, node->value);
        return;
    }
    const vouch__node *child[2] = { w->tree + node->left, w->tree + node->right };
    bool is_left = vouch__node_goes_left(w->trees, node, w->row[node->input]);
    double cover = child[0]->cover + child[1]->cover;
    size_t met = 0;
    while (met < way->n && way->at[met].input != node->input)
        met++;
    for (int side = 0; side < 2; side++) {
        path *to = &w->way[depth + 1];
        to->n = way->n;
        for (size_t j = 0; j < way->n; j++)
            to->at[j] = way->at[j];
        if (met == way->n)
            to->at[to->n++] = (struct met){ node->input, 1.0, 1.0 };
        to->at[met].r *= child[side]->cover / cover;
        to->at[met].s *= is_left == (side == 0) ? 1.0 : 0.0;
        descend(w, child[side], depth + 1);
    }
}

/* The mean of a tree's leaves by cover, in the same shares that descend uses. */
static double mean_of(const vouch__node *tree, const vouch__node *node)
{
    if (node->left < 0)
        return node->value;
    const vouch__node *left = tree + node->left, *right = tree + node->right;
    double cover = left->cover + right->cover;
    return left->cover / cover * mean_of(tree, left) + right->cover / cover * mean_of(tree, right);
}

vouch_status vouch__tree_shap(vouch_ctx *ctx, const vouch__trees *trees, vouch__matrix x, double *out,
                              double *base)
{
    size_t mark = vouch__scratch_mark(ctx);
    work *w = vouch__scratch(ctx, 1, sizeof *w);
    if (!w)
        return vouch__oom(ctx);
    w->trees = trees;
    for (size_t n = 1; n <= VOUCH__GAUSS_MAX; n++)
        vouch__gauss_legendre(n, w->point[n - 1], w->weight[n - 1]);
    *base = trees->base;
    for (size_t t = 0; t < trees->n_trees; t++)
        *base += mean_of(trees->node + trees->root[t], trees->node + trees->root[t]);
    for (size_t i = 0; i < x.rows * x.cols; i++)
        out[i] = 0.0;
    for (size_t t = 0; x.rows && t < trees->n_trees; t++) {
        w->tree = trees->node + trees->root[t];
        w->way[0].n = 0;
        for (size_t i = 0; i < x.rows; i++) {
            w->row = x.at + i * x.cols;
            w->out = out + i * x.cols;
            descend(w, w->tree, 0);
        }
    }
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

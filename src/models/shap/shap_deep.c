/* Deep trees, path-dependent, by the multilinear extension (Owen, 1972).
 *
 * Let every input be present independently with probability t. Input i's Shapley value is the integral over t
 * of d f / d x_i, a polynomial of a degree below the number of inputs on a path, so that half as many
 * Gauss-Legendre points are exact. For one t, with S(n) what the subtree of n is worth, h and c the children
 * that the row goes to and does not, r their shares, and C(n) what multiplies S(n) in f:
 *
 *     delta = r_c (S(h) - S(c))     S(n) = S(c) + (r_h + tau r_c) (S(h) - S(c))
 *     value of the input += rho C(n) delta
 *     C(h) = C(n) (r_h + tau r_c)   C(c) = C(n) - C(h)
 *
 * tau = t and rho = 1 where the path meets the input for the first time. Where it was met before and the row
 * passed, with R the product of the shares there and g = (1 - t) R + t: tau = t / g, rho = R / g^2. Where the
 * row failed, the input is decided: tau = 0 and nothing is added. Nothing is divided when a row is explained.
 *
 * The plain method does the same leaf by leaf: a leaf of value v is worth v prod_j (t s_j + (1 - t) r_j) with
 * s 1 where the row satisfies all splits on input j, else 0, and r the product of the shares. */
#include "models/shap/shap_form.h"

#include "models/tree_shap.h"
#include "models/trees_io.h"

#include <string.h>

enum {
    DEEP = VOUCH__TREE_DEPTH,
    POINTS = VOUCH__SHAP_POINTS,
    WIDTH = VOUCH__SHAP_WIDTH,
    FIRST = (VOUCH__SHAP_MOST + 1) * WIDTH /* tau and rho of inputs' first nodes */
};

typedef struct lower { /* an inner node's ancestor */
    uint16_t number;
    uint32_t input;
    double share; /* of the side that leads on */
    uint8_t side;
} lower;

typedef struct making {
    struct vouch__shap *s;
    vouch__shap_deep *d;
    const uint32_t *input_at; /* number of an input among those of deep trees */
    size_t root, leaves;
    const uint16_t *number; /* [nodes of the tree] inner nodes by level, leaves in order */
    lower path[DEEP];
    bool is_counting;
} making;

/* tau and rho at the tree's points, for a product R of shares. */
static void fill_twice(making *m, size_t at, double product)
{
    struct vouch__shap *s = m->s;
    for (size_t w = 0; w < m->d->width; w++)
        for (size_t p = 0; p < POINTS; p++) {
            double t = s->t[m->d->points * WIDTH + w][p], g = (1.0 - t) * product + t;
            s->tau[at + w][p] = t / g;
            s->rho[at + w][p] = product / (g * g);
        }
}

static void make_node(making *m, size_t n, size_t depth);

static void make_children(making *m, const vouch__node *node, vouch__shap_node *out, size_t number,
                          size_t depth)
{
    const vouch__node *tree = m->s->trees->node + m->root;
    const int32_t child[2] = { node->left, node->right };
    for (size_t side = 0; side < 2; side++) {
        bool is_leaf = tree[child[side]].left < 0;
        uint16_t to = m->number[child[side]];
        if (out)
            out->child[side] = (uint16_t)(is_leaf ? m->d->n + to : to);
        if (is_leaf) {
            if (!m->is_counting)
                m->s->leaf[m->d->leaf + to] = tree[child[side]].value;
            continue;
        }
        double share[2];
        (void)vouch__shap_shares(&tree[node->left], &tree[node->right], share);
        m->path[depth] = (lower){ (uint16_t)number, node->input, share[side], (uint8_t)side };
        make_node(m, (size_t)child[side], depth + 1);
    }
}

static void make_node(making *m, size_t n, size_t depth)
{
    struct vouch__shap *s = m->s;
    const vouch__node *tree = s->trees->node + m->root, *node = &tree[n];
    size_t number = m->number[n], before = depth;
    double product = 1.0;
    for (size_t k = 0; k < depth; k++)
        if (m->path[k].input == node->input) {
            product *= m->path[k].share;
            before = k;
        }
    vouch__shap_node *out = m->is_counting ? NULL : &s->node[m->d->node + number];
    if (out) {
        *out = (vouch__shap_node){ .input = (uint16_t)m->input_at[node->input],
                                   .before = VOUCH__SHAP_NODES,
                                   .tau = (uint32_t)(m->d->points * WIDTH) };
        (void)vouch__shap_shares(&tree[node->left], &tree[node->right], out->share);
        out->parent = depth ? m->path[depth - 1].number : 0;
        out->parent_side = depth ? m->path[depth - 1].side : 0;
    }
    if (before < depth) {
        if (out) {
            out->before = m->path[before].number;
            out->side = m->path[before].side;
            out->tau = (uint32_t)s->n_tau;
            fill_twice(m, s->n_tau, product);
        }
        s->n_tau += m->d->width;
    }
    make_children(m, node, out, number, depth);
}

static void make_tree(making *m, uint16_t *number)
{
    const vouch__node *tree = m->s->trees->node + m->s->trees->root[m->d->tree];
    size_t n = m->s->trees->root[m->d->tree + 1] - m->s->trees->root[m->d->tree];
    uint32_t inner[VOUCH__SHAP_NODES];
    uint16_t leaves = 0;
    if (!m->d->width)
        return;
    for (size_t i = 0; i < n; i++)
        number[i] = tree[i].left < 0 ? leaves++ : 0;
    n = vouch__shap_levels(tree, inner);
    for (size_t k = 0; k < n; k++)
        number[inner[k]] = (uint16_t)k;
    m->root = m->s->trees->root[m->d->tree];
    m->number = number;
    m->d->tau = (uint32_t)m->s->n_tau;
    make_node(m, 0, 0);
    m->d->n_tau = (uint32_t)m->s->n_tau - m->d->tau;
}

static void fill_points(struct vouch__shap *s)
{
    double point[VOUCH__GAUSS_MAX], weight[VOUCH__GAUSS_MAX];
    for (size_t n = 1; n <= VOUCH__SHAP_MOST; n++) {
        vouch__gauss_legendre(n, point, weight);
        for (size_t k = 0; k < VOUCH__SHAP_MOST; k++) { /* spare lanes count for nothing */
            s->t[n * WIDTH + k / POINTS][k % POINTS] = k < n ? point[k] : 0.5;
            s->rho[n * WIDTH + k / POINTS][k % POINTS] = 1.0;
            s->weight[n * WIDTH + k / POINTS][k % POINTS] = k < n ? weight[k] : 0.0;
        }
    }
}

static void lay_out(vouch__pieces *pieces, struct vouch__shap *s, size_t n_tau)
{
    s->weight = vouch__piece(pieces, FIRST, sizeof *s->weight);
    s->tau = vouch__piece(pieces, n_tau, sizeof *s->tau);
    s->rho = vouch__piece(pieces, n_tau, sizeof *s->rho);
    s->node = vouch__piece(pieces, s->n_nodes, sizeof *s->node);
    s->leaf = vouch__piece(pieces, s->n_leaves, sizeof *s->leaf);
    s->input = vouch__piece(pieces, s->n_inputs, sizeof *s->input);
}

static vouch_status take(vouch_ctx *ctx, struct vouch__shap *s, size_t n_tau)
{
    vouch__pieces pieces = { 0 };
    lay_out(&pieces, s, n_tau);
    s->deeps = vouch__alloc(ctx, pieces.used + 64, 1);
    if (!s->deeps)
        return vouch__oom(ctx);
    pieces = (vouch__pieces){ (uint8_t *)s->deeps + (64 - (uintptr_t)s->deeps % 64), 0 };
    lay_out(&pieces, s, n_tau);
    s->t = s->tau;
    return VOUCH_OK;
}

static void number_inputs(const struct vouch__shap *s, uint32_t *at)
{
    size_t n = 0;
    memset(at, 0xff, s->trees->n_inputs * sizeof *at);
    for (size_t t = 0; t < s->trees->n_trees; t++)
        for (size_t i = s->trees->root[t]; !s->is_quick[t] && i < s->trees->root[t + 1]; i++)
            if (s->trees->node[i].left >= 0)
                at[s->trees->node[i].input] = 0;
    for (size_t j = 0; j < s->trees->n_inputs; j++)
        if (at[j] == 0) {
            if (s->input)
                s->input[n] = (uint32_t)j;
            at[j] = (uint32_t)n++;
        }
}

static size_t most_nodes(const vouch__trees *trees)
{
    size_t most = 1;
    for (size_t t = 0; t < trees->n_trees; t++)
        most = trees->root[t + 1] - trees->root[t] > most ? trees->root[t + 1] - trees->root[t] : most;
    return most;
}

vouch_status vouch__shap_make_deep(vouch_ctx *ctx, struct vouch__shap *s)
{
    size_t mark = vouch__scratch_mark(ctx);
    uint32_t *at = vouch__scratch(ctx, s->trees->n_inputs + 1, sizeof *at);
    uint16_t *number = vouch__scratch(ctx, most_nodes(s->trees), sizeof *number);
    making *m = vouch__scratch(ctx, 1, sizeof *m);
    if (!at || !number || !m)
        return vouch__oom(ctx);
    *m = (making){ .s = s, .input_at = at, .is_counting = true };
    number_inputs(s, at);
    s->n_tau = FIRST;
    for (size_t d = 0; d < s->n_deep; d++) {
        m->d = &s->deep[d];
        make_tree(m, number);
    }
    vouch_status status = take(ctx, s, s->n_tau);
    if (!status && s->n_deep) {
        fill_points(s);
        if (s->n_inputs <= VOUCH__SHAP_INPUTS)
            number_inputs(s, at);
        m->is_counting = false;
        s->n_tau = FIRST;
        for (size_t d = 0; d < s->n_deep; d++) {
            m->d = &s->deep[d];
            make_tree(m, number);
        }
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* The inputs met on the way to a node, each once. */
typedef struct path {
    size_t n;
    struct met {
        size_t input;
        double s, r;
    } at[DEEP];
} path;

typedef struct plain {
    const struct vouch__shap *s;
    const vouch__node *tree;
    const double *row;
    double *out;
} plain;

static void plain_leaf(const plain *w, const path *way, double value)
{
    size_t d = way->n, points = (d + 1) / 2;
    double before[DEEP + 1];
    before[0] = 1.0;
    for (size_t q = 0; d > 0 && q < points; q++) {
        size_t at = points * WIDTH + q / POINTS;
        double t = w->s->t[at][q % POINTS], scale = w->s->weight[at][q % POINTS] * value, after = 1.0;
        for (size_t j = 0; j < d; j++)
            before[j + 1] = before[j] * (t * way->at[j].s + (1.0 - t) * way->at[j].r);
        for (size_t j = d; j-- > 0;) {
            const struct met *m = &way->at[j];
            w->out[m->input] += scale * (m->s - m->r) * before[j] * after;
            after *= t * m->s + (1.0 - t) * m->r;
        }
    }
}

static void plain_node(const plain *w, const vouch__node *node, path *way)
{
    if (node->left < 0) {
        plain_leaf(w, way, node->value);
        return;
    }
    const vouch__node *child[2] = { w->tree + node->left, w->tree + node->right };
    bool is_left = vouch__node_goes_left(w->s->trees, node, w->row[node->input]);
    double share[2];
    size_t met = 0, n = way->n;
    (void)vouch__shap_shares(child[0], child[1], share);
    while (met < n && way->at[met].input != node->input)
        met++;
    if (met == n)
        way->at[way->n++] = (struct met){ node->input, 1.0, 1.0 };
    const struct met was = way->at[met];
    for (int side = 0; side < 2; side++) {
        way->at[met].r = was.r * share[side];
        way->at[met].s = was.s * (is_left == (side == 0) ? 1.0 : 0.0);
        plain_node(w, child[side], way);
    }
    way->at[met] = was;
    way->n = n;
}

void vouch__shap_plain(const struct vouch__shap *s, size_t tree, const double *row, double *out)
{
    path way = { .n = 0 };
    plain w = { .s = s, .tree = s->trees->node + s->trees->root[tree], .row = row };
    w.out = out;
    plain_node(&w, w.tree, &way);
}

/* Deep trees, path-dependent, by the multilinear extension (Owen, 1972).
 *
 * Let every input be present independently with probability t. Input i's Shapley value is the integral over t
 * of d f / d x_i, a polynomial of a degree below the number of inputs on a path, so that half as many
 * Gauss-Legendre points are exact. For one t, with S(n) what the subtree of n is worth, l and r its children,
 * q the share of r, f = 1 - q where the row goes right, -q where it goes left, and C(n) what multiplies S(n):
 *
 *     S(n) = S(l) + (q + tau f) (S(r) - S(l))     value of the input += rho C(n) f (S(r) - S(l))
 *     C(r) = C(n) (q + tau f)                     C(l) = C(n) - C(r)
 *
 * tau = t and rho = 1 where the path meets the input for the first time. Where it was met before and the row
 * passed, with R the product of the shares there and g = (1 - t) R + t: tau = t / g, rho = R / g^2. Where the
 * row failed, the input is decided: f = 0. Nothing is divided when a row is explained.
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
    SET = 2 * WIDTH,                     /* tau and rho of an input's first node */
    FIRST = (VOUCH__SHAP_MOST + 1) * SET /* by number of points */
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
    size_t root;
    const uint16_t *number; /* [nodes of the tree] inner nodes in order, then upper ones' leaves */
    lower path[DEEP];
    bool is_counting;
} making;

/* tau and rho at the tree's points, for a product R of shares. */
static void fill_twice(making *m, size_t at, double product)
{
    struct vouch__shap *s = m->s;
    for (size_t w = 0; w < m->d->width; w++)
        for (size_t p = 0; p < POINTS; p++) {
            double t = s->tau[m->d->points * SET + w][p], g = (1.0 - t) * product + t;
            s->tau[at + w][p] = t / g;
            s->tau[at + m->d->width + w][p] = product / (g * g);
        }
}

static void make_node(making *m, size_t n, size_t depth);

/* What belongs to an inner node whatever is above it. */
static void make_values(making *m, const vouch__node *node, size_t number)
{
    struct vouch__shap *s = m->s;
    const vouch__node *tree = s->trees->node + m->root;
    const vouch__node *child[2] = { &tree[node->left], &tree[node->right] };
    vouch__shap_node *out = &s->node[m->d->node + number];
    double share[2], apart = 1.0;
    (void)vouch__shap_shares(child[0], child[1], share);
    if (number < m->d->n_upper) {
        for (size_t side = 0; side < 2; side++) {
            size_t at = m->number[side ? node->right : node->left];
            out->child[side] = (uint32_t)(at * m->d->width * sizeof *s->tau);
            if (child[side]->left < 0)
                s->leaf[m->d->leaf + at - m->d->n] = child[side]->value;
        }
    } else {
        apart = child[1]->value - child[0]->value;
        s->leaf[m->d->leaf + m->d->n_leaves + number - m->d->n_upper] = child[0]->value + share[1] * apart;
    }
    s->low[m->d->value + number] = -share[1] * apart;
    s->rise[m->d->value + number] = apart;
}

/* An input that was met before, last at `before`, by a path that holds `product` of its shares. */
static void make_again(making *m, size_t number, const lower *before, double product)
{
    struct vouch__shap *s = m->s;
    if (!m->is_counting) {
        s->node[m->d->node + number].tau = (uint32_t)(s->n_tau * sizeof *s->tau);
        s->again[s->n_again] = (vouch__shap_again){ (uint8_t)number, (uint8_t)before->number, before->side };
        fill_twice(m, s->n_tau, product);
    }
    s->n_tau += 2 * (size_t)m->d->width;
    s->n_again++;
}

static void make_children(making *m, const vouch__node *node, size_t number, size_t depth)
{
    const vouch__node *tree = m->s->trees->node + m->root;
    const int32_t child[2] = { node->left, node->right };
    double share[2];
    (void)vouch__shap_shares(&tree[node->left], &tree[node->right], share);
    for (size_t side = 0; side < 2; side++)
        if (tree[child[side]].left >= 0) {
            m->path[depth] = (lower){ (uint16_t)number, node->input, share[side], (uint8_t)side };
            make_node(m, (size_t)child[side], depth + 1);
        }
}

static void make_node(making *m, size_t n, size_t depth)
{
    const vouch__node *node = &m->s->trees->node[m->root + n];
    size_t number = m->number[n], before = depth;
    double product = 1.0;
    for (size_t k = 0; k < depth; k++)
        if (m->path[k].input == node->input) {
            product *= m->path[k].share;
            before = k;
        }
    if (!m->is_counting) {
        m->s->node[m->d->node + number] = (vouch__shap_node){
            .input = (uint32_t)(m->input_at[node->input] * sizeof *m->s->tau),
            .tau = (uint32_t)(m->d->points * SET * sizeof *m->s->tau)
        };
        make_values(m, node, number);
    }
    if (before < depth)
        make_again(m, number, &m->path[before], product);
    make_children(m, node, number, depth);
}

static void make_tree(making *m, uint16_t *number)
{
    const vouch__node *tree = m->s->trees->node + m->s->trees->root[m->d->tree];
    uint32_t inner[VOUCH__SHAP_NODES];
    size_t upper;
    if (!m->d->width)
        return;
    size_t n = vouch__shap_order(tree, inner, &upper), next = n;
    for (size_t k = 0; k < n; k++) {
        const int32_t child[2] = { tree[inner[k]].left, tree[inner[k]].right };
        number[inner[k]] = (uint16_t)k;
        for (size_t side = 0; k < upper && side < 2; side++)
            if (tree[child[side]].left < 0)
                number[child[side]] = (uint16_t)next++;
    }
    m->root = m->s->trees->root[m->d->tree];
    m->number = number;
    m->d->n_upper = (uint16_t)upper;
    m->d->n_leaves = (uint16_t)(next - n);
    m->d->again = (uint32_t)m->s->n_again;
    make_node(m, 0, 0);
    m->d->n_again = (uint16_t)(m->s->n_again - m->d->again);
}

static void fill_points(struct vouch__shap *s)
{
    double point[VOUCH__GAUSS_MAX], weight[VOUCH__GAUSS_MAX];
    for (size_t n = 1; n <= VOUCH__SHAP_MOST; n++) {
        size_t width = (n + POINTS - 1) / POINTS;
        vouch__gauss_legendre(n, point, weight);
        for (size_t k = 0; k < width * POINTS; k++) { /* spare lanes count for nothing */
            s->tau[n * SET + k / POINTS][k % POINTS] = k < n ? point[k] : 0.5;
            s->tau[n * SET + width + k / POINTS][k % POINTS] = 1.0;
            s->weight[n * WIDTH + k / POINTS][k % POINTS] = k < n ? weight[k] : 0.0;
        }
    }
}

static void lay_out(vouch__pieces *pieces, struct vouch__shap *s, size_t n_tau)
{
    s->weight = vouch__piece(pieces, FIRST / 2, sizeof *s->weight);
    s->tau = vouch__piece(pieces, n_tau, sizeof *s->tau);
    s->low = vouch__piece(pieces, s->n_values, sizeof *s->low);
    s->rise = vouch__piece(pieces, s->n_values, sizeof *s->rise);
    s->node = vouch__piece(pieces, s->n_nodes, sizeof *s->node);
    s->again = vouch__piece(pieces, s->n_again, sizeof *s->again);
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
        s->n_again = 0;
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
        double t = w->s->tau[points * SET + q / POINTS][q % POINTS], after = 1.0;
        double scale = w->s->weight[points * WIDTH + q / POINTS][q % POINTS] * value;
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

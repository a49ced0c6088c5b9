/* Trees of depth at most 6 on whose paths no input is met twice, path-dependent: integrated as deep trees are
 * (shap_deep.c), by three points, which are exact for six inputs. Trees are filled up to 63 nodes, numbered
 * as a heap (children 2 h and 2 h + 1; a leaf above the last level is worth the same below), and eight stand
 * side by side, a pack: eight trees of a row go through it together, or eight rows through a tree. Either way
 * these operations are done, in this order, each rounded, with q the share of the right child and t the
 * points:
 *
 *     f = 0 - q to the left, 1 - q to the right
 *     last level, above leaves l and r: f times r - l, m = l + q (r - l), S_k = t_k f + m
 *     above: D_k = S_k(right) - S_k(left), E_k = t_k f + q, S_k = E_k D_k + S_k(left)
 *     root: C_k = weight_k;  C_k(right) = C_k E_k, C_k(left) = C_k - C_k(right)
 *     values above level 4: f sum C_k D_k
 *     level 4 with children a and b: M = sum C_k, N = sum C_k t_k, R = f N + (q M), L = M - R;
 *         values (f (f_b - f_a)) N + ((f (m_b - m_a)) M + integer), f_a L, f_b R
 *
 * Sums go from the first point to the last. Leaves are in units of a grid, so that what a node gives, rounded
 * to an integer, has one sum in whatever order it is added. Tables would say the same (shap_tables.c), but a
 * row has to wait for them: they are thirty times as large. */
#include "models/shap/shap_form.h"

#include "models/tree_shap.h"
#include "models/trees_io.h"

#include <string.h>

enum {
    LAST = VOUCH__SHAP_LANES / 2, /* the last level's first node */
    PACK = VOUCH__SHAP_PACK
};

typedef struct filling { /* of a tree */
    struct vouch__shap *s;
    vouch__shap_pack *pack;
    size_t lane;
    const vouch__node *tree;
    double grid;
} filling;

static void fill_last(const filling *w, size_t h, double share, double left, double right)
{
    double(*last)[PACK] = w->pack->last[h - LAST];
    last[0][w->lane] = (0.0 - share) * (right - left);
    last[1][w->lane] = (1.0 - share) * (right - left);
    last[2][w->lane] = left + share * (right - left);
}

static void fill_node(const filling *w, const vouch__node *node, size_t h)
{
    double share[2];
    if (node->left < 0) {
        size_t first = h, n = 1;
        for (; first < LAST; first *= 2)
            n *= 2;
        for (size_t j = first; j < first + n; j++)
            fill_last(w, j, 0.0, node->value * w->grid, node->value * w->grid);
        return;
    }
    const vouch__node *left = w->tree + node->left, *right = w->tree + node->right;
    (void)vouch__shap_shares(left, right, share);
    w->s->rounds[node->input]++;
    if (h >= LAST) {
        fill_last(w, h, share[1], left->value * w->grid, right->value * w->grid);
        return;
    }
    w->pack->right[h][w->lane] = share[1];
    fill_node(w, left, 2 * h);
    fill_node(w, right, 2 * h + 1);
}

static void lay_out(vouch__pieces *pieces, struct vouch__shap *s)
{
    s->pack = vouch__piece(pieces, (s->n_cover + PACK - 1) / PACK, sizeof *s->pack);
    s->rounds = vouch__piece(pieces, s->trees->n_inputs, sizeof *s->rounds);
}

vouch_status vouch__shap_make_cover(vouch_ctx *ctx, struct vouch__shap *s)
{
    vouch__pieces pieces = { 0 };
    lay_out(&pieces, s);
    s->covers = vouch__alloc(ctx, pieces.used + 64, 1);
    if (!s->covers)
        return vouch__oom(ctx);
    pieces = (vouch__pieces){ (uint8_t *)s->covers + (64 - (uintptr_t)s->covers % 64), 0 };
    lay_out(&pieces, s);
    vouch__gauss_legendre(VOUCH__SHAP_THREE, s->cover_t, s->cover_weight);
    for (size_t q = 0; q < s->n_cover; q++) {
        const vouch__node *tree = s->trees->node + s->trees->root[s->quick[q]];
        filling w = { s, &s->pack[q / PACK], q % PACK, tree, 1.0 / s->unit };
        fill_node(&w, tree, 1);
    }
    return VOUCH_OK;
}

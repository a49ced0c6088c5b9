/* Scoring without any particular instruction set: ranks by bisection, and eight trees walked at once, so that
 * the processor has eight chains of loads to work on instead of one. */
#include "models/engine/engine_form.h"

#include <math.h>

enum { STEPS = 3 }; /* between looks at whether all eight have arrived */

void vouch__engine_row_defined(const struct vouch__engine *e, const double *row, double *raw)
{
    for (size_t t = 0; t < e->n_trees; t++) {
        const vouch__node *tree = e->trees->node + e->trees->root[t];
        vouch__engine_add(e, t, vouch__engine_leaf(e, t, tree + vouch__tree_leaf(e->trees, t, row)), raw);
    }
}

static inline size_t step(const uint64_t *node, const uint8_t *bytes, size_t at)
{
    uint64_t n = node[at];
    unsigned right = bytes[n & 0xffff] >= (n >> 16 & 0xffff);
    return n >> (32 + 16 * right) & 0xffff;
}

static bool have_arrived(const uint64_t *const node[VOUCH__PACK], const size_t at[VOUCH__PACK])
{
    uint64_t all = (uint64_t)VOUCH__WALK_LEAF << 16;
    for (size_t j = 0; j < VOUCH__PACK; j++)
        all &= node[j][at[j]];
    return all != 0;
}

static void walk_pack(const struct vouch__engine *e, const uint8_t *bytes, size_t pack,
                      size_t at[VOUCH__PACK])
{
    const uint64_t *node[VOUCH__PACK];
    for (size_t j = 0; j < VOUCH__PACK; j++) {
        node[j] = e->node + e->node_at[VOUCH__PACK * pack + j];
        at[j] = 0;
    }
    for (size_t depth = e->depth[pack]; depth > 0; depth -= depth < STEPS ? depth : STEPS) {
        for (size_t s = 0; s < STEPS; s++)
            for (size_t j = 0; j < VOUCH__PACK; j++)
                at[j] = step(node[j], bytes, at[j]);
        if (depth > STEPS && have_arrived(node, at))
            return;
    }
}

/* Eight complete trees, six levels down: cell[j] of tree j. */
static void descend_pack(const struct vouch__engine *e, const uint8_t *bytes, size_t pack,
                         size_t cell[VOUCH__PACK])
{
    const uint16_t *index = e->wide_index + VOUCH__PACK * VOUCH__LANES * pack;
    const uint8_t *rank = e->rank + VOUCH__PACK * VOUCH__LANES * pack;
    for (size_t j = 0; j < VOUCH__PACK; j++, index += VOUCH__LANES, rank += VOUCH__LANES) {
        size_t h = 1;
        for (int level = 0; level < VOUCH__COMPLETE_DEPTH; level++)
            h = 2 * h + (bytes[index[h]] >= rank[h]);
        cell[j] = h - VOUCH__LANES;
    }
}

/* All trees of a forest that has only complete ones. */
static void walk_complete(const struct vouch__engine *e, const uint8_t *bytes, double *raw)
{
    size_t cell[VOUCH__PACK];
    vouch__sum sum = { raw[0], (float)raw[0] };
    for (size_t t = 0; t < e->n_trees; t += VOUCH__PACK) {
        size_t trees = e->n_trees - t < VOUCH__PACK ? e->n_trees - t : VOUCH__PACK;
        descend_pack(e, bytes, t / VOUCH__PACK, cell);
        for (size_t j = 0; j < trees; j++)
            vouch__sum_add(&sum, e->is_float, e->cell[(t + j) * VOUCH__COMPLETE_CELLS + cell[j]]);
    }
    raw[0] = e->is_float ? (double)sum.narrow : sum.wide;
}

void vouch__engine_walk(const struct vouch__engine *e, const uint8_t *bytes, size_t first, size_t n,
                        double *raw)
{
    size_t at[VOUCH__PACK];
    vouch__sum sum = { raw[0], (float)raw[0] };
    if (e->wide_index && n == e->n_packs) {
        walk_complete(e, bytes, raw);
        return;
    }
    for (size_t k = first; k < first + n; k++) {
        size_t t = VOUCH__PACK * k, trees = e->n_trees - t < VOUCH__PACK ? e->n_trees - t : VOUCH__PACK;
        walk_pack(e, bytes, k, at);
        for (size_t j = 0; j < trees; j++) {
            double leaf = e->value[e->node_at[t + j] + at[j]];
            if (e->group)
                vouch__engine_add(e, t + j, leaf, raw);
            else
                vouch__sum_add(&sum, e->is_float, leaf);
        }
    }
    if (!e->group && n > 0)
        raw[0] = e->is_float ? (double)sum.narrow : sum.wide;
}

void vouch__engine_row_portable(const struct vouch__engine *e, const double *row, double *raw)
{
    double x[VOUCH__RANK_COLUMNS];
    uint32_t code[VOUCH__RANK_CATS];
    uint8_t bytes[VOUCH__BYTES];
    const vouch__rank_table *ranks = &e->ranks;
    bytes[0] = 0; /* leaves look at it */
    vouch__rank_values(ranks, row, x);
    for (size_t c = 0; c < ranks->n_columns; c++) {
        uint8_t rank = vouch__rank_of(ranks, c, x[c]);
        bytes[c] = rank; /* 0 when missing: no cut is less */
        bytes[ranks->stride + c] = isnan(x[c]) ? UINT8_MAX : rank;
    }
    vouch__rank_codes(ranks, row, code);
    vouch__rank_sets(ranks, code, bytes + 2 * ranks->stride);
    vouch__engine_walk(e, bytes, 0, e->n_packs, raw);
}

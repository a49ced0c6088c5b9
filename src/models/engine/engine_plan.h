/* models/engine/engine_plan.h: what compiling a forest finds out before it fills the compiled form. Scratch.
 */
#ifndef VOUCH_ENGINE_PLAN_H
#define VOUCH_ENGINE_PLAN_H

#include "models/engine/engine_form.h"

typedef struct vouch__shape { /* of a tree */
    size_t leaves, depth;
} vouch__shape;

typedef struct vouch__plan {
    vouch__shape *tree;     /* [n_trees] */
    uint16_t *depth;        /* [n_nodes] */
    uint32_t *item_of;      /* [n_nodes]: where it is among the items of its tree */
    vouch__pack_form *form; /* [n_packs] */
    size_t n_items, n_pack_cats, n_masks, n_heap;
    bool fits, has_lanes, has_jumps, has_complete;
} vouch__plan;

static inline const vouch__node *vouch__tree_of(const struct vouch__engine *engine, size_t t)
{
    return engine->trees->node + engine->trees->root[t];
}

/* Category columns that the trees of a pack split on, and the masks they need. uses[VOUCH__RANK_CATS] is set.
 */
size_t vouch__count_cats(const struct vouch__engine *engine, size_t pack, bool *uses, size_t *out_masks);

/* Levels of a heap that holds so many cuts; at least as many as fill a register. */
static inline unsigned vouch__heap_levels(size_t n_cuts)
{
    unsigned levels = 4;
    while (((size_t)1 << levels) - 1 < n_cuts)
        levels++;
    return levels;
}

/* Everything that lay_out made room for. */
void vouch__engine_fill(struct vouch__engine *engine, const vouch__plan *plan);

#endif

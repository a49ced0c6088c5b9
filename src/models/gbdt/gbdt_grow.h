/* models/gbdt/gbdt_grow.h: a tree while it grows: what gbdt_grow.c decides and gbdt_step.c carries out. */
#ifndef VOUCH_GBDT_GROW_H
#define VOUCH_GBDT_GROW_H

#include "models/gbdt/gbdt.h"

typedef struct vouch__leaf {
    size_t begin, n, slot, depth, node;
    unsigned buffer;
    int64_t sum;
    double lo, hi;
    uint64_t groups; /* of inputs that may still interact with those above */
    uint32_t alone;  /* an input of no group that it was split by, or UINT32_MAX */
    bool can_split, is_counted, has_sides;
    size_t side_at; /* its first word in side, or SIZE_MAX */
    size_t n_left;  /* with has_sides: rows of the best split's left child */
    double gain;
    vouch__gbdt_split best;
} vouch__leaf;

/* A leaf whose histogram is to be built and searched, and the sibling that has their parent's (or NULL). */
typedef struct vouch__pair {
    vouch__leaf *small, *large;
    vouch__gbdt_node node[2];
    size_t parts, first_part; /* the first builds in the leaf's slot, others in histograms of their own */
    size_t first, n;          /* tasks that search it */
    bool is_built; /* before the search, by parts; else each searching task builds what it searches */
} vouch__pair;

typedef struct vouch__task {
    uint32_t of, at; /* a pair or a leaf, and which part of its work */
} vouch__task;

struct vouch__gbdt_grower {
    const vouch__gbdt_params *p;
    const vouch__gbdt_bins *bins;
    const vouch__gbdt_rows *rows;
    vouch__record *record[2];
    uint16_t *side;     /* a bit a record of the batch's leaves */
    size_t side_used;   /* words */
    size_t *chunk_left; /* by task of a step */
    int64_t *slots, *private;
    uint32_t *count;
    size_t *free_slot, n_free;
    vouch__leaf *leaf, **batch,
        **near; /* batch: leaves that are split together; near: by their rows' places */
    size_t n_leaves, n_batch, n_pairs, n_private;
    vouch__pair *pair;
    vouch__task *task;
    vouch__gbdt_split *found[2]; /* by searching task */
    vouch__gbdt_tree tree;
    /* of the present tree */
    const uint32_t *use;
    size_t n_use, n;       /* inputs, records */
    vouch__gbdt_node unit; /* l2, least_h, category_l2, min_rows */
};
enum { VOUCH__GBDT_CHUNK = 8192 }; /* records a task divides among children */

static inline const vouch__record *vouch__leaf_records(const struct vouch__gbdt_grower *g,
                                                       const vouch__leaf *l)
{
    return g->record[l->buffer] + l->begin;
}

/* The steps. Each does its work for a whole batch at once, by the context's threads. */

/* Memory for the steps: tasks, pairs, histograms. */
vouch_status vouch__step_memory(vouch_ctx *ctx, struct vouch__gbdt_grower *g);
/* Divide the batch's leaves that have no sides yet: side, n_left. */
vouch_status vouch__step_sides(vouch_ctx *ctx, struct vouch__gbdt_grower *g);
/* Move the batch's records to the other buffer, left ones first. */
vouch_status vouch__step_move(vouch_ctx *ctx, struct vouch__gbdt_grower *g);
/* Build and search the histograms of pair[n_pairs]; count as vouch__gbdt_find_number has it. */
vouch_status vouch__step_search(vouch_ctx *ctx, struct vouch__gbdt_grower *g, const uint32_t *count);

#endif

/* models/engine/engine_form.h: what a compiled forest consists of, for the files that compile and score it.
 *
 * Trees are taken eight at a time, a pack, in tree order; the forest's last pack is filled up with trees that
 * count for nothing. Each pack has a form:
 *
 *   WALK      nodes of 8 bytes, walked by comparing one byte a step. Every pack has it.
 *   REACH     trees of at most 64 leaves. Lane 1 + i of 64 is internal node i in preorder, lane 0 always goes
 *             right. up[lane] = parent's lane + (64 if the node is its right child). The cell of a leaf is
 *             2 * parent's lane + (1 if it is the right child).
 *   COMPLETE  trees of depth at most 6, filled up to depth 6. Lane h is node h of a heap; the leaf below path
 *             h has cell h - 64.
 *
 * Lane l of a tree compares byte index[l] with rank[l] and goes right when it is not less. */
#ifndef VOUCH_ENGINE_FORM_H
#define VOUCH_ENGINE_FORM_H

#include "models/engine/engine.h"
#include "models/engine/rank_table.h"

enum {
    VOUCH__PACK = 8, /* trees */
    VOUCH__LANES = 64,
    VOUCH__COMPLETE_DEPTH = 6,
    VOUCH__COMPLETE_CELLS = 64,
    VOUCH__REACH_CELLS = 128,
    VOUCH__NEVER_RIGHT = 255 /* as a rank, with default side left */
};

typedef enum vouch__form { VOUCH__FORM_WALK, VOUCH__FORM_REACH, VOUCH__FORM_COMPLETE } vouch__form;

/* How lanes find their byte. TWO_COPIES: at index | 64 (of up to 64 columns) or | 128 (up to 128), by default
 * side. ONE_COPY: the copy where missing is 255, and lanes of default_left are put right afterwards. */
typedef enum vouch__lookup {
    VOUCH__LOOKUP_64,
    VOUCH__LOOKUP_128,
    VOUCH__LOOKUP_ONE_COPY,
    VOUCH__LOOKUP_NONE /* more columns: packs are walked */
} vouch__lookup;

/* A node to walk: bits 0-15 where its byte is; 16-31 the least byte that goes right; 32-47 and 48-63 the left
 * and right child. A leaf's least byte is LEAF and it is its own child. */
enum { VOUCH__WALK_LEAF = 0x8000 };

typedef struct vouch__run { /* packs of one form, as many as follow each other */
    uint32_t first, n;
    vouch__form form;
} vouch__run;

typedef struct vouch__pack_cat { /* what one category column decides in the trees of a pack */
    uint32_t cat;
    size_t mask_at; /* cat_mask[mask_at + 8 * code + tree]: lanes that go right */
} vouch__pack_cat;

struct vouch__engine {
    const vouch__trees *trees;
    vouch__engine_path path;
    bool is_defined; /* scored by the walk that defines raw */
    bool is_float;
    size_t n_outputs, n_trees, n_packs, n_runs;
    double *start;
    uint32_t *group; /* NULL for one output */
    float *weight;   /* NULL for one each */
    vouch__rank_table ranks;
    vouch__lookup lookup;
    vouch__run *run;

    uint64_t *node;
    uint32_t *node_at; /* [8 n_packs] first node of a tree */
    uint16_t *depth;   /* [n_packs] */
    double *value;     /* of each node that is a leaf, times weight */

    uint8_t *index, *rank, *up; /* [8 n_packs x 64] */
    uint64_t *default_left;     /* [8 n_packs] lanes; ONE_COPY */
    uint8_t *doublings;         /* [n_packs] of REACH */
    uint32_t *cell_at;          /* [8 n_packs] */
    double *cell;
    uint16_t *
        wide_index; /* [8 n_packs x 64], for batches: NULL unless all packs are COMPLETE without categories */
    float *cell_float;     /* of those, when is_float */
    uint32_t *pack_cat_at; /* [n_packs + 1] */
    vouch__pack_cat *pack_cat;
    uint64_t *cat_mask;

    void *work;
};

/* Bytes of a row: two copies of the ranks, then one byte a category node. */
enum { VOUCH__BYTES = 2 * VOUCH__RANK_COLUMNS + VOUCH__RANK_SETS };

/* What a leaf of tree t adds. */
static inline double vouch__engine_leaf(const struct vouch__engine *engine, size_t t, const vouch__node *leaf)
{
    float value = (float)leaf->value;
    if (!engine->is_float)
        return leaf->value;
    return (double)(engine->weight ? value * engine->weight[t] : value);
}

/* raw += leaf, in the sum's own arithmetic. */
static inline void vouch__engine_add(const struct vouch__engine *engine, size_t tree, double leaf,
                                     double *raw)
{
    double *sum = &raw[engine->group ? engine->group[tree] : 0];
    *sum = engine->is_float ? (double)((float)*sum + (float)leaf) : *sum + leaf;
}

/* The sum of one output, in registers. */
typedef struct vouch__sum {
    double wide;
    float narrow;
} vouch__sum;

static inline void vouch__sum_add(vouch__sum *sum, bool is_float, double leaf)
{
    if (is_float)
        sum->narrow += (float)leaf;
    else
        sum->wide += leaf;
}

/* raw of one row, with raw at start before; by path. */
void vouch__engine_row_defined(const struct vouch__engine *engine, const double *row, double *raw);
void vouch__engine_row_portable(const struct vouch__engine *engine, const double *row, double *raw);
void vouch__engine_row_avx2(const struct vouch__engine *engine, const double *row, double *raw);
void vouch__engine_row_avx512bw(const struct vouch__engine *engine, const double *row, double *raw);
void vouch__engine_row_avx512vbmi(const struct vouch__engine *engine, const double *row, double *raw);

/* Add the leaves of packs [first, first + n) to raw by walking bytes. */
void vouch__engine_walk(const struct vouch__engine *engine, const uint8_t *bytes, size_t first, size_t n,
                        double *raw);

/* As many whole blocks of 64 rows as there are, and returns how many rows that is; 0 without wide_index. */
size_t vouch__engine_batch(const struct vouch__engine *engine, size_t n, const double *rows, double *raw);

#endif

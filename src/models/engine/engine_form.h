/* models/engine/engine_form.h: what a compiled forest consists of, for the files that compile and score it.
 *
 * Trees are taken eight at a time, a pack, in tree order; the forest's last pack is filled up with trees that
 * count for nothing. Each pack has a form:
 *
 *   WALK      items of 8 bytes, one byte compared a step.
 *   JUMP      trees of at most 64 leaves. Lane i of 64 is internal node i in preorder; left[i] and right[i]
 *             say where it leads: to a lane, or to VOUCH__LANES + cell. Such packs can also be walked.
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
    VOUCH__CELLS = 64,       /* leaves of a tree of lanes */
    VOUCH__NEVER_RIGHT = 255 /* as a rank, with default side left */
};

typedef enum vouch__pack_form { VOUCH__FORM_WALK, VOUCH__FORM_JUMP, VOUCH__FORM_COMPLETE } vouch__pack_form;

/* How lanes find their byte: at index | 64 (of up to 64 columns) or | 128 (up to 128) in both copies, by
 * default side. ONE_COPY: in the copy where missing is 255; lanes of default_left add 1 to it, which makes
 * missing 0, and compare with rank_one. */
typedef enum vouch__lookup {
    VOUCH__LOOKUP_64,
    VOUCH__LOOKUP_128,
    VOUCH__LOOKUP_ONE_COPY,
    VOUCH__LOOKUP_NONE /* more columns: packs are walked */
} vouch__lookup;

/* What a walk goes over. A node is followed by its left child; a leaf leads to the tree eight further on, so
 * that one walker takes every eighth tree without looking where one ends, and its value follows it. Walkers
 * stop at the end of a run of packs, and after so many packs of it that a byte can number them. */
typedef union vouch__item {
    struct {
        uint16_t byte;  /* of the row */
        uint8_t least;  /* that goes right; 0 in a leaf */
        uint8_t out;    /* of a leaf: the number of its pack in the stretch; otherwise NO_LEAF */
        int32_t beyond; /* items from here to the right child, or to the next tree */
    } step;
    double value;
} vouch__item;
enum { VOUCH__STRETCH = 64, VOUCH__NO_LEAF = VOUCH__STRETCH };

typedef struct vouch__run { /* packs of one form, as many as follow each other */
    uint32_t first, n;
    vouch__pack_form form;
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

    vouch__item *item; /* of packs that are not COMPLETE */
    uint32_t *item_at; /* [8 n_packs] first item of a tree */
    uint32_t stop;     /* where walkers stop */

    uint8_t *index, *rank;  /* [8 n_packs x 64] */
    uint8_t *rank_one;      /* ONE_COPY: rank + 1 in lanes of default side left */
    uint16_t *wide_index;   /* [8 n_packs x 64] of COMPLETE packs: where the byte of a lane is in a row */
    uint8_t *left, *right;  /* [8 n_packs x 64] of JUMP packs */
    uint8_t *jumps;         /* [n_packs] of JUMP: how many times its maps are doubled */
    uint64_t *default_left; /* [8 n_packs] lanes; ONE_COPY */
    double *cell;           /* [8 n_packs x 64] what leaves add; NULL when is_float */
    float *cell_float;      /* the same, NULL otherwise */
    uint32_t quiet;         /* column of category lanes */
    bool can_batch;         /* one run of COMPLETE packs without categories, one output */
    double *heap;           /* of can_batch: the cuts of column c as a heap of heap_levels[c] levels, at */
    float *heap_float;      /* heap_at[c]; the one or the other, as ranks.is_float */
    uint32_t *heap_at;      /* [n_columns] */
    uint8_t *heap_levels;   /* [n_columns] 4 .. 8 */
    uint32_t *pack_cat_at;  /* [n_packs + 1] */
    vouch__pack_cat *pack_cat;
    uint64_t *cat_mask;

    void *work;
};

/* Bytes of a row: two copies of the ranks, then one byte a category node: 255 for right. */
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

/* Add the leaves of a run to raw, byte by byte. */
void vouch__engine_walk(const struct vouch__engine *engine, const uint8_t *bytes, const vouch__run *run,
                        double *raw);

/* As many whole blocks of 64 rows as there are, and returns how many rows that is; 0 unless can_batch. */
size_t vouch__engine_batch(const struct vouch__engine *engine, size_t n, const double *rows, double *raw);

#endif

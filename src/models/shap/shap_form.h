/* models/shap/shap_form.h: what a prepared forest consists of, for the files that make and read it.
 *
 * Decisions: nodes are taken 64 at a time, a group. Lane l of a group goes right when byte place[l] of the
 * row's ranks is not less than rank[l] (models/engine/rank_table.h); a lane without a node never does. A
 * quick tree is one group, its lane h node h of a heap (children 2 h and 2 h + 1); a deep tree has its inner
 * nodes level by level.
 *
 * Quick trees have 16 units: unit j is what lies below heap node 16 + j, or the leaf above it. Its leaves
 * look at no more than 7 nodes, mask[j]; those decisions, in order of h, number a line of 8 integers: what
 * the unit gives the inputs of heap nodes on levels 0 to 2 above it, then of nodes 16 + j, 32 + 2 j, 33 + 2
 * j and the one on level 3, each in its place. An input that is met twice has all in its first place. */
#ifndef VOUCH_SHAP_FORM_H
#define VOUCH_SHAP_FORM_H

#include "models/engine/engine.h"
#include "models/engine/rank_table.h"
#include "models/shap/shap.h"

enum {
    VOUCH__SHAP_LANES = 64,
    VOUCH__SHAP_UNITS = 16,
    VOUCH__SHAP_LINE = 8,     /* integers */
    VOUCH__SHAP_OWN = 4,      /* where nodes below level 2 begin in lines */
    VOUCH__SHAP_ROWS = 8,     /* in a register */
    VOUCH__SHAP_GROUP = 16,   /* quick trees whose integers are added up together */
    VOUCH__SHAP_SLOTS = 19,   /* of four integers, of each: units, what is above each half, then 0 */
    VOUCH__SHAP_POINTS = 8,   /* of quadrature, together */
    VOUCH__SHAP_WIDTH = 4,    /* times so many are enough for 64 inputs on a path */
    VOUCH__SHAP_NODES = 256,  /* inner nodes of a deep tree times its width, at most */
    VOUCH__SHAP_INPUTS = 256, /* that deep trees split on */
    VOUCH__SHAP_MOST = VOUCH__SHAP_WIDTH * VOUCH__SHAP_POINTS,
    VOUCH__SHAP_PACK = 8,  /* integrated trees side by side */
    VOUCH__SHAP_THREE = 3, /* points of quadrature that are enough for them */
    VOUCH__SHAP_REGISTERS = 256
};

/* Added to a double of less than 2^51 it leaves the nearest integer in the lowest bits: 3 x 2^51. */
#define VOUCH__SHAP_ROUND 6755399441055744.0

/* Bytes of a row: two copies of the ranks, then one byte a category node. */
enum {
    SHAP_BLOCK = 64,    /* rows that a path takes through a tree together */
    SHAP_TOGETHER = 256 /* the same of an integrated tree */
};
enum { VOUCH__SHAP_BYTES = 2 * VOUCH__RANK_COLUMNS + VOUCH__RANK_SETS + VOUCH__SHAP_REGISTERS };

/* How lanes find their byte in registers: in both copies of up to 64 columns (at index | 64 by default side)
 * or up to 128 (| 128); in the second copy of up to 256, where missing is 255 and lanes of default_left are
 * put right afterwards; or one by one. */
typedef enum vouch__shap_lookup {
    VOUCH__SHAP_COPIES_64,
    VOUCH__SHAP_COPIES_128,
    VOUCH__SHAP_ONE_COPY,
    VOUCH__SHAP_ONE_BY_ONE
} vouch__shap_lookup;

typedef struct vouch__shap_cat { /* a lane that splits on categories */
    uint8_t lane;
    uint32_t place;
} vouch__shap_cat;

typedef struct vouch__shap_four { /* integers of a group of trees that an input gets */
    uint16_t input;
    uint16_t at[4];
} vouch__shap_four;

typedef double vouch__shap_v8 __attribute__((vector_size(64), may_alias));
typedef int64_t vouch__shap_i8 __attribute__((vector_size(64), may_alias));
typedef int64_t vouch__shap_i4 __attribute__((vector_size(32), may_alias));

typedef struct vouch__shap_pack { /* integrated trees, by heap node; what is not there is 0 (shap_cover.c) */
    double right[VOUCH__SHAP_LANES / 2][VOUCH__SHAP_PACK]; /* q, above the last level */
    double last[VOUCH__SHAP_LANES / 2][3]
               [VOUCH__SHAP_PACK]; /* the last level: f to the left, to the right, m */
} vouch__shap_pack;

typedef struct vouch__shap_node { /* inner node of a deep tree; bytes from the first of each kind */
    uint32_t tau;                 /* its tau, then its rho: those of an input's first node are t and 1 */
    uint32_t child[2];            /* left, right: what inner nodes are worth by number, then leaves */
    uint32_t input;               /* the sum of its input, among those of deep trees */
} vouch__shap_node;

typedef struct vouch__shap_again { /* a node of a deep tree whose input the path has met before */
    uint8_t node, before;          /* the nearest such node above it */
    uint8_t side;                  /* of `before` that it is below */
} vouch__shap_again;

/* Inner nodes that have one below them come first, level by level, so that neighbours seldom wait for each
 * other; then those with two leaves. */
typedef struct vouch__shap_deep {
    uint32_t tree;
    uint32_t group, node, value, leaf, again; /* the first of each */
    uint16_t n, n_upper;                      /* inner nodes; those that are not above two leaves */
    uint16_t n_leaves;                        /* of the upper ones */
    uint16_t n_again;
    uint16_t width; /* times 8 points; 0: by the plain method */
    uint16_t points;
} vouch__shap_deep;

typedef struct vouch__shap_batch { /* rows explained together */
    size_t n;                      /* a multiple of 8 */
    const double *rows;            /* [n x n_inputs] */
    const uint8_t *bytes;          /* [n x apart] */
    const uint8_t *columns; /* the same, SHAP_BLOCK rows at a time by place; NULL where nothing is ranked */
    size_t apart, sums;
    uint64_t *sum; /* [n x sums] */
} vouch__shap_batch;

struct vouch__shap {
    const vouch__trees *trees;
    vouch__shap_path path;
    bool by_cover; /* path-dependent */
    bool is_ranked;
    vouch__rank_table ranks;
    vouch__shap_lookup lookup;
    vouch__engine *engine; /* sums leaves in double */
    double base;
    size_t uncovered;

    size_t n_groups, n_quick, n_cover, n_deep, n_lines, n_cats, n_nodes, n_values, n_leaves, n_again,
        n_inputs, n_tau;
    /* decisions, by group: quick trees' groups come first */
    uint32_t *node_of;      /* [64 groups] in the forest, or UINT32_MAX */
    uint16_t *place;        /* [64 groups] */
    uint8_t *index, *rank;  /* [64 groups] */
    uint64_t *default_left; /* [groups] */
    uint32_t *cat_at;       /* [groups + 1] */
    vouch__shap_cat *cat;

    /* quick trees */
    uint8_t *is_quick;  /* [n_trees] */
    uint32_t *quick;    /* [n_quick] those that are integrated, n_cover, come first */
    uint64_t *mask;     /* [16 n_quick] */
    uint32_t *line;     /* [n_quick + 1] a tree's first, which is all zero; then n_lines */
    uint16_t *at;       /* [16 n_quick] a unit's first, in integers from its tree's; 0: it is not there */
    uint8_t *bit;       /* [128 n_quick] lanes of a unit's mask, in order, then 0, which never goes right */
    uint64_t *live;     /* [n_quick] heap nodes whose integers are not all 0; of integrated trees all nodes */
    uint16_t *input_of; /* [64 n_quick] of heap nodes; 0 where there is none, and its integers are 0 */
    int64_t *table;     /* [8 n_lines] */
    double unit;        /* what 1 is worth: a power of two */
    vouch__shap_four
        *four;         /* by group; an input's fours stand apart, so that none waits for the one before */
    uint32_t *four_at; /* [groups + 1]; groups of integrated trees come first */

    /* integrated trees */
    vouch__shap_pack *pack;
    uint64_t *rounds; /* [n_inputs] how often VOUCH__SHAP_ROUND is in an input's sum */
    double cover_t[VOUCH__SHAP_THREE], cover_weight[VOUCH__SHAP_THREE];

    /* deep trees, path-dependent */
    vouch__shap_deep *deep;
    vouch__shap_node *node;
    vouch__shap_again *again;
    /* f of the derivation, times the leaves' difference above two leaves: low to the left, low + rise to the
     * right; trees begin at multiples of 8 */
    double *low, *rise;
    double *leaf;           /* leaves of upper nodes, then the means of the others' by share */
    vouch__shap_v8 *tau;    /* [n_tau] taus, then as many rhos, of a node */
    uint32_t *input;        /* [n_inputs] */
    vouch__shap_v8 *weight; /* [33 x 4] by number of points; tau begins with t and 1 of each */
    void *work, *tables, *fours, *covers, *deeps;
    vouch_alloc alloc;
};

/* Bytes of a row, by path: bytes[VOUCH__SHAP_BYTES]. */
void vouch__shap_bytes_portable(const struct vouch__shap *s, const double *row, uint8_t *bytes);

/* Integer sums of the integrated trees, and of the other quick ones: add to sum[n_inputs]; of n rows, a
 * multiple of 8, whose bytes are `apart`, to sum[n x sums], which is all zero and holds 8 x sums by input for
 * each 8 rows; sums is n_inputs, and 8 that are nobody's where trees are integrated. Deep trees: add to
 * out[n_inputs]. By path. */
#define VOUCH__SHAP_KERNELS(path)                                                                            \
    void vouch__shap_ranks_##path(const struct vouch__shap *s, const double *row, uint8_t *bytes);           \
    void vouch__shap_cover_row_##path(const struct vouch__shap *s, const double *row, const uint8_t *bytes,  \
                                      uint64_t *sum);                                                        \
    void vouch__shap_quick_row_##path(const struct vouch__shap *s, const double *row, const uint8_t *bytes,  \
                                      uint64_t *sum);                                                        \
    void vouch__shap_quick_rows_##path(const struct vouch__shap *s, const vouch__shap_batch *b);             \
    void vouch__shap_deep_row_##path(const struct vouch__shap *s, const double *row, const uint8_t *bytes,   \
                                     double *out)
VOUCH__SHAP_KERNELS(portable);
VOUCH__SHAP_KERNELS(avx2);
VOUCH__SHAP_KERNELS(avx512);
void vouch__shap_cover_rows_avx512(const struct vouch__shap *s, const vouch__shap_batch *b);

/* Where in a line heap node h of quick trees is: the halves of level 2 apart, so that the lines of half a
 * tree can be added up before anything else. */
static inline size_t vouch__shap_place(size_t h)
{
    if (h < 4)
        return h / 2;
    return h < 8 ? 2 + h % 2 : VOUCH__SHAP_OWN + (h < 16 ? 3 : h < 32 ? 0 : 1 + h % 2);
}

/* How many groups of trees have their integers added up together. */
static inline size_t vouch__shap_groups(size_t trees)
{
    return (trees + VOUCH__SHAP_GROUP - 1) / VOUCH__SHAP_GROUP;
}
/* Of a row in a batch. */
static inline size_t vouch__shap_sums(const struct vouch__shap *s)
{
    return s->trees->n_inputs + (s->n_cover ? VOUCH__SHAP_ROWS : 0);
}

/* Makers, in order. Sizes first, then what is in them. */
vouch_status vouch__shap_compile(vouch_ctx *ctx, struct vouch__shap *s);
vouch_status vouch__shap_make_tables(vouch_ctx *ctx, struct vouch__shap *s,
                                     const vouch__shap_population *population);
vouch_status vouch__shap_make_cover(vouch_ctx *ctx, struct vouch__shap *s);
vouch_status vouch__shap_make_deep(vouch_ctx *ctx, struct vouch__shap *s);
vouch_status vouch__shap_make_fours(vouch_ctx *ctx, struct vouch__shap *s);
/* How many lines the units below node, which is on a level, have together. */
size_t vouch__shap_lines(const vouch__node *tree, const vouch__node *node, size_t level);
/* Inner nodes of a deep tree in order; how many. */
size_t vouch__shap_order(const vouch__node *tree, uint32_t inner[VOUCH__SHAP_NODES], size_t *out_upper);
void vouch__shap_set_lane(struct vouch__shap *s, size_t group, size_t lane, size_t node);

/* What share of a node's cover its children hold; halves, and false, when both hold none. */
static inline bool vouch__shap_shares(const vouch__node *left, const vouch__node *right, double out[2])
{
    double sum = left->cover + right->cover;
    out[0] = sum > 0.0 ? left->cover / sum : 0.5;
    out[1] = sum > 0.0 ? right->cover / sum : 0.5;
    return sum > 0.0;
}

/* The plain method, for what the others do not hold: one tree, added to out. */
void vouch__shap_plain(const struct vouch__shap *s, size_t tree, const double *row, double *out);

#endif

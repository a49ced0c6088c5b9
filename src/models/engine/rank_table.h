/* models/engine/rank_table.h: values of a row as ranks among a forest's own thresholds.
 *
 * A column is an input as nodes of one rule see it, with at most VOUCH__RANK_CUTS of its thresholds; more
 * cuts make more columns. With cuts c[0] < c[1] < ..., rank(x) = #{ i: c[i] < x }, so that x > c[j] exactly
 * when rank(x) >= j + 1. A missing value ranks 0 in the copy of the bytes that nodes with default side left
 * read (never >= j + 1) and 255 in the copy for default side right (always). Category inputs have a code
 * instead, and each of their nodes a byte of its own: 255 for right, 0 for left. */
#ifndef VOUCH_RANK_TABLE_H
#define VOUCH_RANK_TABLE_H

#include "models/trees.h"

enum {
    VOUCH__RANK_CUTS = 254,     /* of a column: 255 stays free to mean missing */
    VOUCH__RANK_COLUMNS = 2048, /* of a table, so that a row's ranks fit on the stack */
    VOUCH__RANK_SETS = 16384,   /* nodes that split on categories, likewise */
    VOUCH__RANK_CATS = 512,     /* category columns */
    VOUCH__RANK_PAD = 64,       /* copies of the bytes begin at multiples of this */
    VOUCH__RANK_BLOCK = 16      /* cuts searched at once */
};

typedef struct vouch__rank_column {
    uint32_t input;
    uint8_t rule;
    uint16_t n_cuts;
    uint32_t cut_at; /* cut[cut_at .. + n_cuts), then 1 to 16 NaN up to a multiple of 16 */
} vouch__rank_column;

typedef struct vouch__rank_cat {
    uint32_t input;
    uint8_t rule;
    uint32_t n_codes; /* codes 0 .. n_codes - 1, then "outside", then "missing" */
    uint32_t first_set, n_sets;
    size_t byte_at; /* set_byte[byte_at + code * n_sets + set] */
} vouch__rank_cat;

typedef struct vouch__rank_table {
    size_t n_columns, stride; /* stride: n_columns up to a multiple of VOUCH__RANK_PAD */
    size_t n_cats, n_sets, n_cuts;
    bool is_float;    /* all columns round values to float first */
    bool is_identity; /* column c reads input c */
    bool snaps;       /* some columns have a rule of LightGBM's */
    vouch__rank_column *column;
    vouch__rank_cat *cat;
    double *cut, *pivot;            /* pivot[16 c + b]: the last cut of block b of column c, or NaN */
    float *cut_float, *pivot_float; /* the same, when is_float */
    uint32_t *input;                /* [stride] of the columns */
    uint8_t *snap, *nan_is_zero, *zero_is_nan; /* [stride / 8] bits of the columns whose rule does so */
    uint8_t *set_byte;                         /* 255 right, 0 left */
    uint32_t
        *place; /* [n_nodes] of the forest: column << 8 | rank that goes right; category nodes: their set */
    void *held;
} vouch__rank_table;

static inline bool vouch__rank_cat_is(const vouch__rank_cat *cat, const vouch__node *node)
{
    return cat->input == node->input && cat->rule == node->rule;
}

static inline bool vouch__splits_on_category(const vouch__node *node)
{
    return node->left >= 0 && node->is_category;
}

/* The category column of a node that splits on categories. */
static inline size_t vouch__rank_cat_of(const vouch__rank_table *table, const vouch__node *node)
{
    size_t c = 0;
    while (!vouch__rank_cat_is(&table->cat[c], node))
        c++;
    return c;
}

/* *out_fits false: the forest has more of something than a table holds, and the table is empty. */
vouch_status vouch__rank_table_make(vouch_ctx *ctx, const vouch__trees *trees, vouch__rank_table *out_table,
                                    bool *out_fits);
void vouch__rank_table_clear(const vouch_alloc *alloc, vouch__rank_table *table);

/* Values of the columns as their rules see them, missing as NaN: x[n_columns]. */
void vouch__rank_values(const vouch__rank_table *table, const double *row, double *x);
/* The rank of x in a column, 0 for NaN, by bisection; and of x[n_columns] in all of them. */
uint8_t vouch__rank_of(const vouch__rank_table *table, size_t column, double x);
void vouch__rank_all(const vouch__rank_table *table, const double *x, uint8_t *rank);
/* Codes of the category columns: code[n_cats]. */
void vouch__rank_codes(const vouch__rank_table *table, const double *row, uint32_t *code);
/* Bytes of the category nodes: out[n_sets]. */
void vouch__rank_sets(const vouch__rank_table *table, const uint32_t *code, uint8_t *out);

/* A block of memory cut into pieces, each aligned to 64 bytes: measured first with base NULL. */
typedef struct vouch__pieces {
    uint8_t *base;
    size_t used;
} vouch__pieces;
void *vouch__piece(vouch__pieces *pieces, size_t count, size_t size);

#endif

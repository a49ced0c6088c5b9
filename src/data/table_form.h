/* data/table_form.h: how a table lies in memory. Columns are cut into blocks of 65,536 rows; each block is in
 * the narrowest form that gives every value back exactly. Which form a block takes depends on its values
 * only. */
#ifndef VOUCH_TABLE_FORM_H
#define VOUCH_TABLE_FORM_H

#include "data/table.h"

#include <math.h>
#include <stdatomic.h>

enum { VOUCH__BLOCK_BITS = 16, VOUCH__BLOCK = 1 << VOUCH__BLOCK_BITS };

typedef enum vouch__form {
    VOUCH__CONSTANT, /* one value for all rows; also all missing */
    VOUCH__INT8,     /* the least value of each integer form stands for missing */
    VOUCH__INT16,
    VOUCH__INT32,
    VOUCH__FLOAT,
    VOUCH__DOUBLE
} vouch__form;

typedef struct vouch__block {
    vouch__form form;
    double constant;
    void *at; /* NULL for CONSTANT */
} vouch__block;

typedef struct vouch__table_col {
    char *name;
    vouch_type type;
    vouch__block *block;
    size_t n_categories;
    const char **category; /* sorted by bytes; into text */
    char *text;
} vouch__table_col;

struct vouch_table {
    vouch_alloc alloc;
    atomic_size_t refs;
    size_t rows, cols, blocks;
    vouch__table_col *col;
    uint32_t *by_name; /* columns in order of name */
    atomic_int hashed; /* 0 no, 1 being written, 2 fingerprint stands */
    char fingerprint[VOUCH__HEX];
};

/* Store x[n], n > 0, in the narrowest form. -0 is stored as 0. */
vouch_status vouch__block_make(vouch_ctx *ctx, size_t n, const double *x, vouch__block *out_block);
/* Rows [begin, begin + n) of the block. */
void vouch__block_read(const vouch__block *block, size_t begin, size_t n, double *out);
/* Rows row[i] - base. */
void vouch__block_gather(const vouch__block *block, uint32_t base, size_t n, const uint32_t *row,
                         double *out);
/* Row i becomes what row order[i] was. Only while the table has one owner; after a failure some columns are
 * in one order and some in the other. */
vouch_status vouch__table_reorder(vouch_ctx *ctx, vouch_table *table, const uint32_t *order);

#endif

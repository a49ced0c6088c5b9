/* data/table_stack.h: a table of chosen rows of one table, or of two with the same columns. */
#ifndef VOUCH_TABLE_STACK_H
#define VOUCH_TABLE_STACK_H

#include "data/table.h"

typedef struct vouch__stack_part {
    const vouch_table *table;
    const uint32_t *row; /* [n], ascending; NULL: the first n rows */
    size_t n;
} vouch__stack_part;

/* Rows of the parts, one part after another. Columns are those of the first part that every part has, by
 * name, with types that agree (numbers, whole numbers and flags do among themselves); the others are left
 * out. */
vouch_status vouch__table_stack(vouch_ctx *ctx, size_t n_parts, const vouch__stack_part *part,
                                vouch_table **out_table);

#endif

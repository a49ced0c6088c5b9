/* data/sample_column.h: the columns of a test's cases. */
#ifndef VOUCH_SAMPLE_COLUMN_H
#define VOUCH_SAMPLE_COLUMN_H

#include "data/table.h"
#include "evidence/test.h"

/* Values of a column at the cases [begin, end) of a sample. */
static inline void vouch__sample_read(const vouch__sample *s, size_t col, size_t begin, size_t end,
                                      double *out)
{
    if (s->row)
        vouch__table_gather(s->table, col, end - begin, s->row + begin, out);
    else
        vouch_table_read(s->table, col, begin, end, out);
}

static inline bool vouch__sample_is_text(const vouch__sample *s, size_t col)
{
    return vouch_table_type(s->table, col) == VOUCH_TEXT;
}

/* A whole column in scratch; NULL when memory is out. */
static inline double *vouch__sample_column(vouch_ctx *ctx, const vouch__sample *s, size_t col)
{
    double *x = vouch__scratch(ctx, s->n + 1, sizeof *x);
    if (x)
        vouch__sample_read(s, col, 0, s->n, x);
    return x;
}

#endif

/* Putting the rows of a table that nobody else has yet into another order, a column at a time. */
#include "data/table_form.h"

#include "base/parallel.h"

typedef struct job {
    const vouch_table *table;
    const double *value; /* [rows] one column as it was */
    const uint32_t *order;
    vouch__block *block; /* as it becomes */
} job;

static vouch_status refill(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const job *j = arg;
    size_t mark = vouch__scratch_mark(worker);
    double *x = vouch__scratch(worker, end - begin, sizeof *x);
    if (!x)
        return vouch__oom(worker);
    for (size_t i = begin; i < end; i++)
        x[i - begin] = j->value[j->order[i]];
    vouch_status status = vouch__block_make(worker, end - begin, x, &j->block[chunk]);
    vouch__scratch_reset(worker, mark);
    return status;
}

static vouch_status reorder_column(vouch_ctx *ctx, vouch_table *table, size_t col, double *value,
                                   const uint32_t *order)
{
    vouch__block *old = table->col[col].block;
    job j = { .table = table, .value = value, .order = order };
    j.block = vouch__alloc(ctx, table->blocks ? table->blocks : 1, sizeof *j.block);
    if (!j.block)
        return vouch__oom(ctx);
    vouch_table_read(table, col, 0, table->rows, value);
    vouch_status status = vouch__parallel(ctx, table->rows, VOUCH__BLOCK, refill, &j);
    vouch__block *drop = status ? j.block : old; /* all of one or all of the other */
    if (!status)
        table->col[col].block = j.block;
    for (size_t b = 0; b < table->blocks; b++)
        vouch__free(&table->alloc, drop[b].at);
    vouch__free(&table->alloc, drop);
    return status;
}

vouch_status vouch__table_reorder(vouch_ctx *ctx, vouch_table *table, const uint32_t *order)
{
    size_t mark = vouch__scratch_mark(ctx);
    double *value = vouch__scratch(ctx, table->rows, sizeof *value);
    vouch_status status = VOUCH_OK;
    if (!value)
        return vouch__oom(ctx);
    for (size_t j = 0; j < table->cols && !status; j++)
        status = reorder_column(ctx, table, j, value, order);
    vouch__scratch_reset(ctx, mark);
    return status;
}

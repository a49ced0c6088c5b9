/* A portrait of every column of a table: exact, from its sorted values. */
#include "data/check_tools.h"

#include "base/parallel.h"
#include "num/rank.h"
#include "num/sum.h"

#include <math.h>

typedef struct portrait {
    double missing, distinct, low, p25, median, p75, high, mean, sd, skewness, top_share;
    size_t top_row; /* where the most frequent value stands; the least such value on ties */
} portrait;

typedef struct job {
    const vouch_table *table;
    portrait *out; /* [cols] */
} job;

/* x holds n sorted values, none missing, with the rows they stand in. */
static void draw(size_t n, const double *x, const uint32_t *row, double rows, portrait *p)
{
    size_t longest = 0;
    p->distinct = 0;
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && x[j] == x[i]; j++)
            ;
        p->distinct++;
        if (j - i > longest) {
            longest = j - i;
            p->top_row = row[i];
        }
    }
    p->top_share = (double)longest / rows;
    p->low = x[0];
    p->high = x[n - 1];
    p->p25 = vouch__quantile_sorted(n, x, 0.25);
    p->median = vouch__quantile_sorted(n, x, 0.5);
    p->p75 = vouch__quantile_sorted(n, x, 0.75);
    p->mean = vouch__mean(n, x, NULL);
    p->sd = sqrt(vouch__variance(n, x, NULL));
    double cubes = 0.0, k = (double)n; /* adjusted for the sample, as the software of statistics has it */
    for (size_t i = 0; i < n; i++)
        cubes += (x[i] - p->mean) / p->sd * ((x[i] - p->mean) / p->sd) * ((x[i] - p->mean) / p->sd);
    p->skewness = n > 2 && p->sd > 0.0 ? k / (k - 1.0) / (k - 2.0) * cubes : (double)NAN;
}

static vouch_status one_column(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const job *j = arg;
    size_t rows = vouch_table_rows(j->table), n = 0, mark = vouch__scratch_mark(worker);
    double *x = vouch__scratch(worker, rows, sizeof *x);
    double *sorted = vouch__scratch(worker, rows, sizeof *sorted);
    uint32_t *order = vouch__scratch(worker, rows, sizeof *order);
    (void)begin, (void)end;
    if (!x || !sorted || !order)
        return vouch__oom(worker);
    vouch_table_read(j->table, chunk, 0, rows, x);
    vouch_status status = vouch__order(worker, rows, x, order);
    if (!status) {
        for (; n < rows && !isnan(x[order[n]]); n++)
            sorted[n] = x[order[n]];
        j->out[chunk] = (portrait){ .missing = (double)(rows - n),
                                    .low = NAN,
                                    .p25 = NAN,
                                    .median = NAN,
                                    .p75 = NAN,
                                    .high = NAN,
                                    .mean = NAN,
                                    .sd = NAN,
                                    .skewness = NAN,
                                    .top_share = NAN };
        if (n > 0)
            draw(n, sorted, order, (double)rows, &j->out[chunk]);
    }
    vouch__scratch_reset(worker, mark);
    return status;
}

static void tell_column(vouch_ctx *ctx, const vouch_table *table, size_t col, const portrait *p,
                        vouch__evidence *list, vouch__json *rows)
{
    char top[64] = "";
    vouch_type type = vouch_table_type(table, col);
    bool counts = type == VOUCH_NUMBER || type == VOUCH_INTEGER || type == VOUCH_FLAG;
    const double number[] = { p->low, p->p25, p->median, p->p75, p->high, p->mean, p->sd };
    vouch__json *row = vouch__evidence_row(list, rows);
    vouch__row_text(list, row, vouch_table_name(table, col));
    vouch__row_text(list, row, vouch_type_name(type));
    vouch__row_number(list, row, p->missing);
    vouch__row_number(list, row, p->distinct);
    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        vouch__row_number(list, row, counts ? number[i] : (double)NAN);
    /* A value nearly every row has of its own describes a person, not the column. */
    if (p->top_share * (double)vouch_table_rows(table) >= 2)
        vouch__check_cell(ctx, table, col, p->top_row, sizeof top, top);
    vouch__row_text(list, row, top);
    vouch__row_number(list, row, p->top_share);
    vouch__row_number(list, row, counts ? p->skewness : (double)NAN);
}

vouch_status vouch__check_profile(vouch_ctx *ctx, const vouch_table *table, vouch__evidence *list)
{
    size_t cols = vouch_table_cols(table), mark = vouch__scratch_mark(ctx);
    job j = { .table = table, .out = vouch__scratch(ctx, cols, sizeof *j.out) };
    if (!j.out)
        return vouch__oom(ctx);
    vouch_status status = vouch__parallel(ctx, cols, 1, one_column, &j);
    if (!status) {
        vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_data_profile, .n = (double)vouch_table_rows(table),
                                               .value = (double)cols);
        vouch__json *object = vouch__evidence_add(list, &entry);
        vouch__json *rows = vouch__evidence_table(
            list, object, "columns",
            "column,type,missing,distinct,minimum,p25,median,p75,maximum,mean,sd,top,top_share,skewness");
        for (size_t col = 0; col < cols; col++)
            tell_column(ctx, table, col, &j.out[col], list, rows);
        status = vouch__doc_status(ctx, list->doc);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

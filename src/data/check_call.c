/* A check of a table on the sample of a test: its roles as the checks know them, and its split. */
#include "data/check_tools.h"

#include "data/table_stack.h"
#include "num/rng.h"

#include <string.h>

typedef struct bench {
    vouch_ctx *ctx;
    const vouch__test_call *call;
    const vouch_table *table; /* the sample's, or one with the reference's rows before its own */
    vouch_table *own;         /* made here and not kept */
    vouch__data_spec spec;
    vouch__split split;
    vouch__doc *doc;
    vouch__column_rule *rule;
    size_t n_rules;
} bench;

static bool is_leakage(const vouch_test *test) { return test->run == vouch__test_data_overlap.run; }

/* Where a column of the sample's table stands in the bench's. */
static size_t moved(const bench *b, size_t col)
{
    if (col == SIZE_MAX || b->table == b->call->now->table)
        return col;
    return vouch_table_find(b->table, vouch_table_name(b->call->now->table, col));
}

static vouch_status make_spec(bench *b)
{
    const vouch__sample *s = b->call->now;
    const vouch__json *columns = vouch__test_tree(b->call, "columns");
    size_t *feature = vouch__scratch(b->ctx, s->n_features + 1, sizeof *feature), n = 0;
    if (!feature)
        return vouch__oom(b->ctx);
    for (size_t i = 0; i < s->n_features; i++) {
        feature[n] = moved(b, s->feature[i]);
        n += feature[n] != SIZE_MAX;
    }
    b->spec = (vouch__data_spec){ .feature = feature,
                                  .n_features = n,
                                  .id = moved(b, s->id_column),
                                  .target = moved(b, s->label_column),
                                  .time = moved(b, s->date_column),
                                  .bad = s->bad_value,
                                  .seed = b->call->seed };
    if (b->call->test == &vouch__test_data_constant)
        b->spec.constant_share = vouch__test_param(b->call, "share");
    if (!columns)
        return VOUCH_OK;
    if (columns->type != VOUCH__JSON_OBJECT)
        return vouch__json_fail(b->ctx, VOUCH_E_FORMAT, b->call->test->id, columns,
                                "columns must be a mapping of columns");
    vouch_status status = vouch__doc_new(b->ctx, &b->doc);
    if (!status)
        status = vouch__rules_read(b->ctx, b->call->test->id, columns, b->doc, &b->rule, &b->n_rules);
    b->spec.rule = b->rule;
    b->spec.n_rules = b->n_rules;
    return status;
}

/* The reference's rows, then the sample's; kept for the next test where there is a memo. */
static vouch_status stack(bench *b)
{
    const vouch__sample *now = b->call->now, *before = b->call->before;
    const vouch__stack_part part[] = { { before->table, NULL, vouch_table_rows(before->table) },
                                       { now->table, NULL, vouch_table_rows(now->table) } };
    vouch__test_memo *memo = b->call->memo;
    vouch_status status = VOUCH_OK;
    if (memo && memo->both) {
        b->table = memo->both;
        return VOUCH_OK;
    }
    status = vouch__table_stack(b->ctx, 2, part, &b->own);
    b->table = b->own;
    if (!status && memo) {
        memo->both = b->own;
        b->own = NULL;
    }
    return status;
}

static vouch_status rows_of(vouch_ctx *ctx, const vouch__sample *s, size_t first, uint32_t **out)
{
    *out = vouch__scratch(ctx, s->n + 1, sizeof **out);
    if (!*out)
        return vouch__oom(ctx);
    for (size_t i = 0; i < s->n; i++)
        (*out)[i] = (uint32_t)(first + (s->row ? s->row[i] : i));
    return VOUCH_OK;
}

/* A random half tests; rows without an outcome take no part. */
static vouch_status halves(bench *b)
{
    const vouch__sample *s = b->call->now;
    uint32_t *train = vouch__scratch(b->ctx, s->n + 1, sizeof *train);
    uint32_t *test = vouch__scratch(b->ctx, s->n + 1, sizeof *test);
    if (!train || !test)
        return vouch__oom(b->ctx);
    b->split.row[VOUCH__TRAIN] = train;
    b->split.row[VOUCH__TEST] = test;
    for (size_t i = 0; i < s->n; i++) {
        uint32_t row = s->row ? s->row[i] : (uint32_t)i;
        vouch__part part = vouch__mix(b->call->seed, row) & 1 ? VOUCH__TEST : VOUCH__TRAIN;
        b->split.row[part][b->split.n[part]++] = row;
    }
    return VOUCH_OK;
}

static vouch_status make_split(bench *b)
{
    const vouch__sample *now = b->call->now, *before = b->call->before;
    if (!before)
        return halves(b);
    vouch_status status = stack(b);
    if (!status)
        status = rows_of(b->ctx, before, 0, &b->split.row[VOUCH__TRAIN]);
    if (!status)
        status = rows_of(b->ctx, now, vouch_table_rows(before->table), &b->split.row[VOUCH__TEST]);
    b->split.n[VOUCH__TRAIN] = before->n;
    b->split.n[VOUCH__TEST] = now->n;
    return status;
}

vouch_status vouch__check_call(vouch_ctx *ctx, const vouch__test_call *call,
                               vouch_status (*part)(vouch_ctx *ctx, const vouch__checked *checked))
{
    bench b = { .ctx = ctx, .call = call, .table = call->now->table };
    vouch_status status = VOUCH_OK;
    if (!b.table) {
        vouch__test_skip(call, "The test needs the table that the cases came from.");
        return VOUCH_OK;
    }
    if (is_leakage(call->test))
        status = make_split(&b);
    if (!status)
        status = make_spec(&b);
    const vouch__checked checked = {
        .table = b.table, .spec = &b.spec, .split = &b.split, .list = call->list, .only = call->test
    };
    if (!status)
        status = part(ctx, &checked);
    vouch__rules_free(vouch__allocator(ctx), b.rule, b.n_rules);
    vouch__doc_free(b.doc);
    vouch_table_unref(b.own);
    return status;
}

/* The fair-lending tests of scores and decisions as the catalogue calls them: on any file of scores. */
#include "fairness/outcomes.h"

#include "num/rank.h"

#include <string.h>

const vouch__param vouch__fair_params[VOUCH__FAIR_PARAMS] = {
    { "approve", VOUCH__PARAM_REAL, 0.01, 0.99, 0.8, NULL, "share of cases",
      "Decisions are made by approving this share of the cases, those of least risk; ties are approved "
      "together." },
    { "least", VOUCH__PARAM_INTEGER, 2, 1e6, 30, NULL, "cases", "Groups with fewer cases are not compared." },
};

/* The safest share, ties together. */
static vouch_status decide(vouch_ctx *ctx, const vouch__sample *s, double share, uint8_t *approve)
{
    uint32_t *order = vouch__scratch(ctx, s->n, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, s->n, s->score, order);
    if (status)
        return status;
    size_t last = (size_t)(share * (double)s->n);
    double cut = s->score[order[last > 0 ? last - 1 : 0]];
    for (size_t i = 0; i < s->n; i++)
        approve[i] = s->score[i] <= cut;
    return VOUCH_OK;
}

static vouch_status one_group(vouch_ctx *ctx, const vouch__test_call *call, const vouch__outcomes *o,
                              size_t column)
{
    vouch__groups groups;
    size_t mark = vouch__scratch_mark(ctx);
    vouch_status status = vouch__groups_make(ctx, o->data, column, o->n, o->row, &groups);
    if (!status && call->test == &vouch__test_fair_air)
        status = vouch__fair_air(ctx, o, &groups);
    if (!status && call->test == &vouch__test_fair_smd)
        status = vouch__fair_smd(ctx, o, &groups);
    if (!status && call->test == &vouch__test_fair_error_rates)
        status = vouch__fair_errors(ctx, o, &groups);
    if (!status && call->test == &vouch__test_fair_score_proxy)
        status = vouch__fair_score_proxy(ctx, o, &groups);
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__fair_run(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    uint32_t *row = vouch__scratch(ctx, s->n, sizeof *row);
    uint8_t *approve = vouch__scratch(ctx, s->n, 1);
    if (!row || !approve)
        return vouch__oom(ctx);
    if (!s->table || !s->group_column) {
        vouch__test_skip(call, "The test needs the table that the groups came from.");
        return VOUCH_OK;
    }
    for (size_t i = 0; i < s->n; i++)
        row[i] = s->row ? s->row[i] : (uint32_t)i;
    vouch__split split = { .n = { s->n }, .row = { row } };
    const vouch__fair_data data = { .table = s->table,
                                    .split = &split,
                                    .protected_column = s->group_column,
                                    .n_protected = s->n_groups,
                                    .min_group = vouch__test_param(call, "least"),
                                    .seed = call->seed };
    const vouch__outcomes o = { .data = &data,
                                .model_name = call->model_name,
                                .part_name = s->part,
                                .n = s->n,
                                .row = row,
                                .raw = s->score,
                                .approve = approve,
                                .bad = s->bad,
                                .list = call->list };
    vouch_status status = decide(ctx, s, vouch__test_param(call, "approve"), approve);
    for (size_t g = 0; g < s->n_groups && !status; g++)
        status = one_group(ctx, call, &o, s->group_column[g]);
    return status;
}

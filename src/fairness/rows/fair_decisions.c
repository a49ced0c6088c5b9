/* Decisions and groups of the catalogue's samples. */
#include "fairness/rows/fair_rows.h"

#include "num/rank.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

double vouch__share_cutoff(size_t n, const double *sorted, double share)
{
    double wanted = nearbyint(share * (double)n);
    size_t k = wanted > (double)n ? n : (size_t)wanted, at = n - k;
    while (k < n && at < n && at > 0 && sorted[at - 1] == sorted[at]) /* ties go with the approved */
        at++;
    return at < n ? sorted[at] : (double)NAN;
}

static vouch_status cutoff_of(vouch_ctx *ctx, const vouch__test_call *call, double *out)
{
    const vouch__sample *s = call->now;
    size_t mark = vouch__scratch_mark(ctx);
    double *sorted = vouch__scratch(ctx, s->n, sizeof *sorted);
    uint32_t *order = vouch__scratch(ctx, s->n, sizeof *order);
    if (!sorted || !order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, s->n, s->score, order);
    for (size_t i = 0; !status && i < s->n; i++)
        sorted[i] = s->score[order[i]];
    if (!status)
        *out = vouch__share_cutoff(s->n, sorted, vouch__test_param(call, "declined"));
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__call_decide(vouch_ctx *ctx, const vouch__test_call *call, vouch__decided *out)
{
    const vouch__sample *s = call->now;
    bool is_given = vouch__json_get(call->given, "cutoff") != NULL;
    char text[VOUCH__DOUBLE_MAX];
    *out = (vouch__decided){ .approve = vouch__scratch(ctx, s->n, 1) };
    if (!out->approve)
        return vouch__oom(ctx);
    out->cutoff = vouch__test_param(call, "cutoff");
    vouch_status status = is_given ? VOUCH_OK : cutoff_of(ctx, call, &out->cutoff);
    if (status)
        return status;
    for (size_t i = 0; i < s->n; i++) {
        out->approve[i] = !(s->score[i] >= out->cutoff);
        out->declined += !out->approve[i];
    }
    (void)vouch__double_text(out->cutoff, text);
    if (out->declined == 0)
        (void)snprintf(out->rule, sizeof out->rule, "Nobody is declined.");
    else
        (void)snprintf(out->rule, sizeof out->rule,
                       "Declined: %zu of %zu cases, those with a score of %s or more.", out->declined, s->n,
                       text);
    return VOUCH_OK;
}

vouch__outcomes vouch__call_outcomes(const vouch__test_call *call, const vouch__decided *decided)
{
    const vouch__sample *s = call->now;
    return (vouch__outcomes){ .test = call->test,
                              .model_name = call->model_name,
                              .part_name = s->part,
                              .rule = decided ? decided->rule : NULL,
                              .min_group = vouch__test_param(call, "min_group"),
                              .n = s->n,
                              .raw = s->score,
                              .approve = decided ? decided->approve : NULL,
                              .bad = (call->test->needs & VOUCH__NEEDS_LABELS) ? s->bad : NULL,
                              .list = call->list };
}

vouch_status vouch__factor_groups(vouch_ctx *ctx, const vouch__factor *factor, size_t n, vouch__groups *out)
{
    size_t groups = factor->n_levels + 1;
    if (groups > VOUCH__GROUPS_MAX)
        return vouch__fail(ctx, VOUCH_E_DATA, "%s makes %zu groups, at most %d can be compared", factor->name,
                           factor->n_levels, VOUCH__GROUPS_MAX - 1);
    *out = (vouch__groups){ .column = factor->name,
                            .n = n,
                            .of = vouch__scratch(ctx, n, 1),
                            .label = vouch__scratch(ctx, groups, sizeof *out->label),
                            .count = vouch__scratch(ctx, groups, sizeof *out->count),
                            .missing = SIZE_MAX };
    if (!out->of || !out->label || !out->count)
        return vouch__oom(ctx);
    memset(out->count, 0, groups * sizeof *out->count);
    for (size_t i = 0; i < n; i++) {
        uint32_t code = factor->code[i];
        out->of[i] = (uint8_t)(code == VOUCH__NO_LEVEL ? factor->n_levels : code);
        out->count[out->of[i]]++;
    }
    for (size_t g = 0; g < factor->n_levels; g++) {
        (void)snprintf(out->label[g], VOUCH__GROUP_LABEL, "%.90s", factor->level[g]);
        if (out->count[g] > out->count[out->reference])
            out->reference = g;
    }
    out->n_groups = factor->n_levels;
    if (out->count[factor->n_levels] > 0) {
        out->missing = out->n_groups++;
        (void)snprintf(out->label[out->missing], VOUCH__GROUP_LABEL, "missing");
    }
    return VOUCH_OK;
}

vouch_status vouch__fair_each(vouch_ctx *ctx, const vouch__test_call *call, const vouch__decided *decided,
                              vouch__fair_measure *measure)
{
    vouch__outcomes o = vouch__call_outcomes(call, decided);
    vouch_status status = VOUCH_OK;
    for (size_t k = 0; k < call->now->n_groups && !status; k++) {
        vouch__groups groups;
        size_t mark = vouch__scratch_mark(ctx);
        status = vouch__poll(ctx);
        if (!status)
            status = vouch__factor_groups(ctx, &call->now->group[k], call->now->n, &groups);
        if (!status)
            status = measure(ctx, call, &o, &groups);
        vouch__scratch_reset(ctx, mark);
    }
    return status;
}

vouch_status vouch__fair_each_decided(vouch_ctx *ctx, const vouch__test_call *call,
                                      vouch__fair_measure *measure)
{
    vouch__decided decided;
    vouch_status status = vouch__call_decide(ctx, call, &decided);
    return status ? status : vouch__fair_each(ctx, call, &decided, measure);
}

vouch_status vouch__call_fair_data(vouch_ctx *ctx, const vouch__test_call *call, vouch__call_data *out)
{
    const vouch__sample *s = call->now;
    *out = (vouch__call_data){ .row = vouch__scratch(ctx, s->n + 1, sizeof *out->row) };
    if (!out->row)
        return vouch__oom(ctx);
    for (size_t i = 0; i < s->n; i++)
        out->row[i] = s->row ? s->row[i] : (uint32_t)i;
    out->split = (vouch__split){ .n = { s->n }, .row = { out->row } };
    out->data = (vouch__fair_data){ .table = s->table,
                                    .split = &out->split,
                                    .protected_column = s->group_column,
                                    .n_protected = s->group_column ? s->n_groups : 0,
                                    .feature = s->feature,
                                    .n_features = s->n_features,
                                    .min_group = vouch__test_param(call, "min_group"),
                                    .seed = call->seed,
                                    .is_sample = true,
                                    .part_name = s->part };
    return VOUCH_OK;
}

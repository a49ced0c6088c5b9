/* One row: the model's score meets the cut-off, and a decline carries its reasons; or a number is predicted
 * and taken apart. */
#include "decide/decider.h"

#include "explain/explainer.h"

#include <math.h>

typedef struct outcome {
    double raw, probability;
    bool is_explained;
    vouch_explanation explanation;
    const char *decision;
    size_t n_reasons;
    vouch__reason *reason; /* [most] */
} outcome;

/* The clock is read between stages only when somebody asked for times. */
enum { SCORE, EXPLAIN, REASONS, STAGES };
typedef struct laps {
    vouch_ctx *ctx;
    bool is_on;
    int64_t last, took[STAGES];
} laps;

static void lap(laps *l, int stage)
{
    if (!l->is_on)
        return;
    int64_t now = vouch__now(l->ctx);
    l->took[stage] += now - l->last;
    l->last = now;
}

/* A number, of which nothing is decided. */
static bool predicts(const vouch__decider *d) { return isnan(d->cutoff); }

/* value[n_inputs] is working space. */
static vouch_status judge(vouch_ctx *ctx, const vouch__decider *d, const double *row, double *value, laps *l,
                          outcome *o)
{
    const vouch_model *model = d->model;
    vouch__matrix x = { row, 1, model->inputs.n };
    model->kind->predict(model->state, x, &o->raw);
    o->probability = vouch__model_probability(model, o->raw);
    if (predicts(d) && !(isfinite(o->raw) && isfinite(o->probability)))
        return vouch__fail(ctx, VOUCH_E_DATA, "decide: the model gives no prediction for this row");
    if (!predicts(d) && (!isfinite(o->raw) || !(o->probability >= 0.0 && o->probability <= 1.0)))
        return vouch__fail(ctx, VOUCH_E_DATA, "decide: the model gives no probability for this row");
    o->decision = predicts(d) ? "score" : "approve";
    lap(l, SCORE);
    if (o->probability <= d->cutoff)
        return VOUCH_OK;
    vouch_explainer_row(d->explainer, row, value, &o->explanation);
    o->is_explained = true;
    lap(l, EXPLAIN);
    if (predicts(d))
        return VOUCH_OK;
    o->n_reasons = vouch__reasons_rank(&d->map, value, d->most, o->reason);
    o->decision = o->n_reasons ? "decline" : "refer";
    return VOUCH_OK;
}

static void write_reasons(const vouch__decider *d, const outcome *o, vouch__doc *doc, vouch__json *list)
{
    for (size_t r = 0; r < o->n_reasons; r++) {
        const vouch__reason *reason = &o->reason[r];
        const vouch__characteristic *c = &d->map.at[reason->characteristic];
        vouch__json *at = vouch__json_push(doc, list, vouch__json_object(doc));
        (void)vouch__json_set(doc, at, "characteristic", vouch__json_text(doc, c->name));
        if (c->code)
            (void)vouch__json_set(doc, at, "code", vouch__json_text(doc, c->code));
        (void)vouch__json_set(doc, at, "text", vouch__json_text(doc, c->text));
        (void)vouch__json_set(doc, at, "log_odds", vouch__json_number(doc, reason->log_odds));
        (void)vouch__json_set(doc, at, "share", vouch__json_number(doc, reason->share));
    }
}

static void write_sources(const vouch__decider *d, const outcome *o, vouch__doc *doc, vouch__json *out)
{
    const double number[] = { o->explanation.residual, o->explanation.source_gap };
    const char *const name[] = { "residual", "source_gap" };
    for (int k = 0; k < 2; k++)
        (void)vouch__json_set(doc, out, name[k],
                              o->is_explained ? vouch__json_number(doc, number[k]) : vouch__json_null(doc));
    (void)vouch__json_set(doc, out, "model", vouch__json_text(doc, vouch_model_fingerprint(d->model)));
    (void)vouch__json_set(doc, out, "method", vouch__json_text(doc, d->method));
}

/* What raw is made of: base and every characteristic's share, largest in size first, ties by their order. */
static vouch__json *write_score(vouch_ctx *ctx, const vouch__decider *d, const double *value,
                                const outcome *o, vouch__doc *doc)
{
    vouch__json *out = vouch__json_object(doc);
    size_t *order = vouch__scratch(ctx, d->map.n + 1, sizeof *order);
    double *sum = vouch__scratch(ctx, d->map.n + 1, sizeof *sum);
    if (!order || !sum)
        return NULL;
    for (size_t c = 0; c < d->map.n; c++) {
        size_t at = c;
        sum[c] = vouch__characteristic_sum(&d->map, c, value);
        for (; at > 0 && fabs(sum[order[at - 1]]) < fabs(sum[c]); at--)
            order[at] = order[at - 1];
        order[at] = c;
    }
    (void)vouch__json_set(doc, out, "decision", vouch__json_text(doc, o->decision));
    (void)vouch__json_set(doc, out, "prediction", vouch__json_number(doc, o->probability));
    (void)vouch__json_set(doc, out, "raw", vouch__json_number(doc, o->raw));
    (void)vouch__json_set(doc, out, "base", vouch__json_number(doc, vouch__explainer_base(d->explainer)));
    vouch__json *list = vouch__json_set(doc, out, "contributions", vouch__json_array(doc));
    for (size_t k = 0; k < d->map.n; k++) {
        vouch__json *at = vouch__json_push(doc, list, vouch__json_object(doc));
        (void)vouch__json_set(doc, at, "characteristic", vouch__json_text(doc, d->map.at[order[k]].name));
        (void)vouch__json_set(doc, at, "contribution", vouch__json_number(doc, sum[order[k]]));
    }
    write_sources(d, o, doc, out);
    return out;
}

static vouch__json *write_decision(const vouch__decider *d, const double *row, const outcome *o,
                                   vouch__doc *doc)
{
    const vouch_model *model = d->model;
    bool has_points = (model->kind->capabilities & VOUCH__CAN_POINTS) != 0;
    vouch__json *out = vouch__json_object(doc);
    (void)vouch__json_set(doc, out, "decision", vouch__json_text(doc, o->decision));
    (void)vouch__json_set(doc, out, "probability", vouch__json_number(doc, o->probability));
    (void)vouch__json_set(doc, out, "raw", vouch__json_number(doc, o->raw));
    (void)vouch__json_set(doc, out, "points",
                          has_points ? vouch__json_number(doc, model->kind->points(model->state, row))
                                     : vouch__json_null(doc));
    (void)vouch__json_set(doc, out, "cutoff", vouch__json_number(doc, d->cutoff));
    write_reasons(d, o, doc, vouch__json_set(doc, out, "reasons", vouch__json_array(doc)));
    write_sources(d, o, doc, out);
    return out;
}

vouch_status vouch__decide(vouch_ctx *ctx, const vouch__decider *decider, const vouch__json *row,
                           vouch__doc *doc, vouch__decide_times *times, vouch__json **out_decision)
{
    size_t n = decider->model->inputs.n, mark = vouch__scratch_mark(ctx);
    outcome o = { .n_reasons = 0 };
    laps l = { .ctx = ctx, .is_on = times != NULL };
    double *x = vouch__scratch(ctx, n, sizeof *x);
    double *value = vouch__scratch(ctx, n, sizeof *value);
    o.reason = vouch__scratch(ctx, decider->most, sizeof *o.reason);
    if (!x || !value || !o.reason) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    if (l.is_on)
        l.last = vouch__now(ctx);
    vouch_status status = vouch__row_encode(ctx, &decider->model->inputs, row, x);
    if (!status)
        status = judge(ctx, decider, x, value, &l, &o);
    if (!status) {
        vouch__json *decision = predicts(decider) ? write_score(ctx, decider, value, &o, doc)
                                                  : write_decision(decider, x, &o, doc);
        status = decision ? vouch__doc_status(ctx, doc) : vouch__oom(ctx);
        if (!status)
            *out_decision = decision;
        lap(&l, REASONS);
    }
    if (times) {
        times->score += l.took[SCORE];
        times->explain += l.took[EXPLAIN];
        times->reasons += l.took[REASONS];
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

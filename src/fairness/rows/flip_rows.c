/* What a group's decisions would be if one input were distributed as in the reference: the flip test for
 * stand-ins. */
#include "fairness/rows/fair_rows.h"

#include "models/model_kind.h"
#include "num/rank.h"
#include "num/rates.h"
#include "num/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 512, SHOWN = 25 };

typedef struct swap { /* of one group with one input exchanged */
    size_t input, group;
    double n, approved, declined, moved; /* newly approved, newly declined, sum of changes of raw */
    double gap, low, high;               /* newly approved less newly declined, as a share */
} swap;

typedef struct swapper {
    vouch_ctx *ctx;
    const vouch__test_call *call;
    const vouch__groups *g;
    const uint8_t *approve;
    double cutoff;
    const uint32_t *row;    /* [n] of the table */
    const double *raw;      /* [n] */
    vouch__binding binding; /* of the model's inputs */
    double *x, *value;      /* [n]: the input; what it becomes */
    uint32_t *order, *pool; /* [n] */
} swapper;

/* The reference's cases in ascending order of x, missing last. Returns how many. */
static size_t reference_values(const swapper *w)
{
    size_t n = 0;
    for (size_t k = 0; k < w->g->n; k++) {
        uint32_t i = w->order[k];
        if (w->g->of[i] == w->g->reference)
            w->pool[n++] = i;
    }
    return n;
}

/* Numbers at the same quantile of the reference, missing ones included as the highest; categories drawn from
 * the reference by a hash of the row. */
static void exchange(const swapper *w, size_t group, bool is_category)
{
    size_t m = reference_values(w), n = w->g->count[group], k = 0;
    if (m == 0 || n == 0)
        return;
    for (size_t at = 0; at < w->g->n; at++) {
        uint32_t i = w->order[at];
        if (w->g->of[i] != group)
            continue;
        size_t to = is_category ? (size_t)(vouch__mix(w->call->seed, w->row[i]) % m)
                                : (size_t)(((double)k + 0.5) / (double)n * (double)m);
        w->value[i] = w->x[w->pool[to < m ? to : m - 1]];
        k++;
    }
}

static vouch_status score_swapped(const swapper *w, swap *s)
{
    const vouch_model *model = w->call->model;
    size_t cols = model->inputs.n, mark = vouch__scratch_mark(w->ctx), n = 0;
    double *x = vouch__scratch(w->ctx, BLOCK * (cols + 1), sizeof *x), *raw = x + BLOCK * cols;
    uint32_t at[BLOCK], row[BLOCK];
    if (!x)
        return vouch__oom(w->ctx);
    for (size_t i = 0; i <= w->g->n; i++) {
        if (i < w->g->n && w->g->of[i] == s->group) {
            at[n] = (uint32_t)i;
            row[n++] = w->row[i];
        }
        if (n < BLOCK && i < w->g->n)
            continue;
        vouch__bound_rows(&w->binding, 0, n, row, x);
        for (size_t k = 0; k < n; k++)
            x[k * cols + s->input] = w->value[at[k]];
        model->kind->predict(model->state, (vouch__matrix){ x, n, cols }, raw);
        for (size_t k = 0; k < n; k++) {
            bool is = !(raw[k] >= w->cutoff), was = w->approve[at[k]] != 0;
            s->approved += is && !was;
            s->declined += was && !is;
            s->moved += raw[k] - w->raw[at[k]];
        }
        n = 0;
    }
    vouch__scratch_reset(w->ctx, mark);
    return vouch__poll(w->ctx);
}

/* The change of the approval rate, with the interval of a paired difference. */
static void finish(swap *s)
{
    double gap = (s->approved - s->declined) / s->n;
    double error = sqrt(fmax(0, (s->approved + s->declined) / s->n - gap * gap) / s->n);
    s->gap = gap;
    s->low = gap - 1.959963984540054 * error;
    s->high = gap + 1.959963984540054 * error;
}

static vouch_status swap_input(const swapper *w, const vouch__outcomes *o, size_t input, swap *out, size_t *n)
{
    vouch__bound_column(&w->binding, input, 0, w->g->n, w->row, w->x);
    vouch_status status = vouch__order(w->ctx, w->g->n, w->x, w->order);
    for (size_t at = 0; at < w->g->n_groups && !status; at++) {
        if (at == w->g->missing || !vouch__is_compared(o, w->g, at))
            continue;
        swap *s = &out[(*n)++];
        *s = (swap){ .input = input, .group = at, .n = (double)w->g->count[at] };
        exchange(w, at, w->call->model->inputs.at[input].is_category);
        status = score_swapped(w, s);
        finish(s);
    }
    return status;
}

static void tell(const swapper *w, const vouch__outcomes *o, size_t n, const swap *s, const uint32_t *order)
{
    const vouch__inputs *inputs = &w->call->model->inputs;
    vouch__entry entry = vouch__test_entry(w->call);
    char note[400];
    const swap *top = &s[order[n - 1]];
    entry.subject = w->g->column;
    entry.value = top->gap;
    entry.level = VOUCH__FAIR_LEVEL;
    entry.low = top->low;
    entry.high = top->high;
    entry.interval_method = "paired difference";
    (void)snprintf(note, sizeof note, "With %.60s as in %.60s, %s = %.60s. %.160s",
                   inputs->at[top->input].name, w->g->label[w->g->reference], w->g->column,
                   w->g->label[top->group], o->rule ? o->rule : "");
    entry.note = note;
    entry.judged = true;
    vouch__json *object = vouch__test_add(w->call, &entry);
    vouch__json *table = vouch__evidence_table(
        w->call->list, object, "inputs",
        "input,group,n,approval_change,low,high,newly_approved,newly_declined,mean_change_of_log_odds");
    for (size_t k = 0; k < n && k < SHOWN; k++) {
        const swap *at = &s[order[n - 1 - k]];
        vouch__test_row(w->call, table, "ttnnnnnnn", inputs->at[at->input].name, w->g->label[at->group],
                        at->n, at->gap, at->low, at->high, at->approved, at->declined, at->moved / at->n);
    }
    vouch__evidence_plot(w->call->list, object, "bars", "inputs", "input", "approval_change", "input",
                         "change of the approval rate");
    vouch__fair_refuse_small(o, w->g, &entry);
}

static vouch_status swap_all(swapper *w, const vouch__outcomes *o)
{
    size_t inputs = w->call->model->inputs.n, n = 0, all = inputs * w->g->n_groups;
    swap *s = vouch__scratch(w->ctx, all + 1, sizeof *s);
    double *size = vouch__scratch(w->ctx, all + 1, sizeof *size);
    uint32_t *order = vouch__scratch(w->ctx, all + 1, sizeof *order);
    w->x = vouch__scratch(w->ctx, 2 * w->g->n + 1, sizeof *w->x);
    w->order = vouch__scratch(w->ctx, 2 * w->g->n + 1, sizeof *w->order);
    if (!s || !size || !order || !w->x || !w->order)
        return vouch__oom(w->ctx);
    w->value = w->x + w->g->n;
    w->pool = w->order + w->g->n;
    vouch_status status = VOUCH_OK;
    for (size_t j = 0; j < inputs && !status; j++) {
        vouch__progress(w->ctx, w->call->test->id, j, inputs);
        status = swap_input(w, o, j, s, &n);
    }
    for (size_t i = 0; i < n; i++)
        size[i] = s[i].gap;
    if (!status)
        status = vouch__order(w->ctx, n, size, order);
    vouch__entry entry = vouch__test_entry(w->call);
    entry.subject = w->g->column;
    if (!status && n == 0)
        vouch__fair_refuse(o, w->g, &entry, "There are not two groups that are large enough to compare.");
    else if (!status)
        tell(w, o, n, s, order);
    return status;
}

static vouch_status run_swap(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    swapper w = { .ctx = ctx, .call = call };
    size_t rows = vouch_table_rows(s->table);
    double *all = vouch__scratch(ctx, rows + s->n + 1, sizeof *all), *raw = all + rows;
    uint32_t *row = vouch__scratch(ctx, s->n + 1, sizeof *row);
    if (!all || !row)
        return vouch__oom(ctx);
    vouch_status status = vouch_model_score(ctx, call->model, s->table, all, NULL, NULL);
    for (size_t i = 0; i < s->n && !status; i++) {
        row[i] = s->row ? s->row[i] : (uint32_t)i;
        raw[i] = all[row[i]];
    }
    vouch__sample scored = *s; /* decided by the model's own score: that is what is made again */
    vouch__test_call mine = *call;
    vouch__decided decided;
    scored.score = raw;
    mine.now = &scored;
    w.call = &mine;
    if (!status)
        status = vouch__call_decide(ctx, &mine, &decided);
    if (!status)
        status = vouch__bind(ctx, &call->model->inputs, s->table, &w.binding);
    if (status)
        return status;
    w.approve = decided.approve;
    w.cutoff = decided.declined ? decided.cutoff : INFINITY;
    w.row = row;
    w.raw = raw;
    vouch__outcomes o = vouch__call_outcomes(&mine, &decided);
    for (size_t k = 0; k < s->n_groups && !status; k++) {
        vouch__groups groups;
        size_t mark = vouch__scratch_mark(ctx);
        status = vouch__factor_groups(ctx, &s->group[k], s->n, &groups);
        w.g = &groups;
        if (!status)
            status = swap_all(&w, &o);
        vouch__scratch_reset(ctx, mark);
    }
    vouch__binding_clear(&w.binding);
    return status;
}

static const vouch__param params[] = { VOUCH__PARAMS_DECISION };

const vouch_test vouch__test_fair_swap = {
    .id = "fairness.swap",
    .section = "fairness",
    .title = "Swap test of stand-ins",
    .purpose = "How much of a group's decisions hangs on one input being distributed otherwise than in the "
               "reference? A stand-in for the group is an input whose exchange alone would turn decisions.",
    .mechanism =
        "Input by input, each case of the group gets the value that stands at the same quantile among the "
        "reference (a number; missing ranks highest) or one drawn from the reference (a category), "
        "everything else as it is. The model scores again and decides by the same cut-off. The change "
        "of the group's approval rate is told, and the largest is judged.",
    .convention =
        "Above 0: the group would be approved more often with the reference's values of the input. "
        "Interval of a paired difference at 95 %. Draws are by a hash of seed and row. Decisions are by "
        "the model's own score." VOUCH__DECISION_RULE
        " The reference is the largest group; those under the smallest size are refused.",
    .high_risk =
        "A change of several points by an input that says little about risk: that input carries the gap. "
        "Held against what the input adds to performance (explain.permutation) it says what leaving it "
        "out would cost.",
    .strengths =
        "Asks the flip test's question where the protected column itself is no input, as it should be; "
        "names the input, in the unit of decisions.",
    .limits =
        "One input at a time: stand-ins that share the group's mark replace each other. Exchanging one input "
        "makes applicants who may not exist; and an input that truly tells risk moves decisions too, which "
        "is no discrimination by itself.",
    .source =
        "Kilbertus et al., NIPS 30 (2017), on proxy discrimination by intervention; Datta, Sen & Zick, IEEE "
        "S&P (2016) 598-617; 12 CFR 1002 comment 6(a)-2",
    .unit = "change of the approval rate",
    .needs = VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_GROUPS,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run_swap,
};

/* Whether declined cases could do something about it, and what it takes. */
#include "base/parallel.h"
#include "catalogue/diagnose/probe.h"
#include "explain/effects.h"
#include "explain/recourse.h"
#include "num/rank.h"
#include "num/rates.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 10, TEXT = 400 };

typedef struct fate { /* of one declined case */
    const double *from;
    double *to, bound, probability;
    vouch_recourse_answer answer;
    bool is_found, is_verified;
} fate;

typedef struct asking {
    const vouch_recourse *recourse;
    fate *fate;
} asking;

static vouch_status ask(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    asking *a = arg;
    vouch_status status = VOUCH_OK;
    (void)chunk;
    for (size_t i = begin; i < end && !status; i++) {
        fate *f = &a->fate[i];
        size_t n = 0;
        double raw, p;
        status = vouch_recourse_find(worker, a->recourse, f->from, f->to, &f->answer, &n, &f->bound);
        f->is_found = n > 0;
        if (status || !n)
            continue;
        vouch__recourse_score(a->recourse, f->to, &raw, &p);
        f->is_verified = p <= a->recourse->cutoff;
    }
    return status;
}

static double middle(vouch_ctx *ctx, size_t n, const double *x)
{
    size_t mark = vouch__scratch_mark(ctx);
    uint32_t *order = vouch__scratch(ctx, n + 1, sizeof *order);
    double found = NAN;
    if (order && n && vouch__order(ctx, n, x, order) == VOUCH_OK)
        found = 0.5 * (x[order[(n - 1) / 2]] + x[order[n / 2]]);
    vouch__scratch_reset(ctx, mark);
    return found;
}

static bool differs(double from, double to) { return from != to && !(isnan(from) && isnan(to)); }

static size_t put_value(const vouch__probe *p, size_t input, double x, size_t size, char *out)
{
    const vouch__input *in = &p->model->inputs.at[input];
    char text[VOUCH__DOUBLE_MAX + 1];
    if (in->is_category)
        return (size_t)snprintf(out, size, "%.40s",
                                x >= 0.0 && x < (double)in->n_categories ? in->category[(size_t)x] : "");
    text[vouch__double_text(x, text)] = '\0';
    return (size_t)snprintf(out, size, "%s", text);
}

static void change_text(const vouch__probe *p, const fate *f, size_t size, char *out)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t j = 0; j < p->cols && at + 140 < size; j++) {
        if (!differs(f->from[j], f->to[j]))
            continue;
        at += (size_t)snprintf(out + at, size - at, "%s%.40s ", at ? ", " : "", vouch__probe_name(p, j));
        at += put_value(p, j, f->from[j], size - at, out + at);
        at += (size_t)snprintf(out + at, size - at, " to ");
        at += put_value(p, j, f->to[j], size - at, out + at);
    }
}

static void tell_inputs(const vouch__test_call *call, const vouch__probe *p, const asking *a, size_t n,
                        double found, vouch__json *object)
{
    vouch__json *table = vouch__evidence_table(call->list, object, "inputs", "input,answers,share,mean_cost");
    for (size_t j = 0; j < p->cols; j++) {
        double times = 0.0, cost = 0.0;
        for (size_t i = 0; i < n; i++) {
            const fate *f = &a->fate[i];
            if (f->is_found && differs(f->from[j], f->to[j])) {
                times += 1.0;
                cost += vouch__recourse_cost(a->recourse, j, f->from[j], f->to[j]);
            }
        }
        if (times > 0.0)
            vouch__test_row(call, table, "tnnn", vouch__probe_name(p, j), times, times / found, cost / times);
    }
    table = vouch__evidence_table(call->list, object, "examples", "change,before,after,cost,bound");
    for (size_t i = 0, shown = 0; i < n && shown < SHOWN; i++) {
        char text[TEXT];
        const fate *f = &a->fate[i];
        if (!f->is_found)
            continue;
        change_text(p, f, sizeof text, text);
        vouch__test_row(call, table, "tnnnn", text, f->probability, f->answer.probability, f->answer.cost,
                        f->answer.bound);
        shown++;
    }
}

static vouch_status tell(vouch_ctx *ctx, const vouch__test_call *call, const vouch__probe *p, const asking *a,
                         size_t n, size_t declined)
{
    double found = 0.0, optimal = 0.0, impossible = 0.0, verified = 0.0, low, high;
    double *cost = vouch__scratch(ctx, n, sizeof *cost), *changes = vouch__scratch(ctx, n, sizeof *changes);
    char note[240], cutoff[VOUCH__DOUBLE_MAX + 1];
    if (!cost || !changes)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++) {
        const fate *f = &a->fate[i];
        impossible += !f->is_found && isinf(f->bound);
        if (!f->is_found)
            continue;
        cost[(size_t)found] = f->answer.cost;
        changes[(size_t)found] = (double)f->answer.changes;
        optimal += f->answer.is_optimal;
        verified += f->is_verified;
        found += 1.0;
    }
    cutoff[vouch__double_text(a->recourse->cutoff, cutoff)] = '\0';
    (void)snprintf(note, sizeof note, "%zu of %zu cases are declined at %s; %zu of them were asked.%s",
                   declined, p->n, cutoff, n,
                   verified < found ? " An answer was NOT approved when it was scored again." : "");
    vouch__clopper_pearson(found, (double)n, 0.95, &low, &high);
    vouch__entry entry = vouch__test_entry(call);
    entry.n = (double)n;
    entry.note = note;
    entry.value = found / (double)n;
    entry.level = 0.95;
    entry.low = low;
    entry.high = high;
    entry.interval_method = "Clopper and Pearson";
    entry.judged = verified == found;
    entry.verdict = VOUCH__FAIL;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "answers", "quantity,value");
    vouch__test_row(call, table, "tn", "declined cases asked", (double)n);
    vouch__test_row(call, table, "tn", "with an answer", found);
    vouch__test_row(call, table, "tn", "approved when scored again", verified);
    vouch__test_row(call, table, "tn", "proven to be the least cost", optimal);
    vouch__test_row(call, table, "tn", "proven to have no answer", impossible);
    vouch__test_row(call, table, "tn", "neither found nor excluded", (double)n - found - impossible);
    if (found > 0.0) {
        vouch__test_row(call, table, "tn", "median cost", middle(ctx, (size_t)found, cost));
        vouch__test_row(call, table, "tn", "median number of changes", middle(ctx, (size_t)found, changes));
    }
    tell_inputs(call, p, a, n, found, object);
    return VOUCH_OK;
}

/* The declined cases that are asked: at most `cases`, chosen by the seed. */
static vouch_status choose_cases(vouch_ctx *ctx, const vouch__test_call *call, const vouch__probe *p,
                                 double cutoff, fate **out, size_t *out_n, size_t *out_declined)
{
    size_t most = (size_t)vouch__test_param(call, "cases"), n = 0, declined = 0;
    uint32_t *all = vouch__scratch(ctx, p->n + 1, sizeof *all),
             *pick = vouch__scratch(ctx, most, sizeof *pick);
    fate *f = vouch__scratch(ctx, most, sizeof *f);
    double *to = vouch__scratch(ctx, most * p->cols + 1, sizeof *to);
    if (!all || !pick || !f || !to)
        return vouch__oom(ctx);
    for (size_t i = 0; i < p->n; i++)
        if (p->p[i] > cutoff)
            all[declined++] = (uint32_t)i;
    n = declined < most ? declined : most;
    vouch__choose(p->seed + 3, declined, n, pick);
    for (size_t i = 0; i < n; i++) {
        size_t at = all[pick[i]];
        f[i] = (fate){ .from = p->x + at * p->cols, .to = to + i * p->cols, .probability = p->p[at] };
    }
    *out = f;
    *out_n = n;
    *out_declined = declined;
    return VOUCH_OK;
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__probe p;
    vouch__binding binding = { .n = 0 };
    vouch_recourse *recourse = NULL;
    vouch_recourse_options o = { .cost = vouch__test_choice(call, "cost", "mad") ? "mad" : "quantile" };
    asking a = { .recourse = NULL };
    size_t n = 0, declined = 0;
    vouch_status status = vouch__probe_make(ctx, call, call->now, (size_t)vouch__test_param(call, "rows"),
                                            false, &p);
    if (!status)
        status = vouch__probe_cutoff(ctx, call, p.n, p.p, &o.cutoff);
    if (!status)
        status = choose_cases(ctx, call, &p, o.cutoff, &a.fate, &n, &declined);
    if (status)
        return status;
    if (n == 0 || !(o.cutoff > 0.0 && o.cutoff < 1.0)) {
        vouch__test_refuse(call, "Nobody is declined at this cut-off, or everybody is.");
        return VOUCH_OK;
    }
    o.max_changes = (size_t)vouch__test_param(call, "max_changes");
    o.nodes = (size_t)vouch__test_param(call, "nodes");
    status = vouch__bind(ctx, &p.model->inputs, call->now->table, &binding);
    if (!status)
        status = vouch__recourse_make(ctx, p.model, &binding, call->now->n, call->now->row, &o, "rules",
                                      vouch__test_tree(call, "rules"), &recourse);
    a.recourse = recourse;
    if (!status)
        status = vouch__parallel(ctx, n, 1, ask, &a);
    if (!status)
        status = tell(ctx, call, &p, &a, n, declined);
    vouch_recourse_free(recourse);
    vouch__binding_clear(&binding);
    return status;
}

static const vouch__param params[] = {
    VOUCH__CUTOFF_PARAMS,
    { "rules", VOUCH__PARAM_TREE, 0, 0, 0, NULL, "",
      "What may change: input: free, fixed, up, down, or {move, low, high, step, weight, only}; '*' for the "
      "rest." },
    { "max_changes", VOUCH__PARAM_INTEGER, 1, 1000, 3, NULL, "inputs",
      "Most inputs that an answer changes." },
    { "cost", VOUCH__PARAM_CHOICE, 0, 1, 0, "quantile|mad", "", "The yardstick of a change." },
    { "cases", VOUCH__PARAM_INTEGER, 1, 100000, 100, NULL, "cases", "Most declined cases that are asked." },
    { "nodes", VOUCH__PARAM_INTEGER, 1, 100000000, 2000, NULL, "boxes",
      "After how many boxes the search for a case stops." },
    { "rows", VOUCH__PARAM_INTEGER, 2, 10000000, 20000, NULL, "cases",
      "Most cases of which the declined are taken, drawn by the seed." },
};

const vouch_test vouch__test_recourse = {
    .id = "explain.recourse",
    .section = "explain",
    .title = "Can declined cases do something about it?",
    .purpose =
        "Reasons tell an applicant what weighed against them. Whether any change within their power would "
        "turn the decision, and how large it has to be, is another question: a model can leave people "
        "without recourse, and then no reason helps them.",
    .mechanism =
        "For a sample of declined cases the cheapest change is searched after which the model approves, "
        "under hard rules: inputs that are fixed, or may only rise or fall, ranges, steps, allowed "
        "categories, and at most three inputs changed. The search is by branch and bound with a "
        "Lagrangian bound, so that a cost is proven to be the least, or how far it can be from it is "
        "known. Every answer is scored again by the model. The value is the share of the cases asked "
        "that have an answer.",
    .convention =
        "The cost of a number is the share of all cases that it passes, ties counted half (or its move in "
        "median absolute deviations), that of a category 1, times the weight of the rule. Ranges are those "
        "of the cases. Missing values, special codes and categories never seen stay. Without rules every "
        "input is free, which says what the model allows and not what people can do. A case that the "
        "search leaves open counts as having no answer.",
    .high_risk =
        "A share below 80 % under rules that the business stands behind; cases proven to have no answer; "
        "costs near 1, a walk past everybody; or answers that need an input nobody can act on. Any answer "
        "that is not approved when it is scored again fails the test outright.",
    .strengths =
        "Constraints hold exactly and optimality is proven, where sampling tools return changes that "
        "break their ranges and may miss a cheaper one.",
    .limits = "It is about the model and not the world: other inputs that would move along stay as they are, "
              "and a cheap change may be a gap between two thresholds that nobody should be advised to use. "
              "Outcomes do not enter.",
    .source = "B. Ustun, A. Spangher & Y. Liu, FAT* (2019) 10-19; S. Wachter, B. Mittelstadt & C. Russell, "
              "Harvard J. Law & Technology 31 (2018) 841-887; Z. Cui, W. Chen, Y. He & Y. Chen, KDD (2015) "
              "179-188, and A. Parmentier & T. Vidal, ICML (2021) 8422-8431, for trees",
    .unit = "share of declined cases",
    .needs = VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};

/* A sum of trees, cut short: how well would fewer trees have done? */
#include "catalogue/diagnose/probe.h"

#include "models/trees.h"
#include "num/special.h"
#include "num/sum.h"
#include "validate/cases.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct stop { /* after some of the trees */
    size_t trees;
    double auc[2], loss[2]; /* of these cases; of the training cases, NaN where there are none */
    double fall, se, p, adjusted;
} stop;

typedef struct growth {
    const vouch__trees *forest;
    const vouch__probe *of[2]; /* these cases; the training cases, or NULL */
    double *raw[2], *p;        /* so far */
    size_t n;
    stop *at; /* [n] ascending; the last has all trees */
} growth;

static void add_trees(const growth *g, int which, size_t from, size_t to)
{
    const vouch__probe *p = g->of[which];
    for (size_t i = 0; i < p->n; i++)
        for (size_t t = from; t < to; t++) {
            const vouch__node *tree = g->forest->node + g->forest->root[t];
            g->raw[which][i] += tree[vouch__tree_leaf(g->forest, t, p->x + i * p->cols)].value;
        }
}

static vouch_status judge(vouch_ctx *ctx, const growth *g, int which, stop *s)
{
    const vouch__probe *p = g->of[which];
    bool by_rows = p->model->kind->probabilities != NULL; /* then raw is not all there is to a probability */
    vouch__model_probabilities(p->model, (vouch__matrix){ p->x, p->n, p->cols }, g->raw[which], g->p);
    double loss = 0.0;
    for (size_t i = 0; i < p->n; i++)
        loss += vouch__probe_loss(g->p[i], p->bad[i]) / (double)p->n;
    s->loss[which] = by_rows ? (double)NAN : loss;
    if (which == 0) {
        vouch_auc_pair pair;
        vouch_status status = vouch_validate_auc_paired(ctx, p->n, g->raw[0], p->raw, p->bad, 0.95, &pair);
        s->auc[0] = pair.auc_a;
        s->fall = pair.difference;
        s->se = sqrt(pair.variance);
        s->p = s->se > 0.0 ? vouch__normal_sf(pair.z) : (double)NAN;
        return status;
    }
    return vouch_validate_auc(ctx, p->n, g->raw[1], p->bad, NULL, &s->auc[1]);
}

static vouch_status grow(vouch_ctx *ctx, growth *g)
{
    vouch_status status = VOUCH_OK;
    for (size_t k = 0, from = 0; k < g->n && !status; from = g->at[k].trees, k++) {
        vouch__progress(ctx, "trees", k, g->n);
        status = vouch__poll(ctx);
        for (int which = 0; which < 2 && g->of[which] && !status; which++) {
            add_trees(g, which, from, g->at[k].trees);
            status = judge(ctx, g, which, &g->at[k]);
        }
    }
    double p[64];
    for (size_t k = 0; k < g->n; k++)
        p[k] = g->at[k].p;
    if (!status)
        status = vouch__holm(ctx, g->n, p, p);
    for (size_t k = 0; k < g->n && !status; k++)
        g->at[k].adjusted = p[k];
    return status;
}

static void tell(const vouch__test_call *call, const growth *g)
{
    const stop *best = &g->at[0], *all = &g->at[g->n - 1];
    char note[200];
    double margin = vouch__cases_margin(0.95);
    for (size_t k = 1; k < g->n; k++)
        best = g->at[k].auc[0] > best->auc[0] ? &g->at[k] : best;
    (void)snprintf(note, sizeof note, "Of %zu trees the first %zu rank these cases best.", all->trees,
                   best->trees);
    vouch__entry entry = vouch__test_entry(call);
    entry.n = (double)g->of[0]->n;
    entry.n_bad = (double)g->of[0]->n_bad;
    entry.note = note;
    entry.value = best->fall;
    if (best->se > 0.0) {
        entry.p_value = best->adjusted;
        entry.level = 0.95;
        entry.low = best->fall - margin * best->se;
        entry.high = best->fall + margin * best->se;
        entry.interval_method = "DeLong, paired; of this number of trees alone";
    }
    entry.judged = entry.p_value <= 0.05;
    entry.verdict = vouch__policy_limit(call->list->policy, entry.id) ? VOUCH__PASS : VOUCH__INFO;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "trees",
                                               "trees,auc,log_loss,training_auc,training_log_loss,adjusted");
    for (size_t k = 0; k < g->n; k++) {
        const stop *s = &g->at[k];
        vouch__test_row(call, table, "nnnnnn", (double)s->trees, s->auc[0], s->loss[0], s->auc[1], s->loss[1],
                        s->adjusted);
    }
    vouch__evidence_plot(call->list, object, "line", "trees", "trees", g->of[1] ? "auc,training_auc" : "auc",
                         "trees", "AUC");
}

static vouch_status growth_make(vouch_ctx *ctx, const vouch__test_call *call, const vouch__probe *now,
                                const vouch__probe *before, growth *g)
{
    size_t steps = (size_t)vouch__test_param(call, "steps"), trees = g->forest->n_trees;
    size_t most = before && before->n > now->n ? before->n : now->n;
    g->n = steps < trees ? steps : trees;
    g->of[0] = now;
    g->of[1] = before;
    g->at = vouch__scratch(ctx, g->n, sizeof *g->at);
    g->p = vouch__scratch(ctx, most, sizeof *g->p);
    g->raw[0] = vouch__scratch(ctx, most, sizeof *g->raw[0]);
    g->raw[1] = vouch__scratch(ctx, most, sizeof *g->raw[1]);
    if (!g->at || !g->p || !g->raw[0] || !g->raw[1])
        return vouch__oom(ctx);
    for (size_t k = 0; k < g->n; k++) {
        g->at[k] = (stop){ .trees = trees * (k + 1) / g->n, .p = NAN };
        g->at[k].auc[1] = g->at[k].loss[1] = NAN;
    }
    for (size_t i = 0; i < most; i++)
        g->raw[0][i] = g->raw[1][i] = g->forest->base;
    return VOUCH_OK;
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    growth g = { .forest = vouch__model_trees(call->model), .n = 0 };
    vouch__probe now, before;
    size_t rows = (size_t)vouch__test_param(call, "rows");
    bool has_before = call->before && call->before->n_bad && call->before->n_bad < call->before->n;
    if (!g.forest || g.forest->n_trees < 2) {
        vouch__test_skip(call, "The model is no sum of trees.");
        return VOUCH_OK;
    }
    vouch_status status = vouch__probe_make(ctx, call, call->now, rows, true, &now);
    if (!status && has_before)
        status = vouch__probe_make(ctx, call, call->before, rows, true, &before);
    if (status)
        return status;
    if (now.n_bad == 0 || now.n_bad == now.n ||
        (has_before && (before.n_bad == 0 || before.n_bad == before.n))) {
        vouch__test_refuse(call, "The cases that were drawn have one outcome only.");
        return VOUCH_OK;
    }
    status = growth_make(ctx, call, &now, has_before ? &before : NULL, &g);
    if (!status)
        status = grow(ctx, &g);
    if (!status)
        tell(call, &g);
    return status;
}

static const vouch__param params[] = {
    { "steps", VOUCH__PARAM_INTEGER, 2, 64, 20, NULL, "numbers",
      "At how many numbers of trees, evenly spaced, the sum is cut short." },
    { "rows", VOUCH__PARAM_INTEGER, 2, 10000000, 50000, NULL, "cases",
      "Most cases taken of either sample, drawn by the seed." },
};

const vouch_test vouch__test_overfit_iterations = {
    .id = "diagnose.overfit_iterations",
    .section = "validate",
    .title = "Would fewer trees have done better?",
    .purpose =
        "Boosting goes on fitting as long as it is let. After some number of trees what is added is the "
        "particulars of the training cases, and the model ranks new ones worse for it. Did it stop in "
        "time?",
    .mechanism =
        "The model's trees are summed in their order and the sum is cut short at evenly spaced numbers "
        "of trees. At each the AUC and the log loss are taken on these cases, and on the training cases "
        "where there are any. The value is the AUC of the best number less that of all trees, with the "
        "error of the paired difference (DeLong); p-values are one-sided, corrected over the numbers by "
        "Holm.",
    .convention =
        "The reference holds the training cases. The best is chosen on these cases, which flatters it: "
        "the correction accounts for that, the interval does not. Trees of a forest that is averaged are "
        "summed in the same way, which leaves the order of cases as it is. Judged only when significant.",
    .high_risk =
        "A significant loss above a point of AUC, or a log loss that rises over the last half of the "
        "trees: the model has to be cut short, or fitted with a slower learning rate and early stopping. "
        "Two curves that part from the first trees on are a sign of leaves that are too small.",
    .strengths =
        "Needs no refit: the model itself holds all its shorter versions. It says how many trees would "
        "have been enough.",
    .limits =
        "Shorter versions are those of this order: a model fitted to have so many trees could differ. "
        "Where early stopping used these very cases, no loss is to be expected, and none proves anything.",
    .source =
        "T. Zhang & B. Yu, Annals of Statistics 33 (2005) 1538-1579 (early stopping of boosting); J. "
        "Friedman, Annals of Statistics 29 (2001) 1189-1232; DeLong, DeLong & Clarke-Pearson, Biometrics "
        "44 (1988) 837-845",
    .null_hypothesis = "no smaller number of trees ranks better than all of them",
    .unit = "AUC",
    .needs = VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH,
    .uses = VOUCH__NEEDS_REFERENCE,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};

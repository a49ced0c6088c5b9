/* The rows about stand-ins: how well inputs tell a protected group, each alone and all together. */
#include "fairness/rows/fair_rows.h"

#include "models/model_kind.h"
#include "num/rng.h"
#include "num/special.h"
#include "num/sum.h"
#include "validate/cases.h"
#include "vouch/validate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- each alone ---- */

static const vouch__param min_group[] = { VOUCH__PARAM_MIN_GROUP };

static vouch_status run_proxy(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__call_data d;
    if (!call->now->group_column) {
        vouch__test_refuse(call, "The groups are no columns of the table.");
        return VOUCH_OK;
    }
    vouch_status status = vouch__call_fair_data(ctx, call, &d);
    return status ? status : vouch__fair_proxy(ctx, &d.data, call->list);
}

const vouch_test vouch__test_fair_proxy = {
    .id = "fairness.proxy",
    .section = "fairness",
    .title = "Features that stand in for a group",
    .purpose = "A feature that nearly tells who belongs to a protected group can treat people differently "
               "although the group itself never enters the model.",
    .mechanism =
        "Each feature alone: its values are put in at most 20 bins (50 for texts, one for missing), the "
        "bins in order of the group's share in one random half of the rows, and the AUC of that order "
        "for group against rest is measured on the other half, both ways. The largest AUC that is "
        "significant is judged.",
    .convention =
        "AUC 0.5: tells nothing; 1: tells the group exactly. p-values of the rank-sum test, one-sided, ties "
        "corrected, the halves taken as fully dependent (so never too small), adjusted by Holm over all "
        "features "
        "and groups; significant below 0.05. Intervals at 95 % by DeLong's variance. In a run the rows are "
        "those "
        "of train. Combinations of features are the matter of fairness.proxy_set and, as the model combines "
        "them, "
        "of fairness.score_proxy." VOUCH__GROUPS_RULE,
    .high_risk =
        "An AUC above 0.70 of a feature whose link to risk is weak or can't be explained: such a feature "
        "may carry the group rather than the risk. At 0.85 it nearly is the group.",
    .strengths = "Finds any shape (rising, U-shaped, single categories, being missing); a feature that knows "
                 "nothing shows nothing, since the order is learnt on other rows than it is measured on.",
    .limits = "A strong relation is not yet a proxy: income and age belong together and income tells risk. "
              "What decides is whether the feature still tells risk within the group. Small groups leave "
              "little power.",
    .source =
        "Mann & Whitney, Ann. Math. Stat. 18 (1947) 50-60; DeLong et al., Biometrics 44 (1988) 837-845; "
        "Holm, Scand. J. Stat. 6 (1979) 65-70",
    .null_hypothesis = "the feature is independent of the group",
    .unit = "AUC",
    .needs = VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_GROUPS,
    .params = min_group,
    .n_params = sizeof min_group / sizeof *min_group,
    .run = run_proxy,
};

/* ---- all together ---- */

typedef struct joint {
    vouch_ctx *ctx;
    const vouch__test_call *call;
    const vouch__groups *g;
    size_t group;
    size_t n[2];
    uint32_t *row[2]; /* by half, of the table, ascending */
    double *in[2];    /* 1 in the group, 0 in another */
} joint;

typedef struct joint_result { /* group against rest */
    double auc, low, high, p, holm, r2, r2_low, r2_high;
    bool is_made;
} joint_result;

/* Protected columns are no inputs here either. */
static vouch_status make_inputs(const joint *j, vouch__inputs *out)
{
    const vouch__sample *s = j->call->now;
    vouch_status status = vouch__inputs_new(j->ctx, s->n_features, out);
    size_t n = 0;
    for (size_t i = 0; i < s->n_features && !status; i++) {
        bool is_protected = false;
        for (size_t p = 0; p < s->n_groups && s->group_column; p++)
            is_protected = is_protected || s->group_column[p] == s->feature[i];
        if (is_protected)
            continue;
        vouch__input *input = &out->at[n++];
        input->name = vouch__strdup(j->ctx, vouch_table_name(s->table, s->feature[i]));
        if (!input->name)
            return vouch__oom(j->ctx);
        if (vouch_table_type(s->table, s->feature[i]) == VOUCH_TEXT)
            status = vouch__input_categories(j->ctx, s->table, s->feature[i], j->n[0], j->row[0], input);
    }
    out->n = n;
    return status;
}

static vouch_status fit_half(const joint *j, int half, vouch_model **out)
{
    const vouch__model_kind *kind = vouch__kind_find("gbdt");
    const vouch__param_table table = { "kind", "gbdt", kind->params, kind->n_params };
    vouch__inputs inputs = { .n = 0 };
    vouch__binding binding = { .n = 0 };
    size_t mark = vouch__scratch_mark(j->ctx);
    double *value = vouch__scratch(j->ctx, kind->n_params, sizeof *value);
    if (!value)
        return vouch__oom(j->ctx);
    vouch_status status = make_inputs(j, &inputs);
    if (!status)
        status = vouch__param_read(j->ctx, &table, NULL, NULL, 0, value);
    if (!status) {
        value[vouch__param_find(&table, "trees")] = vouch__test_param(j->call, "trees");
        value[vouch__param_find(&table, "depth")] = 3;
        value[vouch__param_find(&table, "learning_rate")] = 0.1;
        value[vouch__param_find(&table, "early_stop")] = 0;
        status = vouch__bind(j->ctx, &inputs, j->call->now->table, &binding);
    }
    vouch__fit_data data = { .binding = &binding, .seed = j->call->seed, .is_event = true };
    data.train = (vouch__part_rows){ j->n[half], j->row[half], j->in[half], NULL };
    if (!status)
        status = vouch__model_fit(j->ctx, kind, "group", &inputs, value, &data, NULL, NULL, out);
    vouch__binding_clear(&binding);
    vouch__inputs_clear(&inputs);
    vouch__scratch_reset(j->ctx, mark);
    return status;
}

/* Tjur's coefficient: mean prediction of those in the group less that of the others; and its variance. */
static void discrimination(size_t n, const double *p, const uint8_t *in, double *work, double *out_r2,
                           double *out_variance)
{
    double mean[2];
    *out_variance = 0;
    for (int k = 0; k < 2; k++) {
        size_t kept = 0;
        for (size_t i = 0; i < n; i++)
            if (in[i] == k)
                work[kept++] = p[i];
        mean[k] = vouch__mean(kept, work, NULL);
        *out_variance += vouch__variance(kept, work, NULL) / (double)kept;
    }
    *out_r2 = mean[1] - mean[0];
}

static vouch_status measure_half(const joint *j, int half, vouch_auc *auc, double *r2, double *r2_variance)
{
    int other = 1 - half;
    size_t n = j->n[other], mark = vouch__scratch_mark(j->ctx);
    vouch_model *model = NULL;
    vouch__binding binding = { .n = 0 };
    double *raw = vouch__scratch(j->ctx, 3 * n + 1, sizeof *raw);
    uint8_t *in = vouch__scratch(j->ctx, n + 1, 1);
    if (!raw || !in)
        return vouch__oom(j->ctx);
    vouch_status status = fit_half(j, half, &model);
    if (!status)
        status = vouch__bind(j->ctx, &model->inputs, j->call->now->table, &binding);
    if (!status)
        status = vouch__model_score_bound(j->ctx, model, &binding, 0, n, j->row[other], raw, raw + n, NULL);
    for (size_t i = 0; i < n && !status; i++)
        in[i] = j->in[other][i] > 0.5;
    if (!status)
        status = vouch_validate_auc_delong(j->ctx, n, raw, in, VOUCH__FAIR_LEVEL, auc);
    if (!status)
        discrimination(n, raw + n, in, raw + 2 * n, r2, r2_variance);
    vouch__binding_clear(&binding);
    vouch_model_free(model);
    vouch__scratch_reset(j->ctx, mark);
    return status;
}

static vouch_status cut_halves(joint *j, size_t most)
{
    const vouch__sample *s = j->call->now;
    double share = s->n > most ? (double)most / (double)s->n : 1.0;
    for (int h = 0; h < 2; h++) {
        j->row[h] = vouch__scratch(j->ctx, s->n + 1, sizeof *j->row[h]);
        j->in[h] = vouch__scratch(j->ctx, s->n + 1, sizeof *j->in[h]);
        if (!j->row[h] || !j->in[h])
            return vouch__oom(j->ctx);
    }
    for (size_t i = 0; i < s->n; i++) {
        uint32_t row = s->row ? s->row[i] : (uint32_t)i;
        bool kept = share >= 1.0 || (double)(vouch__mix(j->call->seed, row) >> 11) * 0x1p-53 < share;
        if (j->g->of[i] == j->g->missing || !kept)
            continue;
        int h = vouch__mix(j->call->seed + 1, row) & 1 ? 1 : 0;
        j->row[h][j->n[h]] = row;
        j->in[h][j->n[h]++] = j->g->of[i] == j->group;
    }
    return VOUCH_OK;
}

static bool few(const joint *j)
{
    enum { LEAST = 10 };
    for (int h = 0; h < 2; h++) {
        double in = vouch__sum(j->n[h], j->in[h]);
        if (in < LEAST || (double)j->n[h] - in < LEAST)
            return true;
    }
    return false;
}

static vouch_status tell_group(joint *j, joint_result *out)
{
    vouch_auc auc[2] = { { .auc = NAN }, { .auc = NAN } };
    double r2[2] = { NAN, NAN }, variance[2] = { NAN, NAN }, margin = vouch__cases_margin(VOUCH__FAIR_LEVEL);
    size_t mark = vouch__scratch_mark(j->ctx);
    vouch_status status = cut_halves(j, (size_t)vouch__test_param(j->call, "rows"));
    if (status || few(j))
        return status;
    for (int h = 0; h < 2 && !status; h++)
        status = measure_half(j, h, &auc[h], &r2[h], &variance[h]);
    vouch__scratch_reset(j->ctx, mark);
    if (status)
        return status;
    /* the halves' models share rows crosswise, so their errors are added as if they fully agreed */
    double error = 0.5 * (sqrt(auc[0].variance) + sqrt(auc[1].variance));
    double r2_error = 0.5 * (sqrt(variance[0]) + sqrt(variance[1]));
    out->is_made = error > 0;
    out->auc = 0.5 * (auc[0].auc + auc[1].auc);
    out->low = fmax(0, out->auc - margin * error);
    out->high = fmin(1, out->auc + margin * error);
    out->p = vouch__normal_sf((out->auc - 0.5) / error);
    out->r2 = 0.5 * (r2[0] + r2[1]);
    out->r2_low = out->r2 - margin * r2_error;
    out->r2_high = out->r2 + margin * r2_error;
    return VOUCH_OK;
}

static vouch_status adjust(vouch_ctx *ctx, size_t n, joint_result *r)
{
    double p[VOUCH__GROUPS_MAX];
    for (size_t i = 0; i < n; i++)
        p[i] = r[i].is_made ? r[i].p : (double)NAN;
    vouch_status status = vouch__holm(ctx, n, p, p);
    for (size_t i = 0; i < n && !status; i++)
        r[i].holm = p[i];
    return status;
}

static void tell_set(const vouch__test_call *call, const vouch__outcomes *o, const vouch__groups *g,
                     const joint_result *r, vouch__entry *entry)
{
    size_t worst = SIZE_MAX;
    char note[320];
    for (int pass = 0; pass < 2 && worst == SIZE_MAX; pass++) /* significant ones first */
        for (size_t at = 0; at < g->n_groups; at++)
            if (r[at].is_made && (pass || r[at].holm < VOUCH__FAIR_ALPHA) &&
                (worst == SIZE_MAX || r[at].auc > r[worst].auc))
                worst = at;
    if (worst == SIZE_MAX) {
        vouch__fair_refuse(o, g, entry, "There are not two groups that are large enough.");
        return;
    }
    bool found = r[worst].holm < VOUCH__FAIR_ALPHA;
    (void)snprintf(note, sizeof note,
                   "%s %s = %.60s: together the inputs explain %.0f %% of who is in it (Tjur).",
                   found ? "Told best:" : "None is told significantly; best", g->column, g->label[worst],
                   100 * fmax(0, r[worst].r2));
    entry->value = r[worst].auc;
    entry->level = VOUCH__FAIR_LEVEL;
    entry->low = r[worst].low;
    entry->high = r[worst].high;
    entry->p_value = r[worst].holm;
    entry->interval_method = "DeLong, both halves";
    entry->judged = found;
    entry->verdict = vouch__policy_limit(call->list->policy, entry->id) ? VOUCH__PASS : VOUCH__INFO;
    entry->note = note;
    vouch__json *object = vouch__test_add(call, entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "groups",
                                               "group,n,auc,low,high,p_value,p_holm,r2,r2_low,r2_high");
    for (size_t at = 0; at < g->n_groups; at++)
        if (r[at].is_made)
            vouch__test_row(call, table, "tnnnnnnnnn", g->label[at], (double)g->count[at], r[at].auc,
                            r[at].low, r[at].high, r[at].p, r[at].holm, r[at].r2, r[at].r2_low,
                            r[at].r2_high);
    vouch__evidence_plot(call->list, object, "interval", "groups", "group", "auc", g->column,
                         "AUC for the group");
    vouch__fair_refuse_small(o, g, entry);
}

static vouch_status measure_set(vouch_ctx *ctx, const vouch__test_call *call, const vouch__outcomes *o,
                                const vouch__groups *g)
{
    joint_result r[VOUCH__GROUPS_MAX] = { { 0 } };
    size_t named = g->n_groups - (g->missing != SIZE_MAX), usable = 0;
    vouch__entry entry = vouch__test_entry(call);
    vouch_status status = VOUCH_OK;
    entry.subject = g->column;
    for (size_t at = 0; at < named && !status; at++) {
        joint j = { .ctx = ctx, .call = call, .g = g, .group = at };
        r[at].holm = NAN;
        usable += g->count[at] > 0;
        if (!vouch__group_is_fair(o->min_group, g, at) || (named == 2 && at == g->reference) || named < 2)
            continue; /* of two groups one is the other's mirror */
        status = tell_group(&j, &r[at]);
    }
    if (!status && usable > 1)
        status = adjust(ctx, g->n_groups, r);
    if (!status)
        tell_set(call, o, g, r, &entry);
    return status;
}

static vouch_status run_set(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__fair_each(ctx, call, NULL, measure_set);
}

static const vouch__param set_params[] = {
    { "trees", VOUCH__PARAM_INTEGER, 1, 1000, 60, NULL, "trees",
      "how many trees of depth 3 are grown on each half" },
    { "rows", VOUCH__PARAM_INTEGER, 100, 10000000, 50000, NULL, "rows",
      "most rows used, chosen by a hash of their place" },
    VOUCH__PARAM_MIN_GROUP,
};

const vouch_test vouch__test_fair_proxy_set = {
    .id = "fairness.proxy_set",
    .section = "fairness",
    .title = "Inputs that together stand in for a group",
    .purpose =
        "Inputs that are harmless one by one may tell a protected group when they are put together: an "
        "area, a kind of shop and a first year of credit. How well could a model that wanted to find the "
        "group?",
    .mechanism =
        "For each group a boosted forest of small trees learns, on one random half of the cases, to tell "
        "the group from the rest by all inputs; its AUC is measured on the other half, both ways, and "
        "the halves are averaged. Beside it stands Tjur's R2, the mean predicted probability of those in "
        "the group less that of the others: the share of membership that the inputs explain.",
    .convention =
        "AUC 0.5: tells nothing; 1: tells the group exactly. Errors of the halves (DeLong; for R2 those "
        "of two means) are added as if they fully agreed, so intervals are wide rather than narrow. p "
        "one-sided, Holm over the groups; judged where significant below 0.05. Protected columns are "
        "left out of the inputs." VOUCH__GROUPS_RULE,
    .high_risk = "An AUC far above that of the best single input (fairness.proxy): the set carries the group "
                 "although no member does. Above 0.70 look at which inputs do; at 0.85 the set nearly is the "
                 "group.",
    .strengths = "Sees interactions and any shape; measured on rows it did not learn from, so noise shows "
                 "nothing; an upper view of what the model under test could have learnt.",
    .limits =
        "What could be told is not what the model tells: fairness.score_proxy measures that. Another "
        "learner may find more. Rows that belong together (one person twice) in both halves flatter the "
        "AUC.",
    .source = "Friedman, Ann. Stat. 29 (2001) 1189-1232; DeLong et al., Biometrics 44 (1988) 837-845; Tjur, "
              "Am. Stat. 63 (2009) 366-372; Holm, Scand. J. Stat. 6 (1979) 65-70",
    .null_hypothesis = "the inputs together are independent of the group",
    .unit = "AUC",
    .needs = VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_GROUPS,
    .params = set_params,
    .n_params = sizeof set_params / sizeof *set_params,
    .run = run_set,
};

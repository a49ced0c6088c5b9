/* Can a model tell the sample from the reference? Two halves; on each a small boosted forest is fitted that
 * learns which rows come from where, and its AUC is measured on the other half. */
#include "evidence/test.h"

#include "data/table_stack.h"
#include "models/model_kind.h"
#include "monitor/drift_pairs.h"
#include "num/rng.h"
#include "num/special.h"
#include "validate/cases.h"

#include <math.h>
#include <stdio.h>

typedef struct domain {
    vouch_ctx *ctx;
    const vouch__test_call *call;
    vouch_table *table; /* the reference's rows, then the sample's */
    size_t n, n_from;   /* rows; of the reference */
    uint32_t *row[2];   /* by half, ascending */
    double *is_new[2];
    size_t half[2];
    vouch__drift_pairs pairs;
} domain;

/* At most `most` rows of a sample, chosen by a hash, ascending. */
static vouch_status choose(domain *d, const vouch__sample *s, size_t most, vouch__stack_part *out)
{
    uint32_t *row = vouch__scratch(d->ctx, s->n + 1, sizeof *row);
    double share = s->n > most ? (double)most / (double)s->n : 1.0;
    if (!row)
        return vouch__oom(d->ctx);
    *out = (vouch__stack_part){ s->table, row, 0 };
    for (size_t i = 0; i < s->n; i++) {
        uint32_t at = s->row ? s->row[i] : (uint32_t)i;
        if (share >= 1.0 || (double)(vouch__mix(d->call->seed, at) >> 11) * 0x1p-53 < share)
            row[out->n++] = at;
    }
    return VOUCH_OK;
}

static vouch_status cut(domain *d)
{
    d->n = vouch_table_rows(d->table);
    for (int h = 0; h < 2; h++) {
        d->row[h] = vouch__scratch(d->ctx, d->n + 1, sizeof *d->row[h]);
        d->is_new[h] = vouch__scratch(d->ctx, d->n + 1, sizeof *d->is_new[h]);
        if (!d->row[h] || !d->is_new[h])
            return vouch__oom(d->ctx);
    }
    for (size_t i = 0; i < d->n; i++) {
        int h = vouch__mix(d->call->seed + 1, i) & 1 ? 1 : 0;
        d->row[h][d->half[h]] = (uint32_t)i;
        d->is_new[h][d->half[h]++] = i >= d->n_from;
    }
    return VOUCH_OK;
}

static vouch_status make_inputs(const domain *d, vouch__inputs *out)
{
    const vouch__sample *s = d->call->now;
    vouch_status status = vouch__inputs_new(d->ctx, s->n_features, out);
    size_t n = 0;
    for (size_t i = 0; i < s->n_features && !status; i++) {
        const char *name = vouch_table_name(s->table, s->feature[i]);
        size_t col = vouch_table_find(d->table, name);
        if (col == SIZE_MAX)
            continue;
        vouch__input *input = &out->at[n++];
        input->name = vouch__strdup(d->ctx, name);
        input->is_category = vouch_table_type(d->table, col) == VOUCH_TEXT;
        size_t cats = input->is_category ? vouch_table_categories(d->table, col) : 0;
        input->category = input->is_category ? vouch__alloc(d->ctx, cats + 1, sizeof(char *)) : NULL;
        if (!input->name || (input->is_category && !input->category))
            return vouch__oom(d->ctx);
        for (size_t c = 0; c < cats && input->category && !status; c++) {
            input->category[c] = vouch__strdup(d->ctx, vouch_table_category(d->table, col, c));
            status = input->category[c] ? VOUCH_OK : vouch__oom(d->ctx);
            input->n_categories += !status;
        }
    }
    out->n = n;
    return status;
}

static vouch_status fit(const domain *d, int half, vouch_model **out)
{
    const vouch__model_kind *kind = vouch__kind_find("gbdt");
    const vouch__param_table table = { "kind", "gbdt", kind->params, kind->n_params };
    vouch__inputs inputs = { .n = 0 };
    vouch__binding binding = { .n = 0 };
    vouch__doc *doc = NULL;
    size_t mark = vouch__scratch_mark(d->ctx);
    double *value = vouch__scratch(d->ctx, kind->n_params, sizeof *value);
    if (!value)
        return vouch__oom(d->ctx);
    vouch_status status = make_inputs(d, &inputs);
    if (!status)
        status = vouch__param_read(d->ctx, &table, NULL, NULL, 0, value);
    if (!status) {
        value[vouch__param_find(&table, "trees")] = vouch__test_param(d->call, "trees");
        value[vouch__param_find(&table, "depth")] = 3;
        value[vouch__param_find(&table, "learning_rate")] = 0.1;
        value[vouch__param_find(&table, "early_stop")] = 0;
        status = vouch__bind(d->ctx, &inputs, d->table, &binding);
    }
    vouch__fit_data data = { .binding = &binding, .seed = d->call->seed };
    data.train = (vouch__part_rows){ d->half[half], d->row[half], d->is_new[half], NULL };
    if (!status)
        status = vouch__doc_new(d->ctx, &doc);
    if (!status)
        status = vouch__model_fit(d->ctx, kind, "domain", &inputs, value, &data, doc, vouch__json_object(doc),
                                  out);
    vouch__doc_free(doc);
    vouch__binding_clear(&binding);
    vouch__inputs_clear(&inputs);
    vouch__scratch_reset(d->ctx, mark);
    return status;
}

/* Learnt on one half, measured on the other. */
static vouch_status measure(const domain *d, int half, vouch_auc *out)
{
    int other = 1 - half;
    size_t n = d->half[other], mark = vouch__scratch_mark(d->ctx);
    vouch_model *model = NULL;
    vouch__binding binding = { .n = 0 };
    double *raw = vouch__scratch(d->ctx, n + 1, sizeof *raw);
    uint8_t *is_new = vouch__scratch(d->ctx, n + 1, 1);
    if (!raw || !is_new)
        return vouch__oom(d->ctx);
    vouch_status status = fit(d, half, &model);
    if (!status)
        status = vouch__bind(d->ctx, &model->inputs, d->table, &binding);
    if (!status)
        status = vouch__model_score_bound(d->ctx, model, &binding, 0, n, d->row[other], raw, NULL, NULL);
    for (size_t i = 0; i < n && !status; i++)
        is_new[i] = d->is_new[other][i] > 0.5;
    if (!status)
        status = vouch_validate_auc_delong(d->ctx, n, raw, is_new, 0.95, out);
    vouch__binding_clear(&binding);
    vouch_model_free(model);
    vouch__scratch_reset(d->ctx, mark);
    return status;
}

static vouch_status tell(const domain *d, const vouch_auc a[2])
{
    vouch__entry entry = vouch__test_entry(d->call);
    /* each half's model is judged by rows that taught the other's, so their errors are added as if they fully
     * agreed */
    double se = 0.5 * (sqrt(a[0].variance) + sqrt(a[1].variance));
    double margin = vouch__cases_margin(0.95) * se;
    char note[VOUCH__DRIFT_NOTE + 200];
    (void)snprintf(note, sizeof note, "%zu rows of the reference and %zu of the sample.%s%s", d->n_from,
                   d->n - d->n_from, *d->pairs.note ? " " : "", d->pairs.note);
    entry.value = 0.5 * (a[0].auc + a[1].auc);
    entry.note = note;
    entry.level = 0.95;
    entry.low = fmax(0.0, entry.value - margin);
    entry.high = fmin(1.0, entry.value + margin);
    entry.interval_method = "normal; DeLong errors of both halves added";
    bool significant = entry.value > 0.5;
    if (se > 0.0) {
        entry.statistic = (entry.value - 0.5) / se;
        entry.p_value = vouch__normal_sf(entry.statistic);
        significant = entry.p_value <= 0.05;
    }
    entry.judged = significant;
    entry.verdict = vouch__policy_limit(d->call->list->policy, entry.id) ? VOUCH__PASS : VOUCH__INFO;
    vouch__drift_mind_lost(d->call, &d->pairs, &entry);
    vouch__json *object = vouch__test_add(d->call, &entry);
    vouch__json *table = vouch__evidence_table(d->call->list, object, "halves", "half,rows,auc,low,high");
    for (int h = 0; h < 2; h++)
        vouch__test_row(d->call, table, "tnnnn", h ? "second" : "first", (double)d->half[1 - h], a[h].auc,
                        a[h].low, a[h].high);
    return VOUCH_OK;
}

static bool few(const domain *d)
{
    enum { LEAST = 10 };
    for (int h = 0; h < 2; h++) {
        size_t n_new = 0;
        for (size_t i = 0; i < d->half[h]; i++)
            n_new += d->is_new[h][i] > 0.5;
        if (n_new < LEAST || d->half[h] - n_new < LEAST)
            return true;
    }
    return false;
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    domain d = { .ctx = ctx, .call = call };
    vouch__stack_part part[2] = { { .n = 0 }, { .n = 0 } };
    vouch_auc auc[2] = { { .auc = NAN }, { .auc = NAN } };
    size_t most = (size_t)vouch__test_param(call, "rows");
    vouch_status status = vouch__drift_pair_up(ctx, call->now, call->before, true, &d.pairs);
    if (!status && d.pairs.n == 0) {
        if (d.pairs.lost)
            vouch__test_refuse(call, d.pairs.note);
        else
            vouch__test_skip(call, "The samples share no column.");
        return VOUCH_OK;
    }
    if (!status)
        status = choose(&d, call->before, most, &part[0]);
    if (!status)
        status = choose(&d, call->now, most, &part[1]);
    if (!status)
        status = vouch__table_stack(ctx, 2, part, &d.table);
    d.n_from = part[0].n;
    if (!status)
        status = cut(&d);
    if (!status && few(&d)) {
        vouch__test_refuse(call, "A half has fewer than 10 rows of the sample or of the reference.");
    } else {
        for (int h = 0; h < 2 && !status; h++)
            status = measure(&d, h, &auc[h]);
        if (!status)
            status = tell(&d, auc);
    }
    vouch_table_unref(d.table);
    return status;
}

static const vouch__param params[] = {
    { "trees", VOUCH__PARAM_INTEGER, 1, 1000, 50, NULL, "trees", "How many trees of depth 3 are grown." },
    { "rows", VOUCH__PARAM_INTEGER, 100, 10000000, 50000, NULL, "rows",
      "Most rows taken of either sample, by a hash of their place." },
};

const vouch_test vouch__test_drift_domain = {
    .id = "drift.domain_classifier",
    .section = "monitor",
    .title = "Can a model tell the sample from the reference?",
    .purpose = "Column by column nothing may have moved while their combinations have. A model that is asked "
               "which rows are new sees that.",
    .mechanism =
        "Rows of both samples are cut into random halves. On each a small gradient-boosted forest "
        "learns which rows are new; its AUC is measured on the other half, and the two are averaged.",
    .convention = "0.5 is no difference, 1 that every row gives itself away. p is one-sided from DeLong's "
                  "errors of both halves, added as if they fully agreed. Judged only when significant. "
                  "Columns are those that both samples have.",
    .high_risk =
        "An AUC above 0.65 that is significant: the model in use now meets another population. Look at "
        "the tests by column to see which.",
    .strengths = "One number over all inputs and their interplay, texts and missing values included, without "
                 "any correction for many tests.",
    .limits =
        "A column that grows with time, a date or a counter, gives every row away and says nothing: leave "
        "it out. It does not tell whether the drift matters to the model in use.",
    .source =
        "Lopez-Paz & Oquab, Revisiting Classifier Two-Sample Tests, ICLR (2017); Rabanser, Guennemann & "
        "Lipton, NeurIPS (2019)",
    .null_hypothesis = "no model can tell the sample from the reference",
    .unit = "AUC",
    .needs = VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_REFERENCE,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};

/* A batch against the reference. Every test is measured first, because p-values are adjusted over all of them
 * (Holm); then each becomes an entry. A policy limit judges the size of a change only where the change is
 * more than chance, so that a clean batch stays quiet at any size and a large one is not failed for trifles.
 */
#include "monitor/monitor_parts.h"

#include "num/special.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double level = 0.05; /* of the family */

vouch__drift *vouch__drift_add(vouch__watched *w)
{
    vouch__drift *test = &w->at[w->n_tests++];
    *test = (vouch__drift){ .n = NAN,
                            .n_bad = NAN,
                            .value = NAN,
                            .low = NAN,
                            .high = NAN,
                            .statistic = NAN,
                            .p = NAN,
                            .critical = NAN,
                            .was = NAN,
                            .is = NAN };
    return test;
}

vouch__drift *vouch__drift_of_outcomes(vouch__watched *w, size_t n, const char *id, const char *title,
                                       const char *unit)
{
    vouch__drift *test = vouch__drift_add(w);
    test->id = id;
    test->title = title;
    test->unit = unit;
    test->n = (double)n;
    if (n < VOUCH__MONITOR_LEAST) {
        test->why_not = "Fewer than 50 outcomes are known.";
        test->if_not = VOUCH__REFUSED;
    }
    return test;
}

static void count_table(vouch__evidence *list, vouch__json *entry, const vouch__drift *test)
{
    double n_from = 0.0, n_to = 0.0;
    for (size_t b = 0; b < test->bins; b++) {
        n_from += test->from[b];
        n_to += test->to[b];
    }
    vouch__json *table = vouch__evidence_table(list, entry, "bins",
                                               "bin,n_reference,n_batch,reference_share,batch_share");
    for (size_t b = 0; b < test->bins; b++) {
        if (test->from[b] == 0.0 && test->to[b] == 0.0)
            continue;
        vouch__json *row = vouch__evidence_row(list, table);
        vouch__row_text(list, row, test->label[b]);
        vouch__row_number(list, row, test->from[b]);
        vouch__row_number(list, row, test->to[b]);
        vouch__row_number(list, row, test->from[b] / n_from);
        vouch__row_number(list, row, test->to[b] / n_to);
    }
    vouch__evidence_plot(list, entry, "bars", "bins", "bin", "reference_share,batch_share",
                         test->subject ? test->subject : "raw score", "share of rows");
}

/* Predicted and observed means by band of the score. */
static void band_table(vouch__evidence *list, vouch__json *entry, const vouch__watched *w)
{
    const vouch__json *bands = vouch__json_get(w->reference, "bands");
    vouch__json *table = vouch__evidence_table(list, entry, "bands",
                                               w->is_event
                                                   ? "band,n,predicted,observed,low,high,reference_bad_rate"
                                                   : "band,n,weight,predicted,observed,reference_mean");
    for (size_t b = 0; b < w->n_bands; b++) {
        const vouch__json *was = vouch__json_at(bands, b);
        double n = w->band_n[b], bad = w->band_bad[b], weight = w->band_weight[b];
        if (!(n > 0.0))
            continue;
        vouch__json *row = vouch__evidence_row(list, table);
        vouch__row_number(list, row, (double)(b + 1));
        vouch__row_number(list, row, n);
        if (!w->is_event)
            vouch__row_number(list, row, weight);
        vouch__row_number(list, row, w->band_sum[b] / weight);
        vouch__row_number(list, row, bad / weight);
        if (w->is_event) {
            vouch__row_number(list, row,
                              bad > 0.0 ? vouch__beta_quantile(0.025, bad + 0.5, n - bad + 0.5) : 0.0);
            vouch__row_number(list, row,
                              bad < n ? vouch__beta_quantile(0.975, bad + 0.5, n - bad + 0.5) : 1.0);
        }
        vouch__row_number(list, row,
                          vouch__json_double(vouch__json_get(was, w->is_event ? "n_bad" : "actual"), NAN) /
                              vouch__json_double(vouch__json_get(was, w->is_event ? "n" : "weight"), NAN));
    }
    vouch__evidence_plot(list, entry, "points", "bands", "predicted",
                         w->is_event ? "observed,low,high" : "observed",
                         w->is_event ? "mean predicted probability" : "mean prediction",
                         w->is_event ? "observed bad rate" : "mean outcome");
}

static void compared_table(vouch__evidence *list, vouch__json *entry, const vouch__drift *test)
{
    vouch__json *table = vouch__evidence_table(list, entry, "compared", "where,value");
    bool predicted = !strcmp(test->id, "monitor.calibration");
    const char *const name[] = { predicted ? "expected" : "reference", predicted ? "observed" : "batch" };
    const double value[] = { test->was, test->is };
    for (size_t i = 0; i < 2; i++) {
        vouch__json *row = vouch__evidence_row(list, table);
        vouch__row_text(list, row, name[i]);
        vouch__row_number(list, row, value[i]);
    }
}

/* Beyond what the policy allows, but not beyond chance. */
static bool is_only_chance(const vouch__evidence *list, const vouch__drift *test, double adjusted)
{
    const vouch__limit *limit = vouch__policy_limit(list->policy, test->id);
    vouch__verdict verdict = limit ? vouch__limit_judge(limit, test->value) : VOUCH__INFO;
    return !(adjusted <= level) && (verdict == VOUCH__ADVISORY || verdict == VOUCH__FAIL);
}

static void add_entry(vouch__evidence *list, const vouch__watched *w, const vouch__drift *test,
                      double adjusted)
{
    bool significant = adjusted <= level;
    const char *note = test->why_not;
    vouch__verdict verdict = test->why_not                                 ? test->if_not
                             : vouch__policy_limit(list->policy, test->id) ? VOUCH__PASS
                                                                           : VOUCH__INFO;
    if (!note && is_only_chance(list, test, adjusted))
        note = "Beyond the limit, but a batch of this size can differ so much by chance.";
    vouch__json *entry = vouch__evidence_add(
        list,
        &VOUCH__ENTRY(.id = test->id, .section = "monitor", .title = test->title, .purpose = test->purpose,
                      .method = test->method, .convention = test->convention, .source = test->source,
                      .null_hypothesis = test->null_hypothesis, .model = vouch_model_name(w->model),
                      .part = "batch", .subject = test->subject, .unit = test->unit, .n = test->n,
                      .n_bad = test->n_bad, .value = test->why_not ? NAN : test->value,
                      .level = isnan(test->low) ? NAN : 0.95, .low = test->low, .high = test->high,
                      .interval_method = isnan(test->low) ? NULL : test->interval,
                      .statistic = test->statistic, .p_value = test->why_not ? NAN : adjusted,
                      .critical = test->critical, .note = note, .verdict = verdict,
                      .judged = significant && !test->why_not));
    if (test->bins)
        count_table(list, entry, test);
    else if (!test->why_not && !isnan(test->was) && !isnan(test->is))
        compared_table(list, entry, test);
    if (!test->why_not && !strcmp(test->id, "monitor.calibration"))
        band_table(list, entry, w);
}

/* What was done: the family of tests with raw and adjusted p-values. */
static void add_batch(vouch__evidence *list, const vouch__watched *w, const double *adjusted)
{
    char note[160];
    size_t family = 0, found = 0;
    bool small = w->n < VOUCH__MONITOR_LEAST;
    for (size_t i = 0; i < w->n_tests; i++) {
        family += isnan(adjusted[i]) ? 0 : 1;
        found += adjusted[i] <= level ? 1 : 0;
    }
    (void)snprintf(
        note, sizeof note,
        small ? "The batch has %zu rows; with fewer than 50 nothing can be told from chance."
              : "%zu of %zu tests differ from the reference by more than chance (Holm-adjusted, 5 %%).",
        small ? w->n : found, family);
    vouch__json *entry = vouch__evidence_add(
        list,
        &VOUCH__ENTRY(
                .id = "monitor.batch", .section = "monitor", .title = "The batch and its tests",
                .purpose = "What the batch was put to, so that nothing was tried and left out.",
                .method =
                    "All p-values of a batch are one family, adjusted by Holm's step-down method. A limit "
                    "judges the size of a change only where its adjusted p-value is at most 5 %.",
                .source = "Holm, Scandinavian Journal of Statistics 6 (1979) 65-70.",
                .model = vouch_model_name(w->model), .part = "batch", .n = (double)w->n, .note = note,
                .verdict = small ? VOUCH__REFUSED : VOUCH__INFO));
    if (small)
        return;
    vouch__json *table = vouch__evidence_table(list, entry, "tests", "test,subject,size,p_value,p_adjusted");
    for (size_t i = 0; i < w->n_tests; i++) {
        if (isnan(adjusted[i]))
            continue;
        vouch__json *row = vouch__evidence_row(list, table);
        vouch__row_text(list, row, w->at[i].id);
        vouch__row_text(list, row, w->at[i].subject);
        vouch__row_number(list, row, w->at[i].value);
        vouch__row_number(list, row, w->at[i].p);
        vouch__row_number(list, row, adjusted[i]);
    }
}

static vouch_status report(vouch__watched *w, vouch__evidence *list)
{
    double *p = vouch__scratch(w->ctx, w->n_tests + 1, sizeof *p);
    if (!p)
        return vouch__oom(w->ctx);
    /* monitor.auc and monitor.auc_fall (.gini the same) are one test shown twice: it counts once */
    size_t twin = SIZE_MAX;
    for (size_t i = 0; i < w->n_tests; i++) {
        p[i] = w->at[i].why_not ? NAN : w->at[i].p;
        if (!strcmp(w->at[i].id, "monitor.auc") || !strcmp(w->at[i].id, "monitor.gini")) {
            twin = i;
            p[i] = NAN;
        }
    }
    vouch_status status = vouch__holm(w->ctx, w->n_tests, p, p);
    if (status)
        return status;
    add_batch(list, w, p);
    if (twin != SIZE_MAX)
        p[twin] = p[twin + 1];
    for (size_t i = 0; i < w->n_tests; i++)
        add_entry(list, w, &w->at[i], p[i]);
    return vouch__doc_status(w->ctx, list->doc);
}

static vouch_status watch(vouch__watched *w, vouch__evidence *list)
{
    enum { BY_INPUT = 3, OTHERS = 6 };
    w->most = BY_INPUT * w->model->inputs.n + OTHERS;
    w->at = vouch__scratch(w->ctx, w->most, sizeof *w->at);
    w->raw = vouch__scratch(w->ctx, w->n + 1, sizeof *w->raw);
    w->probability = vouch__scratch(w->ctx, w->n + 1, sizeof *w->probability);
    if (!w->at || !w->raw || !w->probability)
        return vouch__oom(w->ctx);
    vouch_status status = vouch_model_score(w->ctx, w->model, w->batch, w->raw, w->probability, NULL);
    if (!status && w->n < VOUCH__MONITOR_LEAST) {
        add_batch(list, w, NULL);
        return vouch__doc_status(w->ctx, list->doc);
    }
    if (!status)
        status = vouch__watch_score(w);
    if (!status)
        status = vouch__watch_inputs(w);
    if (!status)
        status = vouch__watch_outcomes(w);
    return status ? status : report(w, list);
}

vouch_status vouch__monitor_batch(vouch_ctx *ctx, const vouch_model *model, const vouch__json *reference,
                                  const vouch_table *batch, const double *outcome, const double *weight,
                                  vouch__evidence *list)
{
    const char *made_for = vouch__json_string(vouch__json_get(reference, "model"));
    double rows = vouch__json_double(vouch__json_get(reference, "rows"), NAN);
    if (vouch__json_int(vouch__json_get(reference, "version"), 0) != 1 || !made_for || !(rows >= 1.0))
        return vouch__fail(ctx, VOUCH_E_FORMAT, "monitor: this is no reference, or of another version");
    if (strcmp(made_for, vouch_model_fingerprint(model)) != 0)
        return vouch__fail(ctx, VOUCH_E_CONFLICT, "monitor: the reference is of model %.8s, not of %.8s",
                           made_for, vouch_model_fingerprint(model));
    vouch__watched w = { .ctx = ctx,
                         .model = model,
                         .reference = reference,
                         .batch = batch,
                         .outcome = outcome,
                         .weight = weight,
                         .is_event = vouch__json_get(reference, "yardstick") == NULL,
                         .n = vouch_table_rows(batch),
                         .n_reference = rows };
    size_t mark = vouch__scratch_mark(ctx);
    vouch_status status = watch(&w, list);
    vouch__scratch_reset(ctx, mark);
    return status;
}

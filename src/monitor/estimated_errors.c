/* Errors of a model of numbers before outcomes are known. What cannot be seen on the batch is learnt on the
 * reference: a forest says how large the error of a case like this one is (direct loss estimation). No forest
 * is asked about rows it was grown on: each tenth of the reference is told by a forest of the others, and the
 * mean by which these are wrong there is taken off what they say of the batch (cross-prediction). */
#include "evidence/test.h"

#include "data/table.h"
#include "monitor/drift_pairs.h"
#include "num/rng.h"
#include "num/special.h"
#include "validate/cases.h"
#include "vouch/models.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ABSOLUTE, SQUARED, LOSSES };
enum { LEAST = 50, PIECE = 4096, TENTHS = 10 };

typedef struct loss_estimate { /* of a mean loss */
    double value, error;       /* of the batch; standard error of what will be seen */
    double was;                /* seen on the reference */
    double z;                  /* of the change that is told; NaN: every case is told the same */
} loss_estimate;

typedef struct tenth {   /* of the reference, told by the forest of the others */
    double weight, rest; /* sums, of weights and of loss - told */
    double here;         /* mean that its forest tells of the batch */
} tenth;

typedef struct losses {
    vouch_ctx *ctx;
    const vouch__test_call *call;
    vouch__drift_pairs pairs;
    vouch_table *table; /* the reference's rows, then the sample's: the pairs' columns and the prediction */
    size_t n, n_from;   /* rows; of the reference */
    uint32_t *from;     /* [n_from] cases of the reference, ascending */
    double *weight;     /* [n] */
    uint8_t *tenth;     /* [n_from] */
    const char **name;  /* [pairs + 1] of the columns */
} losses;

/* ---- one table of both ---- */

/* Cases of the reference with an outcome, at most `most`, chosen by a hash of their place. */
static vouch_status choose(losses *l, size_t most)
{
    const vouch__sample *b = l->call->before;
    size_t known = 0, n = 0;
    l->from = vouch__scratch(l->ctx, b->n + 1, sizeof *l->from);
    if (!l->from)
        return vouch__oom(l->ctx);
    for (size_t i = 0; i < b->n; i++) {
        if (isinf(b->target[i]))
            return vouch__fail(l->ctx, VOUCH_E_DATA, "case %zu of the reference has an infinite outcome", i);
        known += isnan(b->target[i]) ? 0 : 1;
    }
    double share = known > most ? (double)most / (double)known : 1.0;
    for (size_t i = 0; i < b->n; i++)
        if (!isnan(b->target[i]) &&
            (share >= 1.0 || (double)(vouch__mix(l->call->seed, i) >> 11) * 0x1p-53 < share))
            l->from[n++] = (uint32_t)i;
    l->n_from = n;
    return VOUCH_OK;
}

/* Values or texts of one column at some rows. */
static void read_column(const vouch_table *table, size_t col, bool is_text, size_t n, const uint32_t *row,
                        double *value, const char **text)
{
    vouch__table_gather(table, col, n, row, value);
    for (size_t i = 0; i < n && is_text; i++)
        text[i] = isnan(value[i]) ? NULL : vouch_table_category(table, col, (size_t)value[i]);
}

/* Cases at[n] of a sample, or its first n where at is NULL. */
static vouch_status add_cases(const losses *l, vouch__table_builder *builder, bool is_reference, size_t n,
                              const uint32_t *at)
{
    const vouch__sample *s = is_reference ? l->call->before : l->call->now;
    size_t cols = l->pairs.n + 1, mark = vouch__scratch_mark(l->ctx);
    double *value = vouch__scratch(l->ctx, cols * PIECE, sizeof *value);
    const char **text = vouch__scratch(l->ctx, cols * PIECE, sizeof *text);
    const double **value_at = vouch__scratch(l->ctx, cols, sizeof *value_at);
    const char *const **text_at = vouch__scratch(l->ctx, cols, sizeof *text_at);
    uint32_t *row = vouch__scratch(l->ctx, PIECE, sizeof *row);
    vouch_status status = VOUCH_OK;
    if (!value || !text || !value_at || !text_at || !row)
        return vouch__oom(l->ctx);
    for (size_t begin = 0; begin < n && !status; begin += PIECE) {
        size_t len = n - begin < PIECE ? n - begin : PIECE;
        double *predicted = value + l->pairs.n * PIECE;
        for (size_t i = 0; i < len; i++) {
            size_t k = at ? at[begin + i] : begin + i;
            row[i] = s->row ? s->row[k] : (uint32_t)k;
            predicted[i] = s->score[k];
        }
        for (size_t j = 0; j < cols; j++) {
            const vouch__drift_pair *pair = &l->pairs.at[j];
            bool is_text = j < l->pairs.n && pair->is_text;
            value_at[j] = value + j * PIECE;
            text_at[j] = is_text ? text + j * PIECE : NULL;
            if (j < l->pairs.n)
                read_column(s->table, is_reference ? pair->before : pair->now, is_text, len, row,
                            value + j * PIECE, text + j * PIECE);
        }
        status = vouch__table_builder_add(l->ctx, builder, len, value_at, text_at);
        if (!status)
            status = vouch__poll(l->ctx);
    }
    vouch__scratch_reset(l->ctx, mark);
    return status;
}

/* A name for the prediction that no column has. */
static const char *free_name(const losses *l)
{
    static const char *const names[] = { "prediction", "prediction of the model",
                                         "(prediction of the model)" };
    for (size_t k = 0; k < 2; k++) {
        bool is_free = true;
        for (size_t j = 0; j < l->pairs.n; j++)
            is_free = is_free && strcmp(l->pairs.at[j].name, names[k]) != 0;
        if (is_free)
            return names[k];
    }
    return names[2];
}

static vouch_status make_table(losses *l)
{
    size_t cols = l->pairs.n + 1;
    vouch__table_builder *builder = NULL;
    vouch_type *type = vouch__scratch(l->ctx, cols, sizeof *type);
    l->name = vouch__scratch(l->ctx, cols, sizeof *l->name);
    if (!type || !l->name)
        return vouch__oom(l->ctx);
    for (size_t j = 0; j < l->pairs.n; j++) {
        l->name[j] = l->pairs.at[j].name;
        type[j] = l->pairs.at[j].is_text ? VOUCH_TEXT : VOUCH_NUMBER;
    }
    l->name[cols - 1] = free_name(l);
    type[cols - 1] = VOUCH_NUMBER;
    vouch_status status = vouch__table_builder_new(l->ctx, cols, l->name, type, &builder);
    if (!status)
        status = add_cases(l, builder, true, l->n_from, l->from);
    if (!status)
        status = add_cases(l, builder, false, l->call->now->n, NULL);
    if (!status)
        status = vouch__table_builder_end(l->ctx, builder, &l->table);
    vouch__table_builder_free(builder);
    l->n = l->n_from + l->call->now->n;
    return status;
}

static vouch_status prepare(losses *l)
{
    const vouch__sample *now = l->call->now, *before = l->call->before;
    vouch_status status = VOUCH_OK;
    if (now->table && before->table)
        status = vouch__drift_pair_up(l->ctx, now, before, true, &l->pairs);
    if (!status)
        status = choose(l, (size_t)vouch__test_param(l->call, "rows"));
    if (!status)
        status = make_table(l);
    if (status)
        return status;
    l->weight = vouch__scratch(l->ctx, l->n, sizeof *l->weight);
    l->tenth = vouch__scratch(l->ctx, l->n_from + 1, 1);
    if (!l->weight || !l->tenth)
        return vouch__oom(l->ctx);
    for (size_t i = 0; i < l->n; i++) {
        const vouch__sample *s = i < l->n_from ? before : now;
        l->weight[i] = s->weight ? s->weight[i < l->n_from ? l->from[i] : i - l->n_from] : 1.0;
        if (i < l->n_from)
            l->tenth[i] = (uint8_t)(vouch__mix(l->call->seed + 1, i) % TENTHS);
    }
    return VOUCH_OK;
}

/* ---- what the forests say ---- */

/* Grown on all of the reference but one tenth; raw [n] of every row. */
static vouch_status learn(const losses *l, uint8_t but, const double *loss, double *raw)
{
    char params[200];
    vouch_model *model = NULL;
    size_t mark = vouch__scratch_mark(l->ctx);
    uint8_t *part = vouch__scratch(l->ctx, l->n, 1);
    if (!part)
        return vouch__oom(l->ctx);
    for (size_t i = 0; i < l->n; i++)
        part[i] = i < l->n_from && l->tenth[i] != but ? VOUCH_PART_TRAIN : VOUCH_PART_NEITHER;
    (void)snprintf(params, sizeof params,
                   "{loss: squared, trees: %.0f, depth: 3, learning_rate: 0.1, early_stop: 0, row_sample: 1, "
                   "column_sample: 1, min_child_rows: 50}",
                   vouch__test_param(l->call, "trees"));
    const vouch_fit_spec spec = { .name = "loss",
                                  .table = l->table,
                                  .inputs = l->name,
                                  .n_inputs = l->pairs.n + 1,
                                  .target = loss,
                                  .weight = l->weight,
                                  .part = part,
                                  .params = params,
                                  .seed = l->call->seed };
    vouch_status status = vouch_model_fit(l->ctx, &spec, &model);
    if (!status)
        status = vouch_model_score(l->ctx, model, l->table, raw, NULL, NULL);
    vouch_model_free(model);
    vouch__scratch_reset(l->ctx, mark);
    return status;
}

static double mean(size_t n, const double *x, const double *weight, double *out_weight)
{
    vouch__dd sum = { 0 }, all = { 0 };
    for (size_t i = 0; i < n; i++) {
        vouch__accumulate(&sum, weight[i] * x[i]);
        vouch__accumulate(&all, weight[i]);
    }
    *out_weight = vouch__accumulated(all);
    return vouch__accumulated(sum) / *out_weight;
}

/* Of the weighted mean of x. */
static double variance(size_t n, const double *x, const double *weight)
{
    vouch__dd sum = { 0 };
    double all, about = mean(n, x, weight, &all);
    for (size_t i = 0; i < n; i++) {
        double away = weight[i] / all * (x[i] - about);
        vouch__accumulate(&sum, away * away);
    }
    return vouch__accumulated(sum);
}

/* What is wrong in the estimate with a tenth of the reference: of the means here of each forest, and the
 * rests of each tenth, by leaving one after another out (the jackknife). */
static double jackknife(const tenth t[TENTHS])
{
    double rest = 0.0, weight = 0.0, left[TENTHS], middle = 0.0, sum = 0.0, n = 0.0;
    for (size_t k = 0; k < TENTHS; k++) {
        rest += t[k].rest;
        weight += t[k].weight;
        n += t[k].weight > 0.0;
    }
    for (size_t k = 0; k < TENTHS; k++)
        if (t[k].weight > 0.0) {
            left[k] = t[k].here + (rest - t[k].rest) / (weight - t[k].weight);
            middle += left[k] / n;
        }
    for (size_t k = 0; k < TENTHS; k++)
        if (t[k].weight > 0.0)
            sum += (left[k] - middle) * (left[k] - middle);
    return (n - 1.0) / n * sum;
}

/* Losses of the reference, in units of their mean. Returns that; why: nothing can be learnt from them. */
static double measure(const losses *l, int kind, double *loss, const char **why)
{
    const vouch__sample *b = l->call->before;
    double all, scale;
    memset(loss, 0, l->n * sizeof *loss);
    for (size_t i = 0; i < l->n_from; i++) {
        double off = fabs(b->target[l->from[i]] - b->score[l->from[i]]);
        loss[i] = kind == SQUARED ? off * off : off;
    }
    scale = mean(l->n_from, loss, l->weight, &all);
    *why = scale == 0.0       ? "Every prediction of the reference is exact: there is no error to learn."
           : !isfinite(scale) ? "The errors of the reference are too large to be added up."
                              : NULL;
    for (size_t i = 0; i < l->n_from && !*why; i++)
        loss[i] /= scale;
    return scale;
}

/* told [n] of a loss [n_from]: of each tenth of the reference by the forest of the others, of the batch by
 * all. */
static vouch_status tell_each(const losses *l, const double *loss, double all, double *told, tenth t[TENTHS])
{
    size_t m = l->n_from, n = l->n - m, mark = vouch__scratch_mark(l->ctx);
    double *raw = vouch__scratch(l->ctx, l->n, sizeof *raw), weight;
    vouch_status status = VOUCH_OK;
    if (!raw)
        return vouch__oom(l->ctx);
    for (uint8_t k = 0; k < TENTHS && !status; k++) {
        if (!(t[k].weight > 0.0))
            continue;
        status = learn(l, k, loss, raw);
        for (size_t i = 0; i < m && !status; i++)
            if (l->tenth[i] == k) {
                told[i] = raw[i];
                t[k].rest += l->weight[i] * (loss[i] - raw[i]);
            }
        for (size_t i = m; i < l->n && !status; i++)
            told[i] += t[k].weight / all * raw[i];
        if (!status)
            t[k].here = mean(n, raw + m, l->weight + m, &weight);
    }
    vouch__scratch_reset(l->ctx, mark);
    return status;
}

/* The mean of one loss of the batch: what is told of it, and what the same forests miss on the reference. */
static vouch_status estimate(const losses *l, int kind, loss_estimate *out, const char **why)
{
    size_t mark = vouch__scratch_mark(l->ctx), m = l->n_from, n = l->n - m;
    double *loss = vouch__scratch(l->ctx, l->n, sizeof *loss), all = 0.0, all_here, off = 0.0, square = 0.0;
    double *told = vouch__scratch(l->ctx, l->n, sizeof *told), to_come = 0.0;
    tenth t[TENTHS] = { { 0 } };
    if (!loss || !told)
        return vouch__oom(l->ctx);
    double scale = measure(l, kind, loss, why);
    memset(told, 0, l->n * sizeof *told);
    for (size_t i = 0; i < m; i++) {
        t[l->tenth[i]].weight += l->weight[i];
        all += l->weight[i];
    }
    vouch_status status = *why ? VOUCH_OK : tell_each(l, loss, all, told, t);
    for (size_t i = 0; i < m; i++) {
        off += l->weight[i] * (loss[i] - told[i]) * (loss[i] - told[i]);
        square += l->weight[i] * told[i] * told[i];
    }
    double before = mean(m, told, l->weight, &all), after = mean(n, told + m, l->weight + m, &all_here);
    double moved = variance(m, told, l->weight) + variance(n, told + m, l->weight + m);
    for (size_t i = m; i < l->n; i++) { /* a case's loss spreads in proportion to its size */
        double w = l->weight[i] / all_here * told[i];
        to_come += w * w * off / square;
    }
    *out = (loss_estimate){ .value = fmax(0.0, 1.0 + after - before) * scale,
                            .error = sqrt(to_come + jackknife(t)) * scale,
                            .was = scale,
                            .z = moved > 1e-18 ? (after - before) / sqrt(moved) : (double)NAN };
    vouch__scratch_reset(l->ctx, mark);
    return status;
}

/* ---- what is told of it ---- */

static double rooted(double x) { return sqrt(fmax(0.0, x)); }

static void tell(const losses *l, const loss_estimate e[LOSSES])
{
    const vouch__test_call *call = l->call;
    bool is_mae = vouch__test_choice(call, "measure", "MAE");
    const loss_estimate *one = &e[is_mae ? ABSOLUTE : SQUARED];
    double level = vouch__test_param(call, "level"), margin = vouch__cases_margin(level);
    double reach[LOSSES] = { margin * e[ABSOLUTE].error, margin * e[SQUARED].error }, low, high;
    char note[VOUCH__DRIFT_NOTE + 240];
    vouch__entry entry = vouch__test_entry(call);
    low = (one->value - reach[is_mae ? ABSOLUTE : SQUARED]) / one->was;
    high = (one->value + reach[is_mae ? ABSOLUTE : SQUARED]) / one->was;
    entry.value = is_mae ? one->value / one->was : sqrt(one->value / one->was);
    entry.level = level;
    entry.low = is_mae ? fmax(0.0, low) : rooted(low);
    entry.high = is_mae ? high : rooted(high);
    entry.interval_method = "normal; of the error that will be seen, if errors arise as they did";
    entry.statistic = one->z;
    entry.p_value = isnan(one->z) ? (double)NAN : vouch__normal_sf(one->z);
    entry.judged = entry.p_value <= 0.05;
    entry.verdict = vouch__policy_limit(call->list->policy, entry.id) ? VOUCH__PASS : VOUCH__INFO;
    if (isnan(one->z))
        entry.null_hypothesis = NULL;
    (void)snprintf(
        note, sizeof note, "Learnt on %zu cases of the reference by %zu columns and the prediction.%s%s%s",
        l->n_from, l->pairs.n,
        isnan(one->z) ? " Nothing was found that errors depend on, so those of the reference are told." : "",
        *l->pairs.note ? " " : "", l->pairs.note);
    entry.note = note;
    vouch__drift_mind_lost(call, &l->pairs, &entry);
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "measures",
                                               "measure,estimated,low,high,realised_on_reference");
    const loss_estimate *a = &e[ABSOLUTE], *s = &e[SQUARED];
    vouch__test_row(call, table, "tnnnn", "mean absolute error", a->value,
                    fmax(0.0, a->value - reach[ABSOLUTE]), a->value + reach[ABSOLUTE], a->was);
    vouch__test_row(call, table, "tnnnn", "mean squared error", s->value,
                    fmax(0.0, s->value - reach[SQUARED]), s->value + reach[SQUARED], s->was);
    vouch__test_row(call, table, "tnnnn", "root mean squared error", sqrt(s->value),
                    rooted(s->value - reach[SQUARED]), sqrt(s->value + reach[SQUARED]), sqrt(s->was));
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    losses l = { .ctx = ctx, .call = call };
    loss_estimate e[LOSSES] = { { 0 } };
    const char *why = NULL;
    if (!call->before->target || call->before->bad) {
        vouch__test_skip(call, call->before->bad
                                   ? "Outcomes are events: drift.estimated_performance is of those."
                                   : "The reference has no outcomes to learn from.");
        return VOUCH_OK;
    }
    vouch_status status = prepare(&l);
    if (!status && l.n_from < LEAST)
        why = "The reference has fewer than 50 cases with an outcome.";
    for (int k = 0; k < LOSSES && !status && !why; k++)
        status = estimate(&l, k, &e[k], &why);
    if (!status && why)
        vouch__test_refuse(call, why);
    else if (!status)
        tell(&l, e);
    vouch_table_unref(l.table);
    return status;
}

static const vouch__param params[] = {
    { "measure", VOUCH__PARAM_CHOICE, 0, 0, 0, "RMSE|MAE", "",
      "Which error is judged: the root of the mean square, or the mean size." },
    { "trees", VOUCH__PARAM_INTEGER, 1, 1000, 100, NULL, "trees",
      "How many trees of depth 3 learn an error." },
    { "rows", VOUCH__PARAM_INTEGER, 100, 10000000, 50000, NULL, "rows",
      "Most cases of the reference that are taken, by a hash of their place." },
    { "level", VOUCH__PARAM_REAL, 0.5, 0.9999, 0.95, NULL, "", "The level of the intervals." },
};

const vouch_test vouch__test_drift_dle = {
    .id = "drift.estimated_errors",
    .section = "monitor",
    .title = "Errors of predicted numbers without outcomes (DLE)",
    .purpose =
        "How large are the errors of a model of amounts, rates or losses on cases whose outcomes are not "
        "known yet? A loss given default takes years of recoveries; this is what can be said today.",
    .mechanism =
        "On the reference, where outcomes are known, a gradient-boosted forest learns the size of a "
        "case's error (and another its square) from the inputs and the prediction itself. The mean of "
        "what it says of the cases here is the estimate. Each tenth of the reference is told by a forest "
        "of the other nine, and the mean by which these are wrong is taken off.",
    .convention =
        "The value is the estimated error over that of the reference: 1 is no change. The interval is of "
        "the error that will be seen: it holds the spread of outcomes to come, in proportion to the "
        "losses expected, and the error of what was learnt (jackknife over the tenths). p is one-sided, "
        "of the means that are told of both samples; the value is judged only where that is significant. "
        "Weights are used.",
    .high_risk =
        "An error a tenth above the reference's, and more than chance: the batch holds more of the cases "
        "that the model is bad at. Look which with drift.psi and diagnose.error_tree.",
    .strengths =
        "Needs no outcome of the batch, no probability and no law of errors; sees errors that depend on "
        "any input, in any shape. Nothing is measured on rows that were learnt from.",
    .limits =
        "Supposes that errors still arise as they did: if the relation of inputs and outcome has changed "
        "(concept drift), or the cases are unlike any of the reference, it cannot know. Where errors "
        "depend on nothing it knows, it tells the reference's error.",
    .source = "NannyML 0.13.1 documentation (2025), Direct Loss Estimation; T. Zrnic & E. J. Candes, "
              "Cross-prediction-powered inference, PNAS 121 (2024) e2322083121; J. H. Friedman, Annals of "
              "Statistics 29 (2001) 1189-1232",
    .null_hypothesis = "errors are no larger than they were on the reference",
    .unit = "of the reference's",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_FINITE | VOUCH__NEEDS_REFERENCE,
    .uses = VOUCH__NEEDS_TARGET | VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_WEIGHT,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};

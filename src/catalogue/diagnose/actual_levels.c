/* What happened over what was expected, input by input and level by level: where a tariff is wrong for
 * somebody, and not only in all. */
#include "data/table.h"
#include "num/rank.h"
#include "validate/rows/yard_rows.h"

#include "base/ctx.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BY_VALUE = 12, BANDS = 10, CATEGORIES = 20, LEVELS = CATEGORIES + 2, LABEL = 96 };
#define ALPHA 0.05

typedef struct feature { /* one input's levels; the last is of missing values */
    size_t at, n;
    double worst, reach; /* the largest |ratio - 1| beyond chance, 0 when there is none; the largest |z| */
    char label[LEVELS][LABEL];
    vouch__actual_sum sum[LEVELS];
    vouch__ratio ratio[LEVELS];
    double holm[LEVELS];
} feature;

static void name_values(const vouch_table *table, size_t col, double low, double high, char out[LABEL],
                        vouch__buf *text)
{
    vouch_type type = vouch_table_type(table, col);
    vouch__buf_clear(text);
    vouch__value_text(type, low, text);
    if (high > low) {
        vouch__buf_text(text, " to ");
        vouch__value_text(type, high, text);
    }
    (void)snprintf(out, LABEL, "%.90s", text->at ? text->at : "");
}

/* Numbers: by value where there are few, else in bands of about equal weight. */
static vouch_status number_levels(vouch_ctx *ctx, const vouch__sample *s, size_t col, const double *x,
                                  uint8_t *of, feature *f, vouch__buf *text)
{
    size_t n = 0, made = 0, distinct = 0;
    double *known = vouch__scratch(ctx, 3 * s->n + 1, sizeof *known), *weight = known + s->n;
    double *sorted = known + 2 * s->n;
    uint8_t *band = vouch__scratch(ctx, s->n + 1, 1);
    if (!known || !band)
        return vouch__oom(ctx);
    for (size_t i = 0; i < s->n; i++)
        if (!isnan(x[i])) {
            weight[n] = vouch__case_weight(s, i);
            sorted[n] = known[n] = x[i];
            n++;
        }
    size_t sorted_n = 0;
    vouch_status status = vouch__sort(ctx, n, sorted, &sorted_n);
    for (size_t i = 0; i < n && distinct <= BY_VALUE && !status; i++)
        if (i == 0 || sorted[i] != sorted[i - 1])
            sorted[distinct++] = sorted[i]; /* packed: never ahead of what is read */
    if (!status && distinct > BY_VALUE)
        status = vouch__weight_bands(ctx, n, known, weight, BANDS, band, &made);
    if (status)
        return status;
    bool by_value = distinct <= BY_VALUE;
    f->n = by_value ? distinct : made;
    double low[LEVELS] = { 0 }, high[LEVELS] = { 0 };
    for (size_t k = 0; k < f->n; k++) {
        low[k] = by_value ? sorted[k] : INFINITY;
        high[k] = by_value ? sorted[k] : -INFINITY;
    }
    for (size_t i = 0, j = 0; i < s->n; i++) {
        if (isnan(x[i])) {
            of[i] = (uint8_t)f->n;
            continue;
        }
        size_t k = by_value ? 0 : band[j++];
        while (by_value && sorted[k] != x[i])
            k++;
        low[k] = fmin(low[k], x[i]);
        high[k] = fmax(high[k], x[i]);
        of[i] = (uint8_t)k;
    }
    for (size_t k = 0; k < f->n; k++)
        name_values(s->table, col, low[k], high[k], f->label[k], text);
    return VOUCH_OK;
}

/* Categories: those that weigh most, by name, then all others together. */
static vouch_status text_levels(vouch_ctx *ctx, const vouch__sample *s, size_t col, const double *x,
                                uint8_t *of, feature *f)
{
    size_t n = vouch_table_categories(s->table, col);
    double *weight = vouch__scratch(ctx, n + 1, sizeof *weight);
    uint8_t *level = vouch__scratch(ctx, n + 1, 1);
    if (!weight || !level)
        return vouch__oom(ctx);
    memset(weight, 0, (n + 1) * sizeof *weight);
    for (size_t i = 0; i < s->n; i++)
        if (!isnan(x[i]))
            weight[(size_t)x[i]] -= vouch__case_weight(s, i);
    uint32_t *order = vouch__scratch(ctx, n + 1, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, n, weight, order); /* heaviest first: weights are below 0 */
    if (status)
        return status;
    size_t apart = n > CATEGORIES ? CATEGORIES - 1 : n, used = 0;
    while (used < n && weight[order[used]] < 0.0)
        used++;
    apart = apart < used ? apart : used;
    for (size_t k = 1; k < apart; k++) { /* by name, which is an order where there is one */
        uint32_t code = order[k];
        size_t at = k;
        for (; at > 0 && strcmp(vouch_table_category(s->table, col, order[at - 1]),
                                vouch_table_category(s->table, col, code)) > 0;
             at--)
            order[at] = order[at - 1];
        order[at] = code;
    }
    f->n = used > apart ? apart + 1 : apart;
    for (size_t k = 0; k < n; k++)
        level[order[k]] = (uint8_t)(k < apart ? k : apart);
    for (size_t k = 0; k < f->n; k++)
        (void)snprintf(f->label[k], LABEL, "%.90s",
                       k < apart ? vouch_table_category(s->table, col, order[k]) : "all others");
    for (size_t i = 0; i < s->n; i++)
        of[i] = isnan(x[i]) ? (uint8_t)f->n : level[(size_t)x[i]];
    return VOUCH_OK;
}

static vouch_status measure(vouch_ctx *ctx, const vouch__test_call *call, double dispersion, feature *f)
{
    const vouch__sample *s = call->now;
    size_t mark = vouch__scratch_mark(ctx), col = s->feature[f->at];
    double *x = vouch__scratch(ctx, s->n + 1, sizeof *x);
    uint8_t *of = vouch__scratch(ctx, s->n + 1, 1);
    vouch__buf text;
    if (!x || !of)
        return vouch__oom(ctx);
    vouch__buf_init(ctx, &text, 0);
    if (s->row)
        vouch__table_gather(s->table, col, s->n, s->row, x);
    else
        vouch_table_read(s->table, col, 0, s->n, x);
    bool is_text = vouch_table_type(s->table, col) == VOUCH_TEXT;
    vouch_status status = is_text ? text_levels(ctx, s, col, x, of, f)
                                  : number_levels(ctx, s, col, x, of, f, &text);
    if (!status)
        status = vouch__buf_status(ctx, &text);
    vouch__buf_free(&text);
    for (size_t i = 0; i < s->n && !status; i++)
        vouch__actual_add(&f->sum[of[i]], vouch__call_yardstick(call), s->target[i], s->score[i],
                          vouch__case_weight(s, i));
    if (!status && f->sum[f->n].n > 0)
        (void)snprintf(f->label[f->n++], LABEL, "missing");
    for (size_t k = 0; k < f->n && !status; k++) {
        f->ratio[k] = vouch__actual_ratio(&f->sum[k], dispersion, 0.95);
        f->reach = fmax(f->reach, fabs(f->ratio[k].z)); /* fmax passes over NaN */
    }
    vouch__scratch_reset(ctx, mark);
    return status ? status : vouch__poll(ctx);
}

/* p of all levels of all inputs are one family. */
static vouch_status adjust(vouch_ctx *ctx, size_t n, feature *f)
{
    size_t mark = vouch__scratch_mark(ctx), m = 0;
    double *p = vouch__scratch(ctx, n * LEVELS + 1, sizeof *p);
    if (!p)
        return vouch__oom(ctx);
    for (size_t j = 0; j < n; j++)
        for (size_t k = 0; k < f[j].n; k++)
            p[m++] = f[j].n > 1 ? f[j].ratio[k].p : (double)NAN;
    vouch_status status = vouch__holm(ctx, m, p, p);
    m = 0;
    for (size_t j = 0; j < n && !status; j++)
        for (size_t k = 0; k < f[j].n; k++) {
            f[j].holm[k] = p[m++];
            if (f[j].holm[k] < ALPHA)
                f[j].worst = fmax(f[j].worst, fabs(f[j].ratio[k].ratio - 1.0));
        }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static int by_reach(const void *a, const void *b)
{
    const feature *const *x = a, *const *y = b;
    if ((*x)->reach != (*y)->reach)
        return (*x)->reach < (*y)->reach ? 1 : -1;
    return ((*x)->at > (*y)->at) - ((*x)->at < (*y)->at);
}

static void tell(const vouch__test_call *call, const feature *f, size_t left_out)
{
    char note[120];
    vouch__entry entry = vouch__test_entry(call);
    entry.subject = vouch_table_name(call->now->table, call->now->feature[f->at]);
    entry.value = f->worst;
    entry.judged = true;
    if (left_out) {
        (void)snprintf(note, sizeof note, "%zu inputs that depart less are not shown.", left_out);
        entry.note = note;
    }
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(
        call->list, object, "levels",
        "level,n,weight,actual,predicted,actual_over_expected,low,high,p_value,p_holm");
    for (size_t k = 0; k < f->n; k++) {
        const vouch__ratio *r = &f->ratio[k];
        vouch__test_row(call, table, "tnnnnnnnnn", f->label[k], (double)f->sum[k].n, r->weight,
                        r->seen / r->weight, r->expected / r->weight, r->ratio, r->low, r->high, r->p,
                        f->holm[k]);
    }
    vouch__evidence_plot(call->list, object, "interval", "levels", "level", "actual_over_expected",
                         entry.subject, "actual over expected");
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    size_t n = call->now->n_features, most = (size_t)vouch__test_param(call, "most");
    feature *f = vouch__scratch(ctx, n + 1, sizeof *f);
    const feature **order = vouch__scratch(ctx, n + 1, sizeof *order);
    double dispersion = NAN;
    if (!f || !order)
        return vouch__oom(ctx);
    memset(f, 0, (n + 1) * sizeof *f);
    vouch_status status = vouch__call_dispersion(ctx, call, &dispersion);
    for (size_t j = 0; j < n && !status; j++) {
        f[j].at = j;
        order[j] = &f[j];
        status = measure(ctx, call, dispersion, &f[j]);
    }
    if (!status)
        status = adjust(ctx, n, f);
    if (status)
        return status;
    qsort(order, n, sizeof *order, by_reach);
    size_t shown = n < most ? n : most;
    for (size_t j = 0; j < shown; j++)
        tell(call, order[j], j + 1 == shown ? n - shown : 0);
    return VOUCH_OK;
}

static const vouch__param params[] = {
    VOUCH__PARAM_YARDSTICK,
    { "most", VOUCH__PARAM_INTEGER, 1.0, 1000.0, 12.0, NULL, "inputs",
      "inputs shown, those with the largest departure first" },
};

const vouch_test vouch__test_actual_levels = {
    .id = "validate.actual_levels",
    .section = "validate",
    .title = "Actual over expected by level of each input",
    .purpose =
        "Is anyone charged wrongly because of what they are? A tariff that holds in all may be off for "
        "young drivers, for one region, for one fuel.",
    .mechanism =
        "For every input the cases are put in levels: categories (the 20 heaviest), values of "
        "numbers with at most 12, else ten bands of about equal weight, and missing. In each the sum "
        "of outcomes is divided by the sum of predictions.",
    .convention = VOUCH__YARD_WEIGHTS VOUCH__YARD_CHANCE
    "p-values of all levels of all inputs are one family, adjusted by Holm. The value of an input is the "
    "largest distance of a level's ratio from 1 among those with an adjusted p below 0.05, and 0 when "
    "there is none.",
    .high_risk =
        "A level that departs beyond chance, above all in an input that the model uses: its shape is "
        "wrong there. In one that it does not use, something is missing from the model.",
    .strengths = "The table that a pricing committee reads; columns that are no input of the model can be "
                 "looked at as well.",
    .limits = "One input at a time: opposite errors of combinations cancel. Levels that hold few events can "
              "depart far without being told from chance.",
    .source = "M. Goldburd, A. Khare, D. Tevet & D. Guller, Generalized Linear Models for Insurance Rating, "
              "CAS Monograph 5 (2020) 55-66; S. Holm, Scandinavian Journal of Statistics 6 (1979) 65-70",
    .null_hypothesis = "in every level what happens is what was predicted",
    .unit = "relative error",
    .needs = VOUCH__YARD_NEEDS | VOUCH__NEEDS_FEATURES,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};

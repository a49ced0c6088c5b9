/* A scorecard in words and tables. */
#include "models/scorecard/scorecard.h"

#include "num/special.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- labels ---- */

static void set_label(const vouch__inputs *inputs, const vouch__card_input *c, size_t b, char *out,
                      size_t cap)
{
    enum { TAIL = 48 }; /* room for " and N more} or any other" */
    const vouch__input *input = &inputs->at[c->input];
    size_t used = 0, left = 0;
    out[used++] = '{';
    for (size_t k = 0; k < input->n_categories; k++) {
        size_t len = strlen(input->category[k]);
        if (!vouch__card_has(&c->bin[b], k))
            continue;
        if (left > 0 || used + len + 2 + TAIL > cap) {
            left++;
            continue;
        }
        if (used > 1) {
            out[used++] = ',';
            out[used++] = ' ';
        }
        memcpy(out + used, input->category[k], len); /* ended below, with the rest */
        used += len;
    }
    const char *rest = b == c->otherwise ? "} or any other" : "}";
    if (left > 0)
        (void)snprintf(out + used, cap - used, "%s%zu more%s", used > 1 ? " and " : "", left, rest);
    else
        (void)snprintf(out + used, cap - used, "%s", rest);
}

void vouch__card_label(const vouch__inputs *inputs, const vouch__card_input *c, size_t b, char *out,
                       size_t cap)
{
    const vouch__bin *bin = &c->bin[b];
    const char *name = inputs->at[c->input].name;
    char low[VOUCH__DOUBLE_MAX] = "", high[VOUCH__DOUBLE_MAX] = "";
    vouch__double_text(bin->low, low);
    vouch__double_text(bin->high, high);
    switch (bin->type) {
    case VOUCH__BIN_MISSING: (void)snprintf(out, cap, "missing"); return;
    case VOUCH__BIN_SPECIAL: (void)snprintf(out, cap, "%s = %s (special code)", name, low); return;
    case VOUCH__BIN_SET: set_label(inputs, c, b, out, cap); return;
    case VOUCH__BIN_RANGE: break;
    }
    if (bin->low == -INFINITY && bin->high == INFINITY)
        (void)snprintf(out, cap, "any value");
    else if (bin->low == -INFINITY)
        (void)snprintf(out, cap, "%s <= %s", name, high);
    else if (bin->high == INFINITY)
        (void)snprintf(out, cap, "%s > %s", name, low);
    else
        (void)snprintf(out, cap, "%s < %s <= %s", low, name, high);
}

/* ---- tables ---- */

static vouch__json *table(vouch__doc *doc, vouch__json *object, const char *name, const char *const *column,
                          size_t n)
{
    vouch__json *t = vouch__json_set(doc, object, name, vouch__json_object(doc));
    vouch__json *columns = vouch__json_set(doc, t, "columns", vouch__json_array(doc));
    for (size_t i = 0; i < n; i++)
        vouch__json_push(doc, columns, vouch__json_text(doc, column[i]));
    return vouch__json_set(doc, t, "rows", vouch__json_array(doc));
}

static void push_number(vouch__doc *doc, vouch__json *row, double value)
{
    vouch__json_push(doc, row, vouch__json_number(doc, value));
}

static void points_table(const vouch__card *card, const vouch__inputs *inputs, vouch__doc *doc,
                         vouch__json *object)
{
    static const char *const column[] = { "characteristic", "bin", "n",  "share",
                                          "bad_rate",       "woe", "iv", "points" };
    vouch__json *rows = table(doc, object, "points_table", column, sizeof column / sizeof column[0]);
    for (size_t c = 0; c < card->n; c++) {
        const vouch__card_input *at = &card->at[c];
        double good = 0.0, bad = 0.0;
        for (size_t b = 0; b < at->n_bins; b++) {
            good += at->bin[b].n_good;
            bad += at->bin[b].n_bad;
        }
        for (size_t b = 0; b < at->n_bins; b++) {
            const vouch__bin *bin = &at->bin[b];
            double n = bin->n_good + bin->n_bad;
            char label[VOUCH__CARD_LABEL];
            vouch__card_label(inputs, at, b, label, sizeof label);
            vouch__json *row = vouch__json_push(doc, rows, vouch__json_array(doc));
            vouch__json_push(doc, row, vouch__json_text(doc, inputs->at[at->input].name));
            vouch__json_push(doc, row, vouch__json_text(doc, label));
            push_number(doc, row, n);
            push_number(doc, row, n / (good + bad));
            push_number(doc, row, n > 0.0 ? bin->n_bad / n : NAN);
            push_number(doc, row, bin->woe);
            push_number(doc, row, (bin->n_good / good - bin->n_bad / bad) * bin->woe);
            push_number(doc, row, bin->points);
        }
    }
}

static void coefficient_row(vouch__doc *doc, vouch__json *rows, const char *name, double coefficient,
                            double error, const vouch__card_input *c)
{
    double z = coefficient / error;
    vouch__json *row = vouch__json_push(doc, rows, vouch__json_array(doc));
    vouch__json_push(doc, row, vouch__json_text(doc, name));
    push_number(doc, row, coefficient);
    push_number(doc, row, error);
    push_number(doc, row, z);
    push_number(doc, row, fmin(1.0, 2.0 * vouch__normal_sf(fabs(z))));
    push_number(doc, row, c ? c->iv : NAN);
    push_number(doc, row, c ? c->vif : NAN);
    const char *sign = !c ? "" : coefficient < 0.0 ? "right" : "wrong";
    vouch__json_push(doc, row, vouch__json_text(doc, sign));
}

static void coefficient_table(const vouch__card *card, const vouch__inputs *inputs, vouch__doc *doc,
                              vouch__json *object)
{
    static const char *const column[] = {
        "characteristic", "coefficient", "standard_error", "z", "p_value", "iv", "vif", "sign"
    };
    vouch__json *rows = table(doc, object, "coefficients", column, sizeof column / sizeof column[0]);
    coefficient_row(doc, rows, "(intercept)", card->intercept, card->intercept_error, NULL);
    for (size_t c = 0; c < card->n; c++)
        coefficient_row(doc, rows, inputs->at[card->at[c].input].name, card->at[c].coefficient,
                        card->at[c].error, &card->at[c]);
}

static void record(const vouch__card *card, vouch__doc *doc, vouch__json *object)
{
    const vouch__json *told = card->told ? vouch__doc_root(card->told) : NULL;
    if (!told)
        return;
    vouch__json *facts = vouch__json_set(doc, object, "binning_record", vouch__json_object(doc));
    for (const vouch__json *at = told->first; at; at = at->next)
        vouch__json_set(doc, strcmp(at->key, "decisions") != 0 ? facts : object,
                        strcmp(at->key, "decisions") != 0 ? at->key : "binning_decisions",
                        vouch__json_copy(doc, at));
}

static void range_table(const vouch__card *card, const vouch__inputs *inputs, vouch__doc *doc,
                        vouch__json *object)
{
    static const char *const column[] = { "characteristic", "bins",           "iv",         "least_points",
                                          "most_points",    "neutral_points", "mean_points" };
    vouch__json *rows = table(doc, object, "characteristics", column, sizeof column / sizeof column[0]);
    for (size_t c = 0; c < card->n; c++) {
        const vouch__card_input *at = &card->at[c];
        vouch__points_range r = vouch__card_range(card, c);
        vouch__json *row = vouch__json_push(doc, rows, vouch__json_array(doc));
        vouch__json_push(doc, row, vouch__json_text(doc, inputs->at[at->input].name));
        push_number(doc, row, (double)at->n_bins);
        push_number(doc, row, at->iv);
        push_number(doc, row, r.least);
        push_number(doc, row, r.most);
        push_number(doc, row, r.neutral);
        push_number(doc, row, r.mean);
    }
}

void vouch__card_describe(const void *state, const vouch__inputs *inputs, vouch__doc *doc,
                          vouch__json *object)
{
    const vouch__card *card = &((const vouch__scorecard *)state)->card;
    vouch__json *scaling = vouch__json_set(doc, object, "scaling", vouch__json_object(doc));
    vouch__json_set(doc, scaling, "pdo", vouch__json_number(doc, card->pdo));
    vouch__json_set(doc, scaling, "base_score", vouch__json_number(doc, card->base_score));
    vouch__json_set(doc, scaling, "base_odds", vouch__json_number(doc, card->base_odds));
    vouch__json_set(doc, scaling, "factor", vouch__json_number(doc, card->factor));
    vouch__json_set(doc, scaling, "offset", vouch__json_number(doc, card->offset));
    vouch__json_set(doc, scaling, "base_points", vouch__json_number(doc, card->base_points));
    vouch__json_set(
        doc, object, "convention",
        vouch__json_text(doc, "WoE = ln(share of goods / share of bads): positive is safer. Points are "
                              "added up, larger is safer; log-odds of bad = (offset - points) / factor, "
                              "base_odds are goods to one bad. Coefficients are on WoE, in log-odds of "
                              "bad. A bin with fewer than min_events goods or bads has that many cases "
                              "at the population's odds added before its WoE is taken."));
    record(card, doc, object);
    points_table(card, inputs, doc, object);
    range_table(card, inputs, doc, object);
    coefficient_table(card, inputs, doc, object);
}

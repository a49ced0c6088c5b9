/* A scorecard in words, tables and SQL. */
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
        if (!(c->bin[b].bits[k / 32] >> k % 32 & 1))
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

static void coefficient_row(vouch__doc *doc, vouch__json *rows, const char *name, double iv,
                            double coefficient, double error)
{
    double z = coefficient / error;
    vouch__json *row = vouch__json_push(doc, rows, vouch__json_array(doc));
    vouch__json_push(doc, row, vouch__json_text(doc, name));
    push_number(doc, row, coefficient);
    push_number(doc, row, error);
    push_number(doc, row, z);
    push_number(doc, row, fmin(1.0, 2.0 * vouch__normal_sf(fabs(z))));
    push_number(doc, row, iv);
}

static void coefficient_table(const vouch__card *card, const vouch__inputs *inputs, vouch__doc *doc,
                              vouch__json *object)
{
    static const char *const column[] = { "characteristic", "coefficient", "standard_error", "z",
                                          "p_value",        "iv" };
    vouch__json *rows = table(doc, object, "coefficients", column, sizeof column / sizeof column[0]);
    coefficient_row(doc, rows, "(intercept)", NAN, card->intercept, card->intercept_error);
    for (size_t c = 0; c < card->n; c++)
        coefficient_row(doc, rows, inputs->at[card->at[c].input].name, card->at[c].iv,
                        card->at[c].coefficient, card->at[c].error);
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
    points_table(card, inputs, doc, object);
    coefficient_table(card, inputs, doc, object);
}

/* ---- SQL ---- */

/* Doubling the quote is all that SQL asks, for names in " and for texts in '. */
static void quoted(vouch__buf *out, char quote, const char *text)
{
    vouch__buf_add(out, &quote, 1);
    for (; *text; text++) {
        vouch__buf_add(out, text, 1);
        if (*text == quote)
            vouch__buf_add(out, text, 1);
    }
    vouch__buf_add(out, &quote, 1);
}

/* With an exponent the literal is a DOUBLE, read exactly; without one it would be a DECIMAL. */
static void literal(vouch__buf *out, double value)
{
    char text[VOUCH__DOUBLE_MAX];
    vouch__double_text(value, text);
    if (value == -INFINITY)
        vouch__buf_text(out, "CAST('-Infinity' AS DOUBLE)");
    else
        vouch__buf_fmt(out, strpbrk(text, "eE") ? "%s" : "%se0", text);
}

static void number_case(const vouch__card_input *c, const char *name, vouch__buf *out)
{
    const vouch__bin *missing = &c->bin[c->n_bins - 1];
    vouch__buf_text(out, "CASE WHEN ");
    quoted(out, '"', name);
    vouch__buf_text(out, " IS NULL OR isnan(CAST(");
    quoted(out, '"', name);
    vouch__buf_fmt(out, " AS DOUBLE)) THEN %d", missing->points);
    for (size_t pass = 0; pass < 2; pass++) /* special codes before ranges */
        for (size_t b = 0; b + 1 < c->n_bins; b++) {
            const vouch__bin *bin = &c->bin[b];
            if ((bin->type == VOUCH__BIN_SPECIAL) != (pass == 0))
                continue;
            if (bin->high == INFINITY) {
                vouch__buf_fmt(out, " ELSE %d END", bin->points);
                continue;
            }
            vouch__buf_text(out, " WHEN CAST(");
            quoted(out, '"', name);
            vouch__buf_text(out, pass == 0 ? " AS DOUBLE) = " : " AS DOUBLE) <= ");
            literal(out, bin->high);
            vouch__buf_fmt(out, " THEN %d", bin->points);
        }
}

static void category_case(const vouch__card_input *c, const vouch__input *input, vouch__buf *out)
{
    vouch__buf_text(out, "CASE WHEN ");
    quoted(out, '"', input->name);
    vouch__buf_fmt(out, " IS NULL THEN %d", c->bin[c->n_bins - 1].points);
    for (size_t b = 0; b + 1 < c->n_bins; b++) {
        const char *before = " IN (";
        if (b == c->otherwise)
            continue;
        for (size_t k = 0; k < input->n_categories; k++) {
            if (!(c->bin[b].bits[k / 32] >> k % 32 & 1))
                continue;
            if (before[1] == 'I') {
                vouch__buf_text(out, " WHEN ");
                quoted(out, '"', input->name);
            }
            vouch__buf_text(out, before);
            quoted(out, '\'', input->category[k]);
            before = ", ";
        }
        if (before[0] == ',')
            vouch__buf_fmt(out, ") THEN %d", c->bin[b].points);
    }
    vouch__buf_fmt(out, " ELSE %d END", c->bin[c->otherwise].points);
}

void vouch__card_sql(const vouch__card *card, const vouch__inputs *inputs, vouch__buf *out)
{
    vouch__buf_fmt(out, "(%d", card->base_points);
    for (size_t c = 0; c < card->n; c++) {
        const vouch__input *input = &inputs->at[card->at[c].input];
        vouch__buf_text(out, "\n  + ");
        if (input->is_category)
            category_case(&card->at[c], input, out);
        else
            number_case(&card->at[c], input->name, out);
    }
    vouch__buf_text(out, ")");
}

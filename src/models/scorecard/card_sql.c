/* A scorecard as one SQL expression that gives its integer points, in the dialects of three systems.
 *
 * Bounds must be read as the doubles they are. DuckDB and Spark have a literal for that; PostgreSQL takes a
 * number with a point or an exponent for a decimal, so there it is a cast of a text. */
#include "models/scorecard/scorecard.h"

#include <math.h>
#include <string.h>

typedef struct dialect {
    char name_quote;
    bool has_backslash;       /* in texts; the quote is then escaped by it too */
    const char *type;         /* of a double */
    const char *open, *close; /* around a number's digits */
    bool has_isnan;           /* else NaN equals 'NaN' */
} dialect;

static const dialect duckdb = { '"', false, "DOUBLE", "CAST('", "' AS DOUBLE)", true };
static const dialect postgresql = {
    '"', false, "double precision", "CAST('", "' AS double precision)", false
};
static const dialect spark = { '`', true, "DOUBLE", "CAST('", "' AS DOUBLE)", true };

static void name(const dialect *d, vouch__buf *out, const char *text)
{
    vouch__buf_add(out, &d->name_quote, 1);
    for (; *text; text++) {
        vouch__buf_add(out, text, 1);
        if (*text == d->name_quote)
            vouch__buf_add(out, text, 1);
    }
    vouch__buf_add(out, &d->name_quote, 1);
}

static void string(const dialect *d, vouch__buf *out, const char *text)
{
    vouch__buf_text(out, "'");
    for (; *text; text++) {
        if (*text == '\'' || (*text == '\\' && d->has_backslash))
            vouch__buf_text(out, d->has_backslash ? "\\" : "'");
        vouch__buf_add(out, text, 1);
    }
    vouch__buf_text(out, "'");
}

static void literal(const dialect *d, vouch__buf *out, double value)
{
    vouch__buf_text(out, d->open);
    if (isinf(value))
        vouch__buf_text(out, value < 0 ? "-Infinity" : "Infinity");
    else
        vouch__buf_double(out, value);
    vouch__buf_text(out, d->close);
}

static void as_double(const dialect *d, vouch__buf *out, const char *input)
{
    vouch__buf_text(out, "CAST(");
    name(d, out, input);
    vouch__buf_fmt(out, " AS %s)", d->type);
}

static void number_case(const dialect *d, const vouch__card_input *c, const char *input, vouch__buf *out)
{
    vouch__buf_text(out, "CASE WHEN ");
    name(d, out, input);
    vouch__buf_text(out, d->has_isnan ? " IS NULL OR isnan(" : " IS NULL OR ");
    as_double(d, out, input);
    vouch__buf_fmt(out, "%s THEN %d", d->has_isnan ? ")" : " = 'NaN'", c->bin[c->n_bins - 1].points);
    for (size_t pass = 0; pass < 2; pass++) /* special codes before ranges */
        for (size_t b = 0; b + 1 < c->n_bins; b++) {
            const vouch__bin *bin = &c->bin[b];
            if ((bin->type == VOUCH__BIN_SPECIAL) != (pass == 0))
                continue;
            if (pass == 1 && bin->high == INFINITY) {
                vouch__buf_fmt(out, " ELSE %d END", bin->points);
                continue;
            }
            vouch__buf_text(out, " WHEN ");
            as_double(d, out, input);
            vouch__buf_text(out, pass == 0 ? " = " : " <= ");
            literal(d, out, bin->high);
            vouch__buf_fmt(out, " THEN %d", bin->points);
        }
}

static void category_case(const dialect *d, const vouch__card_input *c, const vouch__input *input,
                          vouch__buf *out)
{
    vouch__buf_text(out, "CASE WHEN ");
    name(d, out, input->name);
    vouch__buf_fmt(out, " IS NULL THEN %d", c->bin[c->n_bins - 1].points);
    for (size_t b = 0; b + 1 < c->n_bins; b++) {
        bool is_first = true;
        if (b == c->otherwise)
            continue;
        for (size_t k = 0; k < input->n_categories; k++) {
            if (!vouch__card_has(&c->bin[b], k))
                continue;
            if (is_first) {
                vouch__buf_text(out, " WHEN ");
                name(d, out, input->name);
            }
            vouch__buf_text(out, is_first ? " IN (" : ", ");
            string(d, out, input->category[k]);
            is_first = false;
        }
        if (!is_first)
            vouch__buf_fmt(out, ") THEN %d", c->bin[b].points);
    }
    vouch__buf_fmt(out, " ELSE %d END", c->bin[c->otherwise].points);
}

static vouch_status write(const dialect *d, const vouch_model *model, vouch__buf *out)
{
    const vouch__card *card = vouch__model_card(model);
    vouch__buf_fmt(out, "(%d", card->base_points);
    for (size_t c = 0; c < card->n; c++) {
        const vouch__input *input = &model->inputs.at[card->at[c].input];
        vouch__buf_text(out, "\n  + ");
        if (input->is_category)
            category_case(d, &card->at[c], input, out);
        else
            number_case(d, &card->at[c], input->name, out);
    }
    vouch__buf_text(out, ")");
    return VOUCH_OK; /* what stuck, the buffer tells */
}

vouch_status vouch__card_sql_duckdb(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out)
{
    (void)ctx;
    return write(&duckdb, model, out);
}

vouch_status vouch__card_sql_postgresql(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out)
{
    (void)ctx;
    return write(&postgresql, model, out);
}

vouch_status vouch__card_sql_spark(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out)
{
    (void)ctx;
    return write(&spark, model, out);
}

/* What is said as one SQL expression, in the dialects of three systems.
 *
 * Numbers must be read as the doubles they are. DuckDB and Spark have a literal for that; PostgreSQL takes a
 * number with a point or an exponent for a decimal, so each is a cast of a text. NaN, which all three hold to
 * be the largest number, is as missing as NULL is. */
#include "models/say.h"

#include <math.h>

typedef struct dialect {
    char name_quote;
    bool has_backslash; /* in texts; the quote is then escaped by it too */
    const char *type;   /* of a double */
    bool has_isnan;     /* else NaN equals 'NaN' */
} dialect;

static const dialect duckdb = { '"', false, "DOUBLE", true };
static const dialect postgresql = { '"', false, "double precision", false };
static const dialect spark = { '`', true, "DOUBLE", true };

typedef struct writer {
    const dialect *d;
    const vouch_model *model;
    bool is_whole;
    vouch__buf *out;
} writer;

static void name(const writer *w, size_t input)
{
    vouch__buf_add(w->out, &w->d->name_quote, 1);
    for (const char *text = w->model->inputs.at[input].name; *text; text++) {
        vouch__buf_add(w->out, text, 1);
        if (*text == w->d->name_quote)
            vouch__buf_add(w->out, text, 1);
    }
    vouch__buf_add(w->out, &w->d->name_quote, 1);
}

static void string(const writer *w, const char *text)
{
    vouch__buf_text(w->out, "'");
    for (; *text; text++) {
        if (*text == '\'' || (*text == '\\' && w->d->has_backslash))
            vouch__buf_text(w->out, w->d->has_backslash ? "\\" : "'");
        vouch__buf_add(w->out, text, 1);
    }
    vouch__buf_text(w->out, "'");
}

static void literal(const writer *w, double value)
{
    vouch__buf_text(w->out, "CAST('");
    if (isinf(value))
        vouch__buf_text(w->out, value < 0 ? "-Infinity" : "Infinity");
    else
        vouch__buf_double(w->out, value);
    vouch__buf_fmt(w->out, "' AS %s)", w->d->type);
}

static void as_double(const writer *w, size_t input)
{
    vouch__buf_text(w->out, "CAST(");
    name(w, input);
    vouch__buf_fmt(w->out, " AS %s)", w->d->type);
}

static void missing(const writer *w, size_t input)
{
    name(w, input);
    vouch__buf_text(w->out, " IS NULL");
    if (w->model->inputs.at[input].is_category)
        return;
    vouch__buf_text(w->out, w->d->has_isnan ? " OR isnan(" : " OR ");
    as_double(w, input);
    vouch__buf_text(w->out, w->d->has_isnan ? ")" : " = 'NaN'");
}

static void condition(const writer *w, const vouch__when *when)
{
    const vouch__input *input = &w->model->inputs.at[when->input];
    bool is_first = true;
    if (when->op == VOUCH__WHEN_MISSING || when->or_missing)
        missing(w, when->input);
    if (when->op == VOUCH__WHEN_MISSING)
        return;
    vouch__buf_text(w->out, when->or_missing ? " OR " : "");
    if (when->op == VOUCH__WHEN_IN) {
        name(w, when->input);
        for (size_t k = 0; k < input->n_categories; k++) {
            if (!when->in[k])
                continue;
            vouch__buf_text(w->out, is_first ? " IN (" : ", ");
            string(w, input->category[k]);
            is_first = false;
        }
        vouch__buf_text(w->out, is_first ? " <> " : ")"); /* in none: unequal to itself */
        if (is_first)
            name(w, when->input);
        return;
    }
    as_double(w, when->input);
    vouch__buf_text(w->out, when->op == VOUCH__WHEN_EQUAL ? " = " : " <= ");
    literal(w, when->value);
}

static void say(const writer *w, const vouch__say *e);

static void choice(const writer *w, const vouch__say *e)
{
    vouch__buf_text(w->out, "CASE");
    for (const vouch__say *part = e->first; part; part = part->next) {
        if (part->when.op == VOUCH__WHEN_ELSE) {
            vouch__buf_text(w->out, part == e->first ? " WHEN TRUE THEN " : " ELSE ");
        } else {
            vouch__buf_text(w->out, " WHEN ");
            condition(w, &part->when);
            vouch__buf_text(w->out, " THEN ");
        }
        say(w, part);
    }
    vouch__buf_text(w->out, " END");
}

static void list(const writer *w, const vouch__say *e, const char *between)
{
    vouch__buf_text(w->out, "(");
    for (const vouch__say *part = e->first; part; part = part->next) {
        vouch__buf_text(w->out, part == e->first ? "" : between);
        say(w, part);
    }
    vouch__buf_text(w->out, ")");
}

static void say(const writer *w, const vouch__say *e)
{
    switch (e->op) {
    case VOUCH__SAY_NUMBER:
        if (isnan(e->value))
            vouch__buf_text(w->out, "NULL");
        else if (w->is_whole)
            vouch__buf_int(w->out, (int64_t)e->value);
        else
            literal(w, e->value);
        return;
    case VOUCH__SAY_INPUT: as_double(w, e->input); return;
    case VOUCH__SAY_LOG:
        vouch__buf_text(w->out, "CASE WHEN ");
        as_double(w, e->input);
        vouch__buf_text(w->out, " > 0 THEN ln(");
        as_double(w, e->input);
        vouch__buf_text(w->out, ") END");
        return;
    case VOUCH__SAY_ADD: list(w, e, "\n  + "); return;
    case VOUCH__SAY_TIMES: list(w, e, " * "); return;
    case VOUCH__SAY_CHOICE: choice(w, e); return;
    }
}

static vouch_status write(const dialect *d, vouch_ctx *ctx, const vouch_model *model, vouch__buf *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__speech speech = { .ctx = ctx, .model = model };
    const vouch__say *said;
    vouch_status status = vouch__say_model(&speech, &said);
    if (!status) {
        writer w = { d, model, speech.is_whole, out };
        say(&w, said);
    }
    vouch__scratch_reset(ctx, mark);
    return status; /* what stuck, the buffer tells */
}

vouch_status vouch__said_sql_duckdb(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out)
{
    return write(&duckdb, ctx, model, out);
}

vouch_status vouch__said_sql_postgresql(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out)
{
    return write(&postgresql, ctx, model, out);
}

vouch_status vouch__said_sql_spark(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out)
{
    return write(&spark, ctx, model, out);
}

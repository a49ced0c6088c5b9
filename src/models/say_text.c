/* What is said as a function in C, and as JSON that a short program can evaluate: docs/models.md says how. */
#include "models/c_text.h"
#include "models/say.h"
#include "models/tell.h"

#include <math.h>

/* ---- C ---- */

static void c_say(const vouch__inputs *inputs, const vouch__say *e, vouch__buf *out);

static void c_condition(const vouch__inputs *inputs, const vouch__when *when, vouch__buf *out)
{
    size_t j = when->input;
    bool is_first = true;
    if (when->op == VOUCH__WHEN_MISSING || when->or_missing)
        vouch__buf_fmt(out, "row[%zu] != row[%zu]", j, j);
    if (when->op == VOUCH__WHEN_MISSING)
        return;
    vouch__buf_text(out, when->or_missing ? " || " : "");
    for (size_t k = 0; when->op == VOUCH__WHEN_IN && k < inputs->at[j].n_categories; k++) {
        if (when->in[k])
            vouch__buf_fmt(out, "%srow[%zu] == %zu.0", is_first ? "" : " || ", j, k);
        is_first = is_first && !when->in[k];
    }
    if (when->op == VOUCH__WHEN_IN) {
        vouch__buf_text(out, is_first ? "0" : "");
        return;
    }
    vouch__buf_fmt(out, "row[%zu] %s ", j, when->op == VOUCH__WHEN_EQUAL ? "==" : "<=");
    vouch__c_number(out, when->value);
}

static void c_choice(const vouch__inputs *inputs, const vouch__say *e, vouch__buf *out)
{
    bool has_else = false;
    vouch__buf_text(out, "(");
    for (const vouch__say *part = e->first; part; part = part->next) {
        has_else = part->when.op == VOUCH__WHEN_ELSE;
        if (!has_else) {
            vouch__buf_text(out, "(");
            c_condition(inputs, &part->when, out);
            vouch__buf_text(out, ") ? ");
        }
        c_say(inputs, part, out);
        vouch__buf_text(out, has_else ? "" : "\n    : ");
    }
    vouch__buf_text(out, has_else ? ")" : "MISSING)");
}

static void c_say(const vouch__inputs *inputs, const vouch__say *e, vouch__buf *out)
{
    switch (e->op) {
    case VOUCH__SAY_NUMBER:
        if (isnan(e->value))
            vouch__buf_text(out, "MISSING");
        else
            vouch__c_number(out, e->value);
        return;
    case VOUCH__SAY_INPUT: vouch__buf_fmt(out, "row[%zu]", e->input); return;
    case VOUCH__SAY_LOG:
        vouch__buf_fmt(out, "(row[%zu] > 0.0 ? log(row[%zu]) : MISSING)", e->input, e->input);
        return;
    case VOUCH__SAY_CHOICE: c_choice(inputs, e, out); return;
    default: break;
    }
    vouch__buf_text(out, "(");
    for (const vouch__say *part = e->first; part; part = part->next) {
        vouch__buf_text(out, part == e->first ? "" : e->op == VOUCH__SAY_ADD ? "\n    + " : " * ");
        c_say(inputs, part, out);
    }
    vouch__buf_text(out, ")");
}

vouch_status vouch__said_c(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out)
{
    char prefix[VOUCH__C_NAME];
    size_t mark = vouch__scratch_mark(ctx);
    vouch__speech speech = { .ctx = ctx, .model = model };
    const vouch__say *said;
    vouch_status status = vouch__say_model(&speech, &said);
    if (!status) {
        vouch__c_name(model, prefix);
        vouch__buf_fmt(out,
                       "/* The model file %s as one C11 file: %s_raw(row) gives its raw score. Written by "
                       "vouch %s; don't edit.\n"
                       " * row[j] is input %s_input[j]: a number as it is, a category as its code (%s_code), "
                       "NaN where missing. */\n#include <math.h>\n"
                       "#define HUGE __builtin_inf()\n#define MISSING __builtin_nan(\"\")\n\n",
                       model->fingerprint, prefix, vouch_version(), prefix, prefix);
        vouch__c_inputs(out, &model->inputs, prefix);
        vouch__buf_fmt(out, "double %s_raw(const double *row)\n{\n    return ", prefix);
        c_say(&model->inputs, said, out);
        vouch__buf_text(out, ";\n}\n");
        vouch__c_check(out, prefix);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* ---- JSON ---- */

static vouch__json *json_condition(vouch__doc *doc, const vouch__inputs *inputs, const vouch__when *when)
{
    const vouch__input *input = &inputs->at[when->input];
    vouch__json *o = vouch__json_object(doc);
    vouch__tell_text(doc, o, "input", input->name);
    if (when->op == VOUCH__WHEN_MISSING || when->or_missing)
        (void)vouch__json_set(doc, o, "missing", vouch__json_bool(doc, true));
    if (when->op == VOUCH__WHEN_UP_TO)
        vouch__tell_number(doc, o, "up_to", when->value);
    if (when->op == VOUCH__WHEN_EQUAL)
        vouch__tell_number(doc, o, "equals", when->value);
    if (when->op != VOUCH__WHEN_IN)
        return o;
    vouch__json *texts = vouch__json_set(doc, o, "in", vouch__json_array(doc));
    for (size_t k = 0; k < input->n_categories; k++)
        if (when->in[k])
            (void)vouch__json_push(doc, texts, vouch__json_text(doc, input->category[k]));
    return o;
}

static vouch__json *json_say(vouch__doc *doc, const vouch__inputs *inputs, const vouch__say *e)
{
    static const char *const key[] = { NULL, "input", "log", "add", "multiply", "choose" };
    if (e->op == VOUCH__SAY_NUMBER)
        return isnan(e->value) ? vouch__json_null(doc) : vouch__json_number(doc, e->value);
    vouch__json *o = vouch__json_object(doc);
    if (e->op == VOUCH__SAY_INPUT || e->op == VOUCH__SAY_LOG) {
        vouch__tell_text(doc, o, key[e->op], inputs->at[e->input].name);
        return o;
    }
    vouch__json *parts = vouch__json_set(doc, o, key[e->op], vouch__json_array(doc));
    for (const vouch__say *part = e->first; part; part = part->next) {
        vouch__json *said = json_say(doc, inputs, part);
        if (e->op == VOUCH__SAY_CHOICE) {
            vouch__json *one = vouch__json_object(doc);
            if (part->when.op != VOUCH__WHEN_ELSE)
                (void)vouch__json_set(doc, one, "when", json_condition(doc, inputs, &part->when));
            (void)vouch__json_set(doc, one, "then", said);
            said = one;
        }
        (void)vouch__json_push(doc, parts, said);
    }
    return o;
}

vouch_status vouch__said_json(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__speech speech = { .ctx = ctx, .model = model };
    const vouch__say *said;
    vouch__doc *doc = NULL;
    vouch_status status = vouch__say_model(&speech, &said);
    if (!status)
        status = vouch__doc_new(ctx, &doc);
    if (!status) {
        vouch__json *root = vouch__json_object(doc);
        vouch__tell_text(doc, root, "form", "vouch-formula-1");
        vouch__tell_text(doc, root, "model", model->fingerprint);
        (void)vouch__json_set(doc, root, "raw", json_say(doc, &model->inputs, said));
        status = vouch__doc_status(ctx, doc);
    }
    if (!status)
        vouch__json_write(out, vouch__doc_root(doc));
    vouch__doc_free(doc);
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* What is said as PMML 4.4: a choice of choices as a TreeModel, all else as a RegressionModel over derived
 * fields, one for each part of the sum. */
#include "models/pmml_text.h"
#include "models/say.h"

#include <math.h>
#include <string.h>

typedef struct writer {
    const vouch_model *model;
    vouch__buf *out;
} writer;

static const char *name_of(const writer *w, size_t input) { return w->model->inputs.at[input].name; }

static void field(const writer *w, size_t input)
{
    vouch__buf_text(w->out, "<FieldRef");
    vouch__pmml_attribute(w->out, "field", name_of(w, input));
    vouch__buf_text(w->out, "/>");
}

static void constant(const writer *w, double value)
{
    vouch__buf_text(w->out, "<Constant dataType=\"double\"");
    vouch__buf_text(w->out, isnan(value) ? " missing=\"true\">" : ">");
    if (!isnan(value))
        vouch__buf_double(w->out, value);
    vouch__buf_text(w->out, "</Constant>");
}

/* ---- trees ---- */

static bool is_tree(const vouch__say *e)
{
    if (e->op != VOUCH__SAY_CHOICE)
        return e->op == VOUCH__SAY_NUMBER && !isnan(e->value);
    for (const vouch__say *part = e->first; part; part = part->next)
        if (!is_tree(part))
            return false;
    return true;
}

static void predicate(const writer *w, const vouch__when *when)
{
    const vouch__input *input = &w->model->inputs.at[when->input];
    bool is_compound = when->or_missing && when->op != VOUCH__WHEN_MISSING;
    if (when->op == VOUCH__WHEN_ELSE) {
        vouch__buf_text(w->out, "<True/>");
        return;
    }
    if (is_compound)
        vouch__buf_text(w->out, "<CompoundPredicate booleanOperator=\"or\">");
    if (is_compound || when->op == VOUCH__WHEN_MISSING)
        vouch__pmml_simple(w->out, input->name, "isMissing", NULL);
    if (when->op == VOUCH__WHEN_IN)
        vouch__pmml_set(w->out, input, when->in);
    else if (when->op != VOUCH__WHEN_MISSING)
        vouch__pmml_simple(w->out, input->name, when->op == VOUCH__WHEN_EQUAL ? "equal" : "lessOrEqual",
                           &when->value);
    if (is_compound)
        vouch__buf_text(w->out, "</CompoundPredicate>");
}

static void node(const writer *w, const vouch__say *e)
{
    vouch__buf_text(w->out, "<Node");
    if (e->op == VOUCH__SAY_NUMBER) {
        vouch__buf_text(w->out, " score=\"");
        vouch__buf_double(w->out, e->value);
        vouch__buf_text(w->out, "\"");
    }
    vouch__buf_text(w->out, ">");
    predicate(w, &e->when);
    for (const vouch__say *part = e->first; part; part = part->next) {
        vouch__buf_text(w->out, "\n");
        node(w, part);
    }
    vouch__buf_text(w->out, "</Node>");
}

/* ---- expressions ---- */

static void say(const writer *w, const vouch__say *e);

static void apply(const writer *w, const char *function)
{
    vouch__buf_fmt(w->out, "<Apply function=\"%s\">", function);
}

static void condition(const writer *w, const vouch__when *when)
{
    const vouch__input *input = &w->model->inputs.at[when->input];
    if (when->op == VOUCH__WHEN_MISSING)
        apply(w, "isMissing");
    else /* a comparison takes no missing value: the attribute says what it is then */
        vouch__buf_fmt(w->out, "<Apply function=\"%s\" mapMissingTo=\"%s\">",
                       when->op == VOUCH__WHEN_IN      ? "isIn"
                       : when->op == VOUCH__WHEN_EQUAL ? "equal"
                                                       : "lessOrEqual",
                       when->or_missing ? "true" : "false");
    field(w, when->input);
    if (when->op == VOUCH__WHEN_UP_TO || when->op == VOUCH__WHEN_EQUAL)
        constant(w, when->value);
    for (size_t k = 0; when->op == VOUCH__WHEN_IN && k < input->n_categories; k++)
        if (when->in[k]) {
            vouch__buf_text(w->out, "<Constant dataType=\"string\">");
            vouch__pmml_escaped(w->out, input->category[k]);
            vouch__buf_text(w->out, "</Constant>");
        }
    vouch__buf_text(w->out, "</Apply>");
}

/* The number for missing, and then numbers for ever larger bounds: bins. */
static bool is_bins(const vouch__say *e)
{
    const vouch__say *last = e->last;
    if (!e->first || e->first->when.op != VOUCH__WHEN_MISSING || e->first->next == last ||
        last->when.op != VOUCH__WHEN_ELSE)
        return false;
    for (const vouch__say *part = e->first; part; part = part->next) {
        const vouch__when *when = &part->when;
        if (part->op != VOUCH__SAY_NUMBER || isnan(part->value) || when->or_missing)
            return false;
        if (part != last && when->input != e->first->when.input)
            return false;
        if (part != last && part != e->first && when->op != VOUCH__WHEN_UP_TO)
            return false;
    }
    return true;
}

static void bins(const writer *w, const vouch__say *e)
{
    double low = -INFINITY;
    vouch__buf_text(w->out, "<Discretize dataType=\"double\"");
    vouch__pmml_attribute(w->out, "field", name_of(w, e->first->when.input));
    vouch__buf_text(w->out, " mapMissingTo=\"");
    vouch__buf_double(w->out, e->first->value);
    vouch__buf_text(w->out, "\">");
    for (const vouch__say *part = e->first->next; part; part = part->next) {
        vouch__buf_text(w->out, "\n<DiscretizeBin binValue=\"");
        vouch__buf_double(w->out, part->value);
        vouch__buf_text(w->out, "\"><Interval closure=\"openClosed\"");
        if (low > -INFINITY) {
            vouch__buf_text(w->out, " leftMargin=\"");
            vouch__buf_double(w->out, low);
            vouch__buf_text(w->out, "\"");
        }
        if (part->when.op == VOUCH__WHEN_UP_TO) {
            vouch__buf_text(w->out, " rightMargin=\"");
            vouch__buf_double(w->out, part->when.value);
            vouch__buf_text(w->out, "\"");
        }
        vouch__buf_text(w->out, "/></DiscretizeBin>");
        low = part->when.value;
    }
    vouch__buf_text(w->out, "</Discretize>");
}

static void choice(const writer *w, const vouch__say *e)
{
    size_t open = 0;
    if (is_bins(e)) {
        bins(w, e);
        return;
    }
    for (const vouch__say *part = e->first; part; part = part->next) {
        if (part->when.op == VOUCH__WHEN_ELSE) {
            say(w, part);
            break;
        }
        vouch__buf_text(w->out, open ? "\n" : "");
        apply(w, "if");
        open++;
        condition(w, &part->when);
        say(w, part);
    }
    while (open-- > 0)
        vouch__buf_text(w->out, "</Apply>");
}

/* Functions of two arguments, from the left. */
static void two_by_two(const writer *w, const vouch__say *e, const char *function)
{
    for (const vouch__say *part = e->first->next; part; part = part->next)
        apply(w, function);
    for (const vouch__say *part = e->first; part; part = part->next) {
        say(w, part);
        vouch__buf_text(w->out, part == e->first ? "" : "</Apply>");
    }
}

static void say(const writer *w, const vouch__say *e)
{
    switch (e->op) {
    case VOUCH__SAY_NUMBER: constant(w, e->value); return;
    case VOUCH__SAY_INPUT: field(w, e->input); return;
    case VOUCH__SAY_LOG:
        apply(w, "ln");
        field(w, e->input);
        vouch__buf_text(w->out, "</Apply>");
        return;
    case VOUCH__SAY_ADD: two_by_two(w, e, "+"); return;
    case VOUCH__SAY_TIMES: two_by_two(w, e, "*"); return;
    case VOUCH__SAY_CHOICE: choice(w, e); return;
    }
}

/* Numbers of the sum are the intercept, which comes first whatever their place. */
static void regression(const writer *w, const vouch__say *said, const bool *used)
{
    vouch__say alone = *said;
    const vouch__say *first = said->op == VOUCH__SAY_ADD ? said->first : &alone;
    double intercept = 0.0;
    size_t n = 0, k = 0;
    alone.next = NULL;
    vouch__buf_text(w->out, "  <TransformationDictionary>\n");
    for (const vouch__say *part = first; part; part = part->next) {
        if (part->op == VOUCH__SAY_NUMBER) {
            intercept += part->value;
            continue;
        }
        vouch__buf_fmt(
            w->out, "    <DerivedField name=\"vouch part %zu\" optype=\"continuous\" dataType=\"double\">\n",
            ++n);
        say(w, part);
        vouch__buf_text(w->out, "\n    </DerivedField>\n");
    }
    vouch__buf_text(w->out, "  </TransformationDictionary>\n  <RegressionModel");
    vouch__pmml_attribute(w->out, "modelName", w->model->name);
    vouch__buf_text(w->out, " functionName=\"regression\">\n");
    vouch__pmml_fields(w->out, w->model, used, "raw");
    vouch__buf_text(w->out, "    <RegressionTable intercept=\"");
    vouch__buf_double(w->out, intercept);
    vouch__buf_text(w->out, "\">\n");
    while (k++ < n)
        vouch__buf_fmt(w->out, "      <NumericPredictor name=\"vouch part %zu\" coefficient=\"1\"/>\n", k);
    vouch__buf_text(w->out, "    </RegressionTable>\n  </RegressionModel>\n");
}

vouch_status vouch__said_pmml(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__speech speech = { .ctx = ctx, .model = model };
    const vouch__say *said;
    writer w = { model, out };
    bool *used = vouch__scratch(ctx, model->inputs.n + 1, sizeof *used);
    if (!used)
        return vouch__oom(ctx);
    memset(used, 0, (model->inputs.n + 1) * sizeof *used);
    vouch_status status = vouch__say_model(&speech, &said);
    if (!status) {
        vouch__say_used(said, used);
        vouch__pmml_begin(out, model, used);
        if (is_tree(said)) {
            vouch__buf_text(out, "  <TreeModel");
            vouch__pmml_attribute(out, "modelName", model->name);
            vouch__buf_text(out, " functionName=\"regression\" missingValueStrategy=\"none\" "
                                 "splitCharacteristic=\"multiSplit\">\n");
            vouch__pmml_fields(out, model, used, "raw");
            node(&w, said);
            vouch__buf_text(out, "\n  </TreeModel>\n");
        } else {
            regression(&w, said, used);
        }
        vouch__buf_text(out, "</PMML>\n");
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* What a test is, as text for terminals, markdown for docs/tests.md, and JSON. */
#include "catalogue/tests.h"

#include "base/embedded.h"
#include "report/markup.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NEEDS_TEXT = 256 };
static const unsigned plain_needs = ~(unsigned)(VOUCH__NEEDS_BOTH | VOUCH__NEEDS_FINITE |
                                                VOUCH__KEEPS_UNKNOWN);

static void range_text(const vouch__param *p, vouch__buf *out)
{
    switch (p->type) {
    case VOUCH__PARAM_CHOICE: {
        const char *word = p->choices;
        for (int k = 0; k < (int)p->value; k++)
            word += strcspn(word, "|") + 1;
        for (const char *c = p->choices; *c; c++)
            vouch__buf_text(out, *c == '|' ? ", " : (const char[]){ *c, '\0' });
        vouch__buf_fmt(out, "; default %.*s", (int)strcspn(word, "|"), word);
        return;
    }
    case VOUCH__PARAM_FLAG:
        vouch__buf_fmt(out, "true or false; default %s", p->value != 0.0 ? "true" : "false");
        return;
    case VOUCH__PARAM_TREE: vouch__buf_text(out, "a list or mapping; default none"); return;
    case VOUCH__PARAM_REAL:
    case VOUCH__PARAM_INTEGER: break;
    }
    vouch__buf_text(out, p->type == VOUCH__PARAM_INTEGER ? "whole number, " : "number, ");
    vouch__buf_double(out, p->lo);
    vouch__buf_text(out, " to ");
    vouch__buf_double(out, p->hi);
    if (isnan(p->value)) {
        vouch__buf_text(out, "; must be given");
    } else {
        vouch__buf_text(out, "; default ");
        vouch__buf_double(out, p->value);
    }
}

/* The columns and files that the test needs, as options of the command line. */
static void example(const vouch_test *t, vouch__buf *out)
{
    static const struct {
        unsigned need;
        const char *option;
    } options[] = {
        { VOUCH__NEEDS_SCORE, " --score COLUMN" },
        { VOUCH__NEEDS_PROBABILITY, " --probability COLUMN" },
        { VOUCH__NEEDS_RIVAL, " --rival COLUMN" },
        { VOUCH__NEEDS_LABELS, " --label COLUMN" },
        { VOUCH__NEEDS_TARGET, " --label COLUMN" },
        { VOUCH__NEEDS_AMOUNT, " --amount COLUMN" },
        { VOUCH__NEEDS_DATE, " --date COLUMN" },
        { VOUCH__NEEDS_GROUPS, " --group COLUMN" },
        { VOUCH__NEEDS_SEGMENT, " --segment COLUMN" },
        { VOUCH__NEEDS_GRADE, " --grade COLUMN" },
        { VOUCH__NEEDS_GRADE_BEFORE, " --grade-before COLUMN" },
        { VOUCH__NEEDS_WEIGHT, " --weight COLUMN" },
        { VOUCH__NEEDS_MODEL, " --model FILE" },
        { VOUCH__NEEDS_RIVAL_MODEL, " --rival-model FILE" },
        { VOUCH__NEEDS_REFERENCE, " --reference FILE" },
    };
    vouch__buf_fmt(out, "vouch test run %s --data FILE", t->id);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        bool is_twice = options[i].need == VOUCH__NEEDS_TARGET && (t->needs & VOUCH__NEEDS_LABELS);
        if ((t->needs & options[i].need) && !is_twice)
            vouch__buf_text(out, options[i].option);
    }
}

static void paragraph(vouch__buf *out, const char *before, const char *text)
{
    vouch__buf_fmt(out, "\n  %s", before);
    vouch__plain_wrapped(out, text, 2, 2 + strlen(before));
    vouch__buf_text(out, "\n");
}

/* "advisory above 0.05, fail above 0.1", or nothing. */
static bool limit_text(const vouch__policy *policy, const char *id, vouch__buf *out)
{
    const vouch__limit *limit = vouch__policy_limit(policy, id);
    if (!limit)
        return false;
    const char *side = limit->is_above ? "above" : "below";
    if (!isnan(limit->advisory)) {
        vouch__buf_fmt(out, "advises %s ", side);
        vouch__buf_double(out, limit->advisory);
    }
    if (!isnan(limit->fail)) {
        vouch__buf_fmt(out, "%sfails %s ", isnan(limit->advisory) ? "" : ", ", side);
        vouch__buf_double(out, limit->fail);
    }
    return true;
}

static vouch_status as_text(vouch_ctx *ctx, const vouch_test *t, const vouch__policy *policy, vouch__buf *out)
{
    char needs[NEEDS_TEXT], uses[NEEDS_TEXT];
    vouch__buf body;
    vouch__buf_init(ctx, &body, 0);
    vouch__buf_fmt(out, "%s  %s\n", t->id, t->title);
    vouch__buf_fmt(&body, "%s %s %s", t->purpose, t->mechanism, t->convention);
    vouch_status status = vouch__buf_status(ctx, &body);
    if (!status) {
        paragraph(out, "", body.at);
        vouch__buf_clear(&body);
        vouch__buf_fmt(&body, "%s %s", t->strengths, t->limits);
        status = vouch__buf_status(ctx, &body);
    }
    if (!status)
        paragraph(out, "", body.at);
    vouch__buf_free(&body);
    if (status)
        return status;
    paragraph(out, "Signs of high risk:", t->high_risk);
    paragraph(out, "Source:", t->source);
    (void)vouch__test_needs_text(t->needs & plain_needs, sizeof needs, needs);
    (void)vouch__test_needs_text(t->uses & plain_needs, sizeof uses, uses);
    vouch__buf_fmt(out, "\n  needs    %s\n", *needs ? needs : "nothing but cases");
    if (*uses)
        vouch__buf_fmt(out, "  uses     %s\n", uses);
    if (t->null_hypothesis) {
        vouch__buf_text(out, "  null     ");
        vouch__plain_wrapped(out, t->null_hypothesis, 11, 11);
        vouch__buf_text(out, "\n");
    }
    vouch__buf_text(out, "  policy   ");
    if (!limit_text(policy, t->id, out))
        vouch__buf_text(out, "shown, not judged, by the default policy");
    vouch__buf_text(out, "\n");
    if (t->n_params)
        vouch__buf_text(out, "\n  parameters\n");
    for (size_t i = 0; i < t->n_params; i++) {
        vouch__buf_fmt(out, "    %s (", t->params[i].name);
        range_text(&t->params[i], out);
        vouch__buf_fmt(out, "%s%s)\n      ", *t->params[i].unit ? ", in " : "", t->params[i].unit);
        vouch__plain_wrapped(out, t->params[i].help, 6, 6);
        vouch__buf_text(out, "\n");
    }
    vouch__buf_text(out, "\n  ");
    example(t, out);
    vouch__buf_text(out, "\n");
    return VOUCH_OK;
}

/* Bars would end a cell of a markdown table. */
static void cell(vouch__buf *out, const char *text)
{
    for (; *text; text++)
        vouch__buf_text(out, *text == '|' ? "\\|" : (const char[]){ *text, '\0' });
}

static void as_markdown(const vouch_test *t, const vouch__policy *policy, vouch__buf *out)
{
    char needs[NEEDS_TEXT], uses[NEEDS_TEXT];
    (void)vouch__test_needs_text(t->needs & plain_needs, sizeof needs, needs);
    (void)vouch__test_needs_text(t->uses & plain_needs, sizeof uses, uses);
    vouch__buf_fmt(out, "### %s\n\n`%s` · needs %s%s%s", t->title, t->id,
                   *needs ? needs : "nothing but cases", *uses ? " · uses " : "", uses);
    vouch__buf_text(out, " · ");
    if (!limit_text(policy, t->id, out))
        vouch__buf_text(out, "not judged by the default policy");
    vouch__buf_fmt(out, "\n\n%s %s %s\n\n%s %s\n\n**Signs of high risk.** %s\n\n", t->purpose, t->mechanism,
                   t->convention, t->strengths, t->limits, t->high_risk);
    if (t->null_hypothesis)
        vouch__buf_fmt(out, "**Null hypothesis.** %s\n\n", t->null_hypothesis);
    vouch__buf_fmt(out, "**Source.** %s\n", t->source);
    if (t->n_params)
        vouch__buf_text(out, "\n| parameter | values | meaning |\n|---|---|---|\n");
    for (size_t i = 0; i < t->n_params; i++) {
        vouch__buf_fmt(out, "| `%s` | ", t->params[i].name);
        range_text(&t->params[i], out);
        vouch__buf_text(out, " | ");
        cell(out, t->params[i].help);
        vouch__buf_text(out, " |\n");
    }
}

static void needs_member(vouch__doc *doc, vouch__json *object, const char *key, unsigned needs)
{
    vouch__json *list = vouch__json_set(doc, object, key, vouch__json_array(doc));
    for (unsigned bit = 1; bit <= VOUCH__NEEDS_WEIGHT; bit <<= 1) {
        char name[NEEDS_TEXT];
        if ((needs & bit) && vouch__test_needs_text(bit, sizeof name, name))
            (void)vouch__json_push(doc, list, vouch__json_text(doc, name));
    }
}

vouch__json *vouch__test_json(vouch__doc *doc, const vouch_test *t)
{
    static const char *const types[] = { "real", "integer", "flag", "choice", "tree" };
    vouch__json *o = vouch__json_object(doc);
    const char *const text[][2] = {
        { "id", t->id },
        { "section", t->section },
        { "title", t->title },
        { "purpose", t->purpose },
        { "mechanism", t->mechanism },
        { "convention", t->convention },
        { "high_risk", t->high_risk },
        { "strengths", t->strengths },
        { "limits", t->limits },
        { "source", t->source },
        { "null", t->null_hypothesis },
        { "unit", t->unit },
    };
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        if (text[i][1])
            (void)vouch__json_set(doc, o, text[i][0], vouch__json_text(doc, text[i][1]));
    needs_member(doc, o, "needs", t->needs);
    needs_member(doc, o, "uses", t->uses);
    vouch__json *params = vouch__json_set(doc, o, "parameters", vouch__json_array(doc));
    for (size_t i = 0; i < t->n_params; i++) {
        const vouch__param *p = &t->params[i];
        vouch__json *one = vouch__json_push(doc, params, vouch__json_object(doc));
        (void)vouch__json_set(doc, one, "name", vouch__json_text(doc, p->name));
        (void)vouch__json_set(doc, one, "type", vouch__json_text(doc, types[p->type]));
        if (p->type == VOUCH__PARAM_REAL || p->type == VOUCH__PARAM_INTEGER) {
            (void)vouch__json_set(doc, one, "low", vouch__json_number(doc, p->lo));
            (void)vouch__json_set(doc, one, "high", vouch__json_number(doc, p->hi));
        }
        if (p->choices)
            (void)vouch__json_set(doc, one, "choices", vouch__json_text(doc, p->choices));
        (void)vouch__json_set(doc, one, "default", vouch__param_json(doc, p, p->value));
        (void)vouch__json_set(doc, one, "unit", vouch__json_text(doc, p->unit));
        (void)vouch__json_set(doc, one, "help", vouch__json_text(doc, p->help));
    }
    return o;
}

static vouch_status default_policy(vouch_ctx *ctx, vouch__policy **out)
{
    const vouch__embedded *file = vouch__embedded_find("policy/default.yaml");
    return file ? vouch__policy_read(ctx, file->path, file->text, file->len, out)
                : vouch__fail(ctx, VOUCH_E_NOTFOUND, "policy/default.yaml is not built in");
}

typedef enum form { TEXT, MARKDOWN, JSON, N_FORMS } form;

static vouch_status read_form(vouch_ctx *ctx, const char *name, form *out)
{
    static const char *const names[] = { "text", "markdown", "json" };
    for (int f = 0; f < N_FORMS; f++)
        if (!strcmp(name, names[f])) {
            *out = (form)f;
            return VOUCH_OK;
        }
    return vouch__fail(ctx, VOUCH_E_ARG, "form is '%.40s', must be text, markdown or json", name);
}

/* Take the bytes of a buffer, or free it. */
static vouch_status hand_over(vouch_ctx *ctx, vouch_status status, vouch__buf *buf, char **out)
{
    if (!status)
        status = vouch__buf_status(ctx, buf);
    if (!status)
        *out = vouch__buf_take(buf);
    vouch__buf_free(buf);
    return status;
}

vouch_status vouch_test_describe(vouch_ctx *ctx, const vouch_test *test, const char *name, char **out_text)
{
    vouch__buf out;
    vouch__policy *policy = NULL;
    form f = TEXT;
    vouch__buf_init(ctx, &out, 0);
    vouch_status status = read_form(ctx, name, &f);
    if (!status)
        status = default_policy(ctx, &policy);
    if (!status && f == TEXT)
        status = as_text(ctx, test, policy, &out);
    if (!status && f == MARKDOWN)
        as_markdown(test, policy, &out);
    if (!status && f == JSON) {
        vouch__doc *doc = NULL;
        status = vouch__doc_new(ctx, &doc);
        if (!status) {
            const vouch__json *row = vouch__test_json(doc, test);
            status = vouch__doc_status(ctx, doc);
            if (!status)
                vouch__json_write(&out, row);
        }
        vouch__doc_free(doc);
    }
    vouch__policy_free(policy);
    return hand_over(ctx, status, &out, out_text);
}

/* ---- lists ---- */

static const struct {
    const char *area, *title, *lead;
} areas[] = {
    { "data", "Data and leakage",
      "Is the table what it should be, and does it know more than it could have known?" },
    { "validate", "Performance", "Does the score rank, and how far do predictions lie from what happened?" },
    { "calibration", "Calibration", "Can the probabilities be taken at their word?" },
    { "irb", "Rating systems", "What the ECB's instructions for internal models and Basel papers ask for." },
    { "diagnose", "Diagnostics", "Where a model is weak, and what makes it so." },
    { "explain", "Explanations", "What a model does with its inputs." },
    { "fairness", "Fairness", "Are people of different groups treated alike?" },
    { "strategy", "Strategy and portfolio",
      "Where the line should lie, whom a new score moves, and how accounts age." },
    { "drift", "Drift and performance without labels",
      "Has the world moved away from the one the model was made in?" },
};

static bool in_area(const vouch_test *t, const char *area)
{
    size_t len = strcspn(t->id, ".");
    return !area || (strlen(area) == len && !strncmp(t->id, area, len));
}

static vouch_status read_needs(vouch_ctx *ctx, const char *words, unsigned *out)
{
    char word[64], all[NEEDS_TEXT];
    *out = 0;
    for (const char *at = words; at && *at;) {
        size_t len = strcspn(at, ","), n = len < sizeof word - 1 ? len : sizeof word - 1;
        memcpy(word, at, n);
        word[n] = '\0';
        unsigned need = vouch__test_need_find(word);
        if (!need) {
            (void)vouch__test_needs_text(~0U, sizeof all, all);
            return vouch__fail(ctx, VOUCH_E_ARG, "'%s' is nothing a test needs; these are: %s", word, all);
        }
        *out |= need;
        at += len + (at[len] == ',');
    }
    return VOUCH_OK;
}

static vouch_status check_area(vouch_ctx *ctx, const char *area)
{
    const char *names[sizeof areas / sizeof *areas];
    size_t n = sizeof areas / sizeof *areas;
    for (size_t i = 0; i < n; i++) {
        names[i] = areas[i].area;
        if (!area || !strcmp(area, names[i]))
            return VOUCH_OK;
    }
    const char *near = vouch__nearest(area, names, n);
    return vouch__fail(ctx, VOUCH_E_ARG,
                       "no area '%.40s'%s; there are data, validate, calibration, irb, diagnose, explain, "
                       "fairness, strategy and drift",
                       area, vouch__did_you_mean(near).text);
}

typedef struct filter {
    const char *area;
    unsigned needs, with;
    bool has_with;
} filter;

static bool passes(const filter *f, const vouch_test *t)
{
    return in_area(t, f->area) && (t->needs & f->needs) == f->needs &&
           (!f->has_with || !(t->needs & plain_needs & ~f->with));
}

static void text_line(vouch__buf *out, const vouch_test *t)
{
    char needs[NEEDS_TEXT];
    (void)vouch__test_needs_text(t->needs & plain_needs, sizeof needs, needs);
    vouch__buf_fmt(out, "%-32s %s%s%s%s\n", t->id, t->title, *needs ? "  [" : "", needs, *needs ? "]" : "");
}

static void json_list(vouch_ctx *ctx, const filter *f, vouch__buf *out, vouch_status *status)
{
    vouch__doc *doc = NULL;
    *status = vouch__doc_new(ctx, &doc);
    if (*status)
        return;
    vouch__json *array = vouch__json_array(doc);
    for (size_t i = 0; i < vouch_test_count(); i++)
        if (passes(f, vouch_test_at(i)))
            (void)vouch__json_push(doc, array, vouch__test_json(doc, vouch_test_at(i)));
    *status = vouch__doc_status(ctx, doc);
    if (!*status)
        vouch__json_write(out, array);
    vouch__doc_free(doc);
}

static vouch_status markdown_list(vouch_ctx *ctx, const filter *f, vouch__buf *out)
{
    vouch__policy *policy = NULL;
    vouch_status status = default_policy(ctx, &policy);
    if (status)
        return status;
    vouch__buf_text(out, "# Tests\n\nMade by `vouch test list --markdown`; the rows it is made from stand in "
                         "the files that compute the tests. How they\nare run, and what a result holds, is "
                         "in [catalogue.md](catalogue.md).\n");
    for (size_t a = 0; a < sizeof areas / sizeof *areas; a++) {
        bool begun = false;
        for (size_t i = 0; i < vouch_test_count(); i++) {
            const vouch_test *t = vouch_test_at(i);
            if (!passes(f, t) || !in_area(t, areas[a].area))
                continue;
            if (!begun)
                vouch__buf_fmt(out, "\n## %s\n\n%s\n", areas[a].title, areas[a].lead);
            begun = true;
            vouch__buf_text(out, "\n");
            as_markdown(t, policy, out);
        }
    }
    vouch__policy_free(policy);
    return VOUCH_OK;
}

vouch_status vouch_test_list(vouch_ctx *ctx, const char *area, const char *needs, const char *with,
                             const char *name, char **out_text)
{
    vouch__buf out;
    filter f = { .area = area, .has_with = with != NULL };
    form wanted = TEXT;
    vouch__buf_init(ctx, &out, 0);
    vouch_status status = read_form(ctx, name, &wanted);
    if (!status)
        status = check_area(ctx, area);
    if (!status)
        status = read_needs(ctx, needs, &f.needs);
    if (!status)
        status = read_needs(ctx, with, &f.with);
    if (f.with & VOUCH__NEEDS_LABELS)
        f.with |= VOUCH__NEEDS_TARGET;
    for (size_t i = 0; i < vouch_test_count() && !status && wanted == TEXT; i++)
        if (passes(&f, vouch_test_at(i)))
            text_line(&out, vouch_test_at(i));
    if (!status && wanted == MARKDOWN)
        status = markdown_list(ctx, &f, &out);
    if (!status && wanted == JSON)
        json_list(ctx, &f, &out, &status);
    return hand_over(ctx, status, &out, out_text);
}

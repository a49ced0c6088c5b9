/* A suite's evidence as one tree, and as JUnit XML. */
#include "catalogue/suite_run.h"

#include "data/table.h"
#include "report/html_report.h"
#include "report/markup.h"

#include <math.h>
#include <string.h>

static void text_member(vouch__doc *doc, vouch__json *object, const char *key, const char *text)
{
    if (text)
        (void)vouch__json_set(doc, object, key, vouch__json_text(doc, text));
}

static void number_member(vouch__doc *doc, vouch__json *object, const char *key, double number)
{
    if (!isnan(number))
        (void)vouch__json_set(doc, object, key, vouch__json_number(doc, number));
}

static void data_member(vouch__suite_work *w, vouch__json *root)
{
    vouch__doc *doc = w->list.doc;
    const vouch__sample *s = &w->bound.now;
    const vouch_test_columns *c = &w->plan.column;
    vouch__json *data = vouch__json_set(doc, root, "data", vouch__json_object(doc));
    text_member(doc, data, "source", w->plan.data);
    number_member(doc, data, "rows", (double)s->n);
    number_member(doc, data, "columns",
                  (double)(w->sketches ? w->sketches->cols : vouch_table_cols(w->data)));
    number_member(doc, data, "features", w->sketches ? (double)NAN : (double)s->n_features);
    text_member(doc, data, "fingerprint", w->prints.data);
    text_member(doc, data, "id", c->id);
    if (c->score && c->score_is_safe)
        (void)vouch__json_set(
            doc, data, "score",
            vouch__json_fmt(doc, "%s, its sign turned: larger is riskier in all that follows", c->score));
    else
        text_member(doc, data, "score", c->score ? c->score : c->probability);
    if (c->score && !c->probability && s->probability == s->score)
        text_member(doc, data, "probability", "the score, which lies within 0 and 1 throughout");
    else
        text_member(doc, data, "probability", c->probability);
    text_member(doc, data, "target", c->label);
    text_member(doc, data, "bad", c->bad);
    if (s->bad && s->n)
        number_member(doc, data, "bad_rate", (double)s->n_bad / (double)s->n);
    text_member(doc, data, "weight", c->weight);
    text_member(doc, data, "decision_time", c->date);
    vouch__json *groups = vouch__json_set(doc, data, "protected", vouch__json_array(doc));
    for (size_t g = 0; g < s->n_groups; g++)
        (void)vouch__json_push(doc, groups, vouch__json_text(doc, s->group[g].name));
    if (!w->reference && !w->sketches_before)
        return;
    text_member(doc, data, "reference", w->plan.reference);
    number_member(doc, data, "reference_rows", (double)w->bound.before.n);
    text_member(doc, data, "reference_fingerprint", w->prints.reference);
}

/* What the report tells of each test beside what its entries say. */
static void tests_member(vouch__suite_work *w, vouch__json *root)
{
    vouch__doc *doc = w->list.doc;
    vouch__json *tests = vouch__json_set(doc, root, "tests", vouch__json_object(doc));
    for (size_t i = 0; i < w->plan.n; i++) {
        const vouch_test *t = w->plan.item[i].test;
        vouch__json *one = vouch__json_set(doc, tests, t->id, vouch__json_object(doc));
        text_member(doc, one, "high_risk", t->high_risk);
        text_member(doc, one, "strengths", t->strengths);
        text_member(doc, one, "limits", t->limits);
    }
}

static vouch_status model_member(vouch_ctx *ctx, vouch__suite_work *w, vouch__json *root)
{
    vouch__doc *doc = w->list.doc, *described = NULL;
    char *text = NULL;
    if (!w->model)
        return VOUCH_OK;
    vouch_status status = vouch_model_describe(ctx, w->model, &text);
    if (!status)
        status = vouch__json_read(ctx, "model", text, strlen(text), strlen(text) + 1, &described);
    vouch_text_free(ctx, text);
    if (!status) {
        vouch__json *models = vouch__json_set(doc, root, "models", vouch__json_array(doc));
        (void)vouch__json_push(doc, models, vouch__json_copy(doc, vouch__doc_root(described)));
    }
    vouch__doc_free(described);
    return status;
}

vouch_status vouch__suite_root(vouch_ctx *ctx, vouch__suite_work *w, vouch__json **out_root)
{
    static const char *const always[] = {
        "Verdicts compare figures with the policy named here. A policy is the institution's own; it is not "
        "regulation.",
        "The tests see the cases they were given: who is not among them, such as applicants declined in the "
        "past, is not in the figures.",
    };
    vouch__doc *doc = w->list.doc;
    vouch__json *root = vouch__json_object(doc);
    text_member(doc, root, "project",
                w->plan.title    ? w->plan.title
                : w->plan.n == 1 ? w->plan.item[0].test->title
                                 : w->plan.name);
    text_member(doc, root, "suite", w->plan.name);
    text_member(doc, root, "title", "Validation tests");
    if (w->options->stamp && *w->options->stamp)
        text_member(doc, root, "stamp", w->options->stamp);
    vouch__json *code = vouch__json_set(doc, root, "code", vouch__json_object(doc));
    text_member(doc, code, "version", vouch_version());
    text_member(doc, code, "build", vouch_build_id());
    number_member(doc, root, "seed", (double)w->prints.seed);
    data_member(w, root);
    vouch_status status = model_member(ctx, w, root);
    if (status)
        return status;
    vouch__json *policy = vouch__json_set(doc, root, "policy", vouch__json_object(doc));
    text_member(doc, policy, "name", vouch__policy_name(w->policy));
    text_member(doc, policy, "version", vouch__policy_version(w->policy));
    vouch__json *legal = w->n_legal ? vouch__json_set(doc, root, "legal", vouch__json_array(doc)) : NULL;
    for (size_t i = 0; i < w->n_legal; i++)
        (void)vouch__json_push(doc, legal, vouch__json_copy(doc, vouch__legal_root(w->legal[i])));
    (void)vouch__json_set(doc, root, "entries", w->list.entries);
    (void)vouch__json_set(doc, root, "verdicts", vouch__report_count(doc, w->list.entries));
    tests_member(w, root);
    vouch__json *limits = vouch__json_set(doc, root, "limits", vouch__json_array(doc));
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        (void)vouch__json_push(doc, limits, vouch__json_text(doc, always[i]));
    *out_root = root;
    return vouch__doc_status(ctx, doc);
}

/* ---- JUnit ---- */

static const char *member(const vouch__json *e, const char *key)
{
    const char *text = vouch__json_string(vouch__json_get(e, key));
    return text ? text : "";
}

static bool is_skipped(const char *verdict)
{
    return !strcmp(verdict, "refused") || !strcmp(verdict, "not-applicable");
}

static void number(vouch__buf *out, const char *before, const vouch__json *object, const char *key)
{
    const vouch__json *node = vouch__json_get(object, key);
    double value = vouch__json_double(node, (double)NAN);
    if (isnan(value))
        return;
    vouch__buf_text(out, before);
    vouch__buf_double(out, value);
}

static void one_case(const vouch__json *e, vouch__buf *out)
{
    const char *id = member(e, "id"), *verdict = member(e, "verdict"), *note = member(e, "note");
    vouch__buf_text(out, "    <testcase classname=\"");
    vouch__html_bytes(out, id, strcspn(id, "."));
    vouch__buf_text(out, "\" name=\"");
    vouch__html_text(out, member(e, "key"));
    vouch__buf_text(out, "\">");
    if (!strcmp(verdict, "fail")) {
        vouch__buf_text(out, "<failure type=\"limit\" message=\"");
        vouch__html_text(out, member(e, "title"));
        number(out, ": ", e, "value");
        number(out, ", limit ", vouch__json_get(e, "policy"), "fail");
        vouch__buf_text(out, "\">");
        vouch__html_text(out, note);
        vouch__buf_text(out, "</failure>");
    } else if (is_skipped(verdict)) {
        vouch__buf_text(out, "<skipped message=\"");
        vouch__html_text(out, verdict);
        vouch__buf_text(out, ": ");
        vouch__html_text(out, note);
        vouch__buf_text(out, "\"/>");
    } else {
        vouch__buf_text(out, "<system-out>");
        vouch__html_text(out, verdict);
        number(out, ": ", e, "value");
        vouch__buf_text(out, "</system-out>");
    }
    vouch__buf_text(out, "</testcase>\n");
}

void vouch__suite_junit(const char *name, const vouch__json *entries, vouch__buf *out)
{
    size_t n = 0, failed = 0, skipped = 0;
    for (const vouch__json *e = entries->first; e; e = e->next) {
        n++;
        failed += !strcmp(member(e, "verdict"), "fail");
        skipped += is_skipped(member(e, "verdict"));
    }
    vouch__buf_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"");
    vouch__html_text(out, name);
    vouch__buf_fmt(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n", n, failed,
                   skipped);
    for (const vouch__json *e = entries->first; e; e = e->next)
        one_case(e, out);
    vouch__buf_text(out, "  </testsuite>\n</testsuites>\n");
}

/* Explanations as a page: the evidence that a run would make of them, shown as a report shows it. */
#include "run/explaining.h"

#include "data/table.h"
#include "explain/explain_suite.h"
#include "report/html_report.h"

#include <string.h>

static void put(vouch__doc *doc, vouch__json *object, const char *key, const char *text)
{
    (void)vouch__json_set(doc, object, key, vouch__json_text(doc, text));
}

static vouch_status make_root(vouch_ctx *ctx, const vouch__explaining *e, vouch__evidence *list,
                              vouch__json **out_root)
{
    vouch__doc *doc = list->doc;
    char hash[VOUCH__HEX];
    vouch_status status = vouch__table_fingerprint(ctx, e->table, hash);
    if (status)
        return status;
    vouch__json *root = vouch__json_object(doc);
    put(doc, root, "project", vouch_model_name(e->model));
    put(doc, root, "title", "Explanation of a model and of one row");
    vouch__json *code = vouch__json_set(doc, root, "code", vouch__json_object(doc));
    put(doc, code, "version", vouch_version());
    put(doc, code, "build", vouch_build_id());
    vouch__json *data = vouch__json_set(doc, root, "data", vouch__json_object(doc));
    put(doc, data, "source", e->options->data);
    (void)vouch__json_set(doc, data, "rows", vouch__json_number(doc, (double)e->n));
    put(doc, data, "fingerprint", hash);
    put(doc, data, "model", vouch_model_name(e->model));
    put(doc, data, "model_kind", e->model->kind->title);
    put(doc, data, "model_fingerprint", vouch_model_fingerprint(e->model));
    put(doc, data, "reference", e->reference);
    put(doc, data, "reference_fingerprint", e->reference_hash);
    (void)vouch__json_set(doc, root, "verdicts", vouch__report_count(doc, list->entries));
    (void)vouch__json_set(doc, root, "entries", list->entries);
    vouch__json *limits = vouch__json_set(doc, root, "limits", vouch__json_array(doc));
    (void)vouch__json_push(
        doc, limits,
        vouch__json_text(doc, "Shapley values say what the model did. They do not say what would "
                              "change the decision, nor what caused the outcome."));
    *out_root = root;
    return vouch__doc_status(ctx, doc);
}

vouch_status vouch__explaining_page(vouch_ctx *ctx, const vouch__explaining *e, vouch__buf *out)
{
    vouch__evidence list = { .doc = NULL };
    vouch__json *root = NULL;
    const uint32_t one = (uint32_t)e->one;
    bool is_number = vouch__model_scale(e->model) != VOUCH__SCALE_SHARE;
    const vouch__explain_data data = { .words = is_number ? vouch__explain_words_of(e->model) : NULL,
                                       .model = e->model,
                                       .binding = &e->binding,
                                       .n = e->n,
                                       .row = e->row,
                                       .part = "data",
                                       .all = e->explainer,
                                       .map = &e->map,
                                       .probability = e->probability,
                                       .cutoff = e->cutoff,
                                       .most = e->top,
                                       .seed = e->options->seed,
                                       .reference = e->reference,
                                       .one = &one };
    vouch_status status = vouch__evidence_new(ctx, NULL, &list);
    if (!status)
        status = vouch__explain_brief(ctx, &data, &list);
    if (!status)
        status = make_root(ctx, e, &list, &root);
    if (!status)
        status = vouch__report_html(ctx, root, NULL, out);
    vouch__evidence_free(&list);
    return status;
}

typedef vouch_status write_form(vouch_ctx *, const vouch__explaining *, vouch__buf *);

static vouch_status as_text(vouch_ctx *ctx, const vouch_explain_options *options, bool is_reasons,
                            write_form *csv, write_form *json, char **out_text)
{
    vouch__explaining e = { .options = NULL };
    vouch__buf text;
    vouch_status status = vouch__explaining_make(ctx, options, is_reasons, &e);
    if (status)
        return status;
    const char *form = options->output ? options->output : "csv";
    vouch__buf_init(ctx, &text, 0);
    status = !strcmp(form, "html")   ? vouch__explaining_page(ctx, &e, &text)
             : !strcmp(form, "json") ? json(ctx, &e, &text)
                                     : csv(ctx, &e, &text);
    vouch__buf_add(&text, "", 1);
    if (!status)
        status = vouch__buf_status(ctx, &text);
    if (!status)
        *out_text = vouch__buf_take(&text);
    vouch__buf_free(&text);
    vouch__explaining_clear(&e);
    return status;
}

vouch_status vouch_explain(vouch_ctx *ctx, const vouch_explain_options *options, char **out_text)
{
    return as_text(ctx, options, false, vouch__explaining_csv, vouch__explaining_json, out_text);
}

vouch_status vouch_reasons(vouch_ctx *ctx, const vouch_explain_options *options, char **out_text)
{
    return as_text(ctx, options, true, vouch__reasons_csv, vouch__reasons_json, out_text);
}

/* A suite on files, and one test on tables. */
#include "catalogue/suite_run.h"

#include "base/embedded.h"
#include "base/file.h"
#include "data/table.h"
#include "monitor/drift_columns.h"
#include "monitor/drift_pairs.h"
#include "report/html_report.h"
#include "report/text_summary.h"

#include <stdio.h>
#include <string.h>

/* ---- what is read ---- */

static vouch_status read_policy(vouch_ctx *ctx, const char *name, const char *text, size_t len,
                                vouch__suite_work *w)
{
    vouch_status status = vouch__hash_hex(ctx, text, len, w->prints.policy);
    return status || len == 0 ? status : vouch__policy_read(ctx, name, text, len, &w->policy);
}

static vouch_status open_policy(vouch_ctx *ctx, vouch__suite_work *w)
{
    const char *name = w->plan.policy ? w->plan.policy : "default";
    vouch__buf text;
    vouch__buf_init(ctx, &text, 0);
    vouch_status status = vouch__shelf_read(ctx, "policy", name, &text);
    if (!status)
        status = read_policy(ctx, name, text.at, text.len, w);
    vouch__buf_free(&text);
    return status;
}

static vouch_status open_table(vouch_ctx *ctx, const vouch__suite_work *w, const char *path, bool is_own,
                               vouch_table **out)
{
    const vouch_source source = { .source = path,
                                  .folder = is_own ? w->plan.folder : NULL,
                                  .id = w->plan.column.id,
                                  .duckdb = w->options->duckdb,
                                  .is_text = w->model ? vouch_model_takes_text : NULL,
                                  .of = w->model };
    return vouch_table_open(ctx, &source, out);
}

static vouch_status open_model(vouch_ctx *ctx, const vouch__suite_work *w, const char *name, bool is_own,
                               vouch_model **out)
{
    char *path = is_own && w->plan.folder ? vouch__path_join(ctx, w->plan.folder, name) : NULL;
    if (is_own && w->plan.folder && !path)
        return vouch__oom(ctx);
    vouch_status status = vouch_model_load(ctx, path ? path : name, out);
    vouch__free(vouch__allocator(ctx), path);
    return status;
}

static vouch_status open_data(vouch_ctx *ctx, vouch__suite_work *w, bool own_data, bool own_reference)
{
    vouch__plan *p = &w->plan;
    vouch_status status;
    if (vouch__suite_is_sketched(w)) {
        status = p->reference ? vouch__suite_sketch(ctx, w, p->reference, own_reference, true) : VOUCH_OK;
        if (!status)
            status = vouch__suite_sketch(ctx, w, p->data, own_data, false);
        if (!status && p->reference)
            status = vouch__drift_check(ctx, &w->bound.now, &w->bound.before);
        return status;
    }
    status = open_table(ctx, w, p->data, own_data, &w->data);
    if (!status)
        status = vouch__table_fingerprint(ctx, w->data, w->prints.data);
    if (!status && p->reference)
        status = open_table(ctx, w, p->reference, own_reference, &w->reference);
    if (!status && p->reference)
        status = vouch__table_fingerprint(ctx, w->reference, w->prints.reference);
    return status;
}

static vouch_status open_all(vouch_ctx *ctx, vouch__suite_work *w)
{
    const vouch_suite_options *o = w->options;
    vouch__plan *p = &w->plan;
    bool own_data = !o->data, own_reference = !o->reference, own_model = !o->model;
    p->data = own_data ? p->data : o->data;
    p->reference = own_reference ? p->reference : o->reference;
    p->model = own_model ? p->model : o->model;
    p->rival_model = o->rival_model ? o->rival_model : p->rival_model;
    p->policy = o->policy ? o->policy : p->policy;
    if (!p->data)
        return vouch__fail(ctx, VOUCH_E_ARG, "no data are named");
    vouch_status status = open_policy(ctx, w);
    if (!status)
        status = vouch__suite_legal_open(ctx, w, o->legal ? o->legal : p->legal);
    if (!status && p->model)
        status = open_model(ctx, w, p->model, own_model, &w->model);
    if (!status && p->rival_model)
        status = open_model(ctx, w, p->rival_model, !o->rival_model, &w->rival_model);
    if (!status)
        status = open_data(ctx, w, own_data, own_reference);
    if (!status && w->data)
        status = vouch__suite_legal_groups(ctx, w);
    w->prints.model = w->model ? vouch_model_fingerprint(w->model) : NULL;
    w->prints.rival_model = w->rival_model ? vouch_model_fingerprint(w->rival_model) : NULL;
    w->prints.seed = o->seed;
    return status;
}

static vouch_status bind(vouch_ctx *ctx, vouch__suite_work *w)
{
    const vouch_test_input input = {
        .data = w->data, .reference = w->reference, .model = w->model, .column = w->plan.column
    };
    if (w->sketches)
        return VOUCH_OK;
    vouch_status status = vouch__bind_samples(ctx, &input, &w->bound);
    w->is_bound = !status;
    return status;
}

static void clear(vouch__suite_work *w)
{
    if (w->is_bound)
        vouch__bound_clear(&w->bound);
    vouch__evidence_free(&w->list);
    for (size_t i = 0; i < w->n_legal; i++)
        vouch__legal_free(w->legal[i]);
    vouch__policy_free(w->policy);
    vouch_model_free(w->model);
    vouch_model_free(w->rival_model);
    vouch_table_unref(w->memo.both);
    vouch__drift_memo_free(w->memo.drift);
    vouch_table_unref(w->data);
    vouch_table_unref(w->reference);
    vouch__sketch_set_free(w->sketches);
    vouch__sketch_set_free(w->sketches_before);
    vouch__plan_clear(&w->plan);
}

/* ---- one test ---- */

vouch_status vouch_test_run(vouch_ctx *ctx, const vouch_test *test, const vouch_test_input *input,
                            const char *params, char **out_json)
{
    const vouch__embedded *standard = vouch__embedded_find("policy/default.yaml");
    const char *policy = input->policy ? input->policy : standard ? standard->text : "";
    const vouch__param_table table = { "test", test->id, test->params, test->n_params };
    vouch__suite_work w = { .options = NULL };
    vouch__doc *given = NULL;
    double value[VOUCH__PARAMS_MAX];
    vouch__buf text;
    vouch__buf_init(ctx, &text, 0);
    vouch_status status = read_policy(ctx, "policy", policy, strlen(policy), &w);
    if (!status)
        status = vouch__suite_legal_open(ctx, &w, input->legal);
    if (!status && params)
        status = vouch__yaml_read(ctx, "parameters", params, strlen(params), 0, &given);
    if (!status && test->n_params > VOUCH__PARAMS_MAX)
        status = vouch__fail(ctx, VOUCH_E_LIMIT, "%s: too many parameters", test->id);
    if (!status)
        status = vouch__param_read(ctx, &table, given ? vouch__doc_root(given) : NULL, NULL, 0, value);
    if (!status)
        status = vouch__table_fingerprint(ctx, input->data, w.prints.data);
    if (!status && input->reference)
        status = vouch__table_fingerprint(ctx, input->reference, w.prints.reference);
    w.prints.model = input->model ? vouch_model_fingerprint(input->model) : NULL;
    w.prints.rival_model = input->rival_model ? vouch_model_fingerprint(input->rival_model) : NULL;
    w.prints.seed = input->seed;
    if (!status)
        status = vouch__bind_samples(ctx, input, &w.bound);
    w.is_bound = !status;
    if (!status)
        status = vouch__evidence_new(ctx, w.policy, &w.list);
    vouch__test_call call = { .test = test,
                              .now = &w.bound.now,
                              .before = w.bound.has_before ? &w.bound.before : NULL,
                              .model = input->model,
                              .rival_model = input->rival_model,
                              .model_name = input->model ? vouch_model_name(input->model) : NULL,
                              .param = value,
                              .given = given ? vouch__doc_root(given) : NULL,
                              .seed = input->seed,
                              .legal = w.legal,
                              .n_legal = w.n_legal,
                              .list = &w.list };
    if (!status)
        status = vouch__test_perform(ctx, &call);
    if (!status) {
        vouch__prints_add(&w.list, NULL, &w.prints);
        vouch__json *root = vouch__json_object(w.list.doc);
        (void)vouch__json_set(w.list.doc, root, "entries", w.list.entries);
        status = vouch__doc_status(ctx, w.list.doc);
        if (!status)
            vouch__json_write(&text, root);
    }
    if (!status)
        status = vouch__buf_status(ctx, &text);
    if (!status)
        *out_json = vouch__buf_take(&text);
    vouch__buf_free(&text);
    vouch__doc_free(given);
    clear(&w);
    return status;
}

/* ---- a suite ---- */

static vouch_status run_all(vouch_ctx *ctx, vouch__suite_work *w)
{
    const char *out = w->options->out;
    vouch_status status = VOUCH_OK;
    if (out) {
        char *folder = vouch__path_join(ctx, out, "tests");
        status = folder ? vouch__folder_make(ctx, folder) : vouch__oom(ctx);
        vouch__free(vouch__allocator(ctx), folder);
    }
    for (size_t i = 0; i < w->plan.n && !status; i++) {
        vouch__progress(ctx, w->plan.item[i].test->id, i, w->plan.n);
        status = vouch__poll(ctx);
        if (!status)
            status = vouch__suite_item(ctx, w, i);
    }
    if (!status)
        vouch__progress(ctx, "tests", w->plan.n, w->plan.n);
    return status;
}

static vouch_status write_in(vouch_ctx *ctx, const char *folder, const char *name, const vouch__buf *text,
                             char **out_path)
{
    vouch_status status = vouch__buf_status(ctx, text);
    return status ? status : vouch__file_write_in(ctx, folder, name, text->at, text->len, out_path);
}

typedef struct papers { /* the results as texts */
    vouch__buf evidence, html, summary, junit;
} papers;

static vouch_status write_all(vouch_ctx *ctx, vouch__suite_work *w, papers *p, char **out_report)
{
    vouch__json *root = NULL;
    const vouch_suite_options *o = w->options;
    vouch_status status = vouch__suite_root(ctx, w, &root);
    if (status)
        return status;
    vouch__json_write(&p->evidence, root);
    status = o->tables ? vouch__report_tables(ctx, w->list.entries, o->tables, &p->summary)
                       : vouch__report_text(ctx, root, &p->summary);
    if (!status && o->junit) {
        vouch__suite_junit(w->plan.name, w->list.entries, &p->junit);
        status = vouch__buf_status(ctx, &p->junit);
    }
    if (!status && o->junit)
        status = vouch__file_write(ctx, o->junit, p->junit.at, p->junit.len, 0644);
    if (!status && o->out)
        status = vouch__report_html(ctx, root, NULL, &p->html);
    if (!status && o->out)
        status = write_in(ctx, o->out, "evidence.json", &p->evidence, NULL);
    if (!status && o->out)
        status = write_in(ctx, o->out, "report.html", &p->html, out_report);
    if (!status)
        status = vouch__buf_status(ctx, &p->summary);
    return status ? status : vouch__buf_status(ctx, &p->evidence);
}

static void count(const vouch__suite_work *w, vouch_suite_result *r)
{
    const struct {
        const char *verdict;
        size_t *out;
    } counts[] = {
        { "pass", &r->passed },     { "advisory", &r->advisory }, { "fail", &r->failed },
        { "refused", &r->refused }, { "info", &r->info },         { "not-applicable", &r->not_applicable },
    };
    for (const vouch__json *e = w->list.entries->first; e; e = e->next) {
        const char *verdict = vouch__json_string(vouch__json_get(e, "verdict"));
        for (size_t k = 0; verdict && k < sizeof counts / sizeof *counts; k++)
            *counts[k].out += !strcmp(verdict, counts[k].verdict);
    }
    r->tests = w->plan.n;
    r->reused = w->reused;
}

vouch_status vouch_suite_run(vouch_ctx *ctx, const vouch_suite_options *options,
                             vouch_suite_result *out_result)
{
    vouch__suite_work w = { .options = options };
    vouch_suite_result result = { .summary = NULL };
    papers p;
    vouch__buf_init(ctx, &p.evidence, 0);
    vouch__buf_init(ctx, &p.html, 0);
    vouch__buf_init(ctx, &p.summary, 0);
    vouch__buf_init(ctx, &p.junit, 0);
    vouch_status status = vouch__plan_make(ctx, options, &w.plan);
    if (!status)
        status = open_all(ctx, &w);
    if (!status)
        status = bind(ctx, &w);
    if (!status)
        status = vouch__evidence_new(ctx, w.policy, &w.list);
    if (!status)
        status = run_all(ctx, &w);
    if (!status)
        status = write_all(ctx, &w, &p, &result.report);
    if (!status) {
        count(&w, &result);
        result.summary = vouch__buf_take(&p.summary);
        result.evidence = vouch__buf_take(&p.evidence);
        *out_result = result;
    }
    vouch__buf_free(&p.evidence);
    vouch__buf_free(&p.html);
    vouch__buf_free(&p.summary);
    vouch__buf_free(&p.junit);
    clear(&w);
    return status;
}

void vouch_suite_result_clear(vouch_ctx *ctx, vouch_suite_result *result)
{
    vouch_text_free(ctx, result->summary);
    vouch_text_free(ctx, result->evidence);
    vouch_text_free(ctx, result->report);
    *result = (vouch_suite_result){ .summary = NULL };
}

vouch_status vouch_suite_list(vouch_ctx *ctx, char **out_text)
{
    vouch__buf out;
    vouch_status status = VOUCH_OK;
    vouch__buf_init(ctx, &out, 0);
    for (const vouch__embedded *file = vouch__embedded_files; file->path && !status; file++) {
        vouch__plan plan = { .doc = NULL };
        if (strncmp(file->path, "suites/", 7) != 0)
            continue;
        status = vouch__plan_parse(ctx, file->path, file->text, file->len, &plan);
        if (!status) {
            vouch__buf_fmt(&out, "%s  %s\n", plan.name, plan.title ? plan.title : "");
            for (size_t i = 0; i < plan.n; i++)
                vouch__buf_fmt(&out, "  %-32s %s\n", plan.item[i].test->id, plan.item[i].test->title);
            vouch__buf_text(&out, "\n");
        }
        vouch__plan_clear(&plan);
    }
    if (!status)
        status = vouch__buf_status(ctx, &out);
    if (!status)
        *out_text = vouch__buf_take(&out);
    vouch__buf_free(&out);
    return status;
}

/* vouch_run: compute, then write, then record. Every file is written whole or not at all, and the ledger
 * entry comes last, so that what it names is there. */
#include "vouch/run.h"

#include "base/file.h"
#include "data/table_write.h"
#include "govern/ledger.h"
#include "report/html_report.h"
#include "report/text_summary.h"
#include "run/job.h"
#include "run/overrides.h"

#include <math.h>
#include <string.h>

typedef struct output { /* what one run leaves behind, as bytes */
    vouch__buf evidence, report;
    char scores_hash[VOUCH__HEX];
} output;

static vouch_status write_models(vouch_ctx *ctx, const char *out, const vouch__job *job)
{
    vouch__buf name;
    char *folder = vouch__path_join(ctx, out, "models");
    vouch_status status = folder ? vouch__folder_make(ctx, folder) : vouch__oom(ctx);
    vouch__buf_init(ctx, &name, 0);
    for (size_t i = 0; i < job->n_contenders && !status; i++) {
        const vouch_model *model = job->contender[i].model;
        vouch__buf_clear(&name);
        vouch__buf_fmt(&name, "%s.vouch", job->contender[i].plan->name);
        status = vouch__buf_status(ctx, &name);
        if (!status)
            status = vouch__file_write_in(ctx, folder, name.at, model->file, model->file_len, NULL);
    }
    vouch__buf_free(&name);
    vouch__free(vouch__allocator(ctx), folder);
    return status;
}

enum { SCORE_COLUMNS = 3 + 3 * VOUCH__MODELS_MAX };

/* The columns of scores.parquet: id, part, outcome, then raw, prediction and points of each model; names of
 * models are kept in *names. */
static size_t score_columns(const vouch__job *job, vouch__buf names[SCORE_COLUMNS],
                            vouch__csv_column column[SCORE_COLUMNS])
{
    const vouch__stages *stages = job->law->stages;
    const char *const word[] = { "raw", stages->prediction, "points" };
    bool has_id = job->spec.id != SIZE_MAX;
    size_t n = 0;
    column[n++] = (vouch__csv_column){ "id",
                                       has_id ? vouch_table_type(job->table, job->spec.id) : VOUCH_INTEGER };
    column[n++] = (vouch__csv_column){ "part", VOUCH_TEXT };
    column[n++] = (vouch__csv_column){ stages->outcome, stages->outcome_type };
    for (size_t m = 0; m < job->n_contenders; m++)
        for (size_t k = 0; k < (job->contender[m].points ? 3u : 2u); k++, n++) {
            vouch__buf_fmt(&names[n], "%s_%s", job->contender[m].plan->name, word[k]);
            column[n] = (vouch__csv_column){ names[n].at ? names[n].at : "",
                                             k == 2 ? VOUCH_INTEGER : VOUCH_NUMBER };
        }
    return n;
}

static void put_scores(const vouch__job *job, const uint8_t *part, size_t n_columns,
                       const vouch__csv_column *column, vouch__buf *text)
{
    for (size_t k = 0; k < n_columns; k++)
        vouch__buf_fmt(text, "%s\"%s\"", k ? "," : "", column[k].name);
    for (size_t i = 0; i < vouch_table_rows(job->table); i++) {
        vouch__buf_add(text, "\n", 1);
        if (job->spec.id != SIZE_MAX)
            vouch__csv_cell(job->table, job->spec.id, i, text);
        else
            vouch__buf_int(text, (int64_t)i + 1);
        vouch__buf_add(text, ",", 1);
        vouch__buf_text(text, vouch__part_name((vouch__part)part[i]));
        vouch__buf_add(text, ",", 1);
        vouch__buf_double(text, job->target[i]);
        for (size_t m = 0; m < job->n_contenders; m++) {
            const vouch__contender *c = &job->contender[m];
            vouch__buf_add(text, ",", 1);
            vouch__buf_double(text, c->raw[i]);
            vouch__buf_add(text, ",", 1);
            vouch__buf_double(text, c->probability[i]);
            if (!c->points)
                continue;
            vouch__buf_add(text, ",", 1);
            vouch__buf_int(text, c->points[i]);
        }
    }
    vouch__buf_text(text, "\n");
}

static vouch_status write_scores(vouch_ctx *ctx, const char *out, const vouch__job *job,
                                 char out_hash[VOUCH__HEX])
{
    vouch__buf text, names[SCORE_COLUMNS];
    vouch__csv_column column[SCORE_COLUMNS];
    uint64_t size;
    size_t n = vouch_table_rows(job->table), mark = vouch__scratch_mark(ctx);
    char *path = vouch__path_join(ctx, out, "scores.parquet");
    uint8_t *part = vouch__scratch(ctx, n + 1, 1);
    vouch_status status = path && part ? VOUCH_OK : vouch__oom(ctx);
    vouch__buf_init(ctx, &text, (size_t)8 << 30);
    for (size_t k = 0; k < SCORE_COLUMNS; k++)
        vouch__buf_init(ctx, &names[k], 0);
    for (int p = 0; p < VOUCH__PARTS && !status; p++)
        for (size_t i = 0; i < job->split.n[p]; i++)
            part[job->split.row[p][i]] = (uint8_t)p;
    size_t columns = score_columns(job, names, column);
    for (size_t k = 0; k < columns && !status; k++)
        status = vouch__buf_status(ctx, &names[k]);
    if (!status) {
        put_scores(job, part, columns, column, &text);
        status = vouch__buf_status(ctx, &text);
    }
    const vouch__csv csv = { text.at, text.len, columns, column };
    if (!status)
        status = vouch__parquet_write(ctx, job->duckdb, &csv, path);
    if (!status)
        status = vouch__file_hash(ctx, path, out_hash, &size);
    for (size_t k = 0; k < SCORE_COLUMNS; k++)
        vouch__buf_free(&names[k]);
    vouch__buf_free(&text);
    vouch__scratch_reset(ctx, mark);
    vouch__free(vouch__allocator(ctx), path);
    return status;
}

/* The ledger as it stands before this run: what the report carries, so that a cut-off tail can be found. */
static vouch_status read_head(vouch_ctx *ctx, vouch_store *store, vouch__doc **out_doc)
{
    char *text = NULL;
    vouch_status status = vouch_govern_head(ctx, store, &text);
    if (!status)
        status = vouch__json_read(ctx, "head", text, strlen(text), strlen(text) + 1, out_doc);
    vouch_text_free(ctx, text);
    return status;
}

static vouch_status render(vouch_ctx *ctx, const vouch__job *job, vouch_store *store, output *o)
{
    vouch__doc *head = NULL;
    vouch_status status = store ? read_head(ctx, store, &head) : VOUCH_OK;
    vouch__json_write(&o->evidence, job->root);
    vouch__buf_text(&o->evidence, "\n");
    if (!status)
        status = vouch__buf_status(ctx, &o->evidence);
    if (!status)
        status = vouch__report_html(ctx, job->root, head ? vouch__doc_root(head) : NULL, &o->report);
    if (!status)
        status = vouch__buf_status(ctx, &o->report);
    vouch__doc_free(head);
    return status;
}

static void put_model(vouch__ledger_draft *d, vouch__json *models, const vouch__contender *c,
                      bool is_champion)
{
    vouch__json *model = vouch__json_push(d->doc, models, vouch__json_object(d->doc));
    vouch__ledger_text(d, model, "name", c->plan->name);
    vouch__ledger_text(d, model, "kind", c->plan->kind->name);
    vouch__ledger_text(d, model, "fingerprint", vouch_model_fingerprint(c->model));
    vouch__ledger_object(d, model, "object", c->model->file, c->model->file_len);
    vouch__ledger_object(d, model, "bundle", c->bundle.at, c->bundle.len);
    vouch__ledger_object(d, model, "reference", c->reference.at, c->reference.len);
    (void)vouch__json_set(d->doc, model, "champion", vouch__json_bool(d->doc, is_champion));
    if (!isnan(c->cutoff))
        vouch__ledger_number(d, model, "cutoff", c->cutoff);
}

static vouch_status record(vouch_ctx *ctx, vouch_store *store, const vouch_key *key, const vouch__job *job,
                           const output *o, int64_t *out_seq)
{
    const vouch__project *p = &job->project;
    vouch__ledger_draft d;
    vouch_status status = vouch__ledger_open(ctx, store, &d);
    if (status)
        return status;
    const char *const member[][2] = {
        { "project", p->name },        { "project_path", p->path },
        { "folder", p->folder },       { "source", p->source },
        { "data", job->data },         { "version", vouch_version() },
        { "build", vouch_build_id() }, { "champion", job->contender[job->champion].plan->name },
        { "why", job->why },           { "scores", o->scores_hash },
        { "stamp", job->stamp },
    };
    for (size_t i = 0; i < sizeof member / sizeof *member; i++)
        vouch__ledger_text(&d, d.body, member[i][0], member[i][1]);
    vouch__ledger_number(&d, d.body, "rows", (double)vouch_table_rows(job->table));
    vouch__ledger_number(&d, d.body, "seed", (double)p->seed);
    (void)vouch__json_set(d.doc, d.body, "verdicts",
                          vouch__json_copy(d.doc, vouch__json_get(job->root, "verdicts")));
    vouch__json *models = vouch__json_set(d.doc, d.body, "models", vouch__json_array(d.doc));
    for (size_t i = 0; i < job->n_contenders; i++)
        put_model(&d, models, &job->contender[i], i == job->champion);
    vouch__ledger_object(&d, d.body, "evidence", o->evidence.at, o->evidence.len);
    vouch__ledger_object(&d, d.body, "report", o->report.at, o->report.len);
    vouch__ledger_object(&d, d.body, "project_file", p->text, p->len);
    return vouch__ledger_close(&d, key, "developer", "run", out_seq);
}

static vouch_status write_head(vouch_ctx *ctx, vouch_store *store, const char *out)
{
    char *head = NULL;
    vouch_status status = vouch_govern_head(ctx, store, &head);
    if (!status)
        status = vouch__file_write_in(ctx, out, "head.json", head, strlen(head), NULL);
    vouch_text_free(ctx, head);
    return status;
}

static vouch_status tell(vouch_ctx *ctx, const vouch__job *job, const char *out, vouch_run_result *r)
{
    vouch__buf text;
    char *request = NULL;
    const vouch__contender *c = &job->contender[job->champion];
    vouch__buf_init(ctx, &text, 0);
    r->champion = vouch__strdup(ctx, c->plan->name);
    r->why = vouch__strdup(ctx, job->why);
    r->fingerprint = vouch__strdup(ctx, vouch_model_fingerprint(c->model));
    r->report = vouch__path_join(ctx, out, "report.html");
    r->failed = (int)vouch__json_int(vouch__json_get(vouch__json_get(job->root, "verdicts"), "fail"), 0);
    vouch_status status = r->champion && r->why && r->fingerprint && r->report ? VOUCH_OK : vouch__oom(ctx);
    if (!status)
        status = vouch__report_text(ctx, job->root, &text);
    if (!status)
        r->summary = vouch__buf_take(&text);
    if (!status)
        status = job->law->stages->tell(ctx, job, &r->declined, &request);
    if (!status)
        status = vouch__file_write_in(ctx, out, "request.json", request, strlen(request), NULL);
    vouch__free(vouch__allocator(ctx), request);
    vouch__buf_free(&text);
    return status;
}

static vouch_status finish(vouch_ctx *ctx, const vouch_run_options *options, vouch__job *job,
                           vouch_store *store, vouch_run_result *r)
{
    output o = { .scores_hash = "" };
    vouch__buf_init(ctx, &o.evidence, 0);
    vouch__buf_init(ctx, &o.report, 0);
    vouch_status status = render(ctx, job, store, &o);
    if (!status)
        status = vouch__folder_make(ctx, options->out);
    if (!status)
        status = write_models(ctx, options->out, job);
    if (!status)
        status = write_scores(ctx, options->out, job, o.scores_hash);
    if (!status)
        status = vouch__file_write_in(ctx, options->out, "evidence.json", o.evidence.at, o.evidence.len,
                                      NULL);
    if (!status)
        status = vouch__file_write_in(ctx, options->out, "report.html", o.report.at, o.report.len, NULL);
    if (!status && store)
        status = record(ctx, store, options->key, job, &o, &r->seq);
    if (!status && store)
        status = write_head(ctx, store, options->out);
    if (!status)
        status = tell(ctx, job, options->out, r);
    vouch__buf_free(&o.evidence);
    vouch__buf_free(&o.report);
    return status;
}

vouch_status vouch_run(vouch_ctx *ctx, const vouch_run_options *options, vouch_run_result *out_result)
{
    vouch__project project = { .doc = NULL };
    vouch__job job = { .n_contenders = 0 };
    vouch_store *store = NULL;
    vouch_run_result r = { .seq = -1 };
    vouch_status status = vouch__project_read(ctx, options->project, &project);
    if (status)
        return status;
    if (options->has_seed)
        project.seed = options->seed;
    if (options->key) /* opened first: a run that can't be recorded should say so before an hour's work */
        status = vouch__project_store(ctx, &project, options->store, &store);
    if (!status && store)
        status = vouch__ledger_may(ctx, store, options->key, "developer");
    if (!status && store)
        status = vouch__override_signers(ctx, &project, store);
    if (!status)
        status = vouch__job_run(ctx, &project, options->duckdb, options->stamp, &job);
    if (!status)
        status = finish(ctx, options, &job, store, &r);
    if (status)
        vouch_run_result_clear(ctx, &r);
    else
        *out_result = r;
    vouch__job_clear(&job);
    vouch__project_clear(&project);
    vouch_store_close(store);
    return status;
}

void vouch_run_result_clear(vouch_ctx *ctx, vouch_run_result *result)
{
    const vouch_alloc *alloc = vouch__allocator(ctx);
    vouch__free(alloc, result->champion);
    vouch__free(alloc, result->why);
    vouch__free(alloc, result->fingerprint);
    vouch__free(alloc, result->report);
    vouch__free(alloc, result->declined);
    vouch__free(alloc, result->summary);
    *result = (vouch_run_result){ .seq = -1 };
}

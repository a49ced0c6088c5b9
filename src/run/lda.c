/* vouch_lda: the project is read and split as a run does, one model's alternatives are searched, and what was
 * found is written and recorded. */
#include "run/lda.h"

#include "base/file.h"
#include "base/schema.h"
#include "govern/ledger.h"
#include "report/html_report.h"
#include "report/text_summary.h"
#include "run/overrides.h"
#include "vouch/run.h"

#include <string.h>

static vouch_status close_root(vouch_ctx *ctx, vouch__lda *lda, vouch__json **out)
{
    static const char *const limits[] = {
        "A search that finds nothing does not prove that there is nothing: it covers the candidates listed "
        "and "
        "no others.",
        "Applicants who were declined in the past, and so have no outcome, are not in the data: figures hold "
        "for "
        "the population that was booked.",
        "Whether an alternative must or may be used is a question of law, which this page does not answer.",
    };
    vouch__job *job = lda->job;
    vouch__doc *doc = job->list.doc;
    vouch__json *root = vouch__json_object(doc);
    vouch__job_close_entries(job);
    vouch__job_data_members(job, root);
    (void)vouch__json_set(doc, root, "title", vouch__json_text(doc, "Less discriminatory alternatives"));
    vouch_status status = vouch__job_models_member(ctx, job, root);
    (void)vouch__json_set(doc, root, "verdicts", vouch__report_count(doc, job->list.entries));
    (void)vouch__json_set(doc, root, "legal", job->root);
    (void)vouch__json_set(doc, root, "entries", job->list.entries);
    vouch__json *list = vouch__json_set(doc, root, "limits", vouch__json_array(doc));
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        (void)vouch__json_push(doc, list, vouch__json_text(doc, limits[i]));
    *out = root;
    return status ? status : vouch__doc_status(ctx, doc);
}

typedef struct papers {
    vouch__buf evidence, html, summary;
} papers;

static vouch_status record(vouch_ctx *ctx, const vouch_lda_options *o, vouch__lda *lda, const papers *p,
                           vouch_store *store, int64_t *out_seq)
{
    const vouch__job *job = lda->job;
    bool found = lda->chosen != SIZE_MAX;
    vouch__ledger_draft d;
    vouch_status status = vouch__ledger_open(ctx, store, &d);
    if (status)
        return status;
    const char *const member[][2] = {
        { "project", job->project.name },
        { "data", job->data },
        { "model", lda->rules.plan->name },
        { "fingerprint", vouch_model_fingerprint(job->contender[0].model) },
        { "approver", lda->rules.approver },
        { "legal", lda->rules.allowed_by },
        { "what", found ? lda->attempt[lda->chosen].what : NULL },
        { "build", vouch_build_id() },
    };
    for (size_t i = 0; i < sizeof member / sizeof *member; i++)
        if (member[i][1])
            vouch__ledger_text(&d, d.body, member[i][0], member[i][1]);
    vouch__ledger_number(&d, d.body, "candidates", (double)(lda->n - 1));
    vouch__ledger_object(&d, d.body, "evidence", p->evidence.at, p->evidence.len);
    vouch__ledger_object(&d, d.body, "report", p->html.at, p->html.len);
    if (found)
        vouch__ledger_object(&d, d.body, "alternative", job->contender[1].model->file,
                             job->contender[1].model->file_len);
    return vouch__ledger_close(&d, o->key, "developer", "alternatives", out_seq);
}

static vouch_status write_all(vouch_ctx *ctx, const vouch_lda_options *o, vouch__lda *lda, papers *p,
                              vouch_lda_result *r)
{
    vouch__json *root = NULL;
    vouch_status status = close_root(ctx, lda, &root);
    if (status)
        return status;
    vouch__json_write(&p->evidence, root);
    vouch__buf_text(&p->evidence, "\n");
    status = vouch__report_text(ctx, root, &p->summary);
    if (!status)
        status = vouch__report_html(ctx, root, NULL, &p->html);
    if (!status)
        status = vouch__buf_status(ctx, &p->evidence);
    if (!status)
        status = vouch__buf_status(ctx, &p->summary);
    if (!status)
        status = vouch__file_write_in(ctx, o->out, "evidence.json", p->evidence.at, p->evidence.len, NULL);
    if (!status)
        status = vouch__file_write_in(ctx, o->out, "report.html", p->html.at, p->html.len, &r->report);
    for (size_t i = 0; i < lda->job->n_contenders && !status; i++) {
        const vouch_model *model = lda->job->contender[i].model;
        status = vouch__file_write_in(ctx, o->out, i ? "alternative.vouch" : "baseline.vouch", model->file,
                                      model->file_len, NULL);
    }
    return status;
}

static vouch_status tell(vouch_ctx *ctx, const vouch__lda *lda, papers *p, vouch_lda_result *r)
{
    const vouch__json *notes = NULL;
    for (const vouch__json *e = lda->job->list.entries->first; e && !notes; e = e->next)
        if (!strcmp(vouch__json_get(e, "id")->text, "fairness.alternatives"))
            notes = vouch__json_get(e, "note");
    r->what = vouch__strdup(ctx, notes ? notes->text : "");
    r->summary = vouch__buf_take(&p->summary);
    r->candidates = lda->n - 1;
    r->reused = lda->reused;
    r->found = lda->chosen != SIZE_MAX;
    return r->what ? VOUCH_OK : vouch__oom(ctx);
}

static vouch_status search(vouch_ctx *ctx, const vouch_lda_options *o, vouch__project *project,
                           vouch_lda_result *r)
{
    vouch_store *store = NULL;
    vouch__job job = { .n_contenders = 0 };
    vouch__lda lda = { .job = &job, .out = o->out };
    papers p;
    size_t mark = vouch__scratch_mark(ctx);
    vouch__buf_init(ctx, &p.evidence, 0);
    vouch__buf_init(ctx, &p.html, 0);
    vouch__buf_init(ctx, &p.summary, 0);
    vouch_status status = vouch__job_open(ctx, project, o->duckdb, NULL, &job);
    if (!status)
        status = vouch__lda_allow(ctx, &job, &lda.rules);
    if (!status)
        status = vouch__project_store(ctx, &job.project, o->store, &store);
    if (!status)
        status = vouch__lda_approved(ctx, &job, o->model, store, o->key, &lda.rules);
    if (!status)
        status = vouch__override_signers(ctx, &job.project, store);
    if (!status)
        status = vouch__job_read(ctx, &job);
    if (!status)
        status = vouch__lda_rules_read(ctx, &job, o->model, o->candidates, &lda.rules);
    if (!status)
        status = vouch__folder_make(ctx, o->out);
    if (!status)
        status = vouch__lda_search(ctx, &lda);
    if (!status)
        status = vouch__lda_tell(ctx, &lda);
    if (!status)
        status = write_all(ctx, o, &lda, &p, r);
    if (!status && o->key)
        status = record(ctx, o, &lda, &p, store, &r->seq);
    if (!status)
        status = tell(ctx, &lda, &p, r);
    vouch__buf_free(&p.evidence);
    vouch__buf_free(&p.html);
    vouch__buf_free(&p.summary);
    vouch__job_clear(&job);
    vouch_store_close(store);
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch_lda_approve(vouch_ctx *ctx, const vouch_lda_options *options, int64_t *out_seq)
{
    vouch__project project = { .doc = NULL };
    vouch__job job = { .n_contenders = 0 };
    vouch__lda_rules rules;
    vouch_store *store = NULL;
    size_t mark = vouch__scratch_mark(ctx);
    vouch_status status = vouch__project_read(ctx, options->project, &project);
    if (status)
        return status;
    status = vouch__job_open(ctx, &project, options->duckdb, NULL, &job);
    if (!status)
        status = vouch__lda_allow(ctx, &job, &rules);
    if (!status)
        status = vouch__project_store(ctx, &job.project, options->store, &store);
    if (!status)
        status = vouch__lda_approve(ctx, &job, options->model, store, options->key, out_seq);
    vouch__job_clear(&job);
    vouch__project_clear(&project);
    vouch_store_close(store);
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch_lda(vouch_ctx *ctx, const vouch_lda_options *options, vouch_lda_result *out_result)
{
    vouch__project project = { .doc = NULL };
    vouch_lda_result r = { .seq = -1 };
    vouch_status status = vouch__project_read(ctx, options->project, &project);
    if (status)
        return status;
    if (project.rejects)
        status = vouch__schema_fail(ctx, project.path, project.rejects,
                                    "a search for alternatives brings no rejects in: leave rejects out");
    if (!status)
        status = search(ctx, options, &project, &r);
    if (status)
        vouch_lda_result_clear(ctx, &r);
    else
        *out_result = r;
    vouch__project_clear(&project);
    return status;
}

void vouch_lda_result_clear(vouch_ctx *ctx, vouch_lda_result *result)
{
    const vouch_alloc *alloc = vouch__allocator(ctx);
    vouch__free(alloc, result->what);
    vouch__free(alloc, result->summary);
    vouch__free(alloc, result->report);
    *result = (vouch_lda_result){ .seq = -1 };
}

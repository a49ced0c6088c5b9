/* A run from end to end in memory, and the root of its evidence. */
#include "run/job.h"

#include "report/controls.h"
#include "report/html_report.h"

#include <math.h>
#include <string.h>

#define MICROSECONDS_A_DAY 86400000000LL

static vouch_status read_policy(vouch_ctx *ctx, vouch__job *job)
{
    vouch__buf text;
    vouch__buf_init(ctx, &text, 0);
    const char *name = job->project.policy;
    vouch_status status = vouch__project_file(ctx, &job->project, "policy", name, &text);
    if (!status)
        status = vouch__policy_read(ctx, name, text.at, text.len, &job->policy);
    vouch__buf_free(&text);
    return status;
}

/* The profiles themselves, and a copy of each as evidence. */
static vouch_status read_legal(vouch_ctx *ctx, vouch__job *job, vouch__json *shown)
{
    const vouch__json *names = job->project.legal;
    vouch_status status = VOUCH_OK;
    vouch__buf text;
    if (names && names->len > VOUCH__LEGAL_MAX)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "%s: legal names over %d profiles", job->project.path,
                           VOUCH__LEGAL_MAX);
    vouch__buf_init(ctx, &text, 0);
    for (const vouch__json *name = names ? names->first : NULL; name && !status; name = name->next) {
        vouch__doc *doc = NULL;
        vouch__buf_clear(&text);
        status = vouch__project_file(ctx, &job->project, "legal", name->text, &text);
        if (!status)
            status = vouch__legal_read(ctx, name->text, text.at, text.len, &job->legal[job->n_legal]);
        if (!status)
            job->n_legal++;
        if (!status)
            status = vouch__yaml_read(ctx, name->text, text.at, text.len, text.len, &doc);
        if (!status)
            (void)vouch__json_push(job->list.doc, shown,
                                   vouch__json_copy(job->list.doc, vouch__doc_root(doc)));
        vouch__doc_free(doc);
    }
    vouch__buf_free(&text);
    /* The profiles in force are those of the day on which the model is made. */
    return status ? status
                  : vouch__legal_check(ctx, job->n_legal, job->legal,
                                       (int32_t)(vouch__now(ctx) / MICROSECONDS_A_DAY));
}

static void data_member(vouch__job *job, vouch__json *root)
{
    const vouch__project *p = &job->project;
    vouch__doc *doc = job->list.doc;
    vouch__json *data = vouch__json_set(doc, root, "data", vouch__json_object(doc));
    size_t rows = vouch_table_rows(job->table);
    (void)vouch__json_set(doc, data, "source", vouch__json_text(doc, p->source));
    (void)vouch__json_set(doc, data, "rows", vouch__json_number(doc, (double)rows));
    if (job->rejected) {
        (void)vouch__json_set(doc, data, "rejected",
                              vouch__json_number(doc, (double)vouch_table_rows(job->rejected)));
        (void)vouch__json_set(doc, data, "rejects", vouch__json_copy(doc, p->rejects));
    }
    (void)vouch__json_set(doc, data, "columns",
                          vouch__json_number(doc, (double)vouch_table_cols(job->table)));
    (void)vouch__json_set(doc, data, "features", vouch__json_number(doc, (double)job->spec.n_features));
    (void)vouch__json_set(doc, data, "fingerprint", vouch__json_text(doc, job->data));
    (void)vouch__json_set(doc, data, "target", vouch__json_text(doc, p->target));
    (void)vouch__json_set(doc, data, "law", vouch__json_text(doc, job->law->name));
    if (p->bad)
        (void)vouch__json_set(doc, data, "bad", vouch__json_copy(doc, p->bad));
    (void)vouch__json_set(doc, data, "exposure", vouch__json_text(doc, p->exposure));
    job->law->stages->facts(job, rows, NULL, doc, data);
    (void)vouch__json_set(doc, data, "id", vouch__json_text(doc, p->id));
    (void)vouch__json_set(doc, data, "decision_time", vouch__json_text(doc, p->time));
    (void)vouch__json_set(doc, data, "weight", vouch__json_text(doc, p->weight));
    (void)vouch__json_set(doc, data, "protected",
                          p->protected_names ? vouch__json_copy(doc, p->protected_names)
                                             : vouch__json_array(doc));
}

static void split_member(vouch__job *job, vouch__json *root)
{
    static const char *const by[] = { "random", "time", "group" };
    vouch__doc *doc = job->list.doc;
    vouch__json *split = vouch__json_set(doc, root, "split", vouch__json_object(doc));
    (void)vouch__json_set(doc, split, "by", vouch__json_text(doc, by[job->project.split_by]));
    (void)vouch__json_set(doc, split, "seed", vouch__json_number(doc, (double)job->project.seed));
    vouch__json *parts = vouch__json_set(doc, split, "parts", vouch__json_array(doc));
    for (int part = 0; part < VOUCH__PARTS; part++) {
        size_t n = job->split.n[part];
        if (n == 0)
            continue;
        vouch__json *object = vouch__json_push(doc, parts, vouch__json_object(doc));
        (void)vouch__json_set(doc, object, "part",
                              vouch__json_text(doc, vouch__part_name((vouch__part)part)));
        (void)vouch__json_set(doc, object, "rows", vouch__json_number(doc, (double)n));
        job->law->stages->facts(job, n, job->split.row[part], doc, object);
        (void)vouch__json_set(doc, object, "fingerprint",
                              vouch__json_text(doc, job->split.fingerprint[part]));
    }
}

static vouch_status model_member(vouch_ctx *ctx, vouch__job *job, vouch__json *models,
                                 const vouch__contender *c)
{
    vouch__doc *doc = job->list.doc;
    vouch__doc *described = NULL;
    char *text = NULL;
    vouch_status status = vouch_model_describe(ctx, c->model, &text);
    if (!status)
        status = vouch__json_read(ctx, "model", text, strlen(text), strlen(text) + 1, &described);
    vouch_text_free(ctx, text);
    if (status)
        return status;
    vouch__json *object = vouch__json_push(doc, models, vouch__json_copy(doc, vouch__doc_root(described)));
    vouch__doc_free(described);
    (void)vouch__json_set(doc, object, "title", vouch__json_text(doc, c->model->kind->title));
    (void)vouch__json_set(doc, object, "fingerprint",
                          vouch__json_text(doc, vouch_model_fingerprint(c->model)));
    if (!isnan(c->cutoff))
        (void)vouch__json_set(doc, object, "cutoff",
                              c->cutoff < 0.0 ? vouch__json_text(doc, "none: nobody is approved")
                                              : vouch__json_number(doc, c->cutoff));
    (void)vouch__json_set(doc, object, "log", c->log);
    return VOUCH_OK;
}

vouch_status vouch__job_models_member(vouch_ctx *ctx, vouch__job *job, vouch__json *root)
{
    vouch__doc *doc = job->list.doc;
    vouch__json *models = vouch__json_set(doc, root, "models", vouch__json_array(doc));
    vouch_status status = VOUCH_OK;
    for (size_t i = 0; i < job->n_contenders && !status; i++)
        status = model_member(ctx, job, models, &job->contender[i]);
    return status;
}

void vouch__job_data_members(vouch__job *job, vouch__json *root)
{
    vouch__doc *doc = job->list.doc;
    (void)vouch__json_set(doc, root, "project", vouch__json_text(doc, job->project.name));
    (void)vouch__json_set(doc, root, "stamp", vouch__json_text(doc, job->stamp));
    (void)vouch__json_set(doc, root, "seed", vouch__json_number(doc, (double)job->project.seed));
    vouch__json *code = vouch__json_set(doc, root, "code", vouch__json_object(doc));
    (void)vouch__json_set(doc, code, "version", vouch__json_text(doc, vouch_version()));
    (void)vouch__json_set(doc, code, "build", vouch__json_text(doc, vouch_build_id()));
    vouch__json *policy = vouch__json_set(doc, root, "policy", vouch__json_object(doc));
    (void)vouch__json_set(doc, policy, "name", vouch__json_text(doc, job->project.policy));
    data_member(job, root);
    split_member(job, root);
}

static void limits_member(vouch__job *job, vouch__json *root)
{
    vouch__doc *doc = job->list.doc;
    vouch__json *limits = vouch__json_set(doc, root, "limits", vouch__json_array(doc));
    const char *const *always = job->law->stages->limits; /* of an event first whom the data lack */
    if (job->rejected)
        (void)vouch__json_push(
            doc, limits,
            vouch__json_fmt(
                doc,
                "Outcomes of %zu applicants who were declined in the past are inferred, not known: "
                "models are fitted on an assumption (reject.methods), and the figures of a part hold "
                "for those who were accepted.",
                vouch_table_rows(job->rejected)));
    for (always += job->rejected ? 1 : 0; *always; always++)
        (void)vouch__json_push(doc, limits, vouch__json_text(doc, *always));
    if (job->project.calibrates)
        (void)vouch__json_push(
            doc, limits,
            vouch__json_text(doc, "Probabilities were calibrated on tune, whose rows also chose the "
                                  "cut-off: how well they fit is for test and later data to say."));
    for (size_t i = 0; i < job->n_contenders; i++)
        if (job->contender[i].plan->import)
            (void)vouch__json_push(
                doc, limits,
                vouch__json_fmt(
                    doc,
                    "%s was trained elsewhere. If rows of test were among those it was trained on, "
                    "its figures here are too good.",
                    job->contender[i].plan->name));
    if (job->split.n[VOUCH__OOT] == 0)
        (void)vouch__json_push(
            doc, limits,
            vouch__json_text(doc, "There is no out-of-time part: how the models hold up in a later period "
                                  "is not shown."));
}

/* What each entry stands on: data, code, project and seed, and the model it is about. */
void vouch__job_close_entries(vouch__job *job)
{
    vouch__doc *doc = job->list.doc;
    for (vouch__json *entry = job->list.entries->first; entry; entry = entry->next) {
        const char *model = vouch__json_string(vouch__json_get(entry, "model"));
        vouch__json *prints = vouch__json_set(doc, entry, "fingerprints", vouch__json_object(doc));
        (void)vouch__json_set(doc, prints, "data", vouch__json_text(doc, job->data));
        (void)vouch__json_set(doc, prints, "code", vouch__json_text(doc, vouch_build_id()));
        (void)vouch__json_set(doc, prints, "project", vouch__json_text(doc, job->project.fingerprint));
        (void)vouch__json_set(doc, prints, "seed", vouch__json_number(doc, (double)job->project.seed));
        for (size_t i = 0; model && i < job->n_contenders; i++)
            if (!strcmp(job->contender[i].plan->name, model))
                (void)vouch__json_set(
                    doc, prints, "model",
                    vouch__json_text(doc, vouch_model_fingerprint(job->contender[i].model)));
    }
}

static void champion_member(vouch__job *job, vouch__json *root)
{
    vouch__doc *doc = job->list.doc;
    vouch__json *champion = vouch__json_set(doc, root, "champion", vouch__json_object(doc));
    const char *name = job->contender[job->champion].plan->name;
    const vouch__stages *stages = job->law->stages;
    (void)vouch__json_set(doc, champion, "name", vouch__json_text(doc, name));
    (void)vouch__json_set(doc, champion, "why", vouch__json_text(doc, job->why));
    for (const vouch__json *entry = job->list.entries->first; entry; entry = entry->next) {
        const char *id = vouch__json_string(vouch__json_get(entry, "id"));
        const char *model = vouch__json_string(vouch__json_get(entry, "model"));
        const char *part = vouch__json_string(vouch__json_get(entry, "part"));
        if (!id || !model || !part || strcmp(id, stages->headline_id) != 0 || strcmp(model, name) != 0 ||
            strcmp(part, "test") != 0)
            continue;
        const vouch__json *interval = vouch__json_get(entry, "interval");
        (void)vouch__json_set(doc, champion, "metric", vouch__json_text(doc, stages->headline));
        (void)vouch__json_set(doc, champion, "part", vouch__json_text(doc, part));
        (void)vouch__json_set(doc, champion, "value", vouch__json_copy(doc, vouch__json_get(entry, "value")));
        if (interval) {
            (void)vouch__json_set(doc, champion, "low",
                                  vouch__json_copy(doc, vouch__json_get(interval, "low")));
            (void)vouch__json_set(doc, champion, "high",
                                  vouch__json_copy(doc, vouch__json_get(interval, "high")));
        }
    }
}

static vouch_status controls_member(vouch_ctx *ctx, vouch__job *job, vouch__json *root)
{
    vouch__buf text;
    vouch__json *controls = NULL;
    vouch__buf_init(ctx, &text, 0);
    vouch_status status = vouch__project_file(ctx, &job->project, "controls", job->project.controls, &text);
    if (!status)
        status = vouch__controls_apply(ctx, job->project.controls, text.at, text.len, job->list.entries,
                                       job->contender[job->champion].plan->name, job->list.doc, &controls);
    if (!status)
        (void)vouch__json_set(job->list.doc, root, "controls", controls);
    vouch__buf_free(&text);
    return status;
}

vouch_status vouch__job_close(vouch_ctx *ctx, vouch__job *job)
{
    vouch__doc *doc = job->list.doc;
    vouch__json *root = vouch__json_object(doc);
    vouch__job_close_entries(job);
    vouch__job_data_members(job, root);
    vouch_status status = vouch__job_models_member(ctx, job, root);
    if (status)
        return status;
    champion_member(job, root);
    if (job->law->stages->decision)
        job->law->stages->decision(job, root);
    limits_member(job, root);
    status = controls_member(ctx, job, root);
    if (status)
        return status;
    (void)vouch__json_set(doc, root, "verdicts", vouch__report_count(doc, job->list.entries));
    (void)vouch__json_set(doc, root, "legal", job->root); /* read first, kept here until now */
    (void)vouch__json_set(doc, root, "entries", job->list.entries);
    job->root = root;
    return vouch__doc_status(ctx, doc);
}

vouch_status vouch__job_open(vouch_ctx *ctx, vouch__project *project, const char *duckdb, const char *stamp,
                             vouch__job *job)
{
    *job = (vouch__job){ .project = *project,
                         .law = project->law,
                         .duckdb = duckdb,
                         .stamp = stamp,
                         .alloc = *vouch__allocator(ctx) };
    *project = (vouch__project){ .doc = NULL }; /* taken, whatever came of it */
    vouch_status status = read_policy(ctx, job);
    if (!status)
        status = vouch__evidence_new(ctx, job->policy, &job->list);
    if (!status) {
        job->root = vouch__json_array(job->list.doc);
        status = read_legal(ctx, job, job->root);
    }
    return status;
}

vouch_status vouch__job_run(vouch_ctx *ctx, vouch__project *project, const char *duckdb, const char *stamp,
                            vouch__job *job)
{
    vouch_status status = vouch__job_open(ctx, project, duckdb, stamp, job);
    if (!status)
        status = vouch__job_read(ctx, job);
    if (!status)
        status = vouch__job_fit(ctx, job);
    if (!status)
        status = job->law->stages->assess(ctx, job);
    if (!status)
        status = vouch__job_explain(ctx, job);
    if (!status)
        status = vouch__job_close(ctx, job);
    if (status)
        vouch__job_clear(job);
    return status;
}

void vouch__contender_clear(const vouch_alloc *alloc, vouch__contender *c)
{
    vouch_explainer_free(c->all);
    vouch_explainer_free(c->just_approved);
    vouch_explainer_free(c->own);
    vouch__reason_map_clear(&c->map);
    vouch__binding_clear(&c->binding);
    vouch_model_free(c->model);
    vouch__free(alloc, c->raw);
    vouch__free(alloc, c->probability);
    vouch__free(alloc, c->points);
    vouch__buf_free(&c->bundle);
    vouch__buf_free(&c->reference);
    *c = (vouch__contender){ .plan = NULL };
}

void vouch__job_clear(vouch__job *job)
{
    for (size_t i = 0; i < job->n_contenders; i++)
        vouch__contender_clear(&job->alloc, &job->contender[i]);
    for (size_t i = 0; i < job->n_legal; i++)
        vouch__legal_free(job->legal[i]);
    vouch__split_clear(&job->split);
    vouch_table_unref(job->table);
    vouch_table_unref(job->rejected);
    vouch__free(&job->alloc, job->feature);
    vouch__free(&job->alloc, job->protected_column);
    vouch__free(&job->alloc, job->bad);
    vouch__free(&job->alloc, job->target);
    vouch__free(&job->alloc, job->weight);
    vouch__evidence_free(&job->list);
    vouch__policy_free(job->policy);
    vouch__project_clear(&job->project);
    *job = (vouch__job){ .n_contenders = 0 };
}

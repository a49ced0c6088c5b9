/* One test of a suite, kept on disk once it is done: a run that is stopped goes on where it was, and a run
 * with one test changed does that one only. What a kept result is of is hashed: data, model, parameters,
 * columns, policy, seed and the code itself. */
#include "catalogue/suite_run.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>

enum { KEPT_MAX = 1 << 28, NAME_MAX_BYTES = 128 };

void vouch__prints_add(vouch__evidence *list, const vouch__json *last, const vouch__prints *p)
{
    vouch__doc *doc = list->doc;
    for (vouch__json *e = last ? last->next : list->entries->first; e; e = e->next) {
        vouch__json *prints = vouch__json_set(doc, e, "fingerprints", vouch__json_object(doc));
        (void)vouch__json_set(doc, prints, "code", vouch__json_text(doc, vouch_build_id()));
        (void)vouch__json_set(doc, prints, "data", vouch__json_text(doc, p->data));
        if (*p->reference)
            (void)vouch__json_set(doc, prints, "reference", vouch__json_text(doc, p->reference));
        if (p->model)
            (void)vouch__json_set(doc, prints, "model", vouch__json_text(doc, p->model));
        if (p->rival_model)
            (void)vouch__json_set(doc, prints, "rival_model", vouch__json_text(doc, p->rival_model));
        (void)vouch__json_set(doc, prints, "seed", vouch__json_number(doc, (double)p->seed));
    }
}

static void column_members(vouch__doc *doc, vouch__json *object, const vouch_test_columns *c)
{
    const char *const text[][2] = {
        { "id", c->id },
        { "score", c->score },
        { "probability", c->probability },
        { "rival", c->rival },
        { "label", c->label },
        { "bad", c->bad },
        { "weight", c->weight },
        { "amount", c->amount },
        { "date", c->date },
        { "segment", c->segment },
        { "grade", c->grade },
        { "grade_before", c->grade_before },
        { "groups", c->groups },
        { "features", c->features },
        { "class", c->outcome },
        { "class_probabilities", c->class_probabilities },
    };
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        (void)vouch__json_set(doc, object, text[i][0], vouch__json_text(doc, text[i][1]));
    (void)vouch__json_set(doc, object, "score_is_safe", vouch__json_bool(doc, c->score_is_safe));
}

/* What the result of a test is of, as one hash. */
static vouch_status fingerprint(vouch_ctx *ctx, const vouch__suite_work *w, const vouch__plan_item *item,
                                char out[VOUCH__HEX])
{
    vouch__doc *doc = NULL;
    vouch__buf text;
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (status)
        return status;
    vouch__json *o = vouch__json_object(doc);
    const char *const member[][2] = {
        { "code", vouch_build_id() },
        { "test", item->test->id },
        { "data", w->prints.data },
        { "model", w->prints.model },
        { "policy", w->prints.policy },
        { "reference", w->prints.reference },
        { "rival_model", w->prints.rival_model },
        { "legal", w->prints.legal },
    };
    for (size_t i = 0; i < sizeof member / sizeof *member; i++)
        (void)vouch__json_set(doc, o, member[i][0], vouch__json_text(doc, member[i][1]));
    (void)vouch__json_set(doc, o, "seed", vouch__json_number(doc, (double)w->prints.seed));
    (void)vouch__json_set(doc, o, "given", vouch__json_copy(doc, item->given));
    vouch__json *value = vouch__json_set(doc, o, "parameters", vouch__json_array(doc));
    for (size_t i = 0; i < item->test->n_params; i++)
        (void)vouch__json_push(doc, value, vouch__json_number(doc, item->value[i]));
    column_members(doc, vouch__json_set(doc, o, "columns", vouch__json_object(doc)), &w->plan.column);
    status = vouch__doc_status(ctx, doc);
    vouch__buf_init(ctx, &text, 0);
    if (!status) {
        vouch__json_write(&text, o);
        status = vouch__buf_status(ctx, &text);
    }
    if (!status)
        status = vouch__hash_hex(ctx, text.at, text.len, out);
    vouch__buf_free(&text);
    vouch__doc_free(doc);
    return status;
}

/* <out>/tests/<id>-<16 hex>.json, to be freed. */
static char *kept_path(vouch_ctx *ctx, const vouch__suite_work *w, const vouch__plan_item *item,
                       const char *print)
{
    char name[NAME_MAX_BYTES];
    (void)snprintf(name, sizeof name, "tests/%.90s-%.16s.json", item->test->id, print);
    return vouch__path_join(ctx, w->options->out, name);
}

static void take_all(vouch__suite_work *w, const vouch__json *entries)
{
    for (const vouch__json *e = entries ? entries->first : NULL; e; e = e->next)
        (void)vouch__evidence_take(&w->list, e);
}

/* *out_found: a kept result of the same work was there and is taken. One that can't be read is not one. */
static vouch_status take_kept(vouch_ctx *ctx, vouch__suite_work *w, const char *path, const char *print,
                              bool *out_found)
{
    vouch__buf text;
    vouch__doc *doc = NULL;
    *out_found = false;
    if (!vouch__file_exists(path))
        return VOUCH_OK;
    vouch_status status = vouch__file_read(ctx, path, KEPT_MAX, &text);
    if (!status)
        status = vouch__json_read(ctx, path, text.at, text.len, KEPT_MAX, &doc);
    if (!status) {
        const vouch__json *root = vouch__doc_root(doc), *entries = vouch__json_get(root, "entries");
        const char *of = vouch__json_string(vouch__json_get(root, "fingerprint"));
        *out_found = of && !strcmp(of, print) && entries && entries->type == VOUCH__JSON_ARRAY;
        if (*out_found)
            take_all(w, entries);
    }
    vouch__doc_free(doc);
    vouch__buf_free(&text);
    return status == VOUCH_E_NOMEM || status == VOUCH_E_CANCELLED ? status : VOUCH_OK;
}

static vouch_status keep(vouch_ctx *ctx, const char *path, const char *print, vouch__evidence *list)
{
    vouch__buf text;
    vouch__json *root = vouch__json_object(list->doc);
    (void)vouch__json_set(list->doc, root, "fingerprint", vouch__json_text(list->doc, print));
    (void)vouch__json_set(list->doc, root, "entries", vouch__json_copy(list->doc, list->entries));
    vouch_status status = vouch__doc_status(ctx, list->doc);
    vouch__buf_init(ctx, &text, 0);
    if (!status) {
        vouch__json_write(&text, root);
        vouch__buf_text(&text, "\n");
        status = vouch__buf_status(ctx, &text);
    }
    if (!status)
        status = vouch__file_write(ctx, path, text.at, text.len, 0644);
    vouch__buf_free(&text);
    return status;
}

static vouch_status run(vouch_ctx *ctx, vouch__suite_work *w, const vouch__plan_item *item, const char *path,
                        const char *print)
{
    vouch__evidence list;
    vouch__test_call call = { .test = item->test,
                              .now = &w->bound.now,
                              .before = w->bound.has_before ? &w->bound.before : NULL,
                              .model = w->model,
                              .rival_model = w->rival_model,
                              .model_name = w->model ? vouch_model_name(w->model) : NULL,
                              .param = item->value,
                              .given = item->given,
                              .seed = w->prints.seed,
                              .memo = &w->memo,
                              .legal = w->legal,
                              .n_legal = w->n_legal };
    vouch_status status = vouch__evidence_new(ctx, w->policy, &list);
    if (status)
        return status;
    call.list = &list;
    status = vouch__test_perform(ctx, &call);
    if (!status) {
        vouch__prints_add(&list, NULL, &w->prints);
        status = vouch__doc_status(ctx, list.doc);
    }
    if (!status && path)
        status = keep(ctx, path, print, &list);
    if (!status)
        take_all(w, list.entries);
    vouch__evidence_free(&list);
    return status ? status : vouch__doc_status(ctx, w->list.doc);
}

vouch_status vouch__suite_item(vouch_ctx *ctx, vouch__suite_work *work, size_t i)
{
    const vouch__plan_item *item = &work->plan.item[i];
    char print[VOUCH__HEX];
    bool found = false;
    vouch_status status = fingerprint(ctx, work, item, print);
    char *path = status || !work->options->out ? NULL : kept_path(ctx, work, item, print);
    if (!status && work->options->out && !path)
        status = vouch__oom(ctx);
    if (!status && path)
        status = take_kept(ctx, work, path, print, &found);
    work->reused += found;
    if (!status && !found)
        status = run(ctx, work, item, path, print);
    vouch__free(vouch__allocator(ctx), path);
    return status;
}

/* Finished candidates, kept on disk: a search that is stopped goes on where it was. */
#include "run/lda.h"

#include "base/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { KEPT_MAX = 1 << 20 };

/* What a kept result is of: all that its figures depend on. */
static vouch_status print_of(vouch_ctx *ctx, const vouch__lda *lda, const vouch__lda_try *t,
                             char out[VOUCH__HEX])
{
    const vouch__job *job = lda->job;
    const vouch__lda_rules *r = &lda->rules;
    vouch__buf text;
    vouch__buf_init(ctx, &text, 0);
    vouch__buf_fmt(&text, "%s\n%s\n%s\n%llu\n%s\n%s\n%s\n", vouch_build_id(), job->data,
                   job->project.fingerprint, (unsigned long long)t->seed, r->plan->name, t->way, t->what);
    const double number[] = { (double)r->measure,   r->by_profit,
                              r->payoff.gain,       r->payoff.loss,
                              r->min_group,         t->share,
                              (double)r->n_columns, (double)job->project.seed };
    for (size_t k = 0; k < sizeof number / sizeof *number; k++) {
        vouch__buf_double(&text, number[k]);
        vouch__buf_text(&text, "\n");
    }
    for (size_t k = 0; k < r->plan->kind->n_params; k++) {
        vouch__buf_double(&text, t->value[k]);
        vouch__buf_text(&text, "\n");
    }
    vouch_status status = vouch__buf_status(ctx, &text);
    if (!status)
        status = vouch__hash_hex(ctx, text.at, text.len, out);
    vouch__buf_free(&text);
    return status;
}

static char *kept_path(vouch_ctx *ctx, const vouch__lda *lda, const char *print)
{
    char name[64];
    (void)snprintf(name, sizeof name, "candidates/%.32s.json", print);
    return vouch__path_join(ctx, lda->out, name);
}

enum { FIGURES = 18 };
static void figures_of(vouch__lda_try *t, double *at[FIGURES])
{
    vouch__figure *const f[] = { &t->c.performance, &t->c.against, &t->c.gap.figure, &t->c.gain };
    double *const single[] = { &t->c.approved, &t->cutoff, &t->bad_rate, &t->auc, &t->ratio, &t->difference };
    size_t n = 0;
    for (size_t k = 0; k < 4; k++) {
        at[n++] = &f[k]->value;
        at[n++] = &f[k]->low;
        at[n++] = &f[k]->high;
    }
    for (size_t k = 0; k < 6; k++)
        at[n++] = single[k];
}

/* False where there is none that can be read. */
static bool take_kept(vouch_ctx *ctx, const char *path, const char *print, const vouch__lda *lda,
                      vouch__lda_try *t)
{
    vouch__buf text;
    vouch__doc *doc = NULL;
    double *at[FIGURES];
    bool found = false;
    if (!vouch__file_exists(path) || vouch__file_read(ctx, path, KEPT_MAX, &text))
        return false;
    if (!vouch__json_read(ctx, path, text.at, text.len, KEPT_MAX, &doc)) {
        const vouch__json *root = vouch__doc_root(doc), *list = vouch__json_get(root, "figures");
        const char *of = vouch__json_string(vouch__json_get(root, "fingerprint"));
        const char *error = vouch__json_string(vouch__json_get(root, "error"));
        const vouch__json *kept = error ? vouch__json_text(lda->job->list.doc, error) : NULL;
        found = of && !strcmp(of, print) && (error || (list && list->len == FIGURES));
        figures_of(t, at);
        for (size_t k = 0; found && !error && k < FIGURES; k++)
            *at[k] = vouch__json_double(vouch__json_at(list, k), NAN);
        t->c.gap.column = (size_t)vouch__json_int(vouch__json_get(root, "column"), 0);
        t->c.gap.group = (size_t)vouch__json_int(vouch__json_get(root, "group"), 0);
        t->error = found && kept ? kept->text : NULL;
        t->c.is_failed = found && error;
    }
    vouch__doc_free(doc);
    vouch__buf_free(&text);
    return found && t->c.gap.column < lda->rules.n_columns;
}

vouch_status vouch__lda_keep(vouch_ctx *ctx, const vouch__lda_kept *kept, vouch__lda_try *t)
{
    vouch__doc *doc = NULL;
    vouch__buf text;
    double *at[FIGURES];
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (status)
        return status;
    vouch__json *root = vouch__json_object(doc);
    (void)vouch__json_set(doc, root, "fingerprint", vouch__json_text(doc, kept->print));
    (void)vouch__json_set(doc, root, "what", vouch__json_text(doc, t->what));
    if (t->error)
        (void)vouch__json_set(doc, root, "error", vouch__json_text(doc, t->error));
    vouch__json *list = vouch__json_set(doc, root, "figures", vouch__json_array(doc));
    figures_of(t, at);
    for (size_t k = 0; k < FIGURES; k++)
        (void)vouch__json_push(doc, list, vouch__json_number(doc, *at[k]));
    if (!t->error) {
        (void)vouch__json_set(doc, root, "column", vouch__json_number(doc, (double)t->c.gap.column));
        (void)vouch__json_set(doc, root, "group", vouch__json_number(doc, (double)t->c.gap.group));
    }
    status = vouch__doc_status(ctx, doc);
    vouch__buf_init(ctx, &text, 0);
    if (!status) {
        vouch__json_write(&text, root);
        status = vouch__buf_status(ctx, &text);
    }
    if (!status)
        status = vouch__file_write(ctx, kept->path, text.at, text.len, 0644);
    vouch__buf_free(&text);
    vouch__doc_free(doc);
    return status;
}

vouch_status vouch__lda_kept_find(vouch_ctx *ctx, const vouch__lda *lda, vouch__lda_try *t,
                                  vouch__lda_kept *out, bool *out_found)
{
    vouch_status status = print_of(ctx, lda, t, out->print);
    if (status)
        return status;
    out->path = kept_path(ctx, lda, out->print);
    if (!out->path)
        return vouch__oom(ctx);
    *out_found = take_kept(ctx, out->path, out->print, lda, t);
    return VOUCH_OK;
}

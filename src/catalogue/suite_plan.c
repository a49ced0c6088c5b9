/* Reading a suite. What is misspelt is refused: a test that silently does not run is a control that is not
 * there. */
#include "catalogue/suite_plan.h"

#include "base/embedded.h"
#include "base/file.h"

#include <stdio.h>
#include <string.h>

enum { FILE_MAX_BYTES = 1 << 20, ITEMS_MAX = 1000, IDS_MAX = 512 };

vouch_status vouch__shelf_read(vouch_ctx *ctx, const char *shelf, const char *name, vouch__buf *out_text)
{
    char path[160];
    if (vouch__file_exists(name)) {
        vouch__buf_free(out_text);
        return vouch__file_read(ctx, name, FILE_MAX_BYTES, out_text);
    }
    int n = snprintf(path, sizeof path, "%s/%s.yaml", shelf, name);
    const vouch__embedded *file = n > 0 && (size_t)n < sizeof path ? vouch__embedded_find(path) : NULL;
    if (file) {
        vouch__buf_add(out_text, file->text, file->len);
        return vouch__buf_status(ctx, out_text);
    }
    const char *names[64];
    char kept[64][48];
    size_t found = 0, len = strlen(shelf);
    for (file = vouch__embedded_files; file->path && found < 64; file++) {
        size_t end = strlen(file->path);
        if (strncmp(file->path, shelf, len) != 0 || file->path[len] != '/' || end - len - 6 >= sizeof kept[0])
            continue;
        (void)snprintf(kept[found], sizeof kept[0], "%.*s", (int)(end - len - 6), file->path + len + 1);
        names[found] = kept[found];
        found++;
    }
    const char *near = vouch__nearest(name, names, found);
    return vouch__fail(ctx, VOUCH_E_NOTFOUND, "no file '%.100s', and nothing of that name is built in%s",
                       name, vouch__did_you_mean(near).text);
}

static const char *nearest_id(const char *id)
{
    const char *ids[IDS_MAX];
    size_t n = vouch_test_count() < IDS_MAX ? vouch_test_count() : IDS_MAX;
    for (size_t i = 0; i < n; i++)
        ids[i] = vouch_test_at(i)->id;
    return vouch__nearest(id, ids, n);
}

static vouch__param_table table_of(const vouch_test *test)
{
    return (vouch__param_table){ "test", test->id, test->params, test->n_params };
}

/* ---- the file ---- */

typedef struct reader {
    vouch_ctx *ctx;
    const char *path;
    vouch__plan *plan;
} reader;

static vouch_status add_item(const reader *r, const vouch_test *test, const vouch__json *params)
{
    vouch__plan *plan = r->plan;
    if (plan->n == ITEMS_MAX)
        return vouch__fail(r->ctx, VOUCH_E_LIMIT, "%s: over %d tests", r->path, ITEMS_MAX);
    if (test->n_params > VOUCH__PARAMS_MAX)
        return vouch__fail(r->ctx, VOUCH_E_LIMIT, "%s: over %d parameters", test->id, VOUCH__PARAMS_MAX);
    vouch__plan_item *more = vouch__resize(&plan->alloc, plan->item, plan->n + 1, sizeof *more);
    if (!more)
        return vouch__oom(r->ctx);
    plan->item = more;
    vouch__plan_item *item = &plan->item[plan->n];
    const vouch__param_table table = table_of(test);
    *item = (vouch__plan_item){ .test = test };
    vouch_status status = vouch__param_read(r->ctx, &table, params, NULL, 0, item->value);
    if (status)
        return vouch__because(r->ctx, status, "%s", r->path);
    item->given = params && params->type == VOUCH__JSON_OBJECT ? vouch__json_copy(plan->doc, params)
                                                               : vouch__json_object(plan->doc);
    plan->n++;
    return vouch__doc_status(r->ctx, plan->doc);
}

static vouch_status unknown_test(const reader *r, const vouch__json *node, const char *id)
{
    const char *near = nearest_id(id);
    return vouch__json_fail(r->ctx, VOUCH_E_FORMAT, r->path, node, "no test '%.60s'%s", id,
                            vouch__did_you_mean(near).text);
}

static vouch_status read_item(const reader *r, const vouch__json *node)
{
    const char *id = vouch__json_string(node);
    if (id) {
        const vouch_test *test = vouch_test_find(id);
        return test ? add_item(r, test, NULL) : unknown_test(r, node, id);
    }
    if (node->type != VOUCH__JSON_OBJECT || node->len != 1)
        return vouch__json_fail(r->ctx, VOUCH_E_FORMAT, r->path, node,
                                "a test is its id, or its id with a mapping of parameters");
    const vouch_test *test = vouch_test_find(node->first->key);
    if (!test)
        return unknown_test(r, node->first, node->first->key);
    return add_item(r, test, node->first);
}

/* A member that is text; numbers are taken as they are written. */
static vouch_status read_text(const reader *r, const vouch__json *object, const char *key, const char **out)
{
    const vouch__json *node = vouch__json_get(object, key);
    if (!node || node->type == VOUCH__JSON_NULL)
        return VOUCH_OK;
    if (node->type == VOUCH__JSON_NUMBER || node->type == VOUCH__JSON_BOOL) {
        char digits[VOUCH__DOUBLE_MAX];
        (void)vouch__double_text(node->number, digits);
        const vouch__json *made = vouch__json_text(r->plan->doc, node->type == VOUCH__JSON_NUMBER ? digits
                                                                 : node->flag                     ? "true"
                                                                                                  : "false");
        *out = made ? made->text : NULL;
        return vouch__doc_status(r->ctx, r->plan->doc);
    }
    if (!vouch__json_string(node))
        return vouch__json_fail(r->ctx, VOUCH_E_FORMAT, r->path, node, "%s must be text", key);
    *out = node->text;
    return VOUCH_OK;
}

/* A text, or a list of texts as one text with commas. */
static vouch_status read_names(const reader *r, const vouch__json *object, const char *key, const char **out)
{
    const vouch__json *node = vouch__json_get(object, key);
    if (!node || node->type != VOUCH__JSON_ARRAY)
        return read_text(r, object, key, out);
    const vouch__json *all = NULL;
    for (const vouch__json *at = node->first; at; at = at->next) {
        if (!vouch__json_string(at))
            return vouch__json_fail(r->ctx, VOUCH_E_FORMAT, r->path, at, "%s must be a list of names", key);
        all = all ? vouch__json_fmt(r->plan->doc, "%s,%s", all->text, at->text)
                  : vouch__json_text(r->plan->doc, at->text);
        if (!all)
            return vouch__doc_status(r->ctx, r->plan->doc);
    }
    *out = all ? all->text : "";
    return VOUCH_OK;
}

static vouch_status read_columns(const reader *r, const vouch__json *node, vouch_test_columns *c)
{
    static const char *const known[] = { "id",
                                         "score",
                                         "score_is_safe",
                                         "probability",
                                         "rival",
                                         "label",
                                         "bad",
                                         "weight",
                                         "amount",
                                         "date",
                                         "segment",
                                         "grade",
                                         "grade_before",
                                         "groups",
                                         "features",
                                         "class",
                                         "class_probabilities" };
    if (!node)
        return VOUCH_OK;
    vouch_status status = vouch__json_known(r->ctx, r->path, node, known, sizeof known / sizeof *known);
    const struct {
        const char *key;
        const char **out;
    } text[] = {
        { "id", &c->id },
        { "score", &c->score },
        { "probability", &c->probability },
        { "rival", &c->rival },
        { "label", &c->label },
        { "bad", &c->bad },
        { "weight", &c->weight },
        { "amount", &c->amount },
        { "date", &c->date },
        { "segment", &c->segment },
        { "grade", &c->grade },
        { "grade_before", &c->grade_before },
        { "groups", &c->groups },
        { "features", &c->features },
        { "class", &c->outcome },
        { "class_probabilities", &c->class_probabilities },
    };
    for (size_t i = 0; i < sizeof text / sizeof *text && !status; i++)
        if (!*text[i].out) /* what the caller gave comes first */
            status = read_names(r, node, text[i].key, text[i].out);
    const vouch__json *safe = vouch__json_get(node, "score_is_safe");
    if (!status && safe && safe->type != VOUCH__JSON_BOOL)
        return vouch__json_fail(r->ctx, VOUCH_E_FORMAT, r->path, safe, "score_is_safe must be true or false");
    if (!status && !c->score_is_safe)
        c->score_is_safe = vouch__json_flag(safe, false);
    return status;
}

vouch_status vouch__plan_parse(vouch_ctx *ctx, const char *path, const char *text, size_t len,
                               vouch__plan *plan)
{
    static const char *const known[] = { "suite", "title",       "tests",  "data",    "reference",
                                         "model", "rival_model", "policy", "columns", "legal" };
    const reader r = { ctx, path, plan };
    plan->alloc = *vouch__allocator(ctx);
    vouch_status status = vouch__yaml_read(ctx, path, text, len, FILE_MAX_BYTES, &plan->doc);
    if (status)
        return status;
    const vouch__json *root = vouch__doc_root(plan->doc), *tests = vouch__json_get(root, "tests");
    status = vouch__json_known(ctx, path, root, known, sizeof known / sizeof *known);
    const struct {
        const char *key;
        const char **out;
    } member[] = {
        { "suite", &plan->name },
        { "title", &plan->title },
        { "data", &plan->data },
        { "reference", &plan->reference },
        { "model", &plan->model },
        { "policy", &plan->policy },
        { "rival_model", &plan->rival_model },
    };
    for (size_t i = 0; i < sizeof member / sizeof *member && !status; i++)
        status = read_text(&r, root, member[i].key, member[i].out);
    if (!status)
        status = read_names(&r, root, "legal", &plan->legal);
    if (!status)
        status = read_columns(&r, vouch__json_get(root, "columns"), &plan->column);
    if (!status && (!tests || tests->type != VOUCH__JSON_ARRAY))
        return vouch__json_fail(ctx, VOUCH_E_FORMAT, path, tests ? tests : root, "tests must be a list");
    for (const vouch__json *at = status ? NULL : tests->first; at && !status; at = at->next)
        status = read_item(&r, at);
    return status;
}

/* ---- the options ---- */

static vouch_status add_options(vouch_ctx *ctx, const vouch_suite_options *o, vouch__plan *plan)
{
    const reader r = { ctx, "tests", plan };
    for (size_t i = 0; i < o->n_tests; i++) {
        const vouch_test *test = vouch_test_find(o->tests[i]);
        const char *near = test ? NULL : nearest_id(o->tests[i]);
        if (!test)
            return vouch__fail(ctx, VOUCH_E_ARG, "no test '%.60s'%s", o->tests[i],
                               vouch__did_you_mean(near).text);
        vouch_status status = add_item(&r, test, NULL);
        if (status)
            return status;
    }
    return VOUCH_OK;
}

/* "validate.ece.bins=20": the part before the last dot of the name is the test. */
static vouch_status apply_set(vouch_ctx *ctx, const char *set, vouch__plan *plan)
{
    char id[96], name[96];
    const char *equals = strchr(set, '='), *dot = equals;
    while (dot && dot > set && *dot != '.')
        dot--;
    if (!equals || dot == set || (size_t)(dot - set) >= sizeof id || (size_t)(equals - dot) > sizeof name)
        return vouch__fail(ctx, VOUCH_E_ARG, "'%.80s' must read test.parameter=value", set);
    (void)snprintf(id, sizeof id, "%.*s", (int)(dot - set), set);
    (void)snprintf(name, sizeof name, "%.*s", (int)(equals - dot - 1), dot + 1);
    vouch__doc *doc = NULL;
    vouch_status status = vouch__yaml_read(ctx, set, equals + 1, strlen(equals + 1), FILE_MAX_BYTES, &doc);
    size_t applied = 0;
    for (size_t i = 0; i < plan->n && !status; i++) {
        vouch__plan_item *item = &plan->item[i];
        const vouch__param_table table = table_of(item->test);
        if (strcmp(item->test->id, id) != 0)
            continue;
        applied++;
        (void)vouch__json_set(plan->doc, item->given, name,
                              vouch__json_copy(plan->doc, vouch__doc_root(doc)));
        status = vouch__doc_status(ctx, plan->doc);
        if (!status)
            status = vouch__param_read(ctx, &table, item->given, NULL, 0, item->value);
        if (status)
            status = vouch__because(ctx, status, "%s", set);
    }
    vouch__doc_free(doc);
    if (!status && !applied) {
        const char *near = vouch_test_find(id) ? NULL : nearest_id(id);
        return vouch__fail(ctx, VOUCH_E_ARG, "'%.80s': the test %.60s is not among those that are run%s", set,
                           id, vouch__did_you_mean(near).text);
    }
    return status;
}

static vouch_status make(vouch_ctx *ctx, const vouch_suite_options *o, vouch__plan *plan)
{
    static const char nothing[] = "{suite: tests, tests: []}";
    vouch__buf text;
    vouch_status status = VOUCH_OK;
    plan->column = o->column;
    vouch__buf_init(ctx, &text, 0);
    if (o->suite)
        status = vouch__shelf_read(ctx, "suites", o->suite, &text);
    if (!status)
        status = vouch__plan_parse(ctx, o->suite ? o->suite : "tests", o->suite ? text.at : nothing,
                                   o->suite ? text.len : sizeof nothing - 1, plan);
    if (!status && o->suite && vouch__file_exists(o->suite)) {
        char *folder = vouch__path_folder(ctx, o->suite);
        const vouch__json *kept = folder ? vouch__json_text(plan->doc, folder) : NULL;
        plan->folder = kept ? kept->text : NULL;
        vouch__free(vouch__allocator(ctx), folder);
        status = kept ? VOUCH_OK : vouch__oom(ctx);
    }
    vouch__buf_free(&text);
    if (!status)
        status = add_options(ctx, o, plan);
    for (size_t i = 0; i < o->n_set && !status; i++)
        status = apply_set(ctx, o->set[i], plan);
    if (!status && plan->n == 0)
        status = vouch__fail(ctx, VOUCH_E_ARG, "no test is named, and no suite");
    if (!status && !plan->name)
        plan->name = "tests";
    return status;
}

vouch_status vouch__plan_make(vouch_ctx *ctx, const vouch_suite_options *options, vouch__plan *out)
{
    vouch__plan plan = { .alloc = *vouch__allocator(ctx) };
    vouch_status status = make(ctx, options, &plan);
    if (status)
        vouch__plan_clear(&plan);
    else
        *out = plan;
    return status;
}

void vouch__plan_clear(vouch__plan *plan)
{
    vouch__doc_free(plan->doc);
    vouch__free(&plan->alloc, plan->item);
    plan->doc = NULL;
    plan->item = NULL;
    plan->n = 0;
}

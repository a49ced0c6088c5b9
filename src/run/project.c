/* The project file's shape is in the tables of keys below; reading is a walk over them. */
#include "run/project.h"

#include "base/embedded.h"
#include "base/file.h"
#include "base/schema.h"
#include "run/calibrating.h"
#include "run/rejecting.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 20 };

/* clang-format off */
static const vouch__key top_keys[] = {
    { "project", VOUCH__KEY_TEXT, true, 0, 0, NULL },       { "data", VOUCH__KEY_MAPPING, true, 0, 0, NULL },
    { "split", VOUCH__KEY_MAPPING, true, 0, 0, NULL },      { "models", VOUCH__KEY_MAPPING, true, 0, 0, NULL },
    { "champion", VOUCH__KEY_MAPPING, false, 0, 0, NULL },  { "decide", VOUCH__KEY_MAPPING, false, 0, 0, NULL },
    { "reasons", VOUCH__KEY_MAPPING, false, 0, 0, NULL },   { "controls", VOUCH__KEY_TEXT, false, 0, 0, NULL },
    { "legal", VOUCH__KEY_LIST, false, 0, 0, NULL },        { "policy", VOUCH__KEY_TEXT, false, 0, 0, NULL },
    { "alternatives", VOUCH__KEY_MAPPING, false, 0, 0, NULL },
    { "calibrate", VOUCH__KEY_MAPPING, false, 0, 0, NULL }, { "rejects", VOUCH__KEY_MAPPING, false, 0, 0, NULL },
};
static const vouch__key calibrate_keys[] = {
    { "method", VOUCH__KEY_TEXT, false, 0, 0, "platt|beta|isotonic|shift|scale|prior|qmm|pit|ttc" },
    { "to", VOUCH__KEY_NUMBER, false, 0, 1, NULL },          { "from", VOUCH__KEY_NUMBER, false, 0, 1, NULL },
    { "rho", VOUCH__KEY_NUMBER, false, 0, 1, NULL },         { "z", VOUCH__KEY_NUMBER, false, -10, 10, NULL },
    { "auc", VOUCH__KEY_NUMBER, false, 0.5, 1, NULL },       { "scale", VOUCH__KEY_TEXT, false, 0, 0, NULL },
    { "grades", VOUCH__KEY_NUMBER, false, 2, 100, NULL },    { "optimal", VOUCH__KEY_ANY, false, 0, 0, NULL },
    { "min_pd", VOUCH__KEY_NUMBER, false, 0, 1, NULL },      { "max_pd", VOUCH__KEY_NUMBER, false, 0, 1, NULL },
    { "min_share", VOUCH__KEY_NUMBER, false, 0, 0.5, NULL }, { "max_share", VOUCH__KEY_NUMBER, false, 0, 1, NULL },
    { "max_herfindahl", VOUCH__KEY_NUMBER, false, 0, 1, NULL }, { "max_p", VOUCH__KEY_NUMBER, false, 0, 1, NULL },
    { "grade_pd", VOUCH__KEY_ANY, false, 0, 0, NULL },
};
static const vouch__key data_keys[] = {
    { "source", VOUCH__KEY_TEXT, true, 0, 0, NULL },        { "id", VOUCH__KEY_TEXT, false, 0, 0, NULL },
    { "target", VOUCH__KEY_MAPPING, true, 0, 0, NULL },     { "decision_time", VOUCH__KEY_TEXT, false, 0, 0, NULL },
    { "weight", VOUCH__KEY_TEXT, false, 0, 0, NULL },       { "group", VOUCH__KEY_TEXT, false, 0, 0, NULL },
    { "protected", VOUCH__KEY_LIST, false, 0, 0, NULL },    { "ignore", VOUCH__KEY_LIST, false, 0, 0, NULL },
    { "columns", VOUCH__KEY_MAPPING, false, 0, 0, NULL },
};
static const vouch__key target_keys[] = {
    { "column", VOUCH__KEY_TEXT, true, 0, 0, NULL },        { "bad", VOUCH__KEY_ANY, false, 0, 0, NULL },
    { "law", VOUCH__KEY_TEXT, false, 0, 0, VOUCH__LAW_WORDS },
    { "exposure", VOUCH__KEY_TEXT, false, 0, 0, NULL },
};
static const vouch__key split_keys[] = {
    { "by", VOUCH__KEY_TEXT, true, 0, 0, "random|time|group" },
    { "test", VOUCH__KEY_NUMBER, false, 0, 0.9, NULL },     { "tune", VOUCH__KEY_NUMBER, false, 0, 0.9, NULL },
    { "out_of_time", VOUCH__KEY_NUMBER, false, 0, 0.9, NULL },
    { "seed", VOUCH__KEY_NUMBER, false, 0, 9007199254740991.0, NULL },
    { "folds", VOUCH__KEY_NUMBER, false, 2, 100, NULL },    { "fold", VOUCH__KEY_NUMBER, false, 0, 99, NULL },
};
static const vouch__key champion_keys[] = {
    { "metric", VOUCH__KEY_TEXT, false, 0, 0, "auc|deviance" },      { "prefer", VOUCH__KEY_TEXT, false, 0, 0, NULL },
    { "margin", VOUCH__KEY_NUMBER, false, 0, 1, NULL },
};
static const vouch__key decide_keys[] = {
    { "cutoff", VOUCH__KEY_ANY, false, 0, 0, NULL },        { "reasons", VOUCH__KEY_MAPPING, false, 0, 0, NULL },
    { "profit", VOUCH__KEY_MAPPING, false, 0, 0, NULL },
};
static const vouch__key profit_keys[] = {
    { "margin", VOUCH__KEY_NUMBER, false, -1e9, 1e9, NULL }, { "lgd", VOUCH__KEY_NUMBER, false, -1e9, 1e9, NULL },
    { "cost", VOUCH__KEY_NUMBER, false, 0, 1e12, NULL },     { "amount", VOUCH__KEY_TEXT, false, 0, 0, NULL },
};
static const vouch__key cutoff_keys[] = { { "max_bad_rate", VOUCH__KEY_NUMBER, true, 0, 1, NULL } };
static const vouch__key method_keys[] = {
    { "method", VOUCH__KEY_TEXT, false, 0, 0, "average-applicant|just-approved|most-points|neutral-points" },
    { "most", VOUCH__KEY_NUMBER, false, 1, 4, NULL },
};
static const vouch__key reason_keys[] = {
    { "characteristic", VOUCH__KEY_TEXT, true, 0, 0, NULL }, { "text", VOUCH__KEY_TEXT, true, 0, 0, NULL },
    { "code", VOUCH__KEY_TEXT, false, 0, 0, NULL },
};
static const vouch__key import_keys[] = {
    { "import", VOUCH__KEY_TEXT, true, 0, 0, NULL },
    { "format", VOUCH__KEY_TEXT, false, 0, 0, NULL },
    { "iterations", VOUCH__KEY_ANY, false, 0, 0, NULL },
    { "output", VOUCH__KEY_NUMBER, false, 0, 1023, NULL },
    { "lenient", VOUCH__KEY_FLAG, false, 0, 0, NULL },
};
/* clang-format on */

#define N(table) (sizeof(table) / sizeof((table)[0]))

typedef struct reader {
    vouch_ctx *ctx;
    vouch__project *p;
} reader;

static vouch_status check_texts(reader r, const char *what, const vouch__json *list)
{
    for (const vouch__json *item = list ? list->first : NULL; item; item = item->next)
        if (item->type != VOUCH__JSON_STRING)
            return vouch__schema_fail(r.ctx, r.p->path, item, "%s must hold names", what);
    return VOUCH_OK;
}

static bool is_there(const vouch__json *node) { return node && node->type != VOUCH__JSON_NULL; }

/* A key that only some laws have. */
static vouch_status not_of_law(reader r, const vouch__json *at, const char *key)
{
    return vouch__schema_fail(r.ctx, r.p->path, at, "%s does not go with a target that is %s", key,
                              r.p->law->what);
}

static vouch_status read_target(reader r, const vouch__json *target)
{
    vouch__project *p = r.p;
    const vouch__json *bad = vouch__json_get(target, "bad"), *exposure = vouch__json_get(target, "exposure");
    p->target = vouch__json_string(vouch__json_get(target, "column"));
    p->exposure = vouch__json_string(exposure);
    p->law = vouch__law_find(vouch__json_string(vouch__json_get(target, "law")));
    p->bad = is_there(bad) ? bad : NULL;
    if (p->law->is_event && !p->bad)
        return vouch__schema_fail(
            r.ctx, p->path, target,
            "data.target needs 'bad', the value that is the event, or a law of numbers: "
            "count, amount, value or share");
    if (!p->law->is_event && p->bad)
        return not_of_law(r, bad, "data.target.bad");
    if (p->exposure && !p->law->takes_exposure)
        return not_of_law(r, exposure, "data.target.exposure");
    if (p->bad && p->bad->type != VOUCH__JSON_NUMBER && p->bad->type != VOUCH__JSON_STRING &&
        p->bad->type != VOUCH__JSON_BOOL)
        return vouch__schema_fail(r.ctx, p->path, p->bad,
                                  "data.target.bad must be a number, a text, true or false");
    return VOUCH_OK;
}

static vouch_status read_data(reader r, const vouch__json *data)
{
    vouch__project *p = r.p;
    const vouch__json *target = vouch__json_get(data, "target");
    const vouch__json *columns = vouch__json_get(data, "columns");
    vouch_status status = vouch__schema_check(r.ctx, p->path, "data", data, data_keys, N(data_keys));
    if (!status)
        status = vouch__schema_check(r.ctx, p->path, "data.target", target, target_keys, N(target_keys));
    if (status)
        return status;
    p->source = vouch__json_string(vouch__json_get(data, "source"));
    p->id = vouch__json_string(vouch__json_get(data, "id"));
    p->time = vouch__json_string(vouch__json_get(data, "decision_time"));
    p->weight = vouch__json_string(vouch__json_get(data, "weight"));
    p->group = vouch__json_string(vouch__json_get(data, "group"));
    status = read_target(r, target);
    if (status)
        return status;
    p->protected_names = vouch__json_get(data, "protected");
    p->ignored_names = vouch__json_get(data, "ignore");
    status = check_texts(r, "data.protected", p->protected_names);
    if (!status)
        status = check_texts(r, "data.ignore", p->ignored_names);
    if (status || !columns || columns->type != VOUCH__JSON_OBJECT)
        return status;
    return vouch__rules_read(r.ctx, p->path, columns, p->doc, &p->rule, &p->n_rules);
}

static vouch_status read_split(reader r, const vouch__json *split)
{
    vouch__project *p = r.p;
    vouch_status status = vouch__schema_check(r.ctx, p->path, "split", split, split_keys, N(split_keys));
    if (status)
        return status;
    const char *by = vouch__json_string(vouch__json_get(split, "by"));
    p->split_by = !strcmp(by, "time")    ? VOUCH__SPLIT_TIME
                  : !strcmp(by, "group") ? VOUCH__SPLIT_GROUP
                                         : VOUCH__SPLIT_RANDOM;
    p->test = vouch__json_double(vouch__json_get(split, "test"), 0.3);
    p->tune = vouch__json_double(vouch__json_get(split, "tune"), 0.2);
    p->out_of_time = vouch__json_double(vouch__json_get(split, "out_of_time"),
                                        p->split_by == VOUCH__SPLIT_TIME ? 0.2 : 0);
    p->seed = (uint64_t)vouch__json_int(vouch__json_get(split, "seed"), 1);
    p->folds = (size_t)vouch__json_int(vouch__json_get(split, "folds"), 0);
    p->fold = (size_t)vouch__json_int(vouch__json_get(split, "fold"), 0);
    if (p->test + p->tune + p->out_of_time >= 1)
        return vouch__schema_fail(r.ctx, p->path, split,
                                  "split: test, tune and out_of_time leave no rows to train on");
    if (p->folds && p->fold >= p->folds)
        return vouch__schema_fail(r.ctx, p->path, split, "split.fold must be below split.folds (%zu)",
                                  p->folds);
    if (p->split_by == VOUCH__SPLIT_TIME && !p->time)
        return vouch__schema_fail(r.ctx, p->path, split, "split by time needs data.decision_time");
    if (p->split_by == VOUCH__SPLIT_GROUP && !p->group)
        return vouch__schema_fail(r.ctx, p->path, split, "split by group needs data.group");
    return VOUCH_OK;
}

static vouch_status read_monotone(reader r, vouch__model_plan *plan)
{
    const vouch__json *monotone = vouch__json_get(plan->mapping, "monotone");
    bool is_auto = vouch__json_string(monotone) && !strcmp(monotone->text, "auto");
    if (!monotone || (is_auto && (plan->kind->capabilities & VOUCH__CAN_POINTS)))
        return VOUCH_OK; /* auto is how scorecards bin: each characteristic rises or falls, whichever tells
                            more */
    if (monotone->type != VOUCH__JSON_OBJECT)
        return vouch__schema_fail(r.ctx, r.p->path, monotone,
                                  "models.%s.monotone must be a mapping of column: up | down%s", plan->name,
                                  plan->kind->capabilities & VOUCH__CAN_POINTS ? ", or auto" : "");
    for (const vouch__json *node = monotone->first; node; node = node->next) {
        const char *word = vouch__json_string(node);
        if (!word || (strcmp(word, "up") != 0 && strcmp(word, "down") != 0))
            return vouch__schema_fail(r.ctx, r.p->path, node, "monotone.%s must be up or down", node->key);
    }
    plan->monotone = monotone;
    return VOUCH_OK;
}

/* A model that another library has trained. */
static vouch_status read_import(reader r, const vouch__json *node, vouch__model_plan *plan)
{
    char what[128];
    const vouch__json *iterations = vouch__json_get(node, "iterations");
    const char *word = vouch__json_string(iterations);
    double count = vouch__json_double(iterations, 0);
    (void)snprintf(what, sizeof what, "models.%s", node->key);
    vouch_status status = vouch__schema_check(r.ctx, r.p->path, what, node, import_keys, N(import_keys));
    if (status)
        return status;
    plan->kind = vouch__kind_find("forest");
    plan->import = vouch__json_string(vouch__json_get(node, "import"));
    plan->options = (vouch_import_options){ .format = vouch__json_string(vouch__json_get(node, "format")),
                                            .name = plan->name };
    plan->options.output = (int)vouch__json_int(vouch__json_get(node, "output"), -1);
    plan->options.lenient = vouch__json_flag(vouch__json_get(node, "lenient"), false);
    if (!iterations || (word && !strcmp(word, "all")))
        return VOUCH_OK;
    if (word && !strcmp(word, "best")) {
        plan->options.iterations = VOUCH_ITERATIONS_BEST;
        return VOUCH_OK;
    }
    if (!(count >= 1 && count <= 2147483647 && floor(count) == count))
        return vouch__schema_fail(r.ctx, r.p->path, iterations,
                                  "models.%s.iterations must be all, best or a whole number from 1",
                                  node->key);
    plan->options.iterations = (long)count;
    return VOUCH_OK;
}

/* Neither kind nor import: perhaps one of them misspelt. */
static vouch_status no_kind(reader r, const vouch__json *node)
{
    static const char *const wanted[] = { "kind", "import" };
    for (const vouch__json *at = node->first; at && node->type == VOUCH__JSON_OBJECT; at = at->next) {
        const char *near = vouch__nearest(at->key, wanted, 2);
        if (near && strcmp(near, at->key) != 0)
            return vouch__schema_fail(r.ctx, r.p->path, at, "unknown key '%s' in models.%s%s", at->key,
                                      node->key, vouch__did_you_mean(near).text);
    }
    return vouch__schema_fail(r.ctx, r.p->path, node, "models.%s needs 'kind', or 'import'", node->key);
}

static vouch_status read_model(reader r, const vouch__json *node)
{
    static const char *const skip[] = { "kind", "monotone" };
    vouch__model_plan *plan = &r.p->plan[r.p->n_plans++];
    const vouch__json *kind = vouch__json_get(node, "kind");
    const char *names[8];
    *plan = (vouch__model_plan){ .name = node->key, .mapping = node };
    if (vouch__json_get(node, "import"))
        return read_import(r, node, plan);
    if (!vouch__json_string(kind))
        return no_kind(r, node);
    plan->kind = vouch__kind_find(kind->text);
    if (!plan->kind) {
        const char *near = vouch__nearest(kind->text, names, vouch__kind_names(names, 8));
        return vouch__schema_fail(r.ctx, r.p->path, kind, "models.%s: no kind '%s'%s", node->key, kind->text,
                                  vouch__did_you_mean(near).text);
    }
    plan->value = vouch__alloc(r.ctx, plan->kind->n_params + 1, sizeof *plan->value);
    if (!plan->value)
        return vouch__oom(r.ctx);
    vouch_status status = read_monotone(r, plan);
    if (!status)
        status = vouch__params_read(r.ctx, plan->kind, node, skip, 2, plan->value);
    return status == VOUCH_E_FORMAT && !strstr(vouch_ctx_error(r.ctx), r.p->path)
               ? vouch__because(r.ctx, status, "%s: models.%s", r.p->path, node->key)
               : status;
}

static vouch_status read_models(reader r, const vouch__json *root)
{
    vouch__project *p = r.p;
    const vouch__json *models = vouch__json_get(root, "models");
    const vouch__json *champion = vouch__json_get(root, "champion");
    vouch_status status = VOUCH_OK;
    if (models->len == 0 || models->len > VOUCH__MODELS_MAX)
        return vouch__schema_fail(r.ctx, p->path, models, "models must name 1 to %d models",
                                  VOUCH__MODELS_MAX);
    for (const vouch__json *node = models->first; node && !status; node = node->next)
        status = read_model(r, node);
    if (status)
        return status;
    p->prefer = p->plan[0].name;
    p->margin = 0.01;
    if (!champion || champion->type == VOUCH__JSON_NULL)
        return VOUCH_OK;
    status = vouch__schema_check(r.ctx, p->path, "champion", champion, champion_keys, N(champion_keys));
    if (status)
        return status;
    p->margin = vouch__json_double(vouch__json_get(champion, "margin"), p->margin);
    const vouch__json *metric = vouch__json_get(champion, "metric");
    if (is_there(metric) && strcmp(metric->text, p->law->metric) != 0)
        return vouch__schema_fail(r.ctx, p->path, metric, "champion.metric must be %s where the target is %s",
                                  p->law->metric, p->law->what);
    const vouch__json *prefer = vouch__json_get(champion, "prefer");
    if (!vouch__json_string(prefer))
        return VOUCH_OK;
    p->prefer = prefer->text;
    if (!vouch__json_get(models, p->prefer)) {
        const char *name[VOUCH__MODELS_MAX], *near;
        for (size_t i = 0; i < p->n_plans; i++)
            name[i] = p->plan[i].name;
        near = vouch__nearest(p->prefer, name, p->n_plans);
        return vouch__schema_fail(r.ctx, p->path, prefer,
                                  "champion.prefer is '%s', which is not one of models%s", p->prefer,
                                  vouch__did_you_mean(near).text);
    }
    return VOUCH_OK;
}

static vouch_status read_cutoff(reader r, const vouch__json *decide)
{
    vouch__project *p = r.p;
    const vouch__json *cutoff = vouch__json_get(decide, "cutoff"),
                      *profit = vouch__json_get(decide, "profit");
    vouch_status status = VOUCH_OK;
    p->cutoff = p->max_bad_rate = NAN;
    if (!p->law->is_event)
        return is_there(cutoff)   ? not_of_law(r, cutoff, "decide.cutoff")
               : is_there(profit) ? not_of_law(r, profit, "decide.profit")
                                  : VOUCH_OK;
    if (!is_there(cutoff))
        return vouch__schema_fail(r.ctx, p->path, decide, "decide needs 'cutoff'");
    if (cutoff->type == VOUCH__JSON_NUMBER) {
        p->cutoff = cutoff->number;
        if (!(p->cutoff >= 0 && p->cutoff <= 1))
            return vouch__schema_fail(r.ctx, p->path, cutoff,
                                      "decide.cutoff must be a probability from 0 to 1");
    } else {
        status = vouch__schema_check(r.ctx, p->path, "decide.cutoff", cutoff, cutoff_keys, N(cutoff_keys));
        p->max_bad_rate = vouch__json_double(vouch__json_get(cutoff, "max_bad_rate"), NAN);
    }
    if (!status && is_there(profit))
        status = vouch__schema_check(r.ctx, p->path, "decide.profit", profit, profit_keys, N(profit_keys));
    return status;
}

static vouch_status read_decide(reader r, const vouch__json *root)
{
    vouch__project *p = r.p;
    const vouch__json *decide = vouch__json_get(root, "decide");
    const vouch__json *method = vouch__json_get(decide, "reasons"),
                      *profit = vouch__json_get(decide, "profit");
    vouch_status status = VOUCH_OK;
    if (is_there(decide))
        status = vouch__schema_check(r.ctx, p->path, "decide", decide, decide_keys, N(decide_keys));
    else if (p->law->is_event)
        status = vouch__schema_fail(r.ctx, p->path, root, "the project file needs 'decide'");
    if (!status)
        status = read_cutoff(r, decide);
    if (!status && is_there(method))
        status = vouch__schema_check(r.ctx, p->path, "decide.reasons", method, method_keys, N(method_keys));
    if (status)
        return status;
    for (size_t i = 0; i < 3; i++)
        p->profit[i] = vouch__json_double(vouch__json_get(profit, profit_keys[i].name), NAN);
    p->amount = vouch__json_string(vouch__json_get(profit, "amount"));
    const char *word = vouch__json_string(vouch__json_get(method, "method"));
    p->method = word ? word : "average-applicant";
    if (!p->law->is_event && strcmp(p->method, "average-applicant") != 0)
        return not_of_law(r, vouch__json_get(method, "method"), p->method);
    p->most = (size_t)vouch__json_int(vouch__json_get(method, "most"), 4);
    p->reasons = vouch__json_get(root, "reasons");
    if (p->reasons && p->reasons->type == VOUCH__JSON_NULL)
        p->reasons = NULL;
    for (const vouch__json *node = p->reasons ? p->reasons->first : NULL; node && !status; node = node->next)
        status = vouch__schema_check(r.ctx, p->path, node->key, node, reason_keys, N(reason_keys));
    return status;
}

static double real(const vouch__json *mapping, const char *key, double otherwise)
{
    return vouch__json_double(vouch__json_get(mapping, key), otherwise);
}

static vouch_status read_calibrate(reader r, const vouch__json *at)
{
    vouch__project *p = r.p;
    if (!is_there(at))
        return VOUCH_OK;
    if (!p->law->is_event)
        return not_of_law(r, at, "calibrate");
    vouch_status status = vouch__schema_check(r.ctx, p->path, "calibrate", at, calibrate_keys,
                                              N(calibrate_keys));
    if (status)
        return status;
    p->calibrates = true;
    p->calibrate = (vouch_calibrate_options){
        .method = vouch__json_string(vouch__json_get(at, "method")),
        .scale = vouch__json_string(vouch__json_get(at, "scale")),
        .to = real(at, "to", NAN),
        .from = real(at, "from", NAN),
        .rho = real(at, "rho", NAN),
        .z = real(at, "z", NAN),
        .auc = real(at, "auc", NAN),
        .grades = (size_t)real(at, "grades", 0),
        .min_pd = real(at, "min_pd", 0.0003),
        .max_pd = real(at, "max_pd", 0.25),
        .min_share = real(at, "min_share", 0),
        .max_share = real(at, "max_share", NAN),
        .max_herfindahl = real(at, "max_herfindahl", NAN),
        .max_p = real(at, "max_p", NAN),
        .optimal = vouch__json_flag(vouch__json_get(at, "optimal"), false),
        .grade_pd = vouch__json_flag(vouch__json_get(at, "grade_pd"), false)
    };
    status = vouch__calibrate_check(r.ctx, &p->calibrate);
    return status ? vouch__schema_fail(r.ctx, p->path, at, "%s", vouch_ctx_error(r.ctx)) : VOUCH_OK;
}

static vouch_status read_rejects(reader r, const vouch__json *at)
{
    vouch__rejecting plan = { .ctx = r.ctx };
    if (!is_there(at))
        return VOUCH_OK;
    if (!r.p->law->is_event)
        return not_of_law(r, at, "rejects");
    r.p->rejects = at;
    return vouch__rejecting_plan(&plan, r.p->path, at);
}

static vouch_status read_all(reader r)
{
    vouch__project *p = r.p;
    const vouch__json *root = vouch__doc_root(p->doc);
    vouch_status status = vouch__schema_check(r.ctx, p->path, "the project file", root, top_keys,
                                              N(top_keys));
    if (!status)
        status = read_data(r, vouch__json_get(root, "data"));
    if (!status)
        status = read_split(r, vouch__json_get(root, "split"));
    if (!status)
        status = read_models(r, root);
    if (!status)
        status = read_decide(r, root);
    if (!status)
        status = read_calibrate(r, vouch__json_get(root, "calibrate"));
    if (!status)
        status = read_rejects(r, vouch__json_get(root, "rejects"));
    if (status)
        return status;
    p->name = vouch__json_string(vouch__json_get(root, "project"));
    p->controls = vouch__json_string(vouch__json_get(root, "controls"));
    p->policy = vouch__json_string(vouch__json_get(root, "policy"));
    p->legal = vouch__json_get(root, "legal");
    p->alternatives = vouch__json_get(root, "alternatives");
    if (is_there(p->alternatives) && !p->law->is_event)
        return not_of_law(r, p->alternatives, "alternatives");
    if (!p->controls)
        p->controls = "sr-26-2";
    if (!p->policy)
        p->policy = "default";
    status = check_texts(r, "legal", p->legal);
    return status ? status : vouch__doc_status(r.ctx, p->doc);
}

vouch_status vouch__project_parse(vouch_ctx *ctx, const char *path, const char *folder, const char *text,
                                  size_t len, vouch__project *out_project)
{
    vouch__project p = { .alloc = *vouch__allocator(ctx), .len = len };
    vouch_status status = VOUCH_OK;
    p.path = vouch__strdup(ctx, path);
    p.folder = vouch__strdup(ctx, folder);
    p.text = vouch__alloc(ctx, len + 1, 1);
    if (!p.path || !p.folder || !p.text) {
        status = vouch__oom(ctx);
        goto done;
    }
    memcpy(p.text, text, len);
    status = vouch__hash_hex(ctx, text, len, p.fingerprint);
    if (!status)
        status = vouch__yaml_read(ctx, path, text, len, FILE_MAX, &p.doc);
    if (!status)
        status = read_all((reader){ ctx, &p });
done:
    if (status)
        vouch__project_clear(&p);
    else
        *out_project = p;
    return status;
}

vouch_status vouch__project_read(vouch_ctx *ctx, const char *path, vouch__project *out_project)
{
    vouch__buf buf;
    vouch__buf_init(ctx, &buf, FILE_MAX);
    char *folder = vouch__path_folder(ctx, path);
    char whole[PATH_MAX]; /* absolute, so that a replay from elsewhere finds the same files */
    vouch_status status = folder ? vouch__file_read(ctx, path, FILE_MAX, &buf) : vouch__oom(ctx);
    if (!status && !realpath(folder, whole))
        status = vouch__fail(ctx, VOUCH_E_IO, "%s: the folder can't be resolved: %s", path, strerror(errno));
    if (!status)
        status = vouch__project_parse(ctx, path, whole, buf.at ? buf.at : "", buf.len, out_project);
    vouch__free(vouch__allocator(ctx), folder);
    vouch__buf_free(&buf);
    return status;
}

void vouch__project_clear(vouch__project *project)
{
    for (size_t i = 0; i < project->n_plans; i++)
        vouch__free(&project->alloc, project->plan[i].value);
    if (project->alloc.resize) {
        vouch__rules_free(&project->alloc, project->rule, project->n_rules);
        vouch__free(&project->alloc, project->path);
        vouch__free(&project->alloc, project->folder);
        vouch__free(&project->alloc, project->text);
    }
    vouch__doc_free(project->doc);
    *project = (vouch__project){ .doc = NULL };
}

vouch_status vouch__project_store(vouch_ctx *ctx, const vouch__project *project, const char *name,
                                  vouch_store **out_store)
{
    char *beside = vouch__path_join(ctx, project->folder, "vouch.db");
    vouch_status status = beside ? vouch_store_open(ctx, name ? name : beside, 0, out_store)
                                 : vouch__oom(ctx);
    vouch__free(vouch__allocator(ctx), beside);
    return status;
}

vouch_status vouch__project_file(vouch_ctx *ctx, const vouch__project *project, const char *shelf,
                                 const char *name, vouch__buf *out_text)
{
    size_t len = strlen(name);
    bool is_path = len > 5 && !strcmp(name + len - 5, ".yaml");
    vouch_status status;
    char *path = is_path ? vouch__path_join(ctx, project->folder, name) : NULL;
    if (is_path && !path)
        return vouch__oom(ctx);
    bool is_beside = path && vouch__file_exists(path);
    if (is_beside) {
        vouch__buf_free(out_text);
        status = vouch__file_read(ctx, path, FILE_MAX, out_text);
    }
    vouch__free(vouch__allocator(ctx), path);
    if (is_beside)
        return status;
    vouch__buf_clear(out_text);
    if (is_path)
        vouch__buf_text(out_text, name);
    else
        vouch__buf_fmt(out_text, "%s/%s.yaml", shelf, name);
    status = vouch__buf_status(ctx, out_text);
    if (status)
        return status;
    const vouch__embedded *file = vouch__embedded_find(out_text->at);
    vouch__buf_clear(out_text);
    if (!file)
        return vouch__fail(ctx, VOUCH_E_NOTFOUND, "%s: no %s file '%s', beside the project or built in",
                           project->path, shelf, name);
    vouch__buf_add(out_text, file->text, file->len);
    return vouch__buf_status(ctx, out_text);
}

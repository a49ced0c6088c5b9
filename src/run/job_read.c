/* From the source to a table whose columns have roles: id, target, protected, inputs. Then the contract,
 * which alone can stop a run; quality; the split; and leakage, which needs the split. */
#include "run/job.h"

#include "base/schema.h"
#include "num/rank.h"

#include <math.h>
#include <string.h>

enum { READ_MIB = 768 };        /* a million rows of fifty columns are put in order without a disk */
enum { CATEGORIES_MAX = 1000 }; /* a text column with more is an identifier, not a category */

/* SIZE_MAX where the project names none. what: the member that names it. */
static vouch_status column_of(vouch_ctx *ctx, const vouch_table *table, const vouch__project *p,
                              const char *what, const char *name, size_t *out)
{
    *out = SIZE_MAX;
    vouch_status status = name ? vouch_table_column(ctx, table, name, out) : VOUCH_OK;
    if (!status)
        return VOUCH_OK;
    status = status == VOUCH_E_NOTFOUND ? VOUCH_E_DATA : status; /* the data do not fit the project */
    return vouch__because(ctx, status, "%s: %s", p->path, what);
}

/* The value of the target's column that means bad; NaN when no row can have it. */
static double bad_value(const vouch_table *table, size_t col, const vouch__json *bad)
{
    const char *want = vouch__json_string(bad);
    if (vouch_table_type(table, col) != VOUCH_TEXT)
        return bad->type == VOUCH__JSON_BOOL ? (double)bad->flag : vouch__json_double(bad, NAN);
    for (size_t code = 0; want && code < vouch_table_categories(table, col); code++)
        if (!strcmp(vouch_table_category(table, col, code), want))
            return (double)code;
    return NAN;
}

/* A column of numbers above 0. */
static vouch_status read_factor(vouch_ctx *ctx, const vouch_table *table, const vouch__project *p,
                                const char *what, const char *name, double *out)
{
    size_t col = vouch_table_find(table, name), n = vouch_table_rows(table);
    if (col == SIZE_MAX || vouch_table_type(table, col) == VOUCH_TEXT)
        return vouch__fail(ctx, VOUCH_E_DATA, "%s: %s %s must be a column of numbers", p->path, what, name);
    vouch_table_read(table, col, 0, n, out);
    for (size_t i = 0; i < n; i++)
        if (!(out[i] > 0.0 && out[i] < INFINITY))
            return vouch__fail(ctx, VOUCH_E_DATA, "%s: %s %s in row %zu must be finite and > 0", p->path,
                               what, name, i + 1);
    return VOUCH_OK;
}

/* The event, or the number itself. */
static vouch_status read_target(vouch_ctx *ctx, const vouch_table *table, const vouch__project *p,
                                double *out)
{
    size_t col, n = vouch_table_rows(table);
    vouch_status status = column_of(ctx, table, p, "data.target", p->target, &col);
    if (status)
        return status;
    bool is_text = vouch_table_type(table, col) == VOUCH_TEXT;
    if (is_text && !p->law->is_event)
        return vouch__fail(ctx, VOUCH_E_DATA, "%s: target %s is text, must be numbers for law %s", p->path,
                           p->target, p->law->name);
    if (is_text && !vouch__json_string(p->bad))
        return vouch__fail(ctx, VOUCH_E_DATA, "%s: target %s is text, so data.target.bad must be a text",
                           p->path, p->target);
    vouch_table_read(table, col, 0, n, out);
    double is_bad = p->bad ? bad_value(table, col, p->bad) : NAN;
    for (size_t i = 0; p->bad && i < n; i++)
        if (!isnan(out[i]))
            out[i] = out[i] == is_bad;
    return VOUCH_OK;
}

vouch_status vouch__outcome_read(vouch_ctx *ctx, const vouch_table *table, const vouch__project *project,
                                 double *out_target, double *weight)
{
    size_t n = vouch_table_rows(table), mark = vouch__scratch_mark(ctx);
    double *exposure = project->exposure ? vouch__scratch(ctx, n + 1, sizeof *exposure) : NULL;
    if (project->exposure && !exposure)
        return vouch__oom(ctx);
    vouch_status status = read_target(ctx, table, project, out_target);
    if (!status && project->weight && weight)
        status = read_factor(ctx, table, project, "weight", project->weight, weight);
    if (!status && exposure)
        status = read_factor(ctx, table, project, "exposure", project->exposure, exposure);
    for (size_t i = 0; exposure && i < n && !status; i++) {
        out_target[i] /= exposure[i];
        if (weight)
            weight[i] = project->weight ? weight[i] * exposure[i] : exposure[i];
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status check_outcomes(vouch_ctx *ctx, vouch__job *job)
{
    const vouch__project *p = &job->project;
    size_t n = vouch_table_rows(job->table), n_bad = 0, n_first = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(job->target[i]))
            return vouch__fail(ctx, VOUCH_E_DATA,
                               "%s: target %s is missing in row %zu: leave such rows out of the source",
                               p->path, p->target, i + 1);
        n_first += job->target[i] == job->target[0];
        n_bad += job->target[i] == 1.0;
        if (job->bad)
            job->bad[i] = job->target[i] == 1.0;
    }
    if (n_first == n && job->bad)
        return vouch__fail(ctx, VOUCH_E_DATA, "%s: target %s has one class: %zu of %zu rows are bad", p->path,
                           p->target, n_bad, n);
    if (n_first == n)
        return vouch__fail(ctx, VOUCH_E_DATA, "%s: target %s is the same in every row", p->path, p->target);
    return VOUCH_OK;
}

/* The outcomes, which settle the law; and with it what models are fitted by, where the project does not say.
 */
static vouch_status read_outcomes(vouch_ctx *ctx, vouch__job *job)
{
    vouch__project *p = &job->project;
    size_t n = vouch_table_rows(job->table);
    vouch__buf where;
    job->target = vouch__alloc(ctx, n + 1, sizeof *job->target);
    job->weight = p->weight || p->exposure ? vouch__alloc(ctx, n + 1, sizeof *job->weight) : NULL;
    job->bad = p->law->is_event ? vouch__alloc(ctx, n + 1, sizeof *job->bad) : NULL;
    if (!job->target || ((p->weight || p->exposure) && !job->weight) || (p->law->is_event && !job->bad))
        return vouch__oom(ctx);
    vouch_status status = vouch__outcome_read(ctx, job->table, p, job->target, job->weight);
    if (!status)
        status = check_outcomes(ctx, job);
    vouch__buf_init(ctx, &where, 0);
    vouch__buf_fmt(&where, "%s: target %s%s", p->path, p->target, p->exposure ? " by exposure" : "");
    if (!status)
        status = vouch__buf_status(ctx, &where);
    if (!status)
        status = vouch__law_settle(ctx, p->law, where.at, n, job->target, &job->law);
    vouch__buf_free(&where);
    for (size_t i = 0; i < p->n_plans && !status; i++) {
        vouch__model_plan *plan = &p->plan[i];
        status = vouch__law_model(ctx, job->law, plan->name, plan->kind, plan->mapping, plan->value);
        if (status)
            (void)vouch__because(ctx, status, "%s", p->path);
    }
    return status;
}

/* Why a column is not an input, or NULL when it is. */
static const char *role_of(const vouch__job *job, size_t col)
{
    const vouch__project *p = &job->project;
    const char *name = vouch_table_name(job->table, col);
    if (col == job->spec.id)
        return "id";
    if (!strcmp(p->target, name))
        return "target";
    if (p->exposure && !strcmp(p->exposure, name))
        return "exposure";
    if (col == job->spec.time)
        return "decision time";
    const char *accepted = vouch__json_string(vouch__json_get(p->rejects, "column")),
               *truth = vouch__json_string(vouch__json_get(p->rejects, "truth"));
    if ((accepted && !strcmp(accepted, name)) || (truth && !strcmp(truth, name)))
        return "whom the past accepted, or what became of the rejected";
    if ((p->weight && !strcmp(p->weight, name)) || (p->group && !strcmp(p->group, name)))
        return "weight or group";
    if (vouch__json_holds(p->protected_names, name))
        return "protected: measured, never modelled";
    if (vouch__json_holds(p->ignored_names, name))
        return "ignored by the project file";
    for (size_t i = 0; i < p->n_rules; i++)
        if (p->rule[i].available_at && !strcmp(p->rule[i].available_at, name))
            return "time of availability";
    vouch_type type = vouch_table_type(job->table, col);
    if (type == VOUCH_DATE || type == VOUCH_TIME)
        return "a date: derive a number from it to model it";
    if (type == VOUCH_TEXT && vouch_table_categories(job->table, col) > CATEGORIES_MAX)
        return "over 1,000 distinct texts";
    return NULL;
}

static void roles_entry(vouch__job *job)
{
    vouch__entry entry = VOUCH__ENTRY(.id = "data.roles", .section = "data",
                                      .title = "What each column is for",
                                      .purpose = "A reader must be able to see which columns the models may "
                                                 "use, and why the others are kept out.",
                                      .method = "Roles come from the project file; a column it does not name "
                                                "is an input when its type allows.",
                                      .n = (double)vouch_table_rows(job->table),
                                      .value = (double)job->spec.n_features, .unit = "inputs");
    vouch__json *object = vouch__evidence_add(&job->list, &entry);
    vouch__json *table = vouch__evidence_table(&job->list, object, "columns", "column,type,role");
    for (size_t col = 0; col < vouch_table_cols(job->table); col++) {
        vouch__json *row = vouch__evidence_row(&job->list, table);
        const char *role = role_of(job, col);
        vouch__row_text(&job->list, row, vouch_table_name(job->table, col));
        vouch__row_text(&job->list, row, vouch_type_name(vouch_table_type(job->table, col)));
        vouch__row_text(&job->list, row, role ? role : "input");
    }
}

static vouch_status named_column(vouch_ctx *ctx, const vouch__job *job, const char *what,
                                 const vouch__json *node, const char *name, size_t *out)
{
    vouch_status status = vouch_table_column(ctx, job->table, name, out);
    if (!status)
        return VOUCH_OK;
    return vouch__because(ctx, status == VOUCH_E_NOTFOUND ? VOUCH_E_DATA : status, "%s:%u:%u: %s",
                          job->project.path, node->line, node->column, what);
}

/* The columns of the project's lists. One misspelt would be an input after all, or lose its words. */
static vouch_status named_columns(vouch_ctx *ctx, vouch__job *job)
{
    const vouch__project *p = &job->project;
    size_t col;
    vouch_status status = VOUCH_OK;
    for (const vouch__json *at = p->protected_names ? p->protected_names->first : NULL; at && !status;
         at = at->next) {
        status = named_column(ctx, job, "data.protected", at, at->text, &col);
        if (!status && col == job->target_column)
            status = vouch__schema_fail(ctx, p->path, at, "data.protected names the target");
        if (!status)
            job->protected_column[job->n_protected++] = col;
    }
    for (const vouch__json *at = p->ignored_names ? p->ignored_names->first : NULL; at && !status;
         at = at->next)
        status = named_column(ctx, job, "data.ignore", at, at->text, &col);
    for (const vouch__json *at = p->reasons ? p->reasons->first : NULL; at && !status; at = at->next)
        status = named_column(ctx, job, "reasons", at, at->key, &col);
    return status;
}

static vouch_status find_columns(vouch_ctx *ctx, vouch__job *job)
{
    const vouch__project *p = &job->project;
    size_t n = vouch_table_cols(job->table), exposure, weight;
    vouch__data_spec *spec = &job->spec;
    *spec = (vouch__data_spec){ .rule = p->rule, .n_rules = p->n_rules, .seed = p->seed };
    vouch_status status = column_of(ctx, job->table, &job->project, "data.id", p->id, &spec->id);
    if (!status)
        status = column_of(ctx, job->table, &job->project, "data.target.column", p->target,
                           &job->target_column);
    if (!status)
        status = column_of(ctx, job->table, &job->project, "data.target.exposure", p->exposure, &exposure);
    if (!status)
        status = column_of(ctx, job->table, &job->project, "data.weight", p->weight, &weight);
    if (!status)
        status = column_of(ctx, job->table, &job->project, "data.decision_time", p->time, &spec->time);
    if (status)
        return status;
    spec->target = p->bad ? job->target_column : SIZE_MAX;
    spec->bad = p->bad ? bad_value(job->table, spec->target, p->bad) : NAN;
    job->feature = vouch__alloc(ctx, n + 1, sizeof *job->feature);
    job->protected_column = vouch__alloc(ctx, n + 1, sizeof *job->protected_column);
    if (!job->feature || !job->protected_column)
        return vouch__oom(ctx);
    status = named_columns(ctx, job);
    if (status)
        return status;
    for (size_t col = 0; col < n; col++)
        if (!role_of(job, col))
            job->feature[spec->n_features++] = col;
    spec->feature = job->feature;
    if (spec->n_features == 0)
        return vouch__fail(ctx, VOUCH_E_DATA, "%s: no column is left to model", p->path);
    roles_entry(job);
    return VOUCH_OK;
}

static void split_entry(vouch__job *job)
{
    static const char *const by[] = { "random, stratified by outcome", "time", "group" };
    vouch__entry entry = VOUCH__ENTRY(
            .id = "split.parts", .section = "split",
            .title = "Which rows train, tune, test and lie out of time",
            .purpose = "A model must be judged on rows that had no part in making it.",
            .method = "Rows are put in order of a hash of seed and id within each class and cut, so the same "
                      "id always falls "
                      "the same way. Models are fitted on train; early stopping, the champion and the "
                      "cut-off use tune; test "
                      "and out-of-time rows are only reported on.",
            .convention = by[job->project.split_by], .n = (double)vouch_table_rows(job->table));
    vouch__json *object = vouch__evidence_add(&job->list, &entry);
    vouch__json *table = vouch__evidence_table(&job->list, object, "parts", job->law->stages->fact_columns);
    for (int part = 0; part < VOUCH__PARTS; part++) {
        size_t n = job->split.n[part];
        if (n == 0)
            continue;
        vouch__json *row = vouch__evidence_row(&job->list, table);
        vouch__row_text(&job->list, row, vouch__part_name((vouch__part)part));
        vouch__row_number(&job->list, row, (double)n);
        job->law->stages->fact_cells(job, n, job->split.row[part], row);
        vouch__row_text(&job->list, row, job->split.fingerprint[part]);
    }
}

static vouch_status make_split(vouch_ctx *ctx, vouch__job *job)
{
    const vouch__project *p = &job->project;
    vouch__split_rule rule = { .by = p->split_by,
                               .test = p->test,
                               .tune = p->tune,
                               .out_of_time = p->out_of_time,
                               .seed = p->seed,
                               .folds = p->folds,
                               .fold = p->fold,
                               .id = job->spec.id,
                               .time = job->spec.time,
                               .target = job->target_column,
                               .group = SIZE_MAX };
    vouch_status status = column_of(ctx, job->table, &job->project, "data.group", p->group, &rule.group);
    if (!status)
        status = vouch__split_make(ctx, job->table, &rule, &job->split);
    if (status)
        return status;
    for (int part = VOUCH__TRAIN; part <= VOUCH__TEST; part++)
        if (job->split.n[part] == 0)
            return vouch__fail(ctx, VOUCH_E_DATA, "%s: split leaves no rows for %s (%zu rows in all)",
                               p->path, vouch__part_name((vouch__part)part), vouch_table_rows(job->table));
    split_entry(job);
    return VOUCH_OK;
}

/* One input that knows a number too well knows whether it lies above the median. */
static vouch_status check_leakage(vouch_ctx *ctx, vouch__job *job)
{
    vouch__data_spec spec = job->spec;
    size_t n = vouch_table_rows(job->table), known = 0, mark = vouch__scratch_mark(ctx);
    double *x = vouch__scratch(ctx, n + 1, sizeof *x);
    if (!x)
        return vouch__oom(ctx);
    vouch_status status = VOUCH_OK;
    if (spec.target == SIZE_MAX) {
        spec.target = job->target_column;
        spec.is_above = true;
        vouch_table_read(job->table, spec.target, 0, n, x);
        status = vouch__sort(ctx, n, x, &known);
        spec.bad = x[known / 2] < x[known - 1] ? x[known / 2] : x[0];
    }
    if (!status)
        status = vouch__check_leakage(ctx, job->table, &spec, &job->split, &job->list);
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__job_read(vouch_ctx *ctx, vouch__job *job)
{
    const vouch__project *p = &job->project;
    vouch_source source = { .source = p->source, .folder = p->folder, .id = p->id, .duckdb = job->duckdb };
    source.memory_bytes = (size_t)READ_MIB << 20;
    vouch_table *table = NULL;
    vouch_status status = vouch_table_open(ctx, &source, &table);
    if (status)
        return status;
    if (vouch_table_rows(table) == 0)
        status = vouch__fail(ctx, VOUCH_E_DATA, "%s: %s has no rows", p->path, p->source);
    vouch__progress(ctx, "fingerprint of the data", 0, 1);
    if (!status)
        status = vouch__table_fingerprint(ctx, table, job->data);
    if (!status && p->rejects)
        status = vouch__job_part_rejects(ctx, job, table);
    else if (!status)
        job->table = table;
    if (status || p->rejects)
        vouch_table_unref(table);
    if (!status)
        status = find_columns(ctx, job);
    if (!status)
        vouch__progress(ctx, "contract", 0, 1);
    if (!status)
        status = vouch__check_contract(ctx, job->table, &job->spec, &job->list);
    if (!status)
        status = read_outcomes(ctx, job);
    if (!status)
        vouch__progress(ctx, "quality", 0, 1);
    if (!status)
        status = vouch__check_quality(ctx, job->table, &job->spec, &job->list);
    if (!status)
        vouch__progress(ctx, "split", 0, 1);
    if (!status)
        status = make_split(ctx, job);
    if (!status)
        vouch__progress(ctx, "leakage", 0, 1);
    return status ? status : check_leakage(ctx, job);
}

/* What a search may do: the project's words, and what the law says of them. */
#include "run/lda.h"

#include "base/schema.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
static const vouch__key keys[] = {
    { "model", VOUCH__KEY_TEXT, false, 0, 0, NULL },        { "groups", VOUCH__KEY_LIST, false, 0, 0, NULL },
    { "measure", VOUCH__KEY_TEXT, false, 0, 0, "air|smd" }, { "performance", VOUCH__KEY_TEXT, false, 0, 0, "auc|profit" },
    { "gain", VOUCH__KEY_NUMBER, false, 0, 1e15, NULL },    { "loss", VOUCH__KEY_NUMBER, false, 0, 1e15, NULL },
    { "margin", VOUCH__KEY_NUMBER, false, 0, 1e15, NULL },  { "candidates", VOUCH__KEY_NUMBER, false, 1, 10000, NULL },
    { "drop", VOUCH__KEY_NUMBER, false, 0, 100, NULL },     { "seeds", VOUCH__KEY_NUMBER, false, 0, 100, NULL },
    { "shares", VOUCH__KEY_LIST, false, 0, 0, NULL },       { "vary", VOUCH__KEY_MAPPING, false, 0, 0, NULL },
    { "min_group", VOUCH__KEY_NUMBER, false, 2, 1e9, NULL }, { "mitigate", VOUCH__KEY_LIST, false, 0, 0, NULL },
};
/* clang-format on */

/* Does the law allow it? Where no profile is named nothing says so. */
static vouch_status may(vouch_ctx *ctx, const vouch__job *job, const char *test, const char *what,
                        const char **out_by)
{
    const char *by;
    vouch__legal_mode mode = vouch__legal_of(job->n_legal, job->legal, test, &by);
    if (job->n_legal == 0)
        return vouch__fail(ctx, VOUCH_E_CONTROL,
                           "%s: %s needs a legal profile that allows it (%s), and the project names none: "
                           "nothing was fitted",
                           job->project.path, what, test);
    if (mode == VOUCH__LEGAL_BLOCKED)
        return vouch__fail(ctx, VOUCH_E_CONTROL,
                           "%s: %s is refused: the legal profile '%s' blocks %s; nothing was fitted",
                           job->project.path, what, by, test);
    *out_by = by;
    return VOUCH_OK;
}

static vouch_status read_mitigations(vouch_ctx *ctx, const vouch__job *job, const vouch__json *list,
                                     vouch__lda_rules *out)
{
    const char *by;
    vouch_status status = VOUCH_OK;
    for (const vouch__json *at = list ? list->first : NULL; at && !status; at = at->next) {
        const char *word = vouch__json_string(at);
        bool cuts = word && !strcmp(word, "group-cutoffs");
        if (!cuts && !(word && !strcmp(word, "reweigh")))
            return vouch__schema_fail(ctx, job->project.path, at,
                                      "alternatives.mitigate knows reweigh and group-cutoffs");
        status = may(ctx, job, "fairness.mitigation", "mitigation", &by);
        if (!status && cuts)
            status = may(ctx, job, "fairness.group_cutoffs", "a cut-off of its own for a protected group",
                         &by);
        out->cuts_by_group = out->cuts_by_group || cuts;
        out->reweighs = out->reweighs || !cuts;
    }
    return status;
}

/* The measure that the profiles call for: the first they require, else the first they do not block. */
static vouch_status read_measure(vouch_ctx *ctx, const vouch__job *job, const vouch__json *rules,
                                 vouch__lda_rules *out)
{
    static const char *const test[] = { "fairness.air", "fairness.smd" };
    static const char *const words[] = { "air", "smd" };
    const char *given = vouch__json_string(vouch__json_get(rules, "measure"));
    int best = -1;
    for (int k = 0; k < 2; k++) {
        const char *by;
        vouch__legal_mode mode = vouch__legal_of(job->n_legal, job->legal, test[k], &by);
        bool is_given = given && !strcmp(given, words[k]);
        if (is_given && mode == VOUCH__LEGAL_BLOCKED)
            return vouch__fail(ctx, VOUCH_E_CONTROL, "%s: the legal profile '%s' blocks %s",
                               job->project.path, by, test[k]);
        if (mode == VOUCH__LEGAL_BLOCKED || (given && !is_given))
            continue;
        if (best < 0 || (mode == VOUCH__LEGAL_RUN && best == VOUCH__LEGAL_ADVISORY)) {
            best = (int)mode;
            out->measure = (vouch__disparity_measure)k;
            out->measure_by = by;
        }
    }
    return best >= 0
               ? VOUCH_OK
               : vouch__fail(ctx, VOUCH_E_CONTROL, "%s: the legal profiles block both measures of disparity",
                             job->project.path);
}

static vouch_status read_groups(vouch_ctx *ctx, const vouch__job *job, const vouch__json *list,
                                vouch__lda_rules *out)
{
    for (size_t p = 0; !list && p < job->n_protected && p < VOUCH__LDA_PROTECTED; p++)
        out->column[out->n_columns++] = job->protected_column[p];
    for (const vouch__json *at = list ? list->first : NULL; at; at = at->next) {
        const char *name = vouch__json_string(at);
        size_t column = name ? vouch_table_find(job->table, name) : SIZE_MAX, p = 0;
        while (p < job->n_protected && job->protected_column[p] != column)
            p++;
        if (p == job->n_protected || out->n_columns == VOUCH__LDA_PROTECTED)
            return vouch__schema_fail(ctx, job->project.path, at,
                                      "alternatives.groups must be columns of data.protected, at most %d",
                                      VOUCH__LDA_PROTECTED);
        out->column[out->n_columns++] = column;
    }
    return out->n_columns ? VOUCH_OK
                          : vouch__fail(ctx, VOUCH_E_ARG, "%s: data.protected names no column to measure by",
                                        job->project.path);
}

static vouch_status read_shares(vouch_ctx *ctx, const vouch__job *job, const vouch__json *list,
                                vouch__lda_rules *out)
{
    for (const vouch__json *at = list ? list->first : NULL; at; at = at->next) {
        double share = vouch__json_double(at, NAN);
        if (!(share > 0 && share < 1) || out->n_shares == VOUCH__LDA_SHARES)
            return vouch__schema_fail(ctx, job->project.path, at,
                                      "alternatives.shares must be up to %d shares above 0 and below 1",
                                      VOUCH__LDA_SHARES);
        out->share[out->n_shares++] = share;
    }
    return VOUCH_OK;
}

static vouch_status find_model(vouch_ctx *ctx, const vouch__job *job, const char *name, vouch__lda_rules *out)
{
    const vouch__project *p = &job->project;
    for (size_t i = 0; i < p->n_plans; i++)
        if (!strcmp(p->plan[i].name, name))
            out->plan = &p->plan[i];
    if (!out->plan)
        return vouch__fail(ctx, VOUCH_E_ARG, "%s: alternatives: no model '%s'", p->path, name);
    if (out->plan->import)
        return vouch__fail(ctx, VOUCH_E_ARG,
                           "%s: models.%s is imported, so it can't be fitted again: search among models "
                           "that are",
                           p->path, name);
    return VOUCH_OK;
}

vouch_status vouch__lda_allow(vouch_ctx *ctx, const vouch__job *job, vouch__lda_rules *out)
{
    const vouch__project *p = &job->project;
    const vouch__json *rules = p->alternatives;
    vouch_status status = rules ? vouch__schema_check(ctx, p->path, "alternatives", rules, keys,
                                                      sizeof keys / sizeof *keys)
                                : VOUCH_OK;
    *out = (vouch__lda_rules){ .approver = NULL };
    if (!status && !p->law->is_event)
        status = vouch__fail(
            ctx, VOUCH_E_CONTROL,
            "%s: the search compares approvals, and nothing is decided on a target that is %s", p->path,
            p->law->what);
    if (!status)
        status = may(ctx, job, "fairness.alternatives", "the search for alternatives", &out->allowed_by);
    if (!status)
        status = read_mitigations(ctx, job, vouch__json_get(rules, "mitigate"), out);
    return status ? status : read_measure(ctx, job, rules, out);
}

vouch_status vouch__lda_rules_read(vouch_ctx *ctx, const vouch__job *job, const char *model,
                                   size_t candidates, vouch__lda_rules *out)
{
    const vouch__project *p = &job->project;
    const vouch__json *rules = p->alternatives;
    const char *named = vouch__json_string(vouch__json_get(rules, "model"));
    const char *performance = vouch__json_string(vouch__json_get(rules, "performance"));
    vouch_status status = read_groups(ctx, job, vouch__json_get(rules, "groups"), out);
    if (!status)
        status = read_shares(ctx, job, vouch__json_get(rules, "shares"), out);
    if (!status)
        status = find_model(ctx, job, model ? model : named ? named : p->prefer, out);
    if (status)
        return status;
    out->by_profit = performance && !strcmp(performance, "profit");
    out->payoff = (vouch__payoff){ vouch__json_double(vouch__json_get(rules, "gain"), NAN),
                                   vouch__json_double(vouch__json_get(rules, "loss"), NAN) };
    if (out->by_profit && (isnan(out->payoff.gain) || isnan(out->payoff.loss)))
        return vouch__schema_fail(ctx, p->path, rules,
                                  "alternatives: profit needs gain (of an approved good) and loss (of an "
                                  "approved bad)");
    out->margin = vouch__json_double(vouch__json_get(rules, "margin"), out->by_profit ? NAN : p->margin);
    out->min_group = vouch__json_double(vouch__json_get(rules, "min_group"), 30);
    out->candidates = candidates ? candidates
                                 : (size_t)vouch__json_int(vouch__json_get(rules, "candidates"), 60);
    out->drop = (size_t)vouch__json_int(vouch__json_get(rules, "drop"), 8);
    out->seeds = (size_t)vouch__json_int(vouch__json_get(rules, "seeds"), 2);
    out->vary = vouch__json_get(rules, "vary");
    return VOUCH_OK;
}

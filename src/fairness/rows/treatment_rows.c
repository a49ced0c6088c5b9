/* The rows about disparate treatment: what may not be an input, and what happens when it is changed. */
#include "fairness/legal_parts.h"
#include "fairness/rows/fair_rows.h"
#include "models/model_kind.h"

#include "base/embedded.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CATEGORIES_MAX = 64 };

/* ---- the scan ---- */

typedef struct scan {
    const vouch__test_call *call;
    vouch__json *table;
    size_t found;
} scan;

static void report(scan *s, const char *input, const char *of, const char *how, const char *by)
{
    vouch__test_row(s->call, s->table, "tttt", input, of, how, by);
    s->found++;
}

/* By name and by values, against the grounds of one profile. */
static void scan_grounds(scan *s, const vouch__legal *legal)
{
    const vouch__sample *sample = s->call->now;
    const char *profile = vouch__json_string(vouch__json_get(vouch__legal_root(legal), "name"));
    for (size_t j = 0; j < sample->n_features; j++) {
        size_t column = sample->feature[j], n = 0;
        const char *name = vouch_table_name(sample->table, column), *text[CATEGORIES_MAX];
        const char *ground = vouch__legal_ground(legal, name);
        if (ground) {
            report(s, name, ground, "its name", profile);
            continue;
        }
        if (vouch_table_type(sample->table, column) != VOUCH_TEXT)
            continue;
        for (; n < vouch_table_categories(sample->table, column) && n < CATEGORIES_MAX; n++)
            text[n] = vouch_table_category(sample->table, column, n);
        ground = vouch__legal_value_ground(legal, n, text);
        if (ground)
            report(s, name, ground, "its values", profile);
    }
}

static vouch_status scan_codings(vouch_ctx *ctx, scan *s)
{
    const vouch__sample *sample = s->call->now;
    vouch__call_data d;
    vouch__coding *found = vouch__scratch(ctx, sample->n_features * sample->n_groups + 1, sizeof *found);
    if (!found)
        return vouch__oom(ctx);
    vouch_status status = vouch__call_fair_data(ctx, s->call, &d);
    if (!status)
        status = vouch__fair_codings(ctx, &d.data, sample->n_features, sample->feature, found);
    for (size_t j = 0; j < sample->n_features && !status; j++)
        for (size_t p = 0; p < sample->n_groups; p++) {
            const char *input = vouch_table_name(sample->table, sample->feature[j]);
            const char *column = vouch_table_name(sample->table, sample->group_column[p]);
            vouch__coding coding = found[j * sample->n_groups + p];
            if (sample->feature[j] == sample->group_column[p])
                report(s, input, column, "it is the protected column", "");
            else if (coding != VOUCH__CODING_NONE)
                report(s, input, column, vouch__coding_words(coding), "");
        }
    return status;
}

static vouch_status default_profile(vouch_ctx *ctx, vouch__legal **out)
{
    const vouch__embedded *file = vouch__embedded_find("legal/measure-only.yaml");
    return file ? vouch__legal_read(ctx, "measure-only", file->text, file->len, out) : VOUCH_OK;
}

static vouch_status run_prohibited(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__evidence *list = call->list;
    vouch__legal *own = NULL;
    char note[160];
    /* rows are gathered in a table that hangs on nothing until the number found is known */
    vouch__json *holder = vouch__json_object(list->doc);
    scan s = { .call = call, .table = vouch__evidence_table(list, holder, "found", "input,of,how,profile") };
    vouch_status status = call->n_legal ? VOUCH_OK : default_profile(ctx, &own);
    for (size_t i = 0; i < call->n_legal; i++)
        scan_grounds(&s, call->legal[i]);
    if (own)
        scan_grounds(&s, own);
    vouch__legal_free(own);
    if (!status && call->now->n_groups && call->now->group_column)
        status = scan_codings(ctx, &s);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = (double)s.found;
    entry.judged = true;
    (void)snprintf(note, sizeof note, "%zu input%s, %zu protected column%s, grounds of %s.",
                   call->now->n_features, call->now->n_features == 1 ? "" : "s", call->now->n_groups,
                   call->now->n_groups == 1 ? "" : "s",
                   call->n_legal ? "the legal profiles" : "the profile measure-only");
    entry.note = note;
    if (!vouch__policy_limit(list->policy, entry.id)) { /* judged with or without a policy */
        entry.judged = false;
        entry.verdict = s.found ? VOUCH__FAIL : VOUCH__PASS;
    }
    vouch__json *object = vouch__test_add(call, &entry);
    if (s.found && holder)
        (void)vouch__json_set(list->doc, object, "tables", vouch__json_copy(list->doc, holder->first));
    return VOUCH_OK;
}

static const vouch__param min_group[] = { VOUCH__PARAM_MIN_GROUP };

const vouch_test vouch__test_fair_prohibited = {
    .id = "fairness.prohibited",
    .section = "fairness",
    .title = "Protected columns stay out of the model",
    .purpose = "A protected characteristic may be measured, never used. This looks for one among the inputs, "
               "also under another name or in another coding.",
    .mechanism =
        "Every input is held against the grounds of the legal profiles by its name, word by word, and by "
        "the texts it holds; and against every protected column by its values, where an input from "
        "whose values those of the protected column follow without exception, or the other way, counts "
        "as that column in another coding.",
    .convention =
        "Counted: pairs of input and ground or protected column. In a run inputs are held against the "
        "project's protected columns on the training rows. An exact relation is only looked for "
        "where values repeat ten times on average and enough rows differ. Two of a column's texts "
        "among a ground's make it one. Age, children and the like of things (account, vehicle) are "
        "not meant.",
    .high_risk =
        "Any. Read the pair before judging: a name may speak of something else, and some laws allow an "
        "input that others forbid, such as age in a sound scoring system (12 CFR 1002.6(b)(2)).",
    .strengths = "Finds what a list of names misses: a renamed, recoded or refined copy of the column.",
    .limits =
        "Sees exact copies only. What tells the group nearly, alone or together with others, is looked for "
        "by fairness.proxy and fairness.proxy_set.",
    .source = "12 CFR 1002.4(a), 1002.6(b); 24 CFR 100.130; Directive (EU) 2023/2225, Article 6",
    .unit = "inputs",
    .needs = VOUCH__NEEDS_FEATURES,
    .uses = VOUCH__NEEDS_GROUPS | VOUCH__NEEDS_MODEL,
    .params = min_group,
    .n_params = sizeof min_group / sizeof *min_group,
    .run = run_prohibited,
};

/* ---- the flip test ---- */

static const vouch__param decision[] = { VOUCH__PARAMS_DECISION };

static vouch_status run_flip(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__call_data d;
    vouch__decided decided;
    size_t rows = vouch_table_rows(s->table);
    double *raw = vouch__scratch(ctx, rows + s->n + 1, sizeof *raw), *all = raw + s->n;
    if (!raw)
        return vouch__oom(ctx);
    if (!s->group_column) {
        vouch__test_refuse(call, "The groups are no columns of the table.");
        return VOUCH_OK;
    }
    vouch_status status = vouch__call_fair_data(ctx, call, &d);
    if (!status)
        status = vouch_model_score(ctx, call->model, s->table, all, NULL, NULL);
    for (size_t i = 0; i < s->n && !status; i++)
        raw[i] = all[d.row[i]];
    vouch__sample scored = *s; /* decided by the model's own score: that is what is made again */
    vouch__test_call mine = *call;
    scored.score = raw;
    mine.now = &scored;
    if (!status)
        status = vouch__call_decide(ctx, &mine, &decided);
    if (status)
        return status;
    vouch__outcomes o = vouch__call_outcomes(&mine, &decided);
    o.data = &d.data;
    o.model = call->model;
    o.row = d.row;
    for (size_t p = 0; p < s->n_groups && !status; p++) {
        size_t mark = vouch__scratch_mark(ctx);
        status = vouch__poll(ctx);
        if (!status)
            status = vouch__fair_flip(ctx, &o, s->group_column[p]);
        vouch__scratch_reset(ctx, mark);
    }
    return status;
}

const vouch_test vouch__test_fair_flip = {
    .id = "fairness.flip",
    .section = "fairness",
    .title = "Flip test",
    .purpose = "Would the same applicant be decided differently with another value of the protected column?",
    .mechanism =
        "Every row is scored again with each value of the protected column (a number with more than 10 "
        "values: its training quartiles), everything else as it is, and decided by the same cut-off.",
    .convention =
        "The share of rows whose decision at least one value changes. Not applicable to a column that "
        "is not an input: such a test could not fail, so it cannot pass. In a run the decisions are "
        "the model's; of a file of scores the riskiest share is declined, or from a cut-off of the "
        "model's log-odds on.",
    .high_risk =
        "Any share above 0: the model treats two applicants differently who differ in nothing but the "
        "protected value.",
    .strengths =
        "The plainest form of the question the law asks, answered case by case without any model of the "
        "world.",
    .limits =
        "Only of a column that is an input. A changed value may make an applicant who cannot exist, and "
        "what the value has moved in other inputs stays: fairness.swap asks about stand-ins.",
    .source =
        "12 CFR 1002.4(a) and comment 1002.4(a)-1; Kusner et al., NIPS 30 (2017), on what flipping alone "
        "does not see",
    .unit = "share of decisions",
    .needs = VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_GROUPS,
    .params = decision,
    .n_params = sizeof decision / sizeof *decision,
    .run = run_flip,
};

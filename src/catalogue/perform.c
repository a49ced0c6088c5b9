/* One test on its cases: what must hold before it runs, and what is done with how it ends. */
#include "catalogue/tests.h"

#include "fairness/fair_suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NOTE_MAX = 1024 };

/* Of the samples alone; the model and the second sample are looked for apart. */
static const unsigned of_cases = ~(unsigned)(VOUCH__NEEDS_MODEL | VOUCH__NEEDS_RIVAL_MODEL |
                                             VOUCH__NEEDS_REFERENCE);

static unsigned lacking(const vouch__test_call *call)
{
    unsigned needs = call->test->needs;
    unsigned lacks = vouch__sample_lacks(call->now, needs & of_cases);
    if ((needs & VOUCH__NEEDS_MODEL) && !call->model)
        lacks |= VOUCH__NEEDS_MODEL;
    if ((needs & VOUCH__NEEDS_RIVAL_MODEL) && !call->rival_model)
        lacks |= VOUCH__NEEDS_RIVAL_MODEL;
    if ((needs & VOUCH__NEEDS_REFERENCE) && !call->before)
        lacks |= VOUCH__NEEDS_REFERENCE;
    else if (needs & VOUCH__NEEDS_REFERENCE)
        lacks |= vouch__sample_lacks(call->before, needs & of_cases);
    return lacks;
}

static void skip_lacking(const vouch__test_call *call, unsigned lacks)
{
    char needed[256], note[NOTE_MAX];
    (void)vouch__test_needs_text(lacks, sizeof needed, needed);
    (void)snprintf(note, sizeof note, "Not given: %s.", needed);
    vouch__test_skip(call, note);
}

/* Why a sample that is whole still can't be tested; NULL when it can. */
static const char *unfit(const vouch_test *test, const vouch__sample *s, bool is_reference)
{
    if (s->n == 0)
        return is_reference  ? "The reference has no cases."
               : s->left_out ? "No case has all that the test needs."
                             : "There are no cases.";
    if ((test->needs & VOUCH__NEEDS_BOTH) && (s->n_bad == 0 || s->n_bad == s->n)) {
        if (is_reference)
            return "The reference holds one outcome only: the test needs both.";
        return s->n_bad ? "Every case is bad: the test needs both outcomes."
                        : "No case is bad: the test needs both outcomes.";
    }
    return NULL;
}

/* Add to what an entry says of itself. */
static void append_note(vouch__evidence *list, vouch__json *entry, const char *more)
{
    const char *note = vouch__json_string(vouch__json_get(entry, "note"));
    vouch__json *both = note ? vouch__json_fmt(list->doc, "%s %s", note, more)
                             : vouch__json_text(list->doc, more);
    (void)vouch__json_set(list->doc, entry, "note", both);
}

static void tell_left_out(const vouch__test_call *call, vouch__json *entry)
{
    char text[160];
    if (call->now->left_out) {
        (void)snprintf(text, sizeof text, "Cases left out, as they lack something the test needs: %zu.",
                       call->now->left_out);
        append_note(call->list, entry, text);
    }
    if (call->before && call->before->left_out) {
        (void)snprintf(text, sizeof text, "Cases of the reference left out: %zu.", call->before->left_out);
        append_note(call->list, entry, text);
    }
    if (!call->before && (call->test->uses & VOUCH__NEEDS_REFERENCE))
        append_note(call->list, entry, "Without a reference, these cases serve as their own.");
    unsigned knows = call->test->needs | call->test->uses;
    if (call->now->weight && !(knows & VOUCH__NEEDS_WEIGHT))
        append_note(call->list, entry, "Case weights are not used.");
}

/* The protected column that an entry is about; NULL: none. */
static const char *column_of(const vouch__test_call *call, const vouch__json *entry)
{
    const char *subject = vouch__json_string(vouch__json_get(entry, "subject"));
    for (size_t g = 0; subject && g < call->now->n_groups; g++) {
        const char *name = call->now->group[g].name;
        size_t len = strlen(name);
        if (!strncmp(subject, name, len) &&
            (subject[len] == '\0' || subject[len] == ':' || subject[len] == ' '))
            return name;
    }
    return NULL;
}

/* Under profiles that do not require the test a failure is an advice. */
static void soften(const vouch__test_call *call, vouch__json *entry)
{
    const char *by = "", *verdict = vouch__json_string(vouch__json_get(entry, "verdict"));
    const char *column = column_of(call, entry);
    char text[240];
    if (!call->n_legal || strncmp(call->test->id, "fairness.", 9) != 0 || !verdict ||
        strcmp(verdict, vouch__verdict_name(VOUCH__FAIL)) != 0)
        return;
    vouch__legal_mode mode = vouch__legal_of(call->n_legal, call->legal, call->test->id, &by);
    bool covered = !column || vouch__legal_covers(call->n_legal, call->legal, column);
    if (mode == VOUCH__LEGAL_RUN && covered)
        return;
    (void)vouch__json_set(call->list->doc, entry, "verdict",
                          vouch__json_text(call->list->doc, vouch__verdict_name(VOUCH__ADVISORY)));
    if (covered)
        (void)snprintf(text, sizeof text,
                       "A failure by the policy, and an advice under the legal profile '%.80s'.", by);
    else
        (void)snprintf(text, sizeof text,
                       "A failure by the policy, and an advice: %.60s is no ground of the legal profiles.",
                       column);
    append_note(call->list, entry, text);
}

/* What the entries made by this call have in common. */
static void finish(const vouch__test_call *call, const vouch__json *last)
{
    vouch__evidence *list = call->list;
    const vouch_test *t = call->test;
    for (vouch__json *e = last ? last->next : list->entries->first; e; e = e->next) {
        soften(call, e);
        tell_left_out(call, e);
        vouch__json *params = t->n_params ? vouch__json_object(list->doc) : NULL;
        for (size_t i = 0; i < t->n_params; i++) {
            const vouch__json *given = t->params[i].type == VOUCH__PARAM_TREE
                                           ? vouch__test_tree(call, t->params[i].name)
                                           : NULL;
            (void)vouch__json_set(list->doc, params, t->params[i].name,
                                  given ? vouch__json_copy(list->doc, given)
                                        : vouch__param_json(list->doc, &t->params[i], call->param[i]));
        }
        if (params)
            (void)vouch__json_set(list->doc, e, "parameters", params);
    }
}

/* What the data are to blame for becomes a refusal. */
static vouch_status excuse(vouch_ctx *ctx, const vouch__test_call *call, vouch_status status)
{
    char note[NOTE_MAX];
    if (status != VOUCH_E_DATA && status != VOUCH_E_CONVERGE && status != VOUCH_E_SHAPE &&
        status != VOUCH_E_ARG)
        return status;
    (void)snprintf(note, sizeof note, "%.900s", vouch_ctx_error(ctx));
    vouch__test_refuse(call, note);
    return VOUCH_OK;
}

/* now and before are the call's, less what lacks something. */
static vouch_status select_cases(vouch_ctx *ctx, vouch__test_call *call, vouch__sample *now,
                                 vouch__sample *before)
{
    unsigned needs = call->test->needs & of_cases;
    vouch_status status = vouch__sample_select(ctx, call->now, needs, now);
    if (!((call->test->needs | call->test->uses) & VOUCH__NEEDS_REFERENCE) ||
        (call->before && vouch__sample_lacks(call->before, needs)))
        call->before = NULL;
    if (!status && call->before)
        status = vouch__sample_select(ctx, call->before, needs, before);
    if (status)
        return status;
    call->now = now;
    if (call->before)
        call->before = before;
    return VOUCH_OK;
}

static vouch_status perform(vouch_ctx *ctx, vouch__test_call *call, vouch__sample *now, vouch__sample *before)
{
    const vouch_test *t = call->test;
    const char *by;
    char note[NOTE_MAX];
    if (call->n_legal && !strncmp(t->id, "fairness.", 9) &&
        vouch__legal_of(call->n_legal, call->legal, t->id, &by) == VOUCH__LEGAL_BLOCKED) {
        (void)snprintf(note, sizeof note, "Not run: the legal profile '%.100s' blocks this test.", by);
        vouch__test_skip(call, note);
        return VOUCH_OK;
    }
    unsigned lacks = lacking(call);
    if (lacks) {
        skip_lacking(call, lacks);
        return VOUCH_OK;
    }
    vouch_status status = select_cases(ctx, call, now, before);
    if (status)
        return excuse(ctx, call, status);
    const char *why = unfit(t, call->now, false);
    if (!why && call->before)
        why = unfit(t, call->before, true);
    if (why) {
        vouch__test_refuse(call, why);
        return VOUCH_OK;
    }
    return excuse(ctx, call, t->run(ctx, call));
}

vouch_status vouch__test_perform(vouch_ctx *ctx, const vouch__test_call *call)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__test_call mine = *call;
    const vouch__json *last = call->list->entries->last;
    double value[VOUCH__PARAMS_MAX];
    vouch__sample now, before, nobody = { .n = 0 };
    if (call->test->n_params > VOUCH__PARAMS_MAX)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "%s: over %d parameters", call->test->id, VOUCH__PARAMS_MAX);
    for (size_t i = 0; i < call->test->n_params; i++)
        value[i] = call->param ? call->param[i] : call->test->params[i].value;
    mine.param = value;
    if (!mine.now)
        mine.now = &nobody;
    vouch_status status = perform(ctx, &mine, &now, &before);
    if (!status)
        finish(&mine, last);
    vouch__scratch_reset(ctx, mark);
    return status ? status : vouch__doc_status(ctx, call->list->doc);
}

/* What the tests of the catalogue share: entries with a row's words, parameters by name, and the names of
 * what a test needs. */
#include "evidence/test.h"

#include <stdarg.h>
#include <string.h>

static const struct {
    unsigned need;
    const char *name;
} need_names[] = {
    { VOUCH__NEEDS_SCORE, "score" },
    { VOUCH__NEEDS_PROBABILITY, "probability" },
    { VOUCH__NEEDS_LABELS, "labels" },
    { VOUCH__NEEDS_TARGET, "target" },
    { VOUCH__NEEDS_MODEL, "model" },
    { VOUCH__NEEDS_FEATURES, "features" },
    { VOUCH__NEEDS_DATE, "dates" },
    { VOUCH__NEEDS_GROUPS, "groups" },
    { VOUCH__NEEDS_SEGMENT, "segments" },
    { VOUCH__NEEDS_GRADE, "grades" },
    { VOUCH__NEEDS_GRADE_BEFORE, "earlier grades" },
    { VOUCH__NEEDS_AMOUNT, "amounts" },
    { VOUCH__NEEDS_RIVAL, "rival" },
    { VOUCH__NEEDS_REFERENCE, "reference" },
    { VOUCH__NEEDS_WEIGHT, "weights" },
    { VOUCH__NEEDS_RIVAL_MODEL, "rival model" },
    { VOUCH__NEEDS_CLASSES, "classes" },
};
enum { N_NEEDS = sizeof need_names / sizeof *need_names };

vouch__entry vouch__test_entry(const vouch__test_call *call)
{
    const vouch_test *t = call->test;
    const vouch__sample *s = call->now;
    bool has_outcome = s && s->bad && (t->needs & VOUCH__NEEDS_LABELS);
    return VOUCH__ENTRY(.id = t->id, .section = t->section, .title = t->title, .purpose = t->purpose,
                        .method = t->mechanism, .convention = t->convention, .source = t->source,
                        .unit = t->unit, .null_hypothesis = t->null_hypothesis, .model = call->model_name,
                        .part = s ? s->part : NULL, .n = s ? (double)s->n : (double)NAN,
                        .n_bad = has_outcome ? (double)s->n_bad : (double)NAN);
}

vouch__json *vouch__test_add(const vouch__test_call *call, const vouch__entry *entry)
{
    return vouch__evidence_add(call->list, entry);
}

static void say(const vouch__test_call *call, vouch__verdict verdict, const char *why)
{
    vouch__entry entry = vouch__test_entry(call);
    entry.verdict = verdict;
    entry.note = why;
    (void)vouch__evidence_add(call->list, &entry);
}

void vouch__test_refuse(const vouch__test_call *call, const char *why) { say(call, VOUCH__REFUSED, why); }

void vouch__test_skip(const vouch__test_call *call, const char *why)
{
    say(call, VOUCH__NOT_APPLICABLE, why);
}

static size_t at(const vouch__test_call *call, const char *name)
{
    const vouch__param_table table = { "test", call->test->id, call->test->params, call->test->n_params };
    return vouch__param_find(&table, name);
}

double vouch__test_param(const vouch__test_call *call, const char *name)
{
    size_t i = at(call, name);
    return i == SIZE_MAX ? (double)NAN : call->param[i];
}

bool vouch__test_choice(const vouch__test_call *call, const char *name, const char *word)
{
    size_t i = at(call, name);
    if (i == SIZE_MAX)
        return false;
    const char *choice = call->test->params[i].choices;
    for (int k = 0; k < (int)call->param[i]; k++)
        choice += strcspn(choice, "|") + 1;
    size_t len = strcspn(choice, "|");
    return strlen(word) == len && !memcmp(choice, word, len);
}

const vouch__json *vouch__test_tree(const vouch__test_call *call, const char *name)
{
    return vouch__json_get(call->given, name);
}

void vouch__test_row(const vouch__test_call *call, vouch__json *table, const char *cells, ...)
{
    vouch__json *row = vouch__evidence_row(call->list, table);
    va_list args;
    va_start(args, cells);
    for (; *cells; cells++)
        if (*cells == 't')
            vouch__row_text(call->list, row, va_arg(args, const char *));
        else
            vouch__row_number(call->list, row, va_arg(args, double));
    va_end(args);
}

size_t vouch__test_needs_text(unsigned needs, size_t size, char *out)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < N_NEEDS; i++) {
        size_t more = strlen(need_names[i].name) + (len ? 2 : 0);
        if (!(needs & need_names[i].need) || len + more >= size)
            continue;
        if (len)
            memcpy(out + len, ", ", 2);
        memcpy(out + len + (len ? 2 : 0), need_names[i].name, more - (len ? 2 : 0));
        len += more;
        out[len] = '\0';
    }
    return len;
}

unsigned vouch__test_need_find(const char *name)
{
    for (size_t i = 0; i < N_NEEDS; i++)
        if (!strcmp(need_names[i].name, name))
            return need_names[i].need;
    return 0;
}

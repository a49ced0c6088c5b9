/* Coverage of a control set. For each control the entries that match its patterns are gathered, and the worst
 * verdict among them is the control's; a pattern that nothing matches leaves it uncovered. */
#include "report/controls.h"

#include <string.h>

/* From best to worst, so that the larger wins. */
typedef enum coverage { NOT_APPLICABLE, PENDING, COVERED, ADVISORY, MISSING, FAILED, COVERAGES } coverage;
static const char *const coverage_name[COVERAGES] = { "not-applicable", "pending", "covered",
                                                      "advisory",       "missing", "failed" };

/* "validate.auc" itself, "validate.*" and all that begins so, or "a|b" and either. */
static bool matches(const char *pattern, const char *id)
{
    for (;; pattern++) {
        size_t len = strcspn(pattern, "|");
        bool begins = len && pattern[len - 1] == '*';
        if (begins ? !strncmp(pattern, id, len - 1) : !strncmp(pattern, id, len) && !id[len])
            return true;
        pattern += len;
        if (!*pattern)
            return false;
    }
}

/* What one pattern finds: how many entries, and their worst standing. */
static coverage pattern_find(const char *pattern, const vouch__json *entries, const char *model,
                             size_t *matched)
{
    coverage worst = NOT_APPLICABLE;
    size_t answers = 0, refusals = 0, others = 0;
    for (const vouch__json *entry = entries ? entries->first : NULL; entry; entry = entry->next) {
        const char *id = vouch__json_string(vouch__json_get(entry, "id"));
        const char *about = vouch__json_string(vouch__json_get(entry, "model"));
        const char *verdict = vouch__json_string(vouch__json_get(entry, "verdict"));
        if (!id || !matches(pattern, id) || (model && about && strcmp(model, about) != 0))
            continue;
        ++*matched;
        if (verdict && !strcmp(verdict, "refused")) {
            refusals++;
        } else if (verdict && !strcmp(verdict, "not-applicable")) {
            others++;
        } else {
            coverage is = verdict && !strcmp(verdict, "fail")       ? FAILED
                          : verdict && !strcmp(verdict, "advisory") ? ADVISORY
                                                                    : COVERED;
            answers++;
            worst = is > worst ? is : worst;
        }
    }
    if (answers)
        return worst;
    return others && !refusals ? NOT_APPLICABLE : MISSING;
}

static vouch_status malformed(vouch_ctx *ctx, const char *name, const vouch__json *at, const char *what)
{
    return vouch__fail(ctx, VOUCH_E_FORMAT, "control set %s: line %u, column %u: %s", name, at->line,
                       at->column, what);
}

/* One control into out_item; *out_status its standing. */
static vouch_status judge(vouch_ctx *ctx, const char *name, const vouch__json *control,
                          const vouch__json *entries, const char *model, vouch__doc *doc, vouch__json *items,
                          coverage *out_standing)
{
    const vouch__json *evidence = vouch__json_get(control, "evidence");
    const char *when = vouch__json_string(vouch__json_get(control, "when"));
    const char *absent = NULL;
    coverage standing = NOT_APPLICABLE;
    size_t matched = 0;

    if (!vouch__json_string(vouch__json_get(control, "id")) ||
        !vouch__json_string(vouch__json_get(control, "title")))
        return malformed(ctx, name, control, "a control must have an id and a title");
    if (evidence && evidence->type != VOUCH__JSON_ARRAY)
        return malformed(ctx, name, evidence, "evidence is a list of patterns");
    for (const vouch__json *at = evidence ? evidence->first : NULL; at; at = at->next) {
        if (!vouch__json_string(at))
            return malformed(ctx, name, at, "a pattern is text, such as validate.auc or validate.*");
        coverage found = pattern_find(at->text, entries, model, &matched);
        if (found == MISSING && !absent)
            absent = at->text;
        standing = found > standing ? found : standing;
    }
    if (when && !strcmp(when, "later")) {
        if (!matched || standing == MISSING)
            standing = PENDING;
    } else if (!evidence || !evidence->len) {
        return malformed(ctx, name, control, "a control needs evidence, or when: later");
    }

    vouch__json *item = vouch__json_push(doc, items, vouch__json_object(doc));
    static const char *const copied[] = { "id", "title", "text" };
    for (size_t i = 0; i < 3; i++) {
        const char *text = vouch__json_string(vouch__json_get(control, copied[i]));
        vouch__json_set(doc, item, copied[i], vouch__json_text(doc, text));
    }
    vouch__json_set(doc, item, "evidence",
                    evidence ? vouch__json_copy(doc, evidence) : vouch__json_array(doc));
    vouch__json_set(doc, item, "matched", vouch__json_number(doc, (double)matched));
    vouch__json_set(doc, item, "status", vouch__json_text(doc, coverage_name[standing]));
    vouch__json_set(doc, item, "note",
                    absent && standing >= MISSING ? vouch__json_fmt(doc, "No evidence of %s.", absent)
                                                  : vouch__json_text(doc, NULL));
    *out_standing = standing;
    return VOUCH_OK;
}

static vouch_status judge_all(vouch_ctx *ctx, const char *name, const vouch__json *set,
                              const vouch__json *entries, const char *model, vouch__doc *doc,
                              vouch__json *out)
{
    const vouch__json *controls = vouch__json_get(set, "controls");
    static const char *const copied[] = { "title", "source", "note" };
    size_t count[COVERAGES] = { 0 };

    if (!set || set->type != VOUCH__JSON_OBJECT || !controls || controls->type != VOUCH__JSON_ARRAY)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "control set %s: no list of controls", name);
    vouch__json_set(doc, out, "name", vouch__json_text(doc, name));
    for (size_t i = 0; i < 3; i++) {
        const char *text = vouch__json_string(vouch__json_get(set, copied[i]));
        vouch__json_set(doc, out, copied[i], vouch__json_text(doc, text));
    }
    vouch__json *items = vouch__json_set(doc, out, "items", vouch__json_array(doc));
    for (const vouch__json *control = controls->first; control; control = control->next) {
        coverage standing = MISSING;
        vouch_status status = judge(ctx, name, control, entries, model, doc, items, &standing);
        if (status)
            return status;
        count[standing]++;
    }
    vouch__json *counts = vouch__json_set(doc, out, "counts", vouch__json_object(doc));
    for (size_t k = 0; k < COVERAGES; k++)
        vouch__json_set(doc, counts, coverage_name[k], vouch__json_number(doc, (double)count[k]));
    return vouch__doc_status(ctx, doc);
}

vouch_status vouch__controls_apply(vouch_ctx *ctx, const char *name, const char *yaml, size_t len,
                                   const vouch__json *entries, const char *model, vouch__doc *doc,
                                   vouch__json **out_controls)
{
    enum { MAX_BYTES = 1 << 20 };
    vouch__doc *set = NULL;
    vouch_status status = vouch__yaml_read(ctx, name, yaml, len, MAX_BYTES, &set);
    if (status)
        return status;
    vouch__json *out = vouch__json_object(doc);
    status = judge_all(ctx, name, vouch__doc_root(set), entries, model, doc, out);
    if (!status)
        *out_controls = out;
    vouch__doc_free(set);
    return status;
}

/* Outcomes by group under the legal profiles. Which tests run, and whether they can fail, is the profiles';
 * where the limits lie is the policy's; what the numbers are is neither's. */
#include "fairness/outcomes.h"

#include <stdio.h>
#include <string.h>

bool vouch__fair_is_blocked(const vouch__outcomes *o, const vouch__entry *entry)
{
    const char *by;
    char note[256];
    vouch__entry blocked = *entry;
    if (!o->has_profiles || vouch__legal_of(o->n_legal, o->legal, entry->id, &by) != VOUCH__LEGAL_BLOCKED)
        return false;
    (void)snprintf(note, sizeof note, "Not run: the legal profile '%.100s' blocks this test.", by);
    blocked.verdict = VOUCH__NOT_APPLICABLE;
    blocked.judged = false;
    blocked.note = note;
    (void)vouch__evidence_add(o->list, &blocked);
    return true;
}

vouch__json *vouch__fair_add(const vouch__outcomes *o, const vouch__entry *entry, bool is_chance)
{
    const char *by = "";
    char note[1024];
    bool advisory = o->has_profiles &&
                    vouch__legal_of(o->n_legal, o->legal, entry->id, &by) == VOUCH__LEGAL_ADVISORY;
    const vouch__limit *limit = entry->judged ? vouch__policy_limit(o->list->policy, entry->id) : NULL;
    vouch__verdict first = limit ? vouch__limit_judge(limit, entry->value) : VOUCH__INFO;
    bool milder = is_chance && (first == VOUCH__FAIL || first == VOUCH__ADVISORY);
    vouch__verdict second = !milder ? first : first == VOUCH__FAIL ? VOUCH__ADVISORY : VOUCH__PASS;
    bool softened = advisory && second == VOUCH__FAIL;
    vouch__verdict last = softened ? VOUCH__ADVISORY : second, before = o->list->worst;
    (void)snprintf(note, sizeof note, "%.400s%s%.200s%s%s%.100s%s", entry->note ? entry->note : "",
                   entry->note && o->rule ? " " : "", o->rule ? o->rule : "",
                   milder ? " Beyond the limit, but the test of the difference cannot tell it from chance "
                            "(adjusted p above 0.05), so it is judged one step milder."
                          : "",
                   softened ? " A failure by the policy, and an advice under the legal profile '" : "",
                   softened ? by : "", softened ? "'." : "");
    vouch__entry told = *entry;
    told.note = *note ? note : NULL;
    vouch__json *object = vouch__evidence_add(o->list, &told);
    if (last != first) {
        const char *word = vouch__verdict_name(last);
        (void)vouch__json_set(o->list->doc, object, "verdict", vouch__json_text(o->list->doc, word));
        o->list->worst = last > before ? last : before;
    }
    return object;
}

static vouch_status one_column(vouch_ctx *ctx, const vouch__outcomes *o, size_t column)
{
    vouch__groups groups;
    size_t mark = vouch__scratch_mark(ctx);
    vouch_status status = vouch__groups_make(ctx, o->data, column, o->n, o->row, &groups);
    if (!status)
        status = vouch__fair_air(ctx, o, &groups);
    if (!status)
        status = vouch__fair_smd(ctx, o, &groups);
    if (!status)
        status = vouch__fair_errors(ctx, o, &groups);
    if (!status)
        status = vouch__fair_score_proxy(ctx, o, &groups);
    if (!status)
        status = vouch__fair_flip(ctx, o, column);
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__fair_outcomes(vouch_ctx *ctx, const vouch__fair_data *data, const vouch_model *model,
                                  vouch__part part, const double *raw, const uint8_t *approve,
                                  const uint8_t *bad, vouch__legal *const *legal, size_t n_legal,
                                  vouch__evidence *list)
{
    vouch__outcomes o = { .data = data,
                          .model = model,
                          .model_name = vouch_model_name(model),
                          .part = part,
                          .part_name = vouch__part_name(part),
                          .n = data->split->n[part],
                          .row = data->split->row[part],
                          .min_group = vouch__fair_min_group(data),
                          .has_profiles = true,
                          .raw = raw,
                          .approve = approve,
                          .bad = bad,
                          .legal = legal,
                          .n_legal = n_legal,
                          .list = list };
    vouch_status status = VOUCH_OK;
    for (size_t p = 0; !status && p < data->n_protected; p++) {
        vouch__progress(ctx, "fairness: outcomes", p, data->n_protected);
        status = vouch__poll(ctx);
        if (!status)
            status = one_column(ctx, &o, data->protected_column[p]);
    }
    return status ? status : vouch__doc_status(ctx, list->doc);
}

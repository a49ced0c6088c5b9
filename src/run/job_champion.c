/* The champion: the preferred model, unless a rival is better by enough. One rule for events and numbers. */
#include "run/job_champion.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static size_t preferred_of(const vouch__job *job)
{
    size_t at = 0;
    while (strcmp(job->contender[at].plan->name, job->project.prefer) != 0)
        at++;
    return at;
}

static void say_why(vouch__job *job, const vouch__contest *c, const char *prefer, const char *name,
                    const vouch__rival *best)
{
    char difference[VOUCH__DOUBLE_MAX], low[VOUCH__DOUBLE_MAX], margin[VOUCH__DOUBLE_MAX];
    if (!best) {
        (void)snprintf(job->why, sizeof job->why, "%s is the only model", prefer);
        return;
    }
    (void)vouch__double_text(nearbyint(best->difference * c->digits) / c->digits, difference);
    (void)vouch__double_text(nearbyint(best->low * c->digits) / c->digits, low);
    (void)vouch__double_text(job->project.margin, margin);
    if (best->beats)
        (void)snprintf(job->why, sizeof job->why,
                       "%s: %s %s, the preferred model, by %s, more than the margin of %s, and the lower "
                       "bound of the difference, %s, is above 0",
                       name, c->leads, prefer, difference, margin, low);
    else
        (void)snprintf(job->why, sizeof job->why,
                       "%s, the preferred model: %s by more than the margin of %s with a lower bound above 0 "
                       "(%s: difference %s, lower bound %s)",
                       prefer, c->no_lead, margin, name, difference, low);
}

static void tell_rivals(vouch__job *job, const vouch__contest *c, size_t preferred, const vouch__rival *r,
                        vouch__json *table)
{
    for (size_t i = 0; i < job->n_contenders; i++) {
        if (i == preferred)
            continue;
        const double value[] = { r[i].one, r[i].other, r[i].difference, r[i].low, r[i].high, r[i].p };
        vouch__json *row = vouch__evidence_row(&job->list, table);
        vouch__row_text(&job->list, row, job->contender[i].plan->name);
        for (size_t k = c->has_both ? 0 : 2; k < sizeof value / sizeof *value; k++)
            vouch__row_number(&job->list, row, value[k]);
        vouch__row_text(&job->list, row, r[i].beats ? "wins" : "does not win");
    }
}

static void tell(vouch__job *job, const vouch__contest *c, size_t preferred, const vouch__rival *r,
                 const vouch__rival *best)
{
    vouch__entry entry =
        VOUCH__ENTRY(.id = "compare.champion", .section = "compare", .title = "The champion and why",
                     .model = job->contender[job->champion].plan->name, .part = "tune", .note = job->why,
                     .purpose = "The model that serves must be chosen by a rule that was written down before "
                                "the figures were seen.",
                     .method = c->method, .convention = c->convention, .source = c->source,
                     .null_hypothesis = c->null_hypothesis, .interval_method = c->interval,
                     .n = (double)job->split.n[VOUCH__TUNE], .unit = c->unit);
    if (best) {
        entry.value = best->difference;
        entry.level = 0.95;
        entry.low = best->low;
        entry.high = best->high;
        entry.statistic = best->statistic;
        entry.p_value = best->p;
    }
    vouch__json *object = vouch__evidence_add(&job->list, &entry);
    tell_rivals(job, c, preferred, r, vouch__evidence_table(&job->list, object, "rivals", c->columns));
}

static bool is_better(const vouch__rival *a, const vouch__rival *b)
{
    return a->beats != b->beats ? a->beats : a->difference > b->difference;
}

vouch_status vouch__job_choose(vouch_ctx *ctx, vouch__job *job, const vouch__contest *contest)
{
    vouch__rival r[VOUCH__MODELS_MAX] = { { .beats = false } };
    size_t preferred = preferred_of(job), best = SIZE_MAX;
    for (size_t i = 0; i < job->n_contenders; i++) {
        if (i == preferred)
            continue;
        vouch_status status = contest->compare(ctx, job, &job->contender[i], &job->contender[preferred],
                                               VOUCH__TUNE, &r[i]);
        if (status)
            return vouch__because(ctx, status, "champion: comparing on tune");
        r[i].beats = r[i].difference > job->project.margin && r[i].low > 0;
        if (best == SIZE_MAX || is_better(&r[i], &r[best]))
            best = i;
    }
    const vouch__rival *winner = best == SIZE_MAX ? NULL : &r[best];
    job->champion = winner && winner->beats ? best : preferred;
    say_why(job, contest, job->contender[preferred].plan->name,
            winner ? job->contender[best].plan->name : NULL, winner);
    tell(job, contest, preferred, r, winner);
    return VOUCH_OK;
}

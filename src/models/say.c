/* Making expressions, and going through them. */
#include "models/say.h"

#include <string.h>

static vouch__say *make(vouch__speech *s, vouch__say_op op)
{
    vouch__say *e = vouch__scratch(s->ctx, 1, sizeof *e);
    if (e)
        *e = (vouch__say){ .op = op };
    s->is_short_of_memory |= !e;
    return e;
}

vouch__say *vouch__say_number(vouch__speech *s, double value)
{
    vouch__say *e = make(s, VOUCH__SAY_NUMBER);
    if (e)
        e->value = value;
    return e;
}

static vouch__say *of_input(vouch__speech *s, vouch__say_op op, size_t input)
{
    vouch__say *e = make(s, op);
    if (e)
        e->input = input;
    return e;
}

vouch__say *vouch__say_input(vouch__speech *s, size_t input) { return of_input(s, VOUCH__SAY_INPUT, input); }

vouch__say *vouch__say_log(vouch__speech *s, size_t input) { return of_input(s, VOUCH__SAY_LOG, input); }

vouch__say *vouch__say_list(vouch__speech *s, vouch__say_op op) { return make(s, op); }

void vouch__say_push(vouch__speech *s, vouch__say *list, vouch__say *part)
{
    (void)s;
    if (!list || !part)
        return;
    if (list->last)
        list->last->next = part;
    else
        list->first = part;
    list->last = part;
}

vouch__say *vouch__say_times(vouch__speech *s, vouch__say *a, vouch__say *b)
{
    vouch__say *e = make(s, VOUCH__SAY_TIMES);
    vouch__say_push(s, e, a);
    vouch__say_push(s, e, b);
    return e;
}

void vouch__say_case(vouch__speech *s, vouch__say *choice, vouch__when when, vouch__say *part)
{
    if (part)
        part->when = when;
    vouch__say_push(s, choice, part);
}

uint8_t *vouch__say_set(vouch__speech *s, size_t input)
{
    size_t n = s->model->inputs.at[input].n_categories + 1;
    uint8_t *in = vouch__scratch(s->ctx, n, 1);
    if (in)
        memset(in, 0, n);
    s->is_short_of_memory |= !in;
    return in;
}

vouch_status vouch__say_model(vouch__speech *s, const vouch__say **out_said)
{
    vouch__say *said = NULL;
    vouch_status status = s->model->kind->say(s, &said);
    if (!status && (s->is_short_of_memory || !said))
        status = vouch__oom(s->ctx);
    *out_said = said;
    return status;
}

void vouch__say_used(const vouch__say *said, bool *used)
{
    if (said->op == VOUCH__SAY_INPUT || said->op == VOUCH__SAY_LOG)
        used[said->input] = true;
    for (const vouch__say *part = said->first; part; part = part->next) {
        if (said->op == VOUCH__SAY_CHOICE && part->when.op != VOUCH__WHEN_ELSE)
            used[part->when.input] = true;
        vouch__say_used(part, used);
    }
}

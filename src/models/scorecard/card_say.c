/* A scorecard's integer points as an expression. */
#include "models/say.h"
#include "models/scorecard/scorecard.h"

#include <math.h>

static void say_numbers(vouch__speech *s, const vouch__card_input *c, vouch__say *choice)
{
    for (size_t pass = 0; pass < 2; pass++) /* special codes before ranges */
        for (size_t b = 0; b + 1 < c->n_bins; b++) {
            const vouch__bin *bin = &c->bin[b];
            vouch__when when = { .op = pass == 0 ? VOUCH__WHEN_EQUAL : VOUCH__WHEN_UP_TO, .input = c->input };
            if ((bin->type == VOUCH__BIN_SPECIAL) != (pass == 0))
                continue;
            when.value = bin->high;
            if (pass == 1 && bin->high == INFINITY)
                when.op = VOUCH__WHEN_ELSE;
            vouch__say_case(s, choice, when, vouch__say_number(s, bin->points));
        }
}

static void say_categories(vouch__speech *s, const vouch__card_input *c, vouch__say *choice)
{
    for (size_t b = 0; b + 1 < c->n_bins; b++) {
        bool has_any = false;
        uint8_t *in = b == c->otherwise ? NULL : vouch__say_set(s, c->input);
        for (size_t k = 0; in && k < s->model->inputs.at[c->input].n_categories; k++) {
            in[k] = vouch__card_has(&c->bin[b], k);
            has_any |= in[k] != 0;
        }
        vouch__when when = { .op = VOUCH__WHEN_IN, .input = c->input, .in = in };
        if (has_any)
            vouch__say_case(s, choice, when, vouch__say_number(s, c->bin[b].points));
    }
    vouch__say_case(s, choice, (vouch__when){ .op = VOUCH__WHEN_ELSE },
                    vouch__say_number(s, c->bin[c->otherwise].points));
}

vouch_status vouch__card_say(vouch__speech *s, vouch__say **out_said)
{
    const vouch__card *card = vouch__model_card(s->model);
    vouch__say *sum = vouch__say_list(s, VOUCH__SAY_ADD);
    s->is_whole = true;
    vouch__say_push(s, sum, vouch__say_number(s, card->base_points));
    for (size_t c = 0; c < card->n; c++) {
        const vouch__card_input *at = &card->at[c];
        vouch__say *choice = vouch__say_list(s, VOUCH__SAY_CHOICE);
        vouch__say_case(s, choice, (vouch__when){ .op = VOUCH__WHEN_MISSING, .input = at->input },
                        vouch__say_number(s, at->bin[at->n_bins - 1].points));
        if (s->model->inputs.at[at->input].is_category)
            say_categories(s, at, choice);
        else
            say_numbers(s, at, choice);
        vouch__say_push(s, sum, choice);
    }
    *out_said = sum;
    return VOUCH_OK;
}

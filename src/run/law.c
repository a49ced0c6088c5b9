/* The laws, one row each. */
#include "run/law.h"

#include "run/job.h"

#include <math.h>
#include <string.h>

/* clang-format off */
static const vouch__law laws[] = {
    { "event", "an event", 0, 1, "logistic", "binomial", "auc", &vouch__stages_event,
      VOUCH__YARD_SHARE, .is_event = true },
    { "count", "a count", 0, INFINITY, "poisson", "poisson", "deviance", &vouch__stages_number,
      VOUCH__YARD_POISSON, .takes_exposure = true },
    { "amount", "an amount above 0", 0, INFINITY, "gamma", "gamma", "deviance", &vouch__stages_number,
      VOUCH__YARD_GAMMA, .takes_exposure = true, .is_open = true },
    { "amount", "an amount", 0, INFINITY, "tweedie", "tweedie", "deviance", &vouch__stages_number,
      VOUCH__YARD_TWEEDIE, .takes_exposure = true },
    { "value", "a number", -INFINITY, INFINITY, "squared", "gaussian", "deviance", &vouch__stages_number,
      VOUCH__YARD_SQUARED, .takes_exposure = true, .is_open = true },
    { "share", "a share", 0, 1, "squared", "binomial", "deviance", &vouch__stages_number,
      VOUCH__YARD_SQUARED, .is_event = false },
};
/* clang-format on */

enum { LAWS = sizeof laws / sizeof *laws };

const vouch__law *vouch__law_find(const char *name)
{
    for (size_t i = 0; i < LAWS; i++)
        if (!strcmp(laws[i].name, name ? name : "event"))
            return &laws[i];
    return NULL;
}

static bool holds(const vouch__law *law, double y)
{
    return isfinite(y) && (law->is_open ? y > law->least : y >= law->least) && y <= law->most;
}

vouch_status vouch__law_settle(vouch_ctx *ctx, const vouch__law *law, const char *where, size_t n,
                               const double *outcome, const vouch__law **out)
{
    char text[VOUCH__DOUBLE_MAX + 1];
    size_t i = 0;
    for (;; law++) {
        while (i < n && (isnan(outcome[i]) || holds(law, outcome[i])))
            i++;
        if (i == n)
            break;
        if (law + 1 == laws + LAWS || strcmp(law[1].name, law->name) != 0) {
            text[vouch__double_text(outcome[i], text)] = '\0';
            return vouch__fail(ctx, VOUCH_E_DATA, "%s is %s in row %zu, which is not %s", where, text, i + 1,
                               law->what);
        }
    }
    *out = law;
    return VOUCH_OK;
}

/* The place of a word among choices; -1: none. */
static double choice_of(const char *choices, const char *word)
{
    size_t len = strlen(word);
    for (double at = 0; *choices; at++) {
        size_t here = strcspn(choices, "|");
        if (here == len && !memcmp(choices, word, len))
            return at;
        choices += here + (choices[here] == '|');
    }
    return -1;
}

vouch_status vouch__law_model(vouch_ctx *ctx, const vouch__law *law, const char *name,
                              const vouch__model_kind *kind, const vouch__json *mapping, double *value)
{
    const vouch__param_table table = { "kind", kind->name, kind->params, kind->n_params };
    const char *const key[] = { "loss", "family" }, *const word[] = { law->loss, law->family };
    if (kind->capabilities & VOUCH__IS_IMPORTED)
        return VOUCH_OK;
    for (size_t k = 0; k < 2; k++) {
        size_t at = vouch__param_find(&table, key[k]);
        if (at == SIZE_MAX)
            continue;
        if (vouch__json_get(mapping, key[k]))
            return VOUCH_OK;
        value[at] = choice_of(kind->params[at].choices, word[k]);
        if (value[at] >= 0.0)
            return VOUCH_OK;
        return vouch__fail(ctx, VOUCH_E_DATA, "models.%s: kind %s has no %s %s, which %s wants; name another",
                           name, kind->name, key[k], word[k], law->what);
    }
    if (law->is_event)
        return VOUCH_OK;
    return vouch__fail(ctx, VOUCH_E_DATA, "models.%s: a %s is of events only, and the target is %s", name,
                       kind->name, law->what);
}

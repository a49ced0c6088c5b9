/* The checks that every metric begins with. */
#include "validate/cases.h"

#include "base/ctx.h"
#include "base/text.h"
#include "num/special.h"

#include <math.h>

static vouch_status bad_number(vouch_ctx *ctx, const char *what, const char *name, size_t at, double value,
                               const char *rule)
{
    char text[VOUCH__DOUBLE_MAX];
    (void)vouch__double_text(value, text);
    return vouch__fail(ctx, VOUCH_E_DATA, "%s: %s[%zu] is %s, must be %s", what, name, at, text, rule);
}

vouch_status vouch__cases_check(vouch_ctx *ctx, const char *what, size_t n, const double *score,
                                const uint8_t *bad, const double *weight, size_t *out_n_bad)
{
    size_t n_bad = 0;
    if (n == 0)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "%s: no cases", what);
    for (size_t i = 0; i < n; i++) {
        if (score && isnan(score[i]))
            return vouch__fail(ctx, VOUCH_E_DATA, "%s: score[%zu] is missing", what, i);
        if (bad[i] > 1)
            return vouch__fail(ctx, VOUCH_E_DATA, "%s: bad[%zu] is %d, must be 0 or 1", what, i, bad[i]);
        if (weight && !(weight[i] > 0.0 && weight[i] < INFINITY)) /* so written, NaN fails too */
            return bad_number(ctx, what, "weight", i, weight[i], "finite and above 0");
        n_bad += bad[i];
    }
    *out_n_bad = n_bad;
    return vouch__poll(ctx);
}

vouch_status vouch__cases_probability(vouch_ctx *ctx, const char *what, size_t n, const double *probability)
{
    for (size_t i = 0; i < n; i++)
        if (!(probability[i] >= 0.0 && probability[i] <= 1.0))
            return bad_number(ctx, what, "probability", i, probability[i], "in [0, 1]");
    return VOUCH_OK;
}

vouch_status vouch__cases_level(vouch_ctx *ctx, const char *what, double level)
{
    if (level > 0.0 && level < 1.0)
        return VOUCH_OK;
    char text[VOUCH__DOUBLE_MAX];
    (void)vouch__double_text(level, text);
    return vouch__fail(ctx, VOUCH_E_ARG, "%s: level is %s, must be between 0 and 1", what, text);
}

vouch_status vouch__cases_both(vouch_ctx *ctx, const char *what, size_t n, size_t n_bad)
{
    if (n_bad == 0 || n_bad == n)
        return vouch__fail(ctx, VOUCH_E_DATA, "%s: every case is %s, must hold both outcomes", what,
                           n_bad ? "bad" : "good");
    return VOUCH_OK;
}

double vouch__cases_margin(double level) { return vouch__normal_quantile(0.5 + 0.5 * level); }

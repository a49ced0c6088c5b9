/* Stepwise choice of characteristics by AIC or BIC. Every candidate is fitted, so the criterion is the one of
 * the model that would be, not of an approximation to it. */
#include "models/scorecard/card_fit.h"

#include <math.h>
#include <string.h>

enum { FORWARD = 1, BACKWARD = 2, STEPS_MAX = 1000 };
#define GAIN 1e-9 /* what a step must bring, of the criterion */

typedef struct walk {
    vouch__card_fitting *f;
    size_t m, *all; /* the candidates, as inputs */
    bool *in;       /* [m] */
    double now;     /* the criterion */
    vouch__json *told;
} walk;

static void set_kept(const walk *w)
{
    vouch__card_fitting *f = w->f;
    f->n = 0;
    for (size_t c = 0; c < w->m; c++)
        if (w->in[c])
            f->kept[f->n++] = w->all[c];
}

static bool has_wrong_sign(const vouch__card_fitting *f)
{
    for (size_t c = 1; c <= f->n; c++)
        if (f->solution.coefficient[c] > 0.0)
            return true;
    return false;
}

/* The criterion of what is in; NAN where a sign forbids it. */
static vouch_status judge(vouch_ctx *ctx, const walk *w, bool is_addition, double *out)
{
    vouch__card_fitting *f = w->f;
    set_kept(w);
    vouch__glm_columns columns = vouch__card_columns(f);
    vouch_status status = vouch__card_solve(ctx, &columns, &f->penalty, &f->solution);
    if (status)
        return status;
    bool forbids = is_addition && f->value[VOUCH__CARD_SIGNS] == VOUCH__CARD_SIGNS_DROP && has_wrong_sign(f);
    *out = forbids ? NAN : vouch__card_criterion(&f->solution, f->n, f->value[VOUCH__CARD_CRITERION] == 1.0);
    return VOUCH_OK;
}

static void number(const walk *w, vouch__json *o, const char *key, double value)
{
    vouch__json_set(w->f->doc, o, key, vouch__json_number(w->f->doc, value));
}

static void tell(const walk *w, const char *action, const char *name)
{
    const vouch__card_fitting *f = w->f;
    vouch__json *o = vouch__json_push(f->doc, w->told, vouch__json_object(f->doc));
    vouch__json_set(f->doc, o, "action", vouch__json_text(f->doc, action));
    if (name)
        vouch__json_set(f->doc, o, "input", vouch__json_text(f->doc, name));
    number(w, o, "characteristics", (double)f->n);
    number(w, o, "log_likelihood", f->solution.log_likelihood);
    number(w, o, "aic", vouch__card_criterion(&f->solution, f->n, false));
    number(w, o, "bic", vouch__card_criterion(&f->solution, f->n, true));
}

/* The candidate whose change makes the criterion least; m: none makes it less. */
static vouch_status best_change(vouch_ctx *ctx, walk *w, size_t how, size_t *out)
{
    double best = w->now - GAIN * fmax(1.0, fabs(w->now));
    *out = w->m;
    for (size_t c = 0; c < w->m; c++) {
        double value;
        if (!(how & (w->in[c] ? BACKWARD : FORWARD)))
            continue;
        vouch_status status = vouch__poll(ctx);
        w->in[c] = !w->in[c];
        if (!status)
            status = judge(ctx, w, w->in[c], &value);
        w->in[c] = !w->in[c];
        if (status)
            return status;
        if (value < best) {
            best = value;
            *out = c;
        }
    }
    return VOUCH_OK;
}

static vouch_status step_on(vouch_ctx *ctx, walk *w, size_t how)
{
    vouch_status status = judge(ctx, w, false, &w->now);
    if (!status)
        tell(w, "start", NULL);
    for (int n = 0; !status && n < STEPS_MAX; n++) {
        size_t at;
        status = best_change(ctx, w, how, &at);
        if (status || at == w->m)
            return status;
        w->in[at] = !w->in[at];
        status = judge(ctx, w, false, &w->now);
        if (!status)
            tell(w, w->in[at] ? "add" : "drop", w->f->inputs->at[w->all[at]].name);
    }
    return status;
}

vouch_status vouch__card_step(vouch_ctx *ctx, vouch__card_fitting *f)
{
    size_t how = (size_t)f->value[VOUCH__CARD_STEPWISE], mark = vouch__scratch_mark(ctx);
    walk w = { .f = f, .m = f->n };
    if (how == 0)
        return VOUCH_OK;
    w.all = vouch__scratch(ctx, f->n, sizeof *w.all);
    w.in = vouch__scratch(ctx, f->n, sizeof *w.in);
    if (!w.all || !w.in)
        return vouch__oom(ctx);
    memcpy(w.all, f->kept, f->n * sizeof *w.all);
    for (size_t c = 0; c < w.m; c++)
        w.in[c] = how == BACKWARD;
    w.told = vouch__json_set(f->doc, f->log, "stepwise", vouch__json_array(f->doc));
    vouch_status status = step_on(ctx, &w, how);
    if (!status) {
        set_kept(&w);
        for (size_t c = 0; c < w.m; c++)
            if (!w.in[c])
                f->why[w.all[c]] = "the criterion is better without it";
        if (f->n == 0)
            status = vouch__fail(ctx, VOUCH_E_DATA, "scorecard: no input improves the criterion");
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* What a fit of a scorecard tells: likelihood and criteria, what was left out and why, what rounding cost. */
#include "models/scorecard/card_fit.h"

#include <math.h>

typedef struct teller {
    vouch__doc *doc;
    vouch__json *at;
} teller;

static void number(teller t, const char *key, double value)
{
    vouch__json_set(t.doc, t.at, key, vouch__json_number(t.doc, value));
}

static void left_out(teller t, const vouch__card_fitting *f, const double *iv)
{
    vouch__json *list = vouch__json_set(t.doc, t.at, "left_out", vouch__json_array(t.doc));
    for (size_t j = 0; j < f->inputs->n; j++) {
        if (!f->why[j])
            continue;
        teller one = { t.doc, vouch__json_push(t.doc, list, vouch__json_object(t.doc)) };
        vouch__json_set(t.doc, one.at, "input", vouch__json_text(t.doc, f->inputs->at[j].name));
        vouch__json_set(t.doc, one.at, "why", vouch__json_text(t.doc, f->why[j]));
        number(one, "iv", iv[j]);
        if (!isnan(f->was[j]))
            number(one, "coefficient", f->was[j]);
    }
}

static void rounding(teller t, const vouch__card *card, const vouch__card_rounding *r)
{
    teller e = { t.doc, vouch__json_set(t.doc, t.at, "rounding", vouch__json_object(t.doc)) };
    number(e, "largest_points", r->largest);
    number(e, "auc_exact", r->auc[0]);
    number(e, "auc_nearest", r->auc[1]);
    number(e, "auc_points", r->auc[2]);
    number(e, "auc_difference", r->auc[2] - r->auc[0]);
    number(e, "log_loss_exact", r->log_loss[0]);
    number(e, "log_loss_nearest", r->log_loss[1]);
    number(e, "log_loss_points", r->log_loss[2]);
    number(e, "sweeps", (double)r->sweeps);
    number(e, "base_points", (double)card->base_points);
}

void vouch__card_log(const vouch__card_fitting *f, const double *iv, const vouch__card *card,
                     const vouch__card_rounding *r)
{
    const vouch__card_solution *s = &f->solution;
    teller t = { f->doc, f->log };
    number(t, "rows", (double)f->data->train.n);
    number(t, "steps", (double)s->steps);
    number(t, "log_likelihood", s->log_likelihood);
    number(t, "null_log_likelihood", s->null_log_likelihood);
    number(t, "pseudo_r2", 1.0 - s->log_likelihood / s->null_log_likelihood);
    number(t, "aic", vouch__card_criterion(s, f->n, false));
    number(t, "bic", vouch__card_criterion(s, f->n, true));
    if (f->penalty.l1 > 0.0)
        number(t, "l1", f->penalty.l1);
    if (f->penalty.l2 > 0.0)
        number(t, "l2", f->penalty.l2);
    number(t, "characteristics", (double)card->n);
    left_out(t, f, iv);
    rounding(t, card, r);
}

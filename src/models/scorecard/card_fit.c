/* Fitting a scorecard: bin every input, keep those with information, regress, drop what the regression turns
 * against its own bins, scale to points.
 *
 * Inputs are left out for a reason that is kept in the fit's log: an information value below min_iv;
 * collinear with stronger inputs (under COLLINEAR of its WoE's variance is its own); not worth its place by
 * the criterion of stepwise; a coefficient of the wrong sign, which would give more points to riskier bins; a
 * coefficient that a penalty or a sign holds at 0; or a p-value above max_p. For the last three the worst is
 * dropped and the rest are fitted again, until none is left to drop. */
#include "models/scorecard/card_fit.h"

#include "base/parallel.h"
#include "num/rank.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

#define COLLINEAR 1e-3

static vouch_status bin_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const vouch__card_fitting *f = arg;
    const vouch__part_rows *train = &f->data->train;
    (void)chunk;
    for (size_t j = begin; j < end; j++) {
        size_t mark = vouch__scratch_mark(worker);
        double *x = vouch__scratch(worker, train->n, sizeof *x);
        if (!x)
            return vouch__oom(worker);
        vouch__bound_column(f->data->binding, j, 0, train->n, train->row, x);
        vouch_status status = vouch__bin_input(worker, &f->inputs->at[j], &f->rule, train->n, x,
                                               train->target, train->weight, &f->at[j]);
        const vouch__override *o = vouch__override_of(f->data->overrides, f->inputs->at[j].name);
        if (!status && o) {
            f->automatic[j] = f->at[j];
            status = vouch__bin_by_hand(worker, &f->inputs->at[j], &f->rule, f->data->overrides, o, train->n,
                                        x, train->target, train->weight, &f->automatic[j], &f->at[j]);
        }
        if (status)
            return vouch__because(worker, status, "scorecard: input '%s'", f->inputs->at[j].name);
        f->automatic[j].input = j;
        f->at[j].input = j;
        for (size_t i = 0; i < train->n; i++)
            f->code[j * train->n + i] = (uint16_t)vouch__card_input_bin(&f->at[j], x[i]);
        vouch__scratch_reset(worker, mark);
    }
    return VOUCH_OK;
}

static void fill(const void *arg, size_t j, size_t begin, size_t n, double *out)
{
    const vouch__card_fitting *f = arg;
    const vouch__bin *bin = f->at[f->kept[j]].bin;
    const uint16_t *code = f->code + f->kept[j] * f->data->train.n + begin;
    for (size_t i = 0; i < n; i++)
        out[i] = bin[code[i]].woe;
}

vouch__glm_columns vouch__card_columns(const vouch__card_fitting *f)
{
    const vouch__part_rows *train = &f->data->train;
    return (vouch__glm_columns){ train->n, f->n, fill, f, train->target, train->weight };
}

void vouch__card_drop(vouch__card_fitting *f, size_t c, const char *why)
{
    f->why[f->kept[c]] = why;
    for (f->n--; c < f->n; c++)
        f->kept[c] = f->kept[c + 1];
}

static vouch_status keep_informative(vouch_ctx *ctx, vouch__card_fitting *f, double min_iv)
{
    size_t best = 0;
    for (size_t j = 0; j < f->inputs->n; j++) {
        if (f->at[j].iv > f->at[best].iv)
            best = j;
        if (f->at[j].iv > 0.0 && f->at[j].iv >= min_iv)
            f->kept[f->n++] = j;
        else
            f->why[j] = "information value below min_iv";
    }
    if (f->n > 0)
        return VOUCH_OK;
    char iv[VOUCH__DOUBLE_MAX], least[VOUCH__DOUBLE_MAX];
    vouch__double_text(f->at[best].iv, iv);
    vouch__double_text(min_iv, least);
    return vouch__fail(
        ctx, VOUCH_E_DATA,
        "scorecard: no input has an information value of at least min_iv %s (the largest is %s, of "
        "'%s')",
        least, iv, f->inputs->at[best].name);
}

/* Take characteristics from the strongest down; one whose correlation with those taken leaves it less than
 * COLLINEAR of its variance is dropped. This is Cholesky's pivot in that order. */
static vouch_status drop_collinear(vouch_ctx *ctx, vouch__card_fitting *f)
{
    size_t k = f->n, taken = 0, mark = vouch__scratch_mark(ctx);
    vouch__glm_columns columns = vouch__card_columns(f);
    vouch__glm_design design = { .n = 0 };
    double *own_of = vouch__scratch(ctx, k * k, sizeof *own_of), *iv = vouch__scratch(ctx, k, sizeof *iv);
    double *l = vouch__scratch(ctx, k * k, sizeof *l);
    uint32_t *order = vouch__scratch(ctx, k, sizeof *order);
    bool *is_dropped = vouch__scratch(ctx, k, sizeof *is_dropped);
    size_t *basis = vouch__scratch(ctx, k, sizeof *basis);
    if (!own_of || !iv || !l || !order || !is_dropped || !basis)
        return vouch__oom(ctx);
    vouch_status status = vouch__glm_design_columns(ctx, &columns, &design);
    if (!status)
        status = vouch__glm_design_covariance(ctx, &design, own_of);
    vouch__glm_design_clear(&design);
    for (size_t c = 0; c < k; c++)
        iv[c] = -f->at[f->kept[c]].iv;
    if (!status)
        status = vouch__order(ctx, k, iv, order);
    if (status)
        return status;
    for (size_t at = 0; at < k; at++) {
        size_t c = order[at];
        double own = own_of[c * k + c], pivot = own, *row = l + taken * k;
        for (size_t t = 0; t < taken; t++) {
            double v = own_of[c * k + basis[t]];
            for (size_t u = 0; u < t; u++)
                v -= row[u] * l[t * k + u];
            row[t] = v / l[t * k + t];
            pivot -= row[t] * row[t];
        }
        is_dropped[c] = !(pivot > COLLINEAR * own);
        if (!is_dropped[c]) {
            row[taken] = sqrt(pivot);
            basis[taken++] = c;
        }
    }
    for (size_t c = k; c-- > 0;)
        if (is_dropped[c])
            vouch__card_drop(f, c, "collinear with stronger inputs");
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

/* The characteristic to drop, or n: one at 0; else the one of the wrong sign with the largest coefficient;
 * else the least significant beyond max_p, unless the criterion of stepwise has chosen. */
static size_t find_worst(const vouch__card_fitting *f, const char **out_why)
{
    const double *b = f->solution.coefficient + 1, *error = f->solution.error + 1;
    double max_p = f->value[VOUCH__CARD_STEPWISE] == 0.0 ? f->value[VOUCH__CARD_MAX_P] : 1.0;
    size_t sign = 0, weak = 0;
    for (size_t c = 0; c < f->n; c++) {
        *out_why = f->penalty.l1 > 0.0 ? "held at 0 by the penalty" : "held at 0 by its sign";
        if (b[c] == 0.0)
            return c;
        if (b[c] > b[sign])
            sign = c;
        if (fabs(b[c]) * error[weak] < fabs(b[weak]) * error[c])
            weak = c;
    }
    *out_why = "coefficient of the wrong sign";
    if (f->value[VOUCH__CARD_SIGNS] == VOUCH__CARD_SIGNS_DROP && b[sign] >= 0.0)
        return sign;
    *out_why = "p-value above max_p";
    double z = fabs(b[weak]) / error[weak]; /* NAN under l1: no p-value, none dropped */
    return max_p < 1.0 && 2.0 * vouch__normal_sf(z) > max_p ? weak : f->n;
}

static vouch_status regress(vouch_ctx *ctx, vouch__card_fitting *f)
{
    for (;;) {
        const char *why;
        vouch__glm_columns columns = vouch__card_columns(f);
        vouch_status status = vouch__card_solve(ctx, &columns, &f->penalty, &f->solution);
        if (status)
            return vouch__because(ctx, status, "scorecard");
        size_t worst = find_worst(f, &why);
        if (worst == f->n)
            return VOUCH_OK;
        f->was[f->kept[worst]] = f->solution.coefficient[worst + 1];
        vouch__card_drop(f, worst, why);
        if (f->n == 0)
            return vouch__fail(ctx, VOUCH_E_DATA, "scorecard: every input is left out, the last for: %s",
                               why);
    }
}

/* The penalty as given, or by cross-validation over what is kept. */
static vouch_status set_penalty(vouch_ctx *ctx, vouch__card_fitting *f)
{
    static const char *const column[] = { "strength", "held_out_deviance", "standard_error" };
    double path[3 * VOUCH__CARD_PATH];
    f->penalty = (vouch__card_penalty){ f->value[VOUCH__CARD_L1], f->value[VOUCH__CARD_L2],
                                        f->value[VOUCH__CARD_SIGNS] == VOUCH__CARD_SIGNS_HELD };
    vouch__card_choice choice = { .is_lasso = f->value[VOUCH__CARD_PENALTY] == VOUCH__CARD_LASSO,
                                  .one_se = f->value[VOUCH__CARD_CHOOSE] == 1.0,
                                  .folds = (size_t)f->value[VOUCH__CARD_FOLDS],
                                  .seed = f->data->seed };
    if (f->value[VOUCH__CARD_PENALTY] == VOUCH__CARD_GIVEN)
        return VOUCH_OK;
    vouch__glm_columns columns = vouch__card_columns(f);
    vouch_status status = vouch__card_choose(ctx, &columns, &choice, &f->penalty, path);
    if (status)
        return vouch__because(ctx, status, "scorecard");
    vouch__json *told = vouch__json_set(f->doc, f->log, "penalty_path", vouch__json_object(f->doc));
    vouch__json *names = vouch__json_set(f->doc, told, "columns", vouch__json_array(f->doc));
    vouch__json *rows = vouch__json_set(f->doc, told, "rows", vouch__json_array(f->doc));
    for (size_t k = 0; k < 3; k++)
        vouch__json_push(f->doc, names, vouch__json_text(f->doc, column[k]));
    for (size_t at = 0; at < VOUCH__CARD_PATH; at++) {
        vouch__json *row = vouch__json_push(f->doc, rows, vouch__json_array(f->doc));
        for (size_t k = 0; k < 3; k++)
            vouch__json_push(f->doc, row, vouch__json_number(f->doc, path[3 * at + k]));
    }
    return VOUCH_OK;
}

/* ---- handing over ---- */

static vouch_status assemble(vouch_ctx *ctx, vouch__card_fitting *f, vouch__scorecard *s)
{
    vouch__card *card = &s->card;
    const vouch__card_solution *found = &f->solution;
    vouch__glm_columns columns = vouch__card_columns(f);
    double *vif = vouch__scratch(ctx, f->n, sizeof *vif);
    card->at = vouch__alloc(ctx, f->n, sizeof *card->at);
    vouch_status status = card->at && vif ? vouch__card_inflation(ctx, &columns, vif) : vouch__oom(ctx);
    if (status)
        return status;
    card->n_inputs = f->inputs->n;
    card->intercept = found->coefficient[0];
    card->intercept_error = found->error[0];
    card->pdo = f->value[VOUCH__CARD_PDO];
    card->base_score = f->value[VOUCH__CARD_BASE_SCORE];
    card->base_odds = f->value[VOUCH__CARD_BASE_ODDS];
    for (card->n = 0; card->n < f->n; card->n++) {
        vouch__card_input *from = &f->at[f->kept[card->n]], *to = &card->at[card->n];
        *to = *from;
        memset(from, 0, sizeof *from); /* the bins are the card's now */
        to->coefficient = found->coefficient[card->n + 1];
        to->error = found->error[card->n + 1];
        to->vif = vif[card->n];
    }
    return VOUCH_OK;
}

static vouch_status fit_rows(vouch_ctx *ctx, vouch__card_fitting *f, vouch__scorecard *s)
{
    vouch__card_rounding effect;
    size_t inputs = f->inputs->n;
    double *iv = vouch__scratch(ctx, inputs, sizeof *iv);
    if (!iv)
        return vouch__oom(ctx);
    vouch__progress(ctx, f->data->name, 0, 3);
    vouch_status status = vouch__parallel(ctx, inputs, 1, bin_chunk, f);
    if (status)
        return status;
    vouch__progress(ctx, f->data->name, 1, 3);
    for (size_t j = 0; j < inputs; j++)
        iv[j] = f->at[j].iv;
    status = keep_informative(ctx, f, f->value[VOUCH__CARD_MIN_IV]);
    if (!status)
        status = drop_collinear(ctx, f);
    if (!status)
        status = set_penalty(ctx, f);
    if (!status)
        status = vouch__card_step(ctx, f);
    if (!status)
        status = regress(ctx, f);
    if (status)
        return status;
    vouch__progress(ctx, f->data->name, 2, 3);
    status = assemble(ctx, f, s);
    if (!status)
        status = vouch__card_round(ctx, f, &s->card, &effect);
    if (!status)
        status = vouch__card_record(ctx, f, &s->card);
    if (!status)
        vouch__card_log(f, iv, &s->card, &effect);
    vouch__progress(ctx, f->data->name, 3, 3);
    return status;
}

static vouch_status check(vouch_ctx *ctx, const vouch__fit_data *data)
{
    const vouch__part_rows *train = &data->train;
    size_t bads = 0;
    if (data->binding->inputs->n == 0)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "scorecard: no inputs");
    for (size_t i = 0; i < train->n; i++) {
        if (train->target[i] != 0.0 && train->target[i] != 1.0)
            return vouch__fail(ctx, VOUCH_E_DATA, "scorecard: target[%zu] must be 0 or 1", i);
        bads += train->target[i] == 1.0;
    }
    if (bads == 0 || bads == train->n)
        return vouch__fail(ctx, VOUCH_E_DATA,
                           "scorecard: the %zu training rows have %zu bads, must have both "
                           "classes",
                           train->n, bads);
    return VOUCH_OK;
}

static vouch_status room(vouch_ctx *ctx, vouch__card_fitting *f)
{
    size_t inputs = f->inputs->n;
    f->at = vouch__alloc(ctx, inputs, sizeof *f->at);
    f->automatic = vouch__alloc(ctx, inputs, sizeof *f->automatic);
    f->code = vouch__scratch(ctx, inputs * f->data->train.n, sizeof *f->code);
    f->why = vouch__scratch(ctx, inputs, sizeof *f->why);
    f->kept = vouch__scratch(ctx, inputs, sizeof *f->kept);
    f->was = vouch__scratch(ctx, 3 * inputs + 2, sizeof *f->was);
    if (!f->at || !f->automatic || !f->code || !f->why || !f->kept || !f->was)
        return vouch__oom(ctx);
    f->solution.coefficient = f->was + inputs;
    f->solution.error = f->solution.coefficient + inputs + 1;
    memset(f->why, 0, inputs * sizeof *f->why);
    for (size_t j = 0; j < inputs; j++)
        f->was[j] = NAN;
    return VOUCH_OK;
}

vouch_status vouch__card_fit(vouch_ctx *ctx, const vouch__fit_data *data, const double *value,
                             vouch__doc *doc, vouch__json *log, void **state)
{
    size_t mark = vouch__scratch_mark(ctx);
    const vouch_alloc *alloc = vouch__allocator(ctx);
    vouch__scorecard *s = NULL;
    vouch__card_fitting f = { .data = data, .inputs = data->binding->inputs, .value = value, .doc = doc };
    f.log = log;
    f.rule = (vouch__bin_rule){ (size_t)value[VOUCH__CARD_MAX_BINS], (size_t)value[VOUCH__CARD_MIN_EVENTS],
                                value[VOUCH__CARD_MIN_BIN_SHARE] };
    vouch_status status = check(ctx, data);
    if (!status)
        status = vouch__card_check_overrides(ctx, &f);
    if (!status)
        status = room(ctx, &f);
    if (status)
        goto done;
    s = vouch__alloc(ctx, 1, sizeof *s);
    if (!s) {
        status = vouch__oom(ctx);
        goto done;
    }
    s->alloc = *alloc;
    status = fit_rows(ctx, &f, s);
    if (status)
        goto done;
    *state = s;
    s = NULL;
done:
    vouch__card_free(alloc, s);
    for (size_t j = 0; f.at && f.automatic && j < f.inputs->n; j++) {
        vouch__card_input_clear(alloc, &f.at[j]);
        vouch__card_input_clear(alloc, &f.automatic[j]);
    }
    vouch__free(alloc, f.automatic);
    vouch__free(alloc, f.at);
    vouch__scratch_reset(ctx, mark);
    return status;
}

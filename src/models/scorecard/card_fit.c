/* Fitting a scorecard: bin every input, keep those with information, regress, drop what the regression turns
 * against its own bins, scale to points.
 *
 * Inputs are left out for one of four reasons, each kept in the fit's log: an information value below min_iv;
 * collinear with stronger inputs (under COLLINEAR of its WoE's variance is its own); a coefficient of the
 * wrong sign, which would give more points to riskier bins; or a p-value above max_p. For the last two the
 * worst is dropped and the rest are fitted again, until none is left to drop. */
#include "models/scorecard/binning.h"
#include "models/scorecard/logit.h"
#include "models/scorecard/scorecard.h"

#include "base/parallel.h"
#include "num/rank.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

#define COLLINEAR 1e-3

typedef struct fitting {
    const vouch__fit_data *data;
    const vouch__inputs *inputs;
    vouch__bin_rule rule;
    vouch__card_input *at; /* [inputs] */
    uint16_t *code;        /* [inputs x rows]: each training row's bin */
    const char **why;      /* [inputs]: why it is left out; NULL while kept */
    size_t n, *kept;       /* characteristics, as inputs */
    double *coefficient, *error;
    vouch__logit_facts facts;
} fitting;

static vouch_status bin_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const fitting *f = arg;
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
        if (status)
            return vouch__because(worker, status, "scorecard: input '%s'", f->inputs->at[j].name);
        f->at[j].input = j;
        for (size_t i = 0; i < train->n; i++)
            f->code[j * train->n + i] = (uint16_t)vouch__card_input_bin(&f->at[j], x[i]);
        vouch__scratch_reset(worker, mark);
    }
    return VOUCH_OK;
}

static void regressors(const void *arg, size_t begin, size_t end, double *out)
{
    const fitting *f = arg;
    size_t rows = f->data->train.n;
    for (size_t c = 0; c < f->n; c++) {
        const vouch__bin *bin = f->at[f->kept[c]].bin;
        const uint16_t *code = f->code + f->kept[c] * rows;
        for (size_t i = begin; i < end; i++)
            out[(i - begin) * f->n + c] = bin[code[i]].woe;
    }
}

static vouch__logit_data regression(const fitting *f, double l2)
{
    const vouch__part_rows *train = &f->data->train;
    return (vouch__logit_data){ train->n, f->n, regressors, f, train->target, train->weight, l2 };
}

static void drop(fitting *f, size_t c, const char *why)
{
    f->why[f->kept[c]] = why;
    for (f->n--; c < f->n; c++)
        f->kept[c] = f->kept[c + 1];
}

static vouch_status keep_informative(vouch_ctx *ctx, fitting *f, double min_iv)
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
static vouch_status drop_collinear(vouch_ctx *ctx, fitting *f)
{
    size_t k = f->n, m = k + 1, taken = 0;
    vouch__logit_data data = regression(f, 0.0);
    double *moment = vouch__scratch(ctx, m * m, sizeof *moment), *iv = vouch__scratch(ctx, k, sizeof *iv);
    double *l = vouch__scratch(ctx, k * k, sizeof *l);
    uint32_t *order = vouch__scratch(ctx, k, sizeof *order);
    bool *is_dropped = vouch__scratch(ctx, k, sizeof *is_dropped);
    size_t *basis = vouch__scratch(ctx, k, sizeof *basis);
    if (!moment || !iv || !l || !order || !is_dropped || !basis)
        return vouch__oom(ctx);
    vouch_status status = vouch__logit_moments(ctx, &data, moment);
    for (size_t c = 0; c < k; c++)
        iv[c] = -f->at[f->kept[c]].iv;
    if (!status)
        status = vouch__order(ctx, k, iv, order);
    if (status)
        return status;
#define COV(a, b) (moment[((a) + 1) * m + (b) + 1] - moment[(a) + 1] * moment[(b) + 1] / moment[0])
    for (size_t at = 0; at < k; at++) {
        size_t c = order[at];
        double own = COV(c, c), pivot = own, *row = l + taken * k;
        for (size_t t = 0; t < taken; t++) {
            double v = COV(c, basis[t]);
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
#undef COV
    for (size_t c = k; c-- > 0;)
        if (is_dropped[c])
            drop(f, c, "collinear with stronger inputs");
    return VOUCH_OK;
}

/* The characteristic to drop, or n: the one of the wrong sign with the largest coefficient; else the least
 * significant beyond max_p. */
static size_t find_worst(const fitting *f, double max_p, const char **out_why)
{
    size_t sign = 0, weak = 0;
    for (size_t c = 1; c < f->n; c++) {
        if (f->coefficient[c + 1] > f->coefficient[sign + 1])
            sign = c;
        if (fabs(f->coefficient[c + 1]) * f->error[weak + 1] <
            fabs(f->coefficient[weak + 1]) * f->error[c + 1])
            weak = c;
    }
    *out_why = "coefficient of the wrong sign";
    if (f->coefficient[sign + 1] >= 0.0)
        return sign;
    *out_why = "p-value above max_p";
    double z = fabs(f->coefficient[weak + 1]) / f->error[weak + 1];
    return max_p < 1.0 && 2.0 * vouch__normal_sf(z) > max_p ? weak : f->n;
}

static vouch_status regress(vouch_ctx *ctx, fitting *f, const double *value)
{
    for (;;) {
        const char *why;
        vouch__logit_data data = regression(f, value[VOUCH__CARD_L2]);
        vouch_status status = vouch__logit_fit(ctx, &data, f->coefficient, f->error, &f->facts);
        if (status)
            return vouch__because(ctx, status, "scorecard");
        size_t worst = find_worst(f, value[VOUCH__CARD_MAX_P], &why);
        if (worst == f->n)
            return VOUCH_OK;
        drop(f, worst, why);
        if (f->n == 0)
            return vouch__fail(ctx, VOUCH_E_DATA, "scorecard: every input is left out, the last for: %s",
                               why);
    }
}

/* ---- handing over ---- */

static vouch_status assemble(vouch_ctx *ctx, fitting *f, const double *value, vouch__scorecard *s)
{
    vouch__card *card = &s->card;
    card->at = vouch__alloc(ctx, f->n, sizeof *card->at);
    if (!card->at)
        return vouch__oom(ctx);
    card->n_inputs = f->inputs->n;
    card->intercept = f->coefficient[0];
    card->intercept_error = f->error[0];
    card->pdo = value[VOUCH__CARD_PDO];
    card->base_score = value[VOUCH__CARD_BASE_SCORE];
    card->base_odds = value[VOUCH__CARD_BASE_ODDS];
    for (card->n = 0; card->n < f->n; card->n++) {
        vouch__card_input *from = &f->at[f->kept[card->n]], *to = &card->at[card->n];
        *to = *from;
        memset(from, 0, sizeof *from); /* the bins are the card's now */
        to->coefficient = f->coefficient[card->n + 1];
        to->error = f->error[card->n + 1];
    }
    return vouch__card_scale(ctx, card);
}

/* AUC of a score that is larger for goods, each row counting once. */
static vouch_status auc(vouch_ctx *ctx, const vouch__part_rows *rows, const double *score, double *out_auc)
{
    size_t mark = vouch__scratch_mark(ctx);
    double *rank = vouch__scratch(ctx, rows->n, sizeof *rank), goods = 0.0, sum = 0.0;
    if (!rank)
        return vouch__oom(ctx);
    vouch_status status = vouch__midranks(ctx, rows->n, score, rank);
    for (size_t i = 0; !status && i < rows->n; i++)
        if (rows->target[i] < 0.5) {
            goods += 1.0;
            sum += rank[i];
        }
    if (!status)
        *out_auc = (sum - 0.5 * goods * (goods + 1.0)) / (goods * ((double)rows->n - goods));
    vouch__scratch_reset(ctx, mark);
    return status;
}

typedef struct rounding {
    double largest, auc_exact, auc_points;
} rounding;

/* What rounding to integers did to the training rows. */
static vouch_status measure_rounding(vouch_ctx *ctx, const fitting *f, const vouch__card *card, rounding *out)
{
    size_t n = f->data->train.n;
    double *exact = vouch__scratch(ctx, n, sizeof *exact), *whole = vouch__scratch(ctx, n, sizeof *whole);
    if (!exact || !whole)
        return vouch__oom(ctx);
    out->largest = 0.0;
    memset(exact, 0, n * sizeof *exact);
    for (size_t i = 0; i < n; i++)
        whole[i] = (double)card->base_points;
    for (size_t c = 0; c < card->n; c++)
        for (size_t i = 0; i < n; i++) {
            size_t bin = f->code[card->at[c].input * n + i];
            exact[i] += vouch__card_exact_points(card, &card->at[c], bin);
            whole[i] += (double)card->at[c].bin[bin].points;
        }
    for (size_t i = 0; i < n; i++)
        out->largest = fmax(out->largest, fabs(exact[i] - whole[i]));
    vouch_status status = auc(ctx, &f->data->train, exact, &out->auc_exact);
    return status ? status : auc(ctx, &f->data->train, whole, &out->auc_points);
}

static void log_number(vouch__doc *doc, vouch__json *object, const char *key, double value)
{
    vouch__json_set(doc, object, key, vouch__json_number(doc, value));
}

static void write_log(const fitting *f, const double *iv, const vouch__card *card, const rounding *r,
                      vouch__doc *doc, vouch__json *log)
{
    log_number(doc, log, "rows", (double)f->data->train.n);
    log_number(doc, log, "steps", (double)f->facts.iterations);
    log_number(doc, log, "log_likelihood", f->facts.log_likelihood);
    log_number(doc, log, "null_log_likelihood", f->facts.null_log_likelihood);
    log_number(doc, log, "pseudo_r2", 1.0 - f->facts.log_likelihood / f->facts.null_log_likelihood);
    log_number(doc, log, "characteristics", (double)card->n);
    vouch__json *out = vouch__json_set(doc, log, "left_out", vouch__json_array(doc));
    for (size_t j = 0; j < f->inputs->n; j++) {
        if (!f->why[j])
            continue;
        vouch__json *o = vouch__json_push(doc, out, vouch__json_object(doc));
        vouch__json_set(doc, o, "input", vouch__json_text(doc, f->inputs->at[j].name));
        vouch__json_set(doc, o, "why", vouch__json_text(doc, f->why[j]));
        log_number(doc, o, "iv", iv[j]);
    }
    vouch__json *effect = vouch__json_set(doc, log, "rounding", vouch__json_object(doc));
    log_number(doc, effect, "largest_points", r->largest);
    log_number(doc, effect, "auc_exact", r->auc_exact);
    log_number(doc, effect, "auc_points", r->auc_points);
    log_number(doc, effect, "auc_difference", r->auc_points - r->auc_exact);
    log_number(doc, effect, "base_points", (double)card->base_points);
}

static vouch_status fit_rows(vouch_ctx *ctx, fitting *f, const double *value, vouch__doc *doc,
                             vouch__json *log, vouch__scorecard *s)
{
    rounding effect = { 0 };
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
    status = keep_informative(ctx, f, value[VOUCH__CARD_MIN_IV]);
    if (!status)
        status = drop_collinear(ctx, f);
    if (!status)
        status = regress(ctx, f, value);
    if (status)
        return status;
    vouch__progress(ctx, f->data->name, 2, 3);
    status = assemble(ctx, f, value, s);
    if (!status)
        status = measure_rounding(ctx, f, &s->card, &effect);
    if (!status)
        write_log(f, iv, &s->card, &effect, doc, log);
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

vouch_status vouch__card_fit(vouch_ctx *ctx, const vouch__fit_data *data, const double *value,
                             vouch__doc *doc, vouch__json *log, void **state)
{
    size_t mark = vouch__scratch_mark(ctx), inputs = data->binding->inputs->n;
    const vouch_alloc *alloc = vouch__allocator(ctx);
    vouch__scorecard *s = NULL;
    fitting f = { .data = data, .inputs = data->binding->inputs };
    f.rule = (vouch__bin_rule){ (size_t)value[VOUCH__CARD_MAX_BINS], (size_t)value[VOUCH__CARD_MIN_EVENTS],
                                value[VOUCH__CARD_MIN_BIN_SHARE] };
    vouch_status status = check(ctx, data);
    if (status)
        return status;
    f.at = vouch__alloc(ctx, inputs, sizeof *f.at);
    f.code = vouch__scratch(ctx, inputs * data->train.n, sizeof *f.code);
    f.why = vouch__scratch(ctx, inputs, sizeof *f.why);
    f.kept = vouch__scratch(ctx, inputs, sizeof *f.kept);
    f.coefficient = vouch__scratch(ctx, 2 * (inputs + 1), sizeof *f.coefficient);
    s = vouch__alloc(ctx, 1, sizeof *s);
    if (!f.at || !f.code || !f.why || !f.kept || !f.coefficient || !s) {
        status = vouch__oom(ctx);
        goto done;
    }
    f.error = f.coefficient + inputs + 1;
    memset(f.why, 0, inputs * sizeof *f.why);
    s->alloc = *alloc;
    status = fit_rows(ctx, &f, value, doc, log, s);
    if (status)
        goto done;
    *state = s;
    s = NULL;
done:
    vouch__card_free(alloc, s);
    for (size_t j = 0; f.at && j < inputs; j++)
        vouch__card_input_clear(alloc, &f.at[j]);
    vouch__free(alloc, f.at);
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* Fitting: bags of rows are boosted one by one, pairs of inputs are chosen on what the mean of their shapes
 * leaves, their tables are boosted upon each bag's shapes, and the bags' means are the model.
 *
 * A bag is a share f of the training rows without replacement, so the bags' spread tells standard errors by
 * the delete-d jackknife (Shao & Wu 1989): variance = f / (1 - f) times the mean squared deviation. Purifying
 * and centring are linear, so they are done to each bag, and errors are those of what the model says. */
#include "models/gam/gam_fit.h"
#include "models/gam/gam_edit.h"

#include "base/parallel.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

/* ---- settings ---- */

static vouch_status refuse(vouch_ctx *ctx, const vouch__json *at, const char *what)
{
    return vouch__fail(ctx, VOUCH_E_FORMAT, "line %u, column %u: %s", at->line, at->column, what);
}

static vouch_status input_named(vouch_ctx *ctx, const vouch__inputs *inputs, const vouch__json *at,
                                const char *name, size_t *out)
{
    vouch_status status = vouch__input_named(ctx, inputs, name, out);
    if (!status)
        return VOUCH_OK;
    return vouch__because(ctx, status == VOUCH_E_DATA ? VOUCH_E_FORMAT : status, "line %u, column %u",
                          at->line, at->column);
}

static vouch_status number_named(vouch_ctx *ctx, const vouch__fit_data *data, const char *key, size_t *out)
{
    const vouch__json *node = vouch__json_get(data->settings, key);
    const vouch__inputs *inputs = data->binding->inputs;
    *out = SIZE_MAX;
    if (!node || node->type == VOUCH__JSON_NULL)
        return VOUCH_OK;
    if (!vouch__json_string(node))
        return refuse(ctx, node, "offset and exposure must be the name of a column");
    vouch_status status = input_named(ctx, inputs, node, node->text, out);
    if (!status && inputs->at[*out].is_category)
        status = refuse(ctx, node, "offset and exposure must be numbers");
    return status;
}

static vouch_status curves_read(vouch_ctx *ctx, const vouch__fit_data *data, vouch__gam *gam)
{
    const vouch__json *mapping = vouch__json_get(data->settings, "curve");
    const vouch__inputs *inputs = data->binding->inputs;
    vouch_status status = VOUCH_OK;
    if (!mapping || mapping->type == VOUCH__JSON_NULL)
        return VOUCH_OK;
    if (mapping->type != VOUCH__JSON_OBJECT)
        return refuse(ctx, mapping, "curve must be a mapping of input: convex | concave");
    for (const vouch__json *node = mapping->first; node && !status; node = node->next) {
        const char *word = vouch__json_string(node);
        size_t j = 0;
        bool is_convex = word && !strcmp(word, "convex");
        if (!is_convex && !(word && !strcmp(word, "concave")))
            return refuse(ctx, node, "curve must be convex or concave");
        status = input_named(ctx, inputs, node, node->key, &j);
        if (!status && inputs->at[j].is_category)
            status = refuse(ctx, node, "a category has no curve");
        gam->shape[j].curve = is_convex ? VOUCH__GAM_CONVEX : VOUCH__GAM_CONCAVE;
    }
    return status;
}

static vouch_status settings_read(vouch_ctx *ctx, const vouch__fit_data *data, vouch__gam *gam)
{
    vouch_status status = number_named(ctx, data, "offset", &gam->offset);
    if (!status)
        status = number_named(ctx, data, "exposure", &gam->exposure);
    if (!status)
        status = curves_read(ctx, data, gam);
    if (!status && gam->exposure != SIZE_MAX && vouch__gbdt_link(gam->loss) != VOUCH_LINK_LOG)
        status = refuse(ctx, vouch__json_get(data->settings, "exposure"),
                        "exposure is for losses with a logarithmic link: poisson, gamma and tweedie");
    return status;
}

/* ---- the intercept before any step ---- */

/* One constant beside the offsets, by Newton's method. */
static double start_beside(const vouch__gam_data *d, const vouch__gbdt_outcome *o, double start)
{
    start -= d->gam->offset_mean + d->gam->exposure_mean;
    for (size_t turn = 0; turn < 100; turn++) {
        double g = 0.0, h = 0.0;
        for (size_t i = 0; i < d->n; i++) {
            double w = d->weight ? (double)d->weight[i] : 1.0, slope, curve;
            if (d->is_tune[i])
                continue;
            vouch__gbdt_slopes(o, start + d->offset[i], d->target[i], &slope, &curve);
            g += w * slope;
            h += w * curve;
        }
        double step = h > 0.0 ? fmin(fmax(-g / h, -2.0), 2.0) : 0.0;
        if (o->loss == VOUCH__LOSS_SQUARED)
            step = -g / h;
        start += step;
        if (fabs(step) <= 1e-13 * fmax(1.0, fabs(start)))
            break;
    }
    return start;
}

static vouch_status start_make(vouch_ctx *ctx, vouch__gam_data *d)
{
    const vouch__part_rows *train = &d->data->train;
    vouch__gbdt_outcome o = {
        .n = train->n, .target = train->target, .loss = d->gam->loss, .shape = d->gam->power
    };
    vouch_status status = vouch__gbdt_start(ctx, &o, train->weight, &d->start);
    double farthest = 0.0;
    if (status)
        return status;
    if (d->offset)
        d->start = start_beside(d, &o, d->start);
    for (size_t i = 0; i < d->n; i++)
        farthest = fmax(farthest, fabs(d->target[i] - d->start - (d->offset ? d->offset[i] : 0.0)));
    d->unit = o.loss == VOUCH__LOSS_SQUARED && farthest > 0.0 ? farthest : 1.0;
    return VOUCH_OK;
}

/* ---- bags ---- */

typedef struct bags_job {
    vouch__gam_data *d;
    vouch__gam_bag *bag;
    bool is_pairs;
} bags_job;

static vouch_status bag_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const bags_job *job = arg;
    (void)chunk, (void)end;
    return vouch__gam_boost(worker, job->d, begin, job->is_pairs, &job->bag[begin]);
}

/* With one bag its passes are divided among threads; with several, bags are. */
static vouch_status bags_run(vouch_ctx *ctx, bags_job *job, size_t n)
{
    return n == 1 ? vouch__gam_boost(ctx, job->d, 0, job->is_pairs, job->bag)
                  : vouch__parallel(ctx, n, 1, bag_chunk, job);
}

/* Scores by the mean of the bags' shapes, which the shapes' values become. */
static vouch_status mean_scores(vouch_ctx *ctx, const vouch__gam_data *d, const vouch__gam_bag *bag, size_t n,
                                double **out)
{
    double *score = vouch__scratch(ctx, d->n, sizeof *score);
    if (!score)
        return vouch__oom(ctx);
    for (size_t k = 0; k < d->n_use; k++) {
        vouch__gam_shape *s = &d->gam->shape[d->use[k]];
        for (size_t b = 0; b < s->bins.n_bins; b++) {
            double sum = 0.0;
            for (size_t i = 0; i < n; i++)
                sum += bag[i].shape[d->use[k] * VOUCH__GAM_BINS + b];
            s->value[b] = sum / (double)n;
        }
    }
    for (size_t i = 0; i < d->n; i++) {
        score[i] = d->start + (d->offset ? d->offset[i] : 0.0);
        for (size_t k = 0; k < d->n_use; k++)
            score[i] += d->gam->shape[d->use[k]].value[d->rows.row[i * d->rows.stride + d->use[k]]];
    }
    *out = score;
    return VOUCH_OK;
}

static vouch_status bags_make(vouch_ctx *ctx, vouch__gam_data *d, vouch__gam_bag *bag, size_t n)
{
    bags_job job = { .d = d, .bag = bag };
    size_t cells = 0, wide = d->gam->n_inputs * VOUCH__GAM_BINS;
    const char *name = d->data->name ? d->data->name : "gam";
    double *score = NULL;
    for (size_t i = 0; i < n; i++) {
        bag[i].shape = vouch__scratch(ctx, wide, sizeof *bag[i].shape);
        if (!bag[i].shape)
            return vouch__oom(ctx);
        memset(bag[i].shape, 0, wide * sizeof *bag[i].shape);
    }
    vouch__progress(ctx, name, 0, 3);
    vouch_status status = bags_run(ctx, &job, n);
    if (!status)
        status = mean_scores(ctx, d, bag, n, &score);
    vouch__progress(ctx, name, 1, 3);
    if (!status)
        status = vouch__gam_find_pairs(ctx, d, score);
    vouch__progress(ctx, name, 2, 3);
    for (size_t p = 0; p < d->gam->n_pairs; p++)
        cells += d->gam->pair[p].n_a * d->gam->pair[p].n_b;
    if (status || !cells)
        return status;
    for (size_t i = 0; i < n; i++) {
        bag[i].table = vouch__scratch(ctx, cells, sizeof *bag[i].table);
        if (!bag[i].table)
            return vouch__oom(ctx);
        memset(bag[i].table, 0, cells * sizeof *bag[i].table);
    }
    job.is_pairs = true;
    return bags_run(ctx, &job, n);
}

/* ---- bags to a model ---- */

static vouch_status tidy(vouch_ctx *ctx, const vouch__gam_data *d, vouch__gam_bag *bag)
{
    vouch_status status = VOUCH_OK;
    double *table = bag->table;
    for (size_t p = 0; p < d->gam->n_pairs && !status; p++) {
        const vouch__gam_pair *pair = &d->gam->pair[p];
        status = vouch__gam_purify(ctx, d->gam, pair, table, bag->shape + pair->a * VOUCH__GAM_BINS,
                                   bag->shape + pair->b * VOUCH__GAM_BINS);
        table += pair->n_a * pair->n_b;
    }
    for (size_t k = 0; k < d->n_use; k++)
        bag->intercept += vouch__gam_centre(&d->gam->shape[d->use[k]],
                                            bag->shape + d->use[k] * VOUCH__GAM_BINS);
    return status;
}

/* Mean and standard error of value[at] over the bags. A sum in order keeps what is in order in each bag. */
static void mean_of(const vouch__gam_data *d, size_t n, double *const *value, size_t at, double *out_mean,
                    double *out_error)
{
    double share = d->param[VOUCH__GAM_BAG_SHARE], sum = 0.0, spread = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += value[i][at];
    *out_mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        spread += (value[i][at] - *out_mean) * (value[i][at] - *out_mean);
    *out_error = n > 1 ? sqrt(share / (1.0 - share) * spread / (double)(n - 1)) : NAN;
}

static vouch_status combine(vouch_ctx *ctx, vouch__gam_data *d, vouch__gam_bag *bag, size_t n)
{
    vouch__gam *gam = d->gam;
    vouch__gam_facts *f = &gam->facts;
    double **value = vouch__scratch(ctx, n, sizeof *value);
    vouch_status status = VOUCH_OK;
    size_t first = 0;
    if (!value)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n && !status; i++)
        status = tidy(ctx, d, &bag[i]);
    if (status)
        return status;
    for (size_t i = 0; i < n; i++)
        value[i] = bag[i].shape;
    for (size_t k = 0; k < d->n_use; k++)
        for (size_t b = 0; b < gam->shape[d->use[k]].bins.n_bins; b++)
            mean_of(d, n, value, d->use[k] * VOUCH__GAM_BINS + b, &gam->shape[d->use[k]].value[b],
                    &gam->shape[d->use[k]].error[b]);
    for (size_t i = 0; i < n; i++)
        value[i] = bag[i].table;
    for (size_t p = 0; p < gam->n_pairs; p++) {
        vouch__gam_pair *pair = &gam->pair[p];
        for (size_t c = 0; c < pair->n_a * pair->n_b; c++)
            mean_of(d, n, value, first + c, &pair->value[c], &pair->error[c]);
        first += pair->n_a * pair->n_b;
    }
    for (size_t i = 0; i < n; i++) {
        double share = 1.0 / (double)n;
        gam->intercept += share * bag[i].intercept;
        f->rounds += share * (double)bag[i].rounds;
        f->pair_rounds += share * (double)bag[i].pair_rounds;
        f->held_rows += share * bag[i].held * d->heaviest;
        f->start_loss += share * bag[i].start_loss;
        f->held_mains += share * bag[i].held_mains;
        f->held_all += share * bag[i].held_all;
    }
    f->bags = (double)n;
    f->rows = (double)d->data->train.n;
    for (size_t i = 0; i < d->data->train.n; i++)
        f->weight += d->data->train.weight ? d->data->train.weight[i] : 1.0;
    return VOUCH_OK;
}

static void note(const vouch__gam *gam, const vouch__inputs *inputs, vouch__doc *doc, vouch__json *log)
{
    const vouch__gam_facts *f = &gam->facts;
    if (!doc || !log)
        return;
    vouch__json_set(doc, log, "intercept", vouch__json_number(doc, gam->intercept));
    vouch__json_set(doc, log, "rounds", vouch__json_number(doc, f->rounds));
    vouch__json_set(doc, log, "pair_rounds", vouch__json_number(doc, f->pair_rounds));
    vouch__json_set(doc, log, "held_loss_name", vouch__json_text(doc, vouch__gbdt_loss_title(gam->loss)));
    vouch__json_set(doc, log, "held_loss_shapes", vouch__json_number(doc, f->held_mains));
    vouch__json_set(doc, log, "held_loss", vouch__json_number(doc, f->held_all));
    vouch__json *pairs = vouch__json_set(doc, log, "pairs", vouch__json_array(doc));
    for (size_t p = 0; p < gam->n_pairs; p++)
        vouch__json_push(doc, pairs,
                         vouch__json_fmt(doc, "%s x %s", inputs->at[gam->pair[p].a].name,
                                         inputs->at[gam->pair[p].b].name));
}

static vouch_status check(vouch_ctx *ctx, const vouch__fit_data *data, const vouch__gam *gam,
                          const double *value)
{
    const vouch__inputs *inputs = data->binding->inputs;
    vouch__gbdt_params as_trees = { .loss = gam->loss, .bad_weight = 1.0 };
    if (value[VOUCH__GAM_ROUNDS] < 1.0)
        return vouch__fail(ctx, VOUCH_E_ARG, "fit: rounds must be at least 1");
    vouch_status status = vouch__gbdt_check(ctx, data, &as_trees);
    if (!status && inputs->n <= (gam->offset != SIZE_MAX) + (size_t)(gam->exposure != SIZE_MAX))
        status = vouch__fail(ctx, VOUCH_E_DATA, "fit: there is no input besides offset and exposure");
    return status;
}

vouch_status vouch__gam_fit(vouch_ctx *ctx, const vouch__fit_data *data, const double *value, vouch__doc *doc,
                            vouch__json *log, void **state)
{
    size_t mark = vouch__scratch_mark(ctx), bags = (size_t)value[VOUCH__GAM_BAGS];
    size_t n_inputs = data->binding->inputs->n;
    vouch__gam_bag *bag = vouch__scratch(ctx, bags, sizeof *bag);
    vouch__gam *gam = vouch__alloc(ctx, 1, sizeof *gam);
    vouch__gam_data d = { .data = data, .param = value, .gam = gam };
    const vouch__json *edits = NULL;
    vouch_status status = VOUCH_OK;
    if (!gam || !bag) {
        status = vouch__oom(ctx);
        goto done;
    }
    memset(bag, 0, bags * sizeof *bag);
    gam->alloc = *vouch__allocator(ctx);
    gam->loss = (vouch__gbdt_loss_id)value[VOUCH__GAM_LOSS];
    gam->power = value[VOUCH__GAM_POWER];
    gam->n_inputs = n_inputs;
    gam->shape = vouch__alloc(ctx, n_inputs + 1, sizeof *gam->shape);
    status = gam->shape ? settings_read(ctx, data, gam) : vouch__oom(ctx);
    if (!status)
        status = check(ctx, data, gam, value);
    if (!status)
        status = vouch__gam_bins_make(ctx, &d);
    if (!status)
        status = start_make(ctx, &d);
    if (!status)
        status = bags_make(ctx, &d, bag, bags);
    if (!status)
        status = combine(ctx, &d, bag, bags);
    if (status)
        goto done;
    edits = vouch__json_get(data->settings, "edits");
    if (edits && edits->type != VOUCH__JSON_NULL)
        status = vouch__gam_edit(ctx, "edits", edits, data->binding->inputs, gam);
    if (status)
        goto done;
    note(gam, data->binding->inputs, doc, log);
    *state = gam;
    gam = NULL;
done:
    vouch__gam_free(vouch__allocator(ctx), gam);
    vouch__scratch_reset(ctx, mark);
    return status;
}

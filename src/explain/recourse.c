/* Rules and scales of recourse: what may change, how far, and what a change costs. */
#include "explain/recourse.h"

#include "data/table.h"
#include "models/forest/forest.h"
#include "models/glm/glm.h"
#include "num/rank.h"

#include <math.h>
#include <string.h>

enum { KNOTS = 1024, NODES = 20000, RULES_MAX = 1 << 20 };

static bool is_ordinary(const vouch__input *input, double x)
{
    if (!isfinite(x) || (input->is_category && x < 0.0))
        return false;
    for (size_t k = 0; k < input->n_special; k++)
        if (input->special[k] == x)
            return false;
    return true;
}

/* ---- rules ---- */

static const char *const moves[] = { "free", "fixed", "up", "down" };
static const char *const keys[] = { "move", "low", "high", "weight", "step", "only" };

static vouch_status read_move(vouch_ctx *ctx, const char *name, const vouch__json *node,
                              vouch__recourse_input *in)
{
    const char *word = vouch__json_string(node);
    for (size_t k = 0; k < sizeof moves / sizeof *moves && word; k++)
        if (!strcmp(word, moves[k])) {
            in->move = (vouch__move)k;
            return VOUCH_OK;
        }
    return vouch__json_fail(ctx, VOUCH_E_FORMAT, name, node, "a move must be free, fixed, up or down");
}

static vouch_status read_number(vouch_ctx *ctx, const char *name, const vouch__json *rule, const char *key,
                                double least, double *out)
{
    const vouch__json *node = vouch__json_get(rule, key);
    if (!node)
        return VOUCH_OK;
    double value = vouch__json_double(node, (double)NAN);
    if (node->type != VOUCH__JSON_NUMBER || !(value >= least) || !isfinite(value))
        return vouch__json_fail(ctx, VOUCH_E_FORMAT, name, node, "%s must be a finite number%s", key,
                                least >= 0.0 ? " above 0" : "");
    *out = value;
    return VOUCH_OK;
}

static vouch_status read_only(vouch_ctx *ctx, const char *name, const vouch__json *only,
                              const vouch__input *input, vouch__recourse_input *in)
{
    size_t n = 0;
    if (only->type != VOUCH__JSON_ARRAY || !input->is_category)
        return vouch__json_fail(ctx, VOUCH_E_FORMAT, name, only,
                                "only must be a list, of an input with "
                                "categories");
    for (const vouch__json *at = only->first; at; at = at->next) {
        const char *word = vouch__json_string(at);
        size_t k = 0;
        while (word && k < input->n_categories && strcmp(word, input->category[k]) != 0)
            k++;
        if (!word || k == input->n_categories)
            return vouch__json_fail(ctx, VOUCH_E_FORMAT, name, at,
                                    "'%s' is no category of %s that the model "
                                    "knows",
                                    word ? word : "", input->name);
        for (size_t i = n; i < in->n_allowed; i++)
            if (in->allowed[i] == k) {
                uint32_t held = in->allowed[i];
                memmove(in->allowed + n + 1, in->allowed + n, (i - n) * sizeof *in->allowed);
                in->allowed[n++] = held;
                break;
            }
    }
    in->n_allowed = n; /* those named, and seen in the population */
    return VOUCH_OK;
}

static vouch_status read_rule(vouch_ctx *ctx, const char *name, const vouch__json *rule,
                              const vouch__input *input, vouch__recourse_input *in)
{
    const vouch__json *only = vouch__json_get(rule, "only");
    if (rule->type == VOUCH__JSON_STRING)
        return read_move(ctx, name, rule, in);
    double step = 0.0;
    vouch_status status = vouch__json_known(ctx, name, rule, keys, sizeof keys / sizeof *keys);
    if (!status && vouch__json_get(rule, "move"))
        status = read_move(ctx, name, vouch__json_get(rule, "move"), in);
    if (!status)
        status = read_number(ctx, name, rule, "low", -INFINITY, &in->low);
    if (!status)
        status = read_number(ctx, name, rule, "high", -INFINITY, &in->high);
    if (!status)
        status = read_number(ctx, name, rule, "weight", 1e-9, &in->weight);
    if (!status)
        status = read_number(ctx, name, rule, "step", 1e-12, &step);
    if (!status && only)
        status = read_only(ctx, name, only, input, in);
    if (!status && in->low > in->high)
        status = vouch__json_fail(ctx, VOUCH_E_FORMAT, name, rule, "low is above high");
    if (step > 0.0) {
        double per = nearbyint(1.0 / step);
        in->step = step;
        in->per_unit = step < 1.0 && fabs(per * step - 1.0) <= 1e-9 ? per : 0.0;
    }
    return status;
}

static vouch_status read_rules(vouch_ctx *ctx, const char *name, const vouch__json *rules,
                               const vouch__inputs *inputs, vouch__recourse_input *in)
{
    const vouch__json *rest = vouch__json_get(rules, "*");
    vouch_status status = VOUCH_OK;
    size_t mark = vouch__scratch_mark(ctx);
    const char **known = vouch__scratch(ctx, inputs->n + 1, sizeof *known);
    if (!known)
        return vouch__oom(ctx);
    for (size_t j = 0; j < inputs->n; j++)
        known[j] = inputs->at[j].name;
    known[inputs->n] = "*";
    if (rules && rules->type != VOUCH__JSON_NULL)
        status = vouch__json_known(ctx, name, rules, known, inputs->n + 1);
    for (size_t j = 0; j < inputs->n && !status; j++) {
        const vouch__json *rule = vouch__json_get(rules, inputs->at[j].name);
        rule = rule ? rule : rest;
        if (rule)
            status = read_rule(ctx, name, rule, &inputs->at[j], &in[j]);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* ---- the population ---- */

static vouch_status scale_category(vouch_ctx *ctx, const vouch__input *input, size_t n, const double *value,
                                   vouch__recourse_input *in)
{
    size_t levels = input->n_categories;
    double *count = vouch__scratch(ctx, levels + 1, sizeof *count);
    uint32_t *order = vouch__scratch(ctx, levels + 1, sizeof *order);
    in->allowed = vouch__alloc(ctx, levels + 1, sizeof *in->allowed);
    if (!count || !order || !in->allowed)
        return vouch__oom(ctx);
    memset(count, 0, (levels + 1) * sizeof *count);
    for (size_t i = 0; i < n; i++)
        if (value[i] < (double)levels)
            count[(size_t)value[i]] -= 1.0;
    vouch_status status = vouch__order(ctx, levels, count, order);
    for (size_t k = 0; k < levels && !status; k++)
        if (count[order[k]] < 0.0)
            in->allowed[in->n_allowed++] = order[k];
    return status;
}

static double median_distance(size_t n, const uint32_t *order, const double *distance)
{
    double mean = 0.0;
    for (size_t i = 0; i < n; i++)
        mean += distance[i] / (double)n;
    double middle = 0.5 * (distance[order[(n - 1) / 2]] + distance[order[n / 2]]);
    return middle > 0.0 ? middle : mean;
}

/* sorted[n], n > 0 */
static vouch_status scale_number(vouch_ctx *ctx, size_t n, const double *sorted, vouch__recourse_input *in)
{
    double middle = vouch__quantile_sorted(n, sorted, 0.5), told = -1.0, range = sorted[n - 1] - sorted[0];
    double *distance = vouch__scratch(ctx, n, sizeof *distance);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    size_t most = n < KNOTS ? n + 2 : KNOTS + 2;
    bool is_whole = true;
    double *at = in->at = vouch__alloc(ctx, most, sizeof *in->at);
    double *below = in->share = vouch__alloc(ctx, most, sizeof *in->share);
    if (!distance || !order || !at || !below)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++) {
        distance[i] = fabs(sorted[i] - middle);
        is_whole = is_whole && nearbyint(sorted[i]) == sorted[i];
    }
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i; j < n && sorted[j] == sorted[i]; j++)
            ;
        double share = 0.5 * (double)(i + j) / (double)n;
        if (share - told < 1.0 / (KNOTS - 1) && j < n)
            continue;
        at[in->n_knots] = sorted[i];
        below[in->n_knots++] = told = share;
    }
    vouch_status status = vouch__order(ctx, n, distance, order);
    if (status)
        return status;
    in->mad = median_distance(n, order, distance);
    in->low = sorted[0];
    in->high = sorted[n - 1];
    in->step = 1.0;
    if (is_whole)
        return VOUCH_OK;
    while (in->step > range / 1000.0 && in->step > 1e-300)
        in->step /= 10.0;
    while (in->step * 10.0 <= range / 1000.0 && in->step < 1e300)
        in->step *= 10.0;
    in->per_unit = in->step < 1.0 ? nearbyint(1.0 / in->step) : 0.0;
    return VOUCH_OK;
}

static vouch_status scale_input(vouch_ctx *ctx, const vouch_model *model, size_t j,
                                const vouch__binding *population, size_t n, const uint32_t *row,
                                vouch__recourse_input *in)
{
    const vouch__input *input = &model->inputs.at[j];
    size_t mark = vouch__scratch_mark(ctx), kept = 0;
    double *value = vouch__scratch(ctx, n, sizeof *value), *sorted = vouch__scratch(ctx, n, sizeof *sorted);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    *in = (vouch__recourse_input){ .is_category = input->is_category, .weight = 1.0, .step = 1.0 };
    if (!value || !sorted || !order)
        return vouch__oom(ctx);
    vouch__bound_column(population, j, 0, n, row, value);
    for (size_t i = 0; i < n; i++)
        if (is_ordinary(input, value[i]))
            value[kept++] = value[i];
    vouch_status status = VOUCH_OK;
    if (input->is_category)
        status = scale_category(ctx, input, kept, value, in);
    else if (kept == 0)
        in->move = VOUCH__MOVE_FIXED;
    else
        status = vouch__order(ctx, kept, value, order);
    for (size_t i = 0; i < kept && !status && !input->is_category; i++)
        sorted[i] = value[order[i]];
    if (!status && !input->is_category && kept)
        status = scale_number(ctx, kept, sorted, in);
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* Half of the ties count as below; beyond the population the range is the yardstick. */
static double share_below(const vouch__recourse_input *in, double x)
{
    size_t lo = 0, hi = in->n_knots;
    double first = in->at[0], last = in->at[in->n_knots - 1], range = last - first;
    if (x <= first || in->n_knots == 1)
        return in->share[0] - (range > 0.0 ? (first - x) / range : x < first ? 1.0 : x > first ? -1.0 : 0.0);
    if (x >= last)
        return in->share[in->n_knots - 1] + (x - last) / range;
    while (hi - lo > 1) {
        size_t middle = lo + (hi - lo) / 2;
        if (in->at[middle] <= x)
            lo = middle;
        else
            hi = middle;
    }
    return in->share[lo] +
           (in->share[lo + 1] - in->share[lo]) * ((x - in->at[lo]) / (in->at[lo + 1] - in->at[lo]));
}

double vouch__recourse_cost(const vouch_recourse *r, size_t input, double from, double to)
{
    const vouch__recourse_input *in = &r->in[input];
    if (from == to)
        return 0.0;
    double far = in->is_category ? 1.0
                 : !r->by_mad    ? fabs(share_below(in, to) - share_below(in, from))
                 : in->mad > 0.0 ? fabs(to - from) / in->mad
                                 : 1.0;
    return in->weight * far + r->per_change;
}

void vouch__recourse_score(const vouch_recourse *r, const double *row, double *out_raw,
                           double *out_probability)
{
    vouch__matrix x = { row, 1, r->model->inputs.n };
    r->model->kind->predict(r->model->state, x, out_raw);
    vouch__model_probabilities(r->model, x, out_raw, out_probability);
}

/* ---- what a bound can be made of ---- */

static bool adds_up(const vouch_model *model)
{
    if (vouch__model_card(model))
        return true;
    if (model->kind != &vouch__kind_glm)
        return false;
    const vouch__glm *glm = model->state;
    for (size_t t = 0; t < glm->n_terms; t++)
        if (glm->term[t].b != SIZE_MAX)
            return false;
    return true;
}

/* P(bad) rises with raw: then approval is a raw of at most target. */
static bool find_target(vouch_recourse *r)
{
    static const double tried[] = { -1e4, -100, -30, -10, -3, -1, 0, 1, 3, 10, 30, 100, 1e4 };
    double last = -INFINITY, low = -1e4, high = 1e4;
    for (size_t k = 0; k < sizeof tried / sizeof *tried; k++) {
        double p = vouch__model_probability(r->model, tried[k]);
        if (!(p >= last))
            return false;
        last = p;
    }
    if (vouch__model_probability(r->model, low) > r->cutoff) {
        r->target = -INFINITY;
        return true;
    }
    if (vouch__model_probability(r->model, high) <= r->cutoff) {
        r->target = INFINITY;
        return true;
    }
    for (int k = 0; k < 200; k++) {
        double middle = 0.5 * (low + high);
        if (vouch__model_probability(r->model, middle) <= r->cutoff)
            low = middle;
        else
            high = middle;
    }
    r->target = high;
    return true;
}

static void choose_form(vouch_recourse *r)
{
    const vouch_model *model = r->model;
    bool is_one = model->kind != &vouch__kind_forest || ((const vouch__forest *)model->state)->n_groups == 1;
    r->form = VOUCH__RECOURSE_ASK;
    r->card = vouch__model_card(model);
    const vouch__trees *trees = vouch__model_trees(model);
    if (!is_one || (!trees && !adds_up(model)) || !find_target(r))
        return;
    r->form = trees ? VOUCH__RECOURSE_TREES : VOUCH__RECOURSE_SUM;
    r->trees = trees;
}

static vouch_status check_options(vouch_ctx *ctx, const vouch_recourse_options *o)
{
    if (!(o->cutoff > 0.0 && o->cutoff < 1.0))
        return vouch__fail(ctx, VOUCH_E_ARG, "recourse: cutoff must be a probability between 0 and 1");
    if (o->cost && strcmp(o->cost, "quantile") != 0 && strcmp(o->cost, "mad") != 0)
        return vouch__fail(ctx, VOUCH_E_ARG, "recourse: cost is '%s', must be quantile or mad", o->cost);
    if (!(o->per_change >= 0.0 && o->seconds >= 0.0 && o->gap >= 0.0) || !isfinite(o->per_change))
        return vouch__fail(ctx, VOUCH_E_ARG, "recourse: per_change, seconds and gap must be 0 or more");
    if (o->answers > VOUCH__RECOURSE_ANSWERS)
        return vouch__fail(ctx, VOUCH_E_ARG, "recourse: answers is %zu, must be at most %d", o->answers,
                           VOUCH__RECOURSE_ANSWERS);
    return VOUCH_OK;
}

vouch_status vouch__recourse_make(vouch_ctx *ctx, const vouch_model *model, const vouch__binding *population,
                                  size_t n, const uint32_t *row, const vouch_recourse_options *o,
                                  const char *name, const vouch__json *rules, vouch_recourse **out_recourse)
{
    vouch_status status = check_options(ctx, o);
    if (!status && n == 0)
        status = vouch__fail(ctx, VOUCH_E_DATA, "recourse: the population has no rows");
    if (status)
        return status;
    vouch_recourse *r = vouch__alloc(ctx, 1, sizeof *r);
    if (!r)
        return vouch__oom(ctx);
    r->alloc = *vouch__allocator(ctx);
    r->model = model;
    r->by_mad = o->cost && !strcmp(o->cost, "mad");
    r->cutoff = o->cutoff;
    r->per_change = o->per_change;
    r->seconds = o->seconds;
    r->gap = o->gap;
    r->max_changes = o->max_changes ? o->max_changes : SIZE_MAX;
    r->answers = o->answers ? o->answers : 1;
    r->nodes = o->nodes ? o->nodes : NODES;
    r->in = vouch__alloc(ctx, model->inputs.n + 1, sizeof *r->in);
    if (!r->in) {
        vouch_recourse_free(r);
        return vouch__oom(ctx);
    }
    for (size_t j = 0; j < model->inputs.n && !status; j++)
        status = scale_input(ctx, model, j, population, n, row, &r->in[j]);
    if (!status)
        status = read_rules(ctx, name, rules, &model->inputs, r->in);
    if (!status) {
        choose_form(r);
        status = vouch__recourse_edges(ctx, r);
    }
    if (status)
        vouch_recourse_free(r);
    else
        *out_recourse = r;
    return status;
}

vouch_status vouch_recourse_new(vouch_ctx *ctx, const vouch_model *model, const vouch_table *population,
                                const vouch_recourse_options *options, vouch_recourse **out_recourse)
{
    vouch__binding binding = { .n = 0 };
    vouch__doc *doc = NULL;
    vouch_status status = VOUCH_OK;
    if (options->rules)
        status = vouch__yaml_read(ctx, "rules", options->rules, strlen(options->rules), RULES_MAX, &doc);
    if (!status)
        status = vouch__bind(ctx, &model->inputs, population, &binding);
    if (!status)
        status = vouch__recourse_make(ctx, model, &binding, vouch_table_rows(population), NULL, options,
                                      "rules", doc ? vouch__doc_root(doc) : NULL, out_recourse);
    vouch__binding_clear(&binding);
    vouch__doc_free(doc);
    return status;
}

void vouch_recourse_free(vouch_recourse *r)
{
    if (!r)
        return;
    vouch_alloc alloc = r->alloc;
    for (size_t j = 0; r->in && j < r->model->inputs.n; j++) {
        vouch__free(&alloc, r->in[j].at);
        vouch__free(&alloc, r->in[j].share);
        vouch__free(&alloc, r->in[j].edge);
        vouch__free(&alloc, r->in[j].allowed);
    }
    vouch__free(&alloc, r->in);
    vouch__free(&alloc, r);
}

size_t vouch_recourse_answers(const vouch_recourse *r) { return r->answers; }

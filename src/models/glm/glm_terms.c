/* From settings and training rows to pieces and terms: where the offset is, which level is the base, where
 * knots stand, what a missing value counts as. Every input is read once, each by one worker. */
#include "models/glm/glm.h"

#include "base/parallel.h"
#include "num/lanes.h"
#include "num/rank.h"
#include "num/sum.h"

#include <math.h>
#include <string.h>

enum { KNOTS_MAX = VOUCH__GLM_BASIS_MAX - 2 };

typedef struct making {
    vouch_ctx *ctx;
    const vouch__fit_data *data;
    const vouch__inputs *inputs;
    const vouch__json *settings;
    vouch__glm *glm;
    size_t *number, *flags; /* [inputs] the piece of each input's values, and of its flags; or SIZE_MAX */
    double whole[3];        /* tally of all training rows */
    int base_level, missing;
    bool is_trusting;
} making;

/* ---- settings ---- */

static vouch_status refuse(const making *m, const vouch__json *at, const char *what)
{
    return vouch__fail(m->ctx, VOUCH_E_FORMAT, "line %u, column %u: %s", at->line, at->column, what);
}

static size_t input_of(const vouch__inputs *inputs, const char *name)
{
    for (size_t j = 0; name && j < inputs->n; j++)
        if (!strcmp(inputs->at[j].name, name))
            return j;
    return SIZE_MAX;
}

static vouch_status no_input(const making *m, const vouch__json *at, const char *what, const char *name)
{
    size_t j;
    vouch_status status = vouch__input_named(m->ctx, m->inputs, name, &j);
    if (!status) /* but not one of this use */
        return vouch__fail(m->ctx, VOUCH_E_FORMAT,
                           "line %u, column %u: %s names '%s', which has no place there", at->line,
                           at->column, what, name);
    return vouch__because(m->ctx, status == VOUCH_E_DATA ? VOUCH_E_FORMAT : status, "line %u, column %u: %s",
                          at->line, at->column, what);
}

/* The input that a setting names; it must be a number. */
static vouch_status named_number(const making *m, const char *key, size_t *out)
{
    const vouch__json *node = vouch__json_get(m->settings, key);
    *out = SIZE_MAX;
    if (!node || node->type == VOUCH__JSON_NULL)
        return VOUCH_OK;
    if (!vouch__json_string(node))
        return refuse(m, node, "offset and exposure must be the name of a column");
    *out = input_of(m->inputs, node->text);
    if (*out == SIZE_MAX)
        return no_input(m, node, key, node->text);
    return m->inputs->at[*out].is_category ? refuse(m, node, "offset and exposure must be numbers")
                                           : VOUCH_OK;
}

static vouch_status check_members(const making *m, const char *key)
{
    const vouch__json *map = vouch__json_get(m->settings, key);
    if (!map || map->type == VOUCH__JSON_NULL)
        return VOUCH_OK;
    if (map->type != VOUCH__JSON_OBJECT)
        return refuse(m, map,
                      !strcmp(key, "base") ? "base must be a mapping of column: level"
                                           : "splines must be a mapping of column: knots");
    for (const vouch__json *node = map->first; node; node = node->next) {
        size_t j = input_of(m->inputs, node->key);
        if (j == SIZE_MAX)
            return no_input(m, node, key, node->key);
        if (m->inputs->at[j].is_category != !strcmp(key, "base"))
            return refuse(m, node,
                          !strcmp(key, "base") ? "base is for categories, and this is a number"
                                               : "splines are for numbers, and this is a category");
    }
    return VOUCH_OK;
}

static vouch_status refuse_list(const making *m, const vouch__json *at, const char *key)
{
    return refuse(m, at,
                  !strcmp(key, "precision") ? "precision must be a list of inputs"
                                            : "leave_out must be a list of columns");
}

static vouch_status check_names(const making *m, const char *key)
{
    const vouch__json *list = vouch__json_get(m->settings, key);
    if (!list || list->type == VOUCH__JSON_NULL)
        return VOUCH_OK;
    if (list->type != VOUCH__JSON_ARRAY)
        return refuse_list(m, list, key);
    for (const vouch__json *node = list->first; node; node = node->next) {
        if (!vouch__json_string(node))
            return refuse_list(m, node, key);
        if (input_of(m->inputs, node->text) == SIZE_MAX)
            return no_input(m, node, key, node->text);
    }
    return VOUCH_OK;
}

/* ---- pieces ---- */

static vouch_status new_piece(making *m, vouch__glm_piece_type type, size_t input, vouch__glm_piece **out)
{
    vouch__glm_piece *p = &m->glm->piece[m->glm->n_pieces++];
    const vouch__input *at = &m->inputs->at[input];
    *p = (vouch__glm_piece){ .type = type, .input = input, .flags = SIZE_MAX };
    *out = p;
    if (type == VOUCH__GLM_LEVELS || type == VOUCH__GLM_FLAGS) {
        p->n_levels = (type == VOUCH__GLM_LEVELS ? at->n_categories : at->n_special) + 1;
        p->level = vouch__alloc(m->ctx, p->n_levels, sizeof *p->level);
        p->tally = vouch__alloc(m->ctx, 3 * (p->n_levels + 1), sizeof *p->tally);
        if (!p->level || !p->tally)
            return vouch__oom(m->ctx);
    }
    if (type == VOUCH__GLM_FLAGS && at->n_special) {
        p->knot = vouch__alloc(m->ctx, at->n_special, sizeof *p->knot);
        if (!p->knot)
            return vouch__oom(m->ctx);
        memcpy(p->knot, at->special, at->n_special * sizeof *p->knot);
        p->n_knots = at->n_special;
    }
    return VOUCH_OK;
}

static vouch_status read_knots(making *m, const vouch__json *list, vouch__glm_piece *p)
{
    size_t k = 0;
    if (list->len < 3 || list->len > KNOTS_MAX)
        return vouch__fail(m->ctx, VOUCH_E_FORMAT, "line %u, column %u: a spline has 3 to %d knots",
                           list->line, list->column, KNOTS_MAX);
    p->knot = vouch__alloc(m->ctx, list->len, sizeof *p->knot);
    if (!p->knot)
        return vouch__oom(m->ctx);
    for (const vouch__json *node = list->first; node; node = node->next, k++) {
        p->knot[k] = vouch__json_double(node, NAN);
        if (!(fabs(p->knot[k]) < INFINITY) || (k && !(p->knot[k] > p->knot[k - 1])))
            return refuse(m, node, "knots must be numbers, each above the one before");
    }
    p->n_knots = k;
    return VOUCH_OK;
}

/* {type: natural | bspline, knots: 5 | [20, 30, 45, 60]}, or the knots alone. */
static vouch_status read_spline(making *m, const vouch__json *node, vouch__glm_piece *p)
{
    const vouch__json *knots = node->type == VOUCH__JSON_OBJECT ? vouch__json_get(node, "knots") : node;
    const char *type = node->type == VOUCH__JSON_OBJECT ? vouch__json_string(vouch__json_get(node, "type"))
                                                        : NULL;
    p->type = VOUCH__GLM_NATURAL;
    if (type && !strcmp(type, "bspline"))
        p->type = VOUCH__GLM_BSPLINE;
    else if (type && strcmp(type, "natural") != 0)
        return refuse(m, node, "the type of a spline must be natural or bspline");
    if (knots && knots->type == VOUCH__JSON_ARRAY)
        return read_knots(m, knots, p);
    double k = vouch__json_double(knots, NAN);
    if (!(k >= 3 && k <= KNOTS_MAX && k == floor(k)))
        return vouch__fail(m->ctx, VOUCH_E_FORMAT,
                           "line %u, column %u: a spline needs knots, a list of them or how many (3 to %d)",
                           node->line, node->column, KNOTS_MAX);
    p->n_knots = (size_t)k; /* to be placed at quantiles */
    return VOUCH_OK;
}

static vouch_status make_pieces(making *m)
{
    const vouch__json *out = vouch__json_get(m->settings, "leave_out");
    const vouch__json *splines = vouch__json_get(m->settings, "splines");
    vouch_status status = VOUCH_OK;
    for (size_t j = 0; j < m->inputs->n && !status; j++) {
        const vouch__input *input = &m->inputs->at[j];
        const vouch__json *spline = vouch__json_get(splines, input->name);
        vouch__glm_piece *p = NULL;
        m->number[j] = m->flags[j] = SIZE_MAX;
        if (j == m->glm->offset || j == m->glm->exposure || vouch__json_holds(out, input->name))
            continue;
        m->number[j] = m->glm->n_pieces;
        status = new_piece(m, input->is_category ? VOUCH__GLM_LEVELS : VOUCH__GLM_LINEAR, j, &p);
        if (!status && spline)
            status = read_spline(m, spline, p);
        if (status || input->is_category || (!input->n_special && m->missing != VOUCH__GLM_MISSING_FLAG))
            continue;
        p->flags = m->flags[j] = m->glm->n_pieces;
        status = new_piece(m, VOUCH__GLM_FLAGS, j, &p);
    }
    return status;
}

/* ---- what the training rows say of a piece ---- */

static double weight_of(const vouch__part_rows *rows, size_t i)
{
    return rows->weight ? rows->weight[i] : 1.0;
}

/* All rows are of one level: as tally_levels adds them up. */
static void tally_whole(making *m)
{
    const vouch__part_rows *rows = &m->data->train;
    for (size_t i = 0; i < rows->n; i++) {
        double w = weight_of(rows, i);
        m->whole[0] += w > 0.0;
        m->whole[1] += w;
        m->whole[2] += w * rows->target[i];
    }
}

static void tally_levels(const making *m, vouch__glm_piece *p, const double *x)
{
    const vouch__part_rows *rows = &m->data->train;
    for (size_t i = 0; i < rows->n; i++) {
        double *at = p->tally + 3 * vouch__glm_level_of(p, x[i]), w = weight_of(rows, i);
        at[0] += w > 0.0;
        at[1] += w;
        at[2] += w * rows->target[i];
    }
}

/* Which level is the base: the one the settings name, the heaviest, or the first. SIZE_MAX: no such level. */
static size_t base_of(const making *m, const vouch__glm_piece *p)
{
    const vouch__input *input = &m->inputs->at[p->input];
    const vouch__json *named = vouch__json_get(vouch__json_get(m->settings, "base"), input->name);
    size_t best = SIZE_MAX;
    for (size_t k = 0; k < p->n_levels; k++) {
        if (p->tally[3 * k + 1] <= 0.0)
            continue;
        if (named) {
            if (k < input->n_categories && vouch__json_string(named) &&
                !strcmp(input->category[k], named->text))
                return k;
        } else if (best == SIZE_MAX || (m->base_level == 0 && p->tally[3 * k + 1] > p->tally[3 * best + 1])) {
            best = k;
        }
    }
    return best;
}

static vouch_status number_levels(const making *m, vouch_ctx *ctx, vouch__glm_piece *p)
{
    bool is_category = p->type == VOUCH__GLM_LEVELS;
    const vouch__input *input = &m->inputs->at[p->input];
    size_t base = is_category ? base_of(m, p) : SIZE_MAX;
    if (is_category && base == SIZE_MAX && vouch__json_get(vouch__json_get(m->settings, "base"), input->name))
        return vouch__fail(ctx, VOUCH_E_DATA, "base.%s is not a level of the training rows", input->name);
    for (size_t k = 0; k < p->n_levels; k++)
        if (k != base && p->tally[3 * k] > 0.0 && (is_category || k + 1 < p->n_levels || m->missing == 0))
            p->level[k] = (uint32_t)++p->n;
    p->mean = vouch__alloc(ctx, p->n ? p->n : 1, sizeof *p->mean);
    if (!p->mean)
        return vouch__oom(ctx);
    double total = 0.0;
    for (size_t k = 0; k <= p->n_levels; k++)
        total += p->tally[3 * k + 1];
    for (size_t k = 0; k < p->n_levels; k++)
        if (p->level[k])
            p->mean[p->level[k] - 1] = p->tally[3 * k + 1] / total;
    return VOUCH_OK;
}

/* Knots at evenly spaced quantiles from 5 % to 95 % of the ordinary values. */
static vouch_status place_knots(vouch_ctx *ctx, const making *m, vouch__glm_piece *p, size_t n,
                                const double *x)
{
    size_t mark = vouch__scratch_mark(ctx), k = p->n_knots;
    uint32_t *order = vouch__scratch(ctx, n + 1, sizeof *order);
    p->knot = vouch__alloc(ctx, k, sizeof *p->knot);
    if (!order || !p->knot)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, n, x, order);
    for (size_t i = 0; i < k && !status && n; i++) {
        double at = (0.05 + 0.9 * (double)i / (double)(k - 1)) * (double)(n - 1), whole = floor(at);
        double low = x[order[(size_t)whole]], high = x[order[(size_t)fmin(whole + 1.0, (double)(n - 1))]];
        p->knot[i] = low + (at - whole) * (high - low);
    }
    for (size_t i = 0; i < k && !status; i++)
        if (n == 0 || (i && !(p->knot[i] > p->knot[i - 1])))
            status = vouch__fail(ctx, VOUCH_E_DATA,
                                 "splines.%s: its quantiles do not give %zu different knots; list them",
                                 m->inputs->at[p->input].name, k);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status look_number(vouch_ctx *ctx, const making *m, vouch__glm_piece *p, double *x)
{
    const vouch__part_rows *rows = &m->data->train;
    const vouch__glm_piece *flags = p->flags == SIZE_MAX ? NULL : &m->glm->piece[p->flags];
    size_t n = 0;
    double centre = 0.0, sums[4] = { 0.0 }, totals[4] = { 0.0 }; /* in strands: one would wait for itself */
    if (flags && flags->n_knots == 0)
        flags = NULL; /* of missing values only */
    for (size_t i = 0; i < rows->n; i++) {
        double w = weight_of(rows, i);
        if (isnan(x[i]) || (flags && vouch__glm_level_of(flags, x[i]) < flags->n_levels))
            continue;
        if (!(fabs(x[i]) < INFINITY))
            return vouch__fail(ctx, VOUCH_E_DATA, "glm: input '%s' is infinite in training row %zu",
                               m->inputs->at[p->input].name, i);
        if (n == 0)
            centre = x[i]; /* sums are of differences from it: a large constant costs no digits */
        sums[n & 3] += w * (x[i] - centre);
        totals[n & 3] += w;
        x[n++] = x[i];
    }
    double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    double total = (totals[0] + totals[1]) + (totals[2] + totals[3]);
    p->fill = total > 0.0 ? centre + sum / total : 0.0;
    if (p->type != VOUCH__GLM_LINEAR && !p->knot) {
        vouch_status status = place_knots(ctx, m, p, n, x);
        if (status)
            return status;
    }
    p->n = p->type == VOUCH__GLM_LINEAR ? 1 : p->type == VOUCH__GLM_NATURAL ? p->n_knots - 1 : p->n_knots + 1;
    p->mean = vouch__alloc(ctx, p->n, sizeof *p->mean); /* filled when the design is made */
    return p->mean ? VOUCH_OK : vouch__oom(ctx);
}

/* The commonest of inputs, a line of finite numbers without codes, is looked at in passing, or trusted to be
 * one unread; its mean is NaN then. Not done where it is something else. */
static vouch_status look_line(vouch_ctx *worker, const making *m, size_t j, bool *out_done)
{
    enum { RUN = 2048, L = VOUCH__LANES };
    const vouch__part_rows *rows = &m->data->train;
    vouch__glm_piece *p = &m->glm->piece[m->number[j]];
    vouch__glm_piece *flags = p->flags == SIZE_MAX ? NULL : &m->glm->piece[p->flags];
    double x[RUN], w[RUN], centre = 0.0;
    vouch__v8 sum = { 0 }, total = { 0 };
    *out_done = false;
    if (p->type != VOUCH__GLM_LINEAR || (flags && flags->n_knots > 0))
        return VOUCH_OK;
    for (size_t begin = 0; begin < rows->n && !m->is_trusting; begin += RUN) {
        size_t n = rows->n - begin < RUN ? rows->n - begin : RUN;
        vouch__bound_column(m->data->binding, j, begin, n, rows->row ? rows->row + begin : NULL, x);
        centre = begin ? centre
                       : x[0]; /* sums are of differences from it: a large constant costs no digits */
        for (size_t i = 0; i < n; i++)
            w[i] = weight_of(rows, begin + i);
        for (size_t i = n; i % L; i++) {
            x[i] = centre;
            w[i] = 0.0;
        }
        for (size_t i = 0; i < n; i += L) {
            sum += VOUCH__AT_CONST(w + i) * (VOUCH__AT_CONST(x + i) - centre);
            total += VOUCH__AT_CONST(w + i);
        }
        if (!(fabs(vouch__lane_sum(&sum)) <
              INFINITY)) /* so it is as soon as one value is missing or infinite */
            return VOUCH_OK;
    }
    double all = vouch__lane_sum(&total);
    p->fill = m->is_trusting ? (double)NAN : all > 0.0 ? centre + vouch__lane_sum(&sum) / all : 0.0;
    p->n = 1;
    p->mean = vouch__alloc(worker, 1, sizeof *p->mean);
    if (!p->mean)
        return vouch__oom(worker);
    *out_done = true;
    if (!flags)
        return VOUCH_OK;
    memcpy(flags->tally + 3 * flags->n_levels, m->whole, sizeof m->whole);
    return number_levels(m, worker, flags);
}

static vouch_status look_input(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    making *m = arg;
    const vouch__part_rows *rows = &m->data->train;
    size_t mark = vouch__scratch_mark(worker);
    vouch_status status = VOUCH_OK;
    double *x = NULL;
    (void)chunk;
    for (size_t j = begin; j < end && !status; j++) {
        bool is_done = m->number[j] == SIZE_MAX;
        if (!is_done)
            status = look_line(worker, m, j, &is_done);
        if (is_done || status)
            continue;
        if (!x)
            x = vouch__scratch(worker, rows->n + 1, sizeof *x);
        if (!x)
            return vouch__oom(worker);
        vouch__glm_piece *p = &m->glm->piece[m->number[j]];
        vouch__bound_column(m->data->binding, j, 0, rows->n, rows->row, x);
        if (m->missing == VOUCH__GLM_MISSING_REFUSE)
            for (size_t i = 0; i < rows->n && !status; i++)
                if (isnan(x[i]))
                    status = vouch__fail(worker, VOUCH_E_DATA,
                                         "glm: input '%s' is missing in training row %zu",
                                         m->inputs->at[j].name, i);
        if (m->flags[j] != SIZE_MAX && !status) {
            tally_levels(m, &m->glm->piece[m->flags[j]], x);
            status = number_levels(m, worker, &m->glm->piece[m->flags[j]]);
        }
        if (p->type == VOUCH__GLM_LEVELS && !status) {
            tally_levels(m, p, x);
            status = number_levels(m, worker, p);
        } else if (!status) {
            status = look_number(worker, m, p, x);
        }
    }
    vouch__scratch_reset(worker, mark);
    return status;
}

/* ---- terms ---- */

static vouch_status add_term(making *m, size_t a, size_t b)
{
    vouch__glm *glm = m->glm;
    size_t n = glm->piece[a].n * (b == SIZE_MAX ? 1 : glm->piece[b].n);
    if (n == 0)
        return VOUCH_OK;
    if (n > VOUCH__GLM_COLUMNS_MAX || glm->n_columns + n > VOUCH__GLM_COLUMNS_MAX)
        return vouch__fail(m->ctx, VOUCH_E_LIMIT, "glm: more than %d coefficients", VOUCH__GLM_COLUMNS_MAX);
    glm->term[glm->n_terms++] = (vouch__glm_term){ a, b, glm->n_columns, n };
    glm->n_columns += n;
    return VOUCH_OK;
}

static vouch_status add_products(making *m)
{
    const vouch__json *list = vouch__json_get(m->settings, "interactions");
    vouch_status status = VOUCH_OK;
    if (!list || list->type == VOUCH__JSON_NULL)
        return VOUCH_OK;
    for (const vouch__json *pair = list->first; pair && !status; pair = pair->next) {
        const vouch__json *a = vouch__json_at(pair, 0), *b = vouch__json_at(pair, 1);
        if (pair->type != VOUCH__JSON_ARRAY || pair->len != 2 || !vouch__json_string(a) ||
            !vouch__json_string(b))
            return refuse(m, pair, "an interaction must be two columns, as in [age, region]");
        size_t j = input_of(m->inputs, a->text), k = input_of(m->inputs, b->text);
        if (j == SIZE_MAX || m->number[j] == SIZE_MAX)
            return no_input(m, a, "interactions", a->text);
        if (k == SIZE_MAX || m->number[k] == SIZE_MAX || k == j)
            return no_input(m, b, "interactions", b->text);
        status = add_term(m, m->number[j], m->number[k]);
    }
    return status;
}

static vouch_status make_terms(making *m)
{
    vouch__glm *glm = m->glm;
    vouch_status status = VOUCH_OK;
    glm->n_columns = 1;
    for (size_t p = 0; p < glm->n_pieces && !status; p++)
        status = add_term(m, p, SIZE_MAX);
    if (!status)
        status = add_products(m);
    if (status)
        return status;
    glm->estimate = vouch__alloc(m->ctx, glm->n_columns, sizeof *glm->estimate);
    return glm->estimate ? VOUCH_OK : vouch__oom(m->ctx);
}

static vouch_status read_all(making *m)
{
    vouch__glm *glm = m->glm;
    const vouch__json *products = vouch__json_get(m->settings, "interactions");
    if (products && products->type != VOUCH__JSON_NULL && products->type != VOUCH__JSON_ARRAY)
        return refuse(m, products, "interactions must be a list of pairs");
    const vouch__json *cluster = vouch__json_get(m->settings, "cluster");
    if (cluster && cluster->type != VOUCH__JSON_NULL && glm->covariance != VOUCH__GLM_CLUSTER)
        return refuse(m, cluster, "cluster is for covariance: cluster");
    vouch_status status = named_number(m, "offset", &glm->offset);
    if (!status)
        status = named_number(m, "exposure", &glm->exposure);
    if (!status)
        status = check_members(m, "base");
    if (!status)
        status = check_members(m, "splines");
    if (!status)
        status = check_names(m, "leave_out");
    if (!status)
        status = check_names(m, "precision");
    if (status)
        return status;
    glm->piece = vouch__alloc(m->ctx, 2 * m->inputs->n + 1, sizeof *glm->piece);
    glm->term = vouch__alloc(m->ctx, 2 * m->inputs->n + (products ? products->len : 0) + 1,
                             sizeof *glm->term);
    if (!glm->piece || !glm->term)
        return vouch__oom(m->ctx);
    status = make_pieces(m);
    tally_whole(m);
    if (!status)
        status = vouch__parallel(m->ctx, m->inputs->n, 1, look_input, m);
    return status ? status : make_terms(m);
}

vouch_status vouch__glm_terms_make(vouch_ctx *ctx, const vouch__fit_data *data, const double *value,
                                   bool is_trusting, vouch__glm *glm)
{
    size_t n = data->binding->inputs->n, mark = vouch__scratch_mark(ctx);
    making m = {
        .ctx = ctx, .data = data, .inputs = data->binding->inputs, .settings = data->settings, .glm = glm
    };
    m.base_level = (int)value[VOUCH__GLM_BASE_LEVEL];
    m.missing = (int)value[VOUCH__GLM_MISSING];
    m.is_trusting = is_trusting;
    m.number = vouch__scratch(ctx, n + 1, sizeof *m.number);
    m.flags = vouch__scratch(ctx, n + 1, sizeof *m.flags);
    if (!m.number || !m.flags)
        return vouch__oom(ctx);
    glm->n_inputs = n;
    vouch_status status = read_all(&m);
    vouch__scratch_reset(ctx, mark);
    return status;
}

void vouch__glm_terms_clear(vouch__glm *glm)
{
    const vouch_alloc *alloc = &glm->alloc;
    for (size_t p = 0; glm->piece && p < glm->n_pieces; p++) {
        vouch__free(alloc, glm->piece[p].knot);
        vouch__free(alloc, glm->piece[p].level);
        vouch__free(alloc, glm->piece[p].mean);
        vouch__free(alloc, glm->piece[p].tally);
    }
    vouch__free(alloc, glm->piece);
    vouch__free(alloc, glm->term);
    vouch__free(alloc, glm->estimate);
    vouch__free(alloc, glm->precision);
    glm->precision = NULL;
    glm->piece = NULL;
    glm->term = NULL;
    glm->estimate = NULL;
    glm->n_pieces = glm->n_terms = 0;
}

void vouch__glm_free(const vouch_alloc *alloc, void *state)
{
    if (!state)
        return;
    vouch__glm_terms_clear(state);
    vouch__free(alloc, state);
}

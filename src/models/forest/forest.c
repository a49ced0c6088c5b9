/* The arithmetic of an imported forest: the sums in the source's order and precision, and its transforms. */
#include "models/forest/forest.h"

#include "models/forest/source_math.h"
#include "models/trees_io.h"

#include <math.h>

/* LightGBM drops values that it holds to be zero before a row reaches a tree. */
static double leaf_of_line(const vouch__forest *f, const vouch__leaf_line *line, double plain,
                           const double *row)
{
    double sum = line->constant;
    for (uint32_t i = 0; i < line->n; i++) {
        const vouch__term *term = &f->term[line->first + i];
        double x = row[term->input];
        if (isnan(x))
            return plain;
        sum += term->coefficient * (fabs(x) <= VOUCH__ZERO ? 0.0 : x);
    }
    return sum;
}

static void add_float(const vouch__forest *f, const double *row, double *raw)
{
    for (size_t t = 0; t < f->trees.n_trees; t++) {
        size_t leaf = f->trees.root[t] + vouch__tree_leaf(&f->trees, t, row);
        float value = (float)f->trees.node[leaf].value, *weight = f->weight;
        if (weight)
            value = value * weight[t];
        raw[f->group[t]] = (double)((float)raw[f->group[t]] + value);
    }
}

static void add_double(const vouch__forest *f, const double *row, double *raw)
{
    for (size_t t = 0; t < f->trees.n_trees; t++) {
        size_t leaf = f->trees.root[t] + vouch__tree_leaf(&f->trees, t, row);
        double value = f->trees.node[leaf].value;
        if (f->line_of && f->line_of[leaf] != UINT32_MAX)
            value = leaf_of_line(f, &f->line[f->line_of[leaf]], value, row);
        raw[f->group[t]] += value;
    }
}

size_t vouch__forest_refused(const vouch__forest *f, const double *row)
{
    unsigned is_suspect = 0; /* without branches: nearly no row is */
    for (size_t j = 0; j < f->trees.n_inputs; j++)
        is_suspect |= fabs(row[j]) >= f->suspect;
    if (!is_suspect)
        return SIZE_MAX;
    for (size_t j = 0; j < f->trees.n_inputs; j++) {
        double x = row[j];
        if (!f->refuses[j] || isnan(x))
            continue;
        if ((f->refuses[j] & VOUCH__NO_INFINITY) && isinf((float)x))
            return j;
        if ((f->refuses[j] & VOUCH__NO_WIDE_CATEGORY) && !(x > -2147483649.0 && x < 2147483648.0))
            return j;
    }
    return SIZE_MAX;
}

/* A product, quotient or sum of two floats that is rounded to double and then to float is rounded as if once.
 */
static double scaled(const vouch__forest *f, double sum, double bias)
{
    double part = f->is_divided ? sum / f->scale : f->scale * sum;
    return f->is_float ? (double)(float)((double)(float)part + bias) : part + bias;
}

/* What follows the sums. */
static void settle(const vouch__forest *f, const double *row, double *raw)
{
    bool is_refused = vouch__forest_refused(f, row) != SIZE_MAX;
    for (uint32_t g = 0; g < f->n_groups; g++) {
        if (f->is_scaled)
            raw[g] = scaled(f, raw[g], f->bias[g]);
        raw[g] = is_refused ? (double)NAN : raw[g];
    }
}

void vouch__forest_raw_defined(const vouch__forest *f, const double *row, double *raw)
{
    for (uint32_t g = 0; g < f->n_groups; g++)
        raw[g] = f->start[g];
    if (f->is_float)
        add_float(f, row, raw);
    else
        add_double(f, row, raw);
    settle(f, row, raw);
}

void vouch__forest_raw(const vouch__forest *f, const double *row, double *raw)
{
    if (!f->engine) {
        vouch__forest_raw_defined(f, row, raw);
        return;
    }
    vouch__engine_row(f->engine, row, raw);
    settle(f, row, raw);
}

void vouch__forest_shown(const vouch__forest *f, vouch__matrix x, double *raw)
{
    double group[VOUCH__GROUPS_MAX];
    bool is_single = f->engine && f->n_groups == 1;
    if (is_single)
        vouch__engine_rows(f->engine, x.rows, x.at, raw);
    for (size_t i = 0; i < x.rows; i++) {
        const double *row = x.at + i * x.cols;
        if (is_single) {
            settle(f, row, raw + i);
            continue;
        }
        vouch__forest_raw(f, row, group);
        raw[i] = group[f->shown];
    }
}

uint32_t vouch__forest_leaf(const vouch__forest *f, size_t t, const double *row)
{
    return f->trees.node[f->trees.root[t] + vouch__tree_leaf(&f->trees, t, row)].input;
}

static double sigmoid_float(double raw)
{
    float x = -(float)raw;
    x = x < 88.7F ? x : 88.7F; /* NaN: 88.7, and below NaN again */
    if (isnan(raw))
        return raw;
    float bottom = vouch__source_expf(x) + 1.0F;
    bottom = bottom + 1e-16F;
    return (double)(1.0F / bottom);
}

static void softmax(double *raw, uint32_t n)
{
    double most = raw[0], sum = 0.0;
    for (uint32_t g = 1; g < n; g++)
        most = most < raw[g] ? raw[g] : most;
    for (uint32_t g = 0; g < n; g++) {
        raw[g] = vouch__source_exp(raw[g] - most);
        sum += raw[g];
    }
    for (uint32_t g = 0; g < n; g++)
        raw[g] /= sum;
}

/* The sum is double, its terms and the quotients float. */
static void softmax_float(double *raw, uint32_t n)
{
    float most = (float)raw[0];
    double sum = 0.0;
    for (uint32_t g = 1; g < n; g++)
        most = most < (float)raw[g] ? (float)raw[g] : most;
    for (uint32_t g = 0; g < n; g++) {
        raw[g] = (double)vouch__source_expf((float)raw[g] - most);
        sum += raw[g];
    }
    for (uint32_t g = 0; g < n; g++)
        raw[g] = (double)((float)raw[g] / (float)sum);
}

static double sigmoid_folded(double raw)
{
    float bottom = 1.0F + vouch__source_expf(-fabsf((float)raw));
    float value = 1.0F / bottom;
    return (double)(raw < 0.0 ? 1.0F - value : value);
}

static void softmax_folded(double *raw, uint32_t n)
{
    float most = (float)raw[0], sum = 0.0F;
    for (uint32_t g = 1; g < n; g++)
        most = most < (float)raw[g] ? (float)raw[g] : most;
    for (uint32_t g = 0; g < n; g++) {
        float share = vouch__source_expf((float)raw[g] - most);
        raw[g] = (double)share;
        sum += share;
    }
    for (uint32_t g = 0; g < n; g++)
        raw[g] = (double)((float)raw[g] / sum);
}

static bool is_pair(vouch__transform t) { return t >= VOUCH__PAIR_SHARE && t <= VOUCH__PAIR_SIGMOID; }

static void pair(vouch__transform t, double *raw)
{
    double one = raw[0];
    float narrow = (float)one;
    bool is_sigmoid = t == VOUCH__PAIR_SIGMOID;
    raw[0] = is_sigmoid ? sigmoid_folded(-one) : (double)(float)(t == VOUCH__PAIR_SHARE ? 1.0 - one : -one);
    raw[1] = is_sigmoid ? sigmoid_folded(one) : (double)narrow;
}

static double transform_one(const vouch__forest *f, double raw)
{
    switch (f->transform) {
    case VOUCH__SIGMOID_FLOAT: return sigmoid_float(raw);
    case VOUCH__EXP_FLOAT: return (double)vouch__source_expf((float)raw);
    case VOUCH__HINGE: return isnan(raw) ? raw : raw > 0.0;
    case VOUCH__SIGMOID: return 1.0 / (1.0 + vouch__source_exp(-f->slope * raw));
    case VOUCH__EXP: return vouch__source_exp(raw);
    case VOUCH__SQUARE: return raw < 0.0 ? -raw * raw : raw * raw;
    case VOUCH__NARROWED: return (double)(float)raw;
    case VOUCH__SIGMOID_FOLDED: return sigmoid_folded(raw);
    case VOUCH__SOFTPLUS: return vouch__source_log1p(vouch__source_exp(raw));
    default: return raw;
    }
}

void vouch__forest_transform(const vouch__forest *f, double *raw)
{
    uint32_t most = 0;
    double each = (double)f->trees.n_trees / f->n_groups;
    for (uint32_t g = 0; f->is_averaged && each > 0.0 && g < f->n_groups; g++)
        raw[g] /= each;
    switch (f->transform) {
    case VOUCH__SOFTMAX_FLOAT: softmax_float(raw, f->n_groups); return;
    case VOUCH__SOFTMAX: softmax(raw, f->n_groups); return;
    case VOUCH__SOFTMAX_FOLDED: softmax_folded(raw, f->n_groups); return;
    case VOUCH__PAIR_SHARE:
    case VOUCH__PAIR_SIGNED:
    case VOUCH__PAIR_SIGMOID: pair(f->transform, raw); return;
    case VOUCH__ARGMAX:
        for (uint32_t g = 1; g < f->n_groups; g++)
            most = raw[g] > raw[most] ? g : most;
        raw[0] = isnan(raw[0]) ? raw[0] : most;
        return;
    default:
        for (uint32_t g = 0; g < f->n_groups; g++)
            raw[g] = transform_one(f, raw[g]);
    }
}

size_t vouch__forest_outputs(const vouch__forest *f)
{
    return f->transform == VOUCH__ARGMAX ? 1 : is_pair(f->transform) ? 2 : f->n_groups;
}

const char *vouch__source_name(vouch__forest_source source)
{
    static const char *const name[VOUCH__SOURCES] = { "xgboost", "lightgbm", "catboost", "onnx" };
    return name[source];
}

const char *vouch__transform_name(vouch__transform transform)
{
    static const char *const name[VOUCH__TRANSFORMS] = {
        [VOUCH__AS_IS] = "none",
        [VOUCH__SIGMOID_FLOAT] = "sigmoid in float32",
        [VOUCH__EXP_FLOAT] = "exp in float32",
        [VOUCH__SOFTMAX_FLOAT] = "softmax in float32",
        [VOUCH__ARGMAX] = "class of the largest",
        [VOUCH__HINGE] = "1 above 0",
        [VOUCH__SIGMOID] = "sigmoid",
        [VOUCH__EXP] = "exp",
        [VOUCH__SOFTMAX] = "softmax",
        [VOUCH__SQUARE] = "signed square",
        [VOUCH__SOFTPLUS] = "log(1 + exp)",
        [VOUCH__NARROWED] = "as float32",
        [VOUCH__SIGMOID_FOLDED] = "sigmoid in float32, by the size of raw",
        [VOUCH__SOFTMAX_FOLDED] = "softmax in float32, its sum too",
        [VOUCH__PAIR_SHARE] = "1 - raw and raw",
        [VOUCH__PAIR_SIGNED] = "-raw and raw",
        [VOUCH__PAIR_SIGMOID] = "sigmoid in float32 of -raw and raw, by its size",
    };
    return name[transform];
}

/* The reference: counts, edges and sums of one set of rows. Enough to test a batch, too little to know a row.
 */
#include "monitor/reference.h"

#include "monitor/drift_tests.h"
#include "monitor/monitor_parts.h"
#include "num/sum.h"
#include "validate/suite.h"

#include <math.h>

typedef struct maker {
    vouch_ctx *ctx;
    vouch__doc *doc;
    size_t n;
} maker;

static void put_number(const maker *m, vouch__json *object, const char *key, double value)
{
    (void)vouch__json_set(m->doc, object, key, vouch__json_number(m->doc, value));
}

static void put_numbers(const maker *m, vouch__json *object, const char *key, size_t n, const double *v)
{
    vouch__json *array = vouch__json_set(m->doc, object, key, vouch__json_array(m->doc));
    for (size_t i = 0; i < n; i++)
        (void)vouch__json_push(m->doc, array, vouch__json_number(m->doc, v[i]));
}

/* Quantile bins of x[n], which may hold NaN: members edges and counts. edge [BINS - 1] for the caller. */
static vouch_status put_bins(const maker *m, vouch__json *object, size_t n, const double *x, double *edge,
                             size_t *out_n_edges)
{
    double count[VOUCH__MONITOR_BINS + 1] = { 0 };
    size_t n_edges = 0, known = 0;
    for (size_t i = 0; i < n; i++)
        known += isnan(x[i]) ? 0 : 1;
    if (known) {
        vouch_status status = vouch__psi_edges(m->ctx, n, x, VOUCH__MONITOR_BINS, edge, &n_edges);
        if (status)
            return status;
    }
    vouch__psi_count(n, x, n_edges, edge, count);
    put_numbers(m, object, "edges", n_edges, edge);
    put_numbers(m, object, "counts", n_edges + 2, count);
    *out_n_edges = n_edges;
    return VOUCH_OK;
}

/* Take missing values and special codes out of x[n]; what is left stands first, and its number is returned.
 */
static size_t take_apart(const vouch__input *input, size_t n, double *x, double *missing, double *special)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < input->n_special && x[i] != input->special[k])
            k++;
        if (isnan(x[i]))
            ++*missing;
        else if (k < input->n_special)
            special[k]++;
        else
            x[kept++] = x[i];
    }
    return kept;
}

static vouch_status put_amounts(const maker *m, const vouch__input *input, vouch__json *object, double *x)
{
    double missing = 0.0, low = NAN, high = NAN, edge[VOUCH__MONITOR_BINS];
    size_t n_edges = 0, n_special = input->n_special;
    double *special = vouch__scratch(m->ctx, n_special + 1, sizeof *special);
    if (!special)
        return vouch__oom(m->ctx);
    for (size_t k = 0; k < n_special; k++)
        special[k] = 0.0;
    size_t kept = take_apart(input, m->n, x, &missing, special);
    for (size_t i = 0; i < kept; i++) {
        low = i ? fmin(low, x[i]) : x[i];
        high = i ? fmax(high, x[i]) : x[i];
    }
    vouch_status status = put_bins(m, object, kept, x, edge, &n_edges);
    put_number(m, object, "missing", missing);
    put_number(m, object, "minimum", low);
    put_number(m, object, "maximum", high);
    vouch__json *codes = vouch__json_set(m->doc, object, "special", vouch__json_array(m->doc));
    for (size_t k = 0; k < n_special; k++) {
        vouch__json *code = vouch__json_push(m->doc, codes, vouch__json_object(m->doc));
        put_number(m, code, "code", input->special[k]);
        put_number(m, code, "count", special[k]);
    }
    return status;
}

static vouch_status put_categories(const maker *m, const vouch__input *input, vouch__json *object,
                                   const double *x)
{
    double missing = 0.0, unseen = 0.0,
           *count = vouch__scratch(m->ctx, input->n_categories + 1, sizeof *count);
    if (!count)
        return vouch__oom(m->ctx);
    for (size_t k = 0; k < input->n_categories; k++)
        count[k] = 0.0;
    for (size_t i = 0; i < m->n; i++) {
        if (isnan(x[i]))
            missing++;
        else if (x[i] >= 0.0 && x[i] < (double)input->n_categories)
            count[(size_t)x[i]]++;
        else
            unseen++;
    }
    put_numbers(m, object, "counts", input->n_categories, count);
    put_number(m, object, "missing", missing);
    put_number(m, object, "unseen", unseen);
    return VOUCH_OK;
}

static vouch_status put_input(const maker *m, const vouch__binding *binding, size_t j, const uint32_t *row,
                              vouch__json *inputs)
{
    const vouch__input *input = &binding->inputs->at[j];
    vouch__json *object = vouch__json_push(m->doc, inputs, vouch__json_object(m->doc));
    size_t mark = vouch__scratch_mark(m->ctx);
    double *x = vouch__scratch(m->ctx, m->n + 1, sizeof *x);
    if (!x)
        return vouch__oom(m->ctx);
    vouch__bound_column(binding, j, 0, m->n, row, x);
    (void)vouch__json_set(m->doc, object, "name", vouch__json_text(m->doc, input->name));
    (void)vouch__json_set(m->doc, object, "type",
                          vouch__json_text(m->doc, input->is_category ? "category" : "number"));
    vouch_status status = input->is_category ? put_categories(m, input, object, x)
                                             : put_amounts(m, input, object, x);
    vouch__scratch_reset(m->ctx, mark);
    return status;
}

/* What happened and what was predicted, by bin of the score. */
static void put_bands(const maker *m, vouch__json *root, size_t n_edges, const double *edge,
                      const vouch__reference_rows *r)
{
    double n[VOUCH__MONITOR_BINS + 1] = { 0 }, seen[VOUCH__MONITOR_BINS + 1] = { 0 };
    double sum[VOUCH__MONITOR_BINS + 1] = { 0 }, weight[VOUCH__MONITOR_BINS + 1] = { 0 };
    for (size_t i = 0; i < m->n; i++) {
        size_t b = vouch__psi_bin(n_edges, edge, r->raw[i]);
        double w = r->weight && !r->bad ? r->weight[i] : 1.0;
        n[b]++;
        weight[b] += w;
        seen[b] += r->bad ? (double)(r->bad[i] != 0) : w * r->target[i];
        sum[b] += w * r->prediction[i];
    }
    vouch__json *bands = vouch__json_set(m->doc, root, "bands", vouch__json_array(m->doc));
    for (size_t b = 0; b <= n_edges; b++) {
        vouch__json *band = vouch__json_push(m->doc, bands, vouch__json_object(m->doc));
        put_number(m, band, "n", n[b]);
        if (!r->bad)
            put_number(m, band, "weight", weight[b]);
        put_number(m, band, r->bad ? "n_bad" : "actual", seen[b]);
        put_number(m, band, r->bad ? "probability_sum" : "expected", sum[b]);
    }
}

/* The variance of the number of bads if each probability is right: sum of p (1 - p). */
static double spread_of(size_t n, const double *p)
{
    double sum = vouch__sum(n, p);
    return fmax(0.0, sum - vouch__sum_weighted(n, p, p));
}

static vouch_status put_event(const maker *m, vouch__json *root, const vouch__reference_rows *r)
{
    double n_bad = 0.0;
    vouch_auc auc = { .auc = NAN, .variance = NAN };
    vouch_status status = VOUCH_OK;
    for (size_t i = 0; i < r->n; i++)
        n_bad += r->bad[i] != 0;
    if (n_bad >= 10.0 && (double)r->n - n_bad >= 10.0)
        status = vouch_validate_auc_delong(m->ctx, r->n, r->raw, r->bad, 0.95, &auc);
    put_number(m, root, "n_bad", n_bad);
    put_number(m, root, "probability_sum", vouch__sum(r->n, r->prediction));
    put_number(m, root, "probability_variance", spread_of(r->n, r->prediction));
    put_number(m, root, "auc", auc.auc);
    put_number(m, root, "auc_variance", auc.variance);
    return status;
}

static vouch_status put_outcomes(const maker *m, vouch__json *root, const vouch__reference_rows *r)
{
    vouch__outcome_sums sums;
    vouch_status status = vouch__outcome_measure(m->ctx, r->yardstick, r->n, r->target, r->prediction,
                                                 r->weight, &sums);
    put_number(m, root, "yardstick", r->yardstick);
    put_number(m, root, "weight", sums.weight);
    put_number(m, root, "actual", sums.actual);
    put_number(m, root, "expected", sums.expected);
    put_number(m, root, "variance", sums.variance);
    put_number(m, root, "gini", sums.gini);
    put_number(m, root, "gini_error", sums.gini_error);
    return status;
}

vouch_status vouch__reference_of(vouch_ctx *ctx, const vouch_model *model, const vouch__binding *binding,
                                 const vouch__reference_rows *rows, vouch__doc *doc,
                                 vouch__json **out_reference)
{
    maker m = { ctx, doc, rows->n };
    double edge[VOUCH__MONITOR_BINS];
    size_t n_edges = 0;
    if (rows->n == 0 || (!rows->bad && !rows->target))
        return vouch__fail(ctx, VOUCH_E_SHAPE, "reference: no rows with outcomes");
    vouch__json *root = vouch__json_object(doc);
    put_number(&m, root, "version", 1.0);
    (void)vouch__json_set(doc, root, "model", vouch__json_text(doc, vouch_model_fingerprint(model)));
    put_number(&m, root, "rows", (double)rows->n);
    vouch_status status = rows->bad ? put_event(&m, root, rows) : put_outcomes(&m, root, rows);
    vouch__json *score = vouch__json_set(doc, root, "score", vouch__json_object(doc));
    if (!status)
        status = put_bins(&m, score, rows->n, rows->raw, edge, &n_edges);
    if (!status)
        put_bands(&m, root, n_edges, edge, rows);
    vouch__json *inputs = vouch__json_set(doc, root, "inputs", vouch__json_array(doc));
    for (size_t j = 0; j < binding->inputs->n && !status; j++) {
        status = vouch__poll(ctx);
        if (!status)
            status = put_input(&m, binding, j, rows->row, inputs);
    }
    if (!status)
        status = vouch__doc_status(ctx, doc);
    if (!status)
        *out_reference = root;
    return status;
}

vouch_status vouch__reference_make(vouch_ctx *ctx, const vouch_model *model, const vouch__binding *binding,
                                   size_t n, const uint32_t *row, const double *raw,
                                   const double *probability, const uint8_t *bad, vouch__doc *doc,
                                   vouch__json **out_reference)
{
    const vouch__reference_rows rows = {
        .n = n, .row = row, .raw = raw, .prediction = probability, .bad = bad
    };
    return vouch__reference_of(ctx, model, binding, &rows, doc, out_reference);
}

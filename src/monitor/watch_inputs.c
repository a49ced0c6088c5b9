/* The score and the inputs of a batch against the reference: shares by bin, missing, and what was never seen.
 */
#include "monitor/monitor_parts.h"

#include "validate/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char psi_convention[] = "Bins are frozen on the reference: at most 10 by quantile, "
                                     "right-closed; missing values, special codes and "
                                     "unseen categories have bins of their own. Bins that would hold fewer "
                                     "than 5 of the batch are put together. "
                                     "Shares are smoothed by half a case.";
static const char psi_method[] =
    "Population stability index, sum of (a - e) ln(a / e) over bins; without change "
    "psi / (1/n + 1/m) is chi-square with one degree of freedom less than bins. "
    "p-values are Holm-adjusted over all tests of the batch.";
static const char psi_source[] = "Yurdakul & Naranjo, Journal of Risk Model Validation 14 (2020).";
static const char rate_method[] =
    "Fisher's exact test of the two rates, two-sided; p-values are Holm-adjusted over "
    "all tests of the batch.";
static const char unseen_method[] =
    "Share of rows with a number beyond the reference's smallest and largest, or a category it lacks. The "
    "p-value "
    "is the chance of so many when batch and reference are exchangeable (numbers), or given how many "
    "categories "
    "the reference has just once (Good-Turing); Holm-adjusted over all tests of the batch.";

vouch_status vouch__reference_array(vouch_ctx *ctx, const vouch__json *object, const char *key, size_t most,
                                    double *out, size_t *out_n)
{
    const vouch__json *array = vouch__json_get(object, key);
    size_t n = 0;
    if (!array || array->type != VOUCH__JSON_ARRAY || array->len > most)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "monitor: reference: %s is not a list of at most %zu numbers",
                           key, most);
    for (const vouch__json *at = array->first; at; at = at->next)
        out[n++] = vouch__json_double(at, NAN);
    *out_n = n;
    return VOUCH_OK;
}

/* The name of bin b of n_edges + 1 ranges, then of missing. */
static const char *range_label(vouch_ctx *ctx, size_t n_edges, const double *edge, size_t b)
{
    enum { LEN = 2 * VOUCH__DOUBLE_MAX + 16 };
    char low[VOUCH__DOUBLE_MAX] = "", high[VOUCH__DOUBLE_MAX] = "", *label = vouch__scratch(ctx, LEN, 1);
    if (!label)
        return NULL;
    if (b > 0 && b <= n_edges)
        low[vouch__double_text(edge[b - 1], low)] = '\0';
    if (b < n_edges)
        high[vouch__double_text(edge[b], high)] = '\0';
    if (n_edges == 0 && b == 0)
        (void)snprintf(label, LEN, "any value");
    else if (b > n_edges)
        (void)snprintf(label, LEN, "missing");
    else if (b == 0)
        (void)snprintf(label, LEN, "up to %s", high);
    else if (b == n_edges)
        (void)snprintf(label, LEN, "above %s", low);
    else
        (void)snprintf(label, LEN, "%s to %s", low, high);
    return label;
}

/* Fill a PSI test from counts that stay in scratch. */
static vouch_status psi_of(vouch__watched *w, const char *id, const char *title, const char *subject,
                           size_t bins, const char **label, const double *from, const double *to)
{
    vouch_psi psi;
    vouch_status status = vouch__drift_psi(w->ctx, bins, from, to, &psi);
    if (status)
        return status;
    vouch__drift *test = vouch__drift_add(w);
    test->id = id;
    test->title = title;
    test->purpose = "Is the population that the model now meets the one it was made for?";
    test->method = psi_method;
    test->convention = psi_convention;
    test->source = psi_source;
    test->null_hypothesis = "the batch comes from the reference population";
    test->subject = subject;
    test->unit = "PSI";
    test->n = (double)w->n;
    test->value = psi.psi;
    test->critical = psi.critical;
    test->p = psi.p_value;
    test->bins = bins;
    test->label = label;
    test->from = from;
    test->to = to;
    if (psi.bins < 2) {
        test->why_not = "The reference holds one value only, so there is nothing to compare.";
        test->if_not = VOUCH__NOT_APPLICABLE;
    }
    return VOUCH_OK;
}

vouch_status vouch__watch_score(vouch__watched *w)
{
    const vouch__json *score = vouch__json_get(w->reference, "score");
    double edge[VOUCH__MONITOR_BINS];
    size_t n_edges = 0, bins = 0;
    double *from = vouch__scratch(w->ctx, VOUCH__MONITOR_BINS + 1, sizeof *from);
    double *to = vouch__scratch(w->ctx, VOUCH__MONITOR_BINS + 1, sizeof *to);
    const char **label = vouch__scratch(w->ctx, VOUCH__MONITOR_BINS + 1, sizeof *label);
    if (!from || !to || !label)
        return vouch__oom(w->ctx);
    vouch_status status = vouch__reference_array(w->ctx, score, "edges", VOUCH__MONITOR_BINS - 1, edge,
                                                 &n_edges);
    if (!status)
        status = vouch__reference_array(w->ctx, score, "counts", VOUCH__MONITOR_BINS + 1, from, &bins);
    if (status)
        return status;
    if (bins != n_edges + 2)
        return vouch__fail(w->ctx, VOUCH_E_FORMAT, "monitor: reference: score has %zu edges and %zu counts",
                           n_edges, bins);
    vouch__psi_count(w->n, w->raw, n_edges, edge, to);
    for (size_t b = 0; b < bins; b++) {
        label[b] = range_label(w->ctx, n_edges, edge, b);
        if (!label[b])
            return vouch__oom(w->ctx);
    }
    return psi_of(w, "monitor.psi_score", "Stability of the score", NULL, bins, label, from, to);
}

typedef struct amounts { /* one input's parts, of the reference or of the batch */
    double known, missing, below, above, unseen, singles;
} amounts;

static void missing_test(vouch__watched *w, const char *subject, const amounts *was, const amounts *is)
{
    vouch__drift *test = vouch__drift_add(w);
    test->id = "monitor.missing";
    test->title = "Missing values of an input";
    test->purpose = "Does an input arrive as often as it did?";
    test->method = rate_method;
    test->convention = "The size of the change of the share of missing values, up or down.";
    test->null_hypothesis = "values are missing as often as in the reference";
    test->subject = subject;
    test->unit = "share";
    test->n = (double)w->n;
    test->was = was->missing / w->n_reference;
    test->is = is->missing / (double)w->n;
    test->value = fabs(test->is - test->was);
    test->p = vouch__drift_rates(was->missing, w->n_reference, is->missing, (double)w->n);
}

static void unseen_test(vouch__watched *w, const vouch__input *input, const amounts *was, const amounts *is)
{
    vouch__drift *test = vouch__drift_add(w);
    double beyond = input->is_category ? is->unseen : is->below + is->above;
    test->id = "monitor.unseen";
    test->title = input->is_category ? "Unseen categories of an input" : "Values out of an input's range";
    test->purpose = "Does the model meet values it has no experience with?";
    test->method = unseen_method;
    test->null_hypothesis = "batch and reference come from one population";
    test->subject = input->name;
    test->unit = "share";
    test->n = (double)w->n;
    test->is = test->value = beyond / (double)w->n;
    test->was = was->unseen / w->n_reference;
    test->p = input->is_category ? vouch__drift_unseen(was->singles, was->known, is->unseen, is->known)
                                 : vouch__drift_beyond(was->known, is->known, is->below, is->above);
    if (!(was->known > 0.0)) {
        test->why_not = "The reference has no value of this input.";
        test->if_not = VOUCH__NOT_APPLICABLE;
    }
}

/* Bins of a number: ranges, missing, special codes. */
static vouch_status watch_number(vouch__watched *w, const vouch__input *input, const vouch__json *was,
                                 double *x)
{
    const vouch__json *special = vouch__json_get(was, "special");
    size_t n_special = special && special->type == VOUCH__JSON_ARRAY ? special->len : 0, n_edges = 0,
           bins = 0, kept = 0;
    size_t most = VOUCH__MONITOR_BINS + 1 + n_special;
    double edge[VOUCH__MONITOR_BINS], *from = vouch__scratch(w->ctx, most, sizeof *from);
    double *to = vouch__scratch(w->ctx, most, sizeof *to),
           *code = vouch__scratch(w->ctx, n_special + 1, sizeof *code);
    const char **label = vouch__scratch(w->ctx, most, sizeof *label);
    if (!from || !to || !code || !label)
        return vouch__oom(w->ctx);
    vouch_status status = vouch__reference_array(w->ctx, was, "edges", VOUCH__MONITOR_BINS - 1, edge,
                                                 &n_edges);
    if (!status)
        status = vouch__reference_array(w->ctx, was, "counts", VOUCH__MONITOR_BINS + 1, from, &bins);
    if (!status && bins != n_edges + 2)
        status = vouch__fail(w->ctx, VOUCH_E_FORMAT, "monitor: reference: %s has %zu edges and %zu counts",
                             input->name, n_edges, bins);
    if (status)
        return status;

    amounts before = { .missing = vouch__json_double(vouch__json_get(was, "missing"), 0.0) }, now = { 0 };
    double low = vouch__json_double(vouch__json_get(was, "minimum"), NAN);
    double high = vouch__json_double(vouch__json_get(was, "maximum"), NAN);
    for (size_t b = 0; b + 1 < bins; b++)
        before.known += from[b];
    from[bins - 1] = before.missing;
    for (size_t k = 0; k < n_special; k++) {
        const vouch__json *at = vouch__json_at(special, k);
        code[k] = vouch__json_double(vouch__json_get(at, "code"), NAN);
        from[bins + k] = vouch__json_double(vouch__json_get(at, "count"), 0.0);
        to[bins + k] = 0.0;
    }
    for (size_t i = 0; i < w->n; i++) {
        size_t k = 0;
        while (k < n_special && x[i] != code[k])
            k++;
        if (isnan(x[i])) {
            now.missing++;
        } else if (k < n_special) {
            to[bins + k]++;
        } else {
            now.below += x[i] < low;
            now.above += x[i] > high;
            x[kept++] = x[i];
        }
    }
    now.known = (double)kept;
    vouch__psi_count(kept, x, n_edges, edge, to);
    to[bins - 1] = now.missing;
    for (size_t b = 0; b < bins + n_special; b++) {
        const double *named = b < bins ? NULL : &code[b - bins];
        label[b] = named ? range_label(w->ctx, 1, named, 0) : range_label(w->ctx, n_edges, edge, b);
        if (!label[b])
            return vouch__oom(w->ctx);
        if (named)
            label[b] += strlen("up to "); /* the code alone */
    }
    status = psi_of(w, "monitor.psi_input", "Stability of an input", input->name, bins + n_special, label,
                    from, to);
    if (!status) {
        missing_test(w, input->name, &before, &now);
        unseen_test(w, input, &before, &now);
    }
    return status;
}

static vouch_status watch_category(vouch__watched *w, const vouch__input *input, const vouch__json *was,
                                   const double *x)
{
    size_t n = input->n_categories, counted = 0, bins = n + 2;
    double *from = vouch__scratch(w->ctx, bins, sizeof *from), *to = vouch__scratch(w->ctx, bins, sizeof *to);
    const char **label = vouch__scratch(w->ctx, bins, sizeof *label);
    if (!from || !to || !label)
        return vouch__oom(w->ctx);
    vouch_status status = vouch__reference_array(w->ctx, was, "counts", n, from, &counted);
    if (!status && counted != n)
        status = vouch__fail(w->ctx, VOUCH_E_FORMAT,
                             "monitor: reference: %s has %zu categories, the model %zu", input->name, counted,
                             n);
    if (status)
        return status;
    amounts before = { .missing = vouch__json_double(vouch__json_get(was, "missing"), 0.0),
                       .unseen = vouch__json_double(vouch__json_get(was, "unseen"), 0.0) };
    amounts now = { 0 };
    for (size_t k = 0; k < n; k++) {
        before.known += from[k];
        before.singles += from[k] == 1.0;
        to[k] = 0.0;
        label[k] = input->category[k];
    }
    before.known += before.unseen;
    before.singles += before.unseen; /* the reference's own share of what the model has no name for */
    for (size_t i = 0; i < w->n; i++) {
        if (isnan(x[i]))
            now.missing++;
        else if (x[i] >= 0.0 && x[i] < (double)n)
            to[(size_t)x[i]]++;
        else
            now.unseen++;
    }
    now.known = (double)w->n - now.missing;
    from[n] = before.missing;
    to[n] = now.missing;
    label[n] = "missing";
    from[n + 1] = before.unseen;
    to[n + 1] = now.unseen;
    label[n + 1] = "unseen";
    status = psi_of(w, "monitor.psi_input", "Stability of an input", input->name, bins, label, from, to);
    if (!status) {
        missing_test(w, input->name, &before, &now);
        unseen_test(w, input, &before, &now);
    }
    return status;
}

vouch_status vouch__watch_inputs(vouch__watched *w)
{
    const vouch__inputs *inputs = &w->model->inputs;
    const vouch__json *list = vouch__json_get(w->reference, "inputs");
    vouch__binding binding;
    double *x = vouch__scratch(w->ctx, w->n + 1, sizeof *x);
    if (!x)
        return vouch__oom(w->ctx);
    vouch_status status = vouch__bind(w->ctx, inputs, w->batch, &binding);
    if (status)
        return status;
    for (size_t j = 0; j < inputs->n && !status; j++) {
        const vouch__json *was = vouch__json_at(list, j);
        const char *name = vouch__json_string(vouch__json_get(was, "name"));
        if (!name || strcmp(name, inputs->at[j].name) != 0) {
            status = vouch__fail(w->ctx, VOUCH_E_FORMAT,
                                 "monitor: reference: input %zu is %s, the model's is %s", j,
                                 name ? name : "absent", inputs->at[j].name);
            break;
        }
        status = vouch__poll(w->ctx);
        if (!status) {
            vouch__progress(w->ctx, "inputs", j, inputs->n);
            vouch__bound_column(&binding, j, 0, w->n, NULL, x);
            status = inputs->at[j].is_category ? watch_category(w, &inputs->at[j], was, x)
                                               : watch_number(w, &inputs->at[j], was, x);
        }
    }
    vouch__binding_clear(&binding);
    return status;
}

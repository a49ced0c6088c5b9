/* A column's bins as JSON, and as a table. */
#include "bins/bin_tell.h"

#include "base/text.h"
#include "data/table.h"
#include "num/special.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PEAK_IV 0.39573884 /* where optbinning's quality score is largest */

typedef struct teller {
    const vouch__bin_job *job;
    vouch__doc *doc;
    double *sums; /* [(bins + tail) x stride] */
} teller;

static void number(vouch__doc *doc, vouch__json *o, const char *key, double value)
{
    (void)vouch__json_set(doc, o, key, vouch__json_number(doc, value));
}

static void text(vouch__doc *doc, vouch__json *o, const char *key, const char *value)
{
    (void)vouch__json_set(doc, o, key, vouch__json_text(doc, value));
}

static const char *level_name(const vouch__bin_outcome *outcome)
{
    static const char *const name[] = { "event_rate", "mean", "frequency", "share_of_last_class" };
    return name[outcome->worth.target];
}

int vouch__bin_fit(const char *text, size_t most)
{
    size_t len = strlen(text);
    return (int)vouch__utf8_prefix(text, len < most ? len : most);
}

/* Where bins end in the column's own terms. */
static void range(vouch__doc *doc, const vouch__bin_job *job, size_t begin, size_t end, vouch__json *o)
{
    char low[VOUCH__DOUBLE_MAX] = "", high[VOUCH__DOUBLE_MAX] = "", label[128];
    bool is_first = begin == 0, is_last = end == job->cells.n;
    if (!is_first)
        vouch__double_text(job->cells.top[begin - 1], low);
    if (!is_last)
        vouch__double_text(job->cells.top[end - 1], high);
    if (is_first || is_last)
        (void)snprintf(label, sizeof label, "%s%s%s",
                       is_first && is_last ? "any value"
                       : is_first          ? "up to "
                                           : "above ",
                       low, high);
    else
        (void)snprintf(label, sizeof label, "%s to %s", low, high);
    text(doc, o, "type", "range");
    text(doc, o, "label", label);
    if (!is_first)
        number(doc, o, "above", job->cells.top[begin - 1]);
    if (!is_last)
        number(doc, o, "up_to", job->cells.top[end - 1]);
}

static void set(vouch__doc *doc, const vouch__bin_job *job, size_t begin, size_t end, vouch__json *o)
{
    size_t listed = 0, pool = job->cells.pool;
    vouch__json *list = vouch__json_array(doc);
    char label[128] = "";
    for (size_t k = 0; k < job->rows.n_categories; k++) {
        if (job->cells.of[k] < begin || job->cells.of[k] >= end)
            continue;
        size_t used = strlen(label);
        (void)vouch__json_push(doc, list, vouch__json_text(doc, job->category[k]));
        if (listed++ < 4)
            (void)snprintf(label + used, sizeof label - used, "%s%.*s", used ? ", " : "",
                           vouch__bin_fit(job->category[k], 24), job->category[k]);
        else if (listed == 5)
            (void)snprintf(label + used, sizeof label - used, ", ...");
    }
    text(doc, o, "type", "set");
    text(doc, o, "label", label);
    (void)vouch__json_set(doc, o, "in", list);
    if (pool != SIZE_MAX && pool >= begin && pool < end)
        (void)vouch__json_set(doc, o, "and_any_other", vouch__json_bool(doc, true));
}

void vouch__bin_tell_extent(vouch__doc *doc, const vouch__bin_job *job, size_t begin, size_t end,
                            vouch__json *o)
{
    if (job->rows.n_categories > 0)
        set(doc, job, begin, end, o);
    else
        range(doc, job, begin, end, o);
}

static void special(const teller *t, vouch__json *o, size_t at)
{
    char label[64], value[VOUCH__DOUBLE_MAX];
    if (at == t->job->rows.n_special) {
        text(t->doc, o, "type", "missing");
        text(t->doc, o, "label", "missing");
        return;
    }
    vouch__double_text(t->job->rows.special[at], value);
    (void)snprintf(label, sizeof label, "= %s (special code)", value);
    text(t->doc, o, "type", "special");
    text(t->doc, o, "label", label);
    number(t->doc, o, "equals", t->job->rows.special[at]);
}

/* What a bin of any target has, and of two classes the weight of evidence: ln(share of non-events / share of
 * events), so that positive is safer. */
void vouch__bin_tell_figures(vouch__doc *doc, const vouch__bin_outcome *outcome, const double *s,
                             vouch__json *o)
{
    const vouch__worth *w = &outcome->worth;
    number(doc, o, "rows", s[VOUCH__SUM_ROWS]);
    number(doc, o, "weight", s[VOUCH__SUM_W]);
    number(doc, o, "share", s[VOUCH__SUM_W] / w->all[VOUCH__SUM_W]);
    if (w->target == VOUCH__BIN_BINARY || w->target == VOUCH__BIN_COUNT)
        number(doc, o, "events", s[VOUCH__SUM_EVENTS]);
    number(doc, o, level_name(outcome), s[VOUCH__SUM_W] > 0.0 ? vouch__worth_level(w, s) : NAN);
    if (w->target == VOUCH__BIN_BINARY) {
        double good = (s[VOUCH__SUM_W] - s[VOUCH__SUM_Y]) / (w->all[VOUCH__SUM_W] - w->all[VOUCH__SUM_Y]);
        double bad = s[VOUCH__SUM_Y] / w->all[VOUCH__SUM_Y];
        number(doc, o, "woe", good > 0.0 && bad > 0.0 ? vouch__log(good / bad) : NAN);
    }
    number(doc, o, "worth", vouch__worth_of(w, s));
}

void vouch__bin_tell_outcome(vouch__doc *doc, const vouch__bin_outcome *outcome, vouch__json *root)
{
    static const char *const objective[] = { "information value", "share of variance explained",
                                             "Poisson deviance explained", "mutual information in nats" };
    text(doc, root, "target", outcome->target_name);
    text(doc, root, "kind", vouch__bin_kind_name(outcome->worth.target));
    if (outcome->worth.target == VOUCH__BIN_BINARY && outcome->event_name)
        text(doc, root, "event", outcome->event_name);
    else if (outcome->worth.target == VOUCH__BIN_BINARY)
        number(doc, root, "event", outcome->event);
    text(doc, root, "objective", objective[outcome->worth.target]);
    number(doc, root, "rows", (double)outcome->n);
    number(doc, root, "left_out", (double)outcome->left_out);
}

static void bins(const teller *t, vouch__json *root)
{
    const vouch__bin_job *job = t->job;
    vouch__json *list = vouch__json_set(t->doc, root, "bins", vouch__json_array(t->doc));
    for (size_t b = 0; b < job->n_bins + job->cells.n_tail; b++) {
        vouch__json *o = vouch__json_push(t->doc, list, vouch__json_object(t->doc));
        if (b >= job->n_bins)
            special(t, o, b - job->n_bins);
        else
            vouch__bin_tell_extent(t->doc, job, b ? job->end[b - 1] : 0, job->end[b], o);
        vouch__bin_tell_figures(t->doc, job->outcome, t->sums + b * job->outcome->worth.stride, o);
    }
}

/* The chance that neighbours are alike, as max_p tests it. */
static double p_alike(const vouch__run *a, const vouch__run *b)
{
    return a->level == b->level ? 1.0 : fmin(1.0, 2.0 * vouch__normal_sf(sqrt(vouch__gap_z2(a, b))));
}

/* optbinning's score of a binary binning: large for a strong but believable information value, bins that
 * differ, and none that holds nearly everybody. */
static double quality(const teller *t)
{
    const vouch__bin_job *job = t->job;
    if (job->outcome->worth.target != VOUCH__BIN_BINARY)
        return NAN;
    double differ = 1.0, concentration = 0.0, n = 0.0, c = job->value / PEAK_IV, k = (double)job->n_bins;
    for (size_t b = 0; b < job->n_bins; b++)
        n += t->sums[b * job->outcome->worth.stride + VOUCH__SUM_ROWS];
    for (size_t b = 0; b < job->n_bins; b++) {
        const double *s = t->sums + b * job->outcome->worth.stride;
        vouch__run here = vouch__worth_run(&job->outcome->worth, s);
        concentration += s[VOUCH__SUM_ROWS] / n * (s[VOUCH__SUM_ROWS] / n);
        if (b > 0) {
            vouch__run last = vouch__worth_run(&job->outcome->worth, s - job->outcome->worth.stride);
            differ *= 1.0 - p_alike(&last, &here);
        }
    }
    double spread = k > 1.0 ? 1.0 - (concentration - 1.0 / k) / (1.0 - 1.0 / k) : 0.0;
    return c * vouch__exp(0.5 * (1.0 - c * c)) * differ * spread;
}

static void build(const teller *t)
{
    const vouch__bin_job *job = t->job;
    vouch__json *root = vouch__json_object(t->doc); /* the first made is the document's */
    text(t->doc, root, "column", job->name);
    vouch__bin_tell_outcome(t->doc, job->outcome, root);
    if (job->is_sketched)
        number(t->doc, root, "rank_error", job->error);
    number(t->doc, root, "value", job->value);
    text(t->doc, root, "trend", job->n_bins > 1 ? vouch__trend_name(job->trend) : "none");
    if (job->outcome->worth.target == VOUCH__BIN_BINARY)
        number(t->doc, root, "quality", quality(t));
    bins(t, root);
    vouch__json *price = vouch__json_set(t->doc, root, "price", vouch__json_object(t->doc));
    for (size_t k = 0; job->rows.n_categories == 0 && k < VOUCH__TRENDS; k++)
        number(t->doc, price, vouch__trend_name((vouch__trend)k), job->price[k]);
}

/* Sums of each bin, then of the tail. */
static void join_cells(const teller *t)
{
    const vouch__bin_job *job = t->job;
    size_t stride = job->outcome->worth.stride;
    memset(t->sums, 0, (job->n_bins + job->cells.n_tail) * stride * sizeof *t->sums);
    for (size_t b = 0, c = 0; b < job->n_bins; b++)
        for (; c < job->end[b]; c++)
            vouch__worth_join(&job->outcome->worth, t->sums + b * stride, job->cells.sums + c * stride);
    for (size_t k = 0; k < job->cells.n_tail; k++)
        vouch__worth_join(&job->outcome->worth, t->sums + (job->n_bins + k) * stride,
                          job->cells.sums + (job->cells.n + k) * stride);
}

static vouch_status teller_new(vouch_ctx *ctx, const vouch__bin_job *job, teller *t)
{
    *t = (teller){ .job = job };
    t->sums = vouch__scratch(ctx, (job->n_bins + job->cells.n_tail) * job->outcome->worth.stride,
                             sizeof *t->sums);
    if (!t->sums)
        return vouch__oom(ctx);
    join_cells(t);
    return vouch__doc_new(ctx, &t->doc);
}

double vouch__bin_quality(vouch_ctx *ctx, const vouch__bin_job *job)
{
    teller t;
    double value = teller_new(ctx, job, &t) ? NAN : quality(&t);
    vouch__doc_free(t.doc);
    return value;
}

vouch_status vouch__bin_tell_text(vouch_ctx *ctx, const vouch__doc *doc, char **out_json)
{
    vouch__buf buf;
    vouch__buf_init(ctx, &buf, 0);
    vouch_status status = vouch__doc_status(ctx, doc);
    if (!status) {
        vouch__json_write(&buf, vouch__doc_root(doc));
        status = vouch__buf_status(ctx, &buf);
    }
    if (!status)
        *out_json = vouch__buf_take(&buf);
    vouch__buf_free(&buf);
    return status;
}

vouch_status vouch__bin_json(vouch_ctx *ctx, const vouch__bin_job *job, char **out_json)
{
    teller t;
    vouch_status status = teller_new(ctx, job, &t);
    if (status)
        return status;
    build(&t);
    status = vouch__doc_status(ctx, t.doc);
    if (!status)
        status = vouch__bin_tell_sql(ctx, t.doc, job, 1, vouch__doc_root(t.doc));
    if (!status)
        status = vouch__bin_tell_text(ctx, t.doc, out_json);
    vouch__doc_free(t.doc);
    return status;
}

vouch_status vouch__bin_tell_table(vouch_ctx *ctx, const vouch__bin_outcome *outcome, const vouch__json *root,
                                   vouch_table **out_bins)
{
    enum { KEYS = 6 };
    const char *key[KEYS] = { "label", "rows", "share", level_name(outcome), "worth", "woe" };
    const char *name[KEYS] = { "bin", "rows", "share", level_name(outcome), "worth", "woe" };
    static const vouch_type type[KEYS] = { VOUCH_TEXT,   VOUCH_INTEGER, VOUCH_NUMBER,
                                           VOUCH_NUMBER, VOUCH_NUMBER,  VOUCH_NUMBER };
    size_t n = outcome->worth.target == VOUCH__BIN_BINARY ? KEYS : KEYS - 1;
    const vouch__json *list = vouch__json_get(root, "bins");
    vouch__table_builder *builder = NULL;
    vouch_status status = vouch__table_builder_new(ctx, n, name, type, &builder);
    for (const vouch__json *o = list ? list->first : NULL; !status && o; o = o->next) {
        double value[KEYS];
        const double *column[KEYS] = { 0 };
        const char *label = vouch__json_string(vouch__json_get(o, "label"));
        const char *const *texts[KEYS] = { &label };
        for (size_t k = 1; k < n; k++) {
            value[k] = vouch__json_double(vouch__json_get(o, key[k]), NAN);
            column[k] = &value[k];
        }
        status = vouch__table_builder_add(ctx, builder, 1, column, texts);
    }
    if (!status)
        status = vouch__table_builder_end(ctx, builder, out_bins);
    vouch__table_builder_free(builder);
    return status;
}

vouch_status vouch__bin_table(vouch_ctx *ctx, const vouch__bin_job *job, vouch_table **out_bins)
{
    teller t;
    vouch_status status = teller_new(ctx, job, &t);
    if (status)
        return status;
    build(&t);
    status = vouch__doc_status(ctx, t.doc);
    if (!status)
        status = vouch__bin_tell_table(ctx, job->outcome, vouch__doc_root(t.doc), out_bins);
    vouch__doc_free(t.doc);
    return status;
}

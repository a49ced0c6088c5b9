/* Cases are sorted into cells by counting, one pair of inputs at a time, so a slice costs its cases. */
#include "catalogue/diagnose/slices.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

vouch_status vouch__cuts_make(vouch_ctx *ctx, const vouch__probe *probe, size_t bins, vouch__cut **out_cuts)
{
    vouch__cut *cuts = vouch__scratch(ctx, probe->cols + 1, sizeof *cuts);
    if (!cuts)
        return vouch__oom(ctx);
    memset(cuts, 0, (probe->cols + 1) * sizeof *cuts);
    for (size_t j = 0; j < probe->cols; j++) {
        vouch__cut *c = &cuts[j];
        size_t n = probe->n_sorted[j], cats = probe->model->inputs.at[j].n_categories;
        if (vouch__probe_is_category(probe, j)) {
            c->n = (cats < VOUCH__SLICE_BINS - 2 ? cats : VOUCH__SLICE_BINS - 2) + 2;
            continue;
        }
        for (size_t k = 1; k < bins && n; k++) {
            double at = probe->sorted[j][n * k / bins];
            double last = c->n_edges ? c->edge[c->n_edges - 1] : probe->sorted[j][0];
            if (at > last)
                c->edge[c->n_edges++] = at;
        }
        c->n = c->n_edges + 2;
    }
    *out_cuts = cuts;
    return VOUCH_OK;
}

size_t vouch__cut_bin(const vouch__probe *probe, const vouch__cut *cuts, size_t input, double x)
{
    const vouch__cut *c = &cuts[input];
    if (isnan(x))
        return c->n - 1;
    if (vouch__probe_is_category(probe, input))
        return x < 0.0 ? c->n - 2 : (size_t)fmin(x, (double)(c->n - 3));
    size_t k = 0;
    while (k < c->n_edges && x >= c->edge[k])
        k++;
    return k;
}

void vouch__cut_text(const vouch__probe *probe, const vouch__cut *cuts, size_t input, size_t bin, size_t size,
                     char *out)
{
    const vouch__cut *c = &cuts[input];
    const vouch__input *in = &probe->model->inputs.at[input];
    char low[VOUCH__DOUBLE_MAX], high[VOUCH__DOUBLE_MAX];
    if (bin == c->n - 1) {
        (void)snprintf(out, size, "%.80s missing", in->name);
    } else if (in->is_category) {
        bool unseen = bin == c->n - 2, rest = bin == c->n - 3 && in->n_categories > c->n - 2;
        (void)snprintf(out, size, "%.60s %s%.60s", in->name,
                       unseen ? "unseen"
                       : rest ? "any of the rest"
                              : "= ",
                       unseen || rest ? "" : in->category[bin]);
    } else if (c->n_edges == 0) {
        (void)snprintf(out, size, "%.80s known", in->name);
    } else if (bin == 0 || bin == c->n_edges) {
        (void)vouch__double_text(c->edge[bin ? bin - 1 : 0], low);
        (void)snprintf(out, size, "%.60s %s %s", in->name, bin ? ">=" : "<", low);
    } else {
        (void)vouch__double_text(c->edge[bin - 1], low);
        (void)vouch__double_text(c->edge[bin], high);
        (void)snprintf(out, size, "%.40s in [%s, %s)", in->name, low, high);
    }
}

void vouch__slice_text(const vouch__probe *probe, const vouch__cut *cuts, const vouch__slice *slice,
                       size_t size, char *out)
{
    vouch__cut_text(probe, cuts, slice->a, slice->bin_a, size, out);
    size_t len = strlen(out);
    if (slice->b == SIZE_MAX || len + 8 >= size)
        return;
    memcpy(out + len, " and ", 6);
    vouch__cut_text(probe, cuts, slice->b, slice->bin_b, size - len - 5, out + len + 5);
}

typedef struct cells {
    uint8_t *bin;  /* [cols x n] */
    size_t *start; /* [bins x bins + 1] */
    uint32_t *at;  /* [n] */
} cells;

static vouch_status visit_pair(vouch_ctx *ctx, const vouch__slicing *s, const cells *c, size_t a, size_t b,
                               vouch__slice_fn *visit, void *self)
{
    const vouch__probe *p = s->probe;
    size_t width = b == SIZE_MAX ? 1 : s->cuts[b].n, n_cells = s->cuts[a].n * width;
    const uint8_t *of_a = c->bin + a * p->n, *of_b = b == SIZE_MAX ? NULL : c->bin + b * p->n;
    vouch_status status = vouch__poll(ctx);
    memset(c->start, 0, (n_cells + 2) * sizeof *c->start);
    for (size_t i = 0; i < p->n; i++)
        c->start[of_a[i] * width + (of_b ? of_b[i] : 0U) + 2]++;
    for (size_t k = 2; k < n_cells + 2; k++)
        c->start[k] += c->start[k - 1];
    for (size_t i = 0; i < p->n; i++)
        c->at[c->start[of_a[i] * width + (of_b ? of_b[i] : 0U) + 1]++] = (uint32_t)i;
    for (size_t k = 0; k < n_cells && !status; k++) {
        vouch__slice slice = {
            a, b, k / width, k % width, c->start[k + 1] - c->start[k], 0, c->at + c->start[k]
        };
        if (slice.n < s->least || slice.n == 0)
            continue;
        for (size_t i = 0; i < slice.n && p->bad; i++)
            slice.n_bad += p->bad[slice.at[i]];
        status = visit(ctx, &slice, self);
    }
    return status;
}

vouch_status vouch__slices_visit(vouch_ctx *ctx, const vouch__slicing *s, vouch__slice_fn *visit, void *self)
{
    const vouch__probe *p = s->probe;
    size_t mark = vouch__scratch_mark(ctx), most = (size_t)VOUCH__SLICE_BINS * VOUCH__SLICE_BINS + 4;
    cells c = { vouch__scratch(ctx, p->cols * p->n + 1, 1), vouch__scratch(ctx, most, sizeof *c.start),
                vouch__scratch(ctx, p->n + 1, sizeof *c.at) };
    vouch_status status = VOUCH_OK;
    if (!c.bin || !c.start || !c.at)
        return vouch__oom(ctx);
    for (size_t j = 0; j < p->cols && !status; j++)
        for (size_t i = 0; i < p->n; i++)
            c.bin[j * p->n + i] = (uint8_t)vouch__cut_bin(p, s->cuts, j, p->x[i * p->cols + j]);
    for (size_t j = 0; j < p->cols && !status; j++)
        status = visit_pair(ctx, s, &c, j, SIZE_MAX, visit, self);
    for (size_t a = 0; a < s->n_crossed && !status; a++) {
        vouch__progress(ctx, "slices", a, s->n_crossed);
        for (size_t b = a + 1; b < s->n_crossed && !status; b++)
            status = visit_pair(ctx, s, &c, s->crossed[a], s->crossed[b], visit, self);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

size_t vouch__slices_most(const vouch__slicing *s)
{
    size_t most = 0;
    for (size_t j = 0; j < s->probe->cols; j++)
        most += s->cuts[j].n;
    for (size_t a = 0; a < s->n_crossed; a++)
        for (size_t b = a + 1; b < s->n_crossed; b++) {
            size_t n_cells = s->cuts[s->crossed[a]].n * s->cuts[s->crossed[b]].n;
            size_t filled = s->probe->n / (s->least ? s->least : 1);
            most += n_cells < filled ? n_cells : filled;
        }
    return most;
}

/* The share of the score's variance that lies between an input's bins. */
static double spread(const vouch__probe *p, const vouch__cut *cuts, size_t input)
{
    double sum[VOUCH__SLICE_BINS + 2] = { 0 }, n[VOUCH__SLICE_BINS + 2] = { 0 }, total = 0.0, between = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        size_t k = vouch__cut_bin(p, cuts, input, p->x[i * p->cols + input]);
        sum[k] += p->raw[i];
        n[k] += 1.0;
        total += p->raw[i];
    }
    for (size_t k = 0; k < cuts[input].n; k++) {
        double d = n[k] > 0.0 ? sum[k] / n[k] - total / (double)p->n : 0.0;
        between += n[k] * d * d;
    }
    return between;
}

vouch_status vouch__slices_strongest(vouch_ctx *ctx, const vouch__probe *p, const vouch__cut *cuts, size_t k,
                                     size_t **out_input, size_t *out_n)
{
    size_t *input = vouch__scratch(ctx, p->cols + 1, sizeof *input), n = 0;
    double *strength = vouch__scratch(ctx, p->cols + 1, sizeof *strength);
    if (!input || !strength)
        return vouch__oom(ctx);
    for (size_t j = 0; j < p->cols; j++) {
        double of_j = spread(p, cuts, j);
        size_t at = n++;
        for (; at > 0 && strength[at - 1] < of_j; at--) {
            strength[at] = strength[at - 1];
            input[at] = input[at - 1];
        }
        strength[at] = of_j;
        input[at] = j;
    }
    *out_input = input;
    *out_n = n < k ? n : k;
    return VOUCH_OK;
}

vouch_status vouch__probe_strongest(vouch_ctx *ctx, const vouch__test_call *call, vouch__probe *p,
                                    size_t **out_input, size_t *out_n)
{
    enum { BINS = 10 };
    vouch__cut *cuts = NULL;
    vouch_status status = vouch__probe_make(ctx, call, call->now, (size_t)vouch__test_param(call, "rows"),
                                            false, p);
    if (!status)
        status = vouch__cuts_make(ctx, p, BINS, &cuts);
    if (!status && cuts)
        status = vouch__slices_strongest(ctx, p, cuts, (size_t)vouch__test_param(call, "inputs"), out_input,
                                         out_n);
    return status;
}

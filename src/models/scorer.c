/* Rows scored without a table. What makes it fast is the kind's: its state is compiled when a model is fitted
 * or loaded, and its predict allocates nothing. */
#include "models/model_kind.h"

#include <math.h>
#include <string.h>

struct vouch_scorer {
    const vouch_model *model;
    const vouch__model_kind *kind;
    const void *state;
    size_t n_inputs;
    vouch_alloc alloc;
};

vouch_status vouch_scorer_new(vouch_ctx *ctx, const vouch_model *model, vouch_scorer **out_scorer)
{
    vouch_scorer *scorer = vouch__alloc(ctx, 1, sizeof *scorer);
    if (!scorer)
        return vouch__oom(ctx);
    scorer->model = model;
    scorer->kind = model->kind;
    scorer->state = model->state;
    scorer->n_inputs = model->inputs.n;
    scorer->alloc = *vouch__allocator(ctx);
    *out_scorer = scorer;
    return VOUCH_OK;
}

void vouch_scorer_free(vouch_scorer *scorer)
{
    if (!scorer)
        return;
    vouch_alloc alloc = scorer->alloc;
    vouch__free(&alloc, scorer);
}

double vouch_scorer_code(const vouch_scorer *scorer, size_t input, const char *text)
{
    const vouch__input *in = &scorer->model->inputs.at[input];
    size_t lo = 0, hi = in->n_categories;
    if (!text || !in->is_category)
        return NAN;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int order = strcmp(in->category[mid], text);
        if (order == 0)
            return (double)mid;
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return VOUCH__UNSEEN;
}

void vouch_scorer_row(const vouch_scorer *scorer, const double *row, double *out_raw)
{
    scorer->kind->predict(scorer->state, (vouch__matrix){ row, 1, scorer->n_inputs }, out_raw);
}

void vouch_scorer_rows(const vouch_scorer *scorer, size_t n, const double *rows, double *out_raw)
{
    scorer->kind->predict(scorer->state, (vouch__matrix){ rows, n, scorer->n_inputs }, out_raw);
}

double vouch_scorer_probability(const vouch_scorer *scorer, double raw)
{
    return vouch__model_probability(scorer->model, raw);
}

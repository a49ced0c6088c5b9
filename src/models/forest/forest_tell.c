/* What the public interface tells of a forest beyond other models: the source's own predictions and leaves.
 */
#include "base/parallel.h"
#include "models/forest/forest.h"

#include <math.h>

enum { GRAIN = 1024 };

static const vouch__forest *forest_of(const vouch_model *model)
{
    return model->kind == &vouch__kind_forest ? model->state : NULL;
}

size_t vouch_model_outputs(const vouch_model *model)
{
    const vouch__forest *f = forest_of(model);
    return f ? vouch__forest_outputs(f) : 1;
}

size_t vouch_model_trees(const vouch_model *model)
{
    const vouch__forest *f = forest_of(model);
    return f ? f->trees.n_trees : 0;
}

typedef struct telling {
    const vouch_model *model;
    const vouch__binding *binding;
    double *prediction;
    uint32_t *leaf;
} telling;

static vouch_status tell_rows(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const telling *t = arg;
    const vouch__forest *f = t->model->state;
    size_t n = end - begin, width = t->model->inputs.n, outputs = vouch__forest_outputs(f),
           trees = f->trees.n_trees;
    double group[VOUCH__GROUPS_MAX], *x = vouch__scratch(worker, n * width, sizeof *x);
    (void)chunk;
    if (!x)
        return vouch__oom(worker);
    vouch__bound_rows(t->binding, begin, n, NULL, x);
    vouch_status status = t->model->kind->check(worker, f, &t->model->inputs, (vouch__matrix){ x, n, width },
                                                begin);
    for (size_t i = 0; !status && t->prediction && i < n; i++) {
        vouch__forest_raw(f, x + i * width, group);
        vouch__forest_transform(f, group);
        for (size_t g = 0; g < outputs; g++)
            t->prediction[(begin + i) * outputs + g] = group[g];
    }
    for (size_t i = 0; !status && t->leaf && i < n; i++)
        for (size_t k = 0; k < trees; k++)
            t->leaf[(begin + i) * trees + k] = vouch__forest_leaf(f, k, x + i * width);
    return status;
}

static vouch_status tell(vouch_ctx *ctx, const vouch_model *model, const vouch_table *table, telling t)
{
    vouch__binding binding;
    vouch_status status = vouch__bind(ctx, &model->inputs, table, &binding);
    if (status)
        return vouch__because(ctx, status, "score");
    t.model = model;
    t.binding = &binding;
    status = vouch__parallel(ctx, vouch_table_rows(table), GRAIN, tell_rows, &t);
    vouch__binding_clear(&binding);
    return status;
}

vouch_status vouch_model_predictions(vouch_ctx *ctx, const vouch_model *model, const vouch_table *table,
                                     double *out)
{
    if (!forest_of(model))
        return vouch_model_score(ctx, model, table, NULL, out, NULL);
    return tell(ctx, model, table, (telling){ .prediction = out });
}

vouch_status vouch_model_leaves(vouch_ctx *ctx, const vouch_model *model, const vouch_table *table,
                                uint32_t *out)
{
    if (!forest_of(model))
        return vouch__fail(ctx, VOUCH_E_ARG, "leaves: a %s has none", model->kind->name);
    return tell(ctx, model, table, (telling){ .leaf = out });
}

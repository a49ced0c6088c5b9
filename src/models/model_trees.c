/* The forests inside models: each kind made of trees keeps its own. */
#include "models/forest/forest.h"
#include "models/gbdt/gbdt.h"

const vouch__trees *vouch__model_trees(const struct vouch_model *model)
{
    if (model->kind == &vouch__kind_gbdt)
        return &((const vouch__gbdt *)model->state)->trees;
    if (model->kind != &vouch__kind_forest)
        return NULL;
    const vouch__trees *trees = &((const vouch__forest *)model->state)->explained;
    return trees->root ? trees : NULL;
}

/* The forests inside models: each kind made of trees keeps its own. */
#include "models/forest/forest.h"
#include "models/gbdt/gbdt.h"
#include "models/tree/tree.h"

const vouch__gbdt *vouch__model_gbdt(const struct vouch_model *model)
{
    if (model->kind == &vouch__kind_tree || model->kind == &vouch__kind_rules) /* which begins with one */
        return ((const vouch__tree *)model->state)->forest;
    return model->kind == &vouch__kind_gbdt ? model->state : NULL;
}

const vouch__trees *vouch__model_trees(const struct vouch_model *model)
{
    if (model->kind == &vouch__kind_forest) {
        const vouch__forest *forest = model->state;
        return forest->explained.root ? &forest->explained : NULL;
    }
    const vouch__gbdt *gbdt = vouch__model_gbdt(model);
    return gbdt ? &gbdt->trees : NULL;
}

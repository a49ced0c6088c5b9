/* Checkpoints of a fit. */
#include "models/fit_keep.h"

static vouch_status keep(vouch_ctx *ctx, void *self, const void *state)
{
    const vouch__keeper *k = self;
    vouch_model model = { .kind = k->kind, .version = k->kind->version, .inputs = *k->inputs };
    model.name = vouch__strdup(ctx, k->name);
    model.value = k->value;
    model.state = (void *)state; /* only read */
    model.alloc = *vouch__allocator(ctx);
    vouch_status status = model.name ? vouch__model_seal(ctx, &model) : vouch__oom(ctx);
    if (!status)
        status = vouch_model_save(ctx, &model, k->path);
    vouch__free(&model.alloc, model.file);
    vouch__free(&model.alloc, model.name);
    return status;
}

vouch_status vouch__fit_keep(vouch_ctx *ctx, vouch__keeper *keeper, size_t every, vouch__fit_data *data)
{
    if (!(keeper->kind->capabilities & VOUCH__CAN_RESUME))
        return vouch__fail(ctx, VOUCH_E_ARG, "fit: %s keeps no checkpoints", keeper->kind->name);
    data->keep = keep;
    data->keep_self = keeper;
    data->keep_every = every ? every : 1;
    return VOUCH_OK;
}

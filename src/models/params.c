/* Parameters of a kind, from a project file. */
#include "models/model_kind.h"

vouch_status vouch__params_read(vouch_ctx *ctx, const vouch__model_kind *kind, const vouch__json *mapping,
                                const char *const *skip, size_t n_skip, double *out_value)
{
    const vouch__param_table table = { "kind", kind->name, kind->params, kind->n_params };
    return vouch__param_read(ctx, &table, mapping, skip, n_skip, out_value);
}

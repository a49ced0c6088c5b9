/* Parameters of a kind, from a project file. */
#include "models/model_kind.h"

vouch_status vouch__params_read(vouch_ctx *ctx, const vouch__model_kind *kind, const vouch__json *mapping,
                                const char *const *skip, size_t n_skip, double *out_value)
{
    enum { SKIP_MAX = 24 };
    const vouch__param_table table = { "kind", kind->name, kind->params, kind->n_params };
    const char *all[SKIP_MAX];
    size_t n = 0;
    for (size_t i = 0; i < n_skip && n < SKIP_MAX; i++)
        all[n++] = skip[i];
    for (size_t i = 0; kind->settings && kind->settings[i] && n < SKIP_MAX; i++)
        all[n++] = kind->settings[i];
    return vouch__param_read(ctx, &table, mapping, all, n, out_value);
}

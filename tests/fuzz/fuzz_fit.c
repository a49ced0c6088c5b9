/* Any text as the parameters of a model: never a crash, a refusal says why in one line, and what is fitted is
 * read again and scores. The first byte chooses the kind; a fit that takes long is stopped by its caller. */
#include "tiny_model.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PATIENCE = 400 }; /* polls */

static int is_over(void *self)
{
    int *polls = self;
    return ++*polls > PATIENCE;
}

static void use(const tiny_model *t, const vouch_model *model)
{
    double raw[TINY_ROWS], probability[TINY_ROWS];
    vouch_model *again = NULL;
    must(t->ctx, vouch_model_read(t->ctx, model->file, model->file_len, &again));
    if (strcmp(vouch_model_fingerprint(model), vouch_model_fingerprint(again)) != 0)
        abort();
    must(t->ctx, vouch_model_score(t->ctx, again, t->table, raw, probability, NULL));
    for (int i = 0; i < TINY_ROWS; i++)
        if (isinf(raw[i]))
            abort();
    vouch_model_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kind[] = { "scorecard", "glm", "gbdt", "gam" };
    static tiny_model t;
    static double bad[TINY_ROWS];
    static int polls;
    if (!t.ctx) {
        vouch_ctx_options options = { .threads = 1, .is_cancelled = is_over, .self = &polls };
        t.ctx = vouch_ctx_new(&options);
        if (!t.ctx)
            abort();
        tiny_table(&t, bad);
    }
    if (size == 0 || memchr(data, '\0', size))
        return 0;
    char *params = malloc(size);
    if (!params)
        return 0;
    memcpy(params, data + 1, size - 1);
    params[size - 1] = '\0';
    vouch_model *model = NULL;
    vouch_fit_spec spec = {
        .kind = kind[data[0] % 4], .name = "tiny", .table = t.table, .target = bad, .params = params
    };
    polls = 0;
    vouch_status status = vouch_model_fit(t.ctx, &spec, &model);
    polls = 0;
    if (!status)
        use(&t, model);
    else if (model || *vouch_ctx_error(t.ctx) == '\0' || strchr(vouch_ctx_error(t.ctx), '\n'))
        abort();
    vouch_model_free(model);
    free(params);
    return 0;
}

/* Any bytes after an explainer's head (which must name the model): never a crash; what is accepted adds up to
 * the score and saves as the same bytes. The first byte chooses the kind of model. */
#include "tiny_model.h"

#include <math.h>
#include <string.h>

enum { HEAD = 8 + VOUCH__HEX - 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const tiny_model *t, const vouch_explainer *e, const vouch__buf *bytes)
{
    double x[3] = { 40.0, 1.0, 3.0 }, value[3], raw, sum = vouch__explainer_base(e);
    vouch__buf again;
    vouch__explainer_block(e, (vouch__matrix){ x, 1, 3 }, value);
    t->model->kind->predict(t->model->state, (vouch__matrix){ x, 1, 3 }, &raw);
    for (size_t j = 0; j < 3; j++)
        sum += value[j];
    if (!(fabs(sum - raw) <= 1e-9 * fmax(1.0, fabs(raw))))
        abort();
    vouch__buf_init(t->ctx, &again, 0);
    vouch__explainer_save(e, &again);
    if (again.len != bytes->len || memcmp(again.at, bytes->at, again.len) != 0)
        abort();
    vouch__buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static tiny_model tiny[2];
    static vouch__buf head[2];
    if (!tiny[0].ctx)
        for (int k = 0; k < 2; k++) {
            tiny[k] = tiny_make(k ? "gbdt" : "scorecard");
            vouch__buf_init(tiny[k].ctx, &head[k], 0);
            vouch__explainer_save(tiny[k].explainer, &head[k]);
        }
    if (size == 0)
        return 0;
    const tiny_model *t = &tiny[data[0] & 1];
    vouch_explainer *e = NULL;
    vouch__buf bytes;
    vouch__buf_init(t->ctx, &bytes, 0);
    vouch__buf_add(&bytes, head[data[0] & 1].at, HEAD);
    vouch__buf_add(&bytes, data + 1, size - 1);
    vouch_status status = vouch__explainer_load(t->ctx, t->model, bytes.at, bytes.len, &e);
    if (status == VOUCH_OK)
        check(t, e, &bytes);
    else if (status != VOUCH_E_FORMAT || *vouch_ctx_error(t->ctx) == '\0')
        abort();
    vouch_explainer_free(e);
    vouch__buf_free(&bytes);
    return 0;
}

/* Any bytes where a model file is expected: never a crash, a refusal says why, and what is accepted is
 * written again as the same bytes and scores rows of zeros and of missing values. */
#include "sealed.h"

#include "models/gam/gam.h"
#include "models/gbdt/gbdt.h"
#include "models/glm/glm.h"
#include "models/model_kind.h"

#include <math.h>
#include <stdio.h>

/* What may stand for a raw value that is a number: a share; of a glm the mean of its family, which a link may
 * not have everywhere; of a gam or gbdt that of its loss; of imported trees what they were trained for. */
static bool may_be(const vouch_model *model, double p)
{
    const vouch__glm *glm = model->kind == &vouch__kind_glm ? model->state : NULL;
    const vouch__gam *gam = model->kind == &vouch__kind_gam ? model->state : NULL;
    const vouch__gbdt *gbdt = model->kind == &vouch__kind_gbdt ? model->state : NULL;
    if ((gam && gam->loss != VOUCH__LOSS_LOGISTIC) || (gbdt && gbdt->link != VOUCH_LINK_LOGIT))
        return true;
    if (isnan(p))
        return glm || model->kind->capabilities & VOUCH__IS_IMPORTED;
    return (glm && glm->law.family != VOUCH__GLM_BINOMIAL) ||
           model->kind->capabilities & VOUCH__IS_IMPORTED || (p >= 0.0 && p <= 1.0);
}

static void score(vouch_ctx *ctx, const vouch_model *model)
{
    size_t n = model->inputs.n;
    double *row = calloc(2 * n + 1, sizeof *row), *part = calloc(2 * n + 1, sizeof *part), raw[2], base;
    require(row && part);
    for (size_t j = 0; j < n; j++)
        row[j] = NAN;
    vouch__matrix x = { row, 2, n };
    model->kind->predict(model->state, x, raw);
    for (int i = 0; i < 2; i++) {
        double p = model->kind->probability(model->state, raw[i]);
        require(isnan(raw[i]) || may_be(model, p));
        if (model->kind->points)
            (void)model->kind->points(model->state, row + (size_t)i * n);
    }
    if (model->kind->contributions)
        require(model->kind->contributions(ctx, model->state, x, part, &base) == VOUCH_OK ||
                (model->kind->capabilities & VOUCH__IS_IMPORTED && vouch_ctx_error(ctx)[0]));
    free(row);
    free(part);
}

static void try(const uint8_t *data, size_t size)
{
    vouch_model *model = NULL;
    char *text = NULL;
    vouch_ctx_options options = { .threads = 1 };
    vouch_ctx *ctx = vouch_ctx_new(&options);
    require(ctx != NULL);
    if (vouch_model_read(ctx, data, size, &model) == VOUCH_OK) {
        require(vouch__model_seal(ctx, model) == VOUCH_OK);
        require(model->file_len == size && memcmp(model->file, data, size) == 0);
        score(ctx, model);
        require(vouch_model_describe(ctx, model, &text) == VOUCH_OK);
        vouch_text_free(ctx, text);
    } else {
        require(vouch_ctx_error(ctx)[0] != '\0' && !model);
    }
    vouch_model_free(model);
    vouch_ctx_free(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { LENGTH_AT = 12 };
    try_twice(data, size, LENGTH_AT, try);
    return 0;
}

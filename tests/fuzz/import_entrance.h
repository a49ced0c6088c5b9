/* import_entrance.h: what every fuzzed importer must hold to. */
#ifndef IMPORT_ENTRANCE_H
#define IMPORT_ENTRANCE_H

#include "models/forest/forest.h"
#include "require.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(vouch_ctx *ctx, const vouch_model *model)
{
    const vouch__forest *f = model->state;
    vouch_model *again = NULL;
    char *text = NULL;
    size_t n = model->inputs.n;
    double *row = calloc(3 * n + 1, sizeof *row), *part = calloc(3 * n + 1, sizeof *part), base;
    double raw[VOUCH__GROUPS_MAX];
    require(row && part);
    for (size_t j = 0; j < n; j++) {
        row[j] = (double)NAN;
        row[2 * n + j] = 1e300;
    }
    for (size_t i = 0; i < 3; i++) {
        vouch__forest_raw(f, row + i * n, raw);
        vouch__forest_transform(f, raw);
        (void)vouch__forest_leaf(f, 0, row + i * n);
    }
    if (f->trees.n_nodes < 10000 && f->deepest < 20)
        (void)model->kind->contributions(ctx, f, (vouch__matrix){ row, 2, n }, part, &base);
    require(vouch_model_describe(ctx, model, &text) == VOUCH_OK);
    require(vouch_model_read(ctx, model->file, model->file_len, &again) == VOUCH_OK);
    vouch_text_free(ctx, text);
    vouch_model_free(again);
    free(row);
    free(part);
}

static void try_import(const char *format, const uint8_t *data, size_t size)
{
    for (int lenient = 0; lenient < 2; lenient++) {
        vouch_model *model = NULL;
        vouch_import_options options = { .format = format, .lenient = lenient };
        vouch_ctx_options context = { .threads = 1 };
        vouch_ctx *ctx = vouch_ctx_new(&context);
        require(ctx != NULL);
        if (vouch_model_import_bytes(ctx, "fuzzed", data, size, &options, &model) == VOUCH_OK)
            use(ctx, model);
        else
            require(vouch_ctx_error(ctx)[0] != '\0' && !strchr(vouch_ctx_error(ctx), '\n') && !model);
        vouch_model_free(model);
        vouch_ctx_free(ctx);
    }
}

#endif

/* Any bytes as a recipe for one model: never a crash, a refusal says why in one line, and what is fitted
 * scores the rows it came from. A fit that takes long is stopped by its caller. */
#include "tiny_model.h"

#include "run/fit.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PATIENCE = 400 }; /* polls */

static int is_over(void *self)
{
    int *polls = self;
    return ++*polls > PATIENCE;
}

/* The tiny table with its outcomes as a column. */
static vouch_table *table_make(vouch_ctx *ctx)
{
    static const char *const name[] = { "income", "region", "delay", "bad" };
    static const vouch_type type[] = { VOUCH_NUMBER, VOUCH_TEXT, VOUCH_INTEGER, VOUCH_INTEGER };
    static double value[3][TINY_ROWS], bad[TINY_ROWS];
    static const char *where[TINY_ROWS];
    tiny_model t = { .ctx = ctx };
    vouch__table_builder *builder = NULL;
    vouch_table *table = NULL;
    tiny_table(&t, bad);
    for (size_t j = 0; j < 3; j++)
        if (j != 1)
            vouch_table_read(t.table, j, 0, TINY_ROWS, value[j]);
    vouch_table_read(t.table, 1, 0, TINY_ROWS, value[1]);
    for (size_t i = 0; i < TINY_ROWS; i++)
        where[i] = vouch_table_category(t.table, 1, (size_t)value[1][i]);
    const double *const values[] = { value[0], NULL, value[2], bad };
    const char *const *const texts[] = { NULL, where, NULL, NULL };
    must(ctx, vouch__table_builder_new(ctx, 4, name, type, &builder));
    must(ctx, vouch__table_builder_add(ctx, builder, TINY_ROWS, values, texts));
    must(ctx, vouch__table_builder_end(ctx, builder, &table));
    vouch__table_builder_free(builder);
    vouch_table_unref(t.table);
    return table;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static vouch_ctx *ctx;
    static vouch_table *table;
    static int polls;
    if (!ctx) {
        vouch_ctx_options options = { .threads = 1, .is_cancelled = is_over, .self = &polls };
        ctx = vouch_ctx_new(&options);
        if (!ctx)
            abort();
        table = table_make(ctx);
    }
    vouch_model *model = NULL;
    polls = 0;
    vouch_status status = vouch__fit_recipe(ctx, "/nowhere/r.yaml", (const char *)data, size, table, &model);
    polls = 0;
    if (status) {
        if (model || *vouch_ctx_error(ctx) == '\0' || strchr(vouch_ctx_error(ctx), '\n'))
            abort();
    } else {
        double raw[TINY_ROWS];
        must(ctx, vouch_model_score(ctx, model, table, raw, NULL, NULL));
        for (int i = 0; i < TINY_ROWS; i++)
            if (isinf(raw[i]))
                abort();
    }
    vouch_model_free(model);
    return 0;
}

/* See odd_rows.h. */
#include "odd_rows.h"

#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const odd_name[ODD_COLS] = { "plain", "with \"quotes\"", "it's a code", "purpose" };
static const char *const purposes[] = { "car", "it's \"new\"", "home, garden", "\xc3\xa9tudes", "unseen" };

/* Rows from `split` on have categories and missing values that the fit has not seen. */
void odd_csv(const char *path, size_t n, size_t split, double *bad)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file, "plain,\"with \"\"quotes\"\"\",it's a code,purpose\n");
    for (size_t i = 0; i < n; i++) {
        bool fresh = i >= split;
        double plain = seeded() * 3 - 1, quoted = floor(seeded() * 40) / 10, u = seeded();
        int code = u < 0.1 ? -2 : (int)seeded_below(6);
        size_t purpose = seeded_below(fresh ? 5 : 4);
        bad[i] = seeded() < 1 / (1 + exp(2.5 - plain - 0.3 * quoted - 0.2 * code - 0.4 * (double)purpose));
        if (fresh && u > 0.9)
            (void)fprintf(file, ",");
        else
            (void)fprintf(file, "%.17g,", plain);
        (void)fprintf(file, "%g,", quoted);
        if (u > 0.5 && u < 0.55)
            (void)fprintf(file, ",");
        else
            (void)fprintf(file, "%d,", code);
        if (strcmp(purposes[purpose], "it's \"new\"") == 0)
            (void)fprintf(file, "\"it's \"\"new\"\"\"\n");
        else
            (void)fprintf(file, "\"%s\"\n", purposes[purpose]);
    }
    (void)fclose(file);
}

static void name_inputs(vouch_ctx *ctx, const vouch_table *table, vouch__inputs *inputs)
{
    for (size_t j = 0; j < ODD_COLS; j++) {
        vouch__input *at = &inputs->at[j];
        at->name = vouch__strdup(ctx, odd_name[j]);
        at->category = vouch__alloc(ctx, 8, sizeof *at->category);
        at->special = vouch__alloc(ctx, 1, sizeof *at->special);
        at->is_category = j == 3;
        at->n_special = j == 2;
        at->special[0] = -2;
        for (size_t k = 0; j == 3 && k < vouch_table_categories(table, 3); k++)
            if (strcmp(vouch_table_category(table, 3, k), "unseen") != 0)
                at->category[at->n_categories++] = vouch__strdup(ctx, vouch_table_category(table, 3, k));
    }
}

vouch_model *odd_fit(vouch_ctx *ctx, const vouch_table *table, size_t n, const double *bad,
                     const char *kind_name, const char *params)
{
    uint32_t *row = malloc(n * sizeof *row);
    double value[64];
    const vouch__model_kind *kind = vouch__kind_find(kind_name);
    vouch_model *model = NULL;
    vouch__inputs inputs;
    vouch__binding binding;
    vouch__doc *doc = NULL, *settings = NULL;
    assert_non_null(row);
    for (size_t i = 0; i < n; i++)
        row[i] = (uint32_t)i;
    assert_ok(ctx, vouch__yaml_read(ctx, "params", params, strlen(params), 1 << 16, &settings));
    assert_ok(ctx, vouch__params_read(ctx, kind, vouch__doc_root(settings), NULL, 0, value));
    assert_ok(ctx, vouch__doc_new(ctx, &doc));
    assert_ok(ctx, vouch__inputs_new(ctx, ODD_COLS, &inputs));
    name_inputs(ctx, table, &inputs);
    assert_ok(ctx, vouch__bind(ctx, &inputs, table, &binding));
    vouch__fit_data data = { .binding = &binding, .train = { n, row, bad, NULL } };
    data.settings = vouch__doc_root(settings);
    assert_ok(
        ctx, vouch__model_fit(ctx, kind, "odd", &inputs, value, &data, doc, vouch__json_object(doc), &model));
    vouch__binding_clear(&binding);
    vouch__inputs_clear(&inputs);
    vouch__doc_free(doc);
    vouch__doc_free(settings);
    free(row);
    return model;
}

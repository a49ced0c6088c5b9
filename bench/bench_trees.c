/* Training time of gbdt on made data, to be set beside a peer's by bench/peers/trees_lightgbm.py.
 *
 *   bench_trees make FILE ROWS          ROWS x 30 values and an outcome each, float32: values row by row,
 * then outcomes bench_trees fit FILE ROWS TRAIN THREADS TREES RAW fit on the first TRAIN rows; seconds to
 * stdout, raw of the rest to RAW */
#include "models/model_kind.h"
#include "num/rng.h"
#include "num/special.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COLS = 30, NAME = 8 };

static void require(int holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "bench_trees: %s\n", what);
    exit(1);
}

/* Normals, whole numbers, long tails and gaps; the log-odds has products, waves and steps in it. */
static float make_row(vouch__rng *rng, float *x)
{
    for (int j = 0; j < COLS; j++) {
        double v = vouch__rng_normal(rng);
        if (j >= 10 && j < 16)
            v = nearbyint(v * 5.0);
        if (j >= 16 && j < 20)
            v = exp(v);
        if (j >= 20 && j < 23 && vouch__rng_uniform(rng) < 0.1)
            v = NAN;
        x[j] = (float)v;
    }
    double gap = isnan(x[20]) ? 0.3 : (double)x[20];
    double s = 0.8 * (double)x[0] - 0.6 * (double)x[1] * (double)x[2] + 0.5 * sin(2.0 * (double)x[3]) +
               (x[10] > 2 ? 0.3 : 0.0) + 0.4 * log1p((double)x[16]) - (x[4] > 0 ? 0.5 * gap : 0.0) - 1.0;
    return vouch__rng_uniform(rng) < vouch__sigmoid(s) ? 1.0f : 0.0f;
}

static int make(const char *path, size_t rows)
{
    vouch__rng rng = vouch__rng_make(7, 1);
    float x[COLS], *y = calloc(rows, sizeof *y);
    FILE *file = fopen(path, "wb");
    require(file && y, path);
    for (size_t i = 0; i < rows; i++) {
        y[i] = make_row(&rng, x);
        require(fwrite(x, sizeof *x, COLS, file) == COLS, path);
    }
    require(fwrite(y, sizeof *y, rows, file) == rows, path);
    require(fclose(file) == 0, path);
    free(y);
    return 0;
}

static vouch_table *read_table(vouch_ctx *ctx, const char *path, size_t rows, double **out_y)
{
    static char name[COLS][NAME];
    const char *names[COLS];
    const double *values[COLS];
    vouch_type types[COLS];
    vouch__table_builder *builder;
    vouch_table *table;
    float *x = calloc(rows * COLS, sizeof *x), *y = calloc(rows, sizeof *y);
    double *column = calloc(rows * COLS, sizeof *column), *target = calloc(rows, sizeof *target);
    FILE *file = fopen(path, "rb");
    require(file && x && y && column && target, path);
    require(fread(x, sizeof *x, rows * COLS, file) == rows * COLS, path);
    require(fread(y, sizeof *y, rows, file) == rows, path);
    (void)fclose(file);
    for (size_t j = 0; j < COLS; j++) {
        (void)snprintf(name[j], NAME, "x%zu", j);
        names[j] = name[j];
        types[j] = VOUCH_NUMBER;
        values[j] = column + j * rows;
        for (size_t i = 0; i < rows; i++)
            column[j * rows + i] = (double)x[i * COLS + j];
    }
    for (size_t i = 0; i < rows; i++)
        target[i] = (double)y[i];
    require(!vouch__table_builder_new(ctx, COLS, names, types, &builder), vouch_ctx_error(ctx));
    require(!vouch__table_builder_add(ctx, builder, rows, values, NULL), vouch_ctx_error(ctx));
    require(!vouch__table_builder_end(ctx, builder, &table), vouch_ctx_error(ctx));
    vouch__table_builder_free(builder);
    free(x);
    free(y);
    free(column);
    *out_y = target;
    return table;
}

/* The peer's setting: rate 0.1, 31 leaves of depth 5 at most, l2 1, no sampling. */
static void settings(const vouch__model_kind *kind, double trees, double *value)
{
    static const struct {
        const char *name;
        double value;
    } set[] = { { "learning_rate", 0.1 }, { "row_sample", 1.0 }, { "column_sample", 1.0 }, { "depth", 5.0 } };
    for (size_t i = 0; i < kind->n_params; i++) {
        value[i] = kind->params[i].value;
        if (strcmp(kind->params[i].name, "trees") == 0)
            value[i] = trees;
        for (size_t k = 0; k < sizeof set / sizeof set[0]; k++)
            if (strcmp(kind->params[i].name, set[k].name) == 0)
                value[i] = set[k].value;
    }
}

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int fit(char **arg)
{
    size_t rows = strtoull(arg[1], NULL, 10), n = strtoull(arg[2], NULL, 10);
    vouch_ctx_options options = { .threads = (unsigned)strtoul(arg[3], NULL, 10) };
    vouch_ctx *ctx = vouch_ctx_new(&options);
    const vouch__model_kind *kind = vouch__kind_find("gbdt");
    double value[64], *y;
    vouch_table *table = read_table(ctx, arg[0], rows, &y);
    uint32_t *row = calloc(rows, sizeof *row);
    double *raw = calloc(rows, sizeof *raw);
    vouch__inputs inputs;
    vouch__binding binding;
    vouch_model *model;
    require(row && raw && kind && rows > n, "out of memory, or no rows to test on");
    settings(kind, (double)strtoull(arg[4], NULL, 10), value);
    for (size_t i = 0; i < rows; i++)
        row[i] = (uint32_t)i;
    require(!vouch__inputs_new(ctx, COLS, &inputs), vouch_ctx_error(ctx));
    for (size_t j = 0; j < COLS; j++)
        inputs.at[j].name = vouch__strdup(ctx, vouch_table_name(table, j));
    require(!vouch__bind(ctx, &inputs, table, &binding), vouch_ctx_error(ctx));
    vouch__fit_data data = { .binding = &binding, .train = { n, row, y, NULL }, .seed = 1 };
    double start = now();
    require(!vouch__model_fit(ctx, kind, "bench", &inputs, value, &data, NULL, NULL, &model),
            vouch_ctx_error(ctx));
    printf("%.4f\n", now() - start);
    vouch__binding_clear(&binding);
    require(!vouch_model_score(ctx, model, table, raw, NULL, NULL), vouch_ctx_error(ctx));
    FILE *file = fopen(arg[5], "wb");
    require(file && fwrite(raw + n, sizeof *raw, rows - n, file) == rows - n && fclose(file) == 0, arg[5]);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
    free(raw);
    free(row);
    free(y);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "make") == 0)
        return make(argv[2], strtoull(argv[3], NULL, 10));
    if (argc == 8 && strcmp(argv[1], "fit") == 0)
        return fit(argv + 2);
    (void)fprintf(stderr, "usage: bench_trees make FILE ROWS | fit FILE ROWS TRAIN THREADS TREES RAW\n");
    return 2;
}

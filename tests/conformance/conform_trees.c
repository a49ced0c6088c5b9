/* One imported model on given rows, for trees.py to compare with the library it came from.
 *
 *     conform_trees MODEL ROWS OUT [lenient] [best | iterations=N] [contributions=ROWS] [pick=OUTPUT]
 *
 * ROWS holds doubles, row-major. Writes OUT.raw and OUT.pred (double, rows x outputs), OUT.leaf (uint32, rows
 * x trees), OUT.contrib (double, rows x groups x inputs and base). Prints one line of words: groups, outputs,
 * trees, inputs, kind of arithmetic, then path=N for every way of scoring that this processor has: how many
 * raw scores differ from the definition, row by row and as a block. A model that is refused: its message, and
 * status 3. */
#include "models/engine/engine.h"
#include "models/forest/forest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct job {
    vouch_ctx *ctx;
    const char *model, *out;
    vouch_import_options options;
    double *x;
    size_t n, explained;
} job;

static void *need(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    if (!p) {
        (void)fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return p;
}

static void put(const job *j, const char *what, const void *data, size_t size, size_t n)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s.%s", j->out, what);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, size, n, file) != n || fclose(file)) {
        (void)fprintf(stderr, "cannot write %s\n", path);
        exit(1);
    }
}

static double *read_rows(const char *path, size_t cols, size_t *out_n)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) {
        (void)fprintf(stderr, "cannot read %s\n", path);
        exit(1);
    }
    size_t len = (size_t)ftell(file);
    rewind(file);
    double *x = need(len / sizeof *x, sizeof *x);
    *out_n = fread(x, sizeof *x * cols, len / (sizeof *x * cols), file);
    (void)fclose(file);
    return x;
}

static vouch_model *import(const job *j, int output)
{
    vouch_import_options options = j->options;
    vouch_model *model = NULL, *again = NULL;
    options.output = output;
    if (vouch_model_import(j->ctx, j->model, &options, &model) ||
        vouch_model_read(j->ctx, model->file, model->file_len, &again)) {
        (void)printf("%s\n", vouch_ctx_error(j->ctx));
        exit(3);
    }
    vouch_model_free(model);
    return again;
}

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static size_t differences(const double *a, const double *b, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += bits_of(a[i]) != bits_of(b[i]) && !(isnan(a[i]) && isnan(b[i]));
    return count;
}

/* The sums alone, before scale and bias, are what an engine gives. */
static void tell_paths(const job *j, vouch__forest *f, const double *want)
{
    size_t groups = f->n_groups, cols = f->trees.n_inputs;
    double *got = need(j->n * groups, sizeof *got), *sum = need(j->n * groups, sizeof *sum);
    for (int p = 0; f->engine && p < VOUCH__ENGINE_PATHS; p++) {
        if (!vouch__engine_use(f->engine, (vouch__engine_path)p))
            continue;
        for (size_t i = 0; i < j->n; i++) {
            vouch__forest_raw(f, j->x + i * cols, got + i * groups);
            vouch__engine_row(f->engine, j->x + i * cols, sum + i * groups);
        }
        size_t bad = differences(got, want, j->n * groups);
        vouch__engine_rows(f->engine, j->n, j->x, got);
        bad += differences(got, sum, j->n * groups);
        (void)printf(" %s=%zu", vouch__engine_path_name((vouch__engine_path)p), bad);
    }
    free(got);
    free(sum);
}

static void tell_scores(const job *j, vouch__forest *f)
{
    size_t groups = f->n_groups, outputs = vouch__forest_outputs(f), trees = f->trees.n_trees,
           cols = f->trees.n_inputs;
    double *raw = need(j->n * groups, sizeof *raw), *pred = need(j->n * outputs, sizeof *pred);
    double *one = need(VOUCH__GROUPS_MAX, sizeof *one);
    uint32_t *leaf = need(j->n * trees, sizeof *leaf);
    for (size_t i = 0; i < j->n; i++) {
        const double *row = j->x + i * cols;
        vouch__forest_raw_defined(f, row, one);
        memcpy(raw + i * groups, one, groups * sizeof *one);
        vouch__forest_transform(f, one);
        memcpy(pred + i * outputs, one, outputs * sizeof *one);
        for (size_t t = 0; t < trees; t++)
            leaf[i * trees + t] = vouch__forest_leaf(f, t, row);
    }
    (void)printf("groups=%zu outputs=%zu trees=%zu inputs=%zu float=%d", groups, outputs, trees, cols,
                 f->is_float);
    tell_paths(j, f, raw);
    put(j, "raw", raw, sizeof *raw, j->n * groups);
    put(j, "pred", pred, sizeof *pred, j->n * outputs);
    put(j, "leaf", leaf, sizeof *leaf, j->n * trees);
    free(raw);
    free(pred);
    free(one);
    free(leaf);
}

static void tell_contributions(const job *j, size_t groups, size_t cols)
{
    size_t n = j->explained < j->n ? j->explained : j->n;
    double *all = need(n * groups * (cols + 1), sizeof *all), *out = need(n * cols, sizeof *out), base = 0.0;
    for (size_t g = 0; n && g < groups; g++) {
        vouch_model *model = import(j, (int)g);
        vouch__matrix x = { j->x, n, cols };
        if (model->kind->contributions(j->ctx, model->state, x, out, &base)) {
            (void)printf("%s\n", vouch_ctx_error(j->ctx));
            exit(3);
        }
        for (size_t i = 0; i < n; i++) {
            double *to = all + (i * groups + g) * (cols + 1);
            memcpy(to, out + i * cols, cols * sizeof *to);
            to[cols] = base;
        }
        vouch_model_free(model);
    }
    put(j, "contrib", all, sizeof *all, n * groups * (cols + 1));
    free(all);
    free(out);
}

int main(int argc, char **argv)
{
    job j = { .ctx = vouch_ctx_new(NULL) };
    int pick = 0;
    if (argc < 4 || !j.ctx)
        return 2;
    j.model = argv[1];
    j.out = argv[3];
    for (int i = 4; i < argc; i++) {
        if (!strcmp(argv[i], "lenient"))
            j.options.lenient = 1;
        else if (!strcmp(argv[i], "best"))
            j.options.iterations = VOUCH_ITERATIONS_BEST;
        else if (!strncmp(argv[i], "iterations=", 11))
            j.options.iterations = strtol(argv[i] + 11, NULL, 10);
        else if (!strncmp(argv[i], "contributions=", 14))
            j.explained = (size_t)strtoul(argv[i] + 14, NULL, 10);
        else if (!strncmp(argv[i], "pick=", 5))
            pick = (int)strtol(argv[i] + 5, NULL, 10);
        else
            return 2;
    }
    vouch_model *model = import(&j, pick);
    vouch__forest *f = model->state;
    j.x = read_rows(argv[2], f->trees.n_inputs, &j.n);
    tell_scores(&j, f);
    tell_contributions(&j, f->n_groups, f->trees.n_inputs);
    (void)printf("\n");
    free(j.x);
    vouch_model_free(model);
    vouch_ctx_free(j.ctx);
    return 0;
}

/* Training time, memory and ranking of gbdt beside LightGBM's, on the same made rows, in turn.
 *
 *   bench_trees LIB_LIGHTGBM WORKLOADS PAIRS SEEDS THREADS
 *
 * LIB_LIGHTGBM: the wheel's shared library, used through its C interface; -: ours alone. WORKLOADS: of A
 * (500,000 x 30, 200 trees of depth 6), B (100,000 x 300, 200 trees of 63 leaves by gain), C (2,000,000 x 50,
 * 100 of the same). Four rows in five train. Every training runs in a process of its own, forked when the
 * data are made: times are its wall clock, memory is its peak above what it began with. Rates, leaves and
 * regularisation are equal; LightGBM has force_row_wise, its fastest setting of those tried, with float and
 * with quantised gradients. */
#include "models/model_kind.h"
#include "trees_data.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NAME = 12, TEXT = 512, MOST = 32 };

typedef struct trained {
    double bin, all, auc, megabytes;
} trained;

typedef struct setup {
    const char *lightgbm;
    unsigned threads;
    int is_quantised;
} setup;

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double status_megabytes(const char *field)
{
    char line[TEXT];
    double kilobytes = 0.0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, field, strlen(field)) == 0)
            kilobytes = strtod(line + strlen(field) + 1, NULL);
    if (file)
        (void)fclose(file);
    return kilobytes / 1024.0;
}

static double memory_begin(void)
{
    (void)malloc_trim(0);
    FILE *file = fopen("/proc/self/clear_refs", "w");
    bench_require(file && fputs("5", file) >= 0 && fclose(file) == 0, "/proc/self/clear_refs");
    return status_megabytes("VmRSS");
}

/* Ours. */

static double bins_done;

static void heard(void *self, const char *stage, uint64_t done, uint64_t total)
{
    (void)self, (void)total;
    if (strstr(stage, ": bins") && done)
        bins_done = now();
}

static vouch_table *table_make(vouch_ctx *ctx, const bench_data *d)
{
    size_t cols = d->work->cols;
    char(*name)[NAME] = calloc(cols, sizeof *name);
    const char **names = calloc(cols, sizeof *names);
    const double **values = calloc(cols, sizeof *values);
    vouch_type *types = calloc(cols, sizeof *types);
    double *column = calloc(d->rows * cols, sizeof *column);
    vouch__table_builder *builder;
    vouch_table *table;
    bench_require(name && names && values && types && column, "out of memory");
    for (size_t j = 0; j < cols; j++) {
        (void)snprintf(name[j], NAME, "x%zu", j);
        names[j] = name[j];
        types[j] = VOUCH_NUMBER;
        values[j] = column + j * d->rows;
        for (size_t i = 0; i < d->rows; i++)
            column[j * d->rows + i] = (double)d->x[i * cols + j];
    }
    bench_require(!vouch__table_builder_new(ctx, cols, names, types, &builder), vouch_ctx_error(ctx));
    bench_require(!vouch__table_builder_add(ctx, builder, d->rows, values, NULL), vouch_ctx_error(ctx));
    bench_require(!vouch__table_builder_end(ctx, builder, &table), vouch_ctx_error(ctx));
    vouch__table_builder_free(builder);
    free(column);
    free(types);
    free(values);
    free(names);
    free(name);
    return table;
}

static void settings(const vouch__model_kind *kind, const bench_work *work, double *value)
{
    const struct {
        const char *name;
        double value;
    } set[] = { { "learning_rate", 0.1 },         { "row_sample", 1.0 },
                { "column_sample", 1.0 },         { "l2", 1.0 },
                { "min_child_weight", 1.0 },      { "min_child_rows", 1.0 },
                { "trees", (double)work->trees }, { "leaves", (double)work->leaves },
                { "depth", (double)work->depth }, { "grow", work->depth > 6 } };
    for (size_t i = 0; i < kind->n_params; i++) {
        value[i] = kind->params[i].value;
        for (size_t k = 0; k < sizeof set / sizeof set[0]; k++)
            if (strcmp(kind->params[i].name, set[k].name) == 0)
                value[i] = set[k].value;
    }
}

static trained ours(const bench_data *d, const setup *s)
{
    vouch_ctx_options options = { .threads = s->threads, .progress = heard };
    vouch_ctx *ctx = vouch_ctx_new(&options);
    const vouch__model_kind *kind = vouch__kind_find("gbdt");
    double value[64];
    trained t = { 0 };
    vouch_table *table = table_make(ctx, d);
    uint32_t *row = calloc(d->rows, sizeof *row);
    double *target = calloc(d->rows, sizeof *target), *raw = calloc(d->rows, sizeof *raw);
    vouch__inputs inputs;
    vouch__binding binding;
    vouch_model *model;
    bench_require(row && target && raw && kind, "out of memory");
    settings(kind, d->work, value);
    for (size_t i = 0; i < d->rows; i++) {
        row[i] = (uint32_t)i;
        target[i] = (double)d->y[i];
    }
    bench_require(!vouch__inputs_new(ctx, d->work->cols, &inputs), vouch_ctx_error(ctx));
    for (size_t j = 0; j < inputs.n; j++)
        inputs.at[j].name = vouch__strdup(ctx, vouch_table_name(table, j));
    bench_require(!vouch__bind(ctx, &inputs, table, &binding), vouch_ctx_error(ctx));
    vouch__fit_data data = { .binding = &binding, .train = { d->train, row, target, NULL }, .seed = 1 };
    double before = memory_begin(), start = now();
    bench_require(!vouch__model_fit(ctx, kind, "bench", &inputs, value, &data, NULL, NULL, &model),
                  vouch_ctx_error(ctx));
    t.all = now() - start;
    t.bin = bins_done - start;
    t.megabytes = status_megabytes("VmHWM") - before;
    vouch__binding_clear(&binding);
    bench_require(!vouch_model_score(ctx, model, table, raw, NULL, NULL), vouch_ctx_error(ctx));
    t.auc = bench_auc(raw + d->train, d->y + d->train, d->rows - d->train);
    return t;
}

/* LightGBM, by the declarations of its c_api.h. */

typedef void *handle;
typedef struct lightgbm {
    int (*dataset)(const void *, int, int32_t, int32_t, int, const char *, handle, handle *);
    int (*field)(handle, const char *, const void *, int, int);
    int (*booster)(handle, const char *, handle *);
    int (*update)(handle, int *);
    int (*predict)(handle, const void *, int, int32_t, int32_t, int, int, int, int, const char *, int64_t *,
                   double *);
} lightgbm;

static void take(void *library, const char *name, void *function)
{
    void *found = dlsym(library, name);
    bench_require(found != NULL, name);
    memcpy(function, &found, sizeof found);
}

static lightgbm lightgbm_open(const char *path)
{
    lightgbm l;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    bench_require(library != NULL, path);
    take(library, "LGBM_DatasetCreateFromMat", &l.dataset);
    take(library, "LGBM_DatasetSetField", &l.field);
    take(library, "LGBM_BoosterCreate", &l.booster);
    take(library, "LGBM_BoosterUpdateOneIter", &l.update);
    take(library, "LGBM_BoosterPredictForMat", &l.predict);
    return l;
}

static trained theirs(const bench_data *d, const setup *s)
{
    enum { FLOAT32 = 0, ROW_MAJOR = 1, RAW_SCORE = 1 };
    lightgbm l = lightgbm_open(s->lightgbm);
    handle set = NULL, booster = NULL;
    char params[TEXT];
    trained t = { 0 };
    int32_t rows = (int32_t)d->train, rest = (int32_t)(d->rows - d->train), cols = (int32_t)d->work->cols;
    int64_t len;
    int is_done = 0;
    double *raw = calloc(d->rows - d->train, sizeof *raw);
    bench_require(raw != NULL, "out of memory");
    (void)snprintf(params, sizeof params,
                   "objective=binary learning_rate=0.1 lambda_l2=1 max_bin=255 min_sum_hessian_in_leaf=1 "
                   "min_data_in_leaf=1 verbosity=-1 force_row_wise=true num_threads=%u num_leaves=%zu "
                   "max_depth=%d%s",
                   s->threads, d->work->leaves, d->work->depth > 6 ? -1 : (int)d->work->depth,
                   s->is_quantised ? " use_quantized_grad=true" : "");
    double before = memory_begin(), start = now();
    bench_require(!l.dataset(d->x, FLOAT32, rows, cols, ROW_MAJOR, params, NULL, &set), "its dataset");
    bench_require(!l.field(set, "label", d->y, rows, FLOAT32), "its label");
    t.bin = now() - start;
    bench_require(!l.booster(set, params, &booster), "its booster");
    for (size_t i = 0; i < d->work->trees; i++)
        bench_require(!l.update(booster, &is_done), "its tree");
    t.all = now() - start;
    t.megabytes = status_megabytes("VmHWM") - before;
    const float *test = d->x + d->train * d->work->cols;
    bench_require(!l.predict(booster, test, FLOAT32, rest, cols, ROW_MAJOR, RAW_SCORE, 0, -1, "", &len, raw),
                  "its prediction");
    t.auc = bench_auc(raw, d->y + d->train, d->rows - d->train);
    return t;
}

typedef struct running {
    pid_t child;
    int pipes[2];
} running;

static running begin(trained (*train)(const bench_data *, const setup *), const bench_data *d, const setup *s)
{
    running r;
    bench_require(pipe(r.pipes) == 0, "pipe");
    r.child = fork();
    bench_require(r.child >= 0, "fork");
    if (r.child == 0) {
        trained t = train(d, s);
        _exit(write(r.pipes[1], &t, sizeof t) == sizeof t ? 0 : 1);
    }
    (void)close(r.pipes[1]); /* so that reading ends when the child does */
    return r;
}

static trained end(running r)
{
    int status = 0;
    trained t;
    bench_require(read(r.pipes[0], &t, sizeof t) == (ssize_t)sizeof t, "a training failed");
    bench_require(waitpid(r.child, &status, 0) == r.child && status == 0, "a training failed");
    (void)close(r.pipes[0]);
    return t;
}

static trained in_a_process(trained (*train)(const bench_data *, const setup *), const bench_data *d,
                            const setup *s)
{
    return end(begin(train, d, s));
}

/* What is said of them. */

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(const double *value, size_t n)
{
    double sorted[MOST];
    memcpy(sorted, value, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_size);
    return 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]);
}

static void line(const char *work, const char *what, double mine, double his, const char *unit, double ratio,
                 double bar)
{
    (void)printf("trees_fit_%s_%s\t%.4g\t%.4g\t%s\t%.2f\t%g\t%s\n", work, what, mine, his, unit, ratio, bar,
                 ratio >= bar ? "ok" : "short");
    (void)fflush(stdout);
}

/* Medians of times, and of the ratios pair by pair. */
static void times(const char *work, const char *what, size_t pairs, const trained *mine, const trained *his,
                  double bar_train, double bar_all)
{
    double at[6][MOST];
    char name[NAME + NAME];
    for (size_t k = 0; k < pairs; k++) {
        double values[6] = { mine[k].all - mine[k].bin, his[k].all - his[k].bin, 0, mine[k].all, his[k].all };
        values[2] = values[1] / values[0];
        values[5] = values[4] / values[3];
        for (size_t v = 0; v < 6; v++)
            at[v][k] = values[v];
    }
    line(work, what, median(at[0], pairs), median(at[1], pairs), "s", median(at[2], pairs), bar_train);
    (void)snprintf(name, sizeof name, "%s_with_bins", what);
    line(work, name, median(at[3], pairs), median(at[4], pairs), "s", median(at[5], pairs), bar_all);
}

/* Two trainings at once, each on all the threads: neither may take much more than twice as long as alone. */
static void two_at_once(const bench_data *d, const setup *s, double alone)
{
    running one = begin(ours, d, s), other = begin(ours, d, s);
    double a = end(one).all, b = end(other).all, slower = a > b ? a : b;
    (void)printf(
        "trees_fit_%s_two_at_once\t%.4g\t%.4g\ts, the slower of two beside one alone\t%.2f\t0.4\t%s\n",
        d->work->name, slower, alone, alone / slower, alone / slower >= 0.4 ? "ok" : "short");
    (void)fflush(stdout);
}

static void compare(const bench_work *work, setup s, size_t pairs, size_t seeds)
{
    trained mine[MOST] = { 0 }, plain[MOST] = { 0 }, quantised[MOST] = { 0 };
    double my_auc = 0.0, his_auc = 0.0;
    for (size_t seed = 1; seed <= seeds; seed++) {
        bench_data d = bench_data_make(work, seed);
        for (size_t k = 0; k < (seed == 1 ? pairs : 1); k++) {
            trained *to = seed == 1 ? &mine[k] : &mine[MOST - 1];
            trained *of = seed == 1 ? &plain[k] : &plain[MOST - 1];
            *to = in_a_process(ours, &d, &s);
            if (strcmp(s.lightgbm, "-") == 0) {
                (void)fprintf(stderr, "%s seed %zu: %.3f + %.3f s, AUC %.5f, %.0f MB\n", work->name, seed,
                              to->bin, to->all - to->bin, to->auc, to->megabytes);
                continue;
            }
            s.is_quantised = 0;
            *of = in_a_process(theirs, &d, &s);
            (void)fprintf(
                stderr,
                "%s seed %zu: %.3f + %.3f s, AUC %.5f, %.0f MB; LightGBM %.3f + %.3f s, %.5f, %.0f MB",
                work->name, seed, to->bin, to->all - to->bin, to->auc, to->megabytes, of->bin,
                of->all - of->bin, of->auc, of->megabytes);
            s.is_quantised = 1;
            if (seed == 1) {
                quantised[k] = in_a_process(theirs, &d, &s);
                (void)fprintf(stderr, "; quantised %.3f + %.3f s, %.5f, %.0f MB", quantised[k].bin,
                              quantised[k].all - quantised[k].bin, quantised[k].auc, quantised[k].megabytes);
            }
            (void)fprintf(stderr, "\n");
            if (k == 0) {
                my_auc += to->auc / (double)seeds;
                his_auc += of->auc / (double)seeds;
            }
        }
        if (seed == 1 && work->depth == 6)
            two_at_once(&d, &s, mine[0].all);
        bench_data_free(&d);
    }
    if (strcmp(s.lightgbm, "-") == 0)
        return;
    times(work->name, "float", pairs, mine, plain, 2.0, 2.5);
    times(work->name, "quantised", pairs, mine, quantised, 1.5, 1.8);
    line(work->name, "memory", mine[0].megabytes, plain[0].megabytes, "MB",
         plain[0].megabytes / mine[0].megabytes, 1.0);
    (void)printf("trees_fit_%s_auc\t%.5f\t%.5f\tAUC (mean of %zu)\t%+.5f\t-0.0005\t%s\n", work->name, my_auc,
                 his_auc, seeds, my_auc - his_auc, my_auc - his_auc >= -0.0005 ? "ok" : "short");
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    static const bench_work works[] = { { "A", 500000, 30, 200, 64, 6 },
                                        { "B", 100000, 300, 200, 63, 64 },
                                        { "C", 2000000, 50, 100, 63, 64 } };
    if (argc != 6) {
        (void)fprintf(stderr, "usage: bench_trees LIB_LIGHTGBM WORKLOADS PAIRS SEEDS THREADS\n");
        return 2;
    }
    size_t pairs = strtoull(argv[3], NULL, 10), seeds = strtoull(argv[4], NULL, 10);
    setup s = { argv[1], (unsigned)strtoul(argv[5], NULL, 10), 0 };
    bench_require(pairs >= 1 && pairs < MOST && seeds >= 1, "PAIRS is 1 to 31, SEEDS at least 1");
    for (size_t k = 0; k < sizeof works / sizeof works[0]; k++)
        if (strstr(argv[2], works[k].name))
            compare(&works[k], s, pairs, seeds);
    return 0;
}

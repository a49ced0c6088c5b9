/* One row and many rows of XGBoost and LightGBM models, against those libraries' own C interfaces and against
 * the model compiled as nested ifs. Distinct rows, one pinned thread; medians and 99th percentiles. Every
 * score is also compared: a wrong bit ends the program. Usage: bench_engine FOLDER LIBXGBOOST LIBLIGHTGBM */
#include "bench.h"
#include "models/engine/engine.h"
#include "models/forest/forest.h"

#include <dlfcn.h>
#include <math.h>
#include <sched.h>
#include <string.h>

enum { ROWS = 20000, TIMED = 6000 };

typedef double score_fn(void *self, const double *row);

typedef struct peers {
    int (*xgb_load)(void *, const char *);
    int (*xgb_create)(const void *, uint64_t, void **);
    int (*xgb_param)(void *, const char *, const char *);
    int (*xgb_predict)(void *, const char *, const char *, void *, const uint64_t **, const uint64_t *,
                       const float **);
    int (*lgb_load)(const char *, int *, void **);
    int (*lgb_init)(void *, int, int, int, int, int, const char *, void **);
    int (*lgb_row)(void *, const double *, int64_t *, double *);
    int (*lgb_batch)(void *, const void *, int, int32_t, int32_t, int, int, int, int, const char *, int64_t *,
                     double *);
} peers;

typedef struct subject { /* one model and who scores it */
    const vouch_scorer *scorer;
    void *booster, *fast;
    const peers *peer;
    double (*ifs)(const void *row);
    float *narrow; /* the row as float, for those who take floats */
    size_t width;
    char interface[160];
} subject;

static void die(const char *what)
{
    (void)fprintf(stderr, "bench_engine: %s\n", what);
    exit(1);
}

static void *symbol(void *library, const char *name)
{
    void *found = library ? dlsym(library, name) : NULL;
    if (!found)
        die(name);
    return found;
}

static double ours(void *self, const double *row)
{
    double raw;
    vouch_scorer_row(((const subject *)self)->scorer, row, &raw);
    return raw;
}

static void describe(subject *s, const float *rows, size_t n)
{
    (void)snprintf(s->interface, sizeof s->interface,
                   "{\"data\":[%zu,true],\"shape\":[%zu,%zu],\"typestr\":\"<f4\",\"version\":3}",
                   (size_t)rows, n, s->width);
}

static double xgboost(void *self, const double *row)
{
    static const char config[] =
        "{\"type\":1,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,\"strict_shape\":false,"
        "\"cache_id\":0,\"missing\":NaN}";
    subject *s = self;
    const uint64_t *shape = NULL;
    uint64_t dim = 0;
    const float *out = NULL;
    (void)row; /* already narrow, and described */
    if (s->peer->xgb_predict(s->booster, s->interface, config, NULL, &shape, &dim, &out))
        die("XGBoosterPredictFromDense");
    return (double)out[0];
}

static double lightgbm(void *self, const double *row)
{
    subject *s = self;
    int64_t n = 0;
    double out = 0.0;
    if (s->peer->lgb_row(s->fast, row, &n, &out))
        die("LGBM_BoosterPredictForMatSingleRowFast");
    return out;
}

static double ifs_float(void *self, const double *row)
{
    (void)row;
    return ((const subject *)self)->ifs(((const subject *)self)->narrow);
}
static double ifs_double(void *self, const double *row) { return ((const subject *)self)->ifs(row); }

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Microseconds a row: median and 99th percentile. */
static void time_rows(score_fn *fn, subject *s, const double *rows, double *out_p50, double *out_p99)
{
    static double took[TIMED], sink;
    for (size_t i = 0; i < TIMED; i++) {
        const double *row = rows + i * s->width;
        for (size_t j = 0; j < s->width; j++)
            s->narrow[j] = (float)row[j];
        double begun = bench_now();
        sink += fn(s, row);
        took[i] = 1e6 * (bench_now() - begun);
    }
    qsort(took + 200, TIMED - 200, sizeof *took, ascending);
    *out_p50 = took[200 + (TIMED - 200) / 2];
    *out_p99 = took[200 + (TIMED - 200) * 99 / 100];
    if (isnan(sink))
        die("a score is missing");
}

/* bar: how many times faster ours is to be. */
static void compare(const char *name, double mine, double peer, double bar)
{
    (void)printf("%s\t%.3f\t%.3f\tus\t%.1f\t%.1f\t%s\n", name, mine, peer, peer / mine, bar,
                 peer >= bar * mine ? "ok" : "short");
}

typedef struct batch_job {
    subject *s;
    const double *rows;
    const float *narrow;
    double *out;
} batch_job;

static void ours_batch(void *arg)
{
    batch_job *job = arg;
    vouch_scorer_rows(job->s->scorer, ROWS, job->rows, job->out);
}
static void xgboost_batch(void *arg)
{
    batch_job *job = arg;
    describe(job->s, job->narrow, ROWS);
    (void)xgboost(job->s, job->rows);
}
static void lightgbm_batch(void *arg)
{
    batch_job *job = arg;
    int64_t n = 0;
    if (job->s->peer->lgb_batch(job->s->booster, job->rows, 1, ROWS, (int32_t)job->s->width, 1, 1, 0, -1,
                                "num_threads=1", &n, job->out))
        die("LGBM_BoosterPredictForMat");
}

static double *read_rows(const char *folder, size_t width)
{
    char path[512];
    double *rows = malloc(ROWS * width * sizeof *rows);
    (void)snprintf(path, sizeof path, "%s/rows_%zu.f64", folder, width);
    FILE *file = fopen(path, "rb");
    if (!rows || !file || fread(rows, sizeof *rows * width, ROWS, file) != ROWS)
        die(path);
    (void)fclose(file);
    return rows;
}

static void check(subject *s, score_fn *peer, const double *rows)
{
    for (size_t i = 0; i < ROWS; i++) {
        const double *row = rows + i * s->width;
        for (size_t j = 0; j < s->width; j++)
            s->narrow[j] = (float)row[j];
        double a = ours(s, row), b = peer(s, row);
        if (memcmp(&a, &b, sizeof a) != 0) {
            (void)fprintf(stderr, "row %zu: ours %.17g, theirs %.17g\n", i, a, b);
            die("a score differs");
        }
    }
}

static void one_path(subject *s, const vouch_model *model, vouch__engine_path path, const double *rows,
                     const char *name, double ifs, double bar)
{
    const vouch__forest *forest = model->state;
    vouch__engine_path best = vouch__engine_path_of(forest->engine);
    char line[80];
    double p50, p99;
    if (!vouch__engine_use(forest->engine, path))
        return;
    time_rows(ours, s, rows, &p50, &p99);
    (void)snprintf(line, sizeof line, "%s_%s_vs_ifs", name, vouch__engine_path_name(path));
    compare(line, p50, ifs, bar);
    (void)vouch__engine_use(forest->engine, best);
}

static void load_peer(subject *s, const char *path, bool is_xgboost)
{
    int iterations;
    if (is_xgboost) {
        if (s->peer->xgb_create(NULL, 0, &s->booster) || s->peer->xgb_load(s->booster, path))
            die("XGBoosterLoadModel");
        (void)s->peer->xgb_param(s->booster, "nthread", "1");
    } else if (s->peer->lgb_load(path, &iterations, &s->booster) ||
               s->peer->lgb_init(s->booster, 1, 0, -1, 1, (int)s->width, "num_threads=1", &s->fast)) {
        die("LGBM_BoosterCreateFromModelfile");
    }
}

static void batch(subject *s, bool is_xgboost, const double *rows, const char *name)
{
    char line[80];
    float *narrow = malloc(ROWS * s->width * sizeof *narrow);
    double *out = malloc(ROWS * sizeof *out);
    if (!narrow || !out)
        die("out of memory");
    for (size_t i = 0; i < ROWS * s->width; i++)
        narrow[i] = (float)rows[i];
    batch_job job = { s, rows, narrow, out };
    double mine = 1e6 / ROWS * bench_fastest(ours_batch, &job, 5);
    double peer = 1e6 / ROWS * bench_fastest(is_xgboost ? xgboost_batch : lightgbm_batch, &job, 3);
    (void)snprintf(line, sizeof line, "score_batch_%s_vs_%s", name, is_xgboost ? "xgboost" : "lightgbm");
    compare(line, mine, peer, is_xgboost ? (s->width == 30 ? 25.0 : 12.0) : 10.0);
    free(narrow);
    free(out);
}

static void run(vouch_ctx *ctx, const peers *peer, const char *folder, bool is_xgboost, size_t width)
{
    char path[512], name[16], line[80];
    subject s = { .peer = peer, .width = width, .narrow = malloc(width * sizeof(float)) };
    double *rows = read_rows(folder, width), p50, p99, theirs50, theirs99, ifs50, ifs99;
    vouch_model *model = NULL;
    vouch_scorer *scorer = NULL;
    vouch_import_options options = { .output = -1 };
    (void)snprintf(name, sizeof name, "%c%zu", is_xgboost ? 'X' : 'L', width);
    (void)snprintf(path, sizeof path, "%s/%s.so", folder, name);
    void *ifs = dlopen(path, RTLD_NOW);
    if (!ifs || !s.narrow)
        die(path);
    *(void **)&s.ifs = symbol(ifs, "score");
    (void)snprintf(path, sizeof path, "%s/%s.%s", folder, name, is_xgboost ? "json" : "txt");
    if (vouch_model_import(ctx, path, &options, &model) || vouch_scorer_new(ctx, model, &scorer))
        die(vouch_ctx_error(ctx));
    s.scorer = scorer;
    load_peer(&s, path, is_xgboost);
    describe(&s, s.narrow, 1);
    score_fn *theirs = is_xgboost ? xgboost : lightgbm, *nested = is_xgboost ? ifs_float : ifs_double;
    check(&s, theirs, rows);
    time_rows(nested, &s, rows, &ifs50, &ifs99);
    time_rows(theirs, &s, rows, &theirs50, &theirs99);
    time_rows(ours, &s, rows, &p50, &p99);
    const char *library = is_xgboost ? "xgboost" : "lightgbm";
    (void)snprintf(line, sizeof line, "score_row_%s_vs_%s", name, library);
    compare(line, p50, theirs50, is_xgboost ? 35.0 : 10.0);
    (void)snprintf(line, sizeof line, "score_row_%s_vs_ifs", name);
    compare(line, p50, ifs50, is_xgboost ? 10.0 : 4.0);
    (void)snprintf(line, sizeof line, "score_row_%s_p99_vs_%s", name, library);
    compare(line, p99, theirs99, is_xgboost ? 35.0 : 10.0);
    (void)snprintf(line, sizeof line, "score_row_%s", name);
    one_path(&s, model, VOUCH__ENGINE_AVX512BW, rows, line, ifs50, is_xgboost ? 4.0 : 1.0);
    one_path(&s, model, VOUCH__ENGINE_AVX2, rows, line, ifs50, is_xgboost ? 4.0 : 1.0);
    one_path(&s, model, VOUCH__ENGINE_PORTABLE, rows, line, ifs50, is_xgboost ? 3.0 : 1.0);
    batch(&s, is_xgboost, rows, name);
    vouch_scorer_free(scorer);
    vouch_model_free(model);
    free(rows);
    free(s.narrow);
}

static void load(peers *p, const char *xgboost_path, const char *lightgbm_path)
{
    void *x = dlopen(xgboost_path, RTLD_NOW), *l = dlopen(lightgbm_path, RTLD_NOW);
    if (!x || !l)
        die(dlerror());
    *(void **)&p->xgb_load = symbol(x, "XGBoosterLoadModel");
    *(void **)&p->xgb_create = symbol(x, "XGBoosterCreate");
    *(void **)&p->xgb_param = symbol(x, "XGBoosterSetParam");
    *(void **)&p->xgb_predict = symbol(x, "XGBoosterPredictFromDense");
    *(void **)&p->lgb_load = symbol(l, "LGBM_BoosterCreateFromModelfile");
    *(void **)&p->lgb_init = symbol(l, "LGBM_BoosterPredictForMatSingleRowFastInit");
    *(void **)&p->lgb_row = symbol(l, "LGBM_BoosterPredictForMatSingleRowFast");
    *(void **)&p->lgb_batch = symbol(l, "LGBM_BoosterPredictForMat");
}

int main(int argc, char **argv)
{
    static const size_t widths[] = { 30, 200 };
    peers p;
    cpu_set_t one;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    if (argc != 4)
        die("usage: bench_engine FOLDER LIBXGBOOST LIBLIGHTGBM");
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    (void)sched_setaffinity(0, sizeof one, &one);
    load(&p, argv[2], argv[3]);
    for (size_t i = 0; i < 2; i++) {
        run(ctx, &p, argv[1], true, widths[i]);
        run(ctx, &p, argv[1], false, widths[i]);
    }
    vouch_ctx_free(ctx);
    return 0;
}

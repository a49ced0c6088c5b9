/* One row and many rows of XGBoost and LightGBM models, against those libraries' own C interfaces, ONNX
 * Runtime's, and the model compiled to C. Distinct rows, one pinned thread; medians and 99th percentiles,
 * with warm caches and with cold ones. Every score is also compared: a wrong bit ends the program. Usage:
 * bench_engine FOLDER LIBXGBOOST LIBLIGHTGBM LIBONNXRUNTIME */
#include "engine_peers.h"

#include "models/engine/engine.h"
#include "models/forest/forest.h"

#include <math.h>
#include <sched.h>
#include <string.h>

enum { ROWS = 20000, TIMED = 6000, WARM_UP = 200, COLD = 60, EVICTED = 48 << 20 };

typedef struct subject { /* one model and who scores it */
    const char *name;
    bool is_xgboost;
    size_t width;
    const double *rows;
    const peers *peer;
    vouch_model *model;
    vouch_scorer *scorer;
    void *booster, *fast;
    ort_model onnx;
    ort_call onnx_row;
    float onnx_out;
    double (*ifs)(const void *row);
    void (*tl2cgen)(void *entries, int want_margin, void *out);
    float *narrow; /* the row as float, for those who take floats */
    void *entry;   /* and for TL2cgen: as the model's numbers, but -1 as int where missing */
    char interface[160];
} subject;

typedef double score_fn(subject *s, const double *row);

typedef struct timing { /* microseconds a row */
    double p50, p99;
} timing;

static double ours(subject *s, const double *row)
{
    double raw;
    vouch_scorer_row(s->scorer, row, &raw);
    return raw;
}

static double xgboost(subject *s, const double *row)
{
    (void)row; /* already narrow, and described */
    return xgb_predict(s->peer, s->booster, s->interface);
}

static double lightgbm(subject *s, const double *row)
{
    int64_t n = 0;
    double out = 0.0;
    if (s->peer->lgb_row(s->fast, row, &n, &out))
        die("LGBM_BoosterPredictForMatSingleRowFast");
    return out;
}

static double onnx(subject *s, const double *row)
{
    (void)row;
    ort_run(s->peer, &s->onnx, &s->onnx_row);
    return (double)s->onnx_out;
}

static double ifs(subject *s, const double *row)
{
    return s->ifs(s->is_xgboost ? (const void *)s->narrow : (const void *)row);
}

static double tl2cgen(subject *s, const double *row)
{
    float narrow = 0.0F;
    double wide = 0.0;
    (void)row;
    s->tl2cgen(s->entry, 1, s->is_xgboost ? (void *)&narrow : (void *)&wide);
    return s->is_xgboost ? (double)narrow : wide;
}

/* The row in every form that a peer takes. */
static void prepare(subject *s, const double *row)
{
    static const int missing = -1;
    size_t size = s->is_xgboost ? sizeof(float) : sizeof(double);
    for (size_t j = 0; j < s->width; j++) {
        s->narrow[j] = (float)row[j];
        const void *value = s->is_xgboost ? (const void *)&s->narrow[j] : (const void *)&row[j];
        bool is_missing = isnan(row[j]);
        memcpy((char *)s->entry + j * size, is_missing ? &missing : value,
               is_missing ? sizeof missing : size);
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static timing summed_up(double *took, size_t n)
{
    qsort(took, n, sizeof *took, ascending);
    return (timing){ took[n / 2], took[n * 99 / 100] };
}

static double sink;

static timing time_rows(score_fn *fn, subject *s)
{
    static double took[TIMED];
    for (size_t i = 0; i < TIMED; i++) {
        const double *row = s->rows + i * s->width;
        prepare(s, row);
        double begun = bench_now();
        sink += fn(s, row);
        took[i] = 1e6 * (bench_now() - begun);
    }
    return summed_up(took + WARM_UP, TIMED - WARM_UP);
}

/* After other work has taken all caches. */
static timing time_cold(score_fn *fn, subject *s)
{
    static unsigned char other[EVICTED];
    double took[COLD];
    for (size_t i = 0; i < COLD; i++) {
        const double *row = s->rows + i * s->width;
        prepare(s, row);
        memset(other, (int)i, sizeof other);
        double begun = bench_now();
        sink += fn(s, row);
        took[i] = 1e6 * (bench_now() - begun);
    }
    return summed_up(took, COLD);
}

static void compare(const subject *s, const char *job, const char *peer, double mine, double theirs,
                    double bar)
{
    char name[80];
    (void)snprintf(name, sizeof name, "engine_%s_%s_vs_%s", s->name, job, peer);
    bench_ratio(name, mine, theirs, "us", bar);
    (void)fflush(stdout);
}

static bool same_bits(double a, double b)
{
    uint64_t x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x == y;
}

/* Who gives ours bit for bit, and who only nearly (they add in another order). */
static void check(subject *s, const char *who, score_fn *peer, bool is_exact)
{
    for (size_t i = 0; i < ROWS; i++) {
        const double *row = s->rows + i * s->width;
        prepare(s, row);
        double a = ours(s, row), b = peer(s, row);
        if (is_exact ? !same_bits(a, b) : !(fabs(a - b) < 1e-4)) {
            (void)fprintf(stderr, "row %zu: ours %.17g, %s %.17g\n", i, a, who, b);
            die("a score differs");
        }
    }
}

/* The other paths, each against the model compiled to C; one that the processor lacks is skipped. */
static void other_paths(subject *s, const char *peer, timing theirs)
{
    static const double bar[] = { 3.0, 4.0, 4.0 };
    vouch__engine *engine = ((const vouch__forest *)s->model->state)->engine;
    vouch__engine_path best = vouch__engine_path_of(engine);
    for (int path = (int)VOUCH__ENGINE_AVX512BW; path >= 0; path--) {
        const char *name = vouch__engine_path_name((vouch__engine_path)path);
        char job[64];
        if (!vouch__engine_use(engine, (vouch__engine_path)path)) {
            (void)fprintf(stderr, "skipped: %s on path %s, which this processor has not\n", s->name, name);
            continue;
        }
        timing mine = time_rows(ours, s);
        (void)snprintf(job, sizeof job, "row_%s", name);
        compare(s, job, peer, mine.p50, theirs.p50, bar[path]);
    }
    (void)vouch__engine_use(engine, best);
}

static void one_row(subject *s)
{
    score_fn *library = s->is_xgboost ? xgboost : lightgbm;
    const char *library_name = s->is_xgboost ? "xgboost" : "lightgbm";
    double library_bar = s->is_xgboost ? 35.0 : 10.0, compiled_bar = s->is_xgboost ? 10.0 : 4.0;
    check(s, library_name, library, true);
    check(s, "nested ifs", ifs, true);
    check(s, "tl2cgen", tl2cgen, false);
    timing nested = time_rows(ifs, s), written = time_rows(tl2cgen, s), theirs = time_rows(library, s);
    bool is_nested = nested.p50 <= written.p50;
    const char *compiled_name = is_nested ? "ifs" : "tl2cgen";
    timing compiled = is_nested ? nested : written, mine = time_rows(ours, s);
    (void)fprintf(stderr, "%s: nested ifs %.2f us, TL2cgen %.2f us: the faster is the peer\n", s->name,
                  nested.p50, written.p50);
    compare(s, "row", library_name, mine.p50, theirs.p50, library_bar);
    compare(s, "row_p99", library_name, mine.p99, theirs.p99, library_bar);
    compare(s, "row", compiled_name, mine.p50, compiled.p50, compiled_bar);
    compare(s, "row_p99", compiled_name, mine.p99, compiled.p99, compiled_bar);
    if (s->is_xgboost) {
        check(s, "onnxruntime", onnx, false);
        timing ort = time_rows(onnx, s);
        compare(s, "row", "onnxruntime", mine.p50, ort.p50, compiled_bar);
    }
    timing cold = time_cold(ours, s), compiled_cold = time_cold(is_nested ? ifs : tl2cgen, s);
    compare(s, "row_cold", compiled_name, cold.p50, compiled_cold.p50, 2.0);
    other_paths(s, compiled_name, compiled);
}

typedef struct batch_job {
    subject *s;
    const float *narrow;
    double *out;
    ort_call onnx;
} batch_job;

static void ours_batch(void *arg)
{
    batch_job *job = arg;
    vouch_scorer_rows(job->s->scorer, ROWS, job->s->rows, job->out);
}

static void describe(subject *s, const float *rows, size_t n)
{
    (void)snprintf(s->interface, sizeof s->interface,
                   "{\"data\":[%zu,true],\"shape\":[%zu,%zu],\"typestr\":\"<f4\",\"version\":3}",
                   (size_t)rows, n, s->width);
}

static void xgboost_batch(void *arg)
{
    batch_job *job = arg;
    (void)xgb_predict(job->s->peer, job->s->booster, job->s->interface);
}

static void lightgbm_batch(void *arg)
{
    batch_job *job = arg;
    int64_t n = 0;
    if (job->s->peer->lgb_batch(job->s->booster, job->s->rows, 1, ROWS, (int32_t)job->s->width, 1, 1, 0, -1,
                                "num_threads=1", &n, job->out))
        die("LGBM_BoosterPredictForMat");
}

static void onnx_batch(void *arg)
{
    batch_job *job = arg;
    ort_run(job->s->peer, &job->s->onnx, &job->onnx);
}

static double per_row(bench_fn *fn, batch_job *job) { return 1e6 / ROWS * bench_fastest(fn, job, 5); }

static void many_rows(subject *s)
{
    float *narrow = malloc(ROWS * s->width * sizeof *narrow), *onnx_out = malloc(ROWS * sizeof *onnx_out);
    double *out = malloc(ROWS * sizeof *out), bar = s->width == 30 ? 25.0 : 12.0;
    if (!narrow || !out || !onnx_out)
        die("out of memory");
    for (size_t i = 0; i < ROWS * s->width; i++)
        narrow[i] = (float)s->rows[i];
    batch_job job = { .s = s, .narrow = narrow, .out = out };
    describe(s, narrow, ROWS);
    double mine = per_row(ours_batch, &job);
    for (size_t i = 0; i < ROWS; i++) {
        if (!same_bits(ours(s, s->rows + i * s->width), out[i]))
            die("a row scores otherwise in a batch");
    }
    compare(s, "batch", s->is_xgboost ? "xgboost" : "lightgbm", mine,
            per_row(s->is_xgboost ? xgboost_batch : lightgbm_batch, &job), s->is_xgboost ? bar : 10.0);
    if (s->is_xgboost) {
        job.onnx = ort_prepare(s->peer, &s->onnx, narrow, ROWS, onnx_out);
        compare(s, "batch", "onnxruntime", mine, per_row(onnx_batch, &job), bar);
    }
    free(narrow);
    free(onnx_out);
    free(out);
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

static void *compiled(const char *folder, const char *name, const char *how, const char *entry)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s_%s.so", folder, name, how);
    return symbol(dlopen(path, RTLD_NOW | RTLD_LOCAL), entry);
}

static void load_peer(subject *s, const char *folder, const char *path)
{
    int iterations;
    char onnx_path[512];
    if (!s->is_xgboost) {
        if (s->peer->lgb_load(path, &iterations, &s->booster) ||
            s->peer->lgb_init(s->booster, 1, 0, -1, 1, (int)s->width, "num_threads=1", &s->fast))
            die("LGBM_BoosterCreateFromModelfile");
        return;
    }
    if (s->peer->xgb_create(NULL, 0, &s->booster) || s->peer->xgb_load(s->booster, path))
        die("XGBoosterLoadModel");
    (void)s->peer->xgb_param(s->booster, "nthread", "1");
    (void)snprintf(onnx_path, sizeof onnx_path, "%s/%s.onnx", folder, s->name);
    s->onnx = ort_open(s->peer, onnx_path, s->width);
    s->onnx_row = ort_prepare(s->peer, &s->onnx, s->narrow, 1, &s->onnx_out);
}

static void run(vouch_ctx *ctx, const peers *peer, const char *folder, bool is_xgboost, size_t width)
{
    char path[512], name[16];
    double *rows = read_rows(folder, width);
    vouch_import_options options = { .output = -1 };
    subject s = { .name = name, .is_xgboost = is_xgboost, .width = width, .rows = rows, .peer = peer };
    s.narrow = malloc(width * sizeof *s.narrow);
    s.entry = malloc(width * sizeof(double));
    if (!s.narrow || !s.entry)
        die("out of memory");
    (void)snprintf(name, sizeof name, "%c%zu", is_xgboost ? 'X' : 'L', width);
    *(void **)&s.ifs = compiled(folder, name, "ifs", "score");
    *(void **)&s.tl2cgen = compiled(folder, name, "tl2cgen", "predict");
    (void)snprintf(path, sizeof path, "%s/%s.%s", folder, name, is_xgboost ? "json" : "txt");
    if (vouch_model_import(ctx, path, &options, &s.model) || vouch_scorer_new(ctx, s.model, &s.scorer))
        die(vouch_ctx_error(ctx));
    load_peer(&s, folder, path);
    describe(&s, s.narrow, 1);
    one_row(&s);
    many_rows(&s);
    vouch_scorer_free(s.scorer);
    vouch_model_free(s.model);
    free(rows);
    free(s.narrow);
    free(s.entry);
}

int main(int argc, char **argv)
{
    static const size_t widths[] = { 30, 200 };
    const char *only = getenv("VOUCH_BENCH_MODEL"); /* as X200 */
    peers p;
    cpu_set_t one;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    if (argc != 5)
        die("usage: bench_engine FOLDER LIBXGBOOST LIBLIGHTGBM LIBONNXRUNTIME");
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    (void)sched_setaffinity(0, sizeof one, &one);
    load_peers(&p, argv[2], argv[3], argv[4]);
    for (size_t i = 0; i < 4; i++) {
        size_t width = widths[i / 2];
        bool is_xgboost = i % 2 == 0;
        if (!only || (only[0] == (is_xgboost ? 'X' : 'L') && strtoul(only + 1, NULL, 10) == width))
            run(ctx, &p, argv[1], is_xgboost, width);
    }
    vouch_ctx_free(ctx);
    return isnan(sink);
}

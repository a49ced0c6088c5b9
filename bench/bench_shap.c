/* Exact Shapley values of XGBoost and LightGBM models, one row and many, path-dependent and against a
 * background, beside those libraries' own contributions through their C interfaces and what the peers' script
 * measured of shap and woodelf. Distinct rows, one pinned thread. Values are compared too: a wrong one ends
 * the program. Usage: bench_shap FOLDER LIBXGBOOST LIBLIGHTGBM [PEERS] */
#include "bench.h"
#include "explain/tree_tables.h"
#include "models/forest/forest.h"
#include "models/shap/shap.h"

#include <dlfcn.h>
#include <math.h>
#include <sched.h>
#include <string.h>

enum { ROWS = 20000, BATCH = 4096, PEER_ROWS = 60, PEER_BATCH = 128, BACKGROUND = 5000 };

typedef struct peers {
    int (*xgb_load)(void *, const char *);
    int (*xgb_create)(const void *, uint64_t, void **);
    int (*xgb_param)(void *, const char *, const char *);
    int (*xgb_matrix)(const float *, uint64_t, uint64_t, float, void **);
    int (*xgb_free)(void *);
    int (*xgb_predict)(void *, void *, const char *, const uint64_t **, const uint64_t *, const float **);
    int (*lgb_load)(const char *, int *, void **);
    int (*lgb_predict)(void *, const void *, int, int32_t, int32_t, int, int, int, int, const char *,
                       int64_t *, double *);
} peers;

typedef struct subject {
    const peers *peer;
    vouch_ctx *ctx;
    vouch_model *model;
    vouch__shap *shap;
    vouch__tree_tables tables;
    void *booster;
    const char *name;
    bool is_xgboost;
    size_t width;
    double *rows, *out;
    float *narrow;
} subject;

static void die(const char *what)
{
    (void)fprintf(stderr, "bench_shap: %s\n", what);
    exit(1);
}

static void *symbol(void *library, const char *name)
{
    void *found = library ? dlsym(library, name) : NULL;
    if (!found)
        die(name);
    return found;
}

static void *take(size_t n, size_t size)
{
    void *at = calloc(n, size);
    if (!at)
        die("out of memory");
    return at;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* This thread's own time, in seconds, which a busy machine does not add to. */
static double own_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double own_time(bench_fn *fn, void *arg, int runs)
{
    double best = 1e300;
    for (int i = 0; i < runs; i++) {
        double begun = own_now();
        fn(arg);
        double took = own_now() - begun;
        best = took < best ? took : best;
    }
    return best;
}

static void compare(const subject *s, const char *job, double mine, double peer, double bar)
{
    char name[80];
    (void)snprintf(name, sizeof name, "shap_%s_%s", job, s->name);
    bench_ratio(name, mine, peer, "us", bar);
}

/* out[n x (width + 1)] of rows from first on. */
static void xgboost(const subject *s, size_t first, size_t n, double *out)
{
    static const char config[] =
        "{\"type\":2,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,\"strict_shape\":false}";
    const uint64_t *shape = NULL;
    uint64_t dim = 0;
    const float *found = NULL;
    void *matrix = NULL;
    if (s->peer->xgb_matrix(s->narrow + first * s->width, n, s->width, NAN, &matrix) ||
        s->peer->xgb_predict(s->booster, matrix, config, &shape, &dim, &found))
        die("XGBoosterPredictFromDMatrix");
    for (size_t i = 0; out && i < n * (s->width + 1); i++)
        out[i] = (double)found[i];
    (void)s->peer->xgb_free(matrix);
}

static void lightgbm(const subject *s, size_t first, size_t n, double *out)
{
    int64_t found = 0;
    if (s->peer->lgb_predict(s->booster, s->rows + first * s->width, 1, (int32_t)n, (int32_t)s->width, 1, 3,
                             0, -1, "num_threads=1", &found, out))
        die("LGBM_BoosterPredictForMat");
}

static void theirs(const subject *s, size_t first, size_t n, double *out)
{
    if (s->is_xgboost)
        xgboost(s, first, n, out);
    else
        lightgbm(s, first, n, out);
}

static void check(const subject *s)
{
    double *want = take(PEER_ROWS * (s->width + 1), sizeof *want), worst = 0.0;
    theirs(s, 0, PEER_ROWS, want);
    for (size_t i = 0; i < PEER_ROWS; i++) {
        vouch__shap_row(s->shap, s->rows + i * s->width, s->out);
        for (size_t j = 0; j < s->width; j++)
            worst = fmax(worst, fabs(s->out[j] - want[i * (s->width + 1) + j]));
    }
    (void)fprintf(stderr, "%s: largest difference from the source's values %.2g\n", s->name, worst);
    if (!(worst < (s->is_xgboost ? 2e-5 : 1e-11)))
        die("values differ");
    free(want);
}

typedef void row_fn(const void *self, const double *row, double *out);
static void by_cover(const void *self, const double *row, double *out) { vouch__shap_row(self, row, out); }
static void by_background(const void *self, const double *row, double *out)
{
    vouch__tree_tables_block(self, 1, row, out);
}

static void one_row(const subject *s, row_fn *fn, const void *self, double *out_p50, double *out_p99)
{
    enum { TIMED = 2000, WARM = 200 };
    static double took[TIMED];
    for (size_t i = 0; i < TIMED; i++) {
        double begun = own_now();
        fn(self, s->rows + i * s->width, s->out);
        took[i] = 1e6 * (own_now() - begun);
    }
    qsort(took + WARM, TIMED - WARM, sizeof *took, ascending);
    *out_p50 = took[WARM + (TIMED - WARM) / 2];
    *out_p99 = took[WARM + (TIMED - WARM) * 99 / 100];
}

static void peer_row(const subject *s, double *out_p50, double *out_p99)
{
    double took[PEER_ROWS], *out = take(s->width + 1, sizeof *out);
    for (size_t i = 0; i < PEER_ROWS; i++) {
        double begun = own_now();
        theirs(s, i, 1, out);
        took[i] = 1e6 * (own_now() - begun);
    }
    qsort(took, PEER_ROWS, sizeof *took, ascending);
    *out_p50 = took[PEER_ROWS / 2];
    *out_p99 = took[PEER_ROWS - 1];
    free(out);
}

static void batch(void *arg)
{
    const subject *s = arg;
    if (vouch__shap_rows(s->ctx, s->shap, BATCH, s->rows, s->out))
        die(vouch_ctx_error(s->ctx));
}

static void peer_batch(void *arg)
{
    const subject *s = arg;
    theirs(s, 0, PEER_BATCH, s->is_xgboost ? NULL : s->out);
}

static void by_covers(subject *s, const char *measured)
{
    double p50, p99, peer50, peer99;
    char name[64];
    check(s);
    peer_row(s, &peer50, &peer99);
    one_row(s, by_cover, s->shap, &p50, &p99);
    compare(s, s->is_xgboost ? "row_vs_xgboost" : "row_vs_lightgbm", p50, peer50,
            s->is_xgboost ? 30.0 : 35.0);
    compare(s, "row_p99", p99, peer99, s->is_xgboost ? 30.0 : 35.0);
    double mine = 1e6 / BATCH * own_time(batch, s, 6); /* about as long as the peer's */
    double peer = 1e6 / PEER_BATCH * own_time(peer_batch, s, 2);
    compare(s, s->is_xgboost ? "batch_vs_xgboost" : "batch_vs_lightgbm", mine, peer,
            s->is_xgboost ? 150.0 : 35.0);
    (void)snprintf(name, sizeof name, "woodelf_cover_%s", s->name);
    peer = bench_peer(measured, name);
    if (peer > 0.0)
        compare(s, "batch_vs_woodelf", mine, 1e6 * peer, 20.0);
    vouch__shap_path best = VOUCH__SHAP_PATHS;
    for (size_t path = 0; path < VOUCH__SHAP_PATHS; path++)
        if (vouch__shap_use(s->shap, (vouch__shap_path)path)) {
            best = (vouch__shap_path)path;
            one_row(s, by_cover, s->shap, &p50, &p99);
            (void)fprintf(stderr, "%s, path %s: row p50 %.1f us, p99 %.1f us; batch %.2f us a row\n", s->name,
                          vouch__shap_path_name(best), p50, p99, 1e6 / BATCH * own_time(batch, s, 1));
        }
    (void)vouch__shap_use(s->shap, best);
}

static void background_batch(void *arg)
{
    const subject *s = arg;
    if (vouch__tree_tables_rows(s->ctx, &s->tables, BATCH, s->rows, s->out))
        die(vouch_ctx_error(s->ctx));
}

/* Interventional values against m rows, in a batch and in one row so many times as fast as shap's C++. */
static void against(subject *s, size_t m, double bar, double row_bar, const char *measured)
{
    char name[64];
    double p50, p99, begun = bench_now();
    if (vouch__tree_tables_shape(s->ctx, vouch__model_trees(s->model), &s->tables) ||
        vouch__tree_tables_count(s->ctx, &s->tables, m, s->rows + BACKGROUND * s->width) ||
        vouch__tree_tables_sum(s->ctx, &s->tables, m))
        die(vouch_ctx_error(s->ctx));
    (void)fprintf(stderr, "%s: %zu background rows in %.2f s\n", s->name, m, bench_now() - begun);
    (void)snprintf(name, sizeof name, "shap_%zu_%s", m, s->name);
    double peer = 1e6 * bench_peer(measured, name), mine = 1e6 / BATCH * own_time(background_batch, s, 6);
    one_row(s, by_background, &s->tables, &p50, &p99);
    (void)snprintf(name, sizeof name, "batch_%zu_vs_shap", m);
    compare(s, name, mine, peer, bar);
    (void)snprintf(name, sizeof name, "row_%zu_vs_shap", m);
    compare(s, name, p50, peer, row_bar);
    (void)snprintf(name, sizeof name, "row_%zu_p99_vs_shap", m); /* beside the mean of theirs */
    compare(s, name, p99, peer, 0.5 * row_bar);
    (void)snprintf(name, sizeof name, "woodelf_1000_%s", s->name);
    peer = 1e6 * bench_peer(measured, name);
    if (m == 1000 && peer > 0.0)
        compare(s, "batch_1000_vs_woodelf", mine, peer, 20.0);
    vouch__tree_tables_clear(&s->tables);
}

int main(int argc, char **argv)
{
    static const size_t widths[] = { 30, 200 };
    cpu_set_t one;
    peers p;
    vouch_ctx_options options = { .threads = 1 };
    vouch_ctx *ctx = vouch_ctx_new(&options);
    if (argc < 4)
        die("usage: bench_shap FOLDER LIBXGBOOST LIBLIGHTGBM [PEERS]");
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    (void)sched_setaffinity(0, sizeof one, &one);
    void *x = dlopen(argv[2], RTLD_NOW), *l = dlopen(argv[3], RTLD_NOW);
    if (!x || !l)
        die(dlerror());
    *(void **)&p.xgb_load = symbol(x, "XGBoosterLoadModel");
    *(void **)&p.xgb_create = symbol(x, "XGBoosterCreate");
    *(void **)&p.xgb_param = symbol(x, "XGBoosterSetParam");
    *(void **)&p.xgb_matrix = symbol(x, "XGDMatrixCreateFromMat");
    *(void **)&p.xgb_free = symbol(x, "XGDMatrixFree");
    *(void **)&p.xgb_predict = symbol(x, "XGBoosterPredictFromDMatrix");
    *(void **)&p.lgb_load = symbol(l, "LGBM_BoosterCreateFromModelfile");
    *(void **)&p.lgb_predict = symbol(l, "LGBM_BoosterPredictForMat");
    for (size_t k = 0; k < 4; k++) {
        char path[512], name[16];
        int iterations;
        subject s = { .peer = &p, .ctx = ctx, .is_xgboost = k % 2 == 0, .width = widths[k / 2] };
        vouch_import_options import = { .output = -1 };
        (void)snprintf(name, sizeof name, "%c%zu", s.is_xgboost ? 'X' : 'L', s.width);
        (void)snprintf(path, sizeof path, "%s/%s.%s", argv[1], name, s.is_xgboost ? "json" : "txt");
        s.name = name;
        FILE *there = fopen(path, "rb");
        if (!there)
            continue;
        (void)fclose(there);
        if (vouch_model_import(ctx, path, &import, &s.model))
            die(vouch_ctx_error(ctx));
        if (s.is_xgboost ? p.xgb_create(NULL, 0, &s.booster) || p.xgb_load(s.booster, path)
                         : p.lgb_load(path, &iterations, &s.booster))
            die(path);
        if (s.is_xgboost)
            (void)p.xgb_param(s.booster, "nthread", "1");
        s.rows = take(ROWS * s.width, sizeof *s.rows);
        s.narrow = take(ROWS * s.width, sizeof *s.narrow);
        s.out = take(BATCH * (s.width + 1), sizeof *s.out);
        (void)snprintf(path, sizeof path, "%s/rows_%zu.f64", argv[1], s.width);
        there = fopen(path, "rb");
        if (!there || fread(s.rows, sizeof *s.rows * s.width, ROWS, there) != ROWS)
            die(path);
        (void)fclose(there);
        for (size_t i = 0; i < ROWS * s.width; i++) {
            s.narrow[i] = (float)s.rows[i];
            s.rows[i] = (double)s.narrow[i];
        }
        double begun = bench_now();
        if (vouch__shap_new(ctx, vouch__model_trees(s.model), NULL, &s.shap))
            die(vouch_ctx_error(ctx));
        (void)fprintf(stderr, "%s: prepared in %.3f s\n", name, bench_now() - begun);
        by_covers(&s, argc > 4 ? argv[4] : NULL);
        if (s.is_xgboost) {
            against(&s, 100, 1000.0, 300.0, argc > 4 ? argv[4] : NULL);
            against(&s, 1000, 10000.0, 3000.0, argc > 4 ? argv[4] : NULL);
        }
        vouch__shap_free(vouch__allocator(ctx), s.shap);
        vouch_model_free(s.model);
        free(s.rows);
        free(s.narrow);
        free(s.out);
    }
    vouch_ctx_free(ctx);
    return 0;
}

/* engine_peers.h: who bench_engine is measured against: XGBoost, LightGBM and ONNX Runtime through their own
 * C interfaces, loaded from their wheels' libraries, and models compiled to C. */
#ifndef BENCH_ENGINE_PEERS_H
#define BENCH_ENGINE_PEERS_H

#include "bench.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

typedef void function(void);

typedef struct peers { /* the interfaces */
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
    function *const *ort; /* OrtApi: a table of functions, which only ever grows at its end */
    void *ort_env;
} peers;

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

/* --- ONNX Runtime ---------------------------------------------------------------------------- */

enum { /* places in OrtApi */
       ORT_ERROR = 2,
       ORT_CREATE_ENV = 3,
       ORT_CREATE_SESSION = 7,
       ORT_RUN = 9,
       ORT_CREATE_OPTIONS = 10,
       ORT_THREADS = 24,
       ORT_CREATE_TENSOR = 49,
       ORT_CREATE_MEMORY = 69
};

typedef struct ort_model { /* tensors of fixed size over the caller's memory */
    void *session, *memory;
    size_t width;
} ort_model;

typedef struct ort_call { /* n rows from `in` to `out` */
    void *in, *out;
} ort_call;

static void ort_ok(const peers *p, void *status)
{
    if (status)
        die(((const char *(*)(void *))p->ort[ORT_ERROR])(status));
}

static void ort_load(peers *p, void *library)
{
    typedef struct base {
        function *const *(*api)(uint32_t);
        const char *(*version)(void);
    } base;
    const base *(*get)(void);
    *(void **)&get = symbol(library, "OrtGetApiBase");
    p->ort = get()->api(1);
    ort_ok(p, ((void *(*)(int, const char *, void **))p->ort[ORT_CREATE_ENV])(3, "bench", &p->ort_env));
    (void)fprintf(stderr, "ONNX Runtime %s\n", get()->version());
}

static ort_model ort_open(const peers *p, const char *path, size_t width)
{
    ort_model m = { .width = width };
    void *options = NULL;
    ort_ok(p, ((void *(*)(void **))p->ort[ORT_CREATE_OPTIONS])(&options));
    ort_ok(p, ((void *(*)(void *, int))p->ort[ORT_THREADS])(options, 1));
    ort_ok(p, ((void *(*)(void *, const char *, void *, void **))p->ort[ORT_CREATE_SESSION])(
                  p->ort_env, path, options, &m.session));
    ort_ok(p, ((void *(*)(int, int, void **))p->ort[ORT_CREATE_MEMORY])(1, 0, &m.memory));
    return m;
}

static void *ort_tensor(const peers *p, const ort_model *m, float *at, size_t rows, size_t columns)
{
    const int64_t shape[2] = { (int64_t)rows, (int64_t)columns };
    void *tensor = NULL;
    ort_ok(p, ((void *(*)(void *, void *, size_t, const int64_t *, size_t, int,
                          void **))p->ort[ORT_CREATE_TENSOR])(m->memory, at, rows * columns * sizeof *at,
                                                              shape, 2, 1, &tensor));
    return tensor;
}

static ort_call ort_prepare(const peers *p, const ort_model *m, float *rows, size_t n, float *out)
{
    return (ort_call){ ort_tensor(p, m, rows, n, m->width), ort_tensor(p, m, out, n, 1) };
}

static void ort_run(const peers *p, const ort_model *m, ort_call *call)
{
    static const char *const in[] = { "X" }, *const out[] = { "Y" };
    ort_ok(p, ((void *(*)(void *, const void *, const char *const *, void *const *, size_t,
                          const char *const *, size_t, void **))p->ort[ORT_RUN])(
                  m->session, NULL, in, &call->in, 1, out, 1, &call->out));
}

/* --- XGBoost and LightGBM ---------------------------------------------------------------------- */

static void load_peers(peers *p, const char *xgboost, const char *lightgbm, const char *onnxruntime)
{
    void *x = dlopen(xgboost, RTLD_NOW), *l = dlopen(lightgbm, RTLD_NOW), *o = dlopen(onnxruntime, RTLD_NOW);
    if (!x || !l || !o)
        die(dlerror());
    *(void **)&p->xgb_load = symbol(x, "XGBoosterLoadModel");
    *(void **)&p->xgb_create = symbol(x, "XGBoosterCreate");
    *(void **)&p->xgb_param = symbol(x, "XGBoosterSetParam");
    *(void **)&p->xgb_predict = symbol(x, "XGBoosterPredictFromDense");
    *(void **)&p->lgb_load = symbol(l, "LGBM_BoosterCreateFromModelfile");
    *(void **)&p->lgb_init = symbol(l, "LGBM_BoosterPredictForMatSingleRowFastInit");
    *(void **)&p->lgb_row = symbol(l, "LGBM_BoosterPredictForMatSingleRowFast");
    *(void **)&p->lgb_batch = symbol(l, "LGBM_BoosterPredictForMat");
    ort_load(p, o);
}

/* The first of the raw scores of rows that `interface` describes. */
static double xgb_predict(const peers *p, void *booster, const char *interface)
{
    static const char config[] =
        "{\"type\":1,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,\"strict_shape\":false,"
        "\"cache_id\":0,\"missing\":NaN}";
    const uint64_t *shape = NULL;
    uint64_t dim = 0;
    const float *out = NULL;
    if (p->xgb_predict(booster, interface, config, NULL, &shape, &dim, &out))
        die("XGBoosterPredictFromDense");
    return (double)out[0];
}

#endif

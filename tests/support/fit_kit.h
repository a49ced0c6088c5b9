/* fit_kit.h: small tables from arrays, and models fitted on them, for tests. */
#ifndef FIT_KIT_H
#define FIT_KIT_H

#include "models/model_kind.h"

/* Columns "x0", "x1", ...; those with is_text[j] hold texts "c0", "c1", ... for values 0, 1, ... (NaN:
 * missing). x[rows x cols]; is_text may be NULL. */
vouch_status kit_table(vouch_ctx *ctx, size_t rows, size_t cols, const double *x, const bool *is_text,
                       vouch_table **out_table);

/* The arrays "columns" of a golden file, where it may not fail. */
vouch_table *kit_golden(vouch_ctx *ctx, const vouch__json *root, size_t cols, const bool *is_text);

typedef struct kit_fit {
    const char *kind;              /* NULL: gbdt */
    const vouch_table *table;      /* every column is an input */
    size_t n_train, n_tune;        /* the first rows train, the next tune */
    const double *target, *weight; /* [n_train + n_tune]; weight may be NULL */
    const int8_t *monotone;        /* [cols] or NULL */
    const char *params;            /* YAML, such as "{trees: 5, grow: leaf}"; NULL: defaults */
    uint64_t seed;
} kit_fit;

vouch_status kit_model(vouch_ctx *ctx, const kit_fit *spec, vouch_model **out_model);

/* A glm fitted to a golden file's case, {params, y, weight}, where it may not fail. */
vouch_model *kit_glm(vouch_ctx *ctx, const vouch_table *table, const vouch__json *at);

/* spec on a table of x, fitted, described and freed, with every allocation failing in turn. */
void kit_sweep(const kit_fit *spec, size_t cols, const double *x, const bool *is_text);

/* A table of x and a gbdt fitted on all its rows, where neither may fail. */
vouch_model *kit_fitted(vouch_ctx *ctx, size_t n, size_t cols, const double *x, const bool *is_text,
                        const double *target, const char *params, vouch_table **out_table);
void kit_score(vouch_ctx *ctx, const vouch_model *model, const vouch_table *table, double *out_raw);
/* spec on a table of x, fitted by so many threads: it gives the bytes it gives by one. */
void kit_same_on_threads(const kit_fit *spec, size_t cols, const double *x, const bool *is_text,
                         size_t n_threads, const unsigned *threads);

/* Rows x[n x cols] and 0/1 outcomes y[n] with everything in them: numbers, ties, missing values, categories.
 */
void kit_mixed(size_t n, size_t cols, const bool *is_text, double *x, double *y);

#endif

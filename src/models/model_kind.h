/* models/model_kind.h: what a family of models is to the rest of vouch. A family is one const struct; the
 * list of families is one line. name and version are for ever: files name them. */
#ifndef VOUCH_MODEL_KIND_H
#define VOUCH_MODEL_KIND_H

#include "base/param.h"
#include "models/inputs.h"
#include "models/model_calibration.h"
#include "models/model_conversion.h"
#include "models/shap/shap.h"
#include "vouch/models.h"

/* Rows of one part as a kind sees them: inputs of the bound table at row[n], with outcomes. */
typedef struct vouch__part_rows {
    size_t n;
    const uint32_t *row;  /* ascending */
    const double *target; /* [n] 0/1 (1 = bad), or what else the kind's loss takes */
    const double *weight; /* [n] > 0, or NULL */
} vouch__part_rows;

typedef struct vouch__fit_data { /* train and tune; never test */
    const vouch__binding *binding;
    vouch__part_rows train, tune; /* tune.n may be 0 */
    uint64_t seed;
    bool is_event;               /* target is 0/1, and probability must be that of 1 */
    const vouch__json *settings; /* the mapping with the kind's settings, or NULL */
    const char *name;            /* of the model, for progress; vouch__model_fit sets it */
    const struct vouch__overrides
        *overrides; /* of bins, by people; NULL: none. Kinds without bins refuse it */

    /* What only some kinds take; others refuse it. All may be NULL. */
    const uint64_t *group; /* [inputs] bits: the groups whose inputs may interact; 0: alone */
    const int8_t *missing; /* [inputs] +1: missing goes with low values, -1: with high; 0: learned */
    const vouch_objective *objective; /* instead of the loss that the parameters name */
    const struct vouch_model *resume; /* grow on from it */
    /* Called after every keep_every trees with the state so far, which is as good as one that was fitted. */
    vouch_status (*keep)(vouch_ctx *ctx, void *self, const void *state);
    void *keep_self;
    size_t keep_every;
} vouch__fit_data;

/* A row-major block of input values, as vouch__bound_rows gives them. */
typedef struct vouch__matrix {
    const double *at; /* [rows x cols], without gaps */
    size_t rows, cols;
} vouch__matrix;

enum {
    VOUCH__CAN_POINTS = 1,
    VOUCH__CAN_ADDITIVE = 2,
    VOUCH__CAN_TREES = 4,
    VOUCH__CAN_CALIBRATED = 8,
    VOUCH__IS_IMPORTED = 16,
    VOUCH__CAN_RESUME = 32 /* and takes groups, sides of missing values and objectives */
};

/* What a model's probability is. */
typedef enum vouch__scale {
    VOUCH__SCALE_SHARE, /* of an event, or a share: within 0 and 1 */
    VOUCH__SCALE_LOG,   /* a mean, the exponential of raw */
    VOUCH__SCALE_MEAN   /* a mean of another link */
} vouch__scale;

/* A form in which another system can run a model. */
struct vouch_model;
struct vouch__speech;
struct vouch__say;
typedef struct vouch__form {
    const char *name; /* "sql-duckdb" */
    vouch_status (*write)(vouch_ctx *ctx, const struct vouch_model *model, vouch__buf *out);
} vouch__form;

typedef struct vouch__model_kind {
    const char *name, *title;
    uint32_t version;      /* of the saved form */
    size_t params_of_1;    /* files of version 1, with that many parameters, are read too; 0: they are not */
    unsigned capabilities; /* VOUCH__CAN_... */
    const vouch__param *params;
    size_t n_params;
    const char *const *settings; /* further keys of the mapping, which fit reads itself, to NULL; or NULL */

    /* value[n_params] is complete and in range. *state is set only on OK. log gets facts worth keeping of the
     * fit (rounds, standard errors, bins), as members of the object it is. */
    vouch_status (*fit)(vouch_ctx *ctx, const vouch__fit_data *data, const double *value, vouch__doc *doc,
                        vouch__json *log, void **state);
    /* raw [x.rows]. Thread-safe, allocates nothing. A row's result does not depend on its neighbours. */
    void (*predict)(const void *state, vouch__matrix x, double *raw);
    /* P(bad) of one raw value; points of one row of inputs (NULL without CAN_POINTS). */
    double (*probability)(const void *state, double raw);
    vouch__scale (*scale)(const void *state); /* what that is; NULL: VOUCH__SCALE_SHARE */
    /* The same of rows whose raw alone does not tell it (one class among several); NULL: probability of each
     * raw. check refuses rows by E_DATA, naming input and row, counted on from first; NULL: any row will do.
     */
    void (*probabilities)(const void *state, vouch__matrix x, const double *raw, double *out);
    vouch_status (*check)(vouch_ctx *ctx, const void *state, const vouch__inputs *inputs, vouch__matrix x,
                          size_t first);
    int32_t (*points)(const void *state, const double *row);
    /* out[x.rows x x.cols], base[1]: exact, summing to raw. */
    vouch_status (*contributions)(vouch_ctx *ctx, const void *state, vouch__matrix x, double *out,
                                  double *base);
    /* Those of trees, prepared for many rows: state must outlive it. NULL for kinds without trees. */
    vouch_status (*shap)(vouch_ctx *ctx, const void *state, vouch__shap **out_shap);
    /* Interventional values of kinds that know a population by sums over its rows; NULL: not this way. A
     * population is sums[n_moments] of n rows, 0 before the first; values [rows x cols] and the population's
     * mean raw add up to raw. */
    size_t (*n_moments)(const void *state);
    void (*add_moments)(const void *state, vouch__matrix x, double *sums);
    void (*moment_values)(const void *state, const double *sums, double n, vouch__matrix x, double *out,
                          double *out_base);
    void (*describe)(const void *state, const vouch__inputs *inputs, vouch__doc *doc, vouch__json *object);
    void (*save)(const void *state, vouch__buf *out);
    vouch_status (*load)(vouch_ctx *ctx, const vouch__inputs *inputs, const void *bytes, size_t len,
                         void **state);
    void (*free)(const vouch_alloc *alloc, void *state); /* NULL is fine */
    /* What it computes, as an expression (models/say.h); NULL: it has no such forms. */
    vouch_status (*say)(struct vouch__speech *speech, struct vouch__say **out_said);
    const vouch__form *form; /* [n_forms]; NULL when there is none */
    size_t n_forms;
} vouch__model_kind;

/* One X(name) a family, in the order the documentation lists them. */
#define VOUCH__KIND_LIST(X) X(gbdt) X(scorecard) X(glm) X(gam) X(tree) X(rules) X(forest)
#define X(name) extern const vouch__model_kind vouch__kind_##name;
VOUCH__KIND_LIST(X)
#undef X

const vouch__model_kind *vouch__kind_find(const char *name); /* NULL when there is none */
size_t vouch__kind_names(const char *out[], size_t max);     /* of those that are fitted here */

struct vouch_model { /* immutable once made */
    const vouch__model_kind *kind;
    uint32_t version; /* of the kind's saved form that its file has */
    char *name;
    vouch__inputs inputs;
    double *value; /* [kind->n_params], as used */
    void *state;
    vouch__calibration *calibration; /* what is done to its probability; NULL: nothing */
    vouch__conversion *conversion;   /* what its probability is a share of; NULL: none */
    uint8_t *file;                   /* the model file's bytes: magic to SHA-256 */
    size_t file_len;
    char fingerprint[VOUCH__HEX];
    vouch_alloc alloc;
};

/* Read parameters from a project file's mapping: names, ranges and types are checked, defaults filled in.
 * Keys of skip[] are the caller's. Errors name line, column and the nearest right key. */
vouch_status vouch__params_read(vouch_ctx *ctx, const vouch__model_kind *kind, const vouch__json *mapping,
                                const char *const *skip, size_t n_skip, double *out_value);

/* Fit a model named `name`. Takes inputs (left empty) on success: data->binding, if made from them, is then
 * only to be cleared, and rows are scored through a binding of the model's own inputs. log, an object of doc,
 * gets what the kind has to tell of the fit; both may be NULL. */
vouch_status vouch__model_fit(vouch_ctx *ctx, const vouch__model_kind *kind, const char *name,
                              vouch__inputs *inputs, const double *value, const vouch__fit_data *data,
                              vouch__doc *doc, vouch__json *log, vouch_model **out_model);

/* A model made without fitting, of a kind without parameters. Takes inputs (left empty) and state on success.
 */
vouch_status vouch__model_make(vouch_ctx *ctx, const vouch__model_kind *kind, const char *name,
                               vouch__inputs *inputs, void *state, vouch_model **out_model);

/* What vouch_model_describe writes, to be added to. */
vouch_status vouch__model_doc(vouch_ctx *ctx, const vouch_model *model, vouch__doc **out_doc);

/* The file's bytes around a kind's: see docs/models.md. Used by fit and by load; sets file, file_len and
 * fingerprint, the SHA-256 of the whole file. */
vouch_status vouch__model_seal(vouch_ctx *ctx, vouch_model *model);

/* P(bad) as the model is used: the kind's, calibrated. Of one raw value (kinds with `probabilities` need the
 * rows), and of rows whose raw values are known. */
double vouch__model_probability(const vouch_model *model, double raw);
void vouch__model_probabilities(const vouch_model *model, vouch__matrix x, const double *raw, double *out);
vouch__scale vouch__model_scale(const vouch_model *model);
vouch__scale vouch__link_scale(vouch_link link); /* for kinds */

/* Raw values, probabilities and points (each may be NULL) of bound rows [begin, begin + n), or of row[n] when
 * row is not NULL. Runs on the context's threads. */
vouch_status vouch__model_score_bound(vouch_ctx *ctx, const vouch_model *model, const vouch__binding *binding,
                                      size_t begin, size_t n, const uint32_t *row, double *out_raw,
                                      double *out_probability, int32_t *out_points);

#endif

/* models/inputs.h: the columns a model reads, by name, and how a table's values become the numbers a kind
 * sees. NUMBER: the value. CATEGORY: its code in the model's own sorted list; a text never seen in training
 * is VOUCH__UNSEEN. Missing is NaN for both. */
#ifndef VOUCH_INPUTS_H
#define VOUCH_INPUTS_H

#include "base/json.h"
#include "data/table.h"

#define VOUCH__UNSEEN (-1.0)

typedef struct vouch__input {
    char *name;
    bool is_category;
    int8_t monotone; /* +1: risk may only rise with the value; -1: only fall; 0: free */
    size_t n_categories;
    char **category; /* sorted by bytes; those of the training rows */
    size_t n_special;
    double *special; /* ascending: codes that are not amounts (-2 "no consumption") */
} vouch__input;

typedef struct vouch__inputs {
    size_t n;
    vouch__input *at;
    vouch_alloc alloc;
} vouch__inputs;

vouch_status vouch__inputs_new(vouch_ctx *ctx, size_t n, vouch__inputs *out_inputs);
void vouch__inputs_clear(vouch__inputs *inputs);
/* Make input a category with the texts that rows row[n] of a column have: what other rows add is unseen, as
 * it will be in use. */
vouch_status vouch__input_categories(vouch_ctx *ctx, const vouch_table *table, size_t col, size_t n,
                                     const uint32_t *row, vouch__input *input);

/* The input of that name. Fails E_DATA: "'incme' is not an input, did you mean 'income'?" */
vouch_status vouch__input_named(vouch_ctx *ctx, const vouch__inputs *inputs, const char *name, size_t *out);

/* Where each input stands in one table, and its categories' codes translated. */
typedef struct vouch__binding {
    const vouch__inputs *inputs;
    const vouch_table *table;
    size_t n;        /* of inputs when bound: a fit may have taken them since */
    size_t *column;  /* [n] */
    double **recode; /* [n]: table code -> model code, for CATEGORY inputs; else NULL */
    vouch_alloc alloc;
} vouch__binding;

vouch_status vouch__bind(vouch_ctx *ctx, const vouch__inputs *inputs, const vouch_table *table,
                         vouch__binding *out_binding);
void vouch__binding_clear(vouch__binding *binding);
/* Input j of rows row[0 .. n), ascending, or of rows [begin, begin + n) when row is NULL. Thread-safe. */
void vouch__bound_column(const vouch__binding *binding, size_t input, size_t begin, size_t n,
                         const uint32_t *row, double *out);
/* The same for all inputs, row-major out[n x inputs]. */
void vouch__bound_rows(const vouch__binding *binding, size_t begin, size_t n, const uint32_t *row,
                       double *out);

#endif

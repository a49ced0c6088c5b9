/* run/explaining.h: rows of data explained by a model file, before they are written as one form or another.
 */
#ifndef VOUCH_EXPLAINING_H
#define VOUCH_EXPLAINING_H

#include "explain/reasons.h"
#include "vouch/run.h"

typedef struct vouch__explaining {
    const vouch_explain_options *options;
    double cutoff; /* INFINITY: none */
    size_t top;
    vouch_model *model;
    vouch_table *table;
    vouch__binding binding;
    size_t id;                                 /* column, or SIZE_MAX */
    size_t n, one;                             /* rows explained; the one shown in full, a row of the table */
    uint32_t *row;                             /* [n] rows of the table, ascending */
    double *raw, *probability, *total, *value; /* [n], [n], [n], [n x inputs] */
    double base;
    vouch_explainer *explainer; /* NULL: path */
    vouch__reason_map map;
    size_t n_reference;
    char reference[512];             /* in words */
    char reference_hash[VOUCH__HEX]; /* fingerprint of the table it was drawn from */
    vouch_alloc alloc;
} vouch__explaining;

/* Model, table, rows and binding alone: nothing is computed. On failure there is nothing to clear. */
vouch_status vouch__explaining_open(vouch_ctx *ctx, const vouch_explain_options *options,
                                    vouch__explaining *out);
/* Everything but the text. On failure there is nothing to clear. */
vouch_status vouch__explaining_make(vouch_ctx *ctx, const vouch_explain_options *options, bool is_reasons,
                                    vouch__explaining *out);
void vouch__explaining_clear(vouch__explaining *e);

/* Text between quotes, and the id of row i, as cells of CSV. */
void vouch__csv_quoted(vouch__buf *out, const char *text);
void vouch__explaining_id(const vouch__explaining *e, size_t i, vouch__buf *out);

/* The forms. out is freed by the caller whatever happens. */
vouch_status vouch__explaining_csv(vouch_ctx *ctx, const vouch__explaining *e, vouch__buf *out);
vouch_status vouch__explaining_json(vouch_ctx *ctx, const vouch__explaining *e, vouch__buf *out);
vouch_status vouch__reasons_csv(vouch_ctx *ctx, const vouch__explaining *e, vouch__buf *out);
vouch_status vouch__reasons_json(vouch_ctx *ctx, const vouch__explaining *e, vouch__buf *out);
vouch_status vouch__explaining_page(vouch_ctx *ctx, const vouch__explaining *e, vouch__buf *out);

#endif

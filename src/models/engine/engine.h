/* models/engine/engine.h: the compiled form of a forest, which scores rows with the bits of the walk in
 * trees.h.
 *
 * Every input is ranked once a row among the forest's own thresholds of it: one byte. A node then compares
 * two bytes, and where the processor can, all nodes of a tree do so in one instruction. docs/engine.md has
 * the layouts and the proof that ranks decide as values do. */
#ifndef VOUCH_ENGINE_H
#define VOUCH_ENGINE_H

#include "models/trees.h"

/* How leaves become raw: sum = start[g], then for each tree t of output g in tree order sum += leaf.
 * is_float: leaf * weight and the sum are each rounded to float (as XGBoost does); else all is double and
 * weight is not used. The arrays are copied. */
typedef struct vouch__engine_sum {
    bool is_float;
    size_t n_outputs;
    const double *start;   /* [n_outputs] */
    const uint32_t *group; /* [n_trees] output of each tree; NULL when there is one output */
    const float *weight;   /* [n_trees]; NULL for one each */
} vouch__engine_sum;

typedef struct vouch__engine vouch__engine;

/* From the slowest to the fastest; all give the same bits. */
typedef enum vouch__engine_path {
    VOUCH__ENGINE_PORTABLE,
    VOUCH__ENGINE_AVX2,
    VOUCH__ENGINE_AVX512BW,
    VOUCH__ENGINE_AVX512VBMI,
    VOUCH__ENGINE_PATHS
} vouch__engine_path;

/* trees is borrowed and must outlive the engine. What the compiled form cannot hold (thousands of columns,
 * rules in float and in double at once) is scored by walking the trees: slower, never different. */
vouch_status vouch__engine_new(vouch_ctx *ctx, const vouch__trees *trees, const vouch__engine_sum *sum,
                               vouch__engine **out_engine);
void vouch__engine_free(const vouch_alloc *alloc, vouch__engine *engine); /* NULL is fine */

/* One row to raw[n_outputs]; n rows of trees->n_inputs values each to raw[n x n_outputs]. They allocate
 * nothing, take no lock, and may be called from many threads at once. */
void vouch__engine_row(const vouch__engine *engine, const double *row, double *raw);
void vouch__engine_rows(const vouch__engine *engine, size_t n, const double *rows, double *raw);

/* For tests and measurements, before the engine is shared: use this path from now on; false when the
 * processor has not what it takes. */
bool vouch__engine_use(vouch__engine *engine, vouch__engine_path path);
const char *vouch__engine_path_name(vouch__engine_path path);
vouch__engine_path vouch__engine_path_of(const vouch__engine *engine);
/* How many trees have each form: walked by definition, by bytes, by jumps, complete. */
void vouch__engine_forms(const vouch__engine *engine, size_t out_trees[4]);

#endif

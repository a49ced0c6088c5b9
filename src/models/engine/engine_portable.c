/* Scoring without any particular instruction set: ranks by bisection, then eight trees at a time, so that the
 * processor has eight chains of loads to work on instead of one. Nothing branches on the data. */
#include "models/engine/engine_form.h"

#include <math.h>

void vouch__engine_row_defined(const struct vouch__engine *e, const double *row, double *raw)
{
    for (size_t t = 0; t < e->n_trees; t++) {
        const vouch__node *tree = e->trees->node + e->trees->root[t];
        vouch__engine_add(e, t, vouch__engine_leaf(e, t, tree + vouch__tree_leaf(e->trees, t, row)), raw);
    }
}

#define EACH_OF_8(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

/* Trees of a pack: the forest's last one may have less. */
static inline size_t trees_of(const struct vouch__engine *e, size_t pack)
{
    size_t left = e->n_trees - VOUCH__PACK * pack;
    return left < VOUCH__PACK ? left : VOUCH__PACK;
}

/* Leaves of a pack in tree order. */
static inline void add_leaves(const struct vouch__engine *e, size_t pack, const double leaf[VOUCH__PACK],
                              vouch__sum *sum, double *raw)
{
    size_t t = VOUCH__PACK * pack, n = trees_of(e, pack);
    for (size_t j = 0; e->group && j < n; j++)
        vouch__engine_add(e, t + j, leaf[j], raw);
    for (size_t j = 0; !e->group && j < n; j++)
        vouch__sum_add(sum, e->is_float, leaf[j]);
}

/* --- items ------------------------------------------------------------------------------------ */

typedef struct leaves { /* of a stretch: items where leaves are; the last row takes what is no leaf */
    uint32_t at[VOUCH__STRETCH + 1][VOUCH__PACK];
} leaves;

/* Eight walkers, each over every eighth tree of packs [first, ...) up to where they stop. */
static void walk_stretch(const struct vouch__engine *e, const uint8_t *bytes, size_t first, leaves *out)
{
    const vouch__item *item = e->item;
    const uint32_t *root = e->item_at + VOUCH__PACK * first, stop = e->stop;
#define BEGIN(j) uint32_t at##j = root[j];
#define STEP(j)                                                                                              \
    {                                                                                                        \
        const vouch__item *here = &item[at##j];                                                              \
        out->at[here->step.out][j] = at##j;                                                                  \
        int32_t beyond = here->step.beyond;                                                                  \
        at##j += (uint32_t)(bytes[here->step.byte] < here->step.least ? 1 : beyond);                         \
    }
    EACH_OF_8(BEGIN)
    do {
        EACH_OF_8(STEP)
        EACH_OF_8(STEP)
        EACH_OF_8(STEP)
        EACH_OF_8(STEP)
    } while (((at0 ^ stop) | (at1 ^ stop) | (at2 ^ stop) | (at3 ^ stop) | (at4 ^ stop) | (at5 ^ stop) |
              (at6 ^ stop) | (at7 ^ stop)) != 0);
#undef BEGIN
#undef STEP
}

static void walk_run(const struct vouch__engine *e, const uint8_t *bytes, const vouch__run *run,
                     vouch__sum *sum, double *raw)
{
    leaves found;
    double leaf[VOUCH__PACK];
    for (size_t k = 0; k < run->n; k += VOUCH__STRETCH) {
        size_t n = run->n - k < VOUCH__STRETCH ? run->n - k : VOUCH__STRETCH;
        walk_stretch(e, bytes, run->first + k, &found);
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < trees_of(e, run->first + k + i); j++)
                leaf[j] = e->item[found.at[i][j] + 1].value;
            add_leaves(e, run->first + k + i, leaf, sum, raw);
        }
    }
}

/* --- complete trees --------------------------------------------------------------------------- */

/* h becomes 2 h + (whether node h goes right), for each of eight trees, level by level. */
static inline __attribute__((always_inline)) void descend(const struct vouch__engine *e, const uint8_t *bytes,
                                                          size_t at, bool is_narrow, size_t cell[VOUCH__PACK])
{
    const uint8_t *rank = e->rank + at, *narrow = e->index + at;
    const uint16_t *wide = e->wide_index + at;
    size_t h0 = 1, h1 = 1, h2 = 1, h3 = 1, h4 = 1, h5 = 1, h6 = 1, h7 = 1;
#define PLACE(i) (is_narrow ? narrow[i] : wide[i])
#define STEP(j)                                                                                              \
    h##j = h##j + h##j + (rank[VOUCH__LANES * (j) + h##j] <= bytes[PLACE(VOUCH__LANES * (j) + h##j)]);
#define CELL(j) cell[j] = h##j - VOUCH__LANES;
    EACH_OF_8(STEP)
    EACH_OF_8(STEP)
    EACH_OF_8(STEP)
    EACH_OF_8(STEP)
    EACH_OF_8(STEP)
    EACH_OF_8(STEP)
    EACH_OF_8(CELL)
#undef PLACE
#undef STEP
#undef CELL
}

static inline __attribute__((always_inline)) void complete_run(const struct vouch__engine *e,
                                                               const uint8_t *bytes, const vouch__run *run,
                                                               bool is_narrow, bool is_float, vouch__sum *sum,
                                                               double *raw)
{
    size_t cell[VOUCH__PACK];
    double leaf[VOUCH__PACK];
    for (size_t k = run->first; k < (size_t)run->first + run->n; k++) {
        size_t at = VOUCH__PACK * VOUCH__LANES * k;
        descend(e, bytes, at, is_narrow, cell);
        for (size_t j = 0; j < VOUCH__PACK; j++) {
            size_t c = at + VOUCH__CELLS * j + cell[j];
            leaf[j] = is_float ? (double)e->cell_float[c] : e->cell[c];
        }
        add_leaves(e, k, leaf, sum, raw);
    }
}

void vouch__engine_walk(const struct vouch__engine *e, const uint8_t *bytes, const vouch__run *run,
                        double *raw)
{
    /* index is where the byte is when both copies are one table */
    bool is_narrow = e->lookup != VOUCH__LOOKUP_ONE_COPY && e->ranks.n_cats == 0;
    vouch__sum sum = { raw[0], (float)raw[0] };
    if (run->form != VOUCH__FORM_COMPLETE)
        walk_run(e, bytes, run, &sum, raw);
    else if (is_narrow && e->is_float)
        complete_run(e, bytes, run, true, true, &sum, raw);
    else if (is_narrow)
        complete_run(e, bytes, run, true, false, &sum, raw);
    else if (e->is_float)
        complete_run(e, bytes, run, false, true, &sum, raw);
    else
        complete_run(e, bytes, run, false, false, &sum, raw);
    if (!e->group)
        raw[0] = e->is_float ? (double)sum.narrow : sum.wide;
}

void vouch__engine_row_portable(const struct vouch__engine *e, const double *row, double *raw)
{
    double x[VOUCH__RANK_COLUMNS];
    uint32_t code[VOUCH__RANK_CATS];
    uint8_t bytes[VOUCH__BYTES];
    const vouch__rank_table *ranks = &e->ranks;
    bytes[0] = 0; /* leaves look at it */
    vouch__rank_values(ranks, row, x);
    vouch__rank_all(ranks, x, bytes); /* 0 when missing: no cut is less */
    for (size_t c = 0; c < ranks->n_columns; c++)
        bytes[ranks->stride + c] = isnan(x[c]) ? UINT8_MAX : bytes[c];
    vouch__rank_codes(ranks, row, code);
    vouch__rank_sets(ranks, code, bytes + 2 * ranks->stride);
    for (size_t r = 0; r < e->n_runs; r++)
        vouch__engine_walk(e, bytes, &e->run[r], raw);
}

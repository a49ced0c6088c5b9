/* A forest prepared for explaining, and which path explains a row: the best that the processor has, or the
 * one a test asks for. */
#include "models/shap/shap_form.h"

#include <string.h>

enum { BLOCK_BYTES = 8192 << 10 }; /* of ranks and sums that a pass over the trees goes through */

#if defined(__x86_64__)
static bool processor_has(vouch__shap_path path)
{
    __builtin_cpu_init();
    switch (path) {
    case VOUCH__SHAP_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") &&
               __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    case VOUCH__SHAP_AVX512:
        return processor_has(VOUCH__SHAP_AVX2) && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bitalg") &&
               __builtin_cpu_supports("gfni");
    default: return true;
    }
}
#define BY_PATH(s, name, ...)                                                                                \
    ((s)->path == VOUCH__SHAP_AVX512 ? vouch__shap_##name##_avx512(__VA_ARGS__)                              \
     : (s)->path == VOUCH__SHAP_AVX2 ? vouch__shap_##name##_avx2(__VA_ARGS__)                                \
                                     : vouch__shap_##name##_portable(__VA_ARGS__))
#else
static bool processor_has(vouch__shap_path path) { return path == VOUCH__SHAP_PORTABLE; }
#define BY_PATH(s, name, ...) vouch__shap_##name##_portable(__VA_ARGS__)
#endif

bool vouch__shap_use(vouch__shap *shap, vouch__shap_path path)
{
    if (!processor_has(path))
        return false;
    shap->path = path;
    return true;
}

const char *vouch__shap_path_name(vouch__shap_path path)
{
    static const char *const name[VOUCH__SHAP_PATHS] = { "portable", "avx2", "avx512" };
    return name[path];
}

/* The mean of a tree's leaves by cover. */
static double mean_of(struct vouch__shap *s, const vouch__node *tree, const vouch__node *node)
{
    double share[2];
    if (node->left < 0)
        return node->value;
    const vouch__node *left = tree + node->left, *right = tree + node->right;
    s->uncovered += !vouch__shap_shares(left, right, share);
    double mean = share[0] * mean_of(s, tree, left);
    return mean + share[1] * mean_of(s, tree, right);
}

static vouch_status make(vouch_ctx *ctx, struct vouch__shap *s, const vouch__shap_population *population)
{
    vouch__engine_sum sum = { .n_outputs = 1, .start = &s->trees->base };
    vouch_status status = vouch__engine_new(ctx, s->trees, &sum, &s->engine);
    if (!status)
        status = vouch__rank_table_make(ctx, s->trees, &s->ranks, &s->is_ranked);
    if (status)
        return status;
    size_t columns = s->ranks.n_columns;
    s->lookup = columns <= 64    ? VOUCH__SHAP_COPIES_64
                : columns <= 128 ? VOUCH__SHAP_COPIES_128
                : columns <= 256 ? VOUCH__SHAP_ONE_COPY
                                 : VOUCH__SHAP_ONE_BY_ONE;
    status = vouch__shap_compile(ctx, s);
    if (!status)
        status = vouch__shap_make_tables(ctx, s, population);
    if (!status && s->n_cover)
        status = vouch__shap_make_cover(ctx, s);
    if (!status)
        status = vouch__shap_make_fours(ctx, s);
    if (!status && s->by_cover)
        status = vouch__shap_make_deep(ctx, s);
    s->base = s->trees->base;
    for (size_t t = 0; s->by_cover && t < s->trees->n_trees; t++) {
        const vouch__node *tree = s->trees->node + s->trees->root[t];
        s->base += mean_of(s, tree, tree);
    }
    return status;
}

vouch_status vouch__shap_new(vouch_ctx *ctx, const vouch__trees *trees,
                             const vouch__shap_population *population, vouch__shap **out_shap)
{
    struct vouch__shap *s = vouch__alloc(ctx, 1, sizeof *s + 64);
    if (!s)
        return vouch__oom(ctx);
    s->trees = trees;
    s->by_cover = !population;
    s->alloc = *vouch__allocator(ctx);
    vouch_status status = make(ctx, s, population);
    if (status) {
        vouch__shap_free(vouch__allocator(ctx), s);
        return status;
    }
    size_t path = VOUCH__SHAP_PATHS;
    while (!vouch__shap_use(s, (vouch__shap_path)--path)) {
    }
    *out_shap = s;
    return VOUCH_OK;
}

void vouch__shap_free(const vouch_alloc *alloc, vouch__shap *s)
{
    if (!s)
        return;
    vouch__rank_table_clear(alloc, &s->ranks);
    vouch__engine_free(alloc, s->engine);
    vouch__free(alloc, s->is_quick);
    vouch__free(alloc, s->work);
    vouch__free(alloc, s->tables);
    vouch__free(alloc, s->fours);
    vouch__free(alloc, s->covers);
    vouch__free(alloc, s->deeps);
    vouch__free(alloc, s);
}

bool vouch__shap_is_quick(const vouch__shap *s, size_t t) { return s->is_quick[t]; }
double vouch__shap_base(const vouch__shap *s) { return s->base; }
size_t vouch__shap_uncovered(const vouch__shap *s) { return s->uncovered; }

double vouch__shap_sum(const vouch__shap *s, const double *row)
{
    double sum;
    vouch__engine_row(s->engine, row, &sum);
    return sum;
}

/* Of an integer sum of input j. */
static double value_of(const struct vouch__shap *s, size_t j, uint64_t sum)
{
    const union {
        double real;
        uint64_t bits;
    } round = { VOUCH__SHAP_ROUND };
    if (s->n_cover)
        sum -= s->rounds[j] * round.bits;
    return (double)(int64_t)sum * s->unit;
}

void vouch__shap_row(const vouch__shap *s, const double *row, double *out)
{
    uint8_t bytes[VOUCH__SHAP_BYTES];
    size_t n = s->trees->n_inputs;
    if (s->is_ranked) {
        bytes[0] = 0; /* lanes without a node look at it */
        BY_PATH(s, ranks, s, row, bytes);
    }
    memset(out, 0, n * sizeof *out);
    if (s->n_quick) {
        uint64_t *sum = (uint64_t *)(void *)out; /* in the room of the result */
        BY_PATH(s, cover_row, s, row, bytes, sum);
        BY_PATH(s, quick_row, s, row, bytes, sum);
        for (size_t j = 0; j < n; j++) {
            uint64_t value;
            memcpy(&value, &out[j], sizeof value);
            out[j] = value_of(s, j, value);
        }
    }
    if (s->n_deep)
        BY_PATH(s, deep_row, s, row, bytes, out);
}

/* Integer sums of n rows, as quick_rows leaves them, to doubles. */
static void to_rows(const struct vouch__shap *s, size_t n, const uint64_t *sum, double *out)
{
    size_t inputs = s->trees->n_inputs, sums = vouch__shap_sums(s);
    for (size_t i = 0; i < n; i += VOUCH__SHAP_ROWS, sum += VOUCH__SHAP_ROWS * sums)
        for (size_t j = 0; j < inputs; j++)
            for (size_t r = 0; r < VOUCH__SHAP_ROWS; r++)
                out[(i + r) * inputs + j] = value_of(s, j, sum[VOUCH__SHAP_ROWS * j + r]);
}

/* Scratch that begins where a line of the caches does: what crosses lines is read twice. */
static void *whole_lines(vouch_ctx *worker, size_t bytes)
{
    enum { LINE = 64 };
    uint8_t *at = vouch__scratch(worker, bytes + LINE, 1);
    return at ? at + (LINE - (uintptr_t)at % LINE) : NULL;
}

/* Bytes of up to SHAP_BLOCK rows by place, rows of both halves in turn: as words are read from them. Those of
 * category nodes are 255 where a row goes right, so that all are compared. */
static void to_columns(const struct vouch__shap *s, size_t n, const uint8_t *bytes, size_t apart,
                       uint8_t *out)
{
    enum { HALF = SHAP_BLOCK / 2 };
    size_t ranks = 2 * s->ranks.stride;
    for (size_t r = 0; r < n; r++, bytes += apart) {
        uint8_t *to = out + 2 * (r % HALF) + r / HALF;
        for (size_t c = 0; c < ranks; c++)
            to[c * SHAP_BLOCK] = bytes[c];
        for (size_t c = ranks; c < ranks + s->ranks.n_sets; c++)
            to[c * SHAP_BLOCK] = bytes[c] ? UINT8_MAX : 0;
    }
}

/* A multiple of 8 rows. */
static vouch_status explain_block(vouch_ctx *worker, const vouch__shap *s, size_t n, const double *rows,
                                  size_t apart, double *out)
{
    size_t mark = vouch__scratch_mark(worker), inputs = s->trees->n_inputs, sums = vouch__shap_sums(s);
    size_t whole = (n + SHAP_BLOCK - 1) / SHAP_BLOCK * SHAP_BLOCK;
    uint8_t *bytes = whole_lines(worker, n * apart + VOUCH__SHAP_REGISTERS);
    uint64_t *sum = whole_lines(worker, n * sums * sizeof *sum);
    uint8_t *columns = whole_lines(worker, s->is_ranked ? whole * apart : 0);
    if (!bytes || !sum || !columns)
        return vouch__oom(worker);
    vouch__shap_batch b = { n, rows, bytes, s->is_ranked ? columns : NULL, apart, sums, sum };
    for (size_t i = 0; s->is_ranked && i < n; i++) {
        bytes[i * apart] = 0; /* lanes without a node look at it */
        BY_PATH(s, ranks, s, rows + i * inputs, bytes + i * apart);
    }
    memset(sum, 0, n * sums * sizeof *sum);
    for (size_t i = 0; b.columns && i < n; i += SHAP_BLOCK)
        to_columns(s, n - i < SHAP_BLOCK ? n - i : SHAP_BLOCK, bytes + i * apart, apart, columns + i * apart);
#if defined(__x86_64__)
    if (s->n_cover)
        vouch__shap_cover_rows_avx512(s, &b);
#endif
    BY_PATH(s, quick_rows, s, &b);
    to_rows(s, n, sum, out);
    for (size_t i = 0; s->n_deep && i < n; i++)
        BY_PATH(s, deep_row, s, rows + i * inputs, bytes + i * apart, out + i * inputs);
    vouch__scratch_reset(worker, mark);
    return VOUCH_OK;
}

vouch_status vouch__shap_rows(vouch_ctx *worker, const vouch__shap *s, size_t n, const double *rows,
                              double *out)
{
    size_t apart = (2 * s->ranks.stride + s->ranks.n_sets + 63) & ~(size_t)63, inputs = s->trees->n_inputs;
    apart += apart == 0 ? 64 : 0;
    size_t block = BLOCK_BYTES / (apart + inputs * sizeof *out) / VOUCH__SHAP_ROWS * VOUCH__SHAP_ROWS;
    block = block ? block : VOUCH__SHAP_ROWS;
    bool gains = s->n_quick && (!s->n_cover || s->path == VOUCH__SHAP_AVX512); /* rows, taken together */
    size_t eights = gains ? n - n % VOUCH__SHAP_ROWS : 0;
    vouch_status status = VOUCH_OK;
    for (size_t i = eights; i < n; i++)
        vouch__shap_row(s, rows + i * inputs, out + i * inputs);
    for (size_t i = 0; i < eights && !status; i += block) {
        size_t here = eights - i < block ? eights - i : block;
        status = explain_block(worker, s, here, rows + i * inputs, apart, out + i * inputs);
    }
    return status;
}

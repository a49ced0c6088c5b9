/* The compiled form gives the bits of the walk that defines raw, on every path and at every boundary. */
#include "check.h"
#include "forest.h"
#include "models/engine/engine.h"

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { DEFINED, WALKED, JUMPED, COMPLETE }; /* as vouch__engine_forms counts trees */

typedef struct builder { /* a forest made node by node */
    vouch__trees trees;
    size_t room;
} builder;

static builder begin(size_t n_inputs, size_t n_trees, size_t leaves)
{
    size_t room = n_trees * (2 * leaves - 1);
    builder b = { .trees = { .n_inputs = n_inputs, .base = seeded_normal() }, .room = room };
    b.trees.root = calloc(n_trees + 1, sizeof *b.trees.root);
    b.trees.node = calloc(room, sizeof *b.trees.node);
    b.trees.bits = calloc(1, sizeof *b.trees.bits);
    assert_true(b.trees.root && b.trees.node && b.trees.bits);
    return b;
}

static void add_leaf(builder *b)
{
    assert_true(b->trees.n_nodes < b->room);
    b->trees.node[b->trees.n_nodes++] = (vouch__node){
        .left = -1, .right = -1, .value = seeded_normal(), .cover = 1.0
    };
}

static void split(builder *b, size_t at, uint32_t input, double threshold)
{
    vouch__node *tree = b->trees.node + b->trees.root[b->trees.n_trees];
    size_t n = b->trees.n_nodes - b->trees.root[b->trees.n_trees];
    tree[at] = (vouch__node){ .left = (int32_t)n,
                              .right = (int32_t)n + 1,
                              .input = input,
                              .default_left = seeded() < 0.5,
                              .threshold = threshold,
                              .cover = 1.0 };
    add_leaf(b);
    add_leaf(b);
}

static void end_tree(builder *b) { b->trees.root[++b->trees.n_trees] = (uint32_t)b->trees.n_nodes; }

/* A tree of so many leaves: a chain that turns at random, or split breadth first. */
static void add_tree(builder *b, size_t leaves, bool is_chain, size_t n_cuts)
{
    add_leaf(b);
    for (size_t have = 1; have < leaves; have++) {
        const vouch__node *tree = b->trees.node + b->trees.root[b->trees.n_trees];
        size_t n = b->trees.n_nodes - b->trees.root[b->trees.n_trees], at = n - 1 - (n > 1 && seeded() < 0.5);
        for (size_t i = 0; !is_chain && i < n; i++)
            if (tree[i].left < 0) {
                at = i;
                break;
            }
        split(b, at, (uint32_t)seeded_below(b->trees.n_inputs), (double)seeded_below(n_cuts));
    }
    end_tree(b);
}

static double *rows_for(const vouch__trees *trees, size_t n, size_t n_cuts)
{
    static const double odd[] = { INFINITY, -INFINITY, -0.0, DBL_MIN / 4.0, -DBL_MIN / 4.0, DBL_MAX, 1e300 };
    double *x = calloc(n * trees->n_inputs + 1, sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n * trees->n_inputs; i++) {
        double u = seeded();
        x[i] = u < 0.1    ? (double)NAN
               : u < 0.15 ? odd[seeded_below(sizeof odd / sizeof odd[0])]
                          : floor(seeded() * 2.0 * (double)(n_cuts + 1)) / 2.0 - 0.5;
    }
    return x;
}

static void assert_same_bits(double got, double want, const char *path, size_t row)
{
    if (memcmp(&got, &want, sizeof got) != 0)
        fail_msg("%s gives %.17g to row %zu, the walk %.17g", path, got, row, want);
}

static double defined(const vouch__trees *trees, bool is_float, const double *row)
{
    double wide = trees->base;
    float narrow = (float)trees->base;
    for (size_t t = 0; t < trees->n_trees; t++) {
        double leaf = trees->node[trees->root[t] + vouch__tree_leaf(trees, t, row)].value;
        wide += leaf;
        narrow += (float)leaf;
    }
    return !is_float || trees->n_trees == 0 ? wide : (double)narrow;
}

static void check_path(vouch__engine *engine, const vouch__trees *trees, bool is_float, const double *x,
                       size_t n, double *many)
{
    const char *name = vouch__engine_path_name(vouch__engine_path_of(engine));
    vouch__engine_rows(engine, n, x, many);
    for (size_t i = 0; i < n; i++) {
        const double *row = x + i * trees->n_inputs;
        double raw, want = defined(trees, is_float, row);
        vouch__engine_row(engine, row, &raw);
        assert_same_bits(raw, want, name, i);
        assert_same_bits(many[i], want, name, i);
    }
}

/* Every path, a row at a time and all rows together, summed in double and in float, against the definition.
 */
static void check_paths(const vouch__trees *trees, const double *x, size_t n, size_t out_forms[4])
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    double *many = calloc(n, sizeof *many);
    assert_non_null(many);
    for (int is_float = 0; is_float < 2; is_float++) {
        vouch__engine *engine = NULL;
        vouch__engine_sum sum = { .is_float = is_float, .n_outputs = 1, .start = &trees->base };
        assert_ok(ctx, vouch__engine_new(ctx, trees, &sum, &engine));
        if (out_forms)
            vouch__engine_forms(engine, out_forms);
        for (int p = 0; p < VOUCH__ENGINE_PATHS; p++)
            if (vouch__engine_use(engine, (vouch__engine_path)p))
                check_path(engine, trees, is_float, x, n, many);
        vouch__engine_free(vouch__allocator(ctx), engine);
    }
    vouch_ctx_free(ctx);
    free(many);
}

static void random_forests_score_the_same_on_every_path(void **state)
{
    (void)state;
    static const size_t most_leaves[] = { 2, 20, 64, 90, 400 };
    for (int round = 0; round < 60; round++) {
        size_t numbers = 1 + seeded_below(round % 3 ? 12 : 200), cats = seeded_below(4), n = 130;
        vouch__trees trees = forest_random(numbers, cats, seeded_below(40), most_leaves[round % 5]);
        double *x = calloc(n * trees.n_inputs, sizeof *x);
        assert_non_null(x);
        forest_rows(&trees, numbers, n, x);
        check_paths(&trees, x, n, NULL);
        free(x);
        forest_free(&trees);
    }
}

static void check_forest(builder *b, size_t n_cuts, size_t out_forms[4])
{
    enum { ROWS = 150 };
    double *x = rows_for(&b->trees, ROWS, n_cuts);
    check_paths(&b->trees, x, ROWS, out_forms);
    free(x);
    forest_free(&b->trees);
}

static void leaves_beyond_a_word_are_walked(void **state)
{
    (void)state;
    for (size_t leaves = 62; leaves <= 66; leaves++)
        for (int is_chain = 0; is_chain < 2; is_chain++) {
            size_t forms[4];
            builder b = begin(7, 20, leaves);
            for (int t = 0; t < 20; t++)
                add_tree(&b, leaves, is_chain, 30);
            check_forest(&b, 30, forms);
            assert_int_equal(forms[leaves > 64 ? WALKED : is_chain ? JUMPED : COMPLETE], 20);
        }
}

static void chains_of_every_depth_are_followed(void **state)
{
    (void)state;
    for (size_t depth = 0; depth <= 70; depth++) {
        builder b = begin(5, 11, depth + 1);
        for (int t = 0; t < 11; t++)
            add_tree(&b, depth + 1, true, 40);
        check_forest(&b, 40, NULL);
    }
}

/* Every value of 0 .. cuts - 1 is a threshold of input 0. */
static void cuts_beyond_a_byte_make_more_columns(void **state)
{
    (void)state;
    static const size_t cuts[] = { 1, 15, 16, 17, 253, 254, 255, 256, 257, 508, 509, 1000 };
    for (size_t c = 0; c < sizeof cuts / sizeof cuts[0]; c++) {
        size_t n = cuts[c];
        builder b = begin(2, n, 2);
        for (size_t i = 0; i < n; i++) {
            add_leaf(&b);
            split(&b, 0, 0, (double)((i * 7919) % n));
            end_tree(&b);
        }
        double *x = calloc(4 * n + 8, sizeof *x);
        assert_non_null(x);
        for (size_t i = 0; i < 2 * n + 4; i++)
            x[2 * i] = i == 0 ? (double)NAN : i == 1 ? (double)INFINITY : (double)(i - 2) / 2.0 - 0.5;
        check_paths(&b.trees, x, 2 * n + 4, NULL);
        free(x);
        forest_free(&b.trees);
    }
}

/* Columns beyond 64, 128 and 256 change how bytes are found. */
static void inputs_at_the_sizes_of_tables_score_the_same(void **state)
{
    (void)state;
    static const size_t inputs[] = { 1, 63, 64, 65, 127, 128, 129, 255, 256, 257, 2048, 2049 };
    for (size_t k = 0; k < sizeof inputs / sizeof inputs[0]; k++)
        for (size_t leaves = 33; leaves <= 64; leaves += 31) {
            size_t n = inputs[k], n_trees = n / 16 + 9, forms[4];
            builder b = begin(n, n_trees, leaves);
            for (size_t t = 0, next = 0; t < n_trees; t++) {
                add_tree(&b, leaves, leaves == 33, 3);
                for (size_t i = b.trees.root[t]; i < b.trees.n_nodes; i++)
                    if (b.trees.node[i].left >= 0)
                        b.trees.node[i].input = (uint32_t)(next++ % n);
            }
            check_forest(&b, 3, forms);
            int form = n > 2048 ? DEFINED : n > 256 ? WALKED : leaves == 33 ? JUMPED : COMPLETE;
            assert_int_equal(forms[form], n_trees);
        }
}

/* With 129 to 256 columns one copy of the bytes is looked up, and missing turns from 255 to 0 by adding 1; a
 * column that is full leaves no byte free, and category lanes need one that is not. */
static void full_columns_leave_categories_right(void **state)
{
    (void)state;
    enum { CUTS = 254, ROWS = 40, LEAVES = 64 };
    static const struct {
        size_t columns;
        bool is_full; /* else column 0 lacks a cut */
    } cases[] = { { 129, true }, { 256, true }, { 256, false } };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        size_t cuts = cases[k].columns * CUTS, n_trees = cuts / (LEAVES - 2) + 1, next = 0, forms[4];
        builder b = begin(cases[k].columns + 1, n_trees, LEAVES);
        b.trees.bits[0] = 0x5a5a5a5a;
        b.trees.n_bits = 1;
        for (size_t t = 0; t < n_trees; t++) {
            bool has_category = false;
            add_tree(&b, LEAVES, t % 2 != 0, 3);
            for (size_t i = b.trees.root[t]; i < b.trees.n_nodes; i++) {
                vouch__node *node = &b.trees.node[i];
                if (node->left >= 0 && !has_category && (node->default_left || i > b.trees.n_nodes - 8)) {
                    node->is_category = has_category = true;
                    node->input = (uint32_t)cases[k].columns;
                    node->n_bits = 30;
                } else if (node->left >= 0) {
                    size_t cut = next++ % cuts;
                    node->input = (uint32_t)(cut / CUTS);
                    node->threshold = cut == 0 && !cases[k].is_full ? 1.0 : (double)(cut % CUTS);
                }
            }
        }
        double *x = rows_for(&b.trees, ROWS, CUTS);
        check_paths(&b.trees, x, ROWS, forms);
        assert_int_equal(forms[WALKED], cases[k].is_full ? n_trees : 0);
        free(x);
        forest_free(&b.trees);
    }
}

static void odd_thresholds_decide_as_comparisons_do(void **state)
{
    (void)state;
    static const double odd[] = { INFINITY, -INFINITY, 0.0,    -0.0,         DBL_MIN / 8.0, -DBL_MIN / 8.0,
                                  DBL_MAX,  -DBL_MAX,  4e-324, 1.0000000001, 1.0,           -1e-300 };
    enum { N = sizeof odd / sizeof odd[0], ROWS = 3 * N + 1 };
    builder b = begin(1, N, 2);
    double x[ROWS];
    for (size_t i = 0; i < N; i++) {
        add_leaf(&b);
        split(&b, 0, 0, odd[i]);
        end_tree(&b);
        x[3 * i] = odd[i];
        x[3 * i + 1] = nextafter(odd[i], INFINITY);
        x[3 * i + 2] = nextafter(odd[i], -INFINITY);
    }
    x[ROWS - 1] = NAN;
    check_paths(&b.trees, x, ROWS, NULL);
    forest_free(&b.trees);
}

/* Rules of one source, or of all at once. */
static uint8_t some_rule(bool is_category, int source)
{
    static const vouch__rule number[4][3] = {
        { VOUCH__RULE_FLOAT_BELOW, VOUCH__RULE_FLOAT_BELOW, VOUCH__RULE_FLOAT_BELOW },
        { VOUCH__RULE_FLOAT_UPTO, VOUCH__RULE_FLOAT_UPTO, VOUCH__RULE_FLOAT_BELOW },
        { VOUCH__RULE_SNAP, VOUCH__RULE_SNAP_ZERO, VOUCH__RULE_SNAP_NAN },
        { VOUCH__RULE_PLAIN, VOUCH__RULE_SNAP_ZERO, VOUCH__RULE_FLOAT_UPTO },
    };
    static const vouch__rule category[4] = { VOUCH__RULE_SET_ELSE_LEFT, VOUCH__RULE_PLAIN,
                                             VOUCH__RULE_SET_ELSE_RIGHT, VOUCH__RULE_SET_ELSE_LEFT };
    return (uint8_t)(is_category ? category[source] : number[source][seeded_below(3)]);
}

static double near(double threshold)
{
    float narrow = (float)threshold;
    switch (seeded_below(6)) {
    case 0: return nextafter(threshold, INFINITY);
    case 1: return nextafter(threshold, -INFINITY);
    case 2: return (double)nextafterf(narrow, INFINITY);
    case 3: return (double)nextafterf(narrow, -INFINITY);
    case 4: /* half way to the next float, where rounding turns */
        return ((double)narrow + (double)nextafterf(narrow, INFINITY)) / 2.0;
    default: return threshold;
    }
}

static void rules_of_other_libraries_decide_as_there(void **state)
{
    (void)state;
    static const double odd[] = { 0.0,      -0.0,   1e-35,  VOUCH__ZERO, -VOUCH__ZERO, 1e-36,
                                  1e-42,    -1e-45, 4e-324, 3e38,        0.1,          1e39,
                                  INFINITY, -1e-36, 7.3,    -2.5,        1.0 / 3.0 };
    enum { N_ODD = sizeof odd / sizeof odd[0], ROWS = 130 };
    for (int round = 0; round < 80; round++) {
        int source = round % 4;
        size_t numbers = 1 + seeded_below(90), cats = seeded_below(3);
        static const size_t leaves[] = { 7, 50, 7, 130, 50 }; /* of 7 leaves, trees are at most 6 deep */
        vouch__trees trees = forest_random(numbers, cats, 1 + seeded_below(30), leaves[round % 5]);
        double *x = calloc(ROWS * trees.n_inputs, sizeof *x);
        assert_non_null(x);
        for (size_t i = 0; i < trees.n_nodes; i++) {
            vouch__node *node = &trees.node[i];
            if (node->left < 0)
                continue;
            node->rule = some_rule(node->is_category, source);
            node->threshold = seeded() < 0.5 ? odd[seeded_below(N_ODD)] : node->threshold / 3.0;
        }
        if (round == 41) /* below -infinity there is no float: such a forest is walked as defined */
            trees.node[0].threshold = -INFINITY;
        forest_rows(&trees, numbers, ROWS, x);
        for (size_t i = 0; i < ROWS * trees.n_inputs; i++)
            if (i % trees.n_inputs < numbers && seeded() < 0.7)
                x[i] = near(seeded() < 0.5 ? odd[seeded_below(N_ODD)] : (double)seeded_below(8) / 3.0);
            else if (i % trees.n_inputs >= numbers && seeded() < 0.3)
                x[i] = x[i] + seeded() - 0.5; /* a category is the whole part */
        check_paths(&trees, x, ROWS, NULL);
        free(x);
        forest_free(&trees);
    }
}

/* XGBoost's order of float sums, and several outputs. */
static void float_sums_and_several_outputs_are_kept_apart(void **state)
{
    (void)state;
    enum { TREES = 37, OUTPUTS = 3, ROWS = 70 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (int is_float = 0; is_float < 2; is_float++) {
        vouch__trees trees = forest_random(6, 2, TREES, is_float ? 40 : 90);
        const double start[OUTPUTS] = { 0.5, -0.25, 1.0 / 1024.0 };
        uint32_t group[TREES];
        float weight[TREES];
        double x[ROWS * 8], many[ROWS * OUTPUTS];
        for (size_t t = 0; t < TREES; t++) {
            group[t] = (uint32_t)seeded_below(OUTPUTS);
            weight[t] = (float)seeded();
        }
        vouch__engine_sum sum = { is_float, OUTPUTS, start, group, is_float ? weight : NULL };
        vouch__engine *engine = NULL;
        forest_rows(&trees, 6, ROWS, x);
        assert_ok(ctx, vouch__engine_new(ctx, &trees, &sum, &engine));
        for (int p = 0; p < VOUCH__ENGINE_PATHS; p++) {
            if (!vouch__engine_use(engine, (vouch__engine_path)p))
                continue;
            vouch__engine_rows(engine, ROWS, x, many);
            for (size_t i = 0; i < ROWS; i++) {
                double want[OUTPUTS] = { start[0], start[1], start[2] };
                for (size_t t = 0; t < TREES; t++) {
                    double leaf = trees.node[trees.root[t] + vouch__tree_leaf(&trees, t, x + i * 8)].value;
                    float narrow = (float)leaf * weight[t];
                    want[group[t]] = is_float ? (double)((float)want[group[t]] + narrow)
                                              : want[group[t]] + leaf;
                }
                for (size_t g = 0; g < OUTPUTS; g++)
                    assert_same_bits(many[i * OUTPUTS + g], want[g], "grouped", i);
            }
        }
        vouch__engine_free(vouch__allocator(ctx), engine);
        forest_free(&trees);
    }
    vouch_ctx_free(ctx);
}

typedef struct crowd {
    const vouch__engine *engine;
    const vouch__trees *trees;
    const double *x;
    size_t n;
    size_t wrong;
} crowd;

static void *score_all(void *arg)
{
    crowd *c = arg;
    for (int round = 0; round < 20; round++)
        for (size_t i = 0; i < c->n; i++) {
            double raw;
            vouch__engine_row(c->engine, c->x + i * c->trees->n_inputs, &raw);
            c->wrong += raw != forest_raw(c->trees, c->x + i * c->trees->n_inputs);
        }
    return NULL;
}

static void sixteen_threads_share_one_engine_without_allocating(void **state)
{
    (void)state;
    enum { THREADS = 16, ROWS = 40 };
    counting_alloc mem = { .fail_at = SIZE_MAX };
    vouch_ctx_options options = { .alloc = counting_allocator(&mem) };
    vouch_ctx *ctx = vouch_ctx_new(&options);
    vouch__trees trees = forest_random(10, 2, 30, 60);
    vouch__engine_sum sum = { .n_outputs = 1, .start = &trees.base };
    vouch__engine *engine = NULL;
    double x[ROWS * 12];
    pthread_t thread[THREADS];
    crowd member[THREADS];
    forest_rows(&trees, 10, ROWS, x);
    assert_ok(ctx, vouch__engine_new(ctx, &trees, &sum, &engine));
    size_t calls = mem.calls;
    for (int i = 0; i < THREADS; i++) {
        member[i] = (crowd){ engine, &trees, x, ROWS, 0 };
        assert_int_equal(pthread_create(&thread[i], NULL, score_all, &member[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        assert_int_equal(member[i].wrong, 0);
    }
    assert_int_equal(mem.calls, calls);
    vouch__engine_free(vouch__allocator(ctx), engine);
    vouch_ctx_free(ctx);
    assert_int_equal(mem.live, 0);
    forest_free(&trees);
}

static vouch_status compile(vouch_ctx *ctx, void *arg)
{
    const vouch__trees *trees = arg;
    vouch__engine_sum sum = { .n_outputs = 1, .start = &trees->base };
    vouch__engine *engine = NULL;
    vouch_status status = vouch__engine_new(ctx, trees, &sum, &engine);
    if (!status)
        vouch__engine_free(vouch__allocator(ctx), engine);
    return status;
}

static void compiling_survives_every_allocation_failure(void **state)
{
    (void)state;
    vouch__trees trees = forest_random(5, 2, 20, 70);
    sweep_allocations(compile, &trees, 0);
    forest_free(&trees);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_forests_score_the_same_on_every_path),
        cmocka_unit_test(leaves_beyond_a_word_are_walked),
        cmocka_unit_test(chains_of_every_depth_are_followed),
        cmocka_unit_test(cuts_beyond_a_byte_make_more_columns),
        cmocka_unit_test(inputs_at_the_sizes_of_tables_score_the_same),
        cmocka_unit_test(full_columns_leave_categories_right),
        cmocka_unit_test(odd_thresholds_decide_as_comparisons_do),
        cmocka_unit_test(rules_of_other_libraries_decide_as_there),
        cmocka_unit_test(float_sums_and_several_outputs_are_kept_apart),
        cmocka_unit_test(sixteen_threads_share_one_engine_without_allocating),
        cmocka_unit_test(compiling_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

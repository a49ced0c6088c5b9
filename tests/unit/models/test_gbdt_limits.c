/* What a fit is held to: inputs that may not meet, sides of missing values, the same bytes on every path and
 * after a break, nothing left behind, and no sum that overflows. */
#include "check.h"
#include "fit_kit.h"
#include "models/gbdt/gbdt.h"
#include "models/trees_io.h"
#include "num/special.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX = 2500, COLS = 6 };
static double x[MAX * COLS], y[MAX], w[MAX];
static const bool some_text[COLS] = { false, false, false, false, true, false };

/* Everything interacts with everything, so that a tree would gladly mix. */
static void tangled(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double risk = 0.0;
        for (size_t j = 0; j < COLS; j++) {
            double v = some_text[j] ? (double)seeded_below(7) : floor(seeded() * 9);
            x[i * COLS + j] = seeded() < 0.08 ? NAN : v;
        }
        for (size_t j = 1; j < COLS; j++) {
            double a = x[i * COLS + j - 1], b = x[i * COLS + j];
            risk += isnan(a) || isnan(b) ? 0.5 : ((a > 4) != (b > 3) ? 0.9 : -0.9);
        }
        y[i] = seeded() < vouch__sigmoid(risk);
        w[i] = 0.2 + seeded();
    }
}

static vouch_model *fit(vouch_ctx *ctx, vouch_fit_spec *spec, size_t n, const char *params)
{
    vouch_table *table;
    vouch_model *model;
    assert_ok(ctx, kit_table(ctx, n, COLS, x, some_text, &table));
    spec->name = "test";
    spec->table = table;
    spec->target = y;
    spec->params = params;
    assert_ok(ctx, vouch_model_fit(ctx, spec, &model));
    vouch_table_unref(table);
    return model;
}

/* Every pair of inputs on every way from a root is within one group, or is one input. */
static void ways_keep(const vouch__node *tree, size_t at, uint32_t *above, size_t depth,
                      const uint64_t *group, size_t *pairs)
{
    const vouch__node *node = &tree[at];
    if (node->left < 0)
        return;
    uint64_t all = group[node->input];
    for (size_t k = 0; k < depth; k++) {
        all &= group[above[k]];
        *pairs += above[k] != node->input;
    }
    for (size_t k = 0; k < depth; k++)
        assert_true(all != 0 || above[k] == node->input);
    above[depth] = node->input;
    ways_keep(tree, (size_t)node->left, above, depth + 1, group, pairs);
    ways_keep(tree, (size_t)node->right, above, depth + 1, group, pairs);
}

static void inputs_that_may_not_meet_never_do(void **state)
{
    (void)state;
    static const struct {
        const char *params;
        uint64_t group[COLS];
    } cases[] = {
        { "{trees: 40, interactions: [[x0, x1], [x2, x3, x4]]}", { 1, 1, 2, 2, 2, 0 } },
        { "{trees: 40, grow: leaf, depth: 12, interactions: [[x0, x1], [x1, x2], [x4, x5]]}",
          { 1, 3, 2, 0, 4, 4 } },
        { "{trees: 40, column_sample: 1, interactions: []}", { 0 } },
    };
    tangled(MAX);
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        vouch_fit_spec spec = { .seed = k };
        vouch_model *model = fit(ctx, &spec, MAX, cases[k].params);
        const vouch__trees *trees = vouch__model_trees(model);
        uint32_t above[VOUCH__TREE_DEPTH];
        size_t pairs = 0;
        for (size_t t = 0; t < trees->n_trees; t++)
            ways_keep(trees->node + trees->root[t], 0, above, 0, cases[k].group, &pairs);
        assert_true(trees->n_trees == 40 && (pairs > 40) == (k < 2));
        vouch_model_free(model);
    }
    vouch_ctx_free(ctx);
}

static void missing_values_go_where_they_are_told(void **state)
{
    (void)state;
    tangled(MAX);
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    size_t seen[COLS] = { 0 };
    vouch_fit_spec spec = { .weight = w };
    vouch_model *model = fit(ctx, &spec, MAX, "{trees: 60, missing: {x0: low, x1: high, x5: low}}");
    const vouch__trees *trees = vouch__model_trees(model);
    for (size_t i = 0; i < trees->n_nodes; i++) {
        const vouch__node *node = &trees->node[i];
        if (node->left < 0)
            continue;
        seen[node->input]++;
        assert_true((node->input != 0 && node->input != 5) || node->default_left);
        assert_true(node->input != 1 || !node->default_left);
    }
    assert_true(seen[0] && seen[1] && seen[5]);
    vouch_model_free(model);
    vouch_ctx_free(ctx);
}

static void rules_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *params, *words;
        vouch_status status;
    } cases[] = {
        { "{interactions: [[x0, nobody]]}", "interactions: 'nobody' is not an input", VOUCH_E_DATA },
        { "{interactions: [x0]}", "must be a list of lists", VOUCH_E_FORMAT },
        { "{interactions: {x0: x1}}", "must be a list of lists", VOUCH_E_FORMAT },
        { "{missing: {x0: up}}", "params:1:", VOUCH_E_FORMAT },
        { "{missing: {x4: low}}", "'x4' is a category", VOUCH_E_ARG },
        { "{missing: [x0]}", "must be a mapping", VOUCH_E_FORMAT },
        { "{monotone: {x0: low}}", "must be up or down", VOUCH_E_FORMAT },
        { "{tree: 3}", "trees", VOUCH_E_FORMAT },
    };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    vouch_model *model;
    tangled(50);
    assert_ok(ctx, kit_table(ctx, 50, COLS, x, some_text, &table));
    vouch_fit_spec spec = { .name = "test", .table = table, .target = y };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        spec.params = cases[k].params;
        assert_status(ctx, vouch_model_fit(ctx, &spec, &model), cases[k].status);
        assert_error_has(ctx, cases[k].words);
    }
    spec.params = "{interactions: [[x0]]}";
    spec.kind = "scorecard";
    assert_true(vouch_model_fit(ctx, &spec, &model) != VOUCH_OK);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* The same bytes. */

static vouch__buf trees_by(const vouch__fit_data *data, vouch__gbdt_params params, vouch__gbdt_path path,
                           unsigned threads)
{
    vouch_ctx_options options = { .threads = threads };
    vouch_ctx *ctx = vouch_ctx_new(&options);
    vouch__gbdt *model;
    vouch__buf out;
    vouch__buf_init(ctx, &out, 1 << 24);
    params.kernels = vouch__gbdt_kernels_of(path);
    if (params.kernels) {
        assert_ok(ctx, vouch__gbdt_fit(ctx, data, &params, NULL, NULL, &model));
        vouch__trees_put(&model->trees, &out);
        assert_ok(ctx, vouch__buf_status(ctx, &out));
        vouch__kind_gbdt.free(vouch__allocator(ctx), model);
    }
    vouch_ctx_free(ctx); /* the buffer's memory is malloc's */
    return out;
}

static void bytes_are_the_same_on_every_path_and_number_of_threads(void **state)
{
    (void)state;
    static const unsigned threads[] = { 1, 2, 3, 8, 16 };
    const vouch__gbdt_params params[] = {
        { .trees = 6, .leaves = 32, .depth = 5, .row_sample = 1.0, .column_sample = 1.0 },
        { .trees = 6,
          .leaves = 25,
          .depth = 20,
          .row_sample = 0.7,
          .column_sample = 0.6,
          .is_leaf_wise = true },
        { .trees = 6,
          .leaves = 20,
          .depth = 6,
          .row_sample = 1,
          .column_sample = 1,
          .loss = VOUCH__LOSS_POISSON },
        { .trees = 4,
          .leaves = 8,
          .depth = 6,
          .row_sample = 1,
          .column_sample = 1,
          .loss = VOUCH__LOSS_QUANTILE },
    };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__inputs inputs;
    vouch__binding binding;
    vouch_table *table;
    uint32_t row[MAX];
    tangled(MAX);
    for (size_t i = 0; i < MAX; i++)
        row[i] = (uint32_t)i;
    assert_ok(ctx, kit_table(ctx, MAX, COLS, x, some_text, &table));
    assert_ok(ctx, vouch__inputs_new(ctx, COLS, &inputs));
    for (size_t j = 0; j < COLS; j++) {
        inputs.at[j].name = vouch__strdup(ctx, vouch_table_name(table, j));
        if (some_text[j])
            assert_ok(ctx, vouch__input_categories(ctx, table, j, MAX, row, &inputs.at[j]));
    }
    assert_ok(ctx, vouch__bind(ctx, &inputs, table, &binding));
    vouch__fit_data data = { .binding = &binding, .train = { MAX, row, y, w }, .seed = 3 };
    for (size_t k = 0; k < sizeof params / sizeof params[0]; k++) {
        vouch__gbdt_params p = params[k];
        p.max_bins = 255;
        p.min_rows = 5;
        p.rate = 0.3;
        p.l2 = 1.0;
        p.min_weight = 0.5;
        p.shape = 0.4;
        p.bad_weight = 1.0;
        vouch__buf first = trees_by(&data, p, VOUCH__GBDT_PORTABLE, 1);
        assert_true(first.len > 500);
        for (vouch__gbdt_path path = VOUCH__GBDT_PORTABLE; path < VOUCH__GBDT_PATHS; path++)
            for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
                vouch__buf other = trees_by(&data, p, path, threads[t]);
                if (other.len) {
                    assert_int_equal(other.len, first.len);
                    assert_memory_equal(other.at, first.at, first.len);
                }
                vouch__buf_free(&other);
            }
        vouch__buf_free(&first);
    }
    vouch__binding_clear(&binding);
    vouch__inputs_clear(&inputs);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* Going on. */

static uint8_t part[MAX];

static void growing_on_gives_the_bytes_of_growing_without_a_break(void **state)
{
    (void)state;
    static const char *const params[][2] = {
        { "{trees: 12, early_stop: 0}", "{trees: 40, early_stop: 0}" },
        { "{trees: 9, grow: leaf, depth: 9, row_sample: 0.5}",
          "{trees: 40, grow: leaf, depth: 9, row_sample: 0.5}" },
        { "{trees: 7, loss: poisson, interactions: [[x0, x1, x4]]}",
          "{trees: 30, loss: poisson, interactions: [[x0, x1, x4]]}" },
        { "{trees: 30, learning_rate: 0.4, early_stop: 5}",
          "{trees: 90, learning_rate: 0.4, early_stop: 5}" },
    };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    tangled(MAX);
    for (size_t i = 0; i < MAX; i++)
        part[i] = i % 5 == 0 ? VOUCH_PART_TUNE : i % 17 == 0 ? VOUCH_PART_NEITHER : VOUCH_PART_TRAIN;
    for (size_t k = 0; k < sizeof params / sizeof params[0]; k++) {
        vouch_fit_spec spec = { .weight = k % 2 ? w : NULL, .part = part, .seed = 11 };
        vouch_model *few = fit(ctx, &spec, MAX, params[k][0]), *stored;
        vouch_model *whole = fit(ctx, &spec, MAX, params[k][1]);
        assert_ok(ctx, vouch_model_read(ctx, few->file, few->file_len, &stored));
        spec.resume = stored;
        vouch_model *both = fit(ctx, &spec, MAX, params[k][1]);
        assert_string_equal(vouch_model_fingerprint(both), vouch_model_fingerprint(whole));
        assert_true(vouch__model_trees(few)->n_trees <= vouch__model_trees(whole)->n_trees);
        vouch_model_free(both);
        vouch_model_free(stored);
        vouch_model_free(whole);
        vouch_model_free(few);
    }
    vouch_ctx_free(ctx);
}

static int stops(void *self)
{
    int *left = self;
    return __atomic_sub_fetch(left, 1, __ATOMIC_RELAXED) < 0;
}

/* Cancelled in the middle of growing: the checkpoint is a whole model, and growing on from it ends as if
 * nothing had happened. */
static void a_cancelled_fit_goes_on_from_its_checkpoint(void **state)
{
    (void)state;
    enum { N = 600 };
    const char *path = test_path("checkpoint.vouch");
    tangled(N);
    vouch_ctx *quiet = vouch_ctx_new(NULL);
    vouch_fit_spec spec = { .seed = 4 };
    vouch_model *whole = fit(quiet, &spec, N, "{trees: 25}"), *kept, *both, *never = NULL;
    int left = 400;
    vouch_ctx_options options = { .threads = 2, .is_cancelled = stops, .self = &left };
    vouch_ctx *ctx = vouch_ctx_new(&options);
    vouch_table *table;
    assert_ok(quiet, kit_table(quiet, N, COLS, x, some_text, &table));
    spec.table = table;
    spec.checkpoint = path;
    spec.checkpoint_every = 1000; /* so it is kept when the fit stops */
    assert_status(ctx, vouch_model_fit(ctx, &spec, &never), VOUCH_E_CANCELLED);
    assert_null(never);
    assert_ok(quiet, vouch_model_load(quiet, path, &kept));
    size_t n = vouch__model_trees(kept)->n_trees;
    assert_true(n > 0 && n < 25);
    spec.checkpoint = NULL;
    spec.resume = kept;
    assert_ok(quiet, vouch_model_fit(quiet, &spec, &both));
    assert_string_equal(vouch_model_fingerprint(both), vouch_model_fingerprint(whole));
    vouch_model_free(both);
    vouch_model_free(kept);
    vouch_model_free(whole);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
    vouch_ctx_free(quiet);
}

static void a_cancelled_fit_leaves_nothing_behind(void **state)
{
    (void)state;
    enum { N = 400 };
    tangled(N);
    for (int polls = 1; polls < 300; polls += 13) {
        int left = polls;
        counting_alloc mem = { .fail_at = SIZE_MAX };
        vouch_ctx_options options = { .threads = 2, .is_cancelled = stops, .self = &left };
        options.alloc = counting_allocator(&mem);
        vouch_ctx *quiet = vouch_ctx_new(NULL), *ctx;
        vouch_table *table;
        vouch_model *model = NULL;
        assert_ok(quiet, kit_table(quiet, N, COLS, x, some_text, &table));
        ctx = vouch_ctx_new(&options);
        vouch_fit_spec spec = { .name = "test", .table = table, .target = y, .params = "{trees: 500}" };
        assert_status(ctx, vouch_model_fit(ctx, &spec, &model), VOUCH_E_CANCELLED);
        assert_null(model);
        vouch_ctx_free(ctx);
        assert_int_equal(mem.live, 0);
        vouch_table_unref(table);
        vouch_ctx_free(quiet);
    }
}

static void another_model_s_trees_are_not_grown_on(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    vouch_model *never = NULL;
    tangled(500);
    vouch_fit_spec spec = { .seed = 1 };
    vouch_model *model = fit(ctx, &spec, 500, "{trees: 5}");
    assert_ok(ctx, kit_table(ctx, 500, COLS, x, some_text, &table));
    spec.table = table;
    spec.resume = model;
    spec.params = "{trees: 10, loss: squared}";
    assert_status(ctx, vouch_model_fit(ctx, &spec, &never), VOUCH_E_ARG);
    assert_error_has(ctx, "other loss");
    spec.params = "{trees: 3}";
    assert_status(ctx, vouch_model_fit(ctx, &spec, &never), VOUCH_E_ARG);
    assert_error_has(ctx, "has 5 trees already");
    spec.params = "{trees: 10}";
    y[3] = 1.0 - y[3];
    assert_status(ctx, vouch_model_fit(ctx, &spec, &never), VOUCH_E_ARG);
    assert_error_has(ctx, "other training rows, outcomes or weights");
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* Sums. */

/* Weights twelve orders apart, one bad row in two thousand: sizes of all records together stay within 31 and
 * 32 bits, so no histogram, in whatever order it is added up, can overflow. */
static void no_sum_overflows_however_uneven_the_rows(void **state)
{
    (void)state;
    enum { N = 200000 };
    double *score = test_malloc(N * sizeof *score), *target = test_malloc(N * sizeof *target);
    float *weight = test_malloc(N * sizeof *weight);
    uint32_t *row = test_malloc(N * sizeof *row);
    vouch__record *record = test_malloc((N + VOUCH__GBDT_PAD) * sizeof *record);
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (int round = 0; round < 5; round++) {
        vouch__gbdt_outcome o = { .n = N, .target = target, .weight = weight, .unit = 1.0, .score = score };
        vouch__gbdt_sample sample = { 1.0, 1, row };
        vouch__gbdt_scale scale;
        size_t n;
        double g = 0.0, h = 0.0;
        o.kernels = vouch__gbdt_kernels_best();
        for (size_t i = 0; i < N; i++) {
            row[i] = (uint32_t)i;
            target[i] = round == 4 ? 0.0 : i % 2000 == 0;
            score[i] = round < 2 ? -7.6 : round == 2 ? 40.0 : round == 3 ? -300.0 : 0.0;
            weight[i] = round % 2 ? (float)vouch__exp(-28.0 * seeded()) : 1.0f;
        }
        assert_ok(ctx, vouch__gbdt_gradients(ctx, &o, &sample, record, &n, &scale));
        for (size_t i = 0; i < N; i++) {
            g += fabs((double)((int64_t)record[i] >> 48));
            h += (double)(record[i] >> 32 & 0xffff);
            assert_true((record[i] >> 32 & 0xffff) >= 1);
        }
        assert_true(g < 0x1p31 && h < 0x1p32);
    }
    vouch_ctx_free(ctx);
    test_free(record);
    test_free(row);
    test_free(weight);
    test_free(target);
    test_free(score);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_that_may_not_meet_never_do),
        cmocka_unit_test(missing_values_go_where_they_are_told),
        cmocka_unit_test(rules_that_make_no_sense_are_refused),
        cmocka_unit_test(bytes_are_the_same_on_every_path_and_number_of_threads),
        cmocka_unit_test(growing_on_gives_the_bytes_of_growing_without_a_break),
        cmocka_unit_test(a_cancelled_fit_goes_on_from_its_checkpoint),
        cmocka_unit_test(a_cancelled_fit_leaves_nothing_behind),
        cmocka_unit_test(another_model_s_trees_are_not_grown_on),
        cmocka_unit_test(no_sum_overflows_however_uneven_the_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

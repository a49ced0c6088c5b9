/* The parts that boosting is made of, each against its definition written plainly. */
#include "check.h"
#include "fit_kit.h"
#include "models/gbdt/gbdt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BINS = 40 };

static int64_t pack(int64_t g, int64_t h) { return g * 4294967296 + h; }

/* Bins. */

static vouch__gbdt_bins bins_of(vouch_ctx *ctx, const double *x, size_t n, size_t max_bins,
                                vouch_table **table, vouch__binding *binding, vouch__inputs *inputs,
                                uint32_t *row)
{
    vouch__gbdt_bins bins;
    assert_ok(ctx, kit_table(ctx, n, 1, x, NULL, table));
    assert_ok(ctx, vouch__inputs_new(ctx, 1, inputs));
    inputs->at[0].name = vouch__strdup(ctx, "x0");
    assert_ok(ctx, vouch__bind(ctx, inputs, *table, binding));
    for (size_t i = 0; i < n; i++)
        row[i] = (uint32_t)i;
    vouch__fit_data data = { .binding = binding, .train = { n, row, x, NULL } };
    assert_ok(ctx, vouch__gbdt_bins_make(ctx, &data, max_bins, &bins));
    return bins;
}

static void cuts_lie_midway_between_few_values(void **state)
{
    (void)state;
    const double x[] = { 3, 1, NAN, 7, 3, 1, -0.0, 0.0 };
    uint32_t row[8];
    vouch_table *table;
    vouch__binding binding;
    vouch__inputs inputs;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__gbdt_bins bins = bins_of(ctx, x, 8, 255, &table, &binding, &inputs, row);
    const vouch__gbdt_input *input = bins.input;
    assert_int_equal(input->n_bins, 5); /* missing, 0, 1, 3, 7 */
    assert_close(input->cut[0], 0.5, 0);
    assert_close(input->cut[1], 2, 0);
    assert_close(input->cut[2], 5, 0);
    assert_int_equal(vouch__gbdt_bin(input, NAN), 0);
    assert_int_equal(vouch__gbdt_bin(input, -INFINITY), 1);
    assert_int_equal(vouch__gbdt_bin(input, 0.5), 1); /* at a cut: below */
    assert_int_equal(vouch__gbdt_bin(input, 0.6), 2);
    assert_int_equal(vouch__gbdt_bin(input, INFINITY), 4);
    vouch__binding_clear(&binding);
    vouch__inputs_clear(&inputs);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void many_values_fill_bins_evenly(void **state)
{
    (void)state;
    enum { N = 5000 };
    static double x[N];
    static uint32_t row[N];
    for (size_t max_bins = 2; max_bins <= 255; max_bins += 23) {
        size_t held[VOUCH__GBDT_BINS] = { 0 };
        vouch_table *table;
        vouch__binding binding;
        vouch__inputs inputs;
        vouch_ctx *ctx = vouch_ctx_new(NULL);
        for (size_t i = 0; i < N; i++)
            x[i] = i % 10 == 0 ? 0.25 : seeded_normal(); /* a tenth of the rows are one value */
        vouch__gbdt_bins bins = bins_of(ctx, x, N, max_bins, &table, &binding, &inputs, row);
        const vouch__gbdt_input *input = bins.input;
        assert_true(input->n_bins <= max_bins + 1);
        assert_true(input->n_bins + 2 >= max_bins);
        for (size_t c = 1; c + 2 < input->n_bins; c++)
            assert_true(input->cut[c] > input->cut[c - 1]);
        for (size_t i = 0; i < N; i++) {
            size_t b = vouch__gbdt_bin(input, x[i]);
            assert_true(b >= 1 && b < input->n_bins);
            assert_true(b == 1 || input->cut[b - 2] < x[i]);
            assert_true(b + 1 == input->n_bins || x[i] <= input->cut[b - 1]);
            held[b]++;
        }
        size_t heavy = vouch__gbdt_bin(input, 0.25);
        for (size_t b = 1; b < input->n_bins; b++)
            assert_true(held[b] > 0 && (b == heavy || held[b] <= 2 * N / max_bins + 1));
        vouch__binding_clear(&binding);
        vouch__inputs_clear(&inputs);
        vouch_table_unref(table);
        vouch_ctx_free(ctx);
    }
}

/* Gradients. */

static void gradients_are_the_losses(void **state)
{
    (void)state;
    enum { N = 20000 };
    static double score[N], target[N];
    static float weight[N], g[N], h[N];
    static vouch__record record[N + VOUCH__GBDT_PAD];
    static uint32_t row[N];
    for (int squared = 0; squared < 2; squared++) {
        vouch_ctx *ctx = vouch_ctx_new(NULL);
        vouch__gbdt_outcome o = { .n = N,
                                  .target = target,
                                  .weight = weight,
                                  .loss = squared ? VOUCH__LOSS_SQUARED : VOUCH__LOSS_LOGISTIC,
                                  .kernels = vouch__gbdt_kernels_best(),
                                  .unit = 4.0,
                                  .score = score };
        vouch__gbdt_sample sample = { 1.0, 1, row };
        vouch__gbdt_scale scale;
        size_t n;
        int64_t sum = 0;
        double size_g = 0.0, size_h = 0.0;
        for (size_t i = 0; i < N; i++) {
            row[i] = (uint32_t)i;
            score[i] = i % 7 == 0 ? seeded_normal() * 40.0 : seeded_normal() * 3.0;
            target[i] = squared ? seeded_normal() : (double)seeded_below(2);
            weight[i] = (float)(0.01 + seeded());
        }
        assert_ok(ctx, vouch__gbdt_gradients(ctx, &o, &sample, record, &n, &scale));
        assert_ok(ctx, vouch__gbdt_loss(ctx, &o, 0, N, g, h));
        assert_int_equal(n, N);
        for (size_t i = 0; i < N; i++) {
            double p = 1.0 / (1.0 + exp(-score[i])), w = (double)weight[i];
            double want_g = squared ? w * (score[i] - target[i]) / 4.0 : w * (p - target[i]);
            double want_h = squared ? w : w * p * (1.0 - p);
            if (fabs(score[i]) < 30.0 || squared) {
                assert_close((double)g[i], want_g, 1e-6);
                assert_close((double)h[i], want_h, 1e-6);
            }
            int64_t units_g = (int64_t)record[i] >> 48, units_h = (int64_t)(record[i] >> 32 & 0xffff);
            assert_int_equal((uint32_t)record[i], i);
            assert_true(fabs((double)units_g - (double)g[i] * scale.g) <= 0.51);
            assert_true(units_h >= 1 && fabs((double)units_h - (double)h[i] * scale.h) <= 1.0);
            assert_true((double)units_h >= scale.least_h);
            sum += pack(units_g, units_h);
            size_g += fabs((double)units_g);
            size_h += (double)units_h;
        }
        assert_true(sum == scale.sum);
        assert_true(size_g < 0x1p31 && size_h < 0x1p32); /* no order of adding can overflow */
        vouch_ctx_free(ctx);
    }
}

static void a_sample_is_its_share_and_its_seed_s(void **state)
{
    (void)state;
    enum { N = 40000 };
    static double score[N], target[N];
    static vouch__record record[2][N + VOUCH__GBDT_PAD];
    static uint32_t row[N];
    size_t n[2];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__gbdt_scale scale;
    vouch__gbdt_outcome o = {
        .n = N, .target = target, .kernels = vouch__gbdt_kernels_best(), .unit = 1.0, .score = score
    };
    for (size_t i = 0; i < N; i++)
        row[i] = (uint32_t)(3 * i);
    for (uint64_t seed = 0; seed < 2; seed++) {
        vouch__gbdt_sample sample = { 0.3, seed, row };
        assert_ok(ctx, vouch__gbdt_gradients(ctx, &o, &sample, record[seed], &n[seed], &scale));
        assert_true(fabs((double)n[seed] / N - 0.3) < 0.02);
        for (size_t i = 1; i < n[seed]; i++)
            assert_true((uint32_t)record[seed][i] > (uint32_t)record[seed][i - 1]);
    }
    assert_true(n[0] != n[1] || memcmp(record[0], record[1], n[0] * sizeof record[0][0]) != 0);
    vouch_ctx_free(ctx);
}

/* Splits. */

typedef struct leaf_case {
    int64_t hist[BINS];
    uint32_t count[BINS];
    vouch__gbdt_node node;
    vouch__gbdt_input input;
} leaf_case;

static leaf_case random_leaf(size_t n_bins)
{
    leaf_case c = { .node = { .lo = -INFINITY,
                              .hi = INFINITY,
                              .l2 = 50.0,
                              .least_h = 1.0,
                              .min_rows = 1,
                              .category_l2 = 20.0,
                              .category_mass = 0.0 } };
    for (size_t b = 0; b < n_bins; b++) {
        uint32_t rows = seeded() < 0.25 ? 0 : (uint32_t)(1 + seeded_below(30));
        for (uint32_t i = 0; i < rows; i++)
            c.hist[b] += pack((int64_t)seeded_below(4001) - 2000 + (b % 3 == 0 ? 700 : -300),
                              1 + (int64_t)seeded_below(60));
        c.count[b] = rows;
        c.node.sum += c.hist[b];
        c.node.n += rows;
    }
    c.input.n_bins = n_bins;
    c.node.parent = vouch__gbdt_score(&c.node, c.node.sum, c.node.l2);
    return c;
}

static double two_scores(const leaf_case *c, int64_t left, double l2)
{
    return vouch__gbdt_score(&c->node, left, l2) + vouch__gbdt_score(&c->node, c->node.sum - left, l2);
}

/* Every threshold, both sides for the missing; children with rows and curvature enough, outputs in order. */
static double best_by_definition(const leaf_case *c, bool *out_found)
{
    double best = c->node.parent;
    *out_found = false;
    for (int missing_left = 0; missing_left < 2; missing_left++)
        for (size_t b = 1; b < c->input.n_bins; b++) {
            int64_t left = missing_left ? c->hist[0] : 0;
            size_t rows = missing_left ? c->count[0] : 0;
            bool is_apart = b + 1 < c->input.n_bins;
            if (!is_apart && missing_left)
                continue;
            for (size_t k = 1; k <= b; k++) {
                left += c->hist[k];
                rows += c->count[k];
            }
            double h = vouch__sum_h(left), rest = vouch__sum_h(c->node.sum - left);
            double rise = vouch__gbdt_output(&c->node, c->node.sum - left) -
                          vouch__gbdt_output(&c->node, left);
            if (h < c->node.least_h || rest < c->node.least_h || rows < c->node.min_rows ||
                c->node.n - rows < c->node.min_rows || (is_apart && rise * c->input.monotone < 0.0))
                continue;
            if (two_scores(c, left, c->node.l2) > best) {
                best = two_scores(c, left, c->node.l2);
                *out_found = true;
            }
        }
    return best;
}

static bool same(const void *a, const void *b, size_t bytes) { return memcmp(a, b, bytes) == 0; }

/* By every path; they find the same. */
static bool find_number(const leaf_case *c, vouch__gbdt_split *split)
{
    int64_t hist[BINS + 8] = { 0 }, sum[BINS + 8];
    bool is_found = false;
    *split = (vouch__gbdt_split){ .score = 0.0 };
    memcpy(hist, c->hist, sizeof c->hist);
    for (vouch__gbdt_path path = VOUCH__GBDT_PORTABLE; path < VOUCH__GBDT_PATHS; path++) {
        const vouch__gbdt_kernels *kernels = vouch__gbdt_kernels_of(path);
        vouch__gbdt_split one = { .score = c->node.parent };
        if (!kernels)
            continue;
        kernels->running(hist, NULL, (c->input.n_bins + 7) / 8 * 8, sum);
        bool here = vouch__gbdt_find_number(kernels, &c->input, &c->node, hist, sum, c->count, &one);
        assert_true(path == VOUCH__GBDT_PORTABLE || here == is_found);
        assert_true(path == VOUCH__GBDT_PORTABLE || (one.left == split->left && one.bin == split->bin));
        assert_true(path == VOUCH__GBDT_PORTABLE || (same(&one.score, &split->score, sizeof one.score) &&
                                                     one.default_left == split->default_left));
        is_found = here;
        *split = one;
    }
    return is_found;
}

static void the_best_threshold_is_found(void **state)
{
    (void)state;
    size_t found = 0;
    for (int round = 0; round < 3000; round++) {
        leaf_case c = random_leaf(1 + seeded_below(BINS - 1));
        vouch__gbdt_split split;
        bool is_there;
        if (c.node.n == 0)
            continue;
        c.node.least_h = 1.0 + floor(seeded() * 200.0);
        c.node.min_rows = 1 + seeded_below(40);
        c.input.monotone = (int)seeded_below(3) - 1;
        if (seeded() < 0.3) {
            c.node.lo = -5.0 * seeded();
            c.node.hi = c.node.lo + 6.0 * seeded();
            c.node.parent = vouch__gbdt_score(&c.node, c.node.sum, c.node.l2);
        }
        double best = best_by_definition(&c, &is_there);
        assert_true(find_number(&c, &split) == is_there);
        if (!is_there)
            continue;
        found++;
        assert_close(split.score, best, 1e-12);
        int64_t left = split.default_left && vouch__sum_h(c.hist[0]) > 0.0 ? c.hist[0] : 0;
        for (uint32_t b = 1; b <= split.bin; b++)
            left += c.hist[b];
        assert_true(left == split.left);
    }
    assert_true(found > 500);
}

static void a_set_says_what_its_sum_says(void **state)
{
    (void)state;
    size_t found = 0;
    for (int round = 0; round < 3000; round++) {
        leaf_case c = random_leaf(2 + seeded_below(seeded() < 0.5 ? 4 : BINS - 2));
        vouch__gbdt_split split;
        int64_t left = 0;
        size_t rows = 0;
        if (c.node.n == 0)
            continue;
        c.input.is_category = true;
        c.node.least_h = 1.0 + floor(seeded() * 100.0);
        c.node.min_rows = 1 + seeded_below(30);
        c.node.category_mass = seeded() < 0.5 ? 0.0 : 200.0 * seeded();
        split = (vouch__gbdt_split){ .score = c.node.parent };
        if (!vouch__gbdt_find_category(&c.input, &c.node, c.hist, c.count, &split))
            continue;
        found++;
        for (size_t b = 0; b < c.input.n_bins; b++)
            if (split.set[b / 32] >> (b % 32) & 1) {
                left += c.hist[b];
                rows += c.count[b];
            }
        assert_true(left == split.left);
        assert_true(split.default_left == (split.set[0] & 1));
        assert_true(rows >= c.node.min_rows && c.node.n - rows >= c.node.min_rows);
        assert_true(vouch__sum_h(left) >= c.node.least_h);
        assert_true(vouch__sum_h(c.node.sum - left) >= c.node.least_h);
        assert_true(split.score > c.node.parent);
        assert_true(two_scores(&c, left, c.node.l2) >= split.score * (1.0 - 1e-12));
    }
    assert_true(found > 500);
}

/* Without smoothing, missing values or a penalty, a prefix of the order is the best of all sets. */
static void no_set_of_categories_beats_the_one_found(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        leaf_case c = random_leaf(6 + seeded_below(5));
        vouch__gbdt_split split;
        size_t n = c.input.n_bins;
        c.node.sum -= c.hist[0];
        c.node.n -= c.count[0];
        c.hist[0] = c.count[0] = 0;
        c.node.l2 = c.node.category_l2 = 0.0;
        if (vouch__sum_h(c.node.sum) <= 0.0)
            continue;
        size_t present = 0;
        for (size_t b = 1; b < n; b++)
            present += c.count[b] > 0;
        if (present <= 4)
            continue;
        c.input.is_category = true;
        c.node.parent = vouch__gbdt_score(&c.node, c.node.sum, 0.0);
        split = (vouch__gbdt_split){ .score = c.node.parent };
        bool is_found = vouch__gbdt_find_category(&c.input, &c.node, c.hist, NULL, &split);
        double best = c.node.parent;
        for (unsigned set = 1; set + 1 < 1u << (n - 1); set++) {
            int64_t left = 0;
            for (size_t b = 1; b < n; b++)
                left += set >> (b - 1) & 1 ? c.hist[b] : 0;
            if (vouch__sum_h(left) >= 1.0 && vouch__sum_h(c.node.sum - left) >= 1.0)
                best = fmax(best, two_scores(&c, left, 0.0));
        }
        assert_true(is_found);
        assert_close(split.score, best, 1e-12);
    }
}

/* Divided in pieces of every length, as tasks do. */
static void a_partition_keeps_the_order(void **state)
{
    (void)state;
    enum { N = 9000 };
    static uint8_t column[N + VOUCH__GBDT_PAD];
    static vouch__record record[N + VOUCH__GBDT_PAD], out[N];
    uint16_t side[N / 16 + 1];
    uint32_t set[VOUCH__GBDT_WORDS];
    for (size_t k = 0; k < VOUCH__GBDT_WORDS; k++)
        set[k] = (uint32_t)seeded_below(UINT32_MAX);
    for (size_t i = 0; i < N; i++) {
        column[i] = (uint8_t)seeded_below(256);
        record[i] = (uint64_t)seeded_below(UINT32_MAX) << 32 | seeded_below(N);
    }
    for (vouch__gbdt_path path = VOUCH__GBDT_PORTABLE; path < VOUCH__GBDT_PATHS; path++) {
        const vouch__gbdt_kernels *kernels = vouch__gbdt_kernels_of(path);
        for (size_t n = 1, from = 0; kernels && from + n < N; from += n, n++) {
            size_t n_left = kernels->sides(column, set, record + from, n, side), left = 0, right = 0;
            memset(out, 0, sizeof out);
            kernels->move(record + from, n, side, out, n_left + 1);
            for (size_t i = 0; i < n; i++) {
                size_t bin = column[(uint32_t)record[from + i]];
                bool goes = set[bin / 32] >> (bin % 32) & 1;
                assert_true(out[goes ? left++ : n_left + 1 + right++] == record[from + i]);
            }
            assert_int_equal(left, n_left);
            assert_true(out[n_left] == 0 && out[n + 1] == 0); /* and nothing else is written */
        }
    }
}

static void every_path_gives_the_same_sums_and_records(void **state)
{
    (void)state;
    enum { N = 1003, SUMS = 64 };
    static double score[N], target[N];
    static float g[2][N], h[2][N];
    static vouch__record record[2][N];
    int64_t hist[2][SUMS], small[SUMS], sum[2][SUMS], total[2];
    for (size_t i = 0; i < N; i++) {
        score[i] = seeded_normal() * (i % 5 == 0 ? 60.0 : 2.0);
        target[i] = (double)seeded_below(2);
    }
    for (vouch__gbdt_path path = VOUCH__GBDT_PORTABLE; path < VOUCH__GBDT_PATHS; path++) {
        const vouch__gbdt_kernels *kernels = vouch__gbdt_kernels_of(path);
        size_t to = path != VOUCH__GBDT_PORTABLE;
        if (!kernels)
            continue;
        kernels->logistic(N, score, target, g[to], h[to]);
        total[to] = kernels->records(N, 77, g[to], h[to], 30000.0f, 200000.0f, record[to]);
        for (size_t b = 0; b < SUMS; b++) {
            hist[to][b] = pack((int64_t)b * 31 - 900, (int64_t)b * 7);
            small[b] = pack((int64_t)b * 3 - 70, (int64_t)b);
        }
        kernels->running(hist[to], small, SUMS, sum[to]);
        assert_true(total[to] == total[0] && memcmp(sum[to], sum[0], sizeof sum[0]) == 0);
        assert_true(same(g[to], g[0], sizeof g[0]) && same(h[to], h[0], sizeof h[0]));
        assert_true(memcmp(record[to], record[0], sizeof record[0]) == 0);
        assert_true(memcmp(hist[to], hist[0], sizeof hist[0]) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_lie_midway_between_few_values),
        cmocka_unit_test(many_values_fill_bins_evenly),
        cmocka_unit_test(gradients_are_the_losses),
        cmocka_unit_test(a_sample_is_its_share_and_its_seed_s),
        cmocka_unit_test(the_best_threshold_is_found),
        cmocka_unit_test(a_set_says_what_its_sum_says),
        cmocka_unit_test(no_set_of_categories_beats_the_one_found),
        cmocka_unit_test(a_partition_keeps_the_order),
        cmocka_unit_test(every_path_gives_the_same_sums_and_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

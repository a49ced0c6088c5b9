/* Model files: written and read to the same bits, and every kind of damage is told apart. */
#include "base/file.h"
#include "base/hash.h"
#include "check.h"
#include "fit_kit.h"
#include "forest.h"
#include "models/trees_io.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 120, COLS = 3, HEADER = 20, LENGTH_AT = 12 };
static const bool is_text[] = { false, true, false };
static double x[N * COLS], y[N];

static vouch_status make_with(vouch_ctx *ctx, const char *kind, const char *params, vouch_table **out_table,
                              vouch_model **out_model)
{
    for (size_t i = 0; i < N; i++) {
        x[i * COLS] = i % 11 == 3 ? NAN : (double)(i * 7 % 23);
        x[i * COLS + 1] = (double)(i % 5);
        x[i * COLS + 2] = (double)(i % 17) - 8.0;
        y[i] = i * 7 % 23 > 12 ? i % 3 != 0 : i % 5 == 0;
    }
    vouch_status status = kit_table(ctx, N, COLS, x, is_text, out_table);
    const kit_fit spec = { .kind = kind, .params = params, .table = *out_table, .n_train = N, .target = y };
    return status ? status : kit_model(ctx, &spec, out_model);
}

static vouch_status make(vouch_ctx *ctx, const char *kind, vouch_table **out_table, vouch_model **out_model)
{
    const char *params = strcmp(kind, "gbdt") == 0 ? "{trees: 3, min_child_rows: 5}" : NULL;
    return make_with(ctx, kind, params, out_table, out_model);
}

static void what_a_probability_is_follows_loss_and_link(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *params;
        vouch__scale scale;
    } cases[] = { { "scorecard", NULL, VOUCH__SCALE_SHARE },
                  { "rules", NULL, VOUCH__SCALE_SHARE },
                  { "tree", "{loss: squared}", VOUCH__SCALE_MEAN },
                  { "gam", "{loss: poisson, rounds: 5}", VOUCH__SCALE_LOG },
                  { "gbdt", "{trees: 2}", VOUCH__SCALE_SHARE },
                  { "gbdt", "{trees: 2, loss: tweedie}", VOUCH__SCALE_LOG },
                  { "gbdt", "{trees: 2, loss: quantile}", VOUCH__SCALE_MEAN },
                  { "glm", "{link: cloglog}", VOUCH__SCALE_SHARE },
                  { "glm", "{family: poisson}", VOUCH__SCALE_LOG },
                  { "glm", "{family: gaussian}", VOUCH__SCALE_MEAN } };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        vouch_table *table = NULL;
        vouch_model *model = NULL;
        vouch_ctx *ctx = vouch_ctx_new(NULL);
        assert_ok(ctx, make_with(ctx, cases[k].kind, cases[k].params, &table, &model));
        assert_int_equal(vouch__model_scale(model), cases[k].scale);
        vouch_model_free(model);
        vouch_table_unref(table);
        vouch_ctx_free(ctx);
    }
}

static void a_file_gives_back_the_same_model(void **state)
{
    (void)state;
    const char *name[16];
    size_t n = vouch__kind_names(name, 16);
    for (size_t k = 0; k < n; k++) {
        vouch_table *table = NULL;
        vouch_model *model = NULL, *again = NULL;
        double before[N], after[N];
        char *told[2];
        const char *path = test_path("model.vouch");
        vouch_ctx *ctx = vouch_ctx_new(NULL);
        assert_ok(ctx, make(ctx, name[k], &table, &model));
        assert_ok(ctx, vouch_model_save(ctx, model, path));
        assert_ok(ctx, vouch_model_load(ctx, path, &again));
        assert_string_equal(vouch_model_fingerprint(again), vouch_model_fingerprint(model));
        assert_string_equal(vouch_model_kind_name(again), name[k]);
        assert_string_equal(vouch_model_name(again), "test");
        assert_int_equal(vouch_model_inputs(again), COLS);
        assert_string_equal(vouch_model_input_name(again, 1), "x1");
        assert_ok(ctx, vouch_model_score(ctx, model, table, before, NULL, NULL));
        assert_ok(ctx, vouch_model_score(ctx, again, table, after, NULL, NULL));
        assert_memory_equal(before, after, sizeof before);
        assert_ok(ctx, vouch_model_describe(ctx, model, &told[0]));
        assert_ok(ctx, vouch_model_describe(ctx, again, &told[1]));
        assert_string_equal(told[0], told[1]);
        vouch_text_free(ctx, told[0]);
        vouch_text_free(ctx, told[1]);
        vouch_model_free(model);
        vouch_model_free(again);
        vouch_table_unref(table);
        vouch_ctx_free(ctx);
    }
}

/* A file of the first format: it loads, its scores are those of a reader written from the documentation, and
 * fitting the same rows again gives the same trees, whatever the compiler and processor. A change of results
 * or of the format shows here. */
static void the_first_format_is_kept(void **state)
{
    (void)state;
    static const char folder[] = VOUCH_TEST_ROOT "/golden/models/";
    char path[512];
    vouch_table *table = NULL;
    vouch_model *model = NULL, *kept = NULL;
    vouch__doc *doc = NULL;
    vouch__buf text;
    double raw[N];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    (void)snprintf(path, sizeof path, "%sgbdt_1.vouch", folder);
    assert_ok(ctx, vouch_model_load(ctx, path, &kept));
    (void)snprintf(path, sizeof path, "%sgbdt.json", folder);
    assert_ok(ctx, vouch__file_read(ctx, path, 1 << 20, &text));
    assert_ok(ctx, vouch__json_read(ctx, path, text.at, text.len, 1 << 20, &doc));
    const vouch__json *golden = vouch__doc_root(doc);
    assert_string_equal(vouch_model_fingerprint(kept),
                        vouch__json_string(vouch__json_get(golden, "fingerprint")));
    assert_ok(ctx, make(ctx, "gbdt", &table, &model));
    vouch__buf trees[2];
    for (int k = 0; k < 2; k++) {
        vouch__buf_init(ctx, &trees[k], 1 << 24);
        vouch__trees_put(vouch__model_trees(k ? model : kept), &trees[k]);
        assert_ok(ctx, vouch__buf_status(ctx, &trees[k]));
    }
    assert_int_equal(trees[0].len, trees[1].len);
    assert_memory_equal(trees[0].at, trees[1].at, trees[0].len);
    vouch__buf_free(&trees[0]);
    vouch__buf_free(&trees[1]);
    assert_ok(ctx, vouch_model_score(ctx, kept, table, raw, NULL, NULL));
    for (size_t i = 0; i < N; i++)
        assert_close(raw[i], vouch__json_double(vouch__json_at(vouch__json_get(golden, "raw"), i), NAN), 0);
    vouch__doc_free(doc);
    vouch__buf_free(&text);
    vouch_model_free(model);
    vouch_model_free(kept);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void refused(vouch_ctx *ctx, const uint8_t *bytes, size_t len, vouch_status want, const char *words)
{
    vouch_model *model = NULL;
    assert_status(ctx, vouch_model_read(ctx, bytes, len, &model), want);
    assert_error_has(ctx, words);
    assert_null(model);
}

/* Give changed bytes the length and hash that fit them. */
static void put_right(vouch_ctx *ctx, uint8_t *bytes, size_t len)
{
    for (int i = 0; i < 8; i++)
        bytes[LENGTH_AT + i] = (uint8_t)((uint64_t)(len - HEADER - VOUCH__HASH) >> (8 * i));
    assert_ok(ctx, vouch__hash(ctx, bytes, len - VOUCH__HASH, bytes + len - VOUCH__HASH));
}

static void damage_is_named(void **state)
{
    (void)state;
    vouch_table *table = NULL;
    vouch_model *model = NULL;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    assert_ok(ctx, make(ctx, "gbdt", &table, &model));
    size_t len = model->file_len;
    uint8_t *bytes = test_malloc(len + 1);
    for (size_t at = 0; at < len; at++) { /* every byte, one bit */
        vouch_model *never = NULL;
        memcpy(bytes, model->file, len);
        bytes[at] ^= (uint8_t)(1u << (at % 8));
        vouch_status status = vouch_model_read(ctx, bytes, len, &never);
        assert_true(status == (at < LENGTH_AT ? VOUCH_E_FORMAT : VOUCH_E_CORRUPT));
        assert_null(never);
    }
    for (size_t cut = 0; cut < len; cut++)
        refused(ctx, model->file, cut, cut < 8 ? VOUCH_E_FORMAT : VOUCH_E_CORRUPT,
                cut < 8 ? "not a" : "bytes");
    memcpy(bytes, model->file, len);
    bytes[8] = 9;
    refused(ctx, bytes, len, VOUCH_E_FORMAT, "model file is format 9, this vouch reads 1");
    memcpy(bytes, model->file, len);
    bytes[len] = 0;
    refused(ctx, bytes, len + 1, VOUCH_E_CORRUPT, "its header does not say so");
    refused(ctx, (const uint8_t *)"{\"json\": true, \"and\": \"long enough to have a header\"}", 52,
            VOUCH_E_FORMAT, "not a model file");
    memcpy(bytes, model->file, len);
    bytes[24] = 'x'; /* the kind's name, after its length */
    put_right(ctx, bytes, len);
    refused(ctx, bytes, len, VOUCH_E_FORMAT, "model file is of kind 'xbdt', which this vouch lacks");
    memcpy(bytes, model->file, len);
    bytes[28] = 7;
    put_right(ctx, bytes, len);
    refused(ctx, bytes, len, VOUCH_E_FORMAT, "model file holds gbdt version 7, this vouch reads 2");
    test_free(bytes);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* With the hash put right, any other byte gives a model that is the file, or a refusal. */
static void a_changed_file_with_a_right_hash_is_sound_or_refused(void **state)
{
    (void)state;
    const char *name[16];
    size_t n = vouch__kind_names(name, 16), accepted = 0;
    for (size_t k = 0; k < n; k++) {
        vouch_table *table = NULL;
        vouch_model *model = NULL;
        double raw[N];
        vouch_ctx *ctx = vouch_ctx_new(NULL);
        assert_ok(ctx, make(ctx, name[k], &table, &model));
        size_t len = model->file_len;
        uint8_t *bytes = test_malloc(len);
        for (int round = 0; round < 1500; round++) {
            vouch_model *changed = NULL;
            size_t m = seeded() < 0.2 ? HEADER + VOUCH__HASH + seeded_below(len - HEADER - VOUCH__HASH) : len;
            memcpy(bytes, model->file, m);
            for (size_t c = 1 + seeded_below(2); c > 0; c--)
                bytes[HEADER + seeded_below(m - HEADER)] = seeded() < 0.5 ? (uint8_t)seeded_below(256)
                                                                          : (uint8_t)seeded_below(4);
            put_right(ctx, bytes, m);
            if (vouch_model_read(ctx, bytes, m, &changed) == VOUCH_OK) {
                assert_int_equal(changed->file_len, m);
                assert_memory_equal(changed->file, bytes, m);
                if (vouch_model_score(ctx, changed, table, raw, NULL, NULL) == VOUCH_OK)
                    accepted++; /* its inputs still have the table's names */
            } else {
                assert_true(vouch_ctx_error(ctx)[0] != '\0');
            }
            vouch_model_free(changed);
        }
        test_free(bytes);
        vouch_model_free(model);
        vouch_table_unref(table);
        vouch_ctx_free(ctx);
    }
    assert_true(accepted > 100);
}

static void forests_are_read_as_they_were_written(void **state)
{
    (void)state;
    enum { NUMBERS = 3, INPUTS = 5, ROWS = 50 };
    vouch__input input[INPUTS] = { { .name = NULL } };
    vouch__inputs inputs = { .n = INPUTS, .at = input };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t j = NUMBERS; j < INPUTS; j++) {
        input[j].is_category = true;
        input[j].n_categories = FOREST_CATEGORIES;
    }
    for (int round = 0; round < 50; round++) {
        vouch__trees trees = forest_random(NUMBERS, INPUTS - NUMBERS, 1 + seeded_below(5),
                                           1 + seeded_below(20));
        vouch__trees again;
        vouch__buf first, second;
        double row[ROWS * INPUTS];
        vouch__buf_init(ctx, &first, 0);
        vouch__buf_init(ctx, &second, 0);
        vouch__trees_put(&trees, &first);
        vouch__wire in = { (const uint8_t *)first.at, first.len, false };
        bool is_even = true; /* a generator may use sets of other lengths than the categories */
        for (size_t i = 0; i < trees.n_nodes; i++)
            is_even = is_even && (!trees.node[i].is_category || trees.node[i].left < 0 ||
                                  trees.node[i].n_bits == FOREST_CATEGORIES);
        vouch_status status = vouch__trees_get(ctx, &inputs, &in, &again);
        if (is_even) {
            assert_ok(ctx, status);
            vouch__trees_put(&again, &second);
            assert_int_equal(first.len, second.len);
            assert_memory_equal(first.at, second.at, first.len);
            forest_rows(&trees, NUMBERS, ROWS, row);
            for (size_t i = 0; i < ROWS; i++)
                assert_close(forest_raw(&again, row + i * INPUTS), forest_raw(&trees, row + i * INPUTS), 0);
            vouch__trees_clear(vouch__allocator(ctx), &again);
        } else {
            assert_status(ctx, status, VOUCH_E_FORMAT);
        }
        vouch__buf_free(&first);
        vouch__buf_free(&second);
        forest_free(&trees);
    }
    vouch_ctx_free(ctx);
}

static void forest_refused(vouch_ctx *ctx, vouch__node *node, size_t n, const char *words)
{
    vouch__input input[2] = { { .name = NULL }, { .is_category = true, .n_categories = 3 } };
    vouch__inputs inputs = { .n = 2, .at = input };
    uint32_t root[] = { 0, (uint32_t)n }, bits[] = { 5 };
    vouch__trees trees = { 2, 1, n, 1, root, node, bits, 0.5 }, again;
    vouch__buf buf;
    vouch__buf_init(ctx, &buf, 0);
    vouch__trees_put(&trees, &buf);
    vouch__wire in = { (const uint8_t *)buf.at, buf.len, false };
    assert_status(ctx, vouch__trees_get(ctx, &inputs, &in, &again), VOUCH_E_FORMAT);
    assert_error_has(ctx, words);
    vouch__buf_free(&buf);
}

static void unsound_trees_are_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const vouch__node leaf = { .left = -1, .right = -1, .value = 1, .cover = 1 };
    const vouch__node split = { .left = 1, .right = 2, .cover = 2, .threshold = 1 };
    vouch__node t[3] = { split, leaf, leaf };
    t[0].right = 1;
    forest_refused(ctx, t, 3, "node 0 of tree 0 has no place for its children");
    t[0].right = 3;
    forest_refused(ctx, t, 3, "has no place for its children");
    t[0] = split;
    t[0].left = 0;
    forest_refused(ctx, t, 3, "has no place for its children");
    t[0] = split;
    t[0].input = 2;
    forest_refused(ctx, t, 3, "splits on an input that is not there");
    t[0].input = 1;
    forest_refused(ctx, t, 3, "compares a category with a number");
    t[0].input = 0;
    t[0].is_category = true;
    t[0].n_bits = 3;
    forest_refused(ctx, t, 3, "splits on categories that its input has not");
    t[0].input = 1;
    t[0].n_bits = 2;
    forest_refused(ctx, t, 3, "splits on categories that its input has not");
    t[0] = split;
    t[0].threshold = NAN;
    forest_refused(ctx, t, 3, "has no threshold");
    t[0] = split;
    t[1].value = INFINITY;
    forest_refused(ctx, t, 3, "node 1 of tree 0 has no finite value");
    t[1] = leaf;
    t[2].cover = 0;
    forest_refused(ctx, t, 3, "node 2 of tree 0 has no cover");
    t[2] = leaf;
    t[0] = leaf;
    forest_refused(ctx, t, 3, "node 1 of tree 0 has no parent");
    vouch__node chain[2 * VOUCH__TREE_DEPTH + 3];
    for (int32_t i = 0; i <= 2 * VOUCH__TREE_DEPTH; i += 2) {
        chain[i] = split;
        chain[i].left = i + 1;
        chain[i].right = i + 2;
        chain[i + 1] = chain[i + 2] = leaf;
    }
    forest_refused(ctx, chain, 2 * VOUCH__TREE_DEPTH + 3, "is too deep");
    vouch_ctx_free(ctx);
}

static vouch_status there_and_back(vouch_ctx *ctx, void *arg)
{
    const vouch_model *model = arg;
    vouch_model *again = NULL;
    vouch_status status = vouch_model_read(ctx, model->file, model->file_len, &again);
    vouch_model_free(again);
    return status;
}

static void reading_survives_every_allocation_failure(void **state)
{
    (void)state;
    vouch_table *table = NULL;
    vouch_model *model = NULL;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    assert_ok(ctx, make(ctx, "gbdt", &table, &model));
    sweep_allocations(there_and_back, model, 0);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_probability_is_follows_loss_and_link),
        cmocka_unit_test(a_file_gives_back_the_same_model),
        cmocka_unit_test(the_first_format_is_kept),
        cmocka_unit_test(damage_is_named),
        cmocka_unit_test(a_changed_file_with_a_right_hash_is_sound_or_refused),
        cmocka_unit_test(forests_are_read_as_they_were_written),
        cmocka_unit_test(unsound_trees_are_refused),
        cmocka_unit_test(reading_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* ONNX tree ensembles: what ONNX Runtime gives for them in every bit, on every path; what is refused and why.
 */
#include "check.h"
#include "golden.h"

#include "models/forest/forest.h"
#include "models/import/proto.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLS = 4 };

static double *rows_of(const vouch__json *list, size_t *out_n)
{
    double *x = calloc(list->len * COLS, sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < list->len * COLS; i++) {
        const vouch__json *value = vouch__json_at(vouch__json_at(list, i / COLS), i % COLS);
        const char *text = vouch__json_string(value);
        x[i] = !text ? vouch__json_double(value, NAN) : text[0] == '-' ? -INFINITY : INFINITY;
    }
    *out_n = list->len;
    return x;
}

static vouch_model *import(vouch_ctx *ctx, const char *name, int output)
{
    char path[512];
    vouch_model *model = NULL;
    vouch_import_options options = { .output = output };
    (void)snprintf(path, sizeof path, VOUCH_TEST_ROOT "/golden/trees/%s", name);
    assert_ok(ctx, vouch_model_import(ctx, path, &options, &model));
    return model;
}

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static size_t differing(const vouch__forest *f, const double *x, size_t n, const double *want,
                        double tolerance)
{
    size_t outputs = vouch__forest_outputs(f), bad = 0;
    double *one = calloc(VOUCH__GROUPS_MAX, sizeof *one);
    assert_non_null(one);
    for (size_t i = 0; i < n; i++) {
        vouch__forest_raw(f, x + i * COLS, one);
        vouch__forest_transform(f, one);
        for (size_t g = 0; g < outputs; g++) {
            double w = want[i * outputs + g];
            bad += tolerance > 0.0 ? !(fabs(one[g] - w) <= tolerance * fabs(w))
                                   : bits_of(one[g]) != bits_of(w);
        }
    }
    free(one);
    return bad;
}

static void predictions_are_equal_in_every_bit_on_every_path(void **state)
{
    (void)state;
    const vouch__json *all = golden("trees/onnx.json"), *cases = golden_at(all, "cases");
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    size_t n;
    double *x = rows_of(golden_at(all, "rows"), &n);
    for (const vouch__json *one = cases->first; one; one = one->next) {
        vouch_model *model = import(ctx, golden_text(one, "model"), 0);
        vouch__forest *f = model->state;
        const vouch__json *tolerance = vouch__json_get(one, "tolerance");
        double *want = golden_array(one, "predictions", NULL),
               within = tolerance ? vouch__json_double(tolerance, 0) : 0;
        size_t bad = 0;
        assert_int_equal(vouch__forest_outputs(f), (size_t)golden_number(one, "outputs"));
        for (int p = 0; p < VOUCH__ENGINE_PATHS; p++)
            if (vouch__engine_use(f->engine, (vouch__engine_path)p))
                bad += differing(f, x, n, want, within);
        if (bad)
            print_error("%s: %zu predictions differ\n", golden_text(one, "model"), bad);
        assert_int_equal(bad, 0);
        vouch_model_free(model);
    }
    free(x);
    vouch_ctx_free(ctx);
}

static void probability_is_of_the_class_named_bad(void **state)
{
    (void)state;
    static const char *const name[] = { "onnx_boosting.onnx", "onnx_forest.onnx", "onnx_forest_classes.onnx",
                                        "onnx_boosting_classes.onnx" };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        vouch_model *model = import(ctx, name[i], 2 * (i > 1));
        const vouch__forest *f = model->state;
        double row[COLS] = { 0.3, -1.2, 0.7, 3.0 }, both[8], raw, probability;
        vouch__matrix x = { row, 1, COLS };
        model->kind->predict(f, x, &raw);
        model->kind->probabilities(f, x, &raw, &probability);
        vouch__forest_raw(f, row, both);
        vouch__forest_transform(f, both);
        assert_close(probability, both[i > 1 ? 2 : 1], 0.0);
        vouch_model_free(model);
    }
    vouch_ctx_free(ctx);
}

static void a_mean_of_trees_is_kept_through_a_model_file(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_model *model = import(ctx, "onnx_modes_average.onnx", -1), *again = NULL;
    assert_ok(ctx, vouch_model_read(ctx, model->file, model->file_len, &again));
    double row[COLS] = { 0.3, -1.2, 0.7, 2.0 }, a, b;
    model->kind->predict(model->state, (vouch__matrix){ row, 1, COLS }, &a);
    again->kind->predict(again->state, (vouch__matrix){ row, 1, COLS }, &b);
    assert_true(a == b && ((const vouch__forest *)again->state)->is_divided);
    vouch_model_free(model);
    vouch_model_free(again);
    vouch_ctx_free(ctx);
}

/* A model made by hand, field by field, to be broken one way at a time. */

typedef struct wire {
    uint8_t at[4096];
    size_t len;
} wire;

static void put_bytes(wire *w, const void *bytes, size_t len)
{
    assert_true(w->len + len <= sizeof w->at);
    memcpy(w->at + w->len, bytes, len);
    w->len += len;
}

static void put_varint(wire *w, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)((value & 0x7F) | (value > 0x7F ? 0x80 : 0));
        put_bytes(w, &byte, 1);
        value >>= 7;
    } while (value);
}

static void put_int(wire *w, uint32_t field, uint64_t value)
{
    put_varint(w, field << 3);
    put_varint(w, value);
}

static void put_inside(wire *w, uint32_t field, const void *bytes, size_t len)
{
    put_varint(w, field << 3 | 2);
    put_varint(w, len);
    put_bytes(w, bytes, len);
}

static void put_text(wire *w, uint32_t field, const char *text) { put_inside(w, field, text, strlen(text)); }

typedef struct spec { /* a stump of three nodes on feature 0, and what is wrong with it */
    const char *op, *before, *after, *mode, *post, *aggregate, *extra;
    int64_t yes, no, feature, outputs, leaf, output, opset, type, width;
    float value, weight;
    size_t n_values;
} spec;

#define WITH(...)                                                                                            \
    &(const spec)                                                                                            \
    {                                                                                                        \
        .op = "TreeEnsembleRegressor", .mode = "BRANCH_LEQ", .post = "NONE", .aggregate = "SUM", .yes = 1,   \
        .no = 2, .outputs = 1, .leaf = 1, .opset = 3, .type = 1, .width = 2, .value = 0.5F, .weight = 1.0F,  \
        .n_values = 3, __VA_ARGS__                                                                           \
    }

static void put_ints(wire *node, const char *name, const int64_t *value, size_t n)
{
    wire a = { .len = 0 };
    put_text(&a, 1, name);
    for (size_t i = 0; i < n; i++)
        put_int(&a, 8, (uint64_t)value[i]);
    put_inside(node, 5, a.at, a.len);
}

static void put_floats(wire *node, const char *name, const float *value, size_t n)
{
    wire a = { .len = 0 }, packed = { .len = 0 };
    put_text(&a, 1, name);
    put_bytes(&packed, value, n * sizeof *value);
    put_inside(&a, 7, packed.at, packed.len);
    put_inside(node, 5, a.at, a.len);
}

static void put_word(wire *node, const char *name, const char *word)
{
    wire a = { .len = 0 };
    put_text(&a, 1, name);
    put_text(&a, 4, word);
    put_inside(node, 5, a.at, a.len);
}

static void put_trees(wire *graph, const spec *s)
{
    wire node = { .len = 0 }, modes = { .len = 0 }, count = { .len = 0 };
    put_text(&node, 1, "x");
    put_text(&node, 2, "z");
    put_text(&node, 4, s->op);
    put_text(&node, 7, "ai.onnx.ml");
    put_ints(&node, "nodes_treeids", (int64_t[]){ 0, 0, 0 }, 3);
    put_ints(&node, "nodes_nodeids", (int64_t[]){ 0, 1, 2 }, 3);
    put_ints(&node, "nodes_featureids", (int64_t[]){ s->feature, 0, 0 }, 3);
    put_ints(&node, "nodes_truenodeids", (int64_t[]){ s->yes, 0, 0 }, 3);
    put_ints(&node, "nodes_falsenodeids", (int64_t[]){ s->no, 0, 0 }, 3);
    put_floats(&node, "nodes_values", (float[]){ s->value, 0, 0, 0 }, s->n_values);
    put_text(&modes, 1, "nodes_modes");
    put_text(&modes, 9, s->mode);
    put_text(&modes, 9, "LEAF");
    put_text(&modes, 9, "LEAF");
    put_inside(&node, 5, modes.at, modes.len);
    put_ints(&node, "target_treeids", (int64_t[]){ 0, 0 }, 2);
    put_ints(&node, "target_nodeids", (int64_t[]){ s->leaf, 2 }, 2);
    put_ints(&node, "target_ids", (int64_t[]){ s->output, 0 }, 2);
    put_floats(&node, "target_weights", (float[]){ s->weight, 2.0F }, 2);
    put_word(&node, "post_transform", s->post);
    put_word(&node, "aggregate_function", s->aggregate);
    put_text(&count, 1, "n_targets");
    put_int(&count, 3, (uint64_t)s->outputs);
    put_inside(&node, 5, count.at, count.len);
    if (s->extra)
        put_word(&node, s->extra, "x");
    put_inside(graph, 1, node.at, node.len);
}

static void put_step(wire *graph, const char *op, const char *in, const char *out)
{
    wire node = { .len = 0 };
    put_text(&node, 1, in);
    put_text(&node, 2, out);
    put_text(&node, 4, op);
    put_inside(graph, 1, node.at, node.len);
}

static void put_value(wire *graph, uint32_t field, const char *name, int64_t type, int64_t width)
{
    wire dims = { .len = 0 }, rows = { .len = 0 }, cols = { .len = 0 }, tensor = { .len = 0 },
         kind = { .len = 0 }, info = { .len = 0 };
    put_int(&cols, 1, (uint64_t)width);
    put_inside(&dims, 1, rows.at, 0);
    put_inside(&dims, 1, cols.at, cols.len);
    put_int(&tensor, 1, (uint64_t)type);
    put_inside(&tensor, 2, dims.at, dims.len);
    put_inside(&kind, 1, tensor.at, tensor.len);
    put_text(&info, 1, name);
    put_inside(&info, 2, kind.at, kind.len);
    put_inside(graph, field, info.at, info.len);
}

static wire made(const spec *s)
{
    wire model = { .len = 0 }, graph = { .len = 0 }, opset = { .len = 0 };
    put_int(&model, 1, 8);
    put_text(&model, 2, "by hand");
    if (s->before)
        put_step(&graph, s->before, "y", "x");
    put_trees(&graph, s);
    if (s->after)
        put_step(&graph, s->after, "z", "w");
    put_value(&graph, 11, s->before ? "y" : "x", s->type, s->width);
    put_value(&graph, 12, s->after ? "w" : "z", 1, 1);
    put_inside(&model, 7, graph.at, graph.len);
    put_text(&opset, 1, "ai.onnx.ml");
    put_int(&opset, 2, (uint64_t)s->opset);
    put_inside(&model, 8, opset.at, opset.len);
    return model;
}

static void refused(const spec *s, const char *words)
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_model *model = NULL;
    wire w = made(s);
    assert_status(ctx, vouch_model_import_bytes(ctx, "m", w.at, w.len, NULL, &model), VOUCH_E_FORMAT);
    assert_error_has(ctx, words);
    assert_null(model);
    vouch_ctx_free(ctx);
}

static void refusals_name_the_operator_or_the_attribute(void **state)
{
    (void)state;
    refused(WITH(.before = "Scaler"), "graph.node[0]: operator 'Scaler' is not read here");
    refused(WITH(.after = "Mul"), "graph.node[1]: operator 'Mul' is not read here");
    refused(WITH(.op = "SVMRegressor"), "operator 'SVMRegressor'");
    refused(WITH(.opset = 6), "ai.onnx.ml 6, at most 5 is read");
    refused(WITH(.type = 8), "elem_type 8, must be float, double");
    refused(WITH(.post = "PROBIT"), "post_transform: 'PROBIT' is not one that is read");
    refused(WITH(.post = "LOGISTIC"), "of a regressor only NONE is read");
    refused(WITH(.aggregate = "MAX"), "aggregate_function: 'MAX' is not one that is read");
    refused(WITH(.mode = "BRANCH_NEAR"), "nodes_modes: 'BRANCH_NEAR' is not one that is read");
    refused(WITH(.extra = "nodes_colour"), "attribute 'nodes_colour' of the trees is not read");
    refused(WITH(.extra = "post_transform"), "post_transform: stands twice");
    refused(WITH(.n_values = 4), "nodes_values: 4 values for 3 nodes");
    refused(WITH(.yes = 0), "2 nodes are not reached from a root"); /* its own child leaves another a root */
    refused(WITH(.yes = 2), "tree 0 has 2 roots");
    refused(WITH(.yes = 7), "nodes_truenodeids: tree 0, node 0 has a child that is not there");
    refused(WITH(.feature = 2), "nodes_featureids: feature 2 of 2");
    refused(WITH(.feature = -1), "nodes_featureids: a feature that is not there");
    refused(WITH(.outputs = 5000), "5000 n_targets for weights of outputs up to 0, at most 1024 are read");
    refused(WITH(.output = 1), "1 n_targets for weights of outputs up to 1");
    refused(WITH(.output = 1024), "at most 1024 are read");
    refused(WITH(.leaf = 0), "leaf weight 0 is of tree 0, node 0, which is no leaf");
    refused(WITH(.leaf = 2), "a leaf has two weights of output 0");
    refused(WITH(.value = NAN), "nodes_values: a value that rows cannot be compared with");
    refused(WITH(.weight = INFINITY), "has a value that is not finite");
    refused(WITH(.width = 70000), "70000 features without names");
}

static void what_stands_around_the_trees_is_passed(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (int i = 0; i < 2; i++) {
        vouch_model *model = NULL;
        wire w = made(i ? WITH(.before = "Identity", .after = "Exp") : WITH(.before = NULL));
        assert_ok(ctx, vouch_model_import_bytes(ctx, "m", w.at, w.len, NULL, &model));
        double row[2] = { 0.5, 0.0 }, raw;
        model->kind->predict(model->state, (vouch__matrix){ row, 1, 2 }, &raw);
        assert_close(raw, 1.0, 0.0);
        row[0] = 0.5 + 1e-12; /* 0.5 as float32 */
        model->kind->predict(model->state, (vouch__matrix){ row, 1, 2 }, &raw);
        assert_close(raw, 1.0, 0.0);
        row[0] = NAN; /* the test does not hold */
        model->kind->predict(model->state, (vouch__matrix){ row, 1, 2 }, &raw);
        assert_close(raw, 2.0, 0.0);
        vouch_model_free(model);
    }
    vouch_ctx_free(ctx);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    wire w = made(WITH(.before = NULL));
    for (size_t len = 0; len < w.len; len++) {
        vouch_model *model = NULL;
        vouch_import_options options = { .format = "onnx", .output = -1 };
        vouch_status status = vouch_model_import_bytes(ctx, "m", w.at, len, &options, &model);
        if (status) {
            assert_int_equal(status, VOUCH_E_FORMAT);
            continue;
        }
        assert_true(len + 20 > w.len); /* only the list of opsets, which may be short */
        vouch_model_free(model);
    }
    vouch_ctx_free(ctx);
}

static void iterations_cannot_be_cut(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_model *model = NULL;
    wire w = made(WITH(.before = NULL));
    vouch_import_options options = { .iterations = 1, .output = -1 };
    assert_status(ctx, vouch_model_import_bytes(ctx, "m", w.at, w.len, &options, &model), VOUCH_E_FORMAT);
    assert_error_has(ctx, "does not say where its iterations end");
    vouch_ctx_free(ctx);
}

static vouch_status import_all(vouch_ctx *ctx, void *arg)
{
    vouch_model *model = NULL;
    vouch_status status = vouch_model_import(ctx, arg, NULL, &model);
    vouch_model_free(model);
    return status;
}

static void inputs_get_the_names_they_are_given(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    char path[512];
    vouch_model *model = NULL;
    (void)snprintf(path, sizeof path, VOUCH_TEST_ROOT "/golden/trees/onnx_boosting.onnx");
    vouch_import_options options = { .output = 0, .inputs = "income,age,b c,d" };
    vouch_status status = vouch_model_import(ctx, path, &options, &model);
    if (status)
        fail_msg("%s", vouch_ctx_error(ctx));
    assert_string_equal(vouch_model_input_name(model, 0), "income");
    assert_string_equal(vouch_model_input_name(model, 2), "b c");
    vouch_model_free(model);
    options.inputs = "income,age,b";
    assert_status(ctx, vouch_model_import(ctx, path, &options, &model), VOUCH_E_ARG);
    assert_non_null(strstr(vouch_ctx_error(ctx), "has 4 inputs, and 3 names are given"));
    options.inputs = "income,age,age,d";
    assert_status(ctx, vouch_model_import(ctx, path, &options, &model), VOUCH_E_FORMAT);
    vouch_ctx_free(ctx);
}

static void importing_survives_every_failing_allocation(void **state)
{
    (void)state;
    char sets[] = VOUCH_TEST_ROOT "/golden/trees/onnx_lightgbm_sets.onnx";
    sweep_allocations(import_all, sets, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predictions_are_equal_in_every_bit_on_every_path),
        cmocka_unit_test(probability_is_of_the_class_named_bad),
        cmocka_unit_test(a_mean_of_trees_is_kept_through_a_model_file),
        cmocka_unit_test(refusals_name_the_operator_or_the_attribute),
        cmocka_unit_test(what_stands_around_the_trees_is_passed),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(iterations_cannot_be_cut),
        cmocka_unit_test(inputs_get_the_names_they_are_given),
        cmocka_unit_test(importing_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

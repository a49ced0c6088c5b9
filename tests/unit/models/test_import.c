/* What importers refuse and how they say it, strict and lenient input, rules at their edges, iterations, and
 * memory. */
#include "check.h"

#include "models/forest/forest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A stump on feature 0: left 1, right 2; parts to be varied. */
#define LGB(features, threshold, decision, left, extra)                                                      \
    "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=1\nobjective=binary "          \
    "sigmoid:1\n"                                                                                            \
    "feature_names=" features "\n\nTree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nthreshold=" threshold   \
    "\ndecision_type=" decision "\nleft_child=" left "\nright_child=-2\nleaf_value=1 2\nleaf_count=3 4\n"    \
    "internal_count=7\n" extra "\nend of trees\n"

#define XGB(objective, base, trees)                                                                          \
    "{\"version\":[3,4,1],\"learner\":{\"objective\":{\"name\":\"" objective "\"},\"learner_model_param\":{" \
    "\"base_score\":\"" base "\",\"num_class\":\"0\",\"num_feature\":\"2\",\"num_target\":\"1\"},"           \
    "\"attributes\":{\"best_iteration\":\"0\"},\"feature_names\":[\"income\",\"age\"],"                      \
    "\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{\"tree_info\":[0,0],\"trees\":[" trees "]}}}}"

#define XGB_TREE(left, split, extra)                                                                         \
    "{\"left_children\":[" left ",-1,-1],\"right_children\":[2,-1,-1],\"split_indices\":[0,0,0],"            \
    "\"default_left\":[1,0,0],\"split_conditions\":[" split ",0.25,0.5],\"sum_hessian\":[5,2,3]" extra "}"

static vouch_model *take(vouch_ctx *ctx, const char *text, const vouch_import_options *options)
{
    vouch_model *model = NULL;
    assert_ok(ctx, vouch_model_import_bytes(ctx, "m", text, strlen(text), options, &model));
    return model;
}

static void refused(const char *text, const char *words)
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_model *model = NULL;
    assert_status(ctx, vouch_model_import_bytes(ctx, "m", text, strlen(text), NULL, &model), VOUCH_E_FORMAT);
    assert_error_has(ctx, words);
    assert_null(model);
    vouch_ctx_free(ctx);
}

static double raw_of(const vouch_model *model, double a, double b)
{
    double row[] = { a, b }, raw;
    model->kind->predict(model->state, (vouch__matrix){ row, 1, 2 }, &raw);
    return raw;
}

static void refusals_name_the_file_the_field_and_the_fault(void **state)
{
    (void)state;
    refused("", "neither XGBoost");
    refused(XGB("binary:logistic", "5E-1", XGB_TREE("-7", "0.5", "") "," XGB_TREE("1", "0.5", "")),
            "tree 0: node 0 has a child that is not there");
    refused("tree\nversion=v9\nnum_tree_per_iteration=1\nmax_feature_idx=1\nTree=0\n",
            "import: m: version: must be v2, v3 or v4");
    refused(LGB("a b", "0.5", "2", "0", ""), "node 0 has a child that has another parent");
    refused(LGB("a b", "0.5", "2", "5", ""), "left_child names a node that is not there");
    refused(LGB("a b", "nan", "2", "-1", ""), "threshold that is not a number");
    refused(LGB("a b", "x", "2", "-1", ""), "tree 0: threshold[0] is 'x', must be a number");
    refused(LGB("a b", "0 1", "2", "-1", ""), "threshold has 2 values, must have 1");
    refused(LGB("a b", "0.5", "64", "-1", ""), "decision_type is of no known type");
    refused(LGB("a b", "3", "1", "-1", ""), "threshold names a set of categories that is not there");
    refused(LGB("a a", "0.5", "2", "-1", ""), "two features are named 'a'");
    refused(LGB("a b c", "0.5", "2", "-1", ""), "2 features have 3 names");
    refused(LGB("a b", "0.5", "2", "-1", "num_leaves=2\n"), "num_leaves stands twice");
    refused("tree\nversion=v4\nnum_tree_per_iteration=1\nmax_feature_idx=1\n",
            "it ends before 'end of trees'");
    refused(XGB("reg:squarederror", "0.5", XGB_TREE("1", "0.5", "")), "tree_info: 2 entries for 1 trees");
    refused(XGB("own:thing", "0.5", ""), "learner.objective.name: 'own:thing' is not one that is read");
    refused(XGB("binary:logistic", "1.5", XGB_TREE("1", "0.5", "") "," XGB_TREE("1", "0.5", "")),
            "has no finite margin");
    refused(XGB("reg:squarederror", "0.5", XGB_TREE("0", "0.5", "")),
            "node 0 has a child that has another parent");
    refused(XGB("reg:squarederror", "0.5", XGB_TREE("7", "0.5", "")), "node 0 has a child that is not there");
    refused(XGB("reg:squarederror", "0.5", XGB_TREE("1", "NaN", "")), "threshold that is not a number");
    refused(XGB("reg:squarederror", "0.5", XGB_TREE("1", "\"x\"", "")),
            "trees[0].split_conditions[0]: not a number");
    refused(XGB("reg:squarederror", "0.5", XGB_TREE("1", "0.5", ",\"split_type\":[1]")),
            "trees[0]: split_type is of another length");
    refused(XGB("reg:squarederror", "0.5", XGB_TREE("1", "0.5", ",\"id\":[[[[")),
            "trees[0].id[0][0][0][0]: byte 0x7d stands where a value must");
    refused(
        XGB("reg:squarederror", "0.5", XGB_TREE("1", "0.5", ",\"tree_param\":{\"size_leaf_vector\":\"3\"}")),
        "multi_output_tree");
    refused("{\"learner\":{},\"learner\":{}}", "learner: stands twice");
    refused("{\"learner\":{\"gradient_booster\":{\"name\":\"gblinear\"}},\"version\":[3]}",
            "gblinear has no trees");
}

static void strict_refuses_what_lenient_scores_as_the_source(void **state)
{
    (void)state;
    const char *text = XGB("reg:squarederror", "0.5", XGB_TREE("1", "0.5", "") "," XGB_TREE("1", "0.5", ""));
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_import_options lenient = { .lenient = 1, .output = -1 };
    vouch_model *a = take(ctx, text, NULL), *b = take(ctx, text, &lenient);
    double row[] = { INFINITY, 0.0 };
    assert_true(isnan(raw_of(a, INFINITY, 0.0)));
    assert_true(isnan(raw_of(a, 1e300, 0.0))); /* infinite as float32 */
    assert_status(ctx, a->kind->check(ctx, a->state, &a->inputs, (vouch__matrix){ row, 1, 2 }, 41),
                  VOUCH_E_DATA);
    assert_error_has(ctx, "row 42, input 'income' is inf");
    assert_true(raw_of(b, INFINITY, 0.0) == 1.5 && raw_of(b, -INFINITY, 0.0) == 1.0);
    assert_true(raw_of(a, 0.0, INFINITY) == 1.0); /* an input no tree reads */
    vouch_model_free(a);
    vouch_model_free(b);
    vouch_ctx_free(ctx);
}

static void values_at_an_edge_go_as_in_the_source(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_model *x = take(
        ctx, XGB("reg:squarederror", "0", XGB_TREE("1", "0.5", "") "," XGB_TREE("1", "0.5", "")), NULL);
    assert_true(raw_of(x, 0.5, 0) == 1.0 &&
                raw_of(x, 0.5 - 1e-12, 0) == 1.0); /* rounds to 0.5F, which is not below */
    assert_true(raw_of(x, 0.49999, 0) == 0.5 && raw_of(x, NAN, 0) == 0.5);
    vouch_model_free(x);
    vouch_model *none = take(ctx, LGB("a b", "-1.0000000180025095e-35", "0", "-1", ""), NULL);
    assert_true(raw_of(none, -1e-36, 0) == 2.0 && raw_of(none, -1e-34, 0) == 1.0 &&
                raw_of(none, NAN, 0) == 2.0);
    vouch_model_free(none);
    vouch_model *zero = take(ctx, LGB("a b", "5", "4", "-1", ""), NULL); /* missing zero, default right */
    assert_true(raw_of(zero, 0, 0) == 2.0 && raw_of(zero, NAN, 0) == 2.0 && raw_of(zero, 1e-3, 0) == 1.0);
    vouch_model_free(zero);
    vouch_model *all = take(ctx, LGB("a b", "inf", "8", "-1", ""), NULL); /* missing against the rest */
    assert_true(raw_of(all, 1e308, 0) == 1.0 && raw_of(all, INFINITY, 0) == 1.0 &&
                raw_of(all, NAN, 0) == 2.0);
    vouch_model_free(all);
    vouch_ctx_free(ctx);
}

static void categories_are_whole_parts_and_sets_have_an_outside(void **state)
{
    (void)state;
    static const char lgb[] =
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=1\nobjective=regression\n"
        "feature_names=a "
        "b\n\nTree=0\nnum_leaves=2\nnum_cat=1\nsplit_feature=0\nthreshold=0\ndecision_type=1\n"
        "left_child=-1\nright_child=-2\nleaf_value=1 2\nleaf_count=3 4\ninternal_count=7\ncat_boundaries=0 "
        "1\n"
        "cat_threshold=6\n\nend of trees\n"; /* 1 and 2 go left */
    static const char xgb[] = XGB(
        "reg:squarederror", "0",
        XGB_TREE("1", "0",
                 ",\"split_type\":[1,0,0],\"categories\":[1,2],\"categories_nodes\":[0],"
                 "\"categories_segments\":[0],\"categories_sizes\":[2]") "," XGB_TREE("1", "1e30", ""));
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_import_options lenient = { .lenient = 1, .output = -1 };
    vouch_model *l = take(ctx, lgb, &lenient), *x = take(ctx, xgb, &lenient), *strict = take(ctx, lgb, NULL);
    assert_true(raw_of(l, 1.9, 0) == 1.0 && raw_of(l, 2, 0) == 1.0 && raw_of(l, 3, 0) == 2.0 &&
                raw_of(l, 0.9, 0) == 2.0);
    assert_true(raw_of(l, -1, 0) == 2.0 && raw_of(l, NAN, 0) == 2.0 && raw_of(l, 64, 0) == 2.0 &&
                raw_of(l, 1e300, 0) == 2.0);
    assert_true(isnan(raw_of(strict, 3e9, 0)) && raw_of(strict, 2147483647, 0) == 2.0);
    /* XGBoost: listed go right (0.5), others left (0.25); the second tree adds 0.25 */
    assert_true(raw_of(x, 1, 0) == 0.75 && raw_of(x, 2.5, 0) == 0.75 && raw_of(x, 0, 0) == 0.5 &&
                raw_of(x, 3, 0) == 0.5);
    assert_true(raw_of(x, -5, 0) == 0.5 && raw_of(x, 40, 0) == 0.5 && raw_of(x, NAN, 0) == 0.5);
    vouch_model_free(l);
    vouch_model_free(x);
    vouch_model_free(strict);
    vouch_ctx_free(ctx);
}

static void iterations_can_be_cut_and_best_is_found(void **state)
{
    (void)state;
    static const char text[] = XGB("reg:squarederror", "0",
                                   XGB_TREE("1", "0.5", "") "," XGB_TREE("1", "0.5", ""));
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_model *model = NULL;
    vouch_import_options best = { .iterations = VOUCH_ITERATIONS_BEST, .output = -1 },
                         many = { .iterations = 3 };
    model = take(ctx, text, &best);
    assert_int_equal(vouch_model_trees(model), 1);
    assert_true(raw_of(model, 0, 0) == 0.25);
    vouch_model_free(model);
    model = take(ctx, text, NULL);
    assert_int_equal(vouch_model_trees(model), 2);
    assert_string_equal(vouch_model_input_name(model, 1), "age");
    vouch_model_free(model);
    model = NULL;
    assert_status(ctx, vouch_model_import_bytes(ctx, "m", text, strlen(text), &many, &model), VOUCH_E_FORMAT);
    assert_error_has(ctx, "3 iterations are wanted, it has 2");
    vouch_ctx_free(ctx);
}

/* "1.00000017881393432617187499" is nearest to 1 + 2^-23 once; through double it would tie to 1 + 2^-22. */
static void float_digits_are_rounded_once(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_model *model = take(ctx,
                              XGB("reg:squarederror", "1.00000017881393432617187499",
                                  XGB_TREE("1", "0.5", "") "," XGB_TREE("1", "0.5", "")),
                              NULL);
    const vouch__forest *f = model->state;
    assert_true(f->start[0] == 1.0 + 0x1p-23);
    vouch_model_free(model);
    vouch_ctx_free(ctx);
}

static void a_diff_finds_the_one_node_that_changed(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    char *text = NULL;
    vouch_model *a = take(ctx, LGB("a b", "0.5", "2", "-1", ""), NULL),
                *b = take(ctx, LGB("a b", "0.75", "2", "-1", ""), NULL);
    assert_ok(ctx, vouch_model_diff(ctx, a, b, &text));
    assert_non_null(strstr(text, "\"path\":\"tree[0].node[0]\""));
    assert_non_null(strstr(text, "\"same_scores\":false"));
    vouch_text_free(ctx, text);
    assert_ok(ctx, vouch_model_diff(ctx, a, a, &text));
    assert_non_null(strstr(text, "\"same_scores\":true"));
    assert_non_null(strstr(text, "\"differences\":[]"));
    vouch_text_free(ctx, text);
    vouch_model_free(a);
    vouch_model_free(b);
    vouch_ctx_free(ctx);
}

static vouch_status import_and_free(vouch_ctx *ctx, void *arg)
{
    const char *text = arg;
    vouch_model *model = NULL;
    vouch_status status = vouch_model_import_bytes(ctx, "m", text, strlen(text), NULL, &model);
    vouch_model_free(model);
    return status;
}

static void importing_survives_every_allocation_failure(void **state)
{
    (void)state;
    static char xgb[] = XGB(
        "binary:logistic", "[5E-1]",
        XGB_TREE("1", "0",
                 ",\"split_type\":[1,0,0],\"categories\":[1,2],\"categories_nodes\":[0],"
                 "\"categories_segments\":[0],\"categories_sizes\":[2]") "," XGB_TREE("1", "1e30", ""));
    static char lgb[] = LGB("a b", "0.5", "2", "-1", "");
    sweep_allocations(import_and_free, xgb, 0);
    sweep_allocations(import_and_free, lgb, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_name_the_file_the_field_and_the_fault),
        cmocka_unit_test(strict_refuses_what_lenient_scores_as_the_source),
        cmocka_unit_test(values_at_an_edge_go_as_in_the_source),
        cmocka_unit_test(categories_are_whole_parts_and_sets_have_an_outside),
        cmocka_unit_test(iterations_can_be_cut_and_best_is_found),
        cmocka_unit_test(float_digits_are_rounded_once),
        cmocka_unit_test(a_diff_finds_the_one_node_that_changed),
        cmocka_unit_test(importing_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

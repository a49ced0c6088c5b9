/* Measures of models with many outcomes, against scikit-learn and in the cases where they are known. */
#include "golden.h"

#include "validate/multiclass.h"

#include <math.h>

enum { MAX_K = 8, MAX_N = 100 };
static vouch_ctx *ctx;

static void golden_cases_agree(void **state)
{
    (void)state;
    const vouch__json *root = golden("validate/errors.json");
    for (const vouch__json *c = golden_at(root, "multiclass")->first; c; c = c->next) {
        size_t n, k = (size_t)golden_number(c, "k");
        const double *p = golden_array(c, "probability", NULL), *as_number = golden_array(c, "label", &n);
        const double *want = golden_array(c, "table", NULL);
        uint32_t label[256];
        vouch__class of[MAX_K];
        double table[MAX_K * MAX_K];
        vouch__multiclass m;
        for (size_t i = 0; i < n; i++)
            label[i] = (uint32_t)as_number[i];
        assert_ok(ctx, vouch__multiclass_measure(ctx, n, k, label, p, 0.95, of, table, &m));
        assert_close(m.accuracy, golden_number(c, "accuracy"), 1e-14);
        assert_close(m.balanced_accuracy, golden_number(c, "balanced_accuracy"), 1e-14);
        assert_close(m.macro_f1, golden_number(c, "macro_f1"), 1e-14);
        assert_close(m.weighted_f1, golden_number(c, "weighted_f1"), 1e-14);
        assert_close(m.macro_auc, golden_number(c, "macro_auc"), 1e-13);
        assert_close(m.weighted_auc, golden_number(c, "weighted_auc"), 1e-13);
        assert_close(m.hand_till, golden_number(c, "hand_till"), 1e-13);
        assert_close(m.log_loss, golden_number(c, "log_loss"), 1e-12);
        assert_close(m.kappa, golden_number(c, "kappa"), 1e-13);
        assert_close(m.mcc, golden_number(c, "mcc"), 1e-13);
        for (size_t i = 0; i < k * k; i++)
            assert_close(table[i], want[i], 0);
    }
}

/* With two classes every pairwise measure is the AUC, and swapping the names of classes changes nothing. */
static void two_classes_are_the_binary_case(void **state)
{
    (void)state;
    for (int round = 0; round < 100; round++) {
        size_t n = 4 + seeded_below(MAX_N - 4);
        double p[2 * MAX_N], turned[2 * MAX_N], score[MAX_N], auc, table[4];
        uint32_t label[MAX_N], other[MAX_N];
        uint8_t bad[MAX_N];
        vouch__class of[2];
        vouch__multiclass m, t;
        for (size_t i = 0; i < n; i++) {
            bad[i] = i < 2 ? (uint8_t)i : seeded() < 0.4;
            label[i] = bad[i];
            other[i] = 1 - label[i];
            score[i] = p[2 * i + 1] = turned[2 * i] = floor(10 * seeded()) / 10;
            p[2 * i] = turned[2 * i + 1] = 1 - p[2 * i + 1];
        }
        assert_ok(ctx, vouch__multiclass_measure(ctx, n, 2, label, p, 0.95, of, table, &m));
        assert_ok(ctx, vouch__multiclass_measure(ctx, n, 2, other, turned, 0.95, of, table, &t));
        assert_ok(ctx, vouch_validate_auc(ctx, n, score, bad, NULL, &auc));
        vouch_auc delong;
        assert_ok(ctx, vouch_validate_auc_delong(ctx, n, score, bad, 0.95, &delong));
        assert_close(m.hand_till, auc, 1e-13);
        if (isnan(delong.variance))
            assert_nan(m.hand_till_variance);
        else
            assert_close(m.hand_till_variance, delong.variance, 1e-14);
        assert_close(m.macro_auc, auc, 1e-13);
        assert_close(t.hand_till, auc, 1e-13);
        assert_close(t.log_loss, m.log_loss, 1e-13);
        assert_true(m.accuracy_low <= m.accuracy && m.accuracy <= m.accuracy_high);
    }
}

static void a_class_without_cases_is_left_out(void **state)
{
    (void)state;
    const double p[] = { 0.8, 0.1, 0.1, 0.2, 0.1, 0.7, 0.6, 0.2, 0.2, 0.1, 0.1, 0.8 };
    const uint32_t label[] = { 0, 2, 0, 2 };
    double table[9];
    vouch__class of[3];
    vouch__multiclass m;
    assert_ok(ctx, vouch__multiclass_measure(ctx, 4, 3, label, p, 0.95, of, table, &m));
    assert_int_equal(m.classes_seen, 2);
    assert_nan(of[1].auc);
    assert_close(m.hand_till, 1, 0);
    assert_close(m.macro_auc, 1, 0);
    assert_close(m.macro_f1, 1, 0);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    const double p[] = { 0.5, 0.5, 0.5, 0.6 };
    const uint32_t same[] = { 1, 1 }, beyond[] = { 0, 2 };
    double table[4];
    vouch__class of[2];
    vouch__multiclass m = { .accuracy = 7 };
    assert_status(ctx, vouch__multiclass_measure(ctx, 2, 2, beyond, p, 0.95, of, table, &m), VOUCH_E_DATA);
    assert_error_has(ctx, "label[1] is 2");
    assert_status(ctx, vouch__multiclass_measure(ctx, 1, 2, same, p, 0.95, of, table, &m), VOUCH_E_DATA);
    assert_error_has(ctx, "every case");
    assert_status(ctx, vouch__multiclass_measure(ctx, 0, 2, same, p, 0.95, of, table, &m), VOUCH_E_SHAPE);
    assert_status(ctx, vouch__multiclass_measure(ctx, 1, 1, same, p, 0.95, of, table, &m), VOUCH_E_ARG);
    assert_true(m.accuracy == 7);
}

static vouch_status once(vouch_ctx *mine, void *arg)
{
    const double p[] = { 0.5, 0.5, 0.1, 0.9 };
    const uint32_t label[] = { 0, 1 };
    double table[4];
    vouch__class of[2];
    vouch__multiclass m;
    (void)arg;
    return vouch__multiclass_measure(mine, 2, 2, label, p, 0.95, of, table, &m);
}

static void every_allocation_failure_is_survived(void **state)
{
    (void)state;
    sweep_allocations(once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_cases_agree),
        cmocka_unit_test(two_classes_are_the_binary_case),
        cmocka_unit_test(a_class_without_cases_is_left_out),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(every_allocation_failure_is_survived),
    };
    ctx = vouch_ctx_new(NULL);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failures;
}

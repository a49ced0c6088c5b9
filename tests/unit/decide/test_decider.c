/* Bundles: the same bytes for the same policy, and no changed bit gets through. */
#include "applicants.h"
#include "check.h"

#include "base/hash.h"
#include "decide/policy.h"

#include <math.h>
#include <string.h>

typedef struct fixture {
    vouch_ctx *ctx;
    applicants a;
    vouch_model *model;
    vouch_explainer *explainer;
    vouch__reason_map map;
    vouch__buf bundle;
} fixture;

static fixture setup(void)
{
    fixture f = { .ctx = vouch_ctx_new(&(vouch_ctx_options){ .threads = 1 }) };
    f.a = applicants_make(f.ctx, 300);
    f.model = applicants_fit(&f.a, "scorecard", "min_iv: 0");
    assert_ok(f.ctx, vouch_explainer_new(f.ctx, f.model, f.a.table, &f.explainer));
    assert_ok(f.ctx, vouch__reason_map_make(f.ctx, &f.model->inputs, NULL, &f.map));
    vouch__buf_init(f.ctx, &f.bundle, 0);
    assert_ok(f.ctx, vouch__decider_bundle(f.ctx, f.model, f.explainer, &f.map, "average-applicant", 4, 0.25,
                                           &f.bundle));
    return f;
}

static void teardown(fixture *f)
{
    vouch__buf_free(&f->bundle);
    vouch__reason_map_clear(&f->map);
    vouch_explainer_free(f->explainer);
    vouch_model_free(f->model);
    applicants_free(&f->a);
    vouch_ctx_free(f->ctx);
}

static vouch_status open_bytes(fixture *f, const void *bytes, size_t len)
{
    vouch__decider *d = NULL;
    vouch_status status = vouch__decider_new(f->ctx, bytes, len, &d);
    assert_true((status == VOUCH_OK) == (d != NULL));
    vouch__decider_free(d);
    return status;
}

static void a_bundle_reads_back(void **state)
{
    (void)state;
    fixture f = setup();
    vouch__decider *d = NULL;
    vouch__buf again;
    char print[VOUCH__HEX];
    assert_ok(f.ctx, vouch__decider_new(f.ctx, f.bundle.at, f.bundle.len, &d));
    assert_string_equal(vouch_model_fingerprint(vouch__decider_model(d)), vouch_model_fingerprint(f.model));
    assert_ok(f.ctx, vouch__hash_hex(f.ctx, f.bundle.at, f.bundle.len, print));
    assert_string_equal(vouch__decider_fingerprint(d), print);
    vouch__buf_init(f.ctx, &again, 0);
    assert_ok(f.ctx, vouch__decider_bundle(f.ctx, f.model, f.explainer, &f.map, "average-applicant", 4, 0.25,
                                           &again));
    assert_int_equal(again.len, f.bundle.len);
    assert_memory_equal(again.at, f.bundle.at, again.len);
    vouch__buf_free(&again);
    vouch__decider_free(d);
    teardown(&f);
}

static void a_flipped_bit_is_found(void **state)
{
    (void)state;
    fixture f = setup();
    for (int round = 0; round < 500; round++) {
        size_t at = 8 + seeded_below(f.bundle.len - 8);
        char bit = (char)(1 << seeded_below(8));
        f.bundle.at[at] ^= bit;
        assert_status(f.ctx, open_bytes(&f, f.bundle.at, f.bundle.len), VOUCH_E_CORRUPT);
        f.bundle.at[at] ^= bit;
    }
    f.bundle.at[0] ^= 1;
    assert_status(f.ctx, open_bytes(&f, f.bundle.at, f.bundle.len), VOUCH_E_FORMAT);
    teardown(&f);
}

static void a_cut_bundle_is_refused(void **state)
{
    (void)state;
    fixture f = setup();
    for (size_t len = 0; len < f.bundle.len; len += 1 + f.bundle.len / 300)
        assert_int_not_equal(open_bytes(&f, f.bundle.at, len), VOUCH_OK);
    teardown(&f);
}

/* Change one byte and make the hash right again: what is inside must still be checked. */
static void a_resealed_bundle_is_checked_inside(void **state)
{
    (void)state;
    fixture f = setup();
    size_t body = f.bundle.len - VOUCH__HASH, passed = 0;
    for (int round = 0; round < 300; round++) {
        size_t at = seeded_below(2) ? seeded_below(body) : 8 + seeded_below(300);
        char kept = f.bundle.at[at];
        f.bundle.at[at] = (char)seeded_below(256);
        assert_ok(f.ctx, vouch__hash(f.ctx, f.bundle.at, body, (uint8_t *)f.bundle.at + body));
        vouch_status status = open_bytes(&f, f.bundle.at, f.bundle.len);
        assert_true(status == VOUCH_OK || status == VOUCH_E_FORMAT || status == VOUCH_E_CORRUPT);
        passed += status == VOUCH_OK;
        f.bundle.at[at] = kept;
    }
    assert_true(passed < 290); /* names and texts may change; structure may not */
    f.bundle.at[8] = 2;        /* another version */
    assert_ok(f.ctx, vouch__hash(f.ctx, f.bundle.at, body, (uint8_t *)f.bundle.at + body));
    assert_status(f.ctx, open_bytes(&f, f.bundle.at, f.bundle.len), VOUCH_E_FORMAT);
    assert_error_has(f.ctx, "version");
    teardown(&f);
}

static void a_policy_that_makes_no_sense_is_not_bundled(void **state)
{
    (void)state;
    fixture f = setup();
    static const struct {
        const char *method;
        size_t most;
        double cutoff;
    } cases[] = { { "points-below-maximum", 4, 0.2 }, { "average-applicant", 0, 0.2 },
                  { "average-applicant", 101, 0.2 },  { "just-approved", 4, NAN },
                  { "just-approved", 4, 1.5 },        { "just-approved", 4, -0.5 } };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        assert_status(f.ctx,
                      vouch__decider_bundle(f.ctx, f.model, f.explainer, &f.map, cases[k].method,
                                            cases[k].most, cases[k].cutoff, &f.bundle),
                      VOUCH_E_ARG);
    teardown(&f);
}

/* A number is predicted: no decision, and what raw is made of adds up to it. */
static void without_a_cutoff_a_row_is_scored_and_taken_apart(void **state)
{
    (void)state;
    fixture f = setup();
    vouch__decider *d = NULL;
    vouch__doc *doc = NULL, *asked = NULL;
    vouch__json *scored = NULL;
    static const char row[] = "{\"income\":40,\"delay\":1,\"region\":\"north\",\"owner\":1,\"noise\":0.5}";
    assert_ok(f.ctx, vouch__decider_bundle(f.ctx, f.model, f.explainer, &f.map, "average-applicant", 4, NAN,
                                           &f.bundle));
    assert_ok(f.ctx, vouch__decider_new(f.ctx, f.bundle.at, f.bundle.len, &d));
    assert_ok(f.ctx, vouch__doc_new(f.ctx, &doc));
    assert_ok(f.ctx, vouch__json_read(f.ctx, "row", row, sizeof row - 1, 0, &asked));
    assert_ok(f.ctx, vouch__decide(f.ctx, d, vouch__doc_root(asked), doc, NULL, &scored));
    assert_string_equal(vouch__json_string(vouch__json_get(scored, "decision")), "score");
    assert_null(vouch__json_get(scored, "cutoff"));
    double sum = vouch__json_double(vouch__json_get(scored, "base"), NAN), last = INFINITY;
    for (const vouch__json *at = vouch__json_get(scored, "contributions")->first; at; at = at->next) {
        double value = vouch__json_double(vouch__json_get(at, "contribution"), NAN);
        assert_true(fabs(value) <= last); /* largest first */
        last = fabs(value);
        sum += value;
    }
    assert_close(sum, vouch__json_double(vouch__json_get(scored, "raw"), NAN), 1e-12);
    vouch__doc_free(asked);
    vouch__doc_free(doc);
    vouch__decider_free(d);
    teardown(&f);
}

static vouch_status bundle_once(vouch_ctx *ctx, void *arg)
{
    fixture *f = arg;
    vouch__decider *d = NULL;
    vouch__buf bundle;
    vouch__buf_init(ctx, &bundle, 0);
    vouch_status status = vouch__decider_bundle(ctx, f->model, f->explainer, &f->map, "just-approved", 2, 0.1,
                                                &bundle);
    if (!status)
        status = vouch__decider_new(ctx, bundle.at, bundle.len, &d);
    vouch__decider_free(d);
    vouch__buf_free(&bundle);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    fixture f = setup();
    sweep_allocations(bundle_once, &f, 0);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bundle_reads_back),
        cmocka_unit_test(a_flipped_bit_is_found),
        cmocka_unit_test(a_cut_bundle_is_refused),
        cmocka_unit_test(a_resealed_bundle_is_checked_inside),
        cmocka_unit_test(a_policy_that_makes_no_sense_is_not_bundled),
        cmocka_unit_test(without_a_cutoff_a_row_is_scored_and_taken_apart),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

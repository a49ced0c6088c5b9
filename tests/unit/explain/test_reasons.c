/* Reasons: grouped before they are ranked, adverse only, at most so many, ties by name. */
#include "check.h"

#include "explain/reasons.h"

#include <math.h>
#include <string.h>

enum { INPUTS = 5 };
static const char *const column[INPUTS] = { "PAY_0", "PAY_2", "LIMIT", "BILL", "AGE_OF_FILE" };
static const char project[] =
    "PAY_0: {characteristic: delinquency, text: Delinquent obligations, code: R01}\n"
    "PAY_2: {characteristic: delinquency, text: Other words, code: R02}\n"
    "BILL: {text: Amount owed on accounts}\n"
    "NOT_AN_INPUT: {characteristic: x, text: y}\n";

static void inputs_make(vouch_ctx *ctx, vouch__inputs *inputs)
{
    assert_ok(ctx, vouch__inputs_new(ctx, INPUTS, inputs));
    for (size_t j = 0; j < INPUTS; j++) {
        inputs->at[j].name = vouch__strdup(ctx, column[j]);
        assert_non_null(inputs->at[j].name);
    }
}

static vouch_status map_of(vouch_ctx *ctx, const vouch__inputs *inputs, const char *yaml,
                           vouch__reason_map *map)
{
    vouch__doc *doc = NULL;
    vouch_status status = VOUCH_OK;
    if (yaml)
        status = vouch__yaml_read(ctx, "test", yaml, strlen(yaml), 1 << 16, &doc);
    if (!status)
        status = vouch__reason_map_make(ctx, inputs, yaml ? vouch__doc_root(doc) : NULL, map);
    vouch__doc_free(doc);
    return status;
}

typedef struct fixture {
    vouch_ctx *ctx;
    vouch__inputs inputs;
    vouch__reason_map map;
} fixture;

static fixture setup(const char *yaml)
{
    fixture f = { .ctx = vouch_ctx_new(NULL) };
    inputs_make(f.ctx, &f.inputs);
    assert_ok(f.ctx, map_of(f.ctx, &f.inputs, yaml, &f.map));
    return f;
}

static void teardown(fixture *f)
{
    vouch__reason_map_clear(&f->map);
    vouch__inputs_clear(&f->inputs);
    vouch_ctx_free(f->ctx);
}

static void inputs_share_a_characteristic(void **state)
{
    (void)state;
    fixture f = setup(project);
    assert_int_equal(f.map.n, 4);
    assert_string_equal(f.map.at[0].name, "AGE_OF_FILE");
    assert_string_equal(f.map.at[0].text, "AGE_OF_FILE"); /* no words given: its name */
    assert_string_equal(f.map.at[1].name, "BILL");
    assert_string_equal(f.map.at[1].text, "Amount owed on accounts");
    assert_string_equal(f.map.at[2].name, "LIMIT");
    assert_string_equal(f.map.at[3].name, "delinquency");
    assert_string_equal(f.map.at[3].text, "Delinquent obligations"); /* the first input's */
    assert_string_equal(f.map.at[3].code, "R01");
    assert_null(f.map.at[1].code);
    assert_int_equal(f.map.of[0], 3);
    assert_int_equal(f.map.of[1], 3);
    assert_int_equal(f.map.of[4], 0);
    teardown(&f);
}

static void without_a_mapping_each_input_speaks_for_itself(void **state)
{
    (void)state;
    fixture f = setup(NULL);
    assert_int_equal(f.map.n, INPUTS);
    for (size_t j = 0; j < INPUTS; j++) {
        assert_string_equal(f.map.at[f.map.of[j]].name, column[j]);
        assert_string_equal(f.map.at[f.map.of[j]].text, column[j]);
    }
    teardown(&f);
}

/* Delinquency: 0.6 - 0.5 = 0.1, behind LIMIT although PAY_0 alone is the largest value. */
static void values_are_summed_before_they_are_ranked(void **state)
{
    (void)state;
    fixture f = setup(project);
    const double value[INPUTS] = { 0.6, -0.5, 0.2, -0.4, 0.0 };
    vouch__reason reason[4];
    assert_int_equal(vouch__reasons_rank(&f.map, value, 4, reason), 2);
    assert_string_equal(f.map.at[reason[0].characteristic].name, "LIMIT");
    assert_close(reason[0].log_odds, 0.2, 0);
    assert_close(reason[0].share, 2.0 / 3.0, 1e-12);
    assert_string_equal(f.map.at[reason[1].characteristic].name, "delinquency");
    assert_close(reason[1].log_odds, 0.1, 1e-12);
    assert_close(reason[1].share, 1.0 / 3.0, 1e-12);
    teardown(&f);
}

static void at_most_so_many_and_ties_by_name(void **state)
{
    (void)state;
    fixture f = setup(NULL);
    const double value[INPUTS] = { 0.3, 0.3, 0.3, 0.3, 0.3 };
    vouch__reason reason[INPUTS];
    assert_int_equal(vouch__reasons_rank(&f.map, value, 0, reason), 0);
    assert_int_equal(vouch__reasons_rank(&f.map, value, 3, reason), 3);
    for (size_t k = 0; k < 3; k++)
        assert_int_equal(reason[k].characteristic, k); /* the map is sorted by name */
    assert_close(reason[0].share, 0.2, 1e-15);         /* of all five, told or not */
    teardown(&f);
}

static void nothing_adverse_gives_no_reason(void **state)
{
    (void)state;
    fixture f = setup(NULL);
    const double good[INPUTS] = { -1, -2, 0, -0.1, -3 }, rounding[INPUTS] = { 1e-10, 0, 0, -1, 1e-17 };
    vouch__reason reason[INPUTS];
    assert_int_equal(vouch__reasons_rank(&f.map, good, 4, reason), 0);
    assert_int_equal(vouch__reasons_rank(&f.map, rounding, 4, reason), 0);
    teardown(&f);
}

/* What holds for any values: as many as there are adverse ones, falling, and none left out is larger. */
static void ranking_properties(void **state)
{
    (void)state;
    fixture f = setup(project);
    for (int round = 0; round < 500; round++) {
        double value[INPUTS], adverse = 0.0;
        size_t n_adverse = 0, most = 1 + seeded_below(5);
        vouch__reason reason[5];
        for (size_t j = 0; j < INPUTS; j++)
            value[j] = floor(seeded() * 9.0 - 4.0) / 4.0; /* many ties */
        size_t n = vouch__reasons_rank(&f.map, value, most, reason);
        for (size_t c = 0; c < f.map.n; c++) {
            double sum = vouch__characteristic_sum(&f.map, c, value);
            bool told = false;
            for (size_t k = 0; k < n; k++)
                told = told || reason[k].characteristic == c;
            n_adverse += sum > 0;
            adverse += sum > 0 ? sum : 0;
            assert_true(!told || sum > 0);
            assert_true(told || n == 0 || sum <= reason[n - 1].log_odds);
        }
        assert_int_equal(n, n_adverse < most ? n_adverse : most);
        for (size_t k = 0; k < n; k++) {
            assert_close(reason[k].share, reason[k].log_odds / adverse, 1e-12);
            assert_true(k == 0 || reason[k - 1].log_odds > reason[k].log_odds ||
                        (reason[k - 1].log_odds == reason[k].log_odds &&
                         strcmp(f.map.at[reason[k - 1].characteristic].name,
                                f.map.at[reason[k].characteristic].name) < 0));
        }
    }
    teardown(&f);
}

static void a_map_reads_back_as_it_was_saved(void **state)
{
    (void)state;
    fixture f = setup(project);
    vouch__doc *doc = NULL;
    vouch__reason_map map;
    assert_ok(f.ctx, vouch__doc_new(f.ctx, &doc));
    const vouch__json *saved = vouch__reason_map_save(&f.map, doc);
    assert_ok(f.ctx, vouch__reason_map_load(f.ctx, INPUTS, saved, &map));
    assert_int_equal(map.n, f.map.n);
    assert_memory_equal(map.of, f.map.of, sizeof map.of[0] * INPUTS);
    assert_memory_equal(map.begin, f.map.begin, sizeof map.begin[0] * (map.n + 1));
    assert_memory_equal(map.member, f.map.member, sizeof map.member[0] * INPUTS);
    for (size_t c = 0; c < map.n; c++) {
        assert_string_equal(map.at[c].name, f.map.at[c].name);
        assert_string_equal(map.at[c].text, f.map.at[c].text);
        assert_true(!map.at[c].code == !f.map.at[c].code);
    }
    vouch__reason_map_clear(&map);
    assert_status(f.ctx, vouch__reason_map_load(f.ctx, INPUTS + 1, saved, &map), VOUCH_E_FORMAT);
    vouch__doc_free(doc);
    teardown(&f);
}

static void a_bad_entry_is_refused_with_its_place(void **state)
{
    (void)state;
    fixture f = setup(NULL);
    vouch__reason_map map;
    assert_status(f.ctx, map_of(f.ctx, &f.inputs, "LIMIT:\n  text: 5\n", &map), VOUCH_E_FORMAT);
    assert_error_has(f.ctx, "line 2");
    assert_status(f.ctx, map_of(f.ctx, &f.inputs, "LIMIT: words\n", &map), VOUCH_E_FORMAT);
    assert_error_has(f.ctx, "LIMIT");
    assert_status(f.ctx, map_of(f.ctx, &f.inputs, "LIMIT: {text: ''}\n", &map), VOUCH_E_FORMAT);
    assert_status(f.ctx, map_of(f.ctx, &f.inputs, "[LIMIT]\n", &map), VOUCH_E_FORMAT);
    teardown(&f);
}

static vouch_status make_and_save(vouch_ctx *ctx, void *arg)
{
    fixture *f = arg;
    vouch__doc *doc = NULL;
    vouch__reason_map map = { .n = 0 }, back = { .n = 0 };
    vouch_status status = map_of(ctx, &f->inputs, project, &map);
    if (!status)
        status = vouch__doc_new(ctx, &doc);
    if (!status) {
        const vouch__json *saved = vouch__reason_map_save(&map, doc);
        status = vouch__doc_status(ctx, doc);
        if (!status)
            status = vouch__reason_map_load(ctx, INPUTS, saved, &back);
    }
    vouch__doc_free(doc);
    vouch__reason_map_clear(&map);
    vouch__reason_map_clear(&back);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    fixture f = setup(NULL);
    sweep_allocations(make_and_save, &f, 0);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_share_a_characteristic),
        cmocka_unit_test(without_a_mapping_each_input_speaks_for_itself),
        cmocka_unit_test(values_are_summed_before_they_are_ranked),
        cmocka_unit_test(at_most_so_many_and_ties_by_name),
        cmocka_unit_test(nothing_adverse_gives_no_reason),
        cmocka_unit_test(ranking_properties),
        cmocka_unit_test(a_map_reads_back_as_it_was_saved),
        cmocka_unit_test(a_bad_entry_is_refused_with_its_place),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

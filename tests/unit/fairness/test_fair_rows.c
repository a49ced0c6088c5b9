/* The fairness rows of the catalogue: what they find where it is planted, what they leave alone, and what
 * holds between them. Their numbers against other packages are in tests/golden/catalogue/fairness_rows.json.
 */
#include "trial.h"

#include "fairness/cells.h"
#include "fairness/rows/fair_rows.h"
#include "fairness/stratified.h"
#include "num/rng.h"
#include "num/special.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { N = 400 };

/* Cases whose group and segment each test fills in. */
typedef struct cases {
    double score[N], probability[N];
    uint8_t bad[N];
    uint32_t code[3][N]; /* two protected columns, and the segment */
    vouch__factor group[2], segment;
    vouch__sample sample;
} cases;

static const char *const letters[] = { "a", "b", "c" };

static void fill(cases *c)
{
    vouch__rng rng = vouch__rng_make(7, 0);
    for (size_t i = 0; i < N; i++) {
        c->score[i] = vouch__rng_normal(&rng);
        c->probability[i] = vouch__sigmoid(c->score[i]);
        c->bad[i] = vouch__rng_uniform(&rng) < c->probability[i];
        c->code[0][i] = vouch__rng_uniform(&rng) < 0.4;
        c->code[1][i] = vouch__rng_uniform(&rng) < 0.4;
        c->code[2][i] = (uint32_t)vouch__rng_below(&rng, 3);
    }
    c->group[0] = (vouch__factor){ "sex", 2, letters, c->code[0] };
    c->group[1] = (vouch__factor){ "age", 2, letters, c->code[1] };
    c->segment = (vouch__factor){ "segment", 3, letters, c->code[2] };
    c->sample = (vouch__sample){ .n = N,
                                 .score = c->score,
                                 .probability = c->probability,
                                 .bad = c->bad,
                                 .n_bad = 1,
                                 .group = c->group,
                                 .n_groups = 1,
                                 .segment = &c->segment };
}

/* A test's entries, with parameters as JSON (quotes single) or NULL. */
static void put(vouch_ctx *ctx, const char *id, const vouch__sample *s, const char *params,
                vouch__evidence *out)
{
    char text[256];
    vouch__doc *doc = NULL;
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, out));
    if (params) {
        size_t len = strlen(params);
        for (size_t i = 0; i < len; i++)
            text[i] = (char)(params[i] == '\'' ? '"' : params[i]);
        assert_ok(ctx, vouch__json_read(ctx, "params", text, len, 0, &doc));
    }
    assert_ok(ctx, trial_run(ctx, vouch_test_find(id), s, NULL, doc ? vouch__doc_root(doc) : NULL, out));
    vouch__doc_free(doc);
}

static double value_of(vouch_ctx *ctx, const char *id, const vouch__sample *s, const char *params)
{
    vouch__evidence list;
    put(ctx, id, s, params, &list);
    double value = vouch__json_double(vouch__json_get(list.entries->first, "value"), (double)NAN);
    vouch__evidence_free(&list);
    return value;
}

static void decisions_follow_the_order_of_the_scores(void **state)
{
    const double sorted[] = { 1, 2, 2, 2, 3, 4, 5, 5, 5, 5 };
    cases c;
    (void)state;
    assert_true(isnan(vouch__share_cutoff(10, sorted, 0.0)));
    assert_true(isnan(vouch__share_cutoff(10, sorted, 0.3))); /* four are tied: all are approved */
    assert_close(vouch__share_cutoff(10, sorted, 0.4), 5, 0);
    assert_close(vouch__share_cutoff(10, sorted, 0.5), 4, 0);
    assert_close(vouch__share_cutoff(10, sorted, 0.8), 3, 0);
    assert_close(vouch__share_cutoff(10, sorted, 1.0), 1, 0);
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    fill(&c);
    double air = value_of(ctx, "fairness.air", &c.sample, "{'declined':0.3}");
    for (size_t i = 0; i < N; i++)
        c.score[i] = vouch__exp(2 * c.score[i]);
    assert_close(value_of(ctx, "fairness.air", &c.sample, "{'declined':0.3}"), air, 0);
    vouch_ctx_free(ctx);
}

/* The two columns alone show nothing; together they do. */
static void an_intersection_shows_what_margins_hide(void **state)
{
    cases c;
    vouch__evidence list;
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    fill(&c);
    c.sample.n_groups = 2;
    for (size_t i = 0; i < N; i++) { /* halves of each, alike in size but for one case */
        c.code[0][i] = i % 2;
        c.code[1][i] = i / 2 % 2;
        c.score[i] = (double)((i % 2 == i / 2 % 2 ? 0 : 40) + i / 4 % 100);
    }
    const char *half = "{'declined':0.5}";
    assert_close(value_of(ctx, "fairness.air", &c.sample, half), 1, 0.05);
    assert_true(value_of(ctx, "fairness.intersections", &c.sample, half) < 0.6);
    for (size_t i = 0; i < N; i++) /* one combination of a few cases */
        c.code[1][i] = c.code[0][i] && i > 30;
    put(ctx, "fairness.intersections", &c.sample, half, &list);
    bool is_refused = false;
    for (const vouch__json *e = list.entries->first; e; e = e->next)
        is_refused = is_refused || (!strcmp(golden_text(e, "verdict"), "refused") &&
                                    strstr(golden_text(e, "subject"), "sex x age: b, a"));
    assert_true(is_refused);
    vouch__evidence_free(&list);
    c.sample.n_groups = 1;
    put(ctx, "fairness.intersections", &c.sample, NULL, &list);
    assert_string_equal(golden_text(list.entries->first, "verdict"), "not-applicable");
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

/* Berkeley's admissions in small: alike within segments, unlike over all. */
static void a_mix_of_segments_explains_a_gap_away(void **state)
{
    cases c;
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    fill(&c);
    for (size_t i = 0; i < N; i++) {
        size_t k = i %
                   100; /* segment a approves eight tenths, b two tenths; the second group is mostly in b */
        bool in_b = i < 200 ? k >= 80 : k >= 20;
        c.code[0][i] = i >= 200;
        c.code[2][i] = in_b;
        size_t at = in_b ? (i < 200 ? k - 80 : k - 20) : k;
        c.score[i] = at % 10 < (in_b ? 2 : 8) ? 0 : 1;
    }
    assert_close(value_of(ctx, "fairness.air", &c.sample, "{'cutoff':0.5}"), 0.32 / 0.68, 1e-12);
    assert_close(value_of(ctx, "fairness.conditional_parity", &c.sample, "{'cutoff':0.5}"), 1, 1e-12);
    const vouch__stratum one = { 30, 20, 70, 30 };
    vouch__stratified m = vouch__stratify(1, &one, 0.95);
    assert_close(m.ratio, 0.6 / 0.7, 1e-14); /* one stratum is the plain ratio, Katz's interval and odds */
    double katz = sqrt(1.0 / 30 - 1.0 / 50 + 1.0 / 70 - 1.0 / 100);
    assert_close(vouch__log(m.ratio_high / m.ratio), vouch__normal_quantile(0.975) * katz, 1e-12);
    assert_close(m.odds, 30.0 * 30 / (20.0 * 70), 1e-14);
    assert_true(isnan(m.even) && m.used == 1);
    vouch_ctx_free(ctx);
}

/* Who is certainly of a group counts in it wholly. */
static void certain_groups_are_plain_groups(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const vouch__sample s = trial_read(
        "{'score':[0,0,1,0,1,1,0,1,0,1],'group':['r','r','r','r','r','r','p','p','p','p'],"
        "'columns':{'p_r':[1,1,1,1,1,1,0,0,0,0],'p_p':[0,0,0,0,0,0,1,1,1,1]}}");
    const vouch__sample gap = trial_read(
        "{'score':[0,0,1,0,1,1,0,1,0,1,1],"
        "'columns':{'p_r':[1,1,1,1,1,1,0,0,0,0,null],'p_p':[0,0,0,0,0,0,1,1,1,1,0.5]}}");
    const char *params = "{'probabilities':['p_r','p_p'],'min_group':1,'cutoff':0.5}";
    double plain = value_of(ctx, "fairness.air", &s, "{'min_group':1,'cutoff':0.5}");
    assert_close(plain, 1, 1e-14);
    assert_close(value_of(ctx, "fairness.air_probable", &s, params), plain, 1e-14);
    assert_close(value_of(ctx, "fairness.air_probable", &gap, params), plain, 1e-14);
    vouch__evidence list;
    put(ctx, "fairness.air_probable", &s, "{'probabilities':['p_r','p_x']}", &list);
    assert_string_equal(golden_text(list.entries->first, "verdict"), "refused");
    assert_non_null(strstr(golden_text(list.entries->first, "note"), "p_x"));
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

/* On a grid of u each number gets its probability. */
static void poisson_numbers_have_their_law(void **state)
{
    static const double means[] = { 0.3, 1, 7.5, 400 };
    enum { GRID = 20000 };
    (void)state;
    assert_true(vouch__poisson_at(0.5, 0) == 0);
    for (size_t k = 0; k < sizeof means / sizeof *means; k++) {
        double sum = 0;
        double square = 0;
        for (size_t i = 0; i < GRID; i++) {
            double x = (double)vouch__poisson_at(((double)i + 0.5) / GRID, means[k]);
            sum += x / GRID;
            square += x * x / GRID;
        }
        assert_close(sum, means[k], 2e-3 * (1 + means[k] / 10));
        assert_close(square - sum * sum, means[k], 5e-3 * (1 + means[k]));
    }
}

static void resamples_follow_the_seed(void **state)
{
    const vouch__group_cells cell = { { { 30, 70 }, { 12, 9 } } };
    vouch__group_cells a;
    vouch__group_cells b;
    vouch__evidence list;
    cases c;
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__group_cells_resample(&cell, 7, 1, 5, &a);
    vouch__group_cells_resample(&cell, 7, 1, 5, &b);
    assert_memory_equal(&a, &b, sizeof a);
    vouch__group_cells_resample(&cell, 8, 1, 5, &b);
    assert_memory_not_equal(&a, &b, sizeof a);
    fill(&c);
    put(ctx, "fairness.equalised_odds", &c.sample, "{'declined':0.4}", &list);
    double gap = golden_number(list.entries->first, "value");
    assert_true(golden_number(list.entries->first, "interval.low") >= 0);
    assert_true(golden_number(list.entries->first, "interval.high") > gap);
    vouch__evidence_free(&list);
    /* the larger of the gaps is no smaller than the one of the goods, nor than the average */
    assert_true(gap >= fabs(value_of(ctx, "fairness.equal_opportunity", &c.sample, "{'declined':0.4}")));
    assert_true(gap >= fabs(value_of(ctx, "fairness.average_odds", &c.sample, "{'declined':0.4}")));
    vouch_ctx_free(ctx);
}

/* Groups and scores that know nothing of each other are found unlike one time in twenty, or less. */
static void the_tests_have_the_size_they_state(void **state)
{
    static const char *const ids[] = { "fairness.air", "fairness.conditional_parity",
                                       "fairness.average_odds" };
    enum { ROUNDS = 150 };
    size_t rejected[3] = { 0 };
    static cases c;
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__rng rng = vouch__rng_make(20261122, 1);
    fill(&c);
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < N; i++)
            c.code[0][i] = vouch__rng_uniform(&rng) < 0.4;
        for (size_t t = 0; t < 3; t++) {
            vouch__evidence list;
            put(ctx, ids[t], &c.sample, "{'declined':0.4}", &list);
            rejected[t] += golden_number(list.entries->first, "p_value") < 0.05;
            vouch__evidence_free(&list);
        }
    }
    for (size_t t = 0; t < 3; t++)
        if ((double)rejected[t] / ROUNDS > 0.05 + 4 * sqrt(0.05 * 0.95 / ROUNDS))
            fail_msg("%s rejects %zu of %d", ids[t], rejected[t], ROUNDS);
    vouch_ctx_free(ctx);
}

static vouch_status every_row(vouch_ctx *ctx, void *arg)
{
    cases *c = arg;
    vouch__evidence list;
    vouch_status status = vouch__evidence_new(ctx, NULL, &list);
    if (status)
        return status;
    for (size_t t = 0; t < vouch_test_count() && !status; t++)
        if (!strncmp(vouch_test_at(t)->id, "fairness.", 9))
            status = trial_run(ctx, vouch_test_at(t), &c->sample, NULL, NULL, &list);
    vouch__evidence_free(&list);
    return status;
}

static void allocations_may_fail_anywhere(void **state)
{
    static cases c;
    (void)state;
    fill(&c);
    c.sample.n_groups = 2;
    sweep_allocations(every_row, &c, 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decisions_follow_the_order_of_the_scores),
        cmocka_unit_test(an_intersection_shows_what_margins_hide),
        cmocka_unit_test(a_mix_of_segments_explains_a_gap_away),
        cmocka_unit_test(certain_groups_are_plain_groups),
        cmocka_unit_test(poisson_numbers_have_their_law),
        cmocka_unit_test(resamples_follow_the_seed),
        cmocka_unit_test(the_tests_have_the_size_they_state),
        cmocka_unit_test(allocations_may_fail_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

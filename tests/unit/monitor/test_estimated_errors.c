/* Errors without outcomes: what comes about lies in the interval where the batch is of the worst kind of
 * case; outcomes of events, missing ones and weights are taken as said. */
#include "one_ctx.h"
#include "trial.h"

#include "data/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { N = 1200, LESS = 300 };

/* Errors whose spread rises with x from 1/2 to 2; kind says whether x is low or high. */
typedef struct world {
    double x[N], score[N], target[N], weight[N];
    const char *kind[N];
    vouch_table *table;
    size_t feature[2];
    vouch__sample s;
} world;

static world worlds[2];

static vouch__sample *make(world *w, size_t n, double low)
{
    static const char *const name[] = { "x", "kind" };
    static const vouch_type type[] = { VOUCH_NUMBER, VOUCH_TEXT };
    const double *const value[] = { w->x, NULL };
    const char *const *const text[] = { NULL, w->kind };
    vouch__table_builder *builder = NULL;
    for (size_t i = 0; i < n; i++) {
        w->x[i] = low + (1.0 - low) * seeded();
        w->kind[i] = w->x[i] < 0.5 ? "low" : "high";
        w->score[i] = 3.0 * seeded();
        w->target[i] = w->score[i] + (0.5 + 1.5 * w->x[i]) * seeded_normal();
        w->weight[i] = 1.0;
    }
    assert_ok(ctx, vouch__table_builder_new(ctx, 2, name, type, &builder));
    assert_ok(ctx, vouch__table_builder_add(ctx, builder, n, value, text));
    assert_ok(ctx, vouch__table_builder_end(ctx, builder, &w->table));
    vouch__table_builder_free(builder);
    w->feature[0] = 0;
    w->feature[1] = 1;
    w->s = (vouch__sample){ .n = n,
                            .score = w->score,
                            .target = w->target,
                            .table = w->table,
                            .feature = w->feature,
                            .n_features = 2,
                            .id_column = SIZE_MAX,
                            .label_column = SIZE_MAX,
                            .date_column = SIZE_MAX };
    return &w->s;
}

static const vouch__json *put(const vouch__sample *now, const vouch__sample *before, vouch__evidence *list)
{
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, list));
    assert_ok(ctx, trial_run(ctx, vouch_test_find("drift.estimated_errors"), now, before, NULL, list));
    assert_non_null(list->entries->first);
    return list->entries->first;
}

static double number(const vouch__json *entry, const char *path)
{
    return vouch__json_double(golden_at(entry, path), (double)NAN);
}

static bool is(const vouch__json *entry, const char *verdict)
{
    return !strcmp(vouch__json_string(vouch__json_get(entry, "verdict")), verdict);
}

static double rmse(const world *w, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (w->target[i] - w->score[i]) * (w->target[i] - w->score[i]);
    return sqrt(sum / (double)n);
}

/* The outcomes of the batch are not looked at; what they come to lies in the interval. An interval by the
 * spread of the reference's losses alone, as NannyML's sampling error is, would be too short here. */
static void the_worst_kind_of_case_is_foreseen(void **state)
{
    (void)state;
    vouch__evidence list;
    vouch__sample *before = make(&worlds[0], N, 0.0), now = *make(&worlds[1], LESS, 0.7);
    double is_now = rmse(&worlds[1], LESS), was = rmse(&worlds[0], N), mean = 0.0, square = 0.0;
    now.target = NULL;
    const vouch__json *e = put(&now, before, &list);
    assert_true(number(e, "value") > 1.15);
    assert_true(number(e, "p_value") < 1e-6);
    assert_true(number(e, "interval.low") <= is_now / was && is_now / was <= number(e, "interval.high"));
    assert_close(number(e, "tables.measures.rows.2.4"), was, 1e-12);
    for (size_t i = 0; i < N; i++) {
        double loss = pow(worlds[0].target[i] - worlds[0].score[i], 2);
        mean += loss / N;
        square += loss * loss / N;
    }
    double of_reference = sqrt((square - mean * mean) / LESS);
    double half = 0.5 * (number(e, "tables.measures.rows.1.3") - number(e, "tables.measures.rows.1.2"));
    assert_true(half / 1.959964 > 1.3 * of_reference);
    vouch__evidence_free(&list);
    vouch_table_unref(worlds[0].table);
    vouch_table_unref(worlds[1].table);
}

static void the_reference_itself_is_told_its_own_error(void **state)
{
    (void)state;
    vouch__evidence list;
    const vouch__sample *s = make(&worlds[0], N, 0.0);
    const vouch__json *e = put(s, s, &list);
    assert_close(number(e, "value"), 1.0, 0.03);
    assert_true(number(e, "p_value") > 0.2);
    vouch__evidence_free(&list);
    vouch_table_unref(worlds[0].table);
}

/* Cases of no outcome teach nothing; weights count; the same seed gives the same bits. */
static void missing_outcomes_and_weights_are_heeded(void **state)
{
    (void)state;
    vouch__evidence list[3];
    vouch__sample before = *make(&worlds[0], N, 0.0), now = *make(&worlds[1], LESS, 0.5), fewer = before;
    for (size_t i = N / 2; i < N; i++)
        worlds[0].target[i] = NAN;
    fewer.n = N / 2;
    const vouch__json *all = put(&now, &before, &list[0]);
    const vouch__json *half = put(&now, &fewer, &list[1]);
    assert_close(number(all, "value"), number(half, "value"), 0);
    assert_close(number(all, "interval.low"), number(half, "interval.low"), 0);
    for (size_t i = 0; i < LESS; i++)
        worlds[1].weight[i] = worlds[1].x[i] < 0.75 ? 9.0 : 1.0;
    now.weight = worlds[1].weight;
    const vouch__json *weighed = put(&now, &fewer, &list[2]);
    assert_true(number(weighed, "value") < number(half, "value") - 0.02);
    for (size_t k = 0; k < 3; k++)
        vouch__evidence_free(&list[k]);
    vouch_table_unref(worlds[0].table);
    vouch_table_unref(worlds[1].table);
}

static void what_cannot_be_learnt_is_said(void **state)
{
    (void)state;
    static const uint8_t bad[N] = { 1 };
    vouch__evidence list;
    vouch__sample before = *make(&worlds[0], N, 0.0), now = before;
    before.bad = bad;
    assert_true(is(put(&now, &before, &list), "not-applicable"));
    vouch__evidence_free(&list);
    before = now;
    before.n = 30;
    assert_true(is(put(&now, &before, &list), "refused"));
    vouch__evidence_free(&list);
    before.n = N;
    before.target = worlds[0].score;
    assert_true(is(put(&now, &before, &list), "refused"));
    vouch__evidence_free(&list);
    worlds[0].target[3] = -1.7e308;
    before.target = worlds[0].target;
    const vouch__json *e = put(&now, &before, &list);
    assert_true(is(e, "refused") && strstr(golden_text(e, "note"), "too large"));
    vouch__evidence_free(&list);
    vouch_table_unref(worlds[0].table);
}

static vouch_status once(vouch_ctx *mine, void *arg)
{
    vouch__evidence list = { .doc = NULL };
    const char *params = "{\"trees\": 2}";
    vouch__doc *doc = NULL;
    (void)arg;
    vouch_status status = vouch__evidence_new(mine, NULL, &list);
    if (!status)
        status = vouch__json_read(mine, "params", params, strlen(params), 0, &doc);
    if (!status)
        status = trial_run(mine, vouch_test_find("drift.estimated_errors"), &worlds[1].s, &worlds[0].s,
                           vouch__doc_root(doc), &list);
    vouch__doc_free(doc);
    vouch__evidence_free(&list);
    return status;
}

static void every_allocation_failure_is_survived(void **state)
{
    (void)state;
    (void)make(&worlds[0], 60, 0.0);
    (void)make(&worlds[1], 20, 0.5);
    sweep_allocations(once, NULL, 60);
    vouch_table_unref(worlds[0].table);
    vouch_table_unref(worlds[1].table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worst_kind_of_case_is_foreseen),
        cmocka_unit_test(the_reference_itself_is_told_its_own_error),
        cmocka_unit_test(missing_outcomes_and_weights_are_heeded),
        cmocka_unit_test(what_cannot_be_learnt_is_said),
        cmocka_unit_test(every_allocation_failure_is_survived),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

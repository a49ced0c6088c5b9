/* Reject inference on applicants whose every outcome is known: what each method recovers where the past
 * decision rests on the inputs alone (missing at random), and that it does not where it knew more. */
#include "check.h"

#include "base/ctx.h"
#include "num/special.h"
#include "strategy/reject.h"
#include "vouch/models.h"

#include <math.h>
#include <string.h>

enum { MAX = 4000 };
static vouch_ctx *ctx;

typedef struct book {
    uint8_t accepted[MAX], bad[MAX], truth[MAX], part[2 * MAX];
    double pd[MAX], chance[MAX], target[2 * MAX], weight[2 * MAX], implied[MAX];
    double true_rate; /* of the rejects */
    vouch__rejects r;
} book;

/* knew: how far the past decision saw what the inputs do not hold. */
static void draw(book *b, size_t n, double knew)
{
    double out = 0, out_bad = 0;
    for (size_t i = 0; i < n; i++) {
        double x = seeded_normal(), hidden = seeded_normal();
        b->pd[i] = vouch__sigmoid(-1 + x);
        b->chance[i] = vouch__sigmoid(0.5 - x);
        b->truth[i] = seeded() < vouch__sigmoid(-1 + x + knew * hidden);
        b->accepted[i] = i < 2 || (i > 3 && seeded() < vouch__sigmoid(0.5 - x - knew * hidden));
        if (i < 2)
            b->truth[i] = (uint8_t)i;
        b->bad[i] = b->accepted[i] ? b->truth[i] : 0;
        out += !b->accepted[i];
        out_bad += b->accepted[i] ? 0 : b->truth[i];
    }
    b->true_rate = out_bad / out;
    b->r = (vouch__rejects){ .n = n,
                             .accepted = b->accepted,
                             .bad = b->bad,
                             .pd = b->pd,
                             .chance = b->chance,
                             .factor = 1,
                             .floor = 0.02,
                             .bands = 20,
                             .seed = 3 };
}

/* The rejects' bad rate as the rows have it: by weight over the rows in use. */
static double rate_of(const book *b)
{
    double all = 0, bad = 0;
    for (size_t i = 0; i < 2 * b->r.n; i++)
        if (b->part[i] == VOUCH_PART_TRAIN && !b->accepted[i % b->r.n]) {
            all += b->weight[i];
            bad += b->weight[i] * b->target[i];
        }
    return bad / all;
}

static void make(book *b, vouch__reject_method method)
{
    size_t held;
    assert_ok(ctx, vouch__reject_rows(ctx, &b->r, method, b->target, b->weight, b->part, b->implied, &held));
}

static void rejects_keep_their_weight_and_expected_bads(void **state)
{
    static const vouch__reject_method methods[] = { VOUCH__REJECT_CUTOFF, VOUCH__REJECT_PARCEL,
                                                    VOUCH__REJECT_FUZZY };
    static book b;
    (void)state;
    for (int round = 0; round < 20; round++) {
        draw(&b, 300 + seeded_below(MAX - 300), 0);
        b.r.factor = 0.5 + 3 * seeded();
        double wanted = 0, rejects = 0;
        for (size_t i = 0; i < b.r.n; i++)
            if (!b.accepted[i]) {
                wanted += vouch__reject_odds(b.pd[i], b.r.factor);
                rejects++;
            }
        for (size_t m = 0; m < 3; m++) {
            double all = 0;
            make(&b, methods[m]);
            for (size_t i = 0; i < 2 * b.r.n; i++)
                all += b.part[i] == VOUCH_PART_TRAIN ? b.weight[i] : 0;
            assert_close(all, (double)b.r.n, 1e-9);
            if (methods[m] != VOUCH__REJECT_PARCEL) /* which goes by what the accepts showed */
                assert_close(rate_of(&b) * rejects, wanted, methods[m] == VOUCH__REJECT_FUZZY ? 1e-12 : 0.01);
        }
    }
}

static void weights_bring_the_accepts_back_to_all_applicants(void **state)
{
    static book b;
    (void)state;
    draw(&b, MAX, 0);
    make(&b, VOUCH__REJECT_AUGMENT);
    double all = 0;
    for (size_t i = 0; i < b.r.n; i++)
        all += b.part[i] == VOUCH_PART_TRAIN ? b.weight[i] : 0;
    assert_close(all, (double)b.r.n, 1e-9);
    size_t held;
    b.r.floor = 0.5;
    assert_ok(ctx, vouch__reject_rows(ctx, &b.r, VOUCH__REJECT_REWEIGHT, b.target, b.weight, b.part,
                                      b.implied, &held));
    assert_true(held > 0);
    for (size_t i = 0; i < b.r.n; i++)
        assert_true(!b.accepted[i] || (b.weight[i] >= 1 && b.weight[i] <= 2));
}

/* A weighted mean over the accepts that should be the bad rate of all applicants. */
static double weighted_rate(const book *b)
{
    double all = 0, bad = 0;
    for (size_t i = 0; i < b->r.n; i++)
        if (b->accepted[i]) {
            all += b->weight[i];
            bad += b->weight[i] * b->bad[i];
        }
    return bad / all;
}

static void at_random_all_find_the_truth_and_otherwise_only_the_band_holds_it(void **state)
{
    static book b;
    (void)state;
    for (int knew = 0; knew < 2; knew++) {
        draw(&b, MAX, 1.5 * knew);
        double whole = 0;
        for (size_t i = 0; i < b.r.n; i++)
            whole += b.truth[i];
        whole /= (double)b.r.n;
        /* the model of the accepts, known here: what their pd truly is given x and acceptance */
        double in[10] = { 0 }, in_bad[10] = { 0 };
        for (size_t i = 0; i < b.r.n; i++)
            if (b.accepted[i]) {
                in[(size_t)(b.pd[i] * 10)]++;
                in_bad[(size_t)(b.pd[i] * 10)] += b.bad[i];
            }
        for (size_t i = 0; i < b.r.n; i++)
            b.pd[i] = (in_bad[(size_t)(b.pd[i] * 10)] + 0.5) / (in[(size_t)(b.pd[i] * 10)] + 1);
        b.r.factor = 1;
        make(&b, VOUCH__REJECT_FUZZY);
        double fuzzy = rate_of(&b);
        make(&b, VOUCH__REJECT_PARCEL);
        double parcelled = rate_of(&b);
        make(&b, VOUCH__REJECT_REWEIGHT);
        double reweighted = weighted_rate(&b);
        b.r.factor = 10;
        make(&b, VOUCH__REJECT_FUZZY);
        double most = rate_of(&b);
        if (!knew) {
            assert_close(fuzzy, b.true_rate, 0.06);
            assert_close(parcelled, b.true_rate, 0.06);
            assert_close(reweighted, whole, 0.06);
        } else {
            assert_true(fuzzy < b.true_rate - 0.1);
            assert_true(parcelled < b.true_rate - 0.1);
            assert_true(reweighted < whole - 0.04);
            assert_true(most > b.true_rate);
        }
    }
}

static void what_cannot_be_inferred_is_refused(void **state)
{
    static book b;
    size_t held;
    (void)state;
    draw(&b, 100, 0);
    memset(b.accepted, 1, sizeof b.accepted);
    assert_status(
        ctx, vouch__reject_rows(ctx, &b.r, VOUCH__REJECT_FUZZY, b.target, b.weight, b.part, b.implied, &held),
        VOUCH_E_DATA);
    memset(b.accepted, 0, sizeof b.accepted);
    assert_status(
        ctx, vouch__reject_rows(ctx, &b.r, VOUCH__REJECT_FUZZY, b.target, b.weight, b.part, b.implied, &held),
        VOUCH_E_DATA);
    assert_true(vouch__reject_find("parcelling") == VOUCH__REJECT_PARCEL);
    assert_true(vouch__reject_find("parceling") == VOUCH__REJECT_METHODS);
    assert_close(vouch__reject_odds(0.2, 4), 0.5, 1e-15);
}

static vouch_status once(vouch_ctx *on, void *arg)
{
    book *b = arg;
    size_t held;
    vouch_status status = VOUCH_OK;
    for (size_t m = 0; m < VOUCH__REJECT_METHODS && !status; m++)
        status = vouch__reject_rows(on, &b->r, (vouch__reject_method)m, b->target, b->weight, b->part,
                                    b->implied, &held);
    return status;
}

static void running_out_of_memory_is_reported(void **state)
{
    static book b;
    (void)state;
    draw(&b, 200, 0);
    sweep_allocations(once, &b, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rejects_keep_their_weight_and_expected_bads),
        cmocka_unit_test(weights_bring_the_accepts_back_to_all_applicants),
        cmocka_unit_test(at_random_all_find_the_truth_and_otherwise_only_the_band_holds_it),
        cmocka_unit_test(what_cannot_be_inferred_is_refused),
        cmocka_unit_test(running_out_of_memory_is_reported),
    };
    ctx = vouch_ctx_new(NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failed;
}

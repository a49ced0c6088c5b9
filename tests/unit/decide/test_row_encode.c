/* Rows to numbers: each type of input, each type of value. */
#include "check.h"

#include "decide/decider.h"

#include <math.h>
#include <string.h>

static char amount[] = "amount", city[] = "city", grade[] = "grade";
static char bonn[] = "Bonn", koeln[] = "K\xc3\xb6ln", minus[] = "-1", half[] = "0.5", ten[] = "10";
static char *cities[] = { bonn, koeln }, *grades[] = { minus, half, ten }; /* sorted by bytes */
static vouch__input input[] = {
    { .name = amount },
    { .name = city, .is_category = true, .n_categories = 2, .category = cities },
    { .name = grade, .is_category = true, .n_categories = 3, .category = grades }
};
static const vouch__inputs inputs = { .n = 3, .at = input };
static vouch_ctx *ctx;

static vouch_status encode(const char *json, double out[3])
{
    vouch__doc *doc = NULL;
    assert_ok(ctx, vouch__json_read(ctx, "row", json, strlen(json), 4096, &doc));
    vouch_status status = vouch__row_encode(ctx, &inputs, vouch__doc_root(doc), out);
    vouch__doc_free(doc);
    return status;
}

static void values_become_codes_and_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        double want[3];
    } cases[] = {
        { "{\"amount\":1.5,\"city\":\"Bonn\",\"grade\":\"10\"}", { 1.5, 0, 2 } },
        { "{\"amount\":-0.0,\"city\":\"K\xc3\xb6ln\",\"grade\":\"0.5\"}", { 0, 1, 1 } },
        { "{\"amount\":true,\"city\":\"bonn\",\"grade\":\"-1\"}", { 1, VOUCH__UNSEEN, 0 } },
        { "{\"grade\":10,\"city\":\"\",\"amount\":false}", { 0, VOUCH__UNSEEN, 2 } },
        { "{\"amount\":0,\"city\":\"Bonn\",\"grade\":10.0}", { 0, 0, 2 } },
        { "{\"amount\":0,\"city\":\"Bonn\",\"grade\":5e-1}", { 0, 0, 1 } },
        { "{\"amount\":0,\"city\":\"Bonn\",\"grade\":-1}", { 0, 0, 0 } },
        { "{\"amount\":0,\"city\":\"Bonn\",\"grade\":11}", { 0, 0, VOUCH__UNSEEN } },
        { "{\"amount\":0,\"city\":\"Bonn\",\"grade\":\"10.0\"}",
          { 0, 0, VOUCH__UNSEEN } }, /* text as it is */
        { "{\"amount\":null,\"city\":null,\"grade\":null}", { NAN, NAN, NAN } },
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        double got[3];
        assert_ok(ctx, encode(cases[k].json, got));
        for (size_t j = 0; j < 3; j++)
            if (isnan(cases[k].want[j]))
                assert_nan(got[j]);
            else
                assert_close(got[j], cases[k].want[j], 0);
    }
}

/* Cities do not look like numbers, so a number is a mistake, not an unseen city. */
static void a_number_is_no_city(void **state)
{
    (void)state;
    double got[3];
    assert_status(ctx, encode("{\"amount\":0,\"city\":3,\"grade\":10}", got), VOUCH_E_DATA);
    assert_error_has(ctx, "column 'city' must be text or null");
}

static void a_message_never_holds_the_value(void **state)
{
    (void)state;
    double got[3];
    assert_status(ctx, encode("{\"amount\":\"secret\",\"city\":null,\"grade\":10}", got), VOUCH_E_DATA);
    assert_null(strstr(vouch_ctx_error(ctx), "secret"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_become_codes_and_numbers),
        cmocka_unit_test(a_number_is_no_city),
        cmocka_unit_test(a_message_never_holds_the_value),
    };
    ctx = vouch_ctx_new(NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failed;
}

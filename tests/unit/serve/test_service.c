/* The model that serves is the latest approved one, with the bundle of its own run. */
#include "applicants.h"
#include "people.h"

#include "govern/ledger.h"
#include "serve/service.h"

#include <stdio.h>
#include <string.h>

enum { N = 300 };

static vouch__buf bundle_of(vouch_ctx *ctx, const applicants *a, const vouch_model *model, double cutoff)
{
    vouch_explainer *explainer = NULL;
    vouch__reason_map map;
    vouch__buf bundle;
    vouch__buf_init(ctx, &bundle, 0);
    assert_ok(ctx, vouch_explainer_new(ctx, model, a->table, &explainer));
    assert_ok(ctx, vouch__reason_map_make(ctx, &model->inputs, NULL, &map));
    assert_ok(ctx,
              vouch__decider_bundle(ctx, model, explainer, &map, "average-applicant", 4, cutoff, &bundle));
    vouch__reason_map_clear(&map);
    vouch_explainer_free(explainer);
    return bundle;
}

/* A run by Dana whose one model has this fingerprint and, unless NULL, this bundle; validated and approved.
 */
static void approve_run(vouch_ctx *ctx, vouch_store *store, const char *name, const char *fingerprint,
                        const vouch__buf *bundle)
{
    vouch__doc *doc = NULL;
    char hex[VOUCH__HEX];
    assert_ok(ctx, vouch__doc_new(ctx, &doc));
    vouch__json *body = vouch__json_object(doc);
    vouch__json *models = vouch__json_set(doc, body, "models", vouch__json_array(doc));
    vouch__json *m = vouch__json_push(doc, models, vouch__json_object(doc));
    (void)vouch__json_set(doc, m, "name", vouch__json_text(doc, name));
    (void)vouch__json_set(doc, m, "kind", vouch__json_text(doc, "scorecard"));
    (void)vouch__json_set(doc, m, "fingerprint", vouch__json_text(doc, fingerprint));
    assert_ok(ctx, vouch__store_begin(ctx, store));
    if (bundle) {
        assert_ok(ctx, vouch__object_put(ctx, store, bundle->at, bundle->len, hex));
        (void)vouch__json_set(doc, m, "bundle", vouch__json_text(doc, hex));
    }
    assert_ok(ctx, vouch__ledger_append(ctx, store, person_key(DANA), "developer", "run", body, NULL));
    assert_ok(ctx, vouch__store_commit(ctx, store));
    vouch__doc_free(doc);
    assert_ok(ctx, vouch_govern_sign(ctx, store, person_key(VICTOR), name, NULL));
    assert_ok(ctx, vouch_govern_approve(ctx, store, person_key(ANNA), name, NULL));
}

/* The first decision's word for an applicant of the middle, and the id. */
static void decide(vouch_ctx *ctx, vouch__service *service, int want_code, const char *want, char *out_id)
{
    static const char body[] =
        "{\"row\":{\"income\":50,\"delay\":0,\"region\":\"south\",\"owner\":true,\"noise\":0}}";
    const vouch__request request = {
        .method = "POST", .path = "/v1/decisions", .body = body, .len = sizeof body - 1
    };
    vouch__response response;
    vouch__serve_request(ctx, service, &request, &response);
    if (response.code != want_code || !strstr(response.body.at, want)) {
        print_error("%d %s: want %d %s\n", response.code, response.body.at, want_code, want);
        fail();
    }
    if (out_id) {
        memcpy(out_id, strstr(response.body.at, "\"id\":\"") + 6, VOUCH__DECISION_ID - 1);
        out_id[VOUCH__DECISION_ID - 1] = '\0';
    }
    vouch__buf_free(&response.body);
}

static void the_latest_approved_model_serves_until_it_is_retired(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = people_store(ctx, NULL);
    vouch__service *service = NULL;
    applicants a = applicants_make(ctx, N);
    vouch_model *card = applicants_fit(&a, "scorecard", "min_iv: 0"),
                *forest = applicants_fit(&a, "gbdt", "trees: 10");
    vouch__buf lenient = bundle_of(ctx, &a, card, 1.0), strict = bundle_of(ctx, &a, forest, -1.0);
    char id[VOUCH__DECISION_ID];

    assert_ok(ctx, vouch__service_new(ctx, store, person_key(SERVER), NULL, 0, 0, &service));
    assert_status(ctx, vouch__service_refresh(ctx, service), VOUCH_E_NOTFOUND);
    approve_run(ctx, store, "card", vouch_model_fingerprint(card), &lenient);
    assert_ok(ctx, vouch__service_refresh(ctx, service));
    assert_string_equal(service->serving.fingerprint, vouch_model_fingerprint(card));
    decide(ctx, service, 200, "\"decision\":\"approve\"", id);

    /* What is stored decides the same again, byte for byte. */
    vouch__buf record, again;
    vouch__doc *doc = NULL, *fresh = NULL;
    vouch__json *decision = NULL;
    assert_ok(ctx, vouch__decision_get(ctx, store, id, &record));
    assert_ok(ctx, vouch__json_read(ctx, "record", record.at, record.len, 1 << 20, &doc));
    const vouch__json *root = vouch__doc_root(doc);
    assert_ok(ctx, vouch__doc_new(ctx, &fresh));
    assert_ok(ctx, vouch__decide(ctx, service->serving.decider, vouch__json_get(root, "row"), fresh, NULL,
                                 &decision));
    vouch__buf_init(ctx, &again, 0);
    vouch__json_write(&again, decision);
    assert_non_null(strstr(record.at, again.at));
    assert_string_equal(vouch__json_string(vouch__json_get(root, "bundle")), service->serving.bundle);
    vouch__buf_free(&again);
    vouch__buf_free(&record);
    vouch__doc_free(doc);
    vouch__doc_free(fresh);

    approve_run(ctx, store, "forest", vouch_model_fingerprint(forest), &strict);
    assert_ok(ctx, vouch__service_refresh(ctx, service));
    decide(ctx, service, 200, vouch_model_fingerprint(forest), NULL);
    assert_ok(ctx, vouch_govern_retire(ctx, store, person_key(ANNA), "forest", "too strict"));
    assert_ok(ctx, vouch__service_refresh(ctx, service)); /* back to the card, which is approved still */
    decide(ctx, service, 200, vouch_model_fingerprint(card), NULL);
    assert_ok(ctx, vouch_govern_retire(ctx, store, person_key(ANNA), "card", "done"));
    assert_status(ctx, vouch__service_refresh(ctx, service), VOUCH_E_NOTFOUND);
    decide(ctx, service, 503, "no approved model serves", NULL);

    vouch__service_free(service);
    vouch__buf_free(&lenient);
    vouch__buf_free(&strict);
    vouch_model_free(card);
    vouch_model_free(forest);
    applicants_free(&a);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

static void a_name_asked_for_keeps_others_out(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = people_store(ctx, NULL);
    vouch__service *service = NULL;
    applicants a = applicants_make(ctx, N);
    vouch_model *card = applicants_fit(&a, "scorecard", "min_iv: 0");
    vouch__buf bundle = bundle_of(ctx, &a, card, 0.5);
    approve_run(ctx, store, "other", vouch_model_fingerprint(card), &bundle);
    assert_ok(ctx, vouch__service_new(ctx, store, person_key(SERVER), "mine", 0, 0, &service));
    assert_status(ctx, vouch__service_refresh(ctx, service), VOUCH_E_NOTFOUND);
    assert_error_has(ctx, "'mine'");
    vouch__service_free(service);
    vouch__buf_free(&bundle);
    vouch_model_free(card);
    applicants_free(&a);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

/* A model was approved; what stands behind it in the store is absent, or another's. What serves goes on. */
static void a_bundle_that_is_not_the_approved_model_does_not_serve(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = people_store(ctx, NULL);
    vouch__service *service = NULL;
    applicants a = applicants_make(ctx, N);
    vouch_model *card = applicants_fit(&a, "scorecard", "min_iv: 0"),
                *forest = applicants_fit(&a, "gbdt", "trees: 10");
    vouch__buf bundle = bundle_of(ctx, &a, card, 0.5);
    assert_ok(ctx, vouch__service_new(ctx, store, person_key(SERVER), NULL, 0, 0, &service));
    approve_run(ctx, store, "card", vouch_model_fingerprint(card), &bundle);
    assert_ok(ctx, vouch__service_refresh(ctx, service));
    approve_run(ctx, store, "forest", vouch_model_fingerprint(forest), &bundle); /* the card's */
    assert_status(ctx, vouch__service_refresh(ctx, service), VOUCH_E_CORRUPT);
    assert_error_has(ctx, "holds another model");
    decide(ctx, service, 200, vouch_model_fingerprint(card), NULL);
    approve_run(ctx, store, "bare", vouch_model_fingerprint(forest), NULL);
    assert_status(ctx, vouch__service_refresh(ctx, service), VOUCH_E_DATA);
    assert_error_has(ctx, "without a decision bundle");
    decide(ctx, service, 200, vouch_model_fingerprint(card), NULL);
    vouch__service_free(service);
    vouch__buf_free(&bundle);
    vouch_model_free(card);
    vouch_model_free(forest);
    applicants_free(&a);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_approved_model_serves_until_it_is_retired),
        cmocka_unit_test(a_name_asked_for_keeps_others_out),
        cmocka_unit_test(a_bundle_that_is_not_the_approved_model_does_not_serve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

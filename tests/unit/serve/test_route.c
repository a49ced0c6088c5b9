/* Requests in, responses out, without sockets. */
#include "fake_service.h"
#include "people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct bench { /* what a test works with */
    vouch_ctx *ctx;
    vouch_store *store;
    vouch__service *service;
    vouch__response response;
} bench;

static int set_up(void **state)
{
    bench *b = calloc(1, sizeof *b);
    b->ctx = vouch_ctx_new(NULL);
    b->store = people_store(b->ctx, NULL);
    assert_ok(b->ctx, fake_service(b->ctx, b->store, person_key(SERVER), 10000, 5, &b->service));
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    bench *b = *state;
    vouch__buf_free(&b->response.body);
    vouch__service_free(b->service);
    vouch_store_close(b->store);
    vouch_ctx_free(b->ctx);
    free(b);
    return 0;
}

/* Returns the body. */
static const char *ask_bytes(bench *b, const char *method, const char *path, const char *key,
                             const char *body, size_t len, int want)
{
    const vouch__request request = {
        .method = method, .path = path, .idempotency_key = key, .body = body, .len = len
    };
    vouch__buf_free(&b->response.body);
    vouch__serve_request(b->ctx, b->service, &request, &b->response);
    if (b->response.code != want) {
        print_error("%s %s %.200s: %d %s, want %d\n", method, path, body, b->response.code,
                    b->response.body.at, want);
        fail();
    }
    return b->response.body.at ? b->response.body.at : "";
}

static const char *ask(bench *b, const char *method, const char *path, const char *key, const char *body,
                       int want)
{
    return ask_bytes(b, method, path, key, body, strlen(body), want);
}

static void has(const char *text, const char *words)
{
    if (!strstr(text, words)) {
        print_error("\"%s\" lacks \"%s\"\n", text, words);
        fail();
    }
}

static const char decisions[] = "/v1/decisions";

/* Copy the first id of a response. */
static void first_id(const char *body, char out[VOUCH__DECISION_ID])
{
    const char *at = strstr(body, "\"id\":\"");
    assert_non_null(at);
    memcpy(out, at + 6, VOUCH__DECISION_ID - 1);
    out[VOUCH__DECISION_ID - 1] = '\0';
}

static void a_row_is_decided_and_can_be_read_back(void **state)
{
    bench *b = *state;
    char id[VOUCH__DECISION_ID], path[80];
    const char *body = ask(b, "POST", decisions, NULL, "{\"row\":{\"income\":150,\"name\":\"Ann\"}}", 200);
    has(body, "{\"decisions\":[{\"decision\":\"approve\",\"id\":\"");
    assert_string_equal(b->response.content_type, "application/json");
    first_id(body, id);
    (void)snprintf(path, sizeof path, "/v1/decisions/%s", id);
    body = ask(b, "GET", path, NULL, "", 200);
    has(body, "\"row\":{\"income\":150}"); /* what is no input is not kept */
    has(body, "\"bundle\":\"f00d\"");
    has(body, id);
    (void)ask(b, "GET", "/v1/decisions/00000000000000000000000000000000", NULL, "", 404);
    (void)ask(b, "GET", "/v1/decisions/x", NULL, "", 404);
    (void)ask(b, "GET", "/v1/decisions/", NULL, "", 404);
}

static void rows_are_decided_in_order_or_not_at_all(void **state)
{
    bench *b = *state;
    const char *body = ask(b, "POST", decisions, NULL,
                           "{\"rows\":[{\"income\":1},{\"income\":null},{\"income\":100}]}", 200);
    const char *decline = strstr(body, "decline"), *refer = strstr(body, "refer"),
               *approve = strstr(body, "approve");
    assert_true(decline && refer && approve && decline < refer && refer < approve);
    body = ask(b, "POST", decisions, NULL, "{\"rows\":[{\"income\":1},{}]}", 422);
    has(body, "\"status\":\"E_DATA\"");
    has(body, "rows[1]: decide: column 'income'");
    has(ask(b, "GET", "/metrics", NULL, "", 200), "vouch_decisions_total{outcome=\"decline\"} 1\n");
}

static void a_body_that_is_no_request_is_refused(void **state)
{
    bench *b = *state;
    static const struct {
        const char *body;
        int code;
        const char *words;
    } cases[] = {
        { "", 400, "E_FORMAT" },
        { "{", 400, "request body:1:2" },
        { "{}", 400, "must be {" },
        { "[]", 400, "must be {" },
        { "{\"rows\":{}}", 400, "must be a list" },
        { "{\"rows\":[]}", 422, "rows is empty" },
        { "{\"row\":{\"income\":1},\"rows\":[]}", 400, "must be {" },
        { "{\"row\":{\"income\":1},\"x\":1}", 400, "must be {" },
        { "{\"row\":{\"income\":NaN}}", 400, "E_FORMAT" },
        { "{\"row\":{\"income\":Infinity}}", 400, "E_FORMAT" },
        { "{\"row\":{\"income\":-Infinity}}", 400, "E_FORMAT" },
        { "{\"row\":{\"income\":\"Infinity\"}}", 422, "income" },
        { "{\"row\":{\"income\":1,\"income\":2}}", 400, "E_FORMAT" },
        { "{\"row\":{\"income\":\"\xff\xfe\"}}", 400, "E_FORMAT" },
        { "{\"row\":{\"income\":1}} x", 400, "E_FORMAT" },
        { "{\"row\":{\"income\":1e999}}", 400, "E_FORMAT" },
        { "{\"row\":7}", 422, "E_DATA" },
        { "{\"rows\":[{\"income\":1},{\"income\":1},{\"income\":1},{\"income\":1},{\"income\":1},{\"income\":"
          "1}]}",
          413, "6 rows, at most 5" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *body = ask(b, "POST", decisions, NULL, cases[i].body, cases[i].code);
        has(body, "{\"error\":{\"message\":\"");
        has(body, cases[i].words);
        assert_null(strchr(body, '\n'));
    }
    (void)ask_bytes(b, "POST", decisions, NULL, "{\"row\":{\"income\":1}}\0", 21, 400);
}

static void a_body_over_the_limit_is_refused(void **state)
{
    bench *b = *state;
    char *body = malloc(20000);
    memset(body, ' ', 20000);
    memcpy(body, "{\"row\":{\"income\":1}}", 20);
    (void)ask_bytes(b, "POST", decisions, NULL, body, 10000, 200);
    (void)ask_bytes(b, "POST", decisions, NULL, body, 10001, 413);
    free(body);
}

static void a_repeated_key_gives_the_same_answer(void **state)
{
    bench *b = *state;
    char first[1000];
    const char *body = ask(b, "POST", decisions, "key-1", "{\"row\":{\"income\":150}}", 200);
    assert_false(b->response.is_replay);
    (void)snprintf(first, sizeof first, "%s", body);
    body = ask(b, "POST", decisions, "key-1", " { \"row\" : { \"income\" : 150.0 } } ", 200);
    assert_true(b->response.is_replay);
    assert_string_equal(body, first);
    body = ask(b, "POST", decisions, "key-1", "{\"row\":{\"income\":151}}", 409);
    has(body, "was used for another request");
    has(ask(b, "GET", "/metrics", NULL, "", 200), "vouch_idempotent_replays_total 1\n");
    body = ask(b, "GET", "/metrics", NULL, "", 200);
    has(body, "vouch_decisions_total{outcome=\"approve\"} 1\n");
    /* A refused request leaves its key free. */
    (void)ask(b, "POST", decisions, "key-2", "{\"row\":{}}", 422);
    (void)ask(b, "POST", decisions, "key-2", "{\"row\":{\"income\":1}}", 200);
}

static void a_bad_key_is_refused(void **state)
{
    bench *b = *state;
    char longest[202];
    memset(longest, 'k', 201);
    longest[201] = '\0';
    const char *row = "{\"row\":{\"income\":1}}";
    (void)ask(b, "POST", decisions, "", row, 400);
    (void)ask(b, "POST", decisions, "two words", row, 400);
    (void)ask(b, "POST", decisions, "\xc3\xa9", row, 400);
    (void)ask(b, "POST", decisions, longest, row, 400);
    longest[200] = '\0';
    (void)ask(b, "POST", decisions, longest, row, 200);
}

static void paths_and_methods_are_told_apart(void **state)
{
    bench *b = *state;
    (void)ask(b, "GET", "/nothing", NULL, "", 404);
    (void)ask(b, "GET", "/v1/decisions/a/b", NULL, "", 404);
    (void)ask(b, "GET", decisions, NULL, "", 405);
    assert_string_equal(b->response.allow, "POST");
    (void)ask(b, "DELETE", "/healthz", NULL, "", 405);
    assert_string_equal(b->response.allow, "GET, HEAD");
    (void)ask(b, "HEAD", "/healthz", NULL, "", 200);
    has(ask(b, "GET", "/", NULL, "", 200), "<code>POST /v1/decisions</code>");
    has(ask(b, "GET", "/healthz", NULL, "", 200), "live");
    has(ask(b, "GET", "/readyz", NULL, "", 200), "f00d");
    has(ask(b, "GET", "/v1/model", NULL, "", 200), "\"inputs\":[{\"name\":\"income\"}]");
    b->service->is_stopping = true;
    has(ask(b, "GET", "/readyz", NULL, "", 503), "stopping");
}

static void without_a_model_nothing_is_decided(void **state)
{
    bench *b = *state;
    b->service->stamp = -1;
    assert_status(b->ctx, vouch__service_refresh(b->ctx, b->service), VOUCH_E_NOTFOUND);
    assert_ok(b->ctx, vouch__service_refresh(b->ctx, b->service)); /* asked only when something has changed */
    (void)ask(b, "GET", "/readyz", NULL, "", 503);
    (void)ask(b, "GET", "/v1/model", NULL, "", 404);
    (void)ask(b, "POST", decisions, NULL, "{\"row\":{\"income\":1}}", 503);
    has(ask(b, "GET", "/", NULL, "", 200), "No approved model");
    (void)ask(b, "GET", "/metrics", NULL, "", 200);
}

static void a_refused_commit_is_no_decision(void **state)
{
    bench *b = *state;
    b->service->key = person_key(DANA); /* no service role */
    has(ask(b, "POST", decisions, "k", "{\"row\":{\"income\":1}}", 403), "role service");
    has(ask(b, "GET", "/metrics", NULL, "", 200), "vouch_decisions_total{outcome=\"decline\"} 0\n");
    b->service->key = person_key(SERVER);
    (void)ask(b, "POST", decisions, "k", "{\"row\":{\"income\":1}}", 200);
    assert_false(b->response.is_replay);
}

static void metrics_count_routes_codes_and_times(void **state)
{
    bench *b = *state;
    (void)ask(b, "GET", "/nothing", NULL, "", 404);
    (void)ask(b, "POST", decisions, NULL, "{\"row\":{\"income\":150}}", 200);
    (void)ask(b, "POST", decisions, NULL, "{", 400);
    const char *text = ask(b, "GET", "/metrics", NULL, "", 200);
    has(text, "vouch_http_requests_total{method=\"POST\",route=\"/v1/decisions\",code=\"200\"} 1\n");
    has(text, "vouch_http_requests_total{method=\"POST\",route=\"/v1/decisions\",code=\"400\"} 1\n");
    has(text, "vouch_http_requests_total{method=\"\",route=\"other\",code=\"404\"} 1\n");
    has(text, "vouch_scoring_seconds_count 1\n");
    has(text, "vouch_stage_seconds_count{stage=\"parse\"} 1\n");
    has(text, "vouch_stage_seconds_count{stage=\"explain\"} 1\n");
    has(text, "vouch_stage_seconds_bucket{stage=\"serialize\",le=\"+Inf\"} 1\n");
    has(text, "vouch_commit_seconds_bucket{le=\"+Inf\"} 1\n");
    has(text, "vouch_model_info{name=\"cards\",kind=\"scorecard\",fingerprint=\"f00d\"} 1\n");
    has(text, "# TYPE vouch_commit_seconds histogram\n");
}

static void ids_are_unique_and_rise(void **state)
{
    bench *b = *state;
    char last[VOUCH__DECISION_ID] = "", id[VOUCH__DECISION_ID];
    for (int i = 0; i < 1000; i++) {
        assert_ok(b->ctx, vouch__decision_id(b->ctx, b->service, id));
        assert_true(strcmp(last, id) < 0);
        memcpy(last, id, sizeof id);
    }
}

typedef struct sweep {
    vouch_store *store;
    size_t round;
} sweep;

static vouch_status serve_once(vouch_ctx *ctx, void *arg)
{
    sweep *at = arg;
    vouch__service *service = NULL;
    vouch__response response;
    char key[32];
    (void)snprintf(key, sizeof key, "sweep-%zu", at->round++);
    const vouch__request request = { .method = "POST",
                                     .path = decisions,
                                     .idempotency_key = key,
                                     .body = "{\"rows\":[{\"income\":1}]}",
                                     .len = 23 };
    vouch_status status = fake_service(ctx, at->store, person_key(SERVER), 0, 0, &service);
    if (status)
        return status;
    vouch__serve_request(ctx, service, &request, &response);
    if (response.code != 200)
        status = response.code == 500 ? VOUCH_E_NOMEM : VOUCH_E_DATA;
    vouch__buf_free(&response.body);
    vouch__service_free(service);
    return status;
}

/* The store's own allocations are its opener's, so only the service's fail here. */
static void serving_survives_every_allocation_failure(void **state)
{
    bench *b = *state;
    sweep at = { .store = b->store };
    sweep_allocations(serve_once, &at, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_row_is_decided_and_can_be_read_back),
        TEST(rows_are_decided_in_order_or_not_at_all),
        TEST(a_body_that_is_no_request_is_refused),
        TEST(a_body_over_the_limit_is_refused),
        TEST(a_repeated_key_gives_the_same_answer),
        TEST(a_bad_key_is_refused),
        TEST(paths_and_methods_are_told_apart),
        TEST(without_a_model_nothing_is_decided),
        TEST(a_refused_commit_is_no_decision),
        TEST(metrics_count_routes_codes_and_times),
        TEST(ids_are_unique_and_rise),
        TEST(serving_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Decisions are stored in groups, found by id, and answered once per idempotency key. */
#include "people.h"

#include "govern/ledger.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const ids[] = { "00a", "00b", "00c", "00d", "00e", "00f" };
static const char *const records[] = { "{\"n\":0}", "{\"n\":1}", "{\"n\":2}",
                                       "{\"n\":3}", "{\"n\":4}", "{\"n\":5}" };

static vouch__decision_batch batch_of(size_t from, size_t n, const char *key, const char *hash,
                                      const char *response)
{
    return (vouch__decision_batch){ .idempotency_key = key,
                                    .request_hash = hash,
                                    .response = response,
                                    .response_len = strlen(response),
                                    .n = n,
                                    .id = ids + from,
                                    .record = records + from };
}

static int64_t head_seq(vouch_ctx *ctx, vouch_store *store)
{
    char *head = NULL;
    vouch__doc *doc = NULL;
    assert_ok(ctx, vouch_govern_head(ctx, store, &head));
    assert_ok(ctx, vouch__json_read(ctx, "head", head, strlen(head), 4096, &doc));
    int64_t seq = vouch__json_int(vouch__json_get(vouch__doc_root(doc), "seq"), -1);
    vouch__doc_free(doc);
    vouch_text_free(ctx, head);
    return seq;
}

static void one_entry_holds_a_group_of_batches(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = people_store(ctx, NULL);
    vouch__doc *entry = NULL;
    vouch_status status[3];
    vouch__buf record;
    const vouch__decision_batch batch[] = { batch_of(0, 2, NULL, "", "r1"),
                                            batch_of(2, 1, "key-1", "h1", "r2"),
                                            batch_of(3, 3, NULL, "", "r3") };
    int64_t before = head_seq(ctx, store);
    assert_ok(ctx, vouch__decisions_put(ctx, store, person_key(SERVER), 3, batch, status));
    assert_int_equal(head_seq(ctx, store), before + 1);
    for (int i = 0; i < 3; i++)
        assert_ok(ctx, status[i]);
    assert_ok(ctx, vouch__ledger_read(ctx, store, before + 1, &entry));
    const vouch__json *body = vouch__json_get(vouch__doc_root(entry), "body");
    assert_int_equal(vouch__json_int(vouch__json_get(body, "count"), 0), 6);
    assert_int_equal(vouch__json_int(vouch__json_get(body, "answers"), 0), 1);
    vouch__doc_free(entry);
    for (size_t i = 0; i < 6; i++) {
        assert_ok(ctx, vouch__decision_get(ctx, store, ids[i], &record));
        assert_string_equal(record.at, records[i]);
        vouch__buf_free(&record);
    }
    assert_status(ctx, vouch__decision_get(ctx, store, "nobody", &record), VOUCH_E_NOTFOUND);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

static void a_key_is_answered_once(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = people_store(ctx, NULL);
    vouch_status status[2];
    vouch__buf response;
    const vouch__decision_batch first = batch_of(0, 1, "key", "hash-a", "the answer");
    const vouch__decision_batch again[] = { batch_of(1, 1, "key", "hash-a", "another"),
                                            batch_of(2, 1, NULL, "", "x") };
    const vouch__decision_batch twins[] = { batch_of(3, 1, "twin", "h", "one"),
                                            batch_of(4, 1, "twin", "h", "two") };

    assert_status(ctx, vouch__decisions_replay(ctx, store, "key", "hash-a", &response), VOUCH_E_NOTFOUND);
    assert_ok(ctx, vouch__decisions_put(ctx, store, person_key(SERVER), 1, &first, status));
    assert_ok(ctx, vouch__decisions_put(ctx, store, person_key(SERVER), 2, again, status));
    assert_int_equal(status[0], VOUCH_E_CONFLICT);
    assert_int_equal(status[1], VOUCH_OK);
    assert_status(ctx, vouch__decision_get(ctx, store, ids[1], &response), VOUCH_E_NOTFOUND);
    assert_ok(ctx, vouch__decisions_replay(ctx, store, "key", "hash-a", &response));
    assert_string_equal(response.at, "the answer");
    vouch__buf_free(&response);
    assert_status(ctx, vouch__decisions_replay(ctx, store, "key", "hash-b", &response), VOUCH_E_CONFLICT);

    assert_ok(ctx, vouch__decisions_put(ctx, store, person_key(SERVER), 2, twins, status));
    assert_int_equal(status[0], VOUCH_OK);
    assert_int_equal(status[1], VOUCH_E_CONFLICT);
    int64_t before = head_seq(ctx, store);
    assert_ok(ctx,
              vouch__decisions_put(ctx, store, person_key(SERVER), 2, twins, status)); /* nothing is new */
    assert_int_equal(head_seq(ctx, store), before);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

static void decisions_need_a_service_key(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = people_store(ctx, NULL);
    vouch_status status[1] = { VOUCH_OK };
    vouch__buf record;
    const vouch__decision_batch one = batch_of(0, 1, NULL, "", "r");
    assert_status(ctx, vouch__decisions_put(ctx, store, person_key(DANA), 1, &one, status), VOUCH_E_DENIED);
    assert_int_equal(status[0], VOUCH_E_DENIED);
    assert_error_has(ctx, "role service");
    assert_status(ctx, vouch__decision_get(ctx, store, ids[0], &record), VOUCH_E_NOTFOUND);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

static void a_repeated_id_fails_the_group_and_leaves_nothing(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = people_store(ctx, NULL);
    vouch_status status[2];
    const vouch__decision_batch twice[] = { batch_of(0, 1, NULL, "", "r"), batch_of(0, 1, NULL, "", "r") };
    int64_t before = head_seq(ctx, store);
    assert_status(ctx, vouch__decisions_put(ctx, store, person_key(SERVER), 2, twice, status),
                  VOUCH_E_CONFLICT);
    assert_int_equal(head_seq(ctx, store), before);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

/* Each handle must see the other's entries before it appends. */
static void two_handles_append_to_one_chain(void **state)
{
    (void)state;
    char path[256], id[2][40][8];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    (void)snprintf(path, sizeof path, "%s", test_path("two.db"));
    vouch_store *store[2] = { people_store(ctx, path), NULL };
    char *message = NULL;
    assert_ok(ctx, vouch_store_open(ctx, path, 0, &store[1]));
    for (int i = 0; i < 40; i++) {
        int who = seeded() < 0.5;
        (void)snprintf(id[who][i], sizeof id[who][i], "%d-%d", who, i);
        const char *const one_id[] = { id[who][i] };
        const vouch__decision_batch one = { .response = "", .n = 1, .id = one_id, .record = records };
        vouch_status status;
        assert_ok(ctx, vouch__decisions_put(ctx, store[who], person_key(SERVER), 1, &one, &status));
    }
    assert_ok(ctx, vouch_govern_verify(ctx, store[1], NULL, &message));
    assert_non_null(strstr(message, "40 decisions"));
    vouch_text_free(ctx, message);
    vouch_store_close(store[0]);
    vouch_store_close(store[1]);
    vouch_ctx_free(ctx);
}

static vouch_status put_and_replay(vouch_ctx *ctx, void *arg)
{
    const char *path = arg;
    vouch_store *store = NULL;
    vouch__buf response;
    vouch_status one[1];
    char id[32], key[32];
    (void)snprintf(id, sizeof id, "id-%zu",
                   seeded_below(1u << 30)); /* the last attempt may have been written */
    (void)snprintf(key, sizeof key, "key-%s", id);
    const char *const an_id[] = { id };
    const vouch__decision_batch batch = { .idempotency_key = key,
                                          .request_hash = "h",
                                          .response = "r",
                                          .response_len = 1,
                                          .n = 1,
                                          .id = an_id,
                                          .record = records };
    vouch_status status = vouch_store_open(ctx, path, 0, &store);
    if (!status)
        status = vouch__decisions_put(ctx, store, person_key(SERVER), 1, &batch, one);
    if (!status)
        status = vouch__decisions_replay(ctx, store, key, "h", &response);
    if (!status)
        vouch__buf_free(&response);
    vouch_store_close(store);
    return status;
}

static void putting_survives_every_allocation_failure(void **state)
{
    (void)state;
    char path[256];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    (void)snprintf(path, sizeof path, "%s", test_path("sweep.db"));
    vouch_store_close(people_store(ctx, path));
    sweep_allocations(put_and_replay, path, 0);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_entry_holds_a_group_of_batches),
        cmocka_unit_test(a_key_is_answered_once),
        cmocka_unit_test(decisions_need_a_service_key),
        cmocka_unit_test(a_repeated_id_fails_the_group_and_leaves_nothing),
        cmocka_unit_test(two_handles_append_to_one_chain),
        cmocka_unit_test(putting_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

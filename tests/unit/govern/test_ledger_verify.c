/* Whatever is changed behind the ledger's back is found and named. */
#include "people.h"

#include "base/file.h"
#include "govern/ledger.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char good[256], bad[256]; /* the store as it was written, and the copy that is tampered with */
static char *head;               /* of good */
static char fingerprint[65], object[65];

static void put_decisions(vouch_ctx *ctx, vouch_store *store, const char *prefix, const char *key)
{
    char id[3][32];
    const char *const ids[] = { id[0], id[1], id[2] };
    const char *const records[] = { "{\"n\":0}", "{\"n\":1}", "{\"n\":2}" };
    vouch_status status;
    for (int i = 0; i < 3; i++)
        (void)snprintf(id[i], sizeof id[i], "%s-%d", prefix, i);
    const vouch__decision_batch batch = { .idempotency_key = key,
                                          .request_hash = "hash",
                                          .response = "answer",
                                          .response_len = 6,
                                          .n = 3,
                                          .id = ids,
                                          .record = records };
    assert_ok(ctx, vouch__decisions_put(ctx, store, person_key(SERVER), 1, &batch, &status));
}

static int make_store(void **state)
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    (void)state;
    (void)snprintf(good, sizeof good, "%s", test_path("good.db"));
    (void)snprintf(bad, sizeof bad, "%s", test_path("bad.db"));
    vouch_store *store = people_store(ctx, good);
    assert_ok(ctx, vouch__store_begin(ctx, store));
    assert_ok(ctx, vouch__object_put(ctx, store, "a model's bytes", 15, object));
    (void)add_run(ctx, store, DANA, "cards", 1, fingerprint);
    assert_ok(ctx, vouch__store_commit(ctx, store));
    assert_ok(ctx, vouch_govern_sign(ctx, store, person_key(VICTOR), "cards", "fine"));
    assert_ok(ctx, vouch_govern_approve(ctx, store, person_key(ANNA), "cards", NULL));
    put_decisions(ctx, store, "early", "key-1");
    put_decisions(ctx, store, "late", NULL);
    assert_ok(ctx, vouch_govern_head(ctx, store, &head));
    vouch_store_close(store);
    vouch_ctx_free(ctx);
    return 0;
}

static int free_head(void **state)
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    (void)state;
    vouch_text_free(ctx, head);
    vouch_ctx_free(ctx);
    return 0;
}

/* Verify a store; message as the verifier gives it, in a static buffer. */
static vouch_status verify(const char *path, const char *with_head, const char **out_message)
{
    static char line[1024];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = NULL;
    char *message = NULL;
    vouch_status status = vouch_store_open(ctx, path, 0, &store);
    if (!status)
        status = vouch_govern_verify(ctx, store, with_head, &message);
    (void)snprintf(line, sizeof line, "%s", message ? message : vouch_ctx_error(ctx));
    vouch_text_free(ctx, message);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
    *out_message = line;
    return status;
}

static void copy_good(void)
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__buf bytes;
    char side[300];
    assert_ok(ctx, vouch__file_read(ctx, good, 0, &bytes));
    assert_ok(ctx, vouch__file_write(ctx, bad, bytes.at, bytes.len, 0600));
    vouch__buf_free(&bytes);
    (void)snprintf(side, sizeof side, "%s-wal", bad);
    (void)unlink(side);
    (void)snprintf(side, sizeof side, "%s-shm", bad);
    (void)unlink(side);
    vouch_ctx_free(ctx);
}

static void tamper(const char *sql)
{
    sqlite3 *db = NULL;
    char *why = NULL;
    copy_good();
    assert_int_equal(sqlite3_open(bad, &db), SQLITE_OK);
    (void)sqlite3_exec(db, "DROP TRIGGER ledger_update; DROP TRIGGER ledger_delete", NULL, NULL, NULL);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK || sqlite3_total_changes(db) == 0) {
        print_error("%s: %s\n", sql, why ? why : "changed nothing");
        fail();
    }
    (void)sqlite3_close(db);
}

static void an_untouched_store_verifies(void **state)
{
    (void)state;
    const char *said = NULL;
    assert_int_equal(verify(good, NULL, &said), VOUCH_OK);
    assert_non_null(strstr(said, "10 entries, 1 object, 6 decisions"));
    assert_non_null(strstr(said, "cut-off tail can't be excluded"));
    assert_int_equal(verify(good, head, &said), VOUCH_OK);
    assert_null(strstr(said, "can't be excluded"));
}

static void a_tampered_row_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *words;
    } cases[] = {
        { "UPDATE ledger SET text = replace(text, 'fine', 'fina') WHERE seq = 7",
          "entry 7 is not what was hashed" },
        { "UPDATE ledger SET hash = zeroblob(32) WHERE seq = 3", "entry 3 is not what was hashed" },
        { "UPDATE ledger SET hash = x'00' WHERE seq = 3", "entry 3 has a column of the wrong type or size" },
        { "UPDATE ledger SET signature = zeroblob(64) WHERE seq = 8",
          "entry 8: the signature is not that of key" },
        { "UPDATE ledger SET time = time + 1 WHERE seq = 4", "entry 4 does not agree with its row" },
        { "UPDATE ledger SET kind = 'note' WHERE seq = 5", "entry 5 does not agree with its row" },
        { "DELETE FROM ledger WHERE seq = 4", "entry 4 is missing" },
        { "DELETE FROM ledger WHERE seq = 1", "entry 1 is missing" },
        { "UPDATE ledger SET seq = 20 WHERE seq = 10", "entry 10 is missing" },
        { "DELETE FROM ledger", "ledger is empty" },
        { "DELETE FROM ledger WHERE seq = 10", "6 decisions and 1 answers are stored" },
        { "UPDATE objects SET bytes = x'00'", "its bytes are not what was stored" },
        { "UPDATE objects SET size = 1", "its bytes are not what was stored" },
        { "UPDATE objects SET hash = zeroblob(32)", "of entry 6 is missing" },
        { "DELETE FROM objects", "of entry 6 is missing" },
        { "UPDATE decisions SET record = '{\"n\":9}' WHERE id = 'late-1'", "decision late-1 (entry 10)" },
        { "UPDATE decisions SET id = 'late-9' WHERE id = 'late-1'", "decision late-9 (entry 10)" },
        { "UPDATE decisions SET hash = zeroblob(32) WHERE id = 'early-0'", "decision early-0 (entry 9)" },
        { "UPDATE decisions SET seq = 9, pos = 9 WHERE id = 'late-2'",
          "decision late-2 (entry 9) is at place 9" },
        { "UPDATE decisions SET seq = 2 WHERE id = 'late-2'", "entry 10 speaks of 3 decisions" },
        { "DELETE FROM decisions WHERE id = 'late-2'", "entry 10 speaks of 3 decisions" },
        { "INSERT INTO decisions VALUES ('x', 3, 0, '{}', zeroblob(32))",
          "7 decisions and 1 answers are stored" },
        { "UPDATE answers SET response = x'00'", "answer to key key-1 (entry 9)" },
        { "UPDATE answers SET request = 'other'", "answer to key key-1 (entry 9)" },
        { "UPDATE answers SET key = 'key-2'", "answer to key key-2 (entry 9)" },
        { "DELETE FROM answers", "entry 9 speaks of 3 decisions and 1 answers" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *said = NULL;
        tamper(cases[i].sql);
        vouch_status status = verify(bad, NULL, &said);
        if (status == VOUCH_OK || !strstr(said, cases[i].words)) {
            print_error("%s: %s \"%s\" lacks \"%s\"\n", cases[i].sql, vouch_status_name(status), said,
                        cases[i].words);
            fail();
        }
        assert_int_equal(status, strstr(said, "empty") ? VOUCH_E_NOTFOUND : VOUCH_E_CORRUPT);
    }
}

static void a_cut_tail_is_found_with_a_head_only(void **state)
{
    (void)state;
    const char *said = NULL;
    tamper("DELETE FROM decisions WHERE seq = 10; DELETE FROM ledger WHERE seq = 10");
    assert_int_equal(verify(bad, NULL, &said), VOUCH_OK);
    assert_non_null(strstr(said, "9 entries"));
    assert_int_equal(verify(bad, head, &said), VOUCH_E_CORRUPT);
    assert_non_null(strstr(said, "tail is cut: it ends at entry 9"));
}

static void a_head_of_another_history_is_found(void **state)
{
    (void)state;
    const char *said = NULL;
    char other[200];
    (void)snprintf(other, sizeof other, "{\"hash\":\"%064d\",\"seq\":5}", 7);
    assert_int_equal(verify(good, other, &said), VOUCH_E_CORRUPT);
    assert_non_null(strstr(said, "entry 5 is not the one the head names"));
    assert_int_equal(verify(good, "{\"hash\":\"7\",\"seq\":5}", &said), VOUCH_E_FORMAT);
    assert_int_equal(verify(good, "junk", &said), VOUCH_E_FORMAT);
}

/* Every column of every row, as text: what "a record" means below. NULL when SQLite itself refuses. */
static char *dump(const char *path)
{
    static const char *const queries[] = {
        "SELECT seq||'|'||time||'|'||quote(kind)||quote(text)||quote(hash)||quote(signature) FROM ledger NOT "
        "INDEXED ORDER BY rowid",
        "SELECT quote(hash)||size||quote(bytes) FROM objects NOT INDEXED ORDER BY rowid",
        "SELECT quote(id)||seq||'|'||pos||quote(record)||quote(hash) FROM decisions NOT INDEXED ORDER BY "
        "rowid",
        "SELECT quote(key)||seq||'|'||pos||quote(request)||quote(response)||quote(hash) FROM answers NOT "
        "INDEXED ORDER BY rowid",
    };
    sqlite3 *db = NULL;
    bool refused = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK;
    char *text = calloc(1, 1 << 20);
    size_t len = 0;
    for (size_t q = 0; q < 4 && !refused; q++) {
        sqlite3_stmt *stmt = NULL;
        int code = sqlite3_prepare_v2(db, queries[q], -1, &stmt, NULL);
        while (code == SQLITE_OK || code == SQLITE_ROW) {
            code = sqlite3_step(stmt);
            const char *row = code == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
            if (row && len + strlen(row) + 2 < 1 << 20)
                len += (size_t)snprintf(text + len, (1 << 20) - len, "%s\n", row);
        }
        refused = code != SQLITE_DONE;
        (void)sqlite3_finalize(stmt);
    }
    (void)sqlite3_close(db);
    if (!refused)
        return text;
    free(text);
    return NULL;
}

static void any_flipped_byte_that_changes_a_record_is_found(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__buf bytes;
    char *before = dump(good);
    const char *many = getenv("VOUCH_TEST_FLIPS");
    int rounds = many ? (int)strtol(many, NULL, 10) : 300, changed = 0;
    assert_non_null(before);
    assert_ok(ctx, vouch__file_read(ctx, good, 0, &bytes));
    for (int round = 0; round < rounds; round++) {
        size_t at = seeded_below(bytes.len);
        if (bytes.at[at] == 0 && round % 8) { /* most of a small file is empty: prefer what is written */
            round--;
            continue;
        }
        char mask = (char)(1 << seeded_below(8));
        const char *said = NULL;
        copy_good();
        bytes.at[at] ^= mask;
        assert_ok(ctx, vouch__file_write(ctx, bad, bytes.at, bytes.len, 0600));
        bytes.at[at] ^= mask;
        char *after = dump(bad);
        bool same = after && strcmp(before, after) == 0;
        free(after);
        vouch_status status = verify(bad, NULL, &said);
        changed += !same;
        if (!same && status == VOUCH_OK) {
            print_error("byte %zu ^ 0x%02x changes a record and verifies: %s\n", at, (unsigned char)mask,
                        said);
            fail();
        }
        assert_true(status == VOUCH_OK || *said);
    }
    print_message("%d of %d flips changed a record\n", changed, rounds);
    assert_true(changed > rounds / 4);
    free(before);
    vouch__buf_free(&bytes);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_untouched_store_verifies),
        cmocka_unit_test(a_tampered_row_is_named),
        cmocka_unit_test(a_cut_tail_is_found_with_a_head_only),
        cmocka_unit_test(a_head_of_another_history_is_found),
        cmocka_unit_test(any_flipped_byte_that_changes_a_record_is_found),
    };
    return cmocka_run_group_tests(tests, make_store, free_head);
}

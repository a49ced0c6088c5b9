/* The store's file: what is opened, what is refused, and what a full disk leaves behind. */
#include "people.h"

#include "base/file.h"
#include "govern/ledger.h"
#include "govern/store.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_store_is_made_once_and_privately(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = NULL;
    struct stat st;
    const char *path = test_path("made.db");
    assert_status(ctx, vouch_store_open(ctx, path, 0, &store), VOUCH_E_NOTFOUND);
    assert_ok(ctx, vouch_store_open(ctx, path, 1, &store));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    vouch_store_close(store);
    assert_status(ctx, vouch_store_open(ctx, path, 1, &store), VOUCH_E_CONFLICT);
    assert_ok(ctx, vouch_store_open(ctx, path, 0, &store));
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

static void what_is_not_a_store_is_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = NULL;
    const char *path = test_path("junk.db"), *other = test_path("other.db");
    sqlite3 *db = NULL;
    char junk[4096];
    memset(junk, 'x', sizeof junk);
    assert_ok(ctx, vouch__file_write(ctx, path, junk, sizeof junk, 0600));
    assert_status(ctx, vouch_store_open(ctx, path, 0, &store), VOUCH_E_FORMAT);
    assert_int_equal(sqlite3_open(other, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE t (a)", NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
    assert_status(ctx, vouch_store_open(ctx, other, 0, &store), VOUCH_E_FORMAT);
    assert_status(ctx, vouch_store_open(ctx, "postgresql://x/y", 0, &store), VOUCH_E_UNAVAILABLE);
    vouch_ctx_free(ctx);
}

static void a_newer_schema_is_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    char path[256];
    (void)snprintf(path, sizeof path, "%s", test_path("newer.db"));
    vouch_store *store = people_store(ctx, path);
    assert_int_equal(sqlite3_exec(store->db, "PRAGMA user_version=2", NULL, NULL, NULL), SQLITE_OK);
    vouch_store_close(store);
    assert_status(ctx, vouch_store_open(ctx, path, 0, &store), VOUCH_E_FORMAT);
    assert_error_has(ctx, "newer vouch");
    vouch_ctx_free(ctx);
}

static void commits_are_synced_and_the_ledger_only_grows(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = people_store(ctx, test_path("synced.db"));
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(store->db, "PRAGMA synchronous", -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 0), 2); /* FULL */
    (void)sqlite3_finalize(stmt);
    assert_int_equal(sqlite3_prepare_v2(store->db, "PRAGMA journal_mode", -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(stmt, 0), "wal");
    (void)sqlite3_finalize(stmt);
    assert_int_not_equal(sqlite3_exec(store->db, "DELETE FROM ledger", NULL, NULL, NULL), SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(store->db, "UPDATE ledger SET time = 1", NULL, NULL, NULL), SQLITE_OK);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

static void a_transaction_is_kept_whole_or_not_at_all(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = people_store(ctx, NULL);
    char *before = NULL, *after = NULL, fingerprint[65], hex[65];
    vouch__buf bytes;
    assert_ok(ctx, vouch_govern_head(ctx, store, &before));
    assert_ok(ctx, vouch__store_begin(ctx, store));
    assert_status(ctx, vouch__store_begin(ctx, store), VOUCH_E_ARG);
    assert_ok(ctx, vouch__object_put(ctx, store, "model", 5, hex));
    (void)add_run(ctx, store, DANA, "cards", 1, fingerprint);
    vouch__store_rollback(store);
    assert_ok(ctx, vouch_govern_head(ctx, store, &after));
    assert_string_equal(before, after);
    assert_status(ctx, vouch__object_get(ctx, store, hex, &bytes), VOUCH_E_NOTFOUND);
    assert_status(ctx, vouch__store_commit(ctx, store), VOUCH_E_ARG);
    vouch_text_free(ctx, before);
    vouch_text_free(ctx, after);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

static void objects_are_kept_once_under_their_hash(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = people_store(ctx, NULL);
    char a[65], b[65];
    vouch__buf bytes;
    assert_ok(ctx, vouch__object_put(ctx, store, "abc", 3, a));
    /* FIPS 180-2, B.1 */
    assert_string_equal(a, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_ok(ctx, vouch__object_put(ctx, store, "abc", 3, b));
    assert_string_equal(a, b);
    assert_ok(ctx, vouch__object_get(ctx, store, a, &bytes));
    assert_int_equal(bytes.len, 3);
    assert_memory_equal(bytes.at, "abc", 3);
    vouch__buf_free(&bytes);
    assert_ok(ctx, vouch__object_put(ctx, store, "", 0, b));
    assert_ok(ctx, vouch__object_get(ctx, store, b, &bytes));
    assert_int_equal(bytes.len, 0);
    vouch__buf_free(&bytes);
    assert_status(ctx, vouch__object_get(ctx, store, "abc", &bytes), VOUCH_E_ARG);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

/* SQLite reports a full disk and a page limit by the same code, SQLITE_FULL. */
static void a_full_disk_is_an_error_and_leaves_nothing(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = people_store(ctx, test_path("full.db"));
    vouch__doc *doc = NULL;
    char *before = NULL, *after = NULL, *message = NULL, hex[65];
    static char big[200000];
    memset(big, 'b', sizeof big);
    assert_ok(ctx, vouch_govern_head(ctx, store, &before));
    sqlite3_stmt *stmt = NULL;
    char limit[64];
    assert_int_equal(sqlite3_prepare_v2(store->db, "PRAGMA page_count", -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    (void)snprintf(limit, sizeof limit, "PRAGMA max_page_count=%d", sqlite3_column_int(stmt, 0) + 2);
    (void)sqlite3_finalize(stmt);
    assert_int_equal(sqlite3_exec(store->db, limit, NULL, NULL, NULL), SQLITE_OK);

    assert_status(ctx, vouch__object_put(ctx, store, big, sizeof big, hex), VOUCH_E_IO);
    assert_error_has(ctx, "full");
    assert_ok(ctx, vouch__doc_new(ctx, &doc));
    vouch__json *body = vouch__json_object(doc);
    (void)vouch__json_set(doc, body, "text", vouch__json_bytes(doc, big, sizeof big));
    assert_status(ctx, vouch__ledger_append(ctx, store, person_key(OLGA), "owner", "finding", body, NULL),
                  VOUCH_E_IO);
    assert_ok(ctx, vouch__store_begin(ctx, store));
    assert_status(ctx, vouch__ledger_append(ctx, store, person_key(OLGA), "owner", "finding", body, NULL),
                  VOUCH_E_IO);
    vouch__store_rollback(store);
    assert_ok(ctx, vouch_govern_head(ctx, store, &after));
    assert_string_equal(before, after);

    assert_int_equal(sqlite3_exec(store->db, "PRAGMA max_page_count=100000", NULL, NULL, NULL), SQLITE_OK);
    assert_ok(ctx, vouch__ledger_append(ctx, store, person_key(OLGA), "owner", "finding", body, NULL));
    assert_ok(ctx, vouch_govern_verify(ctx, store, before, &message));
    vouch_text_free(ctx, message);
    vouch_text_free(ctx, before);
    vouch_text_free(ctx, after);
    vouch__doc_free(doc);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

/* Append until the file system refuses, lift the limit, append once more. Exit status: what went wrong. */
static int append_against_limit(const char *path)
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = NULL;
    vouch__doc *doc = NULL;
    struct rlimit limit;
    vouch_status status = vouch_store_open(ctx, path, 0, &store);
    if (status || vouch__doc_new(ctx, &doc) || getrlimit(RLIMIT_FSIZE, &limit) ||
        signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
        return 1;
    vouch__json *body = vouch__json_object(doc);
    limit.rlim_cur = 150000; /* the journal's file grows beyond it within a few entries */
    if (setrlimit(RLIMIT_FSIZE, &limit))
        return 2;
    for (int i = 0; i < 1000 && !status; i++)
        status = vouch__ledger_append(ctx, store, person_key(OLGA), "owner", "finding", body, NULL);
    if (status != VOUCH_E_IO)
        return 3;
    if (vouch__ledger_append(ctx, store, person_key(OLGA), "owner", "finding", body, NULL) != VOUCH_E_IO)
        return 4;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_FSIZE, &limit))
        return 5;
    if (vouch__ledger_append(ctx, store, person_key(OLGA), "owner", "finding", body, NULL))
        return 6;
    vouch__doc_free(doc);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
    return 0;
}

static void a_refused_write_is_an_error_and_leaves_nothing(void **state)
{
    (void)state;
    char path[256], *message = NULL;
    int how = 0;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = NULL;
    (void)snprintf(path, sizeof path, "%s", test_path("refused.db"));
    vouch_store_close(people_store(ctx, path));
    pid_t pid = fork();
    if (pid == 0)
        _exit(append_against_limit(path));
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
    assert_ok(ctx, vouch_store_open(ctx, path, 0, &store));
    assert_ok(ctx, vouch_govern_verify(ctx, store, NULL, &message));
    vouch_text_free(ctx, message);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

static void entries_are_found_by_kind_and_value(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = people_store(ctx, NULL);
    vouch__doc *doc = NULL, *entry = NULL;
    int64_t seq[3], found = 0;
    assert_ok(ctx, vouch__doc_new(ctx, &doc));
    for (int i = 0; i < 3; i++) {
        vouch__json *body = vouch__json_object(doc);
        (void)vouch__json_set(doc, body, "of", vouch__json_text(doc, i == 1 ? "b" : "a"));
        assert_ok(ctx, vouch__ledger_append(ctx, store, person_key(DANA), "validator|developer", "finding",
                                            body, &seq[i]));
    }
    assert_ok(ctx, vouch__ledger_find(ctx, store, "finding", "of", "a", &found));
    assert_int_equal(found, seq[2]);
    assert_ok(ctx, vouch__ledger_find(ctx, store, "finding", "of", "b", &found));
    assert_int_equal(found, seq[1]);
    assert_ok(ctx, vouch__ledger_find(ctx, store, "finding", NULL, NULL, &found));
    assert_int_equal(found, seq[2]);
    assert_status(ctx, vouch__ledger_find(ctx, store, "finding", "of", "c", &found), VOUCH_E_NOTFOUND);
    assert_status(ctx, vouch__ledger_find(ctx, store, "nothing", NULL, NULL, &found), VOUCH_E_NOTFOUND);
    assert_ok(ctx, vouch__ledger_read(ctx, store, seq[1], &entry));
    const vouch__json *root = vouch__doc_root(entry);
    assert_string_equal(vouch__json_string(vouch__json_get(root, "person")), "Dana Developer");
    assert_string_equal(vouch__json_string(vouch__json_get(vouch__json_get(root, "body"), "of")), "b");
    vouch__doc_free(entry);
    assert_status(ctx, vouch__ledger_read(ctx, store, 999, &entry), VOUCH_E_NOTFOUND);
    vouch__doc_free(doc);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

static vouch_status use_store(vouch_ctx *ctx, void *arg)
{
    vouch_store *store = NULL;
    char hex[65], *message = NULL;
    vouch__buf bytes;
    (void)arg;
    vouch_status status = vouch_store_open(ctx, ":memory:", 1, &store);
    if (!status)
        status = vouch_govern_init(ctx, store, person_key(OLGA), "Olga");
    if (!status)
        status = vouch__store_begin(ctx, store);
    if (!status)
        status = vouch__object_put(ctx, store, "bytes", 5, hex);
    if (!status) {
        char pub[300];
        (void)snprintf(pub, sizeof pub, "%s.pub", person_key_path(OLGA));
        status = vouch_govern_grant(ctx, store, person_key(OLGA), pub, "Olga", "service", 0, 0);
    }
    if (!status)
        status = vouch__store_commit(ctx, store);
    if (!status) {
        status = vouch__object_get(ctx, store, hex, &bytes);
        if (!status)
            vouch__buf_free(&bytes);
    }
    if (!status)
        status = vouch_govern_verify(ctx, store, NULL, &message);
    vouch_text_free(ctx, message);
    vouch_store_close(store);
    return status;
}

static void the_store_survives_every_allocation_failure(void **state)
{
    (void)state;
    (void)person_key(OLGA);
    sweep_allocations(use_store, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_is_made_once_and_privately),
        cmocka_unit_test(what_is_not_a_store_is_refused),
        cmocka_unit_test(a_newer_schema_is_refused),
        cmocka_unit_test(commits_are_synced_and_the_ledger_only_grows),
        cmocka_unit_test(a_transaction_is_kept_whole_or_not_at_all),
        cmocka_unit_test(objects_are_kept_once_under_their_hash),
        cmocka_unit_test(a_full_disk_is_an_error_and_leaves_nothing),
        cmocka_unit_test(a_refused_write_is_an_error_and_leaves_nothing),
        cmocka_unit_test(entries_are_found_by_kind_and_value),
        cmocka_unit_test(the_store_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* kill -9 at any moment: what was acknowledged is there, and the store verifies. VOUCH_TEST_KILLS says how
 * often (20). */
#include "people.h"

#include "govern/ledger.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ID = 32 };

/* Decide and append for ever; an id goes into the pipe only after the store has said yes. */
static void child(const char *path, int round, int out)
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = NULL;
    if (vouch_store_open(ctx, path, 0, &store))
        _exit(1);
    for (int i = 0;; i++) {
        char id[2][ID] = { "", "" }, key[ID];
        const char *const first[] = { id[0] }, *const second[] = { id[1] }, *const record[] = { "{\"n\":0}" };
        vouch_status status[2];
        for (int j = 0; j < 2; j++)
            (void)snprintf(id[j], ID, "%04d-%06d-%d", round, i, j);
        (void)snprintf(key, sizeof key, "key-%04d-%06d", round, i);
        const vouch__decision_batch batch[] = {
            { .idempotency_key = key,
              .request_hash = "h",
              .response = id[0],
              .response_len = strlen(id[0]),
              .n = 1,
              .id = first,
              .record = record },
            { .response = "", .n = 1, .id = second, .record = record },
        };
        if (vouch__decisions_put(ctx, store, person_key(SERVER), 2, batch, status))
            _exit(1);
        if (write(out, id, sizeof id) != (ssize_t)sizeof id)
            _exit(1);
    }
}

static size_t run_and_kill(const char *path, int round, char (**acked)[ID], size_t n)
{
    int fd[2];
    char id[ID];
    assert_int_equal(pipe(fd), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(fd[0]);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves no child behind */
        child(path, round, fd[1]);
    }
    (void)close(fd[1]);
    assert_int_equal(usleep((useconds_t)(1000 + seeded_below(60000))), 0);
    assert_int_equal(kill(pid, SIGKILL), 0);
    while (read(fd[0], id, sizeof id) == (ssize_t)sizeof id) {
        *acked = realloc(*acked, (n + 1) * sizeof **acked);
        memcpy((*acked)[n++], id, sizeof id);
    }
    (void)close(fd[0]);
    int how = 0;
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_true(WIFSIGNALED(how)); /* it did not fail by itself */
    return n;
}

static void nothing_acknowledged_is_lost(void **state)
{
    (void)state;
    char path[256];
    const char *many = getenv("VOUCH_TEST_KILLS");
    int kills = many ? (int)strtol(many, NULL, 10) : getenv("VOUCH_TEST_ALL") ? 100 : 20;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    char(*acked)[ID] = NULL;
    size_t n = 0;
    (void)snprintf(path, sizeof path, "%s", test_path("killed.db"));
    vouch_store_close(people_store(ctx, path));
    for (int round = 0; round < kills; round++) {
        vouch_store *store = NULL;
        vouch__buf text;
        char *message = NULL;
        size_t before = n;
        n = run_and_kill(path, round, &acked, n);
        assert_ok(ctx, vouch_store_open(ctx, path, 0, &store));
        assert_ok(ctx, vouch_govern_verify(ctx, store, NULL, &message));
        vouch_text_free(ctx, message);
        for (size_t i = before; i < n; i++) {
            assert_ok(ctx, vouch__decision_get(ctx, store, acked[i], &text));
            vouch__buf_free(&text);
            if (acked[i][strlen(acked[i]) - 1] != '0')
                continue;
            char key[ID];
            (void)snprintf(key, sizeof key, "key-%.11s", acked[i]);
            assert_ok(ctx, vouch__decisions_replay(ctx, store, key, "h", &text));
            assert_string_equal(text.at, acked[i]);
            vouch__buf_free(&text);
        }
        vouch_store_close(store);
    }
    print_message("%d kills, %zu decisions acknowledged, none lost\n", kills, n);
    assert_true(n > 0); /* how many is the machine's business */
    free(acked);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_acknowledged_is_lost) };
    (void)person_key(SERVER);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

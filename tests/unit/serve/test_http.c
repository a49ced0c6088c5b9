/* The server over a real port: a real client (tests/server/http_client.py: Python and curl), a graceful stop
 * and kill -9. VOUCH_TEST_KILLS says how often (10). */
#include "fake_service.h"
#include "people.h"

#include "govern/ledger.h"
#include "serve/http.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ID = VOUCH__DECISION_ID };

typedef struct running {
    char path[256];
    atomic_int stop;
    atomic_int port;
    int port_fd; /* where to tell the port; 0: nowhere */
    vouch_status status;
    pthread_t thread;
} running;

static int asked_to_stop(void *self) { return atomic_load(&((running *)self)->stop); }

static void on_ready(void *self, const char *address, uint16_t port)
{
    running *r = self;
    (void)address;
    if (r->port_fd && write(r->port_fd, &port, sizeof port) != (ssize_t)sizeof port)
        _exit(1);
    atomic_store(&r->port, port);
}

static void *serve(void *arg)
{
    running *r = arg;
    vouch_ctx_options options = { .self = r, .is_cancelled = asked_to_stop };
    vouch_ctx *ctx = vouch_ctx_new(&options);
    vouch_store *store = NULL;
    vouch__service *service = NULL;
    const vouch_serve_options o = {
        .store = r->path, .key = person_key(SERVER), .ready = on_ready, .self = r
    };
    r->status = vouch_store_open(ctx, r->path, 0, &store);
    if (!r->status)
        r->status = fake_service(ctx, store, person_key(SERVER), 0, 0, &service);
    if (!r->status)
        r->status = vouch__http_serve(ctx, &o, service);
    if (r->status)
        (void)fprintf(stderr, "server: %s\n", vouch_ctx_error(ctx));
    vouch__service_free(service);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
    return NULL;
}

static void new_store(const char *name, char path[256])
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    (void)snprintf(path, 256, "%s", test_path(name));
    vouch_store_close(people_store(ctx, path));
    vouch_ctx_free(ctx);
}

static void start(running *r)
{
    assert_int_equal(pthread_create(&r->thread, NULL, serve, r), 0);
    while (atomic_load(&r->port) == 0)
        (void)usleep(1000);
}

/* The store verifies and holds every id; returns how many. */
static size_t all_stored(const char *path, FILE *acked)
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = NULL;
    vouch__buf record;
    char *message = NULL, id[ID + 1];
    size_t n = 0;
    assert_ok(ctx, vouch_store_open(ctx, path, 0, &store));
    assert_ok(ctx, vouch_govern_verify(ctx, store, NULL, &message));
    vouch_text_free(ctx, message);
    rewind(acked);
    while (fgets(id, sizeof id, acked)) {
        if (id[0] == '\n')
            continue;
        id[strcspn(id, "\n")] = '\0';
        assert_ok(ctx, vouch__decision_get(ctx, store, id, &record));
        vouch__buf_free(&record);
        n++;
    }
    vouch_store_close(store);
    vouch_ctx_free(ctx);
    return n;
}

static void a_real_client_is_served(void **state)
{
    (void)state;
    running r = { .port_fd = 0 };
    char command[1200], acked[256];
    new_store("client.db", r.path);
    (void)snprintf(acked, sizeof acked, "%s", test_path("acked"));
    start(&r);
    (void)snprintf(command, sizeof command, "python3 %s/server/http_client.py %d %ld %s", VOUCH_TEST_ROOT,
                   atomic_load(&r.port), (long)getpid(), acked);
    int code = system(command);
    atomic_store(&r.stop, 1);
    assert_int_equal(pthread_join(r.thread, NULL), 0);
    assert_int_equal(code, 0);
    assert_int_equal(r.status, VOUCH_OK);
    FILE *file = fopen(acked, "r");
    assert_non_null(file);
    assert_int_equal(all_stored(r.path, file), 483);
    (void)fclose(file);
}

static int connect_to(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static const char request[] = "POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 22\r\n\r\n"
                              "{\"row\":{\"income\":150}}";

/* Post one row; the id of the decision, or false when the server has gone or says no. */
static bool post_one(int fd, char id[ID])
{
    char answer[4096];
    size_t n = 0;
    if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) != (ssize_t)sizeof request - 1)
        return false;
    do {
        ssize_t got = recv(fd, answer + n, sizeof answer - 1 - n, 0);
        if (got <= 0)
            return false;
        n += (size_t)got;
        answer[n] = '\0';
    } while (!strstr(answer, "]}"));
    const char *at = strstr(answer, "\"id\":\"");
    if (!at)
        return false;
    memcpy(id, at + 6, ID - 1);
    id[ID - 1] = '\0';
    return true;
}

typedef struct poster {
    running *server;
    FILE *acked;
    pthread_mutex_t *lock;
} poster;

static void *post_until_gone(void *arg)
{
    poster *p = arg;
    char id[ID];
    int fd = connect_to(atomic_load(&p->server->port));
    while (fd >= 0 && post_one(fd, id)) {
        (void)pthread_mutex_lock(p->lock);
        (void)fprintf(p->acked, "%s\n", id);
        (void)pthread_mutex_unlock(p->lock);
    }
    if (fd >= 0)
        (void)close(fd);
    return NULL;
}

static void a_stop_answers_what_is_under_way(void **state)
{
    (void)state;
    running r = { .port_fd = 0 };
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    FILE *acked = tmpfile();
    poster p = { &r, acked, &lock };
    pthread_t client[8];
    new_store("stop.db", r.path);
    start(&r);
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&client[i], NULL, post_until_gone, &p), 0);
    (void)usleep(300000);
    atomic_store(&r.stop, 1);
    assert_int_equal(pthread_join(r.thread, NULL), 0);
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_join(client[i], NULL), 0);
    assert_int_equal(r.status, VOUCH_OK);
    size_t n = all_stored(r.path, acked);
    print_message("%zu decisions answered before the stop\n", n);
    assert_true(n > 8);
    (void)fclose(acked);
}

static void kill_dash_nine_loses_no_answer(void **state)
{
    (void)state;
    const char *many = getenv("VOUCH_TEST_KILLS");
    int kills = many ? (int)strtol(many, NULL, 10) : getenv("VOUCH_TEST_ALL") ? 100 : 10;
    FILE *acked = tmpfile();
    running r = { .port_fd = 0 };
    new_store("killed.db", r.path);
    (void)person_key(SERVER);
    for (int round = 0; round < kills; round++) {
        int pipe_fd[2];
        uint16_t port = 0;
        char id[ID];
        assert_int_equal(pipe(pipe_fd), 0);
        pid_t pid = fork();
        if (pid == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves no server behind */
            r.port_fd = pipe_fd[1];
            (void)serve(&r);
            _exit(1);
        }
        (void)close(pipe_fd[1]);
        assert_int_equal(read(pipe_fd[0], &port, sizeof port), (ssize_t)sizeof port);
        (void)close(pipe_fd[0]);
        int fd = connect_to(port);
        assert_true(fd >= 0);
        for (size_t left = 1 + seeded_below(20); left && post_one(fd, id); left--)
            (void)fprintf(acked, "%s\n", id);
        /* One more that may be anywhere when the process dies. */
        (void)send(fd, request, sizeof request - 1, MSG_NOSIGNAL);
        (void)usleep((useconds_t)seeded_below(3000));
        assert_int_equal(kill(pid, SIGKILL), 0);
        (void)close(fd);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        (void)all_stored(r.path, acked);
    }
    print_message("%d kills, %zu answers, none lost\n", kills, all_stored(r.path, acked));
    (void)fclose(acked);
}

static void nothing_but_loopback_is_listened_on(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    static const char *const others[] = { "0.0.0.0",        "::",       "192.168.1.1", "example.com", "",
                                          "127.0.0.1.evil", "128.0.0.1" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const vouch_serve_options o = { .store = "none.db", .address = others[i], .key = person_key(SERVER) };
        assert_status(ctx, vouch_serve(ctx, &o), VOUCH_E_DENIED);
        assert_error_has(ctx, "TLS and authentication");
    }
    assert_string_equal(vouch__http_loopback("127.0.0.2"), "127.0.0.2");
    assert_string_equal(vouch__http_loopback("localhost"), "127.0.0.1");
    assert_string_equal(vouch__http_loopback(NULL), "127.0.0.1");
    vouch_ctx_free(ctx);
}

static void a_host_is_local_or_not(void **state)
{
    (void)state;
    static const char *const local[] = { "localhost", "LOCALHOST:80", "127.0.0.1:8080",
                                         "127.9.9.9", "[::1]",        "[::1]:80" };
    static const char *const other[] = {
        "", ":80", "localhost.evil.example", "127.0.0.1.evil.example", "[::2]", "[::1]x", "10.0.0.1", "127.1"
    };
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        assert_true(vouch__http_host_is_local(local[i]));
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_false(vouch__http_host_is_local(other[i]));
}

static void serving_needs_an_approved_model_and_a_service_key(void **state)
{
    (void)state;
    char path[256];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    new_store("none-approved.db", path);
    vouch_serve_options o = { .store = path, .key = person_key(SERVER) };
    assert_status(ctx, vouch_serve(ctx, &o), VOUCH_E_NOTFOUND);
    o.key = person_key(DANA);
    assert_status(ctx, vouch_serve(ctx, &o), VOUCH_E_DENIED);
    o.store = "/nowhere/at/all.db";
    assert_status(ctx, vouch_serve(ctx, &o), VOUCH_E_NOTFOUND);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_but_loopback_is_listened_on),
        cmocka_unit_test(a_host_is_local_or_not),
        cmocka_unit_test(serving_needs_an_approved_model_and_a_service_key),
        cmocka_unit_test(kill_dash_nine_loses_no_answer), /* forks: before any thread has run */
        cmocka_unit_test(a_stop_answers_what_is_under_way),
        cmocka_unit_test(a_real_client_is_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

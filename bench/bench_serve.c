/* Durable decisions per second through HTTP: a real model (a scorecard and a boosted forest of 5,000
 * simulated loans) with reasons, one row a request, 1 and 16 connections that each ask again when answered.
 * Every answer waits for its commit to be synced. The store is verified afterwards. Argument: a folder to
 * work in.
 *
 * Three models: a scorecard, a gbdt of 200 trees of depth 6, and, when the folder holds xgb.json, an imported
 * XGBoost model.
 *
 * Lines: microseconds per decision, and the median and 99th percentile of a request's time in milliseconds.
 * Then, from the server's own /metrics, what a decision with reasons costs inside it, its disk write apart:
 * from a request read to its decisions and answer made, in microseconds. No peer does the same; the bars are
 * what an interactive application can wait. */
#include "bench.h"

#include "vouch/run.h"
#include "vouch/serve.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_CLIENTS = 16, MAX_TIMES = 1 << 20 };
static const double seconds = 5.0;

static char folder[400];
static char request[1 << 16];
static size_t request_len;

static void must(vouch_ctx *ctx, vouch_status status)
{
    if (!status)
        return;
    (void)fprintf(stderr, "bench_serve: %s: %s\n", vouch_status_name(status), vouch_ctx_error(ctx));
    exit(1);
}

static const char *in_folder(const char *name)
{
    static char ring[8][512];
    static unsigned at;
    char *path = ring[at++ % 8];
    (void)snprintf(path, sizeof ring[0], "%s/%s", folder, name);
    return path;
}

static void write_project(const char *name)
{
    const char *model = !strcmp(name, "gbdt")
                            ? "{kind: gbdt, trees: 200, depth: 6, leaves: 64, early_stop: 0}"
                        : !strcmp(name, "xgb") ? "{import: xgb.json}"
                                               : "{kind: scorecard}";
    FILE *file = fopen(in_folder("vouch.yaml"), "w");
    if (!file)
        exit(1);
    (void)fprintf(
        file,
        "project: bench\n"
        "data: {source: loans.csv, id: id, target: {column: defaulted, bad: 1}, protected: [sex, ethnicity], "
        "ignore: [true_pd, application_date, service_calls, service_calls_at]}\n"
        "split: {by: random, test: 0.3, tune: 0.2, seed: 1}\n"
        "models:\n  %s: %s\n"
        "decide: {cutoff: {max_bad_rate: 0.06}}\n",
        name, model);
    (void)fclose(file);
}

static vouch_key *new_key(vouch_ctx *ctx, const char *name)
{
    vouch_key *key = NULL;
    must(ctx, vouch_key_new(ctx, in_folder(name), "bench"));
    must(ctx, vouch_key_open(ctx, in_folder(name), "bench", &key));
    return key;
}

static void read_request(void)
{
    char body[1 << 15];
    FILE *file = fopen(in_folder("out/request.json"), "r");
    size_t len = file ? fread(body, 1, sizeof body - 1, file) : 0;
    if (len == 0)
        exit(1);
    (void)fclose(file);
    int head = snprintf(request, sizeof request,
                        "POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n", len);
    memcpy(request + head, body, len);
    request_len = (size_t)head + len;
}

typedef struct server {
    vouch_key *key;
    const char *model;
    atomic_int port, stop;
    pthread_t thread;
} server;

static int asked_to_stop(void *self) { return atomic_load(&((server *)self)->stop); }

static void on_ready(void *self, const char *address, uint16_t port)
{
    (void)address;
    atomic_store(&((server *)self)->port, port);
}

static void *serve(void *arg)
{
    server *s = arg;
    const vouch_ctx_options options = { .self = s, .is_cancelled = asked_to_stop };
    const vouch_serve_options o = {
        .store = in_folder("vouch.db"), .key = s->key, .model = s->model, .ready = on_ready, .self = s
    };
    vouch_ctx *ctx = vouch_ctx_new(&options);
    must(ctx, vouch_serve(ctx, &o));
    vouch_ctx_free(ctx);
    return NULL;
}

typedef struct client {
    int port;
    size_t n;
    double *time; /* of each request, seconds */
    pthread_t thread;
} client;

static void *ask(void *arg)
{
    client *c = arg;
    char answer[1 << 15];
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)c->port) };
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at))
        exit(1);
    for (double end = bench_now() + seconds; bench_now() < end && c->n < MAX_TIMES;) {
        double begun = bench_now();
        size_t len = 0;
        if (send(fd, request, request_len, 0) != (ssize_t)request_len)
            exit(1);
        do {
            ssize_t got = recv(fd, answer + len, sizeof answer - 1 - len, 0);
            if (got <= 0)
                exit(1);
            len += (size_t)got;
            answer[len] = '\0';
        } while (!strstr(answer, "]}\r\n") && strncmp(answer + len - 2, "]}", 2) != 0);
        if (strncmp(answer, "HTTP/1.1 200", 12) != 0) {
            (void)fprintf(stderr, "bench_serve: %s\n", answer);
            exit(1);
        }
        c->time[c->n++] = bench_now() - begun;
    }
    (void)close(fd);
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const server *s, int clients, double bar_us, double bar_p50, double bar_p99)
{
    static double all[MAX_CLIENTS * 65536];
    client c[MAX_CLIENTS] = { { .n = 0 } };
    char name[64];
    size_t n = 0;
    double begun = bench_now();
    for (int i = 0; i < clients; i++) {
        c[i] = (client){ .port = atomic_load(&s->port), .time = malloc(MAX_TIMES * sizeof(double)) };
        if (!c[i].time || pthread_create(&c[i].thread, NULL, ask, &c[i]))
            exit(1);
    }
    for (int i = 0; i < clients; i++) {
        (void)pthread_join(c[i].thread, NULL);
        for (size_t j = 0; j < c[i].n && n < sizeof all / sizeof *all; j++)
            all[n++] = c[i].time[j];
        free(c[i].time);
    }
    double took = bench_now() - begun;
    qsort(all, n, sizeof *all, by_size);
    (void)snprintf(name, sizeof name, "serve_%s_%d", s->model, clients);
    bench_line(name, took / (double)n * 1e6, 0, "us", bar_us);
    (void)snprintf(name, sizeof name, "serve_%s_%d_p50", s->model, clients);
    bench_line(name, all[n / 2] * 1e3, 0, "ms", bar_p50);
    (void)snprintf(name, sizeof name, "serve_%s_%d_p99", s->model, clients);
    bench_line(name, all[n * 99 / 100] * 1e3, 0, "ms", bar_p99);
    (void)fprintf(stderr, "%s: %d connections: %.0f decisions per second, p50 %.2f ms, p99 %.2f ms\n",
                  s->model, clients, (double)n / took, all[n / 2] * 1e3, all[n * 99 / 100] * 1e3);
}

/* The page of metrics. */
static void read_metrics(const server *s, char *out, size_t size)
{
    const char *ask_for = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atomic_load(&s->port)) };
    size_t len = 0;
    ssize_t got = 1;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) || send(fd, ask_for, strlen(ask_for), 0) < 0)
        exit(1);
    while (len + 1 < size && got > 0) {
        got = recv(fd, out + len, size - 1 - len, 0);
        len += got > 0 ? (size_t)got : 0;
    }
    out[len] = '\0';
    (void)close(fd);
}

/* A quantile of a histogram, in microseconds, interpolated within its bucket. series: "name_bucket{labels,".
 */
static double quantile(const char *page, const char *series, double q)
{
    double edge[64], below[64], last = 0, last_edge = 0;
    size_t n = 0;
    for (const char *at = strstr(page, series); at && n < 64; at = strstr(at + 1, series)) {
        const char *le = strstr(at, "le=\"") + 4;
        edge[n] = !strncmp(le, "+Inf", 4) ? last_edge * 1e-6 : atof(le);
        below[n] = atof(strstr(le, "} ") + 2);
        edge[n] *= 1e6;
        last_edge = edge[n++];
    }
    for (size_t i = 0; i < n; i++) {
        if (below[i] >= q * below[n - 1] && below[i] > last)
            return (i ? edge[i - 1] : 0) +
                   (edge[i] - (i ? edge[i - 1] : 0)) * (q * below[n - 1] - last) / (below[i] - last);
        last = below[i];
    }
    return 0;
}

static void inside(const server *s)
{
    static const char *const stage[] = { "parse", "score", "explain", "reasons", "serialize" };
    static char page[1 << 18];
    char name[96];
    read_metrics(s, page, sizeof page);
    (void)snprintf(name, sizeof name, "serve_%s_inside_p50", s->model);
    bench_line(name, quantile(page, "vouch_scoring_seconds_bucket{", 0.5), 0, "us", 100);
    (void)snprintf(name, sizeof name, "serve_%s_inside_p99", s->model);
    (void)printf("%s\t%.4g\t-\tus\t-\t-\tok\n", name, quantile(page, "vouch_scoring_seconds_bucket{", 0.99));
    (void)fprintf(stderr, "%s inside, median us:", s->model);
    for (size_t i = 0; i < sizeof stage / sizeof *stage; i++) {
        (void)snprintf(name, sizeof name, "vouch_stage_seconds_bucket{stage=\"%s\",", stage[i]);
        (void)fprintf(stderr, " %s %.1f", stage[i], quantile(page, name, 0.5));
    }
    (void)fputc('\n', stderr);
}

static void enrol(vouch_ctx *ctx, vouch_store *store, const vouch_key *owner, const char *file,
                  const char *role)
{
    char pub[600];
    (void)snprintf(pub, sizeof pub, "%s.pub", in_folder(file));
    must(ctx, vouch_govern_grant(ctx, store, owner, pub, role, role, 0, 0));
}

static void bench_model(vouch_ctx *ctx, vouch_store *store, vouch_key *const key[5], const char *kind)
{
    vouch_run_result result;
    server s = { .key = key[4], .model = kind };
    write_project(kind);
    const vouch_run_options run = { .project = in_folder("vouch.yaml"),
                                    .out = in_folder("out"),
                                    .store = in_folder("vouch.db"),
                                    .key = key[1],
                                    .duckdb = getenv("VOUCH_BENCH_DUCKDB") };
    must(ctx, vouch_run(ctx, &run, &result));
    vouch_run_result_clear(ctx, &result);
    read_request();
    must(ctx, vouch_govern_sign(ctx, store, key[2], kind, NULL));
    must(ctx, vouch_govern_approve(ctx, store, key[3], kind, NULL));
    if (pthread_create(&s.thread, NULL, serve, &s))
        exit(1);
    while (atomic_load(&s.port) == 0)
        (void)usleep(1000);
    measure(&s, 1, 20000, 20, 50);
    measure(&s, 16, 5000, 40, 100);
    inside(&s);
    atomic_store(&s.stop, 1);
    (void)pthread_join(s.thread, NULL);
}

int main(int argc, char **argv)
{
    static const char *const file[] = { "o.pem", "d.pem", "v.pem", "a.pem", "s.pem" };
    static const char *const role[] = { "owner", "developer", "validator", "approver", "service" };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = NULL;
    vouch_key *key[5];
    char *message = NULL;
    if (argc != 2 || !ctx)
        return 2;
    (void)snprintf(folder, sizeof folder, "%s", argv[1]);
    must(ctx, vouch_simulate_credit(ctx, 5000, 1, NULL, in_folder("loans.csv")));
    must(ctx, vouch_store_open(ctx, in_folder("vouch.db"), 1, &store));
    for (int i = 0; i < 5; i++)
        key[i] = new_key(ctx, file[i]);
    must(ctx, vouch_govern_init(ctx, store, key[0], "owner"));
    for (int i = 1; i < 5; i++)
        enrol(ctx, store, key[0], file[i], role[i]);
    bench_model(ctx, store, key, "scorecard");
    bench_model(ctx, store, key, "gbdt");
    FILE *xgb = fopen(in_folder("xgb.json"), "rb");
    if (xgb) {
        (void)fclose(xgb);
        bench_model(ctx, store, key, "xgb");
    }
    double begun = bench_now();
    must(ctx, vouch_govern_verify(ctx, store, NULL, &message));
    (void)fprintf(stderr, "%s (%.2f s)\n", message, bench_now() - begun);
    vouch_text_free(ctx, message);
    for (int i = 0; i < 5; i++)
        vouch_key_free(key[i]);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
    return 0;
}

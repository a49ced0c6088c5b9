/* run, monitor, verify, replay and serve: the work itself. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define N(table) (sizeof(table) / sizeof((table)[0]))

static const option run_options[] = {
    { "--project", "FILE", "the project file (default: vouch.yaml)" },
    { "--out", "DIR", "where models, evidence and report go (default: result)" },
    { "--key", "FILE", "the developer's private key; without one nothing is recorded" },
    { "--passphrase-file", "FILE", "its first line is the key's passphrase" },
    { "--stamp", "WORD", "a word across every page of the report" },
};

static void print_result(const cli_call *cli, const vouch_run_result *r)
{
    if (cli->json) {
        printf("{\"champion\":\"%s\",\"fingerprint\":\"%s\",\"failed\":%d,\"ledger_seq\":%lld}\n",
               r->champion, r->fingerprint, r->failed, (long long)r->seq);
        return;
    }
    printf("%s", r->summary);
    if (r->declined)
        printf("\n%s\n", r->declined);
    printf("report    %s\n", r->report);
    if (r->seq >= 0)
        printf("ledger    entry %lld; the models are candidates until validated and approved\n",
               (long long)r->seq);
    else
        printf("ledger    not recorded: give --key to record\n");
}

static int run(cli_call *cli)
{
    const char *path = cli_get(cli, "--key");
    vouch_run_options options = { .project = cli_get(cli, "--project"),
                                  .out = cli_get(cli, "--out"),
                                  .store = cli->store ? cli->store : "vouch.db",
                                  .duckdb = cli_duckdb(),
                                  .stamp = cli_get(cli, "--stamp") };
    vouch_run_result result = { .seq = -1 };
    vouch_key *key = NULL;
    double seed = 0;
    vouch_status status = VOUCH_OK;
    if (cli->seed && !cli_number("--seed", cli->seed, 0, 9007199254740991.0, &seed))
        return EXIT_USAGE;
    options.has_seed = cli->seed != NULL;
    options.seed = (uint64_t)seed;
    if (!options.project)
        options.project = "vouch.yaml";
    if (!options.out)
        options.out = "result";
    if (path)
        status = cli_open_key(cli, path, &key);
    options.key = key;
    if (!status)
        status = vouch_run(cli->ctx, &options, &result);
    vouch_key_free(key);
    if (status)
        return cli_failed(cli, status);
    cli_progress_end();
    print_result(cli, &result);
    int code = result.failed ? EXIT_CONTROL : EXIT_DONE;
    vouch_run_result_clear(cli->ctx, &result);
    return code;
}

const command cmd_run = {
    "run",
    NULL,
    NULL,
    0,
    "The main job: from a raw table to candidate models with every control on them.",
    "Reads, checks, splits, fits, validates, explains, tests for fair lending, compares, reports and "
    "records. Exit status 3\n"
    "says that a control failed: the report says which.\n\n  vouch run --project examples/cards/vouch.yaml "
    "--key dana.pem",
    run_options,
    N(run_options),
    run,
};

static const option monitor_options[] = {
    { "--batch", "DATA", "the new rows: a file, or a query that DuckDB reads" },
    { "--model", "MODEL", "name or fingerprint (default: the latest approved)" },
    { "--maturity", "MONTHS", "outcomes count only of rows decided so long ago; the others come too early" },
    { "--as-of", "YYYYMM", "the month at whose end outcomes were read (default: that of the last decision)" },
    { "--key", "FILE", "your private key; without one the verdict is not recorded" },
    { "--passphrase-file", "FILE", "its first line is the key's passphrase" },
};

static int monitor(cli_call *cli)
{
    const char *batch = cli_need(cli, "--batch");
    const char *path = cli_get(cli, "--key");
    vouch_store *store = NULL;
    vouch_key *key = NULL;
    char *summary = NULL;
    char *evidence = NULL;
    int verdict = 0;
    const char *maturity = cli_get(cli, "--maturity"), *as_of = cli_get(cli, "--as-of");
    double months = 0, until = 0;
    if (!batch || (maturity && !cli_number("--maturity", maturity, 0, 600, &months)) ||
        (as_of && !cli_number("--as-of", as_of, 101, 999912, &until)))
        return EXIT_USAGE;
    if (as_of && !maturity) {
        fprintf(stderr, "vouch: --as-of needs --maturity\n");
        return EXIT_USAGE;
    }
    const vouch_monitor_options options = { .model = cli_get(cli, "--model"),
                                            .batch = batch,
                                            .duckdb = cli_duckdb(),
                                            .maturity = (int)months,
                                            .as_of = (int)until };
    vouch_status status = cli_open_store(cli, false, &store);
    if (!status && path)
        status = cli_open_key(cli, path, &key);
    if (!status)
        status = vouch_monitor(cli->ctx, store, key, &options, &summary, &evidence, &verdict);
    cli_progress_end();
    if (!status)
        printf("%s%s", cli->json ? evidence : summary, cli->json ? "\n" : "");
    vouch_text_free(cli->ctx, summary);
    vouch_text_free(cli->ctx, evidence);
    vouch_key_free(key);
    vouch_store_close(store);
    if (status)
        return cli_failed(cli, status);
    return verdict == 2 ? EXIT_CONTROL : EXIT_DONE;
}

const command cmd_monitor = {
    "monitor",
    NULL,
    NULL,
    0,
    "Has the world moved away from the one the model was made in?",
    "Compares a batch with the statistics stored with the model: score, inputs, missing and unseen values, "
    "and outcomes\n"
    "where labels are there. Exit status 3 when a limit is broken.\n\n"
    "  vouch monitor --batch march.parquet --model scorecard --key service.pem",
    monitor_options,
    N(monitor_options),
    monitor,
};

/* A head as it stands in head.json, or in a report (where it is the content of a meta element). */
static char *read_head(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = file ? calloc(1, (size_t)64 << 20) : NULL;
    size_t len = text ? fread(text, 1, ((size_t)64 << 20) - 1, file) : 0;
    if (!text)
        fprintf(stderr, "vouch: %s: %s\n", path, strerror(errno));
    if (file)
        (void)fclose(file);
    const char *marker = text ? strstr(text, "name=\"vouch-head\" content='") : NULL;
    if (!marker)
        return text;
    marker += strlen("name=\"vouch-head\" content='");
    size_t head = strcspn(marker, "'");
    memmove(text, marker, head);
    memset(text + head, 0, len - head);
    return text;
}

static const option verify_options[] = {
    { "--head", "FILE", "a head.json or a report: shows that the ledger still reaches that entry" },
};

static int verify(cli_call *cli)
{
    const char *path = cli_get(cli, "--head");
    char *head = path ? read_head(path) : NULL;
    vouch_store *store = NULL;
    char *message = NULL;
    if (path && !head)
        return EXIT_FAILED;
    vouch_status status = cli_open_store(cli, false, &store);
    if (!status)
        status = vouch_govern_verify(cli->ctx, store, head, &message);
    if (!status)
        printf("%s\n", message);
    vouch_text_free(cli->ctx, message);
    vouch_store_close(store);
    free(head);
    return status ? cli_failed(cli, status) : EXIT_DONE;
}

const command cmd_verify = {
    "verify",
    NULL,
    NULL,
    0,
    "Check every entry, signature, object and decision of the store, offline.",
    "Without --head a cut-off tail can't be excluded, and the answer says so.\n\n"
    "  vouch verify --head result/head.json",
    verify_options,
    N(verify_options),
    verify,
};

static int replay(cli_call *cli)
{
    vouch_store *store = NULL;
    char *message = NULL;
    vouch_status status = cli_open_store(cli, false, &store);
    if (!status)
        status = vouch_replay(cli->ctx, store, cli->operand[0], cli_duckdb(), &message);
    cli_progress_end();
    if (!status)
        printf("%s\n", message);
    vouch_text_free(cli->ctx, message);
    vouch_store_close(store);
    return status ? cli_failed(cli, status) : EXIT_DONE;
}

const command cmd_replay = {
    "replay",
    NULL,
    "WHAT",
    1,
    "Do recorded work again and compare it byte for byte.",
    "WHAT is a model (name or fingerprint), a decision id, or evidence:KEY of the latest run.\n\n"
    "  vouch replay scorecard\n  vouch replay evidence:validate.auc/scorecard/test",
    NULL,
    0,
    replay,
};

static const option serve_options[] = {
    { "--port", "N", "where to listen on 127.0.0.1 (default: 8080; 0: any free port)" },
    { "--model", "NAME", "which approved model (default: the latest)" },
    { "--key", "FILE", "a service key, which signs decisions" },
    { "--passphrase-file", "FILE", "its first line is the key's passphrase" },
};

static void ready(void *self, const char *address, uint16_t port)
{
    (void)self;
    printf("listening on http://%s:%u\n", address, port);
    (void)fflush(stdout);
}

static int serve(cli_call *cli)
{
    const char *path = cli_need(cli, "--key");
    const char *port_text = cli_get(cli, "--port");
    double port = 8080;
    vouch_key *key = NULL;
    if (!path || (port_text && !cli_number("--port", port_text, 0, 65535, &port)))
        return EXIT_USAGE;
    vouch_status status = cli_open_key(cli, path, &key);
    vouch_serve_options options = { .store = cli->store ? cli->store : "vouch.db",
                                    .port = (uint16_t)port,
                                    .model = cli_get(cli, "--model"),
                                    .key = key,
                                    .ready = ready };
    if (!status)
        status = vouch_serve(cli->ctx, &options);
    vouch_key_free(key);
    return status ? cli_failed(cli, status) : EXIT_DONE;
}

const command cmd_serve = {
    "serve",
    NULL,
    NULL,
    0,
    "Answer decisions over HTTP with the latest approved model.",
    "A decision is answered only after it is durable. Ctrl-C finishes what is under way.\n\n"
    "  vouch serve --key service.pem\n"
    "  curl -d @result/request.json http://127.0.0.1:8080/v1/decisions",
    serve_options,
    N(serve_options),
    serve,
};

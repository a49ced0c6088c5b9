/* lda: the search for less discriminatory alternatives. */
#include "cli.h"

#define N(table) (sizeof(table) / sizeof((table)[0]))

static const option lda_options[] = {
    { "--project", "FILE", "the project file (default: vouch.yaml)" },
    { "--approve", NULL, "as an approver, with your --key: record that this search may be made; makes none" },
    { "--model", "NAME", "which model of the project (default: alternatives.model, else the preferred one)" },
    { "--candidates", "N", "how many models are tried beside it (default: 60)" },
    { "--out", "DIR",
      "where evidence, report and models go; finished candidates are kept there (default: lda)" },
    { "--key", "FILE", "the developer's private key, without which nothing is recorded; or the approver's" },
    { "--passphrase-file", "FILE", "its first line is the key's passphrase" },
};

static void print_result(const cli_call *cli, const vouch_lda_result *r)
{
    if (cli->json) {
        printf("{\"candidates\":%zu,\"found\":%s,\"ledger_seq\":%lld,\"reused\":%zu}\n", r->candidates,
               r->found ? "true" : "false", (long long)r->seq, r->reused);
        return;
    }
    printf("%s\n%s\n", r->summary, r->what);
    if (r->reused)
        printf("%zu candidates were kept from before\n", r->reused);
    printf("report    %s\n", r->report);
    if (r->seq >= 0)
        printf("ledger    entry %lld\n", (long long)r->seq);
    else
        printf("ledger    not recorded: give --key to record\n");
}

static int lda(cli_call *cli)
{
    const char *path = cli_get(cli, "--key"), *candidates = cli_get(cli, "--candidates");
    vouch_lda_options options = { .project = cli_get(cli, "--project"),
                                  .model = cli_get(cli, "--model"),
                                  .out = cli_get(cli, "--out"),
                                  .store = cli->store ? cli->store : "vouch.db",
                                  .duckdb = cli_duckdb() };
    vouch_lda_result result = { .seq = -1 };
    vouch_key *key = NULL;
    double wanted = 0;
    vouch_status status = VOUCH_OK;
    if (candidates && !cli_number("--candidates", candidates, 1, 10000, &wanted))
        return EXIT_USAGE;
    options.candidates = (size_t)wanted;
    if (!options.project)
        options.project = "vouch.yaml";
    if (!options.out)
        options.out = "lda";
    if (cli_get(cli, "--approve") && !cli_need(cli, "--key"))
        return EXIT_USAGE;
    if (path)
        status = cli_open_key(cli, path, &key);
    options.key = key;
    if (!status && cli_get(cli, "--approve")) {
        status = vouch_lda_approve(cli->ctx, &options, &result.seq);
        vouch_key_free(key);
        if (status)
            return cli_failed(cli, status);
        printf(cli->json ? "{\"ledger_seq\":%lld}\n" : "approved  ledger entry %lld\n",
               (long long)result.seq);
        return EXIT_DONE;
    }
    if (!status)
        status = vouch_lda(cli->ctx, &options, &result);
    vouch_key_free(key);
    if (status)
        return cli_failed(cli, status);
    cli_progress_end();
    print_result(cli, &result);
    vouch_lda_result_clear(cli->ctx, &result);
    return EXIT_DONE;
}

const command cmd_lda = {
    "lda",
    NULL,
    NULL,
    0,
    "Search for less discriminatory alternatives of a model, where the law allows it.",
    "Tries the model without inputs that make its gap, with other parameters, seeds and cut-offs; logs "
    "every\n"
    "candidate; chooses on tune and shows the chosen one on test. The project's legal profiles must allow "
    "it, and\n"
    "an approver who is not its developer must have approved it as it stands; else exit status 3 and nothing "
    "is\n"
    "fitted.\n\n"
    "  vouch lda --approve --project vouch.yaml --key ada.pem     # the approver, once\n"
    "  vouch lda --project vouch.yaml --key dana.pem --out lda    # the developer",
    lda_options,
    N(lda_options),
    lda,
};

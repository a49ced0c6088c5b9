/* counterfactual: what a declined row could change to be approved. */
#include "cli.h"

#include <string.h>

#define N(table) (sizeof(table) / sizeof((table)[0]))

static const option options[] = {
    { "--cutoff", "P", "approve at or below this probability of bad" },
    { "--rules", "FILE", "YAML, COLUMN: fixed|up|down|free, or {move, low, high, step, weight, only}" },
    { "--population", "DATA", "whose rows scale costs and bound values (default: DATA)" },
    { "--id", "COLUMN", "the column that names the rows (default: their number, from 1)" },
    { "--row", "ID", "this row alone" },
    { "--rows", "N", "at most the first N rows" },
    { "--answers", "N", "how many different answers a row, at most 16 (default: 1)" },
    { "--max-changes", "N", "most inputs an answer changes (default: any number)" },
    { "--cost", "NAME", "quantile (default): the share of the population that is passed; or mad" },
    { "--per-change", "COST", "added for each input that changes (default: 0)" },
    { "--nodes", "N", "boxes looked at before a search stops (default: 20000)" },
    { "--seconds", "S", "the same by time; answers then depend on the machine" },
    { "--gap", "SHARE", "stop once the cost is proven to be within this share of the least (default: 0)" },
    { "--output", "FORM", "text (default), csv or json" },
    { "--out", "FILE", "where it goes (default: standard output)" },
};

static bool number(const cli_call *cli, const char *name, double lo, double hi, double *out)
{
    const char *text = cli_get(cli, name);
    *out = 0;
    return !text || cli_number(name, text, lo, hi, out);
}

static bool count(const cli_call *cli, const char *name, double most, size_t *out)
{
    double value;
    bool is_good = number(cli, name, 1, most, &value);
    *out = (size_t)value;
    return is_good;
}

static int counterfactual(cli_call *cli)
{
    const char *cutoff = cli_need(cli, "--cutoff");
    char *text = NULL;
    vouch_counterfactual_options o = { .model = cli->operand[0],
                                       .data = cli->operand[1],
                                       .id = cli_get(cli, "--id"),
                                       .row = cli_get(cli, "--row"),
                                       .population = cli_get(cli, "--population"),
                                       .rules = cli_get(cli, "--rules"),
                                       .output = cli_get(cli, "--output"),
                                       .duckdb = cli_duckdb() };
    o.how.cost = cli_get(cli, "--cost");
    if (!o.output && cli->json)
        o.output = "json";
    if (!cutoff || !cli_probability(cutoff, &o.how.cutoff) || !count(cli, "--rows", 4294967294.0, &o.rows) ||
        !count(cli, "--answers", 16, &o.how.answers) ||
        !count(cli, "--max-changes", 1e6, &o.how.max_changes) || !count(cli, "--nodes", 1e9, &o.how.nodes) ||
        !number(cli, "--per-change", 0, 1e6, &o.how.per_change) ||
        !number(cli, "--seconds", 0, 1e6, &o.how.seconds) || !number(cli, "--gap", 0, 1, &o.how.gap))
        return EXIT_USAGE;
    vouch_status status = vouch_counterfactual(cli->ctx, &o, &text);
    cli_progress_end();
    int code = status ? cli_failed(cli, status) : cli_write(cli_get(cli, "--out"), text);
    vouch_text_free(cli->ctx, text);
    return code;
}

const command cmd_counterfactual = {
    "counterfactual",
    NULL,
    "MODEL DATA",
    2,
    "What each declined row could change to be approved, at least cost.",
    "The cheapest change that the rules allow, for models of every kind; of scorecards, trees and additive "
    "models with\n"
    "a proven bound: 'the least possible', or what no answer costs less than. Every answer is scored by the "
    "model.\n\n"
    "  vouch counterfactual model.vouch new.csv --id ID --cutoff 0.2 --rules rules.yaml --population "
    "train.parquet\n"
    "  vouch counterfactual model.vouch new.csv --id ID --row 17 --cutoff 0.2 --answers 3 --max-changes 2\n\n"
    "A rules file has a line an input; '*' is for those not named, and without a rule an input is free:\n"
    "  '*': fixed\n"
    "  utilisation: {move: down, low: 0.1, step: 0.01}\n"
    "  income: {move: up, high: 60000, weight: 2}\n"
    "  region: {only: [north, south]}",
    options,
    N(options),
    counterfactual,
};

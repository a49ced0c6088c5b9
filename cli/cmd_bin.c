/* bin: the best bins of a column, or of all columns. */
#include "cli.h"

#include "vouch/bins.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define N(table) (sizeof(table) / sizeof((table)[0]))

static const option bin_options[] = {
    { "--target", "COLUMN", "what the bins are to tell apart" },
    { "--column", "COLUMN", "bin this one; without it every column is ranked" },
    { "--weight", "COLUMN", "case weights; of counts, exposures" },
    { "--rules", "RULES", "a file, or the rules themselves: '{trend: peak, max_bins: 6}'" },
    { "--id", "COLUMN", "the column that orders the rows" },
};

static bool find(const vouch_table *table, const char *flag, const char *name, size_t *out)
{
    *out = vouch_table_find(table, name);
    if (*out == SIZE_MAX)
        fprintf(stderr, "vouch: %s: there is no column '%s'\n", flag, name);
    return *out != SIZE_MAX;
}

static int show(cli_call *cli, const vouch_table *table, const char *rules)
{
    const char *column = cli_get(cli, "--column"), *weight = cli_get(cli, "--weight");
    size_t target, at = SIZE_MAX, w = SIZE_MAX;
    vouch_table *bins = NULL;
    char *json = NULL;
    if (!find(table, "--target", cli_get(cli, "--target"), &target) ||
        (column && !find(table, "--column", column, &at)) || (weight && !find(table, "--weight", weight, &w)))
        return EXIT_FAILED;
    vouch_status status = column ? vouch_bin(cli->ctx, table, at, target, w, rules, cli->json ? &json : NULL,
                                             cli->json ? NULL : &bins)
                                 : vouch_bin_rank(cli->ctx, table, target, w, rules, &bins);
    cli_progress_end();
    if (status)
        return cli_failed(cli, status);
    if (json)
        printf("%s\n", json);
    else
        cli_print_table(cli, bins);
    vouch_text_free(cli->ctx, json);
    vouch_table_unref(bins);
    return EXIT_DONE;
}

static int bin(cli_call *cli)
{
    const char *given = cli_get(cli, "--rules");
    vouch_source source = { .source = cli->operand[0], .id = cli_get(cli, "--id"), .duckdb = cli_duckdb() };
    vouch_table *table = NULL;
    char *rules = NULL;
    if (!cli_need(cli, "--target"))
        return EXIT_USAGE;
    if (given && given[0] != '{') {
        rules = cli_read(given);
        if (!rules)
            return EXIT_FAILED;
    }
    vouch_status status = vouch_table_open(cli->ctx, &source, &table);
    int exit_code = status ? cli_failed(cli, status) : show(cli, table, rules ? rules : given);
    vouch_table_unref(table);
    free(rules);
    return exit_code;
}

const command cmd_bin = {
    "bin",
    NULL,
    "DATA",
    1,
    "The best bins of a column for a target, or every column by how much its bins tell.",
    "Bins are optimal under their rules: the trend of their levels, how many, how large, how far apart.\n"
    "Rules: kind, trend, max_bins, min_bins, max_cells, min_share, max_share, min_events, min_gap, max_p, "
    "splits,\n"
    "fixed, special (docs/binning.md). With --json also what every other trend would cost.\n\n"
    "  vouch bin loans.csv --target bad\n"
    "  vouch bin loans.csv --target bad --column income --rules '{trend: falling, fixed: [2000]}'",
    bin_options,
    N(bin_options),
    bin,
};

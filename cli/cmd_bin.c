/* bin: the best bins of a column, or of all columns. */
#include "cli.h"

#include "vouch/bins.h"
#include "vouch/govern.h"
#include "vouch/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define N(table) (sizeof(table) / sizeof((table)[0]))

static const option bin_options[] = {
    { "--target", "COLUMN", "what the bins are to tell apart" },
    { "--column", "COLUMN", "bin this one; without it every column is ranked" },
    { "--with", "COLUMN", "and this one with it: bins of two columns at once, and a map of them" },
    { "--weight", "COLUMN", "case weights; of counts, exposures" },
    { "--rules", "RULES", "a file, or the rules themselves: '{trend: peak, max_bins: 6}'" },
    { "--overrides", "FILE", "what people have decided on bins: what each decision costs" },
    { "--id", "COLUMN", "the column that orders the rows" },
    { "--html", "FILE", "also as a page there, with a plot or a map (with --column)" },
    { "--stream", NULL, "read the rows twice and keep none: for data larger than memory" },
};

typedef struct wanted { /* columns; SIZE_MAX: not given */
    size_t target, column, with, weight;
} wanted;

static bool find_all(cli_call *cli, const vouch_table *table, wanted *out)
{
    const char *const flag[] = { "--target", "--column", "--with", "--weight" };
    size_t *const at[] = { &out->target, &out->column, &out->with, &out->weight };
    for (size_t k = 0; k < N(flag); k++) {
        *at[k] = SIZE_MAX;
        const char *name = cli_get(cli, flag[k]);
        vouch_status status = name ? vouch_table_column(cli->ctx, table, name, at[k]) : VOUCH_OK;
        if (status) {
            fprintf(stderr, "vouch: %s: %s\n", flag[k], vouch_ctx_error(cli->ctx));
            return false;
        }
    }
    return true;
}

static int print(cli_call *cli, vouch_status status, char *json, vouch_table *bins, vouch_table *grid)
{
    cli_progress_end();
    if (status)
        return cli_failed(cli, status);
    if (cli->json && json)
        printf("%s\n", json);
    else
        cli_print_table(cli, bins, SIZE_MAX);
    if (grid && !cli->json) {
        printf("\n");
        cli_print_table(cli, grid, SIZE_MAX);
    }
    vouch_text_free(cli->ctx, json);
    vouch_table_unref(bins);
    vouch_table_unref(grid);
    return EXIT_DONE;
}

static int show(cli_call *cli, const vouch_table *table, const char *rules, const char *decided)
{
    wanted w;
    vouch_table *bins = NULL, *grid = NULL;
    char *json = NULL;
    if (!find_all(cli, table, &w))
        return EXIT_FAILED;
    const char *page = cli_get(cli, "--html");
    char **text = cli->json || page ? &json : NULL, *html = NULL;
    vouch_table **list = cli->json ? NULL : &bins, **map = cli->json && !page ? NULL : &grid;
    vouch_status status;
    if (decided)
        status = vouch_bin_overrides(cli->ctx, table, w.target, w.weight, rules, cli_get(cli, "--overrides"),
                                     decided, &bins);
    else if (w.with != SIZE_MAX)
        status = vouch_bin_pair(cli->ctx, table, w.column, w.with, w.target, w.weight, rules, text, list,
                                map);
    else if (w.column != SIZE_MAX)
        status = vouch_bin(cli->ctx, table, w.column, w.target, w.weight, rules, text, list);
    else
        status = vouch_bin_rank(cli->ctx, table, w.target, w.weight, rules, &bins);
    if (!status && page)
        status = vouch_bin_page(cli->ctx, table, cli->operand[0], json, grid, &html);
    int code = status || !page ? EXIT_DONE : cli_write(page, html);
    vouch_text_free(cli->ctx, html);
    int printed = print(cli, status, json, bins, grid);
    return printed ? printed : code;
}

/* The same without a table in memory. */
static int show_streamed(cli_call *cli, const vouch_source *source, const char *rules)
{
    const char *column = cli_get(cli, "--column");
    bool is_json = cli->json && column;
    vouch_table *bins = NULL;
    char *json = NULL;
    vouch_status status = vouch_bin_source(cli->ctx, source, column, cli_get(cli, "--target"),
                                           cli_get(cli, "--weight"), rules, is_json ? &json : NULL,
                                           is_json ? NULL : &bins);
    return print(cli, status, json, bins, NULL);
}

static bool may_be_together(cli_call *cli)
{
    bool with = cli_get(cli, "--with"), decided = cli_get(cli, "--overrides"),
         stream = cli_get(cli, "--stream"), page = cli_get(cli, "--html");
    if (!cli_need(cli, "--target") || ((with || page) && !cli_need(cli, "--column")))
        return false;
    if (with + decided + stream <= 1 && !(page && (decided || stream)))
        return true;
    fprintf(stderr, "vouch: %s can't be together\n",
            page ? "--html and --overrides or --stream" : "--with, --overrides and --stream");
    return false;
}

static int bin(cli_call *cli)
{
    const char *given = cli_get(cli, "--rules");
    vouch_source source = { .source = cli->operand[0], .id = cli_get(cli, "--id"), .duckdb = cli_duckdb() };
    vouch_table *table = NULL;
    char *rules = NULL, *decided = NULL;
    if (!may_be_together(cli))
        return EXIT_USAGE;
    if (given && given[0] != '{') {
        rules = cli_read(given);
        if (!rules)
            return EXIT_FAILED;
    }
    if (cli_get(cli, "--overrides")) {
        decided = cli_read(cli_get(cli, "--overrides"));
        if (!decided) {
            free(rules);
            return EXIT_FAILED;
        }
    }
    const char *text = rules ? rules : given;
    int exit_code;
    if (cli_get(cli, "--stream")) {
        exit_code = show_streamed(cli, &source, text);
    } else {
        vouch_status status = vouch_table_open(cli->ctx, &source, &table);
        exit_code = status ? cli_failed(cli, status) : show(cli, table, text, decided);
    }
    vouch_table_unref(table);
    free(decided);
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
    "Rules: kind, event, trend, max_bins, min_bins, max_cells, min_share, max_share, min_events, min_gap,\n"
    "max_p, splits, fixed, special; of two columns also grid and with (docs/binning.md). A target of two\n"
    "texts needs {event: ..}. With --json also what every other trend would cost.\n\n"
    "  vouch bin loans.csv --target bad\n"
    "  vouch bin loans.csv --target bad --column income --rules '{trend: falling, fixed: [2000]}'\n"
    "  vouch bin loans.csv --target bad --column income --with age --html map.html\n"
    "  vouch bin \"SELECT * FROM 'loans/*.parquet'\" --id id --target bad --stream\n"
    "  vouch bin loans.csv --target bad --overrides decided.yaml",
    bin_options,
    N(bin_options),
    bin,
};

static const option sign_options[] = {
    { "--key", "FILE", "the private key of who signs" },
    { "--person", "NAME", "who signs: a person or a committee" },
    { "--on", "DATE", "the day it is signed" },
    { "--passphrase-file", "FILE", "its first line is the key's passphrase" },
};

static int sign(cli_call *cli)
{
    const char *path = cli_need(cli, "--key"), *person = path ? cli_need(cli, "--person") : NULL;
    const char *on = person ? cli_need(cli, "--on") : NULL;
    vouch_key *key = NULL;
    int64_t day;
    if (!on || !cli_date("--on", on, &day))
        return EXIT_USAGE;
    vouch_status status = cli_open_key(cli, path, &key);
    if (!status)
        status = vouch_file_sign(cli->ctx, key, cli->operand[0], person, on);
    if (!status && !cli->quiet)
        fprintf(stderr, "%s signed %s (key %s)\n", person, cli->operand[0], vouch_key_id(key));
    vouch_key_free(key);
    return status ? cli_failed(cli, status) : EXIT_DONE;
}

const command cmd_sign = {
    "sign",
    NULL,
    "FILE",
    1,
    "Sign a file of binning decisions: FILE.sig beside it.",
    "A model that names the file is then refused once the file has changed; its report says who signed, and "
    "when.\n\n"
    "  vouch sign decided.yaml --key carol.pem --person \"Credit committee\" --on 2026-03-14",
    sign_options,
    N(sign_options),
    sign,
};

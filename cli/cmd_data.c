/* profile, simulate and score: tables in, tables out. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

#define N(table) (sizeof(table) / sizeof((table)[0]))

static const option profile_options[] = { { "--id", "COLUMN", "the column that orders the rows" } };

static int profile(cli_call *cli)
{
    vouch_source source = { .source = cli->operand[0], .id = cli_get(cli, "--id"), .duckdb = cli_duckdb() };
    vouch_table *table = NULL;
    vouch_status status = vouch_data_profile(cli->ctx, &source, &table);
    if (!status)
        cli_print_table(cli, table);
    vouch_table_unref(table);
    return status ? cli_failed(cli, status) : EXIT_DONE;
}

const command cmd_profile = {
    "profile",
    NULL,
    "DATA",
    1,
    "A portrait of every column, in one pass and constant memory.",
    "DATA is a CSV, Parquet or JSON file, a glob, or a query that DuckDB reads.\n\n  vouch profile loans.csv "
    "--id id",
    profile_options,
    N(profile_options),
    profile,
};

static const option simulate_options[] = {
    { "--rows", "N", "how many loans (default: 20000)" },
    { "--fault", "NAME", "what to plant: leak, proxy, drift or none (default)" },
    { "--out", "FILE", "where the CSV goes" },
};

static int simulate_credit(cli_call *cli)
{
    const char *rows_text = cli_get(cli, "--rows");
    const char *out = cli_need(cli, "--out");
    double rows = 20000;
    double seed = 1;
    if (!out || (rows_text && !cli_number("--rows", rows_text, 1, 1e9, &rows)) ||
        (cli->seed && !cli_number("--seed", cli->seed, 0, 9007199254740991.0, &seed)))
        return EXIT_USAGE;
    vouch_status status = vouch_simulate_credit(cli->ctx, (size_t)rows, (uint64_t)seed,
                                                cli_get(cli, "--fault"), out);
    return status ? cli_failed(cli, status) : EXIT_DONE;
}

const command cmd_simulate_credit = {
    "simulate",
    "credit",
    NULL,
    0,
    "Dated loans whose true risk is known, as CSV.",
    "For tests and demonstrations: the column true_pd is the probability that each outcome was drawn "
    "with.\n\n"
    "  vouch simulate credit --rows 20000 --seed 1 --fault leak --out loans.csv",
    simulate_options,
    N(simulate_options),
    simulate_credit,
};

static const option score_options[] = {
    { "--output", "WHAT",
      "raw, probability (default), points, contributions; of an imported model also prediction, the "
      "source's own, and leaf" },
    { "--id", "COLUMN", "the column that orders the rows and stands first in the output" },
};

static void print_number(double value)
{
    char text[32];
    (void)vouch_number_text(value, text);
    printf("%s", text);
}

static void print_id(const vouch_table *table, size_t id, size_t row)
{
    double value;
    if (id == SIZE_MAX) {
        printf("%zu", row + 1);
        return;
    }
    vouch_table_read(table, id, row, row + 1, &value);
    if (vouch_table_type(table, id) == VOUCH_TEXT)
        printf("\"%s\"", vouch_table_category(table, id, (size_t)value));
    else
        print_number(value);
}

static vouch_status print_scores(cli_call *cli, const vouch_model *model, const vouch_table *table,
                                 const char *what, size_t id)
{
    size_t n = vouch_table_rows(table);
    double *value = calloc(n + 1, sizeof *value);
    int32_t *points = calloc(n + 1, sizeof *points);
    bool is_points = !strcmp(what, "points");
    bool is_raw = !strcmp(what, "raw");
    vouch_status status = VOUCH_E_NOMEM;
    if (value && points)
        status = vouch_model_score(cli->ctx, model, table, is_raw ? value : NULL,
                                   is_raw || is_points ? NULL : value, is_points ? points : NULL);
    if (!status)
        printf("id,%s\n", what);
    for (size_t i = 0; i < n && !status; i++) {
        print_id(table, id, i);
        (void)putchar(',');
        if (is_points)
            printf("%d", points[i]);
        else
            print_number(value[i]);
        (void)putchar('\n');
    }
    free(value);
    free(points);
    return status;
}

static vouch_status print_contributions(cli_call *cli, const vouch_model *model, const vouch_table *table,
                                        size_t id)
{
    size_t n = vouch_table_rows(table);
    size_t inputs = vouch_model_inputs(model);
    double base = 0;
    double *value = calloc(n * inputs + 1, sizeof *value);
    vouch_status status = value ? vouch_model_contributions(cli->ctx, model, table, value, &base)
                                : VOUCH_E_NOMEM;
    if (!status)
        printf("id");
    for (size_t j = 0; j < inputs && !status; j++)
        printf(",\"%s\"", vouch_model_input_name(model, j));
    if (!status)
        printf(",base\n");
    for (size_t i = 0; i < n && !status; i++) {
        print_id(table, id, i);
        for (size_t j = 0; j < inputs; j++) {
            (void)putchar(',');
            print_number(value[i * inputs + j]);
        }
        (void)putchar(',');
        print_number(base);
        (void)putchar('\n');
    }
    free(value);
    return status;
}

/* All outputs of the source's prediction, or the leaf of every tree. */
static vouch_status print_source(cli_call *cli, const vouch_model *model, const vouch_table *table,
                                 const char *what, size_t id)
{
    bool is_leaf = !strcmp(what, "leaf");
    size_t n = vouch_table_rows(table);
    size_t width = is_leaf ? vouch_model_trees(model) : vouch_model_outputs(model);
    double *value = is_leaf ? NULL : calloc(n * width + 1, sizeof *value);
    uint32_t *leaf = is_leaf ? calloc(n * width + 1, sizeof *leaf) : NULL;
    vouch_status status = VOUCH_E_NOMEM;
    if (value)
        status = vouch_model_predictions(cli->ctx, model, table, value);
    else if (leaf)
        status = vouch_model_leaves(cli->ctx, model, table, leaf);
    if (!status)
        printf("id");
    for (size_t k = 0; k < width && !status; k++)
        printf(",%s%zu", what, k);
    if (!status)
        (void)putchar('\n');
    for (size_t i = 0; i < n && !status; i++) {
        print_id(table, id, i);
        for (size_t k = 0; k < width; k++) {
            (void)putchar(',');
            print_number(leaf ? (double)leaf[i * width + k] : value[i * width + k]);
        }
        (void)putchar('\n');
    }
    free(value);
    free(leaf);
    return status;
}

static int score(cli_call *cli)
{
    const char *what = cli_get(cli, "--output") ? cli_get(cli, "--output") : "probability";
    vouch_source source = { .source = cli->operand[1], .id = cli_get(cli, "--id"), .duckdb = cli_duckdb() };
    vouch_model *model = NULL;
    vouch_table *table = NULL;
    bool is_contributions = !strcmp(what, "contributions");
    bool is_source = !strcmp(what, "prediction") || !strcmp(what, "leaf");
    if (!is_contributions && !is_source && strcmp(what, "raw") != 0 && strcmp(what, "probability") != 0 &&
        strcmp(what, "points") != 0) {
        fprintf(
            stderr,
            "vouch: --output is '%s', must be raw, probability, points, contributions, prediction or leaf\n",
            what);
        return EXIT_USAGE;
    }
    vouch_status status = vouch_model_load(cli->ctx, cli->operand[0], &model);
    if (!status)
        status = vouch_table_open(cli->ctx, &source, &table);
    size_t id = status || !source.id ? SIZE_MAX : vouch_table_find(table, source.id);
    if (!status)
        status = is_contributions ? print_contributions(cli, model, table, id)
                 : is_source      ? print_source(cli, model, table, what, id)
                                  : print_scores(cli, model, table, what, id);
    vouch_table_unref(table);
    vouch_model_free(model);
    return status ? cli_failed(cli, status) : EXIT_DONE;
}

const command cmd_score = {
    "score",
    NULL,
    "MODEL DATA",
    2,
    "What a model says of every row, as CSV with digits that read back to the same bits.",
    "  vouch score result/models/scorecard.vouch new.csv --id ID --output points",
    score_options,
    N(score_options),
    score,
};

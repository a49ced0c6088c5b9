/* profile, simulate and score: tables in, tables out. */
#include "cli.h"

#include <math.h>
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
        cli_print_table(cli, table, vouch_table_find(table, "type"));
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
      "raw, probability (default), points, grade (of a master scale, 1 the safest), contributions; of a "
      "model "
      "of exposures also exposure (with its share, and what came about where DATA has it); of an "
      "imported model also prediction, the "
      "source's own, and leaf" },
    { "--id", "COLUMN", "the column that orders the rows and stands first in the output" },
};

/* Rows as CSV, or with --json as a list of objects. */
typedef struct listing {
    const cli_call *cli;
    const vouch_table *table; /* whose column id names the rows; SIZE_MAX: their number does */
    size_t id;
} listing;

static void csv_text(const char *text)
{
    (void)putchar('"');
    for (; *text; text++) {
        if (*text == '"')
            (void)putchar('"');
        (void)putchar(*text);
    }
    (void)putchar('"');
}

static void print_number(const listing *l, double value)
{
    char text[32];
    (void)vouch_number_text(value, text);
    printf("%s", l->cli->json && !isfinite(value) ? "null" : text);
}

static void print_id(const listing *l, size_t row)
{
    double value = (double)row + 1;
    bool is_text = l->id != SIZE_MAX && vouch_table_type(l->table, l->id) == VOUCH_TEXT;
    if (l->id != SIZE_MAX)
        vouch_table_read(l->table, l->id, row, row + 1, &value);
    if (is_text && !isnan(value))
        (l->cli->json ? cli_json_text : csv_text)(vouch_table_category(l->table, l->id, (size_t)value));
    else
        print_number(l, value);
}

static void row_begin(const listing *l, size_t row)
{
    if (l->cli->json)
        printf("%s{\"id\":", row ? ",\n " : "[");
    print_id(l, row);
}

static void row_value(const listing *l, const char *name, double value)
{
    (void)putchar(',');
    if (l->cli->json) {
        cli_json_text(name);
        (void)putchar(':');
    }
    print_number(l, value);
}

static void row_end(const listing *l) { printf("%s", l->cli->json ? "}" : "\n"); }

static void list_end(const listing *l, size_t rows)
{
    if (l->cli->json)
        printf("%s]\n", rows ? "" : "[");
}

static vouch_status print_scores(const listing *l, const vouch_model *model, const char *what)
{
    size_t n = vouch_table_rows(l->table);
    double *value = calloc(n + 1, sizeof *value);
    int32_t *points = calloc(n + 1, sizeof *points);
    bool is_points = !strcmp(what, "points");
    bool is_raw = !strcmp(what, "raw");
    bool is_grade = !strcmp(what, "grade");
    vouch_status status = VOUCH_E_NOMEM;
    if (value && points)
        status = vouch_model_score(l->cli->ctx, model, l->table, is_raw ? value : NULL,
                                   is_raw || is_points ? NULL : value, is_points ? points : NULL);
    if (!status && !l->cli->json)
        printf("id,%s\n", what);
    for (size_t i = 0; i < n && !status; i++) {
        row_begin(l, i);
        row_value(l, what,
                  is_points  ? (double)points[i]
                  : is_grade ? (double)vouch_model_grade(model, value[i])
                             : value[i]);
        row_end(l);
    }
    if (!status)
        list_end(l, n);
    free(value);
    free(points);
    return status;
}

/* share,exposure and, where the data have the exposure at default, realised_share. */
static vouch_status print_exposures(const listing *l, const vouch_model *model)
{
    size_t n = vouch_table_rows(l->table);
    double *value = calloc(3 * n + 1, sizeof *value), *exposure, *realised;
    if (!value)
        return VOUCH_E_NOMEM;
    exposure = value + n;
    realised = exposure + n;
    vouch_status status = vouch_model_exposure(l->cli->ctx, model, l->table, value, exposure, realised);
    bool has_realised = !status;
    if (status == VOUCH_E_DATA) /* new cases have no exposure at default yet */
        status = vouch_model_exposure(l->cli->ctx, model, l->table, value, exposure, NULL);
    if (!status && !l->cli->json)
        printf("id,share,exposure%s\n", has_realised ? ",realised_share" : "");
    for (size_t i = 0; i < n && !status; i++) {
        row_begin(l, i);
        row_value(l, "share", value[i]);
        row_value(l, "exposure", exposure[i]);
        if (has_realised)
            row_value(l, "realised_share", realised[i]);
        row_end(l);
    }
    if (!status)
        list_end(l, n);
    free(value);
    return status;
}

static vouch_status print_contributions(const listing *l, const vouch_model *model)
{
    size_t n = vouch_table_rows(l->table);
    size_t inputs = vouch_model_inputs(model);
    double base = 0;
    double *value = calloc(n * inputs + 1, sizeof *value);
    vouch_status status = value ? vouch_model_contributions(l->cli->ctx, model, l->table, value, &base)
                                : VOUCH_E_NOMEM;
    bool has_head = !status && !l->cli->json;
    if (has_head)
        printf("id");
    for (size_t j = 0; j < inputs && has_head; j++) {
        (void)putchar(',');
        csv_text(vouch_model_input_name(model, j));
    }
    if (has_head)
        printf(",base\n");
    for (size_t i = 0; i < n && !status; i++) {
        row_begin(l, i);
        for (size_t j = 0; j < inputs; j++)
            row_value(l, vouch_model_input_name(model, j), value[i * inputs + j]);
        row_value(l, "base", base);
        row_end(l);
    }
    if (!status)
        list_end(l, n);
    free(value);
    return status;
}

/* All outputs of the source's prediction, or the leaf of every tree. */
static vouch_status print_source(const listing *l, const vouch_model *model, const char *what)
{
    bool is_leaf = !strcmp(what, "leaf");
    size_t n = vouch_table_rows(l->table);
    size_t width = is_leaf ? vouch_model_trees(model) : vouch_model_outputs(model);
    double *value = is_leaf ? NULL : calloc(n * width + 1, sizeof *value);
    uint32_t *leaf = is_leaf ? calloc(n * width + 1, sizeof *leaf) : NULL;
    vouch_status status = VOUCH_E_NOMEM;
    char name[48];
    if (value)
        status = vouch_model_predictions(l->cli->ctx, model, l->table, value);
    else if (leaf)
        status = vouch_model_leaves(l->cli->ctx, model, l->table, leaf);
    bool has_head = !status && !l->cli->json;
    if (has_head)
        printf("id");
    for (size_t k = 0; k < width && has_head; k++)
        printf(",%s%zu", what, k);
    if (has_head)
        (void)putchar('\n');
    for (size_t i = 0; i < n && !status; i++) {
        row_begin(l, i);
        for (size_t k = 0; k < width; k++) {
            (void)snprintf(name, sizeof name, "%s%zu", what, k);
            row_value(l, name, leaf ? (double)leaf[i * width + k] : value[i * width + k]);
        }
        row_end(l);
    }
    if (!status)
        list_end(l, n);
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
    bool is_exposure = !strcmp(what, "exposure");
    bool is_source = !strcmp(what, "prediction") || !strcmp(what, "leaf");
    if (!is_contributions && !is_source && !is_exposure && strcmp(what, "raw") != 0 &&
        strcmp(what, "probability") != 0 && strcmp(what, "points") != 0 && strcmp(what, "grade") != 0) {
        fprintf(stderr,
                "vouch: --output is '%s', must be raw, probability, points, grade, contributions, exposure, "
                "prediction or leaf\n",
                what);
        return EXIT_USAGE;
    }
    vouch_status status = vouch_model_load(cli->ctx, cli->operand[0], &model);
    source.is_text = vouch_model_takes_text;
    source.of = model;
    if (!status)
        status = vouch_table_open(cli->ctx, &source, &table);
    listing rows = { cli, table, status || !source.id ? SIZE_MAX : vouch_table_find(table, source.id) };
    if (!status && !strcmp(what, "grade") && vouch_model_grades(model) == 0) {
        fprintf(stderr, "vouch: %s has no master scale; see vouch calibrate --help\n", cli->operand[0]);
        vouch_table_unref(table);
        vouch_model_free(model);
        return EXIT_FAILED;
    }
    if (!status)
        status = is_contributions ? print_contributions(&rows, model)
                 : is_exposure    ? print_exposures(&rows, model)
                 : is_source      ? print_source(&rows, model, what)
                                  : print_scores(&rows, model, what);
    vouch_table_unref(table);
    vouch_model_free(model);
    return status ? cli_failed(cli, status) : EXIT_DONE;
}

const command cmd_score = {
    "score",
    NULL,
    "MODEL DATA",
    2,
    "What a model says of every row, as CSV (or, with --json, a list of objects) with digits that read back "
    "to the same bits.",
    "  vouch score result/models/scorecard.vouch new.csv --id ID --output points",
    score_options,
    N(score_options),
    score,
};

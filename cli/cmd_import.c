/* import: models of other libraries; model diff: how two model files differ. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

#define N(table) (sizeof(table) / sizeof((table)[0]))

static const option import_options[] = {
    { "--out", "FILE", "where the model goes" },
    { "--format", "NAME", "auto (default), xgboost, lightgbm, catboost or onnx" },
    { "--name", "NAME", "what the model is called (default: imported)" },
    { "--output", "N", "of several outputs (classes, from 0), the one that is bad" },
    { "--iterations", "N", "how many iterations to keep: all (default), best or a number" },
    { "--lenient", NULL, "score input that the source leaves undefined as it does, instead of refusing it" },
    { "--check", "DATA", "rows that the source has scored" },
    { "--expect", "COLUMN", "their raw scores: each must be equal in every bit" },
};

static bool same_bits(double a, double b)
{
    uint64_t x;
    uint64_t y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x == y;
}

static int check(cli_call *cli, const vouch_model *model, const char *data, const char *column)
{
    vouch_source source = { .source = data, .duckdb = cli_duckdb() };
    vouch_table *table = NULL;
    vouch_status status = vouch_table_open(cli->ctx, &source, &table);
    if (status)
        return cli_failed(cli, status);
    int code = EXIT_FAILED;
    size_t n = vouch_table_rows(table);
    size_t at = vouch_table_find(table, column);
    size_t bad = 0;
    double *got = calloc(n + 1, sizeof *got);
    double *want = calloc(n + 1, sizeof *want);
    if (at == SIZE_MAX || vouch_table_type(table, at) == VOUCH_TEXT)
        fprintf(stderr, "vouch: --expect is '%s', must be a column of numbers of %s\n", column, data);
    else if (!got || !want)
        fprintf(stderr, "vouch: out of memory\n");
    else if (vouch_model_score(cli->ctx, model, table, got, NULL, NULL))
        (void)cli_failed(cli, VOUCH_E_DATA);
    else {
        vouch_table_read(table, at, 0, n, want);
        for (size_t i = 0; i < n; i++)
            bad += !same_bits(got[i], want[i]);
        code = bad ? EXIT_CONTROL : EXIT_DONE;
        fprintf(stderr, "%zu of %zu rows score the same bits\n", n - bad, n);
    }
    free(got);
    free(want);
    vouch_table_unref(table);
    return code;
}

static bool read_options(const cli_call *cli, vouch_import_options *out)
{
    const char *output = cli_get(cli, "--output");
    const char *iterations = cli_get(cli, "--iterations");
    double value;
    *out = (vouch_import_options){ .format = cli_get(cli, "--format"), .name = cli_get(cli, "--name") };
    out->lenient = cli_get(cli, "--lenient") != NULL;
    out->output = -1;
    if (output && !cli_number("--output", output, 0, 1023, &value))
        return false;
    if (output)
        out->output = (int)value;
    if (!iterations || !strcmp(iterations, "all"))
        return true;
    if (!strcmp(iterations, "best")) {
        out->iterations = VOUCH_ITERATIONS_BEST;
        return true;
    }
    if (!cli_number("--iterations", iterations, 1, 2147483647, &value))
        return false;
    out->iterations = (long)value;
    return true;
}

static int import(cli_call *cli)
{
    const char *out = cli_need(cli, "--out");
    const char *data = cli_get(cli, "--check");
    const char *column = cli_get(cli, "--expect");
    vouch_import_options options;
    vouch_model *model = NULL;
    char *text = NULL;
    if (!out || !read_options(cli, &options))
        return EXIT_USAGE;
    if (!data != !column) {
        fprintf(stderr, "vouch: --check and --expect go together\n");
        return EXIT_USAGE;
    }
    vouch_status status = vouch_model_import(cli->ctx, cli->operand[0], &options, &model);
    int code = status ? cli_failed(cli, status) : EXIT_DONE;
    if (!code && data)
        code = check(cli, model, data, column);
    if (!code) {
        status = vouch_model_save(cli->ctx, model, out);
        if (!status)
            status = vouch_model_describe(cli->ctx, model, &text);
        code = status ? cli_failed(cli, status) : EXIT_DONE;
    }
    if (!code && cli->json)
        printf("%s\n", text);
    else if (!code && !cli->quiet)
        fprintf(stderr, "%s: %zu trees over %zu inputs, fingerprint %s\n", out, vouch_model_trees(model),
                vouch_model_inputs(model), vouch_model_fingerprint(model));
    vouch_text_free(cli->ctx, text);
    vouch_model_free(model);
    return code;
}

const command cmd_import = {
    "import",
    NULL,
    "MODEL",
    1,
    "Take over a model of XGBoost, LightGBM or CatBoost, with the same scores in every bit.",
    "MODEL is what save_model wrote: JSON or UBJSON of XGBoost 1.7 to 3.4, text of LightGBM, JSON of "
    "CatBoost. "
    "--json\nprints the certificate: hashes, rules and sums found. docs/import.md says what is kept and "
    "refused.\n\n"
    "  vouch import model.json --out model.vouch --check rows.csv --expect margin",
    import_options,
    N(import_options),
    import,
};

static int diff(cli_call *cli)
{
    vouch_model *a = NULL;
    vouch_model *b = NULL;
    char *text = NULL;
    vouch_status status = vouch_model_load(cli->ctx, cli->operand[0], &a);
    if (!status)
        status = vouch_model_load(cli->ctx, cli->operand[1], &b);
    if (!status)
        status = vouch_model_diff(cli->ctx, a, b, &text);
    if (!status)
        printf("%s\n", text);
    vouch_text_free(cli->ctx, text);
    vouch_model_free(b);
    vouch_model_free(a);
    return status ? cli_failed(cli, status) : EXIT_DONE;
}

const command cmd_model_diff = {
    "model",
    "diff",
    "A B",
    2,
    "How two model files differ, as JSON.",
    "same_scores is true when all that decides the scores is the same, wherever the models came from.",
    NULL,
    0,
    diff,
};

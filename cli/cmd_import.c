/* import: models of other libraries; model diff: how two model files differ. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

#define N(table) (sizeof(table) / sizeof((table)[0]))

static const option import_options[] = {
    { "--out", "FILE", "where the model goes" },
    { "--format", "NAME", "auto (default), xgboost, lightgbm, catboost or onnx" },
    { "--name", "NAME", "what the model is called (default: imported)" },
    { "--inputs", "NAMES",
      "what to call its inputs, in order, between commas (default: as in the file, or f0,f1,...)" },
    { "--output", "N", "of several outputs (classes, from 0), the one that is bad" },
    { "--iterations", "N", "how many iterations to keep: all (default), best or a number" },
    { "--lenient", NULL, "score input that the source leaves undefined as it does, instead of refusing it" },
    { "--check", "DATA", "rows to test on: every set of instructions must score them in the same bits" },
    { "--expect", "COLUMN", "their raw scores by the source: each must be equal in every bit" },
    { "--expect-probability", "COLUMN", "the same of probabilities" },
    { "--within", "X", "how far from what is expected is close enough (default: 0, the same bits)" },
};

static bool read_test(const cli_call *cli, vouch_self_test *out)
{
    const char *within = cli_get(cli, "--within");
    *out = (vouch_self_test){ .raw = cli_get(cli, "--expect"),
                              .probability = cli_get(cli, "--expect-probability") };
    if ((out->raw || out->probability || within) && !cli_get(cli, "--check")) {
        fprintf(stderr, "vouch: --expect, --expect-probability and --within go with --check\n");
        return false;
    }
    if (!within)
        return true;
    char *end;
    out->within = strtod(within, &end);
    if (end != within && *end == '\0' && out->within >= 0.0 && out->within <= 1.0)
        return true;
    fprintf(stderr, "vouch: --within is '%s', must be a number from 0 to 1\n", within);
    return false;
}

/* The certificate, with the self-test where rows are given. */
static int certify(cli_call *cli, const vouch_model *model, const vouch_self_test *expected, char **out_text)
{
    const char *data = cli_get(cli, "--check");
    vouch_source source = {
        .source = data, .duckdb = cli_duckdb(), .is_text = vouch_model_takes_text, .of = model
    };
    vouch_table *table = NULL;
    int passed = 0;
    vouch_status status = data ? vouch_table_open(cli->ctx, &source, &table) : VOUCH_OK;
    if (!status)
        status = vouch_model_certify(cli->ctx, model, table, expected, &passed, out_text);
    vouch_table_unref(table);
    if (status)
        return cli_failed(cli, status);
    if (!passed)
        fprintf(stderr, "vouch: the self-test on %s failed; --json tells where. Nothing is written\n", data);
    return passed ? EXIT_DONE : EXIT_CONTROL;
}

static bool read_options(const cli_call *cli, vouch_import_options *out)
{
    const char *output = cli_get(cli, "--output");
    const char *iterations = cli_get(cli, "--iterations");
    double value;
    *out = (vouch_import_options){ .format = cli_get(cli, "--format"), .name = cli_get(cli, "--name") };
    out->lenient = cli_get(cli, "--lenient") != NULL;
    out->output = -1;
    out->inputs = cli_get(cli, "--inputs");
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
    vouch_import_options options;
    vouch_self_test expected;
    vouch_model *model = NULL;
    char *text = NULL;
    if (!out || !read_options(cli, &options) || !read_test(cli, &expected))
        return EXIT_USAGE;
    vouch_status status = vouch_model_import(cli->ctx, cli->operand[0], &options, &model);
    int code = status ? cli_failed(cli, status) : certify(cli, model, &expected, &text);
    if (!code) {
        status = vouch_model_save(cli->ctx, model, out);
        code = status ? cli_failed(cli, status) : EXIT_DONE;
    }
    if (text && cli->json)
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
    "Take over a model of XGBoost, LightGBM, CatBoost or scikit-learn, with the same scores in every bit.",
    "MODEL is what save_model wrote: JSON or UBJSON of XGBoost 1.7 to 3.4, text of LightGBM, JSON of "
    "CatBoost; or\n"
    "an ONNX file of one tree ensemble, as skl2onnx writes scikit-learn's. --json prints the certificate: "
    "hashes,\n"
    "rules and sums found, what was checked. docs/import.md says what is kept and refused.\n\n"
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
    "same_scores is true when all that decides the scores is the same, wherever the models came from.\n\n"
    "  vouch model diff model.vouch calibrated.vouch",
    NULL,
    0,
    diff,
};

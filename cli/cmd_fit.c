/* fit: one model from a recipe. */
#include "cli.h"

#define N(table) (sizeof(table) / sizeof((table)[0]))

static const option fit_options[] = {
    { "--id", "COLUMN", "the column that orders the rows, as a query needs; it is no input" },
    { "--out", "FILE", "where the model goes" },
    { "--checkpoint", "FILE", "keep the trees so far there as a model, also when stopped (gbdt)" },
    { "--every", "TREES", "how often (default 100)" },
    { "--resume", "FILE", "grow on from this model or checkpoint (gbdt)" },
};

static int fit(cli_call *cli)
{
    const char *out = cli_get(cli, "--out");
    const char *every = cli_get(cli, "--every");
    double trees = 100;
    vouch_fit_options options = { .recipe = cli->operand[0],
                                  .data = cli->operand[1],
                                  .id = cli_get(cli, "--id"),
                                  .duckdb = cli_duckdb(),
                                  .resume = cli_get(cli, "--resume"),
                                  .checkpoint = cli_get(cli, "--checkpoint") };
    vouch_model *model = NULL;
    char *summary = NULL;
    char *told = NULL;
    if (every && !cli_number("--every", every, 1, 1e6, &trees))
        return EXIT_USAGE;
    options.checkpoint_every = (size_t)trees;
    vouch_status status = vouch_fit(cli->ctx, &options, &model, &summary);
    cli_progress_end();
    if (!status && cli->json)
        status = vouch_model_describe(cli->ctx, model, &told);
    if (!status && out)
        status = vouch_model_save(cli->ctx, model, out);
    if (!status)
        printf("%s\n", cli->json ? told : summary);
    vouch_text_free(cli->ctx, told);
    vouch_text_free(cli->ctx, summary);
    vouch_model_free(model);
    return status ? cli_failed(cli, status) : EXIT_DONE;
}

const command cmd_fit = {
    "fit",
    NULL,
    "RECIPE DATA",
    2,
    "Fit one model by a recipe, without a run.",
    "RECIPE is a YAML file: target, weight, inputs or ignore, tune, and model (kind, parameters, settings).\n"
    "DATA is a file, a glob or a query. Without --out the model is only told: coefficients or points, and\n"
    "with --json everything. A long fit that is stopped goes on from its --checkpoint with --resume, and\n"
    "ends with the same bytes as one that was not stopped.\n\n"
    "  target: claims                       # or {exposure: ead, drawn: drawn, limit: limit}: exposure at "
    "default\n"
    "  ignore: [policy]\n"
    "  model: {kind: glm, family: poisson, exposure: years, base: {region: R24}}\n\n"
    "  vouch fit frequency.yaml policies.csv --out frequency.vouch",
    fit_options,
    N(fit_options),
    fit,
};

/* fit: one model from a recipe. */
#include "cli.h"

#define N(table) (sizeof(table) / sizeof((table)[0]))

static const option fit_options[] = { { "--out", "FILE", "where the model goes" } };

static int fit(cli_call *cli)
{
    const char *out = cli_get(cli, "--out");
    vouch_fit_options options = { .recipe = cli->operand[0],
                                  .data = cli->operand[1],
                                  .duckdb = cli_duckdb() };
    vouch_model *model = NULL;
    char *summary = NULL;
    char *told = NULL;
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
    "with --json everything.\n\n"
    "  target: claims\n"
    "  ignore: [policy]\n"
    "  model: {kind: glm, family: poisson, exposure: years, base: {region: R24}}",
    fit_options,
    N(fit_options),
    fit,
};

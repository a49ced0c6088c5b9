/* reject: what is assumed of applicants whose outcome nobody saw. */
#include "cli.h"

#define N(table) (sizeof(table) / sizeof((table)[0]))

static const option reject_options[] = {
    { "--id", "COLUMN", "the column that orders the rows, as a query needs; it is no input" },
    { "--out", "FILE", "where the model of the recipe's method goes" },
    { "--report", "FILE", "an HTML page with tables and plots" },
};

static int reject(cli_call *cli)
{
    const char *out = cli_get(cli, "--out"), *report = cli_get(cli, "--report");
    const vouch_reject_options options = { cli->operand[0], cli->operand[1], cli_get(cli, "--id"),
                                           cli_duckdb() };
    vouch_told result = { .summary = NULL };
    vouch_model *model = NULL;
    vouch_status status = vouch_reject(cli->ctx, &options, &model, &result);
    cli_progress_end();
    if (!status && out)
        status = vouch_model_save(cli->ctx, model, out);
    if (status)
        return cli_failed(cli, status);
    printf("%s%s", cli->json ? result.evidence : result.summary, cli->json ? "\n" : "");
    int code = report ? cli_write(report, result.report) : EXIT_DONE;
    vouch_told_clear(cli->ctx, &result);
    vouch_model_free(model);
    return code;
}

const command cmd_reject = {
    "reject",
    NULL,
    "RECIPE DATA",
    2,
    "Reject inference: what the model would be if the rejects were in it, by method and belief.",
    "RECIPE is that of vouch fit with a part on rejects. Every method is fitted and its assumption told:\n"
    "  accepts-only, augmentation, reweighting, hard-cutoff, parcelling, fuzzy\n"
    "and then a band: the figures if rejects' odds of bad are 1, 1.5, 2, 3, 5, 10 times those of accepts "
    "like\n"
    "them. No method can learn that factor from accepts; only outcomes of rejects can tell it.\n\n"
    "  target: {column: default, bad: 1}\n"
    "  ignore: [id]\n"
    "  rejects: {column: decision, accepted: approved, method: parcelling, factor: 1.5}\n"
    "  model: {kind: scorecard, monotone: auto}\n\n"
    "  vouch reject recipe.yaml applicants.parquet --out model.vouch --report rejects.html",
    reject_options,
    N(reject_options),
    reject,
};

/* calibrate: where a model's probabilities should lie. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>

#define N(table) (sizeof(table) / sizeof((table)[0]))

static const option calibrate_options[] = {
    { "--method", "NAME", "platt, beta, isotonic, shift, scale, prior, qmm, pit or ttc" },
    { "--id", "COLUMN", "the column that orders the rows, as a query needs" },
    { "--label", "COLUMN",
      "the outcome, for platt, beta, isotonic, qmm and --optimal, and to compare grades with" },
    { "--bad", "VALUE", "the label's value that means bad (default: 1)" },
    { "--weight", "COLUMN", "case weights" },
    { "--to", "RATE", "the central tendency, or the default rate of a state or of the long run" },
    { "--from", "RATE", "prior: the bad rate the model was fitted with" },
    { "--auc", "A", "qmm: the AUC that the probabilities are to imply (default: that of the outcomes)" },
    { "--rho", "R", "pit, ttc: asset correlation (default: 0.15)" },
    { "--z", "Z", "pit, ttc: the state, below 0 is worse (default: the one that meets --to)" },
    { "--grades", "N", "a master scale of so many grades" },
    { "--min-pd", "P", "PD of the safest grade (default: 0.0003)" },
    { "--max-pd", "P", "PD of the riskiest grade (default: 0.25)" },
    { "--min-share", "P", "merge grades that hold less of DATA; with --optimal, the least a grade holds" },
    { "--optimal", NULL, "at most --grades grades that tell most of the outcomes, observed rates rising" },
    { "--max-share", "P", "optimal: the most a grade holds" },
    { "--max-herfindahl", "H", "optimal: the most that the squares of shares come to" },
    { "--max-p", "P", "optimal: neighbours' rates differ with a p-value of at most this" },
    { "--scale", "FILE", "a scale from a YAML file instead: grades: [{pd: .., up_to: ..}, ..]" },
    { "--grade-pd", NULL, "the probability becomes the PD of its grade" },
    { "--out", "FILE", "where the calibrated model goes" },
    { "--report", "FILE", "an HTML page with tables and plots" },
};

static bool number(const cli_call *cli, const char *name, double otherwise, double *out)
{
    const char *text = cli_get(cli, name);
    char *end = NULL;
    *out = text ? strtod(text, &end) : otherwise;
    if (!text || (end != text && *end == '\0' && isfinite(*out)))
        return true;
    fprintf(stderr, "vouch: %s is '%s', must be a number\n", name, text);
    return false;
}

static int calibrate(cli_call *cli)
{
    const char *out = cli_get(cli, "--out"), *report = cli_get(cli, "--report");
    vouch_calibrate_options o = { .model = cli->operand[0],
                                  .data = cli->n_operands > 1 ? cli->operand[1] : NULL,
                                  .id = cli_get(cli, "--id"),
                                  .duckdb = cli_duckdb(),
                                  .label = cli_get(cli, "--label"),
                                  .bad = cli_get(cli, "--bad"),
                                  .weight = cli_get(cli, "--weight"),
                                  .method = cli_get(cli, "--method"),
                                  .scale = cli_get(cli, "--scale"),
                                  .optimal = cli_get(cli, "--optimal") != NULL,
                                  .grade_pd = cli_get(cli, "--grade-pd") != NULL };
    vouch_told told = { .summary = NULL };
    vouch_model *model = NULL;
    double grades = 0;
    if (!number(cli, "--to", NAN, &o.to) || !number(cli, "--from", NAN, &o.from) ||
        !number(cli, "--rho", NAN, &o.rho) || !number(cli, "--z", NAN, &o.z) ||
        !number(cli, "--min-pd", 0.0003, &o.min_pd) || !number(cli, "--max-pd", 0.25, &o.max_pd) ||
        !number(cli, "--min-share", 0, &o.min_share) || !number(cli, "--auc", NAN, &o.auc) ||
        !number(cli, "--max-share", NAN, &o.max_share) ||
        !number(cli, "--max-herfindahl", NAN, &o.max_herfindahl) || !number(cli, "--max-p", NAN, &o.max_p) ||
        (cli_get(cli, "--grades") && !cli_number("--grades", cli_get(cli, "--grades"), 2, 100, &grades)))
        return EXIT_USAGE;
    o.grades = (size_t)grades;
    vouch_status status = vouch_calibrate(cli->ctx, &o, &model, &told);
    cli_progress_end();
    if (!status && out)
        status = vouch_model_save(cli->ctx, model, out);
    int code = status ? cli_failed(cli, status) : EXIT_DONE;
    if (!status)
        printf("%s%s", cli->json ? told.evidence : told.summary, cli->json ? "\n" : "");
    if (!status && report)
        code = cli_write(report, told.report);
    vouch_told_clear(cli->ctx, &told);
    vouch_model_free(model);
    return code;
}

const command cmd_calibrate = {
    "calibrate",
    NULL,
    "MODEL [DATA]",
    1,
    "Put a model's probabilities where they should lie, and on a master scale, in the model itself.",
    "The calibrated model is a model like any other: scored, served, monitored, its record in its file. Its\n"
    "raw scores, points, contributions and reasons do not change, nor does the order of cases.\n"
    "  platt, beta, isotonic   fitted to the outcomes of DATA\n"
    "  shift, scale            until the mean probability over DATA is --to, exactly\n"
    "  qmm                     until mean and implied AUC are --to and --auc (quasi-moment matching)\n"
    "  prior                   Bayes' rule: from the bad rate of the training sample to another one\n"
    "  pit, ttc                Vasicek's one factor: into a state of the economy, and back out of it\n\n"
    "  vouch calibrate model.vouch tune.csv --method isotonic --label default --out calibrated.vouch\n"
    "  vouch calibrate model.vouch book.parquet --method shift --to 0.023 --grades 12 --out pd.vouch\n"
    "  vouch calibrate model.vouch book.csv --grades 12 --optimal --label default --min-share 0.02 "
    "--max-share 0.3\n"
    "  vouch calibrate sampled.vouch --method prior --from 0.5 --to 0.02 --out pd.vouch\n"
    "  vouch calibrate ttc.vouch book.csv --method pit --to 0.04 --rho 0.12 --out pit.vouch",
    calibrate_options,
    N(calibrate_options),
    calibrate,
};

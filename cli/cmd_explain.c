/* explain and reasons: why a model says what it says of rows. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define N(table) (sizeof(table) / sizeof((table)[0]))

typedef vouch_status explaining(vouch_ctx *, const vouch_explain_options *, char **);

#define ROWS                                                                                                 \
    { "--id", "COLUMN", "the column that names the rows (default: their number, from 1)" },                  \
        { "--row", "ID", "this row alone; with html, the row shown in full" },                               \
        { "--rows", "N", "at most the first N rows" },                                                       \
        { "--reference", "WHO",                                                                              \
          "whom rows are compared with: all (default), near-cutoff, or a file of rows" },                    \
        { "--population", "DATA", "whose rows all and near-cutoff are of (default: DATA)" },                 \
        { "--cutoff", "P", "decline above this probability of bad" },                                        \
        { "--groups", "FILE",                                                                                \
          "YAML, COLUMN: {characteristic: .., text: .., code: ..}: inputs that are one reason" },            \
    {                                                                                                        \
        "--out", "FILE", "where it goes (default: standard output)"                                          \
    }

static const option explain_options[] = {
    ROWS,
    { "--method", "NAME", "interventional (default), or path: what boosting libraries return" },
    { "--output", "FORM", "csv (default), json, or html: a page with a waterfall and a beeswarm" },
};

static const option reasons_options[] = {
    ROWS,
    { "--top", "N", "at most so many reasons a row (default: 4)" },
    { "--output", "FORM", "csv (default), json, or html" },
};

bool cli_probability(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    if (end != text && *end == '\0' && *out > 0 && *out <= 1)
        return true;
    fprintf(stderr, "vouch: --cutoff is '%s', must be a probability above 0, at most 1\n", text);
    return false;
}

static bool one_of(const char *name, const char *value, const char *const *word, size_t n)
{
    for (size_t i = 0; i < n && value; i++)
        if (!strcmp(word[i], value))
            return true;
    if (value)
        fprintf(stderr, "vouch: %s is '%s', must be %s\n", name, value,
                n == 3 ? "csv, json or html" : "interventional or path");
    return !value;
}

static bool read_options(const cli_call *cli, vouch_explain_options *o)
{
    static const char *const forms[] = { "csv", "json", "html" };
    static const char *const methods[] = { "interventional", "path" };
    const char *rows = cli_get(cli, "--rows");
    const char *top = cli_get(cli, "--top");
    const char *cutoff = cli_get(cli, "--cutoff");
    double value;
    *o = (vouch_explain_options){ .model = cli->operand[0],
                                  .data = cli->operand[1],
                                  .id = cli_get(cli, "--id"),
                                  .row = cli_get(cli, "--row"),
                                  .reference = cli_get(cli, "--reference"),
                                  .population = cli_get(cli, "--population"),
                                  .method = cli_get(cli, "--method"),
                                  .groups = cli_get(cli, "--groups"),
                                  .output = cli_get(cli, "--output"),
                                  .duckdb = cli_duckdb() };
    if (!o->output && cli->json)
        o->output = "json";
    if (!one_of("--output", o->output, forms, 3) || !one_of("--method", o->method, methods, 2) ||
        (cutoff && !cli_probability(cutoff, &o->cutoff)))
        return false;
    if (rows && !cli_number("--rows", rows, 1, 4294967294.0, &value))
        return false;
    o->rows = rows ? (size_t)value : 0;
    if (top && !cli_number("--top", top, 1, 100, &value))
        return false;
    o->top = top ? (size_t)value : 0;
    if (cli->seed && !cli_number("--seed", cli->seed, 0, 9007199254740991.0, &value))
        return false;
    o->seed = cli->seed ? (uint64_t)value : 1;
    if (o->reference && !strcmp(o->reference, "near-cutoff") && !cutoff) {
        fprintf(stderr, "vouch: --reference near-cutoff needs --cutoff\n");
        return false;
    }
    return true;
}

static int carry(cli_call *cli, explaining *work)
{
    vouch_explain_options options;
    char *text = NULL;
    if (!read_options(cli, &options))
        return EXIT_USAGE;
    vouch_status status = work(cli->ctx, &options, &text);
    cli_progress_end();
    int code = status ? cli_failed(cli, status) : cli_write(cli_get(cli, "--out"), text);
    vouch_text_free(cli->ctx, text);
    return code;
}

static int explain(cli_call *cli) { return carry(cli, vouch_explain); }

const command cmd_explain = {
    "explain",
    NULL,
    "MODEL DATA",
    2,
    "How much each input moves each row's score, exactly.",
    "Interventional Shapley values, in log-odds of bad: base + contributions = raw. base is the mean raw "
    "score of\n"
    "the reference, the population that rows are compared with. residual is what is left of that sum "
    "(rounding);\n"
    "source_gap is how far a float model's own score lies from its leaves added in double.\n\n"
    "  vouch import model.json --out model.vouch\n"
    "  vouch explain model.vouch new.csv --id ID --out contributions.csv\n"
    "  vouch explain model.vouch new.csv --id ID --row 17 --output html --out one.html\n"
    "  vouch explain model.vouch new.csv --reference near-cutoff --population train.parquet --cutoff 0.2",
    explain_options,
    N(explain_options),
    explain,
};

static int reasons(cli_call *cli) { return carry(cli, vouch_reasons); }

const command cmd_reasons = {
    "reasons",
    NULL,
    "MODEL DATA",
    2,
    "The principal reasons of each row, as 12 CFR 1002.9 wants them of a decline.",
    "Contributions are summed by characteristic (--groups), adverse ones only, largest first, equal ones by "
    "name.\n"
    "The two official methods compare with the average of all applicants (--reference all) and with those at "
    "or\n"
    "just above the cut-off (--reference near-cutoff). With --cutoff the rows approved are left out, and a "
    "row\n"
    "above it for which nothing is adverse is to be referred to a person.\n\n"
    "  vouch reasons model.vouch new.csv --id ID --cutoff 0.2 --groups reasons.yaml\n"
    "  vouch reasons model.vouch new.csv --id ID --row 17 --reference train.parquet --output json\n\n"
    "A groups file has a line an input, others stand for themselves:\n"
    "  PAY_0: {characteristic: delinquency, text: Delinquent past or present credit obligations, code: R01}",
    reasons_options,
    N(reasons_options),
    reasons,
};

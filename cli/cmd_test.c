/* test: the catalogue of tests, and running them on files. */
#include "cli.h"

#include "vouch/catalogue.h"

#include <string.h>

#define N(table) (sizeof(table) / sizeof((table)[0]))
enum { SETS_MAX = 64 };

static int print_text(cli_call *cli, vouch_status status, char *text)
{
    if (status)
        return status == VOUCH_E_ARG ? (cli_failed(cli, status), EXIT_USAGE) : cli_failed(cli, status);
    printf("%s%s", text, cli->json ? "\n" : "");
    vouch_text_free(cli->ctx, text);
    return EXIT_DONE;
}

static const option list_options[] = {
    { "--area", "NAME", "data, validate, calibration, irb, diagnose, explain, fairness, strategy or drift" },
    { "--needs", "WHAT", "only tests that need this: labels, score, model, features, reference, ..." },
    { "--with", "WHAT", "only tests that can run with no more than this: score,labels" },
    { "--suites", NULL, "the suites that are built in, instead" },
    { "--markdown", NULL, "as docs/tests.md" },
};

static int list(cli_call *cli)
{
    char *text = NULL;
    const char *form = cli->json ? "json" : cli_get(cli, "--markdown") ? "markdown" : "text";
    vouch_status status = cli_get(cli, "--suites")
                              ? vouch_suite_list(cli->ctx, &text)
                              : vouch_test_list(cli->ctx, cli_get(cli, "--area"), cli_get(cli, "--needs"),
                                                cli_get(cli, "--with"), form, &text);
    return print_text(cli, status, text);
}

const command cmd_test_list = {
    "test",
    "list",
    NULL,
    0,
    "Every test there is: its id, title and, in brackets, what it needs.",
    "  vouch test list --area validate\n  vouch test list --with score,labels\n  vouch test list --suites",
    list_options,
    N(list_options),
    list,
};

static int describe(cli_call *cli)
{
    char *text = NULL;
    const vouch_test *test = vouch_test_find(cli->operand[0]);
    if (!test) {
        fprintf(stderr, "vouch: no test '%s'; see vouch test list\n", cli->operand[0]);
        return EXIT_USAGE;
    }
    vouch_status status = vouch_test_describe(cli->ctx, test, cli->json ? "json" : "text", &text);
    return print_text(cli, status, text);
}

const command cmd_test_describe = {
    "test",
    "describe",
    "ID",
    1,
    "What a test is for, how it is made, what should worry, where it is written.",
    "  vouch test describe validate.auc",
    NULL,
    0,
    describe,
};

static const option run_options[] = {
    { "--data", "DATA", "the cases: a file, or a query that DuckDB reads" },
    { "--suite", "NAME",
      "classifier, regression, scores-only, data, drift, columns, ecb-irb, diagnostics, multiclass, "
      "fairness, or a YAML file" },
    { "--reference", "DATA", "cases to compare with: training data, an earlier period" },
    { "--model", "FILE", "a model file; scores the cases when no score is given" },
    { "--rival-model", "FILE", "a second model file: another version, or a challenger" },
    { "--score", "COLUMN", "larger = riskier; taken for the probability too when all lie in [0, 1]" },
    { "--score-is-safe", NULL, "larger = safer, as in scorecard points" },
    { "--probability", "COLUMN", "P(bad)" },
    { "--rival", "COLUMN", "another model's score of the same cases" },
    { "--label", "COLUMN", "the outcome: 0 and 1, or a number on a scale" },
    { "--bad", "VALUE", "the label's value that means bad (default: 1)" },
    { "--weight", "COLUMN", "case weights" },
    { "--amount", "COLUMN", "exposure or value of a case" },
    { "--date", "COLUMN", "when the decision was due" },
    { "--segment", "COLUMN", "what cases are grouped by" },
    { "--group", "COLUMNS", "protected columns, between commas" },
    { "--grade", "COLUMN", "rating grade" },
    { "--grade-before", "COLUMN", "the grade a period earlier" },
    { "--class", "COLUMN", "an outcome of more than two classes" },
    { "--class-probability", "COLUMNS", "the probability of each class, between commas" },
    { "--features", "COLUMNS", "input columns, between commas (default: all without a role)" },
    { "--id", "COLUMN", "the column that orders the rows" },
    { "--set", "ID.PARAM=VALUE", "a parameter of a test; may be given often" },
    { "--policy", "FILE", "the limits that judge (default: the built-in policy)" },
    { "--legal", "NAMES", "legal profiles: what is blocked, what only advises, which columns are protected" },
    { "--out", "DIR", "evidence.json and report.html; finished tests are kept there and not run again" },
    { "--junit", "FILE", "the verdicts as JUnit XML" },
    { "--strict", NULL, "a refused test counts as a failed one" },
    { "--stamp", "WORD", "a word across the report" },
    { "--sketch", NULL,
      "tests of drift by column in constant memory: data and reference are read once and not kept" },
    { "--without", "COLUMNS", "with --sketch, columns to leave out, between commas" },
};

static void print_result(const cli_call *cli, const vouch_suite_result *r)
{
    if (cli->json) {
        printf("%s\n", r->evidence);
        return;
    }
    printf("%s\n%zu test%s", r->summary, r->tests, r->tests == 1 ? "" : "s");
    const size_t results = r->passed + r->advisory + r->failed + r->info + r->refused + r->not_applicable;
    if (results != r->tests) /* one a column, group or part */
        printf(", %zu results", results);
    if (r->reused)
        printf(" (%zu kept from before)", r->reused);
    printf(": %zu pass, %zu advise, %zu fail, %zu shown, %zu refused, %zu not applicable\n", r->passed,
           r->advisory, r->failed, r->info, r->refused, r->not_applicable);
    if (r->report)
        printf("report  %s\n", r->report);
}

static int run_suite(cli_call *cli, const vouch_suite_options *what)
{
    const char *set[SETS_MAX];
    vouch_suite_options options = *what;
    double seed = 1;
    vouch_suite_result result = { .summary = NULL };
    if (cli->seed && !cli_number("--seed", cli->seed, 0, 9007199254740991.0, &seed))
        return EXIT_USAGE;
    options.set = set;
    options.n_set = cli_all(cli, "--set", set, SETS_MAX);
    options.policy = cli_get(cli, "--policy");
    options.duckdb = cli_duckdb();
    options.seed = (uint64_t)seed;
    options.out = cli_get(cli, "--out");
    options.junit = cli_get(cli, "--junit");
    options.stamp = cli_get(cli, "--stamp");
    vouch_status status = vouch_suite_run(cli->ctx, &options, &result);
    cli_progress_end();
    if (status) {
        int code = cli_failed(cli, status);
        return status == VOUCH_E_ARG ? EXIT_USAGE : code;
    }
    print_result(cli, &result);
    bool has_failed = result.failed || (cli_get(cli, "--strict") && result.refused);
    vouch_suite_result_clear(cli->ctx, &result);
    return has_failed ? EXIT_CONTROL : EXIT_DONE;
}

static int run(cli_call *cli)
{
    vouch_suite_options options = {
        .suite = cli_get(cli, "--suite"),
        .tests = cli->operand,
        .n_tests = cli->n_operands,
        .data = cli_get(cli, "--data"),
        .reference = cli_get(cli, "--reference"),
        .model = cli_get(cli, "--model"),
        .rival_model = cli_get(cli, "--rival-model"),
        .column = { .id = cli_get(cli, "--id"),
                    .score = cli_get(cli, "--score"),
                    .score_is_safe = cli_get(cli, "--score-is-safe") != NULL,
                    .probability = cli_get(cli, "--probability"),
                    .rival = cli_get(cli, "--rival"),
                    .label = cli_get(cli, "--label"),
                    .bad = cli_get(cli, "--bad"),
                    .weight = cli_get(cli, "--weight"),
                    .amount = cli_get(cli, "--amount"),
                    .date = cli_get(cli, "--date"),
                    .segment = cli_get(cli, "--segment"),
                    .grade = cli_get(cli, "--grade"),
                    .grade_before = cli_get(cli, "--grade-before"),
                    .outcome = cli_get(cli, "--class"),
                    .class_probabilities = cli_get(cli, "--class-probability"),
                    .groups = cli_get(cli, "--group"),
                    .features = cli_get(cli, "--features") },
        .sketch = cli_get(cli, "--sketch") != NULL,
        .without = cli_get(cli, "--without"),
        .legal = cli_get(cli, "--legal"),
    };
    return run_suite(cli, &options);
}

const command cmd_test_run = {
    "test",
    "run",
    "[ID...]",
    0,
    "Put tests to a scored file, a model or a table; a report, evidence and JUnit XML come out.",
    "Needs no project and no model: a vendor's scores are enough. Exit status 3 says that a test failed.\n\n"
    "  vouch test run validate.auc validate.ece --data scored.csv --score pd --label default\n"
    "  vouch test run --suite classifier --data scored.parquet --score pd --label default --out result\n"
    "  vouch test run --suite checks.yaml --set validate.ece.bins=20 --junit verdicts.xml",
    run_options,
    N(run_options),
    run,
};

/* ---- drift and sketches ---- */

static const option drift_options[] = {
    { "--reference", "DATA", "what to compare with: a file, a query that DuckDB reads, or a stored sketch" },
    { "--current", "DATA", "what is compared; the same" },
    { "--columns", "NAMES", "only these columns, between commas" },
    { "--without", "NAMES", "not these columns: ids, free text" },
    { "--set", "ID.PARAM=VALUE", "a parameter of a test; may be given often" },
    { "--policy", "FILE", "the limits that judge (default: the built-in policy)" },
    { "--out", "DIR", "evidence.json and report.html" },
    { "--junit", "FILE", "the verdicts as JUnit XML" },
    { "--stamp", "WORD", "a word across the report" },
};

static int drift(cli_call *cli)
{
    vouch_suite_options options = {
        .suite = "columns",
        .data = cli_need(cli, "--current"),
        .reference = cli_need(cli, "--reference"),
        .column = { .features = cli_get(cli, "--columns") },
        .sketch = 1,
        .without = cli_get(cli, "--without"),
    };
    return options.data && options.reference ? run_suite(cli, &options) : EXIT_USAGE;
}

const command cmd_drift = {
    "drift",
    NULL,
    NULL,
    0,
    "How far every column has moved from a reference, in constant memory whatever the rows.",
    "PSI, Jensen-Shannon, Hellinger, L-infinity, chi-square, Kolmogorov-Smirnov and Wasserstein, each with\n"
    "its critical value; missing and unseen values. Each file is read once, a group of columns at a\n"
    "time; what is kept of a column is a sketch, whose error is told with every value. Exit status 3 says "
    "that a limit was passed.\n\n"
    "  vouch drift --reference train.parquet --current march.parquet --out drift\n"
    "  vouch sketch train.parquet --out train.sketch\n"
    "  vouch drift --reference train.sketch --current \"SELECT * FROM 'march/*.csv'\"",
    drift_options,
    N(drift_options),
    drift,
};

static const option sketch_options[] = {
    { "--out", "FILE", "where the sketch goes: NAME.sketch" },
    { "--columns", "NAMES", "only these columns, between commas" },
    { "--without", "NAMES", "not these columns: ids, free text" },
};

static int sketch(cli_call *cli)
{
    const char *out = cli_need(cli, "--out");
    vouch_sketch_result r;
    const vouch_sketch_options options = { .sources = cli->operand,
                                           .n_sources = cli->n_operands,
                                           .only = cli_get(cli, "--columns"),
                                           .without = cli_get(cli, "--without"),
                                           .duckdb = cli_duckdb(),
                                           .out = out };
    if (!out)
        return EXIT_USAGE;
    vouch_status status = vouch_sketch_make(cli->ctx, &options, &r);
    cli_progress_end();
    if (status) {
        int code = cli_failed(cli, status);
        return status == VOUCH_E_ARG ? EXIT_USAGE : code;
    }
    if (cli->json)
        printf("{\"columns\":%zu,\"error\":%.6f,\"exact\":%zu,\"rows\":%.0f}\n", r.columns, r.error, r.exact,
               r.rows);
    else
        printf("%.0f rows, %zu columns, %zu of them exact; ranks of the others are off by at most %.3f %%\n",
               r.rows, r.columns, r.exact, 100.0 * r.error);
    return EXIT_DONE;
}

const command cmd_sketch = {
    "sketch",
    NULL,
    "DATA...",
    1,
    "Store a reference as sketches of its columns, not as rows; several are merged.",
    "DATA is what vouch profile takes, or a stored sketch. No applicant can be read from a sketch of many\n"
    "rows; beware of columns that name people (--without), and of few rows, whose values are kept.\n\n"
    "  vouch sketch january.parquet --without id,name --out january.sketch\n"
    "  vouch sketch january.sketch february.sketch march.parquet --without id,name --out quarter.sketch",
    sketch_options,
    N(sketch_options),
    sketch,
};

/* strategy: cut-offs, swap sets, vintages and roll rates: tests of the catalogue, with their tables shown. */
#include "cli.h"

#include "vouch/catalogue.h"

#include <string.h>

#define N(table) (sizeof(table) / sizeof((table)[0]))
enum { SETS = 16, SET_LEN = 512, ROWS = 24 };

/* An option that is a parameter of the test. */
typedef struct setting {
    const char *option, *param;
    bool is_text; /* a column's name, which is quoted */
} setting;

#define COMMON                                                                                               \
    { "--id", "COLUMN", "the column that orders the rows" },                                                 \
        { "--out", "DIR", "evidence.json, and report.html with the plots" },                                 \
        { "--rows", "N", "at most so many rows of a table on the terminal (default: 24)" },                  \
    {                                                                                                        \
        "--level", "P", "coverage of the intervals (default: 0.95)"                                          \
    }

#define SCORED                                                                                               \
    { "--model", "FILE", "score DATA with this model" },                                                     \
        { "--score", "COLUMN", "the score: larger = riskier" },                                              \
        { "--score-is-safe", NULL, "larger = safer, as in scorecard points" },                               \
        { "--label", "COLUMN", "the outcome; empty where it is not known" },                                 \
        { "--bad", "VALUE", "the label's value that means bad (default: 1)" },                               \
    {                                                                                                        \
        "--weight", "COLUMN", "case weights"                                                                 \
    }

/* {key: value} as one --set; the value is quoted as YAML wants it. */
static bool add_set(char *out, const char *test, const setting *s, const char *value)
{
    size_t at = (size_t)snprintf(out, SET_LEN, "%s.%s=%s", test, s->param, s->is_text ? "\"" : "");
    for (const char *c = value; *c && at < SET_LEN - 4; c++) {
        if (s->is_text && (*c == '"' || *c == '\\'))
            out[at++] = '\\';
        out[at++] = *c;
    }
    out[at] = '\0';
    if (at >= SET_LEN - 4) {
        fprintf(stderr, "vouch: %s is too long\n", s->option);
        return false;
    }
    if (s->is_text)
        memcpy(out + at, "\"", 2);
    return true;
}

static int show(cli_call *cli, vouch_status status, vouch_suite_result *result)
{
    cli_progress_end();
    if (status) {
        int code = cli_failed(cli, status);
        return status == VOUCH_E_ARG || status == VOUCH_E_FORMAT ? EXIT_USAGE : code;
    }
    bool is_refused = result->refused || result->not_applicable;
    if (is_refused)
        fprintf(stderr, "vouch: not everything could be answered\n%s", result->summary);
    if (cli->json || !is_refused)
        printf("%s%s", cli->json ? result->evidence : result->summary, cli->json ? "\n" : "");
    if (result->report && !cli->json)
        printf("\nreport  %s\n", result->report);
    vouch_suite_result_clear(cli->ctx, result);
    return is_refused ? EXIT_FAILED : EXIT_DONE;
}

/* tests: the first takes the settings. */
static int carry(cli_call *cli, const char *const *tests, size_t n_tests, const setting *settings,
                 size_t n_settings)
{
    char text[SETS][SET_LEN];
    const char *set[SETS], *value, *rows = cli_get(cli, "--rows");
    size_t n = 0;
    double seed = 1, most = ROWS;
    vouch_suite_result result = { .summary = NULL };
    if ((cli->seed && !cli_number("--seed", cli->seed, 0, 9007199254740991.0, &seed)) ||
        (rows && !cli_number("--rows", rows, 1, 1e6, &most)))
        return EXIT_USAGE;
    for (size_t i = 0; i < n_settings; i++) {
        value = cli_get(cli, settings[i].option);
        if (value && !add_set(text[n], tests[0], &settings[i], value))
            return EXIT_USAGE;
        if (value) {
            set[n] = text[n];
            n++;
        }
    }
    const vouch_suite_options options = {
        .tests = tests,
        .n_tests = n_tests,
        .set = set,
        .n_set = n,
        .data = cli->operand[0],
        .model = cli_get(cli, "--model"),
        .column = { .id = cli_get(cli, "--id"),
                    .score = cli_get(cli, "--score"),
                    .score_is_safe = cli_get(cli, "--score-is-safe") != NULL,
                    .rival = cli_get(cli, "--rival"),
                    .label = cli_get(cli, "--label"),
                    .bad = cli_get(cli, "--bad"),
                    .weight = cli_get(cli, "--weight"),
                    .amount = cli_get(cli, "--amount"),
                    .date = cli_get(cli, "--month") },
        .duckdb = cli_duckdb(),
        .seed = (uint64_t)seed,
        .out = cli_get(cli, "--out"),
        .tables = (size_t)most,
    };
    return show(cli, vouch_suite_run(cli->ctx, &options, &result), &result);
}

static const option cutoff_options[] = {
    SCORED,
    { "--rival", "COLUMN", "another score of the same cases, for the frontier of the two" },
    { "--amount", "COLUMN", "the amount of a case (default: 1 each)" },
    { "--margin", "X", "what a good case earns, times its amount (default: 0.1)" },
    { "--lgd", "X", "what a bad case loses, times its amount (default: 0.6)" },
    { "--cost", "X", "what an approved case costs, good or bad (default: 0)" },
    { "--max-bad-rate", "P", "suggest the largest approval rate within this bad rate" },
    { "--approval-rate", "P", "suggest the cut-off that approves this share" },
    { "--resamples", "N", "how many say how sure a suggestion is (default: 200)" },
    COMMON,
};

static int cutoff(cli_call *cli)
{
    static const setting settings[] = {
        { "--margin", "margin", false },
        { "--lgd", "lgd", false },
        { "--cost", "cost", false },
        { "--max-bad-rate", "max_bad_rate", false },
        { "--approval-rate", "approval_rate", false },
        { "--resamples", "resamples", false },
        { "--level", "level", false },
    };
    if (!cli_need(cli, "--label"))
        return EXIT_USAGE;
    static const char *const tests[] = { "strategy.cutoff", "strategy.frontier" };
    return carry(cli, tests, cli_get(cli, "--rival") ? 2 : 1, settings, N(settings));
}

const command cmd_strategy_cutoff = {
    "strategy",
    "cutoff",
    "DATA",
    1,
    "What every cut-off of a score approves, loses and earns, and which ones the usual rules take.",
    "Cases are approved from the safest score up. A good case earns margin x amount, a bad one loses\n"
    "lgd x amount. Suggested: the largest profit, and with --max-bad-rate and --approval-rate two more.\n"
    "Each has the interval of its approval rate when the rule chooses again on other cases like these, and\n"
    "its optimism, the profit by which it flatters itself. Take a cut-off on one sample, report it on\n"
    "another.\n\n"
    "  vouch strategy cutoff scored.csv --score pd --label default --amount limit --margin 0.12 --lgd 0.7\n"
    "  vouch strategy cutoff loans.parquet --model champion.vouch --label bad --max-bad-rate 0.05 --out "
    "curve\n"
    "  vouch strategy cutoff scored.csv --score new --rival old --label bad --out frontier",
    cutoff_options,
    N(cutoff_options),
    cutoff,
};

static const option swap_options[] = {
    SCORED,
    { "--rival", "COLUMN", "the old score of the same cases" },
    { "--approval-rate", "P", "share that either score approves (default: 0.7)" },
    COMMON,
};

static int swap(cli_call *cli)
{
    static const setting settings[] = {
        { "--approval-rate", "approval_rate", false },
        { "--level", "level", false },
    };
    if (!cli_need(cli, "--rival") || !cli_need(cli, "--label"))
        return EXIT_USAGE;
    static const char *const test = "strategy.swap_set";
    return carry(cli, &test, 1, settings, N(settings));
}

const command cmd_strategy_swap = {
    "strategy",
    "swap",
    "DATA",
    1,
    "Whom a new score swaps in and out at the approval rate of the old one, and how they turn out.",
    "Both scores approve the same share. A label that is empty is an outcome nobody knows, as of those\n"
    "declined before: such cases are counted, and bounds say what they could be.\n\n"
    "  vouch strategy swap scored.csv --score new --rival old --label default --approval-rate 0.8",
    swap_options,
    N(swap_options),
    swap,
};

#define PANEL                                                                                                \
    { "--account", "COLUMN", "the account" }, { "--month", "COLUMN", "the date of a row" },                  \
    {                                                                                                        \
        "--status", "COLUMN", "months past due, or another number that grows worse"                          \
    }

static const option vintage_options[] = {
    PANEL,
    { "--opened", "COLUMN", "when the account was opened (default: its first row)" },
    { "--bad-from", "X", "the status from which an account is bad (default: 3)" },
    { "--period", "WORD", "month, quarter (default), half-year or year: how long a vintage is open" },
    { "--horizon", "N", "months on book by which vintages are compared (default: 12)" },
    { "--amount", "COLUMN", "for rates by amount too" },
    COMMON,
};

static bool has_panel(cli_call *cli)
{
    return cli_need(cli, "--account") && cli_need(cli, "--month") && cli_need(cli, "--status");
}

static int vintage(cli_call *cli)
{
    static const setting settings[] = {
        { "--account", "account", true }, { "--status", "status", true },
        { "--opened", "opened", true },   { "--bad-from", "bad_from", false },
        { "--period", "period", false },  { "--horizon", "horizon", false },
        { "--level", "level", false },
    };
    static const char *const test = "strategy.vintage";
    return has_panel(cli) ? carry(cli, &test, 1, settings, N(settings)) : EXIT_USAGE;
}

const command cmd_strategy_vintage = {
    "strategy",
    "vintage",
    "DATA",
    1,
    "How accounts opened together age: the share gone bad by each month on book.",
    "DATA has a row an account and month. A month on book that the youngest account of a vintage has not\n"
    "had time to reach is not ripe: it is marked and has no rate. Other shapes become this one in a query,\n"
    "which needs --id for the order of its rows.\n\n"
    "  vouch strategy vintage book.parquet --account id --month as_of --status months_past_due --out book\n"
    "  vouch strategy vintage book.csv --account id --month as_of --status dpd --bad-from 90 --period year",
    vintage_options,
    N(vintage_options),
    vintage,
};

static const option roll_options[] = {
    PANEL,
    { "--buckets", "N", "how many, current being the first (default: 7)" },
    { "--bad-from", "N", "the bucket that counts as bad (default: 3)" },
    { "--horizon", "N", "months for the chance of going bad (default: 12)" },
    COMMON,
};

static int roll(cli_call *cli)
{
    static const setting settings[] = {
        { "--account", "account", true },  { "--status", "status", true },
        { "--buckets", "buckets", false }, { "--bad-from", "bad_from", false },
        { "--horizon", "horizon", false }, { "--level", "level", false },
    };
    static const char *const test = "strategy.roll_rates";
    return has_panel(cli) ? carry(cli, &test, 1, settings, N(settings)) : EXIT_USAGE;
}

const command cmd_strategy_roll = {
    "strategy",
    "roll",
    "DATA",
    1,
    "How accounts roll between buckets of delinquency, and the chain from current to bad.",
    "DATA has a row an account and month; below 1 the status is current. The matrix counts all months\n"
    "together, beside it the mean over months, their least and most. The straight roll multiplies the "
    "shares\n"
    "that roll on; within the horizon takes cures and relapses in as well, as a Markov chain.\n\n"
    "  vouch strategy roll book.parquet --account id --month as_of --status months_past_due --out rolls",
    roll_options,
    N(roll_options),
    roll,
};

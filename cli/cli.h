/* cli.h: what every command shares: options described in tables, from which usage is printed; keys, stores,
 * tables and progress on the terminal. Results go to stdout, everything else to stderr. */
#ifndef CLI_H
#define CLI_H

#include "vouch/models.h"
#include "vouch/run.h"
#include "vouch/serve.h"

#include <stdbool.h>
#include <stdio.h>

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_CONTROL };
enum { OPTIONS_MAX = 48, OPERANDS_MAX = 128, GIVEN_MAX = 128 };

typedef struct option {
    const char *name;  /* "--project" */
    const char *value; /* what stands after it, "FILE"; NULL for a flag */
    const char *help;
} option;

struct cli_call;

typedef struct command {
    const char *noun, *verb; /* "key", "new"; verb NULL when the noun is the whole name */
    const char *operands;    /* "MODEL DATA", or NULL */
    size_t min_operands;
    const char *help; /* one sentence */
    const char *more; /* paragraphs and an example, or NULL */
    const option *options;
    size_t n_options;
    int (*run)(struct cli_call *cli);
} command;

typedef struct cli_call {
    const command *command;
    const char *value[OPTIONS_MAX]; /* by the command's own options; "" for a flag that was given */
    struct {
        const option *option;
        const char *value;
    } given[GIVEN_MAX]; /* the same in order of arrival, with repeats */
    size_t n_given;
    const char *operand[OPERANDS_MAX];
    size_t n_operands;
    const char *store, *threads, *seed;
    bool json, quiet;
    vouch_ctx *ctx;
} cli_call;

/* Commands, each file its own. */
extern const command cmd_init, cmd_key_new, cmd_key_grant, cmd_key_list, cmd_run, cmd_model_list,
    cmd_model_show, cmd_model_sign, cmd_model_approve, cmd_model_retire, cmd_model_export, cmd_model_edit,
    cmd_score, cmd_profile, cmd_serve, cmd_monitor, cmd_verify, cmd_replay, cmd_ledger, cmd_simulate_credit,
    cmd_import, cmd_model_diff, cmd_fit, cmd_bin, cmd_sign, cmd_explain, cmd_reasons, cmd_counterfactual,
    cmd_test_list, cmd_test_describe, cmd_test_run, cmd_lda, cmd_drift, cmd_sketch;
extern const command cmd_strategy_cutoff, cmd_strategy_swap, cmd_strategy_vintage, cmd_strategy_roll,
    cmd_reject, cmd_calibrate;

void cli_see_help(const cli_call *cli);                      /* ends a line on stderr with where to read on */
const char *cli_get(const cli_call *cli, const char *name);  /* NULL when not given */
const char *cli_need(const cli_call *cli, const char *name); /* says so and returns NULL when not given */
/* Every value of an option that may be given often; returns how many, at most max. */
size_t cli_all(const cli_call *cli, const char *name, const char **out, size_t max);
/* Print the context's message and turn a status into an exit code. */
int cli_failed(const cli_call *cli, vouch_status status);
/* Write text to a file, whole or not at all, or with NULL to standard output; says what went wrong. Returns
 * an exit code. */
int cli_write(const char *path, const char *text);
bool cli_probability(const char *text, double *out); /* of --cutoff, in (0, 1]; says what is wrong */
/* A small text file, to be freed; NULL when it can't be read, which is said. */
char *cli_read(const char *path);
bool cli_number(const char *name, const char *text, double lo, double hi, double *out);
bool cli_date(const char *name, const char *text, int64_t *out_us); /* 2026-01-31, midnight UTC */
const char *cli_duckdb(void); /* the environment's VOUCH_DUCKDB, or NULL */

/* Aligned text, or JSON with --json. says: the column that tells the type of a row's values, as a profile
 * has; SIZE_MAX: none. */
void cli_print_table(const cli_call *cli, const vouch_table *table, size_t says);
void cli_json_text(const char *text); /* to stdout, in quotes */
vouch_status cli_open_store(cli_call *cli, bool create, vouch_store **out_store);
vouch_status cli_open_key(cli_call *cli, const char *path, vouch_key **out_key);
/* The passphrase: --passphrase-file, else the environment's VOUCH_PASSPHRASE, else asked for. NULL after
 * saying why. */
const char *cli_passphrase(cli_call *cli, const char *path, bool twice);

/* A context with progress bars on a terminal, and Ctrl-C as cancellation. */
vouch_ctx *cli_context(const cli_call *cli);
void cli_progress_end(void); /* clear an unfinished bar */

#endif

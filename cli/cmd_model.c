/* model: look at a model file, and carry a model from candidate to approved. */
#include "cli.h"

#include <stdlib.h>

#define N(table) (sizeof(table) / sizeof((table)[0]))

typedef vouch_status act(vouch_ctx *, vouch_store *, const vouch_key *, const char *, const char *);

static const option act_options[] = {
    { "--key", "FILE", "your private key" },
    { "--note", "TEXT", "why, or under what conditions" },
    { "--passphrase-file", "FILE", "its first line is your passphrase" },
};

static int carry(cli_call *cli, act *step, const char *done)
{
    const char *path = cli_need(cli, "--key");
    const char *note = cli_get(cli, "--note");
    vouch_store *store = NULL;
    vouch_key *key = NULL;
    if (!path)
        return EXIT_USAGE;
    vouch_status status = cli_open_store(cli, false, &store);
    if (!status)
        status = cli_open_key(cli, path, &key);
    if (!status)
        status = step(cli->ctx, store, key, cli->operand[0], note ? note : "");
    vouch_key_free(key);
    vouch_store_close(store);
    if (!status && !cli->quiet)
        fprintf(stderr, "model %s is %s\n", cli->operand[0], done);
    return status ? cli_failed(cli, status) : EXIT_DONE;
}

static int sign(cli_call *cli) { return carry(cli, vouch_govern_sign, "validated"); }

const command cmd_model_sign = {
    "model",
    "sign",
    "MODEL",
    1,
    "As a validator, sign a candidate.",
    "MODEL is a name or the beginning of a fingerprint. The developer of a model can't validate it, with any "
    "key.\n\n  vouch model sign scorecard --key victor.pem --note \"figures re-read, limits noted\"",
    act_options,
    N(act_options),
    sign,
};

static int approve(cli_call *cli) { return carry(cli, vouch_govern_approve, "approved"); }

const command cmd_model_approve = {
    "model",
    "approve",
    "MODEL",
    1,
    "As an approver, let a validated model serve.",
    "Neither its developer nor its validator can approve a model.\n\n"
    "  vouch model approve scorecard --key ada.pem",
    act_options,
    N(act_options),
    approve,
};

static int retire(cli_call *cli) { return carry(cli, vouch_govern_retire, "retired"); }

const command cmd_model_retire = {
    "model",
    "retire",
    "MODEL",
    1,
    "As the owner or an approver, take a model out of use.",
    "It is retired in every run that made the same bytes, and serves no more.\n\n"
    "  vouch model retire scorecard --key ada.pem --note \"replaced\"",
    act_options,
    N(act_options),
    retire,
};

static int show(cli_call *cli)
{
    vouch_model *model = NULL;
    char *text = NULL;
    vouch_status status = vouch_model_load(cli->ctx, cli->operand[0], &model);
    if (!status)
        status = vouch_model_describe(cli->ctx, model, &text);
    if (!status)
        printf("%s\n", text);
    vouch_text_free(cli->ctx, text);
    vouch_model_free(model);
    return status ? cli_failed(cli, status) : EXIT_DONE;
}

const command cmd_model_show = { "model",
                                 "show",
                                 "FILE",
                                 1,
                                 "What a model file holds, as JSON.",
                                 "  vouch model show result/models/scorecard.vouch",
                                 NULL,
                                 0,
                                 show };

static const option export_options[] = {
    { "--to", "FORM", "c, json, pmml, sql-duckdb, sql-postgresql or sql-spark" },
    { "--out", "FILE", "where to write it; the terminal when not given" },
};

static int export(cli_call *cli)
{
    const char *form = cli_need(cli, "--to"), *path = cli_get(cli, "--out");
    vouch_model *model = NULL;
    char *text = NULL;
    int exit_code = EXIT_DONE;
    if (!form)
        return EXIT_USAGE;
    vouch_status status = vouch_model_load(cli->ctx, cli->operand[0], &model);
    if (!status)
        status = vouch_model_export(cli->ctx, model, form, &text);
    if (status)
        exit_code = cli_failed(cli, status);
    else if (path)
        exit_code = cli_write(path, text);
    else
        printf("%s\n", text);
    vouch_text_free(cli->ctx, text);
    vouch_model_free(model);
    return exit_code;
}

const command cmd_model_export = {
    "model",
    "export",
    "FILE",
    1,
    "A model in a form that another system runs, with the same numbers.",
    "Of a scorecard, every form gives its integer points; of gbdt, tree, rules, glm and gam the raw score; "
    "of\n"
    "imported trees there is c. SQL is one expression over the input columns:\n"
    "  psql -c \"SELECT id, $(vouch model export card.vouch --to sql-postgresql) AS points FROM "
    "applications\"",
    export_options,
    N(export_options),
    export,
};

static const option edit_options[] = {
    { "--edits", "FILE", "the edits, as YAML" },
    { "--out", "FILE", "where the edited model goes" },
    { "--key", "FILE", "the developer's private key: the edit is recorded in the store's ledger" },
    { "--passphrase-file", "FILE", "its first line is the key's passphrase" },
};

static vouch_status record(cli_call *cli, const char *key_path, const vouch_model *before,
                           const vouch_model *after, const char *edits)
{
    vouch_store *store = NULL;
    vouch_key *key = NULL;
    int64_t seq = -1;
    vouch_status status = cli_open_store(cli, false, &store);
    if (!status)
        status = cli_open_key(cli, key_path, &key);
    if (!status)
        status = vouch_model_edit_record(cli->ctx, store, key, before, after, edits, &seq);
    if (!status && !cli->quiet)
        fprintf(stderr, "ledger entry %lld\n", (long long)seq);
    vouch_key_free(key);
    vouch_store_close(store);
    return status;
}

static int edit(cli_call *cli)
{
    const char *path = cli_need(cli, "--edits"), *out = path ? cli_need(cli, "--out") : NULL;
    const char *key = cli_get(cli, "--key");
    vouch_model *model = NULL, *edited = NULL;
    if (!path || !out)
        return EXIT_USAGE;
    char *text = cli_read(path);
    if (!text)
        return EXIT_FAILED;
    vouch_status status = vouch_model_load(cli->ctx, cli->operand[0], &model);
    if (!status)
        status = vouch_model_edit(cli->ctx, model, path, text, &edited);
    if (!status)
        status = vouch_model_save(cli->ctx, edited, out);
    if (!status && key)
        status = record(cli, key, model, edited, text);
    if (!status)
        printf("%s\n", vouch_model_fingerprint(edited));
    vouch_model_free(edited);
    vouch_model_free(model);
    free(text);
    return status ? cli_failed(cli, status) : EXIT_DONE;
}

const command cmd_model_edit = {
    "model",
    "edit",
    "FILE",
    1,
    "Change shapes of an additive model, and keep who did and why.",
    "The file of edits is a mapping with one list; each edit is a mapping:\n\n"
    "  edits:\n"
    "  - {input: age, action: clip, low: -1, from: 70, by: Ana Ruiz, why: too few cases above 70}\n\n"
    "Actions: set and add (value), clip (low, high), smooth (width), monotonise (direction: up or down), "
    "merge;\n"
    "of the bins between from and to, or of named levels. Prints the new model's fingerprint. With --key an "
    "entry\n"
    "of the store's ledger holds both files, the edits and who signs for them.\n\n"
    "  vouch model edit curves.vouch --edits edits.yaml --out edited.vouch --key dana.pem",
    edit_options,
    N(edit_options),
    edit,
};

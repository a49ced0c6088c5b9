/* init and key: a store, its owner, people and their keys. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

#define N(table) (sizeof(table) / sizeof((table)[0]))

static const option init_options[] = {
    { "--key", "FILE", "the owner's private key; made if it is not there" },
    { "--person", "NAME", "who the owner is" },
    { "--passphrase-file", "FILE", "its first line is the key's passphrase" },
};

static int init(cli_call *cli)
{
    const char *path = cli_need(cli, "--key");
    const char *person = path ? cli_need(cli, "--person") : NULL;
    vouch_store *store = NULL;
    vouch_key *key = NULL;
    if (!person)
        return EXIT_USAGE;
    const char *passphrase = cli_passphrase(cli, path, true);
    if (!passphrase)
        return EXIT_USAGE;
    vouch_status status = vouch_key_open(cli->ctx, path, passphrase, &key);
    if (status == VOUCH_E_NOTFOUND) {
        status = vouch_key_new(cli->ctx, path, passphrase);
        if (!status)
            status = vouch_key_open(cli->ctx, path, passphrase, &key);
    }
    if (!status)
        status = cli_open_store(cli, true, &store);
    if (!status)
        status = vouch_govern_init(cli->ctx, store, key, person);
    vouch_store_close(store);
    if (!status && !cli->quiet)
        fprintf(stderr, "%s belongs to %s (key %s)\n", cli->store ? cli->store : "vouch.db", person,
                vouch_key_id(key));
    vouch_key_free(key);
    return status ? cli_failed(cli, status) : EXIT_DONE;
}

const command cmd_init = {
    "init",
    NULL,
    NULL,
    0,
    "Begin a store: its ledger names you as the owner.",
    "The owner grants people their roles. Private keys are encrypted and stay with their persons.\n\n"
    "  vouch init --key owner.pem --person \"Olga Owner\"",
    init_options,
    N(init_options),
    init,
};

static const option key_new_options[] = {
    { "--passphrase-file", "FILE", "its first line is the new key's passphrase" },
};

static int key_new(cli_call *cli)
{
    const char *path = cli->operand[0];
    const char *passphrase = cli_passphrase(cli, path, true);
    if (!passphrase)
        return EXIT_USAGE;
    vouch_status status = vouch_key_new(cli->ctx, path, passphrase);
    if (!status && !cli->quiet)
        fprintf(stderr, "%s is yours alone; give %s.pub to the owner, who grants it a role\n", path, path);
    return status ? cli_failed(cli, status) : EXIT_DONE;
}

const command cmd_key_new = {
    "key",
    "new",
    "FILE",
    1,
    "Make a key pair: FILE (encrypted, yours) and FILE.pub (for the owner).",
    "  vouch key new erin.pem",
    key_new_options,
    N(key_new_options),
    key_new,
};

static const option key_grant_options[] = {
    { "--person", "NAME", "whose key it is: persons are compared, not keys" },
    { "--role", "ROLE", "developer, validator, approver, auditor, service or owner" },
    { "--from", "DATE", "the first day it holds (default: now)" },
    { "--until", "DATE", "the day it ends (default: none)" },
    { "--key", "FILE", "the owner's private key" },
    { "--passphrase-file", "FILE", "its first line is the owner's passphrase" },
};

static int key_grant(cli_call *cli)
{
    const char *person = cli_need(cli, "--person");
    const char *role = person ? cli_need(cli, "--role") : NULL;
    const char *path = role ? cli_need(cli, "--key") : NULL;
    const char *from_text = cli_get(cli, "--from");
    const char *until_text = cli_get(cli, "--until");
    int64_t from = 0;
    int64_t until = 0;
    vouch_store *store = NULL;
    vouch_key *key = NULL;
    if (!path || (from_text && !cli_date("--from", from_text, &from)) ||
        (until_text && !cli_date("--until", until_text, &until)))
        return EXIT_USAGE;
    vouch_status status = cli_open_store(cli, false, &store);
    if (!status)
        status = cli_open_key(cli, path, &key);
    if (!status)
        status = vouch_govern_grant(cli->ctx, store, key, cli->operand[0], person, role, from, until);
    vouch_key_free(key);
    vouch_store_close(store);
    if (!status && !cli->quiet)
        fprintf(stderr, "%s may act as %s\n", person, role);
    return status ? cli_failed(cli, status) : EXIT_DONE;
}

const command cmd_key_grant = {
    "key",
    "grant",
    "FILE.pub",
    1,
    "As the owner, let a person's key act in a role.",
    "  vouch key grant bob.pem.pub --person \"Bob Validator\" --role validator --key owner.pem",
    key_grant_options,
    N(key_grant_options),
    key_grant,
};

static int print_from_store(cli_call *cli, vouch_status (*read)(vouch_ctx *, vouch_store *, vouch_table **))
{
    vouch_store *store = NULL;
    vouch_table *table = NULL;
    vouch_status status = cli_open_store(cli, false, &store);
    if (!status)
        status = read(cli->ctx, store, &table);
    if (!status)
        cli_print_table(cli, table, SIZE_MAX);
    vouch_table_unref(table);
    vouch_store_close(store);
    return status ? cli_failed(cli, status) : EXIT_DONE;
}

static int key_list(cli_call *cli) { return print_from_store(cli, vouch_govern_keys); }

const command cmd_key_list = {
    "key", "list", NULL, 0, "Who holds which role, and from when until when.", NULL, NULL, 0, key_list
};

static int ledger(cli_call *cli) { return print_from_store(cli, vouch_govern_ledger); }

const command cmd_ledger = { "ledger", NULL, NULL, 0,     "The ledger: what was done, by whom, when.",
                             NULL,     NULL, 0,    ledger };

static int model_list(cli_call *cli) { return print_from_store(cli, vouch_govern_models); }

const command cmd_model_list = {
    "model", "list", NULL, 0, "Every model in the store and how far it has come.", NULL, NULL, 0, model_list
};

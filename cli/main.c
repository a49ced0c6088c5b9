/* vouch: find the command, read its options, run it. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CHAPTER_MAX = 12 };

/* In the order in which help shows them. */
static const struct {
    const char *title;
    const command *command[CHAPTER_MAX + 1]; /* NULL after the last */
} chapters[] = {
    { "Make a model",
      { &cmd_run, &cmd_fit, &cmd_import, &cmd_bin, &cmd_sign, &cmd_reject, &cmd_calibrate, &cmd_profile,
        &cmd_simulate_credit } },
    { "Ask it",
      { &cmd_score, &cmd_explain, &cmd_reasons, &cmd_counterfactual, &cmd_model_show, &cmd_model_diff,
        &cmd_model_edit, &cmd_model_export } },
    { "Test it",
      { &cmd_test_list, &cmd_test_describe, &cmd_test_run, &cmd_lda, &cmd_strategy_cutoff, &cmd_strategy_swap,
        &cmd_strategy_vintage, &cmd_strategy_roll } },
    { "Put it to work",
      { &cmd_model_list, &cmd_model_sign, &cmd_model_approve, &cmd_model_retire, &cmd_serve, &cmd_monitor,
        &cmd_drift, &cmd_sketch } },
    { "Keep the record",
      { &cmd_init, &cmd_key_new, &cmd_key_grant, &cmd_key_list, &cmd_verify, &cmd_replay, &cmd_ledger } },
};
enum { N_CHAPTERS = sizeof chapters / sizeof *chapters };

static const option common[] = {
    { "--store", "URL", "the store, an SQLite file (default: vouch.db)" },
    { "--threads", "N", "how many threads to use (default: one a processor); results do not depend on it" },
    { "--seed", "S", "the seed, where the command has one" },
    { "--json", NULL, "print results as JSON" },
    { "--quiet", NULL, "no progress and no notes" },
    { "--help", NULL, "this text" },
};
enum { N_COMMON = sizeof common / sizeof *common };

/* What an option does, its further lines under the first. */
static void print_wrapped(const char *help)
{
    enum { INDENT = 29, ROOM = 91 };
    while (strlen(help) > ROOM) {
        size_t end = ROOM;
        while (end > 0 && help[end] != ' ')
            end--;
        if (end == 0)
            break;
        printf("%.*s\n%*s", (int)end, help, INDENT, "");
        help += end + 1;
    }
    printf("%s\n", help);
}

static void print_options(const option *options, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char left[48];
        (void)snprintf(left, sizeof left, "%s%s%s", options[i].name, options[i].value ? " " : "",
                       options[i].value ? options[i].value : "");
        printf("  %-26s ", left);
        print_wrapped(options[i].help);
    }
}

static void print_own(const command *c)
{
    printf("vouch %s%s%s%s%s [options]\n\n%s\n", c->noun, c->verb ? " " : "", c->verb ? c->verb : "",
           c->operands ? " " : "", c->operands ? c->operands : "", c->help);
    if (c->more)
        printf("\n%s\n", c->more);
    if (c->n_options) {
        printf("\nOptions\n");
        print_options(c->options, c->n_options);
    }
}

static void print_shared(void)
{
    printf("Every command takes\n");
    print_options(common, N_COMMON);
    printf("\nExit status: 0 done, 1 failed, 2 usage, 3 a control failed.\n");
}

static void print_usage(const command *c)
{
    print_own(c);
    printf("\n");
    print_shared();
}

/* docs/commands.md. */
static void print_pages(void)
{
    printf(
        "# Commands\n\nMade by `vouch help --markdown`: what `vouch COMMAND --help` prints. Results go to "
        "standard output, progress and notes to\nstandard error. The environment's `VOUCH_PASSPHRASE` is the "
        "passphrase of keys, and `VOUCH_DUCKDB` where DuckDB is.\n\n```\n");
    print_shared();
    printf("```\n");
    for (size_t k = 0; k < N_CHAPTERS; k++) {
        printf("\n## %s\n", chapters[k].title);
        for (const command *const *c = chapters[k].command; *c; c++) {
            printf("\n### vouch %s%s%s\n\n```\n", (*c)->noun, (*c)->verb ? " " : "",
                   (*c)->verb ? (*c)->verb : "");
            print_own(*c);
            printf("```\n");
        }
    }
}

static void print_command(FILE *to, const command *c)
{
    char left[48];
    (void)snprintf(left, sizeof left, "%s%s%s%s%s", c->noun, c->verb ? " " : "", c->verb ? c->verb : "",
                   c->operands ? " " : "", c->operands ? c->operands : "");
    fprintf(to, "  vouch %-28s %s\n", left, c->help);
}

static void print_help(FILE *to)
{
    fprintf(to,
            "vouch %s: train, validate, explain, serve and monitor the models that decide; trace every "
            "figure.\n\n",
            vouch_version());
    for (size_t k = 0; k < N_CHAPTERS; k++) {
        fprintf(to, "%s%s\n", k ? "\n" : "", chapters[k].title);
        for (const command *const *c = chapters[k].command; *c; c++)
            print_command(to, *c);
    }
    fprintf(to, "\n'vouch COMMAND --help' says more. A first run:\n"
                "  vouch simulate credit --out examples/loans/loans.csv\n"
                "  vouch run --project examples/loans/vouch.yaml --out result\n");
}

/* The commands of one noun, as of key and model. */
static void print_verbs(FILE *to, const char *noun)
{
    for (size_t k = 0; k < N_CHAPTERS; k++)
        for (const command *const *c = chapters[k].command; *c; c++)
            if (!strcmp((*c)->noun, noun))
                print_command(to, *c);
}

static bool is_noun(const char *word)
{
    for (size_t k = 0; k < N_CHAPTERS; k++)
        for (const command *const *c = chapters[k].command; *c; c++)
            if (!strcmp((*c)->noun, word))
                return true;
    return false;
}

/* None is named, or none that is there: help that was asked for, or what is wrong. */
static int no_command(int argc, char **argv, bool is_asked)
{
    if (argc < 2 || !strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")) {
        print_help(stdout);
        return EXIT_DONE;
    }
    bool is_begun = is_noun(argv[1]);
    if (is_begun && (is_asked || (argc == 3 && !strcmp(argv[2], "--help")))) {
        print_verbs(stdout, argv[1]);
        return EXIT_DONE;
    }
    fprintf(stderr, "vouch: no command '%s%s%s'; %s\n", argv[1], argc > 2 ? " " : "", argc > 2 ? argv[2] : "",
            is_begun ? "there are" : "'vouch --help' lists them");
    print_verbs(stderr, argv[1]);
    return EXIT_USAGE;
}

static bool is_called(const command *c, int argc, char **argv)
{
    return argc > 1 && !strcmp(c->noun, argv[1]) && (!c->verb || (argc > 2 && !strcmp(c->verb, argv[2])));
}

static const command *find(int argc, char **argv, int *out_at)
{
    for (size_t k = 0; k < N_CHAPTERS; k++)
        for (const command *const *c = chapters[k].command; *c; c++)
            if (is_called(*c, argc, argv)) {
                *out_at = (*c)->verb ? 3 : 2;
                return *c;
            }
    return NULL;
}

/* Which common option it is, set in cli. false when it is none. */
static bool take_common(cli_call *cli, const char *name, const char *value)
{
    if (!strcmp(name, "--store"))
        cli->store = value;
    else if (!strcmp(name, "--threads"))
        cli->threads = value;
    else if (!strcmp(name, "--seed"))
        cli->seed = value;
    else if (!strcmp(name, "--json"))
        cli->json = true;
    else if (!strcmp(name, "--quiet"))
        cli->quiet = true;
    else
        return false;
    return true;
}

static const option *known(const command *c, const char *name, size_t *out_at)
{
    for (size_t i = 0; i < c->n_options; i++)
        if (!strcmp(c->options[i].name, name)) {
            *out_at = i;
            return &c->options[i];
        }
    for (size_t i = 0; i < N_COMMON; i++)
        if (!strcmp(common[i].name, name)) {
            *out_at = SIZE_MAX;
            return &common[i];
        }
    return NULL;
}

/* How many operands a command's words allow. */
static size_t most_operands(const char *words)
{
    size_t n = words != NULL;
    if (words && strstr(words, "..."))
        return OPERANDS_MAX;
    for (const char *c = words; c && *c; c++)
        n += *c == ' ';
    return n;
}

static int read_arguments(cli_call *cli, int argc, char **argv, int at)
{
    const size_t most = most_operands(cli->command->operands);
    for (int i = at; i < argc; i++) {
        size_t which = 0;
        if (strncmp(argv[i], "--", 2) != 0) {
            if (cli->n_operands == most) { /* a file without its option would be passed over in silence */
                fprintf(stderr, "vouch: no place for '%s'", argv[i]);
                cli_see_help(cli);
                return EXIT_USAGE;
            }
            cli->operand[cli->n_operands++] = argv[i];
            continue;
        }
        char name[32]; /* "--out FILE" or "--out=FILE"; one that is cut off is not known */
        const size_t len = strcspn(argv[i], "=");
        const char *own = argv[i][len] ? argv[i] + len + 1 : NULL;
        (void)snprintf(name, sizeof name, "%.*s", (int)len, argv[i]);
        const option *o = known(cli->command, name, &which);
        if (!o || (own && !o->value)) {
            fprintf(stderr, "vouch: unknown option '%s'", argv[i]);
            cli_see_help(cli);
            return EXIT_USAGE;
        }
        if (o->value && !own && i + 1 == argc) {
            fprintf(stderr, "vouch: %s needs %s\n", o->name, o->value);
            return EXIT_USAGE;
        }
        const char *value = !o->value ? "" : own ? own : argv[++i];
        if (cli->n_given == GIVEN_MAX) {
            fprintf(stderr, "vouch: too many options at '%s'\n", o->name);
            return EXIT_USAGE;
        }
        cli->given[cli->n_given].option = o;
        cli->given[cli->n_given++].value = value;
        if (which != SIZE_MAX)
            cli->value[which] = value;
        else
            (void)take_common(cli, o->name, value);
    }
    if (cli->n_operands < cli->command->min_operands) {
        fprintf(stderr, "vouch: needs %s", cli->command->operands);
        cli_see_help(cli);
        return EXIT_USAGE;
    }
    return EXIT_DONE;
}

/* The end: what was printed has arrived, or the command has failed. */
static int finish(int code)
{
    bool lost = ferror(stdout) != 0;
    lost = fflush(stdout) != 0 || lost;
    if (lost && errno != EPIPE)
        fprintf(stderr, "vouch: standard output: %s\n", strerror(errno));
    return lost ? EXIT_FAILED : code;
}

int main(int argc, char **argv)
{
    int at = 0;
    double threads;
    if (argc == 2 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "version"))) {
        printf("vouch %s (%.16s)\n", vouch_version(), vouch_build_id());
        return EXIT_DONE;
    }
    bool is_asked = argc > 1 && !strcmp(argv[1], "help"); /* vouch help run: vouch run --help */
    if (is_asked && argc == 3 && !strcmp(argv[2], "--markdown")) {
        print_pages();
        return EXIT_DONE;
    }
    if (is_asked) {
        argc--;
        argv++;
    }
    cli_call cli = { .command = find(argc, argv, &at) };
    if (!cli.command)
        return no_command(argc, argv, is_asked);
    for (int i = at; i < argc && !is_asked; i++)
        is_asked = !strcmp(argv[i], "--help") || !strcmp(argv[i], "-h");
    if (is_asked) {
        print_usage(cli.command);
        return finish(EXIT_DONE);
    }
    int code = read_arguments(&cli, argc, argv, at);
    if (code || (cli.threads && !cli_number("--threads", cli.threads, 1, 64, &threads)))
        return EXIT_USAGE;
    cli.ctx = cli_context(&cli);
    if (!cli.ctx) {
        fprintf(stderr, "vouch: out of memory\n");
        return EXIT_FAILED;
    }
    code = cli.command->run(&cli);
    cli_progress_end();
    vouch_ctx_free(cli.ctx);
    return finish(code);
}

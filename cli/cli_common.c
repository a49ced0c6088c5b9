/* Options, errors, numbers, stores and keys. */
#include "cli.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

const char *cli_get(const cli_call *cli, const char *name)
{
    for (size_t i = 0; i < cli->command->n_options; i++)
        if (!strcmp(cli->command->options[i].name, name))
            return cli->value[i];
    return NULL;
}

size_t cli_all(const cli_call *cli, const char *name, const char **out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < cli->n_given && n < max; i++)
        if (!strcmp(cli->given[i].option->name, name))
            out[n++] = cli->given[i].value;
    return n;
}

void cli_see_help(const cli_call *cli)
{
    const char *verb = cli->command->verb;
    fprintf(stderr, "; see vouch %s%s%s --help\n", cli->command->noun, verb ? " " : "", verb ? verb : "");
}

const char *cli_need(const cli_call *cli, const char *name)
{
    const char *value = cli_get(cli, name);
    if (!value) {
        fprintf(stderr, "vouch: needs %s", name);
        cli_see_help(cli);
    }
    return value;
}

int cli_failed(const cli_call *cli, vouch_status status)
{
    cli_progress_end();
    fprintf(stderr, "vouch: %s\n", vouch_ctx_error(cli->ctx));
    return status == VOUCH_E_CONTROL ? EXIT_CONTROL : EXIT_FAILED;
}

bool cli_number(const char *name, const char *text, double lo, double hi, double *out)
{
    char *end;
    *out = strtod(text, &end);
    if (end != text && *end == '\0' && *out >= lo && *out <= hi && *out == floor(*out))
        return true;
    fprintf(stderr, "vouch: %s is '%s', must be a whole number from %.0f to %.0f\n", name, text, lo, hi);
    return false;
}

bool cli_date(const char *name, const char *text, int64_t *out_us)
{
    int year = 0;
    int month = 0;
    int day = 0;
    char end = '\0';
    if (sscanf(text, "%4d-%2d-%2d%c", &year, &month, &day, &end) != 3 || year < 1970 || month < 1 ||
        month > 12 || day < 1 || day > 31) {
        fprintf(stderr, "vouch: %s is '%s', must be a date like 2026-01-31\n", name, text);
        return false;
    }
    int64_t y = month <= 2 ? year - 1
                           : year; /* days since 1970 of the Gregorian calendar, years from March */
    int64_t era = y / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
    *out_us = days * 86400000000;
    return true;
}

const char *cli_duckdb(void) { return getenv("VOUCH_DUCKDB"); }

vouch_status cli_open_store(cli_call *cli, bool create, vouch_store **out_store)
{
    return vouch_store_open(cli->ctx, cli->store ? cli->store : "vouch.db", create, out_store);
}

static bool read_line(FILE *from, char *out, size_t size)
{
    if (!fgets(out, (int)size, from))
        return false;
    out[strcspn(out, "\r\n")] = '\0';
    return true;
}

static bool ask(const char *prompt, char *out, size_t size)
{
    struct termios old;
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &old) != 0)
        return false;
    struct termios silent = old;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    fprintf(stderr, "%s: ", prompt);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    bool ok = read_line(stdin, out, size);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
    fprintf(stderr, "\n");
    return ok;
}

const char *cli_passphrase(cli_call *cli, const char *path, bool twice)
{
    static char passphrase[1024];
    char again[sizeof passphrase];
    const char *file = cli_get(cli, "--passphrase-file");
    const char *given = getenv("VOUCH_PASSPHRASE");
    if (file) {
        FILE *from = fopen(file, "r");
        bool ok = from && read_line(from, passphrase, sizeof passphrase);
        if (!ok)
            fprintf(stderr, "vouch: no passphrase in %s: %s\n", file, from ? "it is empty" : strerror(errno));
        if (from)
            (void)fclose(from);
        return ok ? passphrase : NULL;
    }
    if (given)
        return given;
    char prompt[512];
    (void)snprintf(prompt, sizeof prompt, "passphrase of %s", path);
    if (!ask(prompt, passphrase, sizeof passphrase)) {
        fprintf(stderr, "vouch: needs --passphrase-file, VOUCH_PASSPHRASE or a terminal to ask on\n");
        return NULL;
    }
    if (twice && (!ask("once more", again, sizeof again) || strcmp(passphrase, again) != 0)) {
        fprintf(stderr, "vouch: the two differ\n");
        return NULL;
    }
    return passphrase;
}

vouch_status cli_open_key(cli_call *cli, const char *path, vouch_key **out_key)
{
    const char *passphrase = cli_passphrase(cli, path, false);
    if (!passphrase)
        exit(EXIT_USAGE);
    return vouch_key_open(cli->ctx, path, passphrase, out_key);
}

/* The whole text into a file, or nothing of it; a pipe or device takes what it gets. */
static bool write_file(const char *path, const char *text)
{
    struct stat is;
    size_t len = strlen(text), room = strlen(path) + 16;
    bool is_plain = stat(path, &is) != 0 || S_ISREG(is.st_mode);
    char *part = malloc(room);
    if (!part)
        return false;
    (void)snprintf(part, room, is_plain ? "%s.%ld" : "%s", path, (long)getpid());
    FILE *file = fopen(part, "wb");
    bool written = file && fwrite(text, 1, len, file) == len;
    if (file && fclose(file) != 0)
        written = false;
    if (is_plain && written)
        written = rename(part, path) == 0;
    if (is_plain && file && !written) {
        int why = errno;
        (void)remove(part);
        errno = why;
    }
    free(part);
    return written;
}

int cli_write(const char *path, const char *text)
{
    bool written = path ? write_file(path, text) : fputs(text, stdout) >= 0;
    if (!written)
        fprintf(stderr, "vouch: can't write %s: %s\n", path ? path : "to standard output", strerror(errno));
    return written ? EXIT_DONE : EXIT_FAILED;
}

char *cli_read(const char *path)
{
    enum { MOST = 1 << 20 };
    FILE *file = fopen(path, "rb");
    char *text = file ? calloc(1, MOST + 1) : NULL;
    size_t len = text ? fread(text, 1, MOST, file) : 0;
    bool failed = !text || ferror(file) || (len == MOST && fgetc(file) != EOF);
    if (failed)
        fprintf(stderr, "vouch: can't read %s: %s\n", path,
                len == MOST ? "it is over 1 MiB" : strerror(errno));
    if (file)
        (void)fclose(file);
    if (failed) {
        free(text);
        return NULL;
    }
    return text;
}

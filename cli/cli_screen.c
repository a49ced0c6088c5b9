/* The terminal: progress bars on stderr, tables on stdout, Ctrl-C as a polite request to stop. */
#include "cli.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 30, CELL_MAX = 72 };

static volatile sig_atomic_t interrupted; /* a second Ctrl-C kills, as the default action is back by then */
static bool bar_is_open;

static void on_interrupt(int signal_number)
{
    interrupted = 1;
    (void)signal(signal_number, SIG_DFL);
}

static int is_cancelled(void *self)
{
    (void)self;
    return interrupted != 0;
}

static void show_progress(void *self, const char *stage, uint64_t done, uint64_t total)
{
    static struct timespec last;
    struct timespec now;
    char bar[BAR + 1];
    (void)self;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    bool is_end = total && done >= total;
    int64_t ms = (now.tv_sec - last.tv_sec) * 1000 + (now.tv_nsec - last.tv_nsec) / 1000000;
    if (ms < 100 && !is_end)
        return;
    last = now;
    if (!total) {
        fprintf(stderr, "\r\033[K%-24.24s %llu", stage, (unsigned long long)done);
        bar_is_open = true;
        return;
    }
    int filled = (int)(BAR * (double)done / (double)total);
    for (int i = 0; i < BAR; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[BAR] = '\0';
    fprintf(stderr, "\r\033[K%-24.24s [%s] %3d %%%s", stage, bar, (int)(100 * (double)done / (double)total),
            is_end ? "\n" : "");
    bar_is_open = !is_end;
}

void cli_progress_end(void)
{
    if (bar_is_open)
        fprintf(stderr, "\r\033[K");
    bar_is_open = false;
}

static void show_note(void *self, vouch_log_level level, const char *text)
{
    (void)self;
    cli_progress_end();
    fprintf(stderr, "%s%s\n", level == VOUCH_LOG_WARNING ? "warning: " : "", text);
}

vouch_ctx *cli_context(const cli_call *cli)
{
    vouch_ctx_options options = { .is_cancelled = is_cancelled };
    if (cli->threads)
        options.threads = (unsigned)strtoul(cli->threads, NULL, 10);
    if (!cli->quiet)
        options.log = show_note;
    if (!cli->quiet && isatty(STDERR_FILENO))
        options.progress = show_progress;
    (void)signal(SIGINT, on_interrupt);
    (void)signal(SIGTERM, on_interrupt);
    (void)signal(SIGPIPE, SIG_IGN); /* both come back as errors of the write that met them */
    (void)signal(SIGXFSZ, SIG_IGN);
    return vouch_ctx_new(&options);
}

static void two_digits_date(double days, char *out, size_t size)
{
    time_t t = (time_t)(days * 86400);
    struct tm tm;
    if (!gmtime_r(&t, &tm) || !strftime(out, size, "%Y-%m-%d", &tm))
        (void)snprintf(out, size, "?");
}

static void time_text(double us, char *out, size_t size)
{
    time_t t = (time_t)(us / 1e6);
    struct tm tm;
    if (!gmtime_r(&t, &tm) || !strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm))
        (void)snprintf(out, size, "?");
}

/* What a number is. Where a row says the type of what it tells of, as one of a profile does, its values are
 * of that type: dates are dates. */
static vouch_type shown_type(const vouch_table *table, size_t says, size_t col, size_t row)
{
    static const char *const value_of[] = {
        "minimum", "p1", "p25", "median", "p75", "p99", "maximum", "mean"
    };
    vouch_type type = vouch_table_type(table, col);
    bool is_value = false;
    double code;
    for (size_t k = 0; k < sizeof value_of / sizeof *value_of && says != SIZE_MAX; k++)
        is_value = is_value || !strcmp(vouch_table_name(table, col), value_of[k]);
    if (!is_value || type != VOUCH_NUMBER)
        return type;
    vouch_table_read(table, says, row, row + 1, &code);
    const char *of = isnan(code) ? "" : vouch_table_category(table, says, (size_t)code);
    return !strcmp(of, "date") ? VOUCH_DATE : !strcmp(of, "time") ? VOUCH_TIME : type;
}

static void cell_text(const vouch_table *table, size_t says, size_t col, size_t row, char *out, size_t size)
{
    double value;
    vouch_table_read(table, col, row, row + 1, &value);
    if (isnan(value)) {
        out[0] = '\0';
        return;
    }
    switch (shown_type(table, says, col, row)) {
    case VOUCH_TEXT: (void)snprintf(out, size, "%s", vouch_table_category(table, col, (size_t)value)); break;
    case VOUCH_DATE: two_digits_date(value, out, size); break;
    case VOUCH_TIME: time_text(value, out, size); break;
    case VOUCH_FLAG: (void)snprintf(out, size, "%s", value != 0 ? "true" : "false"); break;
    case VOUCH_INTEGER: (void)snprintf(out, size, "%.0f", value); break;
    case VOUCH_NUMBER: (void)snprintf(out, size, "%.6g", value); break;
    }
}

void cli_json_text(const char *text)
{
    (void)putchar('"');
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at == '"' || *at == '\\')
            printf("\\%c", *at);
        else if (*at < 0x20)
            printf("\\u%04x", *at);
        else
            (void)putchar(*at);
    }
    (void)putchar('"');
}

static void print_json(const vouch_table *table, size_t says)
{
    (void)putchar('[');
    for (size_t row = 0; row < vouch_table_rows(table); row++) {
        printf("%s{", row ? ",\n " : "");
        for (size_t col = 0; col < vouch_table_cols(table); col++) {
            double value;
            char cell[4096];
            vouch_type type = shown_type(table, says, col, row);
            vouch_table_read(table, col, row, row + 1, &value);
            printf("%s", col ? "," : "");
            cli_json_text(vouch_table_name(table, col));
            (void)putchar(':');
            cell_text(table, says, col, row, cell, sizeof cell);
            if (isnan(value))
                printf("null");
            else if (type == VOUCH_NUMBER)
                printf("%.17g", value);
            else if (type == VOUCH_INTEGER || type == VOUCH_FLAG)
                printf("%s", cell);
            else
                cli_json_text(cell);
        }
        (void)putchar('}');
    }
    printf("]\n");
}

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* A cell in one line, of whole characters. */
static void shown_text(const vouch_table *table, size_t says, size_t col, size_t row, char *out, size_t size)
{
    cell_text(table, says, col, row, out, size);
    for (char *at = out; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = ' ';
    size_t len = strlen(out);
    if (len + 1 < size) /* not cut */
        return;
    while (len > 0 && ((unsigned char)out[len - 1] & 0xC0) == 0x80)
        len--;
    out[len ? len - 1 : 0] = '\0';
}

static void put_cell(const vouch_table *table, size_t col, size_t cols, size_t width, const char *text)
{
    size_t len = characters(text);
    int blank = width > len ? (int)(width - len) : 0;
    bool is_text = vouch_table_type(table, col) == VOUCH_TEXT;
    printf("%*s%s%*s%s", is_text ? 0 : blank, "", text, is_text ? blank : 0, "",
           col + 1 < cols ? "  " : "\n");
}

void cli_print_table(const cli_call *cli, const vouch_table *table, size_t says)
{
    size_t cols = vouch_table_cols(table);
    size_t rows = vouch_table_rows(table);
    size_t width[64] = { 0 };
    char cell[CELL_MAX + 1];
    if (cli->json) {
        print_json(table, says);
        return;
    }
    cols = cols < 64 ? cols : 64;
    for (size_t col = 0; col < cols; col++) {
        width[col] = characters(vouch_table_name(table, col));
        for (size_t row = 0; row < rows; row++) {
            shown_text(table, says, col, row, cell, sizeof cell);
            size_t len = characters(cell);
            width[col] = len > width[col] ? len : width[col];
        }
        put_cell(table, col, cols, width[col], vouch_table_name(table, col));
    }
    for (size_t row = 0; row < rows; row++)
        for (size_t col = 0; col < cols; col++) {
            shown_text(table, says, col, row, cell, sizeof cell);
            put_cell(table, col, cols, width[col], cell);
        }
}

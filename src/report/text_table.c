/* The tables of evidence as columns of plain text. Names stand over their columns in two lines at most, and
 * bounds under "low" and "high" alone, so that wide tables fit. */
#include "report/markup.h"
#include "report/text_summary.h"

#include <math.h>
#include <string.h>

enum { COLUMNS = 24, HEAD = 48, LINES = 2, CELL = 60 };

typedef struct text_column {
    char head[LINES][HEAD];
    bool is_number;
    vouch__number_format format;
    size_t width;
} text_column;

static size_t width_of(const char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)text[i] & 0xC0) != 0x80;
    return n;
}

/* The bytes of the first n characters. */
static size_t bytes_of(const char *text, size_t len, size_t n)
{
    size_t i = 0;
    while (i < len && (n > 0 || ((unsigned char)text[i] & 0xC0) == 0x80))
        n -= ((unsigned char)text[i++] & 0xC0) != 0x80;
    return i;
}

static void put_cell(vouch__buf *out, const vouch__json *cell, const text_column *how)
{
    if (vouch__json_string(cell) && isnan(vouch__json_double(cell, NAN))) {
        bool is_long = width_of(cell->text, cell->len) > CELL;
        vouch__plain_bytes(out, cell->text, is_long ? bytes_of(cell->text, cell->len, CELL - 3) : cell->len);
        vouch__buf_text(out, is_long ? "..." : "");
    } else
        vouch__format_number(out, vouch__json_double(cell, NAN), how->format);
}

/* A name in words, cut in two where that makes it narrowest. */
static void name_column(vouch_ctx *ctx, const char *name, text_column *how)
{
    vouch__buf label;
    size_t len = strlen(name), best = 0;
    bool is_bound = len > 4 &&
                    (!strcmp(name + len - 4, "_low") || (len > 5 && !strcmp(name + len - 5, "_high")));
    vouch__buf_init(ctx, &label, 1 << 16);
    vouch__label(&label, is_bound ? strrchr(name, '_') + 1 : name, vouch__plain_bytes);
    const char *text = label.at ? label.at : "";
    size_t all = strlen(text);
    for (size_t i = 0; i < all; i++)
        if (text[i] == ' ' && (all > 2 * i ? all - i : i) < (all > 2 * best ? all - best : best))
            best = i;
    size_t first = best ? best : 0, second = best ? best + 1 : 0;
    if (first >= HEAD)
        first = HEAD - 1;
    memcpy(how->head[0], text, first);
    how->head[0][first] = '\0';
    size_t rest = all - second < HEAD - 1 ? all - second : HEAD - 1;
    memcpy(how->head[1], text + second, rest);
    how->head[1][rest] = '\0';
    for (size_t l = 0; l < LINES; l++) {
        size_t w = width_of(how->head[l], strlen(how->head[l]));
        how->width = w > how->width ? w : how->width;
    }
    vouch__buf_free(&label);
}

static bool ends_as_bound(const char *name)
{
    static const char *const ends[] = { "low", "high", "lower", "upper" };
    size_t len = strlen(name);
    for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
        size_t n = strlen(ends[k]);
        if (len >= n && !strcmp(name + len - n, ends[k]) && (len == n || name[len - n - 1] == '_'))
            return true;
    }
    return false;
}

/* Tests and errors of the column before them, which bounds that follow are of. */
static bool is_aside(const char *name)
{
    return !strcmp(name, "standard_error") || !strcmp(name, "z") || !strcmp(name, "t") ||
           vouch__style_of(name) == VOUCH__STYLE_P_VALUE;
}

/* of: the column that bounds are of, whose format they take; or NULL. */
static vouch_status make_column(vouch_ctx *ctx, const vouch__json *rows, size_t j, const char *name,
                                vouch__number_style style, size_t shown, const text_column *of,
                                text_column *how)
{
    size_t mark = vouch__scratch_mark(ctx), i = 0;
    double *v = vouch__scratch(ctx, rows->len + 1, sizeof *v);
    vouch__buf cell;
    if (!v)
        return vouch__oom(ctx);
    *how = (text_column){ .is_number = true };
    name_column(ctx, name, how);
    vouch__buf_init(ctx, &cell, 1 << 16);
    for (const vouch__json *row = rows->first; row; row = row->next) {
        const vouch__json *at = vouch__json_at(row, j);
        v[i] = vouch__json_double(at, NAN);
        how->is_number = how->is_number && !(vouch__json_string(at) && isnan(v[i]));
        i++;
    }
    how->format = vouch__format_for(style, i, v);
    if (of && of->is_number && of->format.style == how->format.style && of->format.decimals >= 0)
        how->format = of->format;
    i = 0;
    for (const vouch__json *row = rows->first; row && i < shown; row = row->next, i++) {
        vouch__buf_clear(&cell);
        put_cell(&cell, vouch__json_at(row, j), how);
        size_t w = cell.at ? width_of(cell.at, cell.len) : 0;
        how->width = w > how->width ? w : how->width;
    }
    vouch_status status = vouch__buf_status(ctx, &cell);
    vouch__buf_free(&cell);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static void put_padded(vouch__buf *out, const char *text, size_t len, const text_column *how)
{
    size_t w = width_of(text, len);
    int blank = w < how->width ? (int)(how->width - w) : 0;
    vouch__buf_fmt(out, "  %*s", how->is_number ? blank : 0, "");
    vouch__buf_add(out, text, len);
    if (!how->is_number)
        vouch__buf_fmt(out, "%*s", blank, "");
}

static void trim_line(vouch__buf *out)
{
    while (!out->status && out->len && out->at[out->len - 1] == ' ')
        out->at[--out->len] = '\0';
    vouch__buf_text(out, "\n");
}

vouch_status vouch__report_table(vouch_ctx *ctx, const vouch__json *table, size_t most, vouch__buf *out)
{
    const vouch__json *columns = vouch__json_get(table, "columns"), *rows = vouch__json_get(table, "rows");
    text_column how[COLUMNS] = { { .width = 0 } };
    size_t n = 0, shown = 0, of = 0;
    const char *kind = NULL;
    vouch__buf cell;
    vouch_status status = VOUCH_OK;
    if (!columns || !rows || columns->type != VOUCH__JSON_ARRAY || rows->type != VOUCH__JSON_ARRAY)
        return VOUCH_OK;
    for (const vouch__json *c = columns->first; c && n < COLUMNS && !status; c = c->next, n++) {
        const char *name = vouch__json_string(c) ? c->text : "";
        bool bounds = ends_as_bound(name);
        status = make_column(ctx, rows, n, name, vouch__column_style(name, &kind), most,
                             bounds && n ? &how[of] : NULL, &how[n]);
        of = bounds || is_aside(name) ? of : n;
    }
    if (status)
        return status;
    for (size_t l = 0; l < LINES; l++) {
        for (size_t j = 0; j < n; j++)
            put_padded(out, how[j].head[l], strlen(how[j].head[l]), &how[j]);
        trim_line(out);
    }
    vouch__buf_init(ctx, &cell, 1 << 16);
    for (const vouch__json *row = rows->first; row && shown < most; row = row->next, shown++) {
        for (size_t j = 0; j < n; j++) {
            vouch__buf_clear(&cell);
            put_cell(&cell, vouch__json_at(row, j), &how[j]);
            put_padded(out, cell.at ? cell.at : "", cell.len, &how[j]);
        }
        trim_line(out);
    }
    if (rows->len > shown)
        vouch__buf_fmt(out, "  ... and %zu more row%s, in the evidence\n", rows->len - shown,
                       rows->len - shown == 1 ? "" : "s");
    status = vouch__buf_status(ctx, &cell);
    vouch__buf_free(&cell);
    return status;
}

vouch_status vouch__report_tables(vouch_ctx *ctx, const vouch__json *entries, size_t most, vouch__buf *out)
{
    vouch_status status = VOUCH_OK;
    for (const vouch__json *e = entries ? entries->first : NULL; e && !status; e = e->next) {
        const vouch__json *tables = vouch__json_get(e, "tables"), *title = vouch__json_get(e, "title"),
                          *subject = vouch__json_get(e, "subject"), *note = vouch__json_get(e, "note");
        vouch__buf_text(out, "\n");
        if (vouch__json_string(title))
            vouch__plain_bytes(out, title->text, title->len);
        if (vouch__json_string(subject)) {
            vouch__buf_text(out, ", ");
            vouch__plain_bytes(out, subject->text, subject->len);
        }
        vouch__buf_text(out, "\n");
        if (vouch__json_string(note)) {
            vouch__buf_text(out, "  ");
            vouch__plain_wrapped(out, note->text, 2, 2);
            vouch__buf_text(out, "\n");
        }
        for (const vouch__json *t = tables ? tables->first : NULL; t && !status; t = t->next) {
            vouch__buf_text(out, "\n");
            status = vouch__report_table(ctx, t, most, out);
        }
    }
    return status ? status : vouch__buf_status(ctx, out);
}

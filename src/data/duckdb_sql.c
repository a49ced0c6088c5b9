/* Telling files, globs and queries apart, and writing the SELECT that reads them. File names reach SQL only
 * as quoted literals. */
#include "data/duckdb_sql.h"

#include "base/file.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool begins_query(const char *text)
{
    static const char *const word[] = { "SELECT", "WITH", "FROM" };
    while (isspace((unsigned char)*text))
        text++;
    for (size_t i = 0; i < sizeof word / sizeof *word; i++) {
        size_t len = strlen(word[i]);
        if (!strncasecmp(text, word[i], len) && (isspace((unsigned char)text[len]) || text[len] == '('))
            return true;
    }
    return false;
}

static bool ends(const char *text, size_t len, const char *ending)
{
    size_t n = strlen(ending);
    return len >= n && !strncasecmp(text + len - n, ending, n);
}

static bool file_form(const char *path, vouch__file_form *out)
{
    static const struct {
        const char *ending;
        vouch__file_form form;
    } known[] = {
        { ".csv", VOUCH__CSV },         { ".tsv", VOUCH__CSV },          { ".txt", VOUCH__CSV },
        { ".parquet", VOUCH__PARQUET }, { ".pq", VOUCH__PARQUET },       { ".json", VOUCH__JSON_FILE },
        { ".jsonl", VOUCH__JSON_FILE }, { ".ndjson", VOUCH__JSON_FILE },
    };
    size_t len = strlen(path);
    if (ends(path, len, ".gz"))
        len -= 3;
    else if (ends(path, len, ".zst"))
        len -= 4;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (ends(path, len, known[i].ending)) {
            *out = known[i].form;
            return true;
        }
    return false;
}

static vouch_status query(vouch_ctx *ctx, const vouch_source *source, vouch__place *out)
{
    size_t len = strlen(source->source);
    while (len > 0 && (isspace((unsigned char)source->source[len - 1]) || source->source[len - 1] == ';'))
        len--;
    *out = (vouch__place){
        .form = VOUCH__QUERY, .query = source->source, .query_len = len, .name = "the query"
    };
    if (!vouch__utf8_valid(source->source, len))
        return vouch__fail(ctx, VOUCH_E_FORMAT, "read: the query is not valid UTF-8");
    return VOUCH_OK;
}

vouch_status vouch__place_make(vouch_ctx *ctx, const vouch_source *source, vouch__place *out_place)
{
    const char *text = source->source;
    if (begins_query(text))
        return query(ctx, source, out_place);
    vouch__place place = { .form = VOUCH__FILE, .name = text };
    if (!file_form(text, &place.file))
        return vouch__fail(
            ctx, VOUCH_E_ARG,
            "read: '%s' must end in .csv, .tsv, .txt, .parquet, .json, .jsonl or .ndjson (also "
            ".gz or .zst), or be a query",
            text);
    place.path = source->folder ? vouch__path_join(ctx, source->folder, text) : vouch__strdup(ctx, text);
    if (!place.path)
        return vouch__oom(ctx);
    if (!vouch__file_exists(place.path)) {
        if (!strpbrk(text, "*?[")) {
            vouch_status status = vouch__fail(ctx, VOUCH_E_NOTFOUND, "read: there is no file '%s'",
                                              place.path);
            vouch__place_clear(ctx, &place);
            return status;
        }
        place.form = VOUCH__GLOB;
    }
    *out_place = place;
    return VOUCH_OK;
}

void vouch__place_clear(vouch_ctx *ctx, vouch__place *place)
{
    vouch__free(vouch__allocator(ctx), place->path);
    place->path = NULL;
}

void vouch__sql_quote(vouch__buf *sql, const char *text, char mark)
{
    vouch__buf_add(sql, &mark, 1);
    for (; *text; text++) {
        if (*text == mark)
            vouch__buf_add(sql, &mark, 1);
        vouch__buf_add(sql, text, 1);
    }
    vouch__buf_add(sql, &mark, 1);
}

/* A CSV file's form said outright, every column text. */
static void form(vouch__buf *sql, const vouch__retry *retry)
{
    const char delimiter[] = { retry->delimiter, '\0' };
    vouch__buf_text(sql, ", auto_detect=false, quote='\"', delim=");
    vouch__sql_quote(sql, delimiter, '\'');
    for (size_t i = 0; i < retry->columns; i++)
        vouch__buf_fmt(sql, "%s'c%zu': 'VARCHAR'", i == 0 ? ", columns={" : ", ", i);
    vouch__buf_text(sql, "}");
}

/* Columns that a CSV file's reader is not to look at: F would be false. */
static void texts(vouch__buf *sql, const vouch__retry *retry)
{
    for (size_t i = 0; i < retry->n_texts; i++) {
        vouch__buf_text(sql, i == 0 ? ", types={" : ", ");
        vouch__sql_quote(sql, retry->texts[i], '\'');
        vouch__buf_text(sql, ": 'VARCHAR'");
    }
    vouch__buf_text(sql, retry->n_texts ? "}" : "");
}

static void from(vouch__buf *sql, const vouch__place *place, const vouch__retry *retry)
{
    static const char *const reader[] = { "read_csv(", "read_parquet(", "read_json(" };
    if (place->form == VOUCH__QUERY) {
        vouch__buf_text(sql, "(\n"); /* lines of their own: the query may end in a comment */
        vouch__buf_add(sql, place->query, place->query_len);
        vouch__buf_text(sql, "\n)");
        return;
    }
    vouch__buf_text(sql, reader[place->file]);
    vouch__sql_quote(sql, place->path, '\'');
    if (place->file == VOUCH__CSV) {
        vouch__buf_text(sql, ", header=true, nullstr=['','NA','N/A','NULL','null']");
        if (!retry->skips) /* found out, it may be the last line, and all others are lost */
            vouch__buf_text(sql, ", skip=0");
        if (retry->all_rows)
            vouch__buf_text(sql, ", sample_size=-1");
        if (retry->delimiter)
            form(sql, retry);
        else
            texts(sql, retry);
    }
    if (place->file == VOUCH__JSON_FILE && retry->all_rows)
        vouch__buf_text(sql, ", sample_size=-1");
    vouch__buf_text(sql, ")");
}

static void one_column(vouch__buf *sql, const vouch__retry *retry, const char *name)
{
    bool as_text = false;
    for (size_t i = 0; i < retry->n_texts && !as_text; i++)
        as_text = !strcmp(retry->texts[i], name);
    vouch__buf_text(sql, as_text ? "CAST(" : "");
    vouch__sql_quote(sql, name, '"');
    vouch__buf_text(sql, as_text ? " AS VARCHAR) AS " : "");
    if (as_text)
        vouch__sql_quote(sql, name, '"');
}

/* Every column, some of them as text. */
static void all_columns(vouch__buf *sql, const vouch__retry *retry)
{
    vouch__buf_text(sql, "*");
    for (size_t i = 0; i < retry->n_texts; i++) {
        vouch__buf_text(sql, i == 0 ? " REPLACE (" : ", ");
        one_column(sql, retry, retry->texts[i]);
    }
    if (retry->n_texts)
        vouch__buf_text(sql, ")");
}

void vouch__sql_select(vouch__buf *sql, const vouch__place *place, const vouch__retry *retry,
                       const vouch__wanted *wanted)
{
    vouch__buf_text(sql, "SELECT ");
    for (size_t i = 0; wanted->column && i < wanted->columns; i++) {
        vouch__buf_text(sql, i ? ", " : "");
        one_column(sql, retry, wanted->column[i]);
    }
    if (!wanted->column)
        all_columns(sql, retry);
    vouch__buf_text(sql, " FROM ");
    from(sql, place, retry);
    if (wanted->order_by) {
        vouch__buf_text(sql, " ORDER BY ");
        vouch__sql_quote(sql, wanted->order_by, '"');
    }
    if (wanted->no_rows)
        vouch__buf_text(sql, " LIMIT 0");
}

/* Reading a source through DuckDB's streamed results.
 *
 * A first try may show that the columns must be asked for otherwise: as text (enumerations, UUIDs, an id
 * beyond 2^53, what a model takes as text), with a CSV file's types decided on all rows rather than its first
 * 20,480, or with a separator that its header shows but its rows break. Then the try ends, and the next
 * begins with what was learnt. */
#include "data/duckdb_scan.h"

#include "data/duckdb_session.h"

#include <math.h>
#include <string.h>
#include <time.h>

enum { MAX_TRIES = 6, TASKS_A_POLL = 16, BATCHES_A_REPORT = 32 };

typedef struct scan {
    const vouch_source *source;
    const vouch__place *place;
    const vouch__scan_options *options;
    const vouch__sink *sink;
    vouch__session session;
    vouch__retry retry;
    char **texts; /* [n_texts] names that outlive the try that found them */
    bool again;   /* another try is wanted */

    /* one try */
    duckdb_handle statement, pending;
    duckdb_answer answer;
    bool has_answer;
    size_t cols, width;
    vouch__duckdb_column *column;
    const char **name;
    vouch_type *type;
    double **value;
    vouch__span **text;
    uint64_t rows;
} scan;

static vouch_status want_as_text(vouch_ctx *ctx, scan *s, const char *name)
{
    char **grown = vouch__resize(vouch__allocator(ctx), s->texts, s->retry.n_texts + 1, sizeof *grown);
    if (!grown)
        return vouch__oom(ctx);
    s->texts = grown;
    s->texts[s->retry.n_texts] = vouch__strdup(ctx, name);
    if (!s->texts[s->retry.n_texts])
        return vouch__oom(ctx);
    s->retry.n_texts++;
    s->retry.texts = (const char *const *)s->texts;
    s->again = true;
    return VOUCH_OK;
}

/* Progress as DuckDB sees it, in hundredths of a percent; where it does not know, rows. */
static void report(vouch_ctx *ctx, scan *s)
{
    const vouch__scan_options *o = s->options;
    duckdb_progress p = s->session.api.query_progress(s->session.connection);
    if (p.percentage >= 0 && p.percentage <= 100)
        vouch__progress(ctx, o->stage, (uint64_t)(p.percentage * 100) + 10000 * (uint64_t)o->part,
                        10000 * (uint64_t)(o->parts ? o->parts : 1));
    else if (o->parts)
        vouch__progress(ctx, o->stage, o->part, o->parts);
    else
        vouch__progress(ctx, s->options->stage, s->rows, 0);
}

static vouch_status poll(vouch_ctx *ctx, scan *s)
{
    vouch_status status = vouch__poll(ctx);
    if (status)
        s->session.api.interrupt(s->session.connection);
    return status;
}

/* Let DuckDB work until its first rows are ready. */
static vouch_status wait_ready(vouch_ctx *ctx, scan *s)
{
    const struct timespec pause = { .tv_nsec = 1000000 };
    for (size_t turn = 0;; turn++) {
        int state = s->session.api.pending_execute_task(s->pending);
        if (state == DUCKDB_READY)
            return VOUCH_OK;
        if (state == DUCKDB_PENDING_ERROR)
            return vouch__session_fail(ctx, s->place->name, s->session.api.pending_error(s->pending));
        if (state == DUCKDB_NO_TASKS)
            (void)nanosleep(&pause, NULL); /* its own threads are at work */
        if (turn % TASKS_A_POLL != 0 && state != DUCKDB_NO_TASKS)
            continue;
        vouch_status status = poll(ctx, s);
        if (status)
            return status;
        report(ctx, s);
    }
}

static vouch_status start(vouch_ctx *ctx, scan *s)
{
    const vouch__duckdb *api = &s->session.api;
    enum { SELECT = 1 };
    vouch__buf sql;
    vouch__buf_init(ctx, &sql, 0);
    vouch__sql_select(&sql, s->place, &s->retry, &s->options->wanted);
    vouch_status status = vouch__buf_status(ctx, &sql);
    if (!status && api->prepare(s->session.connection, sql.at, &s->statement) != DUCKDB_SUCCESS)
        status = vouch__session_fail(ctx, s->place->name, api->prepare_error(s->statement));
    vouch__buf_free(&sql);
    if (status)
        return status;
    if (api->prepared_statement_type(s->statement) != SELECT)
        return vouch__fail(ctx, VOUCH_E_ARG, "read: %s must be a SELECT", s->place->name);
    if (api->pending_prepared_streaming(s->statement, &s->pending) != DUCKDB_SUCCESS)
        return vouch__session_fail(ctx, s->place->name, api->pending_error(s->pending));
    status = wait_ready(ctx, s);
    if (status)
        return status;
    s->has_answer = true;
    if (api->execute_pending(s->pending, &s->answer) != DUCKDB_SUCCESS)
        return vouch__session_fail(ctx, s->place->name, api->result_error(&s->answer));
    return VOUCH_OK;
}

/* A text of a CSV file whose values look like something else. */
static bool looks_otherwise(const scan *s, const char *name, vouch_type type)
{
    const vouch_source *source = s->source;
    return type != VOUCH_TEXT && source->is_text && s->place->form != VOUCH__QUERY &&
           s->place->file == VOUCH__CSV && source->is_text(source->of, name);
}

static vouch_status make_columns(vouch_ctx *ctx, scan *s)
{
    s->cols = (size_t)s->session.api.column_count(&s->answer);
    s->width = (size_t)s->session.api.vector_size();
    s->column = vouch__scratch(ctx, s->cols, sizeof *s->column);
    s->name = vouch__scratch(ctx, s->cols, sizeof *s->name);
    s->type = vouch__scratch(ctx, s->cols, sizeof *s->type);
    s->value = vouch__scratch(ctx, s->cols, sizeof *s->value);
    s->text = vouch__scratch(ctx, s->cols, sizeof *s->text);
    if (!s->column || !s->name || !s->type || !s->value || !s->text)
        return vouch__oom(ctx);
    for (size_t j = 0; j < s->cols; j++) {
        vouch__duckdb_column *c = &s->column[j];
        vouch__duckdb_way way = vouch__duckdb_column_type(&s->session.api, &s->answer, j, c);
        s->name[j] = s->session.api.column_name(&s->answer, j);
        if (!s->name[j])
            return vouch__oom(ctx);
        if (way == VOUCH__NOT)
            return vouch__fail(ctx, VOUCH_E_FORMAT, "read: %s: column '%s' is %s, which can't be read",
                               s->place->name, s->name[j], vouch__duckdb_kind_name(c->kind));
        bool as_text = way == VOUCH__AS_TEXT || looks_otherwise(s, s->name[j], c->type);
        vouch_status status = as_text ? want_as_text(ctx, s, s->name[j]) : VOUCH_OK;
        if (status)
            return status;
        s->type[j] = c->type;
        c->value = vouch__scratch(ctx, s->width, sizeof *c->value);
        c->text = c->type == VOUCH_TEXT ? vouch__scratch(ctx, s->width, sizeof *c->text) : NULL;
        if (!c->value || (c->type == VOUCH_TEXT && !c->text))
            return vouch__oom(ctx);
        s->value[j] = c->type == VOUCH_TEXT ? NULL : c->value;
        s->text[j] = c->text;
    }
    return VOUCH_OK;
}

/* A CSV file of which only one column was made, though its header shows a separator: say its form outright,
 * and DuckDB names the line that breaks it. */
static vouch_status look_at_header(vouch_ctx *ctx, scan *s)
{
    if (s->place->form == VOUCH__QUERY || s->place->file != VOUCH__CSV)
        return VOUCH_OK;
    if (s->retry.delimiter)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "read: %s: its rows do not all hold %zu values",
                           s->place->name, s->retry.columns);
    const char *found = s->cols == 1 ? strpbrk(s->name[0], ",;\t|") : NULL;
    if (s->cols == 1 && !found && !s->retry.skips)
        s->retry.skips = s->again = true; /* a title above the header */
    if (found) {
        s->retry.delimiter = *found;
        s->retry.columns = 1;
        for (const char *at = s->name[0]; *at; at++)
            s->retry.columns += *at == *found ? 1 : 0;
        s->again = true;
    }
    return VOUCH_OK;
}

/* A value that a double can't hold: an id is asked for as text, anything else is refused. */
static vouch_status too_large(vouch_ctx *ctx, scan *s, size_t j, size_t row)
{
    if (s->source->id && !strcmp(s->name[j], s->source->id) && s->type[j] == VOUCH_INTEGER)
        return want_as_text(ctx, s, s->name[j]);
    return vouch__fail(ctx, VOUCH_E_DATA,
                       "read: %s: column '%s' holds %s in row %llu as read; a query may cast it",
                       s->place->name, s->name[j],
                       s->type[j] == VOUCH_INTEGER ? "a whole number beyond 2^53" : "a time out of range",
                       (unsigned long long)s->rows + row + 1);
}

static vouch_status take(vouch_ctx *ctx, scan *s, duckdb_handle chunk)
{
    const vouch__duckdb *api = &s->session.api;
    size_t n = (size_t)api->data_chunk_get_size(chunk);
    for (size_t j = 0; j < s->cols; j++) {
        size_t done = vouch__duckdb_column_read(api, api->data_chunk_get_vector(chunk, j), n, &s->column[j]);
        if (done < n)
            return too_large(ctx, s, j, done);
    }
    const vouch__batch batch = { .n = n,
                                 .cols = s->cols,
                                 .name = s->name,
                                 .type = s->type,
                                 .value = (const double *const *)s->value,
                                 .text = (const vouch__span *const *)s->text };
    s->rows += n;
    return s->sink->rows(ctx, &batch, s->sink->arg);
}

static vouch_status read_error(vouch_ctx *ctx, scan *s, const char *said)
{
    bool may_widen = s->place->form != VOUCH__QUERY && s->place->file != VOUCH__PARQUET && !s->retry.all_rows;
    if (may_widen && (strstr(said, "onver") || strstr(said, "sample_size"))) {
        s->retry.all_rows = true; /* a later row does not fit the types of the first */
        s->again = true;
        return VOUCH_OK;
    }
    if (s->retry.all_rows && !s->retry.skips && s->place->file == VOUCH__CSV && strstr(said, "onver")) {
        s->retry.skips = s->again = true; /* its names taken for values: an empty line above the header */
        return VOUCH_OK;
    }
    return vouch__session_fail(ctx, s->place->name, said);
}

static vouch_status pump(vouch_ctx *ctx, scan *s)
{
    const vouch__duckdb *api = &s->session.api;
    for (size_t turn = 0; !s->again; turn++) {
        duckdb_handle chunk = api->fetch_chunk(s->answer);
        if (!chunk) {
            const char *said = api->result_error(&s->answer);
            return said && *said ? read_error(ctx, s, said) : VOUCH_OK;
        }
        vouch_status status = take(ctx, s, chunk);
        api->destroy_data_chunk(&chunk);
        if (!status)
            status = poll(ctx, s);
        if (status)
            return status;
        if (turn % BATCHES_A_REPORT == 0)
            report(ctx, s);
    }
    return VOUCH_OK;
}

static vouch_status try_once(vouch_ctx *ctx, scan *s)
{
    vouch_status status = start(ctx, s);
    if (status == VOUCH_E_FORMAT && !s->has_answer && s->pending)
        status = read_error(ctx, s, s->session.api.pending_error(s->pending));
    if (status || s->again)
        return status;
    status = make_columns(ctx, s);
    if (status || s->again)
        return status;
    status = look_at_header(ctx, s);
    if (status || s->again)
        return status;
    const vouch__batch shape = { .cols = s->cols, .name = s->name, .type = s->type };
    status = s->sink->begin(ctx, &shape, s->sink->arg);
    if (status)
        return status;
    status = pump(ctx, s);
    if (!status && !s->again && s->options->part + 1 >= s->options->parts)
        vouch__progress(ctx, s->options->stage, s->rows, s->rows); /* the last word, however short the work */
    return status;
}

static void end_try(scan *s)
{
    if (s->has_answer)
        s->session.api.destroy_result(&s->answer);
    if (s->pending)
        s->session.api.destroy_pending(&s->pending);
    if (s->statement)
        s->session.api.destroy_prepare(&s->statement);
    s->has_answer = false;
    s->rows = 0;
}

/* A file of thousands of columns, whose rows in hand exceed the memory for rows of few. */
static bool is_too_wide(const vouch_ctx *ctx, const vouch__place *place, vouch_status status)
{
    return status == VOUCH_E_LIMIT && place->form != VOUCH__QUERY &&
           strstr(vouch_ctx_error(ctx), "Out of Memory") != NULL;
}

vouch_status vouch__scan(vouch_ctx *ctx, const vouch_source *source, const vouch__place *place,
                         const vouch__scan_options *options, const vouch__sink *sink)
{
    scan s = { .source = source, .place = place, .options = options, .sink = sink };
    bool is_wide = false;
    vouch_status status = vouch__session_open(ctx, source, &s.session);
    for (int i = 0; i < MAX_TRIES && !status; i++) {
        size_t mark = vouch__scratch_mark(ctx);
        s.again = false;
        status = try_once(ctx, &s);
        end_try(&s);
        if (is_too_wide(ctx, place, status) && !is_wide) {
            is_wide = s.again = true;
            status = vouch__session_widen(ctx, source, &s.session);
        }
        vouch__scratch_reset(ctx, mark);
        if (!s.again)
            break;
    }
    if (!status && s.again)
        status = vouch__fail(ctx, VOUCH_E_FORMAT, "read: %s: no way of reading it fits all rows",
                             place->name);
    vouch__session_close(&s.session);
    for (size_t i = 0; i < s.retry.n_texts; i++)
        vouch__free(vouch__allocator(ctx), s.texts[i]);
    vouch__free(vouch__allocator(ctx), s.texts);
    return status;
}

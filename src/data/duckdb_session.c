/* Opening DuckDB and translating its errors. Extensions are neither fetched nor loaded, so that nothing
 * reaches for the network; what spills goes to a folder of our own. */
#include "data/duckdb_session.h"

#include "data/duckdb_sql.h"

#include <stdio.h>
#include <string.h>

enum { MEMORY_DEFAULT_MIB = 384, WIDER = 4, SAID_MAX = 360 };

static size_t memory_mib(const vouch_source *source)
{
    size_t mib = source->memory_bytes >> 20;
    return !source->memory_bytes ? MEMORY_DEFAULT_MIB : mib ? mib : 1;
}

static vouch_status configure(vouch_ctx *ctx, const vouch_source *source, vouch__session *session,
                              duckdb_handle config)
{
    char threads[16], memory[32];
    (void)snprintf(threads, sizeof threads, "%u", vouch__threads(ctx));
    (void)snprintf(memory, sizeof memory, "%zuMiB", memory_mib(source));
    const char *const option[][2] = {
        { "threads", threads },
        { "memory_limit", memory },
        { "temp_directory", session->spill.path },
        { "autoinstall_known_extensions", "false" },
        { "autoload_known_extensions", "false" },
    };
    for (size_t i = 0; i < sizeof option / sizeof *option; i++)
        if (session->api.set_config(config, option[i][0], option[i][1]) != DUCKDB_SUCCESS)
            return vouch__fail(ctx, VOUCH_E_UNAVAILABLE, "duckdb: the setting %s is refused", option[i][0]);
    return VOUCH_OK;
}

static vouch_status run(vouch_ctx *ctx, vouch__session *session, const char *sql)
{
    duckdb_answer answer = { .internal = NULL };
    vouch_status status = VOUCH_OK;
    if (session->api.query(session->connection, sql, &answer) != DUCKDB_SUCCESS)
        status = vouch__session_fail(ctx, "duckdb", session->api.result_error(&answer));
    session->api.destroy_result(&answer);
    return status;
}

vouch_status vouch__session_widen(vouch_ctx *ctx, const vouch_source *source, vouch__session *session)
{
    char sql[64];
    (void)snprintf(sql, sizeof sql, "SET threads=1; SET memory_limit='%zuMiB';", WIDER * memory_mib(source));
    return run(ctx, session, sql);
}

static vouch_status settle(vouch_ctx *ctx, const vouch_source *source, vouch__session *session)
{
    vouch__buf sql;
    vouch__buf_init(ctx, &sql, 0);
    vouch__buf_text(
        &sql, "SET enable_progress_bar=true; SET enable_progress_bar_print=false;"
              "SET streaming_buffer_size='8MiB';"); /* so that DuckDB's threads need not wait for ours */
    if (source->folder) {
        vouch__buf_text(&sql, "SET file_search_path=");
        vouch__sql_quote(&sql, source->folder, '\'');
        vouch__buf_text(&sql, ";");
    }
    vouch_status status = vouch__buf_status(ctx, &sql);
    if (!status)
        status = run(ctx, session, sql.at);
    vouch__buf_free(&sql);
    return status;
}

vouch_status vouch__session_open(vouch_ctx *ctx, const vouch_source *source, vouch__session *session)
{
    duckdb_handle config = NULL;
    char *error = NULL;
    *session = (vouch__session){ .spill.lock = -1 };
    vouch_status status = vouch__duckdb_load(ctx, source->duckdb, &session->api);
    if (status)
        return status;
    vouch__spill_make("/tmp",
                      &session->spill); /* without one DuckDB keeps within its memory or says that it can't */
    if (session->api.create_config(&config) != DUCKDB_SUCCESS) {
        status = vouch__oom(ctx);
        goto done;
    }
    status = configure(ctx, source, session, config);
    if (status)
        goto done;
    if (session->api.open_ext(NULL, &session->database, config, &error) != DUCKDB_SUCCESS) {
        status = vouch__fail(ctx, VOUCH_E_UNAVAILABLE, "duckdb: it does not open: %.200s",
                             error ? error : "?");
        session->api.free(error);
        goto done;
    }
    if (session->api.connect(session->database, &session->connection) != DUCKDB_SUCCESS)
        status = vouch__fail(ctx, VOUCH_E_UNAVAILABLE, "duckdb: it does not connect");
    else
        status = settle(ctx, source, session);
done:
    session->api.destroy_config(&config);
    return status;
}

void vouch__session_close(vouch__session *session)
{
    if (session->connection)
        session->api.disconnect(&session->connection);
    if (session->database)
        session->api.close(&session->database);
    vouch__spill_remove(&session->spill);
}

/* Lines of DuckDB's messages that show data, repeat settings or give advice. */
static bool is_wanted(const char *line, size_t len)
{
    static const char *const unwanted[] = { "Original Line:", "Possible ", "  ",          "LINE ", "* ",
                                            "This type was",  "Column ",   "Did you mean" };
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
        if (!strncmp(line, unwanted[i], strlen(unwanted[i])))
            return false;
    return len > 0;
}

static void one_line(const char *said, char out[SAID_MAX])
{
    size_t used = 0;
    for (const char *line = said; *line;) {
        size_t len = strcspn(line, "\r\n");
        if (is_wanted(line, len) && used + len + 3 < SAID_MAX) {
            used += (size_t)snprintf(out + used, SAID_MAX - used, "%s%.*s", used ? ", " : "", (int)len, line);
        } else if (used == 0 && len > 0) {
            used = (size_t)snprintf(out, SAID_MAX, "%.*s", SAID_MAX - 1, line);
        }
        line += len;
        line += strspn(line, "\r\n");
    }
    out[used] = '\0';
    for (size_t i = 0; i < used; i++)
        if ((unsigned char)out[i] < ' ' || out[i] == 127)
            out[i] = ' ';
}

vouch_status vouch__session_fail(vouch_ctx *ctx, const char *name, const char *said)
{
    static const struct {
        const char *begins;
        vouch_status status;
    } known[] = {
        { "IO Error: No files found", VOUCH_E_NOTFOUND }, { "IO Error", VOUCH_E_IO },
        { "Out of Memory Error", VOUCH_E_LIMIT },         { "INTERRUPT Error", VOUCH_E_CANCELLED },
        { "Permission Error", VOUCH_E_DENIED },           { "Catalog Error", VOUCH_E_NOTFOUND },
    };
    char line[SAID_MAX] = "";
    vouch_status status = VOUCH_E_FORMAT;
    if (!said || !*said)
        said = "no reason given";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strncmp(said, known[i].begins, strlen(known[i].begins))) {
            status = known[i].status;
            break;
        }
    if (strstr(said, "when sniffing file")) /* what follows is a list of all it tried */
        said = "its lines do not make one table: some have more cells than others, a quote is not closed, or "
               "lines "
               "end in different ways";
    one_line(said, line);
    return vouch__fail(ctx, status, "read: %s: %s", name, line);
}

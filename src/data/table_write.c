/* Parquet by way of DuckDB: the rows go to a CSV file beside the target, DuckDB copies that into a second
 * temporary, and a rename puts it in place. */
#include "data/table_write.h"

#include "base/file.h"
#include "data/duckdb_session.h"
#include "data/duckdb_sql.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void vouch__csv_cell(const vouch_table *table, size_t col, size_t row, vouch__buf *out)
{
    vouch__buf cell = { .alloc = out->alloc, .max = out->max };
    if (vouch_table_type(table, col) != VOUCH_TEXT) {
        vouch__table_cell(table, col, row, out);
        return;
    }
    vouch__table_cell(table, col, row, &cell);
    vouch__sql_quote(out, cell.at ? cell.at : "", '"');
    vouch__buf_free(&cell);
}

/* {'name': 'TYPE', ...}: told, so that DuckDB need not read the text once more to guess them. */
static void put_columns(size_t n, const vouch__csv_column *column, vouch__buf *sql)
{
    static const char *const type[] = {
        [VOUCH_NUMBER] = "DOUBLE", [VOUCH_INTEGER] = "BIGINT", [VOUCH_FLAG] = "BOOLEAN",
        [VOUCH_TEXT] = "VARCHAR",  [VOUCH_DATE] = "DATE",      [VOUCH_TIME] = "VARCHAR"
    };
    for (size_t i = 0; i < n; i++) {
        vouch__buf_text(sql, i ? ", " : "{");
        vouch__sql_quote(sql, column[i].name, '\'');
        vouch__buf_fmt(sql, ": '%s'", type[column[i].type]);
    }
    vouch__buf_text(sql, "}");
}

static vouch_status copy(vouch_ctx *ctx, vouch__session *session, const vouch__csv *csv, const char *rows,
                         const char *path)
{
    vouch__buf sql;
    duckdb_answer answer = { .internal = NULL };
    vouch__buf_init(ctx, &sql, 0);
    vouch__buf_text(&sql, "COPY (SELECT * FROM read_csv(");
    vouch__sql_quote(&sql, rows, '\'');
    vouch__buf_text(
        &sql, ", header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', columns = ");
    put_columns(csv->n_columns, csv->column, &sql);
    vouch__buf_text(&sql, ")) TO ");
    vouch__sql_quote(&sql, path, '\'');
    vouch__buf_text(&sql, " (FORMAT parquet, COMPRESSION zstd)");
    vouch_status status = vouch__buf_status(ctx, &sql);
    if (!status) {
        if (session->api.query(session->connection, sql.at, &answer) != DUCKDB_SUCCESS)
            status = vouch__session_fail(ctx, path, session->api.result_error(&answer));
        session->api.destroy_result(&answer);
    }
    vouch__buf_free(&sql);
    return status;
}

static vouch_status convert(vouch_ctx *ctx, const char *duckdb, const vouch__csv *csv, const char *rows,
                            const char *made)
{
    vouch_source source = { .source = rows, .duckdb = duckdb };
    vouch__session session = { .database = NULL };
    vouch_status status = vouch__session_open(ctx, &source, &session);
    if (!status)
        status = copy(ctx, &session, csv, rows, made);
    vouch__session_close(&session);
    return status;
}

vouch_status vouch__parquet_write(vouch_ctx *ctx, const char *duckdb, const vouch__csv *csv, const char *path)
{
    char rows[4096];
    char made[4096];
    int a = snprintf(rows, sizeof rows, "%s.rows.csv", path);
    int b = snprintf(made, sizeof made, "%s.part", path);
    if (a < 0 || b < 0 || (size_t)a >= sizeof rows || (size_t)b >= sizeof made)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "write: the path is too long");
    vouch_status status = vouch__file_write(ctx, rows, csv->text, csv->len, 0644);
    if (!status)
        status = convert(ctx, duckdb, csv, rows, made);
    if (!status && rename(made, path) != 0)
        status = vouch__fail(ctx, VOUCH_E_IO, "write: %s: %s", path, strerror(errno));
    (void)unlink(rows); /* temporaries: absent is as good as removed */
    (void)unlink(made);
    return status;
}

/* Bins as one DuckDB expression: the text of the bin that a row is in. */
#include "bins/bin_tell.h"

#include "data/duckdb_sql.h"

#include <stdio.h>
#include <string.h>

static void value(vouch__buf *sql, double x)
{
    vouch__buf_text(sql, "CAST('"); /* a number alone would be read as a decimal */
    vouch__buf_double(sql, x);
    vouch__buf_text(sql, "' AS DOUBLE)");
}

static void column(vouch__buf *sql, const vouch__bin_job *job)
{
    bool is_text = job->rows.n_categories > 0;
    vouch__buf_text(sql, is_text ? "" : "CAST(");
    vouch__sql_quote(sql, job->name, '"');
    vouch__buf_text(sql, is_text ? "" : " AS DOUBLE)");
}

static void is_missing(vouch__buf *sql, const vouch__bin_job *job)
{
    vouch__sql_quote(sql, job->name, '"');
    vouch__buf_text(sql, " IS NULL");
    if (job->rows.n_categories > 0)
        return;
    vouch__buf_text(sql, " OR isnan(");
    column(sql, job);
    vouch__buf_text(sql, ")");
}

static void is_special(vouch__buf *sql, const vouch__bin_job *job, const char *before)
{
    for (size_t k = 0; k < job->rows.n_special; k++) {
        vouch__buf_text(sql, k ? " OR " : before);
        column(sql, job);
        vouch__buf_text(sql, " = ");
        value(sql, job->rows.special[k]);
    }
}

/* A column's part of a bin. A set that takes any other text is what none of the others holds. */
static void extent(vouch__buf *sql, const vouch__bin_job *job, const vouch__json *o)
{
    const vouch__json *above = vouch__json_get(o, "above"), *up_to = vouch__json_get(o, "up_to");
    const vouch__json *in = vouch__json_get(o, "in");
    bool has_rest = vouch__json_flag(vouch__json_get(o, "and_any_other"), false);
    if (above) {
        column(sql, job);
        vouch__buf_text(sql, " > ");
        value(sql, above->number);
    }
    if (up_to) {
        vouch__buf_text(sql, above ? " AND " : "");
        column(sql, job);
        vouch__buf_text(sql, " <= ");
        value(sql, up_to->number);
    }
    if (!above && !up_to && !in)
        vouch__buf_text(sql, "TRUE");
    size_t named = !in ? 0 : has_rest ? job->rows.n_categories - in->len : in->len;
    if (in && named == 0)
        vouch__buf_text(sql, has_rest ? "TRUE" : "FALSE");
    if (named == 0)
        return;
    column(sql, job);
    vouch__buf_text(sql, has_rest ? " NOT IN (" : " IN (");
    for (size_t k = 0, told = 0; k < job->rows.n_categories; k++) {
        bool is_in = false;
        for (const vouch__json *at = in->first; at && !is_in; at = at->next)
            is_in = !strcmp(at->text, job->category[k]);
        if (is_in == has_rest)
            continue;
        vouch__buf_text(sql, told++ ? ", " : "");
        vouch__sql_quote(sql, job->category[k], '\'');
    }
    vouch__buf_text(sql, ")");
}

static void then(vouch__buf *sql, const char *text)
{
    vouch__buf_text(sql, " THEN ");
    vouch__sql_quote(sql, text, '\'');
}

static void rectangle(vouch__buf *sql, const vouch__bin_job *job, size_t n, const vouch__json *o, size_t at)
{
    static const char *const key[] = { "x", "with" };
    char text[600];
    for (size_t k = 0; k < n; k++) {
        vouch__buf_text(sql, k ? " AND " : " WHEN ");
        extent(sql, &job[k], n > 1 ? vouch__json_get(o, key[k]) : o);
    }
    (void)snprintf(text, sizeof text, "%zu: %s", at, vouch__json_string(vouch__json_get(o, "label")));
    then(sql, text);
}

vouch_status vouch__bin_tell_sql(vouch_ctx *ctx, vouch__doc *doc, const vouch__bin_job *job, size_t n,
                                 vouch__json *root)
{
    vouch__buf sql;
    size_t at = 0, codes = 0;
    vouch__buf_init(ctx, &sql, 0);
    vouch__buf_text(&sql, "CASE WHEN ");
    for (size_t k = 0; k < n; k++) {
        vouch__buf_text(&sql, k ? " OR " : "");
        is_missing(&sql, &job[k]);
    }
    then(&sql, "missing");
    for (size_t k = 0; k < n; k++) {
        is_special(&sql, &job[k], codes ? " OR " : " WHEN ");
        codes += job[k].rows.n_special;
    }
    if (codes)
        then(&sql, "special");
    const vouch__json *bins = vouch__json_get(root, "bins");
    for (const vouch__json *o = bins ? bins->first : NULL; o; o = o->next) {
        const char *type = vouch__json_string(vouch__json_get(o, "type"));
        if (strcmp(type, "missing") != 0 && strcmp(type, "special") != 0)
            rectangle(&sql, job, n, o, ++at);
    }
    vouch__buf_text(&sql, " END");
    vouch_status status = vouch__buf_status(ctx, &sql);
    if (!status)
        (void)vouch__json_set(doc, root, "sql", vouch__json_text(doc, sql.at));
    vouch__buf_free(&sql);
    return status;
}

/* data/duckdb_sql.h: what a source says, as SQL. */
#ifndef VOUCH_DUCKDB_SQL_H
#define VOUCH_DUCKDB_SQL_H

#include "base/text.h"
#include "vouch/data.h"

typedef enum vouch__source_form { VOUCH__FILE, VOUCH__GLOB, VOUCH__QUERY } vouch__source_form;
typedef enum vouch__file_form { VOUCH__CSV, VOUCH__PARQUET, VOUCH__JSON_FILE } vouch__file_form;

/* A source made definite. */
typedef struct vouch__place {
    vouch__source_form form;
    vouch__file_form file; /* unless QUERY */
    char *path;            /* with its folder, unless QUERY; vouch__alloc'ed */
    const char *query;     /* QUERY: borrowed */
    size_t query_len;      /* without white space and semicolons at its end */
    const char *name;      /* for messages: the source as written, or "the query" */
} vouch__place;

/* Fails  E_NOTFOUND  no such file;  E_ARG  an ending that says nothing of the format */
vouch_status vouch__place_make(vouch_ctx *ctx, const vouch_source *source, vouch__place *out_place);
void vouch__place_clear(vouch_ctx *ctx, vouch__place *place);

/* How a second try at the same source differs from the first. */
typedef struct vouch__retry {
    bool all_rows;  /* look at every row of a CSV file before deciding on types */
    bool skips;     /* lines may stand above a CSV file's header */
    char delimiter; /* not 0: a CSV file whose rows break its form is read to learn which one does */
    size_t columns; /* with delimiter: how many its header has */
    size_t n_texts; /* columns to ask for as text */
    const char *const *texts;
} vouch__retry;

void vouch__sql_quote(vouch__buf *sql, const char *text, char mark); /* 'text' with marks doubled */
/* What of a place is wanted; all zero: everything, in no order. */
typedef struct vouch__wanted {
    const char *order_by;      /* a column */
    const char *const *column; /* [columns] names; NULL: all */
    size_t columns;
    bool no_rows; /* names and types only */
} vouch__wanted;
void vouch__sql_select(vouch__buf *sql, const vouch__place *place, const vouch__retry *retry,
                       const vouch__wanted *wanted);

#endif

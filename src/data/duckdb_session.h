/* data/duckdb_session.h: one DuckDB, alone in memory, set up so that what it returns depends on its input
 * only.
 */
#ifndef VOUCH_DUCKDB_SESSION_H
#define VOUCH_DUCKDB_SESSION_H

#include "data/duckdb_api.h"
#include "data/spill.h"
#include "vouch/data.h"

typedef struct vouch__session {
    vouch__duckdb api;
    duckdb_handle database, connection;
    vouch__spill spill; /* for what does not fit in memory */
} vouch__session;

/* Leaves *session in a state that vouch__session_close takes, whatever happens. */
vouch_status vouch__session_open(vouch_ctx *ctx, const vouch_source *source, vouch__session *session);
void vouch__session_close(vouch__session *session);

/* The same session with four times the memory and one thread, for what did not fit. */
vouch_status vouch__session_widen(vouch_ctx *ctx, const vouch_source *source, vouch__session *session);

/* Raise what DuckDB said of `name` as one line, without values from the data. */
vouch_status vouch__session_fail(vouch_ctx *ctx, const char *name, const char *said);

#endif

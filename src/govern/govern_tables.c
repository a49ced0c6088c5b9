/* What the store shows people: keys, models, and the ledger, as tables. */
#include "data/table.h"
#include "govern/registry.h"
#include "govern/store.h"
#include "vouch/govern.h"

#include <math.h>
#include <string.h>

enum { MAX_COLUMNS = 10 };

/* Rows are few: one at a time, text and numbers in column order. */
typedef struct listing {
    vouch__table_builder *builder;
    size_t cols;
    double number[MAX_COLUMNS];
    const char *text[MAX_COLUMNS];
} listing;

static vouch_status listing_new(vouch_ctx *ctx, listing *list, size_t cols, const char *const *name,
                                const vouch_type *type)
{
    *list = (listing){ .cols = cols };
    return vouch__table_builder_new(ctx, cols, name, type, &list->builder);
}

static vouch_status listing_add(vouch_ctx *ctx, listing *list)
{
    const double *value[MAX_COLUMNS];
    const char *const *text[MAX_COLUMNS];
    for (size_t j = 0; j < list->cols; j++) {
        value[j] = &list->number[j];
        text[j] = &list->text[j];
    }
    return vouch__table_builder_add(ctx, list->builder, 1, value, text);
}

/* Ends or, after a failure, only frees. */
static vouch_status listing_end(vouch_ctx *ctx, listing *list, vouch_status status, vouch_table **out_table)
{
    if (!status)
        status = vouch__table_builder_end(ctx, list->builder, out_table);
    vouch__table_builder_free(list->builder);
    return status;
}

vouch_status vouch_govern_keys(vouch_ctx *ctx, vouch_store *store, vouch_table **out_table)
{
    static const char *const name[] = { "person", "role", "key", "from", "until", "in_force", "seq" };
    static const vouch_type type[] = { VOUCH_TEXT, VOUCH_TEXT, VOUCH_TEXT,   VOUCH_TIME,
                                       VOUCH_TIME, VOUCH_FLAG, VOUCH_INTEGER };
    listing list;
    int64_t now = vouch__now(ctx);
    const vouch__grants *grants = &store->grants;
    vouch_status status = vouch__grants_load(ctx, store);
    if (!status)
        status = listing_new(ctx, &list, sizeof name / sizeof *name, name, type);
    if (status)
        return status;
    for (size_t i = 0; i < grants->n && !status; i++) {
        const vouch__grant *g = &grants->at[i];
        list.text[0] = g->person;
        list.text[1] = g->role;
        list.text[2] = g->key;
        list.number[3] = g->from ? (double)g->from : NAN;
        list.number[4] = g->until ? (double)g->until : NAN;
        list.number[5] = vouch__grant_stands(grants, i) && g->from <= now && (g->until == 0 || now < g->until)
                             ? 1.0
                             : 0.0;
        list.number[6] = (double)g->seq;
        status = listing_add(ctx, &list);
    }
    return listing_end(ctx, &list, status, out_table);
}

vouch_status vouch_govern_models(vouch_ctx *ctx, vouch_store *store, vouch_table **out_table)
{
    static const char *const name[] = { "id",        "name",     "kind",        "state",  "developer",
                                        "validator", "approver", "fingerprint", "run_seq" };
    static const vouch_type type[] = { VOUCH_TEXT, VOUCH_TEXT, VOUCH_TEXT, VOUCH_TEXT,   VOUCH_TEXT,
                                       VOUCH_TEXT, VOUCH_TEXT, VOUCH_TEXT, VOUCH_INTEGER };
    listing list;
    vouch__registry registry;
    vouch_status status = vouch__registry_load(ctx, store, &registry);
    if (status)
        return status;
    status = listing_new(ctx, &list, sizeof name / sizeof *name, name, type);
    if (status) {
        vouch__registry_clear(&registry);
        return status;
    }
    for (size_t i = 0; i < registry.n && !status; i++) {
        const vouch__model_item *m = &registry.at[i];
        char id[9];
        memcpy(id, m->fingerprint, 8);
        id[8] = '\0';
        list.text[0] = id;
        list.text[1] = m->name;
        list.text[2] = m->kind;
        list.text[3] = vouch__model_state_name(m->state);
        list.text[4] = m->developer;
        list.text[5] = m->validator;
        list.text[6] = m->approver;
        list.text[7] = m->fingerprint;
        list.number[8] = (double)m->run_seq;
        status = listing_add(ctx, &list);
    }
    status = listing_end(ctx, &list, status, out_table);
    vouch__registry_clear(&registry);
    return status;
}

static const char *text_or(const vouch__json *body, const char *key, const char *otherwise)
{
    const char *text = vouch__json_string(vouch__json_get(body, key));
    return text ? text : otherwise;
}

static void summarise(const char *kind, const vouch__json *body, vouch__buf *out)
{
    if (strcmp(kind, "init") == 0) {
        vouch__buf_fmt(out, "owner %s", text_or(body, "person", ""));
    } else if (strcmp(kind, "grant") == 0) {
        vouch__buf_fmt(out, "%s to %s, key %s", text_or(body, "role", ""), text_or(body, "person", ""),
                       text_or(body, "key", ""));
    } else if (strcmp(kind, "run") == 0) {
        const vouch__json *models = vouch__json_get(body, "models");
        vouch__buf_text(out, "models");
        for (const vouch__json *m = models ? models->first : NULL; m; m = m->next)
            vouch__buf_fmt(out, "%s %s (%.8s)", m == models->first ? "" : ",", text_or(m, "name", ""),
                           text_or(m, "fingerprint", ""));
    } else if (strcmp(kind, "sign") == 0 || strcmp(kind, "approve") == 0 || strcmp(kind, "retire") == 0) {
        vouch__buf_fmt(out, "%s (%.8s)", text_or(body, "name", ""), text_or(body, "model", ""));
        const char *note = text_or(body, "note", "");
        vouch__buf_fmt(out, "%s%s", *note ? ": " : "", note);
    } else if (strcmp(kind, "decisions") == 0) {
        long long n = (long long)vouch__json_int(vouch__json_get(body, "count"), 0);
        vouch__buf_fmt(out, "%lld decision%s", n, n == 1 ? "" : "s");
    } else {
        vouch__buf_text(out, text_or(body, "summary", ""));
    }
}

static vouch_status add_entry(vouch_ctx *ctx, listing *list, const vouch__ledger_row *row,
                              vouch__buf *summary)
{
    char hex[VOUCH__HEX];
    vouch__doc *doc = NULL;
    vouch_status status = vouch__ledger_row_read(ctx, row, &doc);
    if (status)
        return status;
    const vouch__json *entry = vouch__doc_root(doc);
    vouch__buf_clear(summary);
    summarise(row->kind, vouch__json_get(entry, "body"), summary);
    vouch__hex(row->hash, VOUCH__HASH, hex);
    list->number[0] = (double)row->seq;
    list->number[1] = (double)row->time;
    list->text[2] = row->kind;
    list->text[3] = vouch__json_string(vouch__json_get(entry, "person"));
    list->text[4] = summary->at ? summary->at : "";
    list->text[5] = hex;
    status = vouch__buf_status(ctx, summary);
    if (!status)
        status = listing_add(ctx, list);
    list->text[3] = list->text[5] = NULL; /* they pointed into what ends here */
    vouch__doc_free(doc);
    return status;
}

vouch_status vouch_govern_ledger(vouch_ctx *ctx, vouch_store *store, vouch_table **out_table)
{
    static const char *const name[] = { "seq", "time", "kind", "person", "summary", "hash" };
    static const vouch_type type[] = { VOUCH_INTEGER, VOUCH_TIME, VOUCH_TEXT,
                                       VOUCH_TEXT,    VOUCH_TEXT, VOUCH_TEXT };
    listing list;
    bool more = false;
    vouch__buf summary;
    sqlite3_stmt *stmt = NULL;
    vouch_status status = listing_new(ctx, &list, sizeof name / sizeof *name, name, type);
    if (status)
        return status;
    vouch__buf_init(ctx, &summary, 0);
    status = vouch__sql(ctx, store, VOUCH__SQL_ENTRIES, &stmt);
    while (!status) {
        vouch__ledger_row row = { .seq = 0 };
        status = vouch__sql_step(ctx, store, stmt, &more);
        if (status || !more)
            break;
        status = vouch__poll(ctx);
        if (!status)
            status = vouch__ledger_row_at(ctx, stmt, &row);
        if (!status)
            status = add_entry(ctx, &list, &row, &summary);
    }
    if (stmt)
        vouch__sql_reset(stmt);
    vouch__buf_free(&summary);
    return listing_end(ctx, &list, status, out_table);
}

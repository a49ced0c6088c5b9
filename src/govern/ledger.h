/* govern/ledger.h: appending to the ledger and keeping objects and decisions, for run/, serve/ and monitor's
 * caller. govern stores and chains what it is handed; it never calls a metric. */
#ifndef VOUCH_LEDGER_H
#define VOUCH_LEDGER_H

#include "base/hash.h"
#include "base/json.h"
#include "vouch/govern.h"

/* Everything between begin and commit is durable together or not at all. */
vouch_status vouch__store_begin(vouch_ctx *ctx, vouch_store *store);
vouch_status vouch__store_commit(vouch_ctx *ctx, vouch_store *store);
void vouch__store_rollback(vouch_store *store);

/* Append one entry in the open transaction, or in one of its own. E_DENIED when the key has no grant in force
 * with one of the roles (a "|"-separated list; NULL: any). Some kinds have roles and rules of their own that
 * hold whoever asks: init and grant (owner), run (developer), sign (validator), approve (approver), retire
 * (owner or approver), permit (approver), decisions (service). The entry also names the objects put
 * since the one before. */
vouch_status vouch__ledger_append(vouch_ctx *ctx, vouch_store *store, const vouch_key *key, const char *roles,
                                  const char *kind, const vouch__json *body, int64_t *out_seq);
/* Would an entry by this key be accepted now? E_DENIED when it has none of the roles in force. */
vouch_status vouch__ledger_may(vouch_ctx *ctx, vouch_store *store, const vouch_key *key, const char *roles);
/* One entry's canonical JSON as a document; E_NOTFOUND. */
vouch_status vouch__ledger_read(vouch_ctx *ctx, vouch_store *store, int64_t seq, vouch__doc **out_doc);
/* The latest entry of a kind whose body member `key` is text equal to value (value NULL: any); E_NOTFOUND. */
vouch_status vouch__ledger_find(vouch_ctx *ctx, vouch_store *store, const char *kind, const char *key,
                                const char *value, int64_t *out_seq);

/* The same, as a document, where it stands: signed by a key of the ring that held one of the kind's roles
 * then and holds it now. E_NOTFOUND; E_CORRUPT; E_DENIED when the role has ended. */
vouch_status vouch__ledger_standing(vouch_ctx *ctx, vouch_store *store, const char *kind, const char *key,
                                    const char *value, vouch__doc **out_doc);
/* Whose key it is that holds one of the roles (NULL: any) now, until the store is closed. E_DENIED. */
vouch_status vouch__ledger_holder(vouch_ctx *ctx, vouch_store *store, const char *key, const char *roles,
                                  const char **out_person);

/* Objects: bytes by their SHA-256, up to 512 MiB (E_LIMIT). Putting the same bytes twice is fine. Put them in
 * the transaction of the entry that speaks of them: verifying then misses one that is lost. Getting checks
 * the hash: E_CORRUPT. */
vouch_status vouch__object_put(vouch_ctx *ctx, vouch_store *store, const void *bytes, size_t len,
                               char out_hex[VOUCH__HEX]);
vouch_status vouch__object_get(vouch_ctx *ctx, vouch_store *store, const char *hex, vouch__buf *out);

/* An entry being written with the objects that it names: all of it is durable together, or nothing. What
 * fails sticks, and closing tells. open begins a transaction, which close ends whatever came of it. */
typedef struct vouch__ledger_draft {
    vouch_ctx *ctx;
    vouch_store *store;
    vouch__doc *doc;
    vouch__json *body;
    vouch_status status;
} vouch__ledger_draft;
vouch_status vouch__ledger_open(vouch_ctx *ctx, vouch_store *store, vouch__ledger_draft *out_draft);
void vouch__ledger_text(vouch__ledger_draft *draft, vouch__json *object, const char *key, const char *text);
void vouch__ledger_number(vouch__ledger_draft *draft, vouch__json *object, const char *key, double value);
/* Put bytes, and name them in a member of body or of an object within. */
void vouch__ledger_object(vouch__ledger_draft *draft, vouch__json *object, const char *key, const void *bytes,
                          size_t len);
vouch_status vouch__ledger_close(vouch__ledger_draft *draft, const vouch_key *key, const char *roles,
                                 const char *kind, int64_t *out_seq);

/* A run's models enter the registry as candidates: body of kind "run" {models: [{name, kind, fingerprint,
 * object, bundle, reference, champion}], evidence, report, project, ...}. The registry is a view of the
 * ledger. */

/* The model that serves: the latest approved one (of name, or any when NULL). Gives the run entry's seq and
 * the model's object of it as a copy in doc. E_NOTFOUND when none is approved. */
vouch_status vouch__registry_approved(vouch_ctx *ctx, vouch_store *store, const char *name, vouch__doc *doc,
                                      vouch__json **out_model);
/* By fingerprint prefix or name, in any state; adds members state, developer, validator, approver, run_seq.
 */
vouch_status vouch__registry_find(vouch_ctx *ctx, vouch_store *store, const char *model, vouch__doc *doc,
                                  vouch__json **out_model);

/* Decisions. All of `batch` are durable when this returns: each record's canonical JSON is kept, and one
 * ledger entry of kind "decisions", signed by the service key, holds their number and the root of their
 * hashes. A batch whose idempotency key is taken, in the store or by an earlier batch of the same call, is
 * not written and gets E_CONFLICT: vouch__decisions_replay then has the answer, or says that it was for
 * another request. */
typedef struct vouch__decision_batch {
    const char *idempotency_key; /* NULL: none */
    const char *request_hash;    /* hex */
    const char *response;        /* the whole answer, as sent */
    size_t response_len;
    size_t n;
    const char *const *id;     /* decision ids */
    const char *const *record; /* canonical JSON {bundle, decision, id, row}: bundle is its object's hash */
} vouch__decision_batch;
/* Group commit: n batches in one transaction and one fsync. out_status[i] is each batch's own; when the call
 * itself fails nothing is written, and each is the call's. */
vouch_status vouch__decisions_put(vouch_ctx *ctx, vouch_store *store, const vouch_key *service, size_t n,
                                  const vouch__decision_batch *batch, vouch_status *out_status);
/* A stored answer for an idempotency key: E_NOTFOUND, or E_CONFLICT when request_hash differs. */
vouch_status vouch__decisions_replay(vouch_ctx *ctx, vouch_store *store, const char *idempotency_key,
                                     const char *request_hash, vouch__buf *out_response);
vouch_status vouch__decision_get(vouch_ctx *ctx, vouch_store *store, const char *id, vouch__buf *out_record);

#endif

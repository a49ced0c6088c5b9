/* vouch/govern.h: the store: keys, people and their roles, models and their approvals, decisions, and the
 * ledger that chains and signs all of it.
 *
 * A ledger entry is canonical JSON {seq, prev, time, kind, person, key, body}; hash = SHA-256 of it;
 * signature = Ed25519 over the hash by the key named. Bytes too large for an entry (models, evidence,
 * reports) are objects, stored by SHA-256 and named by it. SPDX-License-Identifier: Apache-2.0 */
#ifndef VOUCH_GOVERN_H
#define VOUCH_GOVERN_H

#include "vouch/data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One open store. Belongs to one thread at a time; open one per thread. */
typedef struct vouch_store vouch_store;
/* An unlocked private key. */
typedef struct vouch_key vouch_key;

/* url: a path of an SQLite file. E_NOTFOUND unless create, E_CONFLICT when create and it is there. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_store_open(vouch_ctx *ctx, const char *url, int create,
                                                       vouch_store **out_store);
VOUCH_API void vouch_store_close(vouch_store *store); /* NULL is fine */

/* Ed25519 keys as encrypted PKCS#8 PEM (AES-256, scrypt), mode 0600, with the public key at path + ".pub".
 * E_CONFLICT when path exists; E_DENIED on a wrong passphrase. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_key_new(vouch_ctx *ctx, const char *path, const char *passphrase);
VOUCH_API VOUCH_MUST_USE vouch_status vouch_key_open(vouch_ctx *ctx, const char *path, const char *passphrase,
                                                     vouch_key **out_key);
VOUCH_API void vouch_key_free(vouch_key *key);            /* NULL is fine; wipes */
VOUCH_API const char *vouch_key_id(const vouch_key *key); /* SHA-256 of the public key, first 16 hex digits */

/* Sign a file: path + ".sig" says person, on (a day, as text) and key, and is bound to the file's bytes. What
 * reads a signed file refuses it once a byte of it has changed. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_file_sign(vouch_ctx *ctx, const vouch_key *key, const char *path,
                                                      const char *person, const char *on);

/* Begin a store's ledger: its first entry names the owner and the owner's public key. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_govern_init(vouch_ctx *ctx, vouch_store *store,
                                                        const vouch_key *owner, const char *person);
/* The owner grants a person's key a role: owner | developer | validator | approver | auditor | service.
 * from, until: microseconds since 1970; until 0: no end. E_DENIED unless signed by an owner. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_govern_grant(vouch_ctx *ctx, vouch_store *store,
                                                         const vouch_key *owner, const char *public_key_path,
                                                         const char *person, const char *role, int64_t from,
                                                         int64_t until);
VOUCH_API VOUCH_MUST_USE vouch_status vouch_govern_keys(vouch_ctx *ctx, vouch_store *store,
                                                        vouch_table **out_table);

/* Models: columns id (8 hex digits of the fingerprint), name, kind, state (candidate | validated | approved |
 * retired), developer, validator, approver, fingerprint. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_govern_models(vouch_ctx *ctx, vouch_store *store,
                                                          vouch_table **out_table);
/* Sign as validator, approve as approver, retire as owner or approver. model: a unique prefix of a
 * fingerprint, or a name whose latest is meant. Persons are compared, not keys: E_DENIED when the person
 * developed the model, lacks the role, or validated what they would approve; E_CONFLICT when the model is not
 * in the state before. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_govern_sign(vouch_ctx *ctx, vouch_store *store,
                                                        const vouch_key *key, const char *model,
                                                        const char *note);
VOUCH_API VOUCH_MUST_USE vouch_status vouch_govern_approve(vouch_ctx *ctx, vouch_store *store,
                                                           const vouch_key *key, const char *model,
                                                           const char *note);
VOUCH_API VOUCH_MUST_USE vouch_status vouch_govern_retire(vouch_ctx *ctx, vouch_store *store,
                                                          const vouch_key *key, const char *model,
                                                          const char *note);

/* The ledger, newest last: columns seq, time, kind, person, summary, hash. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_govern_ledger(vouch_ctx *ctx, vouch_store *store,
                                                          vouch_table **out_table);

/* Check everything offline: sequence, chain, signatures, grants in force at the time, every object's hash,
 * every decision's hash. head: a head as vouch_govern_head writes it, or NULL. *out_message is one line
 * either way (vouch_text_free). Fails E_CORRUPT, saying which entry, object or decision is wrong and how;
 * with a head, also when the tail is cut. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_govern_verify(vouch_ctx *ctx, vouch_store *store,
                                                          const char *head, char **out_message);
/* {"hash":..,"seq":..}: the ledger's end, canonical JSON. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_govern_head(vouch_ctx *ctx, vouch_store *store, char **out_head);

#ifdef __cplusplus
}
#endif
#endif

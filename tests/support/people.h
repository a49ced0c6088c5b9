/* people.h: a store with an owner and four people, for tests of what is governed and served. Keys are made
 * once per test program: their passphrases are stretched on purpose, which takes time. */
#ifndef PEOPLE_H
#define PEOPLE_H

#include "check.h"

#include "vouch/govern.h"

enum { OLGA, DANA, VICTOR, ANNA, SERVER, N_PEOPLE }; /* owner, developer, validator, approver, service */

extern const char *const person_name[N_PEOPLE];
extern const char *const person_role[N_PEOPLE];

/* Person i's key, unlocked, and the path of its file. */
const vouch_key *person_key(int i);
const char *person_key_path(int i);

/* A store with everybody granted the role above, at path (made anew) or in memory when NULL. */
vouch_store *people_store(vouch_ctx *ctx, const char *path);

/* Append a run by Dana with one model of this name; fingerprint is filled with hex made from salt. */
int64_t add_run(vouch_ctx *ctx, vouch_store *store, int who, const char *name, unsigned salt,
                char fingerprint[65]);

/* A context whose clock is *now. */
vouch_ctx *clocked_ctx(int64_t *now);

#endif

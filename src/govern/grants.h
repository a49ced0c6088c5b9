/* govern/grants.h: keys, the people who hold them, and the roles in force. Derived from the ledger's "init"
 * and "grant" entries, in order; nothing else says who may do what. */
#ifndef VOUCH_GRANTS_H
#define VOUCH_GRANTS_H

#include "base/hash.h"
#include "base/json.h"
#include "vouch/govern.h"

enum { VOUCH__KEY_ID = 17, VOUCH__KEY_PUBLIC = 32, VOUCH__SIGNATURE = 64 };

struct vouch_key { /* immutable; may sign on several threads at once */
    vouch_alloc alloc;
    void *pkey; /* EVP_PKEY */
    uint8_t public_key[VOUCH__KEY_PUBLIC];
    char id[VOUCH__KEY_ID];
};

vouch_status vouch__key_sign(vouch_ctx *ctx, const vouch_key *key, const uint8_t hash[VOUCH__HASH],
                             uint8_t out[VOUCH__SIGNATURE]);
/* *out_good: the signature is the key's. Fails only when OpenSSL can't try. */
vouch_status vouch__key_check(vouch_ctx *ctx, const uint8_t public_key[VOUCH__KEY_PUBLIC],
                              const uint8_t hash[VOUCH__HASH], const uint8_t signature[VOUCH__SIGNATURE],
                              bool *out_good);
vouch_status vouch__key_id(vouch_ctx *ctx, const uint8_t public_key[VOUCH__KEY_PUBLIC],
                           char out[VOUCH__KEY_ID]);
/* A public key file as vouch_key_new writes it. */
vouch_status vouch__key_public(vouch_ctx *ctx, const char *path, uint8_t out[VOUCH__KEY_PUBLIC]);

typedef struct vouch__grant {
    int64_t seq, from, until; /* until 0: no end */
    const char *role;         /* static text */
    char *person;
    uint8_t public_key[VOUCH__KEY_PUBLIC];
    char key[VOUCH__KEY_ID];
} vouch__grant;

typedef struct vouch__grants {
    vouch_alloc alloc;
    size_t n, cap;
    vouch__grant *at; /* in ledger order */
    int64_t seq;      /* of the last entry applied */
} vouch__grants;

void vouch__grants_init(vouch_ctx *ctx, vouch__grants *grants);
void vouch__grants_clear(vouch__grants *grants);
/* Take an entry of kind "init" or "grant"; fails when its body is malformed or contradicts what is granted.
 */
vouch_status vouch__grants_apply(vouch_ctx *ctx, vouch__grants *grants, int64_t seq, const char *kind,
                                 const vouch__json *body);
/* Any grant of this key: its person and public key. NULL: never granted anything. */
const vouch__grant *vouch__grants_key(const vouch__grants *grants, const char *key);
/* Does the key hold one of the roles at that time? The latest grant of a key and role is the one that counts,
 * so a role is taken back by granting it again with an end. roles NULL: any. */
bool vouch__grants_hold(const vouch__grants *grants, const char *key, const char *roles, int64_t time);
/* Is the i-th grant the latest of its key and role? */
bool vouch__grant_stands(const vouch__grants *grants, size_t i);
const char *vouch__role_find(const char *name); /* the static text; NULL when there is no such role */
/* Bring the store's grants up to its ledger, checking the signature of each. */
vouch_status vouch__grants_load(vouch_ctx *ctx, vouch_store *store);
/* Names are compared byte by byte, so they must not differ only in what the eye can't see. */
vouch_status vouch__person_check(vouch_ctx *ctx, const char *person);

#endif

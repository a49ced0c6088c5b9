/* base/schema.h: checking a YAML mapping against a table of its keys. */
#ifndef VOUCH_SCHEMA_H
#define VOUCH_SCHEMA_H

#include "base/json.h"

typedef enum vouch__key_type {
    VOUCH__KEY_TEXT,
    VOUCH__KEY_NUMBER,
    VOUCH__KEY_MAPPING,
    VOUCH__KEY_LIST,
    VOUCH__KEY_FLAG,
    VOUCH__KEY_ANY
} vouch__key_type;

typedef struct vouch__key {
    const char *name;
    vouch__key_type type;
    bool required;   /* present and not null */
    double lo, hi;   /* NUMBER: inclusive */
    const char *set; /* TEXT: "a|b|c", or NULL for any */
} vouch__key;

/* Check that mapping is one and has only these keys. what names it in messages ("data", "models.challenger").
 * Fails E_FORMAT: "FILE:LINE:COLUMN: unknown key 'modles' in data, did you mean 'models'?" */
vouch_status vouch__schema_check(vouch_ctx *ctx, const char *file, const char *what,
                                 const vouch__json *mapping, const vouch__key *key, size_t n);
/* Raise E_FORMAT at a node. */
vouch_status vouch__schema_fail(vouch_ctx *ctx, const char *file, const vouch__json *at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif

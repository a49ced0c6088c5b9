/* base/param.h: parameters, described once: project files, suites, --help, the audit record and the documents
 * are driven by the same table. */
#ifndef VOUCH_PARAM_H
#define VOUCH_PARAM_H

#include "base/json.h"

typedef enum vouch__param_type {
    VOUCH__PARAM_REAL,
    VOUCH__PARAM_INTEGER,
    VOUCH__PARAM_FLAG,
    VOUCH__PARAM_CHOICE, /* value is an index into choices */
    VOUCH__PARAM_TREE    /* text, list or mapping, read by its user; value is 1 where it was given, else 0 */
} vouch__param_type;

typedef struct vouch__param {
    const char *name;
    vouch__param_type type;
    double lo, hi, value; /* inclusive range, default */
    const char *choices;  /* CHOICE: "auto|none|..." */
    const char *unit;     /* "" when dimensionless */
    const char *help;     /* one sentence */
} vouch__param;

typedef struct vouch__param_table {
    const char *what, *name; /* "kind", "gbdt": what the parameters are of, for messages */
    const vouch__param *at;
    size_t n;
} vouch__param_table;

/* Read a mapping (NULL: nothing given): names, ranges and types are checked, defaults filled in. Keys of
 * skip[] are the caller's. Errors name line, column and the nearest right key. */
vouch_status vouch__param_read(vouch_ctx *ctx, const vouch__param_table *table, const vouch__json *mapping,
                               const char *const *skip, size_t n_skip, double *out_value);
size_t vouch__param_find(const vouch__param_table *table, const char *name); /* SIZE_MAX: none */
/* A value as it would be written: a word for a CHOICE, true or false for a FLAG; null for a TREE. */
vouch__json *vouch__param_json(vouch__doc *doc, const vouch__param *param, double value);

#endif

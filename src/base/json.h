/* base/json.h: one tree for JSON and YAML, one canonical writer. Sorted keys, no
 * spaces, shortest round-trip numbers, NaN as null, infinities as "Infinity" and
 * "-Infinity", UTF-8 kept as it is. The same tree always gives the same bytes, so
 * it is what is hashed, signed and stored. */
#ifndef VOUCH_JSON_H
#define VOUCH_JSON_H

#include "base/text.h"

typedef enum vouch__json_type {
    VOUCH__JSON_NULL,
    VOUCH__JSON_BOOL,
    VOUCH__JSON_NUMBER, /* a double; exact for integers up to 2^53 */
    VOUCH__JSON_STRING,
    VOUCH__JSON_ARRAY,
    VOUCH__JSON_OBJECT
} vouch__json_type;

/* A node. Read the members; make and change nodes with the functions below only. */
typedef struct vouch__json {
    vouch__json_type type;
    uint32_t line, column;         /* where it stood in the text it was read from, from 1; 0 if made here */
    uint32_t key_line, key_column; /* the same of its key */
    bool flag;                     /* BOOL */
    double number;                 /* NUMBER */
    const char *text;              /* STRING: NUL-terminated, and may hold further NULs within len */
    size_t len;                    /* STRING: bytes; ARRAY, OBJECT: children */
    const char *key;               /* when a member of an object */
    struct vouch__json *first, *last, *next; /* children in order of arrival; sibling */
} vouch__json;

/* Owns every node and string made in it. Failure sticks, as in vouch__buf: the makers
 * then return NULL, which the others accept. */
typedef struct vouch__doc vouch__doc;

vouch_status vouch__doc_new(vouch_ctx *ctx, vouch__doc **out_doc);
void vouch__doc_free(vouch__doc *doc); /* NULL is fine */
vouch_status vouch__doc_status(vouch_ctx *ctx, const vouch__doc *doc);
vouch__json *vouch__doc_root(const vouch__doc *doc); /* what was read; else the first node made */

vouch__json *vouch__json_null(vouch__doc *doc);
vouch__json *vouch__json_bool(vouch__doc *doc, bool flag);
vouch__json *vouch__json_number(vouch__doc *doc, double number);
/* Texts and keys are copied; bytes that are not UTF-8 become U+FFFD, so that what is written always is.
 * NULL makes a null. */
vouch__json *vouch__json_text(vouch__doc *doc, const char *text);
vouch__json *vouch__json_bytes(vouch__doc *doc, const char *text, size_t len);
vouch__json *vouch__json_fmt(vouch__doc *doc, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
vouch__json *vouch__json_array(vouch__doc *doc);
vouch__json *vouch__json_object(vouch__doc *doc);
/* Whether an array holds this text. NULL and what is no array hold nothing. */
bool vouch__json_holds(const vouch__json *array, const char *text);
vouch__json *vouch__json_copy(vouch__doc *doc, const vouch__json *node); /* deep; keeps line and column */

/* Set key (replacing) and push; each returns value, so that building nests. */
vouch__json *vouch__json_set(vouch__doc *doc, vouch__json *object, const char *key, vouch__json *value);
vouch__json *vouch__json_push(vouch__doc *doc, vouch__json *array, vouch__json *value);

/* NULL where absent or where node is NULL or of another type: so look-ups chain. */
const vouch__json *vouch__json_get(const vouch__json *node, const char *key);
const vouch__json *vouch__json_at(const vouch__json *node, size_t i);
const char *vouch__json_string(const vouch__json *node);              /* NULL unless a STRING */
double vouch__json_double(const vouch__json *node, double otherwise); /* reads "Infinity" too; null is NaN */
int64_t vouch__json_int(const vouch__json *node, int64_t otherwise);
bool vouch__json_flag(const vouch__json *node, bool otherwise);

/* Read RFC 8259 text: duplicate keys, invalid UTF-8, lone surrogates, a NUL in a key, numbers beyond a
 * double, depth over 64 and anything after the value are refused as "name:line:column: what". Columns count
 * bytes in JSON, characters in YAML. Bounded by max_bytes (0: no bound). Fails  E_FORMAT, E_LIMIT, E_NOMEM */
vouch_status vouch__json_read(vouch_ctx *ctx, const char *name, const char *text, size_t len,
                              size_t max_bytes, vouch__doc **out_doc);

/* Read YAML 1.1 as libyaml parses it into the same tree: core scalars only (null, true/false, numbers, .inf,
 * .nan, text), no anchors, tags or merges; duplicate keys refused; line and column kept. yes, no, on and off
 * are text; 007 without quotes is refused, because it may be text or a number. Empty text reads as null. */
vouch_status vouch__yaml_read(vouch_ctx *ctx, const char *name, const char *text, size_t len,
                              size_t max_bytes, vouch__doc **out_doc);

/* Raise "name:line:column: ..." at the place node was read from; NULL or made nodes give "name: ...". */
vouch_status vouch__json_fail(vouch_ctx *ctx, vouch_status status, const char *name, const vouch__json *node,
                              const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* E_FORMAT at the first member of object whose key is not among the n known: "unknown key 'modles', did you
 * mean 'models'?"; also when node is not an object. */
vouch_status vouch__json_known(vouch_ctx *ctx, const char *name, const vouch__json *object,
                               const char *const *known, size_t n);

void vouch__json_write(vouch__buf *buf, const vouch__json *node); /* canonical */

#endif

/* models/import/tokens.h: JSON and UBJSON as one stream of values, read once, without a tree in memory. Every
 * value is bounded by the bytes given and by VOUCH__TOKEN_DEPTH; numbers keep their text, so that a float32
 * is rounded once. Duplicate keys are the reader's caller to refuse (vouch__token_members does). */
#ifndef VOUCH_TOKENS_H
#define VOUCH_TOKENS_H

#include "base/text.h"

enum { VOUCH__TOKEN_DEPTH = 32, VOUCH__TOKEN_KEY = 96 };

typedef enum vouch__token_type {
    VOUCH__TOKEN_NULL,
    VOUCH__TOKEN_BOOL,
    VOUCH__TOKEN_NUMBER,
    VOUCH__TOKEN_STRING,
    VOUCH__TOKEN_ARRAY, /* begins; its values follow, then END */
    VOUCH__TOKEN_OBJECT,
    VOUCH__TOKEN_END
} vouch__token_type;

typedef struct vouch__token {
    vouch__token_type type;
    const char
        *text; /* JSON: a number's digits, a string as it stands between its quotes; UBJSON: a string */
    size_t len;
    bool flag;
    double number; /* UBJSON: a number */
} vouch__token;

typedef struct vouch__level {
    bool is_object, is_first;
    char type;       /* UBJSON: of all values, or 0 */
    bool is_counted; /* UBJSON: left is known */
    uint64_t left, index;
    char key[VOUCH__TOKEN_KEY]; /* of the value being read, cut to fit */
} vouch__level;

typedef struct vouch__tokens {
    vouch_ctx *ctx;
    const char *name; /* of the file, for messages */
    bool is_ubjson;
    const uint8_t *p, *end;
    size_t depth, value_depth; /* of what is open, of what holds the last value */
    uint64_t polled;
    vouch__level level[VOUCH__TOKEN_DEPTH];
} vouch__tokens;

void vouch__tokens_init(vouch__tokens *in, vouch_ctx *ctx, const char *name, const void *bytes, size_t len,
                        bool is_ubjson);
/* The next value, or END of the array or object that is open; of a member also its key, in
 * vouch__tokens_key. */
vouch_status vouch__token_next(vouch__tokens *in, vouch__token *out);
const char *vouch__tokens_key(const vouch__tokens *in);
vouch_status vouch__token_skip(vouch__tokens *in, const vouch__token *token); /* and all that is inside it */
vouch_status vouch__tokens_finish(vouch__tokens *in);                         /* nothing may follow */

/* "import: FILE: learner.objective.name: what"; returns E_FORMAT, or status. */
vouch_status vouch__token_refuse(vouch__tokens *in, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
vouch_status vouch__token_raise(vouch__tokens *in, vouch_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The value of a token; refusals name the place. A number may also stand as text, "0.5". */
vouch_status vouch__token_double(vouch__tokens *in, const vouch__token *token, double *out);
vouch_status vouch__token_float(vouch__tokens *in, const vouch__token *token, float *out); /* rounded once */
vouch_status vouch__token_int(vouch__tokens *in, const vouch__token *token, int64_t lo, int64_t hi,
                              int64_t *out);
/* A string, escapes resolved, appended to out with a NUL; strict UTF-8 without NULs. */
vouch_status vouch__token_text(vouch__tokens *in, const vouch__token *token, vouch__buf *out);

/* Arrays of numbers, appended to out as double, float or int32. */
vouch_status vouch__token_doubles(vouch__tokens *in, const vouch__token *token, vouch__buf *out);
vouch_status vouch__token_floats(vouch__tokens *in, const vouch__token *token, vouch__buf *out);
vouch_status vouch__token_ints(vouch__tokens *in, const vouch__token *token, vouch__buf *out);
/* Strings, each followed by a NUL; *out_n counts them. */
vouch_status vouch__token_texts(vouch__tokens *in, const vouch__token *token, vouch__buf *out, size_t *out_n);

/* Read an object by a table of its members; others are skipped, a member twice is refused. */
typedef vouch_status vouch__token_reader(vouch__tokens *in, const vouch__token *token, void *self);
typedef struct vouch__member {
    const char *key;
    vouch__token_reader *read;
} vouch__member;
vouch_status vouch__token_members(vouch__tokens *in, const vouch__token *token, const vouch__member *member,
                                  size_t n, void *self);
/* Each value of a list, by read. */
vouch_status vouch__token_each(vouch__tokens *in, const vouch__token *token, vouch__token_reader *read,
                               void *self);

/* A whole file: one object, and nothing after it. */
typedef struct vouch__token_file {
    const char *name; /* for messages */
    const void *bytes;
    size_t len;
    bool is_ubjson;
    const vouch__member *member; /* of the object */
    size_t n_members;
    vouch__buf *const
        *buf; /* what the members are noted in: begun here, freed by the caller whatever happens */
    size_t n_bufs;
} vouch__token_file;
vouch_status vouch__token_read(vouch_ctx *ctx, const vouch__token_file *file, void *self);

#endif

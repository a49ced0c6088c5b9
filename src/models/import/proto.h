/* models/import/proto.h: protocol buffer messages read field by field where they stand: no schema, no tree,
 * no copies. Every length is held to the bytes that are there. */
#ifndef VOUCH_PROTO_H
#define VOUCH_PROTO_H

#include "base/text.h"

typedef struct vouch__proto {
    const uint8_t *p, *end;
    bool is_bad; /* what follows is not a field */
} vouch__proto;

enum { VOUCH__PROTO_VARINT = 0, VOUCH__PROTO_64 = 1, VOUCH__PROTO_BYTES = 2, VOUCH__PROTO_32 = 5 };

typedef struct vouch__proto_field {
    uint32_t number;
    int type;            /* VOUCH__PROTO_... */
    uint64_t value;      /* of the fixed and variable ones */
    vouch__proto inside; /* BYTES: a text or a message */
} vouch__proto_field;

vouch__proto vouch__proto_of(const void *bytes, size_t len);
/* The next field; false at the end, and at what is malformed. */
bool vouch__proto_next(vouch__proto *in, vouch__proto_field *out);

/* The numbers of a repeated field, packed or one at a time, appended to out as int64 or as double. false when
 * the field is of another type or malformed. */
bool vouch__proto_ints(const vouch__proto_field *field, vouch__buf *out);
bool vouch__proto_reals(const vouch__proto_field *field, bool is_double, vouch__buf *out);

/* The last field of each number below n, all 0 where there is none; false when malformed. */
bool vouch__proto_fields(vouch__proto in, vouch__proto_field *out, uint32_t n);

static inline size_t vouch__proto_len(const vouch__proto *in) { return (size_t)(in->end - in->p); }
/* A text for messages: cut, and plain. */
typedef struct vouch__proto_text {
    char text[64];
} vouch__proto_text;
vouch__proto_text vouch__proto_plain(const vouch__proto *text);
bool vouch__proto_is(const vouch__proto *text, const char *word);

#endif

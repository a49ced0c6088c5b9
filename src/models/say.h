/* models/say.h: what a model computes, as an expression over its inputs. A kind says it once (say, in its
 * struct); each language writes it once: SQL of three systems, C, PMML, JSON.
 *
 * Expressions are made in scratch and never freed one by one. Making never fails by itself: what there was no
 * memory for is NULL, is passed on, and sticks to the speech. */
#ifndef VOUCH_SAY_H
#define VOUCH_SAY_H

#include "models/model_kind.h"

typedef enum vouch__say_op {
    VOUCH__SAY_NUMBER, /* value; NaN: there is none */
    VOUCH__SAY_INPUT,  /* a number as it is, missing where it is missing */
    VOUCH__SAY_LOG,    /* of an input; none where it is not above 0 */
    VOUCH__SAY_ADD,    /* parts in order, from the left */
    VOUCH__SAY_TIMES,  /* of two parts */
    VOUCH__SAY_CHOICE  /* the first part whose condition holds; none where none does */
} vouch__say_op;

typedef enum vouch__when_op {
    VOUCH__WHEN_ELSE,
    VOUCH__WHEN_MISSING,
    VOUCH__WHEN_UP_TO, /* input <= value; of a missing one it does not hold */
    VOUCH__WHEN_EQUAL,
    VOUCH__WHEN_IN /* its code is in the set; a text never seen is in none */
} vouch__when_op;

typedef struct vouch__when {
    vouch__when_op op;
    bool or_missing;
    size_t input;
    double value;
    const uint8_t *in; /* [categories] */
} vouch__when;

typedef struct vouch__say {
    vouch__say_op op;
    double value;
    size_t input;
    vouch__when when; /* of a part of a choice */
    struct vouch__say *first, *last, *next;
} vouch__say;

typedef struct vouch__speech {
    vouch_ctx *ctx;
    const vouch_model *model;
    bool is_whole; /* numbers are integers, and so is what comes of them */
    bool is_short_of_memory;
} vouch__speech;

vouch__say *vouch__say_number(vouch__speech *s, double value);
vouch__say *vouch__say_input(vouch__speech *s, size_t input);
vouch__say *vouch__say_log(vouch__speech *s, size_t input);
vouch__say *vouch__say_list(vouch__speech *s, vouch__say_op op); /* ADD or CHOICE, to be pushed to */
vouch__say *vouch__say_times(vouch__speech *s, vouch__say *a, vouch__say *b);
void vouch__say_push(vouch__speech *s, vouch__say *list, vouch__say *part);
void vouch__say_case(vouch__speech *s, vouch__say *choice, vouch__when when, vouch__say *part);
/* Room for a set of categories of an input, empty. */
uint8_t *vouch__say_set(vouch__speech *s, size_t input);

/* The model's own, complete. Fails what its kind fails with, and NOMEM. */
vouch_status vouch__say_model(vouch__speech *s, const vouch__say **out_said);
/* used[inputs]: those that what is said looks at. */
void vouch__say_used(const vouch__say *said, bool *used);

/* Forms of any kind that says what it computes. */
vouch_status vouch__said_sql_duckdb(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out);
vouch_status vouch__said_sql_postgresql(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out);
vouch_status vouch__said_sql_spark(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out);
vouch_status vouch__said_c(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out);
vouch_status vouch__said_json(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out);
vouch_status vouch__said_pmml(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out);
/* clang-format off */
#define VOUCH__SAID_SQL                          \
    { "sql-duckdb", vouch__said_sql_duckdb },    \
    { "sql-postgresql", vouch__said_sql_postgresql }, \
    { "sql-spark", vouch__said_sql_spark }
/* clang-format on */

#endif

/* evidence/test.h: a test of the catalogue: one const row that says everything about it, and one function
 * that takes what every test takes and adds entries of evidence.
 *
 * To add a test, write one file in the folder of its theme (src/validate, src/data, src/monitor,
 * src/fairness, src/explain, or src/catalogue when it needs several), with the row as its last lines:
 *
 *     static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call) { ... }
 *     const vouch_test vouch__test_<name> = { .id = "validate.<name>", ..., .run = run };
 *
 * then add X(<name>) to VOUCH__TEST_LIST in src/catalogue/tests.h, a golden case, and a limit in
 * policy/default.yaml where a number should be judged. The command line, suites, reports and docs/tests.md
 * follow from the row; tests/unit/catalogue/test_degenerate.c puts every row through empty, single,
 * one-class, tied and infinite input.
 *
 * What the frame sees to before run is called, so that run need not:
 *   - what the row needs is there; else the entry is not-applicable and says what is missing
 *   - now (and before, where needed) has at least one case; LABELS are 0 or 1, both occur where BOTH is set
 *   - cases without a score, probability, outcome, weight, amount, date or grade that the row needs are left
 *     out and counted; so the arrays that the row needs hold no NaN. Scores may be infinite unless FINITE is
 *     set; probabilities are in [0, 1]; weights are finite and > 0
 *   - parameters are complete and in range
 *   - no legal profile blocks the test; else the entry is not-applicable and says which does
 * and after it:
 *   - E_DATA, E_SHAPE, E_ARG and E_CONVERGE become a refusal carrying the message; other failures pass on
 *   - a failure of a test that is only advisory under the legal profiles, or about a column that is none of
 *     their grounds, becomes an advice, and the note says so
 *   - fingerprints of data, reference, model, code, parameters and seed are put on every entry
 * run itself must not leave a quiet NaN: an entry has a value, or tables, or a verdict of refused or
 * not-applicable with a note. Scratch taken in run is given back by the frame. */
#ifndef VOUCH_TEST_H
#define VOUCH_TEST_H

#include "base/param.h"
#include "evidence/evidence.h"

struct vouch_table;
struct vouch_model;
struct vouch__sketch_set;
struct vouch__legal;
struct vouch__drift_memo;

/* What a test needs, and what it can use. Those that speak of cases hold for the reference too where NEEDS
 * has REFERENCE. */
typedef enum vouch__test_need {
    VOUCH__NEEDS_SCORE = 1,       /* larger = riskier; any number, or an infinity */
    VOUCH__NEEDS_PROBABILITY = 2, /* P(bad), in [0, 1] */
    VOUCH__NEEDS_LABELS = 4,      /* outcomes 0 and 1: bad[] */
    VOUCH__NEEDS_TARGET = 8,      /* outcomes on a scale: target[] (loss given default, amounts) */
    VOUCH__NEEDS_MODEL = 16,
    VOUCH__NEEDS_FEATURES = 32, /* a table and at least one input column */
    VOUCH__NEEDS_DATE = 64,     /* date[]: days since 1970, of the decision */
    VOUCH__NEEDS_GROUPS = 128,  /* protected groups: group[0] at least */
    VOUCH__NEEDS_SEGMENT = 256,
    VOUCH__NEEDS_GRADE = 512,         /* rating grades, in order of level[] */
    VOUCH__NEEDS_GRADE_BEFORE = 1024, /* the grade a period earlier */
    VOUCH__NEEDS_AMOUNT = 2048,       /* exposure or value of a case, finite and >= 0 */
    VOUCH__NEEDS_RIVAL = 4096,        /* another model's score of the same cases */
    VOUCH__NEEDS_REFERENCE = 8192,    /* a second data set: call->before */
    VOUCH__NEEDS_WEIGHT = 16384,
    VOUCH__NEEDS_BOTH = 32768,         /* both outcomes occur */
    VOUCH__NEEDS_FINITE = 65536,       /* no infinite score */
    VOUCH__NEEDS_RIVAL_MODEL = 262144, /* a second model: call->rival_model */
    VOUCH__KEEPS_UNKNOWN = 131072,     /* cases without an outcome stay: target[] is NaN and bad[] 0 there */
    VOUCH__NEEDS_CLASSES = 524288      /* an outcome of several classes, and a probability of each */
} vouch__test_need;

#define VOUCH__NO_LEVEL UINT32_MAX
typedef struct vouch__factor { /* a column of categories */
    const char *name;          /* of the column */
    size_t n_levels;
    const char *const *level; /* [n_levels]: texts in order of bytes, numbers in order of size */
    const uint32_t *code;     /* [n]; VOUCH__NO_LEVEL where missing */
} vouch__factor;

/* Cases, by column. Arrays that were not given are NULL; all are [n]. */
typedef struct vouch__sample {
    const char *part; /* "test", "reference": an entry's part; NULL where there is one set only */
    size_t n, n_bad;
    const double *score, *probability, *rival, *target, *weight, *date, *amount;
    const uint8_t *bad;
    const int32_t *points;      /* of a model that has them */
    const vouch__factor *group; /* [n_groups] */
    size_t n_groups;
    const vouch__factor *segment, *grade, *grade_before;
    const vouch__factor *outcome;    /* of several classes; its levels are the columns of: */
    const double *class_probability; /* [n x outcome->n_levels] row-major */
    const struct vouch_table *table;
    const uint32_t *row;   /* of the table, ascending; NULL: all of its rows, in order */
    const size_t *feature; /* [n_features] columns of the table */
    size_t n_features;
    bool features_chosen;                        /* named, or a model's: not just all that have no role */
    const size_t *group_column;                  /* [n_groups] */
    size_t id_column, label_column, date_column; /* SIZE_MAX where there is none */
    double bad_value;                            /* of label_column, that means bad */
    const char *score_name;                      /* "log-odds" or "score" */
    const char *rival_name;                      /* an entry's subject where the rival has a name, or NULL */
    size_t left_out;                             /* cases that lacked something */
    const struct vouch__sketch_set *sketches;    /* instead of cases, for tests of drift; n is their number */
} vouch__sample;

/* What tests of the same samples share: made by the first that needs it. */
typedef struct vouch__test_memo {
    struct vouch_table *both;        /* rows of before, then of now; NULL while nobody needed it */
    struct vouch__drift_memo *drift; /* how far every column moved; the same */
} vouch__test_memo;

struct vouch_test;
typedef struct vouch__test_call {
    const struct vouch_test *test;
    const vouch__sample *now, *before;     /* before: the reference, or NULL */
    const struct vouch_model *model;       /* or NULL */
    const struct vouch_model *rival_model; /* or NULL */
    const char *model_name;                /* an entry's model; NULL where there is none */
    const double *param;                   /* [test->n_params], in the order of the table */
    const vouch__json *given;              /* the mapping the parameters were read from, for TREEs; or NULL */
    uint64_t seed;
    vouch__test_memo *memo;            /* or NULL */
    struct vouch__legal *const *legal; /* [n_legal] profiles in force: the frame sees to them */
    size_t n_legal;
    vouch__evidence *list;
} vouch__test_call;

typedef struct vouch_test {
    const char *id;      /* "validate.auc": area, a dot, a name; the policy's and the controls' name too */
    const char *section; /* of the report: data | validate | explain | fairness | compare | decide | portfolio
                            | monitor */
    const char *title;
    const char *purpose;   /* what question it answers, in a sentence or two */
    const char *mechanism; /* how the number is made: an entry's method */
    const char
        *convention; /* what could have been done otherwise: ties, orientation, edges, degrees of freedom */
    const char *high_risk; /* what in the result should worry a validator */
    const char *strengths, *limits;
    const char *source;                 /* papers or paragraphs */
    const char *null_hypothesis, *unit; /* or NULL */
    unsigned needs, uses;               /* VOUCH__NEEDS_... */
    const vouch__param *params;
    size_t n_params;
    vouch_status (*run)(vouch_ctx *ctx, const vouch__test_call *call);
} vouch_test;

/* An entry with the row's words and the call's model, part and numbers of cases; INFO and without a value.
 * Set value and judged, interval, statistic and the rest, then add it. */
vouch__entry vouch__test_entry(const vouch__test_call *call);
/* The same from a row alone; __VA_ARGS__ are members of vouch__entry. */
#define VOUCH__TEST_ENTRY(row, ...)                                                                          \
    VOUCH__ENTRY(.id = (row).id, .section = (row).section, .title = (row).title, .purpose = (row).purpose,   \
                 .method = (row).mechanism, .convention = (row).convention, .source = (row).source,          \
                 .unit = (row).unit, .null_hypothesis = (row).null_hypothesis, __VA_ARGS__)
/* Add it (judged by the policy when .judged) and return its object, for tables and a plot. */
vouch__json *vouch__test_add(const vouch__test_call *call, const vouch__entry *entry);
/* One that says why there is no number; a sentence. */
void vouch__test_refuse(const vouch__test_call *call, const char *why);
void vouch__test_skip(const vouch__test_call *call, const char *why); /* not-applicable */

/* A parameter's value by name; the name must be one of the row's. */
double vouch__test_param(const vouch__test_call *call, const char *name);
/* The word of a CHOICE is this one. */
bool vouch__test_choice(const vouch__test_call *call, const char *name, const char *word);
/* What was given for a TREE, or NULL. */
const vouch__json *vouch__test_tree(const vouch__test_call *call, const char *name);

/* A table's rows: cells left to right. cells: 't' takes a const char *, 'n' a double. */
void vouch__test_row(const vouch__test_call *call, vouch__json *table, const char *cells, ...);

/* "labels, score" of needs, for messages and documents. Returns the length. */
size_t vouch__test_needs_text(unsigned needs, size_t size, char *out);
/* The need of that name ("labels"), or 0. */
unsigned vouch__test_need_find(const char *name);

#endif

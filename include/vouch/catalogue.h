/* vouch/catalogue.h: the tests that a model-risk function puts to a model, its scores and its data: what they
 * are, and running one of them or a suite. docs/tests.md has them all; docs/catalogue.md says how suites
 * work. SPDX-License-Identifier: Apache-2.0 */
#ifndef VOUCH_CATALOGUE_H
#define VOUCH_CATALOGUE_H

#include "vouch/models.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One test, described once. Constant; lives as long as the library. */
typedef struct vouch_test vouch_test;

VOUCH_API size_t vouch_test_count(void);
VOUCH_API const vouch_test *vouch_test_at(size_t i);         /* by area; NULL beyond the last */
VOUCH_API const vouch_test *vouch_test_find(const char *id); /* "validate.auc"; NULL when there is none */
VOUCH_API const char *vouch_test_id(const vouch_test *test);
VOUCH_API const char *vouch_test_title(const vouch_test *test);

/* What a test is for, how it is made, what should worry, its limits, source and parameters. form: "text" (for
 * terminals), "markdown" or "json". The caller frees *out_text with vouch_text_free. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_test_describe(vouch_ctx *ctx, const vouch_test *test,
                                                          const char *form, char **out_text);
/* Tests of an area ("validate"), that need something ("labels"), or that can run with what is there
 * ("score,labels"); any of the three may be NULL. form "markdown" is docs/tests.md.
 * Fails  E_ARG  a word that is none, with those that are */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_test_list(vouch_ctx *ctx, const char *area, const char *needs,
                                                      const char *with, const char *form, char **out_text);

/* Which columns are what. Names of columns of the data; NULL where there is none. The reference is read by
 * the same names; a column that it lacks is not given there. */
typedef struct vouch_test_columns {
    const char *id;
    const char *score;       /* larger = riskier; taken to be the probability too when all are in [0, 1] */
    int score_is_safe;       /* larger = safer: score and rival are negated */
    const char *probability; /* P(bad) */
    const char *rival;       /* another model's score */
    const char *label;       /* 0 and 1, or a target on a scale */
    const char *bad;         /* the label's value that means bad; NULL: 1 */
    const char *weight, *amount, *date, *segment, *grade, *grade_before;
    const char *outcome; /* of more than two classes, and a column of probabilities for each, between commas:
                            named as the classes, or ending in "_" and the class, or in the classes' order */
    const char *class_probabilities;
    const char *groups;   /* protected columns, between commas */
    const char *features; /* between commas; NULL: the model's inputs, else all columns without a role */
} vouch_test_columns;

typedef struct vouch_test_input {
    const vouch_table *data, *reference; /* reference may be NULL */
    const vouch_model *model;       /* NULL: none; scores the data when no score or probability is given */
    const vouch_model *rival_model; /* NULL: none; another version, or another model of the same cases */
    vouch_test_columns column;
    const char *policy; /* the text of a policy file; NULL: the default one; "" judges nothing */
    const char *legal;  /* legal profiles as in vouch_suite_options; NULL: none */
    uint64_t seed;
} vouch_test_input;

/* Run one test. params: a YAML or JSON mapping, NULL for the defaults. *out_json: {"entries": [..]} as in
 * docs/catalogue.md, canonical; freed with vouch_text_free. What the data do not allow is a refusal among the
 * entries and not a failure.
 * Fails  E_FORMAT (params, policy; with line and column), E_NOTFOUND (a column), E_DATA (a column's type) */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_test_run(vouch_ctx *ctx, const vouch_test *test,
                                                     const vouch_test_input *input, const char *params,
                                                     char **out_json);

/* A suite of tests on files. */
typedef struct vouch_suite_options {
    const char *suite; /* "classifier" and others that are built in, or a YAML file; NULL: tests only */
    const char *const *tests; /* [n_tests] ids, after those of the suite */
    size_t n_tests;
    const char *const *set; /* [n_set] "validate.ece.bins=20", for every run of that test */
    size_t n_set;
    const char *data, *reference, *model; /* as vouch_source and vouch_model_load; what a suite's file says of
                                             them holds where these are NULL */
    const char *rival_model;              /* another version, or another model of the same cases */
    vouch_test_columns column;
    const char *policy; /* a file, or the name of one that is built in; NULL: default */
    const char *legal;  /* legal profiles between commas, files or names of those that are built in: which
                           tests  of fairness.* are blocked, which only advise, and where no groups are named,
                           which  columns are; NULL: none */
    const char *duckdb; /* as in vouch_source */
    uint64_t seed;
    const char *out;   /* folder: evidence.json, report.html, and each finished test, which is not run again
                          while data, model, parameters, policy, seed and code are the same. NULL: none */
    const char *junit; /* file for JUnit XML; NULL: none */
    const char *stamp; /* a word across the report */
    int sketch; /* not 0: read data and reference once, in constant memory, as sketches of their columns;
                   tests of drift by column run on these, all others are not applicable. So it is too where
                   either is a stored sketch. column.features says which columns; roles other than score are
                   left out */
    const char *without; /* with sketches: columns to leave out, between commas; or NULL */
    size_t tables;       /* the summary is every entry's tables, so many rows of each; 0: a line an entry */
} vouch_suite_options;

typedef struct vouch_suite_result { /* text the caller frees with vouch_suite_result_clear */
    char *summary;                  /* for people */
    char *evidence;                 /* canonical JSON */
    char *report;                   /* path, or NULL */
    size_t tests, reused;           /* run; of which taken from out */
    size_t passed, advisory, failed, refused, not_applicable, info; /* entries */
} vouch_suite_result;

/* Fails  E_FORMAT  suite, policy or setting, with file, line and column;  E_NOTFOUND, E_DATA, E_UNAVAILABLE
 *        as reading and binding do;  E_CANCELLED  finished tests stay in out and are not run again */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_suite_run(vouch_ctx *ctx, const vouch_suite_options *options,
                                                      vouch_suite_result *out_result);
VOUCH_API void vouch_suite_result_clear(vouch_ctx *ctx, vouch_suite_result *result);
/* The suites that are built in, as text for people: name, title, tests. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_suite_list(vouch_ctx *ctx, char **out_text);

/* A reference stored as sketches, not rows: of every column a summary that is exact for few values, states
 * its error otherwise, and merges; some 40 KB a column whatever the rows. sources: as vouch_source, or stored
 * sketches; more than one are merged in this order. out: a file, *.sketch.
 * Fails  E_ARG  a name;  E_FORMAT  a stored sketch is damaged;  E_DATA  sources differ in columns; and as
 * vouch_table_open, but needs no id. */
typedef struct vouch_sketch_options {
    const char *const *sources; /* [n_sources] */
    size_t n_sources;
    const char *only, *without; /* columns between commas, or NULL */
    const char *duckdb, *out;
} vouch_sketch_options;
typedef struct vouch_sketch_result {
    double rows;
    size_t columns, exact; /* how many of them are exact */
    double error;          /* the largest error of a rank or count, as a share of the rows */
} vouch_sketch_result;
VOUCH_API VOUCH_MUST_USE vouch_status vouch_sketch_make(vouch_ctx *ctx, const vouch_sketch_options *options,
                                                        vouch_sketch_result *out_result);

#ifdef __cplusplus
}
#endif
#endif

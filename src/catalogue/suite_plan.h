/* catalogue/suite_plan.h: which tests a suite runs, with which parameters, on what. */
#ifndef VOUCH_SUITE_PLAN_H
#define VOUCH_SUITE_PLAN_H

#include "catalogue/tests.h"

typedef struct vouch__plan_item {
    const vouch_test *test;
    vouch__json *given; /* object: parameters of the suite, then of --set */
    double value[VOUCH__PARAMS_MAX];
} vouch__plan_item;

typedef struct vouch__plan {
    vouch__doc *doc;          /* owns what the rest points to */
    const char *name, *title; /* "classifier"; a sentence, or NULL */
    const char *data, *reference, *model, *rival_model, *policy, *legal,
        *folder;               /* NULL where the file does not say */
    vouch_test_columns column; /* the options', then the file's */
    vouch__plan_item *item;
    size_t n;
    vouch_alloc alloc;
} vouch__plan;

/* A suite's file: {suite: name, title, tests: [id | {id: {parameter: value}}], data, reference, model,
 * rival_model, policy, legal: [..], columns: {score, probability, label, bad, weight, amount, date, segment,
 * grade, grade_before, class, class_probabilities: [..], groups: [..], features: [..], id, rival,
 * score_is_safe}}. Files are found from the suite's folder. Fails E_FORMAT  file, line, column and the
 * nearest right word;  E_NOTFOUND  no such suite or file; E_ARG  a test or a setting of the options is none
 */
vouch_status vouch__plan_make(vouch_ctx *ctx, const vouch_suite_options *options, vouch__plan *out);
void vouch__plan_clear(vouch__plan *plan);

/* A file by its path; when there is none, the built-in one at <shelf>/<name>.yaml. */
vouch_status vouch__shelf_read(vouch_ctx *ctx, const char *shelf, const char *name, vouch__buf *out_text);

/* A suite in words of YAML, for the fuzzer too. plan is zeroed. */
vouch_status vouch__plan_parse(vouch_ctx *ctx, const char *path, const char *text, size_t len,
                               vouch__plan *plan);

#endif

/* trial.h: cases for tests of the catalogue, from JSON (a column "region" is the group's): {score: [..],
 * probability, rival, bad, target, weight, date, amount, points, group, segment, grade, grade_before: [texts
 * or numbers], groups: {name: [..]} (several protected columns, by the names of the table's), columns: {name:
 * [..]}, dates: [names of columns that hold days since 1970], integers: [names], id, label, time: a column's
 * name, features: [names] (else all but dates and not_features: [names]), part}. null is missing. What is
 * made stays until the program ends. */
#ifndef TRIAL_H
#define TRIAL_H

#include "golden.h"

#include "catalogue/tests.h"

vouch__sample trial_sample(const vouch__json *node);
/* The same from text; quotes may be single. */
vouch__sample trial_read(const char *json);

/* Put a test to cases (before may be NULL) with parameters from a mapping (NULL: defaults). */
vouch_status trial_run(vouch_ctx *ctx, const vouch_test *test, const vouch__sample *now,
                       const vouch__sample *before, const vouch__json *params, vouch__evidence *list);
/* The same with a model, which is its own rival (or NULL). */
vouch_status trial_run_model(vouch_ctx *ctx, const vouch_test *test, const struct vouch_model *model,
                             const vouch__sample *now, const vouch__sample *before, const vouch__json *params,
                             vouch__evidence *list);
/* The same with two models. */
vouch_status trial_run_models(vouch_ctx *ctx, const vouch_test *test,
                              const struct vouch_model *const model[2], const vouch__sample *now,
                              const vouch__sample *before, const vouch__json *params, vouch__evidence *list);

#endif

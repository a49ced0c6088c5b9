/* catalogue/suite_run.h: the parts of a suite's run. */
#ifndef VOUCH_SUITE_RUN_H
#define VOUCH_SUITE_RUN_H

#include "base/hash.h"
#include "catalogue/bind.h"
#include "catalogue/suite_plan.h"
#include "fairness/fair_suite.h"
#include "monitor/sketch_set.h"

enum { VOUCH__SUITE_LEGAL = 8 };

/* What results stand on. Empty where there is none. */
typedef struct vouch__prints {
    char data[VOUCH__HEX], reference[VOUCH__HEX], policy[VOUCH__HEX], legal[VOUCH__HEX];
    const char *model, *rival_model; /* or NULL */
    uint64_t seed;
} vouch__prints;

/* Put fingerprints on the entries after `last` (NULL: on all). */
void vouch__prints_add(vouch__evidence *list, const vouch__json *last, const vouch__prints *prints);

typedef struct vouch__suite_work {
    const vouch_suite_options *options;
    vouch__plan plan;
    vouch_table *data, *reference;
    vouch__sketch_set *sketches, *sketches_before; /* instead of tables */
    vouch_model *model, *rival_model;
    vouch__policy *policy;
    vouch__legal *legal[VOUCH__SUITE_LEGAL];
    size_t n_legal;
    vouch__prints prints;
    vouch__bound bound;
    bool is_bound;
    vouch__test_memo memo;
    vouch__evidence list; /* every entry */
    size_t reused;
} vouch__suite_work;

/* The suite is put to sketches of its data, not to cases. */
bool vouch__suite_is_sketched(const vouch__suite_work *work);
/* Open data or reference as sketches and bind them. */
vouch_status vouch__suite_sketch(vouch_ctx *ctx, vouch__suite_work *work, const char *path, bool is_own,
                                 bool is_reference);
/* Profiles between commas (NULL: none): read, in force today, none against another. Then, where no groups are
 * named, the columns whose names speak of a ground are. The names are kept in the plan's document. */
vouch_status vouch__suite_legal_open(vouch_ctx *ctx, vouch__suite_work *work, const char *names);
vouch_status vouch__suite_legal_groups(vouch_ctx *ctx, vouch__suite_work *work);

/* One test of the plan, from what is kept in options->out where that is of the same work, else run. Its
 * entries are added to work->list. */
vouch_status vouch__suite_item(vouch_ctx *ctx, vouch__suite_work *work, size_t i);

/* The root of evidence.json, made in the list's document: report/html_report.h says what is in it. */
vouch_status vouch__suite_root(vouch_ctx *ctx, vouch__suite_work *work, vouch__json **out_root);
/* Entries as JUnit XML: a fail verdict is a failure; what is refused or not applicable is skipped. */
void vouch__suite_junit(const char *name, const vouch__json *entries, vouch__buf *out);

#endif

/* run/project.h: the project file, read and checked: every key is known, of the right type and in range, or
 * the error names file, line, column and the nearest right key. */
#ifndef VOUCH_PROJECT_H
#define VOUCH_PROJECT_H

#include "data/checks.h"
#include "models/model_kind.h"
#include "run/law.h"
#include "vouch/govern.h"
#include "vouch/run.h"

enum { VOUCH__MODELS_MAX = 8 };

typedef struct vouch__model_plan {
    const char *name;
    const vouch__model_kind *kind;
    const vouch__json *mapping;  /* as written */
    const vouch__json *monotone; /* column -> up | down, or NULL */
    double *value;               /* [kind->n_params]; NULL for an import */
    const char *import;          /* the file of another library's model, from the project's folder; or NULL */
    vouch_import_options options;
} vouch__model_plan;

typedef struct vouch__project {
    vouch__doc *doc; /* the YAML; the texts below point into it */
    char *path;      /* as given */
    char *folder;    /* where relative files are found */
    char *text;      /* the file as read */
    size_t len;
    char fingerprint[VOUCH__HEX];

    const char *name, *source, *id, *target, *time, *weight, *group;
    const vouch__law *law;              /* what the target is */
    const vouch__json *bad;             /* the target's value that means bad: a number or a text; else NULL */
    const char *exposure;               /* column that outcomes are divided by and weighed with, or NULL */
    const vouch__json *protected_names; /* a list, or NULL */
    const vouch__json *ignored_names;   /* a list, or NULL */
    vouch__column_rule *rule;
    size_t n_rules;

    vouch__split_by split_by;
    double test, tune, out_of_time;
    uint64_t seed;
    size_t folds, fold;

    vouch__model_plan plan[VOUCH__MODELS_MAX];
    size_t n_plans;
    const char *prefer; /* model name */
    double margin;

    double max_bad_rate, cutoff; /* of an event: one of them; the other is NAN */
    double profit[3];            /* margin, lgd and cost of strategy curves; NAN: as the test has them */
    const char *amount;          /* column of amounts for them, or NULL */
    const char *method;          /* average-applicant | just-approved | most-points | neutral-points */
    size_t most;
    const vouch__json *reasons;
    const char *controls, *policy;
    const vouch__json *legal;   /* a list of names */
    const vouch__json *rejects; /* whom the past accepted and how the others are brought in, or NULL */
    bool calibrates;            /* every model on tune, as this says; texts point into doc */
    vouch_calibrate_options calibrate;
    const vouch__json *alternatives; /* the rules of a search (run/lda.h), or NULL */
    vouch_alloc alloc;
} vouch__project;

vouch_status vouch__project_read(vouch_ctx *ctx, const char *path, vouch__project *out_project);
/* The same from text already in memory; folder is where relative files are found. */
vouch_status vouch__project_parse(vouch_ctx *ctx, const char *path, const char *folder, const char *text,
                                  size_t len, vouch__project *out_project);
void vouch__project_clear(vouch__project *project);

/* The store called name, or where that is NULL the one beside the project. */
vouch_status vouch__project_store(vouch_ctx *ctx, const vouch__project *project, const char *name,
                                  vouch_store **out_store);

/* The text of a policy, control set or legal profile called name: a file beside the project if name ends in
 * .yaml and is there; else the one that travels inside the library, as name or as <shelf>/<name>.yaml. */
vouch_status vouch__project_file(vouch_ctx *ctx, const vouch__project *project, const char *shelf,
                                 const char *name, vouch__buf *out_text);

#endif

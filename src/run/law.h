/* run/law.h: what the outcome of a project is. Stages do not ask whether it is an event: they ask the law
 * what applies, and take the stages that its kind of outcome has (run/job.h). */
#ifndef VOUCH_LAW_H
#define VOUCH_LAW_H

#include "models/model_kind.h"
#include "validate/actual.h"

struct vouch__stages;

typedef struct vouch__law {
    const char *name;   /* of data.target.law; two laws may share one: settled when outcomes are known */
    const char *what;   /* "a count", in messages */
    double least, most; /* of an outcome */
    const char *loss;   /* of models whose parameters "loss" or "family" the project does not set */
    const char *family;
    const char *metric; /* that champions are chosen by */
    const struct vouch__stages *stages;
    vouch__yardstick yardstick;
    bool is_event; /* of yes or no: data.target.bad says which value, and there is a cut-off */
    bool takes_exposure;
    bool is_open; /* least itself is no outcome */
} vouch__law;

/* By name; NULL: "event". The first of that name. NULL where there is none. */
const vouch__law *vouch__law_find(const char *name);
#define VOUCH__LAW_WORDS "event|count|amount|value|share"

/* The law that outcomes[n] have under this name. Fails E_DATA naming the first row that can't be one. */
vouch_status vouch__law_settle(vouch_ctx *ctx, const vouch__law *law, const char *where, size_t n,
                               const double *outcome, const vouch__law **out);

/* A model's own loss or family where the mapping does not name one. Fails E_DATA  its kind fits no such
 * outcome. */
vouch_status vouch__law_model(vouch_ctx *ctx, const vouch__law *law, const char *name,
                              const vouch__model_kind *kind, const vouch__json *mapping, double *value);

#endif

/* fairness/outcomes.h: what the parts of vouch__fair_outcomes share. */
#ifndef VOUCH_OUTCOMES_H
#define VOUCH_OUTCOMES_H

#include "evidence/test.h"
#include "fairness/groups.h"

/* One part of the rows, scored and decided, and what judges it. */
typedef struct vouch__outcomes {
    const vouch__fair_data *data;
    const vouch_model *model;           /* NULL where only scores are known */
    const char *model_name, *part_name; /* as entries tell them; NULL where there is none */
    vouch__part part;
    size_t n;
    const uint32_t *row;
    const double *raw;
    const uint8_t *approve, *bad; /* bad: NULL where outcomes are not known */
    vouch__legal *const *legal;
    size_t n_legal;
    vouch__evidence *list;
} vouch__outcomes;

/* The rows of the catalogue, their parameters, and what runs them all. */
extern const vouch_test vouch__test_fair_air, vouch__test_fair_smd, vouch__test_fair_error_rates,
    vouch__test_fair_score_proxy;
enum { VOUCH__FAIR_PARAMS = 2 };
extern const vouch__param vouch__fair_params[VOUCH__FAIR_PARAMS];
vouch_status vouch__fair_run(vouch_ctx *ctx, const vouch__test_call *call);

/* Each adds its entries for one protected column. */
vouch_status vouch__fair_air(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *groups);
vouch_status vouch__fair_smd(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *groups);
vouch_status vouch__fair_errors(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *groups);
vouch_status vouch__fair_score_proxy(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *groups);
vouch_status vouch__fair_flip(vouch_ctx *ctx, const vouch__outcomes *o, size_t column);

/* Is test blocked by a profile? Then an entry that says so is added. */
bool vouch__fair_is_blocked(const vouch__outcomes *o, const vouch__entry *entry);
/* Add an entry as the profiles want it. What is beyond a limit is judged one step milder where is_chance: the
 * test of the difference cannot tell it from none; and a failure is an advice where the test is only
 * advisory. The note says which. */
vouch__json *vouch__fair_add(const vouch__outcomes *o, const vouch__entry *entry, bool is_chance);

#endif

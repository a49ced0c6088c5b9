/* models/trees_c.h: models of trees as C. */
#ifndef VOUCH_TREES_C_H
#define VOUCH_TREES_C_H

#include "models/model_kind.h"

enum { VOUCH__TREES_FORMS = 6, VOUCH__FOREST_FORMS = 1 };
extern const vouch__form vouch__trees_forms[VOUCH__TREES_FORMS];   /* of kinds gbdt, tree and rules */
extern const vouch__form vouch__forest_forms[VOUCH__FOREST_FORMS]; /* of imported trees */
struct vouch__speech;
struct vouch__say;
vouch_status vouch__trees_say(struct vouch__speech *speech, struct vouch__say **out_said);

#endif

/* models/trees_c.h: models of trees as C. */
#ifndef VOUCH_TREES_C_H
#define VOUCH_TREES_C_H

#include "models/model_kind.h"

enum { VOUCH__TREES_FORMS = 1 };
extern const vouch__form vouch__trees_forms[VOUCH__TREES_FORMS]; /* of kinds gbdt and forest */

#endif

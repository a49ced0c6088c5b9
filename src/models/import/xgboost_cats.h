/* models/import/xgboost_cats.h: the names of categories that XGBoost 3.1 and later keep in a model trained on
 * text or data-frame categories. */
#ifndef VOUCH_XGBOOST_CATS_H
#define VOUCH_XGBOOST_CATS_H

#include "models/import/maker.h"
#include "models/import/tokens.h"

typedef struct vouch__cats {
    vouch__buf text;          /* names, each with a NUL, feature after feature */
    vouch__buf count;         /* u32 a feature: how many names; UINT32_MAX: the categories are numbers */
    vouch__buf offset, value; /* of the feature being read */
    bool is_number;
} vouch__cats;

void vouch__cats_init(vouch_ctx *ctx, vouch__cats *cats);
void vouch__cats_clear(vouch__cats *cats);
vouch_status vouch__cats_read(vouch__tokens *in, const vouch__token *token, vouch__cats *cats);
/* Make the features with names categories of the model, and put the sets of the nodes in the order of its
 * names. */
vouch_status vouch__cats_apply(vouch__maker *maker, vouch__cats *cats);

#endif

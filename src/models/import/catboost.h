/* models/import/catboost.h: what is noted of a CatBoost file while it is read, and the forest made of it. */
#ifndef VOUCH_CATBOOST_H
#define VOUCH_CATBOOST_H

#include "models/import/maker.h"

typedef enum vouch__cat_nan { VOUCH__NAN_AS_IS, VOUCH__NAN_FALSE, VOUCH__NAN_TRUE } vouch__cat_nan;

typedef struct vouch__cat_feature { /* as listed: place by index, input by flat index */
    int64_t flat;
    vouch__cat_nan nan;
    bool is_category;
} vouch__cat_feature;

typedef struct vouch__cat_split {
    int64_t feature; /* among the float ones, or the categorical ones */
    double border;
    int64_t value;
    bool is_category;
} vouch__cat_split;

typedef struct vouch__cat_reading {
    vouch__maker *m;
    vouch__buf floats, cats;                   /* feature, by index */
    vouch__buf names, name_at;                 /* text, and u32 by order of arrival: where it starts */
    vouch__buf name_flat;                      /* u32 */
    vouch__buf hash_text, hash_at, hash_value; /* of cat_features_hash */
    vouch__buf splits, leaves, covers, tree_splits, tree_leaves,
        tree_covers; /* all trees, and where each begins */
    vouch__buf biases, objective, version;
    double scale;
    vouch__cat_feature one; /* being read */
    int64_t one_at;
    vouch__cat_split cut;
    bool has_scale, is_named, cut_is_known;
} vouch__cat_reading;

vouch_status vouch__catboost_make(vouch__cat_reading *reading);

#endif

/* models/pmml_text.h: what PMML 4.4 files that models are written as have in common. */
#ifndef VOUCH_PMML_TEXT_H
#define VOUCH_PMML_TEXT_H

#include "models/model_kind.h"

/* Text that may stand between tags and in attributes; and an attribute with it, a space before. */
void vouch__pmml_escaped(vouch__buf *out, const char *text);
void vouch__pmml_attribute(vouch__buf *out, const char *name, const char *text);
/* The file up to the end of its DataDictionary, with the inputs that are used. */
void vouch__pmml_begin(vouch__buf *out, const vouch_model *model, const bool *used);
/* MiningFields of those, and the one number that comes out. */
void vouch__pmml_fields(vouch__buf *out, const vouch_model *model, const bool *used, const char *output);
/* <SimplePredicate/>; value NULL: none. And <SimpleSetPredicate> of the categories in[n_categories]. */
void vouch__pmml_simple(vouch__buf *out, const char *input, const char *operator, const double * value);
void vouch__pmml_set(vouch__buf *out, const vouch__input *input, const uint8_t *in);

#endif

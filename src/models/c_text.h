/* models/c_text.h: what files of C that models are written as have in common. */
#ifndef VOUCH_C_TEXT_H
#define VOUCH_C_TEXT_H

#include "models/model_kind.h"

/* A C string literal. */
void vouch__c_string(vouch__buf *out, const char *text);
/* A constant of type double that has these bits; infinity is HUGE, which the file defines. NaN has none. */
void vouch__c_number(vouch__buf *out, double value);
/* The model's name as a name in C: anything but letters and digits is _. */
enum { VOUCH__C_NAME = 62 };
void vouch__c_name(const vouch_model *model, char out[VOUCH__C_NAME]);
/* `enum { INPUTS }`, the names of the inputs as <prefix>_input, and a function <prefix>_code that gives the
 * code of a category. */
void vouch__c_inputs(vouch__buf *out, const vouch__inputs *inputs, const char *prefix);
/* A program around <prefix>_raw, so that anyone can see that the bits are those of vouch. */
void vouch__c_check(vouch__buf *out, const char *prefix);

#endif

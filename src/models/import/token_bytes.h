/* models/import/token_bytes.h: between tokens.c and the readers of the two notations. */
#ifndef VOUCH_TOKEN_BYTES_H
#define VOUCH_TOKEN_BYTES_H

#include "models/import/tokens.h"

vouch_status vouch__json_next(vouch__tokens *in, vouch__token *out);
vouch_status vouch__ubjson_next(vouch__tokens *in, vouch__token *out);
/* Both only white space up to the end. */
vouch_status vouch__token_open(vouch__tokens *in, bool is_object);
void vouch__token_key(vouch__tokens *in, const void *text, size_t len);
bool vouch__json_unescape(const char *text, size_t len, vouch__buf *out);

#endif

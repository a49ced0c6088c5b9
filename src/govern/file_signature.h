/* govern/file_signature.h: a file that a person has signed, FILE.sig beside it: canonical JSON {file: its
 * SHA-256, key: the key's id, on, person, public_key, signature}, the signature being over the SHA-256 of the
 * same without it. Whose key it is, the store's grants say. */
#ifndef VOUCH_FILE_SIGNATURE_H
#define VOUCH_FILE_SIGNATURE_H

#include "base/json.h"

/* The signature of a file whose content is bytes[len]: *out_doc is its JSON, NULL where there is no FILE.sig.
 * Fails  E_FORMAT (not such a signature), E_CORRUPT (of another content, or forged) */
vouch_status vouch__file_signature(vouch_ctx *ctx, const char *path, const void *bytes, size_t len,
                                   vouch__doc **out_doc);

#endif

/* base/json_doc.h: the document's inside, for the readers. */
#ifndef VOUCH_JSON_DOC_H
#define VOUCH_JSON_DOC_H

#include "base/json.h"

enum { VOUCH__JSON_DEPTH = 64 };

typedef struct vouch__doc_block vouch__doc_block;

struct vouch__doc {
    vouch_alloc alloc;
    vouch_status status;
    vouch__json *root;
    vouch__doc_block *blocks;
};

void *vouch__doc_take(vouch__doc *doc, size_t bytes); /* zeroed; NULL once the document has failed */
vouch__json *vouch__doc_node(vouch__doc *doc, vouch__json_type type);
void vouch__doc_append(vouch__json *parent,
                       vouch__json *child); /* no look for duplicates; NULL child is fine */

/* Fails E_FORMAT where a member's key repeats an earlier one's, at its place in the text called name;
 * E_NOMEM. O(n log n). */
vouch_status vouch__json_no_repeats(vouch_ctx *ctx, const char *name, const vouch__json *object);

/* Children sorted by key, bytewise, ties in order of arrival. sorted [object->len], room [object->len]. */
void vouch__json_sort(const vouch__json *object, const vouch__json **sorted, const vouch__json **room);

vouch_status vouch__fail_at(vouch_ctx *ctx, vouch_status status, const char *name, uint32_t line,
                            uint32_t column, const char *text);

#endif

/* text_entrance.h: text that was read as a tree: a refusal says where; what is accepted has one canonical
 * text, which reads back to itself. */
#ifndef TEXT_ENTRANCE_H
#define TEXT_ENTRANCE_H

#include "base/json.h"
#include "require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* "in:LINE:COLUMN: words" */
static bool says_where(const char *message)
{
    char *end;
    if (strncmp(message, "in:", 3) != 0)
        return false;
    if (strtoul(message + 3, &end, 10) == 0 || *end != ':')
        return false;
    return strtoul(end + 1, &end, 10) != 0 && end[0] == ':' && end[1] == ' ' && end[2] != '\0' &&
           !strchr(message, '\n');
}

static void check_read(vouch_ctx *ctx, vouch_status status, const vouch__doc *doc)
{
    vouch__doc *again = NULL;
    vouch__buf one, two;
    if (status) {
        require(doc == NULL && says_where(vouch_ctx_error(ctx)));
        return;
    }
    vouch__buf_init(ctx, &one, 0);
    vouch__buf_init(ctx, &two, 0);
    vouch__json_write(&one, vouch__doc_root(doc));
    require(vouch__buf_status(ctx, &one) == VOUCH_OK && vouch__utf8_valid(one.at, one.len));
    require(vouch__json_read(ctx, "in", one.at, one.len, 0, &again) == VOUCH_OK);
    vouch__json_write(&two, vouch__doc_root(again));
    require(one.len == two.len && memcmp(one.at, two.at, one.len) == 0);
    vouch__buf_free(&one);
    vouch__buf_free(&two);
    vouch__doc_free(again);
}

#endif

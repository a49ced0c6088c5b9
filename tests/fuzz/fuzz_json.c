/* Any bytes as JSON: a refusal says where; what is accepted has one canonical text, which reads back to
 * itself. */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_so)
{
    if (!is_so)
        abort();
}

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__doc *doc = NULL, *again = NULL;
    vouch__buf one, two;
    require(ctx != NULL);
    vouch__buf_init(ctx, &one, 0);
    vouch__buf_init(ctx, &two, 0);
    if (vouch__json_read(ctx, "in", (const char *)data, size, 0, &doc) != VOUCH_OK) {
        require(doc == NULL && says_where(vouch_ctx_error(ctx)));
    } else {
        vouch__json_write(&one, vouch__doc_root(doc));
        require(vouch__buf_status(ctx, &one) == VOUCH_OK && vouch__utf8_valid(one.at, one.len));
        require(vouch__json_read(ctx, "in", one.at, one.len, 0, &again) == VOUCH_OK);
        vouch__json_write(&two, vouch__doc_root(again));
        require(one.len == two.len && memcmp(one.at, two.at, one.len) == 0);
    }
    vouch__buf_free(&one);
    vouch__buf_free(&two);
    vouch__doc_free(doc);
    vouch__doc_free(again);
    vouch_ctx_free(ctx);
    return 0;
}

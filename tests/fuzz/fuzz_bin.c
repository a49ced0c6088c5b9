/* Any text as the rules of binning one column, or two at once: never a crash, a refusal says why in one line,
 * and bins are whole. */
#include "tiny_model.h"

#include "vouch/bins.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static tiny_model t;
    if (!t.ctx) {
        double bad[TINY_ROWS];
        vouch_ctx_options options = { .threads = 1 };
        t.ctx = vouch_ctx_new(&options);
        if (!t.ctx)
            abort();
        tiny_table(&t, bad);
    }
    if (memchr(data, '\0', size))
        return 0;
    char *rules = malloc(size + 1);
    if (!rules)
        return 0;
    memcpy(rules, data, size);
    rules[size] = '\0';
    for (size_t column = 0; column < 2; column++) {
        vouch_table *bins = NULL;
        char *json = NULL;
        vouch_status status = vouch_bin(t.ctx, t.table, column, 2, SIZE_MAX, rules, &json, &bins);
        if (status ? json || bins || *vouch_ctx_error(t.ctx) == '\0' || strchr(vouch_ctx_error(t.ctx), '\n')
                   : !json || !bins || vouch_table_rows(bins) == 0)
            abort();
        vouch_text_free(t.ctx, json);
        vouch_table_unref(bins);
    }
    vouch_table *bins = NULL, *grid = NULL;
    char *json = NULL;
    vouch_status status = vouch_bin_pair(t.ctx, t.table, 0, 1, 2, SIZE_MAX, rules, &json, &bins, &grid);
    if (status
            ? json || bins || grid || *vouch_ctx_error(t.ctx) == '\0' || strchr(vouch_ctx_error(t.ctx), '\n')
            : !json || !bins || !grid || vouch_table_rows(bins) == 0)
        abort();
    vouch_text_free(t.ctx, json);
    vouch_table_unref(bins);
    vouch_table_unref(grid);
    free(rules);
    return 0;
}

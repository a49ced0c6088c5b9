/* The legal profiles of a suite. */
#include "catalogue/suite_run.h"

#include "data/table.h"

#include <string.h>

#define MICROSECONDS_A_DAY 86400000000LL

static vouch_status read_one(vouch_ctx *ctx, vouch__suite_work *w, const char *name, vouch__buf *all)
{
    vouch__buf text;
    vouch__buf_init(ctx, &text, 0);
    vouch_status status = w->n_legal < VOUCH__SUITE_LEGAL
                              ? vouch__shelf_read(ctx, "legal", name, &text)
                              : vouch__fail(ctx, VOUCH_E_LIMIT, "over %d legal profiles", VOUCH__SUITE_LEGAL);
    if (!status)
        status = vouch__legal_read(ctx, name, text.at, text.len, &w->legal[w->n_legal]);
    w->n_legal += !status;
    if (!status)
        vouch__buf_add(all, text.at, text.len);
    vouch__buf_free(&text);
    return status;
}

vouch_status vouch__suite_legal_open(vouch_ctx *ctx, vouch__suite_work *w, const char *names)
{
    vouch__buf name, all;
    vouch_status status = VOUCH_OK;
    vouch__buf_init(ctx, &name, 0);
    vouch__buf_init(ctx, &all, 0);
    for (const char *at = names ? names : ""; *at && !status;) {
        size_t len = strcspn(at, ","), from = strspn(at, " ");
        while (len > from && at[len - 1] == ' ')
            len--;
        vouch__buf_clear(&name);
        vouch__buf_add(&name, at + from, len > from ? len - from : 0);
        status = vouch__buf_status(ctx, &name);
        if (!status && name.len)
            status = read_one(ctx, w, name.at, &all);
        at += strcspn(at, ",");
        at += *at == ',';
    }
    if (!status)
        status = vouch__legal_check(ctx, w->n_legal, w->legal,
                                    (int32_t)(vouch__now(ctx) / MICROSECONDS_A_DAY));
    if (!status)
        status = vouch__buf_status(ctx, &all);
    if (!status && all.len)
        status = vouch__hash_hex(ctx, all.at, all.len, w->prints.legal);
    vouch__buf_free(&name);
    vouch__buf_free(&all);
    return status;
}

vouch_status vouch__suite_legal_groups(vouch_ctx *ctx, vouch__suite_work *w)
{
    const vouch__json *all = NULL;
    vouch__doc *doc = w->plan.doc;
    if (w->plan.column.groups)
        return VOUCH_OK;
    for (size_t j = 0; w->n_legal && j < vouch_table_cols(w->data); j++) {
        const char *name = vouch_table_name(w->data, j);
        bool is_ground = false;
        for (size_t i = 0; i < w->n_legal; i++)
            is_ground = is_ground || vouch__legal_ground(w->legal[i], name);
        if (is_ground)
            all = all ? vouch__json_fmt(doc, "%s,%s", all->text, name) : vouch__json_text(doc, name);
    }
    w->plan.column.groups = all ? all->text : NULL;
    return vouch__doc_status(ctx, doc);
}

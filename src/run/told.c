/* Tables for people, canonical JSON and a page from one list of entries. */
#include "run/told.h"

#include "data/table.h"
#include "report/html_report.h"
#include "report/text_summary.h"

#include <math.h>

enum { ROWS = 60 };

vouch_status vouch__told_root(vouch_ctx *ctx, vouch__evidence *list, const char *project, const char *title,
                              double seed, const char *source, const vouch_table *table,
                              vouch__json **out_root, vouch__json **out_data)
{
    vouch__doc *doc = list->doc;
    char hash[VOUCH__HEX] = "";
    vouch_status status = table ? vouch__table_fingerprint(ctx, table, hash) : VOUCH_OK;
    if (status)
        return status;
    vouch__json *root = vouch__json_object(doc);
    (void)vouch__json_set(doc, root, "project", vouch__json_text(doc, project));
    (void)vouch__json_set(doc, root, "title", vouch__json_text(doc, title));
    vouch__json *code = vouch__json_set(doc, root, "code", vouch__json_object(doc));
    (void)vouch__json_set(doc, code, "version", vouch__json_text(doc, vouch_version()));
    (void)vouch__json_set(doc, code, "build", vouch__json_text(doc, vouch_build_id()));
    if (!isnan(seed))
        (void)vouch__json_set(doc, root, "seed", vouch__json_number(doc, seed));
    *out_data = vouch__json_set(doc, root, "data", vouch__json_object(doc));
    if (table) {
        (void)vouch__json_set(doc, *out_data, "source", vouch__json_text(doc, source));
        (void)vouch__json_set(doc, *out_data, "rows",
                              vouch__json_number(doc, (double)vouch_table_rows(table)));
        (void)vouch__json_set(doc, *out_data, "fingerprint", vouch__json_text(doc, hash));
    }
    (void)vouch__json_set(doc, root, "verdicts", vouch__report_count(doc, list->entries));
    (void)vouch__json_set(doc, root, "entries", list->entries);
    *out_root = root;
    return vouch__doc_status(ctx, doc);
}

vouch_status vouch__told_write(vouch_ctx *ctx, const vouch__evidence *list, const vouch__json *root,
                               vouch_told *out)
{
    vouch__buf text[3];
    char **to[] = { &out->summary, &out->evidence, &out->report };
    for (size_t k = 0; k < 3; k++)
        vouch__buf_init(ctx, &text[k], 0);
    vouch_status status = vouch__report_tables(ctx, list->entries, ROWS, &text[0]);
    vouch__json_write(&text[1], root);
    if (!status)
        status = vouch__report_html(ctx, root, NULL, &text[2]);
    for (size_t k = 0; k < 3 && !status; k++)
        status = vouch__buf_status(ctx, &text[k]);
    for (size_t k = 0; k < 3; k++) {
        if (!status)
            *to[k] = vouch__buf_take(&text[k]);
        vouch__buf_free(&text[k]);
    }
    return status;
}

void vouch_told_clear(vouch_ctx *ctx, vouch_told *told)
{
    vouch_text_free(ctx, told->summary);
    vouch_text_free(ctx, told->evidence);
    vouch_text_free(ctx, told->report);
    *told = (vouch_told){ .summary = NULL };
}

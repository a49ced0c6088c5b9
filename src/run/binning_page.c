/* Bins as a page: what vouch_bin or vouch_bin_pair tells, as evidence that a report shows. */
#include "vouch/run.h"

#include "bins/bin_tell.h"
#include "data/table.h"
#include "evidence/evidence.h"
#include "report/html_report.h"

#include <stdio.h>
#include <string.h>

enum { NAME = 80 }; /* bytes of a column's name in a sentence */

typedef struct binning {
    vouch__doc *told; /* what is shown */
    const vouch__json *root;
    const vouch_table *grid; /* NULL: of one column */
    vouch__evidence list;
    const char *level, *level_words; /* the member of a bin that is its level */
    const char *worth;               /* what a bin's share of the objective is called */
} binning;

static const char *text_of(const vouch__json *o, const char *key)
{
    const char *text = vouch__json_string(vouch__json_get(o, key));
    return text ? text : "";
}

static double number_of(const vouch__json *o, const char *key)
{
    return vouch__json_double(vouch__json_get(o, key), NAN);
}

/* Do bins weigh what they have rows? Then a frequency is of a row. */
static bool is_unweighted(const vouch__json *bins)
{
    for (const vouch__json *o = bins->first; o; o = o->next)
        if (number_of(o, "weight") != number_of(o, "rows"))
            return false;
    return true;
}

static void find_level(binning *b)
{
    static const char *const name[][3] = {
        { "event_rate", "event rate", "iv" },
        { "mean", "mean", "variance_explained" },
        { "frequency", "frequency: events per unit of exposure", "deviance_explained" },
        { "share_of_last_class", "share of the last class", "information" }
    };
    const vouch__json *bins = vouch__json_get(b->root, "bins");
    for (size_t k = 0; k < sizeof name / sizeof *name; k++)
        if (vouch__json_get(bins->first, name[k][0])) {
            b->level = name[k][0];
            b->level_words = k == 2 && is_unweighted(bins) ? "frequency: events per row" : name[k][1];
            b->worth = name[k][2];
        }
}

static void show_bins(binning *b, vouch__json *object)
{
    char columns[80];
    const vouch__json *first = vouch__json_get(b->root, "bins")->first;
    bool has_events = vouch__json_get(first, "events"), has_woe = vouch__json_get(first, "woe");
    (void)snprintf(columns, sizeof columns, "bin,rows,share,%s%s,%s%s", has_events ? "events," : "", b->level,
                   b->worth, has_woe ? ",woe" : "");
    vouch__json *table = vouch__evidence_table(&b->list, object, "bins", columns);
    const char *const key[] = { "rows",   "share", has_events ? "events" : NULL,
                                b->level, "worth", has_woe ? "woe" : NULL };
    for (const vouch__json *o = first; o; o = o->next) {
        vouch__json *row = vouch__evidence_row(&b->list, table);
        vouch__row_text(&b->list, row, text_of(o, "label"));
        for (size_t k = 0; k < sizeof key / sizeof *key; k++)
            if (key[k])
                vouch__row_number(&b->list, row, number_of(o, key[k]));
    }
}

static void show_price(binning *b, vouch__json *object)
{
    const vouch__json *price = vouch__json_get(b->root, "price");
    if (!price || !price->len)
        return;
    vouch__json *table = vouch__evidence_table(&b->list, object, "price_of_trends",
                                               b->grid ? "trend,of_the_second,value" : "trend,value");
    for (const vouch__json *o = price->first; o; o = o->next) {
        vouch__json *row = vouch__evidence_row(&b->list, table);
        vouch__row_text(&b->list, row, b->grid ? text_of(o, "trend") : o->key);
        if (b->grid)
            vouch__row_text(&b->list, row, text_of(o, "with_trend"));
        vouch__row_number(&b->list, row, b->grid ? number_of(o, "value") : vouch__json_double(o, NAN));
    }
}

/* A row of the table for each crossing of ranges, which the plot draws as a map. */
static void show_map(binning *b, vouch__json *object)
{
    char columns[64];
    (void)snprintf(columns, sizeof columns, "first,second,%s", b->level);
    vouch__json *table = vouch__evidence_table(&b->list, object, "map", columns);
    for (size_t y = 0; y < vouch_table_rows(b->grid); y++)
        for (size_t x = 1; x < vouch_table_cols(b->grid); x++) {
            vouch__json *row = vouch__evidence_row(&b->list, table);
            double code = NAN, level = NAN;
            vouch_table_read(b->grid, 0, y, y + 1, &code);
            vouch_table_read(b->grid, x, y, y + 1, &level);
            vouch__row_text(&b->list, row, vouch_table_name(b->grid, x));
            vouch__row_text(&b->list, row, vouch_table_category(b->grid, 0, (size_t)code));
            vouch__row_number(&b->list, row, level);
        }
    (void)snprintf(columns, sizeof columns, "%s,second", b->level);
    vouch__evidence_plot(&b->list, object, "heat", "map", "first", columns, text_of(b->root, "column"),
                         text_of(b->root, "with"));
}

static void show(binning *b)
{
    char title[300], about[200], note[200] = "";
    bool is_pair = b->grid != NULL;
    const char *first = text_of(b->root, "column"), *second = text_of(b->root, "with");
    const char *target = text_of(b->root, "target");
    int of_first = vouch__bin_fit(first, NAME), of_second = vouch__bin_fit(second, NAME);
    (void)snprintf(title, sizeof title, "Bins of %.*s%s%.*s for %.*s", of_first, first,
                   is_pair ? " and " : "", of_second, second, vouch__bin_fit(target, NAME), target);
    (void)snprintf(about, sizeof about, is_pair ? "%.*s across, %.*s down" : "%.*s%.*s", of_first, first,
                   of_second, second);
    if (is_pair)
        (void)snprintf(note, sizeof note, "%s",
                       vouch__json_flag(vouch__json_get(b->root, "is_best"), false)
                           ? "Proved the best of all cuts of the grid into rectangles."
                           : "The best found; what it could be at most is the bound in the JSON form.");
    vouch__json *object = vouch__evidence_add(
        &b->list,
        &VOUCH__ENTRY(.id = is_pair ? "data.bins_of_two" : "data.bins", .section = "data", .title = title,
                      .subject = about, .purpose = "How far ranges of values tell the target apart.",
                      .method = is_pair ? "Rectangles of a grid of cells, by branch and bound."
                                        : "Runs of cells, by dynamic programming.",
                      .unit = text_of(b->root, "objective"), .n = number_of(b->root, "rows"),
                      .value = number_of(b->root, "value"), .note = *note ? note : NULL));
    if (is_pair)
        show_map(b, object);
    show_bins(b, object);
    if (!is_pair)
        vouch__evidence_plot(&b->list, object, "bars", "bins", "bin", b->level, text_of(b->root, "column"),
                             b->level_words);
    show_price(b, object);
}

static vouch_status make_root(vouch_ctx *ctx, const binning *b, const vouch_table *table, const char *source,
                              vouch__json **out_root)
{
    vouch__doc *doc = b->list.doc;
    char hash[VOUCH__HEX];
    vouch_status status = vouch__table_fingerprint(ctx, table, hash);
    if (status)
        return status;
    vouch__json *root = vouch__json_object(doc);
    vouch__json *code = vouch__json_object(doc), *data = vouch__json_object(doc);
    const struct {
        vouch__json *of;
        const char *key, *text;
    } facts[] = { { root, "project", text_of(b->root, "column") },
                  { root, "title", "Bins" },
                  { code, "version", vouch_version() },
                  { code, "build", vouch_build_id() },
                  { data, "source", source },
                  { data, "fingerprint", hash } };
    for (size_t k = 0; k < sizeof facts / sizeof *facts; k++)
        (void)vouch__json_set(doc, facts[k].of, facts[k].key, vouch__json_text(doc, facts[k].text));
    (void)vouch__json_set(doc, data, "rows", vouch__json_number(doc, (double)vouch_table_rows(table)));
    (void)vouch__json_set(doc, root, "code", code);
    (void)vouch__json_set(doc, root, "data", data);
    (void)vouch__json_set(doc, root, "verdicts", vouch__report_count(doc, b->list.entries));
    (void)vouch__json_set(doc, root, "entries", b->list.entries);
    *out_root = root;
    return vouch__doc_status(ctx, doc);
}

vouch_status vouch_bin_page(vouch_ctx *ctx, const vouch_table *table, const char *source, const char *bins,
                            const vouch_table *grid, char **out_html)
{
    binning b = { .grid = grid };
    vouch__json *root = NULL;
    vouch__buf html;
    vouch__buf_init(ctx, &html, 0);
    vouch_status status = vouch__json_read(ctx, "bins", bins, strlen(bins), 0, &b.told);
    if (!status)
        status = vouch__evidence_new(ctx, NULL, &b.list);
    if (!status) {
        b.root = vouch__doc_root(b.told);
        const vouch__json *list = vouch__json_get(b.root, "bins");
        if (!list || list->type != VOUCH__JSON_ARRAY || !list->first)
            status = vouch__fail(ctx, VOUCH_E_FORMAT, "bin: the JSON holds no bins");
    }
    if (!status) {
        find_level(&b);
        if (!b.level)
            status = vouch__fail(ctx, VOUCH_E_FORMAT, "bin: the bins have no level");
    }
    if (!status) {
        show(&b);
        status = make_root(ctx, &b, table, source, &root);
    }
    if (!status)
        status = vouch__report_html(ctx, root, NULL, &html);
    vouch__buf_add(&html, "", 1);
    if (!status)
        status = vouch__buf_status(ctx, &html);
    if (!status)
        *out_html = vouch__buf_take(&html);
    vouch__buf_free(&html);
    vouch__evidence_free(&b.list);
    vouch__doc_free(b.told);
    return status;
}

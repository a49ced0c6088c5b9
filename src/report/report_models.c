/* Model cards: what each model is, in the terms its kind uses of itself. Members this file does not know are
 * shown as they are, so that a new kind has a card on its first day. */
#include "report/chart.h"
#include "report/report_page.h"

#include <math.h>
#include <string.h>

static void open_heading(vouch__page *page, const char *text)
{
    vouch__buf_fmt(page->out, "<h4>%s</h4>\n", text);
}

static void direction(vouch__page *page, double monotone)
{
    vouch__buf_text(page->out, monotone > 0 ? "rises" : monotone < 0 ? "falls" : "free");
}

static void inputs(vouch__page *page, const vouch__json *list)
{
    if (!list || list->type != VOUCH__JSON_ARRAY || !list->len)
        return;
    vouch__buf_fmt(page->out, "<h4>Inputs (%zu)</h4>\n<div class=\"scroll\"><table><thead><tr>", list->len);
    vouch__buf_text(
        page->out,
        "<th scope=\"col\">Name</th><th scope=\"col\">Type</th><th scope=\"col\">Risk with it</th>"
        "<th scope=\"col\">Special codes</th><th scope=\"col\">Categories</th></tr></thead>\n<tbody>\n");
    for (const vouch__json *input = list->first; input; input = input->next) {
        const vouch__json *special = vouch__json_get(input, "special"),
                          *categories = vouch__json_get(input, "categories");
        vouch__buf_text(page->out, "<tr><th scope=\"row\">");
        if (vouch__json_string(input))
            vouch__html_json(page->out, input);
        vouch__html_text(page->out, vouch__member(input, "name"));
        vouch__buf_text(page->out, "</th><td>");
        vouch__html_text(page->out, vouch__member(input, "type"));
        vouch__buf_text(page->out, "</td><td>");
        direction(page, vouch__json_double(vouch__json_get(input, "monotone"), 0));
        vouch__buf_text(page->out, "</td><td>");
        if (special && special->len)
            vouch__html_value(page->out, NULL, special);
        vouch__buf_text(page->out, "</td><td>");
        if (categories && (categories->len || categories->type == VOUCH__JSON_NUMBER))
            vouch__html_value(page->out, NULL, categories);
        vouch__buf_text(page->out, "</td></tr>\n");
    }
    vouch__buf_text(page->out, "</tbody></table></div>\n");
}

static void sentences(vouch__page *page, const char *heading, const vouch__json *list)
{
    if (!list || list->type == VOUCH__JSON_NULL)
        return;
    open_heading(page, heading);
    if (list->type != VOUCH__JSON_ARRAY) {
        vouch__buf_text(page->out, "<p>");
        vouch__html_value(page->out, NULL, list);
        vouch__buf_text(page->out, "</p>\n");
        return;
    }
    vouch__buf_text(page->out, "<ul class=\"plain\">\n");
    for (const vouch__json *at = list->first; at; at = at->next) {
        vouch__buf_text(page->out, "<li>");
        vouch__html_value(page->out, NULL, at);
        vouch__buf_text(page->out, "</li>\n");
    }
    vouch__buf_text(page->out, "</ul>\n");
}

static size_t numbers_in(const vouch__json *array)
{
    if (!array || array->type != VOUCH__JSON_ARRAY || array->len < 3)
        return 0;
    for (const vouch__json *at = array->first; at; at = at->next)
        if (at->type != VOUCH__JSON_NUMBER && at->type != VOUCH__JSON_NULL)
            return 0;
    return array->len < VOUCH__CHART_ROWS ? array->len : VOUCH__CHART_ROWS;
}

/* Members of log that are arrays of numbers of one length, drawn against the round. */
static vouch_status learning_curve(vouch__page *page, const vouch__json *log)
{
    vouch__chart chart = { .title = "Learning curve",
                           .source = "Loss by round of boosting.",
                           .x_label = "round" };
    size_t mark = vouch__scratch_mark(page->ctx), n = 0;
    vouch_status status = VOUCH_OK;
    if (!log || log->type != VOUCH__JSON_OBJECT)
        return VOUCH_OK;
    vouch__member_list members = vouch__page_sorted(page, log);
    for (size_t m = 0; m < members.n && chart.n_series < VOUCH__SERIES; m++) {
        const vouch__json *at = members.at[m];
        size_t len = numbers_in(at), i = 0;
        if (!len || (n && len != n))
            continue;
        n = len;
        double *y = vouch__scratch(page->ctx, n, sizeof *y);
        if (!y)
            return vouch__oom(page->ctx);
        for (const vouch__json *v = at->first; v && i < n; v = v->next, i++)
            y[i] = vouch__can_draw(vouch__json_double(v, NAN)) ? vouch__json_double(v, NAN) : NAN;
        status = vouch__chart_label(page->ctx, at->key, strlen(at->key), &chart.name[chart.n_series]);
        if (status)
            return status;
        chart.y[chart.n_series++] = y;
    }
    if (n)
        status = vouch__chart_rounds(page->ctx, n, &chart);
    if (n && !status) {
        vouch__buf_text(page->out, "<h4>Learning curve</h4><div class=\"plots\"><figure>");
        chart.y_label = chart.n_series == 1 ? chart.name[0] : "loss";
        vouch__chart_draw(page->out, &chart, ++page->figures);
        vouch__buf_text(page->out, "</figure></div>\n");
    }
    vouch__scratch_reset(page->ctx, mark);
    return status;
}

/* The first of two names that is there: what a model tells of itself, and what a run may call it. */
static const vouch__json *either(const vouch__json *object, const char *a, const char *b)
{
    const vouch__json *node = vouch__json_get(object, a);
    return node && node->type != VOUCH__JSON_NULL ? node : vouch__json_get(object, b);
}

static vouch_status model_card(vouch__page *page, const vouch__json *model)
{
    static const char *const told[] = { "name", "title", "kind", "intended_use", "limits" };
    vouch__buf *out = page->out;
    const char *name = vouch__member(model, "name"), *title = vouch__member(model, "title");
    const vouch__json *own = vouch__json_get(model, "model"), *log = vouch__json_get(model, "log");
    bool wins = page->champion && name && !strcmp(name, page->champion);

    vouch__buf_text(out, wins ? "<article class=\"card champion\"><p class=\"kicker\">Champion</p><h3>"
                              : "<article class=\"card\"><p class=\"kicker\">Challenger</p><h3>");
    vouch__html_text(out, name);
    vouch__buf_text(out, "</h3>\n<p>");
    vouch__html_text(out, title ? title : vouch__member(model, "kind"));
    vouch__buf_text(out, "</p>\n");
    sentences(page, "Intended use", vouch__json_get(model, "intended_use"));
    vouch__page_members(page, model, told, sizeof told / sizeof *told);
    const vouch__json *params = either(model, "parameters", "params");
    if (params && params->len) {
        open_heading(page, "Parameters");
        vouch__page_members(page, params, NULL, 0);
    }
    if (log && log->type == VOUCH__JSON_OBJECT && log->len) {
        open_heading(page, "The fit");
        vouch__page_members(page, log, NULL, 0);
    }
    if (own && own->len) {
        open_heading(page, "The model");
        vouch__page_members(page, own, NULL, 0);
    }
    vouch_status status = learning_curve(page, log);
    if (!status)
        inputs(page, vouch__json_get(model, "inputs"));
    if (!status)
        status = vouch__page_deeper(page, own);
    if (!status)
        status = vouch__page_deeper(page, log);
    if (!status)
        sentences(page, "Limits of use", vouch__json_get(model, "limits"));
    vouch__buf_text(out, "</article>\n");
    return status;
}

vouch_status vouch__page_models(vouch__page *page)
{
    const vouch__json *models = vouch__json_get(page->root, "models");
    vouch_status status = VOUCH_OK;
    if (!models || models->type != VOUCH__JSON_ARRAY)
        return VOUCH_OK;
    for (int pass = 0; pass < 2; pass++) /* the champion first */
        for (const vouch__json *model = models->first; model && !status; model = model->next) {
            bool wins = page->champion && vouch__entry_is(model, "name", page->champion);
            if (wins == (pass == 0))
                status = model_card(page, model);
        }
    return status;
}

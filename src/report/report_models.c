/* Model cards: what each model is, in the terms its kind uses of itself. Members this file does not know are
 * shown as they are, so that a new kind has a card on its first day. */
#include "report/chart.h"
#include "report/report_page.h"
#include "report/report_shapes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void open_heading(vouch__page *page, const char *text)
{
    vouch__buf_fmt(page->out, "<h4>%s</h4>\n", text);
}

/* A comma and then the name of each model that holds input to a direction (1 rises, -1 falls). */
static void held_by(vouch__page *page, const vouch__json *models, const char *input, double sign)
{
    const char *joint = sign > 0.0 ? "rises: " : "falls: ";
    for (const vouch__json *model = models->first; model; model = model->next) {
        const vouch__json *list = vouch__json_get(model, "inputs");
        for (const vouch__json *at = list && list->type == VOUCH__JSON_ARRAY ? list->first : NULL; at;
             at = at->next)
            if (vouch__entry_is(at, "name", input) &&
                vouch__json_double(vouch__json_get(at, "monotone"), 0) * sign > 0.0) {
                vouch__buf_text(page->out, joint);
                vouch__html_text(page->out, vouch__member(model, "name"));
                joint = ", ";
            }
    }
    vouch__buf_text(page->out, *joint == ',' ? "<br>" : "");
}

static bool is_told(const vouch__json *list, const char *key)
{
    for (const vouch__json *at = list->first; at; at = at->next) {
        const vouch__json *value = vouch__json_get(at, key);
        if (value && (value->len || (value->type == VOUCH__JSON_NUMBER && value->number != 0.0)))
            return true;
    }
    return false;
}

/* The inputs of the model that has most of them; what its rivals hold them to stands beside. */
static void inputs(vouch__page *page, const vouch__json *models)
{
    const vouch__json *list = NULL;
    bool held = false, alike = true;
    for (const vouch__json *model = models->first; model; model = model->next) {
        const vouch__json *own = vouch__json_get(model, "inputs");
        if (!own || own->type != VOUCH__JSON_ARRAY || !own->len)
            continue;
        alike = alike && (!list || list->len == own->len);
        list = !list || own->len > list->len ? own : list;
        held = held || is_told(own, "monotone");
    }
    if (!list)
        return;
    bool coded = is_told(list, "special"), named = is_told(list, "categories");
    vouch__buf_fmt(page->out, "<h3>Inputs (%zu)</h3>\n%s<div class=\"scroll\"><table><thead><tr>", list->len,
                   alike ? "" : "<p class=\"fine\">Not every model takes all of them.</p>\n");
    vouch__buf_fmt(page->out,
                   "<th scope=\"col\">Name</th><th scope=\"col\">Type</th>%s%s%s</tr></thead>\n<tbody>\n",
                   held ? "<th scope=\"col\">Risk with it is held to</th>" : "",
                   coded ? "<th scope=\"col\">Special codes</th>" : "",
                   named ? "<th scope=\"col\">Categories</th>" : "");
    for (const vouch__json *input = list->first; input; input = input->next) {
        const vouch__json *special = vouch__json_get(input, "special"),
                          *categories = vouch__json_get(input, "categories");
        vouch__buf_text(page->out, "<tr><th scope=\"row\">");
        if (vouch__json_string(input))
            vouch__html_json(page->out, input);
        vouch__html_text(page->out, vouch__member(input, "name"));
        vouch__buf_text(page->out, "</th><td>");
        vouch__html_text(page->out, vouch__member(input, "type"));
        vouch__buf_text(page->out, held ? "</td><td>" : "");
        if (held) {
            held_by(page, models, vouch__member(input, "name"), 1.0);
            held_by(page, models, vouch__member(input, "name"), -1.0);
        }
        vouch__buf_text(page->out, coded ? "</td><td>" : "");
        if (special && special->len)
            vouch__html_value(page->out, NULL, special);
        vouch__buf_text(page->out, named ? "</td><td>" : "");
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

static size_t place_of(const vouch__json *table, const char *name)
{
    const vouch__json *columns = vouch__json_get(table, "columns");
    size_t i = 0;
    for (const vouch__json *at = columns ? columns->first : NULL; at; at = at->next, i++)
        if (vouch__json_string(at) && !strcmp(at->text, name))
            return i;
    return SIZE_MAX;
}

static size_t cut_at(const char *text, size_t len)
{
    while (len && ((unsigned char)text[len] & 0xc0u) == 0x80u) /* not inside a letter */
        len--;
    return len;
}

/* "input = level" within the width that is drawn, some of both: the level is what tells rows apart. NULL: out
 * of memory. */
static const char *short_label(vouch__page *page, const char *name)
{
    enum { LETTERS = 44, LEVEL = 26 };
    const char *level = strstr(name, " = ");
    size_t len = strlen(name), tail = level ? strlen(level) : 0, room = LETTERS;
    if (!level || len <= LETTERS)
        return name;
    room -= (tail < LEVEL ? tail : LEVEL) + 1;
    size_t head = (size_t)(level - name);
    if (head > room)
        head = cut_at(name, room);
    char *out = vouch__scratch(page->ctx, head + tail + 4, 1);
    if (!out)
        return NULL;
    memcpy(out, name, head);
    (void)snprintf(out + head, tail + 4, "%s%s", name + head == level ? "" : "\xe2\x80\xa6", level);
    return out;
}

static double reach(const vouch__chart *chart, size_t i)
{
    double bounds = fmax(fabs(chart->low[i]), fabs(chart->high[i]));
    return fmax(fabs(chart->y[0][i]), isnan(bounds) ? 0.0 : bounds);
}

/* Figures of rows that one scale can show: coefficients per unit of money are nothing beside those of levels.
 * Those that are drawn go to the front of each figure, the rest keep their order. all is used up. */
static void draw_coefficients(vouch__page *page, vouch__chart *all)
{
    enum { ROWS = 48 }; /* as many as a figure of rows draws */
    const double apart = 100.0;
    double *const value[3] = { all->y[0], all->low, all->high };
    bool bounded = false;
    for (size_t i = 0; i < all->n; i++)
        bounded = bounded || !isnan(all->low[i]);
    vouch__buf_text(page->out,
                    bounded ? "<h4>Coefficients and their intervals</h4>" : "<h4>Coefficients</h4>");
    while (all->n) {
        vouch__chart chart = *all;
        const char *name[ROWS];
        double row[3][ROWS], most = 0.0;
        size_t left = 0;
        size_t near = 0, room;
        for (size_t i = 0; i < all->n; i++)
            most = fmax(most, reach(all, i));
        for (size_t i = 0; i < all->n; i++)
            near += reach(all, i) * apart >= most;
        room = near / (near / ROWS + (near % ROWS != 0)) + (near > ROWS); /* about as many in each figure */
        chart.n = 0;
        for (size_t i = 0; i < all->n; i++) {
            bool in = chart.n < room && reach(all, i) * apart >= most;
            for (size_t k = 0; k < 3; k++)
                *(in ? &row[k][chart.n] : &value[k][left]) = value[k][i];
            *(in ? &name[chart.n] : &all->label[left]) = all->label[i];
            *(in ? &chart.n : &left) += 1;
        }
        chart.label = name;
        chart.y[0] = row[0];
        chart.low = row[1];
        chart.high = row[2];
        all->n = left;
        bool wide = vouch__chart_is_wide(&chart);
        vouch__buf_text(page->out,
                        wide ? "<div class=\"plots wide\"><figure>" : "<div class=\"plots\"><figure>");
        vouch__chart_draw(page->out, &chart, ++page->figures);
        vouch__buf_text(page->out, "</figure></div>\n");
    }
}

/* A coefficient of a spline's column, whose curve is drawn. */
static bool is_bend(const vouch__json *own, const char *name)
{
    static const char joint[] = " spline ";
    const vouch__json *list = vouch__json_get(own, "splines");
    for (const vouch__json *at = list ? list->first : NULL; at; at = at->next) {
        const char *input = vouch__member(at, "input");
        size_t len = input ? strlen(input) : 0;
        if (vouch__json_get(at, "curve") && !strncmp(name, input ? input : "", len) &&
            !strncmp(name + len, joint, sizeof joint - 1))
            return true;
    }
    return false;
}

/* Estimates with their bounds, a row each; but the intercept, which answers another question. */
static vouch_status coefficient_plot(vouch__page *page, const vouch__json *own)
{
    const vouch__json *table = vouch__json_get(own, "coefficients"), *rows = vouch__json_get(table, "rows");
    const size_t column[3] = { place_of(table, "estimate"), place_of(table, "low"), place_of(table, "high") };
    size_t mark = vouch__scratch_mark(page->ctx);
    vouch__chart chart = {
        .type = "interval",
        .title = "Coefficients",
        .source = "A plot of the coefficients and their intervals, which are in the model.",
        .y_label = "coefficient: of a level against its base, of a number for one more",
        .reaches_even = true,
        .n_series = 1
    };
    if (!rows || rows->type != VOUCH__JSON_ARRAY || !rows->len || column[0] == SIZE_MAX ||
        column[1] == SIZE_MAX || column[2] == SIZE_MAX)
        return VOUCH_OK;
    chart.label = vouch__scratch(page->ctx, rows->len, sizeof *chart.label);
    chart.y[0] = vouch__scratch(page->ctx, rows->len, sizeof *chart.y[0]);
    chart.low = vouch__scratch(page->ctx, rows->len, sizeof *chart.low);
    chart.high = vouch__scratch(page->ctx, rows->len, sizeof *chart.high);
    if (!chart.label || !chart.y[0] || !chart.low || !chart.high)
        return vouch__oom(page->ctx);
    for (const vouch__json *row = rows->first; row; row = row->next) {
        const char *name = vouch__json_string(row->first);
        double at[3];
        for (size_t k = 0; k < 3; k++) {
            at[k] = vouch__json_double(vouch__json_at(row, column[k]), NAN);
            at[k] = vouch__can_draw(at[k]) ? at[k] : NAN;
        }
        if (!name || !strcmp(name, "(intercept)") || isnan(at[0]) || is_bend(own, name))
            continue;
        chart.label[chart.n] = short_label(page, name);
        if (!chart.label[chart.n])
            return vouch__oom(page->ctx);
        chart.y[0][chart.n] = at[0];
        chart.low[chart.n] = at[1];
        chart.high[chart.n++] = at[2];
    }
    if (chart.n)
        draw_coefficients(page, &chart);
    vouch__scratch_reset(page->ctx, mark);
    return VOUCH_OK;
}

/* A range in terms of x: its input's name stands above the figure and is often longer than what is drawn.
 * NULL: out of memory. */
static const char *in_terms_of_x(vouch__page *page, const char *text, const char *name)
{
    const char *at = *text == '{' ? NULL : strstr(text, name);
    size_t len = strlen(text) + 2;
    char *out = at ? vouch__scratch(page->ctx, len, 1) : NULL;
    if (out)
        (void)snprintf(out, len, "%.*sx%s", (int)(at - text), text, at + strlen(name));
    return at ? out : text;
}

/* The weights of evidence of a card's bins, a figure a characteristic. */
static vouch_status woe_plots(vouch__page *page, const vouch__json *own)
{
    enum { ROWS = 40 };
    const vouch__json *table = vouch__json_get(own, "points_table"), *rows = vouch__json_get(table, "rows");
    const size_t bin = place_of(table, "bin"), woe = place_of(table, "woe");
    if (!rows || rows->type != VOUCH__JSON_ARRAY || !rows->len || bin == SIZE_MAX || woe == SIZE_MAX)
        return VOUCH_OK;
    size_t mark = vouch__scratch_mark(page->ctx);
    vouch__buf_text(page->out, "<h4>Weight of evidence by bin: positive is safer</h4><div class=\"plots\">");
    for (const vouch__json *row = rows->first; row;) {
        const char *label[ROWS], *name = vouch__json_string(row->first);
        double value[ROWS];
        vouch__chart chart = { .type = "bars",
                               .title = name,
                               .source = "Bars of the weights of evidence, which are in the points table.",
                               .y_label = "weight of evidence",
                               .n_series = 1,
                               .is_listed = true,
                               .label = label,
                               .y = { value } };
        for (; row && name && vouch__json_string(row->first) && !strcmp(row->first->text, name);
             row = row->next) {
            const char *text = vouch__json_string(vouch__json_at(row, bin));
            double at = vouch__json_double(vouch__json_at(row, woe), NAN);
            if (chart.n == ROWS || !text || !vouch__can_draw(at))
                continue;
            label[chart.n] = in_terms_of_x(page, text, name);
            if (!label[chart.n])
                return vouch__oom(page->ctx);
            value[chart.n++] = at;
        }
        if (!name)
            row = row->next;
        if (!chart.n)
            continue;
        vouch__buf_text(page->out, "<figure><figcaption>");
        vouch__html_text(page->out, name);
        vouch__buf_text(page->out, "</figcaption>");
        vouch__chart_draw(page->out, &chart, ++page->figures);
        vouch__buf_text(page->out, "</figure>\n");
    }
    vouch__buf_text(page->out, "</div>\n");
    vouch__scratch_reset(page->ctx, mark);
    return vouch__poll(page->ctx);
}

/* The first of two names that is there: what a model tells of itself, and what a run may call it. */
static const vouch__json *either(const vouch__json *object, const char *a, const char *b)
{
    const vouch__json *node = vouch__json_get(object, a);
    return node && node->type != VOUCH__JSON_NULL ? node : vouch__json_get(object, b);
}

static bool is_said(const vouch__json *value, const vouch__json *object)
{
    const vouch__json *other = vouch__json_get(object, value->key);
    if (!other || other->type != value->type)
        return false;
    return value->type == VOUCH__JSON_NUMBER ? other->number == value->number
           : value->type == VOUCH__JSON_STRING
               ? other->len == value->len && !memcmp(other->text, value->text, other->len)
           : value->type == VOUCH__JSON_BOOL ? other->flag == value->flag
                                             : false;
}

/* An object's facts under a heading, without those that were said before it. */
static void facts(vouch__page *page, const char *heading, const vouch__json *object,
                  const vouch__json *before, const vouch__json *also_before)
{
    enum { MOST = 64 };
    const char *said[MOST];
    size_t n = 0, start = page->out->len;
    if (!object || object->type != VOUCH__JSON_OBJECT)
        return;
    for (const vouch__json *at = object->first; at && n < MOST; at = at->next)
        if (is_said(at, before) || is_said(at, also_before))
            said[n++] = at->key;
    open_heading(page, heading);
    size_t told = page->out->len;
    vouch__page_members(page, object, said, n);
    if (page->out->len == told && !page->out->status)
        page->out->at[page->out->len = start] = '\0';
}

static vouch_status model_card(vouch__page *page, const vouch__json *model)
{
    static const char *const told[] = { "name", "title", "kind", "kind_version", "intended_use", "limits" };
    vouch__buf *out = page->out;
    const char *name = vouch__member(model, "name"), *title = vouch__member(model, "title");
    const vouch__json *own = vouch__json_get(model, "model"), *log = vouch__json_get(model, "log");
    bool wins = page->champion && name && !strcmp(name, page->champion);

    vouch__buf_fmt(out, "<article class=\"card%s\"><div class=\"head\"><p class=\"kicker\">%s</p><h3>",
                   wins ? " champion" : "",
                   wins             ? "Champion"
                   : page->champion ? "Challenger"
                                    : "Model");
    vouch__html_text(out, name);
    vouch__buf_text(out, "</h3>\n<p>");
    vouch__html_text(out, title ? title : vouch__member(model, "kind"));
    vouch__buf_text(out, "</p>\n");
    sentences(page, "Intended use", vouch__json_get(model, "intended_use"));
    vouch__page_members(page, model, told, sizeof told / sizeof *told);
    vouch__buf_text(out, "</div>\n");
    const vouch__json *params = either(model, "parameters", "params");
    if (params && params->len) {
        open_heading(page, "Parameters");
        vouch__page_members(page, params, NULL, 0);
    }
    facts(page, "The fit", log, params, vouch__json_get(own, "fit"));
    facts(page, "The model", own, params, log);
    vouch_status status = learning_curve(page, log);
    if (!status)
        status = coefficient_plot(page, own);
    if (!status)
        status = woe_plots(page, own);
    if (!status)
        status = vouch__page_shapes(page, own);
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
    if (!status)
        inputs(page, models);
    return status;
}

/* What a model tells of its inputs as plots: the shapes and tables of additive models, most important first,
 * and the relativities of a generalised linear model by level. */
#include "report/report_shapes.h"

#include "report/chart.h"

#include <math.h>
#include <string.h>

enum { MOST_SHAPES = 24, MOST_TABLES = 6, MOST_BINS = 512 };

static size_t column_of(const vouch__json *table, const char *name)
{
    const vouch__json *columns = vouch__json_get(table, "columns");
    size_t i = 0;
    for (const vouch__json *at = columns ? columns->first : NULL; at; at = at->next, i++)
        if (vouch__json_string(at) && !strcmp(at->text, name))
            return i;
    return SIZE_MAX;
}

static double *column(vouch_ctx *ctx, const vouch__json *table, const char *name, size_t from, size_t n)
{
    const vouch__json *rows = vouch__json_get(table, "rows");
    size_t c = column_of(table, name), i = 0;
    double *out = vouch__scratch(ctx, n + 1, sizeof *out);
    const vouch__json *row = rows ? rows->first : NULL;
    for (size_t skip = 0; row && skip < from; skip++)
        row = row->next;
    for (; out && i < n; i++, row = row ? row->next : NULL)
        out[i] = row && c != SIZE_MAX ? vouch__json_double(vouch__json_at(row, c), NAN) : NAN;
    for (size_t k = 0; out && k < n; k++)
        out[k] = vouch__can_draw(out[k]) ? out[k] : NAN;
    return out;
}

static const char **labels(vouch_ctx *ctx, const vouch__json *table, const char *name, size_t from, size_t n)
{
    const vouch__json *rows = vouch__json_get(table, "rows");
    size_t c = column_of(table, name), i = 0;
    const char **out = vouch__scratch(ctx, n + 1, sizeof *out);
    const vouch__json *row = rows ? rows->first : NULL;
    for (size_t skip = 0; row && skip < from; skip++)
        row = row->next;
    for (; out && i < n; i++, row = row ? row->next : NULL) {
        const char *text = row && c != SIZE_MAX ? vouch__json_string(vouch__json_at(row, c)) : NULL;
        out[i] = text ? text : "";
    }
    return out;
}

/* Rows [from, from + n) of a table as levels; false: out of memory. */
static bool levels_make(vouch_ctx *ctx, const vouch__json *table, const char *const name[2], size_t from,
                        size_t n, vouch__levels *l)
{
    l->n = n;
    l->label = labels(ctx, table, name[0], from, n);
    l->value = column(ctx, table, name[1], from, n);
    l->low = column(ctx, table, "low", from, n);
    l->high = column(ctx, table, "high", from, n);
    l->weight = column(ctx, table, "weight", from, n);
    return l->label && l->value && l->low && l->high && l->weight;
}

/* Leave out what no curve passes and nobody has: a missing value where none is missing. */
static void keep_peopled(vouch__levels *l)
{
    double *const all[] = { l->value, l->low, l->high, l->weight, l->from, l->to, l->fitted };
    size_t kept = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (isnan(l->from[i]) && !(l->weight[i] > 0.0))
            continue;
        l->label[kept] = l->label[i];
        for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
            if (all[k])
                all[k][kept] = all[k][i];
        kept++;
    }
    l->n = kept;
}

static void caption(vouch__page *page, const char *name, const vouch__json *of)
{
    double importance = vouch__member_number(of, "importance"),
           monotone = vouch__member_number(of, "monotone");
    const char *curve = vouch__member(of, "curve");
    vouch__buf_text(page->out, "<figcaption><b>");
    vouch__html_text(page->out, name);
    vouch__buf_text(page->out, "</b>");
    if (monotone > 0.0 || monotone < 0.0)
        vouch__buf_text(page->out, monotone > 0.0 ? ", held to rise" : ", held to fall");
    if (curve && strcmp(curve, "free") != 0) {
        vouch__buf_text(page->out, ", held ");
        vouch__html_text(page->out, curve);
    }
    if (!isnan(importance)) {
        vouch__buf_text(page->out, " \xc2\xb7 on average ");
        vouch__format_number(page->out, importance, vouch__format_for(VOUCH__STYLE_PLAIN, 1, &importance));
    }
    vouch__buf_text(page->out, "</figcaption>");
}

/* The k-th of a list by importance, ties in their order. done[] marks those that were. */
static const vouch__json *next_of(const vouch__json *list, uint8_t *done, size_t cap)
{
    const vouch__json *best = NULL;
    size_t i = 0, at = 0;
    for (const vouch__json *node = list->first; node && i < cap; node = node->next, i++)
        if (!done[i] &&
            (!best || vouch__member_number(node, "importance") > vouch__member_number(best, "importance"))) {
            best = node;
            at = i;
        }
    if (best)
        done[at] = 1;
    return best;
}

static vouch_status draw_shape(vouch__page *page, const vouch__json *shape, const char *unit)
{
    static const char *const names[2] = { "bin", "value" };
    const vouch__json *table = vouch__json_get(shape, "bins"), *rows = vouch__json_get(table, "rows");
    const char *name = vouch__member(shape, "input");
    vouch__levels l = {
        .title = name,
        .source = "A value of the model for each bin, its band, and how many cases are there.",
        .x_label = name
    };
    if (!rows || !rows->len || rows->len > MOST_BINS || !name)
        return VOUCH_OK;
    if (!levels_make(page->ctx, table, names, 0, rows->len, &l))
        return vouch__oom(page->ctx);
    l.from = column(page->ctx, table, "from", 0, l.n);
    l.to = column(page->ctx, table, "to", 0, l.n);
    l.fitted = column_of(table, "fitted") == SIZE_MAX ? NULL : column(page->ctx, table, "fitted", 0, l.n);
    if (!l.from || !l.to)
        return vouch__oom(page->ctx);
    bool has_curve = false;
    for (size_t i = 0; i < l.n; i++)
        if (isnan(l.from[i] + l.to[i]))
            l.from[i] = l.to[i] = NAN;
        else
            has_curve |= l.to[i] > l.from[i];
    keep_peopled(&l);
    vouch__buf_text(page->out, "<figure>");
    caption(page, name, shape);
    if (has_curve)
        vouch__draw_shape(page->out, &l, unit, ++page->figures);
    else {
        l.x_label = unit;
        vouch__draw_levels(page->out, &l, ++page->figures);
    }
    vouch__buf_text(page->out, "</figure>\n");
    return VOUCH_OK;
}

static vouch_status shapes(vouch__page *page, const vouch__json *list, const char *unit)
{
    size_t cap = list->len, n = 0;
    uint8_t *done = vouch__scratch(page->ctx, cap + 1, 1);
    vouch_status status = VOUCH_OK;
    if (!done)
        return vouch__oom(page->ctx);
    memset(done, 0, cap + 1);
    vouch__buf_text(
        page->out,
        "<h4>Shapes</h4>\n<p>What each value of an input adds, beside the average case; the shaded band is "
        "the 95 % interval, "
        "the grey bars are the training population. Most important first.</p>\n<div class=\"plots\">\n");
    for (const vouch__json *at = next_of(list, done, cap); at && n < MOST_SHAPES && !status; n++) {
        status = draw_shape(page, at, unit);
        at = next_of(list, done, cap);
    }
    vouch__buf_text(page->out, "</div>\n");
    if (cap > n)
        vouch__buf_fmt(page->out, "<p>%zu shapes of less weight are not drawn.</p>\n", cap - n);
    return status;
}

static double *matrix(vouch_ctx *ctx, const vouch__json *rows, size_t n_a, size_t n_b)
{
    double *out = vouch__scratch(ctx, n_a * n_b + 1, sizeof *out);
    size_t a = 0;
    for (size_t k = 0; out && k < n_a * n_b; k++)
        out[k] = NAN;
    for (const vouch__json *row = rows ? rows->first : NULL; out && row && a < n_a; row = row->next, a++) {
        size_t b = 0;
        for (const vouch__json *v = row->first; v && b < n_b; v = v->next, b++)
            out[a * n_b + b] = vouch__json_double(v, NAN);
    }
    return out;
}

static const char **names_of(vouch_ctx *ctx, const vouch__json *list)
{
    const char **out = vouch__scratch(ctx, list->len + 1, sizeof *out);
    size_t i = 0;
    for (const vouch__json *at = list->first; out && at; at = at->next)
        out[i++] = vouch__json_string(at) ? at->text : "";
    return out;
}

static vouch_status draw_table(vouch__page *page, const vouch__json *pair)
{
    const vouch__json *cells = vouch__json_get(pair, "cells");
    const vouch__json *a = vouch__json_get(cells, "bins_a"), *b = vouch__json_get(cells, "bins_b");
    vouch__cells c = { .title = "Two inputs together",
                       .a = vouch__member(pair, "a"),
                       .b = vouch__member(pair, "b"),
                       .source = "What two inputs add together beyond what each adds alone." };
    if (!a || !b || a->type != VOUCH__JSON_ARRAY || b->type != VOUCH__JSON_ARRAY || !a->len || !b->len ||
        a->len > MOST_BINS || b->len > MOST_BINS || !c.a || !c.b)
        return VOUCH_OK;
    c.n_a = a->len;
    c.n_b = b->len;
    c.label_a = names_of(page->ctx, a);
    c.label_b = names_of(page->ctx, b);
    c.value = matrix(page->ctx, vouch__json_get(cells, "value"), c.n_a, c.n_b);
    c.weight = matrix(page->ctx, vouch__json_get(cells, "weight"), c.n_a, c.n_b);
    if (!c.label_a || !c.label_b || !c.value || !c.weight)
        return vouch__oom(page->ctx);
    vouch__buf_text(page->out, "<figure><figcaption><b>");
    vouch__html_text(page->out, c.a);
    vouch__buf_text(page->out, "</b> with <b>");
    vouch__html_text(page->out, c.b);
    vouch__buf_text(page->out, "</b></figcaption>");
    vouch__draw_cells(page->out, &c, ++page->figures);
    vouch__buf_text(page->out, "</figure>\n");
    return VOUCH_OK;
}

static vouch_status tables(vouch__page *page, const vouch__json *list)
{
    uint8_t *done = vouch__scratch(page->ctx, list->len + 1, 1);
    size_t n = 0;
    vouch_status status = VOUCH_OK;
    if (!done)
        return vouch__oom(page->ctx);
    memset(done, 0, list->len + 1);
    vouch__buf_text(page->out, "<h4>Two inputs together</h4>\n<p>What a pair adds beyond what both add "
                               "alone; every row and column has mean 0 over "
                               "the population. Grey: nobody.</p>\n<div class=\"plots\">\n");
    for (const vouch__json *at = next_of(list, done, list->len); at && n < MOST_TABLES && !status; n++) {
        status = draw_table(page, at);
        at = next_of(list, done, list->len);
    }
    vouch__buf_text(page->out, "</div>\n");
    return status;
}

/* Runs of rows of one input with several levels. */
static vouch_status relativities(vouch__page *page, const vouch__json *table)
{
    static const char *const names[2] = { "level", "relativity" };
    const vouch__json *rows = vouch__json_get(table, "rows");
    const char **input = labels(page->ctx, table, "input", 0, rows->len);
    bool is_open = false;
    if (!input)
        return vouch__oom(page->ctx);
    for (size_t from = 0, to; from < rows->len; from = to) {
        vouch__levels l = {
            .title = input[from],
            .still = 1.0,
            .x_label = "factor against the base level",
            .source = "A factor for each level with its interval, and how many cases are there."
        };
        for (to = from + 1; to < rows->len && !strcmp(input[from], input[to]); to++)
            ;
        if (to - from < 2)
            continue;
        if (!levels_make(page->ctx, table, names, from, to - from, &l))
            return vouch__oom(page->ctx);
        if (!is_open)
            vouch__buf_text(page->out, "<h4>Relativities</h4>\n<div class=\"plots\">\n");
        is_open = true;
        vouch__buf_text(page->out, "<figure>");
        caption(page, input[from], NULL);
        vouch__draw_levels(page->out, &l, ++page->figures);
        vouch__buf_text(page->out, "</figure>\n");
    }
    if (is_open)
        vouch__buf_text(page->out, "</div>\n");
    return VOUCH_OK;
}

/* What a spline of a linear model says of its input, between its outer knots. */
static vouch_status spline(vouch__page *page, const vouch__json *own, bool is_factor)
{
    const vouch__json *table = vouch__json_get(own, "curve"), *rows = vouch__json_get(table, "rows");
    const char *name = vouch__member(own, "input"), *type = vouch__member(own, "type");
    const vouch__json *knots = vouch__json_get(own, "knots");
    vouch__chart chart = { .type = "line",
                           .title = name,
                           .source = "The spline's curve between its outer knots, which is in the model.",
                           .x_label = name,
                           .y_label = is_factor ? "factor against the average" : "effect beside the average",
                           .n_series = 1 };
    if (!name || !rows || rows->type != VOUCH__JSON_ARRAY || !rows->len || rows->len > VOUCH__CHART_ROWS)
        return VOUCH_OK;
    chart.n = rows->len;
    chart.x = column(page->ctx, table, "value", 0, chart.n);
    chart.y[0] = column(page->ctx, table, is_factor ? "relativity" : "effect", 0, chart.n);
    if (!chart.x || !chart.y[0])
        return vouch__oom(page->ctx);
    chart.name[0] = "";
    vouch__buf_text(page->out, "<figure><figcaption><b>");
    vouch__html_text(page->out, name);
    vouch__buf_text(page->out, "</b> \xc2\xb7 ");
    vouch__html_text(page->out, type);
    vouch__buf_text(page->out, ", knots ");
    vouch__html_value(page->out, "knots", knots);
    vouch__buf_text(page->out, "</figcaption>");
    vouch__chart_draw(page->out, &chart, ++page->figures);
    vouch__buf_text(page->out, "</figure>\n");
    return VOUCH_OK;
}

static vouch_status splines(vouch__page *page, const vouch__json *list)
{
    const vouch__json *drawn = NULL; /* one that enters by itself, not in a product only */
    vouch_status status = VOUCH_OK;
    for (const vouch__json *at = list->first; at && !drawn; at = at->next)
        drawn = vouch__json_get(at, "curve");
    if (!drawn)
        return VOUCH_OK;
    bool is_factor = column_of(drawn, "relativity") != SIZE_MAX;
    vouch__buf_fmt(page->out,
                   "<h4>Splines</h4>\n<p>What the model says of a value, against the average of the "
                   "training rows on the %s scale; drawn between the outer knots, without a band.</p>\n"
                   "<div class=\"plots\">\n",
                   is_factor ? "link's" : "model's");
    for (const vouch__json *at = list->first; at && !status; at = at->next)
        status = spline(page, at, is_factor);
    vouch__buf_text(page->out, "</div>\n");
    return status;
}

/* The places of nodes by their numbers, which are in the order they are told; false: it is no tree. */
static bool link(const double *number, const double *left, const double *right, vouch__tree_picture *t)
{
    for (size_t k = 0; k < t->n; k++) {
        t->left[k] = t->right[k] = SIZE_MAX;
        if (isnan(left[k]) || isnan(right[k]))
            continue;
        for (size_t i = k + 1; i < t->n; i++) {
            t->left[k] = number[i] == left[k] && t->left[k] == SIZE_MAX ? i : t->left[k];
            t->right[k] = number[i] == right[k] && t->right[k] == SIZE_MAX ? i : t->right[k];
        }
        if (t->left[k] == SIZE_MAX || t->right[k] == SIZE_MAX || t->left[k] == t->right[k])
            return false;
    }
    return true;
}

/* "x <= 1 or missing" as "x <= 1*": it stands over a short line. NULL: out of memory. */
static const char *starred_test(vouch_ctx *ctx, const char *test, bool *any)
{
    static const char end[] = " or missing";
    size_t len = strlen(test), n = sizeof end - 1;
    if (len <= n || strcmp(test + len - n, end) != 0)
        return test;
    char *out = vouch__scratch(ctx, len, 1);
    if (out) {
        memcpy(out, test, len - n);
        memcpy(out + len - n, "*", 2);
        *any = true;
    }
    return out;
}

/* The risk of each rule of a list with its interval, top to bottom. */
static vouch_status rule_plot(vouch__page *page, const vouch__json *table)
{
    enum { MOST_RULES = 40 };
    const vouch__json *rows = vouch__json_get(table, "rows");
    vouch__chart chart = { .type = "interval",
                           .title = "Risk by rule",
                           .source = "The risk of each rule with its interval, which are in the model.",
                           .y_label = "risk among the training rows that come to the rule, 95 % interval",
                           .y_style = VOUCH__STYLE_PERCENT,
                           .n_series = 1 };
    if (!rows || rows->type != VOUCH__JSON_ARRAY || !rows->len || rows->len > MOST_RULES ||
        column_of(table, "risk") == SIZE_MAX)
        return VOUCH_OK;
    chart.n = rows->len;
    chart.label = labels(page->ctx, table, "rule", 0, chart.n);
    chart.y[0] = column(page->ctx, table, "risk", 0, chart.n);
    chart.low = column(page->ctx, table, "low", 0, chart.n);
    chart.high = column(page->ctx, table, "high", 0, chart.n);
    if (!chart.label || !chart.y[0] || !chart.low || !chart.high)
        return vouch__oom(page->ctx);
    vouch__buf_text(page->out, "<h4>Risk by rule</h4>\n<p>Read from the top: the first rule that holds "
                               "decides.</p>\n");
    vouch__buf_text(page->out, vouch__chart_is_wide(&chart) ? "<div class=\"plots wide\"><figure>"
                                                            : "<div class=\"plots\"><figure>");
    vouch__chart_draw(page->out, &chart, ++page->figures);
    vouch__buf_text(page->out, "</figure></div>\n");
    return VOUCH_OK;
}

static vouch_status draw_tree(vouch__page *page, const vouch__json *nodes)
{
    enum { MOST_NODES = 255 };
    const vouch__json *rows = vouch__json_get(nodes, "rows");
    vouch__tree_picture t = { .n = rows && rows->type == VOUCH__JSON_ARRAY ? rows->len : 0 };
    if (t.n < 3 || t.n > MOST_NODES)
        return VOUCH_OK;
    double *number = column(page->ctx, nodes, "node", 0, t.n),
           *left = column(page->ctx, nodes, "left", 0, t.n);
    double *right = column(page->ctx, nodes, "right", 0, t.n);
    t.test = labels(page->ctx, nodes, "test", 0, t.n);
    t.rows = column(page->ctx, nodes, "rows", 0, t.n);
    t.risk = column(page->ctx, nodes, column_of(nodes, "risk") == SIZE_MAX ? "mean" : "risk", 0, t.n);
    t.low = column(page->ctx, nodes, "low", 0, t.n);
    t.high = column(page->ctx, nodes, "high", 0, t.n);
    t.left = vouch__scratch(page->ctx, t.n, sizeof *t.left);
    t.right = vouch__scratch(page->ctx, t.n, sizeof *t.right);
    if (!number || !left || !right || !t.test || !t.rows || !t.risk || !t.low || !t.high || !t.left ||
        !t.right)
        return vouch__oom(page->ctx);
    if (!link(number, left, right, &t))
        return VOUCH_OK;
    bool starred = false;
    for (size_t i = 0; i < t.n; i++) {
        t.test[i] = starred_test(page->ctx, t.test[i], &starred);
        if (!t.test[i])
            return vouch__oom(page->ctx);
    }
    vouch__buf_fmt(
        page->out,
        "<h4>The tree</h4>\n<p>Upwards where the test holds, downwards where it does not; at the ends the "
        "risk with its 95 %% interval and the training rows.%s</p>\n<div class=\"plots full\"><figure>",
        starred ? " *: or the value is missing." : "");
    vouch__draw_tree(page->out, &t, ++page->figures);
    vouch__buf_text(page->out, "</figure></div>\n");
    return VOUCH_OK;
}

vouch_status vouch__page_shapes(vouch__page *page, const vouch__json *own)
{
    const vouch__json *list = vouch__json_get(own, "shapes"), *pairs = vouch__json_get(own, "pairs");
    const vouch__json *factors = vouch__json_get(own, "relativities"),
                      *rows = vouch__json_get(factors, "rows"), *bent = vouch__json_get(own, "splines");
    const char *link = vouch__member(own, "link");
    size_t mark = vouch__scratch_mark(page->ctx);
    vouch_status status = VOUCH_OK;
    const char *unit = link && !strcmp(link, "logit") ? "log-odds"
                       : link && !strcmp(link, "log") ? "log of the mean"
                                                      : "mean";
    if (list && list->type == VOUCH__JSON_ARRAY && list->len)
        status = shapes(page, list, unit);
    if (!status && pairs && pairs->type == VOUCH__JSON_ARRAY && pairs->len)
        status = tables(page, pairs);
    if (!status && rows && rows->type == VOUCH__JSON_ARRAY && rows->len)
        status = relativities(page, factors);
    if (!status && bent && bent->type == VOUCH__JSON_ARRAY && bent->len)
        status = splines(page, bent);
    if (!status)
        status = vouch__json_get(own, "tree")
                     ? draw_tree(page, vouch__json_get(vouch__json_get(own, "tree"), "nodes"))
                     : rule_plot(page, vouch__json_get(own, "rules"));
    vouch__scratch_reset(page->ctx, mark);
    return status;
}

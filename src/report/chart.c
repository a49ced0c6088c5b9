/* Columns of an entry's table into arrays. A column is numbers unless a text stands in it. Among the columns
 * that a plot names as y, "low" and "high" are bounds of the first, and a text column groups the rows. */
#include "report/chart.h"

#include "report/markup.h"

#include <math.h>
#include <string.h>

static const char *const types[] = { "line", "bars",      "points",   "steps",
                                     "heat", "waterfall", "interval", "beeswarm" };

static size_t column_of(const vouch__json *columns, const char *name, size_t len)
{
    size_t i = 0;
    if (columns && columns->type == VOUCH__JSON_ARRAY)
        for (const vouch__json *at = columns->first; at; at = at->next, i++)
            if (vouch__json_string(at) && at->len == len && !memcmp(at->text, name, len))
                return i;
    return SIZE_MAX;
}

static bool is_text_column(const vouch__json *rows, size_t column, size_t n)
{
    const vouch__json *row = rows->first;
    for (size_t i = 0; i < n; i++, row = row->next) {
        const vouch__json *cell = vouch__json_at(row, column);
        const char *text = vouch__json_string(cell);
        if (text && strcmp(text, "Infinity") != 0 && strcmp(text, "-Infinity") != 0)
            return true;
    }
    return false;
}

static vouch_status read_numbers(vouch_ctx *ctx, const vouch__json *rows, size_t column, size_t n,
                                 double **out)
{
    double *x = vouch__scratch(ctx, n, sizeof *x);
    if (!x)
        return vouch__oom(ctx);
    const vouch__json *row = rows->first;
    for (size_t i = 0; i < n; i++, row = row->next) {
        double value = vouch__json_double(vouch__json_at(row, column), NAN);
        x[i] = vouch__can_draw(value) ? value : NAN;
    }
    *out = x;
    return VOUCH_OK;
}

/* A scratch copy of what buf holds; buf is emptied. */
static vouch_status settle(vouch_ctx *ctx, vouch__buf *buf, const char **out)
{
    vouch_status status = vouch__buf_status(ctx, buf);
    if (status)
        return status;
    char *text = vouch__scratch(ctx, buf->len + 1, 1);
    if (!text)
        return vouch__oom(ctx);
    if (buf->len)
        memcpy(text, buf->at, buf->len);
    text[buf->len] = '\0';
    vouch__buf_clear(buf);
    *out = text;
    return VOUCH_OK;
}

static vouch_status read_labels(vouch_ctx *ctx, const vouch__json *rows, size_t column, size_t n,
                                const char ***out)
{
    const char **label = vouch__scratch(ctx, n, sizeof *label);
    if (!label)
        return vouch__oom(ctx);
    vouch__buf buf;
    vouch__buf_init(ctx, &buf, 1 << 20);
    vouch_status status = VOUCH_OK;
    const vouch__json *row = rows->first;
    for (size_t i = 0; i < n && !status; i++, row = row->next) {
        const vouch__json *cell = vouch__json_at(row, column);
        if (vouch__json_string(cell))
            vouch__plain_bytes(&buf, cell->text, cell->len);
        else if (cell && cell->type == VOUCH__JSON_NUMBER)
            vouch__format_number(&buf, cell->number, vouch__format_for(VOUCH__STYLE_PLAIN, 1, &cell->number));
        else
            vouch__buf_text(&buf, "missing");
        status = settle(ctx, &buf, &label[i]);
    }
    vouch__buf_free(&buf);
    *out = label;
    return status;
}

vouch_status vouch__chart_label(vouch_ctx *ctx, const char *name, size_t len, const char **out)
{
    vouch__buf plain, buf;
    vouch__buf_init(ctx, &plain, 1 << 20);
    vouch__buf_init(ctx, &buf, 1 << 20);
    vouch__buf_add(&plain, name, len);
    vouch_status status = vouch__buf_status(ctx, &plain);
    if (!status)
        vouch__label(&buf, plain.at ? plain.at : "", vouch__plain_bytes);
    if (!status)
        status = settle(ctx, &buf, out);
    vouch__buf_free(&plain);
    vouch__buf_free(&buf);
    return status;
}

static bool ends_with(const char *name, size_t len, const char *end)
{
    size_t n = strlen(end);
    return len >= n && !memcmp(name + len - n, end, n) && (len == n || name[len - n - 1] == '_');
}

static const char *const low_names[] = { "low", "lower", "p10", "p5", NULL };
static const char *const high_names[] = { "high", "upper", "p90", "p95", NULL };

static bool is_bound(const char *name, size_t len, const char *const *ends)
{
    for (; *ends; ends++)
        if (ends_with(name, len, *ends))
            return true;
    return false;
}

/* One of the columns named as y. */
static vouch_status take_y(vouch_ctx *ctx, const vouch__json *table, const char *name, size_t len,
                           vouch__chart *chart)
{
    const vouch__json *rows = vouch__json_get(table, "rows");
    size_t column = column_of(vouch__json_get(table, "columns"), name, len);
    if (column == SIZE_MAX)
        return VOUCH_OK;
    if (is_text_column(rows, column, chart->n))
        return chart->group ? VOUCH_OK : read_labels(ctx, rows, column, chart->n, &chart->group);
    double *y = NULL;
    vouch_status status = read_numbers(ctx, rows, column, chart->n, &y);
    if (status)
        return status;
    if (chart->n_series && is_bound(name, len, low_names)) {
        chart->low = y;
        chart->band = ends_with(name, len, "p10")  ? "10th to 90th percentile"
                      : ends_with(name, len, "p5") ? "5th to 95th percentile"
                                                   : "interval";
    } else if (chart->n_series && is_bound(name, len, high_names)) {
        chart->high = y;
    } else if (chart->n_series < VOUCH__SERIES) {
        status = vouch__chart_label(ctx, name, len, &chart->name[chart->n_series]);
        chart->y[chart->n_series++] = y;
    }
    return status;
}

/* y: "a,b" or ["a", "b"]. */
static vouch_status take_all_y(vouch_ctx *ctx, const vouch__json *table, const vouch__json *y,
                               vouch__chart *chart)
{
    vouch_status status = VOUCH_OK;
    if (y && y->type == VOUCH__JSON_ARRAY) {
        for (const vouch__json *at = y->first; at && !status; at = at->next)
            if (vouch__json_string(at))
                status = take_y(ctx, table, at->text, at->len, chart);
        return status;
    }
    const char *text = vouch__json_string(y);
    while (text && *text && !status) {
        size_t len = strcspn(text, ",");
        size_t blank = strspn(text, " ");
        if (blank < len)
            status = take_y(ctx, table, text + blank, len - blank, chart);
        text += len + (text[len] == ',');
    }
    return status;
}

/* A named column of numbers, where the table has it. */
static vouch_status take_column(vouch_ctx *ctx, const vouch__json *table, const char *name, size_t n,
                                double **out)
{
    const vouch__json *rows = vouch__json_get(table, "rows");
    size_t column = column_of(vouch__json_get(table, "columns"), name, strlen(name));
    if (column == SIZE_MAX || is_text_column(rows, column, n))
        return VOUCH_OK;
    return read_numbers(ctx, rows, column, n, out);
}

/* What a plot's columns don't say but its table holds: the ends of a waterfall's steps, the bounds of an
 * interval, the colour of a swarm. */
static vouch_status take_implied(vouch_ctx *ctx, const vouch__json *table, vouch__chart *chart)
{
    vouch_status status = VOUCH_OK;
    if (!strcmp(chart->type, "waterfall")) {
        status = take_column(ctx, table, "start", chart->n, &chart->low);
        return status ? status : take_column(ctx, table, "end", chart->n, &chart->high);
    }
    if (!strcmp(chart->type, "interval") && !chart->low && !chart->high) {
        status = take_column(ctx, table, "low", chart->n, &chart->low);
        return status ? status : take_column(ctx, table, "high", chart->n, &chart->high);
    }
    if (!strcmp(chart->type, "points") && chart->group && !chart->n_series && chart->x)
        chart->type = "beeswarm";
    if (!strcmp(chart->type, "beeswarm") && !chart->n_series) {
        status = take_column(ctx, table, "value_rank", chart->n, &chart->y[0]);
        chart->n_series = chart->y[0] != NULL;
        chart->name[0] = "";
    }
    return status;
}

/* Ratios are 1 where there is nothing to see, an AUC one half. */
static double even_of(const char *y)
{
    if (y && !strncmp(y, "auc", 3) && (!y[3] || y[3] == ',' || y[3] == '_'))
        return 0.5;
    static const char *const ratios[] = { "actual_over_expected", "overcharge" };
    for (size_t i = 0; y && i < sizeof ratios / sizeof *ratios; i++)
        if (!strncmp(y, ratios[i], strlen(ratios[i])))
            return 1.0;
    return 0.0;
}

static bool suffixed(const char *id, const char *end)
{
    if (!id)
        return false;
    size_t len = strlen(id), n = strlen(end);
    return len >= n && !strcmp(id + len - n, end);
}

static vouch_status describe(vouch_ctx *ctx, const vouch__json *entry, const vouch__json *plot,
                             vouch__chart *chart)
{
    static const char *const part[] = { "model", "part", "subject" };
    vouch__buf buf;
    vouch__buf_init(ctx, &buf, 1 << 20);
    const vouch__json *title = vouch__json_get(entry, "title");
    if (vouch__json_string(title))
        vouch__plain_bytes(&buf, title->text, title->len);
    for (size_t i = 0; i < 3; i++) {
        const vouch__json *word = vouch__json_get(entry, part[i]);
        if (vouch__json_string(word)) {
            vouch__buf_text(&buf, ", ");
            vouch__plain_bytes(&buf, word->text, word->len);
        }
    }
    vouch_status status = settle(ctx, &buf, &chart->title);
    if (!status) {
        const vouch__json *table = vouch__json_get(plot, "table");
        vouch__buf_fmt(&buf, "A plot (%s) of %zu rows of the table ", chart->type, chart->n);
        if (vouch__json_string(table))
            vouch__plain_bytes(&buf, table->text, table->len);
        vouch__buf_text(&buf, ", which is in the evidence.");
        status = settle(ctx, &buf, &chart->source);
    }
    vouch__buf_free(&buf);
    return status;
}

vouch_status vouch__chart_make(vouch_ctx *ctx, const vouch__json *entry, vouch__chart *out)
{
    const vouch__json *plot = vouch__json_get(entry, "plot");
    const char *type = vouch__json_string(vouch__json_get(plot, "type"));
    const char *table_name = vouch__json_string(vouch__json_get(plot, "table"));
    const vouch__json *table = table_name ? vouch__json_get(vouch__json_get(entry, "tables"), table_name)
                                          : NULL;
    const vouch__json *rows = vouch__json_get(table, "rows"), *x = vouch__json_get(plot, "x");
    vouch__chart chart = { 0 };

    *out = chart;
    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++)
        if (!strcmp(type, types[i]))
            chart.type = types[i];
    if (!chart.type || !rows || rows->type != VOUCH__JSON_ARRAY || !rows->len || !vouch__json_string(x))
        return VOUCH_OK;
    size_t column = column_of(vouch__json_get(table, "columns"), x->text, x->len);
    if (column == SIZE_MAX)
        return VOUCH_OK;
    chart.n = rows->len < VOUCH__CHART_ROWS ? rows->len : VOUCH__CHART_ROWS;
    chart.left_out = rows->len - chart.n;
    bool bands = !strcmp(chart.type, "bars") || !strcmp(chart.type, "waterfall") ||
                 !strcmp(chart.type, "heat");
    vouch_status status = bands || is_text_column(rows, column, chart.n)
                              ? read_labels(ctx, rows, column, chart.n, &chart.label)
                              : read_numbers(ctx, rows, column, chart.n, &chart.x);
    if (!status)
        status = take_all_y(ctx, table, vouch__json_get(plot, "y"), &chart);
    if (!status)
        status = take_implied(ctx, table, &chart);
    if (!status)
        status = describe(ctx, entry, plot, &chart);
    if (status)
        return status;
    if (!chart.n_series && strcmp(chart.type, "beeswarm") != 0)
        return VOUCH_OK;
    chart.x_label = vouch__json_string(vouch__json_get(plot, "x_label"));
    chart.y_label = vouch__json_string(vouch__json_get(plot, "y_label"));
    const char *y_name = vouch__json_string(vouch__json_get(plot, "y"));
    chart.x_style = vouch__style_of(x->text) == VOUCH__STYLE_PERCENT ? VOUCH__STYLE_PERCENT
                                                                     : VOUCH__STYLE_PLAIN;
    const char *id = vouch__json_string(vouch__json_get(entry, "id"));
    if (!chart.low || !chart.high || (strcmp(chart.type, "line") != 0 && strcmp(chart.type, "steps") != 0))
        chart.band = NULL;
    chart.diagonal = suffixed(id, ".roc") || suffixed(id, ".calibration") || suffixed(id, ".ordered_gini");
    chart.even = even_of(y_name);
    if (chart.n_series) {
        vouch__buf first;
        vouch__buf_init(ctx, &first, 1 << 20);
        vouch__buf_add(&first, y_name ? y_name : "", y_name ? strcspn(y_name, ",") : 0);
        status = vouch__buf_status(ctx, &first);
        if (!status && vouch__style_of(first.at ? first.at : "") == VOUCH__STYLE_PERCENT)
            chart.y_style = VOUCH__STYLE_PERCENT;
        vouch__buf_free(&first);
        if (status)
            return status;
    }
    *out = chart;
    return VOUCH_OK;
}

vouch_status vouch__chart_rounds(vouch_ctx *ctx, size_t n, vouch__chart *chart)
{
    chart->type = "line";
    chart->n = n;
    chart->x = vouch__scratch(ctx, n, sizeof *chart->x);
    if (!chart->x)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++)
        chart->x[i] = (double)(i + 1);
    return VOUCH_OK;
}

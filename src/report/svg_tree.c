/* A decision tree as it is read: from the left, a test at every fork, the risk at the ends. */
#include "report/report_shapes.h"

#include "report/chart.h"

#include <math.h>
#include <string.h>

enum { MOST = 256, COLUMN = 150, ROW = 24, LEAF = 250, TOP = 14, WIDTH = 900 };

typedef struct drawing {
    vouch__buf *out;
    const vouch__tree_picture *t;
    double y[MOST], leaf_x, column, most; /* column: of one depth; most: the largest risk */
    size_t leaves, depth;
} drawing;

/* Ends stand under each other in order; a fork stands between its two. */
static size_t place(drawing *d, size_t k, size_t depth)
{
    if (depth > d->depth)
        d->depth = depth;
    if (d->t->left[k] == SIZE_MAX) {
        d->y[k] = TOP + ROW * ((double)d->leaves++ + 0.5);
        d->most = fmax(d->most, isnan(d->t->risk[k]) ? 0.0 : fabs(d->t->risk[k]));
        return k;
    }
    (void)place(d, d->t->left[k], depth + 1);
    (void)place(d, d->t->right[k], depth + 1);
    d->y[k] = 0.5 * (d->y[d->t->left[k]] + d->y[d->t->right[k]]);
    return k;
}

static void number_text(vouch__buf *out, double value, bool is_share)
{
    vouch__number_format format = vouch__format_for(is_share ? VOUCH__STYLE_PERCENT : VOUCH__STYLE_PLAIN, 1,
                                                    &value);
    vouch__format_number(out, value, format);
}

static void draw_leaf(const drawing *d, size_t k, double x)
{
    const vouch__tree_picture *t = d->t;
    double y = d->y[k], bar = d->most > 0.0 && !isnan(t->risk[k]) ? fabs(t->risk[k]) / d->most * 46.0 : 0.0;
    bool is_share = !isnan(t->low[k]);
    vouch__svg_line(d->out, "gr", x, y, d->leaf_x, y);
    vouch__svg_rect(d->out, "pop none", d->leaf_x, y - 7, 46, 14);
    vouch__svg_rect(d->out, "up", d->leaf_x, y - 7, bar, 14);
    vouch__buf_text(d->out, "<text class=\"key\" x=\"");
    vouch__buf_fixed(d->out, d->leaf_x + 52, 1);
    vouch__buf_text(d->out, "\" y=\"");
    vouch__buf_fixed(d->out, y + 4, 1);
    vouch__buf_text(d->out, "\">");
    number_text(d->out, t->risk[k], is_share);
    if (is_share) {
        vouch__buf_text(d->out, " (");
        number_text(d->out, t->low[k], true);
        vouch__buf_text(d->out, " to ");
        number_text(d->out, t->high[k], true);
        vouch__buf_text(d->out, ")");
    }
    vouch__buf_text(d->out, ", n = ");
    number_text(d->out, t->rows[k], false);
    vouch__buf_text(d->out, "</text>");
}

/* What is asked over the line, and the answer that goes up under it. */
static void test_text(const drawing *d, const char *test, double x, double y)
{
    enum { NAME = 256 };
    vouch__buf *out = d->out;
    const size_t letters = (size_t)(d->column / 7);
    const char *cut = strstr(test, " in {");
    char name[NAME];
    if (!cut)
        cut = strstr(test, " <= ");
    size_t len = cut ? (size_t)(cut - test) : strlen(test);
    if (len >= NAME)
        cut = NULL;
    if (cut) {
        memcpy(name, test, len);
        name[len] = '\0';
        vouch__svg_text(out, "key", "start", x, y + 14, cut + 1, letters);
    }
    vouch__svg_text(out, "key", "start", x, y - 4, cut ? name : test, letters);
}

static void draw(const drawing *d, size_t k, size_t depth)
{
    const vouch__tree_picture *t = d->t;
    double x = 4 + d->column * (double)depth, y = d->y[k];
    if (t->left[k] == SIZE_MAX) {
        draw_leaf(d, k, x);
        return;
    }
    size_t child[2] = { t->left[k], t->right[k] };
    double fork = x + d->column - 10;
    vouch__svg_line(d->out, "ax", x, y, fork, y);
    vouch__svg_line(d->out, "ax", fork, d->y[child[0]], fork, d->y[child[1]]);
    test_text(d, t->test[k], x + 2, y);
    for (size_t i = 0; i < 2; i++) {
        vouch__svg_line(d->out, "ax", fork, d->y[child[i]], x + d->column, d->y[child[i]]);
        draw(d, child[i], depth + 1);
    }
}

void vouch__draw_tree(vouch__buf *out, const vouch__tree_picture *tree, unsigned number)
{
    drawing d = { .out = out, .t = tree };
    if (tree->n > MOST)
        return;
    (void)place(&d, 0, 0);
    if (d.depth)
        d.column = fmin(2.0 * COLUMN, fmax(COLUMN, (WIDTH - LEAF - 14.0) / (double)d.depth));
    d.leaf_x = 4 + d.column * (double)d.depth + 10;
    vouch__svg_open(out, number, fmax(WIDTH, d.leaf_x + LEAF), TOP * 2 + ROW * (double)d.leaves, "The tree",
                    "Tests from the left, and the risk at each end.");
    draw(&d, 0, 0);
    vouch__svg_close(out);
}

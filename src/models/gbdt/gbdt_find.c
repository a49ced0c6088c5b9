/* The best split of a number.
 *
 * A leaf with gradient sum G and curvature sum H gives -G / (H + l2), which scores G^2 / (H + l2); a split is
 * worth the scores of its children less the leaf's own. Bins are walked upward once with the missing values
 * on the right and, where there are any, once with them on the left. Division is slow, so a candidate is
 * first compared multiplied out; only one that seems to win is divided. The first of equals is kept, and the
 * walk never depends on another input's, so neither does its result.
 *
 * Under a monotone input the children's outputs must be in order, and whatever lies below stays on its own
 * side of their midpoint: the bounds of the leaf. An output outside its bounds is clamped, and scored as
 * clamped: -(2 G w + (H + l2) w^2). */
#include "models/gbdt/gbdt.h"

#include <math.h>
#include <string.h>

static inline double clamp(double x, double lo, double hi) { return x < lo ? lo : x > hi ? hi : x; }

double vouch__gbdt_output(const vouch__gbdt_node *node, int64_t sum)
{
    return clamp(-vouch__sum_g(sum) / (vouch__sum_h(sum) + node->l2), node->lo, node->hi);
}

double vouch__gbdt_score(const vouch__gbdt_node *node, int64_t sum, double l2)
{
    double g = vouch__sum_g(sum), a = vouch__sum_h(sum) + l2, w = -g / a;
    if (w >= node->lo && w <= node->hi)
        return g * g / a;
    w = clamp(w, node->lo, node->hi);
    return -(2.0 * g * w + a * w * w);
}

/* One walk's state; a candidate is all that is left of a bin's upper edge, and perhaps the missing. */
typedef struct walk {
    const vouch__gbdt_node *node;
    int monotone;
    double least_h;
    bool default_left;
    vouch__gbdt_split *best;
    bool is_found;
} walk;

static void judge(walk *w, int64_t left, uint32_t bin)
{
    const vouch__gbdt_node *node = w->node;
    int64_t right = node->sum - left;
    if (w->monotone) {
        double rise = vouch__gbdt_output(node, right) - vouch__gbdt_output(node, left);
        if (rise * w->monotone < 0.0)
            return;
    }
    double score = vouch__gbdt_score(node, left, node->l2) + vouch__gbdt_score(node, right, node->l2);
    if (score > w->best->score) {
        w->best->score = score;
        w->best->left = left;
        w->best->bin = bin;
        w->best->default_left = w->default_left;
        w->is_found = true;
    }
}

/* What is multiplied out may differ in the last places from what is divided: a sliver decides for dividing.
 * Clamping only lowers a score, so the bar holds for bounded leaves too. */
static inline double bar_of(double score) { return score - fabs(score) * 1e-14; }

/* Walk bins 1..last; `left` begins with what is always on the left. */
static void walk_bins(walk *w, const int64_t *hist, const uint32_t *count, size_t last, int64_t left,
                      size_t rows_left)
{
    const vouch__gbdt_node *node = w->node;
    const double g = vouch__sum_g(node->sum), h = vouch__sum_h(node->sum), l2 = node->l2;
    double bar = bar_of(w->best->score);
    for (size_t b = 1; b <= last; b++) {
        left += hist[b];
        if (count)
            rows_left += count[b];
        double gl = vouch__sum_g(left), hl = vouch__sum_h(left);
        double gr = g - gl, hr = h - hl, a = hl + l2, c = hr + l2;
        if (hr < w->least_h)
            return;
        if (gl * gl * c + gr * gr * a > bar * (a * c) && hl >= w->least_h) {
            bool has_rows = !count || (rows_left >= node->min_rows && node->n - rows_left >= node->min_rows);
            if (has_rows)
                judge(w, left, (uint32_t)b);
            bar = bar_of(w->best->score);
        }
    }
}

bool vouch__gbdt_find_number(const vouch__gbdt_input *input, const vouch__gbdt_node *node,
                             const int64_t *hist, const uint32_t *count, vouch__gbdt_split *out_split)
{
    vouch__gbdt_split best = { .score = node->parent };
    walk w = { node, input->monotone, node->least_h, false, &best, false };
    size_t values = input->n_bins - 1;
    int64_t missing = hist[0];
    bool has_missing = vouch__sum_h(missing) > 0.0;
    if (values == 0)
        return false;
    walk_bins(&w, hist, count, values - 1, 0, 0);
    if (has_missing) {
        w.default_left = true;
        walk_bins(&w, hist, count, values - 1, missing, count ? count[0] : 0);
        w.default_left = false; /* values on the left, missing on the right: no order to keep */
        w.monotone = 0;
        int64_t known = node->sum - missing;
        bool has_rows = !count || (count[0] >= node->min_rows && node->n - count[0] >= node->min_rows);
        if (has_rows && vouch__sum_h(known) >= w.least_h && vouch__sum_h(missing) >= w.least_h)
            judge(&w, known, (uint32_t)values);
    } else if (w.is_found) { /* none here to learn from: where more of the leaf goes */
        best.default_left = vouch__sum_h(best.left) > vouch__sum_h(node->sum - best.left);
    }
    if (w.is_found)
        *out_split = best;
    return w.is_found;
}

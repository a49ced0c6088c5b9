/* The best split of a number.
 *
 * A leaf with gradient sum G and curvature sum H gives -G / (H + l2), which scores G^2 / (H + l2); a split is
 * worth the scores of its children less the leaf's own. Bins are walked upward once with the missing values
 * on the right and, where there are any, once with them on the left. Division is slow, so candidates are
 * first screened by a comparison multiplied out, several at once; only one that seems to win is divided. The
 * first of equals is kept. The screen lets through whatever can win, so what is found does not depend on how
 * many are screened at once, nor on what was found in other inputs.
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
    const vouch__gbdt_kernels *kernels;
    const vouch__gbdt_node *node;
    int monotone;
    bool default_left;
    const uint32_t *count;
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

static bool has_rows(const walk *w, size_t left)
{
    return left >= w->node->min_rows && w->node->n - left >= w->node->min_rows;
}

/* Walk bins 1..last, with `less` taken from every running sum. */
static void walk_bins(walk *w, const int64_t *sum, size_t last, int64_t less)
{
    const vouch__gbdt_node *node = w->node;
    vouch__gbdt_screen screen = { vouch__sum_g(node->sum), vouch__sum_h(node->sum), node->l2,
                                  node->least_h,           bar_of(w->best->score),  less };
    size_t counted = 0, rows = w->count && w->default_left ? w->count[0] : 0;
    size_t b = w->kernels->next(&screen, sum, 1, last);
    while (b <= last) {
        while (w->count && counted < b)
            rows += w->count[++counted];
        if (!w->count || has_rows(w, rows))
            judge(w, sum[b] - less, (uint32_t)b);
        screen.bar = bar_of(w->best->score);
        b = w->kernels->next(&screen, sum, b + 1, last);
    }
}

bool vouch__gbdt_find_number(const vouch__gbdt_kernels *kernels, const vouch__gbdt_input *input,
                             const vouch__gbdt_node *node, const int64_t *hist, const int64_t *sum,
                             const uint32_t *count, vouch__gbdt_split *out_split)
{
    walk w = { kernels, node, input->monotone, false, count, out_split, false };
    size_t values = input->n_bins - 1;
    int64_t missing = hist[0];
    bool has_missing = vouch__sum_h(missing) > 0.0;
    if (values == 0)
        return false;
    if (!has_missing || input->missing <= 0)
        walk_bins(&w, sum, values - 1, missing);
    if (has_missing && input->missing >= 0) {
        w.default_left = true;
        walk_bins(&w, sum, values - 1, 0);
    }
    if (has_missing && input->missing <= 0) { /* values on the left, missing on the right: no order to keep */
        w.default_left = false;
        w.monotone = 0;
        int64_t known = node->sum - missing;
        bool is_enough = vouch__sum_h(known) >= node->least_h && vouch__sum_h(missing) >= node->least_h;
        if (is_enough && (!count || has_rows(&w, node->n - count[0])))
            judge(&w, known, (uint32_t)values);
    }
    if (w.is_found && !has_missing) /* none here to learn from: where more of the leaf goes */
        out_split->default_left = input->missing ? input->missing > 0
                                                 : vouch__sum_h(out_split->left) >
                                                       vouch__sum_h(node->sum - out_split->left);
    return w.is_found;
}

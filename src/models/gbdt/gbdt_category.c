/* The best split of a category.
 *
 * With few categories in the leaf, each against the rest. With more, they are put in order of gradient over
 * (curvature + smoothing), which for a convex loss makes the best set of them a prefix of the order (Fisher,
 * 1958), and the prefixes are walked. A category too rare in the leaf to be placed by its own gradient goes
 * with the missing values to the default side, which is tried both ways. Sets chosen so are chosen from many:
 * an extra l2 holds them back. */
#include "models/gbdt/gbdt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ONE_BY_ONE = 4 };

typedef struct ranked {
    double ratio;
    size_t bin;
} ranked;

static int by_ratio(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->ratio != y->ratio)
        return x->ratio > y->ratio ? 1 : -1;
    return (x->bin > y->bin) - (x->bin < y->bin);
}

typedef struct search {
    const vouch__gbdt_node *node;
    const int64_t *hist;
    const uint32_t *count;
    double l2;
    vouch__gbdt_split *best;
    bool is_found;
    size_t n; /* categories placed */
    ranked at[VOUCH__GBDT_BINS];
    int64_t rest; /* what goes to the default side */
    size_t rest_rows;
} search;

/* Left: categories [from, to) of the order, and the rest where default_left. */
static void judge(search *s, int64_t left, size_t rows, size_t from, size_t to, bool default_left)
{
    const vouch__gbdt_node *node = s->node;
    int64_t right = node->sum - left;
    if (vouch__sum_h(left) < node->least_h || vouch__sum_h(right) < node->least_h)
        return;
    if (s->count && (rows < node->min_rows || node->n - rows < node->min_rows))
        return;
    double score = vouch__gbdt_score(node, left, s->l2) + vouch__gbdt_score(node, right, s->l2);
    if (!(score > s->best->score))
        return;
    s->best->score = score;
    s->best->left = left;
    s->best->default_left = default_left;
    memset(s->best->set, 0, sizeof s->best->set);
    for (size_t k = from; k < to; k++)
        s->best->set[s->at[k].bin / 32] |= 1u << (s->at[k].bin % 32);
    s->is_found = true;
}

static void judge_both(search *s, int64_t left, size_t rows, size_t from, size_t to)
{
    bool has_rest = vouch__sum_h(s->rest) > 0.0;
    bool is_heavier = vouch__sum_h(left) > vouch__sum_h(s->node->sum - left);
    judge(s, left, rows, from, to, !has_rest && is_heavier);
    if (has_rest && to - from < s->n)
        judge(s, left + s->rest, rows + s->rest_rows, from, to, true);
}

/* Categories of the leaf that are heavy enough, and the sum of what is not. */
static void place(search *s, size_t n_bins, double mass)
{
    for (size_t b = 0; b < n_bins; b++) {
        double h = vouch__sum_h(s->hist[b]);
        if (b > 0 && h > 0.0 && h >= mass) {
            s->at[s->n++] = (ranked){ vouch__sum_g(s->hist[b]) / (h + mass), b };
        } else {
            s->rest += s->hist[b];
            s->rest_rows += s->count ? s->count[b] : 0;
        }
    }
}

/* The default side is said by bit 0 and by every bin that was not placed. */
static void fill_default(const search *s, size_t n_bins)
{
    uint32_t placed[VOUCH__GBDT_WORDS] = { 0 };
    for (size_t k = 0; k < s->n; k++)
        placed[s->at[k].bin / 32] |= 1u << (s->at[k].bin % 32);
    for (size_t b = 0; s->best->default_left && b < n_bins; b++)
        if (!(placed[b / 32] >> (b % 32) & 1))
            s->best->set[b / 32] |= 1u << (b % 32);
}

bool vouch__gbdt_find_category(const vouch__gbdt_input *input, const vouch__gbdt_node *node,
                               const int64_t *hist, const uint32_t *count, vouch__gbdt_split *out_split)
{
    search s = { .node = node, .hist = hist, .count = count, .l2 = node->l2, .best = out_split };
    size_t present = 0;
    for (size_t b = 1; b < input->n_bins; b++)
        present += vouch__sum_h(hist[b]) > 0.0;
    if (present <= ONE_BY_ONE) {
        place(&s, input->n_bins, 0.0);
        for (size_t k = 0; k < s.n; k++)
            judge_both(&s, hist[s.at[k].bin], count ? count[s.at[k].bin] : 0, k, k + 1);
        if (vouch__sum_h(s.rest) > 0.0) /* all that is known against what is missing */
            judge(&s, node->sum - s.rest, node->n - s.rest_rows, 0, s.n, false);
    } else {
        int64_t left = 0;
        size_t rows = 0;
        s.l2 += node->category_l2;
        place(&s, input->n_bins, node->category_mass);
        qsort(s.at, s.n, sizeof s.at[0], by_ratio);
        for (size_t k = 0; k < s.n; k++) {
            left += hist[s.at[k].bin];
            rows += count ? count[s.at[k].bin] : 0;
            judge_both(&s, left, rows, 0, k + 1);
        }
    }
    if (!s.is_found)
        return false;
    fill_default(&s, input->n_bins);
    return true;
}

/* A shallow tree that predicts where the model is wrong: grown on one half of the cases, told by the other.
 */
#include "catalogue/diagnose/errors.h"
#include "catalogue/diagnose/slices.h"

#include "num/rates.h"
#include "validate/cases.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { HALVES = 0x7EE, DEEPEST = 5, NODES = 1 << (DEEPEST + 1), TEXT = 320 };
#define ALPHA 0.05

typedef struct split {
    size_t input, bin; /* SIZE_MAX: a leaf */
    bool is_equal;     /* in the bin against the rest; else below the bin's lower edge against the rest */
} split;

typedef struct tree { /* node k has children 2 k + 1 and 2 k + 2 */
    const vouch__probe *probe;
    const vouch__cut *cuts;
    const uint8_t *bin; /* [cols x n] */
    split at[NODES];
    size_t depth;
    double least;
} tree;

static bool goes_first(const tree *t, const split *s, size_t i)
{
    size_t bin = t->bin[s->input * t->probe->n + i];
    return s->is_equal ? bin == s->bin : bin < s->bin;
}

typedef struct sums {
    double n, y;
} sums;

static void offer(const tree *t, sums part, sums all, split s, double *best, split *out)
{
    double m = all.n - part.n;
    if (part.n < t->least || m < t->least)
        return;
    double a = part.y / part.n - all.y / all.n, b = (all.y - part.y) / m - all.y / all.n;
    double gain = part.n * a * a + m * b * b;
    if (gain > *best * (1.0 + 1e-12)) {
        *best = gain;
        *out = s;
    }
}

/* The split of cases at[n] that explains most of the squares of y. */
static split best_split(const tree *t, size_t n, const uint32_t *at, const double *y)
{
    split best = { SIZE_MAX, 0, false };
    double gain = 1e-9;
    for (size_t j = 0; j < t->probe->cols; j++) {
        sums of[VOUCH__SLICE_BINS + 2] = { { 0 } }, all = { 0 }, below = { 0 };
        const uint8_t *bin = t->bin + j * t->probe->n;
        size_t bins = t->cuts[j].n;
        bool is_category = vouch__probe_is_category(t->probe, j);
        for (size_t i = 0; i < n; i++) {
            of[bin[at[i]]].n += 1.0;
            of[bin[at[i]]].y += y[at[i]];
        }
        for (size_t k = 0; k < bins; k++) {
            all.n += of[k].n;
            all.y += of[k].y;
        }
        for (size_t k = 0; k < bins; k++) {
            if (is_category || k == bins - 1)
                offer(t, of[k], all, (split){ j, k, true }, &gain, &best);
            else if (k > 0)
                offer(t, below, all, (split){ j, k, false }, &gain, &best);
            below.n += of[k].n;
            below.y += of[k].y;
        }
    }
    return best;
}

static void grow(tree *t, size_t node, size_t depth, size_t n, uint32_t *at, const double *y)
{
    t->at[node] = (split){ SIZE_MAX, 0, false };
    if (depth < t->depth)
        t->at[node] = best_split(t, n, at, y);
    if (t->at[node].input == SIZE_MAX)
        return;
    size_t first = 0; /* partition in place; a node's sums do not depend on the order by more than rounding */
    for (size_t i = 0; i < n; i++)
        if (goes_first(t, &t->at[node], at[i])) {
            uint32_t held = at[first];
            at[first++] = at[i];
            at[i] = held;
        }
    grow(t, 2 * node + 1, depth + 1, first, at, y);
    grow(t, 2 * node + 2, depth + 1, n - first, at + first, y);
}

static size_t leaf_of(const tree *t, size_t i)
{
    size_t node = 0;
    while (t->at[node].input != SIZE_MAX)
        node = 2 * node + (goes_first(t, &t->at[node], i) ? 1 : 2);
    return node;
}

static void side_text(const tree *t, size_t node, bool first, size_t size, char *out)
{
    const split *s = &t->at[node];
    char text[VOUCH__SLICE_TEXT];
    const char *name = vouch__probe_name(t->probe, s->input);
    if (s->is_equal) {
        vouch__cut_text(t->probe, t->cuts, s->input, s->bin, sizeof text, text);
        (void)snprintf(out, size, "%s%.90s", first ? "" : "not ", text);
        return;
    }
    text[vouch__double_text(t->cuts[s->input].edge[s->bin - 1], text)] = '\0';
    (void)snprintf(out, size, "%.60s %s %.30s%s", name, first ? "<" : ">=", text,
                   !first && t->probe->n_sorted[s->input] < t->probe->n ? " or no number" : "");
}

static void leaf_text(const tree *t, size_t leaf, size_t size, char *out)
{
    size_t path[DEEPEST + 1], n = 0, at = 0;
    for (size_t node = leaf; node > 0; node = (node - 1) / 2)
        path[n++] = node;
    (void)snprintf(out, size, "all cases");
    while (n-- > 0 && at + 4 < size) {
        if (at)
            at += (size_t)snprintf(out + at, size - at, ", ");
        side_text(t, (path[n] - 1) / 2, path[n] % 2 == 1, size - at, out + at);
        at += strlen(out + at);
    }
}

typedef struct told { /* of a leaf, over the half that the tree has not seen */
    size_t leaf;
    vouch__error_sums s;
    double p, adjusted;
} told;

static vouch_status judge(vouch_ctx *ctx, size_t n, told *leaf)
{
    double p[NODES];
    for (size_t k = 0; k < n; k++) {
        double se = vouch__error_se(&leaf[k].s);
        leaf[k].p = p[k] = se > 0.0 ? vouch__normal_sf(leaf[k].s.excess / leaf[k].s.n / se) : (double)NAN;
    }
    vouch_status status = vouch__holm(ctx, n, p, p);
    for (size_t k = 0; k < n && !status; k++)
        leaf[k].adjusted = p[k];
    return status;
}

/* Share of the squares of excess errors that the leaves' means of the first half explain in the second. */
static double explained(const tree *t, const uint8_t *is_test, const double *mean, double mean_of_all)
{
    double whole = 0.0, left = 0.0;
    for (size_t i = 0; i < t->probe->n; i++) {
        if (!is_test[i])
            continue;
        double y = vouch__excess_error(t->probe, i), at = mean[leaf_of(t, i)];
        whole += (y - mean_of_all) * (y - mean_of_all);
        left += (y - at) * (y - at);
    }
    return whole > 0.0 ? 1.0 - left / whole : (double)NAN;
}

static void tell(const vouch__test_call *call, const tree *t, size_t n, const told *leaf, double share)
{
    char text[TEXT], note[TEXT + 80];
    double margin = vouch__cases_margin(0.95);
    size_t worst = 0, wrong = 0;
    for (size_t k = 0; k < n; k++) {
        double at = leaf[k].s.excess / leaf[k].s.n, most = leaf[worst].s.excess / leaf[worst].s.n;
        bool is_found = leaf[k].adjusted <= ALPHA, was_found = leaf[worst].adjusted <= ALPHA;
        wrong += is_found;
        if (is_found != was_found ? is_found : at > most)
            worst = k;
    }
    const vouch__error_sums *s = &leaf[worst].s;
    double mean = s->excess / s->n, se = vouch__error_se(s);
    leaf_text(t, leaf[worst].leaf, sizeof text, text);
    (void)snprintf(note, sizeof note, "%zu of %zu leaves are significantly worse; the value is that of: %s.",
                   wrong, n, text);
    vouch__entry entry = vouch__test_entry(call);
    entry.n = (double)t->probe->n;
    entry.n_bad = (double)t->probe->n_bad;
    entry.note = note;
    entry.value = mean;
    entry.p_value = leaf[worst].adjusted;
    if (!isnan(se)) {
        entry.level = 0.95;
        entry.low = mean - margin * se;
        entry.high = mean + margin * se;
        entry.interval_method = "normal, of this leaf alone, on the half not used to find it";
    }
    entry.judged = leaf[worst].adjusted <= ALPHA;
    entry.verdict = vouch__policy_limit(call->list->policy, entry.id) ? VOUCH__PASS : VOUCH__INFO;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(
        call->list, object, "leaves",
        "leaf,cases,bads,bad_rate,predicted,error,expected_error,excess,low,high,p_value,adjusted");
    for (size_t k = 0; k < n; k++) {
        s = &leaf[k].s;
        mean = s->excess / s->n;
        se = vouch__error_se(s);
        leaf_text(t, leaf[k].leaf, sizeof text, text);
        vouch__test_row(call, table, "tnnnnnnnnnnn", text, s->n, s->n_bad, s->n_bad / s->n,
                        s->expected / s->n, s->error / s->n, s->error / s->n - mean, mean, mean - margin * se,
                        mean + margin * se, leaf[k].p, leaf[k].adjusted);
    }
    table = vouch__evidence_table(call->list, object, "tree", "quantity,value");
    vouch__test_row(call, table, "tn", "leaves", (double)n);
    vouch__test_row(call, table, "tn", "share of the squares explained in the other half", share);
}

static vouch_status tell_tree(vouch_ctx *ctx, const vouch__test_call *call, const tree *t,
                              const uint8_t *is_test, const double *y)
{
    vouch__error_sums of[NODES] = { { 0 } };
    double n[NODES] = { 0 }, mean[NODES] = { 0 }, all = 0.0, total = 0.0;
    told leaf[NODES];
    size_t leaves = 0;
    for (size_t i = 0; i < t->probe->n; i++) {
        size_t k = leaf_of(t, i);
        if (is_test[i]) {
            vouch__error_add(&of[k], t->probe, i);
        } else {
            n[k] += 1.0;
            mean[k] += y[i];
            all += 1.0;
            total += y[i];
        }
    }
    for (size_t k = 0; k < NODES; k++) {
        mean[k] = n[k] > 0.0 ? mean[k] / n[k] : 0.0;
        if (of[k].n > 0.0)
            leaf[leaves++] = (told){ .leaf = k, .s = of[k], .p = NAN, .adjusted = NAN };
    }
    vouch_status status = judge(ctx, leaves, leaf);
    if (!status)
        tell(call, t, leaves, leaf, explained(t, is_test, mean, total / all));
    return status;
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__probe p;
    vouch__cut *cuts = NULL;
    tree *t = vouch__scratch(ctx, 1, sizeof *t);
    if (!t)
        return vouch__oom(ctx);
    vouch_status status = vouch__probe_make(ctx, call, call->now, (size_t)vouch__test_param(call, "rows"),
                                            true, &p);
    if (!status)
        status = vouch__cuts_make(ctx, &p, (size_t)vouch__test_param(call, "bins"), &cuts);
    if (status)
        return status;
    if (p.n < 4 || p.n_bad == 0 || p.n_bad == p.n) {
        vouch__test_refuse(call, "There are fewer than four cases, or only one outcome among those drawn.");
        return VOUCH_OK;
    }
    uint8_t *bin = vouch__scratch(ctx, p.cols * p.n + 1, 1), *is_test = vouch__scratch(ctx, p.n, 1);
    double *y = vouch__scratch(ctx, p.n, sizeof *y);
    uint32_t *order = vouch__scratch(ctx, p.n, sizeof *order);
    if (!bin || !is_test || !y || !order)
        return vouch__oom(ctx);
    for (size_t j = 0; j < p.cols; j++)
        for (size_t i = 0; i < p.n; i++)
            bin[j * p.n + i] = (uint8_t)vouch__cut_bin(&p, cuts, j, p.x[i * p.cols + j]);
    *t = (tree){ .probe = &p, .cuts = cuts, .bin = bin };
    t->depth = (size_t)vouch__test_param(call, "depth");
    t->least = vouch__test_param(call, "least");
    vouch__shuffle(p.seed, HALVES, p.n, order);
    memset(is_test, 1, p.n);
    for (size_t k = 0; k < p.n / 2; k++)
        is_test[order[k]] = 0;
    for (size_t i = 0; i < p.n; i++)
        y[i] = vouch__excess_error(&p, i);
    grow(t, 0, 0, p.n / 2, order, y);
    return tell_tree(ctx, call, t, is_test, y);
}

static const vouch__param params[] = {
    { "depth", VOUCH__PARAM_INTEGER, 1, DEEPEST, 3, NULL, "splits", "Most splits on the way to a leaf." },
    { "least", VOUCH__PARAM_INTEGER, 1, 1000000, 100, NULL, "cases", "Fewest cases of a leaf, of one half." },
    { "bins", VOUCH__PARAM_INTEGER, 2, 50, 20, NULL, "bins", "Quantile bins of a number." },
    { "rows", VOUCH__PARAM_INTEGER, 2, 10000000, 200000, NULL, "cases",
      "Most cases taken, drawn by the seed." },
};

const vouch_test vouch__test_error_tree = {
    .id = "diagnose.error_tree",
    .section = "validate",
    .title = "Can it be predicted which cases the model gets wrong?",
    .purpose =
        "Slices of one and two inputs miss a fault that takes three conditions to see. A small tree looks "
        "for the cases in which the model is more often wrong than its own probabilities say, and names "
        "them in words that can be acted on.",
    .mechanism =
        "The excess error of a case is |outcome - p| less 2 p (1 - p), which it is on average when p is "
        "right. On a random half of the cases a regression tree of it is grown, by the split that explains "
        "most squares. On the other half each leaf's mean is told with its interval and one-sided p-value, "
        "corrected over leaves by Holm. The value is the largest that is significant.",
    .convention =
        "The error itself is largest wherever p is near one half, of the best model too: its excess is not. "
        "Splits are at quantiles of the cases; a category, or what is missing, stands against the rest. "
        "The tree is not pruned: the second half says which of its leaves are chance. Judged only when "
        "significant; without a significant leaf the value is the largest.",
    .high_risk =
        "A leaf with ten points more error than the model expects of itself, above all one with thousands "
        "of cases or one that describes protected people.",
    .strengths =
        "Finds faults of several conditions; the half that estimates has not seen the half that searched, "
        "so a leaf's figure is honest, as those of slices chosen by their figures are not.",
    .limits =
        "Halves cost cases, and another seed gives another tree. A model that is calibrated in every part "
        "but ranks badly in one has no excess: read diagnose.weak_spots too. Where bads are rare an "
        "over-estimated risk counts as much as an under-estimated one.",
    .source =
        "Y. Chung, T. Kraska, N. Polyzotis, K. Tae & S. Whang, IEEE Trans. Knowl. Data Eng. 32 (2020) "
        "2284-2296, on slices; L. Breiman et al., Classification and Regression Trees (1984), chapter 8; S. "
        "Athey & G. Imbens, PNAS 113 (2016) 7353-7360, on honest halves",
    .null_hypothesis = "errors in the leaf are as large as the probabilities say",
    .unit = "error above what is expected",
    .needs = VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};

/* Measures of a model with many outcomes. Ranking is measured pair by pair: for classes i and j, among the
 * cases of the two, how often the one of i has the larger probability of i. */
#include "validate/multiclass.h"

#include "base/ctx.h"
#include "base/text.h"
#include "num/rates.h"
#include "num/special.h"
#include "validate/placements.h"

#include <math.h>
#include <string.h>

typedef struct problem {
    size_t n, k;
    const uint32_t *label;
    const double *probability;
    double *score, *own; /* [n] of a pair: scores; placements */
    uint8_t *is_in;
    uint32_t *at;
    double *added; /* [n] what a case adds to the sum over pairs */
} problem;

static vouch_status check(vouch_ctx *ctx, size_t n, size_t k, const uint32_t *label,
                          const double *probability)
{
    if (n == 0)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "multi-class: no cases");
    if (k < 2)
        return vouch__fail(ctx, VOUCH_E_ARG, "multi-class: %zu classes, must be 2 or more", k);
    for (size_t i = 0; i < n; i++) {
        double sum = 0.0;
        if (label[i] >= k)
            return vouch__fail(ctx, VOUCH_E_DATA, "multi-class: label[%zu] is %u, must be below %zu", i,
                               label[i], k);
        vouch_status status = vouch__cases_probability(ctx, "multi-class", k, probability + i * k);
        if (status)
            return vouch__because(ctx, status, "row %zu", i);
        for (size_t c = 0; c < k; c++)
            sum += probability[i * k + c];
        if (!(fabs(sum - 1.0) <= 1e-6)) {
            char text[VOUCH__DOUBLE_MAX];
            (void)vouch__double_text(sum, text);
            return vouch__fail(ctx, VOUCH_E_DATA,
                               "multi-class: the probabilities of row %zu add up to %s, must be 1", i, text);
        }
    }
    return vouch__poll(ctx);
}

/* AUC of the probability of class c: its cases against those of `other`, or against all others where that is
 * k. NaN when a side is empty. With `other` named the placements are added to what cases add. */
static vouch_status separation(vouch_ctx *ctx, const problem *q, size_t c, size_t other, double *out)
{
    size_t m = 0, mine = 0;
    for (size_t i = 0; i < q->n; i++) {
        if (q->label[i] != c && other != q->k && q->label[i] != other)
            continue;
        q->score[m] = q->probability[i * q->k + c];
        q->is_in[m] = q->label[i] == c;
        q->at[m] = (uint32_t)i;
        mine += q->is_in[m++];
    }
    *out = NAN;
    if (mine == 0 || mine == m)
        return VOUCH_OK;
    vouch_status status = vouch__placements(ctx, m, q->score, q->is_in, mine, q->own, out);
    for (size_t i = 0; i < m && other != q->k && !status; i++)
        q->added[q->at[i]] += q->own[i];
    return status;
}

/* Of the mean over pairs: the variance within each class of what its cases add, over its cases. */
static double pairs_variance(const problem *q, const vouch__class *of, double pairs)
{
    double variance = 0.0;
    for (size_t c = 0; c < q->k; c++) {
        vouch__dd sum = { 0 }, squares = { 0 };
        if (of[c].cases == 0.0)
            continue;
        if (of[c].cases < VOUCH__FEWEST)
            return NAN;
        for (size_t i = 0; i < q->n; i++)
            if (q->label[i] == c)
                vouch__accumulate(&sum, q->added[i]);
        double mean = vouch__accumulated(sum) / of[c].cases;
        for (size_t i = 0; i < q->n; i++)
            if (q->label[i] == c)
                vouch__accumulate(&squares, (q->added[i] - mean) * (q->added[i] - mean));
        variance += vouch__accumulated(squares) / (of[c].cases - 1.0) / of[c].cases;
    }
    return variance / (pairs * pairs);
}

static size_t likeliest(size_t k, const double *p)
{
    size_t best = 0;
    for (size_t c = 1; c < k; c++)
        if (p[c] > p[best])
            best = c;
    return best;
}

static double over(double a, double b) { return b > 0.0 ? a / b : 0.0; }

static void decisions(const problem *q, double level, vouch__class *of, double *table, vouch__multiclass *out)
{
    size_t k = q->k;
    double n = (double)q->n, hits = 0.0, chance = 0.0, squares[2] = { 0.0, 0.0 };
    vouch__dd loss = { 0 };
    for (size_t i = 0; i < q->n; i++) {
        const double *p = q->probability + i * k;
        table[q->label[i] * k + likeliest(k, p)] += 1.0;
        vouch__accumulate(&loss, -vouch__log(fmax(p[q->label[i]], 1e-15)));
    }
    for (size_t c = 0; c < k; c++) {
        for (size_t j = 0; j < k; j++) {
            of[c].cases += table[c * k + j];
            of[c].predicted += table[j * k + c];
        }
        of[c].hits = table[c * k + c];
        of[c].precision = over(of[c].hits, of[c].predicted);
        of[c].recall = over(of[c].hits, of[c].cases);
        of[c].f1 = over(2.0 * of[c].hits, of[c].cases + of[c].predicted);
        hits += of[c].hits;
        chance += of[c].cases / n * (of[c].predicted / n);
        squares[0] += of[c].cases / n * (of[c].cases / n);
        squares[1] += of[c].predicted / n * (of[c].predicted / n);
        if (of[c].cases > 0.0) {
            out->classes_seen++;
            out->macro_f1 += of[c].f1;
            out->macro_precision += of[c].precision;
            out->macro_recall += of[c].recall;
            out->weighted_f1 += of[c].f1 * (of[c].cases / n);
        }
    }
    out->macro_f1 /= (double)out->classes_seen;
    out->macro_precision /= (double)out->classes_seen;
    out->macro_recall /= (double)out->classes_seen;
    out->balanced_accuracy = out->macro_recall;
    out->accuracy = hits / n;
    vouch__wilson(hits, n, level, &out->accuracy_low, &out->accuracy_high);
    out->log_loss = vouch__accumulated(loss) / n;
    out->kappa = chance < 1.0 ? (out->accuracy - chance) / (1.0 - chance) : NAN;
    double spread = sqrt(1.0 - squares[0]) * sqrt(1.0 - squares[1]);
    out->mcc = spread > 0.0 ? (out->accuracy - chance) / spread : 0.0;
}

static vouch_status ranking(vouch_ctx *ctx, const problem *q, vouch__class *of, vouch__multiclass *out)
{
    vouch_status status = VOUCH_OK;
    double pairs = 0.0, sum = 0.0;
    for (size_t c = 0; c < q->k && !status; c++) {
        status = separation(ctx, q, c, q->k, &of[c].auc);
        if (status || isnan(of[c].auc))
            continue;
        out->macro_auc += of[c].auc / (double)out->classes_seen;
        out->weighted_auc += of[c].auc * (of[c].cases / (double)q->n);
        for (size_t j = 0; j < q->k && !status; j++) {
            if (j == c || of[j].cases == 0.0)
                continue;
            double auc;
            status = separation(ctx, q, c, j, &auc);
            sum += status ? 0.0 : auc;
            pairs += 1.0;
        }
    }
    out->hand_till = sum / pairs;
    out->hand_till_variance = pairs_variance(q, of, pairs);
    return status;
}

vouch_status vouch__multiclass_measure(vouch_ctx *ctx, size_t n, size_t k, const uint32_t *label,
                                       const double *probability, double level, vouch__class *out_class,
                                       double *out_table, vouch__multiclass *out)
{
    vouch_status status = vouch__cases_level(ctx, "multi-class", level);
    if (!status)
        status = check(ctx, n, k, label, probability);
    for (size_t i = 1; !status && i <= n; i++) {
        if (i == n)
            status = vouch__fail(ctx, VOUCH_E_DATA, "multi-class: every case is of class %u", label[0]);
        else if (label[i] != label[0])
            break;
    }
    if (status)
        return status;
    size_t mark = vouch__scratch_mark(ctx);
    problem q = { .n = n, .k = k, .label = label, .probability = probability };
    q.score = vouch__scratch(ctx, n, sizeof *q.score);
    q.own = vouch__scratch(ctx, n, sizeof *q.own);
    q.added = vouch__scratch(ctx, n, sizeof *q.added);
    q.at = vouch__scratch(ctx, n, sizeof *q.at);
    q.is_in = vouch__scratch(ctx, n, 1);
    vouch__class *of = vouch__scratch(ctx, k, sizeof *of);
    double *table = vouch__scratch(ctx, k * k, sizeof *table);
    if (!q.score || !q.own || !q.added || !q.at || !q.is_in || !of || !table) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    memset(q.added, 0, n * sizeof *q.added);
    memset(of, 0, k * sizeof *of);
    memset(table, 0, k * k * sizeof *table);
    vouch__multiclass m = { .accuracy = 0.0 };
    decisions(&q, level, of, table, &m);
    status = ranking(ctx, &q, of, &m);
    if (!status) {
        memcpy(out_class, of, k * sizeof *of);
        memcpy(out_table, table, k * k * sizeof *table);
        *out = m;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* Parts of the cases in which the model does worse than elsewhere, and parts in which it does worse than it
 * did on the cases it learnt from. Slices overlap and there are hundreds: the false discovery rate is held.
 */
#include "catalogue/diagnose/slices.h"

#include "num/rank.h"
#include "num/special.h"
#include "validate/calibration.h"
#include "validate/cases.h"
#include "validate/placements.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHOWN = 20, OUTCOMES = 10 };

typedef struct finding {
    vouch__slice slice; /* without its cases */
    double rate, expected, loss, elsewhere, auc, gap, se, p, adjusted;
    size_t at;
} finding;

typedef struct search {
    const vouch__probe *now, *before; /* before: only when looking for overfit */
    vouch__slicing slicing;
    const uint8_t *bin_before; /* [cols x before->n] */
    bool by_auc;
    double auc, loss, loss_squares; /* of all cases: AUC, sums of loss and of its squares */
    const double *held;             /* [n] recalibrated P(bad); NULL: slices are compared with all cases */
    double *own;                    /* [n] what each case adds to the AUC: its placement */
    double own_squares[2];          /* of goods and bads around the AUC */
    finding *f;
    size_t n, most;
} search;

/* Placements of the cases at[n] (NULL: all). */
static vouch_status placements(vouch_ctx *ctx, const vouch__probe *p, size_t n, const uint32_t *at,
                               double *own, double *out_auc)
{
    size_t mark = vouch__scratch_mark(ctx), n_bad = 0;
    double *score = vouch__scratch(ctx, n, sizeof *score);
    uint8_t *bad = vouch__scratch(ctx, n, sizeof *bad);
    if (!score || !bad)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++) {
        size_t k = at ? at[i] : i;
        score[i] = p->raw[k];
        bad[i] = p->bad[k];
        n_bad += bad[i];
    }
    vouch_status status = vouch__placements(ctx, n, score, bad, n_bad, own, out_auc);
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* The AUC of a slice less that of all cases, with the variance that DeLong's components give their
 * difference: a case of the slice counts in both. */
static vouch_status auc_against_all(vouch_ctx *ctx, const search *s, const vouch__slice *slice, finding *f)
{
    const vouch__probe *p = s->now;
    size_t mark = vouch__scratch_mark(ctx);
    double all[2] = { (double)(p->n - p->n_bad), (double)p->n_bad };
    double in[2] = { (double)(slice->n - slice->n_bad), (double)slice->n_bad };
    double variance = 0.0, squares[2] = { s->own_squares[0], s->own_squares[1] }, joint[2] = { 0, 0 };
    double *own = vouch__scratch(ctx, slice->n, sizeof *own);
    if (!own)
        return vouch__oom(ctx);
    vouch_status status = placements(ctx, p, slice->n, slice->at, own, &f->auc);
    for (size_t i = 0; i < slice->n && !status; i++) {
        size_t k = slice->at[i];
        int c = p->bad[k];
        double of_all = s->own[k] - s->auc, of_slice = own[i] - f->auc;
        double joined = of_slice / in[c] - of_all / all[c];
        squares[c] -= of_all * of_all;
        joint[c] += joined * joined;
    }
    for (int c = 0; c < 2; c++)
        variance += (fmax(squares[c], 0.0) / (all[c] * all[c]) + joint[c]) * in[c] / (in[c] - 1.0);
    f->gap = s->auc - f->auc;
    f->elsewhere = s->auc;
    f->se = sqrt(variance);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static void loss_against_rest(const search *s, const vouch__slice *slice, finding *f)
{
    const vouch__probe *p = s->now;
    double n = (double)slice->n, m = (double)(p->n - slice->n), sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < slice->n; i++) {
        double loss = p->loss[slice->at[i]];
        sum += loss;
        squares += loss * loss;
    }
    double mean = sum / n, rest = (s->loss - sum) / m;
    double v = fmax(squares - n * mean * mean, 0.0) / (n - 1.0) / n;
    double w = fmax(s->loss_squares - squares - m * rest * rest, 0.0) / (m - 1.0) / m;
    f->gap = mean - rest;
    f->elsewhere = rest;
    f->se = sqrt(v + w);
}

/* Against what the slice's own probabilities promise. With y_i independent of P(bad) p_i the pairs of a bad i
 * and a good j that are in order number, on average, the sum of p_i (1 - p_j) K_ij over i and j apart; the
 * AUC moves with y_i as the derivative g_i of what lies above the promise, and its variance is the sum of p_i
 * (1 - p_i) g_i^2 over the square of the expected number of pairs. */
static vouch_status auc_against_promise(vouch_ctx *ctx, const search *s, const vouch__slice *slice,
                                        finding *f)
{
    const vouch__probe *p = s->now;
    size_t n = slice->n, mark = vouch__scratch_mark(ctx);
    double *score = vouch__scratch(ctx, n, sizeof *score), *own = vouch__scratch(ctx, n, sizeof *own);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    double *under = vouch__scratch(ctx, n, sizeof *under), *over = vouch__scratch(ctx, n, sizeof *over);
    double bads = 0.0, goods = 0.0, ordered = 0.0, pairs = 0.0, variance = 0.0;
    if (!score || !own || !order || !under || !over)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++) {
        score[i] = p->raw[slice->at[i]];
        bads += s->held[slice->at[i]];
    }
    goods = (double)n - bads;
    vouch_status status = placements(ctx, p, n, slice->at, own, &f->auc);
    if (!status)
        status = vouch__order(ctx, n, score, order);
    double p_below = 0.0, q_below = 0.0;
    for (size_t a = 0, b; a < n && !status; a = b) { /* ties count half, a case with itself not */
        double p_tied = 0.0, q_tied = 0.0;
        for (b = a; b < n && score[order[b]] == score[order[a]]; b++) {
            p_tied += s->held[slice->at[order[b]]];
            q_tied += 1.0 - s->held[slice->at[order[b]]];
        }
        for (size_t k = a; k < b; k++) {
            double held = s->held[slice->at[order[k]]];
            under[order[k]] = q_below + 0.5 * (q_tied - (1.0 - held));
            over[order[k]] = bads - p_below - p_tied + 0.5 * (p_tied - held);
            ordered += held * under[order[k]];
            pairs += held * (goods - (1.0 - held));
        }
        p_below += p_tied;
        q_below += q_tied;
    }
    f->elsewhere = pairs > 0.0 ? ordered / pairs : f->auc;
    for (size_t i = 0; i < n && !status; i++) {
        double held = s->held[slice->at[i]];
        double g = under[i] - f->elsewhere * (goods - (1.0 - held)) - over[i] + f->elsewhere * (bads - held);
        variance += held * (1.0 - held) * g * g;
    }
    f->gap = f->elsewhere - f->auc;
    f->se = pairs > 0.0 ? sqrt(variance) / pairs : 0.0;
    vouch__scratch_reset(ctx, mark);
    return status;
}

static void loss_against_promise(const search *s, const vouch__slice *slice, finding *f)
{
    double n = (double)slice->n, expected = 0.0, variance = 0.0;
    for (size_t i = 0; i < slice->n; i++) {
        double held = s->held[slice->at[i]], p = s->now->p[slice->at[i]];
        double if_bad = vouch__probe_loss(p, true), if_good = vouch__probe_loss(p, false);
        expected += held * if_bad + (1.0 - held) * if_good;
        variance += held * (1.0 - held) * (if_bad - if_good) * (if_bad - if_good);
    }
    f->elsewhere = expected / n;
    f->gap = f->loss - f->elsewhere;
    f->se = sqrt(variance) / n;
}

static void one_sided(finding *f) { f->p = f->se > 0.0 ? vouch__normal_sf(f->gap / f->se) : (double)NAN; }

static void describe(const vouch__probe *p, const vouch__slice *slice, finding *f)
{
    double expected = 0.0, loss = 0.0;
    for (size_t i = 0; i < slice->n; i++) {
        expected += p->p[slice->at[i]];
        loss += p->loss[slice->at[i]];
    }
    f->slice = *slice;
    f->slice.at = NULL;
    f->rate = (double)slice->n_bad / (double)slice->n;
    f->expected = expected / (double)slice->n;
    f->loss = loss / (double)slice->n;
}

static bool few_outcomes(const vouch__slice *slice)
{
    return slice->n_bad < OUTCOMES || slice->n - slice->n_bad < OUTCOMES;
}

static vouch_status weigh(vouch_ctx *ctx, const vouch__slice *slice, void *self)
{
    search *s = self;
    finding f = { .auc = NAN, .at = s->n };
    size_t rest = s->now->n - slice->n;
    if (rest < 2 || slice->n < 2 || (s->by_auc && few_outcomes(slice)) || s->n == s->most)
        return VOUCH_OK;
    describe(s->now, slice, &f);
    vouch_status status = VOUCH_OK;
    if (s->by_auc)
        status = s->held ? auc_against_promise(ctx, s, slice, &f) : auc_against_all(ctx, s, slice, &f);
    else if (s->held)
        loss_against_promise(s, slice, &f);
    else
        loss_against_rest(s, slice, &f);
    one_sided(&f);
    s->f[s->n++] = f;
    return status;
}

static vouch_status gather_before(vouch_ctx *ctx, const search *s, const vouch__slice *slice, uint32_t *at,
                                  size_t *out_n, size_t *out_bad)
{
    size_t n = 0, n_bad = 0, m = s->before->n;
    const uint8_t *a = s->bin_before + slice->a * m;
    const uint8_t *b = slice->b == SIZE_MAX ? NULL : s->bin_before + slice->b * m;
    for (size_t i = 0; i < m; i++)
        if (a[i] == slice->bin_a && (!b || b[i] == slice->bin_b)) {
            at[n++] = (uint32_t)i;
            n_bad += s->before->bad[i];
        }
    *out_n = n;
    *out_bad = n_bad;
    return vouch__poll(ctx);
}

static void mean_loss(const vouch__probe *p, size_t n, const uint32_t *at, double *out_mean,
                      double *out_variance)
{
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += p->loss[at[i]];
    for (size_t i = 0; i < n; i++)
        squares += (p->loss[at[i]] - sum / (double)n) * (p->loss[at[i]] - sum / (double)n);
    *out_mean = sum / (double)n;
    *out_variance = squares / (double)(n - 1) / (double)n;
}

static vouch_status slice_auc(vouch_ctx *ctx, const vouch__probe *p, size_t n, const uint32_t *at,
                              vouch_auc *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    double *score = vouch__scratch(ctx, n, sizeof *score);
    uint8_t *bad = vouch__scratch(ctx, n, sizeof *bad);
    if (!score || !bad)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++) {
        score[i] = p->raw[at[i]];
        bad[i] = p->bad[at[i]];
    }
    vouch_status status = vouch_validate_auc_delong(ctx, n, score, bad, 0.95, out);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status compare(vouch_ctx *ctx, const vouch__slice *slice, void *self)
{
    search *s = self;
    size_t mark = vouch__scratch_mark(ctx);
    finding f = { .auc = NAN, .at = s->n };
    vouch__slice then = *slice;
    uint32_t *at = vouch__scratch(ctx, s->before->n, sizeof *at);
    if (!at)
        return vouch__oom(ctx);
    vouch_status status = gather_before(ctx, s, slice, at, &then.n, &then.n_bad);
    bool is_few = slice->n < 2 || then.n < 2 || then.n < s->slicing.least ||
                  (s->by_auc && (few_outcomes(slice) || few_outcomes(&then)));
    if (!status && !is_few && s->n < s->most) {
        describe(s->now, slice, &f);
        if (s->by_auc) {
            vouch_auc a = { .auc = NAN }, b = { .auc = NAN };
            status = slice_auc(ctx, s->now, slice->n, slice->at, &a);
            if (!status)
                status = slice_auc(ctx, s->before, then.n, at, &b);
            f.auc = a.auc;
            f.elsewhere = b.auc;
            f.gap = b.auc - a.auc;
            f.se = sqrt(a.variance + b.variance);
        } else {
            double mean, variance, loss, of_now;
            mean_loss(s->before, then.n, at, &mean, &variance);
            mean_loss(s->now, slice->n, slice->at, &loss, &of_now);
            f.elsewhere = mean;
            f.gap = loss - mean;
            f.se = sqrt(variance + of_now);
        }
        one_sided(&f);
        s->f[s->n++] = f;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static int by_p(const void *a, const void *b)
{
    const finding *x = a, *y = b;
    double p = isnan(x->p) ? 2.0 : x->p, q = isnan(y->p) ? 2.0 : y->p;
    if (p != q)
        return p < q ? -1 : 1;
    if (x->gap != y->gap)
        return x->gap > y->gap ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static vouch_status adjust(vouch_ctx *ctx, search *s)
{
    double *p = vouch__scratch(ctx, s->n + 1, sizeof *p);
    if (!p)
        return vouch__oom(ctx);
    for (size_t i = 0; i < s->n; i++)
        p[i] = s->f[i].p;
    vouch_status status = vouch__benjamini_hochberg(ctx, s->n, p, p);
    for (size_t i = 0; i < s->n && !status; i++)
        s->f[i].adjusted = p[i];
    qsort(s->f, s->n, sizeof *s->f, by_p);
    return status;
}

/* The widest gap among what is significant; without any, of the most nearly significant slice. */
static vouch_status tell(vouch_ctx *ctx, const vouch__test_call *call, search *s, const char *columns)
{
    double q = vouch__test_param(call, "rate"), margin = vouch__cases_margin(0.95);
    char note[240], text[VOUCH__SLICE_TEXT];
    size_t weak = 0;
    if (s->n == 0) {
        vouch__test_refuse(call, s->by_auc ? "No slice has enough cases with at least 10 of either outcome."
                                           : "No slice has enough cases.");
        return VOUCH_OK;
    }
    vouch_status status = adjust(ctx, s);
    if (status)
        return status;
    const finding *worst = &s->f[0];
    for (size_t i = 0; i < s->n; i++)
        if (s->f[i].adjusted <= q) {
            weak++;
            worst = s->f[i].gap > worst->gap ? &s->f[i] : worst;
        }
    vouch__slice_text(s->now, s->slicing.cuts, &worst->slice, sizeof text, text);
    (void)snprintf(note, sizeof note,
                   "%zu of %zu slices are significantly worse; the value is that of: %.120s.", weak, s->n,
                   text);
    vouch__entry entry = vouch__test_entry(call);
    entry.n = (double)s->now->n;
    entry.n_bad = (double)s->now->n_bad;
    entry.note = note;
    entry.unit = s->by_auc ? "AUC" : "log loss";
    entry.value = worst->gap;
    entry.p_value = worst->adjusted;
    if (!isnan(worst->se)) {
        entry.level = 0.95;
        entry.low = worst->gap - margin * worst->se;
        entry.high = worst->gap + margin * worst->se;
        entry.interval_method = "normal, of this slice alone";
    }
    entry.judged = s->by_auc && (s->held || s->before) && worst->adjusted <= q;
    entry.verdict = s->by_auc && (s->held || s->before) && vouch__policy_limit(call->list->policy, entry.id)
                        ? VOUCH__PASS
                        : VOUCH__INFO;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "slices", columns);
    for (size_t i = 0; i < s->n && i < SHOWN; i++) {
        const finding *f = &s->f[i];
        vouch__slice_text(s->now, s->slicing.cuts, &f->slice, sizeof text, text);
        vouch__test_row(call, table, "tnnnnnnnnnn", text, (double)f->slice.n, (double)f->slice.n_bad, f->rate,
                        f->expected, f->loss, f->auc, f->elsewhere, f->gap, f->p, f->adjusted);
    }
    return VOUCH_OK;
}

static vouch_status prepare(vouch_ctx *ctx, const vouch__test_call *call, vouch__probe *now, search *s)
{
    vouch__cut *cuts = NULL;
    size_t *crossed = NULL, most = (size_t)vouch__test_param(call, "crossed");
    size_t rows = (size_t)vouch__test_param(call, "rows");
    vouch_status status = vouch__probe_make(ctx, call, call->now, rows, true, now);
    if (!status)
        status = vouch__cuts_make(ctx, now, (size_t)vouch__test_param(call, "bins"), &cuts);
    s->now = now;
    s->by_auc = vouch__test_choice(call, "measure", "auc");
    s->slicing = (vouch__slicing){ now, cuts, (size_t)vouch__test_param(call, "least"), 0, NULL };
    if (!status)
        status = vouch__slices_strongest(ctx, now, cuts, most, &crossed, &s->slicing.n_crossed);
    s->slicing.crossed = crossed;
    if (status)
        return status;
    s->most = vouch__slices_most(&s->slicing);
    s->f = vouch__scratch(ctx, s->most + 1, sizeof *s->f);
    return s->f ? VOUCH_OK : vouch__oom(ctx);
}

static vouch_status run_weak(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__probe now;
    search s = { .n = 0 };
    vouch_status status = prepare(ctx, call, &now, &s);
    if (status)
        return status;
    for (size_t i = 0; i < now.n; i++) {
        s.loss += now.loss[i];
        s.loss_squares += now.loss[i] * now.loss[i];
    }
    if (s.by_auc) {
        if (now.n_bad == 0 || now.n_bad == now.n)
            return vouch__fail(ctx, VOUCH_E_DATA,
                               "diagnose: the cases that were drawn have one outcome only");
        s.own = vouch__scratch(ctx, now.n, sizeof *s.own);
        if (!s.own)
            return vouch__oom(ctx);
        status = placements(ctx, &now, now.n, NULL, s.own, &s.auc);
        for (size_t i = 0; i < now.n && !status; i++)
            s.own_squares[now.bad[i]] += (s.own[i] - s.auc) * (s.own[i] - s.auc);
    }
    if (!status && vouch__test_choice(call, "against", "promise"))
        status = vouch__probe_recalibrate(ctx, &now, &s.held);
    if (!status)
        status = vouch__slices_visit(ctx, &s.slicing, weigh, &s);
    return status ? status
                  : tell(ctx, call, &s,
                         "slice,cases,bads,bad_rate,predicted,log_loss,auc,reference,gap,p_value,adjusted");
}

static vouch_status run_overfit(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__probe now, before;
    search s = { .n = 0 };
    vouch_status status = prepare(ctx, call, &now, &s);
    if (!status)
        status = vouch__probe_make(ctx, call, call->before, (size_t)vouch__test_param(call, "rows"), true,
                                   &before);
    if (status)
        return status;
    uint8_t *bin = vouch__scratch(ctx, before.cols * before.n + 1, 1);
    if (!bin)
        return vouch__oom(ctx);
    for (size_t j = 0; j < before.cols; j++)
        for (size_t i = 0; i < before.n; i++)
            bin[j * before.n + i] = (uint8_t)vouch__cut_bin(&before, s.slicing.cuts, j,
                                                            before.x[i * before.cols + j]);
    s.before = &before;
    s.bin_before = bin;
    status = vouch__slices_visit(ctx, &s.slicing, compare, &s);
    return status ? status
                  : tell(ctx, call, &s,
                         "slice,cases,bads,bad_rate,predicted,log_loss,auc,training,gap,p_value,adjusted");
}

#define SEARCH                                                                                                   \
    { "measure", VOUCH__PARAM_CHOICE, 0, 0, 0, "auc|log_loss", "", "What is compared." },                        \
        { "bins", VOUCH__PARAM_INTEGER, 2, 50, 5, NULL, "bins", "Quantile bins of a number." },                  \
        { "crossed", VOUCH__PARAM_INTEGER,                                                                       \
          0,         100,                                                                                        \
          10,        NULL,                                                                                       \
          "inputs",  "How many inputs, those by which the score differs most, are also taken in pairs." },       \
        { "least", VOUCH__PARAM_INTEGER,                                                                         \
          2,       1000000,                                                                                      \
          100,     NULL,                                                                                         \
          "cases", "Slices with fewer are not looked at." },                                                     \
        { "rate", VOUCH__PARAM_REAL, 0.001, 0.5, 0.05, NULL, "", "The false discovery rate that is accepted." }, \
    {                                                                                                            \
        "rows", VOUCH__PARAM_INTEGER, 2, 10000000, 200000, NULL, "cases",                                        \
            "Most cases taken, drawn by the seed."                                                               \
    }
static const vouch__param params[] = {
    SEARCH,
    { "against", VOUCH__PARAM_CHOICE, 0, 0, 0, "promise|all", "",
      "What a slice is compared with: what its own probabilities promise, or all cases (not judged)." },
};
static const vouch__param overfit_params[] = { SEARCH };
#define NEEDS (VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH)

const vouch_test vouch__test_weak_spots = {
    .id = "diagnose.weak_spots",
    .section = "validate",
    .title = "Where does the model do worse than elsewhere?",
    .purpose =
        "A good figure over all cases can hide a group for which the model is of no use. Slices of one "
        "and two inputs are searched for such places.",
    .mechanism =
        "Numbers are cut at quantiles, categories taken as they are, missing values are a bin of their own. "
        "In each slice of one and two inputs the AUC is compared with the one that the probabilities of its "
        "cases promise, the share of ordered pairs to be expected if outcomes follow them; or the mean log "
        "loss with the expected one. Tests are one-sided, and their p-values corrected over all slices by "
        "Benjamini and Hochberg. The value is the widest significant gap.",
    .convention =
        "Probabilities are first put on one line of the model's log-odds that fits all cases, so that a "
        "model that is off as a whole is not weak everywhere. The variance is that of independent outcomes "
        "with these probabilities. Compared with the AUC of all cases instead (against: all) a slice of "
        "cases that are alike is always worse, of the best model too, so that comparison is shown and not "
        "judged; its variance is from DeLong's components. Slices need 10 of either outcome for an AUC. "
        "Inputs are paired by how far the score differs between their bins, without a look at outcomes. "
        "Judged for AUC only, and only when significant.",
    .high_risk = "A significant gap of 0.10 in AUC in a slice of any size, or slices whose predicted rate is "
                 "far from the bad rate: decisions there rest on little.",
    .strengths =
        "Names the place in words a business knows, and holds the share of false alarms: a sound model is "
        "found weak anywhere in at most one validation in twenty (docs/test_sizes.md), whatever the spread "
        "of its inputs.",
    .limits =
        "A model that knows nothing of a slice and says so, with probabilities alike, keeps its promise: "
        "read bad rates beside. Slices overlap, so one fault shows in many; and small ones are not seen.",
    .source =
        "Y. Chung, T. Kraska, N. Polyzotis, K. Tae & S. Whang, IEEE TKDE 32 (2020) 2284-2296 (Slice "
        "Finder); E. DeLong, D. DeLong & D. Clarke-Pearson, Biometrics 44 (1988) 837-845; Y. Benjamini & "
        "Y. Hochberg, J. R. Stat. Soc. B 57 (1995) 289-300",
    .null_hypothesis = "outcomes in the slice follow the model's probabilities",
    .needs = NEEDS,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run_weak,
};

const vouch_test vouch__test_overfit_slices = {
    .id = "diagnose.overfit_slices",
    .section = "validate",
    .title = "Where has the model learnt its cases by heart?",
    .purpose =
        "A model may generalise on the whole and still have memorised a corner. Which parts of the cases "
        "did it do far better on when it was trained?",
    .mechanism =
        "Both samples are cut into the same slices of one and two inputs. In each, the AUC (or the mean "
        "log loss) on the training cases is compared with that on these cases, by a one-sided test of "
        "two independent samples; Benjamini and Hochberg correct over slices. The value is the widest "
        "significant gap.",
    .convention =
        "The reference holds the training cases. Bins come from these cases. DeLong's variances for "
        "AUC; unequal variances for log loss. Judged for AUC only, and only when significant.",
    .high_risk =
        "A significant fall of the AUC by more than 0.05 in a slice: there the model recites, and the "
        "figure on all cases flatters.",
    .strengths = "Tells overfitting from chance, and where it is, which the gap over all cases cannot.",
    .limits = "What has drifted since training looks the same as what was memorised: with cases of a later "
              "date, read it together with the drift tests.",
    .source =
        "A. Sudjianto, A. Zhang, Z. Yang et al., PiML Toolbox for Interpretable Machine Learning (2023), "
        "on overfit regions; DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837-845",
    .null_hypothesis = "the model does as well in the slice as it did in training",
    .needs = NEEDS | VOUCH__NEEDS_REFERENCE,
    .params = overfit_params,
    .n_params = sizeof overfit_params / sizeof *overfit_params,
    .run = run_overfit,
};

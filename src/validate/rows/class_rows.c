/* The rows about models with more than two outcomes. */
#include "num/rates.h"
#include "num/special.h"
#include "num/sum.h"
#include "validate/multiclass.h"
#include "validate/placements.h"
#include "validate/rows/row_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LEVEL 0.95
#define ROWS_ADD_UP                                                                                          \
    "Each case's probabilities add up to 1 within 1e-6, else the test refuses. The predicted class is the "  \
    "most probable one, the earliest of equals. Case weights are not used. "

typedef struct measured {
    size_t n, k;
    const vouch__factor *outcome;
    const double *probability;
    vouch__class *of;
    double *table; /* [k x k]: of class, predicted as */
    vouch__multiclass all;
} measured;

static vouch_status measure(vouch_ctx *ctx, const vouch__test_call *call, measured *m)
{
    const vouch__sample *s = call->now;
    *m = (measured){
        .n = s->n, .k = s->outcome->n_levels, .outcome = s->outcome, .probability = s->class_probability
    };
    m->of = vouch__scratch(ctx, m->k, sizeof *m->of);
    m->table = vouch__scratch(ctx, m->k * m->k, sizeof *m->table);
    if (!m->of || !m->table)
        return vouch__oom(ctx);
    return vouch__multiclass_measure(ctx, m->n, m->k, s->outcome->code, s->class_probability, LEVEL, m->of,
                                     m->table, &m->all);
}

static vouch__entry entry_of(const vouch__test_call *call, const measured *m)
{
    vouch__entry entry = vouch__test_entry(call);
    entry.subject = m->outcome->name;
    return entry;
}

/* ---- accuracy ---- */

static vouch_status run_accuracy(vouch_ctx *ctx, const vouch__test_call *call)
{
    measured m;
    vouch_status status = measure(ctx, call, &m);
    if (status)
        return status;
    double most = 0;
    for (size_t c = 0; c < m.k; c++)
        most = fmax(most, m.of[c].cases);
    vouch__entry entry = entry_of(call, &m);
    entry.value = m.all.accuracy;
    entry.level = LEVEL;
    entry.low = m.all.accuracy_low;
    entry.high = m.all.accuracy_high;
    entry.interval_method = "Wilson";
    entry.judged = true;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "overall", "quantity,value");
    vouch__row_quantity(call, table, "accuracy", m.all.accuracy);
    vouch__row_quantity(call, table, "accuracy of always naming the largest class", most / (double)m.n);
    vouch__row_quantity(call, table, "balanced accuracy (mean recall)", m.all.balanced_accuracy);
    vouch__row_quantity(call, table, "macro precision", m.all.macro_precision);
    vouch__row_quantity(call, table, "macro F1", m.all.macro_f1);
    vouch__row_quantity(call, table, "weighted F1", m.all.weighted_f1);
    vouch__row_quantity(call, table, "Matthews' correlation", m.all.mcc);
    table = vouch__evidence_table(call->list, object, "classes",
                                  "class,cases,predicted,hits,precision,recall,low,high,f1");
    for (size_t c = 0; c < m.k; c++) {
        const vouch__class *at = &m.of[c];
        double low = NAN, high = NAN;
        if (at->cases > 0)
            vouch__wilson(at->hits, at->cases, LEVEL, &low, &high);
        vouch__test_row(call, table, "tnnnnnnnn", m.outcome->level[c], at->cases, at->predicted, at->hits,
                        at->precision, at->recall, low, high, at->f1);
    }
    vouch__evidence_plot(call->list, object, "interval", "classes", "class", "recall", m.outcome->name,
                         "share recognised (recall)");
    return VOUCH_OK;
}

const vouch_test vouch__test_class_accuracy = {
    .id = "validate.class_accuracy",
    .section = "validate",
    .title = "Accuracy over several classes",
    .purpose =
        "How often does a model with several outcomes name the right one, and is any outcome left behind?",
    .mechanism =
        "The share of cases whose most probable class is the one that came to pass; beside it recall, "
        "precision and F1 of each class, their plain means over classes (macro: each class counts alike) "
        "and weighted by cases, and Matthews' correlation over the whole table (Gorodkin).",
    .convention = ROWS_ADD_UP
    "Precision of a class that is never predicted and recall of one that never occurs are "
    "0, as scikit-learn has them; macro means run over classes with cases. Interval by "
    "Wilson.",
    .high_risk = "Accuracy that hardly beats always naming the largest class, or a class whose recall is far "
                 "below the others': the model does not serve it.",
    .strengths = "In the unit of decisions; the table by class shows what one number hides.",
    .limits = "Depends on how frequent the classes are, and on naming the most probable one: where errors "
              "differ in price that is the wrong rule. Says nothing of how good the probabilities are.",
    .source = "Gorodkin, Comp. Biol. Chem. 28 (2004) 367-374; Sokolova & Lapalme, Inf. Process. Manag. 45 "
              "(2009) 427-437; Wilson, JASA 22 (1927) 209-212",
    .unit = "share",
    .needs = VOUCH__NEEDS_CLASSES,
    .run = run_accuracy,
};

/* ---- confusion ---- */

static vouch_status run_confusion(vouch_ctx *ctx, const vouch__test_call *call)
{
    measured m;
    char note[320] = "No case is mistaken.";
    double worst = 0;
    vouch_status status = measure(ctx, call, &m);
    if (status)
        return status;
    for (size_t i = 0; i < m.k; i++)
        for (size_t j = 0; j < m.k; j++) {
            double share = m.of[i].cases > 0 ? m.table[i * m.k + j] / m.of[i].cases : 0.0;
            if (i == j || !(share > worst))
                continue;
            worst = share;
            (void)snprintf(note, sizeof note, "Most often mistaken: %.80s for %.80s, %.0f of %.0f cases.",
                           m.outcome->level[i], m.outcome->level[j], m.table[i * m.k + j], m.of[i].cases);
        }
    vouch__entry entry = entry_of(call, &m);
    entry.value = worst;
    entry.note = note;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "confusion",
                                               "class,predicted,cases,share");
    for (size_t i = 0; i < m.k; i++)
        for (size_t j = 0; j < m.k; j++)
            vouch__test_row(call, table, "ttnn", m.outcome->level[i], m.outcome->level[j],
                            m.table[i * m.k + j],
                            m.of[i].cases > 0 ? m.table[i * m.k + j] / m.of[i].cases : (double)NAN);
    return VOUCH_OK;
}

const vouch_test vouch__test_class_confusion = {
    .id = "validate.class_confusion",
    .section = "validate",
    .title = "Which classes are taken for which",
    .purpose =
        "Errors are not alike: to take a case of fraud for a complaint costs otherwise than the reverse. "
        "This shows where cases of each class end up.",
    .mechanism =
        "Cases are counted by the class that came to pass and the class predicted. Told is the largest "
        "share of one class that is taken for one other.",
    .convention = ROWS_ADD_UP
    "Shares are of the class that came to pass, so each row of the table adds up to 1.",
    .high_risk = "A pair of classes with much confusion whose consequences differ much.",
    .strengths = "Nothing is summed away.",
    .limits = "Small classes give shares of few cases. With many classes the table is long: read it by its "
              "largest off-diagonal entries.",
    .source = "Provost & Kohavi, Machine Learning 30 (1998) 271-274",
    .unit = "share of a class",
    .needs = VOUCH__NEEDS_CLASSES,
    .run = run_confusion,
};

/* ---- separation ---- */

static vouch_status run_auc(vouch_ctx *ctx, const vouch__test_call *call)
{
    measured m;
    vouch_status status = measure(ctx, call, &m);
    if (status)
        return status;
    vouch__entry entry = entry_of(call, &m);
    entry.value = m.all.hand_till;
    entry.judged = true;
    if (isnan(m.all.hand_till_variance)) {
        entry.note = "A class has fewer than 10 cases: no interval is given.";
    } else if (m.all.hand_till <= 0.0 || m.all.hand_till >= 1.0) {
        entry.note = "Every pair of classes is separated: no interval can be made of these cases.";
    } else {
        entry.level = LEVEL;
        entry.interval_method = "placements of all pairs (DeLong), logit scale";
        vouch__logit_limits(m.all.hand_till, m.all.hand_till_variance, LEVEL, &entry.low, &entry.high);
    }
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "overall", "quantity,value");
    vouch__row_quantity(call, table, "Hand and Till's M", m.all.hand_till);
    vouch__row_quantity(call, table, "standard error of M", sqrt(m.all.hand_till_variance));
    vouch__row_quantity(call, table, "macro AUC, one against the rest", m.all.macro_auc);
    vouch__row_quantity(call, table, "weighted AUC, one against the rest", m.all.weighted_auc);
    table = vouch__evidence_table(call->list, object, "classes", "class,cases,auc");
    for (size_t c = 0; c < m.k; c++)
        vouch__test_row(call, table, "tnn", m.outcome->level[c], m.of[c].cases, m.of[c].auc);
    vouch__evidence_plot(call->list, object, "bars", "classes", "class", "auc", m.outcome->name,
                         "AUC against all others");
    return VOUCH_OK;
}

const vouch_test vouch__test_class_auc = {
    .id = "validate.class_auc",
    .section = "validate",
    .title = "Separation of several classes (Hand and Till's M)",
    .purpose =
        "How well do the probabilities rank cases by class, whatever the cut-offs and however frequent "
        "the classes are?",
    .mechanism =
        "For each pair of classes, among the cases of these two, the chance that a case of one has a "
        "higher probability of it than a case of the other, both ways and averaged; M is the mean over "
        "pairs. Beside it each class against all others: plain (macro) and weighted by cases.",
    .convention = ROWS_ADD_UP
    "Ties count one half. M is scikit-learn's roc_auc_score(multi_class=\"ovo\", "
    "average=\"macro\"), the others its \"ovr\". Classes without cases are left out. A case counts in "
    "several "
    "pairs: its placements are added before the variance within its class is taken, and the interval is made "
    "on the logit scale. Below 10 cases of a class none is given.",
    .high_risk = "M near 0.5, or one class whose AUC lies far below the others'.",
    .strengths =
        "Does not move when the mix of classes does (M), so two periods compare; equals AUC with two "
        "classes.",
    .limits =
        "One number over many pairs: a class that no score finds can hide behind others that are easy, "
        "so read the table. Blind to calibration, and to how costly it is to take one class for another.",
    .source = "Hand & Till, Machine Learning 45 (2001) 171-186; Fawcett, Pattern Recognit. Lett. 27 (2006) "
              "861-874; DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837-845, after Sen, Bull. "
              "Calcutta Stat. Assoc. 10 (1960) 1-18 (the error)",
    .unit = "AUC",
    .needs = VOUCH__NEEDS_CLASSES,
    .run = run_auc,
};

/* ---- log loss ---- */

static vouch_status run_log_loss(vouch_ctx *ctx, const vouch__test_call *call)
{
    measured m;
    vouch_status status = measure(ctx, call, &m);
    double *loss = vouch__scratch(ctx, call->now->n + 1, sizeof *loss), prior = 0;
    if (status || !loss)
        return status ? status : vouch__oom(ctx);
    for (size_t i = 0; i < m.n; i++) {
        double p = m.probability[i * m.k + m.outcome->code[i]];
        loss[i] = -vouch__log(fmin(fmax(p, 1e-15), 1.0));
    }
    for (size_t c = 0; c < m.k; c++) {
        double share = m.of[c].cases / (double)m.n;
        prior -= share > 0 ? share * vouch__log(share) : 0.0;
    }
    vouch__entry entry = entry_of(call, &m);
    entry.value = m.all.log_loss;
    entry.judged = true;
    if (m.n > 1) {
        double margin = vouch__cases_margin(LEVEL) * sqrt(vouch__variance(m.n, loss, NULL) / (double)m.n);
        entry.level = LEVEL;
        entry.low = fmax(0.0, entry.value - margin);
        entry.high = entry.value + margin;
        entry.interval_method = "normal, over cases";
    }
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "overall", "quantity,value");
    vouch__row_quantity(call, table, "log loss", entry.value);
    vouch__row_quantity(call, table, "log loss of the classes' shares: what knows nothing has", prior);
    vouch__row_quantity(call, table, "skill: 1 less the ratio of the two",
                        prior > 0 ? 1 - entry.value / prior : NAN);
    return VOUCH_OK;
}

const vouch_test vouch__test_class_log_loss = {
    .id = "validate.class_log_loss",
    .section = "validate",
    .title = "Log loss over several classes",
    .purpose = "How good are the probabilities themselves, separation and calibration taken together?",
    .mechanism =
        "The mean over cases of minus the logarithm of the probability that was given to the class that "
        "came to pass.",
    .convention = ROWS_ADD_UP
    "Natural logarithm, probabilities clipped to [1e-15, 1]. Interval from the spread "
    "over cases.",
    .high_risk =
        "A loss no better than that of the classes' own shares: the model knows nothing, or is sure of "
        "the wrong thing.",
    .strengths = "A proper score: only the true probabilities minimise it, so it can't be gamed by hedging.",
    .limits = "A single confident error weighs as much as many good cases. Compares only on the same cases.",
    .source = "Good, J. R. Stat. Soc. B 14 (1952) 107-114; Gneiting & Raftery, JASA 102 (2007) 359-378",
    .unit = "nats",
    .needs = VOUCH__NEEDS_CLASSES,
    .run = run_log_loss,
};

/* ---- top k ---- */

/* How many classes are more probable than the one that came to pass; equal ones that stand earlier count. */
static size_t rank_of(const measured *m, size_t i)
{
    size_t rank = 0, of = m->outcome->code[i];
    const double *p = m->probability + i * m->k;
    for (size_t c = 0; c < m->k; c++)
        rank += p[c] > p[of] || (p[c] == p[of] && c < of);
    return rank;
}

static vouch_status run_top(vouch_ctx *ctx, const vouch__test_call *call)
{
    measured m;
    vouch_status status = measure(ctx, call, &m);
    double *within = status ? NULL : vouch__scratch(ctx, m.k + 1, sizeof *within);
    char note[160];
    if (status || !within)
        return status ? status : vouch__oom(ctx);
    memset(within, 0, (m.k + 1) * sizeof *within);
    for (size_t i = 0; i < m.n; i++)
        within[rank_of(&m, i)] += 1;
    for (size_t c = 1; c < m.k; c++)
        within[c] += within[c - 1];
    size_t top = (size_t)vouch__test_param(call, "k");
    top = top < m.k ? top : m.k;
    vouch__entry entry = entry_of(call, &m);
    (void)snprintf(note, sizeof note, "Among the %zu most probable of %zu classes.", top, m.k);
    entry.note = note;
    entry.value = within[top - 1] / (double)m.n;
    entry.level = LEVEL;
    vouch__wilson(within[top - 1], (double)m.n, LEVEL, &entry.low, &entry.high);
    entry.interval_method = "Wilson";
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "top", "k,hits,share,low,high");
    for (size_t c = 0; c < m.k; c++) {
        double low, high;
        vouch__wilson(within[c], (double)m.n, LEVEL, &low, &high);
        vouch__test_row(call, table, "nnnnn", (double)c + 1, within[c], within[c] / (double)m.n, low, high);
    }
    vouch__evidence_plot(call->list, object, "line", "top", "k", "share", "most probable classes looked at",
                         "share of cases whose class is among them");
    return VOUCH_OK;
}

static const vouch__param top_params[] = {
    { "k", VOUCH__PARAM_INTEGER, 1, 1000, 3, NULL, "classes",
      "how many of the most probable classes are looked at" },
};

const vouch_test vouch__test_class_top = {
    .id = "validate.class_top_k",
    .section = "validate",
    .title = "Top-k accuracy",
    .purpose = "Where a person chooses among a few suggestions, is the right class among them?",
    .mechanism = "The share of cases whose class is among the k most probable ones; the curve over all k.",
    .convention = ROWS_ADD_UP
    "Of classes with equal probability the earlier one stands first. k beyond the number "
    "of classes means all of them. Interval by Wilson.",
    .high_risk = "A curve that rises slowly: the right class is often far down the list.",
    .strengths = "Fits how suggestions, routes and product offers are used.",
    .limits = "Grows with k by itself: k of n classes named at random have k / n.",
    .source = "Pedregosa et al., JMLR 12 (2011) 2825-2830 (scikit-learn, whose top_k_accuracy_score it "
              "equals); Wilson, JASA 22 (1927) 209-212",
    .unit = "share",
    .needs = VOUCH__NEEDS_CLASSES,
    .params = top_params,
    .n_params = 1,
    .run = run_top,
};

/* ---- agreement ---- */

/* The large-sample standard error of kappa where it is not 0 (Fleiss, Cohen & Everitt 1969). */
static double kappa_error(const measured *m)
{
    double n = (double)m->n, agreed = 0, chance = 0, a = 0, b = 0;
    for (size_t c = 0; c < m->k; c++) {
        agreed += m->table[c * m->k + c] / n;
        chance += m->of[c].cases / n * (m->of[c].predicted / n);
    }
    for (size_t i = 0; i < m->k; i++)
        for (size_t j = 0; j < m->k; j++) {
            double p = m->table[i * m->k + j] / n;
            double both = m->of[i].predicted / n + m->of[j].cases / n;
            double t = i == j ? (1 - chance) - both * (1 - agreed) : both;
            *(i == j ? &a : &b) += p * t * t;
        }
    double last = agreed * chance - 2 * chance + agreed;
    double variance = (a + (1 - agreed) * (1 - agreed) * b - last * last) /
                      (n * (1 - chance) * (1 - chance) * (1 - chance) * (1 - chance));
    return variance > 0 ? sqrt(variance) : 0.0;
}

static vouch_status run_kappa(vouch_ctx *ctx, const vouch__test_call *call)
{
    measured m;
    vouch_status status = measure(ctx, call, &m);
    if (status)
        return status;
    if (isnan(m.all.kappa)) {
        vouch__test_refuse(call,
                           "One class is always predicted and always right: chance agrees too, and kappa is "
                           "not defined.");
        return VOUCH_OK;
    }
    double margin = vouch__cases_margin(LEVEL) * kappa_error(&m);
    vouch__entry entry = entry_of(call, &m);
    entry.value = m.all.kappa;
    entry.level = LEVEL;
    entry.low = fmax(-1.0, entry.value - margin);
    entry.high = fmin(1.0, entry.value + margin);
    entry.interval_method = "normal (Fleiss, Cohen & Everitt)";
    entry.judged = true;
    (void)vouch__test_add(call, &entry);
    return VOUCH_OK;
}

const vouch_test vouch__test_class_kappa = {
    .id = "validate.class_kappa",
    .section = "validate",
    .title = "Agreement beyond chance (Cohen's kappa)",
    .purpose = "How much of the accuracy is more than two lists with these shares would agree on by chance?",
    .mechanism =
        "Accuracy less the agreement expected of independent lists with the same shares of classes, over "
        "what is left above that.",
    .convention = ROWS_ADD_UP
    "0: chance; 1: all right; below 0: worse than chance. Unweighted: every error counts "
    "alike.",
    .high_risk =
        "A value below about 0.4, which the usual scale calls fair at best, where accuracy alone looks high.",
    .strengths =
        "Takes the sizes of classes into account, so a model that names the largest class gets nothing.",
    .limits = "Falls as one class grows even if recognition stays the same (the kappa paradox); the scale of "
              "words is custom. Orders among classes are ignored.",
    .source =
        "Cohen, Educ. Psychol. Meas. 20 (1960) 37-46; Fleiss, Cohen & Everitt, Psychol. Bull. 72 (1969) "
        "323-327; Landis & Koch, Biometrics 33 (1977) 159-174",
    .unit = "kappa",
    .needs = VOUCH__NEEDS_CLASSES,
    .run = run_kappa,
};

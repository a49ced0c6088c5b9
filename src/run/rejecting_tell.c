/* What reject inference found: figures by method, the band of beliefs, and coefficients. */
#include "run/rejecting.h"

#include "run/told.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define N(table) (sizeof(table) / sizeof((table)[0]))
enum { FACTORS = VOUCH__REJECT_FACTORS, FITS = VOUCH__REJECT_FITS };
typedef vouch__rejecting work;
typedef vouch__reject_outcome outcome;

static vouch__json *add_row(work *w, vouch__json *table, const char *name, double factor)
{
    vouch__json *row = vouch__evidence_row(w->list, table);
    if (name)
        vouch__row_text(w->list, row, name);
    else
        vouch__row_number(w->list, row, factor);
    return row;
}

static void numbers(work *w, vouch__json *row, const outcome *o)
{
    const double x[] = { o->rejects_bad, o->all_bad,       o->approved_bad, o->newly,
                         o->auc,         o->approved_true, o->auc_true };
    for (size_t k = 0; k < (w->truth ? N(x) : N(x) - 2); k++)
        vouch__row_number(w->list, row, x[k]);
}

static void tell_methods(work *w)
{
    double truth = 0.0, out = 0.0;
    char note[700];
    for (size_t i = 0; w->truth && i < w->n; i++)
        if (!w->accepted[i] && !isnan(w->truth[i])) {
            truth += w->truth[i];
            out++;
        }
    (void)snprintf(note, sizeof note,
                   "%zu of %zu applicants were accepted. The value is the bad rate that %s gives the "
                   "rejects.%s%s",
                   w->n_accepted, w->n, vouch__reject_name(w->method),
                   w->truth ? " The recipe names their true outcome, which no method saw." : "",
                   w->is_ruled
                       ? " The inputs tell the past decision of nearly everybody, so that rejects have no "
                         "accepts like them: augmentation and reweighting have little to work with, and the "
                         "others extrapolate."
                       : "");
    vouch__entry entry = VOUCH__ENTRY(
            .id = "reject.methods", .section = "fit", .title = "Reject inference by method", .model = w->name,
            .part = w->run_part,
            .purpose = "Accepted applicants are not like those who apply. What follows if the rejects are "
                       "brought in, and what must be believed to do so?",
            .method =
                "The model of the accepts is fitted first, then one of acceptance (logistic, on the same "
                "inputs); each method makes rows of them and the recipe's model is fitted again. As many "
                "are then approved as were accepted, the safest first.",
            .convention =
                "Rejects that a method leaves out count with the probability of the refitted model. All "
                "figures are of the applicants the models were fitted on, so AUCs flatter.",
            .source =
                "D. C. Hsia, Credit Research Center working paper 20 (1978); D. J. Hand & W. E. Henley, "
                "IMA J. Mathematics Applied in Business & Industry 5 (1993) 45-55; J. Crook & J. Banasik, "
                "J. Banking & Finance 28 (2004) 857-874; N. Siddiqi, Intelligent Credit Scoring, 2nd ed. "
                "(2017), chapter 9; R. Anderson, Credit Intelligence & Modelling (2022)",
            .unit = "bad rate", .note = note, .n = (double)w->n,
            .value = w->result[w->method]
            .rejects_bad);
    vouch__json *object = vouch__evidence_add(w->list, &entry);
    vouch__json *table = vouch__evidence_table(
        w->list, object, "methods",
        w->truth ? "method,rejects_bad_rate,applicants_bad_rate,approved_bad_rate,newly_approved_share,"
                   "auc_of_accepts,approved_true_bad_rate,auc_of_truth"
                 : "method,rejects_bad_rate,applicants_bad_rate,approved_bad_rate,newly_approved_share,"
                   "auc_of_accepts");
    for (size_t m = 0; m < VOUCH__REJECT_METHODS; m++)
        numbers(w, add_row(w, table, vouch__reject_name((vouch__reject_method)m), 0), &w->result[m]);
    if (w->truth)
        vouch__row_number(w->list, add_row(w, table, "truth", 0), truth / out);
    vouch__evidence_plot(w->list, object, "bars", "methods", "method", "rejects_bad_rate,approved_bad_rate",
                         "", "bad rate");
    vouch__json *beliefs = vouch__evidence_table(w->list, object, "assumptions", "method,assumption");
    for (size_t m = 0; m < VOUCH__REJECT_METHODS; m++)
        vouch__row_text(w->list, add_row(w, beliefs, vouch__reject_name((vouch__reject_method)m), 0),
                        vouch__reject_assumption((vouch__reject_method)m));
}

static void tell_band(work *w)
{
    const outcome *first = &w->result[VOUCH__REJECT_METHODS], *last = first + FACTORS - 1;
    vouch__entry entry = VOUCH__ENTRY(
            .id = "reject.band", .section = "fit", .title = "If rejects are worse than they look",
            .model = w->name, .part = w->run_part,
            .purpose = "No method can learn from accepted applicants how much worse rejects are than accepts "
                       "with the same inputs. How far do the figures move if they are?",
            .method =
                "Fuzzy augmentation with the rejects' odds of bad multiplied by each factor. A factor of "
                "1 takes the past decision to tell nothing beyond the inputs.",
            .convention =
                "The interval runs from the factor of 1 to the largest; it is a range of beliefs and "
                "not a confidence interval.",
            .note =
                "Whoever made the past decisions may have known more than the inputs hold; then the truth "
                "lies at a factor above 1, which only outcomes of rejects can show: approve a few at "
                "random.",
            .source = "D. J. Hand & W. E. Henley, IMA J. Mathematics Applied in Business & Industry 5 (1993) "
                      "45-55; C. F. Manski, Partial Identification of Probability Distributions (2003)",
            .unit = "bad rate", .interval_method = "range over the factors", .n = (double)w->n,
            .value = first->approved_bad, .level = NAN, .low = first->approved_bad,
            .high = last->approved_bad);
    vouch__json *object = vouch__evidence_add(w->list, &entry);
    vouch__json *table = vouch__evidence_table(
        w->list, object, "band",
        w->truth ? "odds_factor,rejects_bad_rate,applicants_bad_rate,approved_bad_rate,newly_approved_share,"
                   "auc_of_accepts,approved_true_bad_rate,auc_of_truth"
                 : "odds_factor,rejects_bad_rate,applicants_bad_rate,approved_bad_rate,newly_approved_share,"
                   "auc_of_accepts");
    for (size_t k = 0; k < FACTORS; k++)
        numbers(w, add_row(w, table, NULL, vouch__reject_factors[k]), &first[k]);
    vouch__evidence_plot(w->list, object, "line", "band", "odds_factor",
                         "rejects_bad_rate,applicants_bad_rate,approved_bad_rate",
                         "rejects' odds of bad, times", "bad rate");
}

/* The number in the second cell of the row of coefficients that begins with name; NaN where there is none. */
static double coefficient(const vouch__json *rows, const char *name)
{
    for (const vouch__json *row = rows ? rows->first : NULL; row; row = row->next) {
        const char *is = vouch__json_string(vouch__json_at(row, 0));
        if (is && !strcmp(is, name))
            return vouch__json_double(vouch__json_at(row, 1), NAN);
    }
    return NAN;
}

/* Kinds that tell coefficients: one row each, a column a fit. */
static vouch_status tell_coefficients(work *w)
{
    vouch__doc *doc[FITS] = { NULL };
    const vouch__json *rows[FITS] = { NULL };
    vouch_status status = VOUCH_OK;
    for (size_t k = 0; k < FITS && !status; k++) {
        char *text = NULL;
        status = vouch_model_describe(w->ctx, w->fitted[k], &text);
        if (!status)
            status = vouch__json_read(w->ctx, "model", text, strlen(text), 0, &doc[k]);
        vouch_text_free(w->ctx, text);
        if (!status)
            rows[k] = vouch__json_get(
                vouch__json_get(vouch__json_get(vouch__doc_root(doc[k]), "model"), "coefficients"), "rows");
    }
    if (!status && rows[0] && rows[0]->type == VOUCH__JSON_ARRAY) {
        vouch__entry entry = VOUCH__ENTRY(
                .id = "reject.coefficients", .section = "fit", .title = "Coefficients under each belief",
                .model = w->name, .part = w->run_part,
                .purpose = "Which coefficients hang on what is believed of the rejects?",
                .method = "The recipe's model, fitted once a method and once a factor.",
                .convention = "Fuzzy x3: rejects' odds of bad times 3.", .n = (double)w->n);
        vouch__json *object = vouch__evidence_add(w->list, &entry);
        vouch__json *table = vouch__evidence_table(
            w->list, object, "coefficients",
            "term,accepts_only,augmentation,reweighting,hard_cutoff,parcelling,fuzzy,fuzzy_x1,fuzzy_x1.5,"
            "fuzzy_x2,fuzzy_x3,fuzzy_x5,fuzzy_x10");
        for (const vouch__json *row = rows[0]->first; row; row = row->next) {
            const char *term = vouch__json_string(vouch__json_at(row, 0));
            vouch__json *line = term ? add_row(w, table, term, 0) : NULL;
            for (size_t k = 0; line && k < FITS; k++)
                vouch__row_number(w->list, line, coefficient(rows[k], term));
        }
    }
    for (size_t k = 0; k < FITS; k++)
        vouch__doc_free(doc[k]);
    return status;
}

vouch_status vouch__rejecting_entries(vouch__rejecting *w)
{
    tell_methods(w);
    tell_band(w);
    vouch_status status = tell_coefficients(w);
    return status ? status : vouch__doc_status(w->ctx, w->list->doc);
}

vouch_status vouch__rejecting_tell(vouch__rejecting *w, vouch_told *out)
{
    vouch_status status = vouch__rejecting_entries(w);
    if (status)
        return status;
    vouch__json *root, *data;
    vouch__doc *doc = w->list->doc;
    status = vouch__told_root(w->ctx, w->list, w->name, "Reject inference", (double)w->r.seed, w->o->data,
                              w->table, &root, &data);
    if (status)
        return status;
    (void)vouch__json_set(doc, data, "accepted", vouch__json_number(doc, (double)w->n_accepted));
    (void)vouch__json_set(doc, root, "rejects", vouch__json_copy(doc, w->rejects));
    status = vouch__doc_status(w->ctx, doc);
    return status ? status : vouch__told_write(w->ctx, w->list, root, out);
}

/* What the search found, as evidence: every candidate with its figures and why it was or was not taken, the
 * front, the inputs that make the gap, and the held-out figures. */
#include "run/lda.h"

#include "vouch/validate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char purpose[] =
    "Is there a model that serves the purpose as well and weighs less on a group? Where the law asks for "
    "justification it asks this too, and an answer needs a search that can be looked over.";
static const char method[] =
    "One model of the project is fitted again without inputs that make its gap (those with the largest "
    "difference of mean Shapley values between the worst group and the reference), with other seeds and "
    "parameters, at other cut-offs, and with what mitigation was asked for. Every candidate is fitted on "
    "train "
    "and measured on tune. Eligible is one that has less disparity than the baseline beyond chance and whose "
    "performance is shown not to fall by more than the margin; of these the one with the least disparity is "
    "chosen. No protected column is an input of any candidate.";
static const char convention[] =
    "Disparity: the worst group of all protected columns against the largest group of its column. Less: the "
    "logarithm of the ratio of the two adverse impact ratios, or the difference of the two standardised mean "
    "differences; above 0 the candidate has less. Its interval and that of the difference of performance are "
    "of the paired difference (influence of each case; DeLong). Unless money is looked at, every candidate "
    "approves the baseline's share of tune. Case weights are not used in figures. The front: no candidate is "
    "at least as good on both and better on one.";
static const char source[] =
    "Gillis, Meursault & Ustun, FAccT '24 (2024) 377-387; Relman Colfax, Fair Lending Monitorship of Upstart "
    "Network's "
    "Lending Model, fourth report (2024); DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837-845; "
    "Kamiran & Calders, Knowledge and Information Systems 33 (2012) 1-33";

static const char *group_name(const vouch__lda *lda, const vouch__gap *gap)
{
    if (gap->column == SIZE_MAX)
        return "none";
    const vouch__groups *g = &lda->tune[gap->column];
    const vouch__json *text = vouch__json_fmt(lda->job->list.doc, "%s = %s", g->column, g->label[gap->group]);
    return text ? text->text : "";
}

static const char *fate_text(const vouch__lda *lda, const vouch__lda_try *t)
{
    vouch__doc *doc = lda->job->list.doc;
    const vouch__json *text = NULL;
    switch (t->c.fate) {
    case VOUCH__FATE_BASELINE: return "the baseline";
    case VOUCH__FATE_CHOSEN: return "chosen";
    case VOUCH__FATE_WEAKER: return "rejected: performance is not shown to be within the margin";
    case VOUCH__FATE_NO_LESS: return "rejected: no less disparity than the baseline";
    case VOUCH__FATE_CHANCE: return "rejected: less disparity, but not told from chance";
    case VOUCH__FATE_MORE:
        text = vouch__json_fmt(doc, "eligible: more disparity than candidate %zu", t->c.other);
        break;
    case VOUCH__FATE_SAME:
        text = vouch__json_fmt(doc, "rejected: the same figures as candidate %zu", t->c.other);
        break;
    case VOUCH__FATE_FAILED:
    default:
        text = vouch__json_fmt(doc, "rejected: %s",
                               t->error ? t->error : "no group can be compared at its cut-off");
    }
    return text ? text->text : "";
}

static void cells(vouch__evidence *list, vouch__json *row, const vouch__figure *f)
{
    vouch__row_number(list, row, f->value);
    vouch__row_number(list, row, f->low);
    vouch__row_number(list, row, f->high);
}

static void candidate_tables(vouch__lda *lda, vouch__json *object)
{
    vouch__evidence *list = &lda->job->list;
    vouch__json *table = vouch__evidence_table(
        list, object, "candidates",
        "candidate,way,what,performance,performance_low,performance_high,disparity,disparity_low,"
        "disparity_high,worst_group,on_front,result");
    for (size_t i = 0; i < lda->n; i++) {
        const vouch__lda_try *t = &lda->attempt[i];
        vouch__json *row = vouch__evidence_row(list, table);
        vouch__row_number(list, row, (double)i);
        vouch__row_text(list, row, t->way);
        vouch__row_text(list, row, t->what);
        cells(list, row, &t->c.performance);
        cells(list, row, &t->c.gap.figure);
        vouch__row_text(list, row, t->error ? "none" : group_name(lda, &t->c.gap));
        vouch__row_text(list, row, t->c.on_front ? "yes" : "no");
        vouch__row_text(list, row, fate_text(lda, t));
    }
    table = vouch__evidence_table(
        list, object, "against_baseline",
        "candidate,performance_change,change_low,change_high,less_disparity,less_low,"
        "less_high,auc,impact_ratio,mean_difference,approved,cutoff,bad_rate");
    for (size_t i = 0; i < lda->n; i++) {
        const vouch__lda_try *t = &lda->attempt[i];
        if (t->error)
            continue;
        vouch__json *row = vouch__evidence_row(list, table);
        const double rest[] = { t->auc, t->ratio, t->difference, t->c.approved, t->cutoff, t->bad_rate };
        vouch__row_number(list, row, (double)i);
        cells(list, row, &t->c.against);
        cells(list, row, &t->c.gain);
        for (size_t k = 0; k < sizeof rest / sizeof *rest; k++)
            vouch__row_number(list, row, rest[k]);
    }
}

/* Performance across, disparity up; each candidate in the column of what it is. */
static void front_plot(vouch__lda *lda, vouch__json *object)
{
    vouch__evidence *list = &lda->job->list;
    bool is_ratio = lda->rules.measure == VOUCH__DISPARITY_AIR;
    vouch__json *table = vouch__evidence_table(list, object, "front",
                                               "performance,rejected,front,eligible,baseline,chosen");
    for (size_t i = 0; i < lda->n; i++) {
        const vouch__candidate *c = &lda->attempt[i].c;
        if (c->fate == VOUCH__FATE_FAILED)
            continue;
        size_t at = c->fate == VOUCH__FATE_BASELINE ? 3
                    : c->fate == VOUCH__FATE_CHOSEN ? 4
                    : c->fate == VOUCH__FATE_MORE   ? 2
                    : c->on_front                   ? 1
                                                    : 0;
        vouch__json *row = vouch__evidence_row(list, table);
        vouch__row_number(list, row, c->performance.value);
        for (size_t k = 0; k < 5; k++)
            vouch__row_number(list, row, k == at ? c->gap.figure.value : (double)NAN);
    }
    vouch__evidence_plot(list, object, "points", "front", "performance",
                         "rejected,front,eligible,baseline,chosen",
                         lda->rules.by_profit ? "money per applicant, tune" : "AUC, tune",
                         is_ratio ? "lowest adverse impact ratio" : "largest mean difference");
}

static void inputs_table(vouch__lda *lda, vouch__json *object)
{
    vouch__evidence *list = &lda->job->list;
    vouch__json *table = vouch__evidence_table(list, object, "gap_by_input", "input,part_of_gap,share");
    double total = 0;
    for (size_t j = 0; j < lda->n_inputs; j++)
        total += lda->input[j].part;
    for (size_t j = 0; j < lda->n_inputs; j++) {
        vouch__json *row = vouch__evidence_row(list, table);
        vouch__row_text(list, row, vouch_table_name(lda->job->table, lda->input[j].column));
        vouch__row_number(list, row, lda->input[j].part);
        vouch__row_number(list, row, lda->input[j].part / total);
    }
}

static void rules_table(vouch__lda *lda, vouch__json *object)
{
    const vouch__lda_rules *r = &lda->rules;
    vouch__evidence *list = &lda->job->list;
    vouch__doc *doc = list->doc;
    vouch__json *table = vouch__evidence_table(list, object, "rules", "what,which");
    char number[VOUCH__DOUBLE_MAX], share[VOUCH__DOUBLE_MAX];
    (void)vouch__double_text(r->margin, number);
    (void)vouch__double_text(lda->attempt[0].c.approved, share);
    const vouch__json *margin = vouch__json_text(doc, number), *approved = vouch__json_text(doc, share);
    const struct {
        const char *what, *which;
    } row[] = {
        { "approved by", r->approver },
        { "legal profile that allows it", r->allowed_by },
        { "disparity",
          r->measure == VOUCH__DISPARITY_AIR ? "adverse impact ratio" : "standardised mean difference" },
        { "legal profile that names it", r->measure_by },
        { "performance", r->by_profit ? "money per applicant" : "AUC" },
        { "margin of performance", margin ? margin->text : "" },
        { "share that the baseline approves", approved ? approved->text : "" },
        { "gap that is split among inputs", lda->worst },
        { "mitigation", r->reweighs && r->cuts_by_group ? "reweighing, cut-offs by group"
                        : r->reweighs                   ? "reweighing"
                        : r->cuts_by_group              ? "cut-offs by group"
                                                        : "none" },
    };
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        vouch__json *line = vouch__evidence_row(list, table);
        vouch__row_text(list, line, row[k].what);
        vouch__row_text(list, line, row[k].which);
    }
}

static void search_entry(vouch__lda *lda)
{
    char note[512];
    double eligible = 0, front = 0;
    for (size_t i = 0; i < lda->n; i++) {
        eligible += lda->attempt[i].c.fate == VOUCH__FATE_MORE ||
                    lda->attempt[i].c.fate == VOUCH__FATE_CHOSEN;
        front += lda->attempt[i].c.on_front;
    }
    int len = snprintf(note, sizeof note,
                       "%zu candidates beside the baseline, %.0f on the front, %.0f eligible. ", lda->n - 1,
                       front, eligible);
    if (lda->chosen == SIZE_MAX)
        (void)snprintf(note + len, sizeof note - (size_t)len,
                       "None is chosen: this search found no alternative, which does not prove that there is "
                       "none.");
    else
        (void)snprintf(
            note + len, sizeof note - (size_t)len,
            "Candidate %zu is chosen (%.200s). Its figures on tune are those of the best of many, so "
            "they flatter it: the held-out figures count.",
            lda->chosen, lda->attempt[lda->chosen].what);
    vouch__entry entry = VOUCH__ENTRY(.id = "fairness.alternatives", .section = "fairness",
                                      .title = "Search for less discriminatory alternatives",
                                      .purpose = purpose, .method = method, .convention = convention,
                                      .source = source, .model = lda->rules.plan->name, .part = "tune",
                                      .unit = "eligible alternatives", .n = (double)lda->on_tune.n,
                                      .value = eligible, .note = note, .judged = true);
    vouch__json *object = vouch__evidence_add(&lda->job->list, &entry);
    front_plot(lda, object);
    rules_table(lda, object);
    inputs_table(lda, object);
    candidate_tables(lda, object);
}

/* ---- held out ---- */

static void pair_row(vouch__evidence *list, vouch__json *table, const char *what, double base, double chosen,
                     const vouch__figure *change)
{
    const vouch__figure none = { NAN, NAN, NAN };
    vouch__json *row = vouch__evidence_row(list, table);
    vouch__row_text(list, row, what);
    vouch__row_number(list, row, base);
    vouch__row_number(list, row, chosen);
    cells(list, row, change ? change : &none);
}

typedef struct held { /* both models on test */
    vouch__lda_ruled of[2];
    vouch__figure performance[2], change, against_itself;
    vouch__gap gap[2][2]; /* by measure, model */
    vouch__figure less[2];
    double auc[2], cutoff[2][VOUCH__GROUPS_MAX];
} held;

static vouch_status hold(vouch_ctx *ctx, const vouch__lda *lda, held *h)
{
    const vouch__lda_try *const by[2] = { &lda->attempt[0], &lda->attempt[lda->chosen] };
    vouch__lda_ruled on_tune;
    vouch_status status = VOUCH_OK;
    for (size_t m = 0; m < 2 && !status; m++) {
        const vouch__contender *c = &lda->job->contender[m];
        for (size_t k = 0; k < VOUCH__GROUPS_MAX; k++)
            h->cutoff[m][k] = by[m]->by_group == SIZE_MAX ? by[m]->cutoff : (double)NAN;
        if (by[m]->by_group != SIZE_MAX) /* the cut-offs that tune made */
            status = vouch__lda_rule(ctx, lda, c, VOUCH__TUNE, by[m], h->cutoff[m], &on_tune);
        if (!status)
            status = vouch__lda_rule(ctx, lda, c, VOUCH__TEST, by[m], h->cutoff[m], &h->of[m]);
        if (!status)
            status = vouch_validate_auc(ctx, h->of[m].ruling.n, h->of[m].ruling.raw, h->of[m].ruling.bad,
                                        NULL, &h->auc[m]);
    }
    for (size_t k = 0; k < 2 && !status; k++) {
        const vouch__disparity d = { (vouch__disparity_measure)k, lda->rules.n_columns, lda->test,
                                     lda->rules.min_group };
        for (size_t m = 0; m < 2 && !status; m++)
            status = vouch__gap_find(ctx, &d, &h->of[m].ruling, &h->gap[k][m]);
        if (!status)
            status = vouch__gap_gain(ctx, &d, &h->of[1].ruling, &h->gap[k][1], &h->of[0].ruling,
                                     &h->gap[k][0], &h->less[k]);
    }
    if (!status)
        status = vouch__lda_performance(ctx, lda, &h->of[1].ruling, &h->of[0].ruling, &h->performance[1],
                                        &h->change);
    if (!status)
        status = vouch__lda_performance(ctx, lda, &h->of[0].ruling, &h->of[0].ruling, &h->performance[0],
                                        &h->against_itself);
    return status;
}

static vouch_status held_out_entry(vouch_ctx *ctx, vouch__lda *lda)
{
    const vouch__lda_try *t = &lda->attempt[lda->chosen];
    vouch__evidence *list = &lda->job->list;
    size_t mark = vouch__scratch_mark(ctx);
    held h;
    char note[256];
    vouch_status status = hold(ctx, lda, &h);
    if (status)
        return status;
    const vouch__figure *less = &h.less[lda->rules.measure];
    bool weaker = !(h.change.low >= -lda->rules.margin);
    (void)snprintf(note, sizeof note, "%s; performance is %s the margin of the baseline's.",
                   less->low > 0 ? "Less disparity than the baseline beyond chance"
                                 : "Not shown to have less disparity than the baseline",
                   weaker ? "not shown to be within" : "within");
    vouch__entry entry = VOUCH__ENTRY(
            .id = "fairness.alternatives", .section = "fairness", .title = "The alternative on rows held out",
            .purpose = "Whether what the search found holds on rows that had no part in finding it.",
            .method = "Baseline and chosen candidate, each with its cut-off from tune, on the rows of test.",
            .convention = convention, .source = source, .model = lda->plan.name, .part = "test",
            .subject = t->what,
            .n = (double)h.of[0]
            .ruling.n,
            .value = less->value, .level = VOUCH__FAIR_LEVEL, .low = less->low, .high = less->high,
            .note = note,
            .unit = lda->rules.measure == VOUCH__DISPARITY_AIR ? "less disparity, log ratio"
                                                               : "less disparity, standard deviations");
    entry.interval_method = "influence of each case, paired";
    vouch__json *object = vouch__evidence_add(list, &entry);
    vouch__json *table = vouch__evidence_table(list, object, "held_out",
                                               "figure,baseline,alternative,change,low,high");
    if (lda->rules.by_profit)
        pair_row(list, table, "money per applicant", h.performance[0].value, h.performance[1].value,
                 &h.change);
    pair_row(list, table, "AUC", h.auc[0], h.auc[1], lda->rules.by_profit ? NULL : &h.change);
    pair_row(list, table, "lowest adverse impact ratio (change: log)", h.gap[0][0].figure.value,
             h.gap[0][1].figure.value, &h.less[0]);
    pair_row(list, table, "largest standardised mean difference (change: less)", h.gap[1][0].figure.value,
             h.gap[1][1].figure.value, &h.less[1]);
    pair_row(list, table, "share approved", h.of[0].approved, h.of[1].approved, NULL);
    pair_row(list, table, "bad rate of the approved", h.of[0].bad_rate, h.of[1].bad_rate, NULL);
    table = vouch__evidence_table(list, object, "intervals", "figure,value,low,high");
    for (size_t m = 0; m < 2; m++)
        for (size_t k = 0; k < 2; k++) {
            const vouch__figure *f = k ? &h.gap[lda->rules.measure][m].figure : &h.performance[m];
            vouch__json *row = vouch__evidence_row(list, table);
            const vouch__json *what = vouch__json_fmt(
                list->doc, "%s of the %s", k ? "disparity" : "performance", m ? "alternative" : "baseline");
            vouch__row_text(list, row, what ? what->text : "");
            cells(list, row, f);
        }
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

/* ---- mitigation ---- */

static vouch_status cutoff_rows(vouch_ctx *ctx, vouch__lda *lda, const vouch__lda_try *t, vouch__json *table)
{
    double cutoff[VOUCH__GROUPS_MAX];
    vouch__lda_ruled ruled;
    size_t mark = vouch__scratch_mark(ctx);
    for (size_t k = 0; k < VOUCH__GROUPS_MAX; k++)
        cutoff[k] = NAN;
    vouch_status status = vouch__lda_rule(ctx, lda, &lda->job->contender[0], VOUCH__TUNE, t, cutoff, &ruled);
    const vouch__groups *g = &lda->tune[t->by_group];
    for (size_t k = 0; k < g->n_groups && !status; k++) {
        vouch__json *row = vouch__evidence_row(&lda->job->list, table);
        double approved = 0;
        for (size_t i = 0; i < ruled.ruling.n; i++)
            approved += g->of[i] == k && ruled.ruling.approve[i];
        vouch__row_text(&lda->job->list, row, g->column);
        vouch__row_text(&lda->job->list, row, g->label[k]);
        vouch__row_number(&lda->job->list, row, (double)g->count[k]);
        vouch__row_number(&lda->job->list, row, cutoff[k]);
        vouch__row_number(&lda->job->list, row, approved / (double)g->count[k]);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status mitigation_entry(vouch_ctx *ctx, vouch__lda *lda)
{
    vouch__evidence *list = &lda->job->list;
    const vouch__lda_rules *r = &lda->rules;
    vouch_status status = VOUCH_OK;
    char note[320];
    if (!r->reweighs && !r->cuts_by_group)
        return VOUCH_OK;
    (void)snprintf(note, sizeof note, "Allowed under the legal profile '%.80s' and approved by %.120s.",
                   r->allowed_by, r->approver);
    vouch__entry entry = VOUCH__ENTRY(
            .id = "fairness.mitigation", .section = "fairness", .title = "Mitigation that was tried",
            .purpose =
                "What changes a model or a decision for the sake of a group must be lawful, asked for by "
                "name, and on record.",
            .method =
                "Reweighing: each training case weighs the product of the shares of its group and its "
                "outcome over the share of both, so that the two are independent in the weighted sample. "
                "Cut-offs by group: each group has the one that approves the baseline's share of it. "
                "Both are candidates of the search like others.",
            .convention =
                "Neither makes the group an input of the model. A cut-off by group needs the group at "
                "the time of the decision.",
            .source = "Kamiran & Calders, Knowledge and Information Systems 33 (2012) 1-33; Hardt, Price & "
                      "Srebro, NIPS 29 (2016)",
            .model = r->plan->name, .part = "tune", .n = (double)lda->on_tune.n, .note = note);
    vouch__json *object = vouch__evidence_add(list, &entry);
    vouch__json *table = vouch__evidence_table(list, object, "tried",
                                               "candidate,what,performance,disparity,result");
    for (size_t i = 0; i < lda->n; i++) {
        const vouch__lda_try *t = &lda->attempt[i];
        if (t->reweighed == SIZE_MAX && t->by_group == SIZE_MAX)
            continue;
        vouch__json *row = vouch__evidence_row(list, table);
        vouch__row_number(list, row, (double)i);
        vouch__row_text(list, row, t->what);
        vouch__row_number(list, row, t->c.performance.value);
        vouch__row_number(list, row, t->c.gap.figure.value);
        vouch__row_text(list, row, fate_text(lda, t));
    }
    if (!r->cuts_by_group)
        return VOUCH_OK;
    table = vouch__evidence_table(list, object, "cutoffs", "column,group,n,cutoff,approved");
    for (size_t i = 0; i < lda->n && !status; i++)
        if (lda->attempt[i].by_group != SIZE_MAX)
            status = cutoff_rows(ctx, lda, &lda->attempt[i], table);
    return status;
}

/* The usual measures of both models on test, and proof that no protected column is an input. */
static vouch_status usual_entries(vouch_ctx *ctx, vouch__lda *lda)
{
    vouch__job *job = lda->job;
    vouch__fair_data data = { .table = job->table,
                              .split = &job->split,
                              .protected_column = job->protected_column,
                              .n_protected = job->n_protected,
                              .feature = job->feature,
                              .n_features = job->spec.n_features,
                              .min_group = lda->rules.min_group,
                              .seed = job->project.seed };
    vouch_status status = vouch__fair_proxy(ctx, &data, &job->list);
    for (size_t m = 0; m < job->n_contenders && !status; m++) {
        const vouch__lda_try *t = &lda->attempt[m ? lda->chosen : 0];
        double cutoff[VOUCH__GROUPS_MAX];
        vouch__lda_ruled on[2];
        size_t mark = vouch__scratch_mark(ctx);
        for (size_t k = 0; k < VOUCH__GROUPS_MAX; k++)
            cutoff[k] = t->by_group == SIZE_MAX ? t->cutoff : (double)NAN;
        status = vouch__fair_scan(ctx, &data, job->contender[m].model, &job->list);
        for (int k = 0; k < 2 && !status; k++)
            status = vouch__lda_rule(ctx, lda, &job->contender[m], k ? VOUCH__TEST : VOUCH__TUNE, t, cutoff,
                                     &on[k]);
        if (!status)
            status = vouch__fair_outcomes(ctx, &data, job->contender[m].model, VOUCH__TEST, on[1].ruling.raw,
                                          on[1].ruling.approve, on[1].ruling.bad, job->legal, job->n_legal,
                                          &job->list);
        vouch__scratch_reset(ctx, mark);
    }
    return status;
}

vouch_status vouch__lda_tell(vouch_ctx *ctx, vouch__lda *lda)
{
    search_entry(lda);
    vouch_status status = lda->chosen == SIZE_MAX ? VOUCH_OK : held_out_entry(ctx, lda);
    if (!status)
        status = mitigation_entry(ctx, lda);
    if (!status)
        status = usual_entries(ctx, lda);
    return status ? status : vouch__doc_status(ctx, lda->job->list.doc);
}

/* The row about groups that are known by probabilities only. */
#include "fairness/rows/fair_rows.h"

#include "data/table.h"
#include "num/special.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 16 };

/* Probabilities of each group by case, and what they add up to. */
typedef struct probable {
    size_t n, n_groups, reference, left_out;
    const char *name[MOST];
    double *weight[MOST]; /* [n]; NaN for all groups of a case that is left out */
    double total[MOST], square[MOST], approved[MOST];
} probable;

static vouch_status read_column(vouch_ctx *ctx, const vouch__sample *s, const char *name, double **out)
{
    size_t column = vouch_table_find(s->table, name);
    double *x = vouch__scratch(ctx, s->n, sizeof *x);
    if (column == SIZE_MAX)
        return vouch__fail(ctx, VOUCH_E_DATA, "there is no column '%s'", name);
    if (vouch_table_type(s->table, column) != VOUCH_NUMBER)
        return vouch__fail(ctx, VOUCH_E_DATA, "column '%s' holds no numbers", name);
    if (!x)
        return vouch__oom(ctx);
    if (s->row)
        vouch__table_gather(s->table, column, s->n, s->row, x);
    else
        vouch_table_read(s->table, column, 0, s->n, x);
    for (size_t i = 0; i < s->n; i++)
        if (x[i] < 0 || x[i] > 1)
            return vouch__fail(ctx, VOUCH_E_DATA, "column '%s' [case %zu] is not between 0 and 1", name, i);
    *out = x;
    return VOUCH_OK;
}

static vouch_status read_columns(vouch_ctx *ctx, const vouch__test_call *call, const vouch__json *list,
                                 probable *out)
{
    *out = (probable){ .n = call->now->n };
    for (const vouch__json *at = list->first; at; at = at->next) {
        const char *name = vouch__json_string(at);
        if (!name)
            return vouch__fail(ctx, VOUCH_E_DATA, "probabilities must be names of columns");
        if (out->n_groups == MOST)
            return vouch__fail(ctx, VOUCH_E_DATA, "over %d columns of probabilities", MOST);
        vouch_status status = read_column(ctx, call->now, name, &out->weight[out->n_groups]);
        if (status)
            return status;
        out->name[out->n_groups++] = name;
    }
    return VOUCH_OK;
}

/* Sums by group, and the reference: the group with the most expected cases. */
static void add_up(const vouch__sample *s, const uint8_t *approve, probable *p)
{
    for (size_t i = 0; i < p->n; i++) {
        bool is_missing = false;
        for (size_t g = 0; g < p->n_groups; g++)
            is_missing = is_missing || isnan(p->weight[g][i]);
        p->left_out += is_missing;
        for (size_t g = 0; g < p->n_groups; g++) {
            double w = is_missing ? (double)NAN : p->weight[g][i] * (s->weight ? s->weight[i] : 1.0);
            p->weight[g][i] = w;
            if (is_missing)
                continue;
            p->total[g] += w;
            p->square[g] += w * w;
            p->approved[g] += approve[i] ? w : 0.0;
        }
    }
    for (size_t g = 1; g < p->n_groups; g++)
        if (p->total[g] > p->total[p->reference])
            p->reference = g;
}

/* The ratio of two rates, its error by what each case adds to its logarithm: the same case counts in both. */
static void compare(const probable *p, const uint8_t *approve, size_t g, vouch__comparison *out)
{
    double rate = p->approved[g] / p->total[g];
    double of_reference = p->approved[p->reference] / p->total[p->reference], square = 0;
    *out = (vouch__comparison){ of_reference > 0, rate / of_reference, NAN, NAN, NAN, NAN };
    if (!(rate > 0) || !(of_reference > 0))
        return;
    for (size_t i = 0; i < p->n; i++) {
        if (isnan(p->weight[g][i]))
            continue;
        double moved = p->weight[g][i] * (approve[i] - rate) / p->approved[g] -
                       p->weight[p->reference][i] * (approve[i] - of_reference) / p->approved[p->reference];
        square += moved * moved;
    }
    double error = sqrt(square);
    if (!(error > 0) || isinf(error))
        return;
    double reach = vouch__exp(vouch__normal_quantile(0.5 + 0.5 * VOUCH__FAIR_LEVEL) * error);
    out->low = out->value / reach;
    out->high = out->value * reach;
    out->p = fmin(1, 2 * vouch__normal_sf(fabs(vouch__log(out->value)) / error));
}

static void tell(const vouch__test_call *call, const vouch__outcomes *o, const probable *p,
                 const vouch__comparison *c, size_t worst)
{
    vouch__entry entry = vouch__test_entry(call);
    char note[400];
    (void)snprintf(note, sizeof note, "Worst for %.60s, against %.60s; %zu cases lack a probability.",
                   p->name[worst], p->name[p->reference], p->left_out);
    entry.value = c[worst].value;
    if (!isnan(c[worst].low)) {
        entry.level = VOUCH__FAIR_LEVEL;
        entry.low = c[worst].low;
        entry.high = c[worst].high;
        entry.interval_method = "log-delta, by linearisation";
    }
    entry.p_value = c[worst].holm;
    entry.judged = true;
    entry.note = note;
    vouch__json *object = vouch__fair_add(o, &entry, !(c[worst].holm < VOUCH__FAIR_ALPHA));
    vouch__json *table = vouch__evidence_table(
        call->list, object, "groups",
        "group,expected_n,effective_n,approval_rate,ratio,low,high,p_value,p_holm,shortfall");
    double of_reference = p->approved[p->reference] / p->total[p->reference];
    for (size_t g = 0; g < p->n_groups; g++) {
        double n = p->total[g];
        bool is_made = c[g].is_made;
        vouch__fair_row(o, table, "tnnnnnnnnn", p->name[g], n, n * n / p->square[g], p->approved[g] / n,
                        g == p->reference ? 1.0
                        : is_made         ? c[g].value
                                          : (double)NAN,
                        is_made ? c[g].low : NAN, is_made ? c[g].high : NAN, is_made ? c[g].p : NAN,
                        c[g].holm, is_made ? n * of_reference - p->approved[g] : NAN);
    }
    vouch__evidence_plot(call->list, object, "interval", "groups", "group", "ratio", "probable group",
                         "approval rate over the reference's");
}

static void refuse_small(const vouch__test_call *call, const probable *p, double least)
{
    for (size_t g = 0; g < p->n_groups; g++) {
        vouch__entry entry = vouch__test_entry(call);
        if (p->total[g] >= least)
            continue;
        entry.subject = p->name[g];
        entry.verdict = VOUCH__REFUSED;
        entry.note =
            "Too small to compare: the probabilities add up to fewer cases than are needed. No conclusion "
            "is drawn.";
        (void)vouch__evidence_add(call->list, &entry);
    }
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__json *list = vouch__test_tree(call, "probabilities");
    vouch__comparison c[MOST] = { { 0 } };
    vouch__decided decided;
    probable p;
    if (!list || list->type != VOUCH__JSON_ARRAY || list->len < 2) {
        vouch__test_skip(call, "Name the columns that hold the probabilities of groups, two or more.");
        return VOUCH_OK;
    }
    vouch_status status = vouch__call_decide(ctx, call, &decided);
    if (!status)
        status = read_columns(ctx, call, list, &p);
    if (status)
        return status;
    vouch__outcomes o = vouch__call_outcomes(call, &decided);
    const vouch__groups as = { .n_groups = p.n_groups, .missing = SIZE_MAX };
    add_up(call->now, decided.approve, &p);
    for (size_t g = 0; g < p.n_groups; g++)
        if (g != p.reference && p.total[g] >= o.min_group && p.total[p.reference] >= o.min_group)
            compare(&p, decided.approve, g, &c[g]);
    status = vouch__comparisons_adjust(ctx, p.n_groups, c);
    size_t worst = vouch__worst(&as, p.n_groups, c, VOUCH__WORSE_BELOW);
    if (status)
        return status;
    if (worst == SIZE_MAX)
        vouch__test_refuse(call,
                           "There are not two groups that are large enough to compare, with somebody of "
                           "the reference approved.");
    else
        tell(call, &o, &p, c, worst);
    refuse_small(call, &p, o.min_group);
    return VOUCH_OK;
}

static const vouch__param params[] = {
    { "probabilities", VOUCH__PARAM_TREE, 0.0, 1.0, 0.0, NULL, "",
      "columns with each case's probability of being of a group, one a group" },
    VOUCH__PARAMS_DECISION,
};

const vouch_test vouch__test_fair_probable = {
    .id = "fairness.air_probable",
    .section = "fairness",
    .title = "Adverse impact ratio of probable groups (BISG)",
    .purpose =
        "Lenders may not ask for race, so it is guessed from surname and address as probabilities. Are "
        "applicants of every group approved at about the same rate, as far as those tell?",
    .mechanism = "Every case counts in every group by its probability: the rate of a group is the sum of "
                 "probabilities of those approved over the sum of all. The ratio to the group with the most "
                 "expected cases is tested on its logarithm.",
    .convention =
        "Nobody is put in the likeliest group: that counts mixed neighbourhoods as of one group and "
        "biases the rates. The variance is by linearisation over cases, which count in group and "
        "reference at once. Cases that lack a probability are left out. A group's expected number "
        "must reach the smallest size. Case weights multiply the probabilities. p two-sided, "
        "corrected by Holm. A number beyond a limit that its test cannot tell from chance is "
        "judged one step milder." VOUCH__DECISION_RULE,
    .high_risk = "A ratio below 0.80 beyond chance; the shortfall is in expected people.",
    .strengths = "Uses what the probabilities say and no more, and the effective number shows how much that "
                 "is.",
    .limits = "Weighted rates are pulled together or apart where approval depends on what the proxy was made "
              "of, such as the neighbourhood, within a group. The interval knows of sampling, not of errors "
              "in the probabilities.",
    .source =
        "M. N. Elliott et al., Health Services and Outcomes Research Methodology 9 (2009) 69-83 (BISG); "
        "J. Chen, N. Kallus, X. Mao, G. Svacha & M. Udell, FAccT (2019) 339-348 (weighted and "
        "thresholded estimates)",
    .null_hypothesis = "the approval rates are equal",
    .unit = "ratio",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_FEATURES,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};

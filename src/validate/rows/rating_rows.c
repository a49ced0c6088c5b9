/* Concentration of grades, their migration, and PDs over time. */
#include "validate/irb.h"
#include "validate/rows/grades.h"
#include "validate/rows/row_parts.h"

#include "base/ctx.h"

#include <math.h>
#include <string.h>

static vouch_status run_concentration(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__factor *now = call->now->grade, *before = call->before->grade;
    size_t most = now->n_levels + before->n_levels;
    const char **name = vouch__scratch(ctx, most, sizeof *name);
    uint32_t *place = vouch__scratch(ctx, most, sizeof *place);
    double *count = vouch__scratch(ctx, 2 * most, sizeof *count), z;
    vouch__grade *g = vouch__scratch(ctx, most, sizeof *g);
    if (!name || !place || !count || !g)
        return vouch__oom(ctx);
    size_t k = vouch__grades_merge(now, before, name, place, place + now->n_levels);
    memset(count, 0, 2 * most * sizeof *count);
    vouch__grades_count(call->now, now, g);
    for (size_t i = 0; i < now->n_levels; i++)
        count[place[i]] += g[i].n;
    vouch__grades_count(call->before, before, g);
    for (size_t i = 0; i < before->n_levels; i++)
        count[most + place[now->n_levels + i]] += g[i].n;
    vouch__concentration c, initial;
    vouch_status status = vouch__concentration_measure(ctx, k, count, &c);
    if (!status)
        status = vouch__concentration_measure(ctx, k, count + most, &initial);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    double p = vouch__concentration_p(k, initial.variation, c.variation, &z);
    entry.value = c.herfindahl;
    entry.judged = true;
    entry.statistic = z;
    entry.p_value = p;
    if (isnan(z))
        entry.note = "The current grades hold equally many: no test is made.";
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "concentration",
                                               "sample,herfindahl,variation,sum_of_squares");
    vouch__test_row(call, table, "tnnn", "these cases", c.herfindahl, c.variation, c.plain);
    vouch__test_row(call, table, "tnnn", "reference", initial.herfindahl, initial.variation, initial.plain);
    table = vouch__evidence_table(call->list, object, "grades", "grade,n,n_reference");
    for (size_t i = 0; i < k; i++)
        vouch__test_row(call, table, "tnn", name[i], count[i], count[most + i]);
    return VOUCH_OK;
}

const vouch_test vouch__test_concentration = {
    .id = "irb.concentration",
    .section = "validate",
    .title = "Concentration of rating grades (ECB Herfindahl)",
    .purpose = "Does the rating still tell obligors apart, or does it put most of them in a few grades?",
    .mechanism =
        "From the coefficient of variation CV of the shares of K grades, HI = 1 + ln((CV^2 + 1) / K) / ln K: "
        "0 when grades are filled "
        "evenly, 1 when all obligors are in one. The test compares the current CV with the reference's.",
    .convention = "The ECB's index, not the plain sum of squared shares, which is given beside it. Grades of "
                  "either sample count, so K is the "
                  "same on both sides. Obligors count once each.",
    .high_risk = "An index above 0.3, or a small p: obligors drift together, and discrimination will follow.",
    .strengths = "Prescribed; comparable between scales of different numbers of grades.",
    .limits = "A scale that was made with unequal grades on purpose scores high from the start. The test "
              "takes the reference's "
              "concentration for known and scales with the number of grades, not of obligors: with seven "
              "grades and a reference whose CV is "
              "above about 0.2 it cannot reject at 5 %, whatever the current book. Judge the index.",
    .source =
        "ECB, Instructions for reporting the validation results of internal models (2019), section 2.5.5.3",
    .null_hypothesis = "concentration is not above that of the reference",
    .needs = VOUCH__NEEDS_GRADE | VOUCH__NEEDS_REFERENCE,
    .run = run_concentration,
};

/* Counts of moves [k x k], and the names of the k grades, in scratch. is_default: cases that went bad go to
 * column k of k + 1. */
static vouch_status transitions(vouch_ctx *ctx, const vouch__test_call *call, bool with_default,
                                size_t *out_k, const char ***out_name, double **out_count)
{
    const vouch__sample *s = call->now;
    const vouch__factor *from = s->grade_before, *to = s->grade;
    size_t most = from->n_levels + to->n_levels;
    const char **name = vouch__scratch(ctx, most, sizeof *name);
    uint32_t *place = vouch__scratch(ctx, most, sizeof *place);
    if (!name || !place)
        return vouch__oom(ctx);
    size_t k = vouch__grades_merge(from, to, name, place, place + from->n_levels), cols = k + with_default;
    double *count = vouch__scratch(ctx, cols * cols, sizeof *count);
    if (!count)
        return vouch__oom(ctx);
    memset(count, 0, cols * cols * sizeof *count);
    for (size_t i = 0; i < s->n; i++) {
        if (from->code[i] == VOUCH__NO_LEVEL || to->code[i] == VOUCH__NO_LEVEL)
            continue;
        size_t row = place[from->code[i]],
               col = with_default && s->bad[i] ? k : place[from->n_levels + to->code[i]];
        count[row * cols + col] += 1.0;
    }
    *out_k = k;
    *out_name = name;
    *out_count = count;
    return VOUCH_OK;
}

static vouch_status run_migration(vouch_ctx *ctx, const vouch__test_call *call)
{
    size_t k = 0;
    const char **name = NULL;
    double *count = NULL, least;
    vouch__migration m;
    vouch_status status = transitions(ctx, call, false, &k, &name, &count);
    double *z = status ? NULL : vouch__scratch(ctx, 3 * k * k, sizeof *z);
    if (status)
        return status;
    if (!z)
        return vouch__oom(ctx);
    double *p = z + k * k, *adjusted = p + k * k;
    status = vouch__migration_measure(ctx, k, count, &m, z, p);
    if (!status)
        status = vouch__row_holm(ctx, k * k, p, adjusted, &least);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = fmax(isnan(m.upper) ? 0.0 : m.upper, isnan(m.lower) ? 0.0 : m.lower);
    entry.judged = true;
    entry.p_value = least;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "summary", "quantity,value");
    vouch__row_quantity(call, table, "weighted bandwidth of moves to worse grades", m.upper);
    vouch__row_quantity(call, table, "weighted bandwidth of moves to better grades", m.lower);
    vouch__row_quantity(call, table, "share that kept its grade", m.stay);
    table = vouch__evidence_table(call->list, object, "moves", "from,to,n,share,z,p_value,p_holm");
    for (size_t i = 0; i < k; i++) {
        double row = 0.0;
        for (size_t j = 0; j < k; j++)
            row += count[i * k + j];
        for (size_t j = 0; j < k; j++)
            if (count[i * k + j] > 0.0 || !isnan(z[i * k + j]))
                vouch__test_row(call, table, "ttnnnnn", name[i], name[j], count[i * k + j],
                                count[i * k + j] / row, z[i * k + j], p[i * k + j], adjusted[i * k + j]);
    }
    return VOUCH_OK;
}

const vouch_test vouch__test_migration = {
    .id = "irb.migration",
    .section = "validate",
    .title = "Migration of ratings (ECB)",
    .purpose = "Are ratings stable, and do obligors move by small steps rather than by leaps?",
    .mechanism = "The weighted bandwidth of the moves above the diagonal, and of those below it, is the mean "
                 "size of a move over the largest it "
                 "could have been. For each cell a z test asks whether a farther move is likelier than the "
                 "next nearer one.",
    .convention = "Grades are ordered by name (numbers by size), best first; the matrix counts obligors, and "
                  "those whose grade is unknown at "
                  "either end are left out. p-values are one-sided and adjusted over all cells (Holm). The "
                  "value is the larger bandwidth.",
    .high_risk = "A bandwidth above 0.3, or a significant leap: two models or two teams are rating, or "
                 "overrides come late.",
    .strengths = "Prescribed, and needs no outcomes.",
    .limits = "A point-in-time rating moves by design; compare with the philosophy of the model, and with "
              "last year.",
    .source = "ECB, Instructions for reporting the validation results of internal models (2019), sections "
              "2.5.5.1 and 2.5.5.2",
    .null_hypothesis = "no move is likelier than the next smaller one",
    .needs = VOUCH__NEEDS_GRADE | VOUCH__NEEDS_GRADE_BEFORE,
    .run = run_migration,
};

static vouch_status run_term(vouch_ctx *ctx, const vouch__test_call *call)
{
    size_t k = 0, years = (size_t)vouch__test_param(call, "years"), states;
    const char **name = NULL;
    double *p = NULL;
    vouch_status status = transitions(ctx, call, true, &k, &name, &p);
    if (status || !p)
        return status;
    states = k + 1;
    double *out = vouch__scratch(ctx, 3 * years * k, sizeof *out), largest = 0.0;
    if (!out)
        return vouch__oom(ctx);
    for (size_t i = 0; i < k; i++) {
        double row = 0.0;
        for (size_t j = 0; j < states; j++)
            row += p[i * states + j];
        for (size_t j = 0; j < states; j++) /* a grade nobody was in keeps to itself */
            p[i * states + j] = row > 0.0 ? p[i * states + j] / row : (double)(i == j);
    }
    p[states * states - 1] = 1.0;
    status = vouch__pd_term(ctx, states, years, 1, p, out, out + years * k, out + 2 * years * k);
    if (status)
        return status;
    for (size_t g = 0; g < k; g++)
        largest = fmax(largest, out[(years - 1) * k + g]);
    vouch__entry entry = vouch__test_entry(call);
    entry.value = largest;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "term",
                                               "grade,year,cumulative,marginal,forward");
    for (size_t g = 0; g < k; g++)
        for (size_t t = 0; t < years; t++)
            vouch__test_row(call, table, "tnnnn", name[g], (double)(t + 1), out[t * k + g],
                            out[(years + t) * k + g], out[(2 * years + t) * k + g]);
    return VOUCH_OK;
}

static const vouch__param term_params[] = { { "years", VOUCH__PARAM_INTEGER, 1.0, 60.0, 5.0, NULL, "years",
                                              "how far ahead" } };

const vouch_test vouch__test_pd_term = {
    .id = "irb.pd_term",
    .section = "validate",
    .title = "PD term structure from migrations",
    .purpose = "What lifetime PDs follow from a year's moves between grades, if they went on like that? Set "
               "against the curves used for "
               "provisions they show where those come from.",
    .mechanism = "The moves of one year, with default as a state nobody leaves, are a matrix of chances; its "
                 "powers give the cumulative PD of "
                 "each grade, their yearly steps the marginal one, and the step over those still alive the "
                 "forward one.",
    .convention = "A case that went bad counts as a move to default whatever its later grade. Every year is "
                  "like the one given; grades are "
                  "ordered by name. The value is the largest cumulative PD at the last year.",
    .high_risk = "Curves of neighbouring grades that cross early; forward PDs of good grades that do not "
                 "rise towards those of the middle.",
    .strengths = "No model beside the matrix, so anyone can check it.",
    .limits = "Ratings have memory and years differ: a Markov chain understates how long the downgraded "
              "stay, and one year is one point of the "
              "cycle.",
    .source = "R. A. Jarrow, D. Lando & S. M. Turnbull, Review of Financial Studies 10 (1997) 481-523",
    .needs = VOUCH__NEEDS_GRADE | VOUCH__NEEDS_GRADE_BEFORE | VOUCH__NEEDS_LABELS,
    .params = term_params,
    .n_params = sizeof term_params / sizeof *term_params,
    .run = run_term,
};

/* What a calibration did: the map with its curve, and the grades with their cases. */
#include "num/rates.h"
#include "run/calibrating.h"

#include <math.h>
#include <stdio.h>

enum { CURVE = 40 };

void vouch__calibrate_show_map(vouch__calibrating *w, const vouch__map *map, double before, double after)
{
    double observed = NAN, bad = 0.0, weighed = 0.0, whole = 0.0;
    bool has_line = map->type != VOUCH__MAP_KNOTS;
    char note[160] = "";
    for (size_t i = 0; w->bad && i < w->n; i++) {
        bad += w->bad[i];
        weighed += (w->weight ? w->weight[i] : 1.0) * w->bad[i];
        whole += w->weight ? w->weight[i] : 1.0;
    }
    if (w->bad)
        observed = weighed / whole;
    if (!isnan(w->z))
        (void)snprintf(note, sizeof note, "The state z is in the table; below 0 is worse than on average.");
    vouch__entry entry = VOUCH__ENTRY(
            .id = "calibrate.map", .section = "fit", .title = "Calibration",
            .model = vouch_model_name(w->model), .part = w->part, .subject = vouch__cal_name(w->spec.method),
            .purpose = "What is done to the model's probability, and where its mean comes to lie?",
            .method = vouch__cal_words(w->spec.method),
            .convention =
                "raw, points, contributions and reasons stay the model's own; the order of cases too.",
            .source =
                "C. Elkan, IJCAI (2001) 973-978; O. Vasicek, Risk 15 (2002) 160-162; J. Platt (1999); M. "
                "Kull et al., AISTATS (2017); D. Tasche, Int. J. Forecasting 29 (2013) 496-510",
            .unit = "mean probability", .note = *note ? note : NULL, .n = w->n ? (double)w->n : (double)NAN,
            .n_bad = w->bad ? bad : (double)NAN, .value = w->n ? after : (double)NAN);
    vouch__json *object = vouch__evidence_add(w->list, &entry);
    vouch__json *table = vouch__evidence_table(w->list, object, "numbers", "quantity,value");
    const struct {
        const char *name;
        double value;
    } rows[] = { { "mean probability before", w->n ? before : (double)NAN },
                 { "mean probability after", w->n ? after : (double)NAN },
                 { "observed bad rate", observed },
                 { "rate to come to", w->spec.to },
                 { "rate to come from", w->spec.from },
                 { "AUC to imply", w->spec.auc },
                 { "state z", w->z },
                 { "a", has_line ? map->a : (double)NAN },
                 { "b", has_line && map->type != VOUCH__MAP_SCALE ? map->b : (double)NAN },
                 { "c", map->type == VOUCH__MAP_BETA ? map->c : (double)NAN } };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        if (!isnan(rows[k].value)) {
            vouch__json *row = vouch__evidence_row(w->list, table);
            vouch__row_text(w->list, row, rows[k].name);
            vouch__row_number(w->list, row, rows[k].value);
        }
    vouch__json *curve = vouch__evidence_table(w->list, object, "curve",
                                               "before_probability,after_probability");
    double top = w->n ? 0.0 : 0.5;
    for (size_t i = 0; i < w->n; i++)
        top = fmax(top, w->p[i]);
    for (size_t k = 0; k <= CURVE; k++) {
        double p = top * (double)k / CURVE;
        vouch__json *row = vouch__evidence_row(w->list, curve);
        vouch__row_number(w->list, row, p);
        vouch__row_number(w->list, row, vouch__map_apply(w->calibration, map, p));
    }
    vouch__evidence_plot(w->list, object, "line", "curve", "before_probability", "after_probability",
                         "probability before", "probability after");
}

typedef struct grades { /* of the cases */
    struct {
        double cases, mass, sum, bad;
    } at[VOUCH__GRADES_MAX];
    double whole, square; /* weight in all; Herfindahl's index */
    size_t falls;         /* of the observed rate, from a grade to the next */
} grades;

static grades count_grades(const vouch__calibrating *w)
{
    grades g = { .whole = 0.0 };
    double last = -1.0;
    for (size_t i = 0; i < w->n; i++) {
        double weight = w->weight ? w->weight[i] : 1.0;
        size_t k = vouch__calibration_grade(w->calibration, w->after[i]);
        g.at[k].cases++;
        g.at[k].mass += weight;
        g.at[k].sum += weight * w->after[i];
        g.at[k].bad += w->bad ? w->bad[i] : 0;
        g.whole += weight;
    }
    for (size_t k = 0; k < w->calibration->n_grades; k++) {
        double rate = g.at[k].bad / g.at[k].cases;
        bool is_seen = w->bad && g.at[k].cases > 0.0;
        g.square += g.at[k].mass / g.whole * (g.at[k].mass / g.whole);
        g.falls += is_seen && rate < last;
        last = is_seen ? rate : last;
    }
    return g;
}

static void grade_row(vouch__calibrating *w, vouch__json *table, const grades *g, size_t k)
{
    const vouch__calibration *c = w->calibration;
    const double cases = g->at[k].cases, bad = g->at[k].bad;
    double low = NAN, high = NAN;
    bool is_seen = w->bad && cases > 0.0;
    if (is_seen)
        vouch__jeffreys_interval(bad, cases, 0.95, &low, &high);
    const double cells[] = { (double)(k + 1),
                             k ? c->bound[k - 1] : 0.0,
                             k + 1 < c->n_grades ? c->bound[k] : 1.0,
                             c->pd[k],
                             w->n ? cases : (double)NAN,
                             w->n ? g->at[k].mass / g->whole : (double)NAN,
                             g->at[k].sum / g->at[k].mass,
                             w->bad ? bad : (double)NAN,
                             is_seen ? bad / cases : (double)NAN,
                             low,
                             high };
    vouch__json *row = vouch__evidence_row(w->list, table);
    for (size_t j = 0; j < sizeof cells / sizeof *cells; j++)
        vouch__row_number(w->list, row, cells[j]);
}

static const char *scale_method(const vouch__calibrating *w)
{
    if (w->o->scale)
        return "The grades of the file.";
    if (w->o->optimal)
        return "Of all cuts of 100 cells of even weight into at most so many grades whose observed rates "
               "rise "
               "and that keep to the bounds on shares, the one whose grades tell most of the outcomes (the "
               "log-likelihood of grade rates), by dynamic programming; a bound on Herfindahl's index is "
               "kept "
               "by a price on it. A grade's PD is the mean probability of its cases.";
    return "PDs in geometric steps; the bound between two grades is the geometric mean of their PDs. Grades "
           "that "
           "hold less than the least share are merged with their emptier neighbour.";
}

void vouch__calibrate_show_scale(vouch__calibrating *w)
{
    const size_t n = w->calibration->n_grades;
    const grades g = count_grades(w);
    char note[400], told[64] = "";
    if (w->o->optimal && w->found.bound > w->found.information) /* the price of the bound */
        (void)vouch__double_text(w->found.bound - w->found.information, told);
    (void)snprintf(
        note, sizeof note,
        "The value is Herfindahl's index of the shares of grades: 1 / %zu where all cases are spread "
        "evenly. Observed bad rates fall from one grade to the next %zu times.%s%s%s",
        n, g.falls, *told ? " No scale under the bound tells more than this one by over " : "", told,
        *told ? " nats a case." : "");
    vouch__entry entry = VOUCH__ENTRY(
            .id = "calibrate.scale", .section = "fit", .title = "Master scale",
            .model = vouch_model_name(w->model), .part = w->part,
            .purpose =
                "Which grade does a probability fall in, how are cases spread over grades, and do grades "
                "keep their order in what happened?",
            .method = scale_method(w),
            .convention = "A grade holds probabilities above the bound before it up to its own. Jeffreys' "
                          "interval of observed rates, unweighted.",
            .source = "ECB, Instructions for reporting the validation results of internal models (2019); D. "
                      "Tasche, J. Credit Risk 9(4) (2013) 63-103",
            .note = w->n ? note : NULL, .n = w->n ? (double)w->n : (double)NAN,
            .value = w->n ? g.square : (double)NAN);
    vouch__json *object = vouch__evidence_add(w->list, &entry);
    vouch__json *table = vouch__evidence_table(
        w->list, object, "grades", "grade,pd_above,pd_up_to,pd,cases,share,mean_pd,bad,bad_rate,low,high");
    for (size_t k = 0; k < n; k++)
        grade_row(w, table, &g, k);
    vouch__evidence_plot(w->list, object, "bars", "grades", "grade", w->n ? "share" : "pd", "grade",
                         w->n ? "share of cases" : "PD");
}

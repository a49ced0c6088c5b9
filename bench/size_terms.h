/* size_terms.h: size and power of the backtest of PD term structures. For bench_size.c. */
#ifndef SIZE_TERMS_H
#define SIZE_TERMS_H

#include "size_world.h"

enum { TERM_PEOPLE = 400, TERM_COHORTS = 5, TERM_YEARS = 6, TERM_COLUMNS = 5 };

static const char term_text[] =
    "{\"pd\":{\"12\":\"one\",\"24\":\"two\",\"36\":\"three\"},\"default\":\"bad\","
    "\"obligor\":\"who\"}";

/* Up to 400 obligors, again each January from 2015 to 2019 while they live, with PDs of 3 % a year; read at
 * the end of 2020. Hazards of a year share a factor where rho is above 0. */
static double terms(world *w, double rho)
{
    static const double january[TERM_YEARS + 1] = { 16436, 16801, 17167, 17532, 17897, 18262, 18628 };
    static const char *const name[TERM_COLUMNS] = { "who", "bad", "one", "two", "three" };
    static const vouch_type type[TERM_COLUMNS] = { VOUCH_NUMBER, VOUCH_DATE, VOUCH_NUMBER, VOUCH_NUMBER,
                                                   VOUCH_NUMBER };
    static double x[TERM_COLUMNS][TERM_PEOPLE * TERM_COHORTS];
    const double *const value[TERM_COLUMNS] = { x[0], x[1], x[2], x[3], x[4] };
    double hazard[TERM_YEARS], yearly = w->effect ? 0.05 : 0.03;
    size_t n = 0;
    for (size_t y = 0; y < TERM_YEARS; y++) {
        double pd = vouch__normal_cdf(
            (vouch__normal_quantile(-vouch__expm1(-yearly)) + sqrt(rho) * normal(w)) / sqrt(1.0 - rho));
        hazard[y] = -vouch__log1p(-pd);
    }
    for (size_t who = 0; who < TERM_PEOPLE; who++) {
        double bad = NAN;
        for (size_t y = 0; y < TERM_YEARS && isnan(bad); y++) {
            double t = -vouch__log1p(-uniform(w)) / hazard[y];
            bad = t < 1.0 ? floor(january[y] + 1.0 + t * (january[y + 1] - january[y] - 1.0)) : (double)NAN;
        }
        for (size_t y = 0; y < TERM_COHORTS && !(bad <= january[y]); y++, n++) {
            w->date[n] = january[y];
            x[0][n] = (double)who;
            x[1][n] = bad;
            for (size_t h = 0; h < 3; h++)
                x[2 + h][n] = -vouch__expm1(-0.03 * (double)(h + 1));
        }
    }
    vouch__table_builder *builder = NULL;
    vouch_table *table = NULL;
    vouch__doc *given = NULL;
    must(w->ctx, vouch__table_builder_new(w->ctx, TERM_COLUMNS, name, type, &builder));
    must(w->ctx, vouch__table_builder_add(w->ctx, builder, n, value, NULL));
    must(w->ctx, vouch__table_builder_end(w->ctx, builder, &table));
    vouch__table_builder_free(builder);
    must(w->ctx, vouch__json_read(w->ctx, "given", term_text, strlen(term_text), 0, &given));
    w->now = (vouch__sample){ .n = n, .date = w->date, .table = table, .id_column = SIZE_MAX };
    w->given = vouch__doc_root(given);
    double p = row(w, "irb.pd_backtest", "as_of", 202012, (double)NAN);
    w->given = NULL;
    vouch__doc_free(given);
    vouch_table_unref(table);
    return p;
}
static double terms_alone(world *w) { return terms(w, 0.0); }
static double terms_together(world *w) { return terms(w, 0.12); }

#endif

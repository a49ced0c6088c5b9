/* forest.h: random forests and rows for them, with every kind of split: thresholds that repeat on a path,
 * category sets longer than a word, either default side; and values that hit thresholds, are missing, unseen
 * or beyond the sets. */
#ifndef FOREST_H
#define FOREST_H

#include "models/trees.h"

enum { FOREST_CATEGORIES = 40 };

/* Inputs from n_numeric on are categories. Freed with forest_free. */
vouch__trees forest_random(size_t n_numeric, size_t n_category, size_t n_trees, size_t leaves);
void forest_free(vouch__trees *trees);
/* x[n x inputs] */
void forest_rows(const vouch__trees *trees, size_t n_numeric, size_t n, double *x);
/* raw of one row, from the leaves. */
double forest_raw(const vouch__trees *trees, const double *row);

#endif

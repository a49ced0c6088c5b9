/* formula.h: a model whose log-odds are a formula that can be worked out by hand: a constant, a weight for
 * each input (a category counts as its code) and weights of products of two; missing counts as 0. */
#ifndef FORMULA_H
#define FORMULA_H

#include "golden.h"

#include "models/model_kind.h"

/* {constant: c, linear: {input: weight, ..}, products: [[input, input, weight], ..]}; inputs are those of
 * linear, in that order, and columns of text in table are categories. Stays until the program ends. */
const vouch_model *formula_model(const vouch_table *table, const vouch__json *node);
/* All columns of table that feature[n] names, with weights 1, 1/2, 1/3 .. and a product of the first two. */
const vouch_model *formula_of_features(const vouch_table *table, size_t n, const size_t *feature);

#endif

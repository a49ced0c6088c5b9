/* validate/rows/grades.h: rating grades of two factors, or of two samples, as one list in one order. */
#ifndef VOUCH_GRADES_H
#define VOUCH_GRADES_H

#include "evidence/test.h"

/* The levels of both, each once, in their common order (numbers by size, texts by bytes; each factor's own
 * order is kept): name[a->n_levels + b->n_levels]; place_a, place_b: where each factor's level went. b may be
 * NULL. Returns how many. */
size_t vouch__grades_merge(const vouch__factor *a, const vouch__factor *b, const char **name,
                           uint32_t *place_a, uint32_t *place_b);

/* What is in each grade of a sample; a missing grade counts nowhere. */
typedef struct vouch__grade {
    const char *name;
    double n, bad, probability; /* sums; the last two 0 where the sample has none */
} vouch__grade;
/* out [n_levels] */
void vouch__grades_count(const vouch__sample *sample, const vouch__factor *grade, vouch__grade *out);

#endif

/* Grades of two factors in one order. */
#include "validate/rows/grades.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

/* As factors are ordered: by size where both are numbers, else by bytes. */
static int compare(const char *a, const char *b)
{
    double x, y;
    if (vouch__double_read(a, strlen(a), &x) && vouch__double_read(b, strlen(b), &y))
        return (x > y) - (x < y);
    return strcmp(a, b);
}

size_t vouch__grades_merge(const vouch__factor *a, const vouch__factor *b, const char **name,
                           uint32_t *place_a, uint32_t *place_b)
{
    size_t i = 0, j = 0, n = 0, n_b = b ? b->n_levels : 0;
    while (i < a->n_levels || j < n_b) {
        int order = i == a->n_levels ? 1 : j == n_b ? -1 : compare(a->level[i], b->level[j]);
        name[n] = order <= 0 ? a->level[i] : b->level[j];
        if (order <= 0)
            place_a[i++] = (uint32_t)n;
        if (order >= 0)
            place_b[j++] = (uint32_t)n;
        n++;
    }
    return n;
}

void vouch__grades_count(const vouch__sample *sample, const vouch__factor *grade, vouch__grade *out)
{
    for (size_t k = 0; k < grade->n_levels; k++)
        out[k] = (vouch__grade){ .name = grade->level[k] };
    for (size_t i = 0; i < sample->n; i++) {
        if (grade->code[i] == VOUCH__NO_LEVEL)
            continue;
        vouch__grade *g = out + grade->code[i];
        g->n += 1.0;
        g->bad += sample->bad ? sample->bad[i] : 0.0;
        g->probability += sample->probability ? sample->probability[i] : 0.0;
    }
}

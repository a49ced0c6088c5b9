/* Cells of decisions against outcomes. A Poisson number is found by going outwards from the likeliest one and
 * taking probabilities off u until it is used up. */
#include "fairness/cells.h"

#include "num/rng.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

void vouch__group_cells_count(const vouch__outcomes *o, const vouch__groups *g,
                              vouch__group_cells out[VOUCH__GROUPS_MAX])
{
    memset(out, 0, VOUCH__GROUPS_MAX * sizeof *out);
    for (size_t i = 0; i < o->n; i++)
        out[g->of[i]].n[o->bad[i] != 0][o->approve[i] != 0]++;
}

uint64_t vouch__poisson_at(double u, double mean)
{
    if (!(mean > 0))
        return 0;
    double mode = floor(mean), up = mode, down = mode;
    double above = vouch__exp(mode * vouch__log(mean) - mean - vouch__lgamma(mode + 1)), below = above;
    u -= above;
    while (u >= 0) {
        above *= mean / (up + 1);
        up++;
        u -= above;
        if (u < 0)
            return (uint64_t)up;
        if (down > 0) {
            below *= down / mean;
            down--;
            u -= below;
            if (u < 0)
                return (uint64_t)down;
        } else {
            below = 0;
        }
        if (above < 1e-18 && below < 1e-18) /* what is left is rounding */
            break;
    }
    return (uint64_t)mode;
}

void vouch__group_cells_resample(const vouch__group_cells *c, uint64_t seed, uint64_t stream, size_t k,
                                 vouch__group_cells *out)
{
    vouch__rng rng = vouch__rng_make(seed, stream << 32 | k);
    for (int class = 0; class < 2; class ++)
        for (int approved = 0; approved < 2; approved++)
            out->n[class][approved] = vouch__poisson_at(vouch__rng_uniform(&rng),
                                                        (double)c->n[class][approved]);
}

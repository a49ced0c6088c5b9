/* Gradient, curvature and loss of given scores, for losses.py to compare with other libraries'.
 *
 *     conform_losses LOSS SHAPE <pairs
 *
 * Reads lines of a raw score and a target, and writes a line of gradient, curvature and loss for each. */
#include "models/gbdt/gbdt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    vouch__gbdt_outcome o = { .loss = VOUCH__LOSSES };
    char line[256];
    for (vouch__gbdt_loss_id id = VOUCH__LOSS_LOGISTIC; argc == 3 && id < VOUCH__LOSS_CUSTOM; id++)
        if (strcmp(vouch__gbdt_loss_name(id), argv[1]) == 0)
            o = (vouch__gbdt_outcome){ .loss = id, .shape = strtod(argv[2], NULL) };
    if (o.loss == VOUCH__LOSSES)
        return 2;
    while (fgets(line, sizeof line, stdin)) {
        char *rest;
        double score = strtod(line, &rest), target = strtod(rest, NULL), g = 0.0, h = 1.0;
        vouch__gbdt_slopes(&o, score, target, &g, &h);
        (void)printf("%.17g %.17g %.17g\n", g, h, vouch__gbdt_loss_of(&o, score, target));
    }
    return 0;
}

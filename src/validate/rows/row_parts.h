/* validate/rows/row_parts.h: what the rows of the catalogue about ranking, calibration and grades share. */
#ifndef VOUCH_ROW_PARTS_H
#define VOUCH_ROW_PARTS_H

#include "evidence/test.h"
#include "validate/corners.h"

#define VOUCH__ORIENTED "A larger score is riskier and bad = 1. "

/* The corners of the call's scores, in scratch. */
vouch_status vouch__row_corners(vouch_ctx *ctx, const vouch__test_call *call, vouch__corners *out);

/* A row of a table "quantity,value". */
void vouch__row_quantity(const vouch__test_call *call, vouch__json *table, const char *name, double value);

/* A curve of at most 200 points: corner k is shown when the curve has gone on by 1 / 198 of its length since
 * the last shown. x, y [n], both from 0 to 1 times their last; label [n], a third column. */
void vouch__row_curve(const vouch__test_call *call, vouch__json *table, size_t n, const double *x,
                      const double *y, const double *label);

/* The table of a family of tests, one row a subject: adjusts p by Holm into out[n] and returns the smallest,
 * NaN when there is none. */
vouch_status vouch__row_holm(vouch_ctx *ctx, size_t n, const double *p, double *out, double *out_least);

#endif

/* models/forest/source_math.h: exp and log with the bits that imported libraries give, which is what
 * glibc 2.28 and later compute on a processor with fused multiply-add. Same bits on every processor. */
#ifndef VOUCH_SOURCE_MATH_H
#define VOUCH_SOURCE_MATH_H

float vouch__source_expf(float x);
float vouch__source_logf(float x); /* x > 0, normal or subnormal; NaN below 0, -inf at 0 */
double vouch__source_exp(double x);
double vouch__source_log1p(double x);

#endif

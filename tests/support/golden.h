/* golden.h: reference values kept as JSON under tests/golden, each with the provenance of its numbers. What
 * is absent or malformed fails the test; what is read stays until the program ends. */
#ifndef GOLDEN_H
#define GOLDEN_H

#include "check.h"

#include "base/json.h"

/* The root of tests/golden/<path>: golden("num/exp.json"). */
const vouch__json *golden(const char *path);

/* A member's member's ... value: names separated by dots, array elements by their index ("cases.0.auc"). */
const vouch__json *golden_at(const vouch__json *node, const char *path);
double golden_number(const vouch__json *node, const char *path); /* null is NaN; "Infinity" as text */
const char *golden_text(const vouch__json *node, const char *path);
size_t golden_len(const vouch__json *node, const char *path); /* of an array */

/* An array of numbers or of flags; out_n may be NULL. */
double *golden_array(const vouch__json *node, const char *path, size_t *out_n);
uint8_t *golden_flags(const vouch__json *node, const char *path, size_t *out_n);

#endif

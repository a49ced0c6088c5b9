/* report/number_format.h: numbers and column names as people read them. Rounding is for display only; the
 * full digits are in the evidence. */
#ifndef VOUCH_NUMBER_FORMAT_H
#define VOUCH_NUMBER_FORMAT_H

#include "base/json.h"

typedef enum vouch__number_style {
    VOUCH__STYLE_PLAIN,
    VOUCH__STYLE_PERCENT, /* 0.2212 is shown as 22.1 % */
    VOUCH__STYLE_P_VALUE, /* below 0.0001 is shown as <0.0001 */
    VOUCH__STYLE_ESTIMATE /* never shown as 0 unless it is: per unit of income a coefficient is small */
} vouch__number_style;

typedef struct vouch__number_format {
    vouch__number_style style;
    int decimals; /* after scaling to percent; -1: too large for digits, or nothing but rounding */
    bool grouped; /* thousands separated by commas */
} vouch__number_format;

/* The style that a unit or a column's name asks for: "share", "bad_rate", "p_value". NULL is fine. */
vouch__number_style vouch__style_of(const char *name);

/* The style of a column by its name. Bounds ("low", "p90") and differences ("gap") are numbers of the kind
 * that stands before them, errors and tests of it apart: *kind, NULL at the first column, is its name. */
vouch__number_style vouch__column_style(const char *name, const char **kind);

/* One format for all of v[n], so that a column's points stand under each other: 4 significant digits of the
 * largest (3 in percent) but no more than 4 decimals unless all are small, none when every value is whole.
 * Values that are not finite are passed over. Powers of ten are written out; where every value is below 1e-9,
 * which is what rounding leaves, "<1e-9" is shown. */
vouch__number_format vouch__format_for(vouch__number_style style, size_t n, const double *v);

/* The same for one value, without zeros at its end: for what people set, such as limits and parameters. */
vouch__number_format vouch__format_exact(vouch__number_style style, double value);

/* NaN as an en dash. ASCII otherwise. */
void vouch__format_number(vouch__buf *out, double value, vouch__number_format format);

/* The power of ten e with 10^e <= |x| < 10^(e + 1), for finite x other than 0; exact at powers of ten within
 * 1e-22..1e22. */
int vouch__decade(double x);
double vouch__power_of_ten(int e);

/* "bad_rate" as "Bad rate", "auc_low" as "AUC low", "p_value" as "p-value"; pieces go out through add, which
 * escapes as the place demands. */
typedef void vouch__adder(vouch__buf *out, const char *text, size_t len);
void vouch__label(vouch__buf *out, const char *name, vouch__adder *add);

#endif

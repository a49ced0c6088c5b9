/* Numbers and names as people read them. A format is chosen from all the numbers that stand in one column, so
 * that decimal points line up; a single number is a column of one. */
#include "report/number_format.h"

#include <math.h>
#include <string.h>

double vouch__power_of_ten(int e)
{
    double power = 1.0;
    for (int i = 0; i < (e < 0 ? -e : e) && i < 400; i++)
        power *= 10.0;
    return e < 0 ? 1.0 / power : power; /* one rounding: exact for 0..22, correctly rounded for -22..-1 */
}

int vouch__decade(double x)
{
    x = fabs(x);
    if (!(x > 0.0) || isinf(x))
        return 0;
    int e = 0;
    while (e < 308 && vouch__power_of_ten(e + 1) <= x)
        e++;
    while (e > -307 && vouch__power_of_ten(e) > x)
        e--;
    return e;
}

/* Does the word stand in name between underscores, dots, spaces or the ends? */
static bool has_word(const char *name, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = strstr(name, word); at; at = strstr(at + 1, word)) {
        bool begins = at == name || strchr("_. -", at[-1]);
        bool ends = !at[len] || strchr("_. -", at[len]);
        if (begins && ends)
            return true;
    }
    return false;
}

vouch__number_style vouch__style_of(const char *name)
{
    static const char *const percent[] = { "share",
                                           "rate",
                                           "rates",
                                           "specificity",
                                           "sensitivity",
                                           "flagged",
                                           "pd",
                                           "probability",
                                           "predicted",
                                           "observed",
                                           "fraction",
                                           "risk",
                                           "recall",
                                           "precision",
                                           "average_first",
                                           "average_any",
                                           "just_approved_first",
                                           "just_approved_any",
                                           "given_first",
                                           "given_any" };
    if (!name)
        return VOUCH__STYLE_PLAIN;
    if (has_word(name, "p_value") || has_word(name, "p-value") || has_word(name, "p_adjusted") ||
        has_word(name, "p_holm") || !strcmp(name, "p") || !strcmp(name, "adjusted"))
        return VOUCH__STYLE_P_VALUE;
    if (has_word(name, "estimate") || has_word(name, "coefficient") || has_word(name, "standard_error"))
        return VOUCH__STYLE_ESTIMATE;
    for (size_t i = 0; i < sizeof percent / sizeof *percent; i++)
        if (has_word(name, percent[i]))
            return has_word(name, "learning") || has_word(name, "times") ? VOUCH__STYLE_PLAIN
                                                                         : VOUCH__STYLE_PERCENT;
    return VOUCH__STYLE_PLAIN;
}

static bool is_one_of(const char *name, size_t n, const char *const *list)
{
    for (size_t i = 0; name && i < n; i++)
        if (!strcmp(name, list[i]))
            return true;
    return false;
}

vouch__number_style vouch__column_style(const char *name, const char **kind)
{
    static const char *const bounds[] = { "low", "high", "lower", "upper", "p10",
                                          "p90", "p5",   "p95",   "gap",   "difference" };
    static const char *const asides[] = { "standard_error", "z", "t" };
    if (*kind && is_one_of(name, sizeof bounds / sizeof *bounds, bounds))
        return vouch__style_of(*kind);
    vouch__number_style style = vouch__style_of(name);
    if (style != VOUCH__STYLE_P_VALUE && !is_one_of(name, sizeof asides / sizeof *asides, asides))
        *kind = name;
    return style;
}

#define NOTHING 1e-9 /* what rounding leaves of a sum: no quantity that is told here is so small */

static int clamp(int x, int low, int high) { return x < low ? low : x > high ? high : x; }

vouch__number_format vouch__format_for(vouch__number_style style, size_t n, const double *v)
{
    double largest = 0.0, smallest = INFINITY;
    bool whole = true;
    for (size_t i = 0; i < n; i++) {
        double size = fabs(v[i]);
        if (!(size < INFINITY))
            continue;
        largest = fmax(largest, size);
        if (size > 0.0)
            smallest = fmin(smallest, size);
        whole = whole && v[i] == nearbyint(v[i]);
    }
    if (style == VOUCH__STYLE_PERCENT && largest > 1.5)
        style = VOUCH__STYLE_PLAIN; /* called a rate, but not a share of one */
    vouch__number_format format = { style, 0, largest >= 1000.0 };
    if (style == VOUCH__STYLE_P_VALUE)
        format.decimals = 4;
    else if (style == VOUCH__STYLE_PERCENT)
        format.decimals = largest <= 0.0 ? 1 : clamp((smallest < 0.01) - vouch__decade(largest), 1, 4);
    else if (largest >= 1e15)
        format.decimals = -1;
    else if (largest > 0.0 && largest < 1e-4)
        format.decimals = largest < NOTHING ? -1 : 2 - vouch__decade(largest);
    else if (!whole)
        format.decimals = clamp(3 - vouch__decade(largest), largest < 1000.0 ? 1 : 0,
                                largest < 0.001 ? 6 : 4);
    return format;
}

vouch__number_format vouch__format_exact(vouch__number_style style, double value)
{
    vouch__number_format format = vouch__format_for(style, 1, &value);
    if (format.decimals < 0 || !(fabs(value) < 1e9))
        return format;
    enum { SET = 7 }; /* nobody sets more digits than that: it was measured */
    double shown = format.style == VOUCH__STYLE_PERCENT ? value * 100.0 : value;
    for (int d = 0; d <= 6 && (d == 0 || vouch__decade(shown) + 1 + d <= SET); d++) {
        double scaled = shown * vouch__power_of_ten(d);
        if (fabs(scaled - nearbyint(scaled)) <= 1e-9 * fmax(1.0, fabs(scaled))) {
            format.decimals = d;
            return format;
        }
    }
    if (format.style == VOUCH__STYLE_PLAIN && !format.decimals)
        format.decimals = 1;
    return format;
}

/* Put commas between the thousands of the digits that were just appended from `from` on. */
static void group_thousands(vouch__buf *out, size_t from)
{
    char digits[64];
    if (out->status || out->len - from >= sizeof digits)
        return;
    size_t len = out->len - from, whole = 0;
    memcpy(digits, out->at + from, len);
    size_t sign = len && digits[0] == '-';
    while (sign + whole < len && digits[sign + whole] >= '0' && digits[sign + whole] <= '9')
        whole++;
    out->len = from;
    out->at[from] = '\0';
    for (size_t i = 0; i < len; i++) {
        size_t left = i >= sign && i < sign + whole ? sign + whole - i : 0;
        if (left && left % 3 == 0 && i > sign)
            vouch__buf_text(out, ",");
        vouch__buf_add(out, digits + i, 1);
    }
}

/* Beyond what columns of digits can show. */
static void out_of_column(vouch__buf *out, double value)
{
    if (value == 0.0) {
        vouch__buf_text(out, "0");
        return;
    }
    if (fabs(value) < NOTHING) {
        vouch__buf_text(out, "<1e-9");
        return;
    }
    if (fabs(value) < 1.0) { /* an estimate of little beside others: as many decimals as it needs */
        vouch__buf_fixed(out, value, 2 - vouch__decade(value));
        return;
    }
    int e = vouch__decade(value);
    vouch__buf_fixed(out, value / vouch__power_of_ten(e), 2);
    vouch__buf_fmt(out, "e%d", e);
}

/* A rounded zero has no sign. */
static double unsigned_zero(double value, int decimals)
{
    return decimals >= 0 && fabs(value) * vouch__power_of_ten(decimals) < 0.5 ? 0.0 : value;
}

void vouch__format_number(vouch__buf *out, double value, vouch__number_format format)
{
    if (isnan(value)) {
        vouch__buf_text(out, "\xE2\x80\x93");
        return;
    }
    if (isinf(value)) {
        vouch__buf_text(out, value > 0 ? "infinite" : "-infinite");
        return;
    }
    if (format.style == VOUCH__STYLE_P_VALUE && value >= 0.0 && value < 0.0001) {
        vouch__buf_text(out, "<0.0001");
        return;
    }
    if (format.style == VOUCH__STYLE_PERCENT)
        value *= 100.0;
    bool is_lost = format.style == VOUCH__STYLE_ESTIMATE && unsigned_zero(value, format.decimals) != value;
    if (format.decimals < 0 || fabs(value) >= 1e18 || is_lost) {
        out_of_column(out, value);
    } else {
        size_t from = out->len;
        vouch__buf_fixed(out, unsigned_zero(value, format.decimals), format.decimals);
        if (format.grouped)
            group_thousands(out, from);
    }
    if (format.style == VOUCH__STYLE_PERCENT)
        vouch__buf_text(out, "%");
}

/* What is not read as words joined by underscores. */
static const char *const known[][2] = {
    { "aic", "AIC" },
    { "bic", "BIC" },
    { "vif", "VIF" },
    { "auc", "AUC" },
    { "psi", "PSI" },
    { "woe", "WoE" },
    { "iv", "IV" },
    { "ks", "KS" },
    { "ece", "ECE" },
    { "smd", "SMD" },
    { "air", "AIR" },
    { "pd", "PD" },
    { "id", "ID" },
    { "sd", "SD" },
    { "ci", "CI" },
    { "pdp", "PDP" },
    { "fpr", "FPR" },
    { "tpr", "TPR" },
    { "fnr", "FNR" },
    { "roc", "ROC" },
    { "gbdt", "GBDT" },
    { "csi", "CSI" },
    { "fp", "FP" },
    { "fn", "FN" },
    { "tp", "TP" },
    { "tn", "TN" },
    { "n_bad", "Bads" },
    { "p_value", "p-value" },
    { "n", "Cases" },
    { "p", "p" },
    { "z", "z" },
    { "t", "t" },
    { "adjusted", "Adjusted p" },
    { "iqr", "IQR" },
    { "oot", "OOT" },
    { "pdo", "PDO" },
    { "sql", "SQL" },
    { "url", "URL" },
    { "mae", "MAE" },
    { "p_adjusted", "Adjusted p" },
    { "p_holm", "p (Holm)" },
    { "cutoff", "Cut-off" },
    { "cutoffs", "Cut-offs" },
    { "average_first", "First, by the average applicant" },
    { "average_any", "By the average applicant" },
    { "just_approved_first", "First, by the just approved" },
    { "just_approved_any", "By the just approved" },
    { "given_first", "First, as given" },
    { "given_any", "As given" },
    { "hosmer_lemeshow", "Hosmer-Lemeshow" },
    { "cooks_distance", "Cook\xE2\x80\x99s distance" },
    { "pseudo_r2", "Pseudo R\xC2\xB2" },
    { "pearson_chi2", "Pearson \xCF\x87\xC2\xB2" },
    { "ids_sha256", "SHA-256 of the ids" },
};

static const char *known_word(const char *word, size_t len)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i][0]) == len && !memcmp(known[i][0], word, len))
            return known[i][1];
    return NULL;
}

/* A column of somebody's table or the id of a test: a name of its own, not words joined by underscores. */
static bool is_proper(const char *name)
{
    for (const char *c = name; c && *c; c++)
        if ((*c >= 'A' && *c <= 'Z') || (*c == '.' && !(c[1] >= '0' && c[1] <= '9')))
            return !strchr(name, ' ') && !(*name >= '0' && *name <= '9');
    return false;
}

/* "Cases" is an ordinary word, small inside a name; "AUC" and "WoE" are not. */
static bool is_ordinary(const char *word)
{
    for (const char *c = word + 1; *c; c++)
        if ((*c < 'a' || *c > 'z') && *c != '-')
            return false;
    return word[0] >= 'A' && word[0] <= 'Z' && word[1];
}

void vouch__label(vouch__buf *out, const char *name, vouch__adder *add)
{
    size_t len = name ? strlen(name) : 0;
    const char *whole = len ? known_word(name, len) : NULL;
    if (whole) {
        vouch__buf_text(out, whole);
        return;
    }
    if (is_proper(name)) {
        add(out, name, len);
        return;
    }
    for (size_t i = 0, end; i < len; i = end + 1) {
        for (end = i; end < len && name[end] != '_'; end++)
            continue;
        const char *special = known_word(name + i, end - i);
        if (i)
            vouch__buf_text(out, " ");
        if (special && i && is_ordinary(special)) {
            char first = (char)(special[0] - 'A' + 'a');
            vouch__buf_add(out, &first, 1);
            vouch__buf_text(out, special + 1);
        } else if (special) {
            vouch__buf_text(out, special);
        } else if (i == 0 && end && name[0] >= 'a' && name[0] <= 'z') {
            char first = (char)(name[0] - 'a' + 'A');
            vouch__buf_add(out, &first, 1);
            add(out, name + 1, end - 1);
        } else {
            add(out, name + i, end - i);
        }
    }
}

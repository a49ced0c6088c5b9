/* Concentration, migration, losses and their ranking, and PDs over time. */
#include "validate/irb.h"

#include "base/text.h"
#include "num/special.h"
#include "num/sum.h"
#include "validate/cases.h"

#include <math.h>
#include <string.h>

static vouch_status check_counts(vouch_ctx *ctx, const char *what, size_t n, const double *count)
{
    for (size_t i = 0; i < n; i++)
        if (!(count[i] >= 0.0 && count[i] < INFINITY)) {
            char text[VOUCH__DOUBLE_MAX];
            (void)vouch__double_text(count[i], text);
            return vouch__fail(ctx, VOUCH_E_DATA, "%s: count[%zu] is %s, must be finite and not below 0",
                               what, i, text);
        }
    if (!(vouch__sum(n, count) > 0.0))
        return vouch__fail(ctx, VOUCH_E_DATA, "%s: nothing is counted", what);
    return VOUCH_OK;
}

vouch_status vouch__concentration_measure(vouch_ctx *ctx, size_t grades, const double *count,
                                          vouch__concentration *out)
{
    if (grades < 2)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "concentration: %zu grades, must be 2 or more", grades);
    vouch_status status = check_counts(ctx, "concentration", grades, count);
    if (status)
        return status;
    double k = (double)grades, total = vouch__sum(grades, count);
    vouch__dd off = { 0 }, square = { 0 };
    for (size_t i = 0; i < grades; i++) {
        double share = count[i] / total;
        vouch__accumulate(&off, (share - 1.0 / k) * (share - 1.0 / k));
        vouch__accumulate(&square, share * share);
    }
    double cv2 = k * vouch__accumulated(off);
    *out = (vouch__concentration){ .herfindahl = fmax(0.0, 1.0 + vouch__log((cv2 + 1.0) / k) / vouch__log(k)),
                                   .variation = sqrt(cv2),
                                   .plain = vouch__accumulated(square) };
    return VOUCH_OK;
}

double vouch__concentration_p(size_t grades, double initial_variation, double current_variation,
                              double *out_z)
{
    double cv2 = current_variation * current_variation;
    *out_z = sqrt((double)grades - 1.0) * (current_variation - initial_variation) / sqrt(cv2 * (0.5 + cv2));
    if (!(cv2 > 0.0))
        *out_z = NAN;
    return vouch__normal_sf(*out_z);
}

/* --- migration ---------------------------------------------------------------------------------------------
 */

/* Sum over moves to worse (or better) grades of their size times their count, over the most it could have
 * been. */
static double bandwidth(size_t k, const double *count, bool is_upper)
{
    double moved = 0.0, most = 0.0;
    for (size_t i = 0; i < k; i++) {
        double row = 0.0, farthest = (double)(i > k - 1 - i ? i : k - 1 - i);
        for (size_t j = is_upper ? i + 1 : 0; j < (is_upper ? k : i); j++) {
            moved += fabs((double)i - (double)j) * count[i * k + j];
            row += count[i * k + j];
        }
        most += farthest * row;
    }
    return most > 0.0 ? moved / most : NAN;
}

/* near lies one step closer to the diagonal than far: z is large where far is the likelier. */
static double neighbours(double near, double far, double n)
{
    double a = near / n, b = far / n, variance = (a * (1.0 - a) + b * (1.0 - b) + 2.0 * a * b) / n;
    return variance > 0.0 ? (a - b) / sqrt(variance) : NAN;
}

vouch_status vouch__migration_measure(vouch_ctx *ctx, size_t k, const double *count, vouch__migration *out,
                                      double *out_z, double *out_p)
{
    if (k < 2)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "migration: %zu grades, must be 2 or more", k);
    vouch_status status = check_counts(ctx, "migration", k * k, count);
    if (status)
        return status;
    double all = vouch__sum(k * k, count), stay = 0.0;
    for (size_t i = 0; i < k; i++) {
        double row = vouch__sum(k, count + i * k);
        stay += count[i * k + i];
        for (size_t j = 0; j < k; j++) {
            size_t nearer = j > i ? j - 1 : j + 1;
            double z = i == j || !(row > 0.0) ? NAN
                                              : neighbours(count[i * k + nearer], count[i * k + j], row);
            out_z[i * k + j] = z;
            out_p[i * k + j] = isnan(z) ? NAN : vouch__normal_cdf(z);
        }
    }
    *out = (vouch__migration){ bandwidth(k, count, true), bandwidth(k, count, false), stay / all };
    return VOUCH_OK;
}

/* --- losses
 * ---------------------------------------------------------------------------------------------------- */

static vouch_status check_pairs(vouch_ctx *ctx, size_t n, const double *seen, const double *estimated,
                                size_t fewest)
{
    if (n < fewest)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "loss: %zu cases, must be %zu or more", n, fewest);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(seen[i]) || !isfinite(estimated[i]))
            return vouch__fail(ctx, VOUCH_E_DATA, "loss: case %zu is not finite", i);
    return vouch__poll(ctx);
}

vouch_status vouch__lgd_t_test(vouch_ctx *ctx, size_t n, const double *seen, const double *estimated,
                               vouch__t_test *out)
{
    vouch_status status = check_pairs(ctx, n, seen, estimated, 2);
    if (status)
        return status;
    vouch__dd sum = { 0 }, square = { 0 };
    for (size_t i = 0; i < n; i++)
        vouch__accumulate(&sum, seen[i] - estimated[i]);
    vouch__t_test t = { .n = (double)n, .mean = vouch__accumulated(sum) / (double)n };
    for (size_t i = 0; i < n; i++) {
        double off = seen[i] - estimated[i] - t.mean;
        vouch__accumulate(&square, off * off);
    }
    t.sd = sqrt(vouch__accumulated(square) / (t.n - 1.0));
    if (t.sd > 1e-14 * fabs(t.mean)) {
        t.statistic = sqrt(t.n) * t.mean / t.sd;
        t.p_value = vouch__t_sf(t.statistic, t.n - 1.0);
    } else { /* every case is off by the same */
        t.statistic = t.mean == 0.0 ? 0.0 : copysign(INFINITY, t.mean);
        t.p_value = t.mean > 0.0 ? 0.0 : t.mean < 0.0 ? 1.0 : 0.5;
    }
    *out = t;
    return VOUCH_OK;
}

vouch_status vouch__loss_shortfall(vouch_ctx *ctx, size_t n, const double *seen, const double *estimated,
                                   const double *exposure, vouch__shortfall *out)
{
    vouch_status status = check_pairs(ctx, n, seen, estimated, 1);
    if (!status)
        status = check_counts(ctx, "loss shortfall", n, exposure);
    if (status)
        return status;
    vouch__dd lost = { 0 }, said = { 0 }, off = { 0 }, total = { 0 };
    for (size_t i = 0; i < n; i++) {
        vouch__accumulate(&lost, exposure[i] * seen[i]);
        vouch__accumulate(&said, exposure[i] * estimated[i]);
        vouch__accumulate(&off, exposure[i] * fabs(seen[i] - estimated[i]));
        vouch__accumulate(&total, exposure[i]);
    }
    double all = vouch__accumulated(total), loss = vouch__accumulated(lost),
           estimate = vouch__accumulated(said);
    *out = (vouch__shortfall){ loss != 0.0 ? 1.0 - estimate / loss : (double)NAN,
                               vouch__accumulated(off) / all, loss / all, estimate / all };
    return VOUCH_OK;
}

/* --- ranking of classes
 * ------------------------------------------------------------------------------------------ */

/* Of cell (i, j): cases that are concordant with it less those that are discordant. */
static double agreement(size_t rows, size_t cols, const double *count, size_t i, size_t j)
{
    double sum = 0.0;
    for (size_t a = 0; a < rows; a++)
        for (size_t b = 0; b < cols; b++) {
            if (a == i || b == j)
                continue;
            sum += (a > i) == (b > j) ? count[a * cols + b] : -count[a * cols + b];
        }
    return sum;
}

vouch_status vouch__somers_measure(vouch_ctx *ctx, size_t rows, size_t cols, const double *count,
                                   vouch__somers *out)
{
    size_t used_rows = 0, used_cols = 0;
    if (rows * cols == 0)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "somers: an empty table");
    vouch_status status = check_counts(ctx, "somers", rows * cols, count);
    if (status)
        return status;
    double n = vouch__sum(rows * cols, count), row_squares = 0.0, twice = 0.0, spread = 0.0;
    for (size_t i = 0; i < rows; i++) {
        double row = vouch__sum(cols, count + i * cols);
        used_rows += row > 0.0;
        row_squares += row * row;
    }
    for (size_t j = 0; j < cols; j++) {
        double col = 0.0;
        for (size_t i = 0; i < rows; i++)
            col += count[i * cols + j];
        used_cols += col > 0.0;
    }
    if (used_rows < 2 || used_cols < 2)
        return vouch__fail(ctx, VOUCH_E_DATA,
                           "somers: %zu classes of the estimate and %zu of the outcome hold cases, must be 2",
                           used_rows, used_cols);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++)
            twice += count[i * cols + j] * agreement(rows, cols, count, i, j);
    double pairs = n * n - row_squares; /* twice the pairs that differ in the row */
    vouch__somers s = { .d = twice / pairs };
    for (size_t i = 0; i < rows; i++) {
        double row = vouch__sum(cols, count + i * cols);
        for (size_t j = 0; j < cols && row > 0.0; j++) {
            double term = pairs * agreement(rows, cols, count, i, j) - twice * (n - row);
            spread += count[i * cols + j] * term * term;
        }
        status = vouch__poll(ctx);
        if (status)
            return status;
    }
    s.gauc = 0.5 * (s.d + 1.0);
    s.se = 2.0 * sqrt(spread) / (pairs * pairs);
    s.statistic = s.se > 0.0 ? s.d / s.se : s.d == 0.0 ? 0.0 : copysign(INFINITY, s.d);
    s.p_value = vouch__normal_sf(s.statistic);
    *out = s;
    return VOUCH_OK;
}

size_t vouch__lgd_class(double lgd)
{
    static const double edge[] = { 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0 };
    size_t k = 0;
    while (k < sizeof edge / sizeof *edge && lgd > edge[k])
        k++;
    return k;
}

/* --- PDs over time
 * -------------------------------------------------------------------------------------------------- */

static vouch_status check_matrix(vouch_ctx *ctx, size_t k, const double *p)
{
    for (size_t i = 0; i < k; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < k; j++) {
            if (!(p[i * k + j] >= 0.0 && p[i * k + j] <= 1.0))
                return vouch__fail(ctx, VOUCH_E_DATA,
                                   "pd term: the chance in row %zu, column %zu is not in [0, 1]", i, j);
            sum += p[i * k + j];
        }
        if (!(fabs(sum - 1.0) <= 1e-9))
            return vouch__fail(ctx, VOUCH_E_DATA, "pd term: the chances of row %zu do not add up to 1", i);
    }
    if (p[k * k - 1] != 1.0)
        return vouch__fail(ctx, VOUCH_E_DATA, "pd term: the last state is default, and nobody may leave it");
    return VOUCH_OK;
}

vouch_status vouch__pd_term(vouch_ctx *ctx, size_t k, size_t years, size_t n_matrices, const double *p,
                            double *out_cumulative, double *out_marginal, double *out_forward)
{
    vouch_status status = VOUCH_OK;
    if (k < 2 || years == 0 || (n_matrices != 1 && n_matrices < years))
        return vouch__fail(ctx, VOUCH_E_SHAPE, "pd term: %zu states, %zu years, %zu matrices", k, years,
                           n_matrices);
    for (size_t t = 0; t < n_matrices && !status; t++)
        status = check_matrix(ctx, k, p + t * k * k);
    if (status)
        return status;
    size_t mark = vouch__scratch_mark(ctx), grades = k - 1;
    double *now = vouch__scratch(ctx, grades * k, sizeof *now),
           *next = vouch__scratch(ctx, grades * k, sizeof *next);
    if (!now || !next) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    memset(now, 0, grades * k * sizeof *now);
    for (size_t g = 0; g < grades; g++)
        now[g * k + g] = 1.0;
    for (size_t t = 0; t < years; t++) {
        const double *m = p + (n_matrices == 1 ? 0 : t) * k * k;
        for (size_t g = 0; g < grades; g++) {
            double before = now[g * k + grades], fell = 0.0, alive = 0.0;
            for (size_t j = 0; j < k; j++) {
                double sum = 0.0;
                for (size_t i = 0; i < k; i++)
                    sum += now[g * k + i] * m[i * k + j];
                next[g * k + j] = sum;
            }
            for (size_t i = 0; i < grades;
                 i++) { /* not as differences of cumulative ones, which lose digits */
                fell += now[g * k + i] * m[i * k + grades];
                alive += now[g * k + i];
            }
            next[g * k + grades] = before + fell;
            out_cumulative[t * grades + g] = fmin(1.0, before + fell);
            out_marginal[t * grades + g] = fell;
            out_forward[t * grades + g] = alive > 0.0 ? fell / alive : NAN;
        }
        double *other = now;
        now = next;
        next = other;
    }
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

/* catalogue/tests.h: every test there is, and how one is put to some cases. */
#ifndef VOUCH_TESTS_H
#define VOUCH_TESTS_H

#include "evidence/test.h"
#include "vouch/catalogue.h"

/* One X(name) a row, in the order of lists and documents: by area, simplest first. */
/* clang-format off */
#define VOUCH__TEST_LIST(X) \
    X(data_profile)         \
    X(data_contract)        \
    X(data_missing)         \
    X(data_missing_label)   \
    X(data_constant)        \
    X(data_duplicate_rows)  \
    X(data_duplicate_columns) \
    X(data_conflicting_labels) \
    X(data_high_cardinality) \
    X(data_special)         \
    X(data_class_balance)   \
    X(data_rules)           \
    X(data_keys)            \
    X(data_row_count)       \
    X(data_outliers)        \
    X(data_redundancy)      \
    X(data_inflation)       \
    X(data_association)     \
    X(data_overlap)         \
    X(data_date_overlap)    \
    X(data_unseen)          \
    X(data_identifier)      \
    X(data_single_auc)      \
    X(data_available_at)    \
    X(data_look_ahead)      \
    X(data_survivorship)    \
    X(auc)                  \
    X(gini)                 \
    X(ks)                   \
    X(roc)                  \
    X(gap)                  \
    X(gains)                \
    X(bands)                \
    X(auc_paired)           \
    X(auc_unpaired)         \
    X(auc_decline)          \
    X(auc_partial)          \
    X(accuracy_profile)     \
    X(average_precision)    \
    X(lift)                 \
    X(h_measure)            \
    X(ks_test)              \
    X(capacity)             \
    X(maximum_profit)       \
    X(cutoffs)              \
    X(confusion_rates)      \
    X(bootstrap)            \
    X(baseline)             \
    X(log_loss)             \
    X(brier)                \
    X(calibration)          \
    X(ece)                  \
    X(calibration_line)     \
    X(reliability)          \
    X(calibration_errors)   \
    X(brier_parts)          \
    X(hosmer_lemeshow)      \
    X(spiegelhalter)        \
    X(recalibration)        \
    X(class_accuracy)       \
    X(class_confusion)      \
    X(class_auc)            \
    X(class_log_loss)       \
    X(class_top)            \
    X(class_kappa)          \
    X(pd_binomial)          \
    X(pd_jeffreys)          \
    X(pd_correlated)        \
    X(pd_light)             \
    X(pd_years)             \
    X(low_default)          \
    X(concentration)        \
    X(migration)            \
    X(pd_term)              \
    X(pd_backtest)          \
    X(lgd_bias)             \
    X(loss_shortfall)       \
    X(lgd_ranking)          \
    X(lgd_clar)             \
    X(gauc_decline)         \
    X(regression_errors)    \
    X(regression_bias)      \
    X(residual_memory)      \
    X(residual_normality)   \
    X(residual_spread)      \
    X(conformal)            \
    X(deviance)             \
    X(deviance_residuals)   \
    X(ordered_gini)         \
    X(gini_gap)             \
    X(actual_expected)      \
    X(actual_bands)         \
    X(actual_levels)        \
    X(double_lift)          \
    X(fair_prohibited)      \
    X(fair_flip)            \
    X(fair_swap)            \
    X(fair_proxy)           \
    X(fair_proxy_set)       \
    X(fair_air)             \
    X(fair_odds)            \
    X(fair_quantiles)       \
    X(fair_intersections)   \
    X(fair_conditional)     \
    X(fair_probable)        \
    X(fair_smd)             \
    X(fair_residual)        \
    X(fair_actual)          \
    X(fair_score_proxy)     \
    X(fair_group_rates)     \
    X(fair_error_rates)     \
    X(fair_opportunity)     \
    X(fair_average_odds)    \
    X(fair_equalised_odds)  \
    X(cutoff_curve)         \
    X(frontier)             \
    X(swap_set)             \
    X(vintage)              \
    X(roll_rates)           \
    X(psi_score)            \
    X(score_distribution)   \
    X(drift_psi)            \
    X(drift_js)             \
    X(drift_hellinger)      \
    X(drift_linf)           \
    X(drift_chi2)           \
    X(drift_ks)             \
    X(drift_wasserstein)    \
    X(drift_missing)        \
    X(drift_unseen)         \
    X(drift_domain)         \
    X(drift_cbpe)           \
    X(drift_dle)            \
    X(drift_bad_rate)       \
    X(drift_bands)          \
    X(drift_calibration)    \
    X(drift_delayed)        \
    X(weak_spots)           \
    X(error_tree)           \
    X(worst_cluster)        \
    X(seed_stability)       \
    X(overfit_slices)       \
    X(overfit_iterations)   \
    X(noise)                \
    X(shocks)               \
    X(worst_cases)          \
    X(prediction_sets)      \
    X(permutation)          \
    X(importance_stability) \
    X(unused_inputs)        \
    X(pdp)                  \
    X(ice)                  \
    X(ale)                  \
    X(h_statistic)          \
    X(lime)                 \
    X(recourse)             \
    X(reason_stability)     \
    X(version_agreement)
/* clang-format on */
#define X(name) extern const vouch_test vouch__test_##name;
VOUCH__TEST_LIST(X)
#undef X

enum { VOUCH__PARAMS_MAX = 32 }; /* of one test */

/* Put one test to its cases as evidence/test.h promises: what is missing, empty or not a number is told in an
 * entry, and so is what the test itself cannot work with. call->param may be NULL: the defaults. Entries get
 * "parameters" and a note on cases left out; never a NULL list. Fails E_NOMEM, E_CANCELLED and what else is
 * not the data's fault. */
vouch_status vouch__test_perform(vouch_ctx *ctx, const vouch__test_call *call);

/* A row as JSON. */
vouch__json *vouch__test_json(vouch__doc *doc, const vouch_test *test);

/* The cases of a sample that have all that `needs` names, in scratch; the sample itself when all have. n may
 * be 0. left_out counts the rest. Fails E_DATA (a weight is negative or infinite, a probability outside
 * [0, 1], an amount negative or infinite, an infinite score under FINITE) */
vouch_status vouch__sample_select(vouch_ctx *ctx, const vouch__sample *sample, unsigned needs,
                                  vouch__sample *out);

/* The needs that a sample cannot meet: columns that were not given. */
unsigned vouch__sample_lacks(const vouch__sample *sample, unsigned needs);

#endif

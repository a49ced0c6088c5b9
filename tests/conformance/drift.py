"""Drift against evidently and NannyML: python drift.py data FOLDER | evidently FOLDER | nannyml FOLDER.
FOLDER holds before.csv, now.csv (numbers x and skew, categories c, probabilities p) and ours.json, made by `vouch test run
--json`. Where a convention differs on purpose the difference is undone here and told in docs/monitor.md."""
import json
import math
import sys
import warnings

import numpy as np
import pandas as pd

warnings.simplefilter("ignore")
what, place = sys.argv[1:]
failed = 0
if what == "data":
    rng = np.random.default_rng(11)
    for name, n, shift, weights in (("before", 9000, 0.0, [0.5, 0.3, 0.15, 0.05]), ("now", 12000, 0.15, [0.44, 0.32, 0.16, 0.08])):
        p = 1 / (1 + np.exp(2.2 - rng.standard_normal(n) - shift))
        pd.DataFrame({"x": rng.standard_normal(n) + shift, "skew": np.exp(rng.standard_normal(n) * 0.7),
                      "c": rng.choice(list("abcd"), n, p=weights), "p": p,
                      "y": (rng.uniform(size=n) < p).astype(int)}).to_csv(f"{place}/{name}.csv", index=False)
    sys.exit(0)

before, now = (pd.read_csv(f"{place}/{k}.csv") for k in ("before", "now"))
entries = {e["id"]: e for e in json.load(open(f"{place}/ours.json"))["entries"]}


def ours(test, column, member="value"):
    table = entries[test]["tables"]["columns"]
    row = next(r for r in table["rows"] if r[0] == column)
    return row[table["columns"].index(member)]


def same(name, a, b, tolerance):
    global failed
    good = math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance * 1e-3)
    failed += not good
    print(f"{'ok  ' if good else 'FAIL'} {what:9} {name:44} ours {a:.10g} theirs {b:.10g} (to {tolerance:g})")


def evidently():
    from evidently.legacy.calculations.stattests import (chi_stat_test, hellinger_stat_test, jensenshannon_stat_test, ks_stat_test,
                                                         psi_stat_test, wasserstein_stat_test)
    from evidently.legacy.core import ColumnType

    def theirs(test, column, kind):
        return test.func(before[column].copy(), now[column].copy(), kind, 0.1)[0]

    number, text = ColumnType.Numerical, ColumnType.Categorical
    n = len(before)
    for column in ("x", "skew"):  # theirs divides by the deviation over n, ours over n - 1
        same(f"wasserstein {column}", ours("drift.wasserstein", column), theirs(wasserstein_stat_test, column, number) *
             math.sqrt((n - 1) / n), 1e-9)
        # theirs is scipy's p at finite n, ours the limiting law's
        same(f"ks p-value {column}", ours("drift.ks", column, "p_value"), theirs(ks_stat_test, column, number), 0.1)
    # theirs is a root of nats, ours of bits
    same("jensen-shannon c", ours("drift.jensen_shannon", "c"), theirs(jensenshannon_stat_test, "c", text) / math.sqrt(math.log(2)),
         1e-9)
    same("hellinger c", ours("drift.hellinger", "c"), theirs(hellinger_stat_test, "c", text), 1e-9)
    same("psi c", ours("drift.psi", "c"), theirs(psi_stat_test, "c", text), 0.02)  # ours is smoothed by half a case
    # theirs takes the reference for the truth, ours for a sample: at equal shares its statistic is larger by (n + m) / n
    counts = pd.crosstab(np.r_[np.zeros(n), np.ones(len(now))], pd.concat([before.c, now.c]).to_numpy()).to_numpy()
    expected = counts[0] * len(now) / n
    one_sample = ((counts[1] - expected) ** 2 / expected).sum()
    from scipy.stats import chi2
    same("chi-square c, as one sample", float(chi2.sf(one_sample, 3)), theirs(chi_stat_test, "c", text), 1e-6)
    mine = entries["drift.chi_square"]["tables"]["columns"]
    print("     chi-square of one sample", round(float(one_sample), 2), "of two", round(ours("drift.chi_square", "c") ** 2 *
                                                                                       (n + len(now)), 2), "columns", len(mine["rows"]))


def nannyml():
    import nannyml as nml
    from nannyml.performance_estimation.confidence_based.metrics import estimate_roc_auc

    calculator = nml.UnivariateDriftCalculator(
        column_names=["x", "skew", "c"], continuous_methods=["kolmogorov_smirnov", "wasserstein"],
        categorical_methods=["chi2", "jensen_shannon", "hellinger", "l_infinity"], chunk_number=1)
    frame = calculator.fit(before).calculate(now).filter(period="analysis").to_df()

    def theirs(column, method):
        return float(frame[(column, method, "value")].iloc[0])

    for column in ("x", "skew"):
        same(f"ks {column}", ours("drift.ks", column), theirs(column, "kolmogorov_smirnov"), 1e-9)
        # theirs is on the column's own scale
        same(f"wasserstein {column}", ours("drift.wasserstein", column) * before[column].std(), theirs(column, "wasserstein"), 1e-9)
    same("jensen-shannon c", ours("drift.jensen_shannon", "c"), theirs("c", "jensen_shannon"), 1e-9)
    same("hellinger c", ours("drift.hellinger", "c"), theirs("c", "hellinger"), 1e-9)
    same("l-infinity c", ours("drift.l_infinity", "c"), theirs("c", "l_infinity"), 1e-9)
    # theirs is the statistic, ours Cramer's V
    same("chi-square c", ours("drift.chi_square", "c") ** 2 * (len(before) + len(now)), theirs("c", "chi2"), 1e-9)
    # theirs rounds to 5 digits on the way, and calibrates first where it thinks it has to
    same("CBPE: AUC", entries["drift.estimated_performance"]["value"], float(estimate_roc_auc(now.p, now.p)), 1e-5)
    domain = nml.DomainClassifierCalculator(feature_column_names=["x", "skew", "c"], chunk_number=1)
    value = float(domain.fit(before.copy()).calculate(now.copy()).filter(period="analysis").to_df()
                  [("domain_classifier_auroc", "value")].iloc[0])
    # other learners and other folds: near, not the same
    same("domain classifier: AUC", entries["drift.domain_classifier"]["value"], value, 0.06)


{"evidently": evidently, "nannyml": nannyml}[what]()
sys.exit(failed > 0)

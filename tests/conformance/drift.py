"""Drift against evidently and NannyML: python drift.py data FOLDER | evidently FOLDER | nannyml FOLDER.
FOLDER holds before.csv, now.csv (numbers x, skew, z1 to z3 and gap, which has holes; categories c and new; probabilities p;
outcomes y and late, of which some are open; costs and guesses of them; days) and what drift.sh let `vouch` make of them. Where a convention differs on purpose the difference is undone here and told in docs/monitor.md."""
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
        table = pd.DataFrame({"x": rng.standard_normal(n) + shift, "skew": np.exp(rng.standard_normal(n) * 0.7),
                              "c": rng.choice(list("abcd"), n, p=weights), "p": p,
                              "y": (rng.uniform(size=n) < p).astype(int)})
        for k in (1, 2, 3):
            table[f"z{k}"] = rng.standard_normal(n) + shift * 0.05 * k
        table["gap"] = np.where(rng.uniform(size=n) < 0.05 + shift, np.nan, rng.standard_normal(n))
        table["new"] = rng.choice(["k", "l", "m"], n, p=[0.6, 0.4, 0] if name == "before" else [0.6, 0.3997, 0.0003])
        table["late"] = np.where(rng.uniform(size=n) < 0.1, np.nan, table.y)
        # a number and its prediction: errors rise with x, of which the later cases have more
        table["guess"] = 2 + table.x + 0.5 * rng.standard_normal(n)
        table["cost"] = table.guess + np.exp(0.5 * table.x) * rng.standard_normal(n)
        table["day"] = pd.to_datetime("2023-01-01") + pd.to_timedelta(rng.integers(0, 365, n), "D")
        table.to_csv(f"{place}/{name}.csv", index=False)
    sys.exit(0)

before, now = (pd.read_csv(f"{place}/{k}.csv") for k in ("before", "now"))


def read(name):
    return {e["id"]: e for e in json.load(open(f"{place}/{name}.json"))["entries"]}


entries = read("ours")


def ours(test, column, member="value", of=None):
    table = (of or entries)[test]["tables"]["columns"]
    row = next(r for r in table["rows"] if r[0] == column)
    return row[table["columns"].index(member)]


def same(name, a, b, tolerance):
    global failed
    good = math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance * 1e-3)
    failed += not good
    print(f"{'ok  ' if good else 'FAIL'} {what:9} {name:44} ours {a:.10g} theirs {b:.10g} (to {tolerance:g})")


def holds(name, good, said):
    global failed
    failed += not good
    print(f"{'ok  ' if good else 'FAIL'} {what:9} {name:44} {said}")


def in_bins(column, bins):
    """Both samples as texts, one a bin of the reference's quantiles, closed on the right: what ours cuts a number into."""
    edges = np.unique(np.quantile(before[column], np.arange(1, bins) / bins))
    return [pd.DataFrame({column: np.digitize(t[column], edges, right=True)})[column].map(lambda k: f"b{k:02}") for t in (before, now)]


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
    # on ours' bins: theirs cuts numbers by both samples together
    for bins, made in ((5, read("bins5")), (10, entries), (20, read("bins20"))):
        for column in ("x", "skew"):
            a, b = in_bins(column, bins)

            def binned(test):
                return test.func(a.copy(), b.copy(), text, 0.1)[0]

            name = f"{column} in {bins} bins"
            same(f"psi {name}", ours("drift.psi", column, of=made), binned(psi_stat_test), 0.02)
            same(f"hellinger {name}", ours("drift.hellinger", column, of=made), binned(hellinger_stat_test), 1e-9)
            same(f"jensen-shannon {name}", ours("drift.jensen_shannon", column, of=made),
                 binned(jensenshannon_stat_test) / math.sqrt(math.log(2)), 1e-9)
    for made in ("sketched", "stored"):  # within the error that the sketches state
        of = read(made)
        for column in ("x", "skew"):
            value, error = (ours("drift.wasserstein", column, m, of) for m in ("value", "error"))
            peer = theirs(wasserstein_stat_test, column, number) * math.sqrt((n - 1) / n)
            holds(f"wasserstein {column}, {made}", abs(value - peer) <= error + 1e-9, f"off by {abs(value - peer):.2g}, stated {error:.2g}")
        same(f"hellinger c, {made}", ours("drift.hellinger", "c", of=of), theirs(hellinger_stat_test, "c", text), 1e-9)
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
    # on ours' bins: theirs cuts numbers by Doane's rule
    for bins, made in ((5, read("bins5")), (10, entries), (20, read("bins20"))):
        for column in ("x", "skew"):
            a, b = (pd.DataFrame({column: t}) for t in in_bins(column, bins))
            binned = nml.UnivariateDriftCalculator(column_names=[column], chunk_number=1, treat_as_categorical=[column],
                                                   categorical_methods=["chi2", "jensen_shannon", "hellinger", "l_infinity"])
            told = binned.fit(a).calculate(b).filter(period="analysis").to_df()
            for method in ("jensen_shannon", "hellinger", "l_infinity", "chi2"):
                mine = ours("drift.chi_square" if method == "chi2" else f"drift.{method}", column, of=made)
                mine = mine ** 2 * (len(before) + len(now)) if method == "chi2" else mine
                same(f"{method} {column} in {bins} bins", mine, float(told[(column, method, "value")].iloc[0]), 1e-9)
    gaps, known = read("gaps"), [t.gap.dropna() for t in (before, now)]
    from scipy.stats import binom, hypergeom, ks_2samp, wasserstein_distance
    same("ks gap, missing values aside (scipy)", ours("drift.ks", "gap", of=gaps), ks_2samp(*known).statistic, 1e-9)
    same("wasserstein gap (scipy)", ours("drift.wasserstein", "gap", of=gaps) * known[0].std(), wasserstein_distance(*known), 1e-9)
    lost = [int(t.gap.isna().sum()) for t in (before, now)]
    law = hypergeom(len(before) + len(now), sum(lost), len(now))
    same("missing gap: Fisher (scipy)", ours("drift.missing", "gap", "p_value", gaps), 2 * law.sf(lost[1] - 1), 1e-6)
    calculator = nml.UnivariateDriftCalculator(column_names=["new"], categorical_methods=["jensen_shannon"], chunk_number=1)
    told = calculator.fit(before).calculate(now).filter(period="analysis").to_df()
    same("jensen-shannon new, a category it lacks", ours("drift.jensen_shannon", "new", of=gaps),
         float(told[("new", "jensen_shannon", "value")].iloc[0]), 1e-9)
    unseen = int((now.new == "m").sum())
    same("unseen new: Good-Turing (scipy)", ours("drift.unseen", "new", "p_value", gaps),
         binom.sf(unseen - 1, len(now), 1 / (len(before) + 1)), 1e-6)
    from statsmodels.stats.multitest import multipletests
    for correction, theirs_is in (("none", None), ("bh", "fdr_bh"), ("holm", "holm")):
        rows = read(correction)["drift.ks"]["tables"]["columns"]["rows"]
        raw, adjusted = [r[3] for r in rows], [r[4] for r in rows]
        want = multipletests(raw, method=theirs_is)[1] if theirs_is else raw
        for row, a, b in zip(rows, adjusted, want):
            same(f"p of ks {row[0]}, correction {correction}", a, float(b), 1e-9)
    from nannyml.performance_estimation.confidence_based import metrics as cbpe
    from nannyml.sampling_error import binary_classification as error
    for name, cutoff in (("ours", 0.5), ("cutoff", 0.2)):
        rows = {r[0]: r for r in read(name)["drift.estimated_performance"]["tables"]["measures"]["rows"]}
        high = (now.p > cutoff).astype(int)
        for measure in ("accuracy", "precision", "recall", "specificity"):
            same(f"CBPE: {measure} above {cutoff}", rows[measure][1], float(getattr(cbpe, f"estimate_{measure}")(high, now.p)), 1e-9)
    # theirs is of the reference's outcomes, of an AUC that of its bad cases alone; ours of the outcomes to come
    theirs_is = error.auroc_sampling_error(error.auroc_sampling_error_components(before.y, before.p), now)
    entry = entries["drift.estimated_performance"]["interval"]
    mine = (entry["high"] - entry["low"]) / 2 / 1.959964
    holds("CBPE: sampling error of the AUC", 0.6 < mine / theirs_is < 1.7, f"ours {mine:.5f} theirs {theirs_is:.5f}")
    from sklearn.metrics import brier_score_loss, roc_auc_score
    late = read("late")["drift.delayed_labels"]
    ripe = now[(pd.to_datetime(now.day) < "2023-07-01") & now.late.notna()]  # two quarters, six months before the end of 2023
    same("matured: AUC (scikit-learn)", late["value"], roc_auc_score(ripe.late, ripe.p), 1e-9)
    measures = {r[0]: r for r in late["tables"]["measures"]["rows"]}
    same("matured: Brier (scikit-learn)", measures["Brier score"][1], brier_score_loss(ripe.late, ripe.p), 1e-9)
    all_of = now[pd.to_datetime(now.day) < "2023-07-01"]
    truth = roc_auc_score(all_of.y, all_of.p)
    low, most = measures["AUC"][4:6]
    holds("matured: bounds hold the truth", low <= truth <= most, f"{low:.4f} <= {truth:.4f} <= {most:.4f}")
    # theirs rounds to 5 digits on the way, and calibrates first where it thinks it has to
    same("CBPE: AUC", entries["drift.estimated_performance"]["value"], float(estimate_roc_auc(now.p, now.p)), 1e-5)
    # other learners again, and numbers alone (theirs stops at texts that pandas reads by Arrow); theirs is of the forest alone, ours less what that misses on the reference
    dle = nml.DLE(feature_column_names=["x", "skew"], y_pred="guess", y_true="cost", metrics=["mae", "mse", "rmse"], chunk_number=1)
    told = dle.fit(before.copy()).estimate(now.drop(columns="cost")).filter(period="analysis").to_df()
    rows = {r[0]: r for r in read("errors")["drift.estimated_errors"]["tables"]["measures"]["rows"]}
    off = now.cost - now.guess
    for measure, name, true_one in (("mae", "mean absolute error", abs(off).mean()), ("mse", "mean squared error", (off**2).mean()),
                                    ("rmse", "root mean squared error", (off**2).mean() ** 0.5)):
        theirs_is, row = float(told[(measure, "value")].iloc[0]), rows[name]
        holds(f"DLE: {measure}", abs(row[1] / theirs_is - 1) < 0.03, f"ours {row[1]:.4f} theirs {theirs_is:.4f} seen {true_one:.4f}")
        holds(f"DLE: {measure} seen lies in the interval", row[2] <= true_one <= row[3], f"{row[2]:.4f} <= {true_one:.4f} <= {row[3]:.4f}")
    domain = nml.DomainClassifierCalculator(feature_column_names=["x", "skew", "c"], chunk_number=1)
    value = float(domain.fit(before.copy()).calculate(now.copy()).filter(period="analysis").to_df()
                  [("domain_classifier_auroc", "value")].iloc[0])
    # other learners and other folds: near, not the same
    same("domain classifier: AUC", entries["drift.domain_classifier"]["value"], value, 0.06)


{"evidently": evidently, "nannyml": nannyml}[what]()
sys.exit(failed > 0)

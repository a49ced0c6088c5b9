"""What drift by column and the classifier suite are measured against: python suite_peers.py FOLDER.
Writes the tables that both read and TSV lines name, seconds, what was extrapolated to FOLDER/peers. Reading files is not
timed here.

drift       evidently's drift of every column by PSI, KS, Jensen-Shannon and Wasserstein, 300,000 rows against as many.
            Columns do not depend on each other there: 10 of the 200 are measured, times 20.
classifier  what suites/classifier.yaml says of 1,000,000 rows and 100 features, by scikit-learn, evidently (data summary,
            quality and classification reports, drift by PSI and KS), fairlearn and numpy. Its 1,000 resamples of AUC, KS and
            AIR are measured on 5, times 200; the drift and the summaries of evidently on 10 of 100 columns, times 10;
            fairlearn's intervals are of ten resamples, not more. SHAP
            is not among the tests of the suite and not among the peers'.
VOUCH_BENCH_WHOLE=1 measures all columns and all resamples instead: some ten and forty minutes."""
import gc
import os
import sys
import time
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

warnings.simplefilter("ignore")
place = sys.argv[1]
out = open(f"{place}/peers", "w")
total = {"drift": 0.0, "classifier": 0.0}
WHOLE = bool(os.environ.get("VOUCH_BENCH_WHOLE"))
SOME, DRAWS = 10, 1000 if WHOLE else 5  # columns, resamples
COLUMNS = {"drift": 200, "classifier": 100}
measured = {k: n if WHOLE else SOME for k, n in COLUMNS.items()}


def timed(group, what, f, times=1):
    gc.collect()
    begun = time.perf_counter()
    f()
    seconds = times * (time.perf_counter() - begun)
    total[group] += seconds
    print(f"{group}: {what} {seconds:.1f} s", file=sys.stderr, flush=True)


def write(name, columns):
    pq.write_table(pa.table(columns), f"{place}/{name}.parquet", compression="NONE")


rng = np.random.default_rng(7)


def drifting(shift, n=300_000, cols=200):
    x = rng.standard_normal((cols, n)).astype(np.float32)
    x[::10] += np.float32(shift)
    return {f"x{j}": x[j] for j in range(cols)}


before, now = drifting(0.0), drifting(0.3)
write("before", before)
write("now", now)


def scored(n, cols=100):
    z = rng.standard_normal(n)
    t = {f"x{j}": (0.2 * z * (j % 7 == 0) + rng.standard_normal(n)).astype(np.float32) for j in range(cols)}
    t["pd"] = 1 / (1 + np.exp(2.6 - z))
    t["y"] = (rng.uniform(size=n) < t["pd"]).astype(np.int8)
    t["group"] = np.where(rng.uniform(size=n) < 0.3, "a", "b")
    return t


train, test = scored(1_000_000), scored(1_000_000)
write("train", train)
write("test", test)

from evidently import BinaryClassification, DataDefinition, Dataset, Report
from evidently.presets import ClassificationPreset, DataDriftPreset, DataSummaryPreset
from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (average_precision_score, brier_score_loss, confusion_matrix, log_loss, precision_recall_curve,
                             roc_auc_score, roc_curve)


def dataset(columns, n, **roles):
    frame = pd.DataFrame({k: v for k, v in columns.items() if k in roles.get("keep", []) or k in list(columns)[:n]})
    definition = DataDefinition(numerical_columns=list(columns)[:n], **{k: v for k, v in roles.items() if k != "keep"})
    return Dataset.from_pandas(frame, data_definition=definition)


a, b = dataset(before, measured["drift"]), dataset(now, measured["drift"])
for method in ("psi", "ks", "jensenshannon", "wasserstein"):
    timed("drift", method, lambda: Report([DataDriftPreset(method=method)]).run(b, a), COLUMNS["drift"] / measured["drift"])
del a, b, before, now

C = "classifier"
features = [f"x{j}" for j in range(100)]
frame, earlier = pd.DataFrame(test), pd.DataFrame(train)
y, p, group = test["y"], test["pd"], test["group"]
timed(C, "missing, constant", lambda: (frame.isna().mean(), frame[features].nunique()))
timed(C, "duplicates", lambda: frame[features].duplicated().sum())
timed(C, "conflicting labels", lambda: frame.groupby(features)["y"].nunique().gt(1).sum())
timed(C, "overlap", lambda: frame[features].merge(earlier[features], how="inner").shape)
timed(C, "AUC of every feature", lambda: [roc_auc_score(y, test[f]) for f in features])
summary = dataset(test, measured[C]), dataset(train, measured[C])
times = COLUMNS[C] / measured[C]
timed(C, "summary", lambda: Report([DataSummaryPreset()]).run(*summary), times)
for method in ("psi", "ks"):
    timed(C, f"drift by {method}", lambda: Report([DataDriftPreset(method=method)]).run(*summary), times)
roles = dict(classification=[BinaryClassification(target="y", prediction_probas="pd")], keep=["y", "pd"])
labelled = dataset(test, 0, **roles), dataset(train, 0, **roles)
timed(C, "classification report", lambda: Report([ClassificationPreset()]).run(*labelled))
timed(C, "AUC, gap, curves", lambda: (roc_auc_score(y, p), roc_auc_score(train["y"], train["pd"]), roc_curve(y, p),
                                      precision_recall_curve(y, p), average_precision_score(y, p),
                                      roc_auc_score(y, p, max_fpr=0.2)))
timed(C, "losses", lambda: (log_loss(y, p), brier_score_loss(y, p)))
timed(C, "calibration", lambda: [calibration_curve(y, p, n_bins=k, strategy=s) for k in (10, 20)
                                 for s in ("uniform", "quantile")])
z = np.log(p / (1 - p)).reshape(-1, 1)
timed(C, "calibration line, recalibration", lambda: (LogisticRegression(C=1e10).fit(z, y),
                                                     IsotonicRegression().fit(p, y)))
timed(C, "confusion at cut-offs", lambda: [confusion_matrix(y, p > c) for c in np.linspace(0.02, 0.5, 20)])


def bands():
    t = pd.DataFrame({"y": y, "band": pd.qcut(p, 10)})
    return t.groupby("band", observed=True)["y"].agg(["mean", "sum", "size"])


timed(C, "bands, gains", lambda: [bands() for _ in range(3)])
rates = {"rate": selection_rate, "tpr": true_positive_rate, "fpr": false_positive_rate}
timed(C, "fairness with intervals", lambda: MetricFrame(metrics=rates, y_true=y, y_pred=p > 0.1, sensitive_features=group,
                                                        n_boot=10, ci_quantiles=[0.025, 0.975], random_state=1))
timed(C, "proxy", lambda: roc_auc_score(group == "a", p))


def resample():
    row = rng.integers(0, len(y), len(y))
    fpr, tpr, _ = roc_curve(y[row], p[row])
    good, one = p[row] < 0.1, group[row] == "a"
    return np.trapezoid(tpr, fpr), (tpr - fpr).max(), good[one].mean() / good[~one].mean()


timed(C, "1,000 resamples", lambda: [resample() for _ in range(DRAWS)], 1000 / DRAWS)
how = {"drift": "peer from 10 of 200 columns", C: "peer from 10 of 100 columns and 5 of 1000 resamples"}
for name, seconds in total.items():
    print(name, seconds, "" if WHOLE else how[name], sep="\t", file=out, flush=True)

#!/usr/bin/env python3
"""Models with several outcomes: scikit-learn's measures, statsmodels' kappa with its standard error and Wilson intervals, in
multiclass.json. Needs numpy, scikit-learn, statsmodels."""
import datetime
import json
import pathlib

import numpy as np
import sklearn
import statsmodels
from scipy.special import expit, logit
from sklearn import metrics as m
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

SEED, N, K = 20261122, 240, 4
rng = np.random.default_rng(SEED)
names = np.array(list("abcd"))
truth = rng.choice(K, N, p=[0.45, 0.25, 0.2, 0.1])
raw = rng.gamma(1.0, 1.0, (N, K)) + 1.5 * np.eye(K)[truth] * (rng.random((N, 1)) < 0.6)
raw[:40] = np.round(raw[:40] * 4) + 1  # ties
p = raw / raw.sum(1, keepdims=True)
named = p.argmax(1)
table = m.confusion_matrix(truth, named)
now = {"class": names[truth].tolist(), "class_probability": p.tolist()}
kappa = cohens_kappa(table, wt=None)
low, high = proportion_confint(int((truth == named).sum()), N, method="wilson")
precision, recall, f1, cases = m.precision_recall_fscore_support(truth, named, zero_division=0)
losses = -np.log(p[np.arange(N), truth])
margin = 1.959963984540054 * losses.std(ddof=1) / np.sqrt(N)
wide, tall = proportion_confint(int(table[2, 2]), int(cases[2]), method="wilson")
order = np.lexsort((np.tile(np.arange(K), (N, 1)), -p))
rank = np.array([list(order[i]).index(truth[i]) for i in range(N)])
two = int((rank < 2).sum())
low2, high2 = proportion_confint(two, N, method="wilson")
share = table / table.sum(1, keepdims=True)
np.fill_diagonal(share, 0)
mix = np.bincount(truth, minlength=K) / N
mixed = float(-(mix * np.log(mix)).sum())


def hand_till(truth, p):
    """M, and its error from what each case adds to the sum over ordered pairs of classes."""
    added, total = np.zeros(len(truth)), 0.0
    for c in range(K):
        for j in range(K):
            if c != j:
                a, b = p[truth == c, c], p[truth == j, c]
                won = (a[:, None] > b) + 0.5 * (a[:, None] == b)
                added[truth == c] += won.mean(1)
                added[truth == j] += won.mean(0)
                total += won.mean()
    pairs = K * (K - 1)
    return total / pairs, np.sqrt(sum(added[truth == c].var(ddof=1) / (truth == c).sum() for c in range(K))) / pairs


whole, error = hand_till(truth, p)
again = []
for _ in range(300):  # resampling within classes says the same, to the error of so many draws (4 %)
    at = np.concatenate([rng.choice(np.flatnonzero(truth == c), (truth == c).sum()) for c in range(K)])
    again.append(hand_till(truth[at], p[at])[0])
assert abs(np.std(again) / error - 1) < 0.15
reach = 1.959963984540054 * error / (whole * (1 - whole))
rows = {f"0.tables.classes.rows.{c}.{i}": float(v[c]) for c in range(K) for i, v in ((4, precision), (5, recall), (8, f1))}
cases_ = [
    ("validate.class_accuracy", None,
     {"0.value": m.accuracy_score(truth, named), "0.interval.low": low, "0.interval.high": high, "0.tables.overall.rows.1.1": float(mix.max()),
      "0.tables.overall.rows.2.1": m.balanced_accuracy_score(truth, named),
      "0.tables.overall.rows.3.1": m.precision_score(truth, named, average="macro"),
      "0.tables.overall.rows.4.1": m.f1_score(truth, named, average="macro"),
      "0.tables.overall.rows.5.1": m.f1_score(truth, named, average="weighted"),
      "0.tables.overall.rows.6.1": m.matthews_corrcoef(truth, named), "0.tables.classes.rows.2.6": wide,
      "0.tables.classes.rows.2.7": tall, **rows}),
    ("validate.class_confusion", None,
     {"0.value": float(share.max()), **{f"0.tables.confusion.rows.{K * i + j}.2": int(table[i, j]) for i in range(K) for j in range(K)}}),
    ("validate.class_auc", None,
     {"0.value": m.roc_auc_score(truth, p, multi_class="ovo", average="macro"), "0.interval.low": expit(logit(whole) - reach),
      "0.interval.high": expit(logit(whole) + reach), "0.tables.overall.rows.1.1": error,
      "0.tables.overall.rows.2.1": m.roc_auc_score(truth, p, multi_class="ovr", average="macro"),
      "0.tables.overall.rows.3.1": m.roc_auc_score(truth, p, multi_class="ovr", average="weighted"),
      "0.tables.classes.rows.3.2": m.roc_auc_score(truth == 3, p[:, 3])}),
    ("validate.class_log_loss", None,
     {"0.value": m.log_loss(truth, p), "0.interval.low": float(losses.mean() - margin), "0.interval.high": float(losses.mean() + margin),
      "0.tables.overall.rows.1.1": mixed, "0.tables.overall.rows.2.1": 1 - m.log_loss(truth, p) / mixed}),
    ("validate.class_top_k", {"k": 2},
     {"0.value": two / N, "0.interval.low": low2, "0.interval.high": high2, "0.tables.top.rows.0.2": float((rank < 1).mean()),
      "0.tables.top.rows.3.2": 1}),
    ("validate.class_kappa", None,
     {"0.value": m.cohen_kappa_score(truth, named), "0.interval.low": float(kappa.kappa - 1.959963984540054 * kappa.std_kappa),
      "0.interval.high": float(kappa.kappa + 1.959963984540054 * kappa.std_kappa)}),
]
cases = []
for test, params, expect in cases_:
    one = {"test": test, "now": now, "expect": {k: float(v) for k, v in expect.items()}, "tolerance": 1e-10}
    if params:
        one["params"] = params
    cases.append(one)
out = {"provenance": {"library": "scikit-learn, statsmodels, numpy", "version": f"{sklearn.__version__}, {statsmodels.__version__}, {np.__version__}",
                      "seed": SEED, "date": datetime.date(2026, 11, 22).isoformat(), "script": "make_multiclass.py"}, "cases": cases}
pathlib.Path(__file__).with_name("multiclass.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")

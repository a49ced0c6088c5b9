#!/usr/bin/env python3
"""Tests of tables: inflation by statsmodels, correlation and quartiles by numpy, mutual information by scikit-learn,
chi-square by scipy, Bergsma's V and the Cochran-Armitage trend by their formulas."""
import datetime
import json
import pathlib

import numpy as np
import scipy
import scipy.stats
import sklearn
import sklearn.metrics
import statsmodels
from statsmodels.stats.outliers_influence import variance_inflation_factor

SEED = 20261123
rng = np.random.default_rng(SEED)
n = 200
a = np.round(rng.normal(0, 1, n), 4)
b = np.round(0.7 * a + rng.normal(0, 1, n), 4)
c = np.round(a - b + rng.normal(0, 0.5, n), 4)
t = np.array(["x", "y", "z"])[rng.integers(0, 3, n)]
u = np.where(rng.random(n) < 0.6, t, np.array(["x", "y", "z"])[rng.integers(0, 3, n)])
bad = (rng.random(n) < 1 / (1 + np.exp(1 - a))).astype(float)
cases = []


def listed(x):
    return [None if isinstance(v, float) and np.isnan(v) else v for v in x]


numbers = {"columns": {"a": a.tolist(), "b": b.tolist(), "c": c.tolist()}}
X = np.column_stack([np.ones(n), a, b, c])
vif = [variance_inflation_factor(X, i) for i in (1, 2, 3)]
cases.append({"test": "data.inflation", "tolerance": 1e-9, "now": numbers, "expect": {"0.value": max(vif)}})
r = np.corrcoef([a, b, c])
cases.append({"test": "data.redundancy", "tolerance": 1e-11, "now": numbers,
              "expect": {"0.value": np.abs(r[np.triu_indices(3, 1)]).max()}})

table = np.array([[((t == i) & (u == j)).sum() for j in "xyz"] for i in "xyz"], float)
chi2 = scipy.stats.chi2_contingency(table, correction=False).statistic
k = 3 - 4 / (n - 1)
v = np.sqrt(max(0, chi2 / n - 4 / (n - 1)) / (k - 1))
cases.append({"test": "data.redundancy", "tolerance": 1e-11, "now": {"columns": {"t": t.tolist(), "u": u.tolist()}},
              "expect": {"0.value": v}})

s = np.sort(a)
edges = np.unique([s[i * n // 10] for i in range(1, 10)])
binned = (a[:, None] >= edges[None, :]).sum(1)
mi = sklearn.metrics.mutual_info_score(bad, binned)
h = scipy.stats.entropy(np.bincount(bad.astype(int)))
df = len(np.unique(binned)) - 1
cases.append({"test": "data.association", "tolerance": 1e-10,
              "now": {"columns": {"a": a.tolist()}, "bad": bad.tolist()},
              "expect": {"0.value": max(0, mi - df / (2 * n)) / h, "0.tables.columns.rows.0.2": mi,
                         "0.p_value": scipy.stats.chi2.sf(2 * n * mi, df)}})

gap = a.copy()
gap[(rng.random(n) < np.where(bad == 1, 0.4, 0.15))] = np.nan
gone = np.isnan(gap)
two = np.array([[(gone & (bad == i)).sum(), (~gone & (bad == i)).sum()] for i in (0, 1)])
test = scipy.stats.chi2_contingency(two, correction=False)
cases.append({"test": "data.missing_label", "tolerance": 1e-10,
              "now": {"columns": {"gap": listed(gap.tolist())}, "bad": bad.tolist()},
              "expect": {"0.value": abs(bad[gone].mean() - bad[~gone].mean()), "0.p_value": test.pvalue}})

q1, q3 = np.quantile(c, [0.25, 0.75])
out = ((c < q1 - 1.5 * (q3 - q1)) | (c > q3 + 1.5 * (q3 - q1))).mean()
cases.append({"test": "data.outliers", "params": {"k": 1.5}, "now": {"columns": {"c": c.tolist()}},
              "expect": {"0.value": out, "0.tables.columns.rows.0.2": q1 - 1.5 * (q3 - q1),
                         "0.tables.columns.rows.0.3": q3 + 1.5 * (q3 - q1)}})

# 12 months of 2025 from day 20089 (2025-01-01), risk falling with time
month = rng.integers(0, 12, n)
start = [datetime.date(2025, m, 1).toordinal() - datetime.date(1970, 1, 1).toordinal() for m in range(1, 13)]
day = np.array([start[m] for m in month], float) + rng.integers(0, 28, n)
y = (rng.random(n) < 0.5 - 0.03 * month).astype(float)
month = month - month.min()
mean, rate = month.mean(), y.mean()
z = ((month - mean) * y).sum() / np.sqrt(((month - mean) ** 2).sum() * rate * (1 - rate))
early, late = y[month < 4].mean(), y[month >= 8].mean()
cases.append({"test": "data.survivorship", "tolerance": 1e-10, "now": {"date": day.tolist(), "bad": y.tolist()},
              "expect": {"0.statistic": z, "0.p_value": 2 * scipy.stats.norm.sf(abs(z)),
                         "0.value": abs(late / early - 1), "0.tables.periods.rows.0.0": "2025-01"}})

cases.append({"test": "data.rules",
              "params": {"rules": [{"left": "paid", "is": "<=", "right": "loan"},
                                   {"name": "adds up", "left": ["paid", "open"], "is": "=", "right": "loan"}]},
              "now": {"columns": {"loan": [10, 20, 30, 40], "paid": [4, 25, 10, None], "open": [6, -5, 19, 1]}},
              "expect": {"0.value": 0.5, "0.tables.rules.rows.0.2": 1, "0.tables.rules.rows.0.3": "row 2",
                         "0.tables.rules.rows.1.1": 3, "0.tables.rules.rows.1.2": 1}})
cases.append({"test": "data.keys", "params": {"keys": {"branch": "id", "no": "nr"}},
              "now": {"columns": {"branch": ["a", "b", "q", None], "no": [1, 2, 3, 4]}},
              "before": {"columns": {"id": ["b", "a"], "nr": [4, 1]}},
              "expect": {"0.value": 0.5, "0.tables.keys.rows.0.3": 1, "0.tables.keys.rows.1.3": 2}})
cases.append({"test": "data.date_overlap", "now": {"date": [5, 6, 7, 8]}, "before": {"date": [1, 2, 6]},
              "expect": {"0.value": 0.5}})
cases.append({"test": "data.duplicate_columns",
              "now": {"columns": {"a": [1, None, 3], "b": [1, 2, 3], "c": [1, None, 3]}},
              "expect": {"0.value": 1, "0.tables.columns.rows.0.0": "c", "0.tables.columns.rows.0.1": "a"}})
days = [d for m, k in enumerate([30, 30, 30, 30, 3, 30, 30]) for d in [20089 + 31 * m] * k]
cases.append({"test": "data.row_count", "now": {"date": days}, "expect": {"0.value": 0.9}})

root = {"provenance": {"library": "numpy, scipy, scikit-learn, statsmodels",
                       "version": f"{np.__version__}, {scipy.__version__}, {sklearn.__version__}, {statsmodels.__version__}",
                       "seed": SEED, "date": datetime.date.today().isoformat()}, "cases": cases}
pathlib.Path(__file__).with_name("data.json").write_text(json.dumps(root, sort_keys=True) + "\n")

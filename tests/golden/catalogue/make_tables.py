#!/usr/bin/env python3
"""Rows about tables: pandas counts, duplicates and describes; scikit-learn ranks single inputs. What no package has
(identifiers, availability, look-ahead, contracts) is counted by hand on tables small enough to read."""
import numpy as np
import pandas as pd
import scipy.stats as st
import sklearn.metrics as sk

from kit import CALL_SEED, Cases, holm, mix

SEED = 20261125
rng = np.random.default_rng(SEED)
k = Cases(__file__, ["pandas", "scikit-learn", "scipy", "numpy"], SEED, "small tables counted by hand where no package has the test")

n = 120
frame = pd.DataFrame({"a": np.round(rng.normal(50, 20, n), 1), "b": rng.integers(0, 4, n).astype(float),
                      "c": rng.choice(["x", "y", "z"], n), "y": rng.integers(0, 2, n).astype(float)})
frame.loc[rng.random(n) < 0.15, "a"] = np.nan
frame.loc[100:109] = frame.loc[:9].values
frame["still"] = 3.0
frame.loc[5, "still"] = np.nan
columns = {c: frame[c].tolist() for c in frame}
now = {"columns": columns, "label": "y", "not_features": ["y"], "bad": frame["y"]}

d = frame["a"].describe()
k.add("data.profile", now,
      {"0.value": 5, "0.tables.columns.rows.0.2": frame["a"].isna().sum(), "0.tables.columns.rows.0.3": frame["a"].nunique()}
      | {f"0.tables.columns.rows.0.{4 + i}": d[q] for i, q in enumerate(("min", "25%", "50%", "75%", "max", "mean", "std"))}
      | {"0.tables.columns.rows.0.13": frame["a"].skew(), "0.tables.columns.rows.1.13": frame["b"].skew()}
      | {"0.tables.columns.rows.2.3": 3, "0.tables.columns.rows.2.11": frame["c"].value_counts().index[0],
         "0.tables.columns.rows.2.12": frame["c"].value_counts(normalize=True).iloc[0]})
gone = frame["a"].isna()
k.add("data.missing", now,
      {"0.value": gone.mean(), "0.tables.columns.rows.0.3": frame["y"][gone].mean(),
       "0.tables.columns.rows.0.4": frame["y"][~gone].mean(), "0.tables.columns.rows.1.1": 1})
k.add("data.constant", now, {"0.value": (frame.drop(columns="y").nunique() <= 1).sum(), "0.tables.columns.rows.0.0": "still"})
rare = pd.Series([0.0] * 96 + [1.0] * 3 + [np.nan]).sample(100, random_state=3)
most = rare.value_counts(normalize=True).max()
for share, found in ((most, 1), (most + 1e-9, 0), (1.0, 0)):
    k.add("data.constant", {"columns": {"rare": rare.tolist()}}, {"0.value": found}, params={"share": share})
k.add("data.rules", now,
      {"0.value": 1, "0.tables.rules.rows.0.1": 120 - gone.sum(), "0.tables.rules.rows.0.2": frame.dropna(subset="a").duplicated(["a", "c"]).sum(),
       "0.tables.rules.rows.1.2": 0, "0.tables.rules.rows.1.4": frame["a"].mean(), "0.tables.rules.rows.2.4": frame["a"].quantile(0.95),
       "0.tables.rules.rows.3.4": frame["a"].std(), "0.tables.rules.rows.4.2": 120, "0.tables.rules.rows.4.4": gone.mean()},
      params={"rules": [{"name": "account", "unique": ["a", "c"]}, {"measure": "mean", "column": "a", "low": 0, "high": 99},
                        {"measure": "p95", "column": "a"}, {"measure": "sd", "column": "a"},
                        {"measure": "missing", "column": "a", "high": 0.01}]})
k.add("data.duplicate_rows", now, {"0.value": frame.duplicated().mean()})
groups = frame.groupby(["a", "b", "c", "still"], dropna=False)["y"]
mixed = groups.transform("nunique") > 1
k.add("data.conflicting_labels", now,
      {"0.value": mixed.mean(), "0.tables.counts.rows.0.0": mixed.sum(), "0.tables.counts.rows.0.1": (groups.nunique() > 1).sum()})
k.add("data.high_cardinality", now, {"0.value": frame["c"].nunique(), "0.tables.columns.rows.0.1": 3})
share = frame["y"].mean()
k.add("data.class_balance", now, {"0.value": min(share, 1 - share), "0.tables.classes.rows.1.1": frame["y"].sum()})
twos = frame["b"] == 2
k.add("data.special", now,
      {"0.value": 2, "0.tables.codes.rows.1.2": twos.sum(), "0.tables.codes.rows.1.3": twos.mean(),
       "0.tables.codes.rows.1.4": frame["y"][twos].mean(), "0.tables.codes.rows.0.2": 0},
      params={"columns": {"b": {"special": [-1, 2]}}})

# five promises, one kept: no column d; a below 0 or above 80; c of x and y; a is required
low = (frame["a"] > 80) | (frame["a"] < 10)
k.add("data.contract", now,
      {"0.value": 4, "0.verdict": "fail", "0.tables.breaches.rows.0.1": "required", "0.tables.breaches.rows.0.2": gone.sum(),
       "0.tables.breaches.rows.1.1": "range", "0.tables.breaches.rows.1.2": low.sum(),
       "0.tables.breaches.rows.1.3": f"row {low.idxmax() + 1}", "0.tables.breaches.rows.1.5": "10 to 80",
       "0.tables.breaches.rows.2.1": "allowed", "0.tables.breaches.rows.2.2": (frame["c"] == "z").sum(),
       "0.tables.breaches.rows.3.1": "present"},
      params={"columns": {"a": {"type": "number", "min": 10, "max": 80, "required": True}, "b": {"type": "integer", "min": 0},
                          "c": {"allowed": ["x", "y"]}, "d": {"type": "number"}}})

# ---- leakage
train = {"columns": {"x": [1, 2, 3, 4], "t": ["a", "a", "b", None]}}
test = {"columns": {"x": [1, 2, 5, 4, 3], "t": ["a", "b", "c", None, "b"]}}
k.add("data.overlap", test, {"0.value": 3 / 5}, before=train)
k.add("data.unseen", test, {"0.value": 1 / 5, "0.tables.columns.rows.0.1": 1}, before=train)
rows = 110
k.add("data.identifier",
      {"columns": {"running": 7 * np.arange(rows) ** 2, "dense": rng.permutation(rows) + 1000, "amount": rng.permutation(rows) * 10007,
                   "name": [f"n{i}" for i in range(rows)], "half": np.arange(rows) // 2},
       "integers": ["running", "dense", "amount", "half"]}, {"0.value": 3})
k.add("data.available_at",
      {"columns": {"income": [1, 2, 3, 4], "debt": [1, 2, 3, 4], "income_at": [9, 11, 10, None], "debt_at": [1, 2, 3, 4],
                   "when": [10, 10, 10, 10]}, "dates": ["income_at", "debt_at", "when"], "time": "when", "date": [10, 10, 10, 10]},
      {"0.value": 1, "0.tables.columns.rows.0.2": 1, "0.tables.columns.rows.0.3": 1, "0.tables.columns.rows.1.2": 0},
      params={"columns": {"income": {"available_at": "income_at"}, "debt": {"available_at": "debt_at"}}})

k.add("data.look_ahead",
      {"columns": {"opened": [9, 10, 8, None], "closed": [11, None, 10, 12], "sum": [99, 99, 99, 99]}, "dates": ["opened", "closed"],
       "features": ["opened", "closed", "sum"], "date": [10, 10, 10, 10]},
      {"0.value": 1, "0.tables.columns.rows.0.1": 0, "0.tables.columns.rows.1.1": 2})

# ---- one input alone: bad rates of 32 bins of train, drawn to the mean by one case, as a score of the held-out rows
m = 700
x, z = np.round(rng.normal(size=m), 3), np.round(rng.normal(size=m), 3)
bad = (rng.random(m) < 1 / (1 + np.exp(-3 * np.abs(x) + 2.5))).astype(int)
x[rng.random(m) < 0.1] = np.nan
held = np.array([mix(CALL_SEED, i) & 1 for i in range(m)]) == 1


def alone(v):
    there = np.sort(v[~held & ~np.isnan(v)])
    edges = np.unique([there[b * len(there) // 32] for b in range(1, 32)])
    bins = np.where(np.isnan(v), 0, 1 + np.searchsorted(edges, v, side="left"))
    hit = np.bincount(bins[~held], weights=bad[~held], minlength=len(edges) + 2)
    count = np.bincount(bins[~held], minlength=len(edges) + 2)
    rate = (hit + bad[~held].mean()) / (count + 1)
    return sk.roc_auc_score(bad[held], rate[bins[held]])


aucs = [alone(x), alone(z)]
a, b, g = 0.85, bad[held].sum(), (1 - bad[held]).sum()
variance = (a * (1 - a) + (b - 1) * (a / (2 - a) - a * a) + (g - 1) * (2 * a * a / (1 + a) - a * a)) / (b * g)
p = st.norm.sf((np.array(aucs) - a) / np.sqrt(variance))
assert aucs[0] > aucs[1]
k.add("data.single_auc", {"columns": {"x": x, "z": z, "y": bad.astype(float)}, "bad": bad, "label": "y", "not_features": ["y"]},
      {"0.value": aucs[0], "0.p_value": holm(p)[0], "0.critical": 0.85, "0.tables.inputs.rows.1.1": aucs[1],
       "0.tables.inputs.rows.1.2": p[1]})
k.write()

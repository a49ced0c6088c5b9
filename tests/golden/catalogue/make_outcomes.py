#!/usr/bin/env python3
"""Drift of outcomes and calibration, performance and errors without labels: scipy (the binomial tests), statsmodels (Holm),
scikit-learn (realised measures), and numpy for the expectations of measures
over all outcomes that the probabilities allow, which are counted case by case and pair by pair."""
import itertools

import numpy as np
import scipy.stats as st
import sklearn.metrics as sk
from scipy.special import expit

from kit import CALL_SEED, Cases, delong, holm, mix

SEED = 20261126
rng = np.random.default_rng(SEED)
k = Cases(__file__, ["scipy", "scikit-learn", "numpy"], SEED,
          "estimated performance by its definition: the expectation of each measure over independent outcomes, in numpy, and for "
          "eight cases over all 256 outcomes")
Z = st.norm.ppf(0.975)


def sample(n, shift, off=0.0):
    x = rng.normal(size=n) + shift
    p = np.round(expit(-1 + x), 5)
    return {"score": np.round(x, 4), "probability": p, "bad": (rng.random(n) < expit(-1 + off + x)).astype(int)}


before, now = sample(400, 0), sample(300, 0.3, 0.7)


def fisher(l, m, k, n):
    """Two-sided: twice the smaller tail of the hypergeometric distribution."""
    h = st.hypergeom(int(m + n), int(l + k), int(n))
    return min(1, 2 * min(h.cdf(k), h.sf(k - 1)))


n, m, kn, km = len(now["bad"]), len(before["bad"]), now["bad"].sum(), before["bad"].sum()
a, b = kn / n, km / m
se = np.sqrt(a * (1 - a) / n + b * (1 - b) / m)
k.add("drift.bad_rate", now, {"0.value": abs(a - b), "0.p_value": fisher(km, m, kn, n), "0.interval.low": max(0, abs(a - b) - Z * se),
                              "0.interval.high": abs(a - b) + Z * se}, before=before)

edges = np.quantile(before["score"], np.arange(1, 10) / 10)
band = [np.searchsorted(edges, s["score"], side="left") for s in (before, now)]
size, bads = ([np.bincount(g, weights=w, minlength=10) for g, w in zip(band, v)]
              for v in ((np.ones(m), np.ones(n)), (before["bad"], now["bad"])))
p = np.array([fisher(bads[0][i], size[0][i], bads[1][i], size[1][i]) for i in range(10)])
k.add("drift.score_bands", now,
      {"0.value": (holm(p) <= 0.05).sum(), "0.p_value": holm(p).min()}
      | {f"0.tables.bands.rows.{i}.{c}": v[i] for i in range(10)
         for c, v in ((3, size[1] / n), (4, bads[0] / size[0]), (5, bads[1] / size[1]), (6, p), (7, holm(p)))}, before=before)

ratio = [s["bad"].sum() / s["probability"].sum() for s in (before, now)]
se = np.sqrt(sum((s["probability"] * (1 - s["probability"])).sum() / s["bad"].sum() ** 2 for s in (before, now)))
change = np.log(ratio[1] / ratio[0])
both = sum(s["bad"].sum() for s in (before, now)) / sum(s["probability"].sum() for s in (before, now))
chance = [both * s["probability"] for s in (before, now)]  # of an outcome, where nothing changed
z = (ratio[1] - ratio[0]) / np.sqrt(sum((c * (1 - c)).sum() / s["probability"].sum() ** 2 for c, s in zip(chance, (before, now))))
k.add("drift.calibration", now,
      {"0.value": abs(np.expm1(change)), "0.statistic": z, "0.p_value": 2 * st.norm.sf(abs(z)),
       "0.tables.samples.rows.1.4": ratio[1], "0.tables.change.rows.1.1": np.exp(change - Z * se),
       "0.tables.change.rows.2.1": np.exp(change + Z * se)}, before=before)

# ---- performance without labels: a case's outcome is a coin of known bias
q, cut = now["probability"], 0.4
high = q > cut
expected = {
    "bad rate": (q.mean(), (q * (1 - q)).sum() / n**2), "Brier": ((q * (1 - q)).mean(), (q * (1 - q) * (1 - 2 * q) ** 2).sum() / n**2),
    "log": (-(q * np.log(q) + (1 - q) * np.log1p(-q)).mean(), (q * (1 - q) * np.log(q / (1 - q)) ** 2).sum() / n**2),
    "accuracy": (np.where(high, q, 1 - q).mean(), (q * (1 - q)).sum() / n**2),
    "precision": (q[high].mean(), (q * (1 - q))[high].sum() / high.sum() ** 2),
    "recall": (q[high].sum() / q.sum(), (q * (1 - q) * (high - q[high].sum() / q.sum()) ** 2).sum() / q.sum() ** 2),
    "specificity": ((1 - q)[~high].sum() / (1 - q).sum(),
                    (q * (1 - q) * (~high - (1 - q)[~high].sum() / (1 - q).sum()) ** 2).sum() / (1 - q).sum() ** 2)}
# the area under the expected ROC curve: every case is worth q of a bad and 1 - q of a good, ties (itself too) one half
s = now["score"]
won = (s[:, None] > s[None, :]) + 0.5 * (s[:, None] == s[None, :])
pairs = q.sum() * (1 - q).sum()
auc = q @ won @ (1 - q) / pairs
slope = (won @ (1 - q) - won.T @ q - auc * ((1 - q).sum() - q.sum())) / pairs
variance = (q * (1 - q) * slope**2).sum()
assert abs(auc - sk.roc_auc_score(np.repeat([1, 0], n), np.tile(s, 2), sample_weight=np.append(q, 1 - q))) < 1e-12
was, was_variance = delong(before["score"], before["bad"])
z = (was - auc) / np.sqrt(was_variance + variance)
k.add("drift.estimated_performance", now,
      {"0.value": auc, "0.interval.low": auc - Z * np.sqrt(variance), "0.interval.high": auc + Z * np.sqrt(variance),
       "0.statistic": z, "0.p_value": st.norm.sf(z), "0.tables.measures.rows.0.4": was,
       "0.tables.measures.rows.2.4": sk.brier_score_loss(before["bad"], before["probability"]),
       "0.tables.measures.rows.6.4": sk.recall_score(before["bad"], before["probability"] > cut)}
      | {f"0.tables.measures.rows.{i}.{c}": v for i, (e, w) in enumerate(expected.values(), 1)
         for c, v in ((1, e), (2, e - Z * np.sqrt(w)), (3, e + Z * np.sqrt(w)))}, before=before, params={"cutoff": cut})
# sums over cases need no approximation: over all outcomes of eight cases their mean and variance are these
few = q[:8]
outcome = np.array(list(itertools.product((0, 1), repeat=8)))
chance = np.where(outcome, few, 1 - few).prod(1)
right = np.where(few > cut, outcome, 1 - outcome).mean(1)
losses = ((outcome - few) ** 2).mean(1)
mean = [chance @ right, chance @ losses]
spread = [np.sqrt(chance @ (v - e) ** 2) for v, e in zip((right, losses), mean)]
k.add("drift.estimated_performance", {"probability": few, "score": s[:8]},
      {"0.tables.measures.rows.4.1": mean[0], "0.tables.measures.rows.4.2": mean[0] - Z * spread[0],
       "0.tables.measures.rows.2.1": mean[1], "0.tables.measures.rows.2.3": mean[1] + Z * spread[1]}, params={"cutoff": cut})

# ---- errors without outcomes: by one input of three values a forest of many trees tells a tenth of the reference the means of the
# others by value (in single precision), so the estimate can be counted; the tenth of a case is known
x, x2 = rng.choice(3, 300, p=[0.35, 0.35, 0.3]), rng.choice(3, 120, p=[0.2, 0.3, 0.5])
y = np.round((1 + x) * rng.normal(size=300), 4)
flat, flat2 = np.zeros(300), np.zeros(120)  # a prediction that says nothing of the error
tenth = np.array([mix(CALL_SEED + 1, i) % 10 for i in range(300)])
rows, told = {}, {}
for name, loss in (("MAE", np.abs(y)), ("MSE", y**2)):
    by = np.array([[loss[(tenth != t) & (x == v)].mean() for v in range(3)] for t in range(10)])
    here, share = by[tenth, x], np.bincount(tenth, minlength=10) / 300
    there = share @ by[:, x2]
    rest = loss - here
    left = [by[t, x2].mean() + rest[tenth != t].mean() for t in range(10)]
    learnt = 9 / 10 * ((left - np.mean(left)) ** 2).sum()
    to_come = (rest**2).sum() / (here**2).sum() * (there**2).sum() / 120**2
    rows[name] = (there.mean() + rest.mean(), Z * np.sqrt(to_come + learnt), loss.mean())
    told[name] = (there.mean() - here.mean()) / np.sqrt(np.var(here) / 300 + np.var(there) / 120)
(mae, far, was), (mse, wide, square) = rows["MAE"], rows["MSE"]
for measure, expect in (
        ("RMSE", {"0.value": np.sqrt(mse / square), "0.interval.low": np.sqrt((mse - wide) / square),
                  "0.interval.high": np.sqrt((mse + wide) / square), "0.statistic": told["MSE"], "0.p_value": st.norm.sf(told["MSE"]),
                  "0.tables.measures.rows.1.1": mse, "0.tables.measures.rows.1.2": mse - wide, "0.tables.measures.rows.1.4": square,
                  "0.tables.measures.rows.2.1": np.sqrt(mse), "0.tables.measures.rows.2.4": np.sqrt(square)}),
        ("MAE", {"0.value": mae / was, "0.interval.low": (mae - far) / was, "0.interval.high": (mae + far) / was,
                 "0.statistic": told["MAE"], "0.p_value": st.norm.sf(told["MAE"]), "0.tables.measures.rows.0.3": mae + far})):
    k.add("drift.estimated_errors", {"score": flat2, "columns": {"x": x2}}, expect,
          before={"score": flat, "target": y, "columns": {"x": x}}, params={"measure": measure, "trees": 1000}, tolerance=1e-4)

# ---- domain classifier: of one input with few values any tree learns the order of their shares, so the AUC can be counted
level = [rng.choice(4, 260, p=w) for w in ([0.4, 0.3, 0.2, 0.1], [0.25, 0.3, 0.2, 0.25])]
x, is_new = np.concatenate(level), np.repeat([0, 1], 260)
half = np.array([mix(CALL_SEED + 1, i) & 1 for i in range(520)])
aucs = []
for h in (0, 1):
    share = np.array([is_new[(half == h) & (x == v)].mean() for v in range(4)])
    aucs.append(delong(share[x][half != h], is_new[half != h]))
mean, se = np.mean([a for a, _ in aucs]), np.mean([np.sqrt(v) for _, v in aucs])
k.add("drift.domain_classifier", {"columns": {"x": level[1].astype(float)}},
      {"0.value": mean, "0.interval.low": mean - Z * se, "0.interval.high": mean + Z * se, "0.statistic": (mean - 0.5) / se,
       "0.p_value": st.norm.sf((mean - 0.5) / se), "0.tables.halves.rows.0.2": aucs[0][0], "0.tables.halves.rows.1.2": aucs[1][0]},
      before={"columns": {"x": level[0].astype(float)}})
k.write()

#!/usr/bin/env python3
"""Drift of two samples by scipy: distances, chi-square, and the limiting law of Kolmogorov. Counts are over the
reference's tenths (numpy.quantile, right-closed), with a bin for missing; no bin is thin."""
import datetime
import json
import pathlib

import numpy as np
import scipy
import scipy.special
import scipy.stats
from scipy.spatial.distance import jensenshannon

SEED = 20261122
rng = np.random.default_rng(SEED)
cases = []


def listed(x):
    return [None if np.isnan(v) else float(v) for v in x]


def counts(ref, now, bins=10):
    known = ref[~np.isnan(ref)]
    edges = np.unique(np.quantile(known, np.arange(1, bins) / bins))

    def count(x):
        k = ~np.isnan(x)
        c = np.bincount(np.digitize(x[k], edges, right=True), minlength=len(edges) + 1)
        return np.append(c, (~k).sum()).astype(float)

    a, b = count(ref), count(now)
    used = (a + b) > 0
    return a[used], b[used]


def on_counts(sample, a, b, tolerance=1e-12):
    n, m = b.sum(), a.sum()
    per = 1 / n + 1 / m
    df = len(a) - 1
    sf, isf = scipy.stats.chi2.sf, scipy.stats.chi2.isf
    p, q = a / m, b / n
    js = jensenshannon(p, q, base=2)
    jsd = js ** 2 * np.log(2)
    hell = np.sqrt(1 - np.sqrt(p * q).sum())
    chi2 = scipy.stats.chi2_contingency(np.array([a, b]), correction=False)
    h = 0.5 * len(a)
    ps, qs = (a + 0.5) / (m + h), (b + 0.5) / (n + h)
    psi = ((qs - ps) * np.log(qs / ps)).sum()
    share = (a + b) / (n + m)
    z = np.abs(p - q) / np.sqrt(share * (1 - share) * per)
    rows = [
        ("drift.psi", psi, psi / per, sf(psi / per, df), per * isf(0.05, df)),
        ("drift.jensen_shannon", js, 8 * jsd / per, sf(8 * jsd / per, df), np.sqrt(isf(0.05, df) * per / 8 / np.log(2))),
        ("drift.hellinger", hell, 8 * hell ** 2 / per, sf(8 * hell ** 2 / per, df), np.sqrt(isf(0.05, df) * per / 8)),
        ("drift.chi_square", np.sqrt(chi2.statistic / (n + m)), chi2.statistic, chi2.pvalue, np.sqrt(isf(0.05, df) / (n + m))),
        ("drift.l_infinity", np.abs(p - q).max(), z.max(), min(1, 2 * len(a) * scipy.stats.norm.sf(z.max())),
         scipy.stats.norm.isf(0.025 / len(a)) * np.sqrt(share * (1 - share) * per).max()),
    ]
    for test, value, statistic, p_value, critical in rows:
        expect = {"0.value": value, "0.statistic": statistic, "0.p_value": p_value, "0.critical": critical}
        cases.append({"test": test, "tolerance": tolerance, **sample, "expect": expect})


def bridge(pooled):
    """Mean and variance of the integral of |B(F)|, B a Brownian bridge, F the pooled distribution at each of its values; the
    program takes F at 128 heights, so the two agree to their grid."""
    u, step = np.arange(1, len(pooled)) / len(pooled), np.diff(pooled)
    sd = np.sqrt(u * (1 - u))
    rho = np.minimum(1, np.minimum.outer(u, u) * (1 - np.maximum.outer(u, u)) / np.outer(sd, sd))
    both = 2 / np.pi * np.outer(sd, sd) * (np.sqrt(1 - rho**2) + rho * np.arcsin(rho) - 1)
    return np.sqrt(2 / np.pi) * (sd * step).sum(), step @ both @ step


for n, m, shift, digits, missing in [(400, 600, 0.0, 6, 0.0), (500, 300, 0.4, 6, 0.05), (1000, 800, 0.2, 0, 0.0)]:
    now, ref = np.round(rng.normal(shift, 1, n), digits), np.round(rng.normal(0, 1, m), digits)
    if missing:
        now[rng.random(n) < 2 * missing] = np.nan
        ref[rng.random(m) < missing] = np.nan
    sample = {"now": {"columns": {"x": listed(now)}}, "before": {"columns": {"x": listed(ref)}}}
    a, b = counts(ref, now)
    assert (a * b.sum() / a.sum() >= 5).all()
    on_counts(sample, a, b)
    x, y = now[~np.isnan(now)], ref[~np.isnan(ref)]
    d = scipy.stats.ks_2samp(x, y).statistic
    scale = np.sqrt(len(x) * len(y) / (len(x) + len(y)))
    cases.append({"test": "drift.ks", "tolerance": 1e-12, **sample, "expect": {
        "0.value": d, "0.statistic": scale * d, "0.p_value": scipy.special.kolmogorov(scale * d),
        "0.critical": scipy.special.kolmogi(0.05) / scale}})
    w = scipy.stats.wasserstein_distance(x, y)
    cases.append({"test": "drift.wasserstein", "tolerance": 1e-12, **sample, "expect": {
        "0.value": w / np.std(y, ddof=1), "0.statistic": scale * w}})
    mean, variance = bridge(np.sort(np.concatenate([x, y])))
    law = scipy.stats.gamma(mean**2 / variance, scale=variance / mean)
    cases.append({"test": "drift.wasserstein", "tolerance": 4e-3, **sample, "expect": {
        "0.p_value": law.sf(scale * w), "0.critical": law.isf(0.05) / scale / np.std(y, ddof=1)}})

words = np.array(["north", "south", "west"])
ref, now = words[rng.choice(3, 300, p=[0.5, 0.3, 0.2])], words[rng.choice(3, 400, p=[0.4, 0.3, 0.3])]
sample = {"now": {"columns": {"t": now.tolist()}}, "before": {"columns": {"t": ref.tolist()}}}
on_counts(sample, *(np.array([(s == w).sum() for w in words], float) for s in (ref, now)))

# The score alone, against the same law.
now, ref = np.round(rng.normal(0.6, 1, 100), 6), np.round(rng.normal(0, 1, 80), 6)
d = scipy.stats.ks_2samp(now, ref).statistic
cases.append({"test": "drift.ks", "tolerance": 1e-12, "now": {"score": now.tolist()}, "before": {"score": ref.tolist()},
              "params": {"level": 0.99}, "expect": {"0.value": d, "0.critical": scipy.special.kolmogi(0.01) / np.sqrt(8000 / 180)}})


# Rows without a value, and values that the reference lacks: Fisher's exact test as twice the smaller tail; the chance that
# the k largest (smallest) of all n + m values are all of the sample; Good-Turing's rate for texts.
def tail(l, m, c, n):
    law = scipy.stats.hypergeom(n + m, l + c, n)
    return min(1, 2 * (law.cdf(c) if c * (n + m) < n * (l + c) else law.sf(c - 1)))


def together(m, n, count):
    return np.prod([(n - i) / (n + m - i) for i in range(count)])


def rows(sample, lost_before, m, lost, n, unseen, p):
    both = (lost_before + lost) / (n + m)
    reach = scipy.stats.norm.isf(0.025) * np.sqrt(both * (1 - both) * (1 / n + 1 / m))
    cases.append({"test": "drift.missing", "tolerance": 1e-10, **sample, "expect": {
        "0.value": abs(lost / n - lost_before / m), "0.p_value": tail(lost_before, m, lost, n), "0.critical": reach}})
    cases.append({"test": "drift.unseen", "tolerance": 1e-10, **sample, "expect": {"0.value": unseen / n, "0.p_value": p}})


for n, m, shift, part in [(200, 300, 0.8, 0.1), (150, 90, 0.0, 0.3)]:
    now, ref = np.round(rng.normal(shift, 1, n), 6), np.round(rng.normal(0, 1, m), 6)
    now[rng.random(n) < part] = np.nan
    ref[rng.random(m) < 0.05] = np.nan
    a, b = ref[~np.isnan(ref)], now[~np.isnan(now)]
    below, above = (b < a.min()).sum(), (b > a.max()).sum()
    p = min(1, 2 * min(together(len(a), len(b), below), together(len(a), len(b), above)))
    rows({"now": {"columns": {"x": listed(now)}}, "before": {"columns": {"x": listed(ref)}}},
         np.isnan(ref).sum(), m, np.isnan(now).sum(), n, below + above, p)

words = np.array(["north", "south", "west", "east", "isle"])
ref = np.append(words[rng.choice(3, 200, p=[0.5, 0.3, 0.2])], ["rare"])
now = words[rng.choice(5, 150, p=[0.4, 0.3, 0.26, 0.03, 0.01])].astype(object)
now[rng.random(150) < 0.1] = None
unseen, known = sum(w in ("east", "isle") for w in now), sum(w is not None for w in now)
rows({"now": {"columns": {"t": now.tolist()}}, "before": {"columns": {"t": ref.tolist()}}}, 0, 201, 150 - known, 150, unseen,
     scipy.stats.binom.sf(unseen - 1, known, 2 / 202) if unseen else 1)

root = {"provenance": {"library": "scipy", "version": scipy.__version__, "seed": SEED,
                       "date": datetime.date.today().isoformat()}, "cases": cases}
pathlib.Path(__file__).with_name("drift.json").write_text(json.dumps(root, sort_keys=True) + "\n")

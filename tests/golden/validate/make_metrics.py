#!/usr/bin/env python3
"""Reference values of include/vouch/validate.h: scikit-learn (AUC, log-loss, Brier), scipy (KS), statsmodels
(calibration line), DeLong's variance by its definition over all pairs in numpy, PSI and ECE by their formulas.
Needs numpy, scipy, scikit-learn, statsmodels."""
import datetime
import json
import pathlib

import numpy as np
import scipy
import scipy.stats
import sklearn
import sklearn.metrics
import statsmodels
import statsmodels.api as sm

HERE = pathlib.Path(__file__).resolve().parent
SEED = 20261122
Z = scipy.stats.norm.ppf(0.975)


def placements(score, bad):
    """Each case's placement, by comparing it with every case of the other class."""
    wins = lambda a, b: (a[:, None] > b[None, :]).astype(float) + 0.5 * (a[:, None] == b[None, :])
    psi = wins(score[bad == 1], score[bad == 0])
    return psi.mean(axis=1), psi.mean(axis=0)


def delong(score, bad):
    v10, v01 = placements(score, bad)
    auc, variance = v10.mean(), v10.var(ddof=1) / len(v10) + v01.var(ddof=1) / len(v01)
    logit, se = np.log(auc / (1 - auc)), np.sqrt(variance) / (auc * (1 - auc))
    return {"auc": auc, "variance": variance, "low": 1 / (1 + np.exp(-(logit - Z * se))),
            "high": 1 / (1 + np.exp(-(logit + Z * se)))}


def paired(a, b, bad):
    a10, a01 = placements(a, bad)
    b10, b01 = placements(b, bad)
    s10, s01 = np.cov(a10, b10), np.cov(a01, b01)
    s = s10 / len(a10) + s01 / len(a01)
    variance, difference = s[0, 0] + s[1, 1] - 2 * s[0, 1], a10.mean() - b10.mean()
    z = difference / np.sqrt(variance)
    return {"difference": difference, "variance": variance, "z": z, "p_value": 2 * scipy.stats.norm.sf(abs(z)),
            "low": difference - Z * np.sqrt(variance), "high": difference + Z * np.sqrt(variance)}


def ece(p, bad, bins, equal_mass):
    order = np.argsort(p, kind="stable")
    p, y, n = p[order], bad[order], len(p)
    if equal_mass:
        first = np.searchsorted(p, p, side="left")  # where the case's group of ties begins
        at = np.floor(first * bins / n).astype(int)
    else:
        at = np.searchsorted(np.arange(1, bins) / bins, p, side="left")
    return sum(abs(y[at == k].sum() - p[at == k].sum()) for k in range(bins)) / n


def line(p, bad):
    x = np.log(p) - np.log1p(-p)
    options = dict(tol=1e-14, tol_criterion="params", maxiter=200)
    joint = sm.GLM(bad, sm.add_constant(x), family=sm.families.Binomial()).fit(**options)
    large = sm.GLM(bad, np.ones((len(p), 1)), offset=x, family=sm.families.Binomial()).fit(**options)
    null = (bad * np.log(p) + (1 - bad) * np.log1p(-p)).sum()
    statistic = 2 * (joint.llf - null)
    return {"intercept": joint.params[0], "slope": joint.params[1], "intercept_se": joint.bse[0],
            "slope_se": joint.bse[1], "in_the_large": large.params[0], "in_the_large_se": large.bse[0],
            "statistic": statistic, "p_value": scipy.stats.chi2.sf(statistic, 2)}


def case(rng, n, rate, digits, weighted):
    latent = rng.normal(size=n)
    bad = (rng.uniform(size=n) < 1 / (1 + np.exp(-(np.log(rate / (1 - rate)) + 1.1 * latent)))).astype(int)
    p = 1 / (1 + np.exp(-(np.log(rate / (1 - rate)) + 0.9 * latent + 0.4 * rng.normal(size=n) + 0.1)))
    if digits is not None:
        p = np.clip(np.round(p, digits), 10.0 ** -digits, 1 - 10.0 ** -digits)
    other = latent + rng.normal(size=n)
    if digits is not None:
        other = np.round(other, 1)
    weight = rng.uniform(0.2, 3.0, size=n) if weighted else None
    ks = scipy.stats.ks_2samp(p[bad == 1], p[bad == 0], method="asymp").statistic
    out = {"probability": p.tolist(), "other": other.tolist(), "bad": bad.tolist(),
           "delong": delong(p, bad), "paired": paired(p, other, bad), "ks": ks,
           "sklearn_auc": sklearn.metrics.roc_auc_score(bad, p),
           "brier": sklearn.metrics.brier_score_loss(bad, p), "log_loss": sklearn.metrics.log_loss(bad, p),
           "ece_mass": ece(p, bad, 10, True), "ece_width": ece(p, bad, 15, False), "line": line(p, bad)}
    if weighted:
        fpr, tpr, _ = sklearn.metrics.roc_curve(bad, p, sample_weight=weight, drop_intermediate=False)
        out |= {"weight": weight.tolist(), "weighted": {
            "auc": sklearn.metrics.roc_auc_score(bad, p, sample_weight=weight), "ks": np.abs(tpr - fpr).max(),
            "brier": sklearn.metrics.brier_score_loss(bad, p, sample_weight=weight),
            "log_loss": sklearn.metrics.log_loss(bad, p, sample_weight=weight)}}
    return out


def psi(reference, current):
    reference, current = np.array(reference, float), np.array(current, float)
    keep = (reference > 0) | (current > 0)
    e, a = reference[keep], current[keep]
    n, m, b = e.sum(), a.sum(), len(e)
    e, a = (e + 0.5) / (n + b / 2), (a + 0.5) / (m + b / 2)
    value, scale = ((a - e) * np.log(a / e)).sum(), 1 / n + 1 / m
    return {"reference": reference.tolist(), "current": current.tolist(), "psi": value, "bins": b,
            "critical": scale * scipy.stats.chi2.ppf(0.95, b - 1), "p_value": scipy.stats.chi2.sf(value / scale, b - 1)}


def psi_drift(rng, reference, current):
    """Edges on the reference's deciles, right-closed; a bin of its own for missing."""
    seen = reference[~np.isnan(reference)]
    edge = np.unique(np.quantile(seen, np.arange(1, 10) / 10))
    edge = edge[edge < seen.max()]
    counts = lambda x: np.append(np.bincount(np.digitize(x[~np.isnan(x)], edge, right=True), minlength=len(edge) + 1),
                                 np.isnan(x).sum())
    clean = lambda x: [None if np.isnan(v) else v for v in x.tolist()]
    return psi(counts(reference), counts(current)) | {"edges": edge.tolist(), "x": clean(reference), "y": clean(current)}


def main():
    rng = np.random.default_rng(SEED)
    cases = [case(rng, 60, 0.4, None, False), case(rng, 400, 0.2, 2, True), case(rng, 700, 0.05, None, True),
             case(rng, 500, 0.3, 1, False)]
    missing = lambda x, share: np.where(rng.uniform(size=len(x)) < share, np.nan, x)
    drift = [psi_drift(rng, rng.normal(size=600), rng.normal(0.3, 1, size=300)),
             psi_drift(rng, missing(np.round(rng.lognormal(size=500)), 0.02), missing(np.round(rng.lognormal(0.2, size=400)), 0.2)),
             psi_drift(rng, rng.integers(0, 4, size=300).astype(float), rng.integers(1, 5, size=300).astype(float)),
             psi_drift(rng, rng.uniform(size=400), rng.uniform(0, 0.9, size=400))]
    out = {"provenance": {"libraries": {"numpy": np.__version__, "scipy": scipy.__version__,
                                        "scikit-learn": sklearn.__version__, "statsmodels": statsmodels.__version__},
                          "seed": SEED, "date": datetime.date.today().isoformat(), "script": "make_metrics.py"},
           "cases": cases, "psi": [psi([100, 200, 300], [120, 180, 300]), psi([2000, 2000, 0], [400, 500, 100]),
                                   psi([50, 50, 0, 0], [0, 60, 0, 40]), *drift]}
    (HERE / "metrics.json").write_text(json.dumps(out, sort_keys=True).replace("}, {", "},\n{") + "\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Ranking, by scikit-learn (partial AUC, average precision, confusion rates), scipy (KS), the packages hmeasure and EMP-PY,
statsmodels (Wilson), and by definition over all pairs or all cut-offs. Needs numpy, scipy, scikit-learn, statsmodels; where hmeasure
0.1.6 and EMP-PY 2.0.4 are installed, their values must agree with those by quadrature."""
import datetime
import json
import pathlib

import numpy as np
import scipy
import scipy.integrate
import scipy.stats
import sklearn
import sklearn.metrics as skm
from statsmodels.stats.proportion import proportion_confint

SEED = 20261122


def placements(score, bad):
    x, y = score[bad == 1], score[bad == 0]
    psi = (x[:, None] > y[None, :]) + 0.5 * (x[:, None] == y[None, :])
    return psi.mean(axis=1), psi.mean(axis=0)


def delong(score, bad):
    v10, v01 = placements(score, bad)
    return v10.mean(), v10.var(ddof=1) / len(v10) + v01.var(ddof=1) / len(v01)


def h_by_quadrature(score, bad, a, b):
    """Hand's definition: the least loss over all cut-offs at each cost, integrated numerically."""
    rate = bad.mean()
    cuts = np.append(np.unique(score), np.inf)
    fpr = np.array([(score[bad == 0] >= t).mean() for t in cuts])
    tpr = np.array([(score[bad == 1] >= t).mean() for t in cuts])
    beta = scipy.stats.beta(a, b)
    grid = np.unique(np.concatenate([np.linspace(0, 1, 2001), [rate]]))
    nodes, weights = np.polynomial.legendre.leggauss(12)
    total = blind = 0.0
    for lo, hi in zip(grid[:-1], grid[1:]):
        c = 0.5 * (hi - lo) * nodes + 0.5 * (hi + lo)
        w = 0.5 * (hi - lo) * weights * beta.pdf(c)
        loss = (c[:, None] * (1 - rate) * fpr + (1 - c[:, None]) * rate * (1 - tpr)).min(axis=1)
        total += (w * loss).sum()
        blind += (w * np.minimum(c * (1 - rate), (1 - c) * rate)).sum()
    return 1 - total / blind


def profit_by_quadrature(score, bad, none=0.55, everything=0.1, roi=0.2644):
    rate = bad.mean()
    cuts = np.append(np.unique(score), np.inf)
    fpr = np.array([(score[bad == 0] >= t).mean() for t in cuts])
    tpr = np.array([(score[bad == 1] >= t).mean() for t in cuts])
    gain = lambda loss: loss * rate * tpr - roi * (1 - rate) * fpr
    flagged = rate * tpr + (1 - rate) * fpr
    grid = np.linspace(0, 1, 40001)
    value = share = 0.0
    for a, b in zip(grid[:-1], grid[1:]):
        at = gain(0.5 * (a + b)).argmax()
        value += (1 - none - everything) * (b - a) * gain(0.5 * (a + b))[at]
        share += (1 - none - everything) * (b - a) * flagged[at]
    at = gain(1.0).argmax()
    return value + everything * gain(1.0)[at], share + everything * flagged[at]


def ks_exact(score, bad, rounds=None):
    """Over every choice of which are bad: only for a dozen cases."""
    from itertools import combinations
    n, m = len(score), int(bad.sum())
    cuts = np.unique(score)
    seen = lambda b: max(abs((score[b == 1] <= t).mean() - (score[b == 0] <= t).mean()) for t in cuts)
    d, more, all_ = seen(bad), 0, 0
    for which in combinations(range(n), m):
        b = np.zeros(n, int)
        b[list(which)] = 1
        more += seen(b) >= d - 1e-12
        all_ += 1
    return d, more / all_


def sample(rng, n, rate, digits, strength=1.0):
    latent = rng.normal(size=n)
    bad = (rng.uniform(size=n) < 1 / (1 + np.exp(-(np.log(rate / (1 - rate)) + strength * latent)))).astype(int)
    bad[:2] = [0, 1]
    score = np.round(latent + 0.8 * rng.normal(size=n), digits)
    return score, bad


def case(test, expect, now, before=None, params=None, tolerance=1e-10):
    out = {"test": test, "expect": expect, "now": now, "tolerance": tolerance}
    if before is not None:
        out["before"] = before
    if params:
        out["params"] = params
    return out


def data(score, bad, **more):
    return {"score": score.tolist(), "bad": bad.tolist(), **{k: v.tolist() for k, v in more.items()}}


def peers():
    try:
        from hmeasure import h_score
    except ImportError:
        h_score = None
    try:
        from EMP.metrics import empCreditScoring
    except ImportError:
        empCreditScoring = None
    return h_score, empCreditScoring


def ranking(rng, cases):
    h_score, emp = peers()
    for n, rate, digits in [(80, 0.3, 6), (300, 0.15, 1), (150, 0.5, 0)]:
        score, bad = sample(rng, n, rate, digits)
        other, other_bad = sample(rng, 120, 0.3, 2, 0.6)
        now, before = data(score, bad), data(other, other_bad)
        a, va = delong(score, bad)
        b, vb = delong(other, other_bad)
        z, se = (a - b) / np.sqrt(va + vb), np.sqrt(va + vb)
        cases.append(case("validate.auc_unpaired", {
            "0.value": a - b, "0.statistic": z, "0.p_value": 2 * scipy.stats.norm.sf(abs(z)),
            "0.interval.low": a - b - scipy.stats.norm.ppf(0.975) * se,
            "0.tables.samples.rows.0.4": np.sqrt(va), "0.tables.samples.rows.1.3": b}, now, before))
        rival = np.round(score + rng.normal(size=n), digits)
        (a10, a01), (r10, r01) = placements(score, bad), placements(rival, bad)
        var = (a10 - r10).var(ddof=1) / len(a10) + (a01 - r01).var(ddof=1) / len(a01)
        off = a10.mean() - r10.mean()
        cases.append(case("validate.auc_paired", {"0.value": off, "0.statistic": off / np.sqrt(var),
                                                  "0.interval.low": off - scipy.stats.norm.ppf(0.975) * np.sqrt(var),
                                                  "0.p_value": 2 * scipy.stats.norm.sf(abs(off / np.sqrt(var)))},
                          data(score, bad, rival=rival)))
        s = (b - a) / np.sqrt(va)
        cases.append(case("irb.auc_decline", {"0.value": b - a, "0.statistic": s, "0.p_value": scipy.stats.norm.sf(s)},
                          now, before))
        for to in (0.1, 0.37):
            cases.append(case("validate.auc_partial", {"0.value": skm.roc_auc_score(bad, score, max_fpr=to)}, now,
                              params={"to": to}))
        ap = skm.average_precision_score(bad, score)
        eta, tau = np.log(ap / (1 - ap)), 1 / np.sqrt(bad.sum() * ap * (1 - ap))
        cases.append(case("validate.average_precision", {
            "0.value": ap, "0.interval.low": 1 / (1 + np.exp(-(eta - scipy.stats.norm.ppf(0.975) * tau)))}, now))
        cases.append(case("validate.accuracy_profile", {"0.value": 2 * skm.roc_auc_score(bad, score) - 1}, now))
        pi = bad.mean()
        expect = {"0.value": h_by_quadrature(score, bad, 2, 2),
                  "0.tables.measures.rows.1.1": h_by_quadrature(score, bad, 1 + pi, 2 - pi)}
        if h_score:  # its default is a third distribution; by the sign it takes the one of 2014
            assert abs(h_score(bad, (score - score.min()) / (score.max() - score.min()), severity_ratio=1.0) - expect["0.value"]) < 1e-6
        cases.append(case("validate.h_measure", expect, now, tolerance=1e-6))
        value, share = profit_by_quadrature(score, bad)
        if emp:
            theirs = emp((score - score.min()) / (score.max() - score.min()), bad)
            assert abs(theirs.EMPC - value) < 1e-6 and abs(theirs.EMPC_fraction - share) < 1e-4
        cases.append(case("validate.maximum_profit", {"0.value": value}, now, tolerance=1e-6))
        cases.append(case("validate.maximum_profit", {"0.tables.profit.rows.1.1": share}, now, tolerance=1e-4))
        fpr, tpr, cut = skm.roc_curve(bad, score, drop_intermediate=False)
        cost = (5 * bad.sum() * (1 - tpr) + (n - bad.sum()) * fpr) / n
        cases.append(case("validate.cutoffs", {
            "0.value": (tpr - fpr).max(), "0.tables.cutoffs.rows.1.2": cost.min(),
            "0.tables.cutoffs.rows.2.1": cut[np.argmax(tpr >= 0.8)], "0.tables.cutoffs.rows.2.4": tpr[np.argmax(tpr >= 0.8)]},
            now))


def decisions(rng, cases):
    for n, rate in [(60, 0.4), (500, 0.1)]:
        score, bad = sample(rng, n, rate, 3)
        p = np.round(1 / (1 + np.exp(-(score - 1))), 3)
        flag = (p >= 0.3).astype(int)
        tn, fp, fn, tp = skm.confusion_matrix(bad, flag).ravel()
        wilson = lambda x, of: proportion_confint(x, of, method="wilson")
        f1 = skm.f1_score(bad, flag)  # its error as a ratio of 2 tp to flagged and bad (Takahashi et al. 2022)
        se = np.sqrt(f1 * (1 - f1) * (2 - f1) / (bad.sum() + flag.sum()))
        cases.append(case("validate.confusion", {
            "0.interval.low": f1 - scipy.stats.norm.ppf(0.975) * se, "0.interval.high": f1 + scipy.stats.norm.ppf(0.975) * se,
            "0.value": skm.f1_score(bad, flag), "0.tables.counts.rows.1.2": int(tp), "0.tables.counts.rows.0.1": int(tn),
            "0.tables.rates.rows.0.1": skm.recall_score(bad, flag), "0.tables.rates.rows.0.2": wilson(tp, tp + fn)[0],
            "0.tables.rates.rows.1.3": wilson(tn, tn + fp)[1], "0.tables.rates.rows.2.1": skm.precision_score(bad, flag),
            "0.tables.rates.rows.4.1": skm.accuracy_score(bad, flag),
            "0.tables.summaries.rows.1.1": skm.balanced_accuracy_score(bad, flag),
            "0.tables.summaries.rows.3.1": skm.matthews_corrcoef(bad, flag),
            "0.tables.summaries.rows.4.1": skm.cohen_kappa_score(bad, flag)},
            {"probability": p.tolist(), "bad": bad.tolist()}, params={"threshold": 0.3}))


def capacity(rng, cases):
    score, bad = sample(rng, 200, 0.1, 6)
    amount = np.round(rng.lognormal(3, 1, 200), 2)
    order = np.argsort(-score)
    top = order[:15]
    hits = bad[top].sum()
    low, high = proportion_confint(hits, 15, method="wilson")
    cases.append(case("validate.capacity", {
        "0.value": hits / 15, "0.interval.low": low, "0.interval.high": high,
        "0.tables.capacity.rows.2.5": hits / bad.sum(), "0.tables.capacity.rows.2.6": hits / 15 / bad.mean(),
        "0.tables.capacity.rows.2.7": (15 - hits) / hits,
        "0.tables.capacity.rows.2.9": amount[top][bad[top] == 1].sum() / amount[bad == 1].sum()},
        data(score, bad, amount=amount), params={"cases": 15}))
    # by hand: three tied cases at the edge for one place, one of them bad
    cases.append(case("validate.capacity", {"0.value": (1 + 1 / 3) / 2, "0.tables.capacity.rows.1.7": (2 - 4 / 3) / (4 / 3)},
                      {"score": [9, 5, 5, 5, 1], "bad": [1, 0, 1, 0, 0]}, params={"cases": 2}, tolerance=1e-14))
    cases.append(case("validate.lift", {"0.value": hits / 15 / bad.mean(), "0.tables.lift.rows.0.5": hits / bad.sum()},
                      data(score, bad), params={"share": 0.075}))


def ks(rng, cases):
    for n, m, digits in [(40, 30, 6), (200, 15, 6)]:
        score = rng.normal(size=n + m)
        score[:m] += 0.5
        bad = np.array([1] * m + [0] * n)
        r = scipy.stats.ks_2samp(score[bad == 1], score[bad == 0], method="exact")
        cases.append(case("validate.ks_test", {"0.value": r.statistic, "0.statistic": r.statistic, "0.p_value": r.pvalue}, data(score, bad)))
    for rounds in range(3):  # ties: by going through every choice
        score, bad = np.round(rng.normal(size=12), 0), np.array([1] * 5 + [0] * 7)
        score[:5] += rounds
        d, p = ks_exact(score, bad)
        cases.append(case("validate.ks_test", {"0.value": d, "0.p_value": p}, data(score, bad)))


def main():
    rng, cases = np.random.default_rng(SEED), []
    for make in (ranking, decisions, capacity, ks):
        make(rng, cases)
    root = {"provenance": {"library": "scikit-learn, scipy, statsmodels, hmeasure, EMP-PY", "version":
                           f"{sklearn.__version__}, {scipy.__version__}, 0.14.5, 0.1.6, 2.0.4", "seed": SEED,
                           "date": datetime.date.today().isoformat()}, "cases": cases}
    text = json.dumps(root, sort_keys=True, default=float).replace('}, {"expect"', '},\n{"expect"')
    pathlib.Path(__file__).with_name("ranking.json").write_text(text + "\n")


if __name__ == "__main__":
    main()

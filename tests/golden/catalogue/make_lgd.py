#!/usr/bin/env python3
"""CLAR and loss capture by their definitions, written out in numpy without ties, and the decline of the generalised AUC by
scipy's Somers' D, in lgd.json. Needs numpy, scipy."""
import datetime
import json
import pathlib

import numpy as np
import scipy
from scipy.stats import norm, somersd

SEED = 20261122
rng = np.random.default_rng(SEED)
EDGES = np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])


def classes(x):
    return np.searchsorted(EDGES, x, side="left")


def draw(n, noise):
    seen = rng.beta(0.6, 0.9, n) * 1.1
    return seen, np.clip(0.3 + 0.5 * seen + rng.normal(0, noise, n), 0, 1.2)


def clar(seen, said):
    order, of, n = np.argsort(-said), classes(seen), len(seen)
    x, y = [0.0], [0.0]
    for k in sorted(set(of), reverse=True):
        m = int((of >= k).sum())
        x.append(m / n)
        y.append(float((of[order[:m]] >= k).sum()) / n)
    return float(2 * np.trapezoid(y, x)), float(2 * np.trapezoid(np.square(x), x))


def tied_clar(seen, said):
    """The same where copies of a facility are tied: of those at the border the share that is expected."""
    order, of, n = np.argsort(-said, kind="stable"), classes(seen), len(seen)
    x, y = [0.0], [0.0]
    for k in sorted(set(of), reverse=True):
        m = int((of >= k).sum())
        last = said[order[m - 1]]
        sure, border = order[:m][said[order[:m]] > last], np.flatnonzero(said == last)
        x.append(m / n)
        y.append(((of[sure] >= k).sum() + (of[border] >= k).mean() * (m - len(sure))) / n)
    return float(2 * np.trapezoid(y, x))


def capture(seen, said, amount):
    def area(order):
        x = np.concatenate([[0], np.cumsum(amount[order])]) / amount.sum()
        y = np.concatenate([[0], np.cumsum((amount * seen)[order])]) / (amount * seen).sum()
        return np.trapezoid(y, x)

    return float((area(np.argsort(-said)) - 0.5) / (area(np.argsort(-seen)) - 0.5))


def gauc(seen, said):
    table = np.zeros((12, 12), int)
    np.add.at(table, (classes(said), classes(seen)), 1)
    table = table[table.sum(1) > 0][:, table.sum(0) > 0]
    a, n = table, table.sum()
    # Goodman and Kruskal's variance of D(column | row)
    dr = float(n**2 - (a.sum(1) ** 2).sum())
    con, dis = np.zeros_like(a, float), np.zeros_like(a, float)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            con[i, j] = a[:i, :j].sum() + a[i + 1:, j + 1:].sum()
            dis[i, j] = a[:i, j + 1:].sum() + a[i + 1:, :j].sum()
    d = somersd(a).statistic
    rows = np.repeat(a.sum(1)[:, None], a.shape[1], 1)
    w = dr * (con - dis) - ((con - dis) * a).sum() * (n - rows)
    return (d + 1) / 2, float(np.sqrt(4 / dr**4 * (a * w**2).sum())) / 2


seen, said = draw(150, 0.15)
amount = rng.uniform(1, 9, 150)
old_seen, old_said = draw(300, 0.1)
ratio, chance = clar(seen, said)
now_g, now_se = gauc(seen, said)
old_g, old_se = gauc(old_seen, old_said)
now = {"score": said.tolist(), "target": seen.tolist()}
# each facility counts Poisson(1) times: 20,000 resamples against as many as the program takes
boot = np.random.default_rng(SEED + 1)
draws = []
for _ in range(20000):
    at = np.repeat(np.arange(150), boot.poisson(1, 150))
    draws.append((tied_clar(seen[at], said[at]), capture(seen[at], said[at], np.ones(len(at)))))
limits, errors = np.quantile(draws, [0.025, 0.975], axis=0), np.std(draws, axis=0, ddof=1)
cases = [
    {"test": "irb.lgd_clar", "now": {**now, "amount": amount.tolist()}, "tolerance": 1e-12,
     "expect": {"0.value": ratio, "0.tables.ratio.rows.1.1": chance, "0.tables.ratio.rows.2.1": capture(seen, said, amount)}},
    {"test": "irb.lgd_clar", "now": now, "tolerance": 1e-12,
     "expect": {"0.value": ratio, "0.tables.ratio.rows.2.1": capture(seen, said, np.ones(150))}},
    {"test": "irb.lgd_clar", "now": now, "tolerance": 4e-3, "params": {"resamples": 10000},
     "expect": {"0.interval.low": limits[0, 0], "0.interval.high": limits[1, 0], "0.tables.ratio.rows.0.4": errors[0],
                "0.tables.ratio.rows.2.2": limits[0, 1], "0.tables.ratio.rows.2.3": limits[1, 1], "0.tables.ratio.rows.2.4": errors[1]}},
    {"test": "irb.lgd_clar", "now": {"score": seen.tolist(), "target": seen.tolist()}, "tolerance": 1e-12,
     "expect": {"0.value": 1.0, "0.tables.ratio.rows.2.1": 1.0}},
    {"test": "irb.gauc_decline", "now": now, "before": {"score": old_said.tolist(), "target": old_seen.tolist()}, "tolerance": 1e-10,
     "expect": {"0.value": old_g - now_g, "0.statistic": (old_g - now_g) / now_se, "0.p_value": float(norm.sf((old_g - now_g) / now_se)),
                "0.tables.ranking.rows.0.3": old_se}},
]
out = {"provenance": {"library": "scipy, numpy", "version": f"{scipy.__version__}, {np.__version__}", "seed": SEED,
                      "date": datetime.date(2026, 11, 22).isoformat(), "script": "make_lgd.py"}, "cases": cases}
pathlib.Path(__file__).with_name("lgd.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")

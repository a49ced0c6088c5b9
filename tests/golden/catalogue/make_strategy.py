#!/usr/bin/env python3
"""Cut-off curves, frontiers, swap sets, vintages and roll rates by definition: plain loops over the cases, scipy for Jeffreys'
and Wilson's intervals, statsmodels for Newcombe's, lifelines-free Kaplan-Meier by its product. Needs numpy, scipy, statsmodels."""
import datetime
import json
import pathlib

import numpy as np
import scipy
import scipy.spatial
import scipy.stats
import statsmodels
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

SEED = 20261123
rng = np.random.default_rng(SEED)


def jeffreys(x, n, level=0.95):
    a = (1 - level) / 2
    low = 0.0 if x == 0 else scipy.stats.beta.ppf(a, x + 0.5, n - x + 0.5)
    high = 1.0 if x == n else scipy.stats.beta.ppf(1 - a, x + 0.5, n - x + 0.5)
    return low, high


def numbers(x):
    return [None if v is None or np.isnan(v) else float(v) for v in x]


cases = []


def scored(n):
    risk = rng.normal(size=n)
    bad = (rng.uniform(size=n) < 1 / (1 + np.exp(1.2 - 1.5 * risk))).astype(float)
    return np.round(risk + rng.normal(size=n) * 0.8, 1), np.round(risk + rng.normal(size=n) * 1.4, 1), bad


def curve(score, bad, weight, amount, margin, lgd, cost):
    known = ~np.isnan(bad)
    out = []
    for cut in np.unique(score):
        on = score <= cut
        ok = on & known
        w = weight[ok]
        gain = np.where(bad == 1, -lgd, margin) * amount - cost
        u = np.where(on, gain, 0.0)[known]
        total = weight[known].sum()
        mean = (weight[known] * u).sum() / total
        sse = (weight[known] ** 2 * (u - mean) ** 2).sum() / total**2
        out.append(dict(score=cut, approved=weight[on].sum() / weight.sum(), known=w.sum() / total,
                        bad=(w * bad[ok]).sum() / total, n=w.sum() ** 2 / (w**2).sum() if len(w) else np.nan,
                        profit=mean, sse=sse))
    return out


def cutoff_case(n, weighted, unknown, margin, lgd, cost, limit, share):
    score, _, bad = scored(n)
    weight = np.round(rng.uniform(0.5, 2.0, n), 2) if weighted else np.ones(n)
    amount = np.round(rng.uniform(1, 9, n), 1)
    if unknown:
        bad[rng.uniform(size=n) < 0.2] = np.nan
    points = curve(score, bad, weight, amount, margin, lgd, cost)
    best = max(points, key=lambda p: (p["profit"], -p["score"]))
    within = [p for p in points if p["bad"] <= limit * p["known"]][-1]
    reached = next(p for p in points if p["approved"] >= share)
    z = scipy.stats.norm.ppf(0.975)
    expect = {"0.value": best["profit"], "0.interval.low": best["profit"] - z * best["sse"] ** 0.5,
              "0.interval.high": best["profit"] + z * best["sse"] ** 0.5, "1.value": points[-1]["profit"]}
    for row, p in enumerate([best, within, reached]):
        rate = p["bad"] / p["known"]
        low, high = jeffreys(rate * p["n"], p["n"])
        for column, value in [(1, p["score"]), (2, p["approved"]), (5, rate), (6, low), (7, high), (8, p["profit"])]:
            expect[f"0.tables.suggested.rows.{row}.{column}"] = value
    now = {"score": numbers(score), "bad": numbers(bad), "amount": numbers(amount)}
    if weighted:
        now["weight"] = numbers(weight)
    cases.append({"test": "strategy.cutoff", "now": now, "expect": expect, "tolerance": 1e-9,
                  "params": {"margin": margin, "lgd": lgd, "cost": cost, "max_bad_rate": limit, "approval_rate": share,
                             "resamples": 50}})


def bad_at(score, bad, share):
    """Bads of the safest share, tied cases in proportion."""
    left, total = share * len(score), 0.0
    for value in np.unique(score):
        tied = score == value
        part = min(1.0, left / tied.sum())
        total += part * bad[tied].sum()
        left -= part * tied.sum()
        if left <= 1e-9:
            break
    return total / len(score)


def frontier_case(n):
    a, b, bad = scored(n)
    corners = [(0.0, 0.0)]
    for s in (a, b):
        corners += [((s <= c).mean(), (bad * (s <= c)).mean()) for c in np.unique(s)]
    points = np.array(corners)
    hull = points[scipy.spatial.ConvexHull(points).vertices]
    base = points[:, 1].max()
    lower = np.array(sorted({tuple(p) for p in hull if p[1] <= p[0] * base + 1e-12}))
    expect = {}
    for k in range(20):
        x = (k + 1) / 20
        row = [x, bad_at(a, bad, x) / x, bad_at(b, bad, x) / x, np.interp(x, lower[:, 0], lower[:, 1]) / x]
        for j, value in enumerate(row):
            expect[f"0.tables.frontier.rows.{k}.{j}"] = value
    expect["0.value"] = (bad_at(a, bad, 0.5) - bad_at(b, bad, 0.5)) / 0.5
    cases.append({"test": "strategy.frontier", "params": {"resamples": 0}, "tolerance": 1e-9, "expect": expect,
                  "now": {"score": numbers(a), "rival": numbers(b), "bad": numbers(bad)}})


def approved(score, rate):
    left, out = rate * len(score), np.zeros(len(score))
    for value in np.unique(score):
        tied = score == value
        out[tied] = max(0.0, min(1.0, left / tied.sum()))
        left -= tied.sum()
    return out


def swap_case(n, rate, unknown):
    new, old, bad = scored(n)
    if unknown:
        bad[rng.uniform(size=n) < 0.3] = np.nan
    a, b, known = approved(old, rate), approved(new, rate), ~np.isnan(bad)
    cells = [a * b, (1 - a) * b, a * (1 - b), (1 - a) * (1 - b)]
    expect = {}
    for row, c in enumerate(cells):
        k, x = c[known].sum(), (c * np.nan_to_num(bad))[known].sum()
        low, high = jeffreys(x, k)
        lost = c.sum() - k
        for j, value in enumerate([c.sum(), c.sum() / n, k, x, x / k, low, high, lost, x / c.sum(), (x + lost) / c.sum()]):
            expect[f"0.tables.swap.rows.{row}.{j + 1}"] = value
    (k1, x1), (k2, x2) = [(c[known].sum(), (c * np.nan_to_num(bad))[known].sum()) for c in cells[1:3]]
    low, high = confint_proportions_2indep(x1, k1, x2, k2, method="newcomb", compare="diff", alpha=0.05, correction=False)
    expect |= {"0.value": x1 / k1 - x2 / k2, "0.interval.low": low, "0.interval.high": high}
    cases.append({"test": "strategy.swap_set", "params": {"approval_rate": rate}, "tolerance": 1e-9, "expect": expect,
                  "now": {"score": numbers(new), "rival": numbers(old), "bad": numbers(bad)}})


EPOCH = datetime.date(1970, 1, 1)


def day(month, of=15):
    return (datetime.date(month // 12, month % 12 + 1, of) - EPOCH).days


def book(n, months):
    """Rows of accounts: (account, month, status, opened)."""
    rows, start = [], 2020 * 12 + 3
    for account in range(n):
        opened = start + int(rng.integers(0, months - 2))
        status = 0
        for month in range(opened, start + months):
            rows.append((account, month, status, opened))
            u = rng.uniform()
            status = (1 if u < 0.2 else 0) if status == 0 else (status + 1 if u < 0.5 else max(0, status - 1) if u < 0.8 else status)
            if status == 0 and rng.uniform() < 0.03:
                break
    order = rng.permutation(len(rows))
    return [rows[i] for i in order], start


def vintage_case(n, months, step, horizon, bad_from):
    rows, start = book(n, months)
    last = max(r[1] for r in rows)
    accounts = {}
    for account, month, status, opened in rows:
        a = accounts.setdefault(account, {"opened": opened, "bad": None})
        if status >= bad_from:
            a["bad"] = min(a["bad"], month - opened) if a["bad"] is not None else month - opened
    groups = {}
    for a in accounts.values():
        groups.setdefault(a["opened"] // step, []).append(a)
    expect, pooled = {}, []
    for row, key in enumerate(sorted(groups)):
        g = groups[key]
        ripe = last - max(a["opened"] for a in g)
        x = sum(a["bad"] is not None and a["bad"] <= ripe for a in g)
        low, high = jeffreys(x, len(g))
        for j, value in enumerate([len(g), ripe, x, x / len(g), low, high]):
            expect[f"0.tables.vintages.rows.{row}.{j + 1}"] = value
        if ripe >= horizon:
            pooled += g
    x = sum(a["bad"] is not None and a["bad"] <= horizon for a in pooled)
    low, high = jeffreys(x, len(pooled))
    expect |= {"0.value": x / len(pooled), "0.interval.low": low, "0.interval.high": high}
    survival, m = 1.0, 0
    while True:
        g = [a for v in groups.values() if last - max(a["opened"] for a in v) >= m for a in v]
        risk = [a for a in g if a["bad"] is None or a["bad"] >= m]
        if not g or m > horizon:
            break
        survival *= 1 - sum(a["bad"] == m for a in risk) / len(risk)
        expect[f"1.tables.lines.rows.{m}.1"] = 1 - survival
        m += 1
    columns = {"account": [r[0] for r in rows], "status": [r[2] for r in rows], "opened": [day(r[3], 2) for r in rows]}
    period = {1: "month", 3: "quarter", 12: "year"}[step]
    cases.append({"test": "strategy.vintage", "tolerance": 1e-10, "expect": expect,
                  "params": {"account": "account", "status": "status", "opened": "opened", "period": period,
                             "horizon": horizon, "bad_from": bad_from},
                  "now": {"date": [day(r[1]) for r in rows], "columns": columns, "dates": ["opened"]}})


def roll_case(n, months, buckets, bad_from, horizon):
    rows, _ = book(n, months)
    at = {(r[0], r[1]): min(r[2], buckets - 1) for r in rows}
    counts = np.zeros((buckets, buckets))
    for (account, month), status in at.items():
        if (account, month + 1) in at:
            counts[status, at[account, month + 1]] += 1
    expect, row = {}, 0
    for i in range(buckets):
        for j in range(buckets):
            if counts[i].sum() == 0:
                continue
            low, high = jeffreys(counts[i, j], counts[i].sum())
            for c, value in enumerate([counts[i, j], counts[i].sum(), counts[i, j] / counts[i].sum(), low, high]):
                expect[f"0.tables.matrix.rows.{row}.{c + 2}"] = value
            row += 1
    p = counts / counts.sum(axis=1, keepdims=True)
    p[bad_from:] = np.eye(buckets)[bad_from:]
    reach = np.linalg.matrix_power(p, horizon)[:, bad_from:].sum(axis=1)
    on = np.array([counts[k, k + 1:].sum() / counts[k].sum() for k in range(bad_from)])
    for k in range(bad_from):
        expect[f"0.tables.chain.rows.{k}.2"] = on[k]
        expect[f"0.tables.chain.rows.{k}.8"] = on[k:].prod()
        expect[f"0.tables.chain.rows.{k}.11"] = reach[k]
    moved = np.array([counts[k, k + 1:].sum() for k in range(bad_from)])
    half = scipy.stats.norm.ppf(0.975) * np.sqrt(((1 - on) / moved).sum())
    expect |= {"0.value": on.prod(), "0.interval.low": on.prod() * np.exp(-half), "0.interval.high": on.prod() * np.exp(half)}
    cases.append({"test": "strategy.roll_rates", "tolerance": 1e-10, "expect": expect,
                  "params": {"account": "account", "status": "status", "buckets": buckets, "bad_from": bad_from,
                             "horizon": horizon},
                  "now": {"date": [day(r[1]) for r in rows],
                          "columns": {"account": [r[0] for r in rows], "status": [r[2] for r in rows]}}})


cutoff_case(150, False, False, 0.3, 0.8, 0.05, 0.2, 0.6)
cutoff_case(120, True, True, 0.5, 0.6, 0.1, 0.15, 0.5)
frontier_case(140)
swap_case(130, 0.7, False)
swap_case(160, 0.45, True)
vintage_case(60, 14, 3, 4, 2)
vintage_case(50, 12, 1, 3, 3)
roll_case(60, 10, 5, 3, 6)

provenance = {"library": "scipy, statsmodels", "version": f"{scipy.__version__}, {statsmodels.__version__}", "seed": SEED,
              "date": "2026-11-22", "note": "by definition, with numpy " + np.__version__}
clean = lambda v: None if isinstance(v, float) and np.isnan(v) else float(v)
for c in cases:
    c["expect"] = {k: clean(float(v)) for k, v in c["expect"].items()}
path = pathlib.Path(__file__).with_name("strategy.json")
path.write_text(json.dumps({"provenance": provenance, "cases": cases}, sort_keys=True) + "\n")

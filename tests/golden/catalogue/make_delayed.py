#!/usr/bin/env python3
"""Delayed labels: cohorts by numpy's calendar, AUC by placements with DeLong's variance on the logit scale, Jeffreys'
interval by scipy, and the bounds by trying outcomes of the open cases: all of them where they are few, else all splits of
the open cases in order of score."""
import itertools

import numpy as np
import scipy.stats as st
from scipy.special import expit, logit

from kit import Cases, delong

SEED = 20261125
rng = np.random.default_rng(SEED)
k = Cases(__file__, ["scipy", "numpy"], SEED, "bounds by definition: outcomes of open cases enumerated")
Z = st.norm.ppf(0.975)


def interval(score, bad):
    a, v = delong(score, bad)
    reach = Z * np.sqrt(v) / (a * (1 - a))
    return expit(logit(a) - reach), expit(logit(a) + reach)


def auc(score, bad):
    b, g = score[bad == 1], score[bad == 0]
    return ((b[:, None] > g) + 0.5 * (b[:, None] == g)).mean()


def jeffreys(x, n):
    low, high = st.beta.ppf([0.025, 0.975], x + 0.5, n - x + 0.5)
    return (0 if x == 0 else low), (1 if x == n else high)


def labelings(score, open_at, every):
    """Which open cases are bad."""
    if every:
        for bits in itertools.product([0, 1], repeat=len(open_at)):
            yield open_at[np.array(bits, bool)]
        return
    order = open_at[np.argsort(score[open_at], kind="stable")]
    for m in range(len(order) + 1):
        yield order[:m]
        yield order[len(order) - m:]


def figures(score, p, bad, every):
    is_open = np.isnan(bad)
    open_at, known = np.flatnonzero(is_open), ~is_open
    all_auc = []
    for chosen in labelings(score, open_at, every):
        y = np.where(is_open, 0, bad)
        y[chosen] = 1
        if 0 < y.sum() < len(y):
            all_auc.append((auc(score, y), y))
    least, most = min(all_auc, key=lambda t: t[0]), max(all_auc, key=lambda t: t[0])
    ka, ya, n, u = known.sum(), bad[known], len(bad), len(open_at)
    bads = ya.sum()
    worst, best = np.maximum(p, 1 - p) ** 2, np.minimum(p, 1 - p) ** 2
    loss = np.where(is_open, 0, (p - np.where(is_open, 0, bad)) ** 2)

    def mean(x):
        return x.mean(), Z * x.std(ddof=0) / np.sqrt(len(x) - 1)

    (b, eb), (lo, el), (hi, eh) = (mean(x) for x in (loss[known], np.where(is_open, best, loss), np.where(is_open, worst, loss)))
    r, e = bads / ka, np.array(jeffreys(bads, ka))
    out = np.array([jeffreys(bads, n)[0], jeffreys(bads + u, n)[1]])
    sk, sa = ka / p[known].sum(), n / p.sum()
    return {"auc": [auc(score[known], ya), *interval(score[known], ya), least[0], most[0], interval(score, least[1])[0],
                    interval(score, most[1])[1]],
            "rate": [r, *e, bads / n, (bads + u) / n, *out],
            "ratio": [r * sk, *(e * sk), bads / n * sa, (bads + u) / n * sa, *(out * sa)],
            "brier": [b, max(0, b - eb), b + eb, lo, hi, max(0, lo - el), hi + eh]}


def case(n, days, share_open, months, period, maturity, as_of, digits, every=False):
    date = np.sort(rng.integers(days[0], days[1], n))
    score = np.round(rng.normal(size=n), digits)
    p = np.round(expit(score * 0.8 - 0.7), 6)
    bad = (rng.random(n) < expit(score - 0.5)).astype(float)
    bad[rng.random(n) < share_open] = np.nan
    month = date.astype("datetime64[D]").astype("datetime64[M]").astype(int) + 1970 * 12
    number = month // months
    end = as_of // 100 * 12 + as_of % 100 - 1 if as_of else month.max()
    mature = (number + 1) * months - 1 + maturity <= end
    f = figures(score[mature], p[mature], bad[mature], every)
    expect = {"0.value": f["auc"][0], "0.interval.low": f["auc"][1], "0.interval.high": f["auc"][2],
              "0.n": int((~np.isnan(bad[mature])).sum())}
    for row, name in enumerate(("auc", "rate", "ratio", "brier")):
        expect |= {f"0.tables.measures.rows.{row}.{c + 1}": v for c, v in enumerate(f[name])}
    for row, q in enumerate(np.unique(number)):
        here = number == q
        expect |= {f"0.tables.cohorts.rows.{row}.1": "matured" if mature[here][0] else "too young",
                   f"0.tables.cohorts.rows.{row}.2": int(here.sum()),
                   f"0.tables.cohorts.rows.{row}.3": int(np.isnan(bad[here]).sum())}
        if mature[here][0] and 0 < np.nansum(bad[here]) < (~np.isnan(bad[here])).sum():
            expect[f"0.tables.cohorts.rows.{row}.6"] = np.nanmean(bad[here])
            expect[f"0.tables.cohorts.rows.{row}.9"] = auc(score[here][~np.isnan(bad[here])], bad[here][~np.isnan(bad[here])])
    k.add("drift.delayed_labels", {"score": score, "probability": p, "bad": bad, "date": date.astype(float)}, expect,
          params={"period": period, "maturity": maturity, "as_of": as_of})


case(60, (20000, 20300), 0.12, 3, "quarter", 3, 0, 6, every=True)
case(400, (19000, 20000), 0.15, 3, "quarter", 12, 0, 1)
case(300, (19400, 20000), 0.05, 1, "month", 6, 202409, 3)
case(250, (18000, 20000), 0.3, 12, "year", 24, 202512, 0)
case(250, (18000, 19000), 0.02, 6, "half-year", 0, 0, 2)
k.write()

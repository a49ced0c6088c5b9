#!/usr/bin/env python3
"""PD term structures against cohorts: scipy (beta and gamma laws), statsmodels (Kaplan and Meier with Greenwood's error), pandas
(months added to dates), and numpy for the counts, case by case."""
import numpy as np
import pandas as pd
import scipy.stats as st
from statsmodels.duration.survfunc import SurvfuncRight

from kit import Cases, holm

SEED = 20261122
rng = np.random.default_rng(SEED)
k = Cases(__file__, ["scipy", "statsmodels", "pandas", "numpy"], SEED,
          "120 obligors in up to four yearly cohorts; defaults, exits and the counts of each horizon by their definition")
EPOCH, END, H = pd.Timestamp("1970-01-01"), pd.Timestamp("2024-12-31"), (12, 24, 36)
rows = []
for who in range(120):
    start = pd.Timestamp("2020-01-01") + pd.Timedelta(days=int(rng.integers(0, 300)))
    bad = start + pd.Timedelta(days=int(rng.exponential(2600)))
    left = start + pd.Timedelta(days=int(rng.exponential(2500)))
    grade = int(rng.integers(1, 3))
    for year in range(4):
        at = start + pd.DateOffset(years=year)
        if at <= left and (at < bad or rng.random() < 0.1):
            rows.append((who, at, bad if bad <= min(left, END) else pd.NaT, left if left < min(bad, END) else pd.NaT, grade))
data = pd.DataFrame(rows, columns=["who", "at", "bad", "left", "grade"])
hazard = 0.09 * data.grade.to_numpy()
curve = {h: np.round(1 - np.exp(-hazard * h / 12), 6) for h in H}
days = {c: ((data[c] - EPOCH).dt.days).astype(float).to_numpy() for c in ("at", "bad", "left")}
now = {"date": days["at"], "grade": data.grade.to_numpy().astype(float),
       "columns": {"who": data.who.to_numpy().astype(float), "bad": days["bad"], "left": days["left"]} | {f"pd{h}": curve[h] for h in H},
       "dates": ["bad", "left"], "features": []}
live = ~(data.bad <= data["at"]).to_numpy()
base = {"pd": {str(h): f"pd{h}" for h in H}, "default": "bad", "left": "left"}


def deff(rest, who):
    s = pd.Series(rest).groupby(np.asarray(who)).sum()
    return max(1.0, (s**2).sum() / (rest**2).sum())


# ---- leavers stay; overlapping cohorts of a year, by grade and together
def stay(mask, h, repeated):
    to = data["at"] + pd.DateOffset(months=h)
    matured = (data["at"].dt.year.to_numpy() + h // 12) * 12 + 11 <= 2024 * 12 + 11
    use = mask & live & matured
    o, p = (data.bad <= to).to_numpy()[use].astype(float), curve[h][use]
    d = deff(o - p, data.who[use]) if repeated else 1.0
    n, bad = len(o) / d, o.sum() / d
    law = st.beta(bad + 0.5, n - bad + 0.5)
    return {"n": len(o), "open": (mask & live & ~matured).sum(), "bad": o.sum(), "pd": p.mean(), "low": law.ppf(0.025), "high": law.ppf(0.975),
            "overlap": d, "p": law.cdf(p.mean()), "left": (data.left < to).to_numpy()[use].sum()}


def told(cells, first=0):
    q = holm([c["p"] for c in cells])
    out = {"0.value": q.min(), "0.p_value": q.min()}
    for i, (c, adjusted) in enumerate(zip(cells, q)):
        for column, name in ((2, "n"), (3, "open"), (4, "left"), (5, "bad"), (7, "pd"), (9, "low"), (10, "high"), (11, "overlap"), (12, "p")):
            out[f"0.tables.horizons.rows.{i}.{column}"] = c[name]
        out[f"0.tables.horizons.rows.{i}.13"] = adjusted
    return out


one = {a: b for a, b in now.items() if a != "grade"}
whole = np.ones(len(data), bool)
k.add("irb.pd_backtest", one, told([stay(whole, h, True) for h in H]), params=base | {"obligor": "who", "as_of": 202412}, tolerance=1e-9)
k.add("irb.pd_backtest", now, told([stay((data.grade == g).to_numpy(), h, False) for g in (1, 2) for h in H]), params=base | {"as_of": 202412},
      tolerance=1e-9)

# ---- leavers are censored: time at risk in months of 365.25 / 12 days, hazards even between horizons
MONTH = 365.25 / 12


def times(h):
    use = live
    to = np.minimum(((data["at"] + pd.DateOffset(months=h)) - EPOCH).dt.days, (END - EPOCH).days).to_numpy()[use].astype(float)
    at, bad, left = (days[c][use] for c in ("at", "bad", "left"))
    out = left < to
    until = np.where(out & ~(bad <= left), left, to)
    event = bad <= until
    t = (np.where(event, bad, until) - at) / MONTH
    grid, value = [0.0, *H], np.column_stack([np.zeros(use.sum()), *(-np.log1p(-curve[x][use]) for x in H)])
    e = np.array([np.interp(min(x, h), grid, v) for x, v in zip(t, value)])
    d = deff(event - e, data.who[use])
    km = SurvfuncRight(t, event.astype(int))
    s, se = km.surv_prob[-1], km.surv_prob_se[-1]
    reach = st.norm.ppf(0.975) * np.sqrt(d) * se / s / -np.log(s)
    return {"n": len(t), "open": (((data["at"].dt.year + h // 12) > 2024).to_numpy() & use).sum(), "bad": event.sum(), "pd": curve[h][use].mean(),
            "left": (out & ~(bad <= left)).sum(), "overlap": d, "p": st.gamma.cdf(e.sum() / d, event.sum() / d + 0.5), "expected": e.sum(),
            "real": 1 - s, "low": 1 - s ** np.exp(-reach), "high": 1 - s ** np.exp(reach)}


cells = [times(h) for h in H]
k.add("irb.pd_backtest", one, told(cells) | {f"0.tables.horizons.rows.{i}.6": c["expected"] for i, c in enumerate(cells)}
      | {f"0.tables.horizons.rows.{i}.8": c["real"] for i, c in enumerate(cells)},
      params=base | {"obligor": "who", "as_of": 202412, "leavers": "censored"}, tolerance=1e-9)
k.write()

#!/usr/bin/env python3
"""Numbers predicted and seen: scikit-learn (weighted mean deviances and the share of deviance explained), scipy (tails), and
numpy for sums and for the ordered Lorenz curve's index, whose error is the jackknife's done by leaving cases' weights out in
the limit: a numerical derivative of the index by each case's weight."""
import numpy as np
import scipy.stats as st
import sklearn.metrics as sk

from kit import Cases, holm

SEED = 20261122
rng = np.random.default_rng(SEED)
k = Cases(__file__, ["scikit-learn", "scipy", "numpy"], SEED,
          "the ordered Gini index by pairs, its error by numerical derivatives of the index by the cases' weights")
Z = st.norm.ppf(0.975)
POWER = {"squared": 0, "poisson": 1, "tweedie": 1.5, "gamma": 2}


def deviance(law, y, m, w=None):
    if law == "share":
        with np.errstate(divide="ignore", invalid="ignore"):
            d = 2 * (np.where(y > 0, y * np.log(y / m), 0) + np.where(y < 1, (1 - y) * np.log((1 - y) / (1 - m)), 0))
        return np.average(d, weights=w)
    return sk.mean_tweedie_deviance(y, m, sample_weight=w, power=POWER[law])


def variance(law, m):
    return m * (1 - m) if law == "share" else m ** POWER[law]


def each(law, y, m):
    return np.array([deviance(law, y[i:i + 1], m[i:i + 1]) for i in range(len(y))])


def gini(s, y, w):
    """Twice the area between curve and diagonal, over pairs."""
    sign = np.sign(s[:, None] - s[None, :])
    return (w * y) @ sign @ w / ((w * y).sum() * w.sum())


def gini_error(s, y, w):
    n, h, slope = len(s), 1e-5, []
    for i in range(n):
        up, down = w.copy(), w.copy()
        up[i], down[i] = w[i] * (1 + h), w[i] * (1 - h)
        slope.append((gini(s, y, up) - gini(s, y, down)) / (2 * h))
    return np.sqrt(n / (n - 1) * (np.array(slope) ** 2).sum())


def sample(law, n, weighted=True):
    m = np.round({"share": rng.uniform(0.05, 0.9, n), "squared": rng.normal(2, 1, n)}.get(law, np.exp(rng.normal(-0.5, 0.6, n))), 4)
    w = np.round(rng.uniform(0.2, 3, n), 3) if weighted else np.ones(n)
    y = {"poisson": lambda: rng.poisson(m * w) / w, "gamma": lambda: rng.gamma(2, m / 2), "squared": lambda: rng.normal(m, 1),
         "tweedie": lambda: rng.poisson(m) * rng.gamma(2, 0.6, n), "share": lambda: np.clip(rng.normal(m, 0.2), 0, 1)}[law]()
    s = {"score": m, "target": np.round(y, 6)}
    return s | ({"weight": w} if weighted else {})


def parts(s):
    return s["target"], s["score"], s.get("weight", np.ones(len(s["score"])))


def dispersion(law, s):
    y, m, w = parts(s)
    return (w * (y - m) ** 2 / variance(law, m)).mean()


def ratio(law, s, at, phi):
    y, m, w = (x[at] for x in parts(s))
    a, e, v = (w * y).sum(), (w * m).sum(), phi * (w * variance(law, m)).sum()
    z = (a - e) / np.sqrt(v)
    reach = np.exp(Z * np.sqrt(v) / e)
    return {"w": w.sum(), "a": a, "e": e, "r": a / e, "low": a / e / reach, "high": a / e * reach, "z": z, "p": 2 * st.norm.sf(abs(z))}


def bands(key, w, n):
    """About equal weight; equal keys share a band, by the middle of their weight."""
    of, values = np.zeros(len(key), int), np.unique(key)
    for v in values:
        middle = w[key < v].sum() + w[key == v].sum() / 2
        of[key == v] = min(n - 1, int(middle / w.sum() * n))
    return np.unique(of, return_inverse=True)[1]


for law in ("squared", "poisson", "gamma", "tweedie", "share"):
    s = sample(law, 60, law != "gamma")
    y, m, w = parts(s)
    mean = np.average(y, weights=w)
    d, null = deviance(law, y, m, w), deviance(law, y, np.full(len(y), mean), w)
    if law != "share":
        assert abs(1 - d / null - sk.d2_tweedie_score(y, m, sample_weight=w, power=POWER[law])) < 1e-12
    diff = w * (each(law, y, np.full(len(y), mean)) - each(law, y, m))
    error = np.sqrt(len(y) * diff.var(ddof=1)) / (w.sum() * null)
    k.add("validate.deviance", s, {"0.value": 1 - d / null, "0.interval.low": 1 - d / null - Z * error, "0.interval.high": 1 - d / null + Z * error,
                                   "0.tables.deviance.rows.1.1": mean, "0.tables.deviance.rows.2.1": d, "0.tables.deviance.rows.3.1": null,
                                   "0.tables.deviance.rows.4.1": d * w.sum() / len(y), "0.tables.deviance.rows.6.1": dispersion(law, s)},
          params={"deviance": law})
    r = ratio(law, s, slice(None), dispersion(law, s))
    k.add("validate.actual_expected", s, {"0.value": abs(r["r"] - 1), "0.statistic": r["z"], "0.p_value": r["p"], "0.tables.sums.rows.1.1": r["a"],
                                          "0.tables.sums.rows.2.1": r["e"], "0.tables.sums.rows.4.1": r["low"], "0.tables.sums.rows.5.1": r["high"]},
          params={"deviance": law})
    e = np.sign(y - m) * np.sqrt(w * each(law, y, m))
    of = bands(m, w, 4)
    expect = {"0.value": (e ** 2).mean(), "0.tables.quantiles.rows.7.2": np.median(e), "0.tables.quantiles.rows.3.2": np.quantile(e, 0.1),
              "0.tables.quantiles.rows.3.1": st.norm.ppf(0.1)}
    for b in range(of.max() + 1):
        expect |= {f"0.tables.bands.rows.{b}.{c}": v for c, v in
                   ((2, np.average(m[of == b], weights=w[of == b])), (3, e[of == b].mean()), (4, np.quantile(e[of == b], 0.05)), (6, np.median(e[of == b])))}
    k.add("validate.deviance_residuals", s, expect, params={"deviance": law, "bands": 4})

# ---- order
s, before = sample("poisson", 80), sample("poisson", 70)
s["score"][:6] = s["score"][10]  # ties
y, m, w = parts(s)
g, ge, b, be = gini(m, y, w), gini_error(m, y, w), gini(*(before[x] for x in ("score", "target", "weight"))), gini_error(
    *(before[x] for x in ("score", "target", "weight")))
k.add("validate.ordered_gini", s, {"0.value": g, "0.interval.low": g - Z * ge, "0.interval.high": g + Z * ge, "0.statistic": g / ge,
                                   "0.p_value": 2 * st.norm.sf(abs(g / ge)), "0.tables.order.rows.1.1": gini(y, y, w)}, tolerance=1e-8)
error = np.hypot(ge, be)
k.add("validate.gini_gap", s, {"0.value": b - g, "0.interval.low": b - g - Z * error, "0.interval.high": b - g + Z * error,
                               "0.statistic": (b - g) / error, "0.p_value": st.norm.sf((b - g) / error)}, tolerance=1e-8, before=before)
# of 0 and 1: (2 AUC - 1) times the share of zeros
q = np.round(rng.uniform(size=50), 2)
hit = (rng.uniform(size=50) < q).astype(float)
k.add("validate.ordered_gini", {"score": q, "target": hit}, {"0.value": (2 * sk.roc_auc_score(hit, q) - 1) * (1 - hit.mean())})

# ---- bands, levels, groups
s = sample("poisson", 200) | {"rival": np.round(np.exp(rng.normal(-0.5, 0.5, 200)), 4), "group": list(rng.choice(["a", "b", "c"], 200, p=[0.5, 0.3, 0.2])),
                              "columns": {"age": rng.integers(18, 80, 200).astype(float), "fuel": list(rng.choice(["d", "p"], 200)),
                                          "power": rng.integers(4, 8, 200).astype(float)}}
s["columns"]["power"][5] = np.nan
s["target"] = np.where(np.array(s["columns"]["fuel"]) == "d", 2 * s["target"], s["target"])
y, m, w = parts(s)
phi = dispersion("poisson", s)
of = bands(m, w, 10)
r = [ratio("poisson", s, of == b, phi) for b in range(of.max() + 1)]
chi = sum(x["z"] ** 2 for x in r)
expect = {"0.value": sum(abs(x["a"] - x["e"]) for x in r) / (w * m).sum(), "0.statistic": chi, "0.p_value": st.chi2.sf(chi, len(r))}
for b, x in enumerate(r):
    expect |= {f"0.tables.bands.rows.{b}.{c}": v for c, v in ((2, x["w"]), (3, x["e"] / x["w"]), (4, x["a"] / x["w"]), (7, x["r"]), (8, x["p"]))}
k.add("validate.actual_bands", s, expect, params={"deviance": "poisson"})

t = s["rival"]
of = bands(m / t, w, 5)
off = [sum(abs((w * (y - x))[of == b].sum()) for b in range(of.max() + 1)) / (w * x).sum() for x in (m, t)]
k.add("validate.double_lift", s, {"0.value": off[0] - off[1]} | {f"0.tables.bands.rows.{b}.{c}": np.average(x[of == b], weights=w[of == b])
                                                                 for b in range(of.max() + 1) for c, x in ((4, y), (5, m), (6, t))}, params={"bands": 5})

columns = s["columns"]
level = {"age": bands(columns["age"], w, 10), "fuel": np.array([1 if x == "p" else 0 for x in columns["fuel"]]),
         "power": np.where(np.isnan(columns["power"]), 4, columns["power"] - 4).astype(int)}
r = {c: [ratio("poisson", s, level[c] == b, phi) for b in range(level[c].max() + 1)] for c in level}
adjusted = holm([x["p"] for c in r for x in r[c]])
at, shown = 0, []
for c in r:
    for x in r[c]:
        x["holm"], at = adjusted[at], at + 1
    shown.append((-max(abs(x["z"]) for x in r[c]), c))
expect = {}
for i, (_, c) in enumerate(sorted(shown)):
    expect |= {f"{i}.subject": c, f"{i}.value": max([abs(x["r"] - 1) for x in r[c] if x["holm"] < 0.05], default=0)}
    for b, x in enumerate(r[c]):
        expect |= {f"{i}.tables.levels.rows.{b}.{j}": x[v] for j, v in ((2, "w"), (5, "r"), (8, "p"), (9, "holm"))}
k.add("validate.actual_levels", s, expect, params={"deviance": "poisson"})

group = np.array(s["group"])
r = {x: ratio("poisson", s, group == x, phi) for x in "abc"}
se = {x: np.sqrt(phi * (w * m)[group == x].sum()) / r[x]["e"] for x in "abc"}
d = {x: np.log(r["a"]["r"] / r[x]["r"]) for x in "bc"}
error = {x: np.hypot(se[x], se["a"]) for x in "bc"}
p = holm([2 * st.norm.sf(abs(d[x]) / error[x]) for x in "bc"])
worst = max("bc", key=lambda x: d[x])
k.add("fairness.actual_expected", s, {"0.value": np.exp(d[worst]), "0.interval.low": np.exp(d[worst] - Z * error[worst]),
                                      "0.interval.high": np.exp(d[worst] + Z * error[worst]), "0.p_value": p["bc".index(worst)]}
      | {f"0.tables.groups.rows.{i}.5": r[x]["r"] for i, x in enumerate("abc")} | {f"0.tables.groups.rows.{i}.6": np.exp(d[x]) for i, x in ((1, "b"), (2, "c"))},
      params={"deviance": "poisson"})
k.write()

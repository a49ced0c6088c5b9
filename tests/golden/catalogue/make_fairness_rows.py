#!/usr/bin/env python3
"""Fairness rows: fairlearn (rates, differences of groups), scipy (Fisher, Katz's interval), statsmodels (stratified
tables, Woolf's interval, Newcombe's, Wilson's) and numpy by definition (standardised differences, the interval of Greenland and
Robins, weights of probable groups). The first case is the Boston HMDA sample of the American Economic Review."""
import datetime
import json
import pathlib

import fairlearn
import fairlearn.metrics as fm
import numpy as np
import scipy
import statsmodels
from scipy.stats import fisher_exact, norm
from scipy.stats.contingency import relative_risk
from statsmodels.stats.contingency_tables import StratifiedTable, Table2x2
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

SEED = 20261122
cases = []


def case(test, now, expect, tolerance=1e-9, **params):
    cases.append({"test": test, "params": params, "now": now, "expect": expect, "tolerance": tolerance})


# ---- published: 2,041 and 339 applications, 90.74 % and 71.68 % approved
hmda = {"score": [0] * 1852 + [1] * 189 + [0] * 243 + [1] * 96, "group": ["other"] * 2041 + ["black"] * 339}
risk = relative_risk(243, 339, 1852, 2041).confidence_interval(0.95)
p = float(fisher_exact([[243, 96], [1852, 189]]).pvalue)
case("fairness.air", hmda,
     {"0.value": 243 / 339 / (1852 / 2041), "0.interval.low": float(risk.low), "0.interval.high": float(risk.high),
      "0.p_value": p, "0.tables.groups.rows.0.3": 243 / 339, "0.tables.groups.rows.1.3": 1852 / 2041,
      "0.tables.groups.rows.0.9": 339 * 1852 / 2041 - 243}, cutoff=0.5)
odds = Table2x2(np.array([[243, 96], [1852, 189]]))
case("fairness.odds_ratio", hmda,
     {"0.value": float(odds.oddsratio), "0.interval.low": float(odds.oddsratio_confint()[0]),
      "0.interval.high": float(odds.oddsratio_confint()[1]), "0.p_value": p,
      "0.tables.groups.rows.0.9": (96 / 339) / (189 / 2041)}, cutoff=0.5)

# ---- three groups, four segments, a score that treats them unlike
rng, rng_boot = np.random.default_rng(SEED), np.random.default_rng(SEED + 1)
n = 300
group = rng.choice(["a", "b", "c"], n, p=[0.55, 0.3, 0.15])
segment = rng.choice(["s", "t", "u", "v"], n)
score = np.round(rng.normal(size=n) + 0.5 * (group == "b") + 0.2 * (segment == "t"), 3)
probability = np.round(1 / (1 + np.exp(1.2 - score)), 6)
bad = (rng.random(n) < probability * (1 - 0.2 * (group == "c"))).astype(int)
now = {"score": score.tolist(), "group": group.tolist(), "segment": segment.tolist(), "bad": bad.tolist(),
       "probability": probability.tolist()}
CUT = 0.7
approve = (score < CUT).astype(int)
good = 1 - bad
frame = fm.MetricFrame(metrics={"rate": fm.selection_rate, "tpr": fm.true_positive_rate, "fpr": fm.false_positive_rate},
                       y_true=good, y_pred=approve, sensitive_features=group).by_group


def counts(g, where=slice(None)):
    at = (group == g)[where]
    return int(approve[where][at].sum()), int(at.sum())


fisher = [float(fisher_exact([[counts(g)[0], counts(g)[1] - counts(g)[0]], [counts("a")[0], counts("a")[1] - counts("a")[0]]]).pvalue)
          for g in "bc"]
holm = multipletests(fisher, method="holm")[1]
case("fairness.air", now, {"0.value": float(min(frame.rate["b"], frame.rate["c"]) / frame.rate["a"]),
                           "0.tables.groups.rows.1.4": float(frame.rate["b"] / frame.rate["a"]),
                           "0.tables.groups.rows.2.4": float(frame.rate["c"] / frame.rate["a"]),
                           "0.tables.groups.rows.1.7": fisher[0], "0.tables.groups.rows.2.8": float(holm[1])}, cutoff=CUT)

# ---- error rates
tpr, fpr = frame.tpr, frame.fpr


def of_class(g, y):
    at = (group == g) & (good == y)
    return int(approve[at].sum()), int(at.sum())


def gap(g, y):
    x, k = of_class(g, y)
    u, m = of_class("a", y)
    low, high = confint_proportions_2indep(x, k, u, m, method="newcomb", compare="diff")
    return float(low), float(high), float(fisher_exact([[x, k - x], [u, m - u]]).pvalue)


b, c = gap("b", 1), gap("c", 1)
case("fairness.equal_opportunity", now,
     {"0.value": float(tpr["b"] - tpr["a"]), "0.interval.low": b[0], "0.interval.high": b[1],
      "0.p_value": float(multipletests([b[2], c[2]], method="holm")[1][0]),
      "0.tables.groups.rows.2.5": float(tpr["c"] - tpr["a"])}, cutoff=CUT)
se = {g: np.sqrt(sum(of_class(h, y)[0] / of_class(h, y)[1] * (1 - of_class(h, y)[0] / of_class(h, y)[1]) / of_class(h, y)[1]
                     for h in (g, "a") for y in (0, 1))) / 2 for g in "bc"}
average = {g: 0.5 * (tpr[g] - tpr["a"] + fpr[g] - fpr["a"]) for g in "bc"}
p_average = [float(2 * norm.sf(abs(average[g]) / se[g])) for g in "bc"]
case("fairness.average_odds", now,
     {"0.value": float(average["b"]), "0.interval.low": float(average["b"] - norm.ppf(0.975) * se["b"]),
      "0.interval.high": float(average["b"] + norm.ppf(0.975) * se["b"]),
      "0.p_value": float(multipletests(p_average, method="holm")[1][0])}, cutoff=CUT)
equalised = {g: float(fm.equalized_odds_difference(good[at], approve[at], sensitive_features=group[at]))
             for g in "bc" for at in [(group == g) | (group == "a")]}
case("fairness.equalised_odds", now,
     {"0.value": max(equalised.values()), "0.tables.groups.rows.1.5": equalised["b"], "0.tables.groups.rows.2.5": equalised["c"]},
     cutoff=CUT)
# both rates drawn anew: each cell of a group's table is a Poisson number; 200,000 draws against as many as ours takes
far = max(equalised, key=equalised.get)
cells = {g: np.array([of_class(g, 0), of_class(g, 1)]) for g in "abc"}
drawn = {g: (rng_boot.poisson(v[:, 0], (200000, 2)), rng_boot.poisson(v[:, 1] - v[:, 0], (200000, 2))) for g, v in cells.items()}
gaps = np.abs(np.subtract(*(drawn[g][0] / (drawn[g][0] + drawn[g][1]) for g in (far, "a")))).max(1)
both = [min(1, 2 * min(gap(g, 1)[2], gap(g, 0)[2])) for g in "bc"]
case("fairness.equalised_odds", now, {"0.p_value": float(multipletests(both, method="holm")[1]["bc".index(far)])}, cutoff=CUT)
case("fairness.equalised_odds", now, {"0.interval.low": float(np.nanquantile(gaps, 0.025)), "0.interval.high": float(np.nanquantile(gaps, 0.975))},
     tolerance=0.008, cutoff=CUT, resamples=10000)
x, k = of_class("b", 0)
low, high = proportion_confint(k - x, k, method="wilson")
row = 9 + 0  # the second group's first rate: bads declined
case("fairness.group_rates", now,
     {f"0.tables.rates.rows.{row}.2": k, f"0.tables.rates.rows.{row}.3": 1 - float(fpr["b"]),
      f"0.tables.rates.rows.{row}.4": float(low), f"0.tables.rates.rows.{row}.5": float(high),
      f"0.tables.rates.rows.{row + 3}.3": float(tpr["b"])}, cutoff=CUT)
x, k = of_class("b", 1)
u, m = of_class("a", 1)
low, high = confint_proportions_2indep(k - x, k, m - u, m, method="newcomb", compare="diff")
errors = [(g, y) for g in "bc" for y in (1, 0)]  # goods declined and bads approved, of each group less the reference
size = {e: np.subtract(*(np.divide(*of_class(h, e[1])) for h in (e[0], "a"))) for e in errors}
widest = max(errors, key=lambda e: abs(size[e]))
ends = sorted(v * np.sign(size[widest]) for v in gap(*widest)[:2])
case("fairness.error_rates", now,
     {"0.value": max(equalised.values()), "0.interval.low": ends[0], "0.interval.high": ends[1],
      "0.p_value": float(multipletests([gap(*e)[2] for e in errors], method="holm")[1][errors.index(widest)]),
      "0.tables.groups.rows.1.5": float(tpr["a"] - tpr["b"]),
      "0.tables.groups.rows.1.6": float(low), "0.tables.groups.rows.1.7": float(high)}, cutoff=CUT)


# ---- means
def mean_gap(v, g, sigma):
    p_, r = v[group == g], v[group == "a"]
    pooled = np.sqrt(((p_.size - 1) * p_.var(ddof=1) + (r.size - 1) * r.var(ddof=1)) / (p_.size + r.size - 2))
    s = {"pooled": pooled, "reference": r.std(ddof=1), "all": v.std(ddof=1), "label": bad.std(ddof=1)}[sigma]
    d = (p_.mean() - r.mean()) / s
    if sigma == "pooled":
        e = np.sqrt((p_.size + r.size) / (p_.size * r.size) + d * d / (2 * (p_.size + r.size)))
    else:
        e = np.sqrt(p_.var(ddof=1) / p_.size + r.var(ddof=1) / r.size) / s
    return d, d - norm.ppf(0.975) * e, d + norm.ppf(0.975) * e, 2 * norm.sf(abs(d) / e)


for sigma in ("pooled", "reference", "all", "label"):
    for test, v in (("fairness.smd", score), ("fairness.residual_smd", probability - bad)):
        both = [mean_gap(v, g, sigma) for g in "bc"]
        worst = max(both, key=lambda t: t[0])
        adjusted = multipletests([t[3] for t in both], method="holm")[1]
        case(test, now, {"0.value": float(worst[0]), "0.interval.low": float(worst[1]),
                         "0.interval.high": float(worst[2]), "0.p_value": float(adjusted[both.index(worst)])},
             sigma=sigma)

# ---- strata
def strata(g):
    return [[[approve[at & (group == h)].sum(), (1 - approve)[at & (group == h)].sum()] for h in (g, "a")]
            for at in (segment == s for s in "stuv")]


tables = strata("b")
others = StratifiedTable([np.array(t, dtype=float) for t in strata("c")]).test_null_odds(correction=False).pvalue
st = StratifiedTable([np.array(t, dtype=float) for t in tables])
null, even = st.test_null_odds(correction=False), st.test_equal_odds(adjust=True)
num = den = top = 0.0
for (a, b_), (c_, d) in tables:
    t = a + b_ + c_ + d
    num, den = num + a * (c_ + d) / t, den + c_ * (a + b_) / t
    top += ((a + b_) * (c_ + d) * (a + c_) - a * c_ * t) / t ** 2
reach = np.exp(norm.ppf(0.975) * np.sqrt(top / (num * den)))
ratio = num / den
case("fairness.conditional_parity", now,
     {"0.value": float(st.riskratio_pooled), "0.interval.low": float(ratio / reach), "0.interval.high": float(ratio * reach),
      "0.statistic": float(null.statistic), "0.p_value": float(multipletests([null.pvalue, others], method="holm")[1][0]),
      "0.tables.groups.rows.0.7": float(null.pvalue),
      "0.tables.groups.rows.0.9": float(st.oddsratio_pooled),
      "0.tables.groups.rows.0.10": float(st.oddsratio_pooled_confint()[0]),
      "0.tables.groups.rows.0.11": float(st.oddsratio_pooled_confint()[1]),
      "0.tables.groups.rows.0.12": float(even.statistic), "0.tables.groups.rows.0.13": float(even.pvalue),
      "0.tables.groups.rows.0.14": float(frame.rate["b"] / frame.rate["a"])}, cutoff=CUT)
assert abs(ratio - st.riskratio_pooled) < 1e-12

# ---- every share declined: 10 %, 20 %, ... of the riskiest
order = np.sort(score)


def at_share(share):
    cut = next(v for v in np.unique(score) if (score >= v).sum() <= round(share * n))  # ties are approved together
    by = fm.MetricFrame(metrics=fm.selection_rate, y_true=good, y_pred=(score < cut).astype(int),
                        sensitive_features=group).by_group
    return cut, float(by["b"] / by["a"]), float(by["c"] / by["a"])


shares = [at_share(0.25 * k) for k in (1, 2, 3)]
tests = []
for s in shares:
    yes = score < s[0]
    for g in "bc":
        x, k, u, m = yes[group == g].sum(), (group == g).sum(), yes[group == "a"].sum(), (group == "a").sum()
        tests.append((x / k / (u / m), float(fisher_exact([[x, k - x], [u, m - u]]).pvalue),
                      relative_risk(int(x), int(k), int(u), int(m)).confidence_interval(0.95)))
lowest = min(range(6), key=lambda i: tests[i][0])
case("fairness.air_by_quantile", now,
     {"0.value": min(min(s[1:]) for s in shares), "0.interval.low": float(tests[lowest][2].low),
      "0.interval.high": float(tests[lowest][2].high),
      "0.p_value": float(multipletests([t[1] for t in tests], method="holm")[1][lowest]), **{f"0.tables.shares.rows.{k}.5": s[1] for k, s in enumerate(shares)},
      **{f"0.tables.shares.rows.{3 + k}.5": s[2] for k, s in enumerate(shares)},
      "0.tables.shares.rows.1.2": float(shares[1][0])}, steps=4)

# ---- probable groups: weights, not the likeliest group
w = rng.dirichlet([4, 2, 1], n).round(4)
w[:, 0] += (group == "a") * 0.5
w = (w / w.sum(axis=1, keepdims=True)).round(4)
bisg = {"score": score.tolist(), "columns": {"p_a": w[:, 0].tolist(), "p_b": w[:, 1].tolist(), "p_c": w[:, 2].tolist()}}
rate = (w * approve[:, None]).sum(axis=0) / w.sum(axis=0)
expect = {}
log_se = []
for g in (1, 2):
    psi = w[:, g] * (approve - rate[g]) / (w[:, g].sum() * rate[g]) - w[:, 0] * (approve - rate[0]) / (w[:, 0].sum() * rate[0])
    log_se.append(float(np.sqrt((psi ** 2).sum())))
    expect[f"0.tables.groups.rows.{g}.3"] = float(rate[g])
    expect[f"0.tables.groups.rows.{g}.4"] = float(rate[g] / rate[0])
ratios = [float(rate[g] / rate[0]) for g in (1, 2)]
z = [abs(np.log(r)) / s for r, s in zip(ratios, log_se)]
adjusted = multipletests(2 * norm.sf(z), method="holm")[1]
k = int(np.argmin(ratios))
expect |= {"0.value": ratios[k], "0.interval.low": float(ratios[k] * np.exp(-norm.ppf(0.975) * log_se[k])),
           "0.interval.high": float(ratios[k] * np.exp(norm.ppf(0.975) * log_se[k])), "0.p_value": float(adjusted[k])}
case("fairness.air_probable", bisg, expect, cutoff=CUT, probabilities=["p_a", "p_b", "p_c"])

path = pathlib.Path(__file__).with_name("fairness_rows.json")
path.write_text(json.dumps({
    "provenance": {"library": "fairlearn, statsmodels, scipy, numpy",
                   "version": ", ".join(m.__version__ for m in (fairlearn, statsmodels, scipy, np)),
                   "seed": SEED, "date": datetime.date.today().isoformat(), "script": pathlib.Path(__file__).name},
    "cases": cases}, separators=(",", ":")) + "\n")
print(len(cases), "cases", path.stat().st_size, "bytes")

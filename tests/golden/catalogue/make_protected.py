#!/usr/bin/env python3
"""Rows about protected columns: what may not be an input, decisions made again, stand-ins and intersections. scipy has
Fisher's test, Katz's interval and the rank-sum's pieces, statsmodels Holm's adjustment; the flip, the exchange of an input
and the cross-fitted proxy are written here from their definitions, with halves drawn as the seed draws them (kit.py)."""
import numpy as np
import scipy.stats as st
from scipy.special import expit, logit
from scipy.stats import fisher_exact
from scipy.stats.contingency import relative_risk
from statsmodels.stats.multitest import multipletests

from kit import CALL_SEED, Cases, delong, mix

SEED = 20261127
rng = np.random.default_rng(SEED)
k = Cases(__file__, ["scipy", "statsmodels", "numpy"], SEED, "flip, exchange and cross-fitted proxies by definition in numpy")
Z = st.norm.ppf(0.975)


def holm(p):
    return multipletests(p, method="holm")[1]


# ---- the scan: a copy under another code, a finer one, one by its name, one by what it holds, and an innocent
n = 80
sex = np.tile([0.0, 1.0], n // 2)
scan = {"columns": {"sex": sex, "mirror": 5 - 3 * sex, "fine": sex + 2 * (np.arange(n) // 4 % 2), "gender_of_owner": np.arange(n) * 1.5,
                    "who": np.where(np.arange(n) // 2 % 2 == 0, "male", "female"), "income": np.arange(n) ** 2.0},
        "not_features": ["sex"], "groups": {"sex": sex}}
k.add("fairness.prohibited", scan,
      {"0.value": 4, "0.verdict": "fail", "0.tables.found.rows.0.0": "gender_of_owner", "0.tables.found.rows.0.2": "its name",
       "0.tables.found.rows.1.0": "who", "0.tables.found.rows.1.2": "its values", "0.tables.found.rows.2.0": "mirror",
       "0.tables.found.rows.2.2": "equals it under another coding", "0.tables.found.rows.3.0": "fine",
       "0.tables.found.rows.3.2": "a finer coding of it"})

# ---- decisions made again
n = 200
sex = (rng.random(n) < 0.4).astype(float)
x = np.round(rng.normal(size=n) + 0.6 * sex, 4)
y = np.round(rng.normal(size=n) - 0.3 * sex, 4)


def raw(x, y, sex):
    return -1 + 0.9 * x + 0.5 * y + 0.7 * sex


base = raw(x, y, sex)
cutoff = np.sort(base)[n - round(0.2 * n)]
approve = base < cutoff
model = {"constant": -1, "linear": {"x": 0.9, "y": 0.5, "sex": 0.7}}
cases = {"columns": {"x": x, "y": y, "sex": sex}, "groups": {"sex": sex}}
flips = [raw(x, y, v) <= base[approve].max() for v in (0, 1)]
k.add("fairness.flip", cases,
      {"0.value": ((flips[0] != approve) | (flips[1] != approve)).mean()}
      | {f"0.tables.values.rows.{v}.{c}": w for v in (0, 1) for c, w in (
          (1, (flips[v] & ~approve).sum()), (2, (approve & ~flips[v]).sum()), (3, np.abs(raw(x, y, v) - base).mean()))}, model=model)

# ---- one input as in the reference, place by place
reference = 0.0 if (sex == 0).sum() >= (sex == 1).sum() else 1.0
own = sex != reference


def exchanged(v):
    out = v.copy()
    order = np.argsort(v, kind="stable")
    mine, theirs = [i for i in order if own[i]], [i for i in order if not own[i]]
    for place, i in enumerate(mine):
        out[i] = v[theirs[int((place + 0.5) / len(mine) * len(theirs))]]
    return out


found = []
for j, name in enumerate(("x", "y", "sex")):
    columns = [x, y, sex]
    columns[j] = exchanged(columns[j])
    again = raw(*columns)[own]
    won, lost = (again < cutoff) & ~approve[own], ~(again < cutoff) & approve[own]
    gap = (won.sum() - lost.sum()) / own.sum()
    error = np.sqrt(((won.sum() + lost.sum()) / own.sum() - gap**2) / own.sum())
    found.append((gap, name, gap - Z * error, gap + Z * error, won.sum(), lost.sum(), (again - base[own]).mean()))
found.sort(reverse=True)
k.add("fairness.swap", cases,
      {"0.value": found[0][0], "0.interval.low": found[0][2], "0.interval.high": found[0][3]}
      | {f"0.tables.inputs.rows.{i}.0": f[1] for i, f in enumerate(found)}
      | {f"0.tables.inputs.rows.{i}.{c + 4}": f[c + 2] for i, f in enumerate(found) for c in range(5)}, model=model)

# ---- each input alone: bins in the order of the other half's shares, the halves taken as fully dependent
n = 600
group = rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2])
steps = np.clip(np.round(rng.normal(size=n) + 0.8 * (group == "b")), -2, 3)
curve = np.round(rng.normal(size=n) * (1 + 1.5 * (group == "c")), 3)
half = np.array([mix(CALL_SEED, i) & 1 for i in range(n)])


def bins_of(v):
    if len(np.unique(v)) <= 20:
        return np.unique(v, return_inverse=True)[1]
    s, edges = np.sort(v), []
    for i in range(n - 1):
        if s[i + 1] != s[i] and len(edges) < 19 and (i + 1) * 20 >= (len(edges) + 1) * n:
            edges.append(s[i])
    return np.searchsorted(edges, v, side="left")


def proxy(v, inside):
    bins, parts = bins_of(v), []
    count = np.array([[np.bincount(bins[(half == h) & (inside == w)], minlength=bins.max() + 2) for w in (1, 0)] for h in (0, 1)])
    for h in (0, 1):
        other = count[1 - h]
        share = (other[0] + other[0].sum() / other.sum()) / (other.sum(0) + 1)
        place = np.empty(len(share))
        place[np.argsort(share, kind="stable")] = np.arange(len(share))
        s, d = place[bins[half == h]], inside[half == h]
        auc, variance = delong(s, d)
        pairs, all_ = d.sum() * (1 - d).sum(), len(d)
        ties = np.unique(s, return_counts=True)[1].astype(float)
        parts.append((pairs, auc * pairs, pairs / 12 * (all_ + 1 - (ties**3 - ties).sum() / (all_ * (all_ - 1))), np.sqrt(variance)))
    pairs, won = parts[0][0] + parts[1][0], parts[0][1] + parts[1][1]
    error = sum(p[0] * p[3] for p in parts) / pairs
    return won / pairs, error, st.norm.sf((won - pairs / 2) / sum(np.sqrt(p[2]) for p in parts))


told = [(*proxy(v, (group == g).astype(int)), f, g) for f, v in (("steps", steps), ("curve", curve)) for g in "abc"]
adjusted = holm([t[2] for t in told])
order = sorted(range(6), key=lambda i: -told[i][0])
top = next(i for i in order if adjusted[i] < 0.05)
k.add("fairness.proxy", {"columns": {"region": group, "steps": steps, "curve": curve}, "not_features": ["region"], "group": group},
      {"0.value": told[top][0], "0.p_value": adjusted[top], "0.interval.low": told[top][0] - Z * told[top][1],
       "0.interval.high": told[top][0] + Z * told[top][1]}
      | {f"0.tables.features.rows.{r}.{c}": v for r, i in enumerate(order)
         for c, v in ((0, told[i][3]), (1, told[i][4]), (3, told[i][0]), (6, told[i][2]), (7, adjusted[i]))})

# ---- all together: of one input with three values a forest learns the order of their shares, so its AUC can be counted
half = np.array([mix(CALL_SEED + 1, i) & 1 for i in range(n)])
is_b, few = (group == "b").astype(int), np.clip(steps, -1, 1)
aucs, r2 = [], []
for h in (0, 1):
    share = np.array([is_b[(half == h) & (few == v)].mean() for v in (-1, 0, 1)])[(few + 1).astype(int)]
    aucs.append(delong(share[half != h], is_b[half != h]))
    r2.append(share[(half != h) & (is_b == 1)].mean() - share[(half != h) & (is_b == 0)].mean())
two = {"columns": {"region": np.where(is_b, "b", "other"), "few": few}, "not_features": ["region"], "group": np.where(is_b, "b", "other")}
mean, error = np.mean([a for a, _ in aucs]), np.mean([np.sqrt(v) for _, v in aucs])
k.add("fairness.proxy_set", two, {"0.value": mean, "0.interval.low": mean - Z * error, "0.interval.high": mean + Z * error,
                                  "0.p_value": st.norm.sf((mean - 0.5) / error)})
k.add("fairness.proxy_set", two, {"0.tables.groups.rows.0.7": np.mean(r2)}, tolerance=0.01)  # Tjur's, with shares as probabilities

# ---- the score
score = np.round(rng.normal(size=n) + 0.5 * (group == "b") - 0.4 * (group == "c"), 2)
rows = []
for g in "abc":
    a, v = delong(score, (group == g).astype(int))
    limits = expit(logit(a) + np.array([-1, 1]) * Z * np.sqrt(v) / (a * (1 - a)))
    rows.append((max(a, 1 - a), *(limits if a >= 0.5 else 1 - limits[::-1]), 2 * st.norm.sf(abs(a - 0.5) / np.sqrt(v))))
adjusted = holm([r[3] for r in rows])
top = max((i for i in range(3) if adjusted[i] < 0.05), key=lambda i: rows[i][0])
k.add("fairness.score_proxy", {"score": score, "group": group},
      {"0.value": rows[top][0], "0.p_value": adjusted[top], "0.interval.low": rows[top][1], "0.interval.high": rows[top][2]}
      | {f"0.tables.groups.rows.{i}.{c}": v for i, r in enumerate(rows) for c, v in ((2, r[0]), (3, r[1]), (4, r[2]), (5, r[3]))})

# ---- intersections: every combination against the largest
age = rng.choice(["old", "young"], n, p=[0.35, 0.65])
women = rng.choice(["f", "m"], n)
risk = np.round(rng.normal(size=n) + 0.9 * ((age == "old") & (women == "f")), 3)
passed = risk < np.sort(risk)[n - round(0.2 * n)]
label = np.char.add(np.char.add(women, ", "), age)
names, count = np.unique(label, return_counts=True)
ref = names[np.argmax(count)]
rows = []
for name in names[names != ref]:
    a, b = passed[label == name], passed[label == ref]
    r = relative_risk(a.sum(), len(a), b.sum(), len(b))
    rows.append((name, r.relative_risk, *r.confidence_interval(0.95),
                 fisher_exact([[a.sum(), (~a).sum()], [b.sum(), (~b).sum()]]).pvalue, len(a) * b.mean() - a.sum()))
adjusted = holm([r[4] for r in rows])
top = min(range(3), key=lambda i: rows[i][1])
k.add("fairness.intersections", {"score": risk, "groups": {"sex": women, "age": age}},
      {"0.value": rows[top][1], "0.p_value": adjusted[top], "0.interval.low": rows[top][2], "0.interval.high": rows[top][3]}
      | {f"0.tables.groups.rows.{list(names).index(r[0])}.{c}": v for r, h in zip(rows, adjusted)
         for c, v in ((0, r[0]), (4, r[1]), (7, r[4]), (8, h), (9, r[5]))})
k.write()

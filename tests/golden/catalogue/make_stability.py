#!/usr/bin/env python3
"""Rows that search, refit and resample. statsmodels fits the models again and corrects p-values, scipy correlates ranks; the
search for a tree of errors, exact Shapley values of a linear model and the counting of decisions and reasons are written
here from their definitions, on halves, shuffles and resamples drawn as the seed draws them (kit.py)."""
import itertools

import numpy as np
import scipy.stats as st
import statsmodels.api as sm
from scipy.special import expit
from statsmodels.stats.multitest import multipletests

from kit import CALL_SEED, Cases, Rng, delong, shuffle

SEED = 20261128
rng = np.random.default_rng(SEED)
k = Cases(__file__, ["statsmodels", "scipy", "numpy"], SEED,
          "the tree of errors, Shapley values of a sum and shares of decisions and reasons by definition in numpy")
Z = st.norm.ppf(0.975)


def bins_of(v, bins, edges_of=None):
    s = np.sort(v if edges_of is None else edges_of)
    edges = np.unique([s[len(s) * b // bins] for b in range(1, bins)])
    return np.searchsorted(edges[edges > s[0]], v, side="right"), edges[edges > s[0]]


# ---- a tree of errors: grown on one half by the excess error, told on the other
n = 400
x, z, idle = (np.round(rng.normal(size=n), 3) for _ in range(3))
p = expit(-0.5 + 0.8 * x + 0.6 * z)
wrong = (x > 0.3) & (z < 0.2)
bad = (rng.random(n) < np.where(wrong, 1 - p, p)).astype(int)
excess = np.abs(bad - p) - 2 * p * (1 - p)
columns = {"x": x, "z": z, "idle": idle}
model = {"constant": -0.5, "linear": {"x": 0.8, "z": 0.6, "idle": 0}}
cut = {name: bins_of(v, 20) for name, v in columns.items()}
order = shuffle(CALL_SEED, 0x7EE, n)
grown, told = order[: n // 2], np.setdiff1d(np.arange(n), order[: n // 2])
LEAST, DEPTH = 20, 2


def best(rows):
    found, gain = None, 1e-9
    for name, (bins, edges) in cut.items():
        for b in range(1, len(edges) + 1):
            first = bins[rows] < b
            m = np.array([first.sum(), (~first).sum()])
            if m.min() < LEAST:
                continue
            mean = excess[rows].mean()
            got = sum(c * (excess[rows][s].mean() - mean) ** 2 for c, s in zip(m, (first, ~first)))
            if got > gain * (1 + 1e-12):
                found, gain = (name, b), got
    return found


def leaves(rows, test, depth, at=0):
    split = best(rows) if depth < DEPTH else None
    if split is None:
        return [(at, rows, test)]
    name, b = split
    first = lambda r: r[cut[name][0][r] < b]
    rest = lambda r: r[cut[name][0][r] >= b]
    return leaves(first(rows), first(test), depth + 1, 2 * at + 1) + leaves(rest(rows), rest(test), depth + 1, 2 * at + 2)


found = [(a, r, t) for a, r, t in sorted(leaves(grown, told, 0), key=lambda leaf: leaf[0])]
mean = np.array([excess[t].mean() for _, _, t in found])
se = np.array([excess[t].std(ddof=1) / np.sqrt(len(t)) for _, _, t in found])
raw = st.norm.sf(mean / se)
adjusted = multipletests(raw, method="holm")[1]
top = max((i for i in range(len(found)) if adjusted[i] <= 0.05), key=lambda i: mean[i])
whole = excess[told] - excess[grown].mean()
left = np.concatenate([excess[t] - excess[r].mean() for _, r, t in found])
k.add("diagnose.error_tree", {"columns": columns, "bad": bad},
      {"0.value": mean[top], "0.p_value": adjusted[top], "0.interval.low": mean[top] - Z * se[top],
       "0.interval.high": mean[top] + Z * se[top], "0.tables.tree.rows.0.1": len(found),
       "0.tables.tree.rows.1.1": 1 - (left**2).sum() / (whole**2).sum()}
      | {f"0.tables.leaves.rows.{i}.{c}": v[i] for i in range(len(found))
         for c, v in ((1, [len(t) for _, _, t in found]), (7, mean), (8, mean - Z * se), (10, raw), (11, adjusted))},
      model=model, params={"depth": DEPTH, "least": LEAST})

# ---- slices that were learnt by heart: two samples, the same bins
m = 500
then = {name: np.round(rng.normal(size=m), 3) for name in columns}
q = expit(-0.5 + 0.8 * then["x"] + 0.6 * then["z"])
was = np.where(then["idle"] > 0.6, q > 0.45, rng.random(m) < q).astype(int)
rows = []
for j, name in enumerate(columns):
    bins, edges = bins_of(columns[name], 4)
    before = np.searchsorted(edges, then[name], side="right")
    for b in range(4):
        s, t = bins == b, before == b
        if min(s.sum(), t.sum()) < 30 or min(np.bincount(bad[s], minlength=2).min(), np.bincount(was[t], minlength=2).min()) < 10:
            continue
        (here, v), (there, w) = delong(p[s], bad[s]), delong(q[t], was[t])
        rows.append((there - here, np.sqrt(v + w), here, there))
gap, error = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
corrected = multipletests(st.norm.sf(gap / error), method="fdr_bh")[1]
top = max((i for i in range(len(rows)) if corrected[i] <= 0.05), key=lambda i: gap[i])
first = int(np.argmin(st.norm.sf(gap / error)))
k.add("diagnose.overfit_slices", {"columns": columns, "bad": bad},
      {"0.value": gap[top], "0.p_value": corrected[top], "0.interval.low": gap[top] - Z * error[top],
       "0.interval.high": gap[top] + Z * error[top], "0.tables.slices.rows.0.6": rows[first][2],
       "0.tables.slices.rows.0.7": rows[first][3]},
      before={"columns": then, "bad": was}, model=model, params={"bins": 4, "crossed": 0, "least": 30})

# ---- the order of importance, resampled: shuffles of 0x5100 + r, resamples of 0x10000 + b
few = 120
cases = {name: v[:few] for name, v in columns.items()}
y = bad[:few]
weights = {"constant": -0.5, "linear": {"x": 0.8, "z": 0.6, "idle": 0.45}}


def loss(v):
    r = -0.5 + 0.8 * v["x"] + 0.6 * v["z"] + 0.45 * v["idle"]
    return np.where(y == 1, np.log1p(np.exp(-r)), np.log1p(np.exp(r)))


REPEATS, RESAMPLES = 3, 40
shuffles = [shuffle(CALL_SEED, 0x5100 + r, few) for r in range(REPEATS)]
rise = np.array([np.mean([loss(cases | {name: cases[name][s]}) - loss(cases) for s in shuffles], 0) for name in columns])
rank = st.rankdata(-rise.mean(1))
rho, places = [], []
for b in range(RESAMPLES):
    draw = Rng(CALL_SEED, 0x10000 + b)
    count = np.bincount([draw.below(few) for _ in range(few)], minlength=few)
    again = st.rankdata(-(rise @ count))
    rho.append(st.pearsonr(rank, again)[0])
    places.append(again)
k.add("explain.importance_stability", {"columns": cases, "bad": y},
      {"0.value": np.mean(rho), "0.interval.low": np.quantile(rho, 0.025), "0.interval.high": np.quantile(rho, 0.975),
       "0.tables.first.rows.0.1": np.mean((np.array(places) <= 2)[:, rank <= 2].sum(1)) / 2}
      | {f"0.tables.places.rows.{j}.{c}": v for j in range(3) for c, v in (
          (1, rise[j].mean()), (2, rank[j]), (3, np.quantile(np.array(places)[:, j], 0.025)),
          (4, np.quantile(np.array(places)[:, j], 0.975)))}, model=weights, params={"repeats": REPEATS, "resamples": RESAMPLES})

# ---- fitted models: logistic regressions of four inputs
n, cols = 160, 4
X = np.round(rng.normal(size=(n, cols)), 3)
y = (rng.random(n) < expit(-0.8 + X @ [1.0, -0.8, 0.6, 0.4])).astype(int)
sample = {"columns": {f"x{j}": X[:, j] for j in range(cols)}, "bad": y}


def fitted(rows):
    return sm.Logit(y[rows], sm.add_constant(X[rows])).fit(disp=0, tol=1e-14).params


def decided(beta, share=0.2):
    r = sm.add_constant(X) @ beta
    return r, r > np.sort(r)[n - int(np.ceil(share * n)) - 1]


def shapley(beta, rows, population):
    """Of a sum, exactly: each input's own term less its mean over the population."""
    return beta[1:] * (X[rows] - X[population].mean(0))


def reasons(values, top):
    order = np.argsort(-values, kind="stable")[:top]
    return [j for j in order if values[j] > 1e-9]


def shared(a, b):
    return len(set(a) & set(b)) / len(set(a) | set(b)) if a or b else 1.0


SEEDS = 4
refits = []
for s in range(SEEDS):
    tuned = shuffle(CALL_SEED, 0xF1700 + s, n)[: int(0.2 * n)]
    beta = fitted(np.setdiff1d(np.arange(n), tuned))
    refits.append((*decided(beta), np.abs(beta[1:] * (X - X.mean(0))).mean(0)))
pairs = list(itertools.combinations(refits, 2))
churn = [(a[1] != b[1]).mean() for a, b in pairs]
ranks = [st.spearmanr(a[0], b[0])[0] for a, b in pairs]
k.add("diagnose.seed_stability", sample,
      {"0.value": np.mean(churn), "0.tables.pairs.rows.0.1": SEEDS, "0.tables.pairs.rows.2.1": max(churn),
       "0.tables.pairs.rows.3.1": np.mean(ranks), "0.tables.pairs.rows.4.1": min(ranks),
       "0.tables.pairs.rows.5.1": np.mean([np.abs(expit(a[0]) - expit(b[0])).mean() for a, b in pairs])},
      before=sample, fit={"kind": "glm"}, params={"seeds": SEEDS}, tolerance=1e-7)

beta = fitted(np.arange(n))
mine = np.flatnonzero(decided(beta)[1])
TOP, RESAMPLES = 2, 30
values = shapley(beta, mine, np.arange(n))
agreed, same, sizes = [], [], []
for b in range(RESAMPLES):
    draw = Rng(CALL_SEED, 0xB0000 + b)
    again = shapley(beta, mine, [draw.below(n) for _ in range(n)])
    both = [(reasons(v, TOP), reasons(w, TOP)) for v, w in zip(values, again)]
    agreed.append(np.mean([shared(a, c) for a, c in both]))
    same.append(np.mean([a[:1] == c[:1] for a, c in both]))
    sizes.append(np.abs(again).mean(0))
k.add("explain.reason_stability", sample,
      {"0.value": np.mean(agreed), "0.interval.low": np.quantile(agreed, 0.025), "0.interval.high": np.quantile(agreed, 0.975),
       "0.tables.reasons.rows.0.1": np.mean(same)}
      | {f"0.tables.inputs.rows.{j}.{c}": v[j] for j in range(cols)
         for c, v in ((1, np.abs(values).mean(0)), (2, np.std(sizes, 0, ddof=1)))},
      before=sample, fit={"kind": "glm"}, params={"top": TOP, "resamples": RESAMPLES}, tolerance=1e-7)

half = fitted(np.arange(n // 2))
(r, a), (s, b) = decided(beta), decided(half)
both = np.flatnonzero(a & b)
values = [shapley(v, both, np.arange(n)) for v in (beta, half)]
told = [(reasons(v, TOP), reasons(w, TOP)) for v, w in zip(*values)]
k.add("explain.version_agreement", sample,
      {"0.value": np.mean([shared(v, w) for v, w in told]), "0.tables.agreement.rows.1.1": np.mean([v[:1] == w[:1] for v, w in told]),
       "0.tables.agreement.rows.2.1": st.spearmanr(*(np.abs(v).mean(0) for v in values))[0],
       "0.tables.agreement.rows.3.1": st.spearmanr(r, s)[0], "0.tables.agreement.rows.4.1": (a != b).mean()},
      before=sample, fit={"kind": "glm"}, rival_fit={"kind": "glm", "rows": n // 2}, params={"top": TOP}, tolerance=1e-9)

# ---- a sum of stumps cut short: boosting by Newton's steps on yes-or-no inputs, written out
n, cols = 160, 10
X = rng.integers(0, 2, (2, n, cols)).astype(float)
seen, later = ((rng.random(n) < expit(-0.6 + x @ np.r_[0.9, -0.7, np.zeros(cols - 2)])).astype(int) for x in X)
TREES, RATE, L2 = 12, 0.5, 1.0
raw = [np.full(n, np.log(seen.mean() / (1 - seen.mean()))) for _ in X]
told = []
for _ in range(TREES):
    p = expit(raw[0])
    g, h = p - seen, p * (1 - p)
    gain = [sum(g[X[0][:, j] == v].sum() ** 2 / (h[X[0][:, j] == v].sum() + L2) for v in (0, 1)) for j in range(cols)]
    j = int(np.argmax(gain))
    leaf = [-RATE * g[X[0][:, j] == v].sum() / (h[X[0][:, j] == v].sum() + L2) for v in (0, 1)]
    raw = [r + np.where(x[:, j] == 1, leaf[1], leaf[0]) for r, x in zip(raw, X)]
    told.append([r.copy() for r in raw])


def parts(s, y):
    s = np.round(s, 9)  # sums of the same leaves in another order are tied
    won = (s[y == 1][:, None] > s[y == 0]) + 0.5 * (s[y == 1][:, None] == s[y == 0])
    return won.mean(), won.mean(1), won.mean(0)


rows, whole = [], parts(told[-1][1], later)
for k_ in (3, 6, 9, 12):
    a = parts(told[k_ - 1][1], later)
    v = (a[1] - whole[1]).var(ddof=1) / later.sum() + (a[2] - whole[2]).var(ddof=1) / (n - later.sum())
    loss = [np.logaddexp(0, np.where(y == 1, -r, r)).mean() for r, y in zip(told[k_ - 1], (seen, later))]
    rows.append((k_, a[0], loss[1], parts(told[k_ - 1][0], seen)[0], loss[0], a[0] - whole[0], np.sqrt(v)))
fall, error = (np.array([r[c] for r in rows[:-1]]) for c in (5, 6))
fewer = multipletests(st.norm.sf(fall / error), method="holm")[1]
top = int(np.argmax([r[1] for r in rows]))
assert top < 3
grown = lambda x, y: {"columns": {f"x{j}": x[:, j] for j in range(cols)}, "bad": y}
k.add("diagnose.overfit_iterations", grown(X[1], later),
      {"0.value": fall[top], "0.p_value": fewer[top], "0.interval.low": fall[top] - Z * error[top],
       "0.interval.high": fall[top] + Z * error[top]}
      | {f"0.tables.trees.rows.{i}.{c}": r[c] for i, r in enumerate(rows) for c in range(5)},
      before=grown(X[0], seen), tolerance=1e-6, params={"steps": 4},
      fit={"kind": "gbdt", "params": "{trees: 12, learning_rate: 0.5, depth: 1, l2: 1, min_child_weight: 0, min_child_rows: 1, "
                                     "row_sample: 1, column_sample: 1, early_stop: 0}"})
k.write()

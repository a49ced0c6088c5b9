#!/usr/bin/env python3
"""Diagnostics of a model that is a formula. Expected values are worked out from the definitions in numpy: DeLong's
components for the gap of a slice, the mean over all pairs of cases for permutation importance (the expectation of
scikit-learn's permutation_importance over its shuffles, which come close with many repeats)."""
import datetime
import json
import pathlib

import numpy as np
import scipy
from scipy.stats import beta, chi2, false_discovery_control, norm

from kit import CALL_SEED, Rng, delong, holm, mix, shuffle

SEED = 20261122
rng = np.random.default_rng(SEED)
n = 400
x = np.round(rng.normal(size=n), 3)
z = np.round(rng.normal(size=n), 3)
idle = np.round(rng.normal(size=n), 3)
# the model is right but where x is high: there the outcome has nothing to do with z
truth = 1 / (1 + np.exp(-np.where(x < np.quantile(x, 0.75), 0.4 * x + 2.0 * z, 0.5)))
bad = (rng.random(n) < truth).astype(int)
model = {"constant": -0.2, "linear": {"x": 0.4, "z": 1.5, "idle": 0}}


def raw(x, z):
    return -0.2 + 0.4 * x + 1.5 * z


def loss(r):
    return np.where(bad == 1, np.log1p(np.exp(-r)), np.log1p(np.exp(r)))


def components(score, bad):
    b, g = score[bad == 1], score[bad == 0]
    won = (b[:, None] > g).astype(float) + 0.5 * (b[:, None] == g)
    own = np.empty(len(score))
    own[bad == 1], own[bad == 0] = won.mean(1), won.mean(0)
    return own, won.mean()


score = raw(x, z)
own, auc = components(score, bad)
edges = [np.sort(x)[n * k // 4] for k in range(1, 4)]
# probabilities on one line of the log-odds that fits all cases (Newton), and what they promise in a slice
line = np.zeros(2)
design = np.column_stack([np.ones(n), score])
for _ in range(50):
    q = 1 / (1 + np.exp(-design @ line))
    line = line + np.linalg.solve((design * (q * (1 - q))[:, None]).T @ design, design.T @ (bad - q))
held = 1 / (1 + np.exp(-design @ line))


def promise(s):
    k = (score[s][:, None] > score[s]).astype(float) + 0.5 * (score[s][:, None] == score[s])
    np.fill_diagonal(k, 0)
    off = 1 - np.eye(s.sum())
    q = held[s]
    pairs = q @ off @ (1 - q)
    auc = q @ k @ (1 - q) / pairs
    g = (k - auc * off) @ (1 - q) - (k.T - auc * off) @ q
    return auc, np.sqrt((q * (1 - q) * g**2).sum()) / pairs


best = kept = None
promised = []
for name, v in [("x", x), ("z", z), ("idle", idle)]:
    edges = [np.sort(v)[n * k // 4] for k in range(1, 4)]
    bins = np.searchsorted(edges, v, side="right")
    for k in range(4):
        s = bins == k
        m = np.array([(bad[s] == c).sum() for c in (0, 1)], float)
        if m.min() < 10:
            continue
        slice_own, slice_auc = components(score[s], bad[s])
        variance = 0
        for c in (0, 1):
            total = (bad == c).sum()
            influence = -(own - auc) / total
            influence[s] += (slice_own - slice_auc) / m[c]
            variance += (influence[bad == c] ** 2).sum() * m[c] / (m[c] - 1)
        z_value = (auc - slice_auc) / np.sqrt(variance)
        own_auc, own_se = promise(s)
        promised.append(float((own_auc - slice_auc) / own_se))
        if kept is None or promised[-1] > kept[0]:
            kept = (float((own_auc - slice_auc) / own_se), float(own_auc - slice_auc), float(own_se), float(own_auc),
                    float(slice_auc))
        if best is None or z_value > best[0]:
            best = (float(z_value), name, k, float(auc - slice_auc), float(np.sqrt(variance)), float(slice_auc))

base = loss(score)
importance = {
    "x": np.mean([loss(raw(np.full(n, v), z)) - base for v in x]),
    "z": np.mean([loss(raw(x, np.full(n, v))) - base for v in z]),
}
now = {"columns": {"x": x.tolist(), "z": z.tolist(), "idle": idle.tolist()}, "bad": bad.tolist()}
cases = [
    {"test": "diagnose.weak_spots", "model": model, "now": now, "tolerance": 1e-10,
     "params": {"bins": 4, "crossed": 0, "least": 20},
     "expect": {"0.value": kept[1], "0.tables.slices.rows.0.6": kept[4], "0.tables.slices.rows.0.7": kept[3],
                "0.p_value": float(false_discovery_control(norm.sf(promised)).min()),
                "0.interval.low": kept[1] - 1.959963984540054 * kept[2]}},
    {"test": "diagnose.weak_spots", "model": model, "now": now, "tolerance": 1e-10,
     "params": {"bins": 4, "crossed": 0, "least": 20, "against": "all"},
     "expect": {"0.value": best[3], "0.tables.slices.rows.0.6": best[5], "0.tables.slices.rows.0.7": float(auc),
                "0.interval.low": best[3] - 1.959963984540054 * best[4]}},
    {"test": "explain.permutation", "model": model, "now": now, "tolerance": 4e-3, "params": {"repeats": 400},
     "expect": {"0.value": 2, "0.tables.importance.rows.0.1": float(importance["z"]),
                "0.tables.importance.rows.1.1": float(importance["x"]),
                "0.tables.importance.rows.2.1": 0}},
    {"test": "explain.unused_inputs", "model": model, "now": now, "expect": {"0.value": 1,
     "0.tables.inputs.rows.2.1": "no", "0.tables.inputs.rows.1.1": "yes"}},
]
# accumulated local effects by hand: two inputs, one product
few = {"x": [0.0, 1.0, 2.0, 3.0, 4.0], "z": [1.0, 2.0, 0.0, 1.0, 3.0]}
fx, fz = np.array(few["x"]), np.array(few["z"])
# f = x + z + 2 x z; two bins of x: edges 0, 2, 4; cases 0, 1, 2 in (0, 2], cases 3, 4 in (2, 4]
step = [np.mean(2 * (1 + 2 * fz[:3])), np.mean(2 * (1 + 2 * fz[3:]))]
ale = np.array([0, step[0], step[0] + step[1]])
ale = ale - (3 * (ale[0] + ale[1]) / 2 + 2 * (ale[1] + ale[2]) / 2) / 5


def f(x, z):
    return x + z + 2 * x * z


px = np.array([np.mean(f(v, fz)) for v in fx])
pz = np.array([np.mean(f(fx, v)) for v in fz])
pxz = f(fx, fz)
px, pz, pxz = px - px.mean(), pz - pz.mean(), pxz - pxz.mean()
h = np.sqrt(((pxz - px - pz) ** 2).sum() / (pxz**2).sum())
rest = (pxz - px - pz) ** 2  # a ratio of two means over cases: its error by the delta method
h_se = np.sqrt(((rest - h**2 * pxz**2) ** 2).sum()) / (pxz**2).sum()
product = {"linear": {"x": 1, "z": 1}, "products": [["x", "z", 2]]}
at = {"columns": few}
sd = fx.std(ddof=1)


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


up = np.abs(sigmoid(-5 + fx + sd + 0.1 * fz) - sigmoid(-5 + fx + 0.1 * fz))
down = np.abs(sigmoid(-5 + fx - sd + 0.1 * fz) - sigmoid(-5 + fx + 0.1 * fz))
shocked = max(up, down, key=np.mean)
cases += [
    {"test": "explain.ale", "model": product, "now": at, "params": {"bins": 2}, "tolerance": 1e-12,
     "expect": {f"{0 if px.var() >= pz.var() else 1}.value": float(ale.max() - ale.min())} | {f"{0 if px.var() >= pz.var() else 1}.tables.ale.rows.{k}.1": float(ale[k]) for k in range(3)}},
    {"test": "explain.h_statistic", "model": product, "now": at, "tolerance": 1e-12,
     "expect": {"0.value": float(h), "0.interval.low": float(np.sqrt(max(0, h**2 - 1.959963984540054 * h_se))),
                "0.interval.high": float(np.sqrt(h**2 + 1.959963984540054 * h_se))}},
    {"test": "explain.h_statistic", "model": {"linear": {"x": 1, "z": 3}}, "now": at, "tolerance": 1e-7,
     "expect": {"0.value": 0}},
    {"test": "diagnose.shocks", "model": {"constant": -5, "linear": {"x": 1, "z": 0.1}}, "now": at,
     "tolerance": 1e-12, "expect": {"0.value": float(max(up.mean(), down.mean())),
     "0.interval.low": float(shocked.mean() - 1.959963984540054 * shocked.std(ddof=1) / np.sqrt(5)),
     "0.interval.high": float(shocked.mean() + 1.959963984540054 * shocked.std(ddof=1) / np.sqrt(5)),
     "0.tables.shocks.rows.0.1": "maximum"}},
    {"test": "diagnose.noise", "model": {"linear": {"x": 1, "idle": 0}}, "now": now | {
        "columns": {"x": [0.0] * 200 + [1e6] * 200, "idle": idle.tolist()}, "bad": [0] * 200 + [1] * 200},
     "expect": {"0.value": 0, "0.tables.sizes.rows.0.1": 1}, "params": {"space": "raw"}},
]
# the worst tenth of either outcome against the rest: stability index with half a case added to each bin
worst = np.zeros(n, bool)
for c in (0, 1):
    of_c = np.flatnonzero(bad == c)
    worst[of_c[np.argsort(-base[of_c], kind="stable")][: int(0.1 * len(of_c))]] = True


def psi_p(v):
    return float(chi2.sf(psi(v) / (1 / worst.sum() + 1 / (~worst).sum()), 9))


def psi(v):
    edges = [np.sort(v)[n * k // 10] for k in range(1, 10)]
    bins = np.searchsorted(edges, v, side="right")
    e = np.bincount(bins[~worst], minlength=10) + 0.5
    a = np.bincount(bins[worst], minlength=10) + 0.5
    e, a = e / e.sum(), a / a.sum()
    return float(((a - e) * np.log(a / e)).sum())


found = sorted([psi(x), psi(z), psi(idle)], reverse=True)
# sets of outcomes: the reach from one half of a shuffle, coverage on the other
p_of = sigmoid(score)
order = shuffle(CALL_SEED, 0x9100, n)
odd = np.where(bad == 1, 1 - p_of, p_of)
half = n // 2
reach = np.sort(odd[order[:half]])[int(np.ceil((half + 1) * 0.9)) - 1]
rest_of = np.setdiff1d(np.arange(n), order[:half])
holds = []
for v in (x, z, idle):
    edges = [np.sort(v)[n * k // 5] for k in range(1, 5)]
    of = np.searchsorted(edges, v, side="right")
    holds += [rest_of[of[rest_of] == k] for k in range(5)]
holds = [h for h in holds if len(h) >= 20]


def sets_law(cases):
    """How many sets hold the truth, how many the probabilities promise, and the chance of so few: the law of a sum of
    unequal coins, one convolution a case."""
    coin = held[cases] * (1 - p_of[cases] <= reach) + (1 - held[cases]) * (p_of[cases] <= reach)
    law = np.ones(1)
    for c in coin:
        law = np.convolve(law, [1 - c, c])
    count = int((odd[cases] <= reach).sum())
    return count, coin.sum(), min(1.0, law[: count + 1].sum())


laws = [sets_law(h) for h in holds]
chance = np.array([law[2] for law in laws])
fdr = false_discovery_control(chance)
gap = [(law[1] - law[0]) / len(h) for law, h in zip(laws, holds)]
significant = [i for i in range(len(holds)) if fdr[i] <= 0.05]
pick = max(significant, key=lambda i: gap[i]) if significant else int(np.argmin(chance))
k_held, k_all, k_told = laws[pick][0], len(holds[pick]), laws[pick][1] / len(holds[pick])
# noise: each number of each case moves by its own normal number, times a tenth of the input's deviation
some = 60
noisy = {"columns": {"x": x[:some].tolist(), "z": z[:some].tolist(), "idle": idle[:some].tolist()}, "bad": bad[:some].tolist()}
truth_of = raw(x[:some], z[:some])


def paired(a, b, y):
    def parts(s):
        u, v = s[y == 1], s[y == 0]
        won = (u[:, None] > v[None, :]) + 0.5 * (u[:, None] == v[None, :])
        return won.mean(), won.mean(1), won.mean(0)

    (p0, p1, p2), (q0, q1, q2) = parts(a), parts(b)
    return p0 - q0, (p1 - q1).var(ddof=1) / len(p1) + (p2 - q2).var(ddof=1) / len(p2)


falls = []
for r in range(3):
    moved = np.empty((some, 3))
    for i in range(some):
        draw = Rng(mix(CALL_SEED, i), 0x7000 + r)
        moved[i] = [norm.ppf(((draw.next() >> 12) + 0.5) * 2.0**-52) for _ in range(3)]
    falls.append(paired(truth_of, raw(x[:some] + 0.1 * x[:some].std(ddof=1) * moved[:, 0],
                                      z[:some] + 0.1 * z[:some].std(ddof=1) * moved[:, 1]), bad[:some]))
fall = np.array([f for f, _ in falls])
fall_se = np.sqrt(np.mean([v for _, v in falls]) + fall.var(ddof=1) / 3)
cases += [
    {"test": "diagnose.worst_cases", "model": model, "now": now, "tolerance": 1e-12,
     "expect": {"0.value": found[0], "0.p_value": float(min(holm([psi_p(x), psi_p(z), psi_p(idle)]))), **{f"0.tables.inputs.rows.{k}.1": found[k] for k in range(3)}}},
    {"test": "diagnose.prediction_sets", "model": model, "now": now, "tolerance": 1e-10, "params": {"least": 20},
     "expect": {"0.value": float(gap[pick]), "0.p_value": float(fdr[pick]),
                "0.interval.low": float(k_told - (beta.ppf(0.975, k_held + 1, k_all - k_held) if k_held < k_all else 1)),
                "0.interval.high": float(k_told - beta.ppf(0.025, k_held, k_all - k_held + 1)),
                "0.tables.coverage.rows.0.5": float(sets_law(rest_of)[1] / len(rest_of)),
                "0.tables.coverage.rows.0.8": float(sets_law(rest_of)[2]),
                "0.tables.coverage.rows.0.2": float((odd[rest_of] <= reach).mean())}},
    {"test": "diagnose.noise", "model": model, "now": noisy, "tolerance": 1e-9, "params": {"repeats": 3, "steps": 1},
     "expect": {"0.value": float(fall.mean()), "0.interval.low": float(fall.mean() - 1.959963984540054 * fall_se),
                "0.interval.high": float(fall.mean() + 1.959963984540054 * fall_se)}},
    # one probability for all: the reach is that of the bads, and every set holds both outcomes
    {"test": "diagnose.prediction_sets", "model": {"constant": -1, "linear": {"x": 0, "z": 0}}, "now": now,
     "tolerance": 1e-12, "params": {"least": 20}, "expect": {"0.value": 0, "0.tables.coverage.rows.0.6": 1}},
]
# a linear model is its own surrogate: nothing varies, and a coefficient is weight times standard deviation
cases += [{"test": "explain.lime", "model": model, "now": now, "tolerance": 1e-9, "params": {"made": 100},
           "expect": {"0.value": 0, "0.interval.low": 0, "0.interval.high": 0, "0.tables.inputs.rows.0.1": float(0.4 * x.std(ddof=1)),
                      "0.tables.inputs.rows.1.1": float(1.5 * z.std(ddof=1)), "0.tables.surrogates.rows.0.0": 1}}]
# partial dependence and individual curves of the product, whose inputs stand in the order of their strength
first, second = ("x", "z") if px.var() >= pz.var() else ("z", "x")


def curves(name):
    grid = np.unique(few[name])
    return grid, np.array([f(v, fz) if name == "x" else f(fx, v) for v in grid])


def apart(name):
    raws = curves(name)[1]
    raws = raws - raws.mean(0)
    return ((raws - raws.mean(1, keepdims=True)) ** 2).sum() / (raws**2).sum(), np.sqrt((raws**2).mean())


shapes = sorted(((*apart(v), v) for v in "xz"), key=lambda s: -s[0] * s[1])
# the cheapest change of each declined case, over all rows of the grid
walk = {"constant": -1, "linear": {"x": 1, "z": 1}}


def below(v, at):
    knots = np.unique(v)
    share = [((v < k).sum() + (v == k).sum() / 2) / len(v) for k in knots]
    return np.interp(at, knots, share)


costs = []
for cx, cz in zip(fx, fz):
    if cx + cz - 1 > 0:
        cost, *_ = min((abs(below(fx, a) - below(fx, cx)) + abs(below(fz, b) - below(fz, cz)), a, b)
                            for a in range(5) for b in range(4) if a + b - 1 <= 0)
        costs.append(cost)
# two heaps of cases; on one the model is wrong
heap = np.repeat([0.0, 1.0], 100)
other = heap * 3
turn = np.tile([0, 1, 0, 0], 50)
p_heap = sigmoid(-1 + 0 * heap)
turn[100:] = np.tile([1, 1, 0, 1], 25)
excess = np.abs(turn - p_heap) - 2 * p_heap * (1 - p_heap)
cases += [
    {"test": "explain.pdp", "model": product, "now": at, "tolerance": 1e-12,
     "expect": {"0.value": float(np.ptp(np.mean(sigmoid(curves(first)[1]), 1)))} | {f"0.tables.pdp.rows.{k}.1": float(np.mean(sigmoid(r))) for k, r in enumerate(curves(first)[1])}
     | {f"1.tables.pdp.rows.{k}.4": float(np.mean(r)) for k, r in enumerate(curves(second)[1])}},
    {"test": "explain.ice", "model": product, "now": at, "tolerance": 1e-12,
     "expect": {"0.value": float(shapes[0][0])} | {f"0.tables.inputs.rows.{k}.{c + 1}": float(v)
                for k, (a, b, _) in enumerate(shapes) for c, v in enumerate((a, b))}},
    {"test": "explain.recourse", "model": walk, "now": at, "params": {"cutoff": 0.5}, "tolerance": 1e-12,
     "expect": {"0.value": 1, "0.interval.low": float(beta.ppf(0.025, len(costs), 1)), "0.interval.high": 1,
                "0.tables.answers.rows.0.1": len(costs), "0.tables.answers.rows.2.1": len(costs),
                "0.tables.answers.rows.3.1": len(costs), "0.tables.answers.rows.6.1": float(np.median(costs))}},
    {"test": "explain.recourse", "model": walk, "now": at, "tolerance": 1e-12,
     "params": {"cutoff": 0.5, "rules": {"x": "fixed", "z": "up"}},
     "expect": {"0.value": 0, "0.tables.answers.rows.4.1": len(costs)}},
    {"test": "diagnose.worst_cluster", "model": {"constant": -1, "linear": {"x": 0, "z": 0}}, "tolerance": 1e-12,
     "now": {"columns": {"x": heap.tolist(), "z": other.tolist()}, "bad": turn.tolist()},
     "params": {"clusters": 2, "permutations": 99},
     "expect": {"0.value": float(excess[100:].mean() - excess[:100].mean()), "0.p_value": 0.01,
                "0.statistic": float((excess[100:].mean() - excess.mean()) / np.sqrt(excess.var(ddof=1) / 100 * 0.5)),
                "0.interval.low": float(excess[100:].mean() - excess[:100].mean()
                                        - 1.959963984540054 * excess[100:].std(ddof=1) / 10),
                "0.tables.clusters.rows.0.1": 100, "0.tables.clusters.rows.0.7": float(excess[100:].mean())}},
]
print(best, importance)
out = {"provenance": {"library": f"numpy {np.__version__}, scipy {scipy.__version__}", "seed": SEED, "date": datetime.date.today().isoformat()},
       "cases": cases}
pathlib.Path(__file__).with_name("diagnose.json").write_text(json.dumps(out) + "\n")

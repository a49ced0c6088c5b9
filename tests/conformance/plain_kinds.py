"""Interpretable kinds against scikit-learn and interpret: see plain_kinds.sh."""
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

place = Path(sys.argv[1])
wrong = 0


def table(seed, n, count, levels):
    """Numbers of so many values each, that every cut is among the bins of either; a bad event and an amount."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, levels, size=(n, count)).astype(float)
    z = np.sin(x[:, 0] / 4) + 0.03 * x[:, 1] - 0.8 * (x[:, 2] > levels / 2) * (x[:, 3] > levels / 3)
    d = pd.DataFrame(x, columns=[f"x{j}" for j in range(count)])
    d["bad"] = (rng.uniform(size=n) < 1 / (1 + np.exp(0.8 - z))).astype(int)
    d["amount"] = z + 0.5 * rng.normal(size=n)
    return d


def raw(train, test, target, model):
    train.to_parquet(place / "train.parquet")
    test.to_parquet(place / "test.parquet")
    other = "amount" if target == "bad" else "bad"
    kind = "{column: bad, bad: 1}" if target == "bad" else target
    (place / "r.yaml").write_text(f"target: {kind}\nignore: [{other}]\nmodel: {{{model}}}\n")
    subprocess.run(["vouch", "fit", place / "r.yaml", place / "train.parquet", "--out", place / "m.vouch", "--quiet"],
                   check=True, stdout=subprocess.DEVNULL)
    out = subprocess.run(["vouch", "score", place / "m.vouch", place / "test.parquet", "--output", "raw", "--quiet"], check=True,
                         capture_output=True, text=True).stdout
    return np.array([float(line.split(",")[-1]) for line in out.splitlines()[1:]])


def spread(group, y):
    """Squared error about the groups' means: of 0/1 outcomes half the rows' Gini index."""
    return sum(((y[group == g] - y[group == g].mean()) ** 2).sum() for g in np.unique(group))


def log_loss(p, y):
    return -np.mean(np.log(np.where(y > 0, p, 1 - p)))


def judge(name, ours, theirs, margin):
    global wrong
    ok = ours <= theirs * (1 + margin)
    wrong += not ok
    print(f"{name}: {ours:.9g} against {theirs:.9g}" + ("" if ok else ", WORSE"))


for seed in range(12):
    d = table(seed, 1500 + 500 * (seed % 3), 4 + seed % 3, 12 + 4 * (seed % 5))
    x = d.filter(like="x").to_numpy()
    leaves, least = 3 + seed, 5 + 10 * (seed % 4)
    peer = DecisionTreeClassifier(max_leaf_nodes=leaves, min_samples_leaf=least, random_state=0).fit(x, d.bad)
    ours = raw(d, d, "bad", f"kind: tree, leaves: {leaves}, min_rows: {least}, depth: 32, prune: none")
    judge(f"tree, {leaves} leaves, Gini", spread(ours, d.bad.to_numpy()), spread(peer.apply(x), d.bad.to_numpy()), 1e-9)
    peer = DecisionTreeRegressor(max_leaf_nodes=leaves, min_samples_leaf=least, random_state=0).fit(x, d.amount)
    ours = raw(d, d, "amount", f"kind: tree, loss: squared, leaves: {leaves}, min_rows: {least}, depth: 32, prune: none")
    judge(f"tree, {leaves} leaves, squares", spread(ours, d.amount.to_numpy()), spread(peer.apply(x), d.amount.to_numpy()), 1e-9)
    peer = DecisionTreeClassifier(criterion="log_loss", max_leaf_nodes=2, min_samples_leaf=least).fit(x, d.bad)
    ours = raw(d, d, "bad", f"kind: rules, rules: 1, conditions: 1, min_rows: {least}, cuts: 40, pool: 200, falling: false, penalty: 0")
    judge("one rule, log-loss", log_loss(1 / (1 + np.exp(-ours)), d.bad.to_numpy()),
          log_loss(peer.predict_proba(x)[:, 1], d.bad.to_numpy()), 1e-6)

# An EBM's stages differ from ours (docs/gam.md), so that a loss on 2,000 new rows is held to 1 % of its.
for seed in range(3):
    from interpret.glassbox import ExplainableBoostingClassifier, ExplainableBoostingRegressor
    d = table(100 + seed, 6000, 6, 40)
    train, test = d[:4000], d[4000:].reset_index(drop=True)
    x, new = train.filter(like="x").to_numpy(), test.filter(like="x").to_numpy()
    peer = ExplainableBoostingClassifier(interactions=0, random_state=1, n_jobs=2).fit(x, train.bad)
    ours = raw(train, test, "bad", "kind: gam, pairs: 0, bags: 14")
    judge("additive, log-loss on new rows", log_loss(1 / (1 + np.exp(-ours)), test.bad.to_numpy()),
          log_loss(peer.predict_proba(new)[:, 1], test.bad.to_numpy()), 0.01)
    peer = ExplainableBoostingRegressor(interactions=0, random_state=1, n_jobs=2).fit(x, train.amount)
    ours = raw(train, test, "amount", "kind: gam, loss: squared, pairs: 0, bags: 14")
    judge("additive, squares on new rows", np.mean((ours - test.amount) ** 2), np.mean((peer.predict(new) - test.amount) ** 2), 0.01)
sys.exit(wrong > 0)

"""Quasi-moment matching (D. Tasche, J. Credit Risk 9(4), 2013, section 4) solved by scipy 1.17.1 (root, hybr, on mean and
implied AUC by their double sums), and optimal scales by trying every cut (numpy 2). Run from this folder:
    python3 make_quasi_moments.py > quasi_moments.json
"""
import itertools
import json

import numpy as np
from scipy.optimize import root
from scipy.special import expit, logit

rng = np.random.default_rng(20261122)


def implied(q, w):
    bad, good = w * q, w * (1 - q)
    above = (q[:, None] > q[None, :]) + 0.5 * (q[:, None] == q[None, :])
    return bad @ above @ good / (bad.sum() * good.sum())


cases = []
for n, to, auc, weighted in ((60, 0.02, 0.72, False), (80, 0.1, 0.85, True), (50, 0.005, 0.6, True), (40, 0.3, 0.93, False)):
    p = np.round(expit(rng.normal(-2.5, 1.1, size=n)), 3 if n != 80 else 2)
    w = np.round(rng.uniform(0.5, 3, size=n), 2) if weighted else np.ones(n)
    x = logit(p)

    def gap(v):
        q = expit(v[0] + np.exp(v[1]) * x)
        return [logit(w @ q / w.sum()) - logit(to), logit(implied(q, w)) - logit(auc)]

    s = root(gap, [logit(to) - logit(p.mean()), 0.0], tol=1e-14)
    assert max(map(abs, gap(s.x))) < 1e-12, s
    cases.append(dict(p=list(p), weight=list(w), to=to, auc=auc, a=float(s.x[0]), b=float(np.exp(s.x[1]))))

scales = []
for n, grades, least, most, top in ((14, 3, 0.1, 1.0, None), (16, 4, 0.05, 0.5, None), (18, 5, 0.05, 1.0, 0.36), (15, 4, 0.1, 0.4, None)):
    p = np.sort(np.round(expit(rng.normal(-1, 1.2, size=n)), 4))
    assert len(set(p)) == n
    w, bad = np.round(rng.uniform(1, 9, size=n), 1), (rng.uniform(size=n) < p).astype(int)
    best = (-np.inf, None, None)
    for k in range(2, grades + 1):
        for cut in itertools.combinations(range(1, n), k - 1):
            part = np.split(np.arange(n), cut)
            share = np.array([w[g].sum() for g in part]) / w.sum()
            rate = np.array([w[g] @ bad[g] / w[g].sum() for g in part])
            if (np.diff(rate) <= 0).any() or share.min() < least or share.max() > most:
                continue
            if top is not None and (share ** 2).sum() > top:
                continue
            with np.errstate(all="ignore"):
                value = sum(s * (np.nan_to_num(r * np.log(r)) + np.nan_to_num((1 - r) * np.log(1 - r))) for s, r in zip(share, rate))
            if value > best[0] + 1e-12:
                best = (value, [int(g[-1]) + 1 for g in part], float((share ** 2).sum()))
    scales.append(dict(p=list(p), weight=list(w), bad=[int(b) for b in bad], grades=grades, min_share=least, max_share=most,
                       max_herfindahl=top, end=best[1], value=float(best[0]), herfindahl=best[2]))
print(json.dumps(dict(provenance="make_quasi_moments.py: scipy 1.17.1, seed 20261122, 2026-11-22", cases=cases, scales=scales)))

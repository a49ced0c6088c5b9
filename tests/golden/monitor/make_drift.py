#!/usr/bin/env python3
"""Make drift.json: reference values for the tests of a batch.

rates    Fisher's exact test as twice the hypergeometric tail from the count away from its mean, at most 1
         (scipy.stats.hypergeom); for scipy's own two-sided p (the sum of tables no likelier) see "scipy", equal
         where the law is symmetric
unseen   binomial tail P(X >= k) at the Good-Turing rate (scipy.stats.binom)
psi      sum (a - e) ln(a / e) over given bins with shares (c + 1/2) / (N + B/2); p-value of psi / (1/n + 1/m)
         by scipy.stats.chi2 with B - 1 degrees of freedom
Provenance: scipy and numpy as printed in the file; seed 20; 2026-10. Run here: python3 make_drift.py"""
import json
import numpy
import scipy
from scipy.stats import binom, chi2, fisher_exact, hypergeom

rng = numpy.random.default_rng(20)


def rates(k1, n1, k2, n2):
    law = hypergeom(n1 + n2, k1 + k2, n2)
    tail = law.cdf(k2) if k2 * (n1 + n2) < n2 * (k1 + k2) else law.sf(k2 - 1)
    return {"k_reference": k1, "n_reference": n1, "k_batch": k2, "n_batch": n2, "p": min(1.0, 2 * tail),
            "scipy": fisher_exact([[k1, n1 - k1], [k2, n2 - k2]])[1]}


def psi(reference, batch):
    e, a = numpy.array(reference, float), numpy.array(batch, float)
    n, m, b = e.sum(), a.sum(), len(e)
    e, a = (e + .5) / (n + b / 2), (a + .5) / (m + b / 2)
    value = float(((a - e) * numpy.log(a / e)).sum())
    return {"reference": list(map(float, reference)), "batch": list(map(float, batch)), "psi": value,
            "p": float(chi2.sf(value / (1 / n + 1 / m), b - 1))}


cases = {
    "provenance": {"scipy": scipy.__version__, "numpy": numpy.__version__, "seed": 20, "date": "2026-10"},
    "tolerance": 1e-9,
    "rates": [rates(*c) for c in ((1, 10, 9, 10), (0, 20000, 3, 500), (620, 20000, 15, 500), (620, 20000, 40, 500),
                                  (5000, 10000, 5000, 10000), (300, 100000, 2600, 900000), (0, 50, 0, 50))],
    "unseen": [{"singles": s, "n_reference": n, "k": k, "n_batch": m, "p": float(binom.sf(k - 1, m, (s + 1) / (n + 1)))}
               for s, n, k, m in ((0, 99, 1, 10), (3, 20000, 2, 500), (3, 20000, 40, 500), (0, 1000, 1000, 1000))],
    "psi": [psi(rng.multinomial(20000, [.1] * 10), rng.multinomial(m, p)) for m, p in
            ((5000, [.1] * 10), (500, [.1] * 10), (5000, [.13, .12, .11, .1, .1, .1, .1, .09, .08, .07]))],
}
with open("drift.json", "w") as out:
    json.dump(cases, out, indent=1)
    out.write("\n")

"""Golden beta regressions. The data: GasolineYield of Prater (1956), as MASS::petrol of R 4.2.2 has it, and
FoodExpenditure of Griffiths, Hill & Judge (1993), both the examples of Ferrari & Cribari-Neto (2004) and of
Cribari-Neto & Zeileis, J. Statistical Software 34(2) (2010), whose published numbers the test also holds; and a
simulated table (numpy seed 20261122). Likelihood and information are those of statsmodels 0.15.0 BetaModel, extended to
weights, offsets and robust errors by the scoring below (scipy 1.17.1), whose maximum and information must be BetaModel's where both apply. Errors
are of the expected information, as betareg's. Run with these packages and MASS installed:
    python3 make_glm_beta.py > glm_beta.json
"""
import csv
import io
import json
import os
import subprocess
import sys

import numpy as np
import statsmodels
from scipy.optimize import brentq
from scipy.special import digamma, expit, gammaln, logit, polygamma
from scipy.stats import norm
from statsmodels.othermod.betareg import BetaModel
import statsmodels.genmod.families.links as L

trigamma = lambda x: polygamma(1, x)
LINKS = {  # inverse and its slope
    "logit": (expit, lambda e: expit(e) * expit(-e), logit, L.Logit()),
    "probit": (norm.cdf, norm.pdf, norm.ppf, L.Probit()),
    "cloglog": (lambda e: -np.expm1(-np.exp(e)), lambda e: np.exp(e - np.exp(e)), lambda m: np.log(-np.log1p(-m)),
                L.CLogLog()),
    "log": (np.exp, np.exp, np.log, L.Log()),
}


def rows(theta, y, X, Z, link, offset):
    inverse, slope, _, _ = LINKS[link]
    eta = X @ theta[:X.shape[1]] + offset
    mu, g, phi = inverse(eta), slope(eta), np.exp(Z @ theta[X.shape[1]:])
    a, b = mu * phi, (1 - mu) * phi
    gap = logit(y) - digamma(a) + digamma(b)
    ll = gammaln(phi) - gammaln(a) - gammaln(b) + (a - 1) * np.log(y) + (b - 1) * np.log1p(-y)
    ue, uz = phi * gap * g, phi * (mu * gap + np.log1p(-y) - digamma(b) + digamma(phi))
    kee = (phi * g) ** 2 * (trigamma(a) + trigamma(b))
    kez = phi ** 2 * g * (mu * trigamma(a) - (1 - mu) * trigamma(b))
    kzz = phi ** 2 * (mu ** 2 * trigamma(a) + (1 - mu) ** 2 * trigamma(b) - trigamma(phi))
    return eta, mu, phi, ll, ue, uz, kee, kez, kzz


def fit(y, X, Z, link, w, offset):
    theta = np.r_[np.linalg.lstsq(X, LINKS[link][2](y) - offset, rcond=None)[0], 2.0, np.zeros(Z.shape[1] - 1)]
    best = -np.inf
    for _ in range(500):
        _, _, _, ll, ue, uz, kee, kez, kzz = rows(theta, y, X, Z, link, offset)
        U = np.r_[X.T @ (w * ue), Z.T @ (w * uz)]
        K = np.block([[X.T @ (X * (w * kee)[:, None]), X.T @ (Z * (w * kez)[:, None])],
                      [Z.T @ (X * (w * kez)[:, None]), Z.T @ (Z * (w * kzz)[:, None])]])
        step, share = np.linalg.solve(K, U), 1.0
        while share > 1e-9:
            with np.errstate(all="ignore"):
                trial = np.sum(w * rows(theta + share * step, y, X, Z, link, offset)[3])
            if trial >= np.sum(w * ll) - 1e-11:
                break
            share /= 2
        theta = theta + share * step
        if np.abs(step).max() < 1e-13 * max(1, np.abs(theta).max()):
            break
    return theta, np.linalg.inv(K)


def deviance(y, mu, phi, w):
    total = 0.0
    for yi, mi, pi, wi in zip(y, mu, phi, w):
        f = lambda t: digamma(expit(t) * pi) - digamma(expit(-t) * pi) - logit(yi)
        best = expit(brentq(f, logit(yi) - 50, logit(yi) + 50, xtol=1e-14))
        h = lambda m: m * pi * logit(yi) - gammaln(m * pi) - gammaln((1 - m) * pi)
        total += wi * 2 * (h(best) - h(mi))
    return total


def case(name, params, y, X, Z=None, link="logit", w=None, offset=None, how=None, cluster=None):
    n = len(y)
    Z = np.ones((n, 1)) if Z is None else Z
    weight, off = np.ones(n) if w is None else w, np.zeros(n) if offset is None else offset
    theta, A = fit(y, X, Z, link, weight, off)
    if w is None and offset is None:
        model = BetaModel(y, X, exog_precision=Z, link=LINKS[link][3])
        assert abs(model.loglike(theta) - np.sum(rows(theta, y, X, Z, link, off)[3])) < 1e-9, name
        assert model.score(theta) @ A @ model.score(theta) < 1e-18, (name, model.score(theta))
        expected = -model.score_hessian_factor(theta, return_hessian=True, observed=False)[1][0]
        assert np.allclose(expected, rows(theta, y, X, Z, link, off)[6], rtol=1e-9), name
    eta, mu, phi, ll, ue, uz, *_ = rows(theta, y, X, Z, link, off)
    null = fit(y, np.ones((n, 1)), np.ones((n, 1)), link, weight, off)[0]
    null_ll = np.sum(weight * rows(null, y, np.ones((n, 1)), np.ones((n, 1)), link, off)[3])
    S = np.hstack([X * (weight * ue)[:, None], Z * (weight * uz)[:, None]])
    k = len(theta)
    if how in ("hc0", "hc1"):
        A = A @ (S.T @ S) @ A * (n / (n - k) if how == "hc1" else 1)
    if how == "cluster":
        groups = np.unique(cluster)
        sums = np.array([S[cluster == g].sum(axis=0) for g in groups])
        A = A @ (sums.T @ sums) @ A * len(groups) / (len(groups) - 1) * (n - 1) / (n - k)
    error, p = np.sqrt(np.diag(A)), X.shape[1]
    total, d = float(np.sum(weight * ll)), deviance(y, mu, phi, weight)
    link_y = LINKS[link][2](y)
    cor = np.cov(np.vstack([eta, link_y]), aweights=weight)
    return dict(name=name, params=params, y=list(map(float, y)), weight=None if w is None else list(map(float, w)),
                coefficient=list(map(float, theta[:p])), error=list(map(float, error[:p])),
                precision=list(map(float, theta[p:])), precision_error=list(map(float, error[p:])),
                log_likelihood=total, aic=2 * k - 2 * total, deviance=float(d),
                null_deviance=float(d + 2 * (total - null_ll)),
                pearson=float(np.sum(weight * (y - mu) ** 2 * (1 + phi) / (mu * (1 - mu)))),
                pseudo_r2=float(cor[0, 1] ** 2 / (cor[0, 0] * cor[1, 1])))


def dummies(codes, base):
    return [(codes == k).astype(float) for k in sorted(set(codes)) if k != base]


text = subprocess.run(["Rscript", "-e", "write.csv(MASS::petrol, row.names = FALSE)"], capture_output=True, text=True,
                      check=True).stdout
petrol = list(csv.DictReader(io.StringIO(text)))
temp, batch = np.array([float(r["EP"]) for r in petrol]), np.array([ord(r["No"]) - 65 for r in petrol])
yld = np.array([float(r["Y"]) for r in petrol]) / 100
one = np.ones(len(yld))
Xg = np.column_stack([one, temp] + dummies(batch, 9))
here = "family: beta, base: {x1: c9}"
gasoline = dict(columns=[list(temp), list(map(float, batch))], cases=[
    case("gasoline", "{%s}" % here, yld, Xg),
    case("gasoline_temp", "{%s, precision: [x0]}" % here, yld, Xg, np.column_stack([one, temp])),
    case("gasoline_probit", "{%s, link: probit}" % here, yld, Xg, link="probit"),
    case("gasoline_cloglog", "{%s, link: cloglog}" % here, yld, Xg, link="cloglog"),
    case("gasoline_log", "{%s, link: log}" % here, yld, Xg, link="log")])

path = os.path.join(os.path.dirname(statsmodels.__file__), "othermod", "tests", "results", "foodexpenditure.csv")
food = list(csv.DictReader(open(path)))
income, persons = (np.array([float(r[k]) for r in food]) for k in ("income", "persons"))
share = np.array([float(r["food"]) for r in food]) / income
one = np.ones(len(share))
Xf = np.column_stack([one, income, persons])
food = dict(columns=[list(income), list(persons)], cases=[
    case("food", "{family: beta}", share, Xf),
    case("food_persons", "{family: beta, precision: [x1]}", share, Xf, np.column_stack([one, persons]))])

rng = np.random.default_rng(20261122)
n = 240
x0, x1, x2 = np.round(rng.normal(size=n), 3), rng.integers(0, 4, size=n), np.round(rng.uniform(1, 9, size=n), 2)
off, cluster = np.round(rng.normal(scale=0.3, size=n), 3), rng.integers(0, 25, size=n)
w = np.round(rng.uniform(0.5, 3.0, size=n), 2)
mu = expit(-0.6 + 0.5 * x0 + np.array([0, 0.4, -0.5, 0.2])[x1] - 0.05 * x2 + off)
phi = np.exp(1.0 + 0.4 * x0 + np.array([0, 0.5, 0.1, -0.4])[x1])
y = np.clip(np.round(rng.beta(mu * phi, (1 - mu) * phi), 6), 1e-6, 1 - 1e-6)
one = np.ones(n)
X = np.column_stack([one, x0] + dummies(x1, 0) + [x2])
Zs = np.column_stack([one, x0] + dummies(x1, 0))
here = "family: beta, base: {x1: c0}, leave_out: [x3, x4]"
with_offset = "family: beta, base: {x1: c0}, leave_out: [x4], offset: x3"
inputs = dict(columns=[list(map(float, c)) for c in (x0, x1, x2, off, cluster)], cases=[
    case("plain", "{%s}" % here, y, X),
    case("spread", "{%s, precision: [x0, x1]}" % here, y, X, Zs),
    case("weighted", "{%s}" % here, y, X, w=w),
    case("offset", "{%s, precision: [x0]}" % with_offset, y, X, np.column_stack([one, x0]), w=w, offset=off),
    case("hc0", "{%s, covariance: hc0}" % here, y, X, how="hc0"),
    case("hc1", "{%s, precision: [x0, x1], covariance: hc1}" % here, y, X, Zs, w=w, how="hc1"),
    case("cluster", "{%s, precision: [x0], covariance: cluster, cluster: x4}" % here, y, X, np.column_stack([one, x0]),
         how="cluster", cluster=cluster)])

json.dump(dict(provenance="make_glm_beta.py: statsmodels 0.15.0, scipy 1.17.1, R 4.2.2 MASS, seed 20261122, 2026-11-22",
               gasoline=gasoline, food=food, simulated=inputs), sys.stdout)

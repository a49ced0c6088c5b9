"""The parameters of families, and splines at quantiles, by definition: beside the columns and targets of glm.json.
Tweedie: the likelihood is the sum over the number of claims of Poisson's probability times gamma's density (scipy), at
statsmodels' coefficients for a power; dispersion and power are where scipy's bounded search finds it greatest.
    python3 make_glm_shape.py > glm_shape.json
"""
import json
import warnings

import numpy as np
import scipy.stats as st
import statsmodels.api as sm
from scipy.interpolate import BSpline
from scipy.optimize import minimize_scalar

warnings.simplefilter("ignore")
golden = json.load(open("glm.json"))
x0, x1, x2 = (np.array(c) for c in golden["columns"][:3])
case = {c["name"]: c for c in golden["cases"]}
n = len(x0)
head = [np.ones(n), x0] + [(x1 == k).astype(float) for k in (1, 2, 3)]
base = "base_level: first, leave_out: [x3, x4]"


def log_density(y, mu, phi, power):
    rate = mu ** (2 - power) / (phi * (2 - power))
    shape, scale = (2 - power) / (power - 1), phi * (power - 1) * mu ** (power - 1)
    k = np.arange(1, 400)
    terms = st.poisson.logpmf(k, rate[:, None]) + st.gamma.logpdf(np.maximum(y, 1e-300)[:, None], k * shape,
                                                                  scale=scale[:, None])
    return np.where(y > 0, np.logaddexp.reduce(terms, axis=1), -rate)


def tweedie(y):
    X = np.column_stack(head + [x2])

    def at(power):
        fit = sm.GLM(y, X, family=sm.families.Tweedie(sm.families.links.Log(), var_power=power)).fit(tol=1e-13, maxiter=300)
        centre = np.log(fit.pearson_chi2 / fit.df_resid)
        best = minimize_scalar(lambda s: -log_density(y, fit.fittedvalues, np.exp(s), power).sum(),
                               bounds=(centre - 1, centre + 1), method="bounded", options=dict(xatol=1e-9))
        return -best.fun, np.exp(best.x), fit
    best = minimize_scalar(lambda p: -at(p)[0], bounds=(1.01, 1.99), method="bounded", options=dict(xatol=1e-9))
    value, phi, fit = at(best.x)
    return dict(params="{family: tweedie, %s}" % base, y=list(y), power=float(best.x), dispersion=float(phi),
                profile=float(value), coefficient=list(map(float, fit.params)))


def splines(y, family, word, n_knots, kind):
    knots = np.quantile(x2, np.linspace(0.05, 0.95, n_knots))
    if kind == "natural":
        p, t = (lambda v: np.maximum(v, 0) ** 3), knots
        cols = [x2] + [(p(x2 - t[j]) - p(x2 - t[-2]) * (t[-1] - t[j]) / (t[-1] - t[-2])
                        + p(x2 - t[-1]) * (t[-2] - t[j]) / (t[-1] - t[-2])) / (t[-1] - t[0]) ** 2
                       for j in range(n_knots - 2)]
    else:
        full = np.concatenate([[knots[0]] * 3, knots, [knots[-1]] * 3])
        cols = list(BSpline.design_matrix(np.clip(x2, knots[0], knots[-1]), full, 3).toarray()[:, 1:].T)
    fit = sm.GLM(y, np.column_stack(head + cols), family=family).fit(tol=1e-14, maxiter=300)
    return dict(params="{%ssplines: {x2: {type: %s, knots: %d}}, %s}" % (word, kind, n_knots, base), y=list(y),
                knots=list(map(float, knots)), coefficient=list(map(float, fit.params)), deviance=float(fit.deviance))


yt = np.array(case["tweedie"]["y"])
yb = np.array(case["logit"]["y"])
yp = np.array(case["poisson_identity"]["y"]) - 1
F = sm.families
print(json.dumps(dict(
    provenance="make_glm_shape.py: statsmodels 0.15.0, scipy 1.17.1, data of glm.json, 2026-11-22",
    columns=golden["columns"], tweedie=tweedie(yt),
    splines=[splines(yb, F.Binomial(), "", 4, "natural"), splines(yp, F.Poisson(), "family: poisson, ", 5, "natural"),
             splines(yp, F.Poisson(), "family: poisson, ", 4, "bspline")])))

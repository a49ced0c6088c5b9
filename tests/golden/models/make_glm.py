"""Golden generalised linear models: statsmodels 0.15.0 GLM on small simulated tables (seed 20261122), converged to
1e-14; elastic nets by scikit-learn 1.9.1 and glum 3.4.1 with tight tolerances. Likelihoods are scipy's densities at R's
dispersions (docs/glm.md), not statsmodels', which takes another dispersion. Run with these packages installed:
    python3 make_glm.py > glm.json
"""
import json
import warnings

import numpy as np
import scipy.stats as st
import statsmodels.api as sm
from sklearn.linear_model import ElasticNet

warnings.simplefilter("ignore")
rng = np.random.default_rng(20261122)
n = 160
x0 = np.round(rng.normal(size=n), 3)
x1 = rng.integers(0, 4, size=n)
x2 = np.round(rng.uniform(1, 9, size=n), 2)
exposure = np.round(rng.uniform(0.2, 2.0, size=n), 3)
cluster = rng.integers(0, 25, size=n)
weight = np.round(rng.uniform(0.5, 3.0, size=n), 2)
eta = 0.3 + 0.5 * x0 + np.array([0, 0.4, -0.5, 0.2])[x1] - 0.1 * x2


def design(*extra):
    d = [np.ones(n), x0] + [(x1 == k).astype(float) for k in (1, 2, 3)] + [x2] + list(extra)
    return np.column_stack(d)


L = sm.families.links
cases = []


def add(name, y, family, params, X=None, w=None, offset=None, ll=None, cov=None, ddof=0, kind=None, **kw):
    X = design() if X is None else X
    model = sm.GLM(y, X, family=family, var_weights=w, offset=offset)
    start = None if offset is not None or kw.pop("cold", True) else np.r_[1.0, np.zeros(X.shape[1] - 1)]
    fit = model.fit(start_params=start, tol=1e-14, maxiter=300, **({"cov_type": cov, **kw} if cov else {}))
    k = X.shape[1]
    case = dict(name=name, params=params, y=[float(v) for v in y], weight=None if w is None else list(map(float, w)),
                coefficient=list(map(float, fit.params)), error=list(map(float, fit.bse)), deviance=float(fit.deviance),
                null_deviance=float(fit.null_deviance), pearson=float(fit.pearson_chi2))
    if ll is not None:
        value = float(ll(fit, np.ones(n) if w is None else w))
        case["log_likelihood"] = value
        case["aic"] = -2 * value + 2 * (k + ddof)
    if cov in ("HC1", "HC2", "HC3"):  # statsmodels gives HC0 for each; MacKinnon & White's, as R's sandwich does
        law = fit.family
        g = 1 / law.link.deriv(fit.fittedvalues)
        grip = g ** 2 / law.variance(fit.fittedvalues)
        pull = (y - fit.fittedvalues) * g / law.variance(fit.fittedvalues)
        A = np.linalg.inv(X.T @ (X * grip[:, None]))
        h = grip * np.einsum("ij,jk,ik->i", X, A, X)
        f = dict(HC1=np.full(n, n / (n - k)), HC2=1 / (1 - h), HC3=1 / (1 - h) ** 2)[cov]
        case["error"] = list(map(float, np.sqrt(np.diag(A @ (X.T @ (X * (pull ** 2 * f)[:, None])) @ A))))
    if cov is None:
        hat = fit.get_hat_matrix_diag(observed=False)
        case["leverage"] = [float(hat.max()), float(hat.sum())]
    cases.append(case)
    return fit


def plain(fit, w):
    return fit.llf


def gaussian(fit, w):
    s2 = fit.deviance / n
    return np.sum(st.norm.logpdf(fit.model.endog, fit.fittedvalues, np.sqrt(s2 / w)))


def gamma(fit, w):
    phi = fit.deviance / w.sum()
    return np.sum(w * st.gamma.logpdf(fit.model.endog, 1 / phi, scale=fit.fittedvalues * phi))


def inverse_gaussian(fit, w):
    phi = fit.deviance / w.sum()
    y, mu = fit.model.endog, fit.fittedvalues
    return np.sum(w * (-0.5 * (np.log(2 * np.pi * phi * y ** 3) + (y - mu) ** 2 / (phi * y * mu ** 2))))


base = "base_level: first, leave_out: [x3, x4]"
yg = np.round(eta + 0.5 * rng.normal(size=n), 4)
yb = (rng.uniform(size=n) < 1 / (1 + np.exp(-eta))).astype(float)
yp = rng.poisson(exposure * np.exp(eta)).astype(float)
yr = np.round(rng.gamma(2.0, np.exp(eta) / 2.0), 4) + 0.01
yi = np.round(rng.wald(np.exp(eta), 2.0), 4) + 0.01
yt = np.round(np.array([rng.gamma(2.0, 0.6, size=c).sum() for c in rng.poisson(np.exp(eta))]), 4)
yn = rng.negative_binomial(1.4, 1.4 / (1.4 + np.exp(eta))).astype(float)
yv = np.round(rng.gamma(3.0, 1 / (2.5 + 0.3 * x0 + 0.2 * x1 + 0.1 * x2) / 3.0), 4) + 0.01
F = sm.families

add("gaussian", yg, F.Gaussian(), "{family: gaussian, %s}" % base, ll=gaussian, ddof=1)
add("gaussian_weighted", yg, F.Gaussian(), "{family: gaussian, %s}" % base, w=weight, ll=gaussian, ddof=1)
add("logit", yb, F.Binomial(), "{%s}" % base, ll=plain)
add("logit_weighted", yb, F.Binomial(), "{%s}" % base, w=weight)
add("probit", yb, F.Binomial(L.Probit()), "{link: probit, %s}" % base, ll=plain)
add("cloglog", yb, F.Binomial(L.CLogLog()), "{link: cloglog, %s}" % base, ll=plain)
exposed = "exposure: x3, base_level: first, leave_out: [x4]"
add("poisson_exposure", yp, F.Poisson(), "{family: poisson, %s}" % exposed, offset=np.log(exposure), ll=plain)
add("poisson_frequency", yp / exposure, F.Poisson(), "{family: poisson, %s}" % base, w=exposure)
add("poisson_identity", yp + 1, F.Poisson(L.Identity(), check_link=False), "{family: poisson, link: identity, %s}" % base, ll=plain)
add("gamma_log", yr, F.Gamma(L.Log()), "{family: gamma, %s}" % base, w=weight, ll=gamma, ddof=1)
add("gamma_inverse", yv, F.Gamma(L.InversePower()), "{family: gamma, link: inverse, %s}" % base, ll=gamma, ddof=1)
add("inverse_gaussian_log", yi, F.InverseGaussian(L.Log()), "{family: inverse_gaussian, %s}" % base,
    ll=inverse_gaussian, ddof=1, cold=False)
add("gamma_power", yr, F.Gamma(L.Power(0.5), check_link=False), "{family: gamma, link: power, link_power: 0.5, %s}" % base)
add("tweedie", yt, F.Tweedie(L.Log(), var_power=1.6), "{family: tweedie, tweedie_power: 1.6, %s}" % base)
add("negative_binomial", yn, F.NegativeBinomial(alpha=0.7), "{family: negative_binomial, alpha: 0.7, %s}" % base,
    ll=plain)
for cov in ("HC0", "HC1", "HC2", "HC3"):
    add("poisson_" + cov.lower(), yp, F.Poisson(), "{family: poisson, covariance: %s, %s}" % (cov.lower(), exposed),
        offset=np.log(exposure), cov=cov)
add("logit_hc1", yb, F.Binomial(), "{covariance: hc1, %s}" % base, cov="HC1")
add("poisson_cluster", yp, F.Poisson(), "{family: poisson, covariance: cluster, cluster: x4, %s}" % exposed,
    offset=np.log(exposure), cov="cluster", cov_kwds={"groups": cluster})
add("interactions", yg, F.Gaussian(), "{family: gaussian, interactions: [[x0, x2], [x0, x1]], %s}" % base,
    X=design(x0 * x2, *[x0 * (x1 == k) for k in (1, 2, 3)]), ll=gaussian, ddof=1)
add("poisson_interactions", yp, F.Poisson(), "{family: poisson, interactions: [[x1, x0]], %s}" % base,
    X=design(*[x0 * (x1 == k) for k in (1, 2, 3)]), ll=plain)
add("no_intercept", yp, F.Poisson(), "{family: poisson, intercept: false, base_level: first, leave_out: [x3, x4]}",
    X=design()[:, 1:], ll=plain)

nb = sm.NegativeBinomial(yn, design()).fit(disp=0, maxiter=2000, method="bfgs", gtol=1e-10)
nb = sm.NegativeBinomial(yn, design()).fit(start_params=nb.params, disp=0, method="newton", tol=1e-14, maxiter=200)
shape = dict(params="{family: negative_binomial, %s}" % base, y=list(yn), coefficient=list(nb.params[:-1]),
             alpha=float(nb.params[-1]), log_likelihood=float(nb.llf))

# natural splines as in Harrell: the model space is what matters, so fitted deviance is compared too
t = np.array([2.0, 4.0, 6.0, 8.0])


def rcs(x):
    p = lambda v: np.maximum(v, 0) ** 3
    out = [x]
    for j in range(len(t) - 2):
        out.append((p(x - t[j]) - p(x - t[-2]) * (t[-1] - t[j]) / (t[-1] - t[-2])
                    + p(x - t[-1]) * (t[-2] - t[j]) / (t[-1] - t[-2])) / (t[-1] - t[0]) ** 2)
    return out


add("natural_spline", yb, F.Binomial(), "{splines: {x2: [2, 4, 6, 8]}, %s}" % base,
    X=np.column_stack([np.ones(n), x0] + [(x1 == k).astype(float) for k in (1, 2, 3)] + rcs(x2)), ll=plain)
from scipy.interpolate import BSpline
knots = np.array([1.0, 3.0, 5.5, 9.0])
full = np.concatenate([[knots[0]] * 3, knots, [knots[-1]] * 3])
bs = BSpline.design_matrix(np.clip(x2, 1.0, 9.0), full, 3).toarray()[:, 1:]
add("b_spline", yb, F.Binomial(), "{splines: {x2: {type: bspline, knots: [1, 3, 5.5, 9]}}, %s}" % base,
    X=np.column_stack([np.ones(n), x0] + [(x1 == k).astype(float) for k in (1, 2, 3)] + list(bs.T)), ll=plain)

# elastic nets on the numbers and levels, unstandardised and standardised
nets = []
X = design()[:, 1:]
for mix, lam in ((1.0, 0.05), (0.5, 0.02), (0.2, 0.3)):
    e = ElasticNet(alpha=lam, l1_ratio=mix, tol=1e-15, max_iter=1000000).fit(X, yg)
    nets.append(dict(params="{family: gaussian, standardise: false, penalty: %g, mix: %g, %s}" % (lam, mix, base),
                     y=list(yg), coefficient=[float(e.intercept_)] + list(map(float, e.coef_))))
    s = X.std(axis=0)
    e = ElasticNet(alpha=lam, l1_ratio=mix, tol=1e-15, max_iter=1000000).fit(X / s, yg)
    nets.append(dict(params="{family: gaussian, penalty: %g, mix: %g, %s}" % (lam, mix, base), y=list(yg),
                     coefficient=[float(e.intercept_)] + list(map(float, e.coef_ / s))))
from glum import GeneralizedLinearRegressor
for family, y, link, word in (("binomial", yb, "logit", ""), ("poisson", yp, "log", "family: poisson, ")):
    for mix, lam in ((1.0, 0.02), (0.5, 0.05)):
        g = GeneralizedLinearRegressor(family=family, link=link, alpha=lam, l1_ratio=mix, gradient_tol=1e-12,
                                       max_iter=10000, scale_predictors=False).fit(X, y)
        nets.append(dict(params="{%sstandardise: false, penalty: %g, mix: %g, %s}" % (word, lam, mix, base), y=list(y),
                         coefficient=[float(g.intercept_)] + list(map(float, g.coef_))))

print(json.dumps(dict(
    provenance="make_glm.py: statsmodels 0.15.0, scikit-learn 1.9.1, glum 3.4.1, numpy seed 20261122, 2026-11-22",
    columns=[list(map(float, c)) for c in (x0, x1, x2, exposure, cluster)], cases=cases, shape=shape, nets=nets)))

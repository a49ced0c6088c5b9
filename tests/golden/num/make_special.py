#!/usr/bin/env python3
"""Reference values of num/special.h from mpmath at 60 digits: a few hundred points a function, over the whole
domain and at its edges. Each value is the double nearest to the true one; `rest` is what that leaves, in units
of the last place, so that the tests can tell half an ulp from one. Needs mpmath."""
import datetime
import json
import math
import pathlib
import random

import mpmath as mp

mp.mp.dps = 60
HERE = pathlib.Path(__file__).resolve().parent
R = random.Random(20261122)
U = R.uniform


def lg(lo, hi):
    return math.exp(U(math.log(lo), math.log(hi)))


def sg(v):
    return v if R.random() < 0.5 else -v


def times(n, f):
    return [f() for _ in range(n)]


def edge(values):
    return list(values)


def write(name, functions):
    cases = {}
    for function, (ref, points) in functions.items():
        rows = []
        for point in points:
            args = point if isinstance(point, tuple) else (point,)
            want = ref(*[mp.mpf(a) for a in args])
            value = float(want)
            if math.isinf(value) or (value == 0.0 and want != 0):
                continue
            rest = float((want - mp.mpf(value)) / mp.mpf(math.ulp(value))) if value else 0.0
            rows.append([*args, value, round(rest, 4)])
        cases[function] = rows
    out = {"provenance": {"library": f"mpmath {mp.__version__}", "digits": mp.mp.dps, "seed": 20261122,
                          "date": datetime.date.today().isoformat(), "script": "make_special.py"},
           "columns": "arguments, value, rest in ulp", "cases": cases}
    text = json.dumps(out, sort_keys=True)
    (HERE / f"{name}.json").write_text(text.replace("]], ", "]],\n").replace("], [", "],\n[") + "\n")


def pow_points():
    out = []
    for _ in range(300):
        x = 1 + sg(lg(1e-12, 0.3)) if R.random() < 0.4 else lg(1e-5, 1e5)
        out.append((x, U(-740, 709) / math.log(x)))
    return out + times(100, lambda: (lg(1e-300, 1e300), U(-1, 1)))


def elementary():
    write("elementary", {
        "exp": (mp.exp, edge([0.0, 709.78, -745.1, -708.4, 1e-300, 5e-324, 1.0, -1.0]) + times(200, lambda: U(-745, 709.7))
                + times(100, lambda: sg(lg(1e-20, 5)))),
        "expm1": (mp.expm1, edge([1e-300, -1e-300, 709.78, -37.0, -60.0]) + times(300, lambda: sg(lg(1e-20, 60)))
                  + times(150, lambda: U(-0.02, 0.02))),
        "log": (mp.log, edge([5e-324, 2.3e-308, 1.7976931348623157e308, 1.0, 1.0000000000000002, 0.9999999999999999])
                + times(200, lambda: lg(1e-320, 1e308)) + times(200, lambda: U(0.5, 2))
                + times(100, lambda: 1 + sg(lg(1e-16, 0.1)))),
        "log1p": (mp.log1p, edge([5e-324, -5e-324, 1e-17, -1e-17, 1.7e308, -0.9999999999999999])
                  + times(300, lambda: sg(lg(1e-25, 0.99999))) + times(100, lambda: lg(1e-10, 1e300))
                  + times(100, lambda: -1 + lg(1e-16, 0.9))),
        "pow": (lambda x, y: x ** y, pow_points()),
        "sigmoid": (lambda x: 1 / (1 + mp.exp(-x)), edge([0.0, 36.7, -745.0, -709.0, 40.0, -40.0]) + times(200, lambda: U(-60, 60))
                    + times(100, lambda: U(-740, 10)) + times(200, lambda: U(-3, 3))),
        "logit": (lambda p: mp.log(p) - mp.log1p(-p), edge([0.5, 0.25, 0.75, 5e-324]) + times(200, lambda: U(0, 1))
                  + times(100, lambda: lg(1e-300, 0.5)) + times(100, lambda: 0.5 + sg(lg(1e-15, 0.4)))),
        "softplus": (lambda x: mp.log1p(mp.exp(x)), edge([0.0, 1e300, -745.0]) + times(300, lambda: U(-745, 60))
                     + times(100, lambda: U(-3, 3))),
    })


def quantile(p):
    """Root of log ncdf(x) = log p by Newton from the asymptote, in 60 digits."""
    if p > 0.5:
        return -quantile(1 - p)
    start = mp.mpf(-1) * mp.sqrt(max(mp.mpf(0), -2 * mp.log(2 * p)))
    return mp.findroot(lambda x: mp.log(mp.ncdf(x)) - mp.log(p), start)


def families():
    lbeta = lambda a, b: mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)
    P = lambda a, x: mp.gammainc(a, 0, x, regularized=True)
    Q = lambda a, x: mp.gammainc(a, x, mp.inf, regularized=True)
    I = lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True)

    def around(lo, hi):
        a = lg(lo, hi)
        return a, (max(1e-300, a + sg(lg(1e-3, 8)) * math.sqrt(a)) if R.random() < 0.7 else lg(a * 1e-2, a * 5))

    def shape(lo, hi):
        a, b = lg(lo, hi), lg(lo, hi)
        mean = a / (a + b)
        spread = math.sqrt(mean * (1 - mean) / (a + b + 1))
        x = mean + U(-8, 8) * spread if R.random() < 0.7 else U(0, 1)
        return a, b, min(max(x, 1e-6), 1 - 1e-6)

    def t_ref(t, df):
        half = mp.betainc(df / 2, mp.mpf("0.5"), 0, df / (df + t * t), regularized=True) / 2
        return half if t > 0 else 1 - half

    def binomial_point():
        n = int(lg(1, 1e7))
        p = lg(1e-6, 1)
        p = p if R.random() < 0.5 else 1 - p
        return float(min(n, max(0, round(n * p + U(-8, 8) * math.sqrt(n * p * (1 - p)))))), float(n), p

    def hyper_point():
        total = int(lg(2, 1e5))
        marked, drawn = R.randint(1, total), R.randint(1, total)
        return tuple(map(float, (R.randint(max(0, drawn + marked - total), min(marked, drawn)), total, marked, drawn)))

    log_pmf = lambda k, n, p: (mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1)
                               + (k * mp.log(p) if k else 0) + ((n - k) * mp.log1p(-p) if n > k else 0))
    small = lambda: (float(R.randint(0, 60)), 60.0, U(0, 1))
    write("families", {
        "erf": (mp.erf, edge([0.0, 1.0, -1.0, 5.9, 1e-300]) + times(200, lambda: sg(lg(1e-10, 6)))),
        "erfc": (mp.erfc, edge([0.0, 1.0, -1.0, 26.5]) + times(300, lambda: U(-6, 26.5))),
        "normal_cdf": (mp.ncdf, edge([0.0, -37.5, 8.0]) + times(300, lambda: U(-37.5, 9))),
        "normal_sf": (lambda x: mp.ncdf(-x), edge([0.0, 37.5]) + times(200, lambda: U(-9, 37.5))),
        "normal_quantile": (quantile, edge([1e-300, 0.025, 0.975, 0.075, 0.925]) + times(120, lambda: lg(1e-300, 0.5))
                            + times(80, lambda: U(0, 1)) + times(40, lambda: 1 - lg(1e-15, 0.5))),
        "lgamma": (mp.loggamma, edge([1e-300, 1e300, 0.5, 1.5, 2.5, 10.0]) + times(100, lambda: lg(1e-300, 1e300))
                   + times(200, lambda: U(0, 15)) + times(100, lambda: R.choice([1, 2]) + sg(lg(1e-12, 0.5)))),
        "lbeta": (lbeta, times(150, lambda: (lg(1e-3, 1e3), lg(1e-3, 1e3))) + times(100, lambda: (lg(1e-8, 1e8), lg(1e-8, 1e8)))),
        "gamma_p": (P, times(80, lambda: around(1e-3, 1)) + times(80, lambda: around(0.5, 50)) + times(40, lambda: around(50, 5e3))),
        "gamma_q": (Q, times(80, lambda: around(1e-3, 1)) + times(80, lambda: around(0.5, 50)) + times(40, lambda: around(50, 5e3))),
        "chi2_sf": (lambda x, df: Q(df / 2, x / 2), times(100, lambda: (lg(1e-3, 500), float(R.randint(1, 60))))),
        "beta_inc": (I, times(80, lambda: shape(1e-2, 2)) + times(80, lambda: shape(0.5, 50)) + times(40, lambda: shape(50, 5e3))
                     + times(60, lambda: (0.5 + int(lg(1, 1e2)), 0.5 + int(lg(1, 1e5)), lg(1e-5, 0.1)))),
        "t_sf": (t_ref, times(120, lambda: (U(-10, 10), lg(0.5, 1e4))) + times(60, lambda: (lg(1e-5, 1e15), lg(0.5, 20)))),
        "f_sf": (lambda f, a, b: mp.betainc(b / 2, a / 2, 0, b / (b + a * f), regularized=True),
                 times(120, lambda: (lg(0.05, 20), lg(1, 500), lg(1, 500)))),
        "binomial_log_pmf": (log_pmf, times(250, binomial_point)),
        "binomial_cdf": (lambda k, n, p: mp.fsum(mp.exp(log_pmf(mp.mpf(j), n, p)) for j in range(int(k) + 1)), times(80, small)),
        "hypergeometric_log_pmf": (lambda k, n, m, d: mp.log(mp.binomial(m, k) * mp.binomial(n - m, d - k) / mp.binomial(n, d)),
                                   times(200, hyper_point)),
    })


if __name__ == "__main__":
    elementary()
    families()

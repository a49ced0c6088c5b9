#!/usr/bin/env python3
"""Mean training loss of LightGBM for every loss of kind gbdt, on one small table: gbdt_losses.json.

LightGBM's Poisson curvature is exp(score + poisson_max_delta_step); at 0 it is the loss's own, as ours is. Its
Gamma and Tweedie curvatures are the loss's own. Focal loss is passed as a function, with the curvature of
docs/models.md. Tolerances are what trees that differ in near ties differ by."""
import json
import math
import sys

import lightgbm
import numpy

rng = numpy.random.default_rng(20261122)
N = 1000
x = numpy.round(rng.normal(size=(N, 3)), 1)  # few values: a bin each, in both libraries
signal = 0.6 * x[:, 0] - 0.4 * numpy.maximum(x[:, 1], 0) + 0.3 * x[:, 0] * x[:, 2]
mean = numpy.exp(signal)
bad = (rng.uniform(size=N) < 1 / (1 + numpy.exp(-signal))).astype(float)
count = rng.poisson(mean).astype(float)
amount = numpy.round(rng.gamma(2.0, mean / 2.0), 4) + 0.001
total = numpy.round(numpy.where(count > 0, count * rng.gamma(2.0, 0.5, size=N), 0), 4)
number = numpy.round(signal + rng.normal(size=N), 4)


def softplus(v):
    return numpy.logaddexp(0, v)


def focal_slopes(f):
    def slopes(score, data):
        y = data.get_label()
        z = numpy.where(y > 0.5, score, -score)
        p, q = 1 / (1 + numpy.exp(-z)), 1 / (1 + numpy.exp(z))
        inner = f * p * numpy.log(p) - q
        curved = q ** f * p * (q * (f * numpy.log(p) + f + 1) - f * inner)
        return numpy.where(y > 0.5, 1, -1) * q ** f * inner, numpy.maximum(curved, q ** f * p * q)
    return slopes


def loss_of(name, v, s, y):
    if name == "logistic":
        return softplus(numpy.where(y > 0.5, -s, s))
    if name == "squared":
        return (s - y) ** 2
    if name == "poisson":
        return numpy.exp(s) - y * s
    if name == "gamma":
        return s + y * numpy.exp(-s)
    if name == "tweedie":
        return numpy.exp((2 - v) * s) / (2 - v) - y * numpy.exp((1 - v) * s) / (1 - v)
    if name == "quantile":
        return numpy.where(s >= y, (1 - v) * (s - y), v * (y - s))
    z = numpy.where(y > 0.5, s, -s)
    return softplus(-z) * numpy.exp(-v * softplus(z))


CASES = [("logistic", 0, bad, {"objective": "binary"}, 5e-3),
         ("squared", 0, number, {"objective": "regression"}, 1e-5),
         ("poisson", 0, count, {"objective": "poisson", "poisson_max_delta_step": 1e-9}, 3e-3),
         ("gamma", 0, amount, {"objective": "gamma"}, 1e-3),
         ("tweedie", 1.4, total, {"objective": "tweedie", "tweedie_variance_power": 1.4}, 1e-3),
         ("quantile", 0.3, number, {"objective": "quantile", "alpha": 0.3}, 1e-2),
         ("focal", 2.0, bad, {}, 1e-3)]
SHAPE = {"tweedie": "power", "quantile": "quantile", "focal": "focal"}


def main():
    losses = []
    for name, shape, y, extra, tolerance in CASES:
        params = dict(learning_rate=0.1, num_leaves=8, max_depth=-1, lambda_l2=1, min_data_in_leaf=10, max_bin=255,
                      min_data_in_bin=1, min_sum_hessian_in_leaf=1e-3, verbose=-1, seed=1, deterministic=True, **extra)
        start = 0.0
        if name == "focal":
            start = math.log(y.mean() / (1 - y.mean()))
            params["objective"] = focal_slopes(shape)
        data = lightgbm.Dataset(x, y, params=params, init_score=numpy.full(N, start) if start else None)
        model = lightgbm.train(params, data, 40)
        score = model.predict(x, raw_score=True) + start
        text = "{loss: %s, trees: 40, learning_rate: 0.1, grow: leaf, leaves: 8, depth: 60, l2: 1, min_child_rows: 10, " \
               "min_child_weight: 0.001, row_sample: 1, column_sample: 1" % name
        text += ", %s: %s}" % (SHAPE[name], shape) if shape else "}"
        losses.append(dict(loss=name, shape=shape, params=text, tolerance=tolerance,
                           mean_loss=float(loss_of(name, shape, score, y).mean()), y=y.tolist()))
    json.dump(dict(made_by="make_gbdt_losses.py", library="lightgbm " + lightgbm.__version__, seed=20261122,
                   date="2026-11-22", x=x.tolist(), losses=losses), sys.stdout, separators=(",", ":"))
    print()


main()

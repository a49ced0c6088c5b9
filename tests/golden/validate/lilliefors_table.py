#!/usr/bin/env python3
"""The table of Lilliefors' distribution in src/validate/residuals.c: Stephens' modified distance of normal samples of 100
from the normal with their own mean and deviation, 4,000,000 times. Prints the table's rows. Needs numpy, scipy; minutes."""
import numpy as np
import scipy.special

N, ROUNDS, CHUNK = 100, 4_000_000, 20_000
TAILS = [0.9999, 0.999, 0.99, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.12, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03,
         0.025, 0.02, 0.015, 0.01, 0.0075, 0.005, 0.0025, 0.001, 0.0005, 0.00025, 0.0001]


def main():
    rng, kept = np.random.default_rng(20261122), []
    place = np.arange(N) / N
    for _ in range(ROUNDS // CHUNK):
        x = np.sort(rng.standard_normal((CHUNK, N)), axis=1)
        f = scipy.special.ndtr((x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, ddof=1, keepdims=True))
        kept.append(np.maximum(f - place, place + 1 / N - f).max(axis=1))
    d = np.sort(np.concatenate(kept)) * (np.sqrt(N) - 0.01 + 0.85 / np.sqrt(N))
    rows = [f"{{ {np.quantile(d, 1 - p):.5f}, {p:g} }}" for p in TAILS]
    for i in range(0, len(rows), 4):
        print("    " + ", ".join(rows[i:i + 4]) + ",")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Make src/num/num_tables.c: the constants behind num/special.h, from the standard library's decimal
arithmetic at 80 digits. With --check, exit 1 if the committed file is not what this script makes."""
import pathlib
import sys
from decimal import Decimal as D, getcontext

getcontext().prec = 80
PLACE = pathlib.Path(__file__).resolve().parent.parent / "src/num/num_tables.c"
LN2 = D(2).ln()


def pi():
    """Machin's formula."""
    def arctan_inverse(n):
        total, term, k = D(0), D(1) / n, 0
        while abs(term) > D(10) ** -90:
            total += term / (2 * k + 1) * (-1) ** k
            term /= n * n
            k += 1
        return total
    return 16 * arctan_inverse(D(5)) - 4 * arctan_inverse(D(239))


PI = pi()


def cosine(x):
    total, term, k = D(0), D(1), 0
    while abs(term) > D(10) ** -90:
        total += term
        k += 2
        term *= -x * x / (k * (k - 1))
    return total


def erf(x):
    """2/sqrt(pi) exp(-x^2) sum of 2^n x^(2n+1) / (2n+1)!!: every term is positive."""
    total, term, n = D(0), x, 0
    while term > D(10) ** -95 * max(total, D(10) ** -30):
        total += term
        n += 1
        term *= 2 * x * x / (2 * n + 1)
    return 2 / PI.sqrt() * (-x * x).exp() * total


def erfcx(x):
    """exp(x^2) erfc(x), by 1 - erf with digits to spare below 9, and by the continued fraction above."""
    if x < 9:
        getcontext().prec = 140
        value = (x * x).exp() * (1 - erf(x))
        getcontext().prec = 80
        return value
    fraction = D(0)
    for k in range(600, 0, -1):
        fraction = (D(k) / 2) / (x + fraction)
    return 1 / (PI.sqrt() * (x + fraction))


def bernoulli(count):
    from fractions import Fraction
    from math import comb
    b = [Fraction(1)]
    for m in range(1, count + 1):
        b.append(-sum(comb(m + 1, k) * b[k] for k in range(m)) / (m + 1))
    return b


BERNOULLI = bernoulli(60)


def lgamma(x):
    """Stirling's series after raising x above 60."""
    shift = D(1)
    while x < 60:
        shift *= x
        x += 1
    total = (x - D("0.5")) * x.ln() - x + (2 * PI).ln() / 2
    for k in range(1, 30):
        b = BERNOULLI[2 * k]
        total += D(b.numerator) / D(b.denominator) / (2 * k * (2 * k - 1)) / x ** (2 * k - 1)
    return total - shift.ln()


def chebyshev(f, lo, hi, stop=D(10) ** -19):
    """Coefficients of f on [lo, hi], the first one halved, cut where they fall below stop."""
    n = 64
    base = PI / (2 * n)
    value = [f((lo + hi) / 2 + (hi - lo) / 2 * cosine(base * (2 * j + 1))) for j in range(n)]
    out = []
    for k in range(n):
        c = 2 * sum(v * cosine(base * ((2 * j + 1) * k % (4 * n))) for j, v in enumerate(value)) / n
        out.append(c / 2 if k == 0 else c)
    while abs(out[-1]) < stop * abs(out[0]):
        out.pop()
    return out


def cut(x, bits_after_point):
    """x rounded to a multiple of 2^-bits."""
    scale = D(2) ** bits_after_point
    return (x * scale).to_integral_value() / scale


def hexed(x):
    return float(x).hex().replace("0x1.0000000000000p", "0x1p")


def pair(hi, whole):
    """hi as double, and what it leaves of whole."""
    hi = float(hi)
    return hexed(hi), hexed(whole - D(hi))


def array(name, values, comment):
    lines = [f"/* {comment} */", f"const double {name}[{len(values)}] = {{"]
    lines += [f"    {hexed(v)}," for v in values]
    return lines + ["};", ""]


def text():
    out = ["/* Made by tools/make_num_tables.py; do not edit. */", '#include "num/num_tables.h"', "",
           "/* clang-format off */"]
    step = LN2 / 128
    hi, lo = pair(cut(step, 42), step)  # 35 significant bits: k * hi is exact for |k| < 2^18
    out += ["/* ln 2 / 128 in two parts, the first of 35 bits */",
            f"const double vouch__exp_step[2] = {{ {hi}, {lo} }};", ""]
    out += ["/* 2^(j / 128) in two parts */", "const double vouch__exp_table[128][2] = {"]
    for j in range(128):
        whole = (LN2 * j / 128).exp()
        out.append("    {{ {}, {} }},".format(*pair(whole, whole)))
    out += ["};", ""]
    hi, lo = pair(cut(LN2, 42), LN2)
    out += ["/* ln 2 in two parts, the first a multiple of 2^-42 */",
            f"const double vouch__log_ln2[2] = {{ {hi}, {lo} }};", ""]
    out += ["/* Around c = i / 128, i from 90: 1 / c to 9 bits after the point, and minus its logarithm in two",
            " * parts, the first a multiple of 2^-42. */", "const double vouch__log_table[92][3] = {"]
    for i in range(90, 182):
        inverse = cut(D(128) / i, 9)
        whole = -inverse.ln()
        out.append("    {{ {}, {}, {} }},".format(hexed(inverse), *pair(cut(whole, 42), whole)))
    out += ["};", ""]
    half = D("0.5")
    out += array("vouch__erf_cheb", chebyshev(lambda t: erf(t.sqrt()) / t.sqrt(), D(0), D(1)),
                 "erf(x) / x in x^2 over [0, 1]")
    # t = (x - 4) / (x + 4) runs from -0.6 at x = 1 to 1 at infinity; x erfcx(x) tends to 1 / sqrt(pi).
    def scaled(t):
        if t > D("0.9999"):
            t = D("0.9999")
        x = 4 * (1 + t) / (1 - t)
        return erfcx(x) * (x + half)
    out += array("vouch__erfcx_cheb", chebyshev(scaled, D("-0.6"), D(1)),
                 "(x + 1/2) exp(x^2) erfc(x) in t = (x - 4) / (x + 4) over [-0.6, 1]")
    out += array("vouch__lgamma1_cheb", chebyshev(lambda z: lgamma(1 + z) / z, -half, half),
                 "lgamma(1 + z) / z over [-1/2, 1/2]")
    out += array("vouch__lgamma2_cheb", chebyshev(lambda z: lgamma(2 + z) / z, -half, half),
                 "lgamma(2 + z) / z over [-1/2, 1/2]")
    return "\n".join(out + ["/* clang-format on */", ""])


def main():
    made = text()
    if "--check" in sys.argv[1:]:
        if PLACE.read_text() != made:
            print(f"{PLACE} is stale: run tools/make_num_tables.py")
            return 1
        return 0
    PLACE.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())

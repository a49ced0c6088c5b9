#!/usr/bin/env python3
"""Make src/base/pow5_table.c: the first 128 bits of 10^q (and so of 5^q, which has the same ones), rounded
down, for every q that reading or writing a double needs. `--check` compares instead of writing."""
import pathlib
import sys

OUT = pathlib.Path(__file__).resolve().parent.parent / "src/base/pow5_table.c"
LOWEST, HIGHEST = -344, 326

HEAD = """\
/* Made by tools/make_pow5.py. Row i holds the first 128 bits of 10^(i + VOUCH__POW5_LOWEST), rounded down,
 * high word first; its first bit is always set. */
#include "base/pow5_table.h"

/* clang-format off */
const uint64_t vouch__pow5[VOUCH__POW5_HIGHEST - VOUCH__POW5_LOWEST + 1][2] = {
"""


def first_bits(q):
    if q >= 0:
        power = 5**q
        shift = power.bit_length() - 128
        return power >> shift if shift > 0 else power << -shift
    power = 5**-q
    bits = (1 << (power.bit_length() + 127)) // power
    return bits >> (bits.bit_length() - 128)


def main():
    rows = [f"{{0x{b >> 64:016x}, 0x{b & (2**64 - 1):016x}}}," for b in map(first_bits, range(LOWEST, HIGHEST + 1))]
    pairs = [" ".join(rows[i:i + 2]) for i in range(0, len(rows), 2)]
    text = HEAD + "".join(f"    {pair}\n" for pair in pairs) + "};\n"
    if sys.argv[1:] == ["--check"]:
        if not OUT.exists() or OUT.read_text() != text:
            print(f"{OUT.name} is stale: run tools/make_pow5.py")
            return 1
        return 0
    OUT.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

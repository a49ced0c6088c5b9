#!/usr/bin/env python3
"""Hold the tree to its rules: includes point down (src/LAYERS), names are unique, files are short, and
nothing banned is used. Prints one line a breach; exit status 1 if there is any."""
import pathlib
import re
import sys

BANNED = re.compile(
    r"\b(gets|strcpy|strcat|sprintf|vsprintf|strtok|atoi|atof|rand|srand|alloca|setlocale|getenv|exit|abort|"
    r"printf|puts|putchar|system|malloc|calloc|realloc|free|time)\s*\("
)
MAY_ALLOCATE = {"base"}
LONGEST = 600


def strip_comments(text):
    """Blank out comments and string contents, keeping line numbers."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def layers():
    allowed = {}
    for line in pathlib.Path("src/LAYERS").read_text().splitlines():
        line = line.split("#")[0].strip()
        if line:
            name, _, uses = line.partition("<-")
            allowed[name.strip()] = {name.strip(), "base", *uses.split()}
    return allowed


def check_includes(path, text, allowed):
    domain = path.parts[1]
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith('#include "'):
            continue
        found = re.match(r'#include "(?:vouch/(\w+)\.h|(\w+)/[\w/]+\.h|build_id\.h)"', line)
        if not found:
            yield f'{path}:{number}: include as "domain/thing.h" or "vouch/domain.h"'
            continue
        used = found[1] or found[2] or "base"
        if domain not in allowed:
            yield f"{path}:{number}: {domain} is not in src/LAYERS"
        elif used in allowed and used not in allowed[domain]:
            yield f"{path}:{number}: {domain} may not include {used}"
        elif used not in allowed:
            yield f"{path}:{number}: {used} is not in src/LAYERS"


def check_banned(path, text):
    for number, line in enumerate(strip_comments(text).splitlines(), 1):
        for found in BANNED.finditer(line):
            word = found[1]
            if word in ("malloc", "calloc", "realloc", "free") and path.parts[1] in MAY_ALLOCATE:
                continue
            if re.search(r"(->|\.|\*)\s*$", line[: found.start()]) or re.search(r"\(\*$", line[: found.start()]):
                continue  # a member called free, not the C library's
            yield f"{path}:{number}: {word}() is banned in src/"
        if re.search(r"^\s*goto\s+\w+\s*;", line) and "done" not in line:
            yield f"{path}:{number}: only 'goto done' is used"


def main():
    allowed, breaches, names = layers(), [], {}
    source = sorted(p for p in pathlib.Path("src").rglob("*.[ch]"))
    everything = source + sorted(p for d in ("include", "cli", "tests", "bench") for p in pathlib.Path(d).rglob("*.[ch]"))
    for path in everything:
        text = path.read_text()
        lines = text.count("\n")
        if lines > LONGEST:
            breaches.append(f"{path}: {lines} lines, over {LONGEST}")
        if path.parts[0] == "src":
            breaches += check_includes(path, text, allowed)
            breaches += check_banned(path, text)
            names.setdefault(path.name, []).append(str(path))
        elif path.parts[0] == "cli":
            for number, line in enumerate(text.splitlines(), 1):
                if line.startswith('#include "') and not re.match(r'#include "(vouch/)?\w+\.h"', line):
                    breaches.append(f"{path}:{number}: cli/ uses include/ only")
    breaches += [f"{' and '.join(paths)}: file names must be unique" for paths in names.values() if len(paths) > 1]
    print("\n".join(breaches) if breaches else f"{len(everything)} files keep the rules")
    return bool(breaches)


if __name__ == "__main__":
    sys.exit(main())

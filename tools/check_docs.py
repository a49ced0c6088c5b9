#!/usr/bin/env python3
"""What the pages say is there: links and anchors, files, commands and their options, names of code and of tests.

    tools/check_docs.py build/release/bin/vouch

docs/commands.md is what `vouch help --markdown` prints; every command stands on another page too, every page in
the index, and every folder of src in ARCHITECTURE.md."""
import pathlib
import re
import shlex
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
program = sys.argv[1]
pages = sorted([*root.glob("*.md"), *root.glob("docs/*.md")])
faults = []


def fault(page, line, text):
    faults.append(f"{page.relative_to(root)}:{line}: {text}")


def ask(*words):
    return subprocess.run([program, *words], capture_output=True, text=True, check=True).stdout


def split(page):
    """Lines of prose and lines of code blocks (fenced or indented), each with its number."""
    prose, code, fenced, blank = [], [], False, True
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or (line.startswith("    ") and (blank or (code and code[-1][0] == number - 1))):
            code.append((number, line))
        else:
            prose.append((number, line))
        blank = not line.strip()
    return prose, code


def anchors(page):
    found = set()
    for _, line in split(page)[0]:
        if line.startswith("#"):
            words = re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower())
            found.add(words.replace(" ", "-"))
    return found


def check_links(page, prose):
    for number, line in prose:
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            to = (page.parent / name).resolve() if name else page
            if not to.exists():
                fault(page, number, f"no file {target}")
            elif anchor and anchor not in anchors(to):
                fault(page, number, f"no heading #{anchor} in {to.name}")


def check_files(page, lines):
    """Paths inside the repository, and tests by the name ctest has for them; NAME and the like stand for others."""
    shelves = "api|bench|cli|cmake|controls|docs|examples|include|legal|policy|src|suites|tests|tools"
    for number, line in lines:
        for path in re.findall(rf"(?<![\w./$-])((?:{shelves})/[\w./*-]+)(?![\w<(])", line):
            path = path.rstrip(".")
            if any(root.glob(f"tests/{path.replace('/', '/test_')}.sh")):
                continue
            if not re.search(r"[A-Z]{2}", path) and path not in made and not any(root.glob(path.rstrip("/"))):
                fault(page, number, f"no file {path}")


made = {"docs/report.png", "examples/loans/loans.csv", "examples/fremtpl2/policies.csv"}  # by somebody's own run


def commands():
    """{(noun, verb): its options}, and the page of them all."""
    page = ask("help", "--markdown")
    shared, *parts = re.split(r"^### vouch ", page, flags=re.M)
    found = {}
    for part in parts:
        noun, _, verb = part.split("\n", 1)[0].partition(" ")
        found[noun, verb] = set(re.findall(r"^  (--[\w-]+)", shared + part, re.M))
    return found, page


def check_call(page, number, text, known):
    """One line that begins with `vouch `."""
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        words = text.split()
    words = [word.strip("[](),.…") for word in words[1:]]
    nouns = {noun for noun, _ in known}
    if not words or words[0] in ("help", "--help", "--version", "COMMAND") or text == "vouch table 1":
        return
    if words[0] not in nouns:
        return fault(page, number, f"no command vouch {words[0]}")
    verbs = words[1].split("|") if len(words) > 1 else []
    if len(words) == 1 and (words[0], "") not in known:
        return  # all of a noun's commands
    keys = [(words[0], "")] if (words[0], "") in known else [(words[0], verb) for verb in verbs]
    for key in keys:
        if key not in known:
            fault(page, number, f"no command vouch {' '.join(key)}")
            continue
        named.add(key)
        for word in words:
            if word.startswith("--") and word.split("=")[0] not in known[key]:
                fault(page, number, f"vouch {' '.join(key).strip()} has no {word}")


def calls_of_code(code):
    """Lines of code that call the program, those that go on put together."""
    k = 0
    while k < len(code):
        number, line = code[k]
        k += 1
        while k < len(code) and (line.endswith("\\") or line.count('"') % 2) and code[k][0] == code[k - 1][0] + 1:
            line = line.rstrip("\\") + " " + code[k][1].strip()
            k += 1
        for part in re.split(r"\$\(|\)|\s[|;]\s|&&", line):
            part = re.sub(r"^[\s$]*(do |nice )?", "", part)
            if re.match(r"vouch\s", part):
                yield number, part


def check_names(page, lines):
    """Names of code, tests and jobs are in the source."""
    for number, line in lines:
        for name in re.findall(r"(?<![\w./-])(vouch__?[a-z]\w*|VOUCH_[A-Z]\w*)(?![\w./*…-])", line):
            if name not in words_of_source:
                fault(page, number, f"no {name} in the source")
        for name in re.findall(r"`((?:data|validate|calibration|irb|diagnose|explain|fairness|strategy|drift|monitor"
                               r"|compare|calibrate|reject|split|decide)\.[a-z_0-9]+)`", line):
            if name not in text_of_source and not name.endswith((".md", ".c", ".h", ".py")):
                fault(page, number, f"no test {name}")
        for job in re.findall(r"(?:`|^ +)\./dev ([a-z-]+)", line):
            if f"./dev {job}" not in jobs:
                fault(page, number, f"no job ./dev {job}")


files = [path for folder in ("src", "include", "cli", "tests", "bench", "tools", "policy", "legal", "suites", "cmake")
         for path in (root / folder).rglob("*") if path.suffix in (".c", ".h", ".sh", ".py", ".yaml", ".cmake")]
files += [root / "dev", root / "CMakeLists.txt", root / "tests/CMakeLists.txt"]
text_of_source = "\n".join(path.read_text(errors="replace") for path in files)
words_of_source = set(re.findall(r"\w+", text_of_source))
jobs = (root / "dev").read_text()
known, reference = commands()
options = set().union(*known.values())
named = set()

for page in pages:
    prose, code = split(page)
    check_links(page, prose)
    check_files(page, prose + code)
    check_names(page, prose + code)
    if page.name in ("commands.md", "CHANGELOG.md"):
        continue
    for number, text in calls_of_code(code):
        check_call(page, number, text, known)
    for number, line in prose:
        for text in re.findall(r"`([^`]+)`", line):
            if text.startswith("vouch "):
                check_call(page, number, text, known)
            elif re.match(r"--[a-z]", text) and text.split()[0].split("=")[0] not in options:
                fault(page, number, f"no option {text}")

for key in sorted(set(known) - named):
    faults.append(f"docs: vouch {' '.join(key).strip()} stands on no page but commands.md")
index = (root / "docs/README.md").read_text()
for page in root.glob("docs/*.md"):
    if page.name != "README.md" and f"]({page.name})" not in index:
        fault(page, 1, "is not in docs/README.md")
plan = (root / "ARCHITECTURE.md").read_text()
kept = subprocess.run(["git", "-C", root, "ls-files"], capture_output=True, text=True).stdout  # "" outside a checkout
for folder in sorted({path.split("/")[0] for path in kept.splitlines() if "/" in path}):
    if not folder.startswith(".") and f"`{folder}/" not in plan:
        faults.append(f"ARCHITECTURE.md: does not name {folder}/")
for folder in sorted(path.name for path in (root / "src").iterdir() if path.is_dir()):
    if f"`src/{folder}`" not in plan:
        faults.append(f"ARCHITECTURE.md: does not name src/{folder}")
if (root / "docs/commands.md").read_text() != reference:
    faults.append("docs/commands.md: is not what `vouch help --markdown` prints")

print("\n".join(faults) or f"{len(pages)} pages, {len(known)} commands, {len(options)} options")
sys.exit(bool(faults))

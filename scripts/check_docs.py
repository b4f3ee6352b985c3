#!/usr/bin/env python3
"""Checks that the documents speak of the tree as it is.

In README, ARCHITECTURE, STYLE, CONTRIBUTING, CHANGELOG, docs/ (but docs/results, which scripts write) and src/*/README.md:
  - a path in backticks that starts with a folder of this repository (`src/flow/operator.h`), or is a header or source named
    by its folder (`flow/operator.h`), names a file or folder that exists; `*` must match something; `<name>` is a placeholder;
  - a relative link names a file that exists;
  - a code block after the line `<!-- from FILE -->` is found in that file, line for line (a line `// ...` in the block stands
    for lines left out).

  check_docs.py [ROOT]         checks the tree (default: the one this script is in)
  check_docs.py --self-test    plants one fault of each kind and expects it to be found
"""
import fnmatch
import functools
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

FOLDERS = ("src", "docs", "scripts", "tests", "cmake", "examples", "tools", "bench", ".ci")
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
FROM = re.compile(r"^<!-- from (\S+) -->$")
FOLDER_FILE = re.compile(r"^[a-z]+/[a-z0-9_]+\.(h|cc)$")
LEFT_OUT = re.compile(r"^\s*(//|#)?\s*\.\.\.\s*$")


def documents(root):
    names = ["README.md", "ARCHITECTURE.md", "STYLE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
    found = [root / name for name in names if (root / name).exists()]
    found += sorted((root / "docs").rglob("*.md")) + sorted(root.glob("src/*/README.md")) + sorted(root.glob("*/README.md"))
    return [path for path in found if (root / "docs" / "results") not in path.parents]


def outside_blocks(text):
    """(number, line) of the lines that are not inside a fenced block."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside:
            yield number, line


def source_folders(root):
    """Folders of src/: those that exist, and those that layers.txt plans."""
    layers = root / "src" / "layers.txt"
    planned = re.findall(r"^([a-z]+):", layers.read_text(), re.M) if layers.exists() else []
    return {*planned, *(path.name for path in (root / "src").iterdir() if path.is_dir())}


@functools.lru_cache
def tree_paths(root):
    """Every file of the tree and every folder that has one; what git ignores (and an empty folder) is not of the tree."""
    if (root / ".git").exists():
        command = ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard"]
        files = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        files = [name for name in files if (root / name).exists()]
    else:
        files = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
    return {*files, *(str(folder) for name in files for folder in Path(name).parents)}


def missing_path(root, token):
    """The path that `token` names if it should exist and does not, else None."""
    token = token.rstrip(".,:;")
    if not re.fullmatch(r"[\w./*-]+", token):
        return None
    if token.split("/")[0] in FOLDERS and "/" in token:
        path = token
    elif FOLDER_FILE.match(token) and token.split("/")[0] in source_folders(root):
        path = "src/" + token
    else:
        return None
    pattern = path.rstrip("/")
    exists = pattern in tree_paths(root) or ("*" in pattern and fnmatch.filter(tree_paths(root), pattern))
    return None if exists else path


def check_paths(root, document, text):
    for number, line in outside_blocks(text):
        for token in CODE.findall(line):
            for word in token.split():
                path = missing_path(root, word)
                if path:
                    yield f"{document.relative_to(root)}:{number}: there is no {path}"
        for target in LINK.findall(CODE.sub("", line)):
            if "://" not in target and not target.startswith("mailto:") and not (document.parent / target).exists():
                yield f"{document.relative_to(root)}:{number}: link to {target}, which does not exist"


def marked_blocks(text):
    """(line number, file name, code) of each block after a `from` line."""
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        match = FROM.match(line.strip())
        if not match:
            continue
        rest = lines[number:]
        while rest and not rest[0].strip():
            rest.pop(0)
        if not rest or not rest[0].lstrip().startswith("```"):
            yield number, match[1], None
            continue
        body = []
        for code in rest[1:]:
            if code.lstrip().startswith("```"):
                break
            body.append(code)
        yield number, match[1], body


def dedent(lines):
    return textwrap.dedent("\n".join(line.rstrip() for line in lines)).split("\n")


def pieces(block):
    """The block cut at the lines that stand for lines left out."""
    piece = []
    for line in block:
        if LEFT_OUT.match(line):
            if piece:
                yield piece
            piece = []
        else:
            piece.append(line)
    if piece:
        yield piece


def find_piece(piece, source, start):
    """Line after the first place at or after `start` where `piece` stands in `source`, or -1."""
    wanted = dedent(piece)
    for at in range(start, len(source) - len(piece) + 1):
        if source[at].strip() == wanted[0].strip() and dedent(source[at:at + len(piece)]) == wanted:
            return at + len(piece)
    return -1


def check_blocks(root, document, text):
    for number, name, block in marked_blocks(text):
        where = f"{document.relative_to(root)}:{number}"
        if block is None:
            yield f"{where}: no code block follows the quote of {name}"
            continue
        if not (root / name).is_file():
            yield f"{where}: quotes {name}, which does not exist"
            continue
        source, at = (root / name).read_text().splitlines(), 0
        for piece in pieces(block):
            at = find_piece(piece, source, at)
            if at < 0:
                yield f"{where}: {name} does not contain (any more): {piece[0].strip()} ..."
                break


def check(root):
    faults = []
    for document in documents(root):
        text = document.read_text()
        faults += check_paths(root, document, text)
        faults += check_blocks(root, document, text)
    for folder in sorted(root.glob("src/*/")):
        if not (folder / "README.md").exists():
            faults.append(f"src/{folder.name} has no README.md")
    return faults


SOUND = {
    "README.md": "See `src/flow/operator.h`, `flow/operator.h`, `src/flow/*.h`, `src/<folder>/x.h`, `build/x`, `arrow/api.h` and\n"
                 "[the book](docs/book.md), [away](https://example.org/x).\n\n"
                 "<!-- from src/flow/operator.h -->\n```cpp\nint Open();\n// ...\nint Close();\n```\n"
                 "```\nsee `src/nothing.h`, in a block\n```\n",
    "docs/book.md": "[back](../README.md#top)\n",
    "docs/results/bare.md": "`src/gone.h`\n",
    "src/flow/README.md": "# flow\n",
    "src/flow/operator.h": "struct A {\n  int Open();\n  int Process();\n  int Close();\n};\n",
}
PLANTED = [
    ("path that is gone", "See `src/flow/gone.h`.\n", "there is no src/flow/gone.h"),
    ("path by its folder that is gone", "See `flow/gone.h`.\n", "there is no src/flow/gone.h"),
    ("command with a path that is gone", "Run `scripts/gone.sh --all`.\n", "there is no scripts/gone.sh"),
    ("pattern without a match", "See `src/flow/*.py`.\n", "there is no src/flow/*.py"),
    ("link that is gone", "[x](gone.md)\n", "link to gone.md"),
    ("folder without a file", "See `tests/`.\n", "there is no tests/"),
    ("quote that changed", "<!-- from src/flow/operator.h -->\n```\nint Open(int);\n```\n", "does not contain (any more): int Open(int);"),
    ("quote out of order", "<!-- from src/flow/operator.h -->\n```\nint Close();\n// ...\nint Open();\n```\n", "does not contain"),
    ("quote of a file that is gone", "<!-- from src/flow/gone.h -->\n```\nx\n```\n", "quotes src/flow/gone.h"),
    ("quote without a block", "<!-- from src/flow/operator.h -->\ntext\n", "no code block follows"),
]


def faults_of(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (Path(folder) / "tests").mkdir()
        return check(Path(folder))


def self_test():
    wrong = []
    if faults_of(SOUND):
        wrong.append(f"sound tree: {faults_of(SOUND)}")
    for name, text, message in PLANTED:
        faults = faults_of({**SOUND, "docs/planted.md": text})
        if not any(message in fault for fault in faults):
            wrong.append(f"{name}: expected '{message}', got {faults}")
    faults = faults_of({name: text for name, text in SOUND.items() if name != "src/flow/README.md"})
    if not any("src/flow has no README.md" in fault for fault in faults):
        wrong.append(f"folder without README: got {faults}")
    return wrong


def main():
    if sys.argv[1:] == ["--self-test"]:
        faults, what = self_test(), f"{2 + len(PLANTED)} planted trees judged rightly"
    else:
        root = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
        faults, what = check(root), f"{len(documents(root))} documents agree with the tree"
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"check_docs: {what}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

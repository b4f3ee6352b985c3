#!/usr/bin/env python3
"""Checks every #include "folder/..." under src/ against src/layers.txt.

Rules: a folder includes itself and what its line names, nothing else; *_test.cc, *_fuzz.cc and *_bench.cc may also include
testing/; no header includes arrow/ or parquet/ (dear to compile, and a name we do not own); the table has no cycle and names
only folders of its own.

  check_layers.py [SOURCE_FOLDER]     checks the tree (default: src beside this script)
  check_layers.py --self-test         plants one fault of each kind in a small tree and expects it to be found
"""
import re
import sys
import tempfile
from pathlib import Path

OURS = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
ANY = re.compile(r'^\s*#\s*include\s+[<"]([^">]+)[">]')
TEST_FILE = re.compile(r"_(test|fuzz|bench)\.cc$")


def read_table(path):
    """{folder: set of folders it may include}, and the faults of the table itself."""
    table, faults = {}, []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        folder, colon, names = line.partition(":")
        if not colon or folder in table:
            faults.append(f"{path.name}:{number}: expected one line 'folder: folders' for each folder, got '{line}'")
            continue
        table[folder] = set(names.split())
    for folder, names in table.items():
        for name in sorted(names - table.keys()):
            faults.append(f"{path.name}: {folder} may include {name}, which has no line")
    return table, faults


def find_cycle(table):
    """A list of folders a, b, ..., a that include each other in turn; empty if there is none."""
    done, path = set(), []

    def visit(folder):
        if folder in path:
            return path[path.index(folder):] + [folder]
        if folder in done:
            return []
        path.append(folder)
        for name in sorted(table.get(folder, ())):
            cycle = visit(name)
            if cycle:
                return cycle
        path.pop()
        done.add(folder)
        return []

    for folder in table:
        cycle = visit(folder)
        if cycle:
            return cycle
    return []


def check_file(path, folder, table):
    allowed = table[folder] | {folder} | ({"testing"} if TEST_FILE.search(path.name) else set())
    where = f"{folder}/{path.name}"
    for number, line in enumerate(path.read_text().splitlines(), 1):
        ours, any_include = OURS.match(line), ANY.match(line)
        if any_include and path.suffix == ".h" and any_include[1].split("/")[0] in ("arrow", "parquet"):
            yield f"{where}:{number}: a header includes {any_include[1]}; include it from the .cc"
        if not ours:
            continue
        target, slash, _ = ours[1].partition("/")
        if not slash or target == ".." or target == ".":
            yield f'{where}:{number}: include "{ours[1]}" by its folder, as "{folder}/..."'
        elif target not in table:
            yield f'{where}:{number}: "{ours[1]}" is in no folder of layers.txt; a library is included by <...>'
        elif target not in allowed:
            yield f'{where}:{number}: {folder} may not include "{ours[1]}": layers.txt allows {" ".join(sorted(allowed))}'


def check(source):
    """All faults of the tree, one line each, in a fixed order."""
    table, faults = read_table(source / "layers.txt")
    cycle = find_cycle(table)
    if cycle:
        faults.append("layers.txt: cycle " + " -> ".join(cycle))
    for folder in sorted(path for path in source.iterdir() if path.is_dir()):
        if folder.name not in table:
            faults.append(f"{folder.name}/: has no line in layers.txt")
            continue
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".h", ".cc"):
                faults.extend(check_file(path, folder.name, table))
    return faults


# name of the fault, files that make it (beside a sound tree), words of the message that must come
PLANTED = [
    ("illegal include", {"base/bad.cc": '#include "flow/operator.h"\n'}, 'base may not include "flow/operator.h"'),
    ("illegal include with spaces", {"base/bad.h": '  # include "flow/operator.h"\n'}, 'base may not include "flow/operator.h"'),
    ("testing outside a test", {"flow/bad.cc": '#include "testing/fuzz.h"\n'}, 'flow may not include "testing/fuzz.h"'),
    ("test file on a higher layer", {"base/a_test.cc": '#include "flow/operator.h"\n'}, 'base may not include "flow/operator.h"'),
    ("include without folder", {"flow/bad.cc": '#include "operator.h"\n'}, "by its folder"),
    ("include upwards by path", {"base/bad.cc": '#include "../flow/operator.h"\n'}, "by its folder"),
    ("unknown folder", {"flow/bad.cc": '#include "boost/x.hpp"\n'}, "in no folder of layers.txt"),
    ("Arrow in a header", {"flow/bad.h": "#include <arrow/api.h>\n"}, "a header includes arrow/api.h"),
    ("Parquet in a header", {"flow/bad.h": '#include "parquet/x.h"\n'}, "a header includes parquet/x.h"),
    ("folder without a line", {"extra/x.h": ""}, "extra/: has no line"),
    ("cycle", {"layers.txt": "base: flow\nflow: base\ntesting: base flow\n"}, "cycle base -> flow -> base"),
    ("name without a line", {"layers.txt": "base: nowhere\nflow: base\ntesting: base flow\n"}, "nowhere, which has no line"),
    ("line given twice", {"layers.txt": "base:\nbase:\nflow: base\ntesting: base flow\n"}, "one line"),
]
SOUND = {
    "layers.txt": "# comment\nbase:\nflow: base\ntesting: base flow\n",
    "base/bytes.h": "#include <string>\n",
    "base/bytes_fuzz.cc": '#include "base/bytes.h"\n#include "testing/fuzz.h"\n',
    "flow/operator.h": '#include "base/bytes.h"\n',
    "flow/operator.cc": '#include "flow/operator.h"\n#include <arrow/api.h>\n',
    "testing/fuzz.h": '#include "flow/operator.h"\n',
}


def faults_of(files):
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = Path(root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return check(Path(root))


def self_test():
    wrong = []
    if faults_of(SOUND):
        wrong.append(f"sound tree: {faults_of(SOUND)}")
    for name, files, message in PLANTED:
        faults = faults_of({**SOUND, **files})
        if not any(message in fault for fault in faults):
            wrong.append(f"{name}: expected '{message}', got {faults}")
    return wrong, 1 + len(PLANTED)


def main():
    if sys.argv[1:] == ["--self-test"]:
        faults, cases = self_test()
        what = f"check_layers: {cases} planted trees judged rightly"
    else:
        source = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "src"
        faults = check(source)
        what = f"check_layers: {sum(1 for p in source.rglob('*') if p.suffix in ('.h', '.cc'))} files keep to layers.txt"
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(what)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs Flink's SQL programs through `thalweg test` and prints passed/total by file. README.md says what is compared.

A program passes if all of its cases do. One that is on the skip list must fail: else the list is not true any more.
"""

import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys

import cases

HERE = pathlib.Path(__file__).parent
MOST_SKIPPED = 0.1  # of the denominator
SECONDS = 60        # for one program


def read_list(name):
    """Lines "file/id TAB reason", without comments."""
    entries = {}
    for line in (HERE / name).read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        key, tab, reason = line.partition("\t")
        if not tab or not reason.strip() or key in entries:
            sys.exit(f"{name}: a line is a program, a tab and a reason, and each program stands once: {line}")
        entries[key] = reason
    return entries


def read_apart():
    """Lines "program TAB agrees|differs|cannot TAB reason" of programs that are not whole."""
    apart = {}
    for key, rest in read_list("apart.tsv").items():
        what, _, reason = rest.partition("\t")
        if what not in ("agrees", "differs", "cannot") or not reason.strip():
            sys.exit(f"apart.tsv: a line is a program, agrees, differs or cannot, and why: {key}")
        apart[key] = what
    return apart


def read_programs():
    mends = {}
    for line in (HERE / "mends.jsonl").read_text().splitlines():
        mend = json.loads(line)
        name = mend.pop("program")
        if name in mends:
            sys.exit(f"mends.jsonl: two lines for {name}")
        mends[name] = mend
    programs, seen = [], set()
    for line in (HERE / "programs.jsonl").read_text().splitlines():
        program = json.loads(line)
        program["again"] = cases.key_of(program) in seen
        seen.add(cases.key_of(program))
        program.update(mends.pop(cases.key_of(program), {}))
        program["sources"].sort(key=lambda source: source.get("name") not in program.get("first", []))
        programs.append(program)
    if mends:
        sys.exit(f"mends.jsonl: no such programs: {', '.join(mends)}")
    return programs


def run_program(program, options, fold):
    """None, or why it fails."""
    try:
        texts = cases.case_texts(program, fold)
    except cases.CannotWrite as why:
        return f"cannot be written as a case: {why}"
    path = options.folder / program["file"] / f"{program['id']}.test"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(texts))
    try:
        run = subprocess.run([options.program, "test", str(path)], capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"{path}: not done after {SECONDS} s"
    if run.returncode == 0 and re.search(rf"^{len(texts)} cases?, 0 failed$", run.stdout, re.MULTILINE):
        return None
    return (run.stdout + run.stderr).strip() or f"{path}: exit code {run.returncode}"


def check_apart(programs, options, folded):
    """Runs the programs that are not whole. Faults of the list, and how many say what."""
    apart = read_apart()
    keys = {cases.key_of(program) for program in programs}
    faults = [f"FAILED {key}: apart.tsv names it, and no program that is not whole is called so" for key in apart.keys() - keys]
    for program in programs:
        key = cases.key_of(program)
        if options.words and not any(word in key for word in options.words):
            continue
        why, said = run_program(program, options, key in folded), apart.get(key)
        if why and options.show:
            print(f"--- {key} (not whole)\n{why}\n")
        if said is None:
            faults.append(f"FAILED {key}: it is not whole, and apart.tsv does not say what becomes of it")
        elif (why is None) != (said == "agrees"):
            faults.append(f"FAILED {key}: apart.tsv says '{said}': {why or 'it agrees'}")
    return sorted(faults), collections.Counter(apart.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--folder", required=True, type=pathlib.Path)
    parser.add_argument("--show", action="store_true", help="why programs fail, also those of the skip list")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()

    skipped, folded = read_list("skips.tsv"), read_list("folded.tsv")
    counts = collections.defaultdict(lambda: [0, 0, 0])  # by file: passed, skipped, all
    programs = read_programs()
    not_whole = [program for program in programs if not program.get("complete", True)]
    keys = {cases.key_of(program) for program in programs}
    faults, apart = check_apart(not_whole, options, folded)
    for program in programs:
        key = cases.key_of(program)
        if program in not_whole:
            continue
        if options.words and not any(word in key for word in options.words):
            continue
        why = run_program(program, options, key in folded)
        count = counts[program["file"]]
        count[0] += why is None
        count[1] += key in skipped
        count[2] += 1
        if why and options.show:
            print(f"--- {key}{' (skipped)' if key in skipped else ''}\n{why}\n")
        if why and key not in skipped:
            faults.append(f"FAILED {key}: {why}")
        if why is None and key in skipped:
            faults.append(f"FAILED {key}: it passes, and skips.tsv says: {skipped[key]}")
    for key in [*skipped, *folded]:
        if key not in keys:
            faults.append(f"FAILED {key}: a list names it, and there is no such program")
    passed, left_out, total = (sum(column) for column in zip(*counts.values(), [0, 0, 0]))
    if not options.words and len(skipped) > MOST_SKIPPED * total:
        faults.append(f"FAILED the skip list has {len(skipped)} of {total} programs, more than {MOST_SKIPPED:.0%}")
    if faults and not options.show:
        print("\n\n".join(faults) + "\n")
    elif faults:
        print("\n".join(fault.splitlines()[0] for fault in faults) + "\n")
    for file, (good, left, count) in counts.items():
        print(f"{file}: {good}/{count}" + (f", {left} skipped" if left else ""))
    print(f"all: {passed}/{total}, {left_out} skipped; not counted: {len(not_whole)} that are not whole in the source, of which "
          f"{apart['agrees']} agree, {apart['differs']} cannot be compared and {apart['cannot']} cannot run (apart.tsv)")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

"""Writes programs of Flink's tests (programs.jsonl) as cases of `thalweg test` (docs/book/sql_tests.md).

Rule: nothing that Flink expects is changed on the way. What cannot be written raises CannotWrite with the reason.
"""

import itertools
import re

# Constants of Flink's Java classes, and the keys that they stand for.
CONFIG_KEYS = {
    "LOCAL_TIME_ZONE": "table.local-time-zone",
    "TABLE_EXEC_MINIBATCH_ALLOW_LATENCY": "table.exec.mini-batch.allow-latency",
    "TABLE_EXEC_MINIBATCH_ENABLED": "table.exec.mini-batch.enabled",
    "TABLE_EXEC_MINIBATCH_SIZE": "table.exec.mini-batch.size",
    "TABLE_EXEC_SINK_NESTED_CONSTRAINT_ENFORCER": "table.exec.sink.nested-constraint-enforcer",
    "TABLE_EXEC_SINK_NOT_NULL_ENFORCER": "table.exec.sink.not-null-enforcer",
    "TABLE_EXEC_SINK_REQUIRE_ON_CONFLICT": "table.exec.sink.require-on-conflict",
    "TABLE_EXEC_SINK_TYPE_LENGTH_ENFORCER": "table.exec.sink.type-length-enforcer",
    "TABLE_EXEC_SOURCE_CDC_EVENTS_DUPLICATE": "table.exec.source.cdc-events-duplicate",
    "TABLE_OPTIMIZER_AGG_PHASE_STRATEGY": "table.optimizer.agg-phase-strategy",
    "TABLE_OPTIMIZER_DISTINCT_AGG_SPLIT_ENABLED": "table.optimizer.distinct-agg.split.enabled",
    "TABLE_OPTIMIZER_MULTI_JOIN_ENABLED": "table.optimizer.multi-join.enabled",
}
CHANGELOG_MODES = {
    "I": "I",
    "I,UA": "I,UA,D",
    "I,UA,D": "I,UA,D",
    "I,UB,UA": "I,UB,UA,D",
    "I,UA,UB": "I,UB,UA,D",
    "I,UB,UA,D": "I,UB,UA,D",
    "I,UA,UB,D": "I,UB,UA,D",
    "ChangelogMode.insertOnly()": "I",
    "ChangelogMode.upsert()": "I,UA,D",
    "ChangelogMode.upsert(true)": "I,UA,D",
    "ChangelogMode.all()": "I,UB,UA,D",
    "KAFKA_WITH_PARTIAL_DELETES_CHANGELOG": "I,UA,D",
}
BEFORE, AFTER = ("producedValues", "producedBeforeRestore"), ("producedAfterRestore",)
CONSUMED_BEFORE, CONSUMED_AFTER = ("consumedValues", "consumedBeforeRestore"), ("consumedAfterRestore",)


class CannotWrite(Exception):
    pass


def key_of(program):
    """Ids are not unique, files and ids together are but for a program that bears the name of one before it (`again`)."""
    return f"{program['file']}/{program['id']}" + (f"@{program['line']}" if program.get("again") else "")


# --- Values, as Flink prints them and as `--- input` takes them.


def value_text(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, str)):
        return str(value)
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(value_text, value)) + "]"
    if "$row" in value:
        return "+I[" + ", ".join(map(value_text, value["$row"])) + "]"
    if "$map" in value:
        return "{" + ", ".join(f"{value_text(k)}={value_text(v)}" for k, v in value["$map"]) + "}"
    if "$bytes" in value:
        return "[" + ", ".join(str(int.from_bytes([byte], signed=True)) for byte in bytes.fromhex(value["$bytes"])) + "]"
    if len(value) == 1:
        (kind, text), = value.items()
        if kind in ("$dec", "$ts", "$date", "$time", "$instant", "$instant_ms"):
            return str(text)
    raise CannotWrite(f"no text for the value {value}")


def float_text(value):
    """Java's text of a DOUBLE."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    mantissa, _, exponent = f"{value:.17e}".partition("e")
    return f"{float(mantissa)!r}E{int(exponent)}"


def row_text(row):
    if isinstance(row, str):
        return row
    return row.get("$kind", "+I") + value_text(row)[2:]


def rows_of(table, keys):
    return [row_text(row) for key in keys for row in table.get(key) or []]


# --- Tables.


def option(table, name):
    return (table.get("options") or {}).get(name)


def changelog_mode(table, name):
    mode = option(table, name)
    if mode is None and table.get("addMode"):
        mode = table["addMode"][0]
    if mode is None:
        return None
    if mode not in CHANGELOG_MODES:
        raise CannotWrite(f"no such changelog mode: {mode}")
    return CHANGELOG_MODES[mode]


def has_primary_key(table):
    return any("PRIMARY KEY" in column.upper() for column in table["schema"])


def source_mode(source):
    mode = changelog_mode(source, "changelog-mode") or "I"
    # A source of Flink's tests gives what it is told to, whatever its mode.
    if mode == "I" and any(not text.startswith("+I") for text in rows_of(source, (*BEFORE, *AFTER))):
        mode = "I,UB,UA,D"
    # Only with a key does an update say which row it updates.
    return "I,UB,UA,D" if mode == "I,UA,D" and not has_primary_key(source) else mode


def sink_mode(sink, fold):
    """A sink of Flink's tests drops -U if it has a key, and else takes what comes. What is folded needs -U: a case folds whole rows."""
    if fold:
        return "I,UB,UA,D"
    return changelog_mode(sink, "sink-changelog-mode-enforced") or ("I,UA,D" if has_primary_key(sink) else "I,UB,UA,D")


def create_table(table, options):
    keys = table.get("addPartitionKeys") or []
    partitioned = f" PARTITIONED BY ({', '.join(keys)})" if keys else ""
    given = ", ".join(f"'{key}' = '{value}'" for key, value in {"connector": "test", **options}.items())
    return f"CREATE TABLE `{table['name']}` ({', '.join(table['schema'])}){partitioned} WITH ({given});"


def config_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict) and "$raw" in value:
        return value["$raw"].rpartition(".")[2]
    if isinstance(value, dict) and value.get("$interval") == "Duration.ofSeconds":
        return f"{value['args'][0]} s"
    if isinstance(value, dict):
        raise CannotWrite(f"no text for the option's value {value}")
    return str(value)


def settings(program):
    lines = []
    for name, value in program["config"].items():
        if name.startswith("InternalConfigOptions."):
            continue  # lets Flink do what we always do
        key = name if name.startswith(("table.", "execution.")) else CONFIG_KEYS.get(name.rpartition(".")[2])
        if key is None:
            raise CannotWrite(f"no key for the option {name}")
        lines.append(f"SET '{key}' = '{config_value(value)}';")
    return lines


def statement(text):
    return text.strip().rstrip(";") + ";"


def inserts(program, run):
    """Statement of a run. Of a Table API program the source has the SQL of its query too; the sink stands in `runTableApi`."""
    sql = run["sql"]
    if not isinstance(sql, str):
        raise CannotWrite("a statement that the source takes from another program")
    sink = re.match(r'runTableApi\(<lambda>, "(\w+)"', "".join(program["other"][-1:]))
    return f"INSERT INTO `{sink[1]}` {sql}" if sink else sql


# --- Steps.


def mentions(sql, table):
    return re.search(rf"\b{re.escape(table['name'])}\b", sql, re.IGNORECASE) is not None


def input_steps(sources, keys, in_turn):
    """`in_turn`: a row of each source in turn, as Flink's run side by side."""
    lines = []
    if in_turn:
        names = [source["name"] for source in sources]
        for turn in itertools.zip_longest(*(rows_of(source, keys) for source in sources)):
            for name, row in zip(names, turn):
                lines += [f"--- input {name}", row] if row else []
        return lines
    for source in sources:
        rows = rows_of(source, keys)
        lines += [f"--- input {source['name']}", *rows] if rows else []
    return lines


def key_columns(table):
    """Positions of the primary key, empty without one."""
    constraint = re.compile(r"(CONSTRAINT .*)?PRIMARY KEY ?\((.*?)\)", re.IGNORECASE)
    columns = [column for column in table["schema"] if not constraint.match(column) and not column.upper().startswith("WATERMARK")]
    declared = [constraint.match(column) for column in table["schema"]]
    keys = [name.strip(" `") for match in declared if match for name in match[2].split(",")]
    keys += [column.split()[0].strip("`") for column in columns if "PRIMARY KEY" in column.upper()]
    return [position for position, column in enumerate(columns) if column.split()[0].strip("`") in keys]


def folded(rows, key=()):
    """The rows that changes leave; with a key, each takes away the row that has it."""
    def key_of_row(row):
        values = row[3:-1].split(", ")
        return [values[position] for position in key]

    left = []
    for row in rows:
        if key:
            left = [other for other in left if key_of_row(other) != key_of_row(row)]
        elif row[0] == "-":
            left.remove("+I" + row[2:])
        if row[0] != "-":
            left.append("+I" + row[2:])
    return [row[2:] for row in left]


def expectations(sinks, keys, by_table, fold=False):
    """`by_table`: sinks of which what all changes leave is compared, by their keys unless they only insert."""
    lines = []
    for sink in sinks:
        if sink["name"] in by_table:
            key = () if sink_mode(sink, fold) == "I" else key_columns(sink)
            lines += [f"--- table {sink['name']}", *folded(rows_of(sink, by_table[sink["name"]]), key)]
        else:
            lines += [f"--- expect {sink['name']}", *rows_of(sink, keys)]
    return lines


def steps_of(program, sources, sinks, fold):
    # Flink's watermark follows each row; here it follows each `--- input`. Of several sources Flink takes rows in turn: it is by the
    # watermark of all that a row is late.
    in_turn = program.get("in_turn", any("WATERMARK" in column.upper() for source in sources for column in source["schema"]))
    restore, both = program["restore"], CONSUMED_BEFORE + CONSUMED_AFTER
    names = [sink["name"] for sink in sinks if fold]
    lines = [f"--- time {program['time_at_start']}"] if "time_at_start" in program else []
    lines += input_steps(sources, BEFORE, in_turn)
    if "time_before_restore" in program:
        lines.append(f"--- time {program['time_before_restore']}")
    if not restore:
        lines += input_steps(sources, AFTER, in_turn) + ["--- end"]
        return lines + expectations(sinks, both, {name: both for name in names}, fold)
    lines += expectations(sinks, CONSUMED_BEFORE, {name: CONSUMED_BEFORE for name in names}, fold)
    lines += ["--- restart", *input_steps(sources, AFTER, in_turn)]
    if "time_after_restore" in program:
        lines.append(f"--- time {program['time_after_restore']}")
    lines.append("--- end")
    return lines + expectations(sinks, CONSUMED_AFTER, {name: both for name in names}, fold)


def error_text(expression):
    """The value of Java's "a" + "b"."""
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"', expression)
    return "".join(parts).replace('\\"', '"') if expression.startswith('"') else expression


def case_texts(program, fold):
    """The cases of one program: of each statement that must fail one, of all others together one."""
    if program["functions"]:
        raise CannotWrite("functions written in Java")
    for table in program["sources"] + program["sinks"]:
        if not table.get("name"):
            raise CannotWrite("a table without a name or columns in programs.jsonl")
        if any(not isinstance(column, str) for column in table["schema"]):
            raise CannotWrite(f"the columns of {table['name']} are an expression in Java")
    runs = [inserts(program, run) for run in program["run"] if "sql" in run]
    failing = [run for run in program["run"] if "failing_sql" in run]
    if len(runs) + len(failing) != len(program["run"]) or not program["run"]:
        raise CannotWrite("a run that is no SQL")
    if any(not re.match(r"\s*(INSERT|EXECUTE)\b", sql, re.IGNORECASE) for sql in runs):
        raise CannotWrite("a query without a sink")
    head = settings(program)
    # Flink's restore tests run plans compiled before: nothing asks them for ON CONFLICT.
    if program["restore"]:
        head.append("SET 'table.exec.sink.require-on-conflict' = 'false';")
    for source in program["sources"]:
        # What is restored has no end: its first part is only what has come so far.
        bounded = "false" if program["restore"] else "true"
        head.append(create_table(source, {"changelog-mode": source_mode(source), "bounded": bounded}))
    for sink in program["sinks"]:
        head.append(create_table(sink, {"sink-changelog-mode": sink_mode(sink, fold)}))
    setup = [statement(sql) for sql in program["setup_sql"]]
    cases = []
    if runs:
        sql = "\n".join(setup + runs)
        sources = [source for source in program["sources"] if mentions(sql, source)]
        lines = [f"=== {key_of(program)}", *head, *setup, *map(statement, runs)]
        cases.append("\n".join(lines + steps_of(program, sources, program["sinks"], fold)) + "\n")
    for number, run in enumerate(failing, 1):
        sql = "\n".join(setup + [run["failing_sql"]])
        sources = [source for source in program["sources"] if mentions(sql, source)]
        lines = [f"=== {key_of(program)} error {number}", *head, *setup, statement(run["failing_sql"])]
        lines += input_steps(sources, BEFORE + AFTER, False) + ["--- end", "--- error", error_text(run["error"][1])]
        cases.append("\n".join(lines) + "\n")
    return cases

#!/usr/bin/env python3
"""Writes row_specs.tsv: a payload of each kind of row operator, and a scan, independently of the C++ code, from docs/internals/row_specs.md,
expressions.md, batch.md, graph.md and bytes.md. Usage: row_specs.py > row_specs.tsv

What the samples hold is told a second time in src/graph/row_specs_golden_test.cc.
"""
import struct

from encoding import field, flag, number, repeated, signed, text, varint, zigzag


# graph.md: types and schemas.
BOOLEAN_ID, INT_ID, BIGINT_ID, STRING_ID, TIMESTAMP_ID, ARRAY_ID = 1, 4, 5, 9, 13, 17


def column(name, type_):
    return text(1, name) + field(2, type_)


def type_of(id_, not_null=False, precision=0, parts=()):
    return number(1, id_) + flag(2, not_null) + number(3, precision) + repeated(5, parts)


def schema(*columns):
    return repeated(1, [column(name, type_) for name, type_ in columns])


BOOLEAN, INT, STRING = type_of(BOOLEAN_ID), type_of(INT_ID), type_of(STRING_ID)
TIMESTAMP_3 = type_of(TIMESTAMP_ID, precision=3)
BIGINT_NOT_NULL = type_of(BIGINT_ID, not_null=True)
INT_ARRAY = type_of(ARRAY_ID, parts=[column("element", INT)])


# expressions.md
def expression(node):
    return b"TWEX" + struct.pack("<H", 1) + node


def input_(at, type_):
    return number(1, 1) + field(2, type_) + number(4, at)


def call(function, type_, *arguments):
    return number(1, 2) + field(2, type_) + text(5, function) + repeated(6, arguments)


def int_literal(value):
    type_ = type_of(INT_ID, not_null=True)
    # batch.md: version, rows, flags, columns; type, no NULLs, the value
    batch = b"\x01" + varint(1) + b"\x00" + varint(1) + varint(len(type_)) + type_ + b"\x00" + struct.pack("<i", value)
    return field(3, field(1, type_) + field(2, batch))


# row_specs.md: parts.
def columns(tag, *at):
    return field(tag, b"".join(map(zigzag, at))) if at else b""


def sort_key(at, descending=False, nulls_last=False):
    return signed(1, at) + flag(2, descending) + flag(3, nulls_last)


COUNT = text(1, "COUNT") + field(7, BIGINT_NOT_NULL) + text(8, "n")
LISTAGG = (text(1, "LISTAGG") + columns(2, 0) + signed(3, 2 + 1) + flag(4) + flag(5) +
           repeated(6, [sort_key(3, descending=True, nulls_last=True), sort_key(1)]) + field(7, STRING) + text(8, "all"))
CALLS = [LISTAGG, COUNT]
TUMBLE, HOP, CUMULATE, SESSION = range(4)
HOPPING = number(1, HOP) + signed(2, 5000) + signed(3, 1000) + signed(4, -5) + signed(6, 3 + 1) + text(9, "Europe/Berlin")
SESSIONS = number(1, SESSION) + signed(2, 5000) + flag(5) + columns(10, 0, 1)
ATTACHED = signed(2, 60_000) + signed(7, 3 + 1) + signed(8, 4 + 1)
INNER, LEFT = 0, 1
LESS = expression(call("<", BOOLEAN, input_(0, INT), input_(2, INT)))
SELF_LESS = expression(call("<", BOOLEAN, input_(0, INT), input_(0, INT)))

EVENTS = schema(("k", STRING), ("v", INT), ("ok", BOOLEAN), ("t", TIMESTAMP_3))
WINDOWED = schema(("k", STRING), ("v", INT), ("ok", BOOLEAN), ("start", TIMESTAMP_3), ("end", TIMESTAMP_3))
TWO = schema(("k", INT), ("t", TIMESTAMP_3))
LOG = schema(("op", STRING), ("k", INT))
LISTS = schema(("k", INT), ("list", INT_ARRAY))


def sides(type_):
    return (field(1, TWO) + field(2, TWO) + columns(3, 0) + columns(4, 0) + columns(5, 1) + number(6, type_) + field(7, LESS) +
            text(8, "Europe/Berlin"))


def bound(time, other_time, lower, upper, ahead):
    above = b"" if upper is None else flag(4) + signed(5, upper)
    return number(1, time) + number(2, other_time) + signed(3, lower) + above + signed(6, ahead)


DELETE, UPDATE_AFTER, INSERT = 3, 2, 0


def read(kind=0, variable=None, offset=0, at=None, call=None):
    return (number(1, kind) + signed(2, 0 if variable is None else variable + 1) + signed(3, offset) +
            signed(4, 0 if at is None else at + 1) + (b"" if call is None else field(5, call)))


LAST, FIRST, AGGREGATE, TIME = range(4)


def variable(name, least, most, greedy=False, at=None, condition=None, reads=()):
    return (text(1, name) + signed(2, least) + signed(3, 0 if most is None else most + 1) + flag(4, greedy) +
            signed(5, 0 if at is None else at + 1) + (b"" if condition is None else field(6, condition)) + repeated(7, reads))


def code(kind, name):
    return number(1, kind) + text(2, name)


CASES = [
    ("values", repeated(1, [b"ab", b"", b"c"])),
    ("calc", field(1, SELF_LESS) +
     repeated(2, [expression(input_(0, INT)), expression(call("+", INT, input_(0, INT), int_literal(-7)))]) +
     text(3, "Europe/Berlin") + signed(4, 17)),
    ("unnest", field(1, LISTS) + field(2, expression(input_(1, INT_ARRAY))) + flag(3) + flag(4) + text(5, "UTC")),
    ("unnest with a condition", field(1, LISTS) + field(2, expression(input_(1, INT_ARRAY))) + flag(3) +
     field(6, expression(call("<", BOOLEAN, input_(0, INT), input_(2, INT))))),
    ("group-aggregate", field(1, EVENTS) + columns(2, 0, 1) + repeated(3, CALLS) + flag(4) + flag(5) + signed(6, 1000)),
    ("window-aggregate", field(1, EVENTS) + columns(2, 0) + repeated(3, CALLS) + field(4, HOPPING) +
     repeated(5, [varint(0), varint(2), varint(3)]) + flag(6)),
    ("window-aggregate of attached windows", field(1, WINDOWED) + repeated(3, [COUNT]) + field(4, ATTACHED)),
    ("window-tvf", field(1, EVENTS) + field(2, SESSIONS)),
    ("over-aggregate", field(1, EVENTS) + columns(2, 0) + signed(3, 3 + 1) + flag(5) + signed(6, 2 + 1) + repeated(7, CALLS) +
     signed(8, 7)),
    ("over-aggregate of processing time", field(1, EVENTS) + flag(4) + repeated(7, [COUNT])),
    ("sorted-over", field(1, EVENTS) + columns(2, 0) + repeated(3, [sort_key(1, nulls_last=True)]) + repeated(5, CALLS) + flag(6) +
     signed(7, 9) + field(8, flag(1))),
    ("batch-over", field(1, EVENTS) + repeated(3, [sort_key(0)]) + flag(4) + repeated(5, [COUNT]) + field(8, signed(2, -4)) +
     field(9, signed(2, 2))),
    ("batch-over of a range", field(1, EVENTS) + repeated(3, [sort_key(0)]) + repeated(5, [COUNT]) + field(8, signed(3, 0 + 1)) +
     field(9, flag(1))),
    ("join", sides(LEFT) + columns(9, 0) + columns(10, 1, 0) + signed(11, 5) + signed(12, 6) + flag(14)),
    ("join of bounded sides", sides(INNER) + flag(13) + flag(14) + field(15, bound(1, 1, -7, 0, 1)) +
     field(16, bound(1, 1, 8, None, -9))),
    ("interval-join", sides(LEFT) + signed(9, -7) + signed(10, 8) + signed(11, 1 + 1) + signed(12, 1 + 1) + signed(13, 6)),
    ("temporal-join", sides(LEFT) + signed(9, 1 + 1) + signed(10, 1 + 1) + signed(11, 9)),
    ("snapshot-join", sides(LEFT) + columns(9, 1) + number(10, 2) + signed(11, 1_700_000_000_000) + signed(12, 9)),
    ("window-join", sides(INNER) + signed(9, 1 + 1) + signed(10, 1 + 1) + text(11, "UTC")),
    ("rank", field(1, TWO) + columns(2, 0) + repeated(3, [sort_key(1, descending=True)]) + signed(4, 2) + signed(5, 3) + flag(6) +
     number(7, 1) + columns(8, 0) + flag(9) + signed(10, 4)),
    ("deduplicate", field(1, TWO) + columns(2, 0) + signed(3, 1 + 1) + flag(6) + flag(7) + signed(8, 3) + flag(9)),
    ("deduplicate to the last", field(1, TWO) + columns(2, 0) + flag(4) + flag(5)),
    ("window-rank", field(1, TWO) + columns(2, 0) + repeated(3, [sort_key(0)]) + signed(4, 1) + signed(5, 9) + flag(6) +
     signed(7, 1 + 1) + text(8, "UTC")),
    ("window-deduplicate", field(1, TWO) + columns(2, 0) + signed(3, 1 + 1) + flag(4) + signed(5, 1 + 1) + text(6, "UTC")),
    ("window-best", field(1, TWO) + number(2, 1) + flag(4) + signed(5, 10_000) + signed(6, -3) + flag(7)),
    # keys.md: (1, NULL)
    ("sort", field(1, TWO) + repeated(2, [sort_key(0, descending=True)]) + signed(4, 3) + signed(5, 0 + 1) +
     field(6, b"\x01\x80\x00\x00\x01\x00")),
    ("sort by time", field(1, TWO) + repeated(2, [sort_key(1), sort_key(0)]) + signed(3, 1 + 1)),
    ("limit", field(1, TWO) + signed(2, 4) + signed(3, 5 + 1)),
    ("changelog-normalize", field(1, TWO) + columns(2, 0) + flag(3) + field(4, SELF_LESS) + signed(5, 3)),
    ("upsert-materialize", field(1, TWO) + columns(2, 0) + columns(3, 1) + signed(4, 3) + number(5, 2)),
    ("drop-update-before", field(1, TWO)),
    ("to-changelog", field(1, TWO) + columns(2, 1) + repeated(3, [code(DELETE, "d"), code(INSERT, "")]) + flag(4) + columns(5, 0)),
    ("from-changelog", field(1, LOG) + columns(2, 1) + repeated(4, [code(UPDATE_AFTER, "u"), code(DELETE, "d")]) + flag(5)),
    ("match-recognize", field(1, EVENTS) + columns(2, 0) + signed(3, 3 + 1) + repeated(4, [sort_key(1, descending=True)]) +
     repeated(5, [variable("A", 1, None, greedy=True, at=2),
                  variable("B", 0, 2, condition=SELF_LESS, reads=[read(FIRST, variable=0, offset=1, at=1)])]) +
     number(6, 3) + signed(7, 1 + 1) + signed(8, 60_000) +
     repeated(9, [read(LAST, at=1), read(AGGREGATE, variable=1, call=COUNT), read(TIME, at=3)]) + text(10, "Europe/Berlin") +
     signed(11, 17) + flag(12)),
    ("match-recognize by processing time", field(1, TWO) + repeated(5, [variable("A", 1, 1)]) + repeated(9, [read(LAST, 0, at=0)])),
    ("constraints", field(1, LISTS) + number(2, 1) + number(3, 2) + number(4, 2) + columns(5, 0) + columns(5, 1, 0)),
    ("scan", repeated(1, [expression(input_(0, INT)), expression(input_(1, TIMESTAMP_3))]) +
     field(2, expression(input_(1, TIMESTAMP_3))) + signed(3, 250) + text(4, "UTC") + text(5, "near") + signed(6, 2000) +
     signed(7, 1000) + columns(8, 0) + columns(8, 2, 1)),
    ("scan with watermarks that go with the rows", field(2, expression(input_(1, TIMESTAMP_3))) + columns(9, 0) + number(11, 1)),
    ("scan with watermarks behind each row that raises them", field(2, expression(input_(1, TIMESTAMP_3))) + columns(9, 0) + number(11, 2)),
]

if __name__ == "__main__":
    print("# name\tbytes (hex); written by row_specs.py")
    for name, content in CASES:
        print(f"{name}\t{content.hex()}")

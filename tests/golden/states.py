#!/usr/bin/env python3
"""Writes states.tsv: what sources, sinks, operators and values of C++ types put into a checkpoint, independently of the C++ code, from docs/internals/aggregates.md,
bytes.md, files.md, kafka.md, keys.md, patterns.md, relations.md, state.md, watermarks.md and windows.md. Usage: states.py > states.tsv"""
import pathlib
import struct

from encoding import string, varint, zigzag


def u8(value):
    return struct.pack("<B", value)


def i64(value):
    return struct.pack("<q", value)


def ordered(value):
    """A signed number whose bytes order as it does."""
    return struct.pack(">Q", value + (1 << 63))


def flipped(value, size):
    """Big-endian, the sign bit flipped: a stored row's integers."""
    return (value + (1 << (8 * size - 1))).to_bytes(size, "big")


def stored_double(value):
    """Of a positive number: its bits, big-endian, the sign bit set."""
    return struct.pack(">Q", struct.unpack(">Q", struct.pack(">d", value))[0] | 1 << 63)


# keys.md: cells.
NULL = b"\x00"


def integer(value, size):
    return b"\x01" + flipped(value, size)


def text(value):
    return b"\x01" + value.encode().replace(b"\x00", b"\x00\xff") + b"\x00\x00"


def descending(cell):
    return bytes(byte ^ 0xFF for byte in cell)


def key_hash(type_, value):
    """Hash and key group of 128 of a key of keys.tsv."""
    for line in (pathlib.Path(__file__).parent / "keys.tsv").read_text().splitlines():
        fields = line.split("\t")
        if fields[:2] == [type_, value]:
            return int(fields[3], 16), int(fields[5])
    raise KeyError(value)


# relations.md: rows in state. Columns as bytes, None: NULL. INT and BIGINT are flipped(), a STRING is string().
def row(*cells):
    bits = sum(1 << i for i, cell in enumerate(cells) if cell is not None)
    return bits.to_bytes((len(cells) + 7) // 8, "little") + b"".join(cell for cell in cells if cell is not None)


def int_(value):
    return flipped(value, 4)


def bigint(value):
    return flipped(value, 8)


def listed(items):
    """Varint count, then the items."""
    return varint(len(items)) + b"".join(items)


def entry(key, namespace, value):
    """Of a state, as in a segment (state.md), without the state's index."""
    return string(key) + string(namespace) + string(value)


# aggregates.md
def words(*values):
    return b"".join(struct.pack("<d", value) if isinstance(value, float) else i64(value) for value in values)


def counted(*values):
    """Bytes and their number, in order."""
    return listed([string(value) + i64(number) for value, number in values])


def value_list(values, missing=()):
    return listed([string(value) for value in values]) + listed([string(value) for value in missing])


SPLIT = string("in/a.json#4096") + string(b"\x01state") + string(i64(1_700_000_000_000))
SECOND_SPLIT = string("clicks-1") + string("") + string("")

# A part of rows that is full: 3840 bytes and more with this row.
LONG = "z" * 3840
HASH, GROUP = key_hash("INT", "-1")


def timed_record(*cells):
    return struct.pack("<I", HASH & 0xFFFFFFFF) + string(integer(-1, 4)) + string(row(*cells))


# A block: the number of rows, sets, states. What the rows were: src/operators/aggregate_states_test.cc.
AGGREGATES = [
    # COUNT(v), SUM(v), AVG(d), $SUM0(f), COUNT(d, f): 72 bytes of the 80 that there are
    ("aggregates-words", words(3, 2, -3, 2, 3.0, 2, 4.0, 2, 1) + bytes(8)),
    # the same calls of COUNT and SUM, twelve of them: too large to be padded
    ("aggregates-many-words", words(2, *[2, 7, 2] * 6)),
    # -0.35, and NULL since it had too many digits
    ("aggregates-decimal", words(2) + words(-35, -1, 2, 1) + words(0, 0, 2, 0) + bytes(8)),
    # MIN(b), MAX(d), MIN(f), LAST_VALUE(t), FIRST_VALUE of nothing
    ("aggregates-picks", words(2, -3, 1, 2, 1, 0.25, 1, 7, 1, 0, 0) + bytes(8)),
    # MIN of texts, LAST_VALUE of BOOLEAN, MAX of TIMESTAMP(6), FIRST_VALUE of nothing
    ("aggregates-byte-picks",
     words(2) + string(text("a")) + string(b"\x01\x00") + string(integer(7, 8) + struct.pack(">I", 8000)) + string("")),
    # MIN(v) and COLLECT(v) of -1, 5, 5 and a 9 taken back before it came; MAX(s)
    ("aggregates-counted",
     words(2) + counted((integer(-1, 4), 1), (integer(5, 4), 2), (integer(9, 4), -1)) * 2 + counted((text("a"), 1))),
    # FIRST_VALUE and LAST_VALUE of v, ARRAY_AGG(v), JSON_ARRAYAGG(s), LISTAGG(s), LISTAGG(s, j)
    ("aggregates-listed",
     words(2)
     + value_list([integer(1, 4), integer(2, 4)], [integer(9, 4)]) * 2
     + value_list([integer(1, 4), NULL, integer(2, 4)], [integer(9, 4)])
     + value_list(["10", "null", "20"], ["90"])
     + value_list(["10", "20"], ["90"]) + string(",")
     + value_list(["10", "20"], ["90"]) + string(";")),
    # LISTAGG(s, j) of merged windows
    ("aggregates-merged-text", words(2) + value_list(["b", "a"]) + string("2")),
    # STDDEV_POP of 2 and 4, VAR_SAMP of 1
    ("aggregates-moments", words(2, 2, 3.0, 2.0, 1, 1.0, 0.0)),
    # LISTAGG(s), LISTAGG(s, j), JSON_OBJECTAGG(s, j), LISTAGG of nothing
    ("aggregates-texts",
     words(2) + string("b,a") + u8(1) + string("b2a") + u8(1)
     + listed([string("a") + string("2"), string("b") + string("1")]) + string("") + u8(0)),
    ("aggregates-single", words(1) + string(text("x")) + i64(1)),
    ("aggregates-percentile", words(3) + listed([words(1.0, 1), words(3.0, 2)]) + listed([words(0.5), words(1.0)])),
    # ROW_NUMBER, RANK, DENSE_RANK of times 5, 5, 7
    ("aggregates-ranks", words(3, 3, 3, 3, 7, 3, 2, 7)),
    # LAG(v) of 1, 2, 3, LAG(v, 5)
    ("aggregates-lag",
     words(3) + listed([string(integer(v, 4)) for v in (2, 3)]) + string(integer(2, 4))
     + listed([string(integer(v, 4)) for v in (1, 2, 3)]) + string("")),
    # v: 7, 5, 7, NULL, those with `small` 5 and NULL; w: 1, 1, NULL, 1. COUNT(DISTINCT v) with and without FILTER, SUM(DISTINCT w)
    ("aggregates-shared-sets",
     words(4)
     + listed([string(NULL) + i64(3), string(integer(5, 4)) + i64(3), string(integer(7, 4)) + i64(1)])
     + listed([string(NULL) + i64(1), string(integer(1, 4)) + i64(1)])
     + words(2, 1, 1, 1)),
    # the same calls where rows are taken back
    ("aggregates-own-sets",
     words(4) + counted((NULL, 1), (integer(5, 4), 1), (integer(7, 4), 2)) + counted((NULL, 1), (integer(5, 4), 1))
     + counted((NULL, 1), (integer(1, 4), 3)) + words(2, 1, 1, 1)),
    # COUNT(DISTINCT v, s)
    ("aggregates-set-of-pairs",
     words(3) + counted((integer(1, 4) + NULL, 1), (integer(1, 4) + text("a"), 2)) + words(1)),
]

# Entries of states, as in a segment but for the state's index: key, namespace, value.
K = text("a")
ENTRIES = [
    # ROWS BETWEEN 1 PRECEDING AND CURRENT ROW: rows of the times 2 and 3 are in the frame, rows of 10, 10 and 12 wait
    ("over-rows",
     entry(K, b"",
           listed([i64(10) + listed([string(row(string("a"), int_(v), bigint(10))) for v in (4, 5)]),
                   i64(12) + listed([string(row(string("a"), int_(6), bigint(12)))])])
           + listed([i64(t) + string(row(string("a"), int_(t), bigint(t))) for t in (2, 3)]))),
    ("over-aggregates", entry(K, b"", words(2, 5, 2))),
    ("sorted-over",
     entry(K, integer(2, 8), listed([string(row(string("a"), bigint(2))) + string(row(bigint(4)))] * 2))
     + entry(K, integer(5, 8), listed([string(row(string("a"), bigint(5))) + string(row(bigint(9)))]))),
    ("batch-over",
     entry(K, integer(2, 8), listed([string(row(string("a"), bigint(2)))] * 2))
     + entry(K, integer(5, 8), listed([string(row(string("a"), bigint(5)))]))),
    ("session-rows",
     entry(K, ordered(3) + ordered(13), listed([u8(0) + string(row(string("a"), bigint(3))), u8(3) + string(row(string("a"), bigint(3)))]))),
    # joins: left rows (1, x) twice, right rows (1, y) and (1, z)
    ("join-counted", entry(integer(1, 4), row(int_(1), string("x")), string("") + varint(2) + varint(2))),
    ("join-by-unique-key", entry(integer(1, 4), text("x"), string(row(int_(1), string("x"))) + varint(1) + varint(0))),
    ("join-single", entry(integer(1, 4), b"", string(row(int_(1), string("y"))) + varint(1) + varint(0))),
    ("join-appended",
     entry(integer(1, 4), b"", string(string(row(int_(1), string("y")))) + varint(1))
     + entry(integer(1, 4), struct.pack(">Q", 0),
             string(string(row(int_(1), string("x"))) + string(row(int_(1), string(LONG)))) + varint(0))),
    # price -1 at -1 ms, 2001 ms and 2499 ms: stretches of 2500 ms
    ("join-timed",
     entry(struct.pack(">H", GROUP), ordered(-1), string(timed_record(int_(-1), string("a"), bigint(-1))) + varint(0))
     + entry(struct.pack(">H", GROUP), ordered(0),
             string(timed_record(int_(-1), string("b"), bigint(2001)) + timed_record(int_(-1), None, bigint(2499))) + varint(0))),
    ("interval-join-left",
     entry(K, ordered(5), listed([string(row(bigint(5), string("a"))) + u8(0)]))
     + entry(K, ordered(6), listed([string(row(bigint(6), string("a"))) + u8(1)]))),
    ("interval-join-right", entry(K, ordered(16), listed([string(row(bigint(16), string("a"))) + u8(1)]))),
    ("interval-join-left-cleanup", entry(K, b"", i64(31))),
    ("interval-join-right-cleanup", entry(K, b"", i64(52))),
    ("temporal-join-left",
     entry(K, ordered(0), zigzag(2) + u8(0) + string(row(bigint(2), string("a"), string("l"))))
     + entry(K, ordered(1), zigzag(4) + u8(2) + string(row(bigint(4), string("a"), string("m"))))),
    ("temporal-join-right",
     entry(K, ordered(-1), zigzag(-1) + u8(0) + string(row(bigint(-1), string("a"), string("v"))))
     + entry(K, ordered(3), zigzag(3) + u8(3) + string(row(bigint(3), string("a"), string("v"))))),
    ("temporal-join-next-index", entry(K, b"", i64(2))),
    ("temporal-join-timer", entry(K, b"", i64(-1))),
    ("temporal-join-cleanup", entry(K, b"", i64(150))),
    ("temporal-join-now", entry(K, b"", string(row(bigint(1), string("a"), string("v"))))),
    ("snapshot-join-waiting",
     entry(K, ordered(0), u8(0) + string(row(string("a"), int_(1)))) + entry(K, ordered(1), u8(3) + string(row(string("a"), int_(1))))),
    ("snapshot-join-next-index", entry(K, b"", i64(2))),
    # an outer join in the midst of sending the window [.., 3): one of two left rows is sent, and has met the first right row
    ("window-join-left",
     entry(K, ordered(3), string(b"".join(string(row(bigint(3), string("a"), int_(v))) for v in (1, 2))) + varint(2) + varint(1) + varint(0))),
    ("window-join-right",
     entry(K, ordered(3), string(b"".join(string(row(bigint(3), string("a"), int_(v))) for v in (1, 9))) + varint(2) + varint(0)
           + varint(2) + bytes([1, 0]))),
    # a key that is NULL and joins nothing
    ("window-join-alone", entry(NULL, ordered(3), string(string(row(bigint(3), None, int_(1)))) + varint(1) + varint(0) + varint(1) + b"\x01")),
    # the dearest first
    ("window-rank",
     entry(K, ordered(3), listed([string(row(bigint(3), string("a"), int_(v))) + string(descending(integer(v, 4))) for v in (9, 1)]))),
    ("window-deduplicate", entry(K, ordered(3), string(row(bigint(3), string("a"), bigint(2))) + string(ordered(2)))),
    # ORDER BY price DESC NULLS LAST: (a, 1, 12), (a, 2, 12), (a, 3, NULL)
    ("rank-rows",
     entry(K, descending(integer(12, 4)), listed([string(row(string("a"), bigint(n), int_(12))) + string("") for n in (1, 2)]))
     + entry(K, b"\xff", listed([string(row(string("a"), bigint(3), None)) + string("")]))),
    # NULLs first; each row with its unique key
    ("rank-rows-upsert",
     entry(K, b"\x00", listed([string(row(string("a"), bigint(3), None)) + string(integer(3, 8))]))
     + entry(K, integer(12, 4), listed([string(row(string("a"), bigint(1), int_(12))) + string(integer(1, 8))]))),
    ("rank-edge", entry(K, b"", zigzag(2) + string(integer(19, 4)))),
    ("rank-top", entry(K, b"", string(row(string("a"), bigint(2), int_(11))) + string(integer(11, 4)))),
    ("deduplicate", entry(K, b"", zigzag(-7) + string(row(string("a"), int_(1), bigint(-7))))),
    ("deduplicate-seen", entry(K, b"", zigzag(0) + string(""))),
    ("deduplicate-waiting", entry(K, b"", zigzag(9) + string(row(string("a"), int_(2), bigint(9))))),
    ("sort-rows",
     entry(b"", integer(1003, 8) + descending(integer(4, 4)), listed([string(row(bigint(1003), int_(4)))] * 2))
     + entry(b"", integer(1003, 8) + descending(integer(2, 4)), listed([string(row(bigint(1003), int_(2)))]))),
    ("sort-mark", entry(b"", b"", i64(1001))),
    # ORDER BY d NULLS LAST of (-0.0, a) twice and (NULL, b), which is taken back before it comes
    ("sort-all",
     entry(b"", b"\x01" + stored_double(0.0) + b"\x01\x7f" + b"\xff" * 7 + text("a"), zigzag(2) + varint(9))
     + entry(b"", b"\xff" + NULL + text("b"), zigzag(-1) + varint(1))),
    ("limit", entry(b"", b"", i64(2))),
    ("normalized", entry(K, b"", string(row(string("a"), int_(1))))),
    ("upsert-values", entry(K, b"", listed([string(row(string("a"), int_(v))) + string(integer(v, 4)) for v in (1, 2)]))),
    # A+ B: row 0 of time 1 and row 1 of time 2 are rows of A, rows of the times 5 and 6 wait
    ("match-rows", b"".join(entry(K, ordered(n), string(row(string("a"), int_(v), bigint(n + 1)))) for n, v in ((0, 9), (1, 8)))),
    ("match-runs",
     entry(K, b"", zigzag(2) + listed([varint(2) + i64(1) + zigzag(0) + listed([varint(0) + varint(2)]),
                                       varint(2) + i64(2) + zigzag(1) + listed([varint(0) + varint(1)])]) + varint(0))),
    ("match-waiting",
     entry(K, b"",
           listed([i64(5) + listed([string(row(string("a"), int_(v), bigint(5))) for v in (7, 6)]),
                   i64(6) + listed([string(row(string("a"), int_(1), bigint(6)))])]))),
]

# Two runs that are not complete, and one that is.
RUNS = (
    zigzag(300)
    + listed([varint(2) + i64(-5) + zigzag(10) + listed([varint(0) + varint(289), varint(1) + varint(1)]),
              varint(4) + i64(1_700_000_000_000) + zigzag(299) + listed([varint(0) + varint(1)])])
    + listed([varint(0) + i64(7) + zigzag(200) + listed([varint(0) + varint(3), varint(2) + varint(1)])])
)

CASES = [
    ("split", SPLIT),
    ("split-without-watermark", SECOND_SPLIT),
    ("source-event-assign", u8(0) + string(SPLIT) + string(SECOND_SPLIT)),
    ("source-event-no-more", u8(1)),
    ("source-event-for-reader", u8(2) + string("paused: clicks-1")),
    ("watermark-generator", i64(1_700_000_000_000)),
    ("eager-watermark-generator", i64(1_700_000_000_150) + i64(1_700_000_000_000)),
    # BIGINT -2, STRING of 130 letters, BOOLEAN true, DOUBLE 1.5, TIMESTAMP(6) of 7 ms and 8 ns, DECIMAL(20, 2) 1.00, TINYINT 3: a bitmap of seven bits
    ("stored-row",
     u8(0b1111111) + flipped(-2, 8) + varint(130) + b"x" * 130 + u8(1) + stored_double(1.5) + flipped(7, 8) + struct.pack(">I", 8) + flipped(100, 16) + flipped(3, 1)),
    ("stored-row-nulls", u8(0b0000010) + varint(2) + b"ab"),
    ("codec-bool", u8(1)),
    ("codec-i16", struct.pack("<h", -2)),
    ("codec-f64", struct.pack("<d", 0.5)),
    ("codec-str", string("ab")),
    ("codec-optional", u8(1) + struct.pack("<i", 5) + u8(0)),   # a pair of one that is there and one that is not
    ("codec-vector", varint(2) + string("b") + string("a")),
    ("codec-unordered-set", varint(3) + b"".join(struct.pack("<i", n) for n in (-1, 2, 7))),
    ("codec-unordered-map", varint(2) + string("a") + struct.pack("<H", 1) + string("b") + struct.pack("<H", 2)),
    ("codec-array", struct.pack("<BB", 4, 5)),
    ("codec-record", varint(2) + string("ab") + struct.pack("<i", 5)),
    ("file-split",
     u8(2) + string("in/a.json") + varint(300) + varint(7) + i64(0x1000) + u8(1) + varint(5000) + i64(1_700_000_000_123)),
    ("range-split", u8(1) + i64(-2) + i64(3) + i64(1 << 40)),
    ("file-sink-committable", u8(1) + string(".part-0a1b2c3d-0-7.json.inprogress") + string("part-0a1b2c3d-0-7.json")),
    ("file-sink-waiting-partition",
     u8(1) + string("dt=2024-01-31/hour=8/") + struct.pack("<Q", 0x0123456789ABCDEF) + i64(1_706_690_000_000) + i64(1_706_688_000_000)),
    ("kafka-split", u8(1) + string("clicks") + struct.pack("<I", 3) + i64(1042) + i64(5000)),
    ("kafka-enumerator", u8(1) + u8(1) + varint(2) + string("a-0") + string("a-1") + varint(0)),
    ("window-namespace", ordered(-1) + ordered(2)),
    ("window-watermark", i64(1_700_000_000_000) + u8(1 | 2)),
    ("window-best", i64(12_345) + u8(0) + i64(30_000) + i64(7) + i64(40_000) + i64(-2)),
    ("window-fired", i64(1) + struct.pack("<HH", 0, 63)),
    ("window-timer", varint(0) + string("key") + varint(24) + ordered(1) + ordered(-1) + ordered(2) + varint(1) + varint(1)),
    ("window-sessions", varint(2) + b"".join(map(i64, (-5, 10, 0, 10, 100, 200, 150, 200)))),
    ("over-watermark", i64(3) + u8(0)),
    ("pattern-runs", RUNS),
    # A{2,3} B? C behind three rows of A, a second apart
    ("pattern-runs-of-rows",
     zigzag(3) + listed([varint(2 + n) + i64(1000 * (n + 1)) + zigzag(n) + listed([varint(0) + varint(3 - n)]) for n in range(3)]) + varint(0)),
    *AGGREGATES,
    *ENTRIES,
]

if __name__ == "__main__":
    print("# name\tbytes (hex); written by states.py")
    for name, content in CASES:
        print(f"{name}\t{content.hex()}")

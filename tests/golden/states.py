#!/usr/bin/env python3
"""Writes states.tsv: what sources, sinks, windows and values of C++ types put into a checkpoint, independently of the C++ code, from docs/internals/bytes.md,
files.md, kafka.md, relations.md, state.md, watermarks.md and windows.md. Usage: states.py > states.tsv"""
import struct

from encoding import string, varint


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


SPLIT = string("in/a.json#4096") + string(b"\x01state") + string(i64(1_700_000_000_000))
SECOND_SPLIT = string("clicks-1") + string("") + string("")

CASES = [
    ("split", SPLIT),
    ("split-without-watermark", SECOND_SPLIT),
    ("source-event-assign", u8(0) + string(SPLIT) + string(SECOND_SPLIT)),
    ("source-event-no-more", u8(1)),
    ("source-event-for-reader", u8(2) + string("paused: clicks-1")),
    ("watermark-generator", i64(1_700_000_000_000)),
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
]

if __name__ == "__main__":
    print("# name\tbytes (hex); written by states.py")
    for name, content in CASES:
        print(f"{name}\t{content.hex()}")

#!/usr/bin/env python3
"""Writes states.tsv: what sources, sinks and windows put into a checkpoint, independently of the C++ code, from docs/internals/files.md,
kafka.md, relations.md, state.md and windows.md. Usage: states.py > states.tsv"""
import struct

from encoding import string, varint


def u8(value):
    return struct.pack("<B", value)


def i64(value):
    return struct.pack("<q", value)


def ordered(value):
    """A signed number whose bytes order as it does."""
    return struct.pack(">Q", value + (1 << 63))


CASES = [
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

#!/usr/bin/env python3
"""Writes batch_v1.hex, an encoded batch with comments, independently of the C++ code (docs/internals/batch.md).
Usage: batch.py > batch_v1.hex"""
import struct

from encoding import field, string, varint


def type_(id_, not_null=False, precision=0, parts=(), name=b""):
    out = field(1, varint(id_)) if id_ else b""
    if not_null:
        out += field(2, b"\x01")
    if precision:
        out += field(3, varint(precision))
    for part_name, part in parts:
        out += field(5, field(1, part_name) + field(2, part))
    return out + (field(6, name) if name else b"")


INT, BIGINT, BOOLEAN, STRING, TIMESTAMP, ARRAY, ROW, OBJECT = 4, 5, 1, 9, 13, 17, 20, 64


def emit(comment, data):
    print(data.hex(), " #", comment)


def strings(values):
    return b"".join(varint(len(v)) for v in values) + b"".join(values)


emit("format", b"\x01")
emit("rows", varint(3))
emit("has kinds, times, hashes", b"\x07")
emit("columns", varint(7))
emit("BIGINT NOT NULL", string(type_(BIGINT, not_null=True)))
emit("1, -1, 1 << 40", b"\x00" + struct.pack("<3q", 1, -1, 1 << 40))
emit("STRING", string(type_(STRING)))
emit("alice, null, a string of more than twelve bytes", b"\x01\x05" + strings([b"alice", b"", b"a string of more than twelve bytes"]))
emit("BOOLEAN", string(type_(BOOLEAN)))
emit("true, false, true", b"\x00\x05")
emit("ARRAY<INT>", string(type_(ARRAY, parts=[(b"element", type_(INT))])))
emit("[1, null], null, []", b"\x01\x05" + b"\x02\x00\x00" + b"\x01\x01" + struct.pack("<2i", 1, 0))
emit("ROW<a INT NOT NULL, b STRING>", string(type_(ROW, parts=[(b"a", type_(INT, not_null=True)), (b"b", type_(STRING))])))
emit("(7, x), (8, null), (9, '')", b"\x00" + b"\x00" + struct.pack("<3i", 7, 8, 9) + b"\x01\x05" + strings([b"x", b"", b""]))
emit("TIMESTAMP(9)", string(type_(TIMESTAMP, precision=9)))
emit("0 ms 7 ns, 1 ms, 2 ms", b"\x00" + struct.pack("<qIIqIIqII", 0, 7, 0, 1, 0, 0, 2, 0, 0))
emit("OBJECT<(str,i32)>", string(type_(OBJECT, not_null=True, name=b"(str,i32)")))
objects = b"".join(string(s) + struct.pack("<i", n) for s, n in [(b"a", 1), (b"b", 2), (b"", 3)])
emit("(a,1), (b,2), (,3)", b"\x00" + struct.pack("<I", len(objects)) + objects)
emit("kinds +I, +U, -D", b"\x00\x02\x03")
emit("times 10, none, 30", struct.pack("<3q", 10, -(2**63), 30))
emit("key hashes 1, 2, 3", struct.pack("<3Q", 1, 2, 3))

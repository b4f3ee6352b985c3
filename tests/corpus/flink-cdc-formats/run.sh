#!/usr/bin/env bash
# Debezium's records read and written as Flink's tests expect.
cd "$(dirname "$0")/../../.." && exec .venv/bin/python tests/oracle/cdc.py

#!/usr/bin/env bash
# Arroyo's queries against its golden outputs, straight and restored at another parallelism.  run.sh [QUERY...]
cd "$(dirname "$0")/../../.." && exec .venv/bin/python tests/oracle/arroyo.py "$@"

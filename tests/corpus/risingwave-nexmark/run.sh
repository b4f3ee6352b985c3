#!/usr/bin/env bash
# RisingWave's Nexmark fixture: q0 to q10 over its rows.  run.sh [QUERY...]
cd "$(dirname "$0")/../../.." && exec .venv/bin/python tests/oracle/risingwave.py "$@"

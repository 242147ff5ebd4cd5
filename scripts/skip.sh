#!/usr/bin/env bash
# skip.sh NAME WHY: says loudly that a check did not run, and writes it down where the summary counts it.
set -euo pipefail
line="SKIPPED $1: $2"
echo "$line" >&2
[ -z "${VCF_AGENT_SKIPPED:-}" ] || echo "$line" >>"$VCF_AGENT_SKIPPED"

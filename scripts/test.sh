#!/usr/bin/env bash
# Every test, on a fresh Debian or Ubuntu with rustup: installs what it needs, runs `just check`, and says at the end how
# many tests passed and what was skipped, by name. Nothing is installed outside of apt and a private Python environment.
set -euo pipefail
cd "$(dirname "$0")/.."

. scripts/setup.sh
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-never}"
export VCF_AGENT_SKIPPED="${VCF_AGENT_SKIPPED:-$cache/skipped.txt}"
mkdir -p "$(dirname "$VCF_AGENT_SKIPPED")"
: >"$VCF_AGENT_SKIPPED"
log="$cache/check.log"

for component in rustfmt clippy; do
  cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1 || rustup component add "$component"
done
have bcftools || apt bcftools || true
have bgzip || apt tabix || true
have strace || apt strace || true
have python3 || apt python3 || true
python3 -c 'import ensurepip' 2>/dev/null || apt python3-venv || true

# A private Python environment: tools that have no place in apt, and the readers of the README's queries.
venv="$cache/venv"
has_pip() { "$venv/bin/python" -m pip --version >/dev/null 2>&1; }
# A half-made one, from a time without ensurepip, is made anew.
if have python3 && { has_pip || { rm -rf "$venv" && python3 -m venv "$venv" && has_pip; }; }; then
  pip() { "$venv/bin/python" -m pip --disable-pip-version-check --quiet install "$@"; }
  have just || [ -x "$venv/bin/just" ] || pip rust-just || true
  have typos || [ -x "$venv/bin/typos" ] || pip typos || true
  # The versions with which the outputs in the documents were made; one by one, as one that has no build for this Python
  # must not cost the others.
  for reader in duckdb==2.0.1 polars==2.1.0 pandas==3.1.1 pyarrow==26.0.1 \
    blake3==1.0.11 msgpack==1.2.4 zstandard==0.25.0; do
    "$venv/bin/python" -c "import ${reader%%==*}" 2>/dev/null || pip --only-binary :all: "$reader" || true
  done
  export PATH="$PATH:$venv/bin"
  export VCF_AGENT_PYTHON="${VCF_AGENT_PYTHON:-$venv/bin/python}"
fi
have just || { echo "just is missing and could not be installed with pip: see https://just.systems" >&2; exit 1; }

status=0
just check 2>&1 | tee "$log" || status=$?

passed=$(awk '/^test result: / { n += $4 } END { print n + 0 }' "$log")
failed=$(awk '/^test result: / { n += $6 } END { print n + 0 }' "$log")
sort -u -o "$VCF_AGENT_SKIPPED" "$VCF_AGENT_SKIPPED"
skipped=$(wc -l <"$VCF_AGENT_SKIPPED")
echo
echo "tests passed: $passed, failed: $failed"
echo "skipped: $skipped (listed in $VCF_AGENT_SKIPPED)"
sed 's/^SKIPPED /  /' "$VCF_AGENT_SKIPPED"
[ $status = 0 ] && echo "just check: ok" || echo "just check: FAILED (exit $status)"
exit $status

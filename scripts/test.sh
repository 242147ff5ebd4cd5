#!/usr/bin/env bash
# Every test, on a fresh Debian or Ubuntu with rustup: installs what it needs, runs `just check`, and says at the end how
# many tests passed and what was skipped, by name. Nothing is installed outside of apt and a private Python environment.
set -euo pipefail
cd "$(dirname "$0")/.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/vcf-agent"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$cache/target}"
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-never}"
export VCF_AGENT_SKIPPED="${VCF_AGENT_SKIPPED:-$cache/skipped.txt}"
mkdir -p "$CARGO_TARGET_DIR" "$(dirname "$VCF_AGENT_SKIPPED")"
: >"$VCF_AGENT_SKIPPED"
log="$cache/check.log"

have() { command -v "$1" >/dev/null 2>&1; }

# apt PACKAGE…: installs, if this machine lets us; the checks that need the package are skipped otherwise.
updated=no
apt() {
  have apt-get || return 1
  local root=()
  if [ "$(id -u)" != 0 ]; then
    have sudo && sudo -n true 2>/dev/null || return 1
    root=(sudo -n)
  fi
  if [ $updated = no ]; then
    "${root[@]}" apt-get update -qq || return 1
    updated=yes
  fi
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

if ! have cargo && [ -f "$HOME/.cargo/env" ]; then . "$HOME/.cargo/env"; fi
have cargo || { echo "cargo is missing: install Rust with rustup (https://rustup.rs), then run this again" >&2; exit 1; }
for component in rustfmt clippy; do
  cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1 || rustup component add "$component"
done
have cc || apt gcc libc6-dev || { echo "no C compiler, and it cannot be installed here: install gcc" >&2; exit 1; }
have bcftools || apt bcftools || true
have bgzip || apt tabix || true
have strace || apt strace || true
have python3 || apt python3 || true
python3 -c 'import ensurepip' 2>/dev/null || apt python3-venv || true

# A private Python environment: tools that have no place in apt, and the readers of the README's queries.
venv="$cache/venv"
if have python3 && { [ -x "$venv/bin/python" ] || python3 -m venv "$venv"; }; then
  pip() { "$venv/bin/python" -m pip --disable-pip-version-check --quiet install "$@"; }
  have just || [ -x "$venv/bin/just" ] || pip rust-just || true
  have typos || [ -x "$venv/bin/typos" ] || pip typos || true
  "$venv/bin/python" -c 'import duckdb, polars, pandas, pyarrow' 2>/dev/null || pip duckdb polars pandas pyarrow || true
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

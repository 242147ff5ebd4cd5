# shellcheck shell=bash
# Sourced by the scripts beside it: finds or installs what a build needs on a fresh Debian or Ubuntu with rustup.

have() { command -v "$1" >/dev/null 2>&1; }

# apt PACKAGE…: installs, if this machine lets us; whoever calls says what is lost otherwise.
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

# Compiled dependencies stay outside of the tree, so that the next clone is warm.
cache="${XDG_CACHE_HOME:-$HOME/.cache}/vcf-agent"
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$cache/target}"
mkdir -p "$CARGO_TARGET_DIR"
# Absolute: whoever sources this may change directory afterwards.
CARGO_TARGET_DIR=$(cd "$CARGO_TARGET_DIR" && pwd)
export CARGO_TARGET_DIR

if ! have cargo && [ -f "$HOME/.cargo/env" ]; then . "$HOME/.cargo/env"; fi
have cargo || { echo "cargo is missing: install Rust with rustup (https://rustup.rs), then run this again" >&2; exit 1; }
have cc || apt gcc libc6-dev || { echo "no C compiler, and it cannot be installed here: install gcc" >&2; exit 1; }

# The oldest Rust that builds this is in Cargo.toml; an older one would say so once per dependency.
wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$(dirname "${BASH_SOURCE[0]}")/../Cargo.toml")
found=$(rustc --version | cut -d' ' -f2)
if [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)" != "$wanted" ]; then
  echo "Rust $found is too old, $wanted or newer is needed: rustup update stable, then run this again" >&2
  exit 1
fi

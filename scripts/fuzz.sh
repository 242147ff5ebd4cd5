#!/usr/bin/env bash
# fuzz.sh TARGET SECONDS [FLAG…]: fuzzes one target (reader, segment) with libFuzzer, on the stable toolchain and without
# cargo-fuzz: the coverage that libFuzzer wants is a pass of the compiler. Needs a C++ compiler. New inputs go to a folder
# beside the build, not into the tree; an input that fails is kept there too, and its path is printed.
set -euo pipefail
cd "$(dirname "$0")/.."
target="$1" seconds="$2"
shift 2

# The fuzz crate is a workspace of its own, but what it fuzzes is built from the versions of the product's lock file.
[ fuzz/Cargo.lock -nt Cargo.lock ] || cp Cargo.lock fuzz/Cargo.lock
host="$(rustc -vV | sed -n 's/^host: //p')"
build="${CARGO_TARGET_DIR:-$PWD/target}"
coverage="-Cpasses=sancov-module -Ccodegen-units=1"
for flag in level=4 inline-8bit-counters pc-table trace-compares; do
  coverage+=" -Cllvm-args=-sanitizer-coverage-$flag"
done
# With --target the flags reach what is fuzzed and not the build scripts.
CARGO_TARGET_DIR="$build/fuzz" RUSTFLAGS="$coverage" \
  cargo build --manifest-path fuzz/Cargo.toml --release --target "$host" --bin "$target"

found="$build/fuzz/found/$target"
mkdir -p "$found"
exec "$build/fuzz/$host/release/$target" "$found" "fuzz/corpus/$target" -artifact_prefix="$found/../failed-$target-" \
  -dict=fuzz/vcf.dict -max_total_time="$seconds" -max_len=16384 -timeout=10 -print_final_stats=1 "$@"

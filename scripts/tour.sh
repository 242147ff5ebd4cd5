#!/usr/bin/env bash
# The main job on the bundled example: builds what is needed, stores every variant of examples/tour.vcf in ./vcf-agent-data,
# and prints the receipt. No server, no key. Arguments go to `vcf-agent run`.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/scripts/setup.sh"
cargo build --release --locked --manifest-path "$here/Cargo.toml"
cd "$here"
exec "$CARGO_TARGET_DIR/release/vcf-agent" run "$@" examples/tour.vcf

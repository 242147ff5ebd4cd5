# Every check that a change must pass, and the long runs that prove the rest. `just` lists them.

set shell := ["bash", "-euo", "pipefail", "-c"]

# List the recipes.
default:
    @just --list

# Everything that must hold before a commit: format, lints, tests, documentation, licences, spelling, configurations.
check: fmt clippy test e2e rustdoc configs generated typos deny

fmt:
    cargo fmt --all --check

# Two feature sets cover every line: what ships, and the test-only crash points and wrong turns together.
clippy:
    cargo clippy --locked --all-targets -- -D warnings
    cargo clippy --locked --all-targets --features failpoints,mutants -- -D warnings

# Everything once with the crash points and wrong turns compiled in, so that they can be tripped and caught.
test:
    cargo test --locked --features failpoints,mutants

# The real binary as it ships.
e2e:
    cargo test --locked --test e2e

rustdoc:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

# Every configuration in the tree must be one that the binary accepts.
configs:
    cargo build --locked
    shopt -s nullglob; for file in config/*.toml; do echo "config check $file"; cargo run --locked --quiet -- config check --config "$file"; done

# Writes the documentation that is made from the code.
docs:
    scripts/generated-docs.sh

# The generated documentation in the tree is the one that the code makes.
generated:
    scripts/generated-docs.sh --check

typos:
    if command -v typos >/dev/null; then typos; else scripts/skip.sh typos "typos is not installed"; fi

# Licences, bans and sources, from the lock file alone: no network.
deny:
    if command -v cargo-deny >/dev/null; then cargo deny --offline check bans licenses sources; else scripts/skip.sh cargo-deny "cargo-deny is not installed"; fi

# Speed and memory against bcftools, on generated files (about 3 GB in the cache folder); `just bench-ingest --quick` for a tenth.
bench-ingest *args:
    cargo bench --locked --bench ingest -- {{ args }}

# Speed and size of messages between nodes, by compression: the table of docs/wire-compression.md.
bench-wire *args:
    cargo bench --locked --bench wire -- {{ args }}

# 100 SIGKILLs of one job of a million records, then every row exactly once (CI does a tenth of it).
torture kills="100" records="1000000":
    VCF_AGENT_TORTURE_KILLS={{ kills }} VCF_AGENT_TORTURE_RECORDS={{ records }} cargo test --locked --release --test e2e -- --nocapture torture::

# Fuzzes one target (reader, segment, bcf, annotation, expression, wire) for a while, on the stable toolchain; needs a C++ compiler.
fuzz target="reader" seconds="60":
    scripts/fuzz.sh {{ target }} {{ seconds }}

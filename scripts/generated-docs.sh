#!/usr/bin/env bash
# Writes docs/generated/ from the built binary; with --check only compares, and fails if the tree is behind the code.
set -euo pipefail
cd "$(dirname "$0")/.."
target=docs/generated
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

cargo build --locked --quiet
agent="${CARGO_TARGET_DIR:-target}/debug/vcf-agent"

# help COMMAND…: the command's complete help, at a width that does not depend on the terminal.
help() { COLUMNS=110 "$agent" "$@" --help; }

{
  echo "# The command line"
  echo
  echo "Made by \`just docs\` from the binary itself; do not edit."
  printf '\n## vcf-agent\n\n```text\n'
  help
  printf '```\n'
  for command in run receipt explain jobs "dlq ls" "dlq show" "dlq replay" "dlq drop" export "triage try" "triage explain" "triage test" "config check" "config show" doctor help man completions; do
    printf '\n## vcf-agent %s\n\n```text\n' "$command"
    # shellcheck disable=SC2086
    help $command
    printf '```\n'
  done
} >"$fresh/cli.md"
COLUMNS=110 "$agent" man >"$fresh/vcf-agent.1"

if [ "${1:-}" = --check ]; then
  diff -ru "$target" "$fresh" || { echo "docs/generated is behind the code: run \`just docs\`" >&2; exit 1; }
else
  mkdir -p "$target"
  cp "$fresh"/* "$target"/
fi

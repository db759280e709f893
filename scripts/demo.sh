#!/bin/sh
# Sets up, builds and boots an example, with artifacts in _artifacts/. `make demo` calls it.
# Usage: scripts/demo.sh EXAMPLE TARGET ARCH OPAM_REPOSITORY [OPTION...]
# TARGET, ARCH and OPAM_REPOSITORY can be empty.
set -eu
cd "$(dirname "$0")/.."
example=$1 target=$2 arch=$3 opam_repository=$4
shift 4

unikernel_ci() { node dist/cli/index.js "$@"; }

# The bare example has no OCaml and so no toolchain: gcc builds one image for each architecture.
# shellcheck disable=SC2016 # OUT is for the shell of the build command
run_bare() {
  unikernel_ci run --directory examples/bare --ocaml-version none --boot required \
    --expect 'Hello from a bare unikernel' --build-command 'make -s OUT="$OUT"' "$@"
}

if [ "$example" = bare ]; then
  run_bare --target virtio --arch x86_64 "$@"
  run_bare --target unikraft-qemu --arch aarch64 "$@"
else
  unikernel_ci run --directory "examples/$example" --target "$target" \
    ${arch:+--arch "$arch"} ${opam_repository:+--opam-repositories "local: $opam_repository"} "$@"
fi

echo
echo "artifacts:"
find _artifacts -type f | sort | sed 's/^/  /'

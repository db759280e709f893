#!/bin/sh
# Makes sure of act (https://github.com/nektos/act), which the end-to-end tests run workflows with: ours in .cache/bin,
# else PATH's when it is not older, else one built from the Go module proxy into .cache/bin. Prints the program's path;
# the story goes to standard error.
# Ends with status 3, and one line that says why, when act cannot be had.
set -eu

act_version=0.2.89
# What act's go.mod asks for. An older Go from 1.21 on fetches it by itself; for one yet older we do it.
least_go=1.25.0
go_toolchain=go1.25.5

repository=$(cd "$(dirname "$0")/../.." && pwd)
bin=$repository/.cache/bin
scratch=$repository/.cache/act-build

say() { echo "install-act: $*" >&2; }

give_up() {
  echo "install-act: error: no act $act_version here: $*" >&2
  exit 3
}

at_least() { printf '%s\n' "$1" "$2" | sort -C -V; }

go_version() { go env GOVERSION 2>/dev/null | sed 's/^go//'; }

# The module proxy has Go's own toolchains as modules. Any Go can download one; files of a module are not executable.
newer_go() {
  case $(uname -m) in
    x86_64) architecture=amd64 ;;
    aarch64) architecture=arm64 ;;
    *) give_up "there is no $go_toolchain for $(uname -m)" ;;
  esac
  module=golang.org/toolchain@v0.0.1-$go_toolchain.linux-$architecture
  say "this Go is $(go_version), act asks for $least_go: fetching $go_toolchain"
  go mod download "$module" >&2 || give_up "the Go module proxy does not give $module"
  root=$(go env GOMODCACHE)/$module
  chmod -R u+w "$root"
  chmod +x "$root"/bin/* "$root"/pkg/tool/*/*
  PATH=$root/bin:$PATH
}

tidy() {
  [ ! -d "$scratch" ] || chmod -R u+w "$scratch"
  rm -rf "$scratch"
}

for act in "$bin/act" "$(command -v act || true)"; do
  version=$("$act" --version 2>/dev/null | sed -n 's/^act version //p')
  if [ -n "$version" ] && at_least "$act_version" "$version"; then
    say "found $act, version $version"
    echo "$act"
    exit 0
  fi
done

export GOTOOLCHAIN=auto GOFLAGS=-modcacherw GOBIN="$bin"
if ! command -v go >/dev/null 2>&1; then
  say 'there is no Go here'
  "$repository/scripts/bootstrap.sh" packages act || give_up 'there is no Go, and apt does not give one'
  # Whoever has no Go has no use for what it leaves behind either.
  trap tidy EXIT
  export GOPATH="$scratch/go" GOCACHE="$scratch/objects"
fi
at_least 1.21 "$(go_version)" || newer_go
say "building act $act_version with Go $(go_version) into .cache/bin (2 to 4 minutes)"
go install "github.com/nektos/act@v$act_version" >&2 || give_up 'go install failed, for the reason above'
"$bin/act" --version >&2 || give_up 'it was built, but does not run'
echo "$bin/act"

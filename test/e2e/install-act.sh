#!/bin/sh
# Ensures act (https://github.com/nektos/act), with which the end-to-end tests run workflows: the one in .cache/bin,
# else the one on PATH if it is new enough, else one built from the Go module proxy into .cache/bin. Prints its path;
# progress goes to standard error.
# Exits with status 3, and one line with the reason, if act is unavailable.
set -eu

act_version=0.2.89
# The version in act's go.mod. Go 1.21 and newer fetches it by itself; for older ones this script does.
least_go=1.25.0
go_toolchain=go1.25.5

repository=$(cd "$(dirname "$0")/../.." && pwd)
bin=$repository/.cache/bin
scratch=$repository/.cache/act-build

say() { echo "install-act: $*" >&2; }

give_up() {
  echo "install-act: error: act $act_version is unavailable: $*" >&2
  exit 3
}

at_least() { printf '%s\n' "$1" "$2" | sort -C -V; }

go_version() { go env GOVERSION 2>/dev/null | sed 's/^go//'; }

# The module proxy has Go toolchains as modules, which any Go can download; files of a module are not executable.
newer_go() {
  case $(uname -m) in
    x86_64) architecture=amd64 ;;
    aarch64) architecture=arm64 ;;
    *) give_up "there is no $go_toolchain for $(uname -m)" ;;
  esac
  module=golang.org/toolchain@v0.0.1-$go_toolchain.linux-$architecture
  say "this Go is $(go_version), act needs $least_go: fetching $go_toolchain"
  go mod download "$module" >&2 || give_up "the Go module proxy does not have $module"
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
  say 'Go is not installed'
  "$repository/scripts/bootstrap.sh" packages act || give_up 'Go is not installed, and apt could not install it'
  # A machine without Go has no use for its caches either.
  trap tidy EXIT
  export GOPATH="$scratch/go" GOCACHE="$scratch/objects"
fi
at_least 1.21 "$(go_version)" || newer_go
say "building act $act_version with Go $(go_version) into .cache/bin (2 to 4 minutes)"
go install "github.com/nektos/act@v$act_version" >&2 || give_up 'go install failed; the reason is above'
"$bin/act" --version >&2 || give_up 'the built program does not run'
echo "$bin/act"

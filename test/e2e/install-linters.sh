#!/bin/sh
# Ensures the linters of workflows: actionlint (from the Go module proxy), zizmor and check-jsonschema (from PyPI), in
# .cache/bin and .cache/linters. Prints their folders, one per line; progress goes to standard error.
# Exits with status 3, and one line with the reason, if one is unavailable.
set -eu

actionlint_version=1.7.12
zizmor_version=1.32.0
check_jsonschema_version=0.39.0

repository=$(cd "$(dirname "$0")/../.." && pwd)
bin=$repository/.cache/bin
environment=$repository/.cache/linters

say() { echo "install-linters: $*" >&2; }

give_up() {
  echo "install-linters: error: $*" >&2
  exit 3
}

if ! "$bin/actionlint" -version 2>/dev/null | grep -qx "v\{0,1\}$actionlint_version"; then
  command -v go >/dev/null || give_up 'Go, which builds actionlint, is not installed'
  say "building actionlint $actionlint_version"
  GOBIN=$bin go install "github.com/rhysd/actionlint/cmd/actionlint@v$actionlint_version" >&2 ||
    give_up 'go install failed; the reason is above'
fi

wanted="zizmor==$zizmor_version check-jsonschema==$check_jsonschema_version"
if [ "$(cat "$environment/wanted" 2>/dev/null)" != "$wanted" ]; then
  say "installing $wanted"
  rm -rf "$environment"
  python3 -m venv "$environment" >&2 || give_up 'Python with venv is not installed (on Debian: python3-venv)'
  # Two words.
  # shellcheck disable=SC2086
  "$environment/bin/pip" install --quiet --disable-pip-version-check $wanted >&2 ||
    give_up 'pip failed; the reason is above'
  echo "$wanted" > "$environment/wanted"
fi

echo "$bin"
echo "$environment/bin"

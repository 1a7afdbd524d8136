# shellcheck shell=bash
# Debian packages unpacked beside the system instead of installed: installing an engine would start its
# services and rewrite the machine's firewall. Only the libraries and tools that they depend on are installed.
# shellcheck source=scripts/lib/common.sh

# unpack_packages FOLDER PACKAGE…: leaves an existing folder alone. Leaves out a PACKAGE that this release does
# not have, or that is only a name which others provide, also as a dependency.
unpack_packages() {
  local folder=$1 fresh=$1.new available dependencies deb parts
  shift
  parts=("$@")
  [ ! -d "$folder" ] || return 0
  need_debian "${parts[*]}"
  is_root || fail 3 "unpacking ${parts[*]} needs root once: sudo ${DIT_COMMAND:-scripts/set-up}"
  # Other checkouts share it.
  mkdir -p "${folder%/*}"
  exec 7>"$folder.lock"
  flock 7
  if [ ! -d "$folder" ]; then
    say "unpacking ${parts[*]} into $folder (only libraries are installed)"
    rm -rf "$fresh"
    mkdir -p "$fresh"
    # shellcheck disable=SC2317 # called by with_lists
    fetch_parts() {
      mapfile -t available < <(apt-cache --generate pkgnames | grep -xF "$(printf '%s\n' "${parts[@]}")")
      (cd "$fresh" && apt download "${available[@]}")
    }
    with_lists fetch_parts
    dependencies=$(for deb in "$fresh"/*.deb; do dpkg-deb -f "$deb" Depends; done |
      tr , '\n' | sed 's/^ *//; s/ *$//; /^$/d' | sort -u |
      grep -vE "^($(IFS='|' && echo "${parts[*]//./\\.}")|adduser|lsb-base|init-system-helpers)( |\$)" |
      paste -sd, -)
    with_lists apt satisfy --no-install-recommends "$dependencies"
    for deb in "$fresh"/*.deb; do logged dpkg -x "$deb" "$fresh"; done
    rm -f "$fresh"/*.deb
    mv -T "$fresh" "$folder"
  fi
  exec 7>&-
}

# shellcheck shell=sh
# Whether set-up has anything to do; plain sh and one find(1), because scripts/dit asks on every call.
# shellcheck disable=SC2154 # project and state are the caller's

# ready reading|recording: true when that part ended well on this machine, in this folder, and no source
# has changed since. -cnewer, because a renamed or restored file keeps its modification time.
ready() {
  [ -f "$state/$1" ] && [ -x "$state/node" ] && [ -f "$project/dist/base/errors.js" ] || return 1
  [ "$1" = reading ] || built_for_recording || return 1
  read -r place <"$state/$1" || :
  this_place
  [ "$place" = "$here" ] || return 1
  sources='src'
  [ "$1" = reading ] || sources='src bpf native'
  # shellcheck disable=SC2086 # a list
  changed=$(cd "$project" && find package.json package-lock.json tsconfig.json scripts/set-up scripts/lib $sources \
    \( -name build -o -name node_modules \) -prune -o -type f -cnewer "$state/$1" -print -quit)
  [ -z "$changed" ]
}

built_for_recording() {
  [ -f "$project/native/build/Release/dit_native.node" ] || return 1
  for object in "$project"/bpf/*.bpf.c; do
    object=${object##*/}
    [ -f "$project/bpf/build/${object%.c}.o" ] || return 1
  done
}

# Sets `here`: a copy of the checkout on another machine or in another folder is set up anew.
this_place() {
  here=none
  if [ -r /etc/machine-id ]; then read -r here </etc/machine-id || :; fi
  here="$here $project"
}

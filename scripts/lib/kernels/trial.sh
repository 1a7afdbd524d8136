# shellcheck shell=bash
# What is tried on a kernel by default (scripts/lib/kernels/try, in the guest), and what must hold of it.
# shellcheck disable=SC2154 # project and state are common.sh's, kernels is kernel.sh's

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# seconds MILLISECONDS: "12.3 s"
seconds() { printf '%d.%d s' $(($1 / 1000)) $(($1 % 1000 / 100)); }

# The ways to see copy-ups that must work, best first: the first is what dit chooses, the others are forced. 5.10 has no
# types of modules, which fentry needs.
ways_of() {
  case $1 in
    5.10) echo 'kprobe inferred' ;;
    *) echo 'fentry kprobe' ;;
  esac
}

table=()

# trial SERIES RUN LIMIT: prints a line a check; false where one failed.
trial() {
  local series=$1 run=$2 limit=$3 last=$kernels/$1/last begin status=0 way
  ways=$(ways_of "$series")
  failed=0
  begin=$(now_ms)
  guest_prepare "$run"
  printf 'COPY_UP_WAYS=%q exec bash scripts/lib/kernels/try\n' "$ways" >"$run/results/command"
  guest_start "$series" "$run" "$limit"
  guest_wait "$run" || status=$?
  rm -rf "$last"
  mv "$run/results" "$last"
  if [ "$status" != 0 ]; then
    check "$series" FAIL guest "status $status"
    mv "$last" "$run/results" && guest_complaint "$run" "$status" "$limit" && mv "$run/results" "$last"
  fi
  check_native "$series" "$last"
  check_stage "$series" "$last" engine
  for way in $ways; do check_recording "$series" "$last" "$way"; done
  check_said "$series" "$last" netem
  check_said "$series" "$last" toolkit
  table+=("$(table_row "$series" "$last" $(($(now_ms) - begin)))")
  [ "$failed" = 0 ]
}

# check SERIES ok|FAIL NAME FOUND
check() {
  printf '%-5s %-5s %-24s %s\n' "$1" "$2" "$3" "$4"
  [ "$2" = ok ] || failed=$((failed + 1))
}

# stage_of FOLDER STAGE: sets stage_status and stage_ms; false where it was never reached.
stage_of() {
  IFS=$'\t' read -r stage_status stage_ms < <(sed -n "s/^$2\t//p" "$1/stages" 2>/dev/null)
}

check_stage() {
  if ! stage_of "$2" "$3"; then
    check "$1" FAIL "$3" 'was not reached'
  elif [ "$stage_status" != 0 ]; then
    check "$1" FAIL "$3" "status $stage_status, see $2/$3.log"
    tail -n 15 "$2/$3.log" >&2
  else
    check "$1" ok "$3" "$(seconds "$stage_ms")"
  fi
}

check_native() {
  local found
  if ! stage_of "$2" native || [ "$stage_status" != 0 ]; then
    check_stage "$1" "$2" native
    return
  fi
  # shellcheck disable=SC2016 # JavaScript
  found=$("$state/node" -e '
    const t = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
    console.log(`${t.numPassedTests} passed, ${t.numPendingTests} skipped`);' "$2/native.json")
  check "$1" ok 'native tests' "$found, $(seconds "$stage_ms")"
}

check_recording() {
  local series=$1 folder=$2 way=$3 result name found
  check_stage "$series" "$folder" "$way"
  [ "$stage_status" = 0 ] || return 0
  while IFS=$'\t' read -r result name found; do
    check "$series" "$result" "$way: $name" "$found"
  done < <("$state/node" --import "file://$project/node_modules/tsx/dist/loader.mjs" \
    "$project/scripts/lib/kernels/check-recording.ts" "$folder/$way.dit" "$way" ||
    { [ $? = 1 ] || printf 'FAIL\tchecks\tended with an error\n'; })
}

# A stage whose last line says what it found.
check_said() {
  if stage_of "$2" "$3" && [ "$stage_status" = 0 ]; then
    check "$1" ok "$3" "$(tail -n 1 "$2/$3.log")"
  else
    check_stage "$1" "$2" "$3"
  fi
}

table_row() {
  local series=$1 folder=$2 total=$3 row way
  row=$(printf '%-5s %-22s' "$series" "$(cat "$kernels/$series/version")")
  for way in boot native engine; do row+=$(table_cell "$folder" "$way"); done
  for way in $ways; do row+=$(printf ' %9s' "$way")$(table_cell "$folder" "$way"); done
  row+=$(table_cell "$folder" netem)
  printf '%s %9s  %s' "$row" "$(seconds "$total")" "$([ "$failed" = 0 ] && echo ok || echo "$failed FAILED")"
}

table_cell() {
  if stage_of "$1" "$2" && [ "$stage_status" = 0 ]; then printf ' %7s' "$(seconds "$stage_ms")"; else printf ' %7s' '-'; fi
}

trial_table() {
  printf '\n%-5s %-22s %7s %7s %7s %17s %17s %7s %9s\n' '' kernel boot native engine 'start, seen by' 'start, seen by' netem total
  printf '%s\n' "${table[@]}"
}

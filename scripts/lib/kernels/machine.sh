# shellcheck shell=bash
# A guest: boots a kernel of kernel.sh on this machine's user space, runs one command in it, takes it away.
# shellcheck disable=SC2154 # project, state and log are common.sh's, kernels is kernel.sh's

# Emulated, because the processor's own virtualisation is missing in most virtual machines. Two processors by one thread:
# with a thread for each, QEMU before 8.1 may run code that the other one has just replaced, and the kernel replaces its
# own all the time (static keys, kprobes): "Oops: int3", within a second of toggling kernel.sched_schedstats.
accelerator=${DIT_QEMU_ACCEL:-tcg,thread=single,tb-size=512}
guest_memory=3G
guest_disk=3G
guest_pid=

# guest_prepare RUN: makes the folder of a run anew. RUN/results/command is what the guest will run with bash; it finds
# the project at its own path (what it writes there stays in the guest), and RUN/results at /results.
guest_prepare() {
  local run=$1
  rm -rf "$run"
  mkdir -p "$run/results"
  : >"$run/results/output"
  guest_disk_make "$run"
}

# guest_start SERIES RUN LIMIT: in the background, killed after LIMIT seconds.
guest_start() {
  local folder=$kernels/$1 run=$2 limit=$3 share devices=()
  for share in results="$run/results" modules="$folder/tree" usr=/usr project="$project" $(guest_exports); do
    devices+=(
      -fsdev "local,id=${share%%=*},path=${share#*=},security_model=none,multidevs=remap,readonly=on"
      -device "virtio-9p-pci,fsdev=${share%%=*},mount_tag=${share%%=*}"
    )
  done
  devices[1]=${devices[1]%,readonly=on} # results alone is written
  timeout --kill-after=5 "$limit" qemu-system-x86_64 -machine q35 -accel "$accelerator" -cpu max \
    -smp 2 -m "$guest_memory" -display none -monitor none -nodefaults -no-reboot -net none \
    -kernel "$folder/vmlinuz" -initrd "$folder/initramfs" \
    -append 'console=ttyS0 quiet panic=-1 apparmor=0 net.ifnames=0' \
    -serial "file:$run/console" -drive "file=$run/disk,format=raw,if=virtio,cache=unsafe" \
    "${devices[@]}" </dev/null >"$run/qemu" 2>&1 &
  guest_pid=$!
}

# guest_follow RUN: prints the command's output while it comes.
guest_follow() {
  tail -n +1 -s 0.2 -f --pid="$guest_pid" "$1/results/output"
}

# guest_wait RUN: the command's exit status; 124 where the limit was reached, 125 where the guest ended without one.
guest_wait() {
  local run=$1 status=0
  wait "$guest_pid" || status=$?
  guest_pid=
  rm -f "$run/disk"
  if [ -s "$run/results/status" ]; then return "$(cat "$run/results/status")"; fi
  case $status in
    124 | 137) return 124 ;;
    *) return 125 ;;
  esac
}

# guest_complaint RUN STATUS LIMIT: in a line, why there is no result; and the kernel's last words, from the first that
# tell of a fault.
guest_complaint() {
  case $2 in
    124) say "the guest was ended after $3 s" ;;
    125) say 'the guest ended before its command did' ;;
    *) return 0 ;;
  esac
  cat "$1/qemu" >&2
  tr -d '\r' <"$1/console" | awk '
    /Oops|BUG:|panic|soft lockup|Call Trace/ { fault = 1 }
    fault { if (++count <= 60) print; next }
    { last[NR % 20] = $0 }
    END { if (!fault) for (i = NR - 19; i <= NR; i++) if (i > 0) print last[i % 20] }' >&2
}

# On every way out: a guest that still runs is ended.
guest_end() {
  if [ -n "$guest_pid" ]; then kill "$guest_pid" 2>/dev/null || true; fi
}

# TAG=FOLDER a word: what is mounted besides /usr and the project.
guest_exports() {
  local node engine=/var/lib/dit/engines/host
  if [ -d "$engine" ]; then echo "engine=$engine"; fi
  node=$(readlink -f -- "$state/node")
  case $node in
    /usr/* | "$project"/*) ;;
    *) echo "node=$(dirname -- "$(dirname -- "$node")")" ;;
  esac
}

# The guest's root: an ext4 disk with links into the host's /usr, and of /etc what programs need to find each other.
guest_disk_make() {
  local run=$1 root=$1/root name
  mkdir -p "$root"/{usr,etc,proc,sys,dev,run,tmp,root,results,var/lib/dit,var/tmp,.guest}
  chmod 1777 "$root/tmp" "$root/var/tmp"
  for name in bin sbin lib lib32 lib64; do
    if [ -L "/$name" ]; then ln -s "usr/$name" "$root/$name"; fi
  done
  [ -L "$root/bin" ] || fail 3 'the guests need a host whose /bin lies in /usr, as Debian 12 and Ubuntu 20.04 have'
  for name in alternatives group hosts ld.so.cache ld.so.conf ld.so.conf.d machine-id nsswitch.conf os-release passwd \
    protocols services; do
    if [ -e "/etc/$name" ]; then cp -a "/etc/$name" "$root/etc/"; fi
  done
  printf 'project=%q\nexports=%q\n' "$project" "$(guest_exports | paste -sd ' ')" >"$root/.guest/settings"
  truncate -s "$guest_disk" "$run/disk"
  logged mkfs.ext4 -q -F -N 100000 -E root_owner=0:0,nodiscard -d "$root" "$run/disk"
  rm -rf "$root"
}

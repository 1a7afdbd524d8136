# shellcheck shell=bash
# Debian's stock kernels: fetched and unpacked once each, with an initramfs that boots them over 9p.
# shellcheck disable=SC2154 # project and log are common.sh's

kernels=/var/lib/dit/kernels
# Debian's own where it is not set; a release that has left the mirrors is in the archive.
mirrors=("${DIT_DEBIAN_MIRROR:-http://deb.debian.org/debian}" http://archive.debian.org/debian)

# What it takes from power-on to the host's files; everything else is loaded from there on demand.
boot_modules=(virtio_pci virtio_blk ext4 9pnet_virtio 9p overlay)
# Hardware that no guest has: most of a kernel's size.
unused_drivers='drivers/*/ethernet drivers/net/wireless drivers/net/usb drivers/gpu drivers/media drivers/staging
  drivers/infiniband drivers/iio drivers/hwmon drivers/scsi drivers/usb drivers/input drivers/platform sound'

# kernel_release SERIES: the Debian release whose kernel it is.
kernel_release() {
  case $1 in
    5.10) echo bullseye ;;
    6.1) echo bookworm ;;
    6.12) echo trixie ;;
    7) echo sid ;;
    *) return 1 ;;
  esac
}

# kernel_ready SERIES: makes $kernels/SERIES hold vmlinuz, initramfs, version and tree/lib/modules.
kernel_ready() {
  local series=$1 folder=$kernels/$1
  mkdir -p "$kernels"
  exec 8>"$folder.lock"
  flock 8
  if ! [ -f "$folder/vmlinuz" ]; then kernel_fetch "$series" "$folder"; fi
  if ! [ -f "$folder/initramfs" ] || [ "$project/scripts/lib/kernels/init" -nt "$folder/initramfs" ] ||
    [ "$project/scripts/lib/kernels/kernel.sh" -nt "$folder/initramfs" ]; then
    kernel_initramfs "$folder"
  fi
  exec 8>&-
}

# apt-get and apt-cache on package lists of their own: the machine's sources are left alone.
kernel_apt() {
  local lists=$1 program=$2
  shift 2
  "$program" -q -o "Dir::Etc::sourcelist=$lists/sources.list" -o Dir::Etc::sourceparts=- \
    -o "Dir::State::lists=$lists/lists" -o "Dir::Cache=$lists/cache" -o Dir::State::status=/dev/null \
    -o Acquire::Languages=none -o Acquire::Retries=3 -o Acquire::Check-Valid-Until=false \
    -o APT::Architecture=amd64 -o APT::Sandbox::User=root "$@"
}

kernel_fetch() {
  local series=$1 folder=$2 fresh=$2.new release package packages version mirror found=no
  release=$(kernel_release "$series")
  say "fetching Debian ${release}'s kernel into $folder"
  rm -rf "$fresh"
  mkdir -p "$fresh/apt/lists/partial" "$fresh/apt/cache/archives/partial" "$fresh/tree/lib"
  for mirror in "${mirrors[@]}"; do
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" \
      >"$fresh/apt/sources.list"
    if kernel_apt "$fresh/apt" apt-get update --error-on=any >>"$log" 2>&1; then
      found=yes
      break
    fi
  done
  [ "$found" = yes ] || fail 3 "the package lists of Debian $release cannot be read (see $log)"
  # Versions vanish from the mirrors; the meta package names the one that is there.
  version=$(kernel_apt "$fresh/apt" apt-cache depends linux-image-amd64 |
    sed -n 's/^ *Depends: linux-image-\([0-9].*\)/\1/p' | head -n 1)
  [[ $version == "$series".* ]] || fail 3 "Debian $release now has Linux '$version', which is not $series"
  # Newer releases have four packages where there was one, and everything below /usr.
  mapfile -t packages < <(kernel_apt "$fresh/apt" apt-cache --generate pkgnames |
    grep -xF "$(printf "linux-%s-$version\n" image base binary modules)")
  (cd "$fresh" && logged kernel_apt "$fresh/apt" apt-get download "${packages[@]}")
  for package in "$fresh"/*.deb; do logged dpkg-deb -x "$package" "$fresh/unpacked"; done
  find "$fresh/unpacked" -type f -name 'vmlinuz*' -exec mv {} "$fresh/vmlinuz" \;
  find "$fresh/unpacked" -type d -path '*/lib/modules' -prune -exec mv {} "$fresh/tree/lib/" \;
  # shellcheck disable=SC2086 # patterns
  (cd "$fresh/tree/lib/modules/$version/kernel" && rm -rf $unused_drivers)
  logged depmod -b "$fresh/tree" "$version"
  echo "$version" >"$fresh/version"
  rm -rf "$fresh/unpacked" "$fresh/apt" "$fresh"/*.deb "$folder"
  mv -T "$fresh" "$folder"
}

# Static busybox, scripts/lib/kernels/init, and the boot modules, numbered in the order of their loading.
kernel_initramfs() {
  local folder=$1 tree version module kind path order=100 seen=' '
  version=$(cat "$folder/version")
  tree=$folder/initramfs.tree
  rm -rf "$tree"
  mkdir -p "$tree/bin" "$tree/modules" "$tree/proc" "$tree/sys" "$tree/dev" "$tree/root"
  cp "$(command -v busybox)" "$tree/bin/busybox"
  install -m 755 "$project/scripts/lib/kernels/init" "$tree/init"
  for module in "${boot_modules[@]}"; do
    while read -r kind path; do
      if [ "$kind" != insmod ] || [[ $seen == *" $path "* ]]; then continue; fi
      seen+="$path "
      order=$((order + 1))
      case $path in
        *.xz) xz -dc "$path" >"$tree/modules/$order.ko" ;;
        *.zst) zstd -qdc "$path" >"$tree/modules/$order.ko" ;;
        *) cp "$path" "$tree/modules/$order.ko" ;;
      esac
    done < <(modprobe -d "$folder/tree" -S "$version" --show-depends "$module")
  done
  [ "$order" -gt 100 ] || fail 1 "no module of $version was found below $folder/tree"
  (cd "$tree" && find . | cpio --quiet -o -H newc | gzip -1) >"$folder/initramfs.new"
  mv "$folder/initramfs.new" "$folder/initramfs"
  rm -rf "$tree"
}

#!/bin/sh
# Builds libclassify for aarch64 on another Debian machine and makes its tests run under qemu-user:
#   tests/cross/aarch64.sh FOLDER [MESON_OPTION…]      configures FOLDER/build and compiles it
#   meson test -C FOLDER/build --suite processor --no-suite long
# Needs gcc-aarch64-linux-gnu, libc6-dev-arm64-cross, qemu-user and `dpkg --add-architecture arm64` with its
# package lists. The libraries for aarch64 are unpacked in FOLDER/root; nothing is installed.
set -eu
source=$(realpath "$(dirname "$0")/../..")
folder=$(realpath -m "$1")
shift
root=$folder/root
libraries=$root/usr/lib/aarch64-linux-gnu

mkdir -p "$folder/packages" "$root"
(
  cd "$folder/packages"
  apt-get download -q zlib1g:arm64 zlib1g-dev:arm64 libpng16-16:arm64 libpng-dev:arm64 libjpeg62-turbo:arm64 \
    libjpeg62-turbo-dev:arm64 check:arm64 libsubunit0:arm64 libsubunit-dev:arm64
  for package in *.deb; do
    dpkg -x "$package" "$root"
  done
)

cat >"$folder/aarch64.txt" <<END
[constants]
libraries = '$libraries'
[binaries]
c = 'aarch64-linux-gnu-gcc'
ar = 'aarch64-linux-gnu-ar'
strip = 'aarch64-linux-gnu-strip'
pkgconfig = 'pkg-config'
exe_wrapper = ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu', '-E', 'LD_LIBRARY_PATH=' + libraries + ':$root/lib/aarch64-linux-gnu']
[built-in options]
c_args = ['-DEMULATED=1', '-isystem', '$root/usr/include', '-isystem', '$root/usr/include/aarch64-linux-gnu']
c_link_args = ['-L' + libraries, '-Wl,-rpath-link,' + libraries + ':$root/lib/aarch64-linux-gnu']
[properties]
sys_root = '$root'
pkg_config_libdir = libraries / 'pkgconfig'
[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'armv8-a'
endian = 'little'
END
meson setup "$folder/build" "$source" --cross-file "$folder/aarch64.txt" "$@"
ninja -C "$folder/build"

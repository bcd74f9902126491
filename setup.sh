#!/bin/sh
# From a fresh Debian or Ubuntu to results:
#   ./setup.sh run [ARGUMENTS]       trains and tests every classifier on MNIST (examples/mnist)
#   ./setup.sh test [ARGUMENTS]      runs the tests (meson test)
#   ./setup.sh packages [NAME …]     installs those of the named packages that are missing
# Both build in build/ with what apt-get installs where it is missing; nothing else is changed.
set -eu
cd "$(dirname "$0")"

needed="gcc libc6-dev meson ninja-build pkg-config zlib1g-dev libpng-dev libjpeg-dev
  libisal-dev libmicrohttpd-dev libjansson-dev
  check python3"

packages() {
  missing=
  for name; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' ||
      missing="$missing $name"
  done
  test -n "$missing" || return 0
  echo "setup.sh: installing$missing"
  root=
  test "$(id -u)" = 0 || root=sudo
  $root apt-get update -q
  # shellcheck disable=SC2086
  $root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
}

build() { # TARGET …: all where none is named
  if command -v apt-get >/dev/null; then
    # shellcheck disable=SC2086
    packages $needed
  else
    echo "setup.sh: no apt-get here; the build needs the equivalents of: $needed"
  fi
  test -f build/build.ninja || meson setup build
  ninja -C build "$@"
}

command=${1:-help}
test $# -eq 0 || shift
case $command in
run)
  build examples/mnist tools/classify/classify
  build/examples/mnist "$@"
  test $# -gt 0 || echo "
On data of your own, such as a CSV file (docs/cli.md):
  build/tools/classify/classify auto data.csv -o data.clf"
  ;;
test)
  build
  exec meson test -C build --print-errorlogs "$@"
  ;;
packages)
  packages "$@"
  ;;
*)
  sed -n '2,/^set/ { s/^# \{0,1\}//p }' "$0"
  exit 2
  ;;
esac

#!/bin/sh
# Builds and runs CONSUMER_C out of tree the way a user would:
#   consumers.sh KIND CONSUMER_C SOURCE_ROOT BUILD_ROOT PREFIX LIBDIR COMPILER…
# KIND is tool (the installed command line tool), shared, static (both by pkg-config), whole (gcc -static), readme (the programs in README.md and in
# examples/hello), cmake or subproject; with documents it reads what is installed for people and tools,
# with python where the Python package goes. All but the last two use a staged install that was moved away from its prefix. Exit status 77: a tool is
# missing.
set -eu
kind=$1 consumer=$(realpath "$2") source=$3 build=$4 prefix=$5 libdir=$6
shift 6
compiler=$*
unset LD_LIBRARY_PATH # meson's, which points at the library not yet installed

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
moved=$work/moved

need() {
  command -v "$1" >/dev/null || { echo "$1 is not installed"; exit 77; }
}

install_moved() {
  meson install -C "$build" --no-rebuild --quiet --destdir "$work/stage"
  mv "$work/stage$prefix" "$moved"
  export PKG_CONFIG_PATH="$moved/$libdir/pkgconfig"
}

flags() { # OPTIONS: of the moved library
  pkg-config --define-variable=prefix="$moved" "$@" classify
}

linked_to() { # PROGRAM: the libclassify that it loads
  ldd "$1" | awk '/libclassify/ { print $3 }'
}

case $kind in
tool)
  install_moved
  printf '1,2,a\n3,4,b\n1,3,a\n4,4,b\n' >"$work/rows.csv"
  "$moved/bin/classify" train "$work/rows.csv" -o "$work/rows.clf" --quiet
  test -s "$work/rows.clf"
  test "$(linked_to "$moved/bin/classify")" -ef "$moved/$libdir/libclassify.so.0"
  for place in bash:bash-completion/completions/classify zsh:zsh/site-functions/_classify \
    fish:fish/vendor_completions.d/classify.fish; do
    "$moved/bin/classify" completion "${place%%:*}" | cmp - "$moved/share/${place#*:}"
  done
  "$moved/bin/classify" --complete '' | sed '1d; s/\t.*//' >"$work/verbs"
  test -s "$work/verbs"
  while read -r name; do
    test -s "$moved/share/man/man1/classify-$name.1" || { echo "$name has no manual page"; exit 1; }
  done <"$work/verbs"
  ;;
shared)
  need pkg-config
  install_moved
  # shellcheck disable=SC2046
  $compiler "$consumer" -o "$work/consumer" $(flags --cflags --libs)
  export LD_LIBRARY_PATH="$moved/$libdir"
  "$work/consumer"
  test "$(linked_to "$work/consumer")" = "$moved/$libdir/libclassify.so.0"
  ;;
readme)
  need pkg-config
  install_moved
  awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$source/README.md" \
    >"$work/program.c"
  # shellcheck disable=SC2046
  $compiler -Wall -Werror "$work/program.c" -o "$work/program" $(flags --cflags --libs)
  for name in classify images network text; do
    # shellcheck disable=SC2046
    $compiler -std=c99 -pedantic -Wall -Wextra -Werror "$source/examples/hello/$name.c" \
      -o "$work/$name" $(flags --cflags --libs)
  done
  export LD_LIBRARY_PATH="$moved/$libdir"
  ln -s "$source/examples" "$work/examples"
  cd "$work"
  ./program
  test -s digits.clf
  ;;
static)
  need pkg-config
  install_moved
  rm "$moved/$libdir"/libclassify.so*
  # shellcheck disable=SC2046
  $compiler "$consumer" -o "$work/consumer" $(flags --static --cflags --libs)
  "$work/consumer"
  test -z "$(linked_to "$work/consumer")"
  ;;
whole)
  need pkg-config
  install_moved
  echo 'int main(void) { return 0; }' >"$work/empty.c"
  # shellcheck disable=SC2046
  $compiler -static "$work/empty.c" -o "$work/empty" \
    $(flags --static --libs | sed 's/-lclassify//') ||
    { echo "libraries that libclassify needs have no static version here"; exit 77; }
  # shellcheck disable=SC2046
  $compiler -static "$consumer" -o "$work/consumer" $(flags --static --cflags --libs)
  "$work/consumer"
  if ldd "$work/consumer"; then exit 1; fi
  ;;
cmake)
  need cmake
  need c++
  install_moved
  unset PKG_CONFIG_PATH
  cmake -S "$source/tests/install" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$moved" >"$work/log" ||
    { cat "$work/log"; exit 1; }
  cmake --build "$work/cmake"
  for program in shared_c shared_cc static_c static_cc; do
    "$work/cmake/$program"
  done
  test "$(linked_to "$work/cmake/shared_cc")" = "$moved/$libdir/libclassify.so.0"
  test -z "$(linked_to "$work/cmake/static_cc")"
  ;;
documents)
  need nm
  install_moved
  for name in api.json classify.cdef; do
    test -s "$moved/share/classify/$name" || { echo "$name is not installed"; exit 1; }
  done
  for name in LICENSE README.md CHANGELOG.md docs/guide.md docs/images/results.svg; do
    test -s "$moved/share/doc/libclassify/$name" || { echo "$name is not installed"; exit 1; }
  done
  nm -D --defined-only "$moved/$libdir/libclassify.so" | awk '$2 == "T" { sub("@.*", "", $3); print $3 }' >"$work/functions"
  test -s "$work/functions"
  while read -r name; do
    test -s "$moved/share/man/man3/$name.3" || { echo "there is no manual page of $name"; exit 1; }
  done <"$work/functions"
  need groff
  groff -k -man -Tutf8 -ww -z "$moved"/share/man/man3/*.3 2>"$work/warnings"
  if test -s "$work/warnings"; then
    cat "$work/warnings"
    exit 1
  fi
  ;;
python)
  need python3
  for value in build install wheel none; do
    meson setup "$work/$value" "$source" -Dpython=$value -Dtests=false -Dexamples=false >"$work/log" ||
      { cat "$work/log"; exit 1; }
    meson introspect --install-plan "$work/$value" >"$work/$value.json"
  done
  python3 "$source/tests/install/python_files.py" "$work"
  ;;
subproject)
  mkdir -p "$work/host/subprojects"
  cp "$source/tests/install/host.build" "$work/host/meson.build"
  cp "$consumer" "$work/host/"
  ln -s "$source" "$work/host/subprojects/libclassify"
  # A compiler that copies an object which is ready.
  cat >"$work/compiler" <<END
#!/bin/sh
before= object=none
for word; do
  test "\$before" != -o || object=\$word
  before=\$word
done
if test -f "$work/ready/\$object"; then exec cp "$work/ready/\$object" "\$object"; fi
exec "\$@"
END
  chmod +x "$work/compiler"
  CC="$work/compiler $compiler" meson setup --buildtype=plain "$work/host/build" "$work/host" >"$work/log" ||
    { cat "$work/log"; exit 1; }
  python3 "$source/tests/install/same_objects.py" "$build" "$work/host/build" "$work/ready"
  meson test -C "$work/host/build" --print-errorlogs
  ;;
esac

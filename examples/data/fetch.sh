#!/bin/sh
# Gets the full data sets from their public homes, checks them, and goes on where it was cut off.
#   fetch.sh mnist|imdb|yale|faces|all [FOLDER]
# FOLDER defaults to $CLASSIFY_DATA, else to data. CLASSIFY_MIRROR names servers to ask in place of
# the public ones (URLs, separated by spaces). Needs curl or wget, and unzip or python3 for yale.
# Exit status: 0 all there, 1 something could not be had, 2 wrong arguments.
set -u

sources=$(dirname "$0")/sources.txt
attempts=3

usage() {
  sed -n '2,/^set/ { s/^# \{0,1\}//p }' "$0"
}

say() {
  echo "$*" >&2
}

has() {
  command -v "$1" >/dev/null 2>&1
}

sha256() {
  if has sha256sum; then
    sha256sum
  elif has shasum; then
    shasum -a 256
  else
    openssl dgst -sha256 -r
  fi | cut -c 1-64
}

# checksum KIND FILE: of the file, or of what is gzip'd inside it.
checksum() {
  case $1 in
  inside) gzip -dc <"$2" 2>/dev/null | sha256 ;;
  *) sha256 <"$2" ;;
  esac
}

# fits FILE CHECK: whether a file is the one that the table means.
fits() {
  test "$2" = unknown || test "$(checksum "${2%%:*}" "$1")" = "${2#*:}"
}

# transfer URL FILE: one transfer, from where FILE ends. Status 2: the server refuses, 3: it cannot
# go on from there.
transfer() {
  if has curl; then
    bar=-sS
    test -t 2 && bar=-#
    code=$(curl $bar -fL -C - --connect-timeout 20 --speed-limit 1 --speed-time 60 \
      -w '%{http_code}' -o "$2" "$1")
    case $?:$code in
    0:*) return 0 ;;
    33:* | 36:* | *:416) return 3 ;;
    *:4??) return 2 ;;
    *) return 1 ;;
    esac
  fi
  wget -nv -c --tries=1 --timeout=60 -O "$2" "$1"
  case $? in
  0) return 0 ;;
  8) return 2 ;;
  *) return 1 ;;
  esac
}

# download URL FILE: transfers until one ends well, a few at most. FILE keeps what has come.
download() {
  attempt=1
  while :; do
    transfer "$1" "$2"
    status=$?
    if test $status != 1 || test $attempt = $attempts; then
      return $status
    fi
    attempt=$((attempt + 1))
    say "  failed; attempt $attempt of $attempts"
    sleep 1
  done
}

# fetch_from URL FILE CHECK: FILE.part becomes FILE once it fits. A part that may have begun
# elsewhere and does not fit, or that the server cannot go on with, is fetched once more from its
# beginning.
fetch_from() {
  part=$2.part
  begun=no restarted=no
  test -s "$part" && begun=yes
  while :; do
    say "$1"
    download "$1" "$part"
    case $? in
    0)
      if fits "$part" "$3"; then
        mv "$part" "$2"
        return
      fi
      say "  refused: its SHA-256 is $(checksum "${3%%:*}" "$part"), not ${3#*:}"
      ;;
    3)
      say "  the server cannot go on where the transfer was cut off"
      begun=yes
      ;;
    *)
      say "  not to be had there"
      return 1
      ;;
    esac
    rm -f "$part"
    test $begun = yes && test $restarted = no || return 1
    begun=no restarted=yes
    say "  once more, from the start"
  done
}

# fetch FILE CHECK URL…: FILE from the first server that has it right.
fetch() {
  file=$1 check=$2
  shift 2
  mkdir -p "$(dirname "$file")" || return
  if test "$check" != unknown && test -s "$file.part" && fits "$file.part" "$check"; then
    mv "$file.part" "$file"
    return
  fi
  for url; do
    fetch_from "$url" "$file" "$check" && return
  done
  return 1
}

extract() {
  case $1 in
  *.zip) if has unzip; then unzip -q "$1" -d "$2"; else python3 -m zipfile -e "$1" "$2"; fi ;;
  *) gzip -dc <"$1" | tar -x -f - -C "$2" ;;
  esac
}

# unpack ARCHIVE MARKER RESULT: the folder that holds MARKER becomes RESULT.
unpack() {
  work=$3.unpacking
  rm -rf "$work"
  mkdir -p "$work" || return
  marker=
  extract "$1" "$work" && marker=$(find "$work" -path "*/$2" | head -n 1)
  test -n "$marker" && mv "${marker%/"$2"}" "$3"
  rm -rf "$work" "$1"
  test -d "$3" || {
    say "  refused: the archive does not hold $2"
    return 1
  }
}

# there RESULT CHECK: whether a result is there already.
there() {
  test -d "$1" || { test -f "$1" && fits "$1" "$2"; }
}

# try_row FOLDER RESULT FILE MARKER CHECK SERVER…: one row of the table.
try_row() {
  result=$1/$2 archive=$1/$3 name=$3 marker=$4 check=$5 at=$(basename "$3")
  shift 5
  if test -n "${CLASSIFY_MIRROR:-}"; then
    # shellcheck disable=SC2086
    set -- $CLASSIFY_MIRROR
    at=$name
  fi
  urls=
  for server; do
    urls="$urls ${server%/}/$at"
  done
  # shellcheck disable=SC2086
  fetch "$archive" "$check" $urls || return
  if test "$check" = unknown; then
    say "  no checksum is published for it; its SHA-256 is $(sha256 <"$archive")"
  fi
  test "$marker" = - || unpack "$archive" "$marker" "$result"
}

# fetch_set SET FOLDER: every result of the set, each by the first row that works.
fetch_set() {
  while read -r set result file marker check servers <&3; do
    test "$set" = "$1" || continue
    # shellcheck disable=SC2086
    there "$2/$result" "$check" || try_row "$2" "$result" "$file" "$marker" "$check" $servers
  done 3<"$sources"
  missing=
  while read -r set result file marker check servers <&3; do
    test "$set" = "$1" || continue
    case "$missing " in *" $2/$result "*) continue ;; esac
    there "$2/$result" "$check" || missing="$missing $2/$result"
  done 3<"$sources"
  if test -n "$missing"; then
    say "$1: could not get$missing; see $(dirname "$0")/README.md for its homes"
    return 1
  fi
  say "$1: complete in $2"
}

if test $# -lt 1 || test $# -gt 2; then
  usage >&2
  exit 2
fi
folder=${2:-${CLASSIFY_DATA:-data}}
case $1 in
mnist | imdb | yale | faces) sets=$1 ;;
all) sets="mnist imdb yale faces" ;;
-h | --help)
  usage
  exit 0
  ;;
*)
  say "fetch.sh: no data set '$1'; there are mnist, imdb, yale, faces and all"
  exit 2
  ;;
esac
if ! has curl && ! has wget; then
  say "fetch.sh: neither curl nor wget is installed"
  exit 1
fi
failed=0
for set in $sets; do
  fetch_set "$set" "$folder" || failed=1
done
exit $failed

# Sourced by the other scripts.

# exclusively <folder>: makes the folder and keeps other builds out of it until this shell ends.
exclusively() {
  mkdir -p "$1"
  if command -v flock >/dev/null; then
    exec 9>"$1/.lock"
    flock 9
  fi
}

# publish <file> <output>: puts the file in place in one step, for a test may be reading the old one.
publish() {
  cp "$1" "$2.new"
  mv -f "$2.new" "$2"
}

# digest_of <file>: a name for what the file says.
digest_of() {
  cksum <"$1" | tr -s ' ' -
}

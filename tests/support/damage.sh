# Sourced by fault tests beside lib.sh: how storage goes wrong.

# flip FILE OFFSET: inverts one bit.
flip() {
  local byte
  chmod u+w "$1"
  byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
  # shellcheck disable=SC2059
  printf "\\$(printf '%03o' $((byte ^ 1 << RANDOM % 8)))" |
    dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
shorten() {
  chmod u+w "$1"
  truncate -s "-$2" "$1"
}
clear_out() {
  chmod u+w "$1"
  truncate -s 0 "$1"
}
size() { stat -c %s "$1"; }
# A number from 0 to $1 - 1.
random() { echo $(((RANDOM << 15 | RANDOM) % $1)); }

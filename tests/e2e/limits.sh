# --limit-upload and --limit-download hold for a local repository too.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
head -c 4000000 /dev/urandom >file
longest=9000  # milliseconds; a build with sanitizers needs some for itself
[ -z "${SANITIZED:-}" ] || longest=20000
seconds() {
  local start
  start=$(date +%s%N)
  expect 0 "$@"
  took=$((($(date +%s%N) - start) / 1000000))
}

step "4 MB at 1000 KiB/s take four seconds, more or less"
seconds medsave --limit-upload 1000 backup file
[ "$took" -gt 2500 ] && [ "$took" -lt "$longest" ] || fail "upload took $took ms"
seconds medsave --limit-download 1000 restore latest --target out
[ "$took" -gt 2500 ] && [ "$took" -lt "$longest" ] || fail "download took $took ms"
cmp file out/file

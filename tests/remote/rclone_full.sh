# A full disk behind rclone, which leaves an empty file under the name of what it could not store:
# nothing of it stays. Packages: rclone.
source "$(dirname "$0")/../support/lib.sh"
source "$tests/remote/start-rest.sh"
need_root
mkdir mount
mount -t tmpfs -o size=6m none mount 2>/dev/null || skip "cannot mount a tmpfs"
serve_rest mount
export RESTIC_REPOSITORY=rest:http://$address/repo/
mkdir practice
head -c 1000000 /dev/urandom >practice/scan
expect 0 medsave init
expect 0 medsave --no-cache backup practice
# Whatever is there is whole: its name is its content's.
whole() {
  find mount/repo -type f ! -name config -exec sha256sum {} + |
    while read -r hash file; do [ "$hash" = "${file##*/}" ] || fail "cut off: $file"; done
}

step "a backup that does not fit"
head -c 9000000 /dev/urandom >practice/more
expect 1 timeout 60 "$MEDSAVE" --no-cache --pack-size 16 --stuck-request-timeout 1s backup practice
says "failed \(status 500\)"
whole
expect 0 medsave --no-cache check --read-data

step "not even a lock fits"
cat /dev/zero >mount/filler 2>/dev/null || true
expect 1 timeout 60 "$MEDSAVE" --no-cache --stuck-request-timeout 1s backup practice
whole
same "$(find mount/repo/locks -type f)" "" "locks"
rm mount/filler
expect 0 medsave --no-cache check --read-data

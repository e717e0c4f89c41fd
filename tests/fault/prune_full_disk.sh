# Prune on a medium that is nearly full: it repacks in portions, or says how much space it needs
# and changes nothing; where not even a new index fits there is a way too.
source "$(dirname "$0")/../support/lib.sh"
need_root
mkdir mount
mount -t tmpfs -o size=100m none mount 2>/dev/null || skip "cannot mount a tmpfs"
export RESTIC_REPOSITORY=$work/mount/repo
medsave -q init
# Packs of which half is needed: of each pair of files the second backup keeps one.
mkdir data
for n in $(seq 60); do head -c 700000 /dev/urandom >"data/$n"; done
medsave -q --pack-size 4 backup data
rm data/*[13579]
medsave -q --pack-size 4 backup data
medsave -q forget --keep-last 1
# fill KIB: leaves that much room.
fill() {
  local free
  rm -f mount/filler
  free=$(df --output=avail -k mount | tail -n 1)
  head -c $(((free - $1) * 1024)) /dev/zero >mount/filler
}
restorable() {
  expect 0 medsave --no-lock check --read-data
  rm -rf out
  expect 0 medsave --no-lock restore latest --target out
  identical data out/data
}

step "too little room for anything: says what it needs, changes nothing"
fill 500
before=$(find mount/repo/data mount/repo/index -type f | sort)
expect 1 medsave --pack-size 4 prune --max-unused 0
says "space"
says "[0-9] (KiB|MiB)"
same "$(find mount/repo/data mount/repo/index -type f | sort)" "$before" "files"
restorable

step "room for less than what is to be repacked"
fill 24000
expect 0 medsave --pack-size 4 prune --max-unused 0
restorable
rm mount/filler
expect 0 medsave prune --dry-run --max-unused 0
says '^total prune: +0 blobs|^there is nothing to free$'
if command -v "$RESTIC" >/dev/null; then expect 0 restic check --read-data; fi

step "room for a lock and little more: what is not needed goes first"
medsave -q backup --tag unneeded "$MEDSAVE"
medsave -q forget --unsafe-allow-remove-all --tag unneeded
fill 4
run medsave prune --max-unused 0
echo "prune ends with $status"
id=$(medsave --no-lock cat config | tr -d '\n' | json-value /id)
if [ "$status" -ne 0 ]; then
  says "space|full"
  expect 0 medsave prune --unsafe-recover-no-free-space "$id"
fi
rm -f mount/filler
expect 0 medsave prune --max-unused 0
restorable

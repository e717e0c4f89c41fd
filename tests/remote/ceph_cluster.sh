# A cluster of several machines' worth: ten clients back up into one repository on Ceph at once, a
# storage daemon is killed in the middle, and nothing is lost. On demand: scripts/test --ceph.
[ -n "${MEDSAVE_CEPH:-}" ] || { echo "skipped: on demand (scripts/test --ceph)"; exit 77; }
source "$(dirname "$0")/../support/lib.sh"
source "$tests/remote/start-rgw.sh"
clients=${MEDSAVE_CLIENTS:-10}

step "a monitor, three OSDs, a gateway"
start_rgw 3
export RESTIC_REPOSITORY=s3:$S3_ENDPOINT/hospital/backups
expect 0 medsave init
for n in $(seq "$clients"); do
  practice-data "client-$n" --seed "$n" --scale 0.05
done

step "$clients clients at once, and one OSD dies"
backups=()
for n in $(seq "$clients"); do
  "$MEDSAVE" --cache-dir "$work/cache-$n" --retry-lock 1m backup "client-$n" --host "client-$n" \
    >"backup-$n.log" 2>&1 &
  backups+=($!)
done
packs_stored() {
  [ "$("$MEDSAVE" --no-lock list packs 2>/dev/null | wc -l)" -ge "$clients" ]
}
wait_for packs_stored
kill_hard "${OSD_PIDS[1]}"
echo "OSD 1 killed; running: $(jobs -r | grep -c 'backup client' || true) backups"
failed=0
for n in $(seq "$clients"); do
  wait "${backups[$((n - 1))]}" || {
    failed=1
    cat "backup-$n.log" >&2
  }
done
same "$failed" 0 "backups failed"
same "$(snapshots)" "$clients"

step "everything is there"
expect 0 medsave check --read-data
for n in $(seq "$clients"); do
  rm -rf out
  expect 0 medsave restore latest --host "client-$n" --target out
  identical "client-$n" "out/client-$n"
done
if command -v "$RESTIC" >/dev/null; then expect 0 restic check --read-data; fi

step "an OSD short, one client after the other goes on"
practice-data client-1 --seed 1 --scale 0.05 --day 1
expect 0 medsave backup client-1 --host client-1
expect 0 medsave forget --keep-last 1 --prune --max-unused 0
expect 0 medsave check --read-data
rm -rf out
expect 0 medsave restore latest --host client-1 --target out
identical client-1 out/client-1

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
started=$SECONDS
for n in $(seq "$clients"); do
  # So slowly that there is a middle.
  "$MEDSAVE" --cache-dir "$work/cache-$n" --retry-lock 1m --limit-upload 1500 \
    backup "client-$n" --host "client-$n" >"backup-$n.log" 2>&1 &
  backups+=($!)
done
# As many packs as clients are a part of what they bring.
packs=0
until [ "$packs" -ge "$clients" ]; do
  [ $((SECONDS - started)) -lt 300 ] || fail "the backups store nothing: $(tail -n 2 backup-*.log)"
  sleep 1
  packs=$("$MEDSAVE" --no-lock list packs 2>/dev/null | wc -l)
done
kill_hard "${OSD_PIDS[1]}"
unfinished=$(jobs -r | grep -c -- --retry-lock || true)
echo "OSD 1 killed after $((SECONDS - started)) s, $packs packs stored, $unfinished backups unfinished"
[ "$unfinished" -gt 0 ] || fail "no backup was running any more"
failed=0
for n in $(seq "$clients"); do
  wait "${backups[$((n - 1))]}" || {
    failed=1
    cat "backup-$n.log" >&2
  }
done
same "$failed" 0 "backups failed"
echo "all backups done after $((SECONDS - started)) s, $(medsave list packs | wc -l) packs"
ceph_run ceph osd stat
grep -q ' 2 up' "$ceph/out" || fail "Ceph has not noticed: $(cat "$ceph/out")"
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

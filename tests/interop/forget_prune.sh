# forget keeps the same snapshots as restic over a long history, and after a prune of either
# program the other one finds everything in place.
source "$(dirname "$0")/../support/lib.sh"
need_restic
modern_restic() { restic version | found -E '^restic (0\.(1[7-9]|[2-9][0-9])|[1-9])'; }

step "a history of ${MEDSAVE_SNAPSHOTS:=3000} snapshots"
echo x >file
cheap-repository "$RESTIC_REPOSITORY" 2
expect 0 medsave backup file
snapshot-history "$RESTIC_REPOSITORY" "$MEDSAVE_SNAPSHOTS" 1
same "$(snapshots)" $((MEDSAVE_SNAPSHOTS + 1))

# One line for each group; the groups' order is arbitrary.
groups() { sed 's/^\[//; s/\]$//; s/},{"tags":/}\n{"tags":/g' | LC_ALL=C sort; }
# The snapshots that are kept. Old versions of restic give other reasons.
kept() {
  sed 's/"keep":/\n&/g; s/"remove":/\n/g' | grep '^"keep"' | grep -o '"short_id":"[0-9a-f]*"' | sort
}
modern_restic && compared=groups || compared=kept
# agree OPTIONS...: the same JSON, that is, the same snapshots for the same reasons.
agree() {
  step "forget $*"
  restic --no-lock forget --dry-run --json "$@" | sed -n 1p | $compared >theirs
  medsave --no-lock forget --dry-run --json "$@" | $compared >ours
  [ -s theirs ] || fail "restic says nothing"
  cmp theirs ours || fail "not the same snapshots or reasons"
}
agree --keep-last 5
agree --keep-hourly 30 --group-by ''
agree -d 14 -w 8 -m 12 -y 2
agree --keep-daily 3 --keep-monthly 5 --group-by host,tags
agree --keep-weekly 50 --keep-monthly 1
agree --keep-within 1y2m3d4h
agree --keep-within-hourly 10d --keep-within-daily 2m --keep-within-weekly 6m
agree --keep-within-monthly 2y --keep-within-yearly 3y --keep-last 1
agree --keep-tag keep --keep-last 1
agree --keep-tag 'daily,keep' --keep-tag 'before update' --keep-weekly 2
agree --keep-last 2 --host host1 --path /srv/mail
agree --keep-daily 5 --tag daily,keep --tag 'before update' --group-by tags

# Old versions do not keep the oldest snapshot of a group where the policy has room left.
if modern_restic; then
  agree --keep-last unlimited
  agree -d 14 -w 8 -m 24 -y 20
  agree --keep-daily 3 --keep-yearly unlimited --group-by host,tags
  agree --keep-weekly 100 --keep-monthly 1
  agree --keep-within-monthly 2y --keep-within-yearly 10y --keep-last 1
  agree --tag keep --unsafe-allow-remove-all

  step "the policy for practices"
  restic --no-lock forget -n --json -d 14 -w 8 -m 24 -y 20 | sed -n 1p | groups >theirs
  medsave --no-lock forget -n --json --policy cabinet | groups >ours
  cmp theirs ours || fail "not what the policy promises"

  step "refusals"
  for program in medsave restic; do
    expect 1 $program forget
    expect 1 $program forget --keep-tag nobody-has-this
    expect 1 $program forget --unsafe-allow-remove-all
    expect 1 $program forget --keep-last -1
    expect 1 $program forget --no-lock --keep-last 1
    expect 1 $program prune --max-unused 100%
  done
  same "$(snapshots)" $((MEDSAVE_SNAPSHOTS + 1))
fi
expect 0 medsave forget --keep-last 1 --group-by '' --prune
same "$(snapshots)" 1
expect 0 restic check --read-data
rm -rf "$RESTIC_REPOSITORY"

step "a practice's fortnight"
expect 0 medsave init --force
for day in $(seq 0 13); do
  practice-data data --scale 0.02 --day "$day"
  program=medsave
  [ $((day % 3)) -ne 1 ] || program=restic
  expect 0 $program backup data --pack-size 4 --time "2026-10-$((day + 10)) 20:00:00"
  [ "$day" -lt 7 ] || cp -a data "day$day"
done
cp -a "$RESTIC_REPOSITORY" other

# all_there PROGRAM: it can restore the last week.
all_there() {
  local ids id day=7
  ids=$(medsave snapshots --json | grep -o '"short_id":"[0-9a-f]*"' | cut -d '"' -f 4)
  for id in $ids; do
    rm -rf out
    expect 0 "$1" restore "$id" --target out
    identical "day$day" out/data
    day=$((day + 1))
  done
  same "$day" 14
}

step "medsave prunes, restic finds everything"
expect 0 medsave forget --keep-last 7 --prune --max-unused 0 --pack-size 4
says 'to repack: +[1-9]'
expect 0 restic check --read-data
says_not 'not referenced|unused'
all_there restic
expect 0 restic prune --dry-run --max-unused 0
says 'total prune: +0 blobs'
expect 0 medsave prune --max-unused 0
says 'there is nothing to free'

step "restic prunes, medsave finds everything"
export RESTIC_REPOSITORY=$work/other
expect 0 medsave forget --keep-last 7 --prune --dry-run --max-unused 0
medsave_says=$(grep -E '^(remaining|total prune):' stdout | tr -s ' ')
expect 0 restic forget --keep-last 7 --prune --max-unused 0
same "$(grep -E '^(remaining|total prune):' stdout | tr -s ' ')" "$medsave_says" "what is freed"
expect 0 medsave check --read-data
all_there medsave
expect 0 medsave prune --dry-run --max-unused 0
says '^total prune: +0 blobs / 0 B|there is nothing to free'  # small packs may be worth joining

step "compression on demand"
expect 0 medsave backup --compression off "$MEDSAVE"
expect 0 medsave prune --repack-uncompressed
expect 0 restic check --read-data
expect 0 medsave restore latest --target out --path "$MEDSAVE"
cmp "$MEDSAVE" "out$MEDSAVE"
step "what does not shrink is tried once"
head -c 5000000 /dev/urandom >noise
expect 0 medsave backup noise
expect 0 medsave prune --repack-uncompressed
for program in medsave restic; do
  expect 0 "$program" prune --dry-run --repack-uncompressed
  says '^to repack: +0 blobs|there is nothing to free'
done
expect 0 restic check --read-data

step "prunes exclude each other and backups"
rm -f pipe
mkfifo pipe
command "$RESTIC" -q backup --stdin <pipe >/dev/null 2>&1 &
exec 9>pipe
wait_for sh -c "ls '$RESTIC_REPOSITORY/locks' | grep -q ."
expect 11 medsave prune
expect 11 medsave forget --keep-last 1 --prune
expect 0 medsave prune --dry-run --no-lock
echo data >&9
exec 9>&-
wait
expect 0 medsave prune

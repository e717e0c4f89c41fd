# Snapshot files that are damaged: named, got round, removed only by their id.
source "$(dirname "$0")/../support/lib.sh"
unset RESTIC_CACHE_DIR  # copies there would be read instead
medsave -q init
mkdir source
for day in 1 2 3; do
  echo "$day" >"source/$day"
  backup 0 source --time "2026-01-0$day 12:00:00"
  ids[day]=$snapshot
done
flip() {  # FILE: another byte in its middle
  chmod u+w "$1"
  printf '\x00\xff\x00' | dd of="$1" bs=1 seek=40 conv=notrunc status=none
}
flip "repo/snapshots/${ids[2]}"
chmod u+w "repo/snapshots/${ids[3]}"
: >"repo/snapshots/${ids[3]}"

step "check names them and says what to do"
expect 1 medsave check
says "snapshot ${ids[2]:0:8}"
says "Damaged snapshot files: .*copy.*medsave forget (${ids[2]:0:8} ${ids[3]:0:8}|${ids[3]:0:8} ${ids[2]:0:8})"
says 'medsave recover'

step "prune refuses, with the same advice"
packs=$(files_in data)
expect 1 medsave prune
says "medsave forget (${ids[2]:0:8} ${ids[3]:0:8}|${ids[3]:0:8} ${ids[2]:0:8})"
same "$(files_in data)" "$packs"

step "what is to change all snapshots does not pass them over in silence"
for command in 'tag --add x' 'rewrite --exclude nothing' 'repair snapshots'; do
  # shellcheck disable=SC2086
  expect 1 medsave $command --dry-run
  says "2 snapshots could not be read and were left out"
done
expect 0 medsave tag --add seen "${ids[1]}"
ids[1]=$(ls repo/snapshots | grep -vxF -e "${ids[2]}" -e "${ids[3]}")

step "which is the latest cannot be told, so none is taken for it"
export RESTIC_FROM_PASSWORD=$RESTIC_PASSWORD
medsave -q -r copied init --from-repo repo --copy-chunker-params
for command in 'tag --add x' 'rewrite --forget --exclude nothing' 'repair snapshots --forget' 'stats' 'snapshots' \
               '-r copied copy --from-repo repo' 'find 1 --snapshot'; do
  # shellcheck disable=SC2086
  expect 1 medsave $command latest
  says 'which snapshot is the latest cannot be told'
done
step "a snapshot that is named and cannot be had is no success"
for name in "${ids[2]}" 0123456789; do
  for command in 'rewrite --forget --exclude nothing' 'repair snapshots' 'stats' '-r copied copy --from-repo repo' \
                 'find 1 --snapshot'; do
    # shellcheck disable=SC2086
    expect 1 medsave $command "$name"
  done
done
same "$(files_in snapshots)" 3
same "$(ls copied/snapshots | wc -l)" 0

step "no policy and no filter removes them"
expect 0 medsave forget --keep-last 1
says 'no snapshots to remove'
expect 0 medsave forget --unsafe-allow-remove-all --host nobody
same "$(files_in snapshots)" 3
expect 1 medsave forget latest
says 'which snapshot is the latest cannot be told'

step "their ids do, when that is all they mean"
expect 1 medsave forget --dry-run 0123456789
expect 0 medsave forget --dry-run "${ids[2]}"
says "snapshot ${ids[2]} is damaged.*would be removed"
same "$(files_in snapshots)" 3
cp "repo/snapshots/${ids[3]}" "repo/snapshots/${ids[2]:0:63}$(tr '0-9a-f' '1-9a-f0' <<<"${ids[2]:63}")"
expect 1 medsave forget "${ids[2]:0:20}"
says 'is ambiguous'
same "$(files_in snapshots)" 4
rm -f "repo/snapshots/${ids[2]:0:63}$(tr '0-9a-f' '1-9a-f0' <<<"${ids[2]:63}")"
expect 0 medsave forget "${ids[2]:0:12}"
says "snapshot ${ids[2]} is damaged.*it is removed"
[ ! -e "repo/snapshots/${ids[2]}" ] || fail "still there"
expect 0 medsave forget "${ids[1]}" "${ids[3]}"
says '"medsave prune" frees the space'
says '2 snapshots have been removed'
same "$(files_in snapshots)" 0

step "what they held is found again before anything is pruned"
expect 0 medsave recover
backup 0 source
expect 0 medsave prune
expect 0 medsave check --read-data

step "a name that fits nothing is an error where snapshots are listed or changed"
for command in 'forget' 'tag --add x' 'snapshots' 'snapshots --json'; do
  # shellcheck disable=SC2086
  expect 1 medsave $command 0123456789 "$snapshot"
  says '0123456789'
done
same "$(files_in snapshots)" 2
same "$(snapshots --tag x)" 0

step "copy goes on with the others"
export RESTIC_FROM_PASSWORD=$RESTIC_PASSWORD
medsave -q -r second init --from-repo repo --copy-chunker-params
backup 0 source --tag damaged
flip "repo/snapshots/$snapshot"
expect 3 medsave -r second copy --from-repo repo
says "${snapshot:0:8}"
says 'could not be copied'
same "$(RESTIC_REPOSITORY=second snapshots)" 2
rm -f "repo/snapshots/$snapshot"
head -c 100000 /dev/urandom >source/lost
before=$(find repo/data -type f | LC_ALL=C sort)
backup 0 source --tag lost
gone=$(comm -13 <(echo "$before") <(find repo/data -type f | LC_ALL=C sort))
echo later >source/later
rm source/lost
backup 0 source --tag later
# shellcheck disable=SC2086
rm -f $gone
expect 3 medsave -r second copy --from-repo repo
says 'is damaged and cannot be copied: '
same "$(RESTIC_REPOSITORY=second snapshots)" 3
same "$(RESTIC_REPOSITORY=second snapshots --tag lost)" 0
same "$(RESTIC_REPOSITORY=second snapshots --tag later)" 1
expect 0 medsave -r second check --read-data

step "copy mends what the target has lost, even if its index has forgotten it"
rm -f "$(find second/data -type f | head -n 1)"
expect 0 medsave -r second repair index
expect 1 medsave -r second check
expect 3 medsave -r second copy --from-repo repo
says 'was mended'
expect 0 medsave -r second check --read-data

step "forget tells by its exit status of a snapshot that cannot be read just now; the others go"
chmod 755 "$work"
export RESTIC_REPOSITORY=$work/unread/repo
mkdir unread
[ "$(id -u)" -ne 0 ] || chown 65534:65534 unread
user() { as_user "$MEDSAVE" "$@"; }
user -q init
for day in 1 2 3; do user -q backup "$work/source/later" --time "2026-01-0$day 12:00:00"; done
newest=$(user --json snapshots latest | json-value /0/id)
chmod 000 "$RESTIC_REPOSITORY/snapshots/$newest"
kept="could not be read just now, so the policy was not applied to it and it was kept"
expect 3 user forget --keep-last 1 --dry-run
says "$kept"
same "$(files_in snapshots)" 3
expect 3 user forget --keep-last 1
says "$kept"
says "1 snapshot has been removed"
same "$(files_in snapshots)" 2
expect 3 user forget --keep-last 1
says "no snapshots to remove"
says "$kept"
expect 0 user forget --dry-run "$(ls "$RESTIC_REPOSITORY/snapshots" | grep -v "$newest")"
expect 1 user forget --keep-last 1 --prune --dry-run "$newest"
chmod 400 "$RESTIC_REPOSITORY/snapshots/$newest"
expect 0 user forget --keep-last 1
same "$(files_in snapshots)" 1
[ -e "$RESTIC_REPOSITORY/snapshots/$newest" ] || fail "the newest one is gone"

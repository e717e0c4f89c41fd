# Runs that lose their lock while they are suspended, and what an index still names that is gone.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
practice-data first --scale 0.02 --seed 1
medsave -q --pack-size 4 backup first
head -c 40M /dev/urandom >large
mkdir source
cp large source/

# A backup of `large` from a pipe. Descriptor 9 holds the pipe open; its process is $holder.
begin() {
  rm -f pipe
  mkfifo pipe
  "$MEDSAVE" --pack-size 4 "$@" <pipe >held.out 2>held.err &
  holder=$!
  exec 9>pipe
}
# The end of it, with its exit status in $status and what it said where `says` looks.
end() {
  exec 9>&-
  status=0
  wait "$holder" || status=$?
  cp held.out stdout
  cp held.err stderr
}
several_packs() { [ "$(files_in data)" -ge $((before + 2)) ]; }
# Another computer removes the lock and tidies up, while the holder sleeps.
tidy_up_behind_its_back() {
  kill -STOP "$holder"
  medsave -q unlock --remove-all
  medsave -q prune
  sleep 1.2  # the lock was seen less than a second ago otherwise
}
sound() {
  expect 0 medsave check --read-data
  if command -v "$RESTIC" >/dev/null; then expect 0 restic check --read-data; fi
}

before=$(files_in data)
indexes=$(files_in index)
for left in much nothing; do
  step "a suspended backup whose packs were pruned publishes nothing ($left is left to do)"
  begin backup --stdin --stdin-filename large
  { if [ $left = much ]; then head -c 34M large; else cat large; fi; } >&9
  wait_for several_packs
  tidy_up_behind_its_back
  kill -CONT "$holder"
  if [ $left = much ]; then tail -c +35651585 large >&9 || true; fi
  end
  same "$status" 11 "exit status"
  says lock
  same "$(files_in index)" "$indexes" "index files"
  same "$(snapshots)" 1 "snapshots"
  sound
done

step "the next backup relies on nothing that is gone"
expect 0 medsave --pack-size 4 backup source
expect 0 medsave restore latest --target out
identical source out/source
sound

step "packs that are gone or cut off although an index names them: stored again, with a note"
for damage in remove truncate; do
  export RESTIC_REPOSITORY=$work/$damage
  medsave -q init
  medsave -q --pack-size 4 backup source
  pack=$(find "$damage/data" -type f -size +1M | head -n 1)
  chmod u+w "$pack"
  if [ $damage = remove ]; then rm "$pack"; else truncate -s 1M "$pack"; fi
  expect 1 medsave check
  expect 0 medsave backup source
  says "stored again"
  expect 0 medsave restore latest --target "out-$damage"
  identical source "out-$damage/source"
  expect 0 medsave backup --force source
  says_not "stored again"
  if [ $damage = remove ]; then
    expect 0 medsave repair index
  else
    expect 0 medsave repair packs "$(basename "$pack")"
  fi
  sound
done
export RESTIC_REPOSITORY=$work/repo

step "a copy does not rely on them either"
medsave -q -r second init --from-repo repo --from-password-file <(echo "$RESTIC_PASSWORD") --copy-chunker-params
export RESTIC_FROM_PASSWORD=$RESTIC_PASSWORD
medsave -q --pack-size 4 -r second copy --from-repo repo latest
gone=$(find second/data -type f -size +1M | LC_ALL=C sort | head -n 1)
rm -f "$gone"
rm -f second/snapshots/*
expect 0 medsave -r second copy --from-repo repo latest
says "missing"
expect 0 medsave -r second restore latest --target out-copy
identical source out-copy/source

# Index files that are gone: the packs are there, and nothing may be done as if they were not.
source "$(dirname "$0")/../support/lib.sh"
source "$tests/support/damage.sh"
medsave -q init
mkdir data
for n in 1 2; do
  head -c 300000 /dev/urandom >data/$n
  medsave -q backup data
done
cp -r repo intact

step "check says what helps, and nothing that would harm"
for lost in one all; do
  rm -rf repo && cp -r intact repo
  if [ $lost = all ]; then rm -f repo/index/*; else rm -f "repo/index/$(ls repo/index | head -n 1)"; fi
  expect 1 medsave check
  says 'medsave repair index'
  says 'in no index file and may hold what is missing'
  says_not 'pruning|interrupted|no damage'
  expect 1 medsave --json check
  same "$(json --type summary /suggest_repair_index)" true
  same "$(json --type summary /suggest_prune)" false

  step "what is in the packs is not lost to the repair of snapshots, $lost lost"
  cp -r repo unindexed
  for way in --dry-run "" --forget; do
    rm -rf repo && cp -r unindexed repo
    # shellcheck disable=SC2086
    expect 0 medsave repair snapshots $way
    says 'all 2 snapshots are complete; nothing was changed'
    same "$(snapshots)" 2
    [ "$way" = --dry-run ] || expect 0 medsave check --read-data
  done
  rm -rf repo && mv unindexed repo

  step "a pack that cannot be read keeps snapshots from being repaired, $lost lost"
  rm -f repo/index/*
  pack=$(find repo/data -type f -size +100k | head -n 1)
  flip "$pack" 1000
  for way in --dry-run "" --forget; do
    # shellcheck disable=SC2086
    expect 1 medsave repair snapshots $way
    says '1 pack is in no index file, cannot be used as it is, and may hold what seems lost; no snapshot was changed'
    same "$(snapshots)" 2
  done
  expect 0 medsave repair index
  expect 0 medsave repair snapshots --dry-run
done

step "a snapshot file whose name is in upper case is not overlooked"
rm -rf repo && cp -r intact repo
name=$(ls repo/snapshots | head -n 1)
mv "repo/snapshots/$name" "repo/snapshots/${name^^}"
for command in check "prune --max-unused 0" snapshots "forget --keep-last 1 --prune"; do
  expect 1 medsave $command
  says "rename it to $name"
done
mv "repo/snapshots/${name^^}" "repo/snapshots/$name"
expect 0 medsave check --read-data

step "all data is not said to be right where it was not read"
expect 0 medsave check
says 'the content of files was not read: .*"medsave check --read-data"'
expect 0 medsave check --read-data-subset 1/2
says 'not all data was read again'
expect 0 medsave check --read-data
says_not 'not all data|was not read'

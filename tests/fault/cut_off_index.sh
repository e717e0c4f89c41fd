# An index file that is empty or cut off keeps nobody from reading what the others list, and no
# backup from being made; what deletes refuses, and `repair index` mends it.
source "$(dirname "$0")/../support/lib.sh"
cheap-repository repo 2
mkdir data second
head -c 300000 /dev/urandom >data/file
head -c 300000 /dev/urandom >second/file
backup 0 --no-cache data
first=$snapshot
index=$(ls repo/index)
expect 0 medsave --no-cache backup second
mv repo sound
fresh() {
  rm -rf repo out
  cp -a sound repo
  chmod u+w "repo/index/$index"
  truncate -s "$1" "repo/index/$index"
}
# Reads the snapshot whose index is whole, with the warning.
reads() {
  expect 0 medsave --no-cache "$@"
  says "${index:0:8}.*damaged"
  says "repair index"
}

for size in 0 100; do
  step "an index file of $size bytes: reading"
  fresh $size
  expect 0 medsave --no-cache snapshots
  reads restore latest --target out
  identical second out/second
  reads ls latest
  reads find --snapshot latest file
  reads dump latest /second/file
  reads stats latest
  reads stats --mode raw-data latest
  reads diff latest latest
  reads cat tree latest
  cheap-repository other 2
  RESTIC_FROM_PASSWORD=$RESTIC_PASSWORD reads -r other copy --from-repo repo latest
  expect 0 medsave -r other --no-cache check --read-data
  rm -rf other out

  step "what the index listed is missing, and said to be"
  for command in "restore $first --target out" "ls $first" "dump $first /data/file" \
    "stats $first" "cat tree $first" "find --snapshot $first file"; do
    expect 1 medsave --no-cache $command
    says "repair index"
  done
  expect 1 medsave --no-cache list blobs
  expect 1 medsave --no-cache check
  says "repair index"

  step "nothing is deleted"
  files() { find repo -type f ! -path '*/locks/*' | sort; }
  before=$(files)
  for command in "prune --max-unused 0" "forget --keep-last 1 --group-by= --prune" \
    "repair snapshots --forget" "rewrite --forget --exclude x" "repair packs $(ls repo/data/*/ | grep -m1 '^[0-9a-f]\{64\}$')"; do
    fresh $size
    expect 1 medsave --no-cache $command
    says "repair index"
    same "$(find repo/data -type f | wc -l)" "$(find sound/data -type f | wc -l)" "packs after $command"
  done

  step "a backup stores again what it needs"
  fresh $size
  expect 0 medsave --no-cache backup data
  says "stored again"
  expect 0 medsave --no-cache restore latest --target out
  identical data out/data

  step "repair index"
  expect 0 medsave --no-cache repair index
  expect 0 medsave --no-cache check --read-data
  rm -rf out
  expect 0 medsave --no-cache restore "$first" --target out
  identical data out/data
done

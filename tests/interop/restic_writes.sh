# What restic writes, medsave checks, restores, and backs up on top without storing anything twice.
source "$(dirname "$0")/../support/lib.sh"
need_restic
special-tree special --portable
practice-data practice --scale 0.03
tree_ids() { restic snapshots --json | grep -o '"tree":"[0-9a-f]*"' | sort | uniq -c; }

for version in 1 2; do
  step "version $version: medsave finds no fault and restores it all"
  export RESTIC_REPOSITORY=$work/repo-v$version RESTIC_CACHE_DIR=$work/cache-v$version
  expect 0 restic init --repository-version $version
  expect 0 restic backup special practice
  expect 0 medsave check --read-data
  expect 0 medsave restore latest --target "out-v$version"
  identical special "out-v$version/special"
  identical practice "out-v$version/practice"
  rm -rf "out-v$version"

  step "version $version: medsave on top adds nothing and gets the same tree"
  blobs=$(restic list blobs | wc -l)
  backup 0 special practice
  same "$(summary files_unmodified)" "$(find special practice -type f -printf x | wc -c)" unmodified
  same "$(summary data_blobs)" 0 "data blobs"
  same "$(summary tree_blobs)" 0 "tree blobs"
  same "$(tree_ids | wc -l)" 1 "different trees"
  backup 0 --force special practice
  same "$(summary data_blobs)" 0 "data blobs with --force"
  same "$(tree_ids | wc -l)" 1 "different trees with --force"
  same "$(restic list blobs | wc -l)" "$blobs" "blobs"

  step "version $version: and the other way round"
  practice-data practice --scale 0.03 --day $version
  backup 0 special practice
  count=$(restic list blobs | wc -l)
  expect 0 restic backup special practice
  same "$(restic list blobs | wc -l)" "$count" "blobs after restic"
  expect 0 restic backup --force special practice
  same "$(restic list blobs | wc -l)" "$count" "blobs after restic --force"
  same "$(tree_ids | wc -l)" 2 "different trees"
  expect 0 restic check --read-data
  expect 0 medsave check --read-data
done

step "the same in another time zone"
export TZ=Europe/Berlin
if [ -e /usr/share/zoneinfo/$TZ ]; then
  backup 0 special
  expect 0 restic backup --force special
  same "$(restic snapshots --json --path "$work/special" | grep -o "\"tree\":\"[0-9a-f]*\"" | tail -n 2 | uniq | wc -l)" 1 trees
fi

# Init, backup, check, restore of a tree with one of everything: all of it comes back.
source "$(dirname "$0")/../support/lib.sh"
special-tree tree
permissions() { stat -c %a "$1"; }

step "init makes the layout with restic's permissions, once"
expect 0 medsave init
same "$(permissions repo)" 700
same "$(permissions repo/config)" 400
same "$(permissions "$(ls -d repo/keys/*)")" 400
same "$(ls repo/data | wc -l)" 256 "folders in data"
expect 1 medsave init
same "$(files_in keys)" 1 "keys"

step "first backup"
backup 0 tree
first=$snapshot
same "$(summary files_new)" "$(find tree -type f -printf x | wc -c)" "new files"
same "$(summary dirs_new)" "$(find tree -type d -printf x | wc -c)" "new folders"
same "$(files_in locks)" 0 "locks left"
same "$(find repo -type f ! -perm 400)" repo/medsave/reserve "files not read-only"
same "$(find repo -name '*tmp*' | wc -l)" 0 "temporary files left"
expect 0 medsave check --read-data

step "restored identically, as it was and over itself"
expect 0 medsave restore latest --target out
identical tree out/tree
expect 0 medsave restore latest --target out --verify
identical tree out/tree

step "holes stay holes"
expect 0 medsave restore latest --target holes --sparse --include '*/holes'
identical --sparse tree/holes holes/tree/holes

step "a second backup stores nothing new and finds its parent"
backup 0 tree
same "$(summary files_new)" 0 "new files"
same "$(summary files_changed)" 0 "changed files"
same "$(summary data_blobs)" 0 "new blobs"
[ "$(summary data_added)" -lt 2000 ] || fail "data added: $(summary data_added)"
same "$(medsave cat snapshot "$snapshot" | tr -d ' \n' | grep -o '"parent":"[0-9a-f]*"' | cut -d'"' -f4)" "$first" parent

step "one subfolder, and one of another snapshot by prefix"
expect 0 medsave restore "${first:0:8}:tree/links" --target sub
identical --ignore-root tree/links sub
expect 1 medsave restore latest:tree/no-such-folder --target nowhere

step "the listing has every entry"
# Names with line ends would count twice: by JSON.
expect 0 medsave ls --json latest
same "$(json-value --count '' <"$work/stdout" >/dev/null && grep -c '"struct_type":"node"' "$work/stdout")" \
  "$(find tree ! -type s -printf x | wc -c)" "nodes listed"

step "version 1 repository, whole"
export RESTIC_REPOSITORY=$work/v1
expect 0 medsave init --repository-version 1
backup 0 tree
expect 0 medsave check --read-data
expect 0 medsave restore latest --target out1
identical tree out1/tree

step "a folder given as . or with a trailing slash"
export RESTIC_REPOSITORY=$work/repo
(cd tree/modes && medsave -q backup .)
same "$(paths_of latest | wc -l)" "$(find tree/modes -mindepth 1 | wc -l)" "entries at the root"
medsave -q backup tree/modes/ "$work/tree/modes"
expect 0 medsave restore latest --target roots
identical tree/modes roots/tree/modes
identical tree/modes "roots$work/tree/modes"

step "--no-extra-verify, pack size, compression levels"
for options in "--no-extra-verify --compression off" "--compression max --pack-size 4" \
               "--compression fastest --pack-size 128" "--compression better"; do
  # shellcheck disable=SC2086
  expect 0 medsave $options backup --force tree/contents
done
expect 0 medsave check --read-data
expect 1 medsave --pack-size 3 backup tree
expect 1 medsave --compression wonderful backup tree

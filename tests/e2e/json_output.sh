# --json: every line is JSON, with restic's names.
source "$(dirname "$0")/../support/lib.sh"
expect 0 medsave --json init
same "$(json --type initialized /repository)" "$work/repo"
same "$(json --type initialized /id | wc -c)" 65
practice-data data --scale 0.02

step "backup: status, verbose status, summary"
expect 0 medsave --json -vv backup data
same "$(json --type status /percent_done >/dev/null && echo yes)" yes
json --type verbose_status /item >/dev/null
for key in files_new files_changed files_unmodified dirs_new dirs_changed dirs_unmodified data_blobs \
           tree_blobs data_added data_added_packed total_files_processed total_bytes_processed \
           total_duration backup_start backup_end snapshot_id; do
  summary $key >/dev/null
done
same "$(summary total_files_processed)" "$(find data -type f -printf x | wc -c)"
expect 0 medsave --json --quiet backup data
if grep '"status"' stdout; then fail "status lines although quiet"; fi
summary snapshot_id >/dev/null

step "snapshots, ls, check, restore, key list, version"
expect 0 medsave --json snapshots
json /0/short_id >/dev/null
json /1/summary/files_unmodified >/dev/null
same "$(json /0/hostname)" "$(hostname)"
expect 0 medsave --json snapshots --group-by host
json /0/group_key/hostname >/dev/null
same "$(json --count /0/snapshots)" 2
expect 0 medsave --json ls latest
json /path >/dev/null
same "$(head -n 1 stdout | json-value /struct_type)" snapshot
expect 0 medsave --json check
same "$(json --type summary /num_errors)" 0
expect 0 medsave --json restore latest --target out-folder
same "$(json --type summary /bytes_restored)" \
  "$(find data -type f -printf '%i %s\n' | sort -u | awk '{ sum += $2 } END { printf "%d", sum }')"
expect 0 medsave --json key list
same "$(json /0/current)" true
expect 0 medsave --json version
json --type version /version >/dev/null

step "an error is the last line of the standard error"
expect 1 medsave --json ls abcdef0123
tail -n 1 stderr | json-value --type exit_error /message >/dev/null || fail "$(cat stderr)"

step "cat and list"
for type in snapshots index packs keys locks blobs; do expect 0 medsave list $type; done
expect 0 medsave list packs
same "$(wc -l <stdout)" "$(files_in data)"
expect 1 medsave list nonsense
index=$(medsave list index | sed -n 1p)
expect 0 medsave cat index "$index"
tr -d '\n' <stdout | json-value /packs >/dev/null || fail "index is not JSON"
expect 0 medsave cat config
tr -d '\n' <stdout | json-value /version >/dev/null
expect 0 medsave cat masterkey
tr -d '\n' <stdout | json-value /encrypt >/dev/null
key=$(basename "$(find repo/keys -type f)")
expect 0 medsave cat key "$key"
tr -d '\n' <stdout | json-value /kdf >/dev/null
expect 0 medsave cat snapshot latest
tr -d '\n' <stdout >snapshot.json
tree=$(json-value /tree <snapshot.json)
expect 0 medsave cat blob "$tree"
json-value /nodes/0/name <stdout >/dev/null
same "$(sha256sum <stdout | cut -d' ' -f1)" "$tree" "hash of the tree"
expect 0 medsave cat tree latest:data
json-value /nodes/0/name <stdout >/dev/null
pack=$(medsave list packs | sed -n 1p)
expect 0 medsave cat pack "$pack"
same "$(sha256sum <stdout | cut -d' ' -f1)" "$pack" "hash of the pack"
expect 1 medsave cat nonsense

step "with -v the count of the sources comes, and the last status is 100 %"
mkdir -p few && echo a >few/a && echo bc >few/b
expect 0 medsave --json -v backup few
same "$(grep -c '"action":"scan_finished".*"data_size":5,.*"total_files":2' stdout)" 1
same "$(grep '"message_type":"status"' stdout | tail -n 1 | json-value /percent_done)" 1
expect 0 medsave --json restore latest --target few-restored
same "$(grep '"message_type":"status"' stdout | tail -n 1 | json-value /percent_done)" 1

step "stats of the sizes of files and blobs"
expect 0 medsave --json stats --mode debug
same "$(grep '"group":"file","kind":"data"' stdout | json-value /count)" "$(files_in data)"
same "$(grep '"group":"file","kind":"data"' stdout | json-value /total_size)" \
  "$(find repo/data -type f -printf '%s\n' | awk '{ sum += $1 } END { printf "%d", sum }')"
same "$(grep '"group":"blob","kind":"data"' stdout | json-value /count)" "$(medsave list blobs | grep -c '^data ')"
expect 0 medsave stats --mode debug
says '^File Type: snapshot$'
says '^Blob Type: tree$'
says '^ *100 - 999 Byte  '

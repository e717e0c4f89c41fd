# Messages tell the cause that is, of the place that is meant, and no advice for another cause; and
# nothing of a first time or of "none yet" that is not known.
source "$(dirname "$0")/../support/lib.sh"
chmod 755 "$work"
medsave -q init
mkdir -p srv/letters
for i in $(seq 30); do echo "letter $i" >"srv/letters/$i"; done
largest_pack() { find repo/data -type f -printf '%s %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2; }

step "a restore names what lies in the target by its path there, and only the advice that applies"
medsave -q backup srv
mkdir closed
chmod -R go+rX repo
run as_user "$MEDSAVE" --no-cache --no-lock restore latest --target "$work/closed/"
same "$status" 1
says "^error: $work/closed/srv: cannot create folder: Permission denied$"
says "no file was restored; nothing in the repository was changed\. Choose another folder with --target\.$"
says_not "medsave check"
run as_user "$MEDSAVE" --no-cache --no-lock --json restore latest --target "$work/closed"
grep -q '"item":"/srv"' stderr || fail "JSON names it as the snapshot does"
head -c 3000000 /dev/urandom >picture
medsave -q -r one init
medsave -q -r one backup picture
rm "$(find one/data -type f -size +1000k)"
expect 1 medsave -r one restore latest --target out
says "^error: out/picture: "
says 'was changed\. "medsave check" tells what else is affected\.$'
says_not "with --target"
expect 1 medsave -r one --lang fr restore latest --target out
says "^erreur.: out/picture.: "
says "«.medsave check.» dit ce qui est touché d'autre\.$"

step "what a backup compares with"
expect 0 medsave backup srv --force
says "^all files are read again \(--force\)$"
says_not "no parent snapshot"
expect 0 medsave --as-restic backup srv --force
says "^no parent snapshot found, will read all files$"
expect 0 medsave --lang fr backup picture
says "^aucun instantané précédent à comparer.: tous les fichiers sont lus$"

step "snapshots that are forgotten are named, and the way back"
last=$(medsave --json snapshots --path "$work/picture" | json-value /0/short_id)
expect 0 medsave forget latest
says "snapshot $last of .*picture"
says '"medsave prune" frees the space; before that, "medsave recover" can bring it back$'
backup 0 srv --tag again
# shellcheck disable=SC2046
expect 0 medsave forget $(for n in $(seq 0 $(($(snapshots) - 1))); do medsave --json snapshots | json-value "/$n/id"; done)
none='the repository holds no snapshot; no backup has ended yet, or they were deleted .then do not run "medsave prune": "medsave recover" can find'
expect 0 medsave snapshots
says "^$none"
expect 1 medsave restore latest --target out
says "^Fatal: $none"
expect 1 medsave restore abcdef --target out
says "^Fatal: $none"
expect 1 medsave forget abcdef
says "holds no snapshot"
expect 0 medsave check
says "they were deleted, or their folder or list is damaged"
says "^apart from that, no errors were found$"
expect 0 medsave --as-restic check
says "^no errors were found$"
expect 1 medsave --as-restic restore latest --target out
says "no snapshot found"
expect 0 medsave recover
says 'each below the beginning of its ID: "medsave ls [0-9a-f]{8}" shows them$'
expect 0 medsave ls latest
says "^/[0-9a-f]{8}/srv/letters/7$"
medsave -q -r fresh init
expect 0 medsave -r fresh snapshots
says "^the repository holds no snapshot$"

step "forget --prune on a repository that has lost a pack: what is gone and what not"
rm -rf repo && medsave -q init --force
medsave -q backup srv
head -c 2000000 /dev/urandom >srv/picture
medsave -q backup srv
cp -r repo intact
rm "$(largest_pack)"
expect 1 medsave forget --keep-last 1 --prune
says "1 snapshot has been removed"
says 'gone from the list, but no data was deleted: "medsave recover" can bring back what the repository has of them\.$'
rm -rf repo && cp -r intact repo

step "a damaged index: perhaps nothing is lost"
chmod -R u+w repo
truncate -s -20 "$(find repo/index -type f | head -n 1)"
expect 1 medsave check
says "^The index can be made anew, and perhaps nothing is lost then"
says "^The files on your computer are not concerned$"
says "^1\. Write nothing more to this repository, and copy it to another drive first"
expect 1 medsave --lang fr check
says "^Ce qui ne peut pas être restauré en entier pour l'instant.:$"
rm -rf repo && cp -r intact repo

step "a password file that is not there: the option that named it"
expect 1 medsave key passwd --new-password-file nowhere
says "there is no password file nowhere; nothing was done\. Check --new-password-file\.$"
expect 1 medsave --password-file nowhere snapshots
says "Check --password-file or MEDSAVE_PASSWORD_FILE\.$"
expect 1 medsave -r fresh copy --from-repo repo --from-password-file nowhere
says "Check --from-password-file or MEDSAVE_FROM_PASSWORD_FILE\.$"
expect 1 medsave --as-restic --password-file nowhere snapshots
says "^Fatal: nowhere does not exist$"

step "what is missing from a backup: how many, each name once, and no wrong reason"
mkdir mine theirs
[ "$(id -u)" -ne 0 ] || chown 65534:65534 mine theirs
as_user sh -c "echo a >$work/mine/a; echo b >$work/mine/b; chmod 000 $work/mine/b"
as_user "$MEDSAVE" -q --no-cache -r "$work/theirs" init
run as_user "$MEDSAVE" --no-cache -r "$work/theirs" backup "$work/mine" nowhere
same "$status" 3
says "^error: $work/mine/b: cannot open: Permission denied$"
says "nowhere is left out: it was not found \(misspelt, or is its drive not connected\?\)$"
says "^Warning: 2 items are missing from the snapshot, or parts of them; all others are in it\. Mend what is said of them, and back up again\.$"

step "files of a lost pack: ten names, how many more, and what it means for earlier snapshots"
rm -rf repo && medsave -q init --force
rm srv/picture
medsave -q backup srv
data_pack=$(medsave -q cat index "$(medsave list index -q)" | tr -d ' \n' | sed 's/{"id":"/\n&/g' |
  awk -F'"' '/"blobs"/ { pack = $4 } /"type":"data"/ { print pack; exit }')
rm "repo/data/${data_pack:0:2}/$data_pack"
expect 0 medsave backup srv
same "$(grep -c 'has lost parts of this unchanged file' stderr)" 10
says "^and 20 more that are stored again, as the repository has lost parts of them$"
says '^Warning: 30 files and folders of the previous snapshot were damaged .*"medsave check" tells whether earlier'
expect 0 medsave restore latest --target back
identical srv back/srv

step "interrupted before anything was stored: what that means is said all the same"
put-lock repo elsewhere 60
"$MEDSAVE" --retry-lock 1m backup srv >stdout 2>stderr &
pid=$!
waits() { grep -q "waiting up to" stderr stdout; }
wait_for waits
kill -INT "$pid"
status=0
wait "$pid" || status=$?
same "$status" 130
says "no snapshot was saved, and the earlier ones are intact"
medsave -q unlock --remove-all

step "what became of a key, of the space, of the copies"
echo another >second-password
expect 0 medsave key add --new-password-file second-password --user vault
key=$(medsave --json key list | tr '{' '\n' | grep vault | sed 's/.*"id":"\([0-9a-f]*\).*/\1/')
expect 0 medsave key remove "$key"
says "^its password opens this repository no more, unless another key has the same one$"
head -c 500000 /dev/urandom >srv/picture
medsave -q backup srv
medsave -q forget latest
expect 0 medsave prune
says "^done: 4[0-9.]* KiB freed$|^done: 5[0-9.]* KiB freed$"
expect 0 medsave prune
says "^there is nothing to free"
expect 0 medsave --as-restic prune
says "^done$"
rm -rf fresh && medsave -q -r fresh init --force
export RESTIC_FROM_PASSWORD=$RESTIC_PASSWORD
expect 0 medsave -r fresh copy --from-repo repo
says_not "copy started"
says "^these are copied, which may take a while:$"
expect 0 medsave stats
says "a file counts once for each snapshot"

# What a sentence has to tell: which option named a file that is not there, what a dry run has not
# done, that a list is empty. In our own words no list stands in brackets; as restic it does.
source "$(dirname "$0")/../support/lib.sh"

medsave -q init
mkdir -p srv/cabinet/letters empty
echo a >srv/cabinet/letters/a
echo b >srv/cabinet/b

step "lists say that they are empty, on standard error"
for kind in snapshots packs index blobs; do
  expect 0 medsave list $kind
  same "$(cat stdout)" ""
  same "$(cat stderr)" "the repository holds none of these"
done
for silent in --quiet --json --as-restic; do
  expect 0 medsave $silent list snapshots
  same "$(cat stdout stderr)" ""
done
backup 0 empty
expect 0 medsave ls "$snapshot:/empty"
says "^there is nothing in it$"
expect 0 medsave ls "$snapshot"
says_not "nothing in it"

step "an option's file that cannot be read: which option, and that nothing was done"
# names OPTION COMMAND...: the command fails for the option's file.
names() {
  local option=$1
  shift
  expect 1 medsave "$@" "$option" no-list
  says "^Fatal: the file no-list of $option does not exist; nothing was done\. Check its name\.$"
  expect 1 medsave --lang fr "$@" "$option" no-list
  says "le fichier «.no-list.» de $option n'existe pas.; rien n'a été fait\. Vérifiez son nom\.$"
  expect 1 medsave "$@" "$option" srv
  says "\(the file of $option\); nothing was done$"
  expect 1 medsave --as-restic "$@" "$option" no-list
  says "^Fatal: cannot open no-list: No such file or directory$"
}
for option in --files-from --files-from-verbatim --files-from-raw; do names $option backup; done
for option in --exclude-file --iexclude-file; do
  names $option backup srv
  names $option restore latest --target out
  names $option rewrite
done
for option in --include-file --iinclude-file; do
  names $option restore latest --target out
  names $option rewrite
done
location=$RESTIC_REPOSITORY
unset RESTIC_REPOSITORY
names --repository-file snapshots
export RESTIC_REPOSITORY=$location
names --from-repository-file -r second init --copy-chunker-params
expect 1 medsave --password-file srv snapshots
says "\(the password file\); nothing was done$"
[ ! -e out ] && [ ! -e second ] || fail "something was done"

step "every failure says what happened, that the backups are safe, and what to do; and it says it once"
# tells ENGLISH FRENCH STATUS ARGUMENTS...: both in one sentence or two, with one stop between them
tells() {
  local english=$1 french=$2 wanted=$3
  shift 3
  expect "$wanted" medsave "$@" </dev/null
  says "^Fatal: .*$english"
  says_not '[.?!;][.?!;]'
  expect "$wanted" medsave --lang fr "$@" </dev/null
  says "^Erreur.: .*$french"
  says_not '[.?!;][.?!;]|earlier|failed'
}
intact="your earlier backups are intact"
intactes="vos sauvegardes précédentes sont intactes"
tells "the backup is not finished: command .* failed with exit status 1; .*$intact\. Run it by itself" "$intactes\. Lancez-la" \
  1 backup --stdin-from-command -- false
tells "the backup is not finished, and $intact: there is no program nosuchprog; install it" "$intactes.: " \
  1 backup --stdin-from-command -- nosuchprog
tells "no snapshot was saved; $intact\. Look at what" "$intactes\. Regardez" 1 backup --stdin
tells "wrong password for the repository at .*your backups are not touched\. Check" "pas touchées" 12 \
  --password-command "echo wrong" snapshots
same "$(wc -l <stderr)" 1
tells "failed with exit status 1; nothing was done, and your backups are not touched\. Run it" "Lancez-la seule" 1 \
  --password-command false snapshots
tells "there is no program nosuchprog; .* your backups are not touched\.$" "pas touchées\.$" 1 \
  --password-command nosuchprog snapshots

step "a lock: one sentence by own name"
mkfifo pipe
medsave -q backup --stdin <pipe & owner=$!
exec 3>pipe
wait_for locked
expect 11 medsave prune
same "$(wc -l <stderr)" 1
says "^Fatal: the repository is locked by PID .*\. Nothing was done\.$"
says_not "unable to create lock"
echo end >&3
exec 3>&-
wait $owner

step "a dry run ends with what it has not done"
backup 0 srv/cabinet srv/cabinet/letters --tag trial
# ends_dry COMMAND...: the sentence is the last line, in both languages.
ends_dry() {
  expect 0 medsave "$@"
  same "$(tail -n 1 stdout)" "Dry run: nothing was ${undone:-changed}"
  expect 0 medsave --lang fr "$@"
  tail -n 1 stdout | grep -Eq '^Essai.{1,3}: rien n.a été (modifié|enregistré|écrit ni supprimé)$' || fail "$(cat stdout)"
  says_not "aurait été|^Restauré|^Ajouté"
  expect 0 medsave --as-restic "$@"
  says_not "Dry run"
  expect 0 medsave --json "$@"
  says_not "Dry run"
}
undone=saved ends_dry backup srv -n
undone="written or deleted" ends_dry restore latest --target out --dry-run
ends_dry prune -n
ends_dry forget --unsafe-allow-remove-all --tag trial --prune -n
ends_dry tag --add more -n latest
ends_dry tag --add trial -n latest
ends_dry rewrite --exclude letters -n
ends_dry rewrite --exclude nothing-like-this -n
expect 0 medsave repair snapshots -n
says "nothing was changed$"
ends_dry recover -n
expect 0 medsave forget --unsafe-allow-remove-all --tag trial -n
says "nothing was changed$"
expect 0 medsave prune -n
says "^there is nothing to free$"
expect 0 medsave forget --unsafe-allow-remove-all --tag trial --prune -n
says_not "nothing to free"
expect 0 medsave restore "$snapshot" --target out --dry-run
says "^Would restore 2 files and [0-9] folders \(4 B\)$"
[ ! -e out ] || fail "a dry run wrote"

step "what fits no pattern is said once"
expect 0 medsave restore latest --target out --include nothing-like-this
says "^Nothing was restored"
says_not "Restored 0"

step "lists are sentences; as restic they stand in brackets"
expect 0 medsave ls "$snapshot" /srv
says "^snapshot ${snapshot:0:8} of $work/srv/cabinet and $work/srv/cabinet/letters at .*, only /srv:$"
expect 0 medsave --as-restic ls "$snapshot" /srv
says "^snapshot ${snapshot:0:8} of \[$work/srv/cabinet $work/srv/cabinet/letters\] at .* filtered by \[/srv\]:$"
backup 0 srv --host reception --tag zz,yy
expect 0 medsave snapshots --group-by host,paths,tags
says "^snapshots, host reception, tags (yy and zz|zz and yy), path $work/srv:$"
expect 0 medsave --lang fr snapshots --group-by host,paths,tags
says "^Instantanés, machine reception, étiquettes (yy et zz|zz et yy), chemin $work/srv.{1,3}:$"
expect 0 medsave --as-restic snapshots --group-by host,paths,tags
says "^snapshots for \(host \[reception\], tags \[(yy, zz|zz, yy)\], paths \[$work/srv\]\):$"
expect 0 medsave --lang fr forget --keep-tag zz,yy --keep-tag u --keep-last 1 -n
says "qui portent les étiquettes «.{1,3}zz.{1,3}» et «.{1,3}yy.{1,3}», ou «.{1,3}u.{1,3}»"
expect 0 medsave --as-restic forget --keep-tag zz,yy --keep-tag u --keep-last 1 -n
says "with tags \[\[zz, yy\] \[u\]\]"
expect 1 medsave forget --keep-tag nobody
says "^Fatal: the policy would keep no snapshot of .* of the host .*; nothing was deleted"
expect 1 medsave list toto
says 'there is no type "toto"; there are: blobs, packs, index, snapshots, keys and locks$'
expect 0 medsave snapshots --host reception
says "^1 snapshot$"
expect 0 medsave --as-restic snapshots --host reception
says "^1 snapshots$"

step "two snapshots without a difference"
expect 0 medsave diff latest latest
says "^there is no difference in names and contents"
says_not " 0 new"
expect 0 medsave diff --metadata latest latest
says "^there is no difference$"
expect 0 medsave --as-restic diff latest latest
says "Files: +0 new"
expect 0 medsave --json diff latest latest
same "$(json --type statistics /changed_files)" 0
before=$snapshot
echo different >srv/cabinet/different
backup 0 srv
rm srv/cabinet/different
expect 0 medsave diff "$before" "$snapshot"
says_not "no difference"
expect 0 medsave forget "$snapshot"
snapshot=$before

step "tag: the new ID is said"
expect 0 medsave tag --add marked "$snapshot"
new=$(medsave snapshots --json --tag marked | json-value /0/short_id)
says "^snapshot ${snapshot:0:8} has become $new$"
says "^modified 1 snapshot$"

step "only snapshots that change are named"
expect 0 medsave rewrite --exclude letters/a
same "$(grep -c '^snapshot ' stdout)" 2
expect 0 medsave repair snapshots
says_not "^snapshot "

step "the advice on a closed repository fits its owner"
if [ "$(id -u)" = 0 ]; then
  chown -R nobody repo
  chmod o+x "$work"
  chmod 755 repo && chmod 500 repo/locks
  run as_user "$MEDSAVE" --no-cache backup "$MEDSAVE"
  same "$status" 1
  says "may not write in the folder $work/repo/locks, although it is the owner.*chmod -R u\+rwX $work/repo"
  chmod 700 repo/locks
  pack_folder=$(find repo/data -type f | head -n 1 | xargs dirname)
  chmod 000 repo/data/*
  mkdir -m 777 theirs
  run as_user "$MEDSAVE" --no-cache restore latest --target theirs/out
  same "$status" 1
  says "the user nobody needs the right to read it"
  says_not "read-data"
  chmod 700 repo/data/*
fi

step "a list of snapshots of which none can be read is no success"
for file in repo/snapshots/*; do
  chmod u+w "$file"
  echo damaged >"$file"
done
expect 1 medsave snapshots
says "[0-9] snapshots could not be read"
says_not "^0 snapshots"
expect 1 medsave --json snapshots
expect 0 medsave --as-restic snapshots

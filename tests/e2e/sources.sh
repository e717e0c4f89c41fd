# Sources that are not what they were: missing, unreadable, empty, a link. Exit status and words
# say so, and there is no snapshot of nothing.
source "$(dirname "$0")/../support/lib.sh"
chmod 755 "$work"
mkdir home && cd home
export RESTIC_REPOSITORY=$work/home/repo RESTIC_CACHE_DIR=$work/home/cache
[ "$(id -u)" -ne 0 ] || chown 65534:65534 "$work/home"
user() { as_user "$MEDSAVE" "$@"; }
as_user mkdir -p closed/practice practice/sub
as_user sh -c 'echo a >closed/practice/a; echo b >practice/b; echo c >practice/sub/c'
user -q init

step "a source in a folder that cannot be read: no snapshot"
chmod 000 closed
expect 1 user backup closed/practice
says 'closed/practice: .*ermission'
says 'no snapshot was saved'
same "$(files_in snapshots)" 0
step "every file of it cannot be read: likewise"
chmod 700 closed
chmod 000 closed/practice/a
expect 1 user backup closed/practice
same "$(files_in snapshots)" 0
step "one of two sources: the other is saved, exit status 3"
chmod 000 closed
expect 3 user --json backup closed/practice practice
snapshot=$(summary snapshot_id)
same "$(user ls -q "$snapshot" | grep -c closed || true)" 0 "traces of the unreadable source"
chmod 700 closed

step "a line of a list that is not there: 3, and its name"
echo practice >list
echo "practice/none*" >>list
expect 3 user backup --files-from list
says 'practice/none\*'
for option in --files-from --files-from-verbatim; do
  printf 'practice\ngone\n' >list
  expect 3 user backup $option list
  says 'gone is left out'
done
printf 'practice\0gone\0' >list
expect 3 user backup --files-from-raw list
says 'gone is left out'
step "a folder that a pattern cannot look into"
mkdir -p many/1/x many/2/x && echo x >many/1/x/x
chmod 000 many/2
[ "$(id -u)" -ne 0 ] || chown -R 65534:65534 many
printf 'many/*/x\n' >list
expect 3 user backup --files-from list  # many/2/x may be there
printf 'many/2/*\npractice\n' >list
expect 3 user backup --files-from list
says 'many/2/ is left out'
chmod 700 many/2

step "the home folder of somebody else"
mkdir -m 700 "$work/foreign"
for command in 'backup practice' 'backup --cleanup-cache practice' 'snapshots' 'check'; do
  # shellcheck disable=SC2086
  expect 0 as_user env -u RESTIC_CACHE_DIR HOME="$work/foreign" "$(program_for_all)" $command
done

step "a source that is empty now"
expect 0 user backup practice
as_user rm -r practice/b practice/sub
expect 0 user backup practice
says 'practice: is empty'
expect 0 user backup practice
says 'practice: is empty'
step "one that is required has to hold something every evening"
expect 3 user backup --require-sources practice
expect 3 user backup --require-sources practice
as_user sh -c 'echo b >practice/b'
expect 0 user backup --require-sources practice
as_user rm practice/b
expect 3 user backup --require-sources practice
says 'Warning: a source is empty'
as_user sh -c 'echo b >practice/b'
expect 0 user backup practice
as_user rm practice/b
MEDSAVE_REQUIRE_SOURCES=true expect 3 user backup practice

step "a source behind a link in another source"
as_user sh -c 'mkdir -p elsewhere/records home/doc && echo p >elsewhere/records/p && echo o >elsewhere/other'
as_user ln -s ../../elsewhere home/doc/documents
expect 0 user --json backup home/doc home/doc/documents/records
user ls -q "$(summary snapshot_id)" | found -x /home/doc/documents/records/p || fail "not saved"
if user ls -q "$(summary snapshot_id)" | found /other; then fail "what was not named was saved"; fi
expect 0 user --json backup home/doc home/doc/documents/records/p
user ls -q "$(summary snapshot_id)" | found -x /home/doc/documents/records/p || fail "not the file"

step "a link that is required to be a source"
as_user ln -s elsewhere linked
expect 3 user backup --require-sources linked
says 'linked is a link'

step "a link is saved as a link, which is said; with a slash the folder behind it is"
as_user sh -c 'echo b >practice/b; ln -s practice share'
expect 0 user backup share
says 'share is a link and is saved as a link.*share/'
same "$(user ls -q latest | tail -n 1)" /share
expect 0 user --json backup share/
says_not 'is a link'
user ls -q "$(summary snapshot_id)" | found -x /share/b || fail "not the folder behind the link"
echo 'sh*/' >list
expect 0 user --json backup --files-from list
user ls -q "$(summary snapshot_id)" | found -x /share/b || fail "not the folder behind the link"
same "$(user --json snapshots latest | json-value /0/paths/0)" "$work/home/share"
expect 0 user check --read-data

step "a source whose own tag leaves its files out"
users=$RESTIC_REPOSITORY
export RESTIC_REPOSITORY=$work/own
medsave -q init
mkdir -p tagged/below && echo letter >tagged/letter
printf 'Signature: 8a477f597d28d172789f06886806bc55' >tagged/CACHEDIR.TAG
expect 3 medsave backup tagged --exclude-caches
says 'tagged: the files of this source are not saved, because its "CACHEDIR.TAG" says so'
says 'nothing of .*/tagged was saved, because this source is excluded'
expect 3 medsave backup tagged --exclude-if-present letter
says 'because its "letter" says so'
expect 3 medsave backup tagged tagged/below --exclude-caches
says 'because its "CACHEDIR.TAG" says so'
expect 0 medsave backup tagged
expect 0 medsave backup tagged/CACHEDIR.TAG --exclude-caches
mkdir around && mv tagged around
expect 0 medsave backup around --exclude-caches
says_not 'says so'

step "an unchanged backup that is skipped says which tag its snapshot lacks"
expect 0 medsave backup around
expect 0 medsave backup around --skip-if-unchanged --tag yearend
says 'does not have the tag yearend'
expect 0 medsave tag --add yearend latest
expect 0 medsave backup around --skip-if-unchanged --tag yearend
says_not 'does not have the tag'

step "of snapshots with the same time the one that was made last is the newest"
medsave -q -r ties init
for state in 1 2 3 4 5; do
  echo $state >around/state
  expect 0 medsave -r ties backup around --time '2026-03-01 00:00:00'
done
expect 0 medsave -r ties dump latest /around/state
same "$(cat "$work/stdout")" 5
expect 0 medsave -r ties forget --keep-last 1
expect 0 medsave -r ties dump latest /around/state
same "$(cat "$work/stdout")" 5

export RESTIC_REPOSITORY=$users

step "a source that a pattern excludes: nothing of it is saved, which is said"
as_user sh -c 'mkdir -p srv/practice/files more && echo a >srv/practice/files/a && echo m >more/m'
excludes() { # PATTERN PATH SOURCE...
  expect 3 user --json backup --exclude "$1" "${@:3}"
  says "$2: nothing of this source is saved, because the pattern .*$1.* excludes it"
  says "Warning: nothing of $work/home/$2 was saved"
  says_not "drive connected"
}
excludes practice srv/practice srv/practice
excludes practice srv/practice srv/practice more
user ls -q "$(summary snapshot_id)" | found -x /more/m || fail "the other source is not saved"
excludes practice srv/practice/files srv/practice/files more
excludes "$work/home/srv" srv/practice/files srv/practice/files/ more
(cd srv/practice && excludes practice srv/practice . "$work/home/more")
(cd srv/practice && expect 1 user backup --exclude practice . && says 'the pattern .*practice.* excludes it')
expect 3 user --as-restic backup --exclude practice srv/practice more
expect 3 user backup --exclude practice --exclude files srv/practice srv/practice/files
says "Warning: nothing of 2 sources was saved"
step "but not one of which a pattern leaves something, and no file that was named"
expect 0 user backup --exclude practice --exclude '!files' --exclude '!a' srv/practice
says_not "pattern"
expect 0 user backup --exclude a srv/practice/files/a
says_not "pattern"
step "a source all of whose content is left out is not called empty"
expect 0 user backup --exclude 'm' more
says "more: nothing is saved of what this source holds"
says_not "drive connected"
expect 3 user backup --require-sources --exclude 'm' more

step "only the sources are required to hold something, not the folders in them"
as_user mkdir -p tree/empty tree/full && as_user sh -c 'echo f >tree/full/f'
for source in . ./ "$work/home/tree" "$work/home/tree/" ../tree/.; do
  (cd tree && expect 0 user backup --require-sources "$source" && says_not "drive connected")
done
as_user mkdir -p void/lost+found
(cd void && expect 3 user backup --require-sources . ../more && says "void: is empty; is its drive connected")
if [ "$(id -u)" -eq 0 ]; then
  step "but a drive that was mounted in such a folder is missed"
  mkdir -p drives/usb && mount -t tmpfs tmpfs drives/usb && echo d >drives/usb/d
  (cd drives && expect 0 medsave backup --require-sources .)
  umount drives/usb
  (cd drives && expect 3 medsave backup --require-sources . && says "usb: is empty; is its drive connected")
fi

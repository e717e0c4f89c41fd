# find: names with accents, and what it says when there is nothing.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
mkdir source
echo 1 >"source/Procès-verbal.odt"
echo 2 >"source/$(printf 'RE\xcc\x81SUME\xcc\x81.txt')"  # accents apart, as macOS stores them
echo 3 >"source/$(printf 'latin1-\xe9')"
backup 0 source

step "-i finds a letter with and without its accents, in any case and form"
for pattern in 'proces*' 'PROCÈS-VERBAL.ODT' "$(printf 'Proce\xcc\x80s*')"; do
  expect 0 medsave find -i "$pattern"
  says 'Procès-verbal.odt'
done
expect 0 medsave find -i 'résumé.TXT'
says 'RE.*SUME.*txt'
expect 0 medsave find -i 'LATIN1-*'
says 'latin1-'
expect 0 medsave find 'proces*'
same "$(cat stdout)" ""

step "nothing found is said, with a way on"
says 'nothing was found in 1 snapshot'
says '"\*word\*" finds a part of one, and -i'
expect 0 medsave find -i verbal
says 'nothing was found'
says_not 'and -i'
expect 0 medsave find --blob 0123456789
says 'nothing was found'
expect 0 medsave find -q none
same "$(cat stdout stderr)" ""
expect 0 medsave find --json none
same "$(cat stderr)" ""

step "a path that is not in the snapshot is named, and how to search"
way='"medsave ls SNAPSHOT" shows what it holds, "medsave find NAME" looks for a name in all'
expect 0 medsave ls latest /nothing
same "$(grep -c '^/' stdout || true)" 0
says "the snapshot does not contain /nothing; $way"
expect 0 medsave ls -q latest /source /nothing/below '/source/latin1-\xe9'
same "$(grep -c 'does not contain' stderr)" 2
says 'does not contain /nothing/below;'
says_not 'does not contain /source;'
expect 0 medsave ls latest / /source/
same "$(cat stderr)" ""
expect 0 medsave ls --sort size latest:/source /nothing
says 'does not contain /nothing;'
expect 1 medsave ls latest:/nothing
says "does not contain /nothing; $way"
expect 1 medsave dump latest /nothing
says "path \"/nothing\" not found in snapshot; $way"
expect 1 medsave restore latest:/nothing --target none
says "does not contain /nothing; $way"
expect 0 medsave restore latest --target none --include /nothing
says 'nothing in the snapshot matches the pattern /nothing'
backup 0 source
expect 1 medsave diff latest:/source "${snapshot:0:8}:/nothing"
says "snapshot ${snapshot:0:8}: the snapshot does not contain /nothing; $way"
expect 0 medsave --lang fr ls latest /nothing
says "l'instantané ne contient pas «./nothing.»"

step "so is a pattern that matched nothing beside others that did"
expect 0 medsave find /nothing
says 'nothing was found in 2 snapshots'
says 'A path begins at the root of the snapshot'
expect 0 medsave find -i 'Proces*' 'None*' /source
same "$(cat stderr)" 'nothing was found for "none*"'
expect 0 medsave find -q 'Proc*' none
same "$(cat stderr)" ""

step "as restic all this is as it is there"
expect 0 medsave --as-restic ls latest /nothing
same "$(cat stderr)" ""
expect 0 medsave --as-restic find /source none
same "$(cat stderr)" ""
expect 0 medsave --as-restic find none
same "$(cat stderr)" ""
expect 1 medsave --as-restic ls latest:/nothing
says 'does not contain /nothing$'
expect 1 medsave --as-restic dump latest /nothing
says 'path "/nothing" not found in snapshot$'

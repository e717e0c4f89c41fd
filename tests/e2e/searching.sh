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

# What medsave writes, restic checks, restores, forgets and prunes; and medsave goes on with it.
source "$(dirname "$0")/../support/lib.sh"
need_restic
special-tree special --portable
practice-data practice --scale 0.03
restores() { restic -q restore latest --target "$1"; }

for version in 1 2; do
  step "version $version: restic finds no fault"
  export RESTIC_REPOSITORY=$work/repo-v$version RESTIC_CACHE_DIR=$work/cache-v$version
  expect 0 medsave init --repository-version $version
  expect 0 medsave backup special practice
  expect 0 restic check --read-data
  says_not "not referenced|warning|obsolete|duplicate|additional files"
  step "version $version: restic restores it all"
  restores "out-v$version"
  identical special "out-v$version/special"
  identical practice "out-v$version/practice"
  rm -rf "out-v$version"

  step "version $version: restic lists, compares and reads"
  same "$(restic ls --json latest | grep -c '"struct_type":"node"')" \
    "$(medsave ls --json latest | grep -c '"struct_type":"node"')" "nodes listed"
  restic dump latest special/contents/text | cmp - special/contents/text
  expect 0 restic stats --mode raw-data
  expect 0 restic find bottom
done

step "restic forgets, prunes and repacks; medsave sees a sound repository"
practice-data practice --scale 0.03 --day 1
expect 0 medsave backup practice
practice-data practice --scale 0.03 --day 2
rm -r practice/scans
expect 0 medsave backup --tag last practice
expect 0 restic forget --keep-tag last --group-by '' --prune --max-unused 0
expect 0 restic check --read-data
expect 0 medsave check --read-data
same "$(snapshots)" 1
expect 0 medsave restore latest --target pruned
identical practice pruned/practice

step "restic diff says what changed between two of medsave's snapshots"
echo more >practice/more
expect 0 medsave backup --tag last practice
# shellcheck disable=SC2046
expect 0 restic diff $(restic snapshots --json | grep -o '"short_id":"[0-9a-f]*"' | cut -d'"' -f4)
says '^\+ +/practice/more$'

step "restic's own keys and passwords that are not ASCII"
echo 'mot de passe é ✓ 漢字' >password
expect 0 medsave key add --new-password-file password
expect 0 env -u RESTIC_PASSWORD "$RESTIC" --password-file password snapshots
echo 'zweites Passwort ✓' >password2
expect 0 restic key add --new-password-file password2
expect 0 env -u RESTIC_PASSWORD "$MEDSAVE" --password-file password2 snapshots

step "compression off and no fallback: both are restic's to read"
export RESTIC_REPOSITORY=$work/plain RESTIC_CACHE_DIR=$work/cache-plain
expect 0 medsave init
expect 0 medsave backup --compression off special
expect 0 medsave backup --compression max practice
expect 0 restic check --read-data

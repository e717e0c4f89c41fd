# The page medsave-repository(5) says all that a program needs to read a repository: one that was
# written from the page alone reads those of medsave, of either version.
source "$(dirname "$0")/../support/lib.sh"
python3 -c 'import cryptography' 2>/dev/null || skip "no python3-cryptography"
command -v zstd >/dev/null || skip "no zstd"
reader() { python3 "$tests/interop/page_reader.py" "$@"; }

step "a tree with everything"
special-tree tree
rm -rf tree/deep  # its paths are longer than the system takes at once
mkdir tree/large
head -c 5000000 /dev/urandom >tree/large/random
head -c 3000000 /dev/zero >tree/large/zeros

for version in 1 2; do
  export RESTIC_REPOSITORY=$work/repo$version
  step "version $version: the config"
  expect 0 medsave init --repository-version $version
  backup 0 tree
  expect 0 reader config "$RESTIC_REPOSITORY" "$RESTIC_PASSWORD"
  same "$(json /version)" $version
  expect 1 reader config "$RESTIC_REPOSITORY" wrong

  step "version $version: the list of a snapshot"
  medsave --json ls "$snapshot" | grep -c '"struct_type":"node"' >wanted
  expect 0 reader list "$RESTIC_REPOSITORY" "$RESTIC_PASSWORD"
  same "$(tr -cd '\0' <stdout | wc -c)" "$(cat wanted)" "entries"

  step "version $version: the files are restored"
  expect 0 reader restore "$RESTIC_REPOSITORY" "$RESTIC_PASSWORD" "$work/out$version"
  identical tree "out$version/tree"
done

step "files are cut where the page says"
expect 0 reader cuts "$RESTIC_REPOSITORY" "$RESTIC_PASSWORD"
[ "$(cat stdout)" -gt 8 ] || fail "too few pieces to tell"

step "the example of both pages is right"
for page in man/medsave-repository.5 man/fr/medsave-repository.5; do
  expect 0 reader example "$tests/../$page" correct-horse
done

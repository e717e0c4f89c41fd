# Text that is no UTF-8, as in scripts and folders of old servers: snapshots hold it with U+FFFD for
# such letters, and it fits what was saved with it.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
mkdir src
tag=$'cl\xf4ture' host=$'Pr\xe4xis'

step "a tag keeps what was saved with it"
echo 1 >src/f
backup 0 --tag "$tag" src
tagged=$snapshot
for i in 2 3; do echo $i >src/f && backup 0 src; done
expect 0 medsave forget --keep-last 1 --keep-tag "$tag"
says_not "keeps nothing"
medsave -q cat snapshot "$tagged" >/dev/null || fail "the tagged snapshot is gone"
expect 0 medsave snapshots --tag "$tag"
says "${tagged:0:8}"
expect 0 medsave tag --remove "$tag" "$tagged"
same "$(snapshots --tag "$tag")" 0 "snapshots with the tag"

step "so does a host, and the parent is found"
backup 0 --host "$host" src
hosted=$snapshot
expect 0 medsave backup --host "$host" src
says "using parent snapshot ${hosted:0:8}"
same "$(snapshots --host "$host")" 2 "snapshots of the host"

step "a source: what it is recorded as is told, the parent is found, --path finds it"
a=$'Pr\xe4x' b=$'Pr\xf6x'
mkdir "$a" "$b"
echo one >"$a/f"
echo two >"$b/f"
expect 0 medsave backup "$a"
says "is not UTF-8.*records it as .*Pr�x"
expect 0 medsave backup "$a"
says "using parent snapshot"
same "$(snapshots --path "$a")" 2 "snapshots of the path"
expect 0 medsave backup src
says_not "UTF-8"
expect 0 medsave --as-restic backup "$b"
says_not "is not UTF-8"
rm -rf out
expect 0 medsave restore latest --path "$b" --target out
identical "$b" "out/$b"

expect 0 medsave backup --stdin --stdin-filename "$a" <src/f
says "is not UTF-8"

step "what lies in such a folder is left out or not by its bytes"
export RESTIC_REPOSITORY=$work/$a/repo
medsave -q init
expect 0 medsave backup "$a"
says "lies inside"
medsave ls -q latest >saved
found -a "/f\$" <saved || fail "the file was not saved"
! found -a "/repo/config" <saved || fail "the repository was saved"
expect 0 medsave backup "$b"
says_not "lies inside"

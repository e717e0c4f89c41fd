# What is lost or damaged in the repository is said in one sentence: what, which file, what was found.
source "$(dirname "$0")/../support/lib.sh"
source "$tests/support/damage.sh"
cheap-repository "$RESTIC_REPOSITORY" 2
mkdir data data/sub
head -c 300000 /dev/urandom >data/a
echo x >data/sub/b
medsave -q backup data
cp -r repo intact
blobs=$(find repo/data -type f -size +100k)
trees=$(find repo/data -type f -size -100k | head -n 1)
index=$(ls repo/index)

# every_reader: each command that meets the damage says it well; the French ones, which have the
# longer words, all of them.
every_reader() {
  local command
  for command in check "check --read-data" "restore latest --target out" "ls latest" "find a" \
    stats "prune --max-unused 0" "backup data" "repair index -n" "repair snapshots -n" \
    "copy --from-repo damaged" "dump latest /"; do
    reader fr "$command"
  done
  reader en "check --read-data"
  reader en "restore latest --target out"
}
reader() { # LANGUAGE COMMAND
  rm -rf repo out && cp -r damaged repo
  case $2 in
  copy*) rm -rf repo && cheap-repository repo 2 ;;
  esac
  # shellcheck disable=SC2086
  RESTIC_FROM_PASSWORD=$RESTIC_PASSWORD run medsave --lang "$1" --no-cache $2
  reads_well "$*"
}
# No name twice in a line, and one colon between parts of a sentence (beside "error:" and a path).
reads_well() {
  sed -E 's/\xc2\xa0|\xe2\x80\xaf/ /g; s/^(error|erreur|Fatal|Erreur) *: //' stderr >said
  local doubled
  doubled=$(grep -E '(pack|paquet|index|snapshot|instantané|clé|key) ([0-9a-f]{8}).*\1 \2' said || true)
  [ -z "$doubled" ] || fail "$1: a name twice: $doubled"
  doubled=$(sed -E 's/\([^()]*\)//g; s/medsave (repair|forget|key|migrate)[^:]*$//; s/^ *(snapshot|instantané) [0-9a-f]{8}, //; s/^ *\/[^:]*: //' said |
    grep -E '^[^0-9].* ?: .*: ' || true)
  [ -z "$doubled" ] || fail "$1: a chain: $doubled"
  ! grep -Ei 'backups are not touched|sauvegardes ne sont pas touch' said || fail "$1: $(cat said)"
}

flip_at() { flip "$2" "$1"; }
# harm FILE WAY...
harm() {
  step "$1, by ${*:2}"
  rm -rf damaged && cp -r intact damaged && chmod -R u+w damaged
  "${@:2}" "damaged/$1"
  every_reader
}
harm "${blobs#repo/}" rm
harm "${blobs#repo/}" truncate -s 100
harm "${blobs#repo/}" flip_at 60
harm "${trees#repo/}" rm
harm "${trees#repo/}" flip_at 60
harm "index/$index" rm
harm "index/$index" flip_at 40
harm "snapshots/$(ls intact/snapshots)" truncate -s 20

step "the pack, its name, what was found"
rm -rf repo && cp -r intact repo
rm -f "$blobs"
name=${blobs##*/}
expect 1 medsave restore latest --target out
says "/a: bytes 0 to 300000 cannot be restored; blob [0-9a-f]{8} cannot be read, since pack ${name:0:8}… is missing in .*repo; run .medsave check --read-data."
expect 1 medsave check
says "snapshot [0-9a-f]{8}, /data/a: pack ${name:0:8}… is missing in .*repo$"
expect 1 medsave --lang fr check
says "le paquet ${name:0:8}… manque dans .*repo$"

step "the line says what is found, the steps what to do"
expect 1 medsave check
says "^error: pack $name is missing, with [0-9]+ blobs$"
says "^2\. If a folder or files below"
says "^3\. If there is a copy of the repository on another drive or server, fetch"
expect 1 medsave --lang fr check
says "^erreur.: le paquet $name manque, avec [0-9]+ blocs$"
says "^3\. S'il existe une copie du dépôt sur un autre disque ou serveur"
rm -rf repo && cp -r intact repo
flip "$blobs" 60
expect 1 medsave check --read-data
says "^error: pack $name is damaged: .*unreadable\)$"
says "^These cannot be restored completely as things stand:"
says "^Snapshots and paths not named above are whole"
says "Back up again"

step "where no snapshot needs what is damaged, only the steps that apply"
rm -rf repo && cp -r intact repo
find repo/data -type f | sort >before
echo unneeded >data/unneeded
medsave -q backup data
kept=$(find repo/data -type f | sort | comm -13 before - | paste -sd ' ')
medsave -q forget "$(medsave --json snapshots | json-value /1/id)"
chmod -R u+w repo
for pack in $kept; do flip "$pack" 60; done
expect 1 medsave check --read-data
says "^No snapshot needs what is damaged: all of them can be restored$"
says_not "not named above|Back up again|lost for good"
says "^3\. Save what is intact of the damaged packs: \"medsave repair packs [0-9a-f ]+\"$"
says "^4\. Then check again$"

step "what is only not needed is no damage"
rm -rf repo && cp -r intact repo
medsave -q backup data
medsave -q forget "$(medsave --json snapshots | json-value /1/id)"
expect 1 medsave check --check-unused
says "^Data that no snapshot needs is no damage"
says_not "Write nothing more|not named above"

step "a damaged key"
key=$(find repo/keys -type f)
medsave -q key add --new-password-file <(echo another-long-password)
chmod -R u+w repo/keys
for file in repo/keys/*; do [ "$file" = "$key" ] || echo x >"$file"; done
expect 1 medsave check
says "^error: key [0-9a-f]{64} is damaged$"
says "Fetch the damaged keys \([0-9a-f]{64}\) from the folder \"keys\""

step "a config that is lost is not taken for a drive that is away"
rm -rf repo && cp -r intact repo
rm -f repo/config
expect 10 medsave snapshots
says 'has lost its file "config"'

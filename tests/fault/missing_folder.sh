# A standard folder of the repository that is missing, or cannot be read, is not an empty one: no
# command that changes anything goes on, and nothing is changed.
source "$(dirname "$0")/../support/lib.sh"
cheap-repository repo 2
mkdir data
head -c 300000 /dev/urandom >data/file
medsave -q --no-cache backup data
head -c 300000 /dev/urandom >data/file
medsave -q --no-cache backup data
mv repo sound
files() { (cd "$1" && find . -type f ! -path './locks/*' | sort); }
fresh() {
  rm -rf repo
  cp -a sound repo
}
unchanged() { same "$(files repo)" "$(cat before)" "files"; }
commands() {
  printf '%s\n' "prune --max-unused 0" "forget --keep-last 1 --prune --max-unused 0" "backup data" \
    "check" "tag --add red" "snapshots"
}

for folder in snapshots index keys data; do
  step "no $folder"
  commands | while read -r command; do
    case "$folder $command" in
      "index snapshots" | "index tag"* | "data snapshots" | "data tag"*) continue ;;  # not needed
    esac
    fresh
    mv repo/$folder away
    files repo >before
    expect 1 medsave -q --no-cache $command
    says "\"$folder\".* is missing"
    case $folder in
      keys)
        says "without a key file nobody can read.* copy the folder back"
        says_not "empty"
        ;;
      index) says "repair index" ;;
      snapshots) says "medsave recover" ;;
    esac
    unchanged
    [ ! -e "repo/$folder" ] || fail "$command made $folder"
    mv away repo/$folder
    expect 0 medsave --no-cache check --read-data
    rm -rf away
  done
done

step "the advice about an index that is lost for good is right"
fresh
rm -r repo/index
mkdir repo/index
expect 0 medsave -q --no-cache repair index
expect 0 medsave --no-cache check --read-data

step "the advice about snapshots that are lost for good is right"
fresh
rm -r repo/snapshots
mkdir repo/snapshots
expect 0 medsave -q --no-cache recover
expect 0 medsave --no-cache check --read-data
same "$(snapshots --no-cache)" 1

step "no locks, and no empty folders of packs, as after copying by a program that leaves those out"
fresh
rmdir repo/locks
find repo/data -type d -empty -delete
expect 0 medsave --no-cache check --read-data
expect 0 medsave --no-cache backup data
expect 0 medsave --no-cache check --read-data
if command -v "$RESTIC" >/dev/null; then expect 0 restic --no-cache check --read-data; fi

step "a folder that may not be read"
if [ "$(id -u)" -eq 0 ]; then
  for folder in snapshots index data data/"$(ls sound/data | head -n 1)"; do
    fresh
    files repo >before
    chmod 000 "repo/$folder"
    chmod 755 . repo
    chown -R 65534:65534 repo
    run as_user "$MEDSAVE" -q --no-cache prune --max-unused 0
    same "$status" 1 "exit status for $folder"
    says "permission denied"
    chmod 700 "repo/$folder"
    unchanged
  done
fi

if command -v strace >/dev/null && strace -qq -o /dev/null true 2>/dev/null; then
  for folder in snapshots index data; do
    for error in EIO EACCES ESTALE; do
      step "opening $folder fails with $error"
      fresh
      files repo >before
      expect 1 strace -f -qq -o trace -P $folder -e trace=openat -e inject=openat:error=$error \
        "$MEDSAVE" -q --no-cache prune --max-unused 0
      grep -q INJECTED trace || fail "$folder is not opened"
      unchanged
      step "listing $folder fails with $error"
      expect 1 strace -f -qq -o trace -P "$work/repo/$folder" -e trace=getdents64 \
        -e inject=getdents64:error=$error "$MEDSAVE" -q --no-cache prune --max-unused 0
      grep -q INJECTED trace || fail "$folder is not listed"
      unchanged
    done
  done
fi
expect 0 medsave --no-cache check --read-data

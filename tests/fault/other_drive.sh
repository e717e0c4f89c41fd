# In the middle of a command something else comes to lie where the repository was: a drive of the
# same name, an older copy, the empty folder below a mount point. The command fails, and changes
# nothing of what has come; back in its place, the repository is as sound as before.
source "$(dirname "$0")/../support/lib.sh"
practice-data old --scale 0.002
practice-data mid --scale 0.004 --seed 3
practice-data new --scale 0.03 --seed 5
medsave -q init
medsave -q backup --tag old old
cp -a repo older
medsave -q backup --tag mid mid
echo gone >gone
medsave -q backup --tag gone gone
medsave -q forget --tag gone --unsafe-allow-remove-all
cp -a repo sound
medsave -q -r stranger init
medsave -q -r stranger backup --tag stranger old
mkdir empty

contents() { (cd "$1" && find . -type f -printf '%p %s\n' | sort); }
# swapped WHAT COMMAND...: WHAT is put in the repository's place while the command runs.
swapped() {
  local what=$1 code=0 pid
  shift
  rm -rf repo there
  cp -a sound repo
  cp -a "$what" there
  "$MEDSAVE" --no-cache --pack-size 4 --limit-upload 10000 --limit-download 10000 "$@" >stdout 2>stderr &
  pid=$!
  wait_for locked
  sleep 0.5
  kill -0 $pid || fail "ended too soon: $(cat stderr)"
  mv repo away
  mv there repo
  wait $pid || code=$?
  [ $code -ne 0 ] || fail "exit status 0 although the repository had gone"
  [ $code -ne 130 ] || fail "exit status 130"
  same "$(contents repo)" "$(contents "$what")" "what came in its place was changed"
  mv repo came
  mv away repo
  rm -rf came
  run medsave unlock  # where the lock is still there
  expect 0 medsave check --read-data
  rm -rf out
  expect 0 medsave restore latest --tag mid --target out
  identical mid out/mid
}
for name in backup prune; do
  command=(backup --tag new new)
  [ $name = backup ] || command=(prune --max-unused 0 --repack-uncompressed --repack-small)
  step "another repository in its place"
  swapped stranger "${command[@]}"
  step "an older copy of itself in its place"
  swapped older "${command[@]}"
  step "an empty folder in its place"
  swapped empty "${command[@]}"
done
expect 0 medsave backup --tag new new
expect 0 medsave check --read-data

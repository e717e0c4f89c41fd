# Where the system gives no further thread, every command ends in order: with fewer threads where
# that does, with one clear error where it does not. Packages: util-linux.
source "$(dirname "$0")/../support/lib.sh"
[ "$(id -u)" -eq 0 ] || skip "needs root, to be a user of whom there is no other process"
command -v prlimit >/dev/null && command -v setpriv >/dev/null || skip "no prlimit or setpriv"
program=$(program_for_all)
user=$((60000 + $$ % 5000))
limited() { # THREADS ARGUMENTS...
  timeout 60 setpriv --reuid $user --regid $user --clear-groups \
    prlimit --nproc="$1" env HOME="$work" "$program" "${@:2}"
}
cheap-repository repo 2
mkdir data
for n in 1 2 3; do head -c 300000 /dev/urandom >data/$n; done
medsave -q --no-cache backup data
chmod 755 "$work"
mv repo sound
fresh() {
  rm -rf repo other out
  cp -a sound repo
  cp -a sound other
  mkdir out
  chown -R $user repo other data out
}
commands() {
  printf '%s\n' version snapshots "ls latest" "restore latest --target out" "backup data" "check --read-data" \
    "forget --keep-last 1 --prune" "prune --max-unused 0" "repair index" unlock "key list" stats \
    "find 1" "copy --from-repo other"
}
export RESTIC_FROM_PASSWORD=$RESTIC_PASSWORD

while read -r command; do
  step "$command"
  passed=
  refused=
  for threads in 1 2 3 5 12; do
    fresh
    run limited $threads --no-cache $command
    case $status in
      0) passed=1 ;;
      1)
        refused=1
        says "no further thread|Resource temporarily unavailable"
        same "$(grep -c '^Fatal: ' stderr)" 1 "errors with $threads threads"
        ;;
      *)
        cat stderr >&2
        fail "exit status $status with $threads threads"
        ;;
    esac
    [ "$status" -eq 0 ] || expect 0 medsave --no-cache check --read-data
    same "$(find repo/locks -type f | wc -l)" 0 "locks left with $threads threads"
  done
  [ -n "$passed" ] || fail "does not work with 12 threads"
  [ -n "$refused" ] || fail "the limit does not bind"
done < <(commands)

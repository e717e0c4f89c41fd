# kill -9 at random moments of the commands that change a repository, MEDSAVE_KILLS times: every
# snapshot can be restored afterwards, and the command can be run again.
source "$(dirname "$0")/../support/lib.sh"
kills=${MEDSAVE_KILLS:-50}
practice-data data --scale 0.01
cp -a data wanted
echo "to be left out" >data/zz
touch -r wanted data
medsave -q init --repository-version 1
medsave -q backup --tag old data
medsave -q --pack-size 4 backup --tag new data
forgotten=$(medsave snapshots --json --tag old | json-value /0/id)
cp -a repo other
medsave -q forget "$forgotten"
medsave -q migrate upgrade_repo_v2
medsave -q tag --add kept
cp -a repo beginning
pack=$(find repo/data -type f -size +100k | head -n 1)
pack=${pack##*/}
commands=("rewrite --forget --exclude zz" "tag --add red" "repair index --read-all-packs"
  "repair packs $pack" "repair snapshots --forget" "recover" "copy --from-repo $work/other")
export RESTIC_FROM_PASSWORD=$RESTIC_PASSWORD

fresh() {
  rm -rf repo pack-*
  cp -a beginning repo
}
# Everything that was there can be restored.
restorable() {
  rm -rf out
  expect 0 medsave restore latest --target out --tag kept
  rm -f out/data/zz
  touch -r wanted out/data
  identical wanted out/data
}
restic_agrees() { if command -v "$RESTIC" >/dev/null; then expect 0 restic check --read-data; fi; }

step "how long each takes"
milliseconds=()
for command in "${commands[@]}"; do
  fresh
  start=$(date +%s%N)
  # shellcheck disable=SC2086
  expect 0 medsave $command
  milliseconds+=($((($(date +%s%N) - start) / 1000000)))
  restorable
  restic_agrees
done
echo "${milliseconds[*]} ms"

step "$kills kills"
for n in $(seq "$kills"); do
  command=${commands[$((n % ${#commands[@]}))]}
  fresh
  # shellcheck disable=SC2086
  "$MEDSAVE" -q $command >/dev/null 2>&1 &
  pid=$!
  wait_ms=$((RANDOM * milliseconds[n % ${#commands[@]}] / 32767))
  sleep "$(printf '%d.%03d' $((wait_ms / 1000)) $((wait_ms % 1000)))"
  kill_hard $pid
  expect 0 medsave unlock
  restorable
  code=0
  # The damaged pack may be gone already.
  if [[ $command == "repair packs"* && ! -e repo/data/${pack:0:2}/$pack ]]; then code=1; fi
  # shellcheck disable=SC2086
  expect $code medsave $command
  expect 0 medsave check --read-data
  if [ $((n % 5)) -eq 0 ]; then restic_agrees; fi
done

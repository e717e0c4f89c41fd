# A process that was killed between a rename or a removal and the fsync of the folder leaves a state
# that the next one sees but a power cut may undo. So what is there is synced first: root, keys,
# snapshots and index, before the first index file, snapshot or config of a command gets its name,
# and before it removes anything.
source "$(dirname "$0")/../support/lib.sh"
command -v strace >/dev/null || skip "no strace"
strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace"
unset RESTIC_CACHE_DIR
export XDG_CACHE_HOME=$work  # `migrate` keeps the old config there

mkdir data
head -c 200000 /dev/urandom >data/file
for version in 1 2; do
  cheap-repository repo $version
  medsave -q --no-cache backup data
  head -c 100000 /dev/urandom >data/more
  medsave -q --no-cache backup data
  mv repo state$version
done
cheap-repository --add-key state2 2

# first_change: the line in which the command changes what others may rely on; locks are not that.
first_change() {
  grep -nE 'rename.*"((index|snapshots)/[0-9a-f]{64}|config)"|unlink.*"(index|snapshots|keys|data/..)/[0-9a-f]{64}"' \
    trace | head -n 1 | cut -d : -f 1
}
# synced_first FOLDERS COMMAND...
synced_first() {
  local folders=$1 folder first
  shift
  step "$*"
  rm -rf repo
  cp -a "${state:-state2}" repo
  expect 0 strace -f -qq -y -e trace=fsync,rename,renameat,renameat2,unlink,unlinkat -o trace \
    "$MEDSAVE" -q --no-cache "$@"
  first=$(first_change)
  [ -n "$first" ] || fail "changes nothing"
  head -n "$first" trace >before
  for folder in $folders; do
    grep -qE "fsync\([0-9]+<$work/repo${folder#root}>\) += 0" before ||
      fail "$folder is not synced before: $(sed -n "${first}p" trace)"
  done
}
all="root /keys /snapshots /index"
synced_first "$all" backup data
echo more >>data/more
synced_first "$all" backup data
synced_first "$all" tag --add red
synced_first "$all" rewrite --forget --exclude more
synced_first "$all" forget --keep-last 1
synced_first "$all" forget --keep-last 1 --prune --max-unused 0
synced_first "$all" repair index --read-all-packs
key=$(medsave --no-cache -r "$work/state2" key list --json | tr '}' '\n' |
  grep '"current":false' | grep -o '[0-9a-f]\{64\}')
synced_first "$all" key remove "$key"
state=state1 synced_first "$all" migrate upgrade_repo_v2
export RESTIC_FROM_PASSWORD=$RESTIC_PASSWORD
cheap-repository other 2
state=other synced_first "$all" copy --from-repo "$work/state2"

step "forget by another process, then prune: its removals are durable before packs go"
rm -rf state3
cp -a state2 state3
medsave -q --no-cache -r "$work/state3" forget --keep-last 1
state=state3 synced_first "$all" prune --max-unused 0 --repack-small

step "a command that only reads syncs nothing but its lock"
rm -rf repo
cp -a state2 repo
expect 0 strace -f -qq -y -e trace=fsync -o trace "$MEDSAVE" -q --no-cache restore latest --target out
grep -F "<$work/repo" trace | grep -vF "<$work/repo/locks>" >extra || true
same "$(cat extra)" "" "synced"

# A repository that somebody made who wants whoever opens it to wait for ever, or to run out of memory.
source "$(dirname "$0")/../support/lib.sh"
slower=1  # times longer than the program as it is shipped
limit_memory() { ulimit -v 4000000; }
if [ -n "${SANITIZED:-}" ]; then
  slower=8
  limit_memory() { :; }
fi

# interrupted SECONDS COMMAND...: runs it, sends Ctrl-C after so long, and it ends within a second,
# on a computer that has nothing else to do.
interrupted() {
  local pid start took
  "${@:2}" >stdout 2>stderr &
  pid=$!
  sleep "$1"
  kill -0 "$pid" 2>/dev/null || fail "ended before it was interrupted: $(tail -n 3 stdout stderr)"
  start=$(date +%s%N)
  kill -INT "$pid"
  status=0
  wait "$pid" || status=$?
  took=$((($(date +%s%N) - start) / 1000000))
  same "$status" 130 "exit status of ${*:2}"
  [ "$took" -lt $((1500 * slower)) ] || fail "took $took ms to stop: ${*:2}"
}

# leave_key N R P: a key file that no password opens, at that cost.
leave_key() {
  local salt data id
  salt=$(head -c 64 /dev/urandom | base64 -w 0)
  data=$(head -c 200 /dev/urandom | base64 -w 0)
  printf '{"created":"2024-01-01T00:00:00Z","username":"u","hostname":"h","kdf":"scrypt","N":%s,"r":%s,"p":%s,"salt":"%s","data":"%s"}' \
    "$1" "$2" "$3" "$salt" "$data" >key
  id=$(sha256sum key | cut -d ' ' -f 1)
  mv key "repo/keys/$id"
  echo "$id"
}

step "a key that takes long, but is allowed"
cheap-repository repo 2
key=$(leave_key 131072 8 100)
interrupted 0.7 "$MEDSAVE" snapshots --key-hint "$key"
interrupted 0.7 "$MEDSAVE" cat config --key-hint "$key"
rm "repo/keys/$key"

step "a key that costs too much"
key=$(leave_key 1048576 9 1)
expect 0 medsave snapshots --key-hint "$key"
mv repo/keys keys
mkdir repo/keys
mv "keys/$key" repo/keys
expect 1 medsave snapshots
says "key.*${key:0:8}.*1152 MiB"
rm -r repo/keys
mv keys repo/keys

step "folders that hold each other twice: what needs each list once ends"
lattice repo
expect 0 medsave check --read-data
for mode in restore-size files-by-contents blobs-per-file raw-data; do
  expect 0 medsave stats --mode "$mode"
done
mkdir other
cheap-repository other 2
expect 0 env RESTIC_FROM_PASSWORD="$RESTIC_PASSWORD" "$MEDSAVE" -r other copy --from-repo repo
expect 0 medsave rewrite --dry-run --snapshot-summary
expect 0 medsave rewrite --dry-run --new-host elsewhere
expect 0 medsave repair snapshots --dry-run
expect 0 medsave prune --dry-run
expect 0 medsave recover

step "what needs each path can be interrupted, and takes little memory meanwhile"
first=$(medsave --json snapshots | grep -o '"short_id":"[0-9a-f]*"' | cut -d'"' -f4 | head -n 1)
for command in "ls latest" "ls --json latest" "ls --sort size latest" "find file" "find nothing" \
  "find --tree ffffffff" "dump latest /" "dump --archive zip latest /" "diff $first latest" \
  "restore latest --dry-run --target out" "rewrite --dry-run --exclude nothing"; do
  # shellcheck disable=SC2086
  (limit_memory && interrupted 1.5 "$MEDSAVE" $command)
done

step "a name that a folder lists twice"
rm -r repo other
cheap-repository repo 2
cheap-repository other 2
lattice --twice repo
for path in /twice/f /twice /; do
  expect 1 medsave dump latest "$path" --target dumped
  says 'lists "f" twice'
done
expect 0 medsave dump latest /twice/g
same "$(cat stdout)" good
expect 3 env RESTIC_FROM_PASSWORD="$RESTIC_PASSWORD" "$MEDSAVE" -r other copy --from-repo repo
says 'lists "f" twice'
same "$(find other/snapshots -type f | wc -l)" 0 "snapshots copied"
expect 1 medsave restore latest --target out

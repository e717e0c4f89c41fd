# A restore is killed before each of its changes of files: another one that leaves alone what is there
# brings the rest, with owners, permissions and times as they were saved.
source "$(dirname "$0")/../support/lib.sh"
kill-at 0 true >/dev/null || skip "a process may not trace another"
medsave -q init
mkdir -p src/sub && echo file >src/file && ln -s file src/link && ln -s nowhere src/sub/link
mkfifo -m 640 src/fifo && ln src/sub/link src/sub/other-name
[ "$(id -u)" -ne 0 ] || chown -h 1234:1234 src/sub/link
find src -exec touch -h -d 2024-01-02 {} +
medsave -q backup src
entries() { (cd "$1" && find . -mindepth 1 -printf '%P %y %m %U:%G %T@ %l\n' | sort); }
changes=$(kill-at 0 "$MEDSAVE" -q restore latest:/src --target t | tail -n 1)
same "$(entries t)" "$(entries src)"
echo "$changes changes"
for n in $(seq "$changes"); do
  rm -rf t
  run kill-at "$n" "$MEDSAVE" -q restore latest:/src --target t
  same "$status" 137 "exit status of what is killed"
  overwrite=never
  [ $((n % 2)) -eq 0 ] || overwrite=if-newer
  expect 0 medsave -q restore latest:/src --target t --overwrite $overwrite
  same "$(entries t)" "$(entries src)" "after kill $n and --overwrite $overwrite"
done

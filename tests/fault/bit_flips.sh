# A flipped bit or a missing end, in every kind of file: check --read-data reports each of them, and
# what restore delivers is either right or reported.
source "$(dirname "$0")/../support/lib.sh"
source "$tests/support/damage.sh"
RANDOM=${SEED:-1}
medsave -q init
practice-data data --scale 0.004
medsave -q --pack-size 4 backup data
echo more >data/more
medsave -q backup data
cp -a repo sound

detected=0
# harm NAME FILE COMMAND...: damages a copy; both check and restore have to stand it.
harm() {
  local what=$1
  rm -rf repo/*
  cp -a sound/. repo/
  "${@:2}"
  run timeout 60 medsave --no-cache check --read-data
  case $status in
    1 | 10 | 12) ;;
    *) fail "$what: check ends with $status: $*" ;;
  esac
  [ -s stdout ] || [ -s stderr ] || fail "$what: check says nothing"
  detected=$((detected + 1))
  rm -rf out
  run timeout 60 medsave --no-cache restore latest --target out
  if [ "$status" -eq 0 ]; then
    # Latest may have become an older one, if that was said.
    if ! grep -q damaged stderr; then identical data out/data >/dev/null; fi
  elif [ "$status" -gt 12 ]; then
    fail "$what: restore ends with $status"
  elif [ -d out/data ]; then
    # What is there under its name and was not reported must be right.
    cat stdout stderr >report
    (cd data && find . -type f -printf '%P\0') | while IFS= read -r -d '' name; do
      if [ -e "out/data/$name" ] && ! cmp -s "data/$name" "out/data/$name" &&
        ! grep -qF -- "$(basename "$name" | head -n 1 | iconv -c -t UTF-8)" report; then
        fail "$what: $name is wrong and not reported: $(tail -n 5 report)"
      fi
    done
  fi
}
any() { find "repo/$1" -type f | sort | shuf -n 1 --random-source=<(yes $RANDOM); }
anywhere() { random "$(size "$1")"; }

step "config"
harm config flip repo/config "$(anywhere repo/config)"
harm config shorten repo/config 1
harm config clear_out repo/config
step "key"
key=$(any keys)
harm key flip "$key" "$(anywhere "$key")"
harm key shorten "$key" 10
for kind in index snapshots; do
  step "$kind"
  for _ in 1 2 3; do
    file=$(any $kind)
    harm $kind flip "$file" "$(anywhere "$file")"
  done
  harm $kind shorten "$file" 5
  harm $kind clear_out "$file"
done
harm index rm -f "$(any index)"
step "packs: blobs"
for _ in 1 2 3 4 5 6; do
  file=$(any data)
  harm blob flip "$file" "$(random $(($(size "$file") - 200)))"
done
step "packs: header and its length"
for back in 1 2 3 4 5 30 60 100; do
  file=$(any data)
  harm header flip "$file" $(($(size "$file") - back))
done
step "packs: shortened, emptied, gone, exchanged"
file=$(any data)
harm pack shorten "$file" 1
harm pack shorten "$file" $(($(size "$file") / 2))
harm pack clear_out "$file"
harm pack rm -f "$file"
other=$(find repo/data -type f ! -name "$(basename "$file")" | head -n 1)
harm pack cp -f "$other" "$file"

step "locks: one that cannot be read blocks, names itself and can be removed"
rm -rf repo/* && cp -a sound/. repo/
mkfifo pipe
"$MEDSAVE" -q backup --stdin <pipe &
holder=$!
exec 9>pipe
wait_for locked
lock=$(any locks)
cp "$lock" copy
kill_hard "$holder"
exec 9>&-
flip copy "$(random "$(size copy)")"
mv -f copy "$lock"
expect 1 medsave check
says "$(basename "$lock" | head -c 8)"
expect 0 medsave unlock --remove-all
expect 0 medsave check

echo "$detected of $detected detected"

# Somebody goes on working in the target while a restore runs there.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
mkdir lk
echo "the record as saved" >lk/f && ln lk/f lk/l
echo "letter v1" >lk/letter
for n in $(seq 20); do echo "more $n" >"lk/more$n"; done  # else these wait for the large one
touch -d 2024-01-01 lk/f lk/letter
medsave -q backup lk
head -c 3000000 /dev/urandom >lk/zbig  # in a pack of its own, which comes after the others
medsave -q backup lk

target() {
  mkdir -p t/lk/extra
  echo old >t/lk/f && ln t/lk/f t/lk/l
  echo "letter v0" >t/lk/letter
  echo x >t/lk/extra/x
  touch -d 2023-01-01 t/lk/f t/lk/letter
}
target

step "what was saved meanwhile is not deleted"
"$MEDSAVE" restore latest --target t --delete --limit-download 700 >log 2>&1 &
restore=$!
for _ in $(seq 300); do
  if [ "$(cat t/lk/letter)" = "letter v1" ] && [ "$(cat t/lk/f)" = "the record as saved" ]; then break; fi
  sleep 0.02
done
echo "new" >t/lk/extra/newer
status=0
wait $restore || status=$?
cat log >stdout
: >stderr
same "$status" 0
says '1 file of the target was kept although the snapshot does not have it: it came there, or was changed, while'
same "$(cat t/lk/extra/newer)" new
[ ! -e t/lk/extra/x ] || fail "not deleted"

step "nor linked to, nor stamped; and then nothing is deleted, which may be the same under another name"
rm -rf t
target
"$MEDSAVE" restore latest --target t --delete --limit-download 700 >log 2>&1 &
restore=$!
for _ in $(seq 300); do
  if [ "$(cat t/lk/letter)" = "letter v1" ] && [ "$(cat t/lk/f)" = "the record as saved" ]; then break; fi
  sleep 0.02
done
# As office programs save.
echo "somebody's new text" >t/lk/f.new && mv t/lk/f.new t/lk/f
echo "letter v9" >t/lk/letter.new && mv t/lk/letter.new t/lk/letter
echo "new" >t/lk/extra/newer
status=0
wait $restore || status=$?
cat log >stdout
: >stderr
same "$status" 1
says '/lk/letter: letter was changed while restoring'
says '/lk/(f|l): (f|l) was changed while restoring'
says 'because not everything could be restored, 1 file or folder that the snapshot does not have was left'
same "$(cat t/lk/letter)" "letter v9"
[ "$(stat -c %Y t/lk/letter)" -gt 1800000000 ] || [ "$(stat -c %Y t/lk/letter)" -gt "$(date -d 2025-01-01 +%s)" ] ||
  fail "the new letter has the old one's time"
same "$(cat t/lk/extra/newer)" new
[ -e t/lk/extra/x ] || fail "deleted: x"

step "and the same again, with nobody there, is complete"
expect 0 medsave restore latest --target t --delete
[ ! -e t/lk/extra ] || fail "not deleted"
cmp lk/letter t/lk/letter
cmp lk/f t/lk/f

step "nor goes a folder that somebody works in, for a file in its place"
rm t/lk/zbig && mkdir -p t/lk/zbig/sub && echo x >t/lk/zbig/sub/x
"$MEDSAVE" restore latest --target t --delete --limit-download 700 >log 2>&1 &
restore=$!
for _ in $(seq 300); do
  ! grep -q "1 folder of the target makes way" log || break
  sleep 0.02
done
sleep 0.1  # file systems count time in ticks, of which one may have begun before the restore
echo new >t/lk/zbig/sub/newer
status=0
wait $restore || status=$?
cat log >stdout
: >stderr
same "$status" 1
says 'a folder is in the place of zbig in which files came into being, or were changed, while restoring'
same "$(cd t/lk/zbig/sub && echo *)" "newer x"
[ -z "$(find t -name '.medsave-*')" ] || fail "left: $(find t -name '.medsave-*')"
expect 0 medsave restore latest --target t --delete
cmp lk/zbig t/lk/zbig

step "a target that is moved away, or mounted over, has nothing restored in it"
mkdir gone && cp lk/zbig gone/zbig && mkdir gone/sub && head -c 3000000 /dev/urandom >gone/sub/zbig2
medsave -q backup gone
# slow_restore: begins, and returns when something of the large file is there.
slow_restore() {
  rm -rf away place && mkdir place
  "$MEDSAVE" restore latest:/gone --target place --limit-download 1200 --verify >log 2>&1 &
  restore=$!
  for _ in $(seq 500); do
    [ ! -e place/sub/zbig2 ] || [ ! -e place/zbig ] || break
    sleep 0.01
  done
}
# moved_away FOLDER: the restore that goes on is an error, which names it.
moved_away() {
  status=0
  wait $restore || status=$?
  cat log >stdout
  : >stderr
  same "$status" 1
  says "folder .*$1 was moved away, or something was mounted over it, while restoring"
}
slow_restore
mv place away
moved_away place
slow_restore
mv place away && mkdir place
moved_away place
slow_restore
mv place/sub away && mkdir place/sub
moved_away sub
slow_restore
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs none place 2>/dev/null; then
  moved_away place
  umount place
else
  wait $restore
fi

# What people see on a terminal: tables that fit, progress on a slow line, messages in order.
source "$(dirname "$0")/../support/lib.sh"
command -v script >/dev/null || skip "no script(1)"

# Nobody types, but the keyboard stays connected.
mkfifo keyboard
exec 8<>keyboard

# on_terminal COLUMNS COMMAND: what it shows, in the file screen; its exit status in $status.
on_terminal() {
  status=0
  TERM=xterm script -qec "stty cols $1; $2" /dev/null <&8 >screen.raw 2>&1 || status=$?
  sed 's/\r$//; s/\x1b\[[0-9;]*[A-Za-z]//g' screen.raw | tr '\r' '\n' >screen
}
shows() { grep -Eq -- "$1" screen || fail "does not show: $1: $(cat screen)"; }
shows_not() { ! grep -Eq -- "$1" screen || fail "shows: $1: $(cat screen)"; }
fits() {
  local widest
  widest=$(awk '{ if (length($0) > most) most = length($0) } END { print most + 0 }' screen)
  [ "$widest" -le "$1" ] || fail "$widest columns instead of $1: $(cat screen)"
}

# A path is never broken: it could not be copied.
fits_but_for_paths() {
  local widest
  widest=$({ grep -v / screen || true; } | wc -L)
  [ "$widest" -le "$1" ] || fail "$widest columns instead of $1: $(cat screen)"
}

step "the new password is asked for by the name of the repository"
medsave -q init
mkdir -p srv/practice/letters-of-the-year/january srv/practice/laboratory
echo a >srv/practice/letters-of-the-year/january/a
echo bb >srv/practice/laboratory/b
on_terminal 80 "unset RESTIC_PASSWORD; timeout --foreground -s INT 1 $MEDSAVE -r $work/other init"
shows "new password for repository $work/other"
on_terminal 80 "unset RESTIC_PASSWORD; timeout --foreground -s INT 1 $MEDSAVE snapshots"
shows "password for repository $work/repo"
on_terminal 80 "unset RESTIC_PASSWORD; timeout --foreground -s INT 1 $MEDSAVE --as-restic snapshots"
shows "enter password for repository: "

step "the list of snapshots fits"
backup 0 srv/practice/letters-of-the-year srv/practice/laboratory --host reception \
  --tag weekly,month-end,before-the-update --time "2026-11-29 10:00:00"
for columns in 100 80 60 40 30; do
  for command in snapshots "forget --dry-run --keep-last 1" "snapshots --group-by tags"; do
    on_terminal $columns "$MEDSAVE $command"
    same "$status" 0
    fits $columns
    shows "^${snapshot:0:8}  2026-11-29 10:00:00"
  done
done
medsave -q -r short init
medsave -q -r short backup --stdin --stdin-filename srv/cabinet-medical --host a-long-host-name <<<letter
on_terminal 80 "$MEDSAVE -r short forget --dry-run --policy cabinet"
fits 80
shows " /srv/cabinet-medical$"  # for which other columns have to go
on_terminal 60 "$MEDSAVE snapshots"
shows "practice/"
shows_not "Size"
on_terminal 30 "$MEDSAVE key list"
fits 30
on_terminal 30 "$MEDSAVE --cache-dir $work/cache cache"
fits 30

step "and is as wide as it is where it is piped on, and as restic"
expect 0 medsave snapshots
says "  weekly,month-end,before-the-update  $work/srv/practice/laboratory  +[0-9]+ B$"
cp stdout piped
on_terminal 60 "$MEDSAVE --as-restic snapshots"
grep -Fqf <(sed -n 3p piped) screen || fail "$(cat screen)"

step "a restore counts files and folders"
expect 0 medsave restore "$snapshot" --target out
says "^Restored 2 files and 5 folders \(5 B\) in 0:0"
expect 0 medsave restore "$snapshot" --target out
says "^Restored 0 files \(0 B\) in 0:0[0-9], 2 files and 5 folders were there already \(5 B\)$"
folder=$(find out -name laboratory)
rm -r "$folder"
expect 0 medsave restore "$snapshot" --target out -vv
says "^Restored 1 file and 1 folder \(3 B\) in 0:0[0-9], 1 file and 4 folders were there already \(2 B\)$"
says "^restored +.*/laboratory$"
says "^unchanged +.*/practice$"
expect 0 medsave --as-restic restore "$snapshot" --target out -vv
says "^restored +.*/practice$"
says "^Summary: Restored 5 files/dirs \(0 B\) in 0:0[0-9], skipped 2 files/dirs 5 B$"
expect 0 medsave --lang fr restore "$snapshot" --target out
says "^Restauré.: 0 fichier \(0.o\) en 0:0[0-9], 2 fichiers et 5 dossiers déjà là \(5.o\)$"
expect 0 medsave --as-restic restore "$snapshot" --target out2
says "^Summary: Restored 7 files/dirs \(5 B\)"
expect 0 medsave stats "$snapshot"
says "Total File Count:  2$"
says "Total Folder Count:  [0-9]+$"
says "Total Size:  5 B$"
expect 0 medsave --as-restic stats "$snapshot"
says_not "Folder"
says "Total Size:  5 B  $"

step "sizes in the summary of a backup have no padding"
expect 0 medsave backup srv --dry-run
says "^Would add to the repository: [0-9.]+ (B|KiB) \([0-9.]+ (B|KiB) stored\)$"

step "check after an interruption: one line, with -v the names"
head -c 100000 /dev/urandom >srv/more
find repo/index repo/snapshots -type f | sort >before
backup 0 srv/more
find repo/index repo/snapshots -type f | sort | comm -13 before - | xargs rm -f
expect 0 medsave check
says "^hint: 2 packs are in no index file: most likely a backup was interrupted"
says_not "does not fit"
same "$(grep -Ec "[0-9a-f]{64}" stdout stderr | paste -sd ' ')" "stdout:0 stderr:0"
expect 0 medsave -v check
same "$(grep -Ec "^  [0-9a-f]{64}$" stdout)" 2

step "a policy's reasons stay in one piece, and sizes at the right edge"
backup 0 srv/practice/letters-of-the-year srv/practice/laboratory --host reception \
  --tag weekly,month-end,before-the-update --time "2026-11-30 10:00:00"
on_terminal 80 "$MEDSAVE forget --dry-run --policy cabinet --host reception"
shows "  oldest monthly snapshot"
shows "  daily snapshot"
shows_not "  Host"
mkdir wide
head -c 30000 /dev/zero >wide/file
backup 0 wide
on_terminal 100 "$MEDSAVE snapshots"
awk '/[0-9] (B|KiB)$/ { width[length($0)] = 1 } END { exit length(width) != 1 }' screen ||
  fail "sizes end in several columns: $(cat screen)"
expect 0 medsave --lang fr forget --dry-run --policy cabinet
says "garder 14 instantanés quotidiens, 8 hebdomadaires, 24 mensuels et 20 annuels"
says "le plus ancien \((mensuel|annuel)\)"
expect 0 medsave --lang fr forget --dry-run --keep-last 9 --keep-tag weekly
says "qui portent l'étiquette «.weekly.»"

step "progress on a slow line"
head -c 3000000 /dev/urandom >srv/scan
on_terminal 80 "$MEDSAVE --limit-upload 1000 backup srv"
same "$status" 0
shows "all is read; writing the last data \(2\.[0-9]+ MiB\)"
shows "\] +[1-9][0-9]\.[0-9]% saved  0:0[0-4] left$"
# The time that is left goes down, and what is saved goes up, also within a pack.
grep -o '[0-9:]* left$' screen | sort -cr || fail "the time left climbs: $(cat screen)"
[ "$(grep -o '[0-9.]*% saved' screen | sort -u | wc -l)" -ge 8 ] || fail "it jumps: $(cat screen)"
shows "^  [0-9] / [0-9] files  [0-9.]+ [MK]iB / [0-9.]+ MiB read"
# Only what is stored counts as done: 100 % may be seen while the index is written, not before.
awk '/\] +100\.0% saved$/ { full = 1 } /writing the last data/ { if (full) exit 1 }' screen ||
  fail "100 % before all is stored: $(cat screen)"

head -c 3000000 /dev/urandom >srv/scan
on_terminal 80 "$MEDSAVE --lang fr --limit-upload 1000 backup srv"
shows "\] +[0-9]*[2-9],[0-9].% enregistrés  "
shows "^  [0-9] fichiers? sur [0-9]  [2-9][0-9.,]*.[MK]io / [0-9,]+.Mio lus"
shows_not "\] +[01],[0-9].% enregistrés|\] +[2-9],[0-9].% enregistré "

step "copy and prune on a slow line: by what is stored, with a word about the last data"
medsave -q -r copied init
head -c 3000000 /dev/urandom >srv/scan
medsave -q backup srv/scan
on_terminal 80 "RESTIC_FROM_PASSWORD=$RESTIC_PASSWORD $MEDSAVE -r copied --limit-upload 1000 copy --from-repo $RESTIC_REPOSITORY latest"
same "$status" 0
shows "\] +[1-9][0-9]\.[0-9]% saved  0:0[0-4] left$"
shows "all is read; writing the last data \(2\.[0-9]+ MiB\)"
medsave -q -r copied backup srv/scan srv/practice --host other
head -c 1000000 srv/scan >srv/part
cat srv/part <(head -c 2000000 /dev/urandom) >srv/scan
medsave -q -r copied backup srv/scan
medsave -q -r copied forget "$(medsave -r copied --json snapshots | json-value /0/id)"
on_terminal 80 "$MEDSAVE -r copied --limit-upload 1000 prune --max-unused 0 --repack-small"
same "$status" 0
shows "\] +[1-9][0-9]\.[0-9]% saved  0:0[0-9] left$"
shows "all is read; writing the last data \([1-4]\.[0-9]+ MiB\)"

step "lists on narrow terminals"
medsave -q -r narrow init
mkdir -p srv/narrow
echo a >srv/narrow/letter
medsave -q -r narrow backup srv/narrow
echo bb >srv/narrow/letter
medsave -q -r narrow backup srv/narrow
both="$(medsave -r narrow --json snapshots | json-value /0/id) $(medsave -r narrow --json snapshots | json-value /1/id)"
for columns in 80 60 40; do
  for language in en fr; do
    for command in "diff $both" "stats --mode raw-data" "stats --mode debug" options migrate \
                   "ls -l latest:/srv/narrow" "find -l letter" "backup --help" "dump --help" "cat --help"; do
      # The names of variables are longer.
      if [ $columns -eq 40 ] && [[ "$command" == *--help ]]; then continue; fi
      on_terminal $columns "$MEDSAVE --lang $language -r narrow $command"
      same "$status" 0
      fits_but_for_paths $columns
    done
  done
done

step "a restore counts folders apart while it runs"
on_terminal 80 "$MEDSAVE --limit-download 1500 restore latest --path $work/srv --target slow"
same "$status" 0
shows "^  [0-4] / 4 files  [0-9] / [5-9] folders  "
shows_not "/ 9 files"
# The bar moves as bytes arrive, not from piece to piece of a pack.
[ "$(grep -o '\] *[0-9.]*%' screen | sort -u | wc -l)" -ge 10 ] || fail "it jumps: $(cat screen)"

step "a restore over what is there: what is restored and what was there are all there is"
mkdir -p srv/links
echo linked >srv/links/a
ln srv/links/a srv/links/b
echo more >srv/links/c
medsave -q init -r links
expect 0 medsave -r links backup srv/links
expect 0 medsave -r links restore latest:/srv/links --target linked
says "^Restored 3 files \(12 B\) in 0:0[0-9]$"
rm linked/c
expect 0 medsave -r links restore latest:/srv/links --target linked
says "^Restored 1 file \(5 B\) in 0:0[0-9], 2 files were there already \(7 B\)$"
rm linked/c
mkdir -p linked/c/full
expect 1 medsave -r links restore latest:/srv/links --target linked
says "^Restored 0 files \(0 B\) in 0:0[0-9], 2 files were there already \(7 B\), 1 file or folder is missing or incomplete$"

step "after Ctrl-C, what happened stands in its order"
head -c 3000000 /dev/urandom >srv/scan
"$MEDSAVE" --limit-upload 1000 backup srv >stdout 2>stderr &
pid=$!
sleep 1
kill -INT $pid
status=0
wait $pid || status=$?
same "$status" 130
same "$(cut -d, -f1 stderr | paste -sd '|')" \
  "interrupted|no snapshot was saved|Fatal: interrupted"

step "a count is said once, also when what follows it fails"
medsave -q -r third init
medsave -q -r third backup srv/more
medsave -q -r third backup srv/more
chmod -R u+w third/data
find third/data -type f -delete
run sh -c '"$1" -r third forget --keep-last 1 --prune 2>&1' sh "$MEDSAVE"
same "$status" 1
says 'is needed but missing'
same "$(grep -c '1 snapshot has been removed' stdout)" 1
medsave -q -r third backup srv/more 2>/dev/null
find third/data -type f -delete
run sh -c '"$1" -q -r third forget --keep-last 1 --prune' sh "$MEDSAVE"
same "$(grep -c '1 snapshot has been removed' stderr)" 1 "what was done, which --quiet has not shown yet"

# A folder list of the repository is damaged, and the folder never changes: the next backup stores
# it again, so that it can be restored, and check's advice leads to a sound repository.
source "$(dirname "$0")/../support/lib.sh"
source "$tests/support/damage.sh"
unset RESTIC_CACHE_DIR
medsave -q init
mkdir -p px/archive/old px/daily
for n in 1 2 3; do echo "image $n" >px/archive/$n && echo "old $n" >px/archive/old/$n; done
# backup_day N CODE
backup_day() {
  echo "$1" >px/daily/n
  expect "$2" medsave backup px
}
backup_day 1 0
# The packs with folder lists.
packs=$(for index in $(medsave list index); do medsave cat index "$index"; done | tr -d ' \n' |
  sed 's/{"id":"\([0-9a-f]*\)","blobs":\[/\npack \1 /g' | grep '"type":"tree"' | cut -d ' ' -f 2)
[ -n "$packs" ] || fail "no packs with folder lists"
backup_day 2 0
cp -a repo intact
restic_agrees() {
  if command -v "$RESTIC" >/dev/null; then expect 0 restic --no-cache check --read-data; fi
}

# damage HOW: of the first backup's lists; the second has its own of all but the archive.
damage() {
  local id file at
  rm -rf repo && cp -a intact repo
  for id in $packs; do
    file=$(find repo/data -name "$id")
    if [ "$1" = zeros ]; then
      chmod u+w "$file"
      head -c "$(size "$file")" /dev/zero | dd of="$file" conv=notrunc status=none
      continue
    fi
    for at in $(seq 40 40 "$(($(size "$file") - 1))"); do flip "$file" "$at"; done
  done
}
whole() {
  rm -rf out
  expect 0 medsave restore latest --target out
  identical px out/px
}

for how in flips zeros; do
  step "the next backup stores the folder again, $how"
  damage $how
  expect 1 medsave restore latest --target out
  backup_day 3 0
  says 'stored again'
  whole
  backup_day 4 0
  says_not 'stored again'
  whole

  step "check's advice, followed, leads to a sound repository, $how"
  damage $how
  expect 1 medsave check
  says 'medsave repair packs'
  # shellcheck disable=SC2046
  expect 0 medsave $(cat stdout stderr | grep -Eo 'repair packs( [0-9a-f]{64})+')
  rm -f pack-*
  backup_day 5 0
  expect 0 medsave repair snapshots --forget
  expect 0 medsave check --read-data
  restic_agrees
  whole
done

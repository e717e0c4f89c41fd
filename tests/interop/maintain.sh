# copy, tag, rewrite, repair, recover and migrate on repositories of both programs, which restic
# checks afterwards.
source "$(dirname "$0")/../support/lib.sh"
source "$tests/support/damage.sh"
need_restic
special-tree special --portable
practice-data practice --scale 0.03
sound() {
  expect 0 restic check --read-data
  expect 0 medsave check --read-data
}
use() { export RESTIC_REPOSITORY=$work/$1 RESTIC_CACHE_DIR=$work/cache-$1; }
ids() { restic list snapshots | LC_ALL=C sort; }
field() { restic snapshots --json | grep -o "\"$1\":[^,]*" | sort | uniq -c; }
# Whether this restic knows a command; old ones do not repair or rewrite.
knows() { restic "$@" --help >/dev/null 2>&1; }
FROM=(--from-repo "$work/first")
export RESTIC_FROM_PASSWORD=correct-horse

step "two repositories, one of each program"
use first
expect 0 restic init
expect 0 restic backup --tag one --host alpha special practice
practice-data practice --scale 0.03 --day 1
expect 0 medsave backup --tag two --host alpha special practice
practice-data practice --scale 0.03 --day 2
expect 0 restic backup --host beta practice
sound

for version in 1 2; do
  step "version $version: copy takes all, and again nothing"
  use "second-v$version"
  expect 0 medsave init --repository-version $version "${FROM[@]}" --copy-chunker-params
  expect 0 medsave copy "${FROM[@]}"
  same "$(snapshots)" 3
  expect 0 medsave copy -v "${FROM[@]}"
  says "skipping source snapshot"
  same "$(snapshots)" 3
  sound
  step "version $version: restic sees its own copies there, and the same trees"
  expect 0 restic copy "${FROM[@]}"
  same "$(snapshots)" 3
  same "$(restic snapshots --json | grep -o '"tree":"[0-9a-f]*"' | sort)" \
    "$(restic -r "$work/first" snapshots --json | grep -o '"tree":"[0-9a-f]*"' | sort)" trees
  expect 0 restic -q restore latest --target "out-v$version"
  identical practice "out-v$version/practice"
  expect 0 medsave backup practice special
  expect 0 restic check
done

step "what restic copied, medsave skips; a filter and an id"
use third
expect 0 restic init
expect 0 restic copy "${FROM[@]}" --host beta
expect 0 medsave copy -v "${FROM[@]}" --host beta
says "skipping source snapshot"
same "$(snapshots)" 1
expect 0 medsave copy "${FROM[@]}" --tag one
same "$(snapshots)" 2
expect 1 medsave copy "${FROM[@]}" nonsense
says 'there is no snapshot nonsense'
expect 0 medsave --as-restic copy "${FROM[@]}" nonsense
says 'Ignoring "nonsense"'
expect 10 medsave copy --from-repo "$work/nowhere"
expect 1 medsave copy
sound

step "tags"
use first
expect 0 medsave tag --add red,green --tag one
says "modified 1 snapshot$"
expect 0 medsave tag --remove green --tag red
same "$(medsave snapshots --json --tag red | json-value --count "")" 1
same "$(medsave snapshots --json --tag green | json-value --count "")" 0
expect 0 medsave --json tag --set blue latest
same "$(summary changed_snapshots)" 1
original=$(restic snapshots --json --tag blue | grep -o '"original":"[0-9a-f]*"')
expect 0 medsave tag --set white --tag blue
same "$(restic snapshots --json --tag white | grep -o '"original":"[0-9a-f]*"')" "$original" original
expect 0 medsave tag --add nothing --dry-run
same "$(medsave snapshots --json --tag nothing | json-value --count "")" 0
expect 1 medsave tag
expect 1 medsave tag --set a --add b
same "$(snapshots)" 3
sound

step "rewrite makes the trees that restic makes"
for options in "--exclude *.txt" "--include practice" "--iexclude SPECIAL" "--exclude nosuch"; do
  for program in restic medsave; do
    $program rewrite --help >/dev/null 2>&1 || continue
    cp -r first "rewrite-$program"
    use "rewrite-$program"
    set -f
    # shellcheck disable=SC2086
    expect 0 $program rewrite $options --forget
    set +f
  done
  if knows rewrite; then
    same "$(use rewrite-medsave && field tree)" "$(use rewrite-restic && field tree)" \
      "trees with $options"
    same "$(use rewrite-medsave && field total_bytes_processed)" \
      "$(use rewrite-restic && field total_bytes_processed)" "sums with $options"
  fi
  use rewrite-medsave
  sound
  rm -rf rewrite-*
done

step "rewrite of metadata; without --forget the old ones stay"
use first
before=$(ids)
expect 0 medsave rewrite --exclude '*.txt' --dry-run
same "$(ids)" "$before" "snapshots after a dry run"
expect 0 medsave rewrite --new-host gamma --new-time "2020-02-03 04:05:06" latest
same "$(medsave snapshots --json --host gamma --tag rewrite | json-value --count "")" 1
same "$(snapshots)" 4
expect 1 medsave rewrite
expect 1 medsave rewrite --exclude a --include b
expect 0 medsave rewrite --include nothing-of-this-name
says "no snapshots were modified"
sound

step "a missing and a damaged index file"
use first
cp -r first intact
rm -f "first/index/$(ls first/index | head -n 1)"
expect 0 medsave repair index --dry-run
expect 0 medsave repair index
says "adding pack file"
sound
chmod u+w first/index/*
echo x >>"first/index/$(ls first/index | head -n 1)"
expect 0 medsave repair index
sound
expect 0 medsave repair index
says "nothing was changed"
expect 0 medsave repair index --read-all-packs
sound
if knows repair index; then expect 0 restic repair index; else expect 0 restic rebuild-index; fi
expect 0 medsave check

step "damaged packs: what is intact is saved, the rest leaves the snapshots"
for pack in $(find first/data -type f -size +20k | sort | head -n 3); do
  flip "$pack" $(($(size "$pack") / 3))
  damaged+=("$(basename "$pack")")
done
expect 1 restic check --read-data
expect 0 medsave repair packs --dry-run "${damaged[@]}"
expect 0 medsave repair packs "${damaged[@]}"
for pack in "${damaged[@]}"; do
  [ -s "pack-$pack" ] || fail "no copy of $pack"
  [ ! -e "first/data/${pack:0:2}/$pack" ] || fail "$pack is still there"
done
expect 1 restic check
expect 0 medsave repair snapshots --dry-run
says "missing content: |replaced with an empty folder"
expect 1 restic check
expect 0 medsave repair snapshots --forget
sound
if knows repair snapshots; then
  expect 0 restic repair snapshots
  says "no snapshots were modified"
fi

step "missing packs, of data and of trees"
cp -r intact missing
use missing
rm -f "$(find missing/data -type f -printf '%s %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)"
rm -f "$(find missing/data -type f -printf '%s %p\n' | sort -n | head -n 1 | cut -d' ' -f2)"
expect 1 medsave repair snapshots
says "repair index"
expect 0 medsave repair index
says "removing not found pack file"
cp -r missing missing-restic
expect 0 medsave repair snapshots --forget
sound
trees=$(field tree)
if knows repair snapshots; then
  use missing-restic
  expect 0 restic repair snapshots --forget
  same "$(field tree)" "$trees" "trees repaired by restic"
fi

step "recover brings back what was forgotten"
use intact
trees=$(field tree | wc -l)
for id in $(ids); do expect 0 restic forget "$id"; done
expect 0 medsave recover --dry-run
same "$(snapshots)" 0
expect 0 medsave recover
same "$(snapshots)" 1
same "$(medsave ls -q latest | grep -c '^/[0-9a-f]*$')" "$trees" "recovered roots"
sound
expect 0 medsave recover
says "no snapshot to write"
expect 0 restic recover
same "$(snapshots)" 1

step "migrate"
use second-v1
expect 0 medsave migrate
says upgrade_repo_v2
expect 1 medsave migrate nonsense
expect 0 medsave migrate --dry-run upgrade_repo_v2
says "would apply"
same "$(medsave cat config | tr -d '\n' | json-value /version)" 1
expect 0 medsave migrate upgrade_repo_v2
expect 0 medsave migrate
says "no migrations found"
says_not "available migrations"
sound
expect 0 restic backup special
expect 0 medsave prune --repack-uncompressed
sound

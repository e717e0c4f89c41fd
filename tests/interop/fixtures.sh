# Repositories restic 0.19.1 wrote, with everything in them that is hard: medsave restores what
# restic restores, with each of their passwords.
source "$(dirname "$0")/../support/lib.sh"
need_restic
# What restic cannot bring back, or only some releases: link targets that are not UTF-8
# (before 0.17), times after 2262, symlinks with two names.
restics_faults='(^|/)(links/latin1: target|times/.*: mtime -2147483648|hard/sym2: is the same file)'

for version in 1 2; do
  tar -xzf "$tests/data/repo-v$version.tar.gz"
  export RESTIC_REPOSITORY=$work/repo-v$version RESTIC_PASSWORD=fixture-password-1
  step "version $version: check"
  expect 0 medsave check --read-data
  expect 0 env RESTIC_PASSWORD='zweites Passwort ✓ é' "$MEDSAVE" snapshots
  expect 12 env RESTIC_PASSWORD='zweites Passwort' "$MEDSAVE" snapshots
  for id in $(medsave list snapshots); do
    step "version $version: snapshot ${id:0:8}"
    rm -rf by-restic by-medsave
    restic -q restore "$id" --target by-restic
    expect 0 medsave restore "$id" --target by-medsave
    treediff --ignore-root by-restic by-medsave >differences ||
      if grep -Ev "$restics_faults|^[0-9]+ differences" differences >&2; then
        fail "restored differently"
      fi
    same "$(restic ls --json "$id" | grep -c '"struct_type":"node"')" \
      "$(medsave ls --json "$id" | grep -c '"struct_type":"node"')" "nodes listed"
  done
done

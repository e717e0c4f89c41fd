# Sourced by the tests of servers that can be ended and started again.

# restarts PROGRAM PACKS STOP START: backup, restore and prune go on when the server ends in their
# middle and comes back. All four are functions or programs: what calls medsave for
# $RESTIC_REPOSITORY, where nothing is yet; what prints how many packs that holds; what ends the
# server, with its connections; and what starts it where it was.
restarts() {
  local program=$1 packs=$2 stop=$3 start=$4 before i
  mkdir restarts restarts/data
  # Far more packs than connections, so that requests are left when the first one is done.
  for ((i = 0; i < 80; i++)); do head -c 500000 /dev/urandom >restarts/data/$i; done
  expect 0 "$program" init
  expect 0 "$program" backup "$tests/support/lib.sh"
  export MEDSAVE_PACK_SIZE=4

  step "a server that is started again in the middle of a backup"
  before=$("$packs")
  stored_packs() { [ "$("$packs")" -gt "$before" ]; }
  interrupted_once stored_packs --limit-upload 10000 backup restarts/data

  step "a server that is started again in the middle of a restore"
  restored_files() { [ -n "$(find restarts/out -type f -size +0 -print -quit)" ]; }
  interrupted_once restored_files --limit-download 10000 restore latest --target restarts/out
  identical restarts/data restarts/out/restarts/data

  step "a server that is started again while prune repacks"
  rm restarts/data/*[02468]
  expect 0 "$program" backup restarts/data
  expect 0 "$program" forget --keep-last 1 --group-by ''
  before=$("$packs")
  interrupted_once stored_packs --limit-download 6000 prune --max-unused 0
  [ "$("$packs")" -lt "$before" ] || fail "prune freed nothing"
  rm -r restarts/out
  expect 0 "$program" restore latest --target restarts/out
  identical restarts/data restarts/out/restarts/data
  unset MEDSAVE_PACK_SIZE
  rm -r restarts
}

# interrupted_once MIDDLE ARGUMENTS...: the server ends once MIDDLE succeeds, and comes back when
# the command has noticed that.
interrupted_once() {
  local middle=$1 command
  shift
  "$program" "$@" >command.log 2>&1 &
  command=$!
  wait_for "$middle"
  "$stop"
  noticed() { grep -q "trying again" command.log; }
  wait_for noticed
  kill -0 $command || fail "it has ended: $(cat command.log)"
  "$start"
  wait $command || fail "$(cat command.log)"
  expect 0 "$program" check --read-data
}

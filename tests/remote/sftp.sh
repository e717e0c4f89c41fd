# Repositories behind SSH: a real sshd, reached through the user's own ssh with its configuration.
source "$(dirname "$0")/../support/lib.sh"
source "$tests/remote/start-sshd.sh"
source "$tests/support/every_command.sh"
source "$tests/remote/restarts.sh"

over_ssh() {
  local arguments=(-o sftp.args="-F $work/ssh_config")
  medsave "${arguments[@]}" "$@"
}
restic_over_ssh() { restic -o sftp.command="ssh -F $work/ssh_config nas -s sftp" "$@"; }
export RESTIC_REPOSITORY=sftp:nas:$work/store/repo
practice-data practice --scale 0.05
head -c 20000000 /dev/urandom >random
start_sshd "$sftp_server"
trust_host
configure_ssh
ssh -F ssh_config nas true 2>ssh.log || skip "cannot log in to sshd as $(id -un): $(cat ssh.log sshd.log)"

step "what every backend must do"
printf '#!/bin/sh\nexec ssh -F %s nas -s sftp\n' "$work/ssh_config" >connect
chmod +x connect
expect 0 env MEDSAVE_LOCATION="sftp:nas:$work/contract/{}" \
  MEDSAVE_OPTIONS="sftp.command=$work/connect" remote-contract

RESTIC_REPOSITORY=sftp:nas:$work/store/every every_command over_ssh restic_over_ssh

step "init, backup, check, restore"
expect 0 over_ssh init
expect 1 over_ssh init
says "already|exists"
expect 0 over_ssh backup practice
expect 0 over_ssh backup practice
expect 0 over_ssh check --read-data
expect 0 over_ssh restore latest --target out
identical practice out/practice
same "$(stat -c %a store/repo store/repo/config | tr '\n' ' ')" "700 600 "

step "forget and prune"
practice-data practice --scale 0.05 --day 1
expect 0 over_ssh backup practice
expect 0 over_ssh forget --keep-last 1 --group-by '' --prune --max-unused 0
expect 0 over_ssh check --read-data
same "$(find store -name '*-tmp-*' | wc -l)" 0 "leftovers"

if command -v "$RESTIC" >/dev/null; then
  step "restic reads what medsave wrote, and the other way round"
  expect 0 restic_over_ssh check --read-data
  rm -rf out
  expect 0 restic_over_ssh restore latest --target out
  identical practice out/practice
  expect 0 restic_over_ssh backup random
  expect 0 over_ssh check --read-data
  rm -rf out
  expect 0 over_ssh restore latest --target out
  cmp random out/random
fi

step "the long form of the address"
expect 0 over_ssh -r "sftp://$(id -un)@nas:$port/$work/store/repo" snapshots

step "a host key that is not the known one is never passed over"
ssh-keygen -q -t ed25519 -N '' -f otherkey
echo "[127.0.0.1]:$port $(cut -d ' ' -f 1,2 otherkey.pub)" >known_hosts
expect 1 over_ssh snapshots
says "another host key"
says "ssh-keygen -R"
says_not "trying again"

step "nor an unknown one"
: >known_hosts
expect 1 over_ssh snapshots
says "does not know the server's host key"
same "$(wc -c <known_hosts)" 0 "the key was accepted"
trust_host

step "a login that is refused"
configure_ssh "IdentityFile $work/otherkey"
sed -i "\|IdentityFile $work/key\$|d" ssh_config
expect 1 over_ssh snapshots
says "refuses the login.*ssh-copy-id"
says_not "trying again|Permission denied"
expect 1 over_ssh -v snapshots
says "refuses the login.*\(ssh: .*Permission denied"
configure_ssh

step "wrong use"
expect 1 over_ssh -r sftp:-oProxyCommand=touch\ owned:x snapshots
says "SFTP address"
[ ! -e owned ] || fail "a command was run"
expect 1 medsave -o sftp.args=x -o sftp.command=y snapshots
says "sftp.args"
expect 1 medsave -o sftp.command=no-such-program snapshots
says "no program no-such-program"
expect 1 medsave -o sftp.args="-F $work/no-such-file" snapshots
says "ssh cannot use its configuration"
expect 1 medsave -o sftp.command="echo Welcome" snapshots
says "does not speak SFTP"
expect 10 over_ssh -r "sftp:nas:$work/store/other" snapshots

packs_of_restarts() { find store/restarts/data -type f ! -name '*-tmp-*' | wc -l; }
start_sshd_again() { start_sshd "$sftp_server"; }
RESTIC_REPOSITORY=sftp:nas:$work/store/restarts \
  restarts over_ssh packs_of_restarts stop_sshd start_sshd_again

step "a server that stays away is tried again until the user stops that"
stop_sshd
"$MEDSAVE" -o sftp.args="-F $work/ssh_config" snapshots >away.log 2>&1 &
away=$!
tried_again() { grep -q "trying again.*nothing answers SSH" away.log; }
wait_for tried_again
kill -INT "$away"
status=0
wait "$away" || status=$?
[ "$status" -ne 0 ] || fail "no error"
start_sshd "$sftp_server"
expect 0 over_ssh check

step "a server that hangs is given up and asked again"
cat >hangs <<SCRIPT
#!/bin/sh
if mkdir $work/hung 2>/dev/null; then exec sleep 600; fi
exec $sftp_server
SCRIPT
chmod +x hangs
expect 0 medsave -o sftp.command="$work/hangs" --stuck-request-timeout 1s snapshots
says "no answer for 1 second"

step "a quota that is used up: tried again until somebody makes room"
cat >no_room <<SCRIPT
#!/bin/sh
# Like a quota: a write fails, whatever the free space; the server says no more than "failure".
[ ! -e $work/quota ] || { trap '' XFSZ; ulimit -f 2000; }
exec $sftp_server
SCRIPT
chmod +x no_room
touch quota
head -c 9000000 /dev/urandom >unseen
"$MEDSAVE" -o sftp.command="$work/no_room" --pack-size 4 backup unseen >quota.log 2>&1 &
waiting=$!
refused() { grep -q "trying again.*used up quota" quota.log; }
wait_for refused
rm quota
pkill -P "$waiting" || true # new connections have the room
wait "$waiting" || fail "$(tail -n 5 quota.log)"
expect 0 over_ssh check --read-data
# What lost connections left may be a living writer's for a day. Those that were lost when the
# server was started again have left theirs in the other repository.
# A server process of a lost connection may write to one a moment longer.
for attempt in 1 2 3; do
  find store -name '*-tmp-*' -exec touch -d '25 hours ago' {} +
  for repository in repo restarts; do
    expect 0 over_ssh -r "sftp:nas:$work/store/$repository" prune
  done
  [ -n "$(find store -name '*-tmp-*')" ] || break
  sleep 1
done
same "$(find store -name '*-tmp-*' | wc -l)" 0 "leftovers"

step "an account that may only read"
stop_sshd
start_sshd "$sftp_server" -R
expect 0 over_ssh --no-lock snapshots
expect 1 over_ssh backup practice
says "Permission denied"
says_not "trying again"

if [ "$(id -u)" -eq 0 ] && mkdir -p mount && mount -t tmpfs -o size=8m tmpfs mount 2>/dev/null; then
  step "a full disk"
  stop_sshd
  start_sshd "$sftp_server"
  export RESTIC_REPOSITORY=sftp:nas:$work/mount/repo
  expect 0 over_ssh init
  expect 0 over_ssh backup connect
  expect 1 over_ssh backup random
  says "is full"
  says_not "trying again"
  expect 0 over_ssh check --read-data
fi
stop_sshd

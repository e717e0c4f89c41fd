# Sourced by sftp.sh and tests/bench/remote: OpenSSH's server with a configuration of its own, for
# the user who runs it, at the address $host (default: loopback). Packages: openssh-server,
# openssh-client, openssh-sftp-server.
host=${host:-127.0.0.1}
sshd=$(command -v sshd || echo /usr/sbin/sshd)
[ -x "$sshd" ] || skip "no sshd (openssh-server)"
command -v ssh >/dev/null || skip "no ssh (openssh-client)"
sftp_server=/usr/lib/openssh/sftp-server
[ -x "$sftp_server" ] || skip "no $sftp_server (openssh-sftp-server)"
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd

# start_sshd SUBSYSTEM...: serves the command as its SFTP; listens on $port, runs as $sshd_pid. With
# $port set it comes back where it was.
start_sshd() {
  [ -e hostkey ] || ssh-keygen -q -t ed25519 -N '' -f hostkey
  [ -e key ] || ssh-keygen -q -t ed25519 -N '' -f key
  for _ in $(seq 20); do
    [ -n "${port:-}" ] || port=$((20000 + RANDOM % 40000))
    cat >sshd_config <<CONFIG
ListenAddress $host
Port $port
HostKey $work/hostkey
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
AuthorizedKeysFile $work/key.pub
MaxStartups 100
Subsystem sftp $*
CONFIG
    "$sshd" -D -e -f sshd_config 2>sshd.log &
    sshd_pid=$!
    for _ in $(seq 100); do
      if grep -q "Server listening" sshd.log; then return; fi
      kill -0 "$sshd_pid" 2>/dev/null || break
      sleep 0.05
    done
    if grep -q "Server listening" sshd.log; then return; fi
    kill_hard "$sshd_pid"
    port=
  done
  skip "sshd does not start: $(tail -n 3 sshd.log)"
}
# Its connections too.
stop_sshd() {
  pkill -9 -P "$sshd_pid" || true
  kill_hard "$sshd_pid"
}

# configure_ssh KEY=VALUE...: the client's side, "nas" in the file ssh_config; more settings first.
configure_ssh() {
  {
    echo "Host nas"
    printf '  %s\n' "$@"
    cat <<CONFIG
  HostName $host
  Port $port
  User $(id -un)
  IdentityFile $work/key
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile $work/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
CONFIG
  } >ssh_config
}
trust_host() { echo "[$host]:$port $(cut -d ' ' -f 1,2 hostkey.pub)" >known_hosts; }

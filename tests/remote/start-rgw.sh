# Sourced by tests and tests/bench/remote. start_rgw [OSDS] starts a small Ceph cluster in memory (a
# monitor, one or more OSDs, an object gateway) on loopback ports, the gateway at the address $host
# (default: loopback), as background jobs that the caller ends. Debian packages: ceph-mon ceph-osd
# radosgw. Afterwards:
#   S3_ENDPOINT          http://$host:PORT; http://localhost:PORT knows buckets as host names
#   AWS_ACCESS_KEY_ID    \ of a user who may do everything,
#   AWS_SECRET_ACCESS_KEY/ exported
#   READER_ACCESS_KEY, READER_SECRET_KEY   of one who may only read
#   OSD_PIDS             array of the OSDs' processes
#   gateway              the gateway's process

host=${host:-127.0.0.1}
ceph_packages="apt-get install --no-install-recommends ceph-mon ceph-osd radosgw"
for variable in $(compgen -e AWS_) $(compgen -e CEPH_); do unset "$variable"; done

# Ports that nothing listens on, different ones.
free_ports() {
  local port
  for port in $(shuf -i 20000-32000 -n $((10 * $1))); do
    if ! grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$port") " /proc/net/tcp; then echo "$port"; fi
  done | head -n "$1"
}

ceph_configuration() { # OSDS MONITOR-PORT GATEWAY-PORT
  cat <<EOF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon host = [v2:127.0.0.1:$2/0]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
ms bind msgr1 = false
keyring = $ceph/keyring
log file = $ceph/\$name.log
log to stderr = false
mon cluster log file = $ceph/cluster.log
run dir = $ceph
admin socket =
crash dir = $ceph
mon data = $ceph/mon
mon warn on insecure global id reclaim allowed = false
# A nearly full disk is no reason not to start: everything is in memory.
mon data avail warn = 1
mon data avail crit = 0
mon allow pool size one = true
mon max pg per osd = 1000
osd data = $ceph/osd-\$id
osd objectstore = memstore
memstore device bytes = $((4 << 30))
osd pool default size = $(($1 < 3 ? $1 : 3))
osd pool default min size = $(($1 < 3 ? 1 : 2))
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd class update on start = false
# A dead OSD is noticed within seconds.
osd heartbeat interval = 1
osd heartbeat grace = 4
mon osd min down reporters = 1
mon osd adjust heartbeat grace = false
[client]
rgw data = $ceph/rgw
rgw frontends = beast endpoint=$host:$3
rgw dns name = localhost
rgw enable usage log = false
rgw num rados handles = 1
EOF
}

ceph_run() { # PROGRAM ARGUMENTS...
  timeout 100 "$1" -c "$ceph/ceph.conf" "${@:2}" >"$ceph/out" 2>>"$ceph/errors" || {
    tail -n 20 "$ceph/errors" >&2
    fail "Ceph does not start: $*"
  }
}

start_monitor() {
  local port=$1 id
  ceph_run ceph-authtool -C "$ceph/keyring" -g -n client.admin --cap mon 'allow *' --cap osd 'allow *'
  ceph_run ceph-authtool "$ceph/keyring" -g -n mon.
  id=$(sed -n 's/^fsid = //p' "$ceph/ceph.conf")
  ceph_run monmaptool --create --fsid "$id" --addv a "[v2:127.0.0.1:$port]" "$ceph/monmap"
  ceph_run ceph-mon --mkfs -i a --monmap "$ceph/monmap" --keyring "$ceph/keyring"
  ceph-mon -f -i a -c "$ceph/ceph.conf" >>"$ceph/errors" 2>&1 &
  wait_for timeout 10 ceph -c "$ceph/ceph.conf" --connect-timeout 3 mon stat
}

start_osd() { # NUMBER
  local uuid key
  uuid=$(cat /proc/sys/kernel/random/uuid)
  key=$(ceph-authtool --gen-print-key)
  mkdir "$ceph/osd-$1"
  ceph_run ceph osd new "$uuid" -i - <<<"{\"cephx_secret\": \"$key\"}"
  ceph_run ceph-authtool "$ceph/keyring" -n "osd.$1" --add-key "$key"
  ceph_run ceph-osd -i "$1" --mkfs --osd-uuid "$uuid"
  ceph-osd -f -i "$1" -c "$ceph/ceph.conf" >>"$ceph/errors" 2>&1 &
  OSD_PIDS[$1]=$!
}

gateway_answers() { curl -s -o "$ceph/out" --max-time 5 "$S3_ENDPOINT"; }

# It keeps nothing itself, and may be ended and started again. Its process is in $gateway.
start_gateway() {
  radosgw -f -n client.admin -c "$ceph/ceph.conf" >>"$ceph/errors" 2>&1 &
  gateway=$!
  wait_for gateway_answers
}

start_rgw() {
  local osds=${1:-1} ports i
  for i in ceph ceph-mon ceph-osd radosgw radosgw-admin curl; do
    command -v "$i" >/dev/null || skip "no $i ($ceph_packages curl)"
  done
  ceph=$work/ceph
  mkdir -p "$ceph/mon" "$ceph/rgw"
  mapfile -t ports < <(free_ports 2)
  ceph_configuration "$osds" "${ports[@]}" >"$ceph/ceph.conf"
  start_monitor "${ports[0]}"
  OSD_PIDS=()
  for ((i = 0; i < osds; i++)); do start_osd "$i"; done
  export AWS_ACCESS_KEY_ID=TESTKEY AWS_SECRET_ACCESS_KEY=TEST/SECRET+$RANDOM
  ceph_run radosgw-admin user create --uid test --display-name test \
    --access-key "$AWS_ACCESS_KEY_ID" --secret-key "$AWS_SECRET_ACCESS_KEY"
  READER_ACCESS_KEY=READERKEY READER_SECRET_KEY=READER/SECRET+$RANDOM
  ceph_run radosgw-admin subuser create --uid test --subuser reader --access read
  ceph_run radosgw-admin key create --uid test --subuser reader --key-type s3 \
    --access-key "$READER_ACCESS_KEY" --secret-key "$READER_SECRET_KEY"
  S3_ENDPOINT=http://$host:${ports[1]}
  start_gateway
}

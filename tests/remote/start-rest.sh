# Sourced by rest.sh, rclone.sh, faults.sh and tests/bench/remote: restic's REST protocol as
# Debian's rclone serves it, at the address $host (default: loopback). Packages: rclone, openssl.
host=${host:-127.0.0.1}
command -v rclone >/dev/null || skip "no rclone"
export RCLONE_CONFIG=$work/rclone.conf
touch "$RCLONE_CONFIG"

# serve_rest FOLDER OPTIONS...: its address is in $address afterwards (host:port), its process in
# $server. With --addr it comes back where it was.
serve_rest() {
  local folder=$1 log
  shift
  log=$(mktemp "$work/rclone.XXXXXX")
  rclone serve restic --addr "$host:0" "$@" "$folder" 2>"$log" &
  server=$!
  wait_for grep -q "Serving restic REST API" "$log"
  address=$(sed -n 's|.*https\?://\([0-9.]*:[0-9]*\)/.*|\1|p' "$log")
}
# make_authority NAME: a private authority NAME.pem with NAME.key.
make_authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
    -subj "/CN=$1" -keyout "$1.key" -out "$1.pem" 2>/dev/null
}
# certify NAME AUTHORITY DAYS SUBJECT-ALTERNATIVE-NAME: NAME.crt and NAME.key.
certify() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
    -keyout "$1.key" -out "$1.csr" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days "$3" \
    -extfile <(echo "subjectAltName=$4") -out "$1.crt" 2>/dev/null
}

# A store that lacks what others have: OpenStack Swift's S3 interface knows no conditional requests
# and ignores object lock without a word. On demand: scripts/test --swift. Debian packages:
# swift-proxy swift-account swift-container swift-object curl
[ -n "${MEDSAVE_SWIFT:-}" ] || { echo "skipped: on demand (scripts/test --swift)"; exit 77; }
source "$(dirname "$0")/../support/lib.sh"
for program in swift-{proxy,account,container,object}-server swift-ring-builder curl; do
  command -v "$program" >/dev/null || skip "no $program"
done

swift=$work/swift
first_port=$(shuf -i 20000-32000 -n 1)
mkdir -p "$swift/devices/d1"

# Four ports in a row; one that is taken ends its server, and the test.
write_server() { # NAME PORT
  cat >"$swift/$1.conf" <<EOF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $2
workers = 0
user = $(id -un)
swift_dir = $swift
devices = $swift/devices
mount_check = false
[pipeline:main]
pipeline = $1-server
[app:$1-server]
use = egg:swift#$1
EOF
}
write_proxy() {
  local filter name
  # The order of the filters is Swift's own; symlink has to stand behind versioned_writes.
  local pipeline=(catch_errors gatekeeper cache listing_formats bulk s3api tempauth copy slo dlo
    versioned_writes symlink)
  {
    printf '[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = %s\nworkers = 0\nuser = %s\n' \
      "$first_port" "$(id -un)"
    printf 'swift_dir = %s\n[pipeline:main]\npipeline = %s proxy-server\n' "$swift" "${pipeline[*]}"
    printf '[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n'
    for filter in "${pipeline[@]}"; do
      name=$filter
      [ "$filter" != cache ] || name=memcache
      printf '[filter:%s]\nuse = egg:swift#%s\n' "$filter" "$name"
      case $filter in
        cache) echo "memcache_servers = 127.0.0.1:1" ;;
        s3api) echo "location = us-east-1" ;;
        tempauth) echo "user_test_tester = testing .admin" ;;
        versioned_writes) echo "allow_versioned_writes = true" ;;
      esac
    done
  } >"$swift/proxy.conf"
}
answers() { curl -s -o "$work/answer" --max-time 5 "$S3_ENDPOINT"; }

cat >"$swift/swift.conf" <<EOF
[swift-hash]
swift_hash_path_suffix = suffix
swift_hash_path_prefix = prefix
[storage-policy:0]
name = only
default = yes
EOF
port=$first_port
for kind in object container account; do
  port=$((port + 1))
  write_server "$kind" "$port"
  (
    cd "$swift"
    swift-ring-builder "$kind.builder" create 4 1 0
    swift-ring-builder "$kind.builder" add "r1z1-127.0.0.1:$port/d1" 1
    swift-ring-builder "$kind.builder" rebalance
  ) >"$work/rings" 2>&1
  "swift-$kind-server" "$swift/$kind.conf" >"$swift/$kind.log" 2>&1 &
done
write_proxy
swift-proxy-server "$swift/proxy.conf" >"$swift/proxy.log" 2>&1 &
export S3_ENDPOINT=http://127.0.0.1:$first_port
wait_for answers
export AWS_ACCESS_KEY_ID=test:tester AWS_SECRET_ACCESS_KEY=testing POOR_STORE=1

step "what every backend must do"
expect 0 env MEDSAVE_LOCATION="s3:$S3_ENDPOINT/contract/{}" remote-contract

step "keys, credentials, clocks, pages; no retention is claimed"
expect 0 s3-store

step "a repository"
export RESTIC_REPOSITORY=s3:$S3_ENDPOINT/practice
practice-data practice --scale 0.02
expect 0 medsave init
expect 1 medsave init
says "exists"
expect 0 medsave -o s3.region=eu-west-3 backup practice
expect 0 medsave check --read-data
expect 0 medsave restore latest --target out
identical practice out/practice
expect 1 medsave -r "s3:$S3_ENDPOINT/locked" -o s3.retention-lock=30d init
says "object lock"

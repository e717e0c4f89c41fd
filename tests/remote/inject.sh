# Sourced by the tests of what goes wrong between medsave and a server.

# inject RULE...: a proxy before $address (host:port) that injects faults; its own address is in
# $proxy afterwards, its process in $proxy_server. What it did is in the file requests.
inject() {
  [ -z "${proxy_server:-}" ] || kill_hard "$proxy_server"
  rm -f port requests
  fault-proxy --port-file port --log requests "$address" "$@" &
  proxy_server=$!
  wait_for test -s port
  proxy=127.0.0.1:$(cat port)
}
# injected PATTERN: how many of its requests look like that; "=" stands in those with a fault.
injected() { grep -c "$1" requests || true; }

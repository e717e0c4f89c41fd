# Repositories behind restic's REST protocol: TLS, users, sockets, append-only servers, and what
# goes wrong on the way. Packages: rclone, openssl.
source "$(dirname "$0")/../support/lib.sh"
source "$tests/remote/start-rest.sh"
source "$tests/remote/inject.sh"
source "$tests/support/every_command.sh"
source "$tests/remote/restarts.sh"
practice-data practice --scale 0.05
mkdir served

step "what every backend must do"
serve_rest served
expect 0 env MEDSAVE_LOCATION="rest:http://$address/contract/{}/" remote-contract

RESTIC_REPOSITORY=rest:http://$address/every/ every_command medsave restic

step "init and backup"
plain=rest:http://$address/plain
export RESTIC_REPOSITORY=$plain/
expect 10 medsave snapshots
expect 0 medsave init
expect 1 medsave init
says "exists"
expect 0 medsave backup practice

step "an unchanged backup takes a handful of requests"
inject
expect 0 medsave -r "rest:http://$proxy/plain/" backup practice
[ "$(wc -l <requests)" -le 25 ] || fail "$(wc -l <requests) requests"
if grep 'GET .*/data/[0-9a-f]' requests; then fail "fetches packs that it has stored itself"; fi

step "check and restore"
expect 0 medsave check --read-data
expect 0 medsave restore latest --target out
identical practice out/practice
rm -rf out

step "forget and prune; restic reads and writes it too"
practice-data practice --scale 0.05 --day 1
expect 0 medsave backup practice
expect 0 medsave forget --keep-last 1 --group-by '' --prune --max-unused 0
expect 0 medsave check --read-data
if command -v "$RESTIC" >/dev/null; then
  expect 0 restic check --read-data
  echo more >practice/more
  expect 0 restic backup practice
  expect 0 medsave check --read-data
  export RESTIC_REPOSITORY=rest:http://$address/restic-made/
  expect 0 restic init
  expect 0 restic backup practice
  expect 0 medsave backup practice
  expect 0 restic check --read-data
  export RESTIC_REPOSITORY=$plain/
fi

step "what lies between us and the server is survived"
# survives COMMAND...: with the faults of the proxy that inject started.
survives() {
  expect 0 medsave -r "rest:http://$proxy/plain/" --no-cache --stuck-request-timeout 1s "$@"
  [ "$(injected "=")" -ge 1 ] || fail "no fault was injected: $*"
}
inject "POST/data/#1:drop-answer" "POST/data/#2:drop-request=1000" "POST/data/#3:status=503" \
  "POST/index/#1:drop" "POST/snapshots/#1:drop-answer" "HEAD/data/#1:status=500" \
  "POST/locks/#1:status=429" "GET/keys/#1:cut=10"
practice-data practice --scale 0.05 --day 2
survives backup practice
inject "GET#~10:cut=100" "GET#~10:status=502" "GET/data/#3:stall=3" "GET/data/#7:stall-body=3" \
  "GET/data/#9:length=50"
survives restore latest --target out
identical practice out/practice
rm -rf out
inject "#~20:status=503"
survives check
inject "DELETE#1:drop-answer" "DELETE#2:status=500" "POST/data/#1:drop-answer"
survives forget --keep-last 1 --group-by '' --prune --max-unused 0
expect 0 medsave check --read-data

packs_of_restarts() { find served/restarts/data -type f | wc -l; }
stop_rest() { kill_hard "$server"; }
start_rest_again() { serve_rest served --addr "$address"; }
RESTIC_REPOSITORY=rest:http://$address/restarts/ \
  restarts medsave packs_of_restarts stop_rest start_rest_again

step "a server that has lost a pack when it is started again in the middle of a backup"
RESTIC_REPOSITORY=rest:http://$address/forgetful/
packs_of_forgetful() { find served/forgetful/data -type f -printf '%T@ %p\n' | sort -n; }
expect 0 medsave init
head -c 20000000 /dev/urandom >forgotten
# Over one connection: the first pack is acknowledged when the second one is on its way.
"$MEDSAVE" -o rest.connections=1 --pack-size 4 --limit-upload 10000 backup forgotten \
  >command.log 2>&1 &
backup=$!
two_packs() { [ "$(packs_of_forgetful | wc -l)" -ge 2 ]; }
wait_for two_packs
stop_rest
rm "$(packs_of_forgetful | sed -n '1s/^[^ ]* //p')"
noticed() { grep -q "trying again" command.log; }
wait_for noticed
start_rest_again
! wait $backup || fail "it was not noticed: $(cat command.log)"
grep -q "has lost pack.*restarted" command.log || fail "$(cat command.log)"
expect 0 medsave check
same "$(medsave snapshots --json)" "[]"

step "check finds a folder of packs that was renamed on the server"
RESTIC_REPOSITORY=rest:http://$address/renamed/
expect 0 medsave init
expect 0 medsave backup practice
expect 0 medsave check
folder=$(find served/renamed/data -mindepth 1 -type d ! -empty | head -n 1)
mv "$folder" "$folder.old"
expect 1 medsave check
says "missing: data/${folder##*/}/"
says "renamed or moved, put them back"
mv "$folder.old" "$folder"
expect 0 medsave check
RESTIC_REPOSITORY=$plain/

step "an upgrade that was cut short when the old config was deleted is finished by the next one"
RESTIC_REPOSITORY=rest:http+unix://$work/upgraded.sock:/upgraded/
# proxy_with RULE...: always at the same address, for that is what a repository is known by.
proxy_with() {
  [ -z "${socket_server:-}" ] || kill_hard "$socket_server"
  rm -f upgraded.sock
  fault-proxy --socket "$work/upgraded.sock" "$address" "$@" &
  socket_server=$!
  wait_for test -S upgraded.sock
}
proxy_with
expect 0 medsave init --repository-version 1
expect 0 medsave backup practice
proxy_with "POST/config#*:status=503"
expect 1 medsave migrate upgrade_repo_v2
[ ! -e served/upgraded/config ] || fail "the old config was not deleted first"
copy=$(sed -n 's/.*copy of.*is kept in //p' stdout stderr)
[ -s "$copy" ] || fail "no copy is named"
same "$(stat -c %a "$copy")" 600
proxy_with
expect 10 medsave snapshots
says "$copy"
says "medsave migrate upgrade_repo_v2"
expect 0 medsave migrate upgrade_repo_v2
[ ! -e "$copy" ] || fail "the copy is still there"
expect 0 medsave check
same "$(medsave cat config | tr -d '\n' | json-value /version)" 2

step "drives that take turns at one address keep each their own config"
# insert DRIVE: puts another one in; the one before is taken away.
insert() {
  [ ! -d served/upgraded ] || mv served/upgraded "served/$inserted"
  [ ! -d "served/$1" ] || mv "served/$1" served/upgraded
  inserted=$1
  kill_hard "$server"  # rclone remembers what was there
  serve_rest served --addr "$address"
}
inserted=old
insert tuesday
expect 0 medsave init --force --repository-version 1
expect 0 medsave backup practice
insert wednesday
expect 0 medsave init --force
insert monday
expect 0 medsave init --force --repository-version 1
expect 0 medsave backup practice
cp served/upgraded/config config-of-monday
proxy_with "POST/config#*:status=503"
expect 1 medsave migrate upgrade_repo_v2
copy=$(sed -n 's/.*copy of.*is kept in //p' stdout stderr)
proxy_with
insert tuesday
expect 0 medsave migrate upgrade_repo_v2
cmp "$copy" config-of-monday
insert wednesday
expect 0 medsave migrate upgrade_repo_v2
says "already upgraded"
cmp "$copy" config-of-monday
mv served/upgraded/config config-of-wednesday
insert wednesday
expect 1 medsave migrate upgrade_repo_v2
says "that of another repository"
[ ! -e served/upgraded/config ] || fail "it has got a config that is not its own"
cmp "$copy" config-of-monday
mv config-of-wednesday served/upgraded/config
insert monday
expect 10 medsave snapshots
says "$copy"
RESTIC_PASSWORD=wrong expect 12 medsave migrate upgrade_repo_v2
expect 0 medsave migrate upgrade_repo_v2
[ ! -e "$copy" ] || fail "the copy is still there"
expect 0 medsave check
RESTIC_REPOSITORY=$plain/

step "recover says that something may be missing while packs cannot be read"
RESTIC_REPOSITORY=rest:http://$address/recovered/
expect 0 medsave init
expect 0 medsave backup practice
expect 0 medsave forget latest
mapfile -t refused < <(find served/recovered/data -type f -printf "GET/data/%f#*:status=403\n")
inject "${refused[@]}"
expect 1 medsave -r "rest:http://$proxy/recovered/" --no-cache recover
says "folder lists? could not be read"
says "do not prune before it succeeds"
rm -r served/recovered/index/*
expect 1 medsave -r "rest:http://$proxy/recovered/" --no-cache recover
says "do not prune before it succeeds"
expect 0 medsave recover
same "$(medsave snapshots --json | tr -d '\n' | json-value /0/paths/0)" /recover
RESTIC_REPOSITORY=$plain/

step "what will not pass is one clear error, at once"
fails() {
  expect 1 medsave -r "rest:http://$proxy/plain/" --no-cache "$@"
}
echo new >practice/new
inject "#*:html"
fails snapshots
says "web page"
inject "POST/data/#*:status=507"
fails backup practice
says "no room left"
inject "GET/snapshots/#*:short=10"
fails snapshots
says "list of files is not understood"
inject "POST/data/#*:status=413"
fails backup practice
inject "#*:status=405"
fails snapshots
inject "#*:status=301"
fails snapshots
says "sends elsewhere"
expect 0 medsave check --read-data

step "a bit that flips on the way is found"
inject "GET/data/#*:flip=200"
run medsave -r "rest:http://$proxy/plain/" --no-cache check --read-data
[ "$status" -ne 0 ] || fail "not found"
inject "POST/data/#1:flip-request=100"
head -c 100000 /dev/urandom >practice/random
run medsave -r "rest:http://$proxy/plain/" backup practice
run medsave check --read-data
[ "$status" -ne 0 ] || fail "rclone does not verify, and we did not either"

step "a unix socket"
fault-proxy --socket "$work/rest.sock" "$address" &
wait_for test -S rest.sock
expect 0 env MEDSAVE_LOCATION="rest:http+unix://$work/rest.sock:/sockets/{}/" remote-contract

step "TLS with an authority of its own, user and password"
make_authority ours
make_authority other
certify server ours 30 "IP:127.0.0.1"
serve_rest served --cert server.crt --key server.key --user me --pass 'se:cr@t/1'
secret=se%3Acr%40t%2F1
tls=rest:https://me:$secret@$address/tls/
expect 0 env MEDSAVE_CACERT=ours.pem \
  MEDSAVE_LOCATION="rest:https://me:$secret@$address/contract-tls/{}/" remote-contract
expect 0 medsave -r "$tls" --cacert ours.pem init
says_not 'se:cr|se%3A'
expect 0 medsave -r "$tls" --cacert ours.pem backup practice
expect 0 medsave -r "$tls" --cacert ours.pem check --read-data
expect 0 medsave -r "$tls" --insecure-tls snapshots
expect 0 env MEDSAVE_REST_USERNAME=me MEDSAVE_REST_PASSWORD='se:cr@t/1' "$MEDSAVE" \
  -r "rest:https://$address/tls/" --cacert ours.pem snapshots
expect 0 env RESTIC_REST_USERNAME=me RESTIC_REST_PASSWORD='se:cr@t/1' "$MEDSAVE" \
  -r "rest:https://$address/tls/" --cacert ours.pem snapshots

step "certificates and passwords that are not right"
expect 1 medsave -r "$tls" snapshots
says "not trusted.*--cacert"
expect 1 medsave -r "$tls" --cacert other.pem snapshots
says "not trusted"
expect 1 medsave -r rest:https://127.0.0.1:1/ --cacert nowhere.pem snapshots
says "--cacert: .*nowhere.pem"
expect 1 medsave -r rest:https://127.0.0.1:1/ --tls-client-cert nowhere.pem snapshots
says "--tls-client-cert: .*nowhere.pem"
expect 1 medsave -r "$tls" --cacert /dev/null snapshots
says "--cacert"
expect 1 medsave -r "rest:https://me:wrong@$address/tls/" --cacert ours.pem snapshots
says "password is not accepted"
says_not "wrong"
expect 1 medsave -r "rest:https://$address/tls/" --cacert ours.pem snapshots
says "MEDSAVE_REST_USERNAME"
expect 1 medsave -r "rest:http://me:$secret@$address/tls/" snapshots
says "https"
expect 1 medsave -r "rest:https://${plain#rest:http://}" snapshots
serve_rest served --cert server.crt --key server.key
certify elsewhere ours 30 "DNS:elsewhere.example"
serve_rest served --cert elsewhere.crt --key elsewhere.key
expect 1 medsave -r "rest:https://$address/tls/" --cacert ours.pem snapshots
says "not trusted"
certify expired ours -1 "IP:127.0.0.1"
serve_rest served --cert expired.crt --key expired.key
expect 1 medsave -r "rest:https://$address/tls/" --cacert ours.pem snapshots
says "expired"

step "a server that asks for a client certificate"
certify client ours 30 "DNS:client"
cat client.crt client.key >client.pem
serve_rest served --cert server.crt --key server.key --client-ca ours.pem
expect 1 medsave -r "rest:https://$address/tls/" --cacert ours.pem snapshots
says "--tls-client-cert"
expect 0 medsave -r "rest:https://$address/tls/" --cacert ours.pem --tls-client-cert client.pem \
  snapshots
expect 1 medsave -r "rest:https://$address/tls/" --cacert ours.pem --tls-client-cert client.crt \
  snapshots
says "--tls-client-cert"

step "an append-only server takes backups and deletes nothing"
rm -f practice/random
serve_rest served
expect 0 medsave -r "rest:http://$address/append/" init
serve_rest served --append-only
append=rest:http://$address/append/
expect 0 medsave -r "$append" backup practice
expect 0 medsave -r "$append" backup practice
expect 0 medsave -r "$append" check --read-data
before=$(find served/append -type f | sort)
expect 1 medsave -r "$append" forget --keep-last 1 --group-by '' --prune
says "append"
same "$(find served/append -type f | sort)" "$before"

step "addresses that are none, and passwords in them"
for wrong in rest: rest:host rest:ftp://me:secret@host/ rest:http://me:sec/ret@host/; do
  expect 1 medsave -r "$wrong" snapshots
  says "REST server"
  says_not "secret|ret@"
done

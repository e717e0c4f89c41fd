# A server that dies in the middle of a command is one failure, and not one for each file: the
# command ends when its patience is used up once. Packages: rclone.
source "$(dirname "$0")/../support/lib.sh"
source "$tests/remote/start-rest.sh"
mkdir served
serve_rest served
export RESTIC_REPOSITORY=rest:http://$address/repo/
mkdir -p practice/scans
for n in 1 2 3 4 5 6 7 8 9; do head -c 1000000 /dev/urandom >practice/scans/$n; done
expect 0 medsave init
expect 0 medsave --pack-size 4 backup practice
rm practice/scans/[12]
expect 0 medsave --pack-size 4 backup practice
contents() { find served/repo -type f ! -path '*/locks/*' -printf '%P %s\n' | sort; }
before=$(contents)

# All of them at a time, since each has to use up its patience.
names=()
commands=()
# begin NAME REQUESTS ARGUMENTS...: through a proxy, HERE, that is alive for so many requests.
begin() {
  names+=("$1")
  mkdir "$1"
  cd "$1"
  fault-proxy --port-file port --log requests "$address" "#$2+:drop" &
  wait_for test -s port
  local here
  here=rest:http://127.0.0.1:$(cat port)/repo/
  timeout 100 "$MEDSAVE" --no-cache --stuck-request-timeout 1s "${@:3}" -r "$here" \
    >stdout 2>stderr &
  commands+=($!)
  cd ..
}

step "restore, check, dump and prune"
begun=$SECONDS
begin restore 12 --no-lock restore latest --target out
begin check 12 --no-lock check --read-data
begin dump 12 --no-lock dump latest /
begin prune 16 prune --max-unused 0
for i in 0 1 2 3; do
  status=0
  wait "${commands[i]}" || status=$?
  cd "${names[i]}"
  same "$status" 1 "exit status of ${names[i]}"
  [ "$(grep -c drop requests)" -ge 2 ] || fail "the server lived on: ${names[i]}"
  same "$(grep -c '^Fatal: ' stderr)" 1 "errors of ${names[i]}"
  grep -q "out of reach" stderr || fail "$(cat stderr)"
  [ "$(grep -vc 'trying again' stderr)" -le 3 ] || fail "many words: $(cat stderr)"
  cd ..
done
[ $((SECONDS - begun)) -le 45 ] || fail "it took $((SECONDS - begun)) s"
same "$(contents)" "$before" "the repository"

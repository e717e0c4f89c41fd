# Repositories in an S3 object store: Ceph's gateway, which verifies signatures, on memory stores.
source "$(dirname "$0")/../support/lib.sh"
source "$tests/remote/start-rgw.sh"
source "$tests/remote/inject.sh"
source "$tests/support/every_command.sh"
source "$tests/remote/restarts.sh"
start_rgw

step "what every backend must do"
expect 0 env MEDSAVE_LOCATION="s3:$S3_ENDPOINT/contract/{}/a b" remote-contract
expect 0 env MEDSAVE_LOCATION="s3:http://localhost:${S3_ENDPOINT##*:}/contract/{}" \
  MEDSAVE_OPTIONS="s3.bucket-lookup=dns s3.connections=2" remote-contract

RESTIC_REPOSITORY=s3:$S3_ENDPOINT/every/thing every_command medsave restic

step "keys, credentials, clocks, pages, conditions, retention"
expect 0 env S3_ENDPOINT="$S3_ENDPOINT" S3_DNS_ENDPOINT="http://localhost:${S3_ENDPOINT##*:}" \
  READER_ACCESS_KEY="$READER_ACCESS_KEY" READER_SECRET_KEY="$READER_SECRET_KEY" s3-store
says_not "SKIPPED"

step "init makes the bucket; backup, check and restore"
export RESTIC_REPOSITORY=s3:$S3_ENDPOINT/practice/site/one
practice-data practice --scale 0.05
special-tree special --portable
expect 10 medsave snapshots
expect 0 medsave init
expect 1 medsave init
says "exists"
expect 0 medsave backup practice special
expect 0 medsave check --read-data
expect 0 medsave restore latest --target out
identical practice out/practice
identical special out/special

step "a second backup, forget and prune free what nobody needs"
practice-data practice --scale 0.05 --day 1
rm -r practice/scans special
expect 0 medsave backup practice
expect 0 medsave forget --keep-last 1 --group-by '' --prune --max-unused 0
expect 0 medsave check --read-data
same "$(snapshots)" 1
rm -rf out
expect 0 medsave restore latest --target out
identical practice out/practice

step "restic reads it, adds to it, and medsave reads that"
if command -v "$RESTIC" >/dev/null; then
  expect 0 restic check --read-data
  expect 0 restic restore latest --target restic-out
  identical practice restic-out/practice
  echo more >practice/more
  expect 0 restic backup practice
  expect 0 medsave check --read-data
  rm -rf out
  expect 0 medsave restore latest --target out
  identical practice out/practice
  export RESTIC_REPOSITORY=s3:$S3_ENDPOINT/restic-made
  expect 0 restic init
  expect 0 restic backup practice
  expect 0 medsave check --read-data
  expect 0 medsave backup practice
  expect 0 restic check --read-data
fi

packs_of_bucket() { medsave --no-lock list packs | wc -l; }
stop_gateway() { kill_hard "$gateway"; }
RESTIC_REPOSITORY=s3:$S3_ENDPOINT/restarts \
  restarts medsave packs_of_bucket stop_gateway start_gateway

step "what goes wrong on the way is survived: the store verifies what arrives"
address=${S3_ENDPOINT#http://}
# survives COMMAND...: with the faults of the proxy that inject started.
survives() {
  expect 0 medsave -r "s3:http://$proxy/faults" --no-cache --stuck-request-timeout "$stuck" "$@"
  [ "$(injected "=")" -ge 1 ] || fail "no fault was injected: $*"
}
inject "PUT/config#1:flip-request=20" "PUT/keys/#1:flip-request=20"
stuck=20s # a gateway takes its time to make a bucket
survives init
stuck=2s
export RESTIC_REPOSITORY=s3:$S3_ENDPOINT/faults
inject "PUT/data/#1:flip-request=1000" "PUT/data/#2:drop-request=1000" "PUT/data/#3:status=503" \
  "PUT/data/#4:drop-answer" "PUT/index/#1:flip-request=50" "PUT/snapshots/#1:flip-request=50" \
  "PUT/locks/#1:flip-request=50" "HEAD/data/#2:length=7" "GET/keys/#1:cut=10"
survives --pack-size 4 backup practice
expect 0 medsave check --read-data
inject "GET/data/#2:length=50" "GET/data/#3:cut=100" "GET/data/#4:stall=4" "GET/data/#9:flip=100" \
  "GET/index/#1:flip=100" "GET/snapshots/#1:status=429" "#3-5:status=503"
rm -rf out
survives restore latest --target out
identical practice out/practice

step "what will not pass is one clear error, and harms nothing"
fails() { # WORDS ARGUMENTS...
  expect 1 medsave -r "s3:http://$proxy/faults" --no-cache "${@:2}"
  says "$1"
  says_not "trying again"
  same "$(grep -c '^Fatal: ' stderr)" 1 "errors"
}
inject "/faults?#*:list-omits"
fails "no key files" snapshots
inject "/faults?#3+:list-resizes=7"
fails "instead of" --no-lock check
inject "#*:html"
fails "is there a proxy in between" snapshots
head -c 6000000 /dev/urandom >random
expect 1 env AWS_ACCESS_KEY_ID="$READER_ACCESS_KEY" AWS_SECRET_ACCESS_KEY="$READER_SECRET_KEY" \
  "$MEDSAVE" backup random
says "may do there.*AccessDenied"
says_not "trying again"
expect 0 env AWS_ACCESS_KEY_ID="$READER_ACCESS_KEY" AWS_SECRET_ACCESS_KEY="$READER_SECRET_KEY" \
  "$MEDSAVE" --no-lock snapshots
for quota in "set --max-size=1000000" enable; do
  # shellcheck disable=SC2086
  ceph_run radosgw-admin quota $quota --quota-scope=bucket --bucket=faults
done
expect 1 medsave backup random
says "quota is used up.*QuotaExceeded"
says_not "trying again"
same "$(grep -c '^Fatal: ' stderr)" 1 "errors"
expect 0 medsave --no-lock check --read-data # there is no room for a lock
expect 10 medsave -r "s3:$S3_ENDPOINT/no-such-bucket" backup random
says "repository does not exist"

step "errors say what is wrong, and never the secret"
export RESTIC_REPOSITORY=s3:$S3_ENDPOINT/practice/site/one
expect 1 env AWS_SECRET_ACCESS_KEY=wrong/secret "$MEDSAVE" snapshots
says "AWS_SECRET_ACCESS_KEY"
says_not "wrong/secret|$AWS_SECRET_ACCESS_KEY"
expect 1 env AWS_ACCESS_KEY_ID=NOBODY "$MEDSAVE" snapshots
says "AWS_ACCESS_KEY_ID"
expect 1 env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY HOME="$work" "$MEDSAVE" snapshots
says "no credentials"
expect 10 medsave -r "s3:$S3_ENDPOINT/no-such-bucket" snapshots
expect 1 medsave -r "s3:http://key:secret-word@host/bucket" snapshots
says_not "secret-word"

step "credentials from a profile"
mkdir -p "$work/.aws"
printf '[site]\naws_access_key_id = %s\naws_secret_access_key = %s\n' \
  "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" >"$work/.aws/credentials"
expect 0 env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY HOME="$work" AWS_PROFILE=site \
  "$MEDSAVE" snapshots

step "a repository whose files cannot be deleted"
export RESTIC_REPOSITORY=s3:$S3_ENDPOINT/locked/site
lock=(--retention-lock 1h)
expect 0 medsave "${lock[@]}" init
expect 0 medsave "${lock[@]}" backup practice
expect 0 medsave --retention-lock 2h backup practice
expect 0 medsave forget --keep-last 1 --group-by '' --prune
expect 0 medsave check --read-data
expect 1 medsave -r "s3:$S3_ENDPOINT/practice/other" "${lock[@]}" init
says "object lock"

step "interrupted after the snapshot was saved: the summary says that it was"
saved_one_more() { [ "$(medsave --json snapshots | json-value --count "")" -gt "$before" ]; }
for format in text json; do
  echo "$format" >>practice/after
  inject "HEAD/config#*:stall=60"
  before=$(medsave --json snapshots | json-value --count "")
  options=(--retention-lock 3h)
  [ $format = text ] || options+=(--json)
  "$MEDSAVE" -r "s3:http://$proxy/locked/site" "${options[@]}" backup practice --summary-file saved >stdout 2>stderr &
  pid=$!
  wait_for saved_one_more
  kill -INT $pid
  status=0
  wait $pid || status=$?
  same "$status" 130 "exit status"
  snapshot=$(medsave --json snapshots latest | json-value /0/short_id)
  if [ $format = text ]; then
    grep -q "^medsave: INTERRUPTED: Backup of" saved || fail "$(cat saved)"
    grep -q "^snapshot $snapshot was saved$" saved || fail "$(cat saved)"
  else
    same "$(json-value --type exit_error /message <saved)" "snapshot $snapshot was saved"
  fi
  ! grep -q "no snapshot was saved" saved stdout stderr || fail "denies the snapshot: $(cat saved stdout stderr)"
done

# Repositories in an S3 object store: Ceph's gateway, which verifies signatures, on memory stores.
source "$(dirname "$0")/../support/lib.sh"
source "$tests/remote/start-rgw.sh"
source "$tests/support/every_command.sh"
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

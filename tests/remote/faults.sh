# What servers and networks get wrong, over restic's REST protocol: every fault ends in success,
# after a repetition where one helps, or in one clear error, and the repository is what it was.
# Packages: rclone.
source "$(dirname "$0")/../support/lib.sh"
source "$tests/remote/start-rest.sh"
source "$tests/remote/inject.sh"
mkdir served
serve_rest served
repo=served/repo
export RESTIC_REPOSITORY=rest:http://$address/repo/
mkdir -p practice/scans
for n in 1 2 3 4 5 6 7 8 9; do head -c 1000000 /dev/urandom >practice/scans/$n; done
expect 0 medsave init
expect 0 medsave --pack-size 4 backup practice
rm practice/scans/[12]
head -c 5000000 /dev/urandom >practice/letter
expect 0 medsave --pack-size 4 backup practice

through() {
  timeout 60 "$MEDSAVE" -r "rest:http://$proxy/repo/" --no-cache --stuck-request-timeout 1s "$@"
}
contents() { find $repo -type f ! -path '*/locks/*' -printf '%P %s\n' | sort; }
before=$(contents)
# tries STATUS RULE ARGUMENTS...: nothing in the repository may change.
tries() {
  inject "$2"
  expect "$1" through "${@:3}"
  [ "$(injected "=")" -ge 1 ] || fail "no fault was injected: $2"
  same "$(contents)" "$before" "the repository after $2"
  [ "$1" -eq 0 ] || same "$(grep -c '^Fatal: ' stderr)" 1 "errors after $2"
}
passes() { tries 0 "$@"; }
refuses() { # WORDS RULE ARGUMENTS...
  tries 1 "${@:2}"
  says "$1"
  says_not "trying again"
}
contradicted() { # WORDS RULE ARGUMENTS...
  tries 1 "${@:2}"
  says "contradicts itself"
  says "$1"
}
restores() { # RULE
  passes "$1" --no-lock restore latest --target out
  identical practice out/practice
  rm -rf out
}
prune=(forget --keep-last 1 --group-by '' --prune --max-unused 0)
restore=(--no-lock restore latest --target out)

step "a list that leaves out a file"
refuses "is missing" "GET/data/#*:list-omits" --no-lock check
refuses "nothing was removed" "GET/data/#*:list-omits" prune
refuses "nothing was removed" "GET/index/#*:list-omits" prune
refuses "has no key files" "GET/keys/#*:list-omits" --no-lock snapshots

step "a list that leaves out a snapshot: whoever has a copy of it knows better"
inject "GET/snapshots/#*:list-omits"
same "$(RESTIC_REPOSITORY=rest:http://$proxy/repo/ snapshots)" 2
expect 0 medsave -r "rest:http://$proxy/repo/" prune --max-unused 0
same "$(contents)" "$before" "the repository after a prune"

step "a list with a file that does not exist"
passes "GET/data/#*:list-invents" --no-lock check
says "is in no index"
passes "GET/snapshots/#*:list-invents" --no-lock snapshots
says "contradicts itself"
restores "GET/index/#*:list-invents"
says "contradicts itself"
contradicted "no data was removed" "GET/index/#*:list-invents" prune

step "a list with sizes that are wrong"
refuses "nothing was removed" "GET/data/#*:list-resizes=-7" prune
says "does not have the size"
passes "GET/index/#*:list-resizes=-7" --no-lock check
restores "GET/snapshots/#*:list-resizes=7"

step "a file that is listed and cannot be had"
index=index/$(find $repo/index -type f -printf "%f\n" | head -n 1)
snapshot=snapshots/$(medsave --json --no-lock snapshots latest | json-value /0/id)
key=keys/$(ls $repo/keys)
restores "GET/$snapshot#1:status=404"
restores "GET/$index#1:status=404"
contradicted "snapshot" "GET/$snapshot#*:status=404" "${restore[@]}"
rm -rf out
contradicted "config" "GET/config#*:status=404" snapshots
contradicted "index" "GET/$index#*:status=404" backup practice
put-lock "$work/$repo" elsewhere 60
tries 11 "GET/locks/$(ls $repo/locks)#1:status=404" check
rm $repo/locks/*

step "what is said to be deleted and is not"
old=$(medsave --json --no-lock snapshots | json-value /0/id)
inject "DELETE/snapshots/#*:status=200"
expect 3 through forget --keep-last 1 --group-by ''
same "$(contents)" "$before" "the repository afterwards"
says "unable to remove snapshot ${old:0:8}.* still there"
says_not "removed snapshot|have been removed|has been removed"
echo another >another
expect 0 medsave key add --new-password-file another
added=$(cd $repo/keys && ls | grep -v "${key#keys/}")
before=$(contents)
refuses "key ${added:0:8} is still there" "DELETE/keys/#*:status=200" key remove "$added"
says_not "removed key"
expect 0 medsave key remove "$added"
rm another

step "a changed password whose old key cannot be deleted: both open, and that is said"
echo quite another pass phrase >another
for fault in "status=403" "status=200"; do
  old_key=$(cd $repo/keys && ls)
  inject "DELETE/keys/#*:$fault"
  expect 1 through key passwd --new-password-file another
  says "the new password opens the repository, but key ${old_key:0:8} .*its password still opens the repository"
  says "medsave key remove ${old_key:0:8}"
  expect 0 medsave snapshots
  expect 0 env RESTIC_PASSWORD="$(cat another)" "$MEDSAVE" key remove "$old_key"
  export RESTIC_PASSWORD="$(cat another)"
  echo "yet another pass phrase $fault" >another
done
key=keys/$(ls $repo/keys)
before=$(contents)
put-lock "$work/$repo" elsewhere 60
inject "DELETE/locks/#*:status=200"
expect 1 through unlock --remove-all
says "still there"
says_not "successfully"
rm $repo/locks/*
inject "DELETE/snapshots/#*:status=200"
expect 1 through tag --add red "$old"
says "$old"
for new in $(comm -13 <(echo "$before") <(contents) | sed -n 's|^\(snapshots/[0-9a-f]*\) .*|\1|p'); do
  rm -f "$repo/$new"
done
same "$(contents)" "$before" "the repository after the old snapshot was put back"

step "bits that flip on the way to us, in every kind of file"
refuses "config is damaged" "GET/config#*:flip=20" --no-lock snapshots
refuses "damaged" "GET/$key#*:flip=20" --no-lock snapshots
passes "GET/config#1:flip=20" --no-lock snapshots
passes "GET/$key#1:flip=20" --no-lock snapshots
for file in "$index" "$snapshot"; do
  restores "GET/$file#1:flip=20"
  refuses "damaged" "GET/$file#*:flip=20" "${restore[@]}"
  rm -rf out
done
for n in 1 3 5; do restores "GET/data/#$n:flip=20"; done
refuses "damaged" "GET/data/#*:flip=20" "${restore[@]}"
rm -rf out
put-lock "$work/$repo" elsewhere 60
tries 11 "GET/locks/$(ls $repo/locks)#1:flip=20" check
rm $repo/locks/*

step "a length that is not the content's"
restores "GET/data/#2:length=50"
restores "GET/data/#2:length=-5"
restores "GET/$index#1:length=50"
refuses "not understood" "GET/index/#1:length=-5" --no-lock check
restores "GET/$snapshot#1:length=-5"

step "a burst of errors, an answer that stays away, a server that is asked too often"
restores "#4-6:status=503"
restores "#3-4:status=429"
restores "GET/$index#1:stall=3"
restores "GET/data/#2:stall-body=3"

step "the page of a proxy instead of a file"
refuses "web page" "GET/data/#*:html" "${restore[@]}"
refuses "web page" "GET/index/#*:html" prune
rm -rf out
expect 0 medsave check --read-data

step "a backup in which everything goes wrong once"
kept() { find $repo -type f ! -path '*/locks/*' -exec sha256sum {} + | sort; }
sound=$(kept)
unharmed() {
  comm -23 <(echo "$sound") <(kept) >lost
  [ ! -s lost ] || fail "changed or lost: $(cat lost)"
  expect 0 medsave check --read-data
}
head -c 20000000 /dev/urandom >practice/random
inject "POST/data/#1:stall=3" "POST/data/#2:drop-request=1000" "HEAD/data/#1:length=5" \
  "POST/index/#1:status=502" "POST/snapshots/#1:status=429" "POST/locks/#1:drop"
expect 0 through --pack-size 4 backup practice
says "trying again"
unharmed

step "a backup that cannot be stored"
for refusal in "POST/data/#2+:status=507 no room left" "POST/index/#*:status=507 no room left" \
  "POST/snapshots/#*:status=507 no room left" "POST#*:status=403 does not allow" \
  "POST/data/#*:html web page"; do
  head -c 9000000 /dev/urandom >practice/random # more than one pack
  inject "${refusal%% *}"
  expect 1 through --pack-size 4 backup practice
  says "${refusal#* }"
  says_not "trying again"
  same "$(grep -c '^Fatal: ' stderr)" 1 "errors: $refusal"
  unharmed
done

step "a prune in which deleting goes wrong and a list lies"
inject "DELETE/data/#1-2:status=503" "DELETE/index/#1:drop-answer" "GET/data/#*:list-invents"
expect 0 through "${prune[@]}"
expect 0 medsave check --read-data
same "$(snapshots)" 1

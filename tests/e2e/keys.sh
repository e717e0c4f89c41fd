# Keys: more than one, changed, removed; each opens the same repository.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
echo x >file
medsave -q backup file
keys() { medsave --json key list | json-value --count ""; }
current() { medsave --json key list | tr '{' '\n' | grep '"current":true' | grep -o '"id":"[0-9a-f]*"' | cut -d'"' -f4; }
opens() { env RESTIC_PASSWORD="$1" "$MEDSAVE" "${@:2}" cat config >/dev/null; }

step "add"
echo 'zweites Passwort ✓ é' >second
expect 0 medsave key add --new-password-file second --user alice --host laptop
same "$(keys)" 2
opens 'zweites Passwort ✓ é' || fail "the second password does not open"
opens correct-horse || fail "the first password no longer opens"
expect 0 medsave key list
says alice
says laptop

step "each key sees itself as the current one; the hint finds it first"
first=$(current)
second=$(RESTIC_PASSWORD='zweites Passwort ✓ é' current)
[ "$first" != "$second" ] || fail "one key for two passwords"
opens correct-horse --key-hint "$first" || fail "hint"

step "remove: not the one in use, not an unknown one"
expect 1 medsave key remove "$first"
expect 1 medsave key remove abcdef99
expect 1 medsave key remove --dry-run "$first"
expect 0 medsave key remove --dry-run "$second"
says "alice"
says "would remove key $second"
same "$(keys)" 2
expect 0 medsave key remove "$second"
same "$(keys)" 1
if opens 'zweites Passwort ✓ é' 2>/dev/null; then fail "a removed key opens"; fi

step "passwd"
echo changed >changed
expect 0 medsave key passwd --new-password-file changed
export RESTIC_PASSWORD=changed
same "$(keys)" 1
if opens correct-horse 2>/dev/null; then fail "the old password opens"; fi
expect 0 medsave check --read-data
: >empty
expect 1 medsave key add --new-password-file empty
same "$(keys)" 1

step "a password file that holds the old password is named"
medsave -q -r filed init
echo "$RESTIC_PASSWORD" >own && chmod 600 own && echo five other words that fit >next && chmod 600 next
expect 0 env -u RESTIC_PASSWORD medsave -r filed -p own key passwd --new-password-file next
says 'the file own still has the old password'
expect 12 env -u RESTIC_PASSWORD medsave -r filed -p own snapshots
expect 0 env -u RESTIC_PASSWORD medsave -r filed -p next snapshots

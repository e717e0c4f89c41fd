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
says "would remove key ${second:0:8}$"
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

step "copy refuses one repository under two names, and says what it does between copies of one"
medsave -q -r first init
medsave -q -r first backup file
ln -s first other-name
for source in first ./first "$work/first" other-name "local:$work/other-name/../first/"; do
  expect 1 env RESTIC_FROM_PASSWORD="$RESTIC_PASSWORD" "$MEDSAVE" -r first copy --from-repo "$source"
  says "source and target are the same repository; nothing was copied"
done
cp -r first mirror
expect 0 env RESTIC_FROM_PASSWORD="$RESTIC_PASSWORD" "$MEDSAVE" -r mirror copy --from-repo first
says "two copies of one repository"
says "copied 0 snapshots, skipped 1"

if command -v script >/dev/null; then
  # typed LINES COMMAND: what a terminal shows where somebody types that, one line a prompt.
  typed() {
    local line
    rm -f screen.raw
    mkfifo typing 2>/dev/null || true
    status=0
    (
      exec 7>typing
      for line in $1; do
        wait_for_prompt "$line"
        printf '%b' "$line" >&7
        sleep 0.3
      done
      sleep 0.5
    ) &
    TERM=xterm timeout 60 script -qefc "$2" screen.raw <typing >/dev/null 2>&1 || status=$?
    wait
    sed 's/\r//g' screen.raw >stderr
  }
  # There is one more prompt than there was, and it has not been answered.
  wait_for_prompt() {
    local seen
    prompts=$((${prompts:-0} + 1))
    for _ in $(seq 300); do
      seen=$(grep -c 'nothing is shown' screen.raw 2>/dev/null || true)
      [ "${seen:-0}" -lt "$prompts" ] || return 0
      sleep 0.1
    done
  }

  step "a wrong password at the prompt: each time how many attempts are left, in the end what to do"
  typed 'wrong\n wrong\n wrong\n' "env -u RESTIC_PASSWORD -u MEDSAVE_PASSWORD $MEDSAVE -r first snapshots"
  same "$status" 12
  says 'that is not the password; try again, 2 attempts left'
  says 'that is not the password; try again, 1 attempt left'
  same "$(grep -c 'wrong password for the repository' stderr)" 1
  says 'forgotten.*medsave-guide|medsave-guide'

  step "Ctrl-C at the prompt: nothing was done, on a line of its own, and the terminal as it was"
  typed '\x03' "stty -a >before; env -u RESTIC_PASSWORD $MEDSAVE -r first snapshots; code=\$?; stty -a >after; exit \$code"
  same "$status" 130
  same "$(grep -hiE '^Fatal|nothing was done' stdout stderr | tr -d '\r')" 'Fatal: interrupted; nothing was done'
  says_not 'cleaning up'
  cmp before after || fail "the terminal is not as it was"
fi

step "a new password with a space at its end is warned of"
export RESTIC_REPOSITORY=$work/spaced
expect 0 env RESTIC_PASSWORD='four long words here ' "$MEDSAVE" init
says "begins or ends with a space"
expect 0 env RESTIC_PASSWORD='four long words here ' "$MEDSAVE" snapshots
printf 'four long words here \n' >spaced-file
expect 0 env -u RESTIC_PASSWORD "$MEDSAVE" -r "$work/unspaced" init --password-file spaced-file
says_not "begins or ends with a space"

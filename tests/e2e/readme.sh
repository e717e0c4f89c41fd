# What README and the guide have people type works as it stands there.
source "$(dirname "$0")/../support/lib.sh"
unset RESTIC_PASSWORD RESTIC_REPOSITORY RESTIC_CACHE_DIR
export HOME=$work/home USER=anna
mkdir -p "$HOME" bin
ln -s "$MEDSAVE" bin/medsave
export PATH="$work/bin:$PATH"

# commands_in FILE HEADING: the commands of a chapter of a README.
commands_in() {
  awk -v heading="## $2" '/^## / { inside = $0 == heading } inside' "$1" | sed -n 's/^    //p'
}
# What a chapter has people build is built already.
without_building() { grep -vE '^(scripts/|cmake |sudo )'; }

# five_minutes README HEADING: types its chapter of that name.
five_minutes() {
  commands_in "$tests/../$1" "$2" | without_building >typed
  [ "$(wc -l <typed)" -ge 12 ] || fail "few commands: $(cat typed)"
  expect 0 bash -eu typed
  same "$(tail -n 1 stdout)" "$3"
  says "no errors were found"
  rm -rf "${HOME:?}"/* "$HOME"/.[a-z]*
}
step "five minutes"
five_minutes README.md "Five minutes to a first backup" identical
step "the French ones"
five_minutes README.fr.md "Une première sauvegarde en cinq minutes" identique

# examples WORD: the examples of the guide in which WORD stands, as they are typed; what commands
# print is not in bold there.
guide=$tests/../man/medsave-guide.7
examples() {
  sed 's/\\fR$//; s/\\-/-/g; s/\\(ti/~/g; s/\\(aq/'"'"'/g; s/\\(ha/^/g; s/\\e/\\/g' "$guide" |
    awk -v word="$1" '
      /^\.EX/ { text = ""; inside = 1; next }
      /^\.EE/ { if (index(text, word)) printf "%s", text; inside = 0 }
      inside && sub(/^\\fB/, "") { text = text $0 "\n" }'
}

step "the guide's program for every day"
# The drive is a folder here, and the program is where it is built.
examples "medsave-daily </dev/null" |
  sed "s|/media/\$(id -un)|$work/media|; s|^PATH=|PATH=$work/bin:|" >typed
grep -q 'policy cabinet' typed || fail "not in the guide: $(cat typed)"
mkdir -p media/MONDAY ~/Documents ~/.config
echo letter >~/Documents/letter
(umask 077; echo secret >~/.medsave-password)
expect 0 medsave -q -r media/MONDAY/medsave -p ~/.medsave-password init
expect 0 bash -eu typed
says "BACKUP DONE"
# saves_again: since it was called last there is a new snapshot. (Of those of a day few are kept.)
seen=none
saves_again() {
  local newest
  newest=$(medsave -r media/MONDAY/medsave -p ~/.medsave-password --json snapshots latest | json-value /0/id)
  [ "$newest" != "$seen" ] || fail "no new snapshot"
  seen=$newest
}
saves_again

step "its line for cron"
# A crontab that keeps what it is given.
cat >bin/crontab <<'END'
#!/bin/sh
if [ "$1" = - ]; then cat >"$HOME/new" && mv "$HOME/new" "$HOME/crontab"; else cat "$HOME/crontab"; fi
END
chmod +x bin/crontab
examples "crontab -l" >typed
grep -q 'line=' typed || fail "not in the guide"
expect 0 bash -u typed  # a crontab that is not there yet is an error of the first command
line=$(tail -n 1 ~/crontab)
number='[0-9*,/-]+'
grep -Eqx "($number ){5}[^ ].*" <<<"$line" || fail "no line of a crontab: $line"
case $line in *%*) fail "cron reads % as a new line" ;; esac
# As cron does it: without a terminal and with few variables.
echo more >>~/Documents/letter
expect 0 env -i HOME="$HOME" LOGNAME=anna SHELL=/bin/sh PATH=/usr/bin:/bin TZ=UTC \
  /bin/sh -c "$(cut -d ' ' -f 6- <<<"$line")" </dev/null
grep -q "BACKUP DONE" ~/.medsave-daily.log || fail "$(cat ~/.medsave-daily.log)"
saves_again

step "its unit for systemd"
printf '#!/bin/sh\n' >bin/systemctl
chmod +x bin/systemctl
examples "ExecStart=" >typed
expect 0 bash -eu typed
unit=~/.config/systemd/user/medsave-daily.service
grep -q '^OnCalendar=' ~/.config/systemd/user/medsave-daily.timer || fail "no timer"
if command -v systemd-analyze >/dev/null; then
  expect 0 env XDG_RUNTIME_DIR="$work" systemd-analyze verify --user --man=no "$unit" \
    ~/.config/systemd/user/medsave-daily.timer
  expect 0 systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' ~/.config/systemd/user/medsave-daily.timer)"
fi
command=$(sed -n "s|^ExecStart=||p" "$unit" | sed "s|%h|$HOME|g")
echo "still more" >>~/Documents/letter
expect 0 env -i HOME="$HOME" PATH=/usr/bin:/bin TZ=UTC "$command" </dev/null
says "BACKUP DONE"
saves_again

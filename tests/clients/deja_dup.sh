# Debian's Déjà Dup drives the program by restic's name: it backs up, forgets what is too old, and
# restores a folder to where it was.
source "$(dirname "$0")/../support/lib.sh"
for program in deja-dup dbus-run-session gsettings xvfb-run xauth xdotool; do
  command -v $program >/dev/null || skip "no $program"
done
switch=$SUPPORT/deja_dup_with_restic.so

mkdir -p bin home/practice/left-out config deja-dup-files saves
# Notes how it is called.
cat >bin/restic <<END
#!/bin/sh
echo "\$*" >>"$work/calls"
exec "$work/bin/link/restic" "\$@"
END
chmod +x bin/restic
mkdir bin/link
ln -s "$MEDSAVE" bin/link/restic
practice-data home/practice/data --scale 0.005
echo no >home/practice/left-out/1
chmod 640 home/practice/data

# Everything it keeps lies below $work, and nobody is asked: the password is in the environment,
# the windows are on a screen that nobody sees. It would leave out /tmp, where the tests work.
desktop() {
  env HOME="$work/home" XDG_CONFIG_HOME="$work/config" XDG_CACHE_HOME="$work/home/.cache" \
    XDG_RUNTIME_DIR="$work/deja-dup-files" DEJA_DUP_TEMPDIR="$work/deja-dup-files" \
    TMPDIR="$work" GSETTINGS_BACKEND=keyfile GIO_USE_VFS=local GTK_A11Y=none PATH="$work/bin:$PATH" \
    timeout -k 5 120 dbus-run-session -- xvfb-run -a -s "-screen 0 1024x768x24" \
    bash -euo pipefail "$work/$1" >"$work/$1.log" 2>&1 || {
    cat "$work/$1.log" "$work/calls" >&2
    fail "Déjà Dup has not done it: $1"
  }
}
# The call among those of Déjà Dup that starts, but for the global options, with these words.
called() {
  grep -Eq -- " $1( |\$)" calls || fail "not called: $1; but: $(cat calls)"
}

# As its users have to since restic writes its errors as JSON: Déjà Dup 44 looks for a line that
# starts with "Fatal: unable to open config file".
step "a repository, made by hand"
export RESTIC_REPOSITORY=$work/saves/restic
expect 0 bin/link/restic init

step "settings, and a backup"
cat >backup <<END
set_to() { gsettings set "org.gnome.DejaDup\$1" "\$2" "\$3"; }
set_to "" tool restic
set_to "" backend local
set_to .Local folder "$work/saves"
set_to "" include-list "['$work/home/practice']"
set_to "" exclude-list "['$work/home/practice/left-out']"
set_to "" delete-after 30
set_to "" nag-check disabled
set_to "" prompt-check disabled
# Without a first run it would ask for all of this.
set_to "" last-run 2024-01-01T00:00:00Z
set_to "" last-backup 2024-01-01T00:00:00Z
LD_PRELOAD="$switch" deja-dup --backup
gsettings get org.gnome.DejaDup last-backup
END
desktop backup
says_when=$(tail -n 1 backup.log)
[[ $says_when == "'20"* && $says_when != "'2024-01-01T00:00:00Z'" ]] || fail "no backup: $(cat backup.log calls)"
called unlock
called backup
called "forget --tag=deja-dup --group-by=tags --keep-within=30d --prune"
same "$(snapshots --tag deja-dup)" 1
expect 0 medsave check --read-data
expect 0 medsave restore latest --target out
identical home/practice/data "out$work/home/practice/data"
if [ -e "out$work/home/practice/left-out" ]; then fail "not left out"; fi

step "the folder is lost, and restored to its place"
mv home/practice/data kept
: >calls
cat >restore <<END
LD_PRELOAD="$switch" deja-dup --restore "$work/home/practice/data" &
# Forward, forward, restore: it is always the button in the corner.
until grep -qE "restore --target=/" "$work/calls"; do
  sleep 0.5
  xdotool mousemove 400 28 click 1
done
until [ "\$(gsettings get org.gnome.DejaDup last-restore)" != "''" ]; do sleep 0.5; done
kill %1
END
desktop restore
called "snapshots --tag=deja-dup"
called ls
identical kept home/practice/data

# Text files as PowerShell and Windows' editors write them: passwords, patterns, lists, locations.
source "$(dirname "$0")/../support/lib.sh"
unset RESTIC_PASSWORD
# Out-File FILE: UTF-16, little end first, with mark and CRLF.
out_file() { { printf '\xff\xfe'; sed 's/$/\r/' | iconv -f UTF-8 -t UTF-16LE; } >"$1"; }
big_file() { { printf '\xfe\xff'; iconv -f UTF-8 -t UTF-16BE; } >"$1"; }
word='Été à Besançon ✓'

step "the word in a UTF-16 password file is the password"
echo "$word" | out_file password
expect 0 medsave init --password-file password
says_not 'cannot be typed'
RESTIC_PASSWORD=$word expect 0 medsave key list
echo "$word" | big_file password-big
printf '\xef\xbb\xbf%s\r\n' "$word" >password-mark
printf '\xc2\xa0 %s \xe2\x80\xa8' "$word" >password-spaces  # no-break space, line separator
for file in password-big password-mark password-spaces; do
  expect 0 medsave --password-file $file key list
done
RESTIC_PASSWORD_COMMAND='cat password' expect 0 medsave key list
expect 0 medsave key list <password
export RESTIC_PASSWORD=$word

step "a new password that nobody can type is refused"
printf 'w\0o\0r\0d\0' >no-mark
printf 'caf\xe9\n' >latin1
printf '\xff\xfea\0\0\0' >nul
for file in no-mark latin1 nul; do
  expect 1 medsave key add --new-password-file $file
  says 'not UTF-8 text.*nothing was changed'
  expect 1 env -u RESTIC_PASSWORD "$MEDSAVE" --repo other --password-file $file init
  expect 1 medsave key passwd --new-password-file $file
done
[ ! -e other/config ] || fail "made a repository all the same"
same "$(medsave --json key list | json-value --count "")" 1
step "one that looks mangled is warned of"
printf 'caf\xef\xbf\xbd\n' >mangled
expect 0 medsave key add --new-password-file mangled
says 'cannot be typed'

step "a location file"
echo "$RESTIC_REPOSITORY" | out_file location
(unset RESTIC_REPOSITORY; expect 0 medsave --repository-file location key list)

step "exclude patterns"
mkdir -p 'source/été' source/leave
echo 1 >'source/été/lettre.doc'
echo 2 >source/leave/x
echo 3 >source/x.bak
printf '# comment\n  leave\n*.bak\n' | out_file patterns
printf '\xc2\xa0leave\xe2\x80\xa8\n*.bak' >patterns-spaces
printf 'LEAVE\n*.BAK\n' | big_file patterns-big
for options in '--exclude-file patterns' '--exclude-file patterns-spaces' '--iexclude-file patterns-big'; do
  # shellcheck disable=SC2086
  backup 0 $options source
  same "$(paths_of "$snapshot" | paste -sd' ')" '/source /source/été /source/été/lettre.doc' "$options"
done
printf '# comment\rleave\r*.bak\r' >patterns-mac
printf 'leave\r*.bak' | { printf '\xfe\xff'; iconv -f UTF-8 -t UTF-16BE; } >patterns-mac-utf16
for list in patterns-mac patterns-mac-utf16; do
  backup 0 --exclude-file $list source
  same "$(paths_of "$snapshot" | paste -sd' ')" '/source /source/été /source/été/lettre.doc' "$list"
done
printf 'source/leave\rsource/x.bak\r' >files-mac
backup 0 --files-from files-mac
same "$(paths_of "$snapshot" | paste -sd' ')" '/source /source/leave /source/leave/x /source/x.bak'
backup 0 --exclude-file patterns source
step "include patterns"
echo lettre.doc | out_file wanted
expect 0 medsave restore latest --include-file wanted --target out
test -e 'out/source/été/lettre.doc' || fail "not restored"

step "lists of what to back up"
printf '%s\n' '# comment' "$work/source/é*" | out_file list
backup 0 --files-from list
paths_of "$snapshot" | found lettre.doc || fail "list"
printf '%s\n' "$work/source/été" | out_file list
backup 0 --files-from-verbatim list
paths_of "$snapshot" | found lettre.doc || fail "verbatim list"
backup 0 --files-from-verbatim - <list
printf '\xff\xferaw\0' >raw
echo raw >"$(printf '\xff\xferaw')"
backup 0 --files-from-raw raw

step "what is no text is refused with a sentence, not read as something else"
printf '*\0.\0b\0a\0k\0' >no-mark
for options in '--exclude-file' '--iexclude-file' '--files-from' '--files-from-verbatim'; do
  expect 1 medsave backup $options no-mark source
  says 'no-mark holds NUL bytes'
done
printf '\xff\xfea\0\0\xd8' >half
expect 1 medsave backup --exclude-file half source
says 'half begins as UTF-16 text, but is damaged'
expect 1 medsave backup --exclude-file none source
expect 0 medsave check

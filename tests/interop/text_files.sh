# One password file, list or pattern file for both programs, in each encoding.
source "$(dirname "$0")/../support/lib.sh"
need_restic
unset RESTIC_PASSWORD
word='Été à Besançon ✓'
{ printf '\xff\xfe'; printf '%s\r\n' "$word" | iconv -f UTF-8 -t UTF-16LE; } >little
{ printf '\xfe\xff'; printf '%s\r\n' "$word" | iconv -f UTF-8 -t UTF-16BE; } >big
printf '\xef\xbb\xbf%s\r\n' "$word" >mark
printf '\xc2\xa0\xe3\x80\x80%s\xc2\x85\xe2\x80\xa9\n' "$word" >spaces

for file in little big mark spaces; do
  step "password file $file"
  for maker in medsave restic; do
    export RESTIC_REPOSITORY=$work/$maker-$file
    expect 0 "$maker" --password-file $file init
    for program in medsave restic; do
      expect 0 "$program" --password-file $file key list
      RESTIC_PASSWORD=$word expect 0 "$program" key list
    done
  done
done

step "a repository whose password was the bytes of the file"
export RESTIC_REPOSITORY=$work/bytes
RESTIC_PASSWORD=$(cat spaces; echo x)
RESTIC_PASSWORD=${RESTIC_PASSWORD%??} expect 0 restic init  # with its white space, without the last newline
run restic --password-file spaces key list
[ "$status" -ne 0 ] || fail "restic takes the bytes as well"
expect 0 medsave --password-file spaces key list
says 'bytes as they stand'
unset RESTIC_PASSWORD

step "pattern files and lists"
export RESTIC_REPOSITORY=$work/medsave-little RESTIC_PASSWORD=$word
mkdir -p data/keep data/leave
echo 1 >data/keep/a
echo 2 >data/leave/b
{ printf '\xff\xfe'; printf '\xc2\xa0leave \r\n' | iconv -f UTF-8 -t UTF-16LE; } >patterns
{ printf '\xff\xfe'; printf '%s/data\r\n' "$work" | iconv -f UTF-8 -t UTF-16LE; } >list
for program in medsave restic; do
  for option in --files-from --files-from-verbatim; do
    expect 0 "$program" backup --exclude-file patterns $option list
    same "$(paths_of latest | grep -c '/a$')" 1 "$program"
    same "$(paths_of latest | grep -c leave)" 0 "$program"
  done
done

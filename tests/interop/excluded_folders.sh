# Folders that a file in them keeps out (--exclude-caches, --exclude-if-present): both programs save the
# same, the marked folder being the source itself, above it or below.
source "$(dirname "$0")/../support/lib.sh"
need_restic
mkdir -p home/marked/sub home/plain
printf 'Signature: 8a477f597d28d172789f06886806bc55' >home/marked/CACHEDIR.TAG
touch home/marked/.nobackup
echo 1 >home/marked/file
echo 2 >home/marked/sub/file
echo 3 >home/plain/file
restic -q init

# alike FOLDER ARGUMENTS...: what both save when they are started in that folder. medsave ends with 3,
# since a source that is marked itself is not saved.
alike() {
  local folder=$1 code=0
  shift
  (cd "$folder" && restic -q backup "$@")
  restic ls -q latest | grep '^/' | LC_ALL=C sort >expected
  (cd "$folder" && medsave -q backup "$@" 2>"$work/stderr") || code=$?
  same $code "${told:-3}" "exit status in $folder: backup $*"
  paths_of latest >saved
  diff expected saved || fail "in $folder: backup $*"
}

# saves LIST FOLDER ARGUMENTS...: what medsave saves, as restic 0.19 does. Older ones leave out also what
# is named itself, if a mark is beside it.
saves() {
  local list=$1 folder=$2
  shift 2
  (cd "$folder" && medsave -q backup "$@")
  same "$(paths_of latest | xargs)" "$list" "in $folder: backup $*"
}

for option in --exclude-caches --exclude-if-present=.nobackup "--exclude-if-present=CACHEDIR.TAG:Signature"; do
  step "$option"
  alike home marked "$option"
  alike home marked/ "$option"
  alike home/marked . "$option"
  alike home/marked ./ "$option"
  alike home/marked "$work/home/marked" "$option"
  alike home/marked/sub .. "$option"
  alike home/marked . ../plain "$option"
  told=0 alike home . "$option"
  saves "/marked /marked/sub /marked/sub/file" home marked/sub "$option"
  saves "/marked /marked/file" home marked/file "$option"
  saves "/file /sub /sub/file" home/marked file sub "$option"
done
step "two marks at once"
alike home marked --exclude-caches --exclude-if-present .nobackup plain

# Sourced by the scenarios: what the clients of restic that no package brings call and look for, as
# read in their sources, in our own words.
source "$(dirname "${BASH_SOURCE[0]}")/../support/lib.sh"
mkdir bin
ln -s "$MEDSAVE" bin/restic

# Like a client, which finds the program by its name.
restic() { PATH="$work/bin:$PATH" command restic "$@"; }
# Both streams in one, as clients read them that know only one: afterwards in the file "both".
together() {
  status=0
  restic "$@" >"$work/both" 2>&1 || status=$?
  cp both stdout
  : >stderr
}
# JSON POINTERS...: each names something in the last document of the standard output.
has() {
  local pointer
  for pointer; do json "$pointer" >/dev/null; done
}
# Of the fields of a summary, which many read.
counts="files_new files_changed files_unmodified dirs_new dirs_changed dirs_unmodified data_added
        total_files_processed total_bytes_processed"
# Every line of the standard output is an object of one of these types.
only_types() {
  local types
  types=$(IFS='|' && echo "$*")
  if grep -Ev "^\{\"message_type\":\"($types)\",.*\}$" stdout >&2; then fail "not of $*"; fi
}

# Both programs give the same answers about one repository: diff, find, stats, dump.
source "$(dirname "$0")/../support/lib.sh"
need_restic
special-tree special --portable
practice-data practice --scale 0.03
expect 0 restic init
expect 0 restic backup special practice
practice-data practice --scale 0.03 --day 1
expect 0 medsave backup special practice
rm -rf special/links practice/scans
mkdir -p special/new/empty special/modes/below
echo text >special/new/file
ln special/new/file special/new/second
ln -s file special/new/link
chmod 600 special/contents/text
rm -rf special/contents/zero
mkdir special/contents/zero
expect 0 medsave backup special practice
# shellcheck disable=SC2207
ids=($(restic snapshots --json | grep -o '"short_id":"[0-9a-f]*"' | cut -d'"' -f4))
first=${ids[0]} second=${ids[1]} third=${ids[2]}

# both ARGUMENTS...: what the two write to standard output, in the files theirs and ours.
both() {
  restic "$@" >theirs || fail "restic fails: $*"
  medsave "$@" >ours || fail "medsave fails: $*"
}
agree() {
  both "$@"
  diff theirs ours >difference || fail "other output: $*: $(head -c 2000 difference)"
}

# The same, in any order: old versions of restic go through the snapshots as they come.
agree_sorted() {
  both "$@"
  diff <(sort theirs) <(sort ours) >difference ||
    fail "other output: $*: $(head -c 2000 difference)"
}

step "diff"
for pair in "$first $second" "$second $third" "$third $first"; do
  # shellcheck disable=SC2086
  both diff $pair
  diff <(grep -v ^comparing theirs) <(grep -v ^comparing ours)
  # shellcheck disable=SC2086
  both diff --json $pair
  same "$(json-value --type statistics "" <ours)" "$(json-value --type statistics "" <theirs)"
done
expect 0 medsave diff --metadata "$second:special" "$third:special"
says '^U +/contents/text$'
says '^TU +/contents/zero/$'
says '^\+ +/new/empty/$'
says '^- +/links/one$'

step "find"
for pattern in '*.pdf' links 'contents' '/**/new/*' /special/modes none; do
  agree_sorted find -q "$pattern"
  both find --json "$pattern"
  same "$(grep -o '"path":"[^"]*"' ours | sort | uniq -c)" \
    "$(grep -o '"path":"[^"]*"' theirs | sort | uniq -c)" "hits for $pattern"
  same "$(grep -o '"hits":[0-9]*,"snapshot":"[0-9a-f]*"' ours | sort)" \
    "$(grep -o '"hits":[0-9]*,"snapshot":"[0-9a-f]*"' theirs | sort)" "snapshots with $pattern"
done
agree_sorted find -q -i 'CONTENTS' 'NEW'
agree_sorted find -q -O 2025-01-01 '*'
agree_sorted find -q -N '2010-01-01 10:00' '*'
expect 0 medsave find -q -s "$first" --oldest '01.01.2009 00:00 UTC' --newest '2009-02-14 00:31:31 +0100' '*'
says "/special/contents$"
expect 1 medsave find -O 2026-01-02 -N 2026-01-01 '*'
expect 1 medsave find -O yesterday '*'
tree=$(medsave cat tree "$third:special" | grep -o '"name":"new"[^}]*"subtree":"[0-9a-f]*' | grep -o '[0-9a-f]*$')
blob=$(medsave cat tree "$third:special/new" | grep -o '"content":\["[0-9a-f]*' | head -1 | cut -d'"' -f4)
agree find --tree "$tree"
agree find --blob "$blob"
agree find --json --blob "${blob:0:8}"
agree find --blob "$blob" --show-pack-id
expect 0 medsave find --blob "$blob" --show-pack-id
pack=$(sed -n 's/^Object belongs to pack //p' stdout)
expect 0 medsave find --pack "${pack:0:8}"
says "Found blob $blob"
expect 1 medsave find --pack 00000000
expect 1 medsave find --blob --tree "$blob"

step "stats"
for mode in restore-size files-by-contents raw-data; do
  for which in "" latest "$first $second"; do
    # shellcheck disable=SC2086
    both stats --json --mode $mode $which
    for field in total_size total_file_count total_blob_count; do
      expected=$(json-value "/$field" <theirs 2>/dev/null || true)
      found=$(json-value "/$field" <ours 2>/dev/null || true)
      same "${found:-0}" "${expected:-0}" "$mode $field"
    done
  done
done
expect 0 medsave stats --json --mode blobs-per-file
expect 1 medsave stats --mode nothing

step "dump: the same tar archives, byte for byte"
for what in / /practice special/ /special/names; do
  restic dump "$first" "$what" >theirs
  medsave dump "$first" "$what" >ours
  cmp theirs ours || fail "another archive of $what"
done
mkdir out zip
medsave dump latest practice/dossiers | tar -x -C out
diff -r practice/dossiers out/practice/dossiers

step "dump: single files and zip archives"
restic dump latest /special/contents/noise | cmp - special/contents/noise
medsave dump latest /special/contents/noise | cmp - special/contents/noise
expect 0 medsave dump latest:/special/contents text --target text
cmp text special/contents/text
expect 0 medsave dump --archive zip latest /practice/dossiers --target practice.zip
if command -v unzip >/dev/null; then
  unzip -q practice.zip -d zip
  diff -r practice/dossiers zip/practice/dossiers
fi
expect 1 medsave dump latest /special/new/link
says 'should be a file, but is a "symlink"'
expect 1 medsave dump latest /special/none
says 'not found in snapshot'
expect 1 medsave dump latest /special/new/file/x
says 'should be a dir'

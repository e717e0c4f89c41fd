# Few open files are allowed, as on a NAS or in a container: every command works with 64.
source "$(dirname "$0")/../support/lib.sh"
command -v practice-data >/dev/null || skip "no practice-data"
few() { (ulimit -n "$files" && "$MEDSAVE" "$@"); }
practice-data src --scale 0.01
deep=src/deep && for i in $(seq 1 70); do deep+=/folder$i; done
mkdir -p "$deep" && echo bottom >"$deep/file"

echo correct-horse >password
files=64
few -q init
expect 0 few backup src
for files in 64 100; do
  step "restore with $files open files"
  expect 0 few restore latest --target out --verify
  identical src out/src
  mkdir -p out/src/extra && cp -a src/deep out/src/extra/
  expect 0 few restore latest --target out --delete --dry-run
  expect 0 few restore latest --target out --delete
  identical src out/src
  rm -rf out
done

step "the other commands with 64 open files"
files=64
expect 0 few check --read-data
expect 0 few -r copy init
expect 0 few -r copy copy --from-repo repo --from-password-file password
expect 0 few forget --keep-last 1 --prune
expect 0 few prune --max-unused 0
expect 0 few diff latest latest
expect 0 few dump latest /

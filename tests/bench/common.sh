# Sourced by the comparisons of this folder: options, measured runs, the table.
set -euo pipefail

bin= medsave= restic=restic scale=1.0 runs=3 seed=77 dir= days=30 blobs=1000000
targets=sftp,rest,s3 lines=loopback,delayed rest_server=restic-rest-server
while [ $# -gt 0 ]; do
  case $1 in
    --bin) bin=$2 ;;
    --medsave) medsave=$(realpath "$2") ;;
    --restic) restic=$2 ;;
    --scale) scale=$2 ;;
    --runs) runs=$2 ;;
    --seed) seed=$2 ;;
    --dir) dir=$2 ;;
    --days) days=$2 ;;
    --blobs) blobs=$2 ;;
    --targets) targets=$2 ;;
    --lines) lines=$2 ;;
    --rest-server) rest_server=$2 ;;
    *) echo "unknown option $1" >&2; exit 1 ;;
  esac
  shift 2
done
: "${bin:?the folder with practice-data, treediff and measure}"
bin=$(realpath "$bin")
medsave=${medsave:-$bin/medsave}
restic=$(command -v "$restic") || { echo "no restic to compare with" >&2; exit 1; }

temporary=
if [ -z "$dir" ]; then
  dir=$(mktemp -d "${TMPDIR:-/tmp}/medsave-bench.XXXXXX")
  temporary=$dir
fi
clean_up() {
  local pid
  for pid in $(jobs -rp); do { kill -9 "$pid" && wait "$pid"; } 2>/dev/null || true; done
  if mountpoint -q "$dir/mount"; then umount "$dir/mount"; fi
  if [ -n "$temporary" ]; then rm -rf "$temporary"; fi
}
trap clean_up EXIT
mkdir -p "$dir"
cd "$dir"
here=$dir  # where the repositories are
under=()   # what the programs are run by
options=() # for both of them
for variable in $(compgen -e RESTIC_) $(compgen -e MEDSAVE_); do unset "$variable"; done
export RESTIC_PASSWORD=benchmark RESTIC_FROM_PASSWORD=benchmark LC_ALL=C.UTF-8
rm -f medsave.* restic.*
steps=()

echo "medsave: $("$medsave" version | head -n 1)"
echo "peer:    $("$restic" version | head -n 1)"

path_of() { if [ "$1" = medsave ]; then echo "$medsave"; else echo "$restic"; fi; }
# Which program goes first alternates.
order_of_run() {
  order=(medsave restic)
  [ $(($1 % 2)) -eq 1 ] || order=(restic medsave)
}
# once PROGRAM ARGUMENTS...: on the program's own repository, not measured
once() {
  RESTIC_REPOSITORY=$here/repo-$1 RESTIC_CACHE_DIR=$here/cache-$1 \
    "${under[@]}" "$(path_of "$1")" "${options[@]}" -q "${@:2}" >/dev/null
}
# measured PROGRAM STEP ARGUMENTS...: one command, its figures appended to the step's file
measured() {
  local program=$1 step=$2
  [[ " ${steps[*]/%/,} " == *" $step, "* ]] || steps+=("$step")
  RESTIC_REPOSITORY=${repository:-$here/repo-$program} RESTIC_CACHE_DIR=$here/cache-$program \
    "${under[@]}" "$bin/measure" "$dir/$program.${step// /_}" \
    "$(path_of "$program")" "${options[@]}" -q "${@:3}" >/dev/null
}
# Reads everything once, so that no program pays for the disk. Right before each command: some
# machines drop what nobody has read for some seconds.
warm() { find "$@" -type f ! -name sparse.img -exec cat {} + >/dev/null; }

# median FILE COLUMN
median() {
  awk -v c="$2" '{ print $c }' "$1" | sort -g | awk '{ v[NR] = $1 }
    END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}
# Each cell is the median of the runs.
print_table() {
  printf '\n| %-18s | %-22s | %-22s | %-22s |\n' step 'wall s: m / r, ratio' 'CPU s: m / r, ratio' \
    'peak MiB: m / r, ratio'
  printf '|%s|%s|%s|%s|\n' "$(printf -- '-%.0s' {1..20})" "$(printf -- '-%.0s' {1..24})" \
    "$(printf -- '-%.0s' {1..24})" "$(printf -- '-%.0s' {1..24})"
  local step row column
  for step in "${steps[@]}"; do
    row=
    for column in 1 2 3; do
      row+=$(awk -v a="$(median "medsave.${step// /_}" $column)" \
        -v b="$(median "restic.${step// /_}" $column)" \
        'BEGIN { printf "| %6.2f / %6.2f %6.2f ", a, b, b / a }')
    done
    printf '| %-18s %s|\n' "$step" "$row"
  done
  echo "m: medsave, r: restic; ratio: r / m"
}

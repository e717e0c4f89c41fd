# Sourced by the scripts beside it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
jobs=$(nproc)

say() {
  if [ -t 1 ]; then printf '\n\033[1m%s\033[0m\n' "$*"; else printf '\n%s\n' "$*"; fi
}

# configure PRESET [CMAKE ARGUMENTS]: into build/PRESET; ccache helps where it is installed.
configure() {
  local launcher=()
  if command -v ccache >/dev/null; then
    # The sloppiness lets it know precompiled headers.
    launcher=("-DCMAKE_CXX_COMPILER_LAUNCHER=env;CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime;ccache"
      -DCMAKE_CXX_FLAGS=-fpch-preprocess)
  fi
  cmake --preset "$1" "${launcher[@]}" "${@:2}" --log-level=WARNING >/dev/null
}

# build PRESET [CMAKE ARGUMENTS]: shows how far it is on a terminal, only failures elsewhere.
build() {
  local quiet=()
  [ -t 1 ] || quiet=(-- --quiet)
  cmake --build "build/$1" "${@:2}" "${quiet[@]}"
}

# The C++ files that differ from where this branch left the main one (on it: from the last commit),
# and those not committed yet.
changed_sources() {
  local base
  base=$(git merge-base HEAD origin/HEAD 2>/dev/null || git merge-base HEAD main 2>/dev/null || true)
  if [ -z "$base" ] || [ "$base" = "$(git rev-parse HEAD)" ]; then
    base=$(git rev-parse -q --verify HEAD~ || git hash-object -t tree /dev/null)
  fi
  {
    git diff --name-only --diff-filter=d "$base"
    git ls-files --others --exclude-standard
  } | grep -E '^(cmd|include|lib|tests)/.*\.[ch]pp$' | sort -u || true
}
all_sources() {
  find cmd include lib tests -name '*.[ch]pp' | sort
}

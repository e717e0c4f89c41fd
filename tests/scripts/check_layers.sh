#!/usr/bin/env bash
# Plants everything that scripts/check-layers forbids into a small tree of the same form, one thing
# at a time, and looks whether the script fails, names the place and says why.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

mkdir -p "$tree"/{scripts,cmd,tests/unit,lib/{base,sys/posix,format,backend,mount},include/medsave/{base,format}}
cp "$root/scripts/check-layers" "$tree/scripts"
for folder in cmd tests/unit lib/base lib/sys/posix lib/format lib/backend lib/mount; do
  echo 'area.cpp planted.cpp' >"$tree/$folder/CMakeLists.txt"
  echo 'int f();' >"$tree/$folder/area.cpp"
done
failed=0
fail() { echo "$*"; failed=1; }

# allowed FILE LINE: what is no violation there.
allowed() {
  printf '%s\n' "$2" >"$tree/$1"
  "$tree/scripts/check-layers" >"$tree/said" || fail "$1: refused: $2 ($(tail -n 1 "$tree/said"))"
  rm "$tree/$1"
}
# refused FILE LINE WORDS: what is one, and what is said of it.
refused() {
  printf '%s\n' "$2" >"$tree/$1"
  if "$tree/scripts/check-layers" >"$tree/said"; then
    fail "$1: not seen: $2"
  elif ! grep -qF "$1:1:" "$tree/said" || ! grep -qF "$3" "$tree/said"; then
    fail "$1: $2 was refused with other words: $(cat "$tree/said")"
  fi
  rm "$tree/$1"
}
# only_in_sys FILE WORDS LINE...: refused there, but not in lib/sys.
for_sys=()
only_in_sys() {
  for line in "${@:3}"; do refused "$1" "$line" "only lib/sys may $2"; done
  for_sys+=("${@:3}")
}

allowed lib/format/planted.cpp '#include "medsave/base/bytes.hpp"'
refused lib/base/planted.cpp '#include "medsave/format/node.hpp"' 'base (floor 0) includes format (floor 2)'
refused lib/format/planted.cpp '#include "medsave/backend/backend.hpp"' 'format (floor 2) includes backend (floor 2)'
refused lib/format/planted.cpp '#include "medsave/elsewhere/thing.hpp"' 'unknown area'
refused include/medsave/format/planted.hpp '#include <nlohmann/json.hpp>' 'a public header includes a library'
refused include/medsave/format/planted.hpp '#include <openssl/evp.h>' 'a public header includes a library'

only_in_sys lib/format/planted.cpp 'ask the operating system' \
  '#include <unistd.h>' '#include <sys/stat.h>' '# include <fcntl.h>' '#include <cerrno>' '#include <csignal>' \
  'int f() { return ::getpid(); }' 'int f() { return (::close(3)); }'
allowed lib/format/planted.cpp '#include <zstd.h>'
only_in_sys lib/backend/planted.cpp 'read or change the environment' \
  'auto v = std::getenv("HOME");' 'auto v = getenv("HOME");' 'auto v = secure_getenv("HOME");' \
  'int n = setenv("A", "b", 1);' 'auto l = std::setlocale(0, "");' 'std::locale l;' 'int n = std::system("ls");'
only_in_sys lib/format/planted.cpp 'ask for the time or the time zone' \
  'auto t = std::mktime(&parts);' 'auto* t = std::localtime(&now);' 'localtime_r(&now, &parts);' \
  'auto* t = gmtime(&now);' 'auto t = std::time(nullptr);' 'auto t = std::chrono::system_clock::now();' \
  'auto* z = std::chrono::current_zone();'
only_in_sys lib/backend/planted.cpp 'draw random numbers' \
  'std::random_device device;' 'int n = std::rand();' 'void f() { std::srand(1); }'
only_in_sys cmd/planted.cpp 'open, remove or rename files by path' \
  '#include <fstream>' 'std::ifstream in(path);' 'std::ofstream out(path);' 'std::basic_fstream<char> both(path);' \
  'std::filebuf buffer;' 'auto* f = std::fopen("a", "r");' 'int n = std::remove("a");' \
  'int n = std::rename("a", "b");' 'auto* f = std::tmpfile();'
only_in_sys cmd/planted.cpp 'look at the disk through std::filesystem' \
  'bool b = std::filesystem::exists(path);' 'auto p = std::filesystem::canonical(path);' \
  'auto p = std::filesystem::absolute(path);' 'std::filesystem::perms p;' 'std::filesystem::path_entries(p);' \
  'namespace fs = std::filesystem;' 'using namespace std::filesystem;' 'bool b = is_directory(path);' \
  'auto s = symlink_status(path);' 'create_directories(path);'
allowed lib/sys/posix/planted.cpp "$(printf '%s\n' "${for_sys[@]}")"

allowed lib/format/planted.cpp 'auto t = std::chrono::steady_clock::now(), s = system_clock().now();'
allowed cmd/planted.cpp '#include <filesystem>
const std::filesystem::path folder = std::filesystem::path(file).parent_path();
bool lies_in(const std::filesystem::path& inner, const std::filesystem::path& outer);
bool b = info->is_directory();'

# A source that no CMakeLists.txt names.
echo 'int g();' >"$tree/lib/format/forgotten.cpp"
if "$tree/scripts/check-layers" >"$tree/said"; then fail 'a source that is in no CMakeLists.txt was not seen'; fi
grep -qF 'lib/format/forgotten.cpp: not in lib/format/CMakeLists.txt' "$tree/said" || fail "other words: $(cat "$tree/said")"
rm "$tree/lib/format/forgotten.cpp"

"$tree/scripts/check-layers" || fail 'the tree is refused with nothing planted'
exit $failed

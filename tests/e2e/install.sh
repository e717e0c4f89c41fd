# What `cmake --install` puts where: README names the folder with the link called restic.
source "$(dirname "$0")/../support/lib.sh"
command -v cmake ninja >/dev/null || skip "no cmake or ninja"
source_folder=$(realpath "$tests/..")

for prefix in /usr /usr/local; do
  step "$prefix"
  # Debian's libraries for /usr are in a folder of the architecture.
  expect 0 cmake -S "$source_folder" -B tree -G Ninja -DCMAKE_INSTALL_PREFIX=$prefix -DMEDSAVE_TESTS=OFF
  mkdir -p tree/bin
  cp "$MEDSAVE" tree/bin/medsave
  expect 0 env DESTDIR="$work/root" cmake -P tree/cmd/cmake_install.cmake
  link=root$prefix/lib/medsave/restic/restic
  [ -L $link ] || fail "no link: $(find root)"
  same "$(realpath $link)" "$work/root$prefix/bin/medsave"
  expect 0 $link version
  says "compiled with go"
done
grep -q 'PATH=/usr/local/lib/medsave/restic:' "$source_folder/README.md" || fail "README names another folder"

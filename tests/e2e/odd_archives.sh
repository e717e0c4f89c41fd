# dump: one attribute that tar cannot hold costs that attribute, not the files behind it.
source "$(dirname "$0")/../support/lib.sh"
command -v setfattr >/dev/null || skip "no setfattr"
medsave -q init
mkdir data
echo 1 >data/a
echo 2 >data/b
setfattr -n user.x=y -v 1 data/a 2>/dev/null || skip "no extended attributes here"
setfattr -n user.kept -v 1 data/a
medsave -q backup data
status=0
medsave dump latest / >out.tar 2>stderr || status=$?
: >stdout
same "$status" 1 "exit status"
says 'data/a: a tar archive cannot hold the attribute "user.x=y", so it was left out'
says 'all files were written, but 1 attribute was left out'
mkdir out
tar -xf out.tar --xattrs -C out
same "$(cat out/data/a out/data/b | paste -sd' ')" '1 2'
same "$(getfattr --only-values -n user.kept out/data/a)" 1
expect 0 medsave dump --archive zip --target out.zip latest /

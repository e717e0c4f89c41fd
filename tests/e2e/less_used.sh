# Options and commands that few use.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
mkdir data
for i in 1 2 3; do
  echo $i >data/file
  medsave -q backup data --host reception --time "2026-11-0$i 10:00:00"
  medsave -q backup data --host laboratory --time "2026-11-0$i 11:00:00"
done

step "snapshots --group-by with --latest: the newest of each"
expect 0 medsave --json snapshots --group-by host --latest 1
same "$(json --count "")" 2
for group in 0 1; do
  same "$(json --count /$group/snapshots)" 1
  same "$(json /$group/snapshots/0/time | cut -c 1-10)" 2026-11-03
done
expect 0 medsave snapshots --group-by host --latest 2
same "$(grep -c '2026-11-0[23] 1[01]:00:00' stdout)" 4

step "ids that name nothing"
expect 1 medsave snapshots 01234567
expect 1 medsave tag --add x 01234567
says "01234567"
expect 1 medsave --json tag --add x 01234567

step "key passwd names the owner of the new key"
printf %s "$RESTIC_PASSWORD" >password
expect 0 medsave key passwd --new-password-file password --user anna --host office
expect 0 medsave --json key list
same "$(json --count "")" 1
same "$(json /0/userName)@$(json /0/hostName)" anna@office

step "features, rebuild-index"
expect 0 medsave features
says "There are no features"
expect 1 medsave features x
expect 0 medsave rebuild-index
says "the index is right"
expect 0 medsave help
says_not "rebuild-index"

step "prune as restic says '1 blobs'"
medsave -q init -r one
for minute in 1 2; do
  medsave -q -r one backup --stdin --time "2026-11-01 10:0$minute:00" <<<letter
done
medsave -q -r one forget --keep-last 1
expect 0 medsave --as-restic -r one prune
says '^total prune: +1 blobs / [0-9.]+ '

step "an empty answer at the prompt is asked for again"
python3 - "$MEDSAVE" "$work/repo" >stdout <<'END'
import os, pty, sys, time

pid, terminal = pty.fork()
if pid == 0:
    os.environ.pop("RESTIC_PASSWORD", None)
    os.execv(sys.argv[1], [sys.argv[1], "-r", sys.argv[2], "snapshots"])
shown = b""


def wait_for(words):
    global shown
    while words not in shown:
        shown += os.read(terminal, 4096)
    shown = shown.split(words, 1)[1]


wait_for(b"password for repository")
time.sleep(0.2)
os.write(terminal, b"\n")
wait_for(b"nothing was typed")
wait_for(b"password for repository")
time.sleep(0.2)
os.write(terminal, b"correct-horse\n")
wait_for(b"snapshots")
try:
    while os.read(terminal, 4096):
        pass
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END

step "dump writes no bytes to a terminal"
head -c 1000 /dev/urandom >data/picture
medsave -q backup data --host picture
status=0
script -qec "$MEDSAVE dump latest /data/picture" /dev/null </dev/null >stdout || status=$?
same "$status" 1
[ "$(wc -c <stdout)" -lt 600 ] || fail "it wrote the file"
says "terminal"
script -qec "$MEDSAVE dump latest /data/file" /dev/null </dev/null | grep -q '^3' || fail "no text"

step "options of S3 that restic has"
s3() { AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b "$MEDSAVE" -r s3:http://127.0.0.1:9/bucket "$@" snapshots; }
expect 1 s3 -o s3.enable-restore=true
says "s3.enable-restore: medsave does not have a store fetch"
expect 1 s3 -o s3.enable-restore=maybe
says "true or false"
expect 1 s3 -o s3.enable-restore=false -o s3.restore-days=7 -o s3.restore-timeout=1h \
  -o s3.restore-tier=Standard -o s3.retries=1
says_not "unknown extended option"
says "127.0.0.1:9"
expect 1 s3 -o s3.layout=s3legacy
says "only the layout"
expect 1 s3 -o s3.list-objects-v1=2
says "true or false"
expect 1 s3 -o s3.retries=none
says "s3.retries"

step "what a server is asked: --http-user-agent, s3.list-objects-v1, s3.retries"
cat >watch.py <<'END'
import http.server, os

class Server(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_GET(self):
        with open("asked", "a") as out:
            out.write("%s %s | %s\n" % (self.command, self.path, self.headers["User-Agent"]))
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_POST = do_PUT = do_GET

server = http.server.HTTPServer(("127.0.0.1", 0), Server)
with open("port.new", "w") as out:
    out.write(str(server.server_port))
os.rename("port.new", "port")
server.serve_forever()
END
python3 watch.py &
wait_for [ -s port ]
export AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b
store=s3:http://127.0.0.1:$(cat port)/bucket
expect 1 timeout 60 "$MEDSAVE" -r "$store" -o s3.retries=1 --http-user-agent "practice 7" snapshots
grep -q ' | practice 7$' asked || fail "no user agent: $(cat asked)"
! grep -v ' | practice 7$' asked || fail "another user agent"
grep -q 'list-type=2' asked || fail "no list: $(cat asked)"
once=$(grep -c GET.*/config asked)
rm asked
expect 1 timeout 60 "$MEDSAVE" -r "$store" -o s3.retries=2 -o s3.list-objects-v1=true snapshots
! grep -q 'list-type' asked || fail "the newer request"
grep -q 'GET.*prefix=' asked || fail "no list: $(cat asked)"
[ "$(grep -c GET.*/config asked)" -gt "$once" ] || fail "not tried again: $(cat asked)"

step "rclone.timeout is how long rclone may take to start"
printf '#!/bin/sh\nexec sleep 60\n' >slow-rclone
chmod +x slow-rclone
begin=$SECONDS
expect 1 timeout 30 "$MEDSAVE" -r rclone:x:y -o rclone.program="$work/slow-rclone" -o rclone.timeout=1s \
  -o s3.retries=1 snapshots
says "after 1 second"
[ $((SECONDS - begin)) -lt 20 ] || fail "it took $((SECONDS - begin)) seconds"
expect 1 medsave -r rclone:x:y -o rclone.timeout=soon snapshots
says "rclone.timeout"

step "rclone is given no secret"
cat >fake-rclone <<'END'
#!/bin/sh
echo "$@" >>arguments
env | grep '^RCLONE_' >>environment
echo "cannot do $* se-cret" >&2
exit 1
END
chmod +x fake-rclone
rclone() { run "$MEDSAVE" -o rclone.program="$work/fake-rclone" -r "rclone:$1" snapshots; }
rclone ":webdav,url='http://h:1/',user=me,pass=se-cret:/p"
same "$status" 1
says "command line"
grep -q 'webdav' arguments || fail "rclone was not started"
grep -q '^RCLONE_WEBDAV_PASS=se-cret$' environment || fail "no password: $(cat environment)"
! grep se-cret arguments || fail "a secret in rclone's arguments"
says_not "se-cret"
rm arguments
rclone ":webdav,url=http://h:1/,user=me,pass=se-cret:/p"
same "$status" 1
says "quotes"
says "rclone config"
says_not "se-cret"
[ ! -e arguments ] || fail "rclone was started"
rclone ":http,url='http://me:se-cret@h/':/p"
says_not "se-cret"
! grep se-cret arguments || fail "a secret in rclone's arguments"

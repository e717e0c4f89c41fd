# A server whose list of files has no end: Ctrl-C ends the command at once.
source "$(dirname "$0")/../support/lib.sh"
command -v python3 >/dev/null || skip "no python3"

# An HTTP server that lists files for ever, to REST and to S3, and an SFTP server on its standard
# streams that does the same.
cat >endless.py <<'END'
import http.server, itertools, os, socketserver, struct, sys, time


def name(i):
    return "%064x" % i


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_HEAD(self):
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        if "list-type" in self.path:
            return self.page()
        if not self.path.split("?")[0].endswith("/"):
            return self.do_HEAD()
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.x.restic.rest.v2")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        mark()
        text = "["
        for i in itertools.count():
            text += '{"name":"%s","size":1},' % name(i)
            if i % 100 == 0:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(text), text.encode()))
                text = ""
                time.sleep(0.001)

    pages = itertools.count()

    def page(self):
        number = next(self.pages)
        kind = self.path.split("prefix=")[1].split("&")[0].replace("%2F", "/")
        time.sleep(0.01)
        body = "<ListBucketResult><IsTruncated>true</IsTruncated>"
        body += "<NextContinuationToken>%d</NextContinuationToken>" % number
        for i in range(10):
            body += "<Contents><Key>%s%s</Key><Size>1</Size></Contents>" % (kind, name(10 * number + i))
        body = (body + "</ListBucketResult>").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        mark()


def mark():
    open("listing", "w").close()


class Threads(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, *arguments):
        pass


def serve_http():
    server = Threads(("127.0.0.1", 0), Server)
    with open("port.new", "w") as out:
        out.write(str(server.server_port))
    os.rename("port.new", "port")
    server.serve_forever()


def text(value):
    return struct.pack(">I", len(value)) + value


def serve_sftp():
    ask, tell = sys.stdin.buffer, sys.stdout.buffer
    entry = 0
    while True:
        head = ask.read(4)
        if len(head) < 4:
            return
        packet = ask.read(struct.unpack(">I", head)[0])
        kind, number = packet[0], packet[1:5]
        if kind == 1:  # INIT
            answer = bytes([2]) + struct.pack(">I", 3)
        elif kind == 11:  # OPENDIR
            answer = bytes([102]) + number + text(b"h")
        elif kind == 12:  # READDIR
            mark()
            time.sleep(0.001)
            answer = bytes([104]) + number + struct.pack(">I", 10)
            for entry in range(entry + 1, entry + 11):
                answer += text(name(entry).encode()) + text(b"")
                answer += struct.pack(">IQI", 5, 1, 0o100644)  # size and mode
        elif kind in (7, 17, 8):  # STAT and the like: a folder
            answer = bytes([105]) + number + struct.pack(">II", 4, 0o040700)
        else:
            answer = bytes([101]) + number + struct.pack(">I", 0 if kind == 4 else 2) + text(b"") * 2
        tell.write(struct.pack(">I", len(answer)) + answer)
        tell.flush()


serve_sftp() if sys.argv[1:] == ["sftp"] else serve_http()
END
python3 endless.py &
wait_for [ -s port ]
address=127.0.0.1:$(cat port)

# ends_at_once ARGUMENTS...: a command that is listing ends soon after Ctrl-C: at once, but for what a
# loaded machine needs. What waits for the end of a list is given up after ten seconds only.
ends_at_once() {
  local pid from took
  rm -f listing
  "$MEDSAVE" "$@" snapshots >stdout 2>stderr &
  pid=$!
  wait_for [ -e listing ]
  sleep 0.3
  kill -0 "$pid" 2>/dev/null || fail "it ended by itself: $(cat stderr)"
  from=$(date +%s%3N)
  kill -INT "$pid"
  status=0
  wait "$pid" || status=$?
  took=$(($(date +%s%3N) - from))
  same "$status" 130 "exit status"
  says "interrupted"
  [ "$took" -lt 5000 ] || fail "it took $took ms to end"
}

step "REST"
ends_at_once -r "rest:http://$address/repo/"
step "S3"
export AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b
ends_at_once -r "s3:http://$address/bucket/repo"
step "SFTP"
ends_at_once -r sftp:nowhere:repo -o sftp.command="python3 $work/endless.py sftp"

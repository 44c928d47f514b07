package main

// program is something to trace.
type program struct {
	name   string
	argv   []string
	setup  string            // for /bin/sh -e, in the working directory, before it is traced
	status int               // its exit status
	needs  map[string]string // commands and the packages they are in, but for those Debian always has
}

// anyStatus is the status of a program that may exit with any.
const anyStatus = -2

// What programs find in their working directory.
const (
	someFiles = `mkdir -p d/e/f; for i in 1 2 3 4 5 6 7 8 9; do echo "line $i of a file, word$i" >d/file$i; done
seq 1 3000 >d/e/numbers; ln -s file1 d/link; ln d/file2 d/e/hard; chmod 600 d/file3; chmod 4755 d/file4; mkfifo d/fifo; `
	someC    = `printf '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n' >a.c; `
	someGit  = someFiles + `rm d/fifo; find d -exec touch -hd 2020-01-01 {} +; git init -q -b main .; git add d; git commit -q -m one; echo more >>d/file1; echo new >untracked; `
	someTree = `mkdir src; for i in 1 2 3; do echo "int f$i(void) { return $i; }" >src/f$i.c; done
printf 'all: one two\none:\n\t@echo one >one\ntwo: one\n\t@cat one >two; true\n' >Makefile; `
)

func sh(script string) []string { return []string{"sh", "-c", script} }

func python(script string) []string { return []string{"python3", "-c", script} }

func perl(script string) []string { return []string{"perl", "-e", script} }

var (
	needGit    = map[string]string{"git": "git"}
	needPython = map[string]string{"python3": "python3"}
	needGcc    = map[string]string{"gcc": "gcc"}
)

// programs is what is compared: everyday programs of many kinds, none made for
// the purpose. Their output is small, and they take a second at most.
var programs = []program{
	{name: "true", argv: []string{"true"}},
	{name: "false", argv: []string{"false"}, status: 1},
	{name: "ls", setup: someFiles, argv: []string{"ls", "-laR", "."}},
	{name: "cp", setup: someFiles, argv: []string{"cp", "-a", "d", "copy"}},
	{name: "mv-rm", setup: someFiles, argv: sh("mv d/file1 d/file0; rm -r d/e; rmdir d; mkdir -p x/y; ln -s x l; readlink l; touch t; truncate -s 100 t")},
	{name: "sort", setup: someFiles, argv: []string{"sort", "-rn", "d/e/numbers", "-o", "sorted"}},
	{name: "df", argv: []string{"df", "-a"}},
	{name: "stat", setup: someFiles, argv: []string{"stat", "d/file1", "d/link", "d/fifo", "/dev/null", "missing"}, status: 1},
	{name: "date", argv: []string{"date", "-u", "-R"}},
	{name: "dd", argv: []string{"dd", "if=/dev/zero", "of=out", "bs=1k", "count=20", "conv=fsync"}},
	{name: "id", argv: []string{"id", "root"}},
	{name: "chmod-chown", setup: someFiles, argv: sh("chmod -R u+w,o-r d; chown -h $(id -u):$(id -g) d/link; chgrp $(id -g) d; umask 077; touch -d 2024-01-01 new; ls -l new")},
	{name: "du", setup: someFiles, argv: []string{"du", "-a", "d"}},
	{name: "timeout", argv: []string{"timeout", "0.2", "sleep", "5"}, status: 124},
	{name: "nice-env", argv: []string{"env", "-i", "A=b", "nice", "-n", "5", "nohup", "printenv"}},
	{name: "taskset", argv: []string{"taskset", "-c", "0", "chrt", "-b", "0", "ionice", "-c", "3", "prlimit", "--nofile=100", "true"}},
	{name: "shell", setup: someFiles, argv: sh("for f in d/file*; do cat $f; done | grep -c line; x=$(echo a | tr a b); echo $x; [ -d d ] && cd d && pwd; exit 3"), status: 3},
	{name: "bash", setup: someFiles, argv: []string{"bash", "-c", "a=(1 2 3); for i in ${a[@]}; do read l < <(head -$i d/file1); done; trap 'echo usr1' USR1; kill -USR1 $$; wait; cat <<< here | tee out"}},
	{name: "signals", argv: sh("sleep 10 & p=$!; kill -STOP $p; kill -CONT $p; kill -TERM $p; wait $p; trap '' INT; kill -INT $$; kill -ABRT $$"), status: -1},
	{name: "jobs", argv: sh("sleep 0.05 & sleep 0.02 & wait; (exit 7); sh -c 'kill -9 $$' & wait")},
	{name: "grep", setup: someFiles, argv: []string{"grep", "-r", "word[1-3]", "--exclude=fifo", "d"}},
	{name: "sed", setup: someFiles, argv: []string{"sed", "-i", "s/line/LINE/", "d/file1", "d/file2"}},
	{name: "awk", setup: someFiles, argv: []string{"awk", "{ n += $1 } END { print n; \"date +%Y\" | getline y; print y > \"/dev/stderr\" }", "d/e/numbers"}},
	{name: "find", setup: someFiles, argv: []string{"find", ".", "-type", "f", "-size", "-2k", "-exec", "wc", "-c", "{}", "+"}},
	{name: "xargs", setup: someFiles, argv: sh("ls d | xargs -n 4 -P 2 echo")},
	{name: "tar", setup: someFiles, argv: []string{"tar", "czf", "a.tar.gz", "d"}},
	{name: "untar", setup: someFiles + "tar cf a.tar d; rm -r d", argv: []string{"tar", "xpf", "a.tar"}},
	{name: "gzip", setup: someFiles, argv: []string{"gzip", "-9", "d/e/numbers"}},
	{name: "git-status", setup: someGit, argv: []string{"git", "status"}, needs: needGit},
	{name: "git-log", setup: someGit, argv: []string{"git", "log", "--stat", "-p"}, needs: needGit},
	{name: "git-commit", setup: someFiles, argv: sh("git init -q . && git add d/file1 d/e && git commit -q -m one && git gc -q"), needs: needGit},
	{name: "git-clone", setup: "mkdir r; cd r;" + someGit, argv: []string{"git", "clone", "-q", "--no-local", "r", "c"}, needs: needGit},
	{name: "py-json", setup: "echo '{\"a\": [1, 2, {\"b\": null}]}' >in.json", argv: []string{"python3", "-m", "json.tool", "in.json", "out.json"}, needs: needPython},
	{name: "py-threads", argv: python("import threading, time\nl = threading.Lock()\ndef f():\n  with l: time.sleep(0.01)\nt = [threading.Thread(target=f) for i in range(4)]\nfor x in t: x.start()\nfor x in t: x.join()"), needs: needPython},
	{name: "py-subprocess", argv: python("import subprocess\nprint(subprocess.run(['cat', '/etc/hostname'], capture_output=True).returncode)\nsubprocess.run('exit 3', shell=True)"), needs: needPython},
	{name: "py-socket", argv: python(pySocket), needs: needPython},
	{name: "py-files", argv: python(pyFiles), needs: needPython},
	{name: "py-select", argv: python(pySelect), needs: needPython},
	{name: "py-mmap", argv: python(pyMemory), needs: needPython},
	{name: "perl", setup: someFiles, argv: perl(`use POSIX; use Fcntl qw(:flock); open F, "<", "d/file1"; flock F, LOCK_SH; print <F>; @s = stat F; pipe R, W; if (!fork) { print W "x"; exit 2 } wait; print $? >> 8, "\n"; utime 1, 2, "d/file2"; alarm 1; $SIG{ALRM} = sub { die "alarm\n" }; eval { select undef, undef, undef, 3 }; print $@`)},
	{name: "gcc", setup: someC, argv: []string{"gcc", "-O1", "-o", "a", "a.c"}, needs: needGcc},
	{name: "make", setup: someTree, argv: []string{"make", "-j2", "all"}, needs: map[string]string{"make": "make"}},
	{name: "ssh-keygen", argv: []string{"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key"}, needs: map[string]string{"ssh-keygen": "openssh-client"}},
	{name: "openssl", argv: []string{"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=a", "-keyout", "k", "-out", "c"}, needs: map[string]string{"openssl": "openssl"}},
	{name: "sqlite", argv: []string{"sqlite3", "db", "create table t(a, b); insert into t values (1, 'x'), (2, 'y'); begin; update t set b = 'z'; commit; select * from t; vacuum;"}, needs: map[string]string{"sqlite3": "sqlite3"}},
	{name: "ps", argv: []string{"ps", "-o", "pid,comm", "-q", "1"}, needs: map[string]string{"ps": "procps"}},
	{name: "free", argv: []string{"free", "-m"}, needs: map[string]string{"free": "procps"}},
	{name: "dpkg", argv: []string{"dpkg", "-l", "dpkg"}},
	{name: "getent", argv: []string{"getent", "passwd", "root", "nobody", "missing"}, status: 2},
	{name: "getent-hosts", argv: []string{"getent", "ahosts", "localhost"}},
	{name: "http", setup: someFiles, argv: python(pyHTTP), needs: needPython},
	{name: "curl", setup: someFiles + "mkfifo port", argv: sh(`python3 -u -m http.server --bind 127.0.0.1 0 >port 2>log & p=$!
read a b c d e port rest <port; curl -s http://127.0.0.1:$port/d/file1; kill $p; wait`), needs: map[string]string{"python3": "python3", "curl": "curl"}},
	{name: "nc", argv: []string{"nc", "-v", "-z", "-w", "1", "127.0.0.1", "9"}, status: 1, needs: map[string]string{"nc": "netcat-openbsd"}},
	{name: "mount", argv: []string{"mount"}},
	{name: "mounting", argv: sh("mkdir m; mount -t tmpfs -o size=1m,mode=700 tmpfs m && touch m/x && mount -o remount,ro m; mount --bind d m; umount m; umount -l m"), status: 32},
	{name: "unshare", argv: []string{"unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--net", "--uts", "hostname"}},
	{name: "ip", argv: []string{"ip", "-details", "address"}, needs: map[string]string{"ip": "iproute2"}},
	{name: "ss", argv: []string{"ss", "-tln"}, needs: map[string]string{"ss": "iproute2"}},
}

const pySocket = `
import socket, os, array
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", 0)); s.listen(5)
c = socket.create_connection(s.getsockname()); a, peer = s.accept()
c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1); c.sendall(b"hello"); print(a.recv(100)); a.settimeout(0.01)
try: a.recv(1)
except socket.timeout: pass
c.shutdown(socket.SHUT_WR); a.recv(1)
u = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); u.bind("sock"); u.sendto(b"x", "sock"); u.recvfrom(10)
x, y = socket.socketpair(); socket.send_fds(x, [b"fd"], [0, 1]); socket.recv_fds(y, 10, 2)
v = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); v.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1); v.connect_ex(("::1", 9)); v.getpeername()
d = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); d.sendmsg([b"one", b"two"], [], 0, ("127.0.0.1", 9))
print(x.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12), socket.gethostname())
`

const pyFiles = `
import os, fcntl, tempfile, shutil, resource, pwd
f = os.open("f", os.O_CREAT|os.O_RDWR|os.O_TRUNC|os.O_CLOEXEC, 0o640); os.write(f, b"\0\1\377abc\n" * 20); os.pwrite(f, b"xx", 5); os.pread(f, 10, 0)
os.writev(f, [b"a", b"bc"]); os.lseek(f, 0, os.SEEK_SET); os.readv(f, [bytearray(3), bytearray(4)]); os.ftruncate(f, 10); os.fdatasync(f)
fcntl.fcntl(f, fcntl.F_SETFL, fcntl.fcntl(f, fcntl.F_GETFL)|os.O_NONBLOCK); fcntl.lockf(f, fcntl.LOCK_EX); fcntl.lockf(f, fcntl.LOCK_UN)
os.utime("f", (1e9, 1e9)); os.setxattr("f", "user.a", b"v") if 0 else None; os.rename("f", "g"); os.link("g", "h"); os.symlink("g", "s"); os.mkdir("x", 0o711)
print(os.statvfs(".").f_bsize > 0, os.listdir("."), os.access("g", os.W_OK), os.stat("g").st_size, os.lstat("s").st_size); os.chmod("g", 0o4600); os.umask(0o77)
d = tempfile.mkdtemp(); shutil.copy("g", d); shutil.rmtree(d); os.unlink("h"); os.posix_fallocate(f, 0, 4096); os.copy_file_range(f, f, 4, 0, 100); os.sendfile(f, f, 0, 1)
print(resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0, os.times()[0] >= 0, os.uname().sysname, os.getgroups() != None, os.getpriority(0, 0))
os.mkfifo("p"); r = os.memfd_create("m"); os.dup2(r, 50); os.pipe2(os.O_NONBLOCK); os.sched_yield(); os.sched_getaffinity(0); os.getloadavg(); os.closerange(60, 63); os.chdir("x"); os.getcwd()
try: os.open("/missing", os.O_RDONLY)
except OSError: pass
`

const pySelect = `
import select, os, signal, time
r, w = os.pipe(); os.write(w, b"x"); p = select.poll(); p.register(r, select.POLLIN); p.register(w); print(p.poll(10)); print(select.select([r], [w], [r], 0.01)); os.read(r, 1)
e = select.epoll(); e.register(r, select.EPOLLIN|select.EPOLLET); print(e.poll(0.01)); e.modify(r, select.EPOLLIN); os.write(w, b"y"); print(e.poll(1)); e.unregister(r); p.poll(5); select.select([], [], [], 0.001)
signal.signal(signal.SIGALRM, lambda *a: print("alarm")); signal.setitimer(signal.ITIMER_REAL, 0.02); signal.pause(); signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGTERM])
os.kill(os.getpid(), signal.SIGUSR1); print(signal.sigpending(), signal.sigwaitinfo([signal.SIGUSR1]).si_signo, signal.sigtimedwait([signal.SIGTERM], 0.01)); time.sleep(0.01)
pid = os.fork()
if pid == 0: os._exit(5)
print(os.waitid(os.P_PID, pid, os.WEXITED).si_status); f = os.eventfd(3) if hasattr(os, "eventfd") else r; os.read(f, 8)
`

const pyMemory = `
import mmap, os, ctypes
m = mmap.mmap(-1, 1 << 20); m[0:3] = b"abc"; m.flush(); m.madvise(mmap.MADV_DONTNEED); m.resize(1 << 21); m.close()
with open("f", "wb+") as f: f.truncate(9000); g = mmap.mmap(f.fileno(), 0, mmap.MAP_SHARED); g[0] = 1; g.flush(); g.close()
x = bytearray(50 << 20); del x
`

const pyHTTP = `
import http.server, threading, urllib.request
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler); threading.Thread(target=s.serve_forever, kwargs={"poll_interval": 5}, daemon=True).start()
print(len(urllib.request.urlopen("http://127.0.0.1:%d/d/file1" % s.server_port).read()))
`

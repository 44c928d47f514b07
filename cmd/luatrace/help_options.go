package main

// optionsText describes every option, in the order of their use. docs/options.md
// shows it too.
const optionsText = `What to do with the calls
  -t, --trace=SPEC             only these calls: open,close  %file  /^stat/
                               '!read'  '*'; also signal:INT, a phase :enter
  -e, --exec=CODE              run Lua code; with -t it is the body of a hook
  -s, --script=NAME            run a script of the collection, a FILE.lua, or -
                               for standard input
  -a, --arg=NAME=VALUE         argument of the scripts
      --skip-startup           no calls of the dynamic loader, nor any about the
                               locale: what is left is the program's own
      --lines                  print the calls beside what scripts write, with
                               what they changed marked
      --inject=SPEC:DO[:when=WHEN]  tamper with these calls, as strace does; DO:
                               error=ERRNO or retval=N (the call is not made),
                               syscall=NAME (but this one), signal=SIG,
                               delay_enter=TIME, delay_exit=TIME,
                               poke_enter=@argN=HEX,..., poke_exit=...
                               WHEN: FIRST, FIRST+, FIRST+STEP, FIRST..LAST
                               or FIRST..LAST+STEP, counted in each thread
      --fault=SPEC[:error=ERRNO][:when=WHEN]  make them fail, ENOSYS
Whom to trace
  -p, --attach=PID,NAME...     processes that run already, with all threads, by
                               number, by name (all of it: nginx), or the
                               program's file; one that has ended is reported,
                               and the others are traced
  -f, --follow-forks           children and threads too; they are in any case,
                               and with -o each line has its thread id
      --no-follow              neither children nor threads
  -u, --user=USER              run the command as this user or UID:GID, with
                               the user's HOME, SHELL, USER and LOGNAME
  -E, --env=VAR=VALUE, VAR     set or unset a variable of the command
      --argv0=NAME             the command's name for itself
      --exit-with-command      end with the command: daemons and others that it
                               leaves running are let go
  -b, --detach-on=execve       let a process go when it runs another program
      --syscall-limit=N        let all go after N calls shown
      --for=TIME               end the trace after 10s, 500ms, 1m: processes of
                               -p run on, the command gets SIGTERM
Which calls to print, and which signals
  -P, --trace-path=PATH        calls about this file, by path or descriptor, or
                               what PATH is a link to; may be repeated
      --trace-fds=SET          calls about these descriptors, or a path of -P
  -z, --successful-only        calls without an error
  -Z, --failed-only            calls with an error
      --status=SET             calls that were successful, failed, unfinished,
                               unavailable, detached
      --signal=SET             signals: names or numbers
  -q, --quiet=attach,personality,faults  leave out messages, and how often
                                         faults hit; --silent and --silence
                                         are the same
  -qq, --quiet=attach,personality,faults,exit   ends of processes too
  -qqq, --quiet=all            and path-resolution, thread-execve
SET is names with commas between them, all, or none; !SET is all but these.
How calls are printed
  -v, --no-abbrev              structs, environments and arrays in full
      --abbrev=SPEC            short for these calls, in full for the others
      --verbose=SPEC           structs and arrays of these calls only, of the
                               others their addresses
      --raw=SPEC               arguments of these calls in hexadecimal
      --string-limit=N         bytes of a string, 32; 0 is all that was read
      --columns=N              column of the results, 40
  -N, --arg-names              arguments with their names
  -x, --strings-in-hex=non-ascii         strings with such bytes as \x escapes
  -xx, --strings-in-hex[=all]            all strings
      --strings-in-hex=non-ascii-chars   only the bytes; none is the default
  -X, --const-print-style=raw|abbrev|verbose   numbers, names, or both
  -y, --decode-fds[=path]      paths of descriptors
  -yy, --decode-fds=all        or SET of path, socket, dev, eventfd, pidfd,
                               signalfd: addresses of sockets, and so on
  -Y, --decode-pids=comm       names of processes behind their ids
  -i, --instruction-pointer    where the program was
  -n, --syscall-number         numbers of calls
      --read=SET               dump what is read from these descriptors
      --write=SET              dump what is written to them
      --always-show-pid        the thread id also if there is one thread
      --width=N                shorten lines to N columns: those of the terminal
                               unless -v or --string-limit is given; 0 does not
      --color=auto|always|never   failures red, signals yellow; auto is on a
                               terminal, without NO_COLOR in the environment
Times: PRECISION is s, ms, us or ns
  -r, --relative-timestamps[=PRECISION]   since the line before, us
  -tt                          time of day with microseconds
  -ttt                         seconds since 1970 with microseconds
      --absolute-timestamps[=FORMAT,PRECISION]   none, time or unix; s
  -T, --syscall-times[=PRECISION]         time in the call, us
Where to
  -o, --output=FILE            instead of standard error
  -A, --output-append-mode     behind what is in FILE
  -ff, --output-separately     FILE.TID for each thread; when an id comes again,
                               behind a line "--- another thread ..."
  -j, --json                   an object a line
The table
  -c, --summary-only           counts, errors and time of the calls
  -C, --summary                the calls, then the table
  -S, --summary-sort-by=KEY    a column or nothing
  -U, --summary-columns=LIST   time-percent, total-time, min-time, max-time,
                               avg-time, calls, errors, name
  -w, --summary-wall-clock     time from entry to exit: it always is
  -O, --summary-syscall-overhead=TIME   taken off each call: 5, 5us, 1.5ms
Limits, in bytes or as 64K, 512M, 2G
      --hook-timeout=TIME      how long a hook may run, 5s; 0 is for ever. Then
                               it fails: see on_error in luatrace help on
      --max-memory=SIZE        what scripts may keep, 1G or a quarter of the
                               memory there is; 0 is no limit
      --max-output=SIZE        how long the trace may get; 0, no limit. Without
                               it -o leaves 1G of the file system free, or a
                               twentieth, or half of what is free at first
      --max-read=SIZE          what a script may read of a process at once, 64M
      --max-keys=N             rows of an aggregation, 100000; the rest is one
The trace itself
      --plan                   show what will stop, and how; trace nothing
      --attachable             no seccomp filter: scripts may let processes go
      --keep-tracing           refuse programs that trace others: their ptrace
                               fails with EPERM, instead of luatrace letting
                               go what they trace
      --no-notify              stop calls instead of asking: for commands that
                               have a seccomp listener themselves
      --cpu=auto|off           share a CPU with a busy tracee
      --seed=N                 what rng() and faults of some probability begin
                               with that give no seed, 0: alike in each run
      --read-only              scripts may look and not change anything
      --sandbox                scripts get at no files, environment or other
                               code, but at what is traced
  -h, --help                   a screen of help
  -V, --version                version
`

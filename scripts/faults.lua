meta {
  name = "faults",
  summary = "calls fail by number or by chance: what if the disk is full?",
  categories = {"errors", "change"},
  acts = true,
  args = {
    calls = {type = "calls", required = true, help = "which calls, as for -t"},
    errno = {type = "errno", default = "EIO", help = "the error the program gets"},
    nth = {type = "number", help = "only the nth such call of all processes"},
    step = {type = "number", help = "every step-th call"},
    probability = {type = "number", help = "each call with this chance, 0 to 1"},
    seed = {type = "number", default = 0, help = "other chances; the same seed, the same"},
    under = {type = "path", help = "only calls on files in this directory or below it"},
  },
  examples = {
    "luatrace -s faults -a calls=write -a errno=ENOSPC -a nth=3 tar cf x.tar src",
    "luatrace -s faults -a calls=openat -a under=/tmp -a probability=0.1 -a seed=7 make",
  },
  caveats = "A failed call was not made at all: no half of a write happens. With several "
    .. "threads the order of calls, and so the choice, may differ from run to run.",
}

fault(args.calls, {
  errno = args.errno,
  nth = args.nth,
  step = args.step,
  probability = args.probability,
  seed = args.seed,
  when = args.under and {path = under(args.under)},
})

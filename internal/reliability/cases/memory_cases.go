package cases

// memoryCases are about what lies behind the arguments.
var memoryCases = []Case{
	{
		Name: "memory-partly-there",
		Says: "Strings and buffers that run into unmapped or protected pages are shown as far as they go; the call fails or not as untraced.",
		Argv: []string{"FIXTURE/partial"},
	},
	{
		Name: "read-only-memory",
		Says: "Arguments in read-only pages can be read, and are left alone.",
		Argv: []string{"FIXTURE/ro"},
	},
	{
		Name: "path-changes-behind-hook",
		Says: "Another thread rewrites a path while it is opened: what the hook read may not be what the kernel opened, and nothing else goes wrong.",
		Argv: []string{"FIXTURE/toctou", "500"}, Mask: `A \d+ B \d+`,
	},
	{
		Name: "undumpable",
		Says: "A process that made itself undumpable runs on, though an ordinary user's tracer cannot read its memory any more.",
		Argv: []string{"FIXTURE/dumpable"},
	},
}

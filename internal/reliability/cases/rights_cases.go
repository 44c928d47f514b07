package cases

// rightsCases are about rights, descriptors, and what the program can find out of the tracer.
var rightsCases = []Case{
	{
		Name: "descriptors",
		Says: "The program has the descriptors that it would have untraced, and those of luatrace are closed in it.",
		Argv: sh(`exec 3</dev/null 7>out; FIXTURE/fdlist; exec FIXTURE/fdlist`),
	},
	{
		Name:  "standard-input",
		Says:  "The standard input is the program's: luatrace takes nothing of it.",
		Argv:  []string{"FIXTURE/stdinecho"},
		Stdin: "one\ntwo\n",
	},
}

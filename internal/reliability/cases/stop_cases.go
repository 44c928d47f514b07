package cases

// stopCases are about stops and signals.
var stopCases = []Case{
	{
		Name: "group-stop",
		Says: "A process with threads that is stopped and continued stays stopped while it is so, and runs when all its threads do.",
		Argv: []string{"FIXTURE/groupstop", "20"},
	},
}

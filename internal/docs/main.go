// Command docs writes docs/scripting.md: the manual that stands in scripting.md.in beside this file,
// and behind it the reference, made from the tables the interface itself is made from;
// docs/syscalls.md, the table of what is decoded of each system call; and docs/collection.md, what
// each script says about itself, with a transcript.
//
// Run it at the top of the tree: go run ./internal/docs. With -transcripts it also runs the commands
// of the transcripts again.
package main

import (
	"bytes"
	_ "embed"
	"flag"
	"fmt"
	"os"

	"luatrace/bindings"
)

// target is the file that is written, from the top of the tree.
const target = "docs/scripting.md"

//go:embed scripting.md.in
var manual []byte

//go:generate sh -c "cd ../.. && go run ./internal/docs"

func main() {
	again := flag.Bool("transcripts", false, "run the commands of scripts/transcripts and write what they print")
	flag.Parse()
	if *again {
		if err := record(); err != nil {
			fmt.Fprintln(os.Stderr, "docs:", err)
			os.Exit(1)
		}
	}
	text, err := scripting()
	if err == nil {
		err = os.WriteFile(target, text, 0o644)
	}
	if err == nil {
		err = os.WriteFile(coverageTarget, coverage(), 0o644)
	}
	if err == nil {
		text, err = collection(".")
	}
	if err == nil {
		err = os.WriteFile(collectionTarget, text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

// scripting returns the text of docs/scripting.md.
func scripting() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprint(&b, "<!-- Made by: go run ./internal/docs. Change internal/docs/scripting.md.in, or the help texts in bindings. -->\n\n")
	b.Write(manual)
	fmt.Fprint(&b, "\n# Reference\n\n")
	err := bindings.NewReference().WriteMarkdown(&b)
	return b.Bytes(), err
}

// Command docs writes docs/scripting.md: the manual that stands in scripting.md.in beside this
// file; docs/reference.md, made from the tables the interface itself is made from; the pictures of
// the README; and scripts/compiled.bin, the collection as the program loads it.
//
// Run it at the top of the tree: go run ./internal/docs. With -transcripts it also runs the
// commands of the transcripts again, with -wrap it wraps the prose of all documents.
package main

import (
	"bytes"
	_ "embed"
	"flag"
	"fmt"
	"os"

	"luatrace/bindings"
)

// The files of the interface, from the top of the tree.
const (
	target          = "docs/scripting.md"
	referenceTarget = "docs/reference.md"
)

//go:embed scripting.md.in
var manual []byte

//go:generate sh -c "cd ../.. && go run ./internal/docs"

func main() {
	again := flag.Bool("transcripts", false, "run the commands of scripts/transcripts and write what they print")
	wrap := flag.Bool("wrap", false, "wrap the prose of the documents that are written by hand")
	flag.Parse()
	if *wrap {
		if err := wrapFiles(); err != nil {
			fmt.Fprintln(os.Stderr, "docs:", err)
			os.Exit(1)
		}
	}
	if *again {
		if err := record(); err != nil {
			fmt.Fprintln(os.Stderr, "docs:", err)
			os.Exit(1)
		}
	}
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

// write makes the files.
func write() error {
	ref, err := reference()
	if err != nil {
		return err
	}
	compiled, err := compiledScripts()
	if err != nil {
		return err
	}
	for target, text := range map[string][]byte{compiledTarget: compiled, pictureTarget: picture(pictureText), target: scripting(), referenceTarget: ref} {
		if err := os.WriteFile(target, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// made is the first line of a file that is not to be changed by hand.
const made = "<!-- Made by: go run ./internal/docs, from scripting.md.in beside it and the tables in bindings. -->\n\n"

// scripting returns the text of docs/scripting.md.
func scripting() []byte { return append([]byte(made), wrapProse(manual)...) }

// reference returns the text of docs/reference.md.
func reference() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprint(&b, made, "# Reference of the script interface\n\n",
		"Every function, module, object and field that scripts have. [scripting.md](scripting.md) teaches them by examples; `luatrace types` gives them to an editor.\n\n")
	err := bindings.NewReference().WriteMarkdown(&b)
	return wrapProse(b.Bytes()), err
}

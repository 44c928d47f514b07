package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"luatrace/bindings"
	"luatrace/scripts"
)

// collectionTarget is the page about the scripts, from the top of the tree.
const collectionTarget = "docs/collection.md"

// metaOf reads what a script of the collection says about itself.
func metaOf(name string) (*bindings.Meta, error) {
	r := bindings.New(bindings.Options{Libraries: []bindings.Library{{Name: "luatrace", FS: scripts.FS}}})
	defer r.Close()
	fn, err := r.LoadFS(bindings.Library{Name: "luatrace", FS: scripts.FS}, name+".lua")
	if err != nil {
		return nil, err
	}
	return r.ReadMeta(fn)
}

// collection returns the text of docs/collection.md; root is the top of the tree.
func collection(root string) ([]byte, error) {
	var metas []*bindings.Meta
	categories := map[string][]string{}
	for _, name := range scripts.Names() {
		m, err := metaOf(name)
		if err != nil {
			return nil, err
		}
		metas = append(metas, m)
		for _, c := range m.Categories {
			categories[c] = append(categories[c], name)
		}
	}
	var b bytes.Buffer
	fmt.Fprint(&b, "<!-- Made by: go run ./internal/docs, from meta{...} of scripts/*.lua and from scripts/transcripts. -->\n\n# The collection\n\n")
	fmt.Fprintf(&b, "%d scripts are built into luatrace: `luatrace -s NAME COMMAND`, or `-p PID` in the place of COMMAND. `luatrace list` shows them, `luatrace info NAME` says what is here.\n", len(metas))
	fmt.Fprint(&b, "With `-j` each writes JSON, an object a line. How to write your own: [scripting.md](scripting.md).\n\n")
	fmt.Fprint(&b, "Each transcript was made by the command it shows, with luatrace in PATH and in an empty directory; long ones are cut. `go run ./internal/docs -transcripts` makes them anew.\n\n")
	var names []string
	for c := range categories {
		names = append(names, c)
	}
	slices.Sort(names)
	fmt.Fprint(&b, "| category | scripts |\n| --- | --- |\n")
	for _, c := range names {
		fmt.Fprintf(&b, "| %s |", c)
		for _, s := range categories[c] {
			fmt.Fprintf(&b, " [%s](#%s)", s, s)
		}
		fmt.Fprint(&b, " |\n")
	}
	for _, m := range metas {
		text, err := os.ReadFile(filepath.Join(root, transcripts, m.Name+".txt"))
		if err != nil {
			return nil, err
		}
		writeScript(&b, m, string(text))
	}
	return b.Bytes(), nil
}

func writeScript(b *bytes.Buffer, m *bindings.Meta, transcript string) {
	fmt.Fprintf(b, "\n## %s\n\n%s%s.", m.Name, strings.ToUpper(m.Summary[:1]), strings.TrimSuffix(m.Summary[1:], "."))
	if m.Acts {
		fmt.Fprint(b, " **It changes what it traces.**")
	}
	fmt.Fprintf(b, "\n\n```text\n%s```\n\n", transcript)
	if len(m.Args) > 0 {
		fmt.Fprint(b, "| argument | | default |\n| --- | --- | --- |\n")
		for _, a := range m.Args {
			name := a.Name
			if a.Type != "flag" {
				name += "=" + strings.ToUpper(a.Type)
			}
			otherwise := a.Default
			switch {
			case a.Required:
				otherwise = "required"
			case otherwise != "":
				otherwise = "`" + strings.ReplaceAll(otherwise, "|", "\\|") + "`"
			}
			fmt.Fprintf(b, "| `-a %s` | %s | %s |\n", name, strings.ReplaceAll(a.Help, "|", "\\|"), otherwise)
		}
		fmt.Fprint(b, "\n")
	}
	fmt.Fprint(b, "```sh\n")
	for _, e := range m.Examples {
		fmt.Fprintf(b, "%s\n", e)
	}
	fmt.Fprint(b, "```\n")
	if m.Caveats != "" {
		fmt.Fprintf(b, "\nCaveats: %s\n", m.Caveats)
	}
}

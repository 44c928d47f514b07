// Command states draws the states of a traced thread from the table in tracer/life.go, as a
// Mermaid diagram between two markers of CONTRIBUTING.md. A test fails when that is not current.
//
//	go run ./internal/states
package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"luatrace/internal/fixture"
)

// The file with the table, the page with the diagram, and where it stands there.
const (
	source = "tracer/life.go"
	page   = "CONTRIBUTING.md"
	begin  = "<!-- states: go run ./internal/states -->\n"
	end    = "<!-- end of states -->\n"
)

func main() {
	if err := update(); err != nil {
		fmt.Fprintln(os.Stderr, "states:", err)
		os.Exit(1)
	}
}

// update writes the diagram into the page.
func update() error {
	name, text, err := drawn()
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}

// drawn is the page as it should be, and its name.
func drawn() (name string, text []byte, err error) {
	root, err := fixture.Root()
	if err != nil {
		return "", nil, err
	}
	code, err := os.ReadFile(filepath.Join(root, source))
	if err != nil {
		return "", nil, err
	}
	diagram, err := diagramOf(code)
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", source, err)
	}
	name = filepath.Join(root, page)
	if text, err = os.ReadFile(name); err != nil {
		return "", nil, err
	}
	text, err = insert(text, diagram)
	return name, text, err
}

// insert puts the diagram between the markers of a page.
func insert(text []byte, diagram string) ([]byte, error) {
	head, rest, ok := bytes.Cut(text, []byte(begin))
	_, tail, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return nil, fmt.Errorf("%s needs the lines %q and %q", page, begin, end)
	}
	return bytes.Join([][]byte{head, []byte(begin), []byte(diagram), []byte(end), tail}, nil), nil
}

// step is a row of the table.
type step struct{ from, to, by string }

// diagramOf draws the table lifeSteps of a Go file: the states are its constants, and a comment
// beside a constant is a note.
func diagramOf(code []byte) (string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), source, code, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	var states, notes []string
	var steps []step
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, s := range decl.Specs {
			value, ok := s.(*ast.ValueSpec)
			switch {
			case !ok:
			case decl.Tok == token.CONST && strings.HasPrefix(value.Names[0].Name, "life"):
				states = append(states, shown(value.Names[0].Name))
				notes = append(notes, strings.TrimSpace(value.Comment.Text()))
			case value.Names[0].Name == "lifeSteps":
				if steps, err = stepsOf(value); err != nil {
					return "", err
				}
			}
		}
	}
	if len(states) == 0 || len(steps) == 0 {
		return "", errors.New("there are no constants life..., or no table lifeSteps")
	}
	return draw(states, notes, steps), nil
}

// shown is a state's name in the diagram.
func shown(constant string) string {
	return strings.ToLower(strings.TrimPrefix(constant, "life"))
}

// stepsOf reads the rows {from, to, "by"} of a variable's value.
func stepsOf(v *ast.ValueSpec) (steps []step, err error) {
	table, ok := v.Values[0].(*ast.CompositeLit)
	if !ok {
		return nil, errors.New("lifeSteps is no literal")
	}
	for _, row := range table.Elts {
		var words []string
		if row, ok := row.(*ast.CompositeLit); ok {
			for _, e := range row.Elts {
				switch e := e.(type) {
				case *ast.Ident:
					words = append(words, shown(e.Name))
				case *ast.BasicLit:
					text, err := strconv.Unquote(e.Value)
					if err != nil {
						return nil, err
					}
					words = append(words, text)
				}
			}
		}
		if len(words) != 3 {
			return nil, errors.New("a row of lifeSteps is not {from, to, by}")
		}
		steps = append(steps, step{words[0], words[1], words[2]})
	}
	return steps, nil
}

// draw writes the diagram: the first state is where a life begins, and those that nothing follows
// are where it ends.
func draw(states, notes []string, steps []step) string {
	var b strings.Builder
	b.WriteString("```mermaid\nstateDiagram-v2\n")
	goesOn := map[string]bool{}
	for _, s := range steps {
		from := s.from
		if from == states[0] {
			from = "[*]"
		}
		goesOn[s.from] = true
		fmt.Fprintf(&b, "    %s --> %s: %s\n", from, s.to, s.by)
	}
	for _, s := range states {
		if !goesOn[s] {
			fmt.Fprintf(&b, "    %s --> [*]\n", s)
		}
	}
	b.WriteString("```\n\n")
	for i, s := range states[1:] {
		fmt.Fprintf(&b, "- **%s**: %s\n", s, notes[i+1])
	}
	return b.String()
}

package lint

import (
	"fmt"
	"go/ast"
	"path"
	"testing"
)

// A struct with many fields, or with several booleans, has states that nobody has named. What
// belongs together is a type of its own, and what excludes each other is an enumeration.
const (
	mostFields = 15
	mostBools  = 3
)

// size is how many fields a struct has, and how many of them are plain booleans.
type size struct{ fields, bools int }

// largeStructs are those that are larger, with their sizes. The list only shrinks: no struct is
// added, no number grows, and what has become small enough is taken out.
var largeStructs = map[string]size{
	"engine/Options":                   {16, 7},
	"engine/Outcome":                   {0, 4},
	"engine/plan/Needs":                {0, 4},
	"engine/printer/Options":           {24, 10},
	"tracer/decode/Call":               {28, 0},
	"tracer/decode/Text":               {0, 5},
	"tracer/decode/Value":              {24, 7},
	"tracer/internal/kernel/ChildPlan": {26, 4},
	"tracer/syscalls/Field":            {18, 10},
	"tracer/syscalls/Type":             {0, 5},
}

// checkStructs reports large structs of tracer and engine. known are the exceptions.
func checkStructs(files []*goFile, known map[string]size) (findings []string) {
	seen := map[string]bool{}
	for _, f := range files {
		if f.test || f.generated || f.ignored || !under(f.dir, "tracer/...") && !under(f.dir, "engine/...") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			st, ok := spec.Type.(*ast.StructType)
			if !ok {
				return true
			}
			name := path.Join(f.dir, spec.Name.Name)
			s, may := sizeOf(st), known[name]
			seen[name] = true
			if s.fields > max(mostFields, may.fields) {
				findings = append(findings, fmt.Sprintf("%s: %s has %d fields, %d are the most: group what belongs together", f.pos(spec), name, s.fields, max(mostFields, may.fields)))
			}
			if s.bools > max(mostBools, may.bools) {
				findings = append(findings, fmt.Sprintf("%s: %s has %d booleans, %d are the most: name its states", f.pos(spec), name, s.bools, max(mostBools, may.bools)))
			}
			if may != (size{}) && s.fields <= mostFields && s.bools <= mostBools {
				findings = append(findings, fmt.Sprintf("%s: %s is small enough: take it out of largeStructs (internal/lint/structs_test.go)", f.pos(spec), name))
			}
			return true
		})
	}
	for name := range known {
		if !seen[name] {
			findings = append(findings, fmt.Sprintf("there is no %s: take it out of largeStructs (internal/lint/structs_test.go)", name))
		}
	}
	return findings
}

func sizeOf(st *ast.StructType) (s size) {
	for _, field := range st.Fields.List {
		n := max(1, len(field.Names))
		s.fields += n
		if t, ok := field.Type.(*ast.Ident); ok && t.Name == "bool" {
			s.bools += n
		}
	}
	return s
}

func TestStructsAreSmall(t *testing.T) {
	t.Parallel()
	report(t, checkStructs(goFiles(t), largeStructs))
}

func TestStructRuleFinds(t *testing.T) {
	t.Parallel()
	const many = "package p\n\ntype T struct {\n\ta, b, c, d, e, f, g, h, i, j, k, l, m, n int\n\to, p int\n}\n"
	const bools = "package p\n\ntype T struct {\n\ta, b, c bool\n\td bool // really\n}\n"
	const small = "package p\n\ntype T struct {\n\ta, b, c bool\n\td [4]bool\n\tsync.Mutex\n}\n"
	for _, c := range []struct {
		file, src string
		known     map[string]size
		finds     string
	}{
		{"tracer/a.go", many, nil, "tracer/a.go:3: tracer/T has 16 fields, 15 are the most: group what belongs together"},
		{"tracer/a.go", many, map[string]size{"tracer/T": {16, 0}}, ""},
		{"tracer/a.go", many, map[string]size{"tracer/T": {15, 0}}, "tracer/a.go:3: tracer/T has 16 fields, 15 are the most: group what belongs together"},
		{"engine/plan/a.go", bools, nil, "engine/plan/a.go:3: engine/plan/T has 4 booleans, 3 are the most: name its states"},
		{"engine/a.go", bools, map[string]size{"engine/T": {4, 4}}, ""},
		{"engine/a.go", small, nil, ""},
		{"engine/a.go", small, map[string]size{"engine/T": {4, 4}}, "engine/a.go:3: engine/T is small enough: take it out of largeStructs (internal/lint/structs_test.go)"},
		{"engine/a.go", small, map[string]size{"engine/U": {4, 4}}, "there is no engine/U: take it out of largeStructs (internal/lint/structs_test.go)"},
		{"tracer/a_test.go", many, nil, ""},
		{"bindings/a.go", many, nil, ""},
	} {
		got := checkStructs(one(t, c.file, c.src), c.known)
		if c.finds == "" && len(got) != 0 || c.finds != "" && (len(got) != 1 || got[0] != c.finds) {
			t.Errorf("%s:\n%s\nfindings %q, want %q", c.file, c.src, got, c.finds)
		}
	}
}

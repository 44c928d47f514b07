package pack

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// build makes a table or fails.
func build(t testing.TB, records ...string) *Table {
	t.Helper()
	b, err := Write("made for a test", records)
	if err != nil {
		t.Fatal(err)
	}
	return &Table{File: string(b)}
}

func TestFind(t *testing.T) {
	t.Parallel()
	var records []string
	for i := range 5000 {
		r := fmt.Sprintf("K%04d value %d\n", 2*i, i)
		for j := range i % 4 {
			r += fmt.Sprintf(" more %d\n", j)
		}
		records = append(records, r)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	tab := build(t, records...)
	for i := range 5000 {
		want := fmt.Sprintf("value %d", i)
		for j := range i % 4 {
			want += fmt.Sprintf("\n more %d", j)
		}
		if got, ok := tab.Find(fmt.Sprintf("K%04d", 2*i)); !ok || got != want {
			t.Fatalf("record %d: %q, %v; want %q", i, got, ok, want)
		}
		if got, ok := tab.Find(fmt.Sprintf("K%04d", 2*i+1)); ok {
			t.Fatalf("there is a record %d: %q", 2*i+1, got)
		}
	}
	for _, key := range []string{"", "A", "K", "Z", "K0000x", "K9998 value"} {
		if got, ok := tab.Find(key); ok {
			t.Errorf("Find(%q) = %q", key, got)
		}
	}
	if len(tab.blocks) < 20 {
		t.Errorf("%d blocks", len(tab.blocks))
	}
	n := 0
	for range tab.Records("") {
		n++
	}
	if n != len(records) {
		t.Errorf("%d records, want %d", n, len(records))
	}
	if c := tab.Comment(); c != "made for a test" {
		t.Errorf("comment %q", c)
	}
}

// Records of one key keep their order, also where they fill several blocks.
func TestSameKey(t *testing.T) {
	t.Parallel()
	records := []string{"A first\n", "C last\n"}
	for i := range 3000 {
		records = append(records, fmt.Sprintf("B number %d\n", i))
	}
	tab := build(t, records...)
	i := 0
	for key, text := range tab.Records("B") {
		if key != "B" {
			break
		}
		if want := fmt.Sprintf("number %d", i); text != want {
			t.Fatalf("%q, want %q", text, want)
		}
		i++
	}
	if i != 3000 {
		t.Errorf("%d records", i)
	}
}

// A look-up inflates one block, or two when the key is the first of a block.
func TestFindIsLazy(t *testing.T) {
	t.Parallel()
	var records []string
	for i := range 5000 {
		records = append(records, fmt.Sprintf("K%04d %s\n", i, strings.Repeat("x", 40)))
	}
	tab := build(t, records...)
	tab.Find("K2500")
	n := 0
	for i := range tab.blocks {
		if tab.blocks[i].text.Load() != nil {
			n++
		}
	}
	if n < 1 || n > 2 {
		t.Errorf("%d of %d blocks were inflated", n, len(tab.blocks))
	}
}

func TestNoRecord(t *testing.T) {
	t.Parallel()
	for _, r := range []string{"", "A", "A b", "A\n", " b\n", "A b\nC d\n"} {
		if _, err := Write("x", []string{r}); err == nil {
			t.Errorf("%q counts as a record", r)
		}
	}
}

// Damage is noticed where it is, not later as a wrong fact.
func TestDamage(t *testing.T) {
	t.Parallel()
	b, err := Write("x", []string{"A one\n", "B two\n"})
	if err != nil {
		t.Fatal(err)
	}
	good := string(b)
	for what, file := range map[string]string{
		"nothing":        "",
		"no blocks":      "# x\nA 12 3",
		"a cut block":    good[:len(good)-3],
		"another size":   strings.Replace(good, "A 12 ", "A 13 ", 1),
		"no size at all": strings.Replace(good, "A 12 ", "A x ", 1),
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was not noticed", what)
				}
			}()
			(&Table{File: file}).Find("B")
		}()
	}
}

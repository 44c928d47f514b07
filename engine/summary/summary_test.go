package summary

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"luatrace/tracer/syscalls"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (run the test with -update to rewrite it)\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

// number returns a call's number under the native ABI.
func number(t testing.TB, name string) int {
	t.Helper()
	nr, ok := syscalls.Number(syscalls.Native(), name)
	if !ok {
		t.Fatalf("no call %s", name)
	}
	return nr
}

// sample adds calls of one process, in microseconds.
func sample(t *testing.T, table *Table) {
	t.Helper()
	calls := []struct {
		name   string
		n      int
		us     time.Duration
		failed int
	}{
		{"openat", 39, 14, 19},
		{"mmap", 30, 9, 0},
		{"close", 22, 9, 0},
		{"statx", 2, 22, 2},
		{"execve", 1, 321, 0},
		{"brk", 3, 0, 0},
		{"read", 7, 0, 0},
		{"set_robust_list", 1, 1, 0},
	}
	for _, c := range calls {
		for i := range c.n {
			d := c.us * time.Microsecond
			if i%2 == 1 {
				d += 700 * time.Nanosecond
			}
			table.AddCall(syscalls.Native(), number(t, c.name), d, i < c.failed)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		file          string
		sort, columns string
		overhead      time.Duration
	}{
		{file: "default.txt"},
		{file: "name.txt", sort: "name"},
		{file: "calls.txt", sort: "calls"},
		{file: "errors.txt", sort: "errors"},
		{file: "all.txt", sort: "max-time", columns: "time-percent,min-time,max-time,avg-time,total-time,calls,errors,name"},
		{file: "namefirst.txt", sort: "name", columns: "name,calls,errors"},
		{file: "overhead.txt", overhead: 10 * time.Microsecond},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			table := &Table{Overhead: tt.overhead}
			var err error
			if tt.sort != "" {
				if table.Sort, err = ParseSort(tt.sort); err != nil {
					t.Fatal(err)
				}
			}
			if tt.columns != "" {
				if table.Columns, err = ParseColumns(tt.columns); err != nil {
					t.Fatal(err)
				}
			}
			sample(t, table)
			golden(t, tt.file, table.AppendText(nil))
		})
	}
}

// TestLayout: a line of strace 6.1 -c, to the last space.
func TestLayout(t *testing.T) {
	t.Parallel()
	var table Table
	for i := range 39 {
		d := 555 * time.Microsecond / 39
		table.Add(syscalls.Native(), "openat", d, i < 19)
	}
	for range 30 {
		table.Add(syscalls.Native(), "mmap", 869*time.Microsecond/30, false)
	}
	want := []string{
		"% time     seconds  usecs/call     calls    errors syscall",
		"------ ----------- ----------- --------- --------- ----------------",
		" 61.03    0.000869          28        30           mmap",
		" 38.97    0.000555          14        39        19 openat",
		"------ ----------- ----------- --------- --------- ----------------",
		"100.00    0.001424          20        69        19 total",
	}
	if got := string(table.AppendText(nil)); got != strings.Join(want, "\n")+"\n" {
		t.Errorf("got:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}

func TestWideNumbers(t *testing.T) {
	t.Parallel()
	var table Table
	table.Columns = []Column{Calls, TotalTime, Name}
	table.byName = map[named]*entry{{name: "futex"}: {calls: 12345678901, total: 1e6 * time.Hour}}
	table.names = []named{{name: "futex"}}
	golden(t, "wide.txt", table.AppendText(nil))
}

// TestUnsorted: "nothing" is the order of the numbers.
func TestUnsorted(t *testing.T) {
	t.Parallel()
	key, err := ParseSort("nothing")
	if err != nil {
		t.Fatal(err)
	}
	table := &Table{Sort: key}
	sample(t, table)
	last := -1
	for _, r := range table.Rows() {
		nr := number(t, r.Name)
		if nr < last {
			t.Errorf("%s, number %d, comes after number %d", r.Name, nr, last)
		}
		last = nr
	}
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	var table Table
	if got := table.AppendText(nil); len(got) != 0 {
		t.Errorf("table of nothing: %q", got)
	}
	table.Add(syscalls.Native(), "exit_group", 0, false)
	if got := string(table.AppendText(nil)); !strings.Contains(got, "  0.00    0.000000           0         1           exit_group\n") ||
		!strings.HasSuffix(got, "100.00    0.000000           0         1           total\n") {
		t.Errorf("table without time:\n%s", got)
	}
	table.Clear()
	if got := table.Rows(); len(got) != 0 {
		t.Errorf("rows after Clear: %v", got)
	}
}

// TestRows: by name and by number are one row; other ABIs are tables of their
// own; unknown and absurd numbers have rows too.
func TestRows(t *testing.T) {
	t.Parallel()
	var table Table
	native := syscalls.Native()
	read := number(t, "read")
	table.AddCall(native, read, 3*time.Second, true)
	table.Add(syscalls.Native(), "read", time.Second, false)
	table.AddCall(native, 1<<30-1, 2*time.Millisecond, true)
	table.AddCall(native, -1, time.Millisecond, true)
	table.AddCall(syscalls.I386, 3, 5*time.Second, false)
	table.AddCall(syscalls.I386, 1000, time.Second, true)
	rows := table.Rows()
	want := []Row{
		{Name: "read", ABI: native, Calls: 2, Errors: 1, Total: 4 * time.Second, Min: time.Second, Max: 3 * time.Second},
		{Name: "syscall_0x3fffffff", ABI: native, Calls: 1, Errors: 1, Total: 2 * time.Millisecond, Min: 2 * time.Millisecond, Max: 2 * time.Millisecond},
		{Name: "syscall_0xffffffff", ABI: native, Calls: 1, Errors: 1, Total: time.Millisecond, Min: time.Millisecond, Max: time.Millisecond},
		{Name: "read", ABI: syscalls.I386, Calls: 1, Total: 5 * time.Second, Min: 5 * time.Second, Max: 5 * time.Second},
		{Name: "syscall_0x3e8", ABI: syscalls.I386, Calls: 1, Errors: 1, Total: time.Second, Min: time.Second, Max: time.Second},
	}
	if len(rows) != len(want) {
		t.Fatalf("%d rows, want %d: %+v", len(rows), len(want), rows)
	}
	for i := range want {
		if rows[i] != want[i] {
			t.Errorf("row %d: %+v, want %+v", i, rows[i], want[i])
		}
	}
	if got := rows[0].Average(); got != 2*time.Second {
		t.Errorf("average %s, want 2s", got)
	}
	golden(t, "abis.txt", table.AppendText(nil))
}

func TestBoundedNames(t *testing.T) {
	t.Parallel()
	var table Table
	for i := range 3 * maxNames {
		table.AddCall(syscalls.Native(), 100000+i, time.Microsecond, false)
	}
	rows := table.Rows()
	if len(rows) > maxNames+1 {
		t.Errorf("%d rows", len(rows))
	}
	var calls uint64
	for _, r := range rows {
		calls += r.Calls
	}
	if calls != 3*maxNames || rows[0].Name != "(other)" {
		t.Errorf("%d calls, first row %s; want %d, (other)", calls, rows[0].Name, 3*maxNames)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	sorts := []struct{ in, err string }{
		{"time", ""}, {"total-time", ""}, {"shortest", ""}, {"longest", ""}, {"time-avg", ""}, {"count", ""},
		{"error", ""}, {"syscall", ""}, {"none", ""}, {"nothing", ""}, {"wall-total-time", ""},
		{"foo", `unknown sort key "foo": the keys are time-percent, total-time`},
		{"", `unknown sort key ""`},
	}
	for _, tt := range sorts {
		_, err := ParseSort(tt.in)
		checkError(t, tt.in, err, tt.err)
	}
	columns := []struct{ in, err string }{
		{"calls", ""}, {"name,calls", ""}, {"time, total-time", ""},
		{"foo", `unknown summary column "foo": the columns are time-percent, total-time`},
		{"calls,count", `summary column "count" is given twice`},
		{"", `unknown summary column ""`},
		{"calls,", `unknown summary column ""`},
	}
	for _, tt := range columns {
		_, err := ParseColumns(tt.in)
		checkError(t, tt.in, err, tt.err)
	}
	if c, _ := ParseColumns("calls"); len(c) != 2 || c[1] != Name {
		t.Errorf("columns without a name: %v", c)
	}
}

func checkError(t *testing.T, in string, err error, want string) {
	t.Helper()
	switch {
	case err == nil && want != "":
		t.Errorf("%q: no error, want %q", in, want)
	case err != nil && (want == "" || !strings.Contains(err.Error(), want)):
		t.Errorf("%q: error %q, want %q", in, err, want)
	}
}

func TestAddDoesNotAllocate(t *testing.T) {
	var table Table
	add := func() {
		table.AddCall(syscalls.AMD64, 257, time.Microsecond, true)
		table.AddCall(syscalls.X32, 257|syscalls.X32Bit, time.Microsecond, true)
		table.Add(syscalls.Native(), "openat", time.Microsecond, false)
	}
	add()
	if n := testing.AllocsPerRun(100, add); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAddCall(b *testing.B) {
	var table Table
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		table.AddCall(syscalls.AMD64, i&255, time.Duration(i), i&7 == 0)
	}
}

func BenchmarkAdd(b *testing.B) {
	var table Table
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		table.Add(syscalls.Native(), "newfstatat", time.Duration(i), i&7 == 0)
	}
}

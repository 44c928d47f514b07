package luart

import (
	"bytes"
	"fmt"
	"testing"
)

// TestDate: os.date gives what strftime(3) gives in lua5.1.
func TestDate(t *testing.T) {
	t.Parallel()
	for _, when := range []int{0, 951782400, 1704067199, 1735689600, 1764533530, 1798761599} {
		code := fmt.Sprintf(`return os.date("!%%a %%A %%b %%B %%c|%%d %%H %%I %%j %%m %%M %%p %%S %%U %%w %%W %%x %%X %%y %%Y %%%% %%F %%T %%D %%e %%R %%C %%V %%G %%g %%u %%h %%n", %d) .. os.date("!*t", %d).yday`, when, when)
		want := runLua51(t, []string{code})[0]
		r := newLua(Options{Out: &bytes.Buffer{}})
		fn, err := loadCode(r, code)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.Call1(fn); err != nil || got.String() != want {
			t.Errorf("%v (%v)\nin lua5.1\n%s", got, err, want)
		}
		r.Close()
	}
}

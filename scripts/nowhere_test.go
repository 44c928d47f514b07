package scripts

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// nowhere is a test block that raises some calls for a process whose memory
// can't be read: every pointer of it leads nowhere. The first of a few values that fits is
// what an argument is.
const nowhere = `
test("memory that is not there, from %s on", {args = {%s}}, function(t)
  local raised = 0
  local function raise(name, fields)
    local ok = pcall(t.event, t, name, fields)
    if ok then raised = raised + 1 end
    return ok
  end
  local values = {"x", {}, {"x"}, {{}}, 1}
  for name in ("%s"):gmatch "%%S+" do
    local pointers = {}
    for _, a in ipairs(syscall.describe(name).args) do
      if a.type ~= "number" then pointers[#pointers + 1] = a.name end
    end
    for _, ret in ipairs {0, 1, false} do
      local fields = {ret = ret or nil, err = not ret and "EFAULT" or nil, memory = false}
      local given = {}
      for _, pointer in ipairs(pointers) do
        for _, v in ipairs(values) do
          given[pointer] = v
          fields.args = given
          if raise(name, fields) then break end
          given[pointer] = nil
        end
      end
      if #pointers == 0 then raise(name, fields) end
    end
  end
  t:finish()
  t:expect(table.concat(t:errors(), "\n"), "")
  t:expect(raised > 0)
end)
`

// TestMemoryThatIsNotThere: no script of the collection takes for granted that what a
// pointer leads to can be read. A program may give any, and one that was killed
// while its call was looked at has no memory.
func TestMemoryThatIsNotThere(t *testing.T) {
	t.Parallel()
	var calls []string
	for line := range strings.Lines(fixture.Run(t, fixture.Luatrace(t), "probes").Stdout) {
		if name, _, is := strings.Cut(line, "("); is {
			calls = append(calls, name)
		}
	}
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var args []string
			for option := range strings.SplitSeq(strings.Join(append(hostileArgs[name], ""), " "), "-a ") {
				if arg, value, given := strings.Cut(strings.TrimSpace(option), "="); given {
					args = append(args, fmt.Sprintf("%s = %q", arg, value))
				} else if arg != "" {
					args = append(args, arg+" = true")
				}
			}
			source, err := FS.ReadFile(name + ".lua")
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			file := filepath.Join(dir, "script.lua")
			for some := range slices.Chunk(calls, 60) { // a block has as much time as a hook
				source = fmt.Appendf(source, nowhere, some[0], strings.Join(args, ", "), strings.Join(some, " "))
			}
			if err := os.WriteFile(file, source, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(fixture.Luatrace(t), "test", "--run", "^memory that is not there", file)
			cmd.Dir = dir
			if r := fixture.RunCmd(t, cmd); r.Code != 0 {
				t.Errorf("%s%s", r.Stdout, r.Stderr)
			}
		})
	}
}

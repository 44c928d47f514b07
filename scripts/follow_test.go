package scripts

import "testing"

// TestFollowConnections: lib.follow takes two descriptors for one connection only
// if their name says who the two ends are.
func TestFollowConnections(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		script := u.write(t, "follow.lua", `local follow = require("lib.follow")
local function ev(name) return {proc = {data = {}, fd = function() return name end}} end
local a, b = follow.connection(ev("socket"), 3), follow.connection(ev("socket"), 3)
local c, d = follow.connection(ev("1->2"), 3), follow.connection(ev("1->2"), 4)
print(a == b, a.key, c == d, c.key)
`)
		r := u.trace(t, "-s "+script, "true")
		if r.Stderr != "false\tnil\ttrue\t1->2\n" {
			t.Errorf("%q, exit %d", r.Stderr, r.Code)
		}
	})
}

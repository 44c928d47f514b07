package scripts

import "testing"

// TestFollowConnections: lib.follow takes two descriptors for one connection only
// if their inode says so, or a name that has both ends in it.
func TestFollowConnections(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		script := u.write(t, "follow.lua", `local follow = require("lib.follow")
local function ev(kind, path, inode)
  return {proc = {data = {}, fdinfo = function() return {kind = kind, path = path, inode = inode} end}}
end
local function same(...)
  local e = ev(...)
  local one, other = follow.connection(e, 3), follow.connection(ev(...), 4)
  return one == other, one == follow.connection(e, 3), one.key, one.no_socket
end
print(same("tcp", "tcp 1:1"))            -- a made-up one, which names no end
print(same("tcp", "1->2"))
print(same("unix", "unix /run/x", 7))    -- all of a server's have this path
print(same("file", "/x->y"))
print(same("pipe", "pipe:[8]", 8))
`)
		r := u.trace(t, "-s "+script, "true")
		if r.Stderr != "false\ttrue\tnil\tnil\ntrue\ttrue\t1->2\tnil\ntrue\ttrue\tsocket 7\tnil\nfalse\ttrue\tnil\ttrue\nfalse\ttrue\tnil\ttrue\n" {
			t.Errorf("%q, exit %d", r.Stderr, r.Code)
		}
	})
}

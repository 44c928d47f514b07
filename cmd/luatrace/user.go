package main

import (
	"fmt"
	"os/user"
	"strconv"
	"strings"

	"luatrace/tracer"
)

// lookupUser takes the argument of -u: a name, a uid, or UID:GID.
func lookupUser(s string) (*tracer.User, error) {
	if uid, gid, ok := strings.Cut(s, ":"); ok {
		u, err1 := strconv.Atoi(uid)
		g, err2 := strconv.Atoi(gid)
		if err1 != nil || err2 != nil || u < 0 || g < 0 {
			return nil, fmt.Errorf("-u %s: a user name, a number or UID:GID is wanted", quote(s))
		}
		return &tracer.User{UID: u, GID: g, Groups: []uint32{uint32(g)}}, nil
	}
	u, err := user.Lookup(s)
	if err != nil {
		if u, err = user.LookupId(s); err != nil {
			return nil, fmt.Errorf("-u %s: there is no such user", quote(s))
		}
	}
	out := &tracer.User{}
	if out.UID, err = strconv.Atoi(u.Uid); err != nil {
		return nil, err
	}
	if out.GID, err = strconv.Atoi(u.Gid); err != nil {
		return nil, err
	}
	ids, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("-u %s: %w", quote(s), err)
	}
	for _, id := range ids {
		if n, err := strconv.Atoi(id); err == nil {
			out.Groups = append(out.Groups, uint32(n))
		}
	}
	return out, nil
}

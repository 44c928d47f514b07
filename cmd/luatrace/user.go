package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"luatrace/engine/accounts"
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
	u, err := accounts.ByName(s)
	if uid, numErr := strconv.Atoi(s); errors.Is(err, accounts.ErrUnknown) && numErr == nil {
		u, err = accounts.ByUID(uid)
	}
	if errors.Is(err, accounts.ErrUnknown) {
		return nil, fmt.Errorf("-u %s: there is no such user in /etc/passwd; UID:GID names any", quote(s))
	}
	if err != nil {
		return nil, fmt.Errorf("-u %s: %w", quote(s), err)
	}
	gids, err := u.Groups()
	if err != nil {
		return nil, fmt.Errorf("-u %s: %w", quote(s), err)
	}
	out := &tracer.User{UID: u.UID, GID: u.GID}
	for _, gid := range gids {
		out.Groups = append(out.Groups, uint32(gid))
	}
	return out, nil
}

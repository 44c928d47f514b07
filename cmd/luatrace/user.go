package main

import (
	"errors"
	"fmt"
	"math/big"
	"os"
	"strings"

	"luatrace/engine/accounts"
	"luatrace/tracer"
)

// setUser takes the argument of -u. An empty one comes from a variable that nobody
// has set: the command must not keep root's rights for it.
func (o *options) setUser(s string) error {
	if s == "" {
		return errors.New("no user is named: a user name, a number or UID:GID is wanted")
	}
	o.user = s
	return nil
}

// asUser is who the command runs as by -u, nil without it, and its environment; or
// an error and the exit status for it.
func (o *options) asUser(env []string) (*tracer.User, []string, int, error) {
	if o.user == "" {
		return nil, env, 0, nil
	}
	user, account, err := lookupUser(o.user)
	switch {
	case err != nil:
		return nil, nil, exitUsage, err
	case os.Geteuid() != 0:
		return nil, nil, exitFailure, fmt.Errorf("-u %s: only root can run a command as another user", quote(o.user))
	case user.UID != 0:
		env = userEnv(env, account)
	}
	return user, env, 0, nil
}

// lookupUser takes the argument of -u: a name, a uid, or UID:GID. The account is
// the entry of /etc/passwd, nil if there is none for that number.
func lookupUser(s string) (*tracer.User, *accounts.User, error) {
	if uid, gid, ok := strings.Cut(s, ":"); ok {
		u, ok1 := accounts.ParseID(uid)
		g, ok2 := accounts.ParseID(gid)
		if !ok1 || !ok2 {
			if !ok1 && isNumber(uid) || !ok2 && isNumber(gid) {
				return nil, nil, fmt.Errorf("-u %s: a user's and a group's numbers go from 0 to 4294967294", quote(s))
			}
			return nil, nil, fmt.Errorf("-u %s: a user name, a number or UID:GID is wanted", quote(s))
		}
		var account *accounts.User
		if a, err := accounts.ByUID(int(u)); err == nil {
			account = &a
		}
		return &tracer.User{UID: u, GID: g, Groups: []uint32{g}}, account, nil
	}
	u, err := accounts.ByName(s)
	if errors.Is(err, accounts.ErrUnknown) {
		if uid, ok := accounts.ParseID(s); ok {
			u, err = accounts.ByUID(int(uid))
		} else if isNumber(s) {
			return nil, nil, fmt.Errorf("-u %s: there is no such user; numbers go from 0 to 4294967294", quote(s))
		}
	}
	if errors.Is(err, accounts.ErrUnknown) {
		return nil, nil, fmt.Errorf("-u %s: there is no such user in /etc/passwd; UID:GID names any", quote(s))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("-u %s: %w", quote(s), err)
	}
	gids, err := u.Groups()
	if err != nil {
		return nil, nil, fmt.Errorf("-u %s: %w", quote(s), err)
	}
	out := &tracer.User{UID: uint32(u.UID), GID: uint32(u.GID)}
	for _, gid := range gids {
		out.Groups = append(out.Groups, uint32(gid))
	}
	return out, &u, nil
}

// isNumber says whether a text is an integer, of whatever size.
func isNumber(s string) bool {
	_, ok := new(big.Int).SetString(s, 10)
	return ok
}

// userEnv is the environment of a command that runs as a user: as su(1) and sudo(8) do,
// HOME, SHELL, USER and LOGNAME are the user's, since what programs keep at
// home is not root's. Without an account there is no name, and no home but /.
func userEnv(env []string, account *accounts.User) []string {
	edits := []string{"HOME=/", "SHELL=/bin/sh", "USER", "LOGNAME"}
	if account != nil {
		edits = []string{"HOME=" + account.Home, "SHELL=" + account.Shell, "USER=" + account.Name, "LOGNAME=" + account.Name}
	}
	out, err := editEnv(env, edits)
	if err != nil {
		panic(err) // all of them have names
	}
	return out
}

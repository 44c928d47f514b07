package bindings

import (
	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
	"luatrace/engine"
)

func descriptorObject() luart.Object {
	return luart.Object{
		Name: "descriptor",
		Handlers: luart.With(func(r *Runtime) luart.Handlers {
			return luart.Handlers{"__index": r.descriptorIndex, "__tostring": r.refString, "__concat": r.concat}
		}),
		Help: "What a descriptor stands for, in parts. It is a copy and can be kept, but peer_inode is asked for when it is read: read it in the hook.",
		Fields: []luart.Field{
			{Name: "fd", Type: "number", Help: "Its number."},
			{Name: "kind", Type: "string", Help: "\"file\" for all that has a path; \"pipe\", \"tcp\", \"udp\", \"unix\", \"netlink\", \"socket\" for other protocols, \"anon\" for eventfd, epoll and the like."},
			{Name: "path", Type: "string", Help: "All of it as one text, as in ev.fdpath."},
			{Name: "address", Type: "string|nil", Help: "A socket's own address, \"127.0.0.1:80\", or the path that a unix socket is bound to; nil if it has none."},
			{Name: "peer", Type: "string|nil", Help: "The address of the other end, or for a unix socket the path to which that is bound; nil if it has none or is not connected."},
			{Name: "listening", Type: "boolean", Help: "Whether it is a TCP socket that waits for connections."},
			{Name: "inode", Type: "number|nil", Help: "The inode of a socket or a pipe: it names that one as long as it exists, in whichever process."},
			{Name: "peer_inode", Type: "number|nil", Help: "The inode of the other end of a unix socket; nil before the server has accepted the connection. Together with inode it names a connection, also where neither end has a path of its own."},
		},
	}
}

// fdObject makes the object for a descriptor, nil for none.
func (t *Trace) fdObject(d *engine.FDInfo) lua.LValue {
	if d == nil {
		return lua.LNil
	}
	return t.r.NewObject("descriptor", d)
}

func (r *Runtime) descriptorIndex(L *lua.LState) int {
	d := L.Get(1).(*lua.LUserData).Value.(*engine.FDInfo)
	inode := func(n uint64) lua.LValue {
		if n == 0 {
			return lua.LNil
		}
		return number(int64(n))
	}
	switch key := L.Get(2).String(); key {
	case "fd":
		L.Push(number(int64(d.FD)))
	case "kind":
		L.Push(lua.LString(d.Kind))
	case "path":
		L.Push(lua.LString(d.Path))
	case "address":
		L.Push(orNil(d.Local))
	case "peer":
		L.Push(orNil(d.Peer))
	case "listening":
		L.Push(lua.LBool(d.Listening))
	case "inode":
		L.Push(inode(d.Inode))
	case "peer_inode":
		L.Push(inode(d.PeerInode()))
	default:
		unknownField(L, "a descriptor", key, descriptorObject().MemberNames())
	}
	return 1
}

// testDescriptor reads the field fdinfo of a made-up event.
func testDescriptor(L *lua.LState, tb *lua.LTable) *engine.FDInfo {
	d := &engine.FDInfo{}
	texts := map[string]*string{"kind": &d.Kind, "path": &d.Path, "address": &d.Local, "peer": &d.Peer}
	numbers := map[string]*uint64{"inode": &d.Inode, "peer_inode": &d.KnownPeer}
	tb.ForEach(func(k, v lua.LValue) {
		switch key := k.String(); {
		case texts[key] != nil:
			s, ok := v.(lua.LString)
			if !ok {
				L.RaiseError("fdinfo.%s: a string is wanted, not %s", key, luart.TypeName(v))
			}
			*texts[key] = string(s)
		case numbers[key] != nil:
			*numbers[key] = uint64(wholeNumber(L, v, "fdinfo."+key))
		case key == "listening":
			d.Listening = lua.LVAsBool(v)
		default:
			unknownField(L, "fdinfo", key, []string{"address", "inode", "kind", "listening", "path", "peer", "peer_inode"})
		}
	})
	return d
}

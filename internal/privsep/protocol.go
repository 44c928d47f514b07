package privsep

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// programName is what argv[0] of a helper is.
const programName = "luatrace-parser"

// socketFD is the descriptor of the socket in a helper.
const socketFD = 3

const (
	magic      = 0x7061726c // "lrap"
	headerSize = 12

	// Bounds of what one frame may carry.
	mostRequest = 1 << 20
	mostError   = 1 << 10
	mostName    = 64
)

// kind says what a frame is.
type kind uint32

const (
	kindHello  kind = iota + 1 // helper: its Confinement, 4 bytes
	kindJob                    // to the helper: name, request
	kindAnswer                 // helper: what the job returned
	kindError                  // helper: the text of the job's error
)

func header(k kind, length int) (h [headerSize]byte) {
	binary.LittleEndian.PutUint32(h[0:], magic)
	binary.LittleEndian.PutUint32(h[4:], uint32(k))
	binary.LittleEndian.PutUint32(h[8:], uint32(length))
	return h
}

// parseHeader returns the kind of a frame and the length of its payload, which most bounds.
func parseHeader(h []byte, most func(kind) int) (kind, int, error) {
	if len(h) != headerSize || binary.LittleEndian.Uint32(h) != magic {
		return 0, 0, errors.New("no frame begins so")
	}
	k, n := kind(binary.LittleEndian.Uint32(h[4:])), binary.LittleEndian.Uint32(h[8:])
	if limit := most(k); limit < 0 {
		return 0, 0, fmt.Errorf("a frame of kind %d does not belong here", k)
	} else if uint64(n) > uint64(limit) {
		return 0, 0, fmt.Errorf("a frame of %d bytes, at most %d are right", n, limit)
	}
	return k, int(n), nil
}

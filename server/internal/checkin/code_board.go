package checkin

import (
	"encoding/binary"

	"bense/server/internal/id"
)

// boardToken is what the link of a big screen says: which list, and whether it may show names. Until
// when it counts follows from the list, so that it moves along with the activity.
type boardToken struct {
	List       id.ID
	Names      bool
	Generation int // of the list's links, see store_board.go
}

var boardKind = kind{"board", 8 + 1 + 4, true}

// board makes the token of a big screen.
func (c Codes) board(b boardToken) string {
	p := make([]byte, boardKind.size)
	binary.BigEndian.PutUint64(p, uint64(b.List))
	if b.Names {
		p[8] = 1
	}
	binary.BigEndian.PutUint32(p[9:], uint32(b.Generation))
	return c.sign(boardKind, p)
}

// openBoard reads a token.
func (c Codes) openBoard(token string) (boardToken, bool) {
	p, ok := c.open(boardKind, token)
	if !ok {
		return boardToken{}, false
	}
	return boardToken{List: id.ID(binary.BigEndian.Uint64(p[:])), Names: p[8] == 1, Generation: int(binary.BigEndian.Uint32(p[9:]))}, true
}

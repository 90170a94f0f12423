package checkin

import (
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// Help is whom somebody calls who has found or lost a card.
type Help struct{ Name, Phone string }

// CardScope is whose cards are meant: those of one person, of a unit or of an alliance.
type CardScope struct{ Person, Unit, Alliance id.ID }

// CardLine is an active person of a scope with the cards that count.
type CardLine struct {
	Person ledger.Person
	Issued time.Time // of the newest; zero: none
	Cards  int
}

// CardList is everybody of a scope who may have a card.
type CardList struct {
	Name   string // of the person, the unit or the alliance
	Lines  []CardLine
	Carded int // how many have a card
}

// cardsPerFile bounds what one print keeps in memory: fifty sheets.
const cardsPerFile = 400

// drawnAtOnce bounds how many files of cards one process draws at a time.
const drawnAtOnce = 2

// cardFiles is into how many files so many cards are cut.
func cardFiles(cards int) int { return (cards + cardsPerFile - 1) / cardsPerFile }

var (
	// ErrNoCards tells that there is nothing to print.
	ErrNoCards = errs.New(errs.Conflict, "checkin.no_cards", "还没有发卡，请先发卡再打印")
	// ErrNoHelp tells that a card would not say whom to call.
	ErrNoHelp = errs.New(errs.Conflict, "checkin.no_help", "系统里还没有登记求助电话，卡上不能没有，请技术人员填好 help.phone")
)

// cardOver is shown for a card that was revoked.
const cardOver = "这张卡已挂失作废，请用新卡，或在名单上点名字签到"

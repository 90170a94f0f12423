// Package page carries keyset paging: lists are {items, next}, and next is given back as after.
package page

// Default and largest number of items on one page.
const (
	DefaultLimit = 50
	MaxLimit     = 1000
)

// Page asks for at most Limit items that follow After (an opaque cursor, "" for the first page).
type Page struct {
	After string
	Limit int
}

// Size is Limit within its bounds.
func (p Page) Size() int {
	switch {
	case p.Limit <= 0:
		return DefaultLimit
	case p.Limit > MaxLimit:
		return MaxLimit
	}
	return p.Limit
}

// List is one page; Items is never null on the wire, Next is "" on the last page.
type List[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next"`
}

// Of makes a page of what a query for size+1 rows returned; cursor names an item for Next.
func Of[T any](items []T, size int, cursor func(T) string) List[T] {
	if items == nil {
		items = []T{}
	}
	if len(items) > size {
		items = items[:size]
		return List[T]{Items: items, Next: cursor(items[size-1])}
	}
	return List[T]{Items: items}
}

// All makes a list without further pages.
func All[T any](items []T) List[T] {
	if items == nil {
		items = []T{}
	}
	return List[T]{Items: items}
}

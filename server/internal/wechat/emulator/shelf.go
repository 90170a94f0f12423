package emulator

// shelf is a map that forgets its oldest entry when it is full.
type shelf[K comparable, V any] struct {
	max   int
	items map[K]V
	order []K
}

func newShelf[K comparable, V any](limit int) *shelf[K, V] {
	return &shelf[K, V]{max: limit, items: map[K]V{}}
}

func (s *shelf[K, V]) get(k K) (V, bool) {
	v, ok := s.items[k]
	return v, ok
}

// put adds k or replaces its value.
func (s *shelf[K, V]) put(k K, v V) {
	if _, ok := s.items[k]; !ok {
		if len(s.order) >= s.max {
			delete(s.items, s.order[0])
			s.order = s.order[1:]
		}
		s.order = append(s.order, k)
	}
	s.items[k] = v
}

// keepLast appends and forgets what is older than the last n.
func keepLast[T any](list []T, v T, n int) []T {
	list = append(list, v)
	if len(list) > n {
		list = append(list[:0:0], list[len(list)-n:]...)
	}
	return list
}

package checkin_test

import (
	"testing"

	"bense/server/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

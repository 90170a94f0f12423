package rig_test

import (
	"testing"

	"bense/server/internal/rig"
)

// What cannot be started says why, and leaves nothing running.
func TestAServerThatDoesNotStart(t *testing.T) {
	if _, err := rig.StartServer("/nonexistent/bense", nil); err == nil {
		t.Error("a program that does not exist has started")
	}
	if _, err := rig.StartServer("/bin/false", nil); err == nil {
		t.Error("a program that ends at once is said to serve")
	}
}

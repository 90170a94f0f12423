package roster

import (
	"context"
	"fmt"
	"io"
	"os"

	"bense/server/internal/actor"
	"bense/server/internal/id"
)

// ImportFile previews a file from disk for a command and commits it when asked to.
func (s *Service) ImportFile(ctx context.Context, who actor.Actor, committeeID id.ID, path string, commit bool) (Import, error) {
	data, err := readDisk(path)
	if err != nil {
		return Import{}, err
	}
	imp, err := s.Preview(ctx, who, committeeID, path, data)
	if err != nil || !commit {
		return imp, err
	}
	return s.Commit(ctx, who, imp.ID)
}

// readDisk never reads more than may come in.
func readDisk(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("roster: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxBytes {
		return nil, ErrTooLarge
	}
	return data, nil
}

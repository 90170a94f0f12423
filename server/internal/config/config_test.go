package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bense/server/internal/config"
)

func write(t *testing.T, text string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestOrderOfSources(t *testing.T) {
	secret := write(t, "1:fromfile\n")
	c, err := config.Load(write(t, "mode: demo\nserver: {listen: '127.0.0.1:1'}\nlog: {level: warn}\n"),
		[]string{"BENSE_SERVER_LISTEN=127.0.0.1:2", "BENSE_KEYS_MASTER_FILE=" + secret, "HOME=/x"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Server.Listen != "127.0.0.1:2" || c.Log.Level != "warn" || c.Keys.Master != "1:fromfile" || c.Worker.Concurrency != 8 {
		t.Errorf("%+v", c)
	}
}

func TestAllFaultsTogether(t *testing.T) {
	_, err := config.Load(write(t, "mode: demo\nsever: {listen: x}\nworker: {concurrency: 0}\n"),
		[]string{"BENSE_SERVER_LISTEM=1", "BENSE_KEYS_MASTER_FILE=/nowhere", "BENSE_SERVER_PPROF=0.0.0.0:6060"})
	for _, want := range []string{"server.pprof", "sever", "worker.concurrency", "BENSE_SERVER_LISTEM", "BENSE_KEYS_MASTER_FILE"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("fault about %s is missing in: %v", want, err)
		}
	}
}

func TestProductionRefusesTheDemo(t *testing.T) {
	_, err := config.Load("", []string{"BENSE_MODE=production", "BENSE_WECHAT_EMULATOR=true", "BENSE_SERVER_PPROF=127.0.0.1:6060"})
	for _, want := range []string{"wechat.emulator", "server.pprof: profiles belong", "database.url", "keys.master", "server.public_url", "wechat.secret", "templates.notice.id"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("fault about %s is missing in: %v", want, err)
		}
	}
}

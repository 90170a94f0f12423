package internal_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/knadh/koanf/parsers/yaml"

	"bense/server/internal/config"
)

// deployment is what the production shape consists of, as texts.
type deployment struct {
	compose, nginx, prometheus, dockerfile string
}

func readDeployment(t *testing.T) deployment {
	return deployment{
		compose: read(t, "docker-compose.yml"), nginx: read(t, "configs/nginx.conf"),
		prometheus: read(t, "configs/prometheus.yml"), dockerfile: read(t, "server/Dockerfile"),
	}
}

// table gives the mapping under a key, empty when it is missing or something else.
func table(m map[string]any, key string) map[string]any {
	sub, _ := m[key].(map[string]any)
	return sub
}

func words(v any) []string {
	var out []string
	list, _ := v.([]any)
	for _, item := range list {
		out = append(out, fmt.Sprint(item))
	}
	return out
}

var (
	benseVariable = regexp.MustCompile(`\bBENSE_[A-Z0-9_]+`)
	secretName    = regexp.MustCompile(`(PASSWORD|SECRET|TOKEN|KEY|KEYS_MASTER|_URL)$`)
	secretPath    = regexp.MustCompile(`/run/secrets/(\w+)`)
	upstream      = regexp.MustCompile(`upstream\s+(\w+)\s*\{\s*server\s+(\w+):(\d+);`)
	copied        = regexp.MustCompile(`(?m)^COPY\s+([^-\n].*)$`)
)

// faults says what in the deployment doesn't fit together.
func (d deployment) faults() []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	c, err := yaml.Parser().Unmarshal([]byte(d.compose))
	if err != nil {
		return []string{"docker-compose.yml: " + err.Error()}
	}
	known := config.EnvKeys()
	for _, name := range benseVariable.FindAllString(d.compose, -1) {
		if !slices.Contains(known, name) {
			fault("%s is no variable of the configuration", name)
		}
	}
	services, volumes, secrets := table(c, "services"), table(c, "volumes"), table(c, "secrets")
	for _, want := range []string{"mysql", "redis", "server", "nginx"} {
		if services[want] == nil {
			fault("no service %s", want)
		}
	}
	mounted := map[string]bool{}
	for name := range services {
		s := table(services, name)
		if len(words(table(s, "healthcheck")["test"])) == 0 {
			fault("%s has no health check", name)
		}
		if fmt.Sprint(s["image"]) == "<nil>" || strings.HasSuffix(fmt.Sprint(s["image"]), ":latest") {
			fault("%s has no pinned image", name)
		}
		for other, how := range table(s, "depends_on") {
			if services[other] == nil || fmt.Sprint(how) != "map[condition:service_healthy]" {
				fault("%s must wait until %s is healthy", name, other)
			}
		}
		for _, v := range words(s["volumes"]) {
			from := strings.SplitN(v, ":", 2)[0]
			mounted[from] = true
			if path, bind := strings.CutPrefix(from, "./"); bind {
				if _, err := os.Stat(filepath.Join(root, path)); err != nil {
					fault("%s mounts %s, which isn't there", name, path)
				}
			} else if _, named := volumes[from]; !named {
				fault("%s: the volume %s is not named below", name, from)
			}
		}
		faults = append(faults, secretFaults(name, s, secrets)...)
	}
	for v := range volumes {
		if !mounted[v] {
			fault("nobody uses the volume %s", v)
		}
	}
	return append(faults, d.addressFaults(services, table(c, "networks"))...)
}

// secretFaults: a secret is a file that the service was given, never a value.
func secretFaults(name string, s, secrets map[string]any) []string {
	var faults []string
	given := words(s["secrets"])
	for _, g := range given {
		if !strings.HasPrefix(fmt.Sprint(table(secrets, g)["file"]), ".secrets/") {
			faults = append(faults, name+": the secret "+g+" is no file in .secrets")
		}
	}
	for key, value := range table(s, "environment") {
		if secretName.MatchString(key) && key != "BENSE_SERVER_PUBLIC_URL" {
			faults = append(faults, name+": "+key+" belongs into a file")
		}
		if hit := secretPath.FindStringSubmatch(fmt.Sprint(value)); hit != nil && !slices.Contains(given, hit[1]) {
			faults = append(faults, name+": was not given the secret "+hit[1])
		}
	}
	return faults
}

// addressFaults: who talks to whom finds him where he listens.
func (d deployment) addressFaults(services, networks map[string]any) []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	env := table(table(services, "server"), "environment")
	_, port, _ := strings.Cut(fmt.Sprint(env["BENSE_SERVER_LISTEN"]), ":")
	address := "server:" + port
	if up := upstream.FindStringSubmatch(d.nginx); up == nil || up[2]+":"+up[3] != address {
		fault("nginx.conf: the upstream is not %s", address)
	} else if strings.Count(d.nginx, "proxy_pass http://"+up[1]+";") != strings.Count(d.nginx, "proxy_pass ") {
		fault("nginx.conf: a proxy_pass leads elsewhere than to %s", up[1])
	}
	if !strings.Contains(d.prometheus, `"`+address+`"`) {
		fault("prometheus.yml does not scrape %s", address)
	}
	given := words(table(services, "nginx")["secrets"])
	for _, hit := range secretPath.FindAllStringSubmatch(d.nginx, -1) {
		if !slices.Contains(given, hit[1]) {
			fault("nginx was not given the secret %s", hit[1])
		}
	}
	nets := words(table(services, "nginx")["networks"])
	if len(nets) != 1 || !strings.Contains(fmt.Sprint(networks[nets[0]]), fmt.Sprintf("subnet:%v]", env["BENSE_SERVER_TRUSTED_PROXIES"])) {
		fault("the server does not trust the network of nginx")
	}
	for _, hit := range copied.FindAllStringSubmatch(d.dockerfile, -1) {
		paths := strings.Fields(hit[1])
		for _, p := range paths[:len(paths)-1] {
			if _, err := os.Stat(filepath.Join(root, p)); err != nil {
				fault("Dockerfile copies %s, which isn't there", p)
			}
		}
	}
	if !strings.Contains(d.dockerfile, "EXPOSE "+port+"\n") {
		fault("Dockerfile does not expose %s", port)
	}
	if _, last, _ := strings.Cut(d.dockerfile, "AS build"); !regexp.MustCompile(`(?m)^USER [1-9]`).MatchString(last) {
		fault("Dockerfile runs the server as root")
	}
	return faults
}

func TestDeploymentFitsTogether(t *testing.T) { report(t, readDeployment(t).faults()) }

func TestDeploymentGuardBites(t *testing.T) {
	good := readDeployment(t)
	for _, c := range []struct{ old, new, want string }{
		{"services:", "services: [", "docker-compose.yml"},
		{"BENSE_MODE", "BENSE_MOOD", "BENSE_MOOD is no variable"},
		{"healthcheck:", "health:", "has no health check"},
		{"mysql-data:/var", "mysql-files:/var", "mysql-files is not named"},
		{"mysql-data:/var", "mysql-files:/var", "nobody uses the volume mysql-data"},
		{"image: mysql:8.4", "image: mysql:latest", "no pinned image"},
		{"condition: service_healthy", "condition: service_started", "is healthy"},
		{"./configs/mysql.cnf", "./configs/my.cnf", "which isn't there"},
		{"MYSQL_PASSWORD_FILE: /run/secrets/mysql_password", "MYSQL_PASSWORD: bense", "belongs into a file"},
		{"/run/secrets/wechat_token", "/run/secrets/wechat_tokens", "was not given the secret wechat_tokens"},
		{".secrets/redis_url", "./redis_url", "no file in .secrets"},
		{"0.0.0.0:8080", "0.0.0.0:8081", "upstream is not server:8081"},
		{"0.0.0.0:8080", "0.0.0.0:8081", "does not scrape server:8081"},
		{"proxy_pass http://bense;", "proxy_pass http://other;", "leads elsewhere"},
		{"subnet: 172.30.8.0/24", "subnet: 172.31.8.0/24", "does not trust"},
		{"secrets: [tls_certificate, tls_key]", "secrets: [tls_key]", "not given the secret tls_certificate"},
		{"COPY server/ server/", "COPY serve/ server/", "copies serve/"},
		{"EXPOSE 8080", "EXPOSE 80", "does not expose"},
		{"USER 65532", "USER root", "as root"},
	} {
		bad := good
		for _, text := range []*string{&bad.compose, &bad.nginx, &bad.prometheus, &bad.dockerfile} {
			*text = strings.Replace(*text, c.old, c.new, 1)
		}
		if bad == good {
			t.Errorf("the sample %q is nowhere", c.old)
		}
		expect(t, c.old+" → "+c.new, bad.faults(), c.want)
	}
}

// keysOf gives the environment variables that stand for the keys of a YAML text.
func keysOf(t *testing.T, text string) []string {
	t.Helper()
	m, err := yaml.Parser().Unmarshal([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	var walk func(prefix string, m map[string]any)
	walk = func(prefix string, m map[string]any) {
		for key, v := range m {
			if sub, ok := v.(map[string]any); ok {
				walk(prefix+key+"_", sub)
			} else {
				out = append(out, "BENSE_"+strings.ToUpper(prefix+key))
			}
		}
	}
	walk("", m)
	return out
}

func TestExampleShowsEveryKey(t *testing.T) {
	shown := keysOf(t, read(t, "configs/config.example.yaml"))
	for _, name := range config.EnvKeys() {
		if !strings.HasSuffix(name, "_FILE") && !slices.Contains(shown, name) {
			t.Errorf("config.example.yaml lacks the key of %s", name)
		}
	}
	for _, name := range shown {
		if !slices.Contains(config.EnvKeys(), name) {
			t.Errorf("config.example.yaml shows the key of %s, which nobody reads", name)
		}
	}
}

// What the example shows are the defaults: a production that fills in nothing is refused alike.
func TestExampleShowsTheDefaults(t *testing.T) {
	bare, err := config.Load("", nil)
	shown, errShown := config.Load(filepath.Join(root, "configs/config.example.yaml"), nil)
	if fmt.Sprint(bare) != fmt.Sprint(shown) {
		t.Errorf("want the defaults\n%v\nhave\n%v", bare, shown)
	}
	lines := func(err error) []string { return slices.Sorted(slices.Values(strings.Split(fmt.Sprint(err), "\n"))) }
	if !slices.Equal(lines(err), lines(errShown)) {
		t.Errorf("want %v, have %v", err, errShown)
	}
}

func TestDemoConfigurationLoads(t *testing.T) {
	c, err := config.Load(filepath.Join(root, "configs/demo.yaml"), nil)
	if err != nil || c.Mode != config.Demo {
		t.Fatal(c.Mode, err)
	}
}

// The compose file gives the server all that production asks for.
func TestComposeIsACompleteProduction(t *testing.T) {
	c, err := yaml.Parser().Unmarshal([]byte(readDeployment(t).compose))
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`\$\{\w+(?::[-?][^}]*)?\}`)
	dir := t.TempDir()
	var environ []string
	for key, v := range table(table(table(c, "services"), "server"), "environment") {
		value := asked.ReplaceAllString(fmt.Sprint(v), "https://bense.example")
		if hit := secretPath.FindStringSubmatch(value); hit != nil {
			value = filepath.Join(dir, hit[1])
			if err := os.WriteFile(value, []byte(strings.Repeat("k", 43)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		environ = append(environ, key+"="+value)
	}
	if _, err := config.Load("", environ); err != nil {
		t.Error(err)
	}
	if len(environ) < 10 {
		t.Error("the server's environment was not found:", slices.Collect(maps.Keys(c)))
	}
}

package bench

import "syscall"

// child lets no server outlive the bench, and keeps the terminal's Ctrl-C from it: it is stopped in order.
func child() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// inMemory tells whether a folder lies in a tmpfs.
func inMemory(dir string) bool {
	const tmpfs = 0x01021994
	var s syscall.Statfs_t
	return syscall.Statfs(dir, &s) == nil && int64(s.Type) == tmpfs
}

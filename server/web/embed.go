// Package web holds the pages that the server carries inside its binary.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

//go:embed front
var front embed.FS

// H5 is the browser form of the mini-program, or false when it has not been built.
func H5() (fs.FS, bool) { return built("h5") }

// Console is the desktop console, or false when it has not been built.
func Console() (fs.FS, bool) { return built("console") }

func built(name string) (fs.FS, bool) {
	sub, err := fs.Sub(dist, "dist/"+name)
	if err != nil {
		return nil, false
	}
	if _, err := fs.Stat(sub, "index.html"); err != nil {
		return nil, false
	}
	return sub, true
}

// Front is the front door of the demo.
func Front() fs.FS {
	sub, err := fs.Sub(front, "front")
	if err != nil {
		panic(err) // the folder is embedded: this cannot happen
	}
	return sub
}

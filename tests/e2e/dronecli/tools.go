//go:build tools

// Package dronecli names Drone's command line, so that go.sum pins it and everything that it is made of.
package dronecli

import _ "github.com/drone/drone-cli/drone"

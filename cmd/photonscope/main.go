// Command photonscope is a man-in-the-middle debugging proxy and protocol
// analyzer for the Particle Photon's TCP cloud protocol.
//
// This package holds flags, files and exit codes, and wires the other packages
// together; it contains no protocol. Begin with [newRoot] for the commands and
// with pipeline.go for the one path that every byte takes.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	app := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}
	code := app.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

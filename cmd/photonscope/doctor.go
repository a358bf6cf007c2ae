package main

import (
	"context"
	"fmt"
	"net"
	"slices"

	"github.com/spf13/cobra"
)

// doctorFlags are those of `photonscope doctor`.
type doctorFlags struct {
	keys   []string
	listen string
}

func newDoctorCommand(a *app) *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor [flags] [UPSTREAM]",
		Short: "Check this host, its keys and the server before blaming the device",
		Long: `Checks what a session needs before it begins: the port, the addresses of this
host, key files, the server if one is named, the programs that key commands
need, the terminal and the clock. Nothing is changed, and nothing on the network
is touched but UPSTREAM, which is connected to once.

Exit code 0: nothing will fail; 3: something will.`,
		Example: `  photonscope doctor
  photonscope doctor -k ~/server/default_key.pem 192.168.1.10:5683`,
		Args: takes(0, 1, "one server, HOST:PORT, or none"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				if _, port, err := net.SplitHostPort(args[0]); err != nil || !isPort(port) {
					return usageError("192.168.1.10:5683", "%s is no address and port", args[0])
				}
			}
			return a.doctor(cmd.Context(), &f, args)
		},
	}
	cmd.Flags().StringArrayVarP(&f.keys, "key", "k", nil, keyFlagHelp)
	cmd.Flags().StringVarP(&f.listen, "listen", "l", "127.0.0.1:5683", "`address` that a proxy is to listen on")
	return cmd
}

// health is what came of a check, the worst first.
type health uint8

const (
	bad  health = iota // something will not work
	warn               // something may surprise
	fine
)

// String is the word in front of a row.
func (h health) String() string { return [...]string{"bad", "warn", "ok"}[h] }

// row is one check.
type row struct {
	health
	what string // was checked
	says string // what came of it
	do   string // about it, "" if nothing
}

// doctor runs all checks and prints them, the worst first.
func (a *app) doctor(ctx context.Context, f *doctorFlags, upstream []string) error {
	rows := []row{checkPort(ctx, f.listen), checkAddresses(ownAddresses())}
	rows = append(rows, a.checkKeys(f.keys)...)
	for _, server := range upstream {
		rows = append(rows, checkServer(ctx, server))
	}
	rows = append(rows, checkNode(ctx), checkOpenSSL(ctx), checkParticle(), a.checkTerminal(), checkClock())
	slices.SortStableFunc(rows, func(a, b row) int { return int(a.health) - int(b.health) })
	failed := 0
	for _, r := range rows {
		a.print("%-4s  %-14s  %s", r.health, r.what, r.says)
		if r.do != "" {
			a.print("%-4s  %-14s  → %s", "", "", r.do)
		}
		if r.health == bad {
			failed++
		}
	}
	if failed > 0 {
		return &exitError{exitSession, fmt.Errorf("doctor: %s will not work", count(failed, "thing")), ""}
	}
	return nil
}

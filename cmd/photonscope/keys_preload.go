package main

import (
	_ "embed"

	"github.com/spf13/cobra"
)

// keyLogPreload makes either Node server write a key log.
//
//go:embed photon-keylog.js
var keyLogPreload []byte

func newPreloadCommand(k *keysCommand) *cobra.Command {
	return &cobra.Command{
		Use:   "keylog-preload",
		Short: "Print a Node module by which a server writes a key log",
		Long: `Prints a module that Node loads in front of a server. Each session's secrets
then go to a key log, which opens the session without any private key. It works
with spark-protocol and with @brewskey/spark-protocol, on Node 8 and later, and
changes no file of the server. The key log is the file that PHOTONKEYLOGFILE
names, else photon.keylog in the folder the server is started in.`,
		Example: `  photonscope keys keylog-preload > photon-keylog.js
  PHOTONKEYLOGFILE=~/photon.keylog node -r ./photon-keylog.js server.js
  photonscope proxy -k ~/photon.keylog 192.168.1.10:5683`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if _, err := k.stdout.Write(keyLogPreload); err != nil {
				return failure("", "print the module: %w", bareError(err))
			}
			return nil
		},
	}
}

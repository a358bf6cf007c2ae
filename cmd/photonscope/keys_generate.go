package main

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode/lightssl"
)

func newGenerateCommand(k *keysCommand) *cobra.Command {
	var (
		device string
		server bool
		out    string
	)
	cmd := &cobra.Command{
		Use:   "generate {--device ID | --server} [--out FOLDER]",
		Short: "Make a key pair for a device or for a server",
		Long: `Makes a key pair that the firmware and both Node servers read. Device keys are
checked to be ones that a Photon can use: 1 of 200 keys from other tools is not.`,
		Example: `  photonscope keys generate --device 3a14210004473432333230bd
  photonscope keys generate --server --out .`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if (device != "") == server {
				return usageError("--device ID or --server", "say what the key pair is for")
			}
			if out != "" {
				k.folder = out
			}
			if server {
				return k.generateServer()
			}
			ids, err := parseIDs([]string{device})
			if err != nil {
				return err
			}
			return k.generateDevice(ids[0])
		},
	}
	cmd.Flags().StringVar(&device, "device", "", "`ID` of the device (24 hex digits)")
	cmd.Flags().BoolVar(&server, "server", false, "make a server key pair")
	cmd.Flags().StringVar(&out, "out", "", "`folder` to put the files into (default: the key folder)")
	return cmd
}

// newFile is a file to be made.
type newFile struct {
	name    string
	content []byte
}

func (k *keysCommand) generateDevice(id lightssl.DeviceID) error {
	key, err := lightssl.GenerateDeviceKey()
	if err != nil {
		return failure("", "%w", err)
	}
	dir, err := k.keyFolder()
	if err != nil {
		return err
	}
	defer dir.close()
	name := id.String()
	err = createAll(dir, []newFile{
		{name + pemExt, lightssl.MarshalPrivatePEM(key)},
		{name + ".der", lightssl.MarshalPrivateDER(key)},
		{name + learntBase + pemExt, lightssl.MarshalPublicPEM(&key.PublicKey)},
	})
	if err != nil {
		return err
	}
	k.print("made a key pair for device %s (RSA 1024, fingerprint %s)", id, lightssl.Fingerprint(&key.PublicKey))
	k.print("  private  %s and %s", dir.file(name+pemExt), dir.file(name+".der"))
	k.print("  public   %s", dir.file(name+learntBase+pemExt))
	k.print("onto the device, in DFU mode:  particle keys load %s", quote(dir.file(name+".der")))
	k.print("to the server:                 particle keys send %s %s", id, quote(dir.file(name+learntBase+pemExt)))
	return nil
}

func (k *keysCommand) generateServer() error {
	key, err := rsa.GenerateKey(rand.Reader, roleBits(lightssl.ServerRole))
	if err != nil {
		return failure("", "generate server key: %w", err)
	}
	dir, err := k.keyFolder()
	if err != nil {
		return err
	}
	defer dir.close()
	const private, public, device = "default_key.pem", "default_key.pub.pem", "default_key.der"
	err = createAll(dir, []newFile{
		{private, lightssl.MarshalPrivatePEM(key)},
		{public, lightssl.MarshalPublicPEM(&key.PublicKey)},
		{device, lightssl.MarshalPublicDER(&key.PublicKey)},
	})
	if err != nil {
		return err
	}
	k.print("made a server key pair (RSA 2048, fingerprint %s)", lightssl.Fingerprint(&key.PublicKey))
	k.print("  private  %s", dir.file(private))
	k.print("  public   %s, and as devices hold it %s", dir.file(public), dir.file(device))
	k.print("onto each device, in DFU mode:  particle keys server %s --host SERVER_ADDRESS --port 5683", quote(dir.file(device)))
	return nil
}

// createAll makes all files or none. A file that is there already stays as it is.
func createAll(dir *keyDir, files []newFile) error {
	for i, f := range files {
		err := dir.create(f.name, f.content)
		if err == nil {
			continue
		}
		for _, made := range files[:i] {
			dir.root.Remove(made.name)
		}
		if errors.Is(err, fs.ErrExist) {
			return usageError("move it away first, or use --out FOLDER", "%s is there already, and a key is never overwritten", dir.file(f.name))
		}
		return fileError(dir.file(f.name), err, "use --out FOLDER")
	}
	return nil
}

package proxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// Transparent mode between network namespaces: a device, a gateway that turns
// port 5683 to the proxy (a process of its own there), and a network of clouds.

const proxyPort = "15683"

// transparentChild serves transparently and writes a line for every notice and
// every leg.
func transparentChild(args []string) {
	ln, err := net.Listen("tcp", args[0])
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	s := &Server{
		Destination: OriginalDestination,
		AllowDest: []DestRule{
			{Prefix: netip.MustParsePrefix("10.77.2.8/29")},
			{Prefix: netip.MustParsePrefix("fd77:2::8/125")},
			{Prefix: netip.MustParsePrefix("10.77.1.0/24"), Port: 15683}, // ourselves: the loop guard refuses
			{Prefix: netip.MustParsePrefix("fd77:1::/64"), Port: 15683},
		},
		Notice: func(n Notice) { fmt.Println("notice", n.Kind, n.Text) },
		Tap: func(items []stream.Item) {
			for _, it := range items {
				if o, ok := it.(*stream.Opened); ok {
					fmt.Println("leg", o.Conn.Leg, o.Conn.Cloud)
				}
			}
		},
	}
	announce(ln.Addr())
	s.Serve(context.Background(), ln)
}

// missing ends the test visibly where it cannot run, and as a failure where it
// has to.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("PHOTONSCOPE_INTEROP") == "require" {
		t.Fatalf("transparent mode cannot be tested: %s", what)
	}
	t.Skipf("transparent mode is not tested: %s", what)
}

// namespaces makes the three of them and returns their names.
func namespaces(t *testing.T) (device, gateway, cloud string) {
	t.Helper()
	if os.Getuid() != 0 {
		missing(t, "network namespaces need root")
	}
	for _, tool := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, "no "+tool+" (packages iproute2 and nftables)")
		}
	}
	name := func(s string) string { return fmt.Sprintf("ps%d%s", os.Getpid(), s) }
	device, gateway, cloud = name("d"), name("g"), name("c")
	for _, ns := range []string{device, gateway, cloud} {
		if out, err := exec.Command("ip", "netns", "add", ns).CombinedOutput(); err != nil {
			missing(t, "cannot make a network namespace: "+string(out))
		}
		t.Cleanup(func() { exec.Command("ip", "netns", "del", ns).Run() })
	}
	script := strings.NewReplacer("DEV", device, "GW", gateway, "CLOUD", cloud, "PORT", proxyPort).Replace(`
ip link add v0 netns DEV type veth peer name v0 netns GW
ip link add v1 netns CLOUD type veth peer name v1 netns GW
ip -n DEV link set lo up
ip -n DEV addr add 10.77.1.2/24 dev v0
ip -n DEV addr add fd77:1::2/64 dev v0 nodad
ip -n DEV link set v0 up
ip -n GW link set lo up
ip -n GW addr add 10.77.1.1/24 dev v0
ip -n GW addr add fd77:1::1/64 dev v0 nodad
ip -n GW link set v0 up
ip -n GW addr add 10.77.2.1/24 dev v1
ip -n GW addr add fd77:2::1/64 dev v1 nodad
ip -n GW link set v1 up
ip -n CLOUD link set lo up
ip -n CLOUD addr add 10.77.2.9/24 dev v1
ip -n CLOUD addr add fd77:2::9/64 dev v1 nodad
ip -n CLOUD link set v1 up
ip -n DEV route add default via 10.77.1.1
ip -n DEV -6 route add default via fd77:1::1
ip netns exec GW nft add table inet photonscope
ip netns exec GW nft add chain inet photonscope pre { type nat hook prerouting priority dstnat; }
ip netns exec GW nft add rule inet photonscope pre tcp dport 5683 redirect to :PORT`)
	for _, line := range strings.Split(strings.TrimSpace(script), "\n") {
		words := strings.Fields(line)
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			missing(t, line+": "+string(out))
		}
	}
	return device, gateway, cloud
}

// within runs f on a thread that is in a namespace; sockets made there stay.
func within(t *testing.T, ns string, f func() error) {
	t.Helper()
	errs := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		fd, err := syscall.Open("/run/netns/"+ns, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err == nil {
			defer syscall.Close(fd)
			if _, _, errno := syscall.RawSyscall(sysSetns, uintptr(fd), syscall.CLONE_NEWNET, 0); errno != 0 {
				err = errno
			}
		}
		if err == nil {
			err = f()
		}
		errs <- err
	}()
	if err := <-errs; err != nil {
		t.Fatal(err)
	}
}

// sysSetns is the number of setns(2).
var sysSetns = map[string]uintptr{"amd64": 308, "arm64": 268, "arm": 375, "386": 346, "riscv64": 268}[runtime.GOARCH]

// gatewayProxy starts the proxy in the gateway.
func gatewayProxy(t *testing.T, gateway, addr string) *child {
	t.Helper()
	c := startChild(t, []string{"ip", "netns", "exec", gateway}, "transparent", addr)
	c.address()
	return c
}

func TestTransparentModeGoesWhereTheDeviceWanted(t *testing.T) {
	device, gateway, cloud := namespaces(t)
	for _, c := range []struct{ name, listen, cloud, direct, forbidden string }{
		{"IPv4", "0.0.0.0:" + proxyPort, "10.77.2.9:5683", "10.77.1.1:" + proxyPort, "10.77.2.1:5683"},
		{"IPv6", "[::]:" + proxyPort, "[fd77:2::9]:5683", "[fd77:1::1]:" + proxyPort, "[fd77:3::9]:5683"},
		{"IPv4 on a socket for both", "[::]:" + proxyPort, "10.77.2.9:5683", "10.77.1.1:" + proxyPort, "10.77.3.9:5683"},
	} {
		t.Run(c.name, func(t *testing.T) {
			proxy := gatewayProxy(t, gateway, c.listen)
			passes(t, proxy, device, cloud, c.cloud)
			refusedFast(t, device, c.direct)
			proxy.await("is this machine")
			refusedFast(t, device, c.forbidden)
		})
	}
}

// passes checks that a device reaches the cloud it dials.
func passes(t *testing.T, proxy *child, device, cloud, addr string) {
	t.Helper()
	var ln, conn = net.Listener(nil), net.Conn(nil)
	within(t, cloud, func() (err error) { ln, err = net.Listen("tcp", addr); return err })
	defer ln.Close()
	within(t, device, func() (err error) { conn, err = net.Dial("tcp", addr); return err })
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	up, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer up.Close()
	n := randomBytes(40)
	write(t, up, n)
	equal(t, "nonce", read(t, conn, 40), n)
	proxy.await("leg device " + addr)
	proxy.await("leg cloud " + addr)
}

// refusedFast checks that a device is closed within 100 ms.
func refusedFast(t *testing.T, device, addr string) {
	t.Helper()
	var conn net.Conn
	start := time.Now()
	within(t, device, func() (err error) { conn, err = net.Dial("tcp", addr); return err })
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	got, _ := io.ReadAll(conn)
	if took := time.Since(start); len(got) > 0 || took > 100*time.Millisecond {
		t.Errorf("%s: %d bytes, closed after %v", addr, len(got), took)
	}
}

package replay

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/sim"
)

func deviceEnd() lightssl.DeviceEnd {
	return lightssl.DeviceEnd{ID: sim.DeviceID(0), Key: sim.DeviceKey(0), CloudKey: &sim.ServerKey().PublicKey}
}

// play runs a plan and returns how it went.
func play(t *testing.T, conn net.Conn, c Config) (reports []Act, err error) {
	t.Helper()
	c.Report = func(r Report) { reports = append(reports, Act{Report: r}) }
	err = Run(t.Context(), conn, c)
	return reports, err
}

// Both ends played at once, at the recorded pace, over a connection in a bubble:
// five seconds pass in no time, and no goroutine is left.
func TestTwoPlayersOfOneRecordingKeepItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, cloud := net.Pipe()
		begin := time.Now()
		done := make(chan string)
		go func() {
			reports, err := play(t, cloud, Config{Plan: planOf(t, talk, Choice{As: stream.FromCloud}), Pace: Pace{Speed: 1, Wait: time.Second}, Cloud: lightssl.CloudEnd{Key: sim.ServerKey()}})
			if err != nil {
				t.Error(err)
			}
			done <- happened(reports)
		}()
		reports, err := play(t, device, Config{Plan: planOf(t, talk, Choice{As: stream.FromDevice}), Pace: Pace{Speed: 1, Wait: time.Second}, Device: deviceEnd()})
		if err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("five recorded seconds took %v", took)
		}
		for _, text := range []string{happened(reports), <-done} {
			if strings.Contains(text, "diverged") || strings.Count(text, "left") != 2 {
				t.Errorf("not as recorded:\n%s", text)
			}
		}
	})
}

func TestAPeerThatIsNoCloudIsNoSession(t *testing.T) {
	for name, end := range map[string]func(net.Conn){
		"silent": func(c net.Conn) { io.Copy(io.Discard, c) },
		"gone":   func(c net.Conn) { c.Close() },
		"no credentials": func(c net.Conn) {
			n := lightssl.NewNonce()
			c.Write(n[:])
			io.ReadFull(c, make([]byte, lightssl.IdentityLen))
			c.Close()
		},
		"wrong signature": func(c net.Conn) {
			n := lightssl.NewNonce()
			c.Write(n[:])
			io.ReadFull(c, make([]byte, lightssl.IdentityLen))
			c.Write(make([]byte, lightssl.CredentialsRecordLen))
		},
		"half of a nonce": func(c net.Conn) { c.Write(make([]byte, 20)); c.Close() },
		"something else": func(c net.Conn) {
			c.Write([]byte(strings.Repeat("HTTP/1.1 400 Bad Request\r\n", 20)))
			io.Copy(io.Discard, c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				device, cloud := net.Pipe()
				done := make(chan bool)
				go func() {
					defer close(done)
					defer cloud.Close()
					end(cloud)
				}()
				reports, err := play(t, device, Config{Plan: planOf(t, talk, Choice{As: stream.FromDevice}), Pace: Pace{Wait: time.Second}, Device: deviceEnd()})
				if !errors.Is(err, ErrHandshake) || len(reports) > 0 {
					t.Errorf("%v, and %d reports", err, len(reports))
				}
				<-done
			})
		})
	}
}

// The first divergence ends the session if that was asked for, and else does not.
func TestADivergenceStopsWhatShallStop(t *testing.T) {
	changed := strings.Replace(talk, "0000002a", "0000002b", 1)
	for _, stop := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			device, cloud := net.Pipe()
			done := make(chan bool)
			go func() {
				defer close(done)
				play(t, device, Config{Plan: planOf(t, changed, Choice{As: stream.FromDevice}), Pace: Pace{Wait: time.Second}, Device: deviceEnd()})
			}()
			reports, err := play(t, cloud, Config{Plan: planOf(t, talk, Choice{As: stream.FromCloud}), Pace: Pace{Wait: time.Second}, Stop: stop, Cloud: lightssl.CloudEnd{Key: sim.ServerKey()}})
			<-done
			text := happened(reports)
			ended := strings.HasSuffix(text, "diverged 10 function-result: differs\n")
			if err != nil || ended != stop || strings.Count(text, "diverged") != 1 {
				t.Errorf("stop %v: %v\n%s", stop, err, text)
			}
		})
	}
}

func TestTheEndOfTheContextEndsARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, cloud := net.Pipe()
		defer cloud.Close()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			(lightssl.CloudEnd{Key: sim.ServerKey()}).Handshake(cloud)
			io.Copy(io.Discard, cloud)
		}()
		time.AfterFunc(time.Second, cancel)
		err := Run(ctx, device, Config{Plan: planOf(t, talk, Choice{As: stream.FromDevice}), Pace: Pace{Wait: time.Minute}, Device: deviceEnd(), Report: func(Report) {}})
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

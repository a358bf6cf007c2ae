package sim

import (
	"encoding/hex"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// The vector was made by a program that shares nothing with this one, and genuine
// firmware 0.4.9 produced the same frames.
func TestTheDeviceProducesTheFramesOfTheVectorByteForByte(t *testing.T) {
	text, err := os.ReadFile("testdata/vector-legacy.txt")
	if err != nil {
		t.Fatal(err)
	}
	var credentials lightssl.Credentials
	var toDevice, want []byte
	for l := range strings.Lines(string(text)) {
		who, digits, _ := strings.Cut(strings.TrimSpace(l), " ")
		b, _ := hex.DecodeString(digits)
		switch who {
		case "credentials":
			copy(credentials[:], b)
		case "device":
			want = append(want, b...)
		case "cloud":
			toDevice = append(toDevice, b...)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		a, b := memPipe()
		done := make(chan error)
		go func() { done <- vectorDevice().Run(t.Context(), a) }()
		if _, err := (lightssl.CloudEnd{Key: ServerKey(), Credentials: &credentials}).Handshake(b); err != nil {
			t.Error(err)
		}
		hello := lightssl.FrameLen(toDevice)
		b.Write(toDevice[:hello])
		synctest.Wait()
		b.Write(toDevice[hello:])
		b.CloseWrite()
		<-done
		got, _ := io.ReadAll(b)
		if string(got) != string(want) {
			t.Errorf("the frames are\n%x\nnot\n%x", got, want)
		}
	})
}

// vectorDevice is the vector's device: it describes one variable of its two, and
// sends nothing of itself but a question for the time.
func vectorDevice() *Device {
	p := Legacy049
	p.HardwareEvents, p.Subscriptions = false, nil
	d := &Device{
		Profile: &p, Updated: true,
		Functions: map[string]func(string) int32{"brew": func(string) int32 { return 0 }},
		Variables: map[string]Variable{"temperature": Double(func() float64 { return 0 })},
		Modules:   []particle.DescribeModule{{Size: 16384, Location: 'm', Checked: 30, Valid: 30, Function: 'b', Version: 7}},
	}
	d.Tap = func(from stream.Direction, b []byte) {
		if from == stream.FromCloud && strings.HasSuffix(string(b), "count") {
			d.Variables["count"] = Int(func() int32 { return -7 })
		}
	}
	return d
}

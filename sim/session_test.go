package sim

import (
	"context"
	"net"
	"testing"

	"github.com/photonscope/photonscope/decode/particle"
)

func TestADeviceAndACloudShakeHandsAndTalk(t *testing.T) {
	noLeaks(t)
	a, b := net.Pipe()
	got := make(chan particle.EventBody, 10)
	d := &Device{
		Functions: map[string]func(string) int32{"brew": func(s string) int32 { return int32(len(s)) }},
		Handle: func(ctx context.Context, s *DeviceSession) error {
			return s.Publish(particle.EventBody{Name: "temperature", Data: []byte("21.5")})
		},
	}
	c := &Cloud{
		OnEvent: func(_ *CloudSession, e particle.EventBody) { got <- e },
		Handle: func(ctx context.Context, s *CloudSession) error {
			if err := s.Ping(ctx); err != nil {
				return err
			}
			d, err := s.Describe(ctx, 0)
			if err != nil {
				return err
			}
			t.Logf("%+v", d.Functions)
			v, err := s.Call(ctx, "brew", "coffee")
			t.Log(v, err)
			return s.Close()
		},
	}
	m := meet(t.Context(), d, c, a, b)
	t.Log(m.device, m.cloud)
	if len(got) == 0 {
		t.Error("no event")
	}
}

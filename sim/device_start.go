package sim

import (
	"slices"
	"strconv"

	"github.com/photonscope/photonscope/decode/particle"
)

// startUp sends what a device sends of itself once it is connected, back to back
// and without waiting for answers.
func (s *DeviceSession) startUp() error {
	d, p := s.device, s.profile
	steps := []func() error{}
	add := func(yes bool, f func() error) {
		if yes {
			steps = append(steps, f)
		}
	}
	event := func(name, data string) func() error {
		return func() error {
			return s.Publish(particle.EventBody{Name: name, Data: []byte(data), Private: true})
		}
	}
	add(p.PostsDescribe, func() error { return s.postDescription(particle.DescribeSystem) })
	add(d.ClaimCode != "", event("spark/device/claim/code", d.ClaimCode))
	add(p.HardwareEvents, event("spark/hardware/max_binary", strconv.Itoa(d.maxBinary())))
	add(p.HardwareEvents, event("spark/hardware/ota_chunk_size", strconv.Itoa(d.chunkSize())))
	add(d.SafeMode, event("spark/device/safemode", ""))
	add(p.LastReset && d.LastReset != "", event("spark/device/last_reset", d.LastReset))
	add(p.UpdateEvents, event("particle/device/updates/enabled", strconv.FormatBool(!d.RefuseUpdates)))
	add(p.UpdateEvents, event("particle/device/updates/forced", "false"))
	add(!p.SubscribesLast, s.subscribeAll)
	add(true, s.RequestTime)
	add(p.PostsDescribe, func() error { return s.postDescription(particle.DescribeApplication) })
	add(p.SubscribesLast, s.subscribeAll)
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (s *DeviceSession) subscribeAll() error {
	all := slices.Clone(s.profile.Subscriptions)
	for _, sub := range s.device.Subscriptions {
		all = append(all, sub.SubscribeBody)
	}
	for _, sub := range all {
		if err := s.Subscribe(sub); err != nil {
			return err
		}
	}
	return nil
}

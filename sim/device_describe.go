package sim

import (
	"maps"
	"slices"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
)

// describe returns what the device says about itself.
func (d *Device) describe(flags byte) []byte {
	p := d.profile()
	if flags == particle.DescribeMetrics {
		return particle.AppendMetrics(nil, d.Metrics)
	}
	b := particle.DescribeBody{
		Functions:  slices.Sorted(maps.Keys(d.Functions)),
		PlatformID: int(d.hello().PlatformID), Modules: d.modules(),
	}
	for _, name := range slices.Sorted(maps.Keys(d.Variables)) {
		b.Variables = append(b.Variables, particle.DescribeVariable{Name: name, Type: d.Variables[name].code})
	}
	return b.AppendJSON(nil, flags, p.SystemFirst)
}

// modules are those of a Photon: a bootloader, the system, an application.
func (d *Device) modules() []particle.DescribeModule {
	if d.Modules != nil {
		return d.Modules
	}
	p := d.profile()
	module := func(function byte, size, index, version int, depends ...particle.DescribeDependency) particle.DescribeModule {
		return particle.DescribeModule{
			Size: size, Location: 'm', Checked: 30, Valid: 30, Function: function, Index: index, Version: version,
			Depends: depends, DummyEntry: p.DummyDependencies,
		}
	}
	system, application := int(p.SystemVersion), module('u', 131072, 1, 6, particle.DescribeDependency{Function: 's', Index: 2, Version: int(p.SystemVersion)})
	application.UUID = "20ea7a5e1c6a0f5c3bd7b8a4b20b7d7ec1a2a58a3dd7c0b9e0a1d2f3c4b5a697"
	return []particle.DescribeModule{
		module('b', 16384, 0, p.Bootloader),
		module('s', 262144, 1, system, particle.DescribeDependency{Function: 'b', Index: 0, Version: p.Bootloader}),
		module('s', 262144, 2, system, particle.DescribeDependency{Function: 's', Index: 1, Version: system}),
		application,
	}
}

// blockPost is a description that is being posted block by block.
type blockPost struct {
	flags byte
	rest  []byte
	next  uint32 // number of the next block
	id    uint16 // of the block last sent: its acknowledgement calls for the next
}

// descriptionBlock is the length of a block of a description in bytes, and its
// exponent (Device OS 3.3 on a Photon).
const (
	descriptionBlock = 512
	blockSize        = 5
)

// postDescription sends a description unasked.
func (s *DeviceSession) postDescription(flags byte) error {
	payload := s.device.describe(flags)
	if !s.profile.PostsToken {
		return s.send(particle.ComposeDescribePost(0, nil, particle.DescribePart{Flags: flags, Payload: payload}))
	}
	if len(payload) <= descriptionBlock {
		return s.send(particle.ComposeDescribePost(0, s.nextToken(), particle.DescribePart{Flags: flags, Payload: payload}))
	}
	return s.postBlock(blockPost{flags: flags, rest: payload})
}

// postBlock sends the next block; the one after it waits for an acknowledgement.
func (s *DeviceSession) postBlock(p blockPost) error {
	n := min(len(p.rest), descriptionBlock)
	block := particle.BlockBody{Number: p.next, More: n < len(p.rest), Size: blockSize}
	id, err := s.post(particle.ComposeDescribePost(0, s.nextToken(), particle.DescribePart{Flags: p.flags, Block: &block, Payload: p.rest[:n]}))
	if err != nil {
		return err
	}
	if block.More {
		s.posts = append(s.posts, blockPost{p.flags, p.rest[n:], p.next + 1, id})
	}
	return nil
}

// acknowledged continues the description whose block was acknowledged.
func (s *DeviceSession) acknowledged(id uint16) error {
	for i, p := range s.posts {
		if p.id == id {
			s.posts = slices.Delete(s.posts, i, i+1)
			return s.postBlock(p)
		}
	}
	return nil
}

// wholeDescription is what a request without flags asks for.
const wholeDescription = particle.DescribeSystem | particle.DescribeApplication

func (s *DeviceSession) describe(m *coap.Message) error {
	flags := byte(wholeDescription)
	query, asked := firstOption(m, coap.URIQuery)
	if asked && len(query) == 1 && s.profile.Describe >= DescribeOnce {
		flags = query[0]
	}
	if !s.profile.HasMetrics || flags != particle.DescribeMetrics {
		flags &= wholeDescription
	}
	token := s.tokenOf(m)
	switch s.profile.Describe {
	case DescribeTwice:
		return s.describeTwice(m, token, wholeDescription)
	case DescribeInTwo:
		return s.describeTwice(m, token, particle.DescribeSystem)
	case DescribeOnce:
		return s.reply(particle.ComposeAckReply(coap.Content, m.ID, token, s.device.describe(flags)))
	case DescribeBlocks:
		if !asked || len(m.Token) != 1 || m.Type != coap.Confirmable {
			return s.reply(particle.ComposeAckReply(coap.BadRequest, m.ID, m.Token, nil))
		}
	}
	if err := s.ack(m); err != nil {
		return err
	}
	return s.describeSeparately(m, token, flags)
}

// describeTwice sends the two replies of 0.4.4 to 0.6.0. The second has the ID
// that the first left in the buffer: the head of its own ciphertext.
func (s *DeviceSession) describeTwice(m *coap.Message, token []byte, first byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	reply := particle.ComposeAckReply(coap.Content, m.ID, token, s.device.describe(first))
	if err := s.sendLocked(&reply, nil); err != nil {
		return err
	}
	reply.ID = be.Uint16(s.wire[2:])
	reply.Payload = s.device.describe(particle.DescribeApplication)
	return s.sendLocked(&reply, nil)
}

func (s *DeviceSession) describeSeparately(m *coap.Message, token []byte, flags byte) error {
	payload := s.device.describe(flags)
	if s.profile.Describe != DescribeBlocks || len(payload) <= descriptionBlock {
		return s.send(particle.ComposeConReply(coap.Content, 0, token, payload))
	}
	block := particle.BlockBody{Size: blockSize}
	if v, ok := firstOption(m, coap.Block2); ok {
		block, _ = particle.ParseBlock(v)
	}
	block.Size = blockSize
	from := min(int(block.Number)*descriptionBlock, len(payload))
	to := min(from+descriptionBlock, len(payload))
	block.More = to < len(payload)
	tag := be.AppendUint32(nil, particle.ChunkCRC(payload))
	return s.send(particle.ComposeDescribeReply(0, token, particle.DescribePart{Tag: tag, Block: &block, Payload: payload[from:to]}))
}

package interop

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

const (
	// eventTimeout is how long WaitFor waits: longer than the longest timer that
	// the servers have in a session that goes well.
	eventTimeout = 30 * time.Second
	// commandTimeout outlasts the runners' own limit, so that theirs speaks.
	commandTimeout = 70 * time.Second
	exitTimeout    = 2 * time.Second
)

// Server is one running server. Its methods are safe for concurrent use, except
// [Server.WaitFor], which may end the test.
type Server struct {
	Addr            string // where devices connect, host:port on the loopback
	DeviceKeyFolder string // holds <id>.pub.pem, in the server's own naming
	ServerKeyFile   string

	tb      testing.TB
	name    string
	journal *journal
	stdin   io.Writer
	process *os.Process
	lastID  atomic.Int64
}

// runner is how one kind of server is started.
type runner struct {
	name   string
	keys   string // the key folder, below the data folder
	node   string
	script string
}

func start(tb testing.TB, c Config, r runner) *Server {
	tb.Helper()
	data := tb.TempDir()
	s := &Server{
		DeviceKeyFolder: filepath.Join(data, r.keys),
		ServerKeyFile:   filepath.Join(data, "default_key.pem"),
		tb:              tb,
		name:            r.name,
		journal:         newJournal(),
	}
	if err := s.writeKeys(c); err != nil {
		tb.Fatalf("interop: %v", err)
	}
	if err := s.run(r.command(c, data), c.Env); err != nil {
		tb.Fatalf("interop: start %s: %v", r.name, err)
	}
	port := s.WaitFor(func(e Event) bool { return e.Kind == "listening" }).Port
	s.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	return s
}

func (r runner) command(c Config, data string) *exec.Cmd {
	args := []string{r.script, "--dir", data}
	if c.Preload != "" {
		args = append([]string{"-r", c.Preload}, args...)
	}
	return exec.Command(r.node, args...)
}

func (s *Server) writeKeys(c Config) error {
	if err := os.MkdirAll(s.DeviceKeyFolder, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(s.ServerKeyFile, c.ServerKeyPEM, 0o600); err != nil {
		return err
	}
	for id, key := range c.DeviceKeys {
		if err := os.WriteFile(filepath.Join(s.DeviceKeyFolder, id+".pub.pem"), key, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// run starts the process and follows both its outputs until the test ends. The
// process ends with its standard input, so none outlives a killed test.
func (s *Server) run(cmd *exec.Cmd, env []string) error {
	cmd.Env = append(os.Environ(), "LOG_LEVEL=warn", "NODE_OPTIONS=") // Node 8 refuses the options of later ones
	cmd.Env = append(cmd.Env, env...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	s.stdin = stdin
	cmd.Stdout = lineWriter(s.journal.addEvent)
	cmd.Stderr = lineWriter(s.journal.addLine)
	cmd.WaitDelay = exitTimeout
	if err := cmd.Start(); err != nil {
		return err
	}
	s.process = cmd.Process
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait() // how it ended is of no interest: tests see that it did
		s.journal.end()
	}()
	s.tb.Cleanup(func() {
		_ = stdin.Close()
		select {
		case <-exited:
		case <-time.After(exitTimeout):
			_ = cmd.Process.Kill()
			<-exited
		}
		s.logOnFailure()
	})
	return nil
}

func (s *Server) logOnFailure() {
	if !s.tb.Failed() {
		return
	}
	for _, line := range s.journal.tail() {
		s.tb.Logf("%s: %s", s.name, line)
	}
}

// Command has the server do something: {"cmd": name, …}, as README.md lists
// them. It returns the runner's answer, whose "value" is what the server's own
// interface returned, or the error that it reported. Private to the call: the
// command's "id".
func (s *Server) Command(cmd map[string]any) (map[string]any, error) {
	id := s.lastID.Add(1)
	line := map[string]any{}
	for name, value := range cmd {
		line[name] = value
	}
	line["id"] = id
	text, err := json.Marshal(line)
	if err != nil {
		return nil, fmt.Errorf("interop: command %v: %w", cmd["cmd"], err)
	}
	if _, err := s.stdin.Write(append(text, '\n')); err != nil {
		return nil, fmt.Errorf("interop: command %v: %w", cmd["cmd"], err)
	}
	isAnswer := func(e Event) bool { return e.Kind == "result" && e.CommandID == id }
	answer, err := s.journal.wait(isAnswer, commandTimeout)
	if err == nil && answer.Error != "" {
		err = errors.New(answer.Error)
	}
	if err != nil {
		return nil, fmt.Errorf("interop: command %v: %w", cmd["cmd"], err)
	}
	return map[string]any{"cmd_id": answer.CommandID, "value": answer.Value}, nil
}

// WaitFor returns the first event, past or coming, that match accepts. It ends
// the test when none comes within 30 s or the server ends. Call it from the
// test's own goroutine.
func (s *Server) WaitFor(match func(Event) bool) Event {
	s.tb.Helper()
	e, err := s.journal.wait(match, eventTimeout)
	if err != nil {
		s.tb.Fatalf("interop: %s: %v", s.name, err)
	}
	return e
}

// Kill ends the server at once, as a crash does.
func (s *Server) Kill() { _ = s.process.Kill() } // it may have ended already

// Events returns all events so far.
func (s *Server) Events() []Event { return s.journal.all() }

// Messages returns every message that the server has decrypted or encrypted so
// far, in the order in which it did.
func (s *Server) Messages() []Msg {
	var found []Msg
	for _, e := range s.journal.all() {
		if e.Kind == "msg" {
			found = append(found, Msg{Session: e.Session, Dir: e.Dir, Bytes: e.Bytes()})
		}
	}
	return found
}

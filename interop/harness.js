'use strict';

// What the two runners share. A runner starts one server as it was published,
// tells what happens in it as JSON lines on standard output, and takes commands
// as JSON lines on standard input. It reaches into the server only from
// outside, by wrapping methods of the loaded classes; this file and the runners
// are the only place where that happens. It has to run on Node 8.

const net = require('net');
const readline = require('readline');

const COMMAND_TIMEOUT_MS = 60 * 1000;

// emit writes one event line. Time is in seconds since 1970, as in the truth
// files of the recordings.
function emit(ev, fields) {
  process.stdout.write(JSON.stringify(Object.assign({ t: Date.now() / 1000, ev }, fields)) + '\n');
}

// options reads --port N --dir DIR.
function options() {
  const found = { port: '0' };
  for (let i = 2; i + 1 < process.argv.length; i += 2) found[process.argv[i].replace(/^--/, '')] = process.argv[i + 1];
  if (!found.dir) {
    process.stderr.write('usage: node ' + process.argv[1] + ' --dir DIR [--port N]\n');
    process.exit(2);
  }
  return found;
}

// takeOutput keeps standard output for events: what the server logs there goes
// to standard error. Faults that the server lets through become events, and it
// goes on, as its own main program does.
function takeOutput() {
  console.log = console.info = console.error;
  const tell = fault => emit('server_exception', { error: String((fault && fault.stack) || fault) });
  process.on('uncaughtException', tell);
  process.on('unhandledRejection', tell);
}

// listenOnLoopback binds the server's one listener to 127.0.0.1 and the given
// port, wherever the server wanted to, and tells the port.
function listenOnLoopback(port) {
  const listen = net.Server.prototype.listen;
  net.Server.prototype.listen = function (...args) {
    const done = args[args.length - 1];
    this.once('listening', () => emit('listening', { port: this.address().port }));
    return listen.call(this, { port: Number(port), host: '127.0.0.1' }, done);
  };
}

// wrap replaces owner[name] by a function that gets the original bound to the
// same object first, then the arguments.
function wrap(owner, name, replacement) {
  const original = owner[name];
  owner[name] = function (...args) {
    return replacement.call(this, original.bind(this), ...args);
  };
}

const sessions = new WeakMap(); // the server's connection objects and streams → {id, dir}
let sessionCount = 0;

// openSession numbers a connection, tells its ends and later its close.
function openSession(connection, socket) {
  const id = ++sessionCount;
  sessions.set(connection, { id });
  const end = (address, port) => String(address).replace('::ffff:', '') + ':' + port;
  emit('connect', {
    session: id,
    peer: end(socket.remoteAddress, socket.remotePort),
    local: end(socket.localAddress, socket.localPort),
  });
  socket.on('error', error => emit('socket_error', { session: id, error: error.message }));
  socket.on('close', hadError => emit('close', {
    session: id, had_error: hadError, bytes_in: socket.bytesRead, bytes_out: socket.bytesWritten,
  }));
}

// sessionOf is the number of a connection, 0 for a foreign object.
function sessionOf(connection) {
  return (sessions.get(connection) || { id: 0 }).id;
}

// tapStreams makes every plaintext a `msg` event: what the server's decrypting
// stream hands on, and what goes into its encrypting stream. Both carry one
// CoAP message without padding each time.
function tapStreams(CryptoStream) {
  const tell = (stream, dir, chunk) => {
    const tap = sessions.get(stream);
    if (tap && tap.dir === dir && chunk) emit('msg', { session: tap.id, dir, hex: chunk.toString('hex') });
  };
  wrap(CryptoStream.prototype, '_transform', function (transform, chunk, ...rest) {
    tell(this, 'server->device', chunk);
    return transform(chunk, ...rest);
  });
  wrap(CryptoStream.prototype, 'push', function (push, chunk, ...rest) {
    tell(this, 'device->server', chunk);
    return push(chunk, ...rest);
  });
}

// tapSession says whose two streams these are.
function tapSession(connection, incoming, outgoing) {
  const id = sessionOf(connection);
  sessions.set(incoming, { id, dir: 'device->server' });
  sessions.set(outgoing, { id, dir: 'server->device' });
}

// sessionKey is the event for the 40 secret bytes of a session.
function sessionKey(connection, bytes) {
  const hex = bytes.toString('hex');
  emit('session_key', {
    session: sessionOf(connection), key: hex.slice(0, 32), iv: hex.slice(32, 64), salt: hex.slice(64),
  });
}

// firmware is the image of a flash command: a file, or so many random bytes.
function firmware(command) {
  return command.file ? require('fs').readFileSync(command.file) : require('crypto').randomBytes(command.bytes);
}

// serve answers every command line {"id":N,"cmd":NAME,…} with one `result`
// event that holds what handlers[NAME] resolves to as `value`, or `error`. The
// process ends with "quit" or with its standard input.
function serve(handlers) {
  const lines = readline.createInterface({ input: process.stdin });
  lines.on('line', line => {
    let command;
    try {
      command = JSON.parse(line);
    } catch (error) {
      emit('result', { error: 'command is not JSON: ' + line });
      return;
    }
    answer(handlers, command);
  });
  lines.on('close', () => process.exit(0));
}

async function answer(handlers, command) {
  const reply = { cmd_id: command.id };
  try {
    if (command.cmd === 'quit') {
      emit('result', reply);
      process.exit(0);
    }
    if (!handlers[command.cmd]) throw new Error('unknown command: ' + command.cmd);
    const value = await within(command.timeout_ms || COMMAND_TIMEOUT_MS, handlers[command.cmd](command));
    reply.value = value === undefined ? null : value;
  } catch (error) {
    reply.error = String((error && error.message) || error);
  }
  emit('result', reply);
}

function within(ms, promise) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer within ' + ms + ' ms')), ms);
    const settle = end => value => {
      clearTimeout(timer);
      end(value);
    };
    Promise.resolve(promise).then(settle(resolve), settle(reject));
  });
}

// once resolves with the next event of that name, rejects when the connection
// ends first.
function once(emitter, name) {
  return new Promise((resolve, reject) => {
    emitter.once(name, resolve);
    emitter.once('disconnect', reason => reject(new Error('disconnected: ' + reason)));
  });
}

module.exports = {
  emit, firmware, listenOnLoopback, once, openSession, options, serve,
  sessionKey, sessionOf, takeOutput, tapSession, tapStreams, wrap,
};

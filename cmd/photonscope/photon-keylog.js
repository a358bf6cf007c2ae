'use strict';

// Makes a Photon cloud server in Node write a key log that photonscope reads.
// The server's own files stay as they are:
//
//     node -r ./photon-keylog.js server.js
//
// The lines go to the file named by PHOTONKEYLOGFILE, else to photon.keylog in
// the current folder. Only its owner can read a file that is made here. Who has
// it can open every session in it: delete it when the work is done.
//
// How it works. The server draws 40 bytes for a session, seals them for the
// device, and signs HMAC-SHA1(sealed bytes) under them as the key: that shows
// them. The socket that then sends the sealed bytes began with the nonce. Both
// belong together for certain, however many devices connect at once.
//
// It runs on Node 8 and later. Nothing that fails in here reaches the server.

const crypto = require('crypto');
const fs = require('fs');
const net = require('net');

const NONCE_LENGTH = 40;
const CREDENTIALS_LENGTH = 40; // AES key 16, IV 16, salt 8
const SEALED_LENGTH = 128;
const MOST_WAITING = 1000; // credentials drawn and not sent: those of broken handshakes

const file = process.env.PHOTONKEYLOGFILE || 'photon.keylog';
const waiting = new Map(); // sealed credentials → credentials in hex
const first = new WeakMap(); // socket → the nonce it began with, '-' if none; DONE
const DONE = 'done';

let log = null; // its descriptor, once it is open
let half = false; // its last line has no end: the disk was full
let complained = false;

// careful runs what must not disturb the server. console.error says what was wrong,
// because it bears a standard error that cannot be written either.
function careful(work) {
  try {
    work();
  } catch (error) {
    if (!complained) console.error('photon-keylog: ' + file + ': ' + error.message);
    complained = true;
  }
}

// open opens the log for appending, and never through a link.
function open() {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = fs.constants;
  const descriptor = fs.openSync(file, O_WRONLY | O_APPEND | O_CREAT | (O_NOFOLLOW || 0), 0o600);
  const status = fs.fstatSync(descriptor);
  if (status.isFile() && status.size === 0) fs.fchmodSync(descriptor, 0o600);
  return descriptor;
}

// write appends a line. Behind half a line it begins a new one, so that only the
// session is lost for which there was no room.
function write(nonce, credentials) {
  if (log === null) log = open();
  const line = (half ? '\n' : '') + 'PHOTON_SESSION ' + nonce + ' ' + credentials + '\n';
  const written = fs.writeSync(log, line);
  if (written > 0) half = written < line.length;
  if (written < line.length) throw new Error('no room for a whole line');
}

function isBytes(value, length) {
  return Buffer.isBuffer(value) && value.length === length;
}

function remember(sealed, credentials) {
  if (waiting.size >= MOST_WAITING) waiting.delete(waiting.keys().next().value);
  waiting.set(sealed.toString('latin1'), credentials.toString('hex'));
}

// sent looks at what a socket is about to send.
function sent(socket, bytes) {
  const nonce = first.get(socket);
  if (nonce === DONE) return;
  if (nonce === undefined) {
    first.set(socket, isBytes(bytes, NONCE_LENGTH) ? bytes.toString('hex') : '-');
    return;
  }
  if (!Buffer.isBuffer(bytes) || bytes.length < SEALED_LENGTH) return;
  const sealed = bytes.toString('latin1', 0, SEALED_LENGTH);
  const credentials = waiting.get(sealed);
  if (credentials === undefined) return;
  waiting.delete(sealed);
  first.set(socket, DONE);
  write(nonce, credentials);
}

const createHmac = crypto.createHmac;
crypto.createHmac = function (algorithm, key) {
  const hmac = createHmac.apply(this, arguments);
  if (!isBytes(key, CREDENTIALS_LENGTH)) return hmac;
  const update = hmac.update;
  hmac.update = function (data) {
    careful(() => { if (isBytes(data, SEALED_LENGTH)) remember(data, key); });
    return update.apply(this, arguments);
  };
  return hmac;
};

const socketWrite = net.Socket.prototype.write;
net.Socket.prototype.write = function (bytes) {
  careful(() => sent(this, bytes));
  return socketWrite.apply(this, arguments);
};

// For servers written as ES modules, which took their copies of the functions.
const { syncBuiltinESMExports } = require('module');
if (syncBuiltinESMExports) syncBuiltinESMExports();

careful(() => { log = open(); }); // now, so that a wrong path is told at the start

'use strict';

// Runs Particle's original spark-protocol 0.1.6 from npm, on Node 8. See README.md.
// DIR/default_key.pem is the server key, DIR/core_keys/<id>.pub.pem a device's.

const crypto = require('crypto');
const path = require('path');
const harness = require('./harness');

const { emit, sessionOf, wrap } = harness;
const { dir, port } = harness.options();

harness.takeOutput();
harness.listenOnLoopback(port);
repairCipherReads();

const settings = require('spark-protocol/settings');
const DeviceServer = require('spark-protocol/server/DeviceServer');
const SparkCore = require('spark-protocol/clients/SparkCore');
const Handshake = require('spark-protocol/lib/Handshake');
const CryptoStream = require('spark-protocol/lib/CryptoStream');

settings.serverKeyFile = path.resolve(dir, 'default_key.pem');
settings.coreKeysDir = path.resolve(dir, 'core_keys');

// repairCipherReads: the server joins what cipher objects give it at each
// 'readable', and the last read, at the end, is null. Without this every
// message is garbled. The server's own later fix was the same in effect.
function repairCipherReads() {
  const patch = make => (...args) => {
    const cipher = make(...args);
    wrap(cipher, 'read', (read, size) => {
      const chunk = read(size);
      return chunk === null ? Buffer.alloc(0) : chunk;
    });
    return cipher;
  };
  crypto.createCipheriv = patch(crypto.createCipheriv);
  crypto.createDecipheriv = patch(crypto.createDecipheriv);
}

function watchHandshake() {
  const told = new WeakMap(); // handshake → how many of the facts below were told
  const facts = [
    { when: h => h.nonce, tell: h => emit('nonce', { session: sessionOf(h.client), hex: h.nonce.toString('hex') }) },
    { when: h => h.coreID, tell: tellIdentity },
    { when: h => h.sessionKey, tell: tellSessionKey },
  ];
  wrap(Handshake.prototype, 'nextStep', function (nextStep, data) {
    let n = told.get(this) || 0;
    for (; n < facts.length && facts[n].when(this); n++) facts[n].tell(this);
    told.set(this, n);
    return nextStep(data);
  });
  wrap(Handshake.prototype, 'handshakeFail', function (handshakeFail, reason) {
    emit('handshake_fail', { session: sessionOf(this.client), device_id: this.coreID, reason });
    return handshakeFail(reason);
  });
}

function tellIdentity(handshake) {
  emit('device_id', {
    session: sessionOf(handshake.client),
    device_id: handshake.coreID,
    device_sent_public_key: handshake.coreProvidedPem,
  });
}

function tellSessionKey(handshake) {
  harness.sessionKey(handshake.client, handshake.sessionKey);
  harness.tapSession(handshake.client, handshake.secureIn, handshake.secureOut);
}

function watchCores() {
  const core = SparkCore.prototype;
  wrap(core, 'startupProtocol', function (start) {
    harness.openSession(this, this.socket);
    return start();
  });
  wrap(core, 'ready', function (ready) {
    ready();
    emit('ready', {
      session: sessionOf(this),
      device_id: this.getHexCoreID(),
      product_id: this.spark_product_id,
      product_firmware_version: this.product_firmware_version,
    });
  });
  wrap(core, 'emit', function (send, name, message) {
    if (name.startsWith('msg_')) emit('dispatch', { session: sessionOf(this), name, id: message.getId() });
    return send(name, ...Array.prototype.slice.call(arguments, 2));
  });
  wrap(core, 'disconnect', function (disconnect, reason) {
    if (this._disconnectCtr === 0) {
      emit('disconnect', { session: sessionOf(this), device_id: this.getHexCoreID(), reason: String(reason) });
    }
    return disconnect(reason);
  });
}

watchHandshake();
watchCores();
harness.tapStreams(CryptoStream);

const server = new DeviceServer({ coreKeysDir: settings.coreKeysDir });
server.start();

function coreOf(command) {
  const core = server.getCore(command.device);
  if (!core) throw new Error('no such device online: ' + command.device);
  return core;
}

// api sends one message into the server's API side and resolves with the first
// response that `done` accepts. It rejects where the server reports an error.
function api(command, message, done) {
  const core = coreOf(command);
  const sender = 'photonscope-' + command.id;
  return new Promise((resolve, reject) => {
    core.on(sender, (_, response) => {
      const fault = response.error || response.err;
      if (!fault && done && !done(response)) return;
      core.removeAllListeners(sender);
      if (fault) reject(new Error(fault));
      else resolve(response);
    });
    core.onApiMessage(sender, message);
  });
}

function forgetDescription(core) {
  core.coreFnState = null;
  core._describeDfd = null;
}

harness.serve({
  call: command => api(command, { cmd: 'CallFn', name: command.name, args: { arg: command.arg || '' } }),
  variable: command => api(command, { cmd: 'GetVar', name: command.name }),
  describe: command => {
    if (command.fresh) forgetDescription(coreOf(command));
    return api(command, { cmd: 'Describe', name: 'd' });
  },
  signal: command => api(command, { cmd: 'RaiseHand', args: { signal: command.on !== false } }),
  ping: async command => {
    const pong = await api(command, { cmd: 'Ping' });
    if (!command.coap) return pong;
    coreOf(command).sendMessage('Ping');
    const ack = await harness.once(coreOf(command), 'msg_pingack');
    return Object.assign(pong, { ack_id: ack.getId() });
  },
  // This version forwards no event to a device by itself: its own interface
  // for it is what a hub calls when one that the device wants was heard.
  publish: command => {
    const heard = command.public === false ? 'onCorePrivHeard' : 'onCorePubHeard';
    coreOf(command)[heard](command.name, command.data, command.ttl, new Date(), 'photonscope');
  },
  flash: async command => {
    const image = harness.firmware(command);
    const messages = [];
    const ended = await api(command, { cmd: 'UFlash', args: { data: image } }, response => {
      messages.push(response.message);
      return !/started/.test(response.message);
    });
    if (!/done/.test(ended.message)) throw new Error(ended.message);
    return { messages, bytes: image.length };
  },
  send: command => ({
    token: coreOf(command).sendMessage(command.name, command.params || {}, command.hex && Buffer.from(command.hex, 'hex')),
  }),
});

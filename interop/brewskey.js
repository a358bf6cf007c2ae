'use strict';

// Runs @brewskey/spark-protocol 1.0.21 from npm, on Node 20. See README.md.
// DIR/default_key.pem is the server key, DIR/data/deviceKeys/<id>.pub.pem a device's.

const fs = require('fs');
const path = require('path');
const { createRequire } = require('module');
const harness = require('./harness');

const { emit, sessionOf, wrap } = harness;
const { dir, port } = harness.options();

harness.takeOutput();
harness.listenOnLoopback(port);

const requireThere = createRequire(require.resolve('@brewskey/spark-protocol'));
logToStandardError(requireThere('bunyan'));

const { DeviceServer, Device, defaultBindings, SETTINGS } = requireThere('./index.js');
const { Container } = requireThere('constitute');
const Handshake = requireThere('./lib/Handshake.js').default;
const CryptoStream = requireThere('./lib/CryptoStream.js').default;

const deviceFolder = path.resolve(dir, 'data/deviceKeys');
const UNCLAIMED = '--unclaimed--'; // whom the server subscribes a device for that nobody owns

function logToStandardError(bunyan) {
  wrap(bunyan, 'createLogger', (create, settings) => create(Object.assign({ stream: process.stderr }, settings)));
}

function watchHandshake() {
  const handshake = Handshake.prototype;
  wrap(handshake, '_sendNonce', async function (send) {
    const nonce = await send();
    emit('nonce', { session: sessionOf(this._device), hex: nonce.toString('hex') });
    return nonce;
  });
  wrap(handshake, '_readDeviceHandshakeData', async function (read, nonce, data) {
    const found = await read(nonce, data);
    enrol(found.deviceID);
    emit('device_id', {
      session: sessionOf(this._device),
      device_id: found.deviceID,
      device_sent_public_key: found.deviceProvidedPem,
    });
    return found;
  });
  wrap(handshake, '_sendSessionKey', async function (send, publicKey) {
    const device = this._device;
    const key = Object.create(publicKey, { encrypt: { value: bytes => {
      harness.sessionKey(device, bytes);
      return publicKey.encrypt(bytes);
    } } });
    const streams = await send(key);
    harness.tapSession(device, streams.decipherStream, streams.cipherStream);
    return streams;
  });
  wrap(handshake, 'start', async function (start, device) {
    try {
      return await start(device);
    } catch (error) {
      emit('handshake_fail', { session: sessionOf(device), device_id: this._deviceID, reason: error.message });
      throw error;
    }
  });
}

// enrol writes the attributes file that a hub makes when a device is registered
// with it; the server drops a device that has a key but no such file.
function enrol(deviceID) {
  const file = path.join(deviceFolder, deviceID + '.json');
  if (!fs.existsSync(file)) fs.writeFileSync(file, JSON.stringify({ deviceID }));
}

function watchDevices() {
  const device = Device.prototype;
  wrap(device, 'startProtocolInitialization', function (start) {
    harness.openSession(this, this._socket);
    return start();
  });
  wrap(device, 'emit', function (send, name, packet, ...rest) {
    if (packet && packet.messageId !== undefined) {
      emit('dispatch', { session: sessionOf(this), name, id: packet.messageId });
    } else if (name === 'ready') {
      tellReady(this);
    }
    return send(name, packet, ...rest);
  });
  wrap(device, 'disconnect', function (disconnect, reason) {
    if (this._disconnectCounter === 0) {
      emit('disconnect', { session: sessionOf(this), device_id: this.getDeviceID(), reason: String(reason) });
    }
    return disconnect(reason);
  });
}

function tellReady(device) {
  const attributes = device.getAttributes();
  emit('ready', {
    session: sessionOf(device),
    device_id: attributes.deviceID,
    product_id: attributes.particleProductId,
    product_firmware_version: attributes.productFirmwareVersion,
  });
}

watchHandshake();
watchDevices();
harness.tapStreams(CryptoStream);

const container = new Container();
defaultBindings(container, Object.assign({}, SETTINGS, {
  SERVER_KEYS_DIRECTORY: path.resolve(dir),
  DEVICE_DIRECTORY: deviceFolder,
  BINARIES_DIRECTORY: path.resolve(dir, 'data/binaries'),
  ENABLE_SYSTEM_FIRWMARE_AUTOUPDATES: false,
}));
const server = container.constitute('DeviceServer');
const publisher = container.constitute('EventPublisher');
server.start();

function deviceOf(command) {
  const device = server.getDevice(command.device);
  if (!device) throw new Error('no such device online: ' + command.device);
  return device;
}

// describe asks the device anew with "fresh"; else it tells what the server
// learnt when the device came online.
async function describe(command) {
  const device = deviceOf(command);
  if (command.fresh) return device._getDescription();
  const attributes = device.getAttributes();
  return { functions: attributes.functions, variables: attributes.variables, system: device.getSystemInformation() };
}

harness.serve({
  // A request of the API that has no argument: the call has no option for it.
  call: command => deviceOf(command).callFunction(command.name, command.arg === undefined ? {} : { arg: command.arg }),
  variable: command => deviceOf(command).getVariableValue(command.name),
  describe,
  signal: async command => {
    await deviceOf(command).raiseYourHand(command.on !== false);
    return true;
  },
  ping: async command => {
    const pong = deviceOf(command).ping();
    if (!command.coap) return pong;
    deviceOf(command).sendMessage('Ping');
    const ack = await harness.once(deviceOf(command), 'PingAck');
    return Object.assign(pong, { ack_id: ack.messageId });
  },
  // The server itself decides by their subscriptions which devices get it.
  // Private events reach only devices of the owner, so this speaks for the
  // owner of the device named.
  publish: command => {
    const owner = command.device ? deviceOf(command).getAttributes().ownerID : null;
    publisher.publish(
      { name: command.name, data: command.data, ttl: command.ttl, userID: owner || UNCLAIMED },
      { isPublic: command.public !== false },
    );
  },
  flash: async command => {
    const image = harness.firmware(command);
    const { status } = await deviceOf(command).flash(image);
    if (!/finished/.test(status)) throw new Error(status);
    return { messages: [status], bytes: image.length };
  },
  send: command => ({
    token: deviceOf(command).sendMessage(
      command.name, command.params || null, null, command.hex ? Buffer.from(command.hex, 'hex') : null),
  }),
});

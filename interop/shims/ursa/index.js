'use strict';

// The part of ursa that spark-protocol uses. The real one is a native module
// that no longer builds; every operation here is the same OpenSSL call through
// Node's own crypto. All padding is PKCS#1 v1.5, the only one the protocol has.

const crypto = require('crypto');

const padding = crypto.constants.RSA_PKCS1_PADDING;
const RSA_OID = Buffer.from('300d06092a864886f70d0101010500', 'hex');

// Key is one RSA key in PEM. The encodings and the padding that ursa's methods
// take after the data are always the defaults, so they are not looked at.
class Key {
  constructor(pem, passphrase) {
    this.pem = String(pem);
    this.options = { key: this.pem, passphrase: passphrase && String(passphrase), padding };
  }

  encrypt(data) {
    return crypto.publicEncrypt(this.options, data);
  }

  publicDecrypt(data) {
    return crypto.publicDecrypt(this.options, data);
  }

  toPublicPem() {
    return this.pem;
  }
}

class PrivateKey extends Key {
  decrypt(data) {
    return crypto.privateDecrypt(this.options, data);
  }

  privateEncrypt(data) {
    return crypto.privateEncrypt(this.options, data);
  }

  toPrivatePem() {
    return this.pem;
  }

  toPublicPem() {
    return publicPem(this.pem);
  }
}

// createPrivateKey throws for anything that is no RSA private key, at once and
// not at first use, as ursa does.
function createPrivateKey(pem, passphrase) {
  const key = new PrivateKey(pem, passphrase);
  key.privateEncrypt(Buffer.alloc(1));
  return key;
}

function createPublicKey(pem) {
  const key = new Key(pem);
  key.encrypt(Buffer.alloc(1));
  return key;
}

function createKey(pem, passphrase) {
  return /PRIVATE KEY/.test(String(pem)) ? createPrivateKey(pem, passphrase) : createPublicKey(pem);
}

// generatePrivateKey is reached only by a server without a key file, and the
// harness never starts one. (Node 8 cannot generate RSA keys.)
function generatePrivateKey() {
  throw new Error('no server key: write default_key.pem before the server starts');
}

// publicPem is the SubjectPublicKeyInfo of a private key in PEM, PKCS#1 or
// PKCS#8, unencrypted. Node 8 cannot derive it.
function publicPem(privatePem) {
  let der = Buffer.from(privatePem.replace(/-----[^-]*-----|\s/g, ''), 'base64');
  if (children(der).length < 9) der = content(children(der)[2]); // PKCS#8 wraps PKCS#1
  const modulusAndExponent = Buffer.concat(children(der).slice(1, 3));
  const bits = wrap(0x03, Buffer.concat([Buffer.alloc(1), wrap(0x30, modulusAndExponent)]));
  const body = wrap(0x30, Buffer.concat([RSA_OID, bits])).toString('base64').match(/.{1,64}/g);
  return ['-----BEGIN PUBLIC KEY-----'].concat(body, '-----END PUBLIC KEY-----', '').join('\n');
}

// children are the elements, each with its header, of the DER sequence at b.
function children(b) {
  const found = [];
  for (let rest = content(b); rest.length > 0;) {
    const end = header(rest) + length(rest);
    found.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return found;
}

function content(b) {
  return b.slice(header(b), header(b) + length(b));
}

function header(b) {
  return b[1] < 0x80 ? 2 : 2 + (b[1] & 0x7f);
}

function length(b) {
  return b[1] < 0x80 ? b[1] : b.readUIntBE(2, b[1] & 0x7f);
}

function wrap(tag, body) {
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const head = Buffer.from([tag, 0x82, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([head, body]);
}

module.exports = {
  RSA_PKCS1_PADDING: padding,
  createKey,
  createPrivateKey,
  createPublicKey,
  coercePrivateKey: key => (isPrivateKey(key) ? key : createPrivateKey(key)),
  coercePublicKey: key => (isKey(key) ? key : createPublicKey(key)),
  generatePrivateKey,
  isKey,
  isPrivateKey,
  isPublicKey: key => isKey(key) && !isPrivateKey(key),
};

function isKey(key) {
  return key instanceof Key;
}

function isPrivateKey(key) {
  return key instanceof PrivateKey;
}

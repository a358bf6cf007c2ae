'use strict';

// The part of h5.coap's Message that spark-protocol uses, over coap-packet.
// Where the two differ on what is valid CoAP, this follows h5.coap: an empty
// message may carry a token, an unknown code or option refuses the message.

const url = require('url');
const packet = require('coap-packet');
const Option = require('./Option');

const Type = { CON: 0, NON: 1, ACK: 2, RST: 3 };

const Code = {
  EMPTY: 0, GET: 1, POST: 2, PUT: 3, DELETE: 4,
  CREATED: 65, DELETED: 66, VALID: 67, CHANGED: 68, CONTENT: 69,
  BAD_REQUEST: 128, UNAUTHORIZED: 129, BAD_OPTION: 130, FORBIDDEN: 131, NOT_FOUND: 132,
  METHOD_NOT_ALLOWED: 133, NOT_ACCEPTABLE: 134, REQUEST_ENTITY_INCOMPLETE: 136,
  PRECONDITION_FAILED: 140, REQUEST_ENTITY_TOO_LARGE: 141, UNSUPPORTED_CONTENT_FORMAT: 143,
  INTERNAL_SERVER_ERROR: 160, NOT_IMPLEMENTED: 161, BAD_GATEWAY: 162,
  SERVICE_UNAVAILABLE: 163, GATEWAY_TIMEOUT: 164, PROXYING_NOT_SUPPORTED: 165,
};
const CODES = new Set(Object.keys(Code).map(name => Code[name]));

const Numbers = { URI_PATH: 11, MAX_AGE: 14, URI_QUERY: 15 };

const MAX_LENGTH = 0xffff; // of a frame; coap-packet's own limit is for UDP

class Message {
  constructor() {
    this.type = Type.CON;
    this.code = Code.EMPTY;
    this.id = 0;
    this.token = Buffer.alloc(0);
    this.options = [];
    this.payload = Buffer.alloc(0);
  }

  static fromBuffer(buffer) {
    if (buffer.length < 4) throw new Error('Message is too short: ' + buffer.length);
    if (buffer[0] >> 6 !== 1) throw new Error('Invalid CoAP version. Expected 1, got: ' + (buffer[0] >> 6));
    const message = new Message();
    message.setType((buffer[0] >> 4) & 3);
    message.setCode(buffer[1]);
    message.setId(buffer.readUInt16BE(2));
    if (message.isEmpty()) { // coap-packet refuses the token spark-protocol and its peers put here
      message.setToken(buffer.slice(4, 4 + (buffer[0] & 15)));
      return message;
    }
    const parsed = packet.parse(buffer);
    message.setToken(parsed.token);
    message.options = parsed.options.map(Option.fromPacket);
    message.payload = parsed.payload;
    return message;
  }

  toBuffer() {
    return packet.generate({
      confirmable: this.type === Type.CON,
      ack: this.type === Type.ACK,
      reset: this.type === Type.RST,
      code: (this.code >> 5) + '.' + (this.code & 31),
      messageId: this.id,
      token: this.token,
      options: inOrder(this.options),
      payload: this.payload,
    }, MAX_LENGTH);
  }

  getType() { return this.type; }

  setType(type) { this.type = type; }

  isConfirmable() { return this.type === Type.CON; }

  isNonConfirmable() { return this.type === Type.NON; }

  isAcknowledgement() { return this.type === Type.ACK; }

  isReset() { return this.type === Type.RST; }

  getCode() { return this.code; }

  setCode(code) {
    if (!CODES.has(code)) throw new Error('Unknown message code: ' + code);
    this.code = code;
  }

  isEmpty() { return this.code === Code.EMPTY; }

  getId() { return this.id; }

  setId(id) {
    if (id < 0 || id > 0xffff) throw new Error('Message ID must be an unsigned 16-bit integer: ' + id);
    this.id = id;
  }

  getToken() { return this.token; }

  setToken(token) {
    if (token.length > 8) throw new Error('Token is too long: ' + token.length);
    this.token = token;
  }

  // getTokenString writes 10 to 15 with one digit, 'a' to 'f': spark-protocol
  // finds the request of a response under the same spelling.
  getTokenString() {
    return Array.from(this.token, byte => (byte < 10 ? '0' : '') + byte.toString(16)).join('');
  }

  addOption(option) { this.options.push(option); }

  getOptions(number) { return this.options.filter(option => option.getNumber() === number); }

  setOptions(number, values) {
    const rest = this.options.filter(option => option.getNumber() !== number);
    this.options = rest.concat(values.map(value => new Option(number, value)));
  }

  setUri(uri) {
    const parts = url.parse(uri);
    if (parts.pathname !== null) this.setUriPath(parts.pathname);
    if (parts.query !== null) this.setUriQuery(parts.query);
  }

  getUriPath() { return '/' + this.joined(Numbers.URI_PATH, '/'); }

  setUriPath(path) { this.setOptions(Numbers.URI_PATH, split(path, '/')); }

  getUriQuery() { return this.joined(Numbers.URI_QUERY, '&'); }

  setUriQuery(query) { this.setOptions(Numbers.URI_QUERY, split(query, '&')); }

  joined(number, separator) {
    return this.getOptions(number).map(option => option.getStringValue()).join(separator);
  }

  // getMaxAge is in seconds, -1 without the option.
  getMaxAge() {
    const found = this.getOptions(Numbers.MAX_AGE);
    return found.length === 0 ? -1 : found[0].getNumericValue();
  }

  setMaxAge(seconds) {
    if (!(seconds >= 0 && seconds <= 0xffffffff)) throw new Error('Max-Age out of range: ' + seconds);
    this.setOptions(Numbers.MAX_AGE, [shortest(seconds)]);
  }

  getPayload() { return this.payload; }

  getPayloadLength() { return this.payload.length; }

  setPayload(payload) {
    this.payload = Buffer.isBuffer(payload) ? payload : Buffer.from(String(payload));
  }

  setTimestamp() {} // nothing of it reaches the wire
}

// inOrder is the options as coap-packet takes them, by number and else as they
// were added. It would sort them itself, but Node 8 does that stably only up to
// ten: the segments of a long event name would be mixed up.
function inOrder(options) {
  const numbers = Array.from(new Set(options.map(option => option.getNumber()))).sort((a, b) => a - b);
  const sorted = [].concat(...numbers.map(number => options.filter(option => option.getNumber() === number)));
  return Object.assign(sorted.map(option => option.toPacket()), { sort: () => {} });
}

function split(text, separator) {
  const parts = text.split(separator);
  if (text[0] === separator) parts.shift();
  return parts.map(part => Buffer.from(part));
}

// shortest is value in the fewest bytes, big endian, but at least one.
function shortest(value) {
  const bytes = value <= 0xff ? 1 : value <= 0xffff ? 2 : value <= 0xffffff ? 3 : 4;
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

Message.Type = Type;
Message.Code = Code;
Message.Option = Numbers;
module.exports = Message;

'use strict';

// The options h5.coap knows, under the names coap-packet gives them. A message
// with any other is refused whole: that is how the real one loses the Goodbye
// of Device OS 2.x, which carries No-Response (258).
const NUMBERS = {
  'If-Match': 1, 'Uri-Host': 3, ETag: 4, 'If-None-Match': 5, Observe: 6, 'Uri-Port': 7,
  'Location-Path': 8, 'Uri-Path': 11, 'Content-Format': 12, 'Max-Age': 14, 'Uri-Query': 15,
  'Hop-Limit': 16, 'Location-Query': 20, Block2: 23, Block1: 27, Size2: 28,
  'Proxy-Uri': 35, 'Proxy-Scheme': 39,
};
const KNOWN = new Set(Object.keys(NUMBERS).map(name => NUMBERS[name]));

class Option {
  constructor(number, data) {
    if (!KNOWN.has(number)) throw new Error('Unknown message option: ' + number);
    this.number = number;
    this.data = data || Buffer.alloc(0);
  }

  static fromPacket(option) {
    const number = NUMBERS[option.name] || (option.name === 'No-Response' ? 258 : option.name);
    return new Option(number, option.value);
  }

  toPacket() {
    return { name: String(this.number), value: this.data };
  }

  getNumber() {
    return this.number;
  }

  getData() {
    return this.data;
  }

  getStringValue() {
    return this.data.toString();
  }

  getNumericValue() {
    return this.data.length === 0 ? 0 : this.data.readUIntBE(0, Math.min(this.data.length, 6));
  }
}

module.exports = Option;

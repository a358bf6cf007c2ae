'use strict';

exports.Message = require('./Message');
exports.Option = require('./Option');

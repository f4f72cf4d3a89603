#!/usr/bin/env node
'use strict';
// Runs the command from its TypeScript source: there is no build step.
let api;
try {
  api = require('tsx/cjs/api');
} catch {
  console.error('drydock: npm packages are missing; run `npm ci` in the folder of drydock');
  process.exit(1);
}
api.register();
require('../cli/main.ts');

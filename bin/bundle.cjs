'use strict';
// Loads a program from its bundle and V8's cache of its compiled code, which `npm run build` makes (docs/decisions/0021-bundles.md).
const { readFileSync, statSync } = require('node:fs');
const { createRequire } = require('node:module');
const { dirname, join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

const partPrefix = 'part:';
/** A bundle ends with the digest of what precedes, in hexadecimal; its cache begins with it. */
const digestLength = 64;

/** What the bundles export that this process has loaded, by name. */
const loaded = new Map();

/** What the bundle of a program exports; null when there is none, or it is older than what the compiler wrote. */
function loadBundle(name, dist = join(__dirname, '../dist')) {
  if (!isUsable(name, dist)) return null;
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const module = { exports: {} };
  loaded.set(name, module.exports);
  run(name, dist, module);
  loaded.set(name, module.exports);
  return module.exports;
}

function isUsable(name, dist) {
  if (process.env.FLOTILLA_BUNDLES === 'off') return false;
  const made = statSync(join(dist, 'bundle', `${name}.cjs`), { throwIfNoEntry: false });
  const compiled = statSync(join(dist, '.tsbuildinfo'), { throwIfNoEntry: false });
  return made !== undefined && (compiled === undefined || compiled.mtimeMs <= made.mtimeMs);
}

function run(name, dist, module) {
  const filename = join(dist, 'bundle', `${name}.cjs`);
  const source = readFileSync(filename, 'latin1');
  const cachedData = readCache(filename, source);
  if (cachedData !== undefined) hideHeapFlags();
  const script = new Script(source, { filename, cachedData });
  const requireFile = createRequire(filename);
  const requirePart = (id) =>
    id.startsWith(partPrefix) ? loadBundle(id.slice(partPrefix.length), dist) : requireFile(id);
  const importModule = (specifier) =>
    import(specifier.startsWith('.') ? urlOf(join(dirname(filename), specifier)) : specifier);
  const { exports } = module;
  script.runInThisContext()(exports, requirePart, module, filename, importModule);
}

function urlOf(path) {
  return pathToFileURL(path).href;
}

/** Undefined when there is none of this source: V8 by itself compares lengths alone. What another V8 made it refuses. */
function readCache(filename, source) {
  let bytes;
  try {
    bytes = readFileSync(cacheFile(filename));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
  const isOfSource = bytes.latin1Slice(0, digestLength) === digestOf(source);
  return isOfSource ? bytes.subarray(digestLength) : undefined;
}

function cacheFile(filename) {
  return filename.replace(/\.cjs$/, '.cache');
}

function digestOf(source) {
  return source.slice(-digestLength);
}

/**
 * V8 refuses code that was compiled under other flags than the process has, also such as have nothing to do with code. The heap has taken
 * this one from the command line already, and does not look again.
 */
function hideHeapFlags() {
  setFlagsFromString('--max-semi-space-size=0');
}

module.exports = { cacheFile, digestOf, loadBundle, loaded };

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
let hasFlags = false;

/** What the bundle of a program exports; null when there is none, or it is older than what the compiler wrote. */
function loadBundle(name, dist = join(__dirname, '../dist')) {
  if (process.env.FLOTILLA_BUNDLES === 'off') return null;
  const made = statSync(bundleFile(name, dist), { throwIfNoEntry: false });
  const compiled = statSync(join(dist, '.tsbuildinfo'), { throwIfNoEntry: false });
  const isOutdated = made === undefined || (compiled?.mtimeMs ?? 0) > made.mtimeMs;
  return isOutdated ? null : load(name, dist);
}

function load(name, dist) {
  // The first is the program, what follows are its parts.
  if (!hasFlags) setFlags(name);
  hasFlags = true;
  if (!loaded.has(name)) loaded.set(name, run(bundleFile(name, dist), dist));
  return loaded.get(name);
}

function run(filename, dist) {
  const source = readFileSync(filename, 'latin1');
  const cachedData = readCache(filename, source);
  const script = new Script(source, { filename, cachedData });
  const requireFile = createRequire(filename);
  const requirePart = (id) =>
    id.startsWith(partPrefix) ? load(id.slice(partPrefix.length), dist) : requireFile(id);
  const importModule = (specifier) =>
    import(specifier.startsWith('.') ? urlOf(join(dirname(filename), specifier)) : specifier);
  const module = { exports: {} };
  script.runInThisContext()(module.exports, requirePart, module, filename, importModule);
  return module.exports;
}

function bundleFile(name, dist) {
  return join(dist, 'bundle', `${name}.cjs`);
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

/** What a program runs under, and its cache was made under: V8 refuses code that was compiled under other flags. */
function setFlags(name) {
  // V8 optimizes what has run for some milliseconds, not for one: most programs have then done the most of what they will ever do. A store
  // is to be fast from the first second of load on.
  if (name !== 'store') setFlagsFromString('--interrupt-budget=500000');
  // This has nothing to do with code, and still counts. The heap has taken it from the command line (bin/flotilla) already.
  setFlagsFromString('--max-semi-space-size=0');
}

module.exports = { cacheFile, digestOf, loadBundle, loaded, setFlags };

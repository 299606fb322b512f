// Compares the protobuf codec with what Kubernetes recorded: for each object of a directory of kubernetes/api's testdata (DIR, as
// testdata/v1.36.0), GROUP.VERSION.KIND.pb must decode to what the .json beside it says, and what is encoded from that must decode to
// the same again, and be the bytes that were recorded.
//   node scripts/check-protobuf-testdata.mjs DIR [BUILD]
// BUILD is where the compiler wrote (default: dist). Kinds that the API no longer has are counted, not compared. Exits 1 when one
// differs.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

const [dir, build = resolve(import.meta.dirname, '..', 'dist')] = process.argv.slice(2);
if (dir === undefined) {
  console.error('usage: node scripts/check-protobuf-testdata.mjs DIR [BUILD]');
  process.exit(2);
}

const api = resolve(build, 'src', 'control', 'api');
const { KubernetesProtobuf } = await import(join(api, 'protobuf', 'protobuf-codec.js'));
const { canonicalObject } = await import(join(api, 'codec', 'decode.js'));
const { schemaOf } = await import(join(api, 'schema.js'));
const codec = new KubernetesProtobuf();

/** Where two values differ first; undefined when they do not. */
function firstDifference(a, b, path = '') {
  if (isDeepStrictEqual(a, b)) return undefined;
  const areObjects = [a, b].every((value) => typeof value === 'object' && value !== null);
  if (areObjects && Array.isArray(a) === Array.isArray(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const found = firstDifference(a[key], b[key], `${path}/${key}`);
      if (found !== undefined) return found;
    }
  }
  return `${path}: ${JSON.stringify(a)} is not ${JSON.stringify(b)}`;
}

/** Of a watch event, whose JSON has no kind, by the name of the file. */
function kindOf({ apiVersion = 'v1', kind }, name) {
  if (kind === undefined) return { group: '', version: 'v1', kind: name.split('.').at(-1) };
  const slash = apiVersion.indexOf('/');
  return {
    group: apiVersion.slice(0, Math.max(0, slash)),
    version: apiVersion.slice(slash + 1),
    kind,
  };
}

/** '' when all is well, 'unknown' for a kind that there is not, else what differs. */
function check(name) {
  const json = JSON.parse(readFileSync(join(dir, `${name}.json`), 'utf8'));
  const bytes = readFileSync(join(dir, `${name}.pb`));
  const of = kindOf(json, name);
  const schema = schemaOf(of);
  if (schema === undefined) return 'unknown';
  const expected = canonicalObject(json, { of, schema });
  const decoded = codec.decode(bytes, of);
  const difference = firstDifference(decoded, expected);
  if (difference !== undefined) return `decoded: ${difference}`;
  const encoded = codec.encode(decoded);
  const again = firstDifference(codec.decode(encoded, null), expected);
  if (again !== undefined) return `encoded and decoded: ${again}`;
  // Every field of these objects is set, so there is one way to write them. A watch event is recorded without its kind, and what went
  // through another version without the fields that it lost.
  const isWhole = json.kind !== undefined && !name.endsWith('.after_roundtrip');
  const isSame = !isWhole || Buffer.compare(encoded, bytes) === 0;
  return isSame ? '' : `encoded: ${encoded.length} other bytes than the ${bytes.length} recorded`;
}

const names = readdirSync(dir)
  .filter((file) => file.endsWith('.pb'))
  .map((file) => file.slice(0, -3))
  .filter((name) => existsSync(join(dir, `${name}.json`)));
const counts = { equal: 0, unknown: 0, different: 0 };
for (const name of names) {
  let result;
  try {
    result = check(name);
  } catch (error) {
    result = error.stack;
  }
  if (result === '') counts.equal += 1;
  else if (result === 'unknown') counts.unknown += 1;
  else {
    counts.different += 1;
    console.log(`${name}: ${result}`);
  }
}
console.log(
  `${counts.equal} equal, ${counts.different} different, ${counts.unknown} of kinds that the API does not have`,
);
process.exit(counts.different === 0 && counts.equal > 0 ? 0 : 1);

import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import type { Prng } from '../../src/base/prng.js';
import * as control from '../../src/wire/gen/control.js';
import * as events from '../../src/wire/gen/events.js';
import * as kms from '../../src/wire/gen/kms.js';
import * as runtime from '../../src/wire/gen/runtime.js';
import {
  authpb,
  etcdserverpb,
  health,
  type MessageCodec,
  mvccpb,
  store,
  v3electionpb,
  v3lockpb,
} from '../../src/wire/index.js';

/** The oracle: protobufjs by reflection on the same .proto files, which shares no code with the generated codecs. */

/** The project's proto/ folder, found upwards from here for tests also run from another build folder. */
export const protoDir = findUp('proto');

/** The .proto files relative to {@link protoDir}. */
export const protoFiles: readonly string[] = readdirSync(protoDir, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.proto'))
  .sort();

/** What has a codec: every message as it is decoded, with nothing known about its fields. */
export type AnyCodec = MessageCodec<unknown>;

/** All codecs by full protobuf name. */
export const codecs: ReadonlyMap<string, AnyCodec> = new Map(
  [
    authpb,
    control,
    etcdserverpb,
    events,
    health,
    kms,
    mvccpb,
    runtime,
    store,
    v3electionpb,
    v3lockpb,
  ]
    .flatMap((module): unknown[] => Object.values(module))
    .filter(isCodec)
    .map((codec) => [codec.typeName, codec]),
);

/** The parsed .proto files. Names of fields are in lowerCamelCase. */
export const root = loadRoot();

/** All message types of {@link root}. */
export const types: readonly protobuf.Type[] = typesOf(root);

/** A random message in three forms. */
export interface Sample {
  /** Complete, as our decoder returns it. */
  readonly full: Record<string, unknown>;
  /** Only what is not a default, as our encoder also takes it. */
  readonly sparse: Record<string, unknown>;
  /** The same for protobufjs. */
  readonly plain: Record<string, unknown>;
}

/** A random message of a type; nested messages end at depth 4. */
export function randomMessage(type: protobuf.Type, prng: Prng, depth = 0): Sample {
  const sample: Sample = { full: {}, sparse: {}, plain: {} };
  const fields = [...type.fieldsArray].sort((a, b) => a.id - b.id);
  const chosen = new Map(type.oneofsArray.map((oneof) => [oneof, prng.pick(oneof.fieldsArray)]));
  for (const field of fields) {
    const isOther = field.partOf !== null && chosen.get(field.partOf) !== field;
    const isLeft = field.resolvedType instanceof protobuf.Type && depth >= 4;
    if (isOther || isLeft || prng.chance(0.3)) {
      sample.full[field.name] = field.repeated ? [] : defaultOf(field);
    } else if (field.repeated) {
      const items = Array.from({ length: prng.int(0, 4) }, () => randomValue(field, prng, depth));
      setList(sample, field.name, items);
    } else {
      set(sample, field, randomValue(field, prng, depth));
    }
  }
  return sample;
}

interface Value {
  readonly full: unknown;
  readonly sparse: unknown;
  readonly plain: unknown;
}

function setList(sample: Sample, name: string, items: readonly Value[]): void {
  sample.full[name] = items.map((item) => item.full);
  if (items.length === 0) return;
  sample.sparse[name] = items.map((item) => item.sparse);
  sample.plain[name] = items.map((item) => item.plain);
}

function set(sample: Sample, field: protobuf.Field, value: Value): void {
  sample.full[field.name] = value.full;
  const hasPresence = field.partOf !== null || field.resolvedType instanceof protobuf.Type;
  if (!hasPresence && isDefault(value.full)) return;
  sample.sparse[field.name] = value.sparse;
  sample.plain[field.name] = value.plain;
}

function isDefault(value: unknown): boolean {
  return value instanceof Uint8Array ? value.length === 0 : !value;
}

function defaultOf(field: protobuf.Field): unknown {
  if (field.partOf !== null || field.resolvedType instanceof protobuf.Type) return undefined;
  if (field.resolvedType instanceof protobuf.Enum) return 0;
  if (isBigint(field)) return 0n;
  return { bool: false, string: '', bytes: new Uint8Array(0) }[field.type] ?? 0;
}

function isBigint(field: protobuf.Field): boolean {
  return /^u?int64$/.test(field.type) && field.options?.jstype !== 'JS_NUMBER';
}

function randomValue(field: protobuf.Field, prng: Prng, depth: number): Value {
  if (field.resolvedType instanceof protobuf.Type) {
    return randomMessage(field.resolvedType, prng, depth + 1);
  }
  if (/^u?int64$/.test(field.type)) return randomInt64(field, prng);
  const value = randomScalar(field, prng);
  return { full: value, sparse: value, plain: value };
}

function randomScalar(field: protobuf.Field, prng: Prng): unknown {
  // Enum numbers that the declaration does not know must survive.
  if (field.resolvedType instanceof protobuf.Enum) {
    return prng.pick([0, 1, 2, 3, 99, -1, 2 ** 31 - 1]);
  }
  switch (field.type) {
    case 'bool':
      return prng.chance(0.5);
    case 'int32':
      return prng.pick([0, 1, -1, 127, 128, -(2 ** 31), 2 ** 31 - 1, prng.uint32() | 0]);
    case 'uint32':
      return prng.pick([0, 1, 127, 128, 16_383, 16_384, 2 ** 32 - 1, prng.uint32()]);
    case 'bytes':
      return prng.bytes(prng.pick([0, 1, 5, 127, 128, 300]));
    case 'string':
      return randomString(prng);
    default:
      throw new Error(`the oracle does not know type ${field.type}`);
  }
}

function randomString(prng: Prng): string {
  const alphabet = prng.pick(['abcdefghij', 'aé', '日本語', 'x🚢', '\u0000\u007f\u0080\uffff']);
  const length = prng.pick([0, 1, 10, 24, 25, 40, 41, 130]);
  return Array.from({ length }, () => prng.pick([...alphabet])).join('');
}

function randomInt64(field: protobuf.Field, prng: Prng): Value {
  const isUnsigned = field.type === 'uint64';
  if (isBigint(field)) {
    const signed = prng.pick([0n, 1n, -1n, 127n, 128n, 2n ** 32n, 2n ** 53n + 1n, -(2n ** 63n)]);
    const bits = prng.chance(0.5) ? signed : prng.uint64() >> BigInt(prng.int(0, 64));
    const value = isUnsigned ? BigInt.asUintN(64, bits) : BigInt.asIntN(64, bits);
    return { full: value, sparse: value, plain: longOf(value, isUnsigned) };
  }
  const size = prng.pick([0, 1, 127, 128, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]);
  const magnitude = prng.chance(0.5) ? size : prng.int(0, 2 ** 21) * 2 ** 32 + prng.uint32();
  const value = isUnsigned || magnitude === 0 || prng.chance(0.5) ? magnitude : -magnitude;
  return { full: value, sparse: value, plain: longOf(BigInt(value), isUnsigned) };
}

/** A 64-bit integer as protobufjs takes it. */
function longOf(value: bigint, unsigned: boolean): unknown {
  const low = Number(BigInt.asIntN(32, value));
  const high = Number(BigInt.asIntN(32, value >> 32n));
  return { low, high, unsigned };
}

function loadRoot(): protobuf.Root {
  const tree = new protobuf.Root();
  tree.resolvePath = (_origin, target) => join(protoDir, target);
  tree.loadSync([...protoFiles], { keepCase: false });
  tree.resolveAll();
  return tree;
}

function typesOf(namespace: protobuf.NamespaceBase): protobuf.Type[] {
  return namespace.nestedArray.flatMap((node) => [
    ...(node instanceof protobuf.Type ? [node] : []),
    ...(node instanceof protobuf.Namespace || node instanceof protobuf.Type ? typesOf(node) : []),
  ]);
}

function isCodec(value: unknown): value is AnyCodec {
  return typeof value === 'object' && value !== null && 'typeName' in value && 'decode' in value;
}

function findUp(name: string): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, name, 'etcd'))) {
    if (dir === dirname(dir)) throw new Error(`no ${name} folder above this test`);
    dir = dirname(dir);
  }
  return join(dir, name);
}

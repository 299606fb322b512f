import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import protobuf from 'protobufjs';
import t from 'tap';
import { protoDir } from './oracle.js';

interface Package {
  readonly name: string;
  readonly messages: readonly protobuf.Type[];
  readonly enums: readonly protobuf.Enum[];
  readonly services: readonly protobuf.Service[];
}
type EmitPackage = (content: Package, moduleNames: ReadonlyMap<string, string>) => string;

/** The generator is a script outside of the compiled tree. */
const script = join(dirname(realpathSync(protoDir)), 'scripts', 'wire-emit.mjs');
const { emitPackage } = (await import(pathToFileURL(script).href)) as { emitPackage: EmitPackage };

t.test('emitPackage: refuses by name what the codecs do not support', (t) => {
  const refused: Record<string, string> = {
    'a map': 'message M { map<string, string> field = 1; }',
    'a double': 'message M { double field = 1; }',
    'a zigzag integer': 'message M { sint64 field = 1; }',
    'a fixed integer': 'message M { fixed64 field = 1; }',
    'numbers that are not packed': 'message M { repeated int32 field = 1 [packed = false]; }',
    'JS_NUMBER on what is a number already': 'message M { int32 field = 1 [jstype = JS_NUMBER]; }',
  };
  for (const [name, source] of Object.entries(refused)) {
    t.throws(() => emit(source), { message: /^\.p\.M\.field: / }, name);
  }
  t.end();
});

t.test('emitPackage: refuses names that clash in one module', (t) => {
  const clashes: Record<string, string> = {
    'two nested types':
      'message A { enum NestedKind { X = 0; } } message B { enum NestedKind { Y = 0; } }',
    'a nested message and a service': 'message A { message DoorLock {} } service DoorLock {}',
    'a message called like an Init type': 'message Put {} message PutInit {}',
  };
  for (const [name, source] of Object.entries(clashes)) {
    t.throws(() => emit(source), { message: /would both be called/ }, name);
  }
  t.end();
});

t.test('emitPackage: an optional scalar has presence, also when it holds the default', (t) => {
  const text = emit('message M { optional uint64 id = 1; uint64 plain = 2; }');
  t.match(text, 'readonly id: bigint | undefined;');
  t.match(text, 'readonly plain: bigint;');
  t.match(text, 'if (m.id !== undefined) {');
  t.match(text, 'if (m.plain !== undefined && m.plain !== 0n) {');
  t.notMatch(text, 'assert(', 'it is no oneof');
  t.end();
});

t.test(
  'emitPackage: fields may be called like keywords and like locals of the generated code',
  (t) => {
    const text = emit('message M { bool default = 1; bytes tag = 2; }');
    t.match(text, 'let default_: boolean = false;');
    t.match(text, 'default: default_,');
    t.match(text, 'tag_ = r.bytes();');
    t.end();
  },
);

t.test('emitPackage: a one-word nested name takes its parent in front', (t) => {
  const text = emit('message Permission { enum Type { READ = 0; } Type kind = 1; }');
  t.match(text, 'export const PermissionType = {');
  t.match(text, 'readonly kind: PermissionType;');
  t.end();
});

/** Emits the one package `p` of a source without its header. */
function emit(source: string): string {
  const { root } = protobuf.parse(`syntax = "proto3"; package p; ${source}`, { keepCase: true });
  root.resolveAll();
  const flatten = (node: protobuf.NamespaceBase): protobuf.ReflectionObject[] =>
    node.nestedArray.flatMap((child) => [
      child,
      ...(child instanceof protobuf.Type ? flatten(child) : []),
    ]);
  const nodes = flatten(root.lookup('p') as protobuf.Namespace);
  const content = {
    name: 'p',
    messages: nodes.filter((node) => node instanceof protobuf.Type),
    enums: nodes.filter((node) => node instanceof protobuf.Enum),
    services: nodes.filter((node) => node instanceof protobuf.Service),
  };
  return emitPackage(content, new Map([['p', 'p']]));
}

// Writes src/wire/gen from proto/: one TypeScript file per protobuf package. Run by `npm run gen`.
// The same input gives the same bytes; a file that would not change is left alone, so that tsc need not look again.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { emitPackage } from './wire-emit.mjs';

const projectDir = dirname(dirname(fileURLToPath(import.meta.url)));
const protoDir = join(projectDir, 'proto');
const genDir = join(projectDir, 'src', 'wire', 'gen');

function main() {
  const packages = packagesOf(loadProtos());
  mkdirSync(genDir, { recursive: true });
  const moduleNames = new Map([...packages.keys()].map((name) => [name, moduleNameOf(name)]));
  const files = new Set();
  for (const [name, content] of packages) {
    const file = `${moduleNames.get(name)}.ts`;
    if (files.has(file)) throw new Error(`two packages of proto/ would be written to ${file}`);
    files.add(file);
    writeIfChanged(join(genDir, file), emitPackage(content, moduleNames));
  }
  for (const file of readdirSync(genDir)) {
    if (!files.has(file)) rmSync(join(genDir, file));
  }
}

/** Parses every file of proto/ into one resolved tree. */
function loadProtos() {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => join(protoDir, target);
  const files = readdirSync(protoDir, { recursive: true })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.proto'))
    .sort();
  root.loadSync(files, { keepCase: true, alternateCommentMode: true });
  root.resolveAll();
  return root;
}

/** Groups messages (nested ones too), enums and services by package, each in the order of the .proto file. */
function packagesOf(root) {
  const packages = new Map();
  const visit = (node, packageName) => {
    for (const child of node.nestedArray) {
      if (child instanceof protobuf.Type) add(packageName, 'messages', child);
      else if (child instanceof protobuf.Enum) add(packageName, 'enums', child);
      else if (child instanceof protobuf.Service) add(packageName, 'services', child);
      if (child instanceof protobuf.Type) visit(child, packageName);
      else if (child.constructor === protobuf.Namespace) visit(child, child.fullName.slice(1));
    }
  };
  const add = (name, kind, node) => {
    if (!packages.has(name)) packages.set(name, { name, messages: [], enums: [], services: [] });
    packages.get(name)[kind].push(node);
  };
  visit(root, '');
  return packages;
}

/** Packages that are named by nothing but a version. */
const namedByVersion = new Map([['v2', 'kms']]);

/** The last part of a package's name that is not a version: `grpc.health.v1` is written to health.ts. */
function moduleNameOf(packageName) {
  const name = namedByVersion.get(packageName);
  if (name !== undefined) return name;
  return packageName
    .split('.')
    .filter((part) => !/^v\d+$/.test(part))
    .at(-1);
}

/** Replaces a file in one step: a compiler that runs at the same time never sees half of it. */
function writeIfChanged(path, text) {
  try {
    if (readFileSync(path, 'utf8') === text) return;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

main();

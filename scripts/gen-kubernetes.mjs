// Writes src/control/api/gen from schema/: the Kubernetes schemas and protobuf field numbers as data, and one TypeScript file of
// types per API group and version. Run by `npm run gen`. A file that would not change is left alone.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const projectDir = dirname(dirname(fileURLToPath(import.meta.url)));
const schemaDir = join(projectDir, 'schema');
const genDir = join(projectDir, 'src', 'control', 'api', 'gen');
const banner = '// Written by scripts/gen-kubernetes.mjs from schema/. Do not edit.\n';
const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** Definitions that stand for something other than an object with fields. */
const special = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'string',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'number | string',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'string',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'string',
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': 'JsonObject',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'JsonObject',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': 'JsonValue',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray': 'JsonValue',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool':
    'JSONSchemaProps | boolean',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray':
    'JSONSchemaProps | string[]',
};

function main() {
  const schemaText = readFileSync(join(schemaDir, 'kubernetes-1.36.json'), 'utf8');
  const protobufText = readFileSync(join(schemaDir, 'kubernetes-protobuf.json'), 'utf8');
  const goText = readFileSync(join(schemaDir, 'kubernetes-go.json'), 'utf8');
  const { definitions, paths } = JSON.parse(schemaText);
  const files = new Map(typeFiles(definitions));
  files.set('schema-data.ts', dataModule('schemaJson', { definitions, paths }));
  files.set('go-data.ts', dataModule('goJson', JSON.parse(goText)));
  const descriptions = readFileSync(join(schemaDir, 'descriptions.tsv'), 'utf8');
  files.set('descriptions-data.ts', textModule('descriptionsText', descriptions));
  const enumsText = readFileSync(join(schemaDir, 'kubernetes-enums.json'), 'utf8');
  files.set('enums-data.ts', dataModule('enumsJson', JSON.parse(enumsText)));
  files.set('protobuf-data.ts', dataModule('protobufJson', JSON.parse(protobufText)));
  mkdirSync(genDir, { recursive: true });
  for (const [name, text] of files) writeIfChanged(join(genDir, name), text);
  for (const name of readdirSync(genDir)) {
    if (!files.has(name)) rmSync(join(genDir, name));
  }
}

/** A string that V8 parses as JSON, which is faster than as program text. */
function dataModule(name, value) {
  return textModule(name, JSON.stringify(value));
}

function textModule(name, value) {
  const text = JSON.stringify(value);
  return `${banner}/** See schema/README.md. */\nexport const ${name}: string =\n  ${text};\n`;
}

/** [file name, text] of each API group and version. */
function* typeFiles(definitions) {
  const modules = Map.groupBy
    ? Map.groupBy(Object.keys(definitions), moduleOf)
    : groupBy(Object.keys(definitions), moduleOf);
  for (const [module, names] of modules)
    yield [`${module}.ts`, typeFile(definitions, module, names)];
}

function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/** `io.k8s.api.core.v1.Pod` -> `core-v1`. */
function moduleOf(definition) {
  const parts = definition.split('.').slice(0, -1);
  return parts.slice(-2).join('-');
}

const typeOfName = (definition) => definition.split('.').at(-1);

function typeFile(definitions, module, names) {
  const imports = new Map();
  const bodies = names.map((name) => declaration(definitions, module, name, imports));
  const lines = [...imports]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([from, types]) => `import type { ${[...types].sort().join(', ')} } from '${from}';\n`);
  return `${banner}${lines.join('')}\n${bodies.join('\n')}`;
}

function declaration(definitions, module, name, imports) {
  const definition = definitions[name];
  const type = typeOfName(name);
  const specialType = special[name];
  if (specialType !== undefined) {
    for (const json of specialType.match(/Json\w+/g) ?? []) addImport(imports, jsonModule, json);
    return `export type ${type} = ${specialType};\n`;
  }
  const fields = Object.entries(definition.properties ?? {}).map(([field, schema]) => {
    const isMeta = schema.ref === objectMeta && definition['group-version-kind'] !== undefined;
    const key = /^[A-Za-z_]\w*$/.test(field) ? field : JSON.stringify(field);
    return `  ${key}${isMeta ? '' : '?'}: ${typeOf(schema, module, imports)};\n`;
  });
  return `export interface ${type} {\n${fields.join('')}}\n`;
}

const jsonModule = '../../machinery/json.js';

function addImport(imports, from, type) {
  if (!imports.has(from)) imports.set(from, new Set());
  imports.get(from).add(type);
}

function typeOf(schema, module, imports) {
  if (schema.ref !== undefined) {
    const from = moduleOf(schema.ref);
    if (from !== module) addImport(imports, `./${from}.js`, typeOfName(schema.ref));
    return typeOfName(schema.ref);
  }
  if (schema.type === 'array') return `(${typeOf(schema.items, module, imports)})[]`;
  if (schema.type === 'object') {
    return schema.values === undefined
      ? 'Record<string, unknown>'
      : `Record<string, ${typeOf(schema.values, module, imports)}>`;
  }
  return (
    { string: 'string', integer: 'number', number: 'number', boolean: 'boolean' }[schema.type] ??
    'unknown'
  );
}

function writeIfChanged(file, text) {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  writeFileSync(file, text);
}

main();

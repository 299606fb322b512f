// Turns one protobuf package into the text of a TypeScript module. See docs/decisions/0004-own-protobuf-codegen.md.
import protobuf from 'protobufjs';
import {
  camelCase,
  fieldOf,
  fullName,
  kinds,
  realOneofs,
  reference,
  tsName,
} from './wire-model.mjs';

/** The text of the module of one package. `moduleNames` has the module of every package. */
export function emitPackage({ name, messages, enums, services }, moduleNames) {
  const context = { packageName: name, moduleNames, imports: new Set() };
  const parts = [
    ...enums.map(emitEnum),
    ...messages.map((message) => emitMessage(message, context)),
    ...services.map((service) => emitService(service, context)),
  ];
  assertNoClashes(name, [...enums, ...messages, ...services]);
  return `${emitHeader(context, parts.join('\n'))}\n${parts.join('\n')}`;
}

function emitHeader({ packageName, imports }, body) {
  const lines = [
    `// Package ${packageName}. Made by scripts/gen-wire.mjs from proto/; not edited by hand.`,
  ];
  if (/\bassert\(/.test(body)) lines.push("import { assert } from '../../base/assert.js';");
  const descriptorTypes = ['MessageCodec', 'PartialMessage', 'ServiceDescriptor'].filter((type) =>
    new RegExp(`\\b${type}\\b`).test(body),
  );
  lines.push(`import type { ${descriptorTypes.join(', ')} } from '../descriptor.js';`);
  const readerNames = [/\bemptyBytes\b/.test(body) ? 'emptyBytes, ' : '', 'Reader'].join('');
  lines.push(`import { ${readerNames} } from '../reader.js';`);
  lines.push("import { scratchWriter, type Writer } from '../writer.js';");
  for (const name of [...imports].sort()) lines.push(`import * as ${name} from './${name}.js';`);
  return `${lines.join('\n')}\n`;
}

function assertNoClashes(packageName, nodes) {
  const seen = new Map();
  for (const node of nodes) {
    for (const name of node instanceof protobuf.Type
      ? [tsName(node), `${tsName(node)}Init`]
      : [tsName(node)]) {
      if (seen.has(name)) {
        throw new Error(
          `${packageName}: ${node.fullName} and ${seen.get(name)} would both be called ${name}`,
        );
      }
      seen.set(name, node.fullName);
    }
  }
}

function emitEnum(node) {
  const name = tsName(node);
  const members = Object.entries(node.values).map(([key, value]) => `  ${key}: ${value},\n`);
  return `${doc(node.comment, `Numbers of ${fullName(node)}. The enum is open: a peer may send others.`)}export const ${name} = {
${members.join('')}} as const;
export type ${name} = number;
`;
}

function emitService(service, context) {
  const name = fullName(service);
  const methods = service.methodsArray.map((method) => {
    method.resolve();
    return `    ${method.name}: {
      name: '${method.name}',
      path: '/${name}/${method.name}',
      requestStream: ${Boolean(method.requestStream)},
      responseStream: ${Boolean(method.responseStream)},
      request: ${reference(method.resolvedRequestType, context)},
      response: ${reference(method.resolvedResponseType, context)},
    },
`;
  });
  return `${doc(service.comment, `The service ${name}.`)}export const ${tsName(service)} = {
  name: '${name}',
  methods: {
${methods.join('')}  },
} as const satisfies ServiceDescriptor;
`;
}

function emitMessage(message, context) {
  const fields = message.fieldsArray
    .map((field) => fieldOf(field, context))
    .sort((a, b) => a.number - b.number);
  return [
    emitTypes(message, fields),
    emitCodec(message, fields),
    emitCheck(message),
    emitWrite(message, fields),
    emitRead(message, fields),
  ].join('');
}

function emitTypes(message, fields) {
  const name = tsName(message);
  const oneofNote = (field) =>
    field.oneof === null ? null : `At most one of oneof ${field.oneof.name} is defined.`;
  const typeOf = (field) => {
    if (field.isRepeated) return `readonly ${field.enumType ?? field.type}[]`;
    return (field.enumType ?? field.type) + (field.hasPresence ? ' | undefined' : '');
  };
  const initOf = (field) =>
    field.isRepeated
      ? `readonly ${field.enumType ?? field.initType}[]`
      : (field.enumType ?? field.initType);
  const full = fields.map(
    (field) =>
      `${doc([field.comment, oneofNote(field)].filter(Boolean).join('\n'), null, '  ')}  readonly ${field.name}: ${typeOf(field)};\n`,
  );
  const init = fields.map((field) => `  readonly ${field.name}?: ${initOf(field)} | undefined;\n`);
  return `${doc(message.comment, `The message ${fullName(message)}.`)}export interface ${name} {
${full.join('')}}

/** What can be encoded as {@link ${name}}: a missing field is its default. */
export interface ${name}Init {
${init.join('')}}

`;
}

function emitCodec(message, fields) {
  const name = tsName(message);
  const check =
    realOneofs(message).length > 0 ? `    if (fields !== undefined) check${name}(fields);\n` : '';
  const parameter = fields.length > 0 ? 'fields' : '_fields';
  const created = fields.map((field) => {
    const fallback = field.hasPresence
      ? ''
      : ` ?? ${field.isRepeated ? '[]' : kinds[field.kind].zero}`;
    return `      ${field.name}: fields?.${field.name}${fallback},\n`;
  });
  return `/** Encodes and decodes ${fullName(message)}. */
export const ${name}: MessageCodec<${name}, ${name}Init> = {
  typeName: '${fullName(message)}',
  fields: [
${fields.map(emitFieldDescriptor).join('')}  ],
  encode(value: ${name}Init): Uint8Array {
    const writer = scratchWriter();
    write${name}(writer, value);
    return writer.finish();
  },
  encodeTo: write${name},
  decode(bytes: Uint8Array): ${name} {
    return read${name}(new Reader(bytes), undefined);
  },
  decodeFrom: read${name},
  create(${parameter}?: PartialMessage<${name}>): ${name} {
${check}    return {
${created.join('')}    };
  },
};

`;
}

function emitFieldDescriptor(field) {
  const kind = field.kind.replace('Number', '');
  const parts = [
    `protoName: '${field.protoName}'`,
    `name: '${field.name}'`,
    `number: ${field.number}`,
    `kind: '${kind}'`,
    `isNumber: ${field.kind !== kind}`,
    `isRepeated: ${field.isRepeated}`,
    `oneof: ${field.oneof === null ? 'null' : `'${field.oneof.name}'`}`,
  ];
  if (field.isMessage) parts.push(`message: () => ${field.type}`);
  if (field.enumType !== null) parts.push(`enum: () => ${field.enumType}`);
  return `    { ${parts.join(', ')} },\n`;
}

/** Asserts that at most one member of each oneof is set. */
function emitCheck(message) {
  const oneofs = realOneofs(message);
  if (oneofs.length === 0) return '';
  const name = tsName(message);
  const asserts = oneofs.map((oneof) => {
    const count = oneof.fieldsArray.map(
      (field) => `Number(m.${camelCase(field.name)} !== undefined)`,
    );
    return `  assert(
    ${count.join(' +\n      ')} <= 1,
    '${fullName(message)}.${oneof.name} has more than one member',
  );
`;
  });
  return `function check${name}(m: ${name}Init): void {
${asserts.join('')}}

`;
}

function emitWrite(message, fields) {
  const name = tsName(message);
  const check = realOneofs(message).length > 0 ? `  check${name}(m);\n` : '';
  const parameters =
    fields.length > 0 ? `w: Writer, m: ${name}Init` : `_w: Writer, _m: ${name}Init`;
  return `function write${name}(${parameters}): void {
${check}${fields.toReversed().map(emitWriteField).join('')}}

`;
}

function emitWriteField(field) {
  const value = `m.${field.name}`;
  const tag = `w.tag(${field.tag});`;
  if (field.isPackable) {
    return `  if (${value} !== undefined && ${value}.length !== 0) {
    const sizeBefore = w.size;
    for (let i = ${value}.length - 1; i >= 0; i--) w.${kinds[field.kind].method}(${value}[i] as ${field.type});
    w.length(sizeBefore);
    ${tag}
  }
`;
  }
  if (field.isRepeated) {
    return `  if (${value} !== undefined) {
    for (let i = ${value}.length - 1; i >= 0; i--) {
${indent(writeValue(field, `${value}[i] as ${field.initType}`), 6)}
      ${tag}
    }
  }
`;
  }
  return `  if (${isSet(field, value)}) {
${indent(writeValue(field, value), 4)}
    ${tag}
  }
`;
}

function writeValue(field, value) {
  if (!field.isMessage) return `w.${kinds[field.kind].method}(${value});`;
  return `const sizeBefore = w.size;
${field.codec.write}(w, ${value});
w.length(sizeBefore);`;
}

/** The condition under which a singular field is written. */
function isSet(field, value) {
  if (field.hasPresence) return `${value} !== undefined`;
  if (field.kind === 'bool') return `${value} === true`;
  if (field.kind === 'bytes') return `${value} !== undefined && ${value}.length !== 0`;
  return `${value} !== undefined && ${value} !== ${kinds[field.kind].zero}`;
}

function emitRead(message, fields) {
  const name = tsName(message);
  if (fields.length === 0) {
    return `function read${name}(r: Reader, _previous?: ${name}): ${name} {
  while (r.pos < r.end) r.skip(r.tag(), false);
  return {};
}

`;
  }
  const listType = (field) => `${field.type}[]`;
  const declare = (field) => {
    if (field.isRepeated) return `  let ${field.local}: ${listType(field)} | undefined;\n`;
    if (field.hasPresence) return `  let ${field.local}: ${field.type} | undefined;\n`;
    return `  let ${field.local}: ${field.type} = ${kinds[field.kind].zero};\n`;
  };
  const resume = (field) =>
    `    ${field.local} = previous.${field.name}${field.isRepeated ? ` as ${listType(field)}` : ''};\n`;
  const result = (field) =>
    `    ${field.name === field.local ? field.name : `${field.name}: ${field.local}`}`;
  return `function read${name}(r: Reader, previous?: ${name}): ${name} {
${fields.map(declare).join('')}  if (previous !== undefined) {
${fields.map(resume).join('')}  }
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
${fields.map((field) => emitReadField(field, fields)).join('')}      default:
        r.skip(tag, ${isDeclared(fields)});
    }
  }
  return {
${fields
  .map((field) =>
    field.isRepeated ? `    ${field.name}: ${field.local} ?? [],\n` : `${result(field)},\n`,
  )
  .join('')}  };
}

`;
}

function emitReadField(field, fields) {
  const { local } = field;
  if (field.isPackable) {
    const push = `(${local} ??= []).push(r.${kinds[field.kind].method}());`;
    return `      case ${field.number * 8}:
        ${push}
        break;
      case ${field.tag}: {
        const outer = r.narrow();
        while (r.pos < r.end) ${push}
        r.widen(outer);
        break;
      }
`;
  }
  const clearOthers = fields
    .filter((other) => field.oneof !== null && other.oneof === field.oneof && other !== field)
    .map((other) => `        ${other.local} = undefined;\n`)
    .join('');
  if (!field.isMessage) {
    const read = `r.${kinds[field.kind].method}()`;
    const statement = field.isRepeated ? `(${local} ??= []).push(${read});` : `${local} = ${read};`;
    return `      case ${field.tag}:
        ${statement}
${clearOthers}        break;
`;
  }
  const statement = field.isRepeated
    ? `(${local} ??= []).push(${field.codec.read}(r, undefined));`
    : `${local} = ${field.codec.read}(r, ${local});`;
  return `      case ${field.tag}: {
        const outer = r.enter();
        ${statement}
        r.leave(outer);
${clearOthers}        break;
      }
`;
}

/** The condition under which a tag, whose wire type did not match, has a declared field number. */
function isDeclared(fields) {
  const runs = [];
  for (const { number } of fields) {
    const run = runs.at(-1);
    if (run !== undefined && run.to === number - 1) run.to = number;
    else runs.push({ from: number, to: number });
  }
  return runs.map(({ from, to }) => `(tag >= ${from * 8} && tag < ${(to + 1) * 8})`).join(' || ');
}

/** A doc comment of the .proto file's comment, or of the fallback; empty without either. */
function doc(comment, fallback, margin = '') {
  const text = comment || fallback;
  if (!text) return '';
  const lines = text.split('\n').map((line) => line.trim());
  if (lines.length === 1) return `${margin}/** ${lines[0]} */\n`;
  return `${margin}/**\n${lines.map((line) => `${margin} * ${line}\n`).join('')}${margin} */\n`;
}

function indent(text, width) {
  return text
    .split('\n')
    .map((line) => ' '.repeat(width) + line)
    .join('\n');
}

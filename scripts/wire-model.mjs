// What the code generator needs to know of protobuf messages and fields: names, types and how a value is read and written.
import protobuf from 'protobufjs';

const reservedLocals = new Set(
  'r w m previous tag outer i list sizeBefore arguments await break case catch class const continue debugger default delete do else enum export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield'.split(
    ' ',
  ),
);

/** What each kind of value is in TypeScript and how the Reader and the Writer call it. */
export const kinds = {
  bool: { type: 'boolean', zero: 'false', method: 'bool', wireType: 0 },
  int32: { type: 'number', zero: '0', method: 'int32', wireType: 0 },
  uint32: { type: 'number', zero: '0', method: 'uint32', wireType: 0 },
  enum: { type: 'number', zero: '0', method: 'int32', wireType: 0 },
  int64: { type: 'bigint', zero: '0n', method: 'int64', wireType: 0 },
  uint64: { type: 'bigint', zero: '0n', method: 'uint64', wireType: 0 },
  int64Number: { type: 'number', zero: '0', method: 'int64Number', wireType: 0 },
  uint64Number: { type: 'number', zero: '0', method: 'uint64Number', wireType: 0 },
  string: { type: 'string', zero: "''", method: 'string', wireType: 2 },
  bytes: { type: 'Uint8Array', zero: 'emptyBytes', method: 'bytes', wireType: 2 },
  message: { wireType: 2 },
};

/** The one TypeScript name of a message, enum or service: a nested type keeps its own unless that is a single word. */
export function tsName(node) {
  const isNested = node.parent instanceof protobuf.Type;
  const isSingleWord = !/.[A-Z]/.test(node.name);
  return isNested && isSingleWord ? tsName(node.parent) + node.name : node.name;
}

/** Everything the emitters need to know of one field. */
export function fieldOf(field, context) {
  const kind = kindOf(field);
  const isMessage = kind === 'message';
  const type = isMessage ? reference(field.resolvedType, context) : kinds[kind].type;
  const name = camelCase(field.name);
  const isRepeated = field.repeated;
  const hasPresence = !isRepeated && (isMessage || field.partOf !== null);
  const isPackable = isRepeated && kinds[kind].wireType === 0;
  return {
    protoName: field.name,
    name,
    local: reservedLocals.has(name) ? `${name}_` : name,
    number: field.id,
    kind,
    isMessage,
    isRepeated,
    isPackable,
    hasPresence,
    oneof: field.partOf !== null && !isSynthetic(field.partOf) ? field.partOf : null,
    type,
    initType: isMessage ? `${type}Init` : type,
    enumType: kind === 'enum' ? reference(field.resolvedType, context) : null,
    codec: isMessage ? codecCalls(field.resolvedType, context) : null,
    comment: field.comment,
    tag: field.id * 8 + (isPackable ? 2 : kinds[kind].wireType),
  };
}

function kindOf(field) {
  if (field.required || field.delimited || (field.repeated && field.options?.packed === false)) {
    throw new Error(
      `${field.fullName}: only proto3 fields without options of encoding are supported`,
    );
  }
  if (field.resolvedType instanceof protobuf.Enum) return 'enum';
  if (field.resolvedType instanceof protobuf.Type && !field.map) return 'message';
  const isNumber = field.options?.jstype === 'JS_NUMBER';
  const kind = isNumber ? `${field.type}Number` : field.type;
  if (field.map || kinds[kind] === undefined) {
    throw new Error(
      `${field.fullName}: type ${field.type} is not supported; teach scripts/wire-model.mjs`,
    );
  }
  return kind;
}

/** How to call the reading and writing functions of a message: directly in the same module, else through its codec. */
function codecCalls(type, context) {
  const name = tsName(type);
  const codec = reference(type, context);
  return codec === name
    ? { read: `read${name}`, write: `write${name}` }
    : { read: `${codec}.decodeFrom`, write: `${codec}.encodeTo` };
}

/** The name by which this module reaches a message or enum, importing its module when that is another one. */
export function reference(node, context) {
  let owner = node.parent;
  while (owner instanceof protobuf.Type) owner = owner.parent;
  const packageName = owner.fullName.slice(1);
  if (packageName === context.packageName) return tsName(node);
  const moduleName = context.moduleNames.get(packageName);
  context.imports.add(moduleName);
  return `${moduleName}.${tsName(node)}`;
}

/** The oneofs of a message but those that stand for an `optional` field. */
export function realOneofs(message) {
  return message.oneofsArray.filter((oneof) => !isSynthetic(oneof));
}

function isSynthetic(oneof) {
  return oneof.fieldsArray.length === 1 && oneof.fieldsArray[0].options?.proto3_optional === true;
}

/** remaining_TTL becomes remainingTTL, memberID stays. */
export function camelCase(name) {
  return name.replace(/_([a-zA-Z0-9])/g, (_match, letter) => letter.toUpperCase());
}

/** The full protobuf name without the parser's leading dot. */
export function fullName(node) {
  return node.fullName.slice(1);
}

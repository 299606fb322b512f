/**
 * Protobuf: the messages and services of proto/ as typed codecs. src/wire/gen is made by scripts/gen-wire.mjs; the most
 * used packages, etcdserverpb and mvccpb, are exported flat too.
 */
export type {
  FieldDescriptor,
  FieldKind,
  MessageCodec,
  MethodDescriptor,
  PartialMessage,
  ServiceDescriptor,
} from './descriptor.js';
export { depthMax, WireError, type WireErrorCode } from './errors.js';
export * as authpb from './gen/authpb.js';
export * as etcdserverpb from './gen/etcdserverpb.js';
export * from './gen/etcdserverpb.js';
export * as health from './gen/health.js';
export * as mvccpb from './gen/mvccpb.js';
export * from './gen/mvccpb.js';
export * as store from './gen/store.js';
export * as v3electionpb from './gen/v3electionpb.js';
export * as v3lockpb from './gen/v3lockpb.js';
export * from './int64.js';
export { emptyBytes, Reader } from './reader.js';
export { Writer } from './writer.js';

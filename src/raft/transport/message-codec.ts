import { unreachable } from '../../base/assert.js';
import { type MemberId, memberId } from '../../base/ids.js';
import { decodeConfState, encodeConfState } from '../core/index.js';
import type { Message } from '../core/types.js';
import { decodeEntries, encodeEntries } from '../wal/index.js';
import { type ByteReader, type ByteWriter, MalformedFrameError } from './byte-codec.js';

/**
 * Consensus messages as bytes: kind, from, to, term, then the kind's fields. Entries travel in the layout that the log
 * stores. Numbers are stable; a new field takes a new kind.
 */
const kinds = [
  'vote',
  'vote-reply',
  'append',
  'append-reply',
  'heartbeat',
  'heartbeat-reply',
  'snapshot',
  'timeout-now',
  'read-index',
  'read-index-reply',
] as const satisfies readonly Message['kind'][];

/** Appends a consensus message to a frame. */
export function writeMessage(writer: ByteWriter, message: Message): void {
  writer.uint8(kinds.indexOf(message.kind));
  writer.uint64(message.from);
  writer.uint64(message.to);
  writer.safeUint64(message.term);
  switch (message.kind) {
    case 'vote':
      writer.safeUint64(message.lastIndex);
      writer.safeUint64(message.lastTerm);
      writer.safeUint64(message.commit);
      writer.safeUint64(message.commitTerm);
      writer.uint8(message.pre ? 1 : 0);
      writer.uint8(message.transfer ? 1 : 0);
      break;
    case 'vote-reply':
      writer.safeUint64(message.commit);
      writer.safeUint64(message.commitTerm);
      writer.uint8(message.pre ? 1 : 0);
      writer.uint8(message.granted ? 1 : 0);
      break;
    case 'append':
      writeAppend(writer, message);
      break;
    case 'append-reply':
      writer.safeUint64(message.index);
      writer.uint8(message.rejected ? 1 : 0);
      writer.safeUint64(message.hintIndex);
      writer.safeUint64(message.hintTerm);
      break;
    case 'heartbeat':
      writer.safeUint64(message.commit);
      writer.safeUint64(message.readRound);
      writer.uint8(message.wantsReply ? 1 : 0);
      break;
    case 'heartbeat-reply':
      writer.safeUint64(message.readRound);
      break;
    case 'snapshot':
      writer.safeUint64(message.snapshot.index);
      writer.safeUint64(message.snapshot.term);
      writer.bytes(encodeConfState(message.snapshot.conf));
      break;
    case 'timeout-now':
      break;
    case 'read-index':
      writer.safeUint64(message.requestId);
      break;
    case 'read-index-reply':
      writer.safeUint64(message.requestId);
      writer.safeUint64(message.index);
      writer.uint8(message.ok ? 1 : 0);
      break;
    default:
      unreachable(message);
  }
}

/** Reads a consensus message; throws a typed error when it is malformed. Entry data are views of the frame. */
export function readMessage(reader: ByteReader): Message {
  const kind = kinds[reader.uint8()];
  const base = {
    from: memberId(reader.uint64()),
    to: memberId(reader.uint64()),
    term: reader.safeUint64(),
  };
  switch (kind) {
    case 'vote':
      return {
        kind,
        ...base,
        lastIndex: reader.safeUint64(),
        lastTerm: reader.safeUint64(),
        commit: reader.safeUint64(),
        commitTerm: reader.safeUint64(),
        pre: reader.boolean(),
        transfer: reader.boolean(),
      };
    case 'vote-reply':
      return {
        kind,
        ...base,
        commit: reader.safeUint64(),
        commitTerm: reader.safeUint64(),
        pre: reader.boolean(),
        granted: reader.boolean(),
      };
    case 'append':
      return readAppend(reader, base);
    case 'append-reply':
      return {
        kind,
        ...base,
        index: reader.safeUint64(),
        rejected: reader.boolean(),
        hintIndex: reader.safeUint64(),
        hintTerm: reader.safeUint64(),
      };
    case 'heartbeat':
      return {
        kind,
        ...base,
        commit: reader.safeUint64(),
        readRound: reader.safeUint64(),
        wantsReply: reader.boolean(),
      };
    case 'heartbeat-reply':
      return { kind, ...base, readRound: reader.safeUint64() };
    case 'snapshot': {
      const index = reader.safeUint64();
      const term = reader.safeUint64();
      return { kind, ...base, snapshot: { index, term, conf: decodeConfState(reader.bytes()) } };
    }
    case 'timeout-now':
      return { kind, ...base };
    case 'read-index':
      return { kind, ...base, requestId: reader.safeUint64() };
    case 'read-index-reply':
      return {
        kind,
        ...base,
        requestId: reader.safeUint64(),
        index: reader.safeUint64(),
        ok: reader.boolean(),
      };
    case undefined:
      throw new MalformedFrameError('unknown kind of consensus message');
    default:
      return unreachable(kind);
  }
}

type Append = Extract<Message, { kind: 'append' }>;
type Base = { readonly from: MemberId; readonly to: MemberId; readonly term: number };

function writeAppend(writer: ByteWriter, message: Append): void {
  writer.safeUint64(message.prevIndex);
  writer.safeUint64(message.prevTerm);
  writer.safeUint64(message.commit);
  writer.uint8(message.wantsReply ? 1 : 0);
  for (const piece of encodeEntries(message.entries)) writer.piece(piece);
}

function readAppend(reader: ByteReader, base: Base): Append {
  return {
    kind: 'append',
    ...base,
    prevIndex: reader.safeUint64(),
    prevTerm: reader.safeUint64(),
    commit: reader.safeUint64(),
    wantsReply: reader.boolean(),
    entries: decodeEntries(reader.rest()),
  };
}

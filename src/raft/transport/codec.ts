import { unreachable } from '../../base/assert.js';
import type { ProposeRefusal } from '../core/types.js';
import type { PeerMessage } from '../node/contracts.js';
import { decodeEntries, encodeEntries } from '../wal/index.js';
import { ByteReader, ByteWriter, MalformedFrameError } from './byte-codec.js';
import { readMessage, writeMessage } from './message-codec.js';

/**
 * What members say to each other, as bytes (docs/internals/peer-protocol.md). One message is one frame body: a kind byte,
 * then fixed fields.
 */
const frameKinds = [
  'raft',
  'forward',
  'forward-reply',
  'snapshot-fetch',
  'snapshot-chunk',
] as const satisfies readonly PeerMessage['kind'][];
const refusals: readonly ProposeRefusal[] = [
  'not-leader',
  'transferring',
  'too-much-uncommitted',
  'config-pending',
  'config-invalid',
  'not-member',
  'learner-not-ready',
  'quorum-at-risk',
];

/** Encodes one message, as pieces that share the memory of what is large in it. */
export function encodePeerMessage(message: PeerMessage): Uint8Array[] {
  const writer = new ByteWriter();
  writer.uint8(frameKinds.indexOf(message.kind));
  switch (message.kind) {
    case 'raft':
      writeMessage(writer, message.message);
      break;
    case 'forward':
      writer.uint64(message.session);
      writer.safeUint64(message.term);
      writeProposals(writer, message);
      break;
    case 'forward-reply':
      writer.uint64(message.session);
      writer.safeUint64(message.term);
      writer.safeUint64(message.acceptedSequence);
      writer.uint8(message.ended ? 1 : 0);
      writer.uint32(message.refusals.length);
      for (const { sequence, reason } of message.refusals) {
        writer.safeUint64(sequence);
        writer.uint8(refusals.indexOf(reason));
      }
      break;
    case 'snapshot-fetch':
      writer.safeUint64(message.index);
      writer.safeUint64(message.term);
      writer.safeUint64(message.offset);
      break;
    case 'snapshot-chunk':
      writer.safeUint64(message.index);
      writer.safeUint64(message.term);
      writer.safeUint64(message.offset);
      writer.safeUint64(message.totalBytes);
      writer.uint32(message.crc);
      writer.bytes(message.bytes);
      break;
    default:
      unreachable(message);
  }
  return writer.finish();
}

/**
 * Decodes one message; throws a typed error when it is malformed. Bytes in the result are views of `body`, which must not be reused.
 */
export function decodePeerMessage(body: Uint8Array): PeerMessage {
  const reader = new ByteReader(body);
  const message = readPeerMessage(reader);
  reader.end();
  return message;
}

function readPeerMessage(reader: ByteReader): PeerMessage {
  const kind = frameKinds[reader.uint8()];
  switch (kind) {
    case 'raft':
      return { kind, message: readMessage(reader) };
    case 'forward':
      return {
        kind,
        session: reader.uint64(),
        term: reader.safeUint64(),
        firstSequence: reader.safeUint64(),
        proposals: decodeEntries(reader.rest()).map(({ kind, data }) => ({ kind, data })),
      };
    case 'forward-reply':
      return {
        kind,
        session: reader.uint64(),
        term: reader.safeUint64(),
        acceptedSequence: reader.safeUint64(),
        ended: reader.boolean(),
        refusals: readList(reader, readRefusal),
      };
    case 'snapshot-fetch':
      return {
        kind,
        index: reader.safeUint64(),
        term: reader.safeUint64(),
        offset: reader.safeUint64(),
      };
    case 'snapshot-chunk':
      return {
        kind,
        index: reader.safeUint64(),
        term: reader.safeUint64(),
        offset: reader.safeUint64(),
        totalBytes: reader.safeUint64(),
        crc: reader.uint32(),
        bytes: reader.bytes(),
      };
    case undefined:
      throw new MalformedFrameError('unknown kind of frame');
    default:
      return unreachable(kind);
  }
}

function readList<T>(reader: ByteReader, readItem: (reader: ByteReader) => T): T[] {
  const count = reader.uint32();
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(readItem(reader));
  return items;
}

/** Proposals travel as entries without a term, so that the leader takes them into its log where they lie. */
function writeProposals(
  writer: ByteWriter,
  { firstSequence, proposals }: Extract<PeerMessage, { kind: 'forward' }>,
): void {
  writer.safeUint64(firstSequence);
  const entries = proposals.map(({ kind, data }, i) => ({
    term: 0,
    index: firstSequence + i,
    kind,
    data,
  }));
  for (const piece of encodeEntries(entries)) writer.piece(piece);
}

function readRefusal(reader: ByteReader): { sequence: number; reason: ProposeRefusal } {
  const sequence = reader.safeUint64();
  const reason = refusals[reader.uint8()];
  if (reason === undefined) throw new MalformedFrameError('unknown reason of a refusal');
  return { sequence, reason };
}

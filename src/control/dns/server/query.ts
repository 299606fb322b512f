import dnsPacket, { type Packet, type Question } from 'dns-packet';

/** A question that came, as far as it could be read. */
export type Query =
  /** Not worth an answer: too short, or an answer itself. */
  | { readonly kind: 'ignored' }
  /** Answered with a code alone. */
  | {
      readonly kind: 'refused';
      readonly id: number;
      readonly code: ResponseCode;
      readonly opcode: number;
    }
  | Asked;

/** A question that can be answered. */
export interface Asked {
  readonly kind: 'asked';
  readonly id: number;
  readonly question: Question;
  /** The name in lower case. */
  readonly name: string;
  readonly isRecursionDesired: boolean;
  /** Null: the client knows no extensions. */
  readonly edns: { readonly payloadBytesMax: number; readonly isDnssecOk: boolean } | null;
}

/** RFC 1035 section 4.1.1, and BADVERS of RFC 6891. */
export const responseCodes = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
  badVersion: 16,
} as const;
export type ResponseCode = (typeof responseCodes)[keyof typeof responseCodes];

const headerBytes = 12;
const answerBit = 0x8000;
/** Questions about transfers of zones, which are not given. */
const transfers: ReadonlySet<string> = new Set(['AXFR', 'IXFR']);

/** Reads a datagram or a message of a stream. Never throws. */
export function parseQuery(bytes: Uint8Array): Query {
  if (bytes.length < headerBytes) return { kind: 'ignored' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const id = view.getUint16(0);
  const flags = view.getUint16(2);
  if ((flags & answerBit) !== 0) return { kind: 'ignored' };
  const opcode = (flags >> 11) & 0xf;
  const refused = (code: ResponseCode): Query => ({ kind: 'refused', id, code, opcode });
  if (opcode !== 0) return refused(responseCodes.notImplemented);
  // A query brings nothing but its question and, at most, options and a signature: reading more is not worth the time.
  if (view.getUint16(4) !== 1 || view.getUint16(6) !== 0 || view.getUint16(8) !== 0)
    return refused(responseCodes.formatError);
  if (view.getUint16(10) > 2) return refused(responseCodes.formatError);
  let packet: Packet;
  try {
    packet = dnsPacket.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch {
    return refused(responseCodes.formatError);
  }
  const question = packet.questions?.[0];
  if (question === undefined) return refused(responseCodes.formatError);
  const options = (packet.additionals ?? []).filter(({ type }) => type === 'OPT');
  if (options.length > 1) return refused(responseCodes.formatError);
  const [option] = options;
  if (option?.type === 'OPT' && option.ednsVersion !== 0) return refused(responseCodes.badVersion);
  if (transfers.has(question.type)) return refused(responseCodes.refused);
  const edns =
    option?.type === 'OPT'
      ? { payloadBytesMax: option.udpPayloadSize, isDnssecOk: option.flag_do }
      : null;
  const name = question.name.toLowerCase().replace(/\.$/, '');
  return {
    kind: 'asked',
    ...{ id, question, name, edns, isRecursionDesired: (flags & 0x100) !== 0 },
  };
}

import dnsPacket, { type Answer, type Packet } from 'dns-packet';
import type { ZoneRecord } from '../records/record.js';
import type { Resolution } from '../records/resolution.js';
import { type Asked, type ResponseCode, responseCodes } from './query.js';

/** What is sent back, before it is known how much of it fits. */
export interface Reply {
  readonly code: ResponseCode;
  readonly isAuthoritative: boolean;
  readonly answers: readonly Answer[];
  readonly authorities: readonly Answer[];
  readonly additionals: readonly Answer[];
}

/** What all answers about the zone have in common. */
export interface ZoneFacts {
  readonly zone: string;
  readonly ttlSeconds: number;
  /** Grows with the zone's changes. */
  readonly serial: () => number;
}

/** What is known of a name of the zone. */
export type Known = Exclude<Resolution, { kind: 'not-ours' }>;

/** What is known of a name as the answer to a question of a type. Order of addresses: as given. */
export function replyOf({ question, name }: Asked, resolution: Known, facts: ZoneFacts): Reply {
  const toAnswer = (record: ZoneRecord) => answerOf(record, facts.ttlSeconds);
  if (resolution.kind === 'records') {
    const asked = resolution.records.filter((record) => isAskedFor(record, question.type));
    if (asked.length > 0) {
      // The name as it was written: some resolvers compare letter by letter.
      const answers = asked.map((record) =>
        record.name === name ? { ...toAnswer(record), name: question.name } : toAnswer(record),
      );
      const needsTargets = asked.some(({ type }) => type === 'SRV' || type === 'NS');
      const additionals = needsTargets ? resolution.extra.map(toAnswer) : [];
      return { ...ours, code: responseCodes.noError, answers, additionals };
    }
  }
  const code = resolution.kind === 'no-name' ? responseCodes.nameError : responseCodes.noError;
  if (name === facts.zone && question.type === 'SOA')
    return { ...ours, code, answers: [startOfAuthority(facts)] };
  return { ...ours, code, authorities: [startOfAuthority(facts)] };
}

const ours = { isAuthoritative: true, answers: [], authorities: [], additionals: [] } as const;

/** An answer without anything but a code. */
export function bareReply(code: ResponseCode): Reply {
  return { ...ours, isAuthoritative: false, code };
}

function isAskedFor({ type }: ZoneRecord, asked: string): boolean {
  return type === asked || type === 'CNAME' || asked === 'ANY';
}

/** A record as packets carry it. */
export function answerOf(record: ZoneRecord, ttl: number): Answer {
  const { name } = record;
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return { type: record.type, name, ttl, data: record.address };
    case 'CNAME':
    case 'PTR':
    case 'NS':
      return { type: record.type, name, ttl, data: record.target };
    case 'TXT':
      return { type: 'TXT', name, ttl, data: record.text };
    case 'SRV': {
      const { target, port, weight } = record;
      return { type: 'SRV', name, ttl, data: { target, port, weight, priority: 0 } };
    }
  }
}

function startOfAuthority({ zone, ttlSeconds, serial }: ZoneFacts): Answer {
  return {
    type: 'SOA',
    name: zone,
    ttl: ttlSeconds,
    data: {
      mname: `ns.dns.${zone}`,
      rname: `hostmaster.${zone}`,
      serial: serial(),
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      // How long nobody need ask again for a name that is not there.
      minimum: ttlSeconds,
    },
  };
}

/** Datagrams above this are cut into pieces on some networks, and then lost on others. */
export const datagramBytesMax = 1232;
const plainBytesMax = 512;

/** Bytes of an answer that a client takes in one datagram. */
export function payloadBytesOf({ edns }: Asked): number {
  if (edns === null) return plainBytesMax;
  return Math.min(datagramBytesMax, Math.max(plainBytesMax, edns.payloadBytesMax));
}

/** The packet of a reply; what is more than `bytesMax` is left out, and the client told to ask over a stream. */
export function encodeReply(asked: Asked, reply: Reply, bytesMax: number): Uint8Array {
  const whole = encode(asked, reply, false);
  if (whole.length <= bytesMax) return whole;
  const short = encode(asked, { ...reply, additionals: [] }, false);
  if (short.length <= bytesMax) return short;
  return encode(asked, { ...reply, answers: [], authorities: [], additionals: [] }, true);
}

function encode(asked: Asked, reply: Reply, isTruncated: boolean): Uint8Array {
  const { id, question, edns, isRecursionDesired } = asked;
  const flags =
    (reply.isAuthoritative ? dnsPacket.AUTHORITATIVE_ANSWER : 0) |
    (isTruncated ? dnsPacket.TRUNCATED_RESPONSE : 0) |
    (isRecursionDesired ? dnsPacket.RECURSION_DESIRED : 0) |
    dnsPacket.RECURSION_AVAILABLE |
    (reply.code & 0xf);
  const packet: Packet = {
    ...{ id, type: 'response', flags, questions: [question] },
    answers: [...reply.answers],
    authorities: [...reply.authorities],
    additionals: [...reply.additionals, ...(edns === null ? [] : [optionsRecord(reply.code)])],
  };
  return dnsPacket.encode(packet);
}

function optionsRecord(code: number): Answer {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: datagramBytesMax,
    extendedRcode: code >> 4,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
}

/** An answer to what could not be read: its id and a code. */
export function encodeRefusal(id: number, opcode: number, code: ResponseCode): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  view.setUint16(2, 0x8000 | (opcode << 11) | (code & 0xf));
  return bytes;
}

import dnsPacket, { type Answer } from 'dns-packet';
import type { Prng } from '../../../base/prng.js';
import type { ClusterView } from '../cluster-view.js';
import type { ZoneRecord } from '../records/record.js';
import { resolveName, type ZoneOptions } from '../records/resolve.js';
import type { Forwarder } from '../upstream/forwarder.js';
import {
  bareReply,
  encodeReply,
  type Known,
  type Reply,
  replyOf,
  type ZoneFacts,
} from './answer.js';
import type { Answerer } from './name-server.js';
import { type Asked, responseCodes } from './query.js';

/** What answers are made of. */
export interface ZoneAnswererOptions {
  readonly view: ClusterView;
  readonly zone: ZoneOptions;
  readonly facts: ZoneFacts;
  readonly prng: Prng;
  /** Null: only the zone is answered for. */
  readonly forwarder: Forwarder | null;
  /** Whether the cluster is known yet; before, nothing of it is denied. */
  readonly isReady: () => boolean;
  readonly onAnswer: (asked: Asked, code: number) => void;
}

/** Steps from one alias to the next. */
const aliasesMax = 8;

/** Answers for the cluster's zone from what is known of the cluster, and hands on the rest. */
export function zoneAnswerer(options: ZoneAnswererOptions): Answerer {
  return async (asked, bytesMax) => {
    const { onAnswer } = options;
    const resolution = resolveName(asked.name, options.view, options.zone);
    if (resolution.kind === 'not-ours') {
      const answer = (await options.forwarder?.ask(asked)) ?? null;
      if (answer !== null && answer.length <= bytesMax) {
        onAnswer(asked, (answer[3] ?? 0) & 0xf);
        return answer;
      }
      const code = options.forwarder === null ? responseCodes.refused : responseCodes.serverFailure;
      return send(asked, answer === null ? bareReply(code) : tooLong, bytesMax, options);
    }
    const isDenial = resolution.kind !== 'records';
    if (isDenial && !options.isReady())
      return send(asked, bareReply(responseCodes.serverFailure), bytesMax, options);
    const { known, outside } = await followAliases(asked, resolution, options);
    const reply = replyOf(asked, shuffled(known, options.prng), options.facts);
    const whole = { ...reply, answers: [...reply.answers, ...outside] };
    return send(asked, whole, bytesMax, options);
  };
}

/** Longer than what the client takes: an answer of any size says so. */
const tooLong: Reply = { ...bareReply(responseCodes.noError), answers: [] };

function send(
  asked: Asked,
  reply: Reply,
  bytesMax: number,
  { onAnswer }: ZoneAnswererOptions,
): Uint8Array {
  onAnswer(asked, reply.code);
  const bytes = encodeReply(asked, reply, bytesMax);
  // The client is to ask again over a stream.
  if (reply === tooLong) bytes[2] = (bytes[2] ?? 0) | 2;
  return bytes;
}

/** An alias is answered together with what it leads to, within the cluster or outside: those who ask do not look further themselves. */
async function followAliases(
  asked: Asked,
  known: Known,
  { view, zone, forwarder }: ZoneAnswererOptions,
): Promise<{ readonly known: Known; readonly outside: readonly Answer[] }> {
  const { type } = asked.question;
  if (known.kind !== 'records' || (type !== 'A' && type !== 'AAAA')) return { known, outside: [] };
  const records: ZoneRecord[] = [...known.records];
  const outside: Answer[] = [];
  for (let at = 0; at < records.length && at < aliasesMax; at++) {
    const record = records[at];
    if (record?.type !== 'CNAME') continue;
    const name = record.target.toLowerCase();
    const next = resolveName(name, view, zone);
    if (next.kind === 'records') records.push(...next.records);
    if (next.kind !== 'not-ours') continue;
    const question = { ...asked.question, name: record.target };
    const answer = await forwarder?.ask({ ...asked, name, question });
    if (answer) outside.push(...(dnsPacket.decode(Buffer.from(answer)).answers ?? []));
  }
  return { known: { ...known, records }, outside };
}

/** Endpoints in another order each time, so that clients that take the first are spread. */
function shuffled(resolution: Known, prng: Prng): Known {
  if (resolution.kind !== 'records' || resolution.records.length < 2) return resolution;
  const aliases = resolution.records.filter(({ type }) => type === 'CNAME');
  const others = resolution.records.filter(({ type }) => type !== 'CNAME');
  for (let at = others.length - 1; at > 0; at--) {
    const other = prng.int(0, at + 1);
    const [a, b] = [others[at], others[other]];
    if (a !== undefined && b !== undefined) [others[at], others[other]] = [b, a];
  }
  return { ...resolution, records: [...aliases, ...others] };
}

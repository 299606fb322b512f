import dnsPacket, { type Packet } from 'dns-packet';
import type { Clock } from '../../../base/clock.js';
import type { Prng } from '../../../base/prng.js';
import type { Address } from '../../../host/net.js';
import { datagramBytesMax } from '../server/answer.js';
import type { Asked } from '../server/query.js';
import type { AskServer } from './exchange.js';
import { StoredAnswer } from './stored-answer.js';

/** What questions about other zones are answered with. */
export interface Forwarder {
  /** The packet to send, with the asker's id; null: nobody answered, or too many ask already. */
  ask(asked: Asked): Promise<Uint8Array | null>;
}

/** What a forwarder is made of. */
export interface ForwarderOptions {
  readonly clock: Clock;
  /** Draws the ids of queries: not to be guessed. */
  readonly prng: Prng;
  readonly servers: readonly Address[];
  readonly askServer: AskServer;
  readonly onCacheHit?: () => void;
}

/** Answers that are kept; the one that was stored first goes first. */
const cacheMax = 10_000;
/** Questions under way; more are not asked. */
const underWayMax = 1000;
const roundsMax = 2;

/** Asks other name servers in turn, remembers what they said for as long as they said, and asks once for what many want to know. */
export class CachingForwarder implements Forwarder {
  readonly #options: ForwarderOptions;
  readonly #cache = new Map<string, StoredAnswer>();
  readonly #underWay = new Map<string, Promise<Uint8Array | null>>();

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  async ask(asked: Asked): Promise<Uint8Array | null> {
    const { clock, onCacheHit } = this.#options;
    const key = keyOf(asked);
    const stored = this.#cache.get(key);
    if (stored?.isFresh(clock.now()) === true) {
      onCacheHit?.();
      return withQuestionOf(asked, stored.at(clock.now(), asked.id));
    }
    this.#cache.delete(key);
    const answer = await (this.#underWay.get(key) ?? this.#begin(key, asked));
    if (answer === null) return null;
    const copy = new Uint8Array(answer);
    new DataView(copy.buffer).setUint16(0, asked.id);
    return withQuestionOf(asked, copy);
  }

  #begin(key: string, asked: Asked): Promise<Uint8Array | null> {
    if (this.#underWay.size >= underWayMax) return Promise.resolve(null);
    const work = this.#askServers(asked)
      .then((answer) => {
        if (answer !== null) this.#keep(key, answer);
        return answer;
      })
      .finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, work);
    return work;
  }

  async #askServers(asked: Asked): Promise<Uint8Array | null> {
    const { servers, askServer, prng } = this.#options;
    for (let round = 0; round < roundsMax; round++) {
      for (const server of servers) {
        const answer = await askServer(queryOf(asked, prng.int(0, 0x10000)), server).catch(
          // A server that cannot even be sent to is as one that says nothing.
          () => null,
        );
        if (answer !== null) return answer;
      }
    }
    return null;
  }

  #keep(key: string, answer: Uint8Array): void {
    const stored = StoredAnswer.of(answer, this.#options.clock.now());
    if (stored === null) return;
    const [oldest] = this.#cache.keys();
    if (this.#cache.size >= cacheMax && oldest !== undefined) this.#cache.delete(oldest);
    this.#cache.set(key, stored);
  }
}

/** Who takes extensions and who does not are answered in different words. */
function keyOf({ name, question, edns }: Asked): string {
  const extensions = edns === null ? '' : edns.isDnssecOk ? 'do' : 'edns';
  return `${name} ${question.type} ${question.class ?? 'IN'} ${extensions}`;
}

function queryOf({ name, question, edns }: Asked, id: number): Uint8Array {
  const packet: Packet = {
    ...{ type: 'query', id, flags: dnsPacket.RECURSION_DESIRED },
    questions: [{ ...question, name }],
    additionals: [],
  };
  if (edns !== null)
    packet.additionals?.push({
      ...{ type: 'OPT', name: '.', udpPayloadSize: datagramBytesMax, extendedRcode: 0 },
      ...{ ednsVersion: 0, options: [], flag_do: edns.isDnssecOk },
      flags: edns.isDnssecOk ? dnsPacket.DNSSEC_OK : 0,
    });
  return dnsPacket.encode(packet);
}

/** The question as this client wrote it: others may have asked with other letters. */
function withQuestionOf({ question }: Asked, answer: Uint8Array): Uint8Array {
  let at = questionStart;
  for (const label of question.name.split('.')) {
    const bytes = encoder.encode(label);
    // A name that cannot be told by its text stays as it was answered.
    if (answer[at] !== bytes.length) return answer;
    answer.set(bytes, at + 1);
    at += bytes.length + 1;
  }
  return answer;
}

const questionStart = 12;
const encoder = new TextEncoder();

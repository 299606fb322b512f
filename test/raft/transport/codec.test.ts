import t from 'tap';
import { concatBytes } from '../../../src/base/bytes.js';
import { memberId } from '../../../src/base/ids.js';
import { Prng } from '../../../src/base/prng.js';
import type { ConfState, Message } from '../../../src/raft/core/types.js';
import type { PeerMessage } from '../../../src/raft/node/contracts.js';
import { decodePeerMessage, encodePeerMessage } from '../../../src/raft/transport/codec.js';
import { FrameSplitter, frame } from '../../../src/raft/transport/framing.js';
import type { RoomyData } from '../../../src/raft/wal/index.js';

const from = memberId(0xffff_ffff_ffff_fffen);
const to = memberId(2n);
const base = { from, to, term: Number.MAX_SAFE_INTEGER };
const conf: ConfState = {
  voters: [to, from],
  votersOutgoing: [to],
  learners: [memberId(3n)],
  learnersNext: [],
  autoLeave: true,
};
const bytes = (text: string) => new TextEncoder().encode(text);

const raftMessages: readonly Message[] = [
  {
    kind: 'vote',
    ...base,
    lastIndex: 1,
    lastTerm: 2,
    commit: 3,
    commitTerm: 4,
    pre: true,
    transfer: false,
  },
  { kind: 'vote-reply', ...base, commit: 3, commitTerm: 2, pre: false, granted: true },
  { kind: 'append', ...base, prevIndex: 6, prevTerm: 1, commit: 9, entries: [], wantsReply: false },
  {
    kind: 'append',
    ...base,
    prevIndex: 6,
    prevTerm: 1,
    commit: 9,
    wantsReply: true,
    entries: [
      { term: 1, index: 7, kind: 'normal', data: bytes('hello') },
      { term: 2, index: 8, kind: 'config', data: bytes('') },
    ],
  },
  { kind: 'append-reply', ...base, index: 5, rejected: true, hintIndex: 3, hintTerm: 1 },
  { kind: 'heartbeat', ...base, commit: 2, readRound: 8, wantsReply: true },
  { kind: 'heartbeat', ...base, commit: 2, readRound: 0, wantsReply: false },
  { kind: 'heartbeat-reply', ...base, readRound: 8 },
  { kind: 'snapshot', ...base, snapshot: { index: 100, term: 4, conf } },
  { kind: 'timeout-now', ...base },
  { kind: 'read-index', ...base, requestId: 1 },
  { kind: 'read-index-reply', ...base, requestId: 1, index: 9, ok: false },
];

const messages: readonly PeerMessage[] = [
  ...raftMessages.map((message): PeerMessage => ({ kind: 'raft', message })),
  {
    kind: 'forward',
    session: 2n ** 64n - 1n,
    term: 3,
    firstSequence: 1,
    proposals: [
      { kind: 'normal', data: bytes('x') as RoomyData },
      { kind: 'config', data: bytes('') },
    ],
  },
  {
    kind: 'forward-reply',
    session: 0n,
    term: 3,
    acceptedSequence: 7,
    ended: true,
    refusals: [
      { sequence: 3, reason: 'config-pending' },
      { sequence: 7, reason: 'learner-not-ready' },
    ],
  },
  { kind: 'snapshot-fetch', index: 1, term: 2, offset: 3 },
  {
    kind: 'snapshot-chunk',
    index: 1,
    term: 2,
    offset: 3,
    totalBytes: 9,
    crc: 0xffff_ffff,
    bytes: bytes('abc'),
  },
];

/** As it goes over the wire. */
function encoded(message: PeerMessage): Uint8Array {
  return concatBytes(encodePeerMessage(message));
}

t.test('encodePeerMessage and decodePeerMessage are inverse for every kind', async (t) => {
  for (const message of messages) {
    t.strictSame(decodePeerMessage(encoded(message)), message, message.kind);
  }
});

t.test(
  'decodePeerMessage refuses every truncation and one byte too many with a typed error',
  async (t) => {
    for (const message of messages) {
      const body = encoded(message);
      for (let length = 0; length < body.length; length++) {
        const error = caught(() => decodePeerMessage(body.subarray(0, length)));
        if (error === null)
          t.fail(`${message.kind} decodes from ${length} of ${body.length} bytes`);
        else t.not(error.name, 'AssertionError');
      }
      const longer = new Uint8Array(body.length + 1);
      longer.set(body);
      t.ok(
        caught(() => decodePeerMessage(longer)),
        `${message.kind} with a byte too many`,
      );
    }
  },
);

t.test(
  'decodePeerMessage survives random damage: a message or a typed error, never a bug',
  async (t) => {
    const seed = 1;
    const prng = new Prng(seed);
    for (let round = 0; round < 5000; round++) {
      const body = encoded(prng.pick(messages));
      for (let flips = prng.int(1, 4); flips > 0; flips--) {
        body[prng.int(0, body.length)] = prng.int(0, 256);
      }
      const error = caught(() => decodePeerMessage(body));
      if (error !== null && !/^(Malformed|Codec)/.test(error.name)) {
        t.fail(`seed ${seed} round ${round}: ${error.name} ${error.message}`);
        return;
      }
    }
  },
);

t.test('FrameSplitter yields the same bodies however the stream is cut', async (t) => {
  const prng = new Prng(2);
  for (let round = 0; round < 200; round++) {
    const bodies = Array.from({ length: prng.int(1, 8) }, () => prng.bytes(prng.int(0, 300)));
    const stream = Buffer.concat(bodies.flatMap((body) => frame([body])));
    const got: Uint8Array[] = [];
    const splitter = new FrameSplitter();
    for (let at = 0; at < stream.length; ) {
      const end = Math.min(stream.length, at + prng.int(1, 100));
      splitter.push(stream.subarray(at, end), (body) => got.push(body));
      at = end;
    }
    t.same(
      got.map((body) => [...body]),
      bodies.map((body) => [...body]),
    );
  }
});

t.test('FrameSplitter refuses a flipped bit and a length beyond the bound', async (t) => {
  const body = bytes('hello');
  const damaged = Buffer.concat(frame([body]));
  damaged[10] = (damaged[10] ?? 0) ^ 1;
  t.throws(() => new FrameSplitter().push(damaged, () => {}), { name: 'MalformedFrameError' });
  const huge = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
  t.throws(() => new FrameSplitter().push(huge, () => {}), { name: 'MalformedFrameError' });
});

function caught(action: () => unknown): Error | null {
  try {
    action();
    return null;
  } catch (error) {
    return error as Error;
  }
}

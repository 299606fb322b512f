import type { Clock } from '../../../base/clock.js';
import { type Address, connectStream } from '../../../host/net.js';
import { openDatagrams } from '../../../host/udp.js';

/** Sends a query to a server and gives its answer, checked to be one to this query; null when none came in time. */
export type AskServer = (query: Uint8Array, server: Address) => Promise<Uint8Array | null>;

/** Over datagrams; over a stream when the answer says that there is more. Each query has a port and an id of its own. */
export function askOverNetwork(clock: Clock, timeoutMs: number): AskServer {
  return async (query, server) => {
    const answer = await askByDatagram(clock, timeoutMs, query, server);
    const isTruncated = answer !== null && ((answer[2] ?? 0) & 2) !== 0;
    return isTruncated ? ((await askByStream(clock, timeoutMs, query, server)) ?? answer) : answer;
  };
}

async function askByDatagram(
  clock: Clock,
  timeoutMs: number,
  query: Uint8Array,
  server: Address,
): Promise<Uint8Array | null> {
  let onAnswer: (bytes: Uint8Array | null) => void = () => {};
  const answered = new Promise<Uint8Array | null>((resolve) => {
    onAnswer = resolve;
  });
  const host = server.host.includes(':') ? '::' : '0.0.0.0';
  const socket = await openDatagrams({ host, port: 0 }, (bytes, from) => {
    if (from.port === server.port && isAnswerTo(query, bytes)) onAnswer(bytes);
  });
  const timer = clock.setTimer(timeoutMs, () => onAnswer(null));
  try {
    socket.send(query, server);
    return await answered;
  } finally {
    clock.clearTimer(timer);
    socket.close();
  }
}

function askByStream(
  clock: Clock,
  timeoutMs: number,
  query: Uint8Array,
  server: Address,
): Promise<Uint8Array | null> {
  return new Promise((resolve) => {
    let received: Uint8Array = new Uint8Array(0);
    const end = (answer: Uint8Array | null) => {
      clock.clearTimer(timer);
      stream.destroy();
      resolve(answer);
    };
    const timer = clock.setTimer(timeoutMs, () => end(null));
    const stream = connectStream(server, null, {
      onConnect: () => stream.write([lengthOf(query), query]),
      onData: (chunk) => {
        received = joined(received, chunk);
        const message = firstMessage(received);
        if (message !== null) end(isAnswerTo(query, message) ? message : null);
      },
      onClose: () => end(null),
    });
  });
}

/** The two bytes that a message of a stream begins with. */
export function lengthOf(message: Uint8Array): Uint8Array {
  return new Uint8Array([message.length >> 8, message.length & 0xff]);
}

/** The first whole message of a stream; null when more must come. Behind it begins the next at its length and 2. */
export function firstMessage(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length < 2) return null;
  const length = ((bytes[0] ?? 0) << 8) + (bytes[1] ?? 0);
  return bytes.length < 2 + length ? null : bytes.subarray(2, 2 + length);
}

/** The bytes of both. */
export function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** It has the query's id and question, and is an answer. */
function isAnswerTo(query: Uint8Array, answer: Uint8Array): boolean {
  if (answer.length < 12 || answer[0] !== query[0] || answer[1] !== query[1]) return false;
  if (((answer[2] ?? 0) & 0x80) === 0) return false;
  const end = questionEnd(query);
  if (((answer[4] ?? 0) << 8) + (answer[5] ?? 0) !== 1) return false;
  for (let at = 12; at < end; at++)
    if (lowerCase(answer[at]) !== lowerCase(query[at])) return false;
  return true;
}

function lowerCase(byte: number | undefined): number {
  const code = byte ?? 0;
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
}

/** Where the only question of a query of ours ends. */
function questionEnd(query: Uint8Array): number {
  let at = 12;
  while ((query[at] ?? 0) !== 0) at += (query[at] ?? 0) + 1;
  return at + 5;
}

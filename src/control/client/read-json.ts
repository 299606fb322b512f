import { UnreachableError } from './transport.js';

const decoder = new TextDecoder();

/** Reads an answer. Foreign API servers, and what is on the way to them, answer with anything: throws UnreachableError for what is no JSON. */
export function readJson<Answer>(bytes: Uint8Array): Answer {
  try {
    return JSON.parse(decoder.decode(bytes)) as Answer;
  } catch (error) {
    throw new UnreachableError('what came as an answer is no JSON', { cause: error });
  }
}

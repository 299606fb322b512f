import { CallError, type CallOptions, type Channel } from '../../../src/rpc/service.js';
import type { MethodDescriptor } from '../../../src/wire/descriptor.js';

/** The bytes of a latin1 text. */
export const b = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
/** The text of bytes. */
export const s = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** Code and text with which a call fails; `[0, 'ok']` when it does not. */
export async function failure<Req, Res, ReqInit, ResInit>(
  channel: Channel,
  method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
  request: ReqInit,
  options?: CallOptions,
): Promise<readonly [number, string]> {
  return failureOf(channel.unary(method, request, options));
}

/** The same of anything that may fail as a call does. */
export async function failureOf(promise: Promise<unknown>): Promise<readonly [number, string]> {
  try {
    await promise;
    return [0, 'ok'];
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    return [error.code, error.message];
  }
}

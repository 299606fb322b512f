import { assert } from '../../base/assert.js';

/**
 * Every proposal is wrapped in an envelope that names who waits for it: the proposer's session (one incarnation of one
 * member) and the proposal's number in it. 16 bytes: session, then number, both big-endian.
 */
export const envelopeBytes = 16;

/** Wraps `payload`; the result is what goes into the log. */
export function seal(session: bigint, proposal: number, payload: Uint8Array): Uint8Array {
  assert(Number.isSafeInteger(proposal) && proposal >= 0, 'proposal number out of range');
  const sealed = new Uint8Array(envelopeBytes + payload.length);
  const view = new DataView(sealed.buffer);
  view.setBigUint64(0, session);
  view.setUint32(8, Math.floor(proposal / 0x1_0000_0000));
  view.setUint32(12, proposal >>> 0);
  sealed.set(payload, envelopeBytes);
  return sealed;
}

/** Who proposed, and the payload (a view, not a copy). Undefined when `data` is no envelope. */
export function unseal(
  data: Uint8Array,
):
  | { readonly session: bigint; readonly proposal: number; readonly payload: Uint8Array }
  | undefined {
  if (data.length < envelopeBytes) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, envelopeBytes);
  return {
    session: view.getBigUint64(0),
    proposal: view.getUint32(8) * 0x1_0000_0000 + view.getUint32(12),
    payload: data.subarray(envelopeBytes),
  };
}

const backdateMs = 300_000;
const shortMs = 8 * 3_600_000;
const durationMsMin = 600_000;

/** For how long a certificate holds. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/**
 * The validity of a certificate that is signed now: five minutes back, for clocks that are slow, and as long as the request asks for,
 * ten minutes at least, `durationMs` at most, and never longer than the authority itself.
 */
export function validityFor(
  expirationSeconds: number | undefined,
  {
    nowMs,
    durationMs,
    authorityEndMs,
  }: { readonly nowMs: number; readonly durationMs: number; readonly authorityEndMs: number },
): Validity {
  const askedMs = expirationSeconds === undefined ? durationMs : expirationSeconds * 1000;
  const lengthMs = Math.min(durationMs, Math.max(durationMsMin, askedMs));
  // One that holds for a few hours keeps all of them.
  const endMs = nowMs + lengthMs - (lengthMs < shortMs ? 0 : backdateMs);
  return { notBeforeMs: nowMs - backdateMs, notAfterMs: Math.min(endMs, authorityEndMs) };
}

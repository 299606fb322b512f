import { type MadeCertificate, makeCertificate } from '../../host/certificate-maker.js';

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;

/**
 * Makes a certificate for a server that has none: signed by itself, so that it is also the authority that clients may trust. `names` are
 * host names and IP addresses; the first is in its common name.
 */
export function makeSelfSigned(names: readonly string[], nowMs: number): Promise<MadeCertificate> {
  return makeCertificate({
    commonName: `${names[0] ?? 'flotilla'}@${Math.floor(nowMs / 1000)}`,
    names,
    use: 'self-signed-server',
    notBeforeMs: nowMs - hourMs,
    notAfterMs: nowMs + yearMs,
  });
}

import { X509Certificate } from 'node:crypto';

/** What was found before, by the chain that a connection came with. */
const names = new WeakMap<readonly Uint8Array[], string>();

/** The common name of the subject of the first of the certificates (DER); '' when it has none. Undefined without certificates. */
export function commonNameOf(chain: readonly Uint8Array[]): string | undefined {
  const [leaf] = chain;
  if (leaf === undefined) return undefined;
  const known = names.get(chain);
  if (known !== undefined) return known;
  const name = readCommonName(leaf);
  names.set(chain, name);
  return name;
}

/** Of several the last counts, as in Go. */
function readCommonName(der: Uint8Array): string {
  const { subject } = new X509Certificate(der).toLegacyObject();
  const name: unknown = subject?.CN;
  const last: unknown = Array.isArray(name) ? name.at(-1) : name;
  return typeof last === 'string' ? last : '';
}

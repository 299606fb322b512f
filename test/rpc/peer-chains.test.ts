import type { TLSSocket } from 'node:tls';
import t from 'tap';
import { PeerChains } from '../../src/rpc/peer-chains.js';

/** A socket whose client has sent these certificates; the last one signs itself. */
function socketWith(chain: readonly Buffer[], isReused = false): TLSSocket {
  const certificates = chain.map((raw): { raw: Buffer; issuerCertificate?: unknown } => ({ raw }));
  certificates.forEach((certificate, i) => {
    certificate.issuerCertificate = certificates[Math.min(i + 1, certificates.length - 1)];
  });
  const socket = {
    getPeerCertificate: () => certificates[0] ?? {},
    isSessionReused: () => isReused,
  };
  return socket as unknown as TLSSocket;
}

const leaf = Buffer.from('leaf');
const chain = [leaf, Buffer.from('intermediate'), Buffer.from('root')];

t.test('PeerChains gives a resumed session the chain that its leaf came with', (t) => {
  const chains = new PeerChains();
  t.strictSame(chains.of(socketWith([])), []);
  t.strictSame(chains.of(socketWith([leaf], true)), [leaf], 'nothing is known of it');
  t.strictSame(chains.of(socketWith(chain)), chain);
  t.strictSame(chains.of(socketWith([leaf], true)), chain);
  t.strictSame(chains.of(socketWith([leaf], true)), chain, 'as often as it comes');
  t.strictSame(chains.of(socketWith([leaf])), [leaf], 'who sends it alone has it alone');
  t.strictSame(chains.of(socketWith([leaf], true)), chain, 'and takes it from nobody');
  t.end();
});

t.test('PeerChains bounds what it looks at and what it remembers', (t) => {
  const chains = new PeerChains();
  const endless = Array.from({ length: 30 }, (_, i) => Buffer.from(`certificate ${i}`));
  t.equal(chains.of(socketWith(endless)).length, 10);
  const large = [leaf, Buffer.alloc(17_000)];
  t.strictSame(chains.of(socketWith(large)), large);
  t.strictSame(chains.of(socketWith([leaf], true)), [leaf], 'too large to be kept');
  const leafOf = (i: number) => Buffer.from(`leaf ${i}`);
  for (let i = 0; i < 1001; i++) chains.of(socketWith([leafOf(i), leaf]));
  t.equal(chains.of(socketWith([leafOf(0)], true)).length, 1, 'the oldest made room');
  t.equal(chains.of(socketWith([leafOf(500)], true)).length, 2);
  t.end();
});

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../test/e2e/ports.js';
import type { RaftResult } from './in-process.js';
import type { FromPeer, ToPeer } from './peer-process.js';
import type { ProposerOptions, ProposerResult } from './proposer.js';

/** Consensus among members in processes of their own, over TCP on loopback; the load is in the leader's process. */
export async function benchAcrossProcesses(
  options: ProposerOptions & { readonly members: number; readonly dir: string },
): Promise<RaftResult> {
  const { members, dir, inFlight, warmUpMs, measureMs } = options;
  const ports = await freePorts(members);
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const script = fileURLToPath(new URL('./peer-process.js', import.meta.url));
  const peers = urls.map(() => fork(script));
  try {
    const leads = Promise.race(peers.map((peer) => said(peer, 'leads').then(() => peer)));
    peers.forEach((peer, index) => {
      tell(peer, { type: 'start', index, urls, dir });
    });
    const leader = await leads;
    let cpuMs = 0;
    let cpuAtBegin: Promise<number> | null = null;
    const cpuKnown = new Promise<void>((resolve) => {
      leader.on('message', (message: FromPeer) => {
        if (message.type !== 'measure') return;
        if (cpuAtBegin === null) {
          cpuAtBegin = cpuOf(peers);
          return;
        }
        void Promise.all([cpuAtBegin, cpuOf(peers)]).then(([before, after]) => {
          cpuMs = after - before;
          resolve();
        });
      });
    });
    const over = said(leader, 'result');
    tell(leader, { type: 'propose', inFlight, warmUpMs, measureMs });
    const { result } = (await over) as { readonly result: ProposerResult };
    await cpuKnown;
    return { ...result, cpuMs };
  } finally {
    await Promise.all(peers.map(end));
  }
}

function tell(peer: ChildProcess, message: ToPeer): void {
  peer.send(message);
}

/** Resolves with the next message of that type. */
function said(peer: ChildProcess, type: FromPeer['type']): Promise<FromPeer> {
  return new Promise((resolve, reject) => {
    peer.on('message', (message: FromPeer) => {
      if (message.type === type) resolve(message);
    });
    peer.once('exit', (code) => reject(new Error(`a member has ended with code ${code}`)));
  });
}

/** Processor time of all so far, milliseconds. */
async function cpuOf(peers: readonly ChildProcess[]): Promise<number> {
  const times = await Promise.all(
    peers.map(async (peer) => {
      const answer = said(peer, 'cpu');
      tell(peer, { type: 'cpu' });
      return ((await answer) as { readonly ms: number }).ms;
    }),
  );
  return times.reduce((sum, ms) => sum + ms, 0);
}

async function end(peer: ChildProcess): Promise<void> {
  if (peer.exitCode !== null || peer.signalCode !== null) return;
  const ended = once(peer, 'exit');
  peer.kill('SIGKILL');
  await ended;
}

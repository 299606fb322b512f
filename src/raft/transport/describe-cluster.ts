import type { Clock } from '../../base/clock.js';
import { type ClusterId, clusterId, noMember } from '../../base/ids.js';
import type { Dial } from './dial.js';
import { FrameSplitter, frame } from './framing.js';
import { decodeWelcome, encodeHello, protocolVersion } from './handshake.js';

/** What a running member tells somebody who wants to join. */
export interface ClusterDescription {
  readonly clusterId: ClusterId;
  /** Encoded etcdserverpb.MemberListResponse. */
  readonly members: Uint8Array;
}

/** Asks the member at a peer URL who is in its cluster. Rejects when it does not answer within `timeoutMs`. */
export function describeCluster(
  url: string,
  options: { readonly dial: Dial; readonly clock: Clock; readonly timeoutMs: number },
): Promise<ClusterDescription> {
  return new Promise((resolve, reject) => {
    const splitter = new FrameSplitter();
    const timer = options.clock.setTimer(options.timeoutMs, () => stream.destroy());
    const stream = options.dial(url, {
      onConnect: () => {
        const body = encodeHello({
          purpose: 'describe-cluster',
          version: protocolVersion,
          clusterId: clusterId(0n),
          from: noMember,
          to: noMember,
          urls: [],
        });
        stream.write(frame(body));
      },
      onData: (chunk) => {
        try {
          splitter.push(chunk, (body) => {
            const welcome = decodeWelcome(body);
            resolve({ clusterId: welcome.clusterId, members: welcome.payload.slice() });
            stream.destroy();
          });
        } catch (error) {
          reject(new Error(`${url} is no Flotilla peer`, { cause: error }));
          stream.destroy();
        }
      },
      onClose: ({ message }) => {
        options.clock.clearTimer(timer);
        reject(new Error(`${url} did not answer: ${message}`));
      },
    });
  });
}

import { type ClusterId, clusterId, type MemberId, memberId } from '../../base/ids.js';
import { ByteReader, ByteWriter, MalformedFrameError } from './byte-codec.js';

/**
 * The first frame in each direction of a connection. The dialer says who it is and whom it wants; the acceptor says
 * whether they belong together. Afterwards messages flow from the dialer to the acceptor only.
 */

const magic = 0x464c4f54; // "FLOT"
/** Members of one cluster speak one version of the peer protocol. */
export const protocolVersion = 3;

/** What a dialer wants: to send messages, or to ask once who is in the cluster (before it is a member). */
export type HelloPurpose = 'messages' | 'describe-cluster';

/** The dialer's first frame. */
export interface Hello {
  readonly purpose: HelloPurpose;
  readonly version: number;
  /** 0 when asking who is in the cluster. */
  readonly clusterId: ClusterId;
  readonly from: MemberId;
  readonly to: MemberId;
  /** Where the dialer takes connections, for an acceptor that has not heard of its joining yet. */
  readonly urls: readonly string[];
}

/** Addresses of one member at the most. */
const urlsMax = 64;

const verdicts = ['ok', 'wrong-version', 'wrong-cluster', 'wrong-member', 'removed'] as const;
/** The acceptor's answer. */
export type Verdict = (typeof verdicts)[number];

/** The acceptor's first frame. */
export interface Welcome {
  readonly verdict: Verdict;
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
  /** For `describe-cluster`: encoded etcdserverpb.MemberListResponse; else empty. */
  readonly payload: Uint8Array;
}

export function encodeHello(hello: Hello): Uint8Array[] {
  const writer = new ByteWriter();
  writer.uint32(magic);
  writer.uint32(hello.version);
  writer.uint8(hello.purpose === 'messages' ? 0 : 1);
  writer.uint64(hello.clusterId);
  writer.uint64(hello.from);
  writer.uint64(hello.to);
  writer.uint32(hello.urls.length);
  for (const url of hello.urls) writer.bytes(new TextEncoder().encode(url));
  return writer.finish();
}

/** Throws {@link MalformedFrameError} when these are not the first bytes of a peer. */
export function decodeHello(body: Uint8Array): Hello {
  const reader = new ByteReader(body);
  if (reader.uint32() !== magic) throw new MalformedFrameError('not a peer');
  const version = reader.uint32();
  const purpose = reader.uint8() === 0 ? 'messages' : 'describe-cluster';
  const ids = {
    clusterId: clusterId(reader.uint64()),
    from: memberId(reader.uint64()),
    to: memberId(reader.uint64()),
  };
  // What another version says after this is not known; its number alone is answered.
  const urls = version === protocolVersion ? readUrls(reader) : [];
  return { version, purpose, ...ids, urls };
}

function readUrls(reader: ByteReader): string[] {
  const count = reader.uint32();
  if (count > urlsMax) throw new MalformedFrameError(`a member with ${count} addresses`);
  return Array.from({ length: count }, () => readUrl(reader));
}

function readUrl(reader: ByteReader): string {
  const url = new TextDecoder().decode(reader.bytes());
  if (/^https?:\/\//.test(url) && URL.canParse(url)) return url;
  if (/^unixs?:\/\/./.test(url)) return url;
  throw new MalformedFrameError('a member with an address that is no URL');
}

export function encodeWelcome(welcome: Welcome): Uint8Array[] {
  const writer = new ByteWriter();
  writer.uint32(magic);
  writer.uint8(verdicts.indexOf(welcome.verdict));
  writer.uint64(welcome.clusterId);
  writer.uint64(welcome.memberId);
  writer.bytes(welcome.payload);
  return writer.finish();
}

/** Throws {@link MalformedFrameError} when the other side is no member. */
export function decodeWelcome(body: Uint8Array): Welcome {
  const reader = new ByteReader(body);
  if (reader.uint32() !== magic) throw new MalformedFrameError('not a peer');
  const verdict = verdicts[reader.uint8()];
  if (verdict === undefined) throw new MalformedFrameError('unknown verdict');
  return {
    verdict,
    clusterId: clusterId(reader.uint64()),
    memberId: memberId(reader.uint64()),
    payload: reader.bytes(),
  };
}

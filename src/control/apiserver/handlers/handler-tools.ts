import type { Clock } from '../../../base/clock.js';
import type { Prng } from '../../../base/prng.js';
import type { Scheme, ServedResource } from '../../api/scheme.js';
import type { Authorizer } from '../contracts.js';
import type { ProtobufCodec } from '../negotiation/object-codec.js';
import type { BodyDecoder } from './decode-request.js';

/** What all handlers share. */
export interface HandlerTools {
  readonly scheme: Scheme;
  readonly bodies: BodyDecoder;
  /** Null: protobuf is neither read nor written. */
  readonly protobuf: ProtobufCodec | null;
  /** For what a request turns out to be only while it is carried out. */
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly prng: Prng;
  /** Seconds that a watch lasts at least when the client does not say; up to twice as many, so that not all end at once. */
  readonly watchSecondsMin: number;
  /** Aborted when the server stops: watches end then. */
  readonly stopping: AbortSignal;
  /** Notes that somebody uses what is deprecated. */
  onDeprecatedRequest(
    resource: Pick<ServedResource, 'group' | 'version' | 'resource'>,
    subresource: string,
  ): void;
  /** Counts and measures events that are sent to watchers, by the bytes of each. */
  onWatchEvents(
    resource: Pick<ServedResource, 'group' | 'version' | 'resource'>,
    sizes: readonly number[],
  ): void;
  /** Measures how long a watch took to send all that was there when it began. */
  onWatchList(
    resource: Pick<ServedResource, 'group' | 'version' | 'resource'>,
    scope: string,
    seconds: number,
  ): void;
}

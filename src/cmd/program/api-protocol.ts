import type { Logger } from '../../base/logger.js';
import {
  type ControlClient,
  type ControlClientOptions,
  connectGrpc,
  connectProbing,
  connectRest,
  type ServerAccess,
} from '../../control/client/index.js';
import { UsageError } from '../usage-error.js';
import { usedFlags } from './flag-rows.js';
import type { ParsedFlags } from './flags.js';

/** How requests are carried. */
export const protocolMeaning =
  "How to talk with the API server: grpc, which Flotilla's answers on the same port and which costs less, rest, which every one answers, or auto, which asks the server what it is.";

/** The flag for it. */
export const protocolFlags = usedFlags([['api-protocol', 'string', 'auto', protocolMeaning]]);

/** Makes clients of a protocol. */
export type Connect = (access: ServerAccess, options: ControlClientOptions) => ControlClient;

/** What `--api-protocol` says. Throws UsageError for what is no protocol. */
export function protocolOf(flags: ParsedFlags, logger: Logger): Connect {
  return protocolNamed(flags.text('api-protocol'), logger);
}

/** The protocol of a name. Throws UsageError for what is none. */
export function protocolNamed(protocol: string, logger: Logger): Connect {
  switch (protocol) {
    case 'auto':
      return (access, options) =>
        connectProbing(access, options, (chosen, why) =>
          logger.info('the protocol of the API is chosen', { protocol: chosen, why }),
        );
    case 'grpc':
      return connectGrpc;
    case 'rest':
      return connectRest;
    default:
      throw new UsageError(`--api-protocol: ${JSON.stringify(protocol)} is not auto, grpc or rest`);
  }
}
